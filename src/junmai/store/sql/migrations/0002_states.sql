-- What the state files need: which database wrote one, and which batches must not come back from theirs.

CREATE TABLE store_identity (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    id TEXT NOT NULL CHECK (length(id) = 16)
);
INSERT INTO store_identity (one, id) VALUES (1, lower(hex(randomblob(8))));

CREATE TABLE forgotten_batches (
    id TEXT PRIMARY KEY,
    at REAL NOT NULL
) WITHOUT ROWID;
