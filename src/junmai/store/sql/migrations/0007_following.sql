-- What many rows follow behind: failed items that are re-opened, and batches that are being forgotten.

-- While 1, failed items of an earlier generation wait to be re-opened, and the batch cannot end.
ALTER TABLE batches ADD COLUMN reopening INTEGER NOT NULL DEFAULT 0
    CHECK (reopening = 0 OR (reopening = 1 AND (status = 'running' OR status = 'paused')));
-- The kind of error that is re-opened, NULL for all.
ALTER TABLE batches ADD COLUMN reopening_kind TEXT CHECK (reopening_kind IS NULL OR reopening = 1);
-- While 1, an ended batch is being forgotten: some of its rows may be gone, so that nothing re-opens it.
ALTER TABLE batches ADD COLUMN leaving INTEGER NOT NULL DEFAULT 0
    CHECK (leaving = 0 OR (leaving = 1 AND completed_at IS NOT NULL));

CREATE INDEX batches_behind ON batches (no) WHERE rows_behind = 1;
CREATE INDEX batches_reopening ON batches (no) WHERE reopening = 1;
CREATE INDEX batches_ended ON batches (completed_at) WHERE completed_at IS NOT NULL;
