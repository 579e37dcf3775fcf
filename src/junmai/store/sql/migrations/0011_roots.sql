-- Named roots: which of them a batch needs, for its photos and its outputs; and which a runner has.

CREATE TABLE batch_roots (
    batch_no INTEGER NOT NULL REFERENCES batches (no) ON DELETE CASCADE,
    root TEXT NOT NULL CHECK (root <> ''),
    PRIMARY KEY (batch_no, root)
) WITHOUT ROWID;

-- Names with a space between two.
ALTER TABLE runners ADD COLUMN roots TEXT NOT NULL DEFAULT '';
