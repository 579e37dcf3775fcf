-- photo_by_path: one photo by its path
SELECT * FROM photos WHERE path = :path;

-- photo_in_folder: any photo that lies directly in a folder, whose paths are those between two texts
SELECT path FROM photos WHERE path > :below AND path < :beyond AND path = :below || file_name LIMIT 1;

-- photo_by_id: one photo by its id
SELECT * FROM photos WHERE id = :id;

-- photos_by_inode: photos that may be the same file as one under another spelling of its path
SELECT * FROM photos WHERE inode = :inode ORDER BY id;

-- photos_by_fingerprint: photos with the same content, to tell a moved photo from a copy
SELECT * FROM photos WHERE fingerprint = :fingerprint ORDER BY id;

-- add_photo: a photo that is new to the library, unless another process took it in at the same moment
INSERT INTO photos (path, file_name, root, kind, session_id, size, mtime_ns, inode, fingerprint,
                    captured_at, rating, label, camera, width, height, facts, sidecars, unsupported, imported_at)
VALUES (:path, :file_name, :root, :kind, :session_id, :size, :mtime_ns, :inode, :fingerprint,
        :captured_at, :rating, :label, :camera, :width, :height, :facts, :sidecars, :unsupported, :now)
ON CONFLICT (path) DO UPDATE SET size = excluded.size, mtime_ns = excluded.mtime_ns, inode = excluded.inode,
    sha256 = CASE WHEN fingerprint = excluded.fingerprint AND size = excluded.size AND mtime_ns = excluded.mtime_ns
             AND inode = excluded.inode THEN sha256 END,
    fingerprint = excluded.fingerprint, kind = excluded.kind, captured_at = excluded.captured_at,
    rating = excluded.rating, label = excluded.label, camera = excluded.camera, width = excluded.width,
    height = excluded.height, facts = excluded.facts, sidecars = excluded.sidecars,
    unsupported = excluded.unsupported
RETURNING id;

-- change_photo: a known photo was touched, replaced or moved; its checksum stays only if its content did
UPDATE photos SET path = :path, file_name = :file_name, root = :root, kind = :kind, size = :size,
    mtime_ns = :mtime_ns, inode = :inode,
    sha256 = CASE WHEN fingerprint = :fingerprint AND size = :size AND mtime_ns = :mtime_ns AND inode = :inode
             THEN sha256 END,
    fingerprint = :fingerprint,
    captured_at = :captured_at, rating = :rating, label = :label, camera = :camera, width = :width, height = :height,
    facts = :facts, sidecars = :sidecars, unsupported = :unsupported
WHERE id = :id RETURNING id;

-- keep_sha256: cache a full checksum, valid as long as size, time and inode stay
UPDATE photos SET sha256 = :sha256, mtime_ns = :mtime_ns, inode = :inode
WHERE id = :id AND size = :size AND fingerprint = :fingerprint
  AND (sha256 IS NOT :sha256 OR mtime_ns <> :mtime_ns OR inode <> :inode) RETURNING id;

-- photos_page: photos in the order of their ids, filtered
SELECT * FROM photos
WHERE (:session_id IS NULL OR session_id = :session_id)
  AND (:below IS NULL OR substr(path, 1, length(:below)) = :below)
  AND (:first IS NULL OR captured_at >= :first)
  AND (:last IS NULL OR captured_at < :last)
  AND (:min_rating IS NULL OR coalesce(rating, 0) >= :min_rating)
  AND (:label IS NULL OR label = :label)
  AND (:camera IS NULL OR camera = :camera)
  AND (:collection_id IS NULL OR id IN
       (SELECT photo_id FROM collection_photos WHERE collection_id = :collection_id))
  AND id > :after
ORDER BY id LIMIT :limit;

-- photos_count: how many photos these filters leave
SELECT count(*) AS count FROM photos
WHERE (:session_id IS NULL OR session_id = :session_id)
  AND (:below IS NULL OR substr(path, 1, length(:below)) = :below)
  AND (:first IS NULL OR captured_at >= :first)
  AND (:last IS NULL OR captured_at < :last)
  AND (:min_rating IS NULL OR coalesce(rating, 0) >= :min_rating)
  AND (:label IS NULL OR label = :label)
  AND (:camera IS NULL OR camera = :camera)
  AND (:collection_id IS NULL OR id IN
       (SELECT photo_id FROM collection_photos WHERE collection_id = :collection_id));

