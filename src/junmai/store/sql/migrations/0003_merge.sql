-- An item that came from another batch by a merge keeps its output where it stands.

ALTER TABLE items ADD COLUMN folder_id INTEGER REFERENCES output_folders (id)
    CHECK (folder_id IS NULL OR status IN ('processed', 'skipped'));
