-- Presets that the user imported: every version that ever was, so that `name@version` means the same for ever.

CREATE TABLE presets (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL CHECK (name <> '' AND instr(name, '@') = 0),
    name_key TEXT NOT NULL,
    version INTEGER NOT NULL CHECK (version >= 1),
    settings TEXT NOT NULL,
    origin TEXT NOT NULL,
    content TEXT NOT NULL CHECK (length(content) = 64),
    note TEXT NOT NULL DEFAULT '',
    created_at REAL NOT NULL,
    UNIQUE (name_key, version),
    UNIQUE (name_key, content)
);

CREATE TRIGGER presets_never_change BEFORE UPDATE ON presets
BEGIN
    SELECT RAISE(ABORT, 'a version of a preset never changes');
END;

CREATE TRIGGER presets_are_never_removed BEFORE DELETE ON presets
BEGIN
    SELECT RAISE(ABORT, 'a version of a preset is never removed');
END;