-- photos_by_ids: photos by their ids
SELECT * FROM photos WHERE id IN (SELECT value FROM json_each(:ids));

-- photo_names: ids and file names of photos by their ids
SELECT id, file_name FROM photos WHERE id IN (SELECT value FROM json_each(:ids));

-- known_photo_ids: which of these ids the library has
SELECT id FROM photos WHERE id IN (SELECT value FROM json_each(:ids));

-- sessions_all: every session with its number of photos
SELECT sessions.*, (SELECT count(*) FROM photos WHERE session_id = sessions.id) AS photo_count,
    (SELECT min(id) FROM photos WHERE session_id = sessions.id) AS cover_photo_id
FROM sessions WHERE id > :after ORDER BY id LIMIT :limit;

-- session_by_user_name: a session that the user named
SELECT id FROM sessions WHERE named_by_user = 1 AND name = :name;

-- add_session: a new session
INSERT INTO sessions (name, folder, first_at, last_at, named_by_user, created_at)
VALUES (:name, :folder, :first_at, :last_at, :named_by_user, :now) RETURNING id;

-- widen_session: later photos of a shoot extend its time
UPDATE sessions SET
    first_at = CASE WHEN first_at IS NULL OR :first_at < first_at THEN :first_at ELSE first_at END,
    last_at = CASE WHEN last_at IS NULL OR :last_at > last_at THEN :last_at ELSE last_at END
WHERE id = :id RETURNING id;

-- put_in_session: a photo belongs to a session
UPDATE photos SET session_id = :session_id WHERE id = :id;

-- output_folder_by_key: a folder that outputs go to
SELECT * FROM output_folders WHERE path_key = :path_key;

-- output_folders_all: every folder that outputs ever went to
SELECT * FROM output_folders ORDER BY id;

-- add_output_folder: outputs go to this folder from now on
INSERT INTO output_folders (path, path_key, made_by_junmai) VALUES (:path, :path_key, :made_by_junmai)
ON CONFLICT (path_key) DO UPDATE SET path = path RETURNING id;

-- outputs_of_folder: every name of a folder and what stands there
SELECT * FROM outputs WHERE folder_id = :folder_id;

-- output_by_name: one name of a folder
SELECT * FROM outputs WHERE folder_id = :folder_id AND name_key = :name_key;

-- unfinished_holder: an unfinished batch that writes these photos to this folder, or a cancelled one with some in hand
SELECT batches.id, count(*) AS names, min(items.output_name) AS name
FROM (SELECT no FROM batches INDEXED BY batches_unfinished WHERE status IN ('pending', 'running', 'paused')
      UNION SELECT no FROM batches WHERE rows_behind = 1) AS holding
CROSS JOIN batches ON batches.no = holding.no AND batches.folder_id = :folder_id AND batches.no <> :but
CROSS JOIN json_each(:photo_ids) AS wanted
CROSS JOIN items ON items.batch_no = batches.no AND items.photo_id = wanted.value
WHERE (batches.rows_behind = 0 OR items.status IN ('running', 'staged'))
GROUP BY batches.no ORDER BY batches.no LIMIT 1;

-- reserve_outputs: names belong to photos; the batch that planned one first is kept; rows of (key, name, photo id)
INSERT INTO outputs (folder_id, name_key, name, photo_id, format, batch_no, label)
SELECT :folder_id, value ->> 0, value ->> 1, value ->> 2, :format, :batch_no, :label FROM json_each(:rows) WHERE true
ON CONFLICT (folder_id, name_key) DO UPDATE SET name = name
WHERE photo_id = excluded.photo_id AND label = excluded.label;

-- record_output: what stands at a name now; a folder of the batch's own gets its names only here
INSERT INTO outputs (folder_id, name_key, name, photo_id, format, batch_no, key, size, mtime_ns, sha256, settled_at,
                     label)
VALUES (:folder_id, :name_key, :name, :photo_id, :format, :batch_no, :key, :size, :mtime_ns, :sha256, :now, :label)
ON CONFLICT (folder_id, name_key) DO UPDATE SET key = :key, size = :size, mtime_ns = :mtime_ns, sha256 = :sha256,
    settled_at = :now
WHERE photo_id = excluded.photo_id AND label = excluded.label RETURNING name;
