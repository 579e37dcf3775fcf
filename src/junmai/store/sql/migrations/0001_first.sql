-- The first schema. States and their facts are refused by CHECK where they contradict each other; the edges
-- between states by a trigger (tests hold it equal to domain/lifecycle.py).

CREATE TABLE sessions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    folder TEXT,
    first_at TEXT,
    last_at TEXT,
    named_by_user INTEGER NOT NULL DEFAULT 0 CHECK (named_by_user IN (0, 1)),
    created_at REAL NOT NULL
);
CREATE UNIQUE INDEX sessions_by_user_name ON sessions (name) WHERE named_by_user = 1;

CREATE TABLE photos (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    path TEXT NOT NULL UNIQUE,
    file_name TEXT NOT NULL,
    root TEXT NOT NULL,
    kind TEXT NOT NULL,
    session_id INTEGER REFERENCES sessions (id),
    size INTEGER NOT NULL CHECK (size >= 0),
    mtime_ns INTEGER NOT NULL,
    inode INTEGER NOT NULL,
    fingerprint TEXT NOT NULL,
    sha256 TEXT CHECK (sha256 IS NULL OR length(sha256) = 64),
    captured_at TEXT,
    rating INTEGER,
    label TEXT,
    camera TEXT,
    width INTEGER,
    height INTEGER,
    facts TEXT NOT NULL DEFAULT '{}',
    sidecars TEXT NOT NULL DEFAULT '',
    unsupported TEXT,
    imported_at REAL NOT NULL
);
CREATE INDEX photos_by_fingerprint ON photos (fingerprint);
CREATE INDEX photos_by_inode ON photos (inode);
CREATE INDEX photos_by_session ON photos (session_id, captured_at);
CREATE INDEX photos_by_time ON photos (captured_at);

CREATE TABLE collections (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE CHECK (name <> ''),
    created_at REAL NOT NULL
);

CREATE TABLE collection_photos (
    collection_id INTEGER NOT NULL REFERENCES collections (id) ON DELETE CASCADE,
    photo_id INTEGER NOT NULL REFERENCES photos (id),
    PRIMARY KEY (collection_id, photo_id)
) WITHOUT ROWID;

CREATE TABLE output_folders (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    path TEXT NOT NULL,
    path_key TEXT NOT NULL UNIQUE,
    made_by_junmai INTEGER NOT NULL CHECK (made_by_junmai IN (0, 1))
);

-- A name belongs to (output folder, photo, format); what stands there is known once it was settled.
CREATE TABLE outputs (
    folder_id INTEGER NOT NULL REFERENCES output_folders (id),
    name_key TEXT NOT NULL,
    name TEXT NOT NULL,
    photo_id INTEGER NOT NULL,
    format TEXT NOT NULL,
    batch_no INTEGER NOT NULL,
    key TEXT,
    size INTEGER,
    mtime_ns INTEGER,
    sha256 TEXT,
    settled_at REAL,
    PRIMARY KEY (folder_id, name_key),
    UNIQUE (folder_id, photo_id, format),
    CHECK ((sha256 IS NULL) = (size IS NULL) AND (sha256 IS NULL) = (settled_at IS NULL))
) WITHOUT ROWID;

CREATE TABLE batches (
    no INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE CHECK (length(id) = 18 AND id GLOB 'batch_*'),
    status TEXT NOT NULL DEFAULT 'pending'
        CHECK (status IN ('pending', 'running', 'paused', 'completed', 'failed', 'cancelled')),
    session_id INTEGER,
    preset TEXT NOT NULL,
    priority INTEGER NOT NULL DEFAULT 5 CHECK (priority BETWEEN 1 AND 10),
    config TEXT NOT NULL,
    recipe TEXT NOT NULL,
    folder_id INTEGER NOT NULL REFERENCES output_folders (id),
    overwrite INTEGER NOT NULL DEFAULT 0 CHECK (overwrite IN (0, 1)),
    request_key TEXT,
    writer_no INTEGER,
    begun INTEGER NOT NULL DEFAULT 0 CHECK (begun IN (0, 1)),
    generation INTEGER NOT NULL DEFAULT 0,
    pause_reason TEXT CHECK (pause_reason IN
        ('user', 'interrupted', 'disk_low', 'failures', 'machine_busy', 'source_missing')),
    pause_by TEXT,
    pause_detail TEXT,
    cancel_reason TEXT,
    total INTEGER NOT NULL DEFAULT 0 CHECK (total >= 0),
    processed INTEGER NOT NULL DEFAULT 0 CHECK (processed >= 0),
    failed INTEGER NOT NULL DEFAULT 0 CHECK (failed >= 0),
    skipped INTEGER NOT NULL DEFAULT 0 CHECK (skipped >= 0),
    rows_behind INTEGER NOT NULL DEFAULT 0 CHECK (rows_behind IN (0, 1)),
    created_at REAL NOT NULL,
    started_at REAL,
    paused_at REAL,
    completed_at REAL,
    CHECK ((status = 'paused') = (pause_reason IS NOT NULL)),
    CHECK (processed + failed + skipped <= total),
    CHECK (status NOT IN ('completed', 'failed') OR processed + failed + skipped = total),
    CHECK (status <> 'failed' OR (failed > 0 AND processed + skipped = 0)),
    CHECK (status <> 'completed' OR failed = 0 OR processed + skipped > 0),
    CHECK ((status IN ('completed', 'failed', 'cancelled')) = (completed_at IS NOT NULL)),
    CHECK (status = 'pending' OR started_at IS NOT NULL OR status = 'cancelled'),
    CHECK (rows_behind = 0 OR status = 'cancelled')
);
CREATE INDEX batches_unfinished ON batches (priority DESC, no) WHERE status IN ('pending', 'running', 'paused');
CREATE INDEX batches_by_request ON batches (request_key) WHERE request_key IS NOT NULL;

