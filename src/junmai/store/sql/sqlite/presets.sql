-- remarks: what of photos' own settings could not be honoured in a batch, the newest word on a photo last
SELECT photo_id, data FROM events WHERE batch_no = :no AND type = 'item_remarks' ORDER BY id;

-- presets_newest: the newest version of every preset
SELECT * FROM presets AS one
WHERE version = (SELECT max(version) FROM presets WHERE name_key = one.name_key) ORDER BY name_key;

-- preset_versions: every version of a preset, the newest first
SELECT * FROM presets WHERE name_key = :name_key ORDER BY version DESC;

-- preset_version: one version of a preset; no version: the newest
SELECT * FROM presets WHERE name_key = :name_key AND (:version IS NULL OR version = :version)
ORDER BY version DESC LIMIT 1;

-- preset_by_content: the version of a preset that holds this
SELECT * FROM presets WHERE name_key = :name_key AND content = :content;

-- add_preset: the next version of a preset, spelled as the one before it
INSERT INTO presets (name, name_key, version, settings, origin, content, note, created_at)
SELECT coalesce((SELECT name FROM presets WHERE name_key = :name_key ORDER BY version DESC LIMIT 1), :name),
       :name_key, 1 + coalesce(max(version), 0), :settings, :origin, :content, :note, :now
FROM presets WHERE name_key = :name_key
RETURNING *;
