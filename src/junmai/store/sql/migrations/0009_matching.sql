-- One look over the photos of a batch: each is measured, then one solution for each is found, and only then are items
-- claimed for developing. A row comes to be when its photo is first claimed for measuring; `match_cursor` is the last
-- position that was.

ALTER TABLE batches ADD COLUMN matching TEXT CHECK (matching IS NULL OR matching = 'measuring' OR matching = 'solved');
ALTER TABLE batches ADD COLUMN match_cursor INTEGER NOT NULL DEFAULT -1;
ALTER TABLE batches ADD COLUMN measured INTEGER NOT NULL DEFAULT 0 CHECK (measured >= 0);
CREATE INDEX batches_measuring ON batches (no) WHERE matching = 'measuring';

CREATE TABLE match_items (
    batch_no INTEGER NOT NULL REFERENCES batches (no),
    position INTEGER NOT NULL CHECK (position >= 0),
    photo_id INTEGER NOT NULL,
    state TEXT NOT NULL,
    attempt INTEGER NOT NULL DEFAULT 1 CHECK (attempt > 0),
    tries INTEGER NOT NULL DEFAULT 0 CHECK (tries >= 0),
    worker_deaths INTEGER NOT NULL DEFAULT 0 CHECK (worker_deaths >= 0),
    runner_no INTEGER,
    -- What was measured, under the key of whatever decides it; or why it could not be.
    key TEXT,
    measure BLOB,
    why TEXT,
    -- What was found, once all are measured.
    exposure REAL, red REAL, green REAL, blue REAL, scene INTEGER, capped INTEGER, top REAL,
    distance_before REAL, distance_after REAL,
    -- What the user wants of it beside that.
    by_exposure REAL NOT NULL DEFAULT 0, by_red REAL NOT NULL DEFAULT 1, by_blue REAL NOT NULL DEFAULT 1,
    off INTEGER NOT NULL DEFAULT 0 CHECK (off IN (0, 1)),
    PRIMARY KEY (batch_no, position),
    CHECK ((exposure IS NULL) = (red IS NULL) AND (exposure IS NULL) = (green IS NULL)
        AND (exposure IS NULL) = (blue IS NULL) AND (exposure IS NULL) = (scene IS NULL)
        AND (exposure IS NULL) = (capped IS NULL) AND (exposure IS NULL) = (top IS NULL)),
    CHECK (CASE state
        WHEN 'waiting' THEN runner_no IS NULL AND measure IS NULL AND why IS NULL AND exposure IS NULL
        WHEN 'measuring' THEN runner_no IS NOT NULL AND measure IS NULL AND why IS NULL AND exposure IS NULL
        WHEN 'measured' THEN runner_no IS NULL AND (measure IS NULL) = (key IS NULL)
            AND (measure IS NULL) = (why IS NOT NULL)
        ELSE 0 END)
);
CREATE INDEX match_items_open ON match_items (batch_no, position) WHERE state <> 'measured';
CREATE INDEX match_items_in_hand ON match_items (runner_no) WHERE state = 'measuring';
CREATE INDEX match_items_of_photos ON match_items (photo_id, batch_no) WHERE state = 'measured';

CREATE TRIGGER match_items_follow_the_edges BEFORE UPDATE OF state ON match_items
WHEN NOT CASE OLD.state
    WHEN 'waiting' THEN NEW.state = 'measuring'
    WHEN 'measuring' THEN NEW.state = 'waiting' OR NEW.state = 'measured'
    ELSE 0 END
BEGIN
    SELECT RAISE(ABORT, 'illegal step of a measure');
END;

-- What the user wants of a photo beside what matching finds, in every batch from then on.
CREATE TABLE match_adjustments (
    photo_id INTEGER PRIMARY KEY,
    exposure REAL NOT NULL DEFAULT 0 CHECK (exposure BETWEEN -5 AND 5),
    red REAL NOT NULL DEFAULT 1 CHECK (red BETWEEN 0.25 AND 4),
    blue REAL NOT NULL DEFAULT 1 CHECK (blue BETWEEN 0.25 AND 4),
    off INTEGER NOT NULL DEFAULT 0 CHECK (off IN (0, 1)),
    made_at REAL NOT NULL
);