CREATE TABLE items (
    batch_no INTEGER NOT NULL REFERENCES batches (no),
    position INTEGER NOT NULL CHECK (position >= 0),
    photo_id INTEGER NOT NULL,
    status TEXT NOT NULL DEFAULT 'pending'
        CHECK (status IN ('pending', 'running', 'staged', 'processed', 'failed', 'skipped', 'cancelled')),
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
    PRIMARY KEY (batch_no, position),
    UNIQUE (batch_no, photo_id),
    CHECK ((status IN ('running', 'staged')) = (runner_no IS NOT NULL)),
    CHECK (status NOT IN ('running', 'staged', 'processed') OR attempt > 0),
    CHECK (status NOT IN ('staged', 'processed') OR external = 1
           OR (coalesce(output_size, 0) > 0 AND length(coalesce(output_sha256, '')) = 64)),
    CHECK (status <> 'failed' OR (error_kind IS NOT NULL AND error_message IS NOT NULL)),
    CHECK ((status IN ('processed', 'failed', 'skipped')) = (ended_at IS NOT NULL))
) WITHOUT ROWID;
CREATE INDEX items_ready ON items (batch_no, ready_at, position) WHERE status = 'pending';
CREATE INDEX items_in_hand ON items (runner_no, batch_no) WHERE status IN ('running', 'staged');
CREATE INDEX items_failed ON items (batch_no, error_kind) WHERE status = 'failed';

CREATE TRIGGER items_follow_the_edges BEFORE UPDATE OF status ON items
WHEN OLD.status || '>' || NEW.status NOT IN (
    'pending>running', 'pending>skipped', 'pending>cancelled',
    'running>staged', 'running>processed', 'running>failed', 'running>pending',
    'staged>processed', 'staged>failed', 'staged>pending',
    'failed>pending')
BEGIN
    SELECT RAISE(ABORT, 'illegal step of an item');
END;

CREATE TRIGGER batches_follow_the_edges BEFORE UPDATE OF status ON batches
WHEN OLD.status || '>' || NEW.status NOT IN (
    'pending>running', 'running>paused', 'paused>running', 'running>completed', 'running>failed',
    'pending>cancelled', 'running>cancelled', 'paused>cancelled', 'completed>running', 'failed>running')
BEGIN
    SELECT RAISE(ABORT, 'illegal step of a batch');
END;

CREATE TABLE runners (
    no INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    host TEXT NOT NULL,
    pid INTEGER NOT NULL,
    role TEXT NOT NULL,
    scope_batch_no INTEGER,
    workers INTEGER NOT NULL,
    started_at REAL NOT NULL,
    ended_at REAL
);
CREATE INDEX runners_open ON runners (no) WHERE ended_at IS NULL;

CREATE TABLE events (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    batch_no INTEGER,
    type TEXT NOT NULL,
    at REAL NOT NULL,
    photo_id INTEGER,
    generation INTEGER NOT NULL DEFAULT 0,
    data TEXT NOT NULL DEFAULT '{}'
);
CREATE INDEX events_by_batch ON events (batch_no, id);
-- One final event for each item and generation, however often its result arrives.
CREATE UNIQUE INDEX events_final ON events (batch_no, photo_id, generation)
    WHERE type IN ('item_processed', 'item_failed', 'item_skipped');
