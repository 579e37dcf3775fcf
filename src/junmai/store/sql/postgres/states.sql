-- renew_store_identity: from here on this is another database than the one whose copy it was
UPDATE store_identity SET id = left(replace(gen_random_uuid()::text, '-', ''), 16) RETURNING id;

-- batch_state: all that the state file of a batch says, in one statement and so of one moment
SELECT batches.*, output_folders.path AS folder, output_folders.made_by_junmai,
    (SELECT id FROM store_identity) AS store,
    (SELECT coalesce(max(id), 0) FROM events WHERE batch_no = :no) AS sequence,
    ids.*,
    CASE WHEN batches.total <= :items_up_to THEN (
        SELECT coalesce(json_agg(line ORDER BY position), '[]'::json)::text FROM (
            SELECT items.position, json_build_array(
                items.photo_id,
                CASE WHEN items.status IN ('running', 'staged', 'pending') THEN
                    CASE batches.status WHEN 'cancelled' THEN 'cancelled' ELSE 'pending' END ELSE items.status END,
                photos.path, photos.root, photos.kind, photos.size, photos.mtime_ns, photos.inode,
                photos.fingerprint, photos.sha256, items.output_name,
                items.output_size,
                (SELECT mtime_ns FROM outputs WHERE outputs.folder_id = coalesce(items.folder_id, batches.folder_id)
                    AND outputs.photo_id = items.photo_id AND outputs.label = ''
                    AND outputs.format = CAST(batches.recipe AS jsonb) -> 'output' ->> 'format'
                    AND outputs.name = items.output_name AND outputs.sha256 = items.output_sha256),
                items.output_sha256, items.output_key,
                items.attempt, items.tries, items.worker_deaths, items.generation,
                items.error_kind, items.error_message, items.ended_at, items.seconds, items.external,
                (SELECT path FROM output_folders WHERE id = items.folder_id),
                CASE WHEN items.further IS NOT NULL THEN (
                    SELECT json_agg(part.value || jsonb_build_array(outputs.mtime_ns) ORDER BY part.nth)
                    FROM jsonb_array_elements(CAST(items.further AS jsonb)) WITH ORDINALITY AS part (value, nth)
                    LEFT JOIN outputs ON outputs.folder_id = coalesce(items.folder_id, batches.folder_id)
                        AND outputs.photo_id = items.photo_id AND outputs.name = part.value ->> 1
                        AND outputs.label <> '' AND outputs.sha256 = part.value ->> 4) END) AS line
            FROM items
            LEFT JOIN photos ON photos.id = items.photo_id
            WHERE items.batch_no = batches.no) AS lines) END AS items
FROM batches
JOIN output_folders ON output_folders.id = batches.folder_id
CROSS JOIN (
    SELECT coalesce(json_agg(photo_id ORDER BY position), '[]'::json)::text AS photo_ids,
        coalesce(json_agg(photo_id ORDER BY position) FILTER (WHERE status = 'processed'), '[]'::json)::text
            AS processed_photo_ids,
        coalesce(json_agg(photo_id ORDER BY position) FILTER (WHERE status = 'failed'), '[]'::json)::text
            AS failed_photo_ids
    FROM items WHERE batch_no = :no) AS ids
WHERE batches.no = :no AND batches.status <> 'pending';

