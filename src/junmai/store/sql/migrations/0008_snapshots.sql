-- Sidecars that batches write: what stood there before is here before anything takes its place. They outlive their
-- batch, which is forgotten after some days: what was there can be put back for as long as the store is there.

CREATE TABLE snapshots (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    batch_id TEXT NOT NULL,
    photo_id INTEGER NOT NULL,
    position INTEGER NOT NULL,
    attempt INTEGER NOT NULL CHECK (attempt > 0),
    path TEXT NOT NULL CHECK (path <> ''),
    state TEXT NOT NULL DEFAULT 'kept',
    -- What stood there; NULL where nothing did.
    before BLOB,
    before_sha256 TEXT CHECK (before_sha256 IS NULL OR length(before_sha256) = 64),
    -- What is to stand there, until it does.
    content BLOB,
    written_sha256 TEXT NOT NULL CHECK (length(written_sha256) = 64),
    key TEXT NOT NULL,
    made_at REAL NOT NULL,
    settled_at REAL,
    reverted_at REAL,
    CHECK ((before IS NULL) = (before_sha256 IS NULL)),
    CHECK (CASE state
        WHEN 'kept' THEN content IS NOT NULL AND settled_at IS NULL AND reverted_at IS NULL
        WHEN 'written' THEN content IS NULL AND settled_at IS NOT NULL AND reverted_at IS NULL
        WHEN 'reverted' THEN content IS NULL AND reverted_at IS NOT NULL
        ELSE 0 END)
);
CREATE INDEX snapshots_of_batches ON snapshots (batch_id, id);
CREATE INDEX snapshots_at_paths ON snapshots (path, id);

CREATE TRIGGER snapshots_follow_the_edges BEFORE UPDATE OF state ON snapshots
WHEN NOT CASE OLD.state
    WHEN 'kept' THEN NEW.state = 'written' OR NEW.state = 'reverted'
    WHEN 'written' THEN NEW.state = 'reverted'
    ELSE 0 END
BEGIN
    SELECT RAISE(ABORT, 'illegal step of a snapshot');
END;

CREATE TRIGGER snapshots_keep_what_was BEFORE UPDATE OF before, before_sha256, written_sha256, path ON snapshots
BEGIN
    SELECT RAISE(ABORT, 'what a snapshot holds never changes');
END;
