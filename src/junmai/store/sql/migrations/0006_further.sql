-- Further outputs of a photo: an item's own from when they are staged on, NULL where it has none; a row for each name.
-- A photo keeps one main name in a folder for a format; the names of its further outputs follow the main one.

ALTER TABLE items ADD COLUMN further TEXT
    CHECK (further IS NULL OR ((status = 'staged' OR status = 'processed') AND json_valid(further)));

CREATE TABLE outputs_by_label (
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
    label TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (folder_id, name_key),
    CHECK ((sha256 IS NULL) = (size IS NULL) AND (sha256 IS NULL) = (settled_at IS NULL))
) WITHOUT ROWID;
INSERT INTO outputs_by_label (
    folder_id, name_key, name, photo_id, format, batch_no, key, size, mtime_ns, sha256, settled_at)
SELECT folder_id, name_key, name, photo_id, format, batch_no, key, size, mtime_ns, sha256, settled_at
FROM outputs ORDER BY folder_id, name_key;
DROP TABLE outputs;
ALTER TABLE outputs_by_label RENAME TO outputs;
CREATE UNIQUE INDEX outputs_of_photos ON outputs (folder_id, photo_id, format) WHERE label = '';
CREATE INDEX outputs_further ON outputs (folder_id, photo_id, name) WHERE label <> '';
