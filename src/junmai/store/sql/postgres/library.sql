-- add_photo: a photo that is new to the library, unless another process took it in at the same moment
INSERT INTO photos AS known (
    path, file_name, root, kind, session_id, size, mtime_ns, inode, fingerprint,
    captured_at, rating, label, camera, width, height, facts, sidecars, unsupported, imported_at)
VALUES (:path, :file_name, :root, :kind, :session_id, :size, :mtime_ns, :inode, :fingerprint,
        :captured_at, :rating, :label, :camera, :width, :height, :facts, :sidecars, :unsupported, :now)
ON CONFLICT (path) DO UPDATE SET size = excluded.size, mtime_ns = excluded.mtime_ns, inode = excluded.inode,
    sha256 = CASE WHEN known.fingerprint = excluded.fingerprint AND known.size = excluded.size
             AND known.mtime_ns = excluded.mtime_ns AND known.inode = excluded.inode THEN known.sha256 END,
    fingerprint = excluded.fingerprint, kind = excluded.kind, captured_at = excluded.captured_at,
    rating = excluded.rating, label = excluded.label, camera = excluded.camera, width = excluded.width,
    height = excluded.height, facts = excluded.facts, sidecars = excluded.sidecars,
    unsupported = excluded.unsupported
RETURNING id;

-- keep_sha256: cache a full checksum, valid as long as size, time and inode stay
UPDATE photos SET sha256 = :sha256, mtime_ns = :mtime_ns, inode = :inode
WHERE id = :id AND size = :size AND fingerprint = :fingerprint
  AND (sha256 IS DISTINCT FROM :sha256 OR mtime_ns <> :mtime_ns OR inode <> :inode) RETURNING id;

-- photos_by_ids: photos by their ids; here and below, a number that is too long for an id is the id of none
SELECT * FROM photos
WHERE id IN (SELECT CASE WHEN length(value) < 19 THEN value::bigint END
             FROM jsonb_array_elements_text(CAST(:ids AS jsonb)) AS value);

-- photo_names: ids and file names of photos by their ids, all of which fit into 64 bits. Of a million, three times as quick
-- as by the elements of a JSON list
SELECT id, file_name FROM photos WHERE id = ANY (CAST(translate(:ids, '[]', '{}') AS bigint[]));

-- known_photo_ids: which of these ids the library has
SELECT id FROM photos
WHERE id IN (SELECT CASE WHEN length(value) < 19 THEN value::bigint END
             FROM jsonb_array_elements_text(CAST(:ids AS jsonb)) AS value);

-- add_session: a new session; one that the user named, unless another process made it at the same moment
INSERT INTO sessions (name, folder, first_at, last_at, named_by_user, created_at)
VALUES (:name, :folder, :first_at, :last_at, :named_by_user, :now)
ON CONFLICT (name) WHERE named_by_user = 1 DO UPDATE SET name = excluded.name RETURNING id;

-- add_collection: a new collection, unless another process made it at the same moment
INSERT INTO collections (name, created_at) VALUES (:name, :now)
ON CONFLICT (name) DO UPDATE SET name = excluded.name RETURNING id;

-- add_output_folder: outputs go to this folder from now on
INSERT INTO output_folders AS known (path, path_key, made_by_junmai) VALUES (:path, :path_key, :made_by_junmai)
ON CONFLICT (path_key) DO UPDATE SET path = known.path RETURNING id;

-- unfinished_holder: an unfinished batch that writes these photos to this folder, or a cancelled one with some in hand
SELECT batches.id, count(*) AS names, min(items.output_name) AS name
FROM batches
JOIN jsonb_array_elements_text(CAST(:photo_ids AS jsonb)) AS wanted (value) ON true
JOIN items ON items.batch_no = batches.no AND items.photo_id = wanted.value::bigint
WHERE batches.folder_id = :folder_id AND batches.no <> :but
  AND (batches.status IN ('pending', 'running', 'paused')
       OR (batches.rows_behind = 1 AND items.status IN ('running', 'staged')))
GROUP BY batches.no ORDER BY batches.no LIMIT 1;

-- reserve_outputs: names belong to photos; the batch that planned one first is kept; rows of (key, name, photo id)
INSERT INTO outputs AS known (folder_id, name_key, name, photo_id, format, batch_no, label)
SELECT :folder_id, value ->> 0, value ->> 1, (value ->> 2)::bigint, CAST(:format AS text), :batch_no, :label
FROM jsonb_array_elements(CAST(:rows AS jsonb)) AS wanted (value)
ON CONFLICT (folder_id, name_key) DO UPDATE SET name = known.name
WHERE known.photo_id = excluded.photo_id AND known.label = excluded.label;

-- record_output: what stands at a name now; a folder of the batch's own gets its names only here
INSERT INTO outputs AS known (
    folder_id, name_key, name, photo_id, format, batch_no, key, size, mtime_ns, sha256, settled_at, label)
VALUES (:folder_id, :name_key, :name, :photo_id, :format, :batch_no, :key, :size, :mtime_ns, :sha256, :now, :label)
ON CONFLICT (folder_id, name_key) DO UPDATE SET key = excluded.key, size = excluded.size,
    mtime_ns = excluded.mtime_ns, sha256 = excluded.sha256, settled_at = excluded.settled_at
WHERE known.photo_id = excluded.photo_id AND known.label = excluded.label RETURNING name;
