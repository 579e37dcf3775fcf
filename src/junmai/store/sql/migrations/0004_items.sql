-- What an item must hold in each state, state by state. The rules are those of 0001 and 0003; a list of more than two
-- states after IN is built anew for each statement, and these lists were 1.1 of the 3.1 s of a batch of a million.

CREATE TABLE items_by_state (
    batch_no INTEGER NOT NULL REFERENCES batches (no),
    position INTEGER NOT NULL CHECK (position >= 0),
    photo_id INTEGER NOT NULL,
    status TEXT NOT NULL DEFAULT 'pending',
    output_name TEXT,
    attempt INTEGER NOT NULL DEFAULT 0 CHECK (attempt >= 0),
    tries INTEGER NOT NULL DEFAULT 0 CHECK (tries >= 0),
    worker_deaths INTEGER NOT NULL DEFAULT 0 CHECK (worker_deaths >= 0),
    runner_deaths INTEGER NOT NULL DEFAULT 0 CHECK (runner_deaths >= 0),
    ready_at REAL NOT NULL DEFAULT 0,
    runner_no INTEGER,
    generation INTEGER NOT NULL DEFAULT 0,
    output_size INTEGER,
    output_sha256 TEXT,
    output_key TEXT,
    error_kind TEXT,
    error_message TEXT,
    external INTEGER NOT NULL DEFAULT 0 CHECK (external IN (0, 1)),
    claimed_at REAL,
    ended_at REAL,
    seconds REAL,
    folder_id INTEGER REFERENCES output_folders (id),
    PRIMARY KEY (batch_no, position),
    UNIQUE (batch_no, photo_id),
    CHECK (CASE status
        WHEN 'pending' THEN runner_no IS NULL AND ended_at IS NULL AND folder_id IS NULL
        WHEN 'running' THEN runner_no IS NOT NULL AND ended_at IS NULL AND folder_id IS NULL AND attempt > 0
        WHEN 'staged' THEN runner_no IS NOT NULL AND ended_at IS NULL AND folder_id IS NULL AND attempt > 0
            AND (external = 1 OR (coalesce(output_size, 0) > 0 AND length(coalesce(output_sha256, '')) = 64))
        WHEN 'processed' THEN runner_no IS NULL AND ended_at IS NOT NULL AND attempt > 0
            AND (external = 1 OR (coalesce(output_size, 0) > 0 AND length(coalesce(output_sha256, '')) = 64))
        WHEN 'failed' THEN runner_no IS NULL AND ended_at IS NOT NULL AND folder_id IS NULL
            AND error_kind IS NOT NULL AND error_message IS NOT NULL
        WHEN 'skipped' THEN runner_no IS NULL AND ended_at IS NOT NULL
        WHEN 'cancelled' THEN runner_no IS NULL AND ended_at IS NULL AND folder_id IS NULL
        ELSE 0 END)
) WITHOUT ROWID;
INSERT INTO items_by_state (
    batch_no, position, photo_id, status, output_name, attempt, tries, worker_deaths, runner_deaths, ready_at,
    runner_no, generation, output_size, output_sha256, output_key, error_kind, error_message, external, claimed_at,
    ended_at, seconds, folder_id)
SELECT
    batch_no, position, photo_id, status, output_name, attempt, tries, worker_deaths, runner_deaths, ready_at,
    runner_no, generation, output_size, output_sha256, output_key, error_kind, error_message, external, claimed_at,
    ended_at, seconds, folder_id
FROM items ORDER BY batch_no, position;
DROP TABLE items;
ALTER TABLE items_by_state RENAME TO items;

CREATE INDEX items_ready ON items (batch_no, ready_at, position) WHERE status = 'pending';
CREATE INDEX items_in_hand ON items (runner_no, batch_no) WHERE status IN ('running', 'staged');
CREATE INDEX items_failed ON items (batch_no, error_kind) WHERE status = 'failed';

CREATE TRIGGER items_follow_the_edges BEFORE UPDATE OF status ON items
WHEN NOT CASE OLD.status
    WHEN 'pending' THEN NEW.status = 'running' OR NEW.status = 'skipped' OR NEW.status = 'cancelled'
    WHEN 'running' THEN NEW.status = 'staged' OR NEW.status = 'processed' OR NEW.status = 'failed'
        OR NEW.status = 'pending'
    WHEN 'staged' THEN NEW.status = 'processed' OR NEW.status = 'failed' OR NEW.status = 'pending'
    WHEN 'failed' THEN NEW.status = 'pending'
    ELSE 0 END
BEGIN
    SELECT RAISE(ABORT, 'illegal step of an item');
END;