-- item_lines: a page of the items of a batch, one JSON array a line. The output is looked up for each row: as a join,
-- its folder (of two tables) was no condition of the index, and where nothing was known of the tables yet a page of a
-- batch of 500,000 photos took more than nine minutes
SELECT string_agg(line::text, ',' || chr(10) ORDER BY position) AS lines, max(position) AS last, count(*) AS count
FROM (
    SELECT items.position AS position, json_build_array(
        items.photo_id,
        CASE WHEN items.status IN ('running', 'staged', 'pending') THEN
            CASE batches.status WHEN 'cancelled' THEN 'cancelled' ELSE 'pending' END ELSE items.status END,
        photos.path, photos.root, photos.kind, photos.size, photos.mtime_ns, photos.inode,
        photos.fingerprint, photos.sha256, items.output_name,
        items.output_size,
        (SELECT mtime_ns FROM outputs WHERE outputs.folder_id = coalesce(items.folder_id, batches.folder_id)
            AND outputs.photo_id = items.photo_id AND outputs.label = ''
            AND outputs.format = CAST(batches.recipe AS jsonb) -> 'output' ->> 'format'
            AND outputs.name = items.output_name AND outputs.sha256 = items.output_sha256),
        items.output_sha256, items.output_key,
        items.attempt, items.tries, items.worker_deaths, items.generation,
        items.error_kind, items.error_message, items.ended_at, items.seconds, items.external,
        (SELECT path FROM output_folders WHERE id = items.folder_id),
        CASE WHEN items.further IS NOT NULL THEN (
            SELECT json_agg(part.value || jsonb_build_array(outputs.mtime_ns) ORDER BY part.nth)
            FROM jsonb_array_elements(CAST(items.further AS jsonb)) WITH ORDINALITY AS part (value, nth)
            LEFT JOIN outputs ON outputs.folder_id = coalesce(items.folder_id, batches.folder_id)
                AND outputs.photo_id = items.photo_id AND outputs.name = part.value ->> 1
                AND outputs.label <> '' AND outputs.sha256 = part.value ->> 4) END) AS line
    FROM items
    JOIN batches ON batches.no = items.batch_no
    LEFT JOIN photos ON photos.id = items.photo_id
    WHERE items.batch_no = :no AND items.position > :after ORDER BY items.position LIMIT :limit) AS lines;

-- known_batch_ids: which of these batches the database has, those still being written too
SELECT id FROM batches WHERE id IN (SELECT value FROM jsonb_array_elements_text(CAST(:ids AS jsonb)) AS value);

-- forgotten_batch_ids: which of these batches were cleaned up here
SELECT id FROM forgotten_batches
WHERE id IN (SELECT value FROM jsonb_array_elements_text(CAST(:ids AS jsonb)) AS value);

-- restore_photo: a photo under the id that it had
INSERT INTO photos (id, path, file_name, root, kind, session_id, size, mtime_ns, inode, fingerprint, sha256,
                    captured_at, rating, camera, width, height, facts, sidecars, unsupported, imported_at)
VALUES (coalesce(CAST(:id AS bigint), nextval('photos_id_seq')), :path, :file_name, :root, :kind, NULL, :size,
        :mtime_ns, :inode, :fingerprint, :sha256, NULL, NULL, NULL, NULL, NULL, '{}', :sidecars, NULL, :now)
RETURNING id, setval('photos_id_seq', greatest(id, (SELECT last_value FROM photos_id_seq)));

-- restore_batch: a batch that a state file tells of; it is being written until `end_restored`
INSERT INTO batches (id, session_id, preset, priority, config, recipe, folder_id, overwrite, request_key,
                     writer_no, begun, generation, created_at, matching)
VALUES (:id, :session_id, :preset, :priority, :config, :recipe, :folder_id, :overwrite, :request_key,
        :writer_no, :begun, :generation, :created_at,
        CASE WHEN (CAST(CAST(:recipe AS text) AS jsonb) -> 'match' ->> 'to') IS NOT NULL THEN 'measuring' END)
RETURNING no;

-- restore_session: a session that a state file tells of keeps its number
INSERT INTO sessions (id, name, folder, first_at, last_at, named_by_user, created_at)
VALUES (:id, :name, NULL, NULL, NULL, 0, :now) ON CONFLICT DO NOTHING
RETURNING id, setval('sessions_id_seq', greatest(id, (SELECT last_value FROM sessions_id_seq)));

-- photo_ids_begun: the counter of photo ids is always there
SELECT last_value FROM photos_id_seq;

-- keep_photo_ids_free: ids up to this one belong to photos of another installation and are not given out
SELECT setval('photos_id_seq', greatest(:id, (SELECT last_value FROM photos_id_seq))) AS seq;

-- restore_name: a name belongs to a photo again, if no other has it
INSERT INTO outputs AS known (folder_id, name_key, name, photo_id, format, batch_no, label)
VALUES (:folder_id, :name_key, :name, :photo_id, :format, :batch_no, :label)
ON CONFLICT (folder_id, name_key) DO UPDATE SET name = known.name
WHERE known.photo_id = excluded.photo_id AND known.label = excluded.label RETURNING name;
