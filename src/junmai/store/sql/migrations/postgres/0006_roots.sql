-- Named roots: which of them a batch needs, for its photos and its outputs; and which a runner has.

CREATE TABLE batch_roots (
    batch_no BIGINT NOT NULL REFERENCES batches (no) ON DELETE CASCADE,
    root TEXT COLLATE "C" NOT NULL CHECK (root <> ''),
    PRIMARY KEY (batch_no, root)
);

-- Names with a space between two.
ALTER TABLE runners ADD COLUMN roots TEXT COLLATE "C" NOT NULL DEFAULT '';
