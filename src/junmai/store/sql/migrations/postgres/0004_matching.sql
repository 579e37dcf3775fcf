-- One look over the photos of a batch, as migration 0009 of SQLite has it: each is measured, then one solution for each is
-- found, and only then are items claimed for developing. A row comes to be when its photo is first claimed for measuring;
-- `match_cursor` is the last position that was.

ALTER TABLE batches
    ADD COLUMN matching TEXT COLLATE "C" CHECK (matching IS NULL OR matching = 'measuring' OR matching = 'solved'),
    ADD COLUMN match_cursor BIGINT NOT NULL DEFAULT -1,
    ADD COLUMN measured BIGINT NOT NULL DEFAULT 0 CHECK (measured >= 0);
CREATE INDEX batches_measuring ON batches (no) WHERE matching = 'measuring';

CREATE TABLE match_items (
    batch_no BIGINT NOT NULL REFERENCES batches (no),
    position BIGINT NOT NULL CHECK (position >= 0),
    photo_id BIGINT NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    attempt BIGINT NOT NULL DEFAULT 1 CHECK (attempt > 0),
    tries BIGINT NOT NULL DEFAULT 0 CHECK (tries >= 0),
    worker_deaths BIGINT NOT NULL DEFAULT 0 CHECK (worker_deaths >= 0),
    runner_no BIGINT,
    -- By this a claim is found again that the server took without an answer.
    claimed_at DOUBLE PRECISION,
    -- What was measured, under the key of whatever decides it; or why it could not be.
    key TEXT COLLATE "C",
    measure BYTEA,
    why TEXT COLLATE "C",
    -- What was found, once all are measured.
    exposure DOUBLE PRECISION, red DOUBLE PRECISION, green DOUBLE PRECISION, blue DOUBLE PRECISION,
    scene BIGINT, capped INTEGER, top DOUBLE PRECISION,
    distance_before DOUBLE PRECISION, distance_after DOUBLE PRECISION,
    -- What the user wants of it beside that.
    by_exposure DOUBLE PRECISION NOT NULL DEFAULT 0,
    by_red DOUBLE PRECISION NOT NULL DEFAULT 1,
    by_blue DOUBLE PRECISION NOT NULL DEFAULT 1,
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
        ELSE false END)
);
CREATE INDEX match_items_open ON match_items (batch_no, position) WHERE state <> 'measured';
CREATE INDEX match_items_in_hand ON match_items (runner_no) WHERE state = 'measuring';
CREATE INDEX match_items_of_photos ON match_items (photo_id, batch_no) WHERE state = 'measured';

CREATE TRIGGER match_items_follow_the_edges BEFORE UPDATE OF state ON match_items FOR EACH ROW
WHEN (OLD.state || '>' || NEW.state NOT IN ('waiting>measuring', 'measuring>waiting', 'measuring>measured'))
EXECUTE FUNCTION junmai_refuse('illegal step of a measure');

-- What the user wants of a photo beside what matching finds, in every batch from then on.
CREATE TABLE match_adjustments (
    photo_id BIGINT PRIMARY KEY,
    exposure DOUBLE PRECISION NOT NULL DEFAULT 0 CHECK (exposure BETWEEN -5 AND 5),
    red DOUBLE PRECISION NOT NULL DEFAULT 1 CHECK (red BETWEEN 0.25 AND 4),
    blue DOUBLE PRECISION NOT NULL DEFAULT 1 CHECK (blue BETWEEN 0.25 AND 4),
    off INTEGER NOT NULL DEFAULT 0 CHECK (off IN (0, 1)),
    made_at DOUBLE PRECISION NOT NULL
);
