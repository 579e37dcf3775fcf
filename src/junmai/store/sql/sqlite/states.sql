-- store_identity: which database this is; a rebuilt one is another
SELECT id FROM store_identity;

-- renew_store_identity: from here on this is another database than the one whose copy it was
UPDATE store_identity SET id = lower(hex(randomblob(8))) RETURNING id;

-- newest_event: the id of the newest event of a batch; no row where there is no such batch
SELECT (SELECT coalesce(max(id), 0) FROM events WHERE batch_no = batches.no) AS sequence FROM batches WHERE no = :no;

-- batch_state: all that the state file of a batch says, in one statement and so of one moment
SELECT batches.*, output_folders.path AS folder, output_folders.made_by_junmai,
    (SELECT id FROM store_identity) AS store,
    (SELECT coalesce(max(id), 0) FROM events WHERE batch_no = :no) AS sequence,
    ids.*,
    CASE WHEN batches.total <= :items_up_to THEN (
        SELECT json_group_array(json(line)) FROM (
            SELECT json_array(
                items.photo_id,
                CASE WHEN items.status IN ('running', 'staged', 'pending') THEN
                    CASE batches.status WHEN 'cancelled' THEN 'cancelled' ELSE 'pending' END ELSE items.status END,
                photos.path, photos.root, photos.kind, photos.size, photos.mtime_ns, photos.inode,
                photos.fingerprint, photos.sha256, items.output_name,
                items.output_size, outputs.mtime_ns, items.output_sha256, items.output_key,
                items.attempt, items.tries, items.worker_deaths, items.generation,
                items.error_kind, items.error_message, items.ended_at, items.seconds, items.external,
                (SELECT path FROM output_folders WHERE id = items.folder_id),
                json((SELECT json_group_array(json_insert(part.value, '$[#]', outputs.mtime_ns))
                    FROM json_each(items.further) AS part
                    LEFT JOIN outputs ON outputs.folder_id = coalesce(items.folder_id, batches.folder_id)
                        AND outputs.photo_id = items.photo_id AND outputs.name = part.value ->> 1
                        AND outputs.label <> '' AND outputs.sha256 = part.value ->> 4
                    HAVING items.further IS NOT NULL))) AS line
            FROM items
            LEFT JOIN photos ON photos.id = items.photo_id
            LEFT JOIN outputs ON outputs.folder_id = coalesce(items.folder_id, batches.folder_id)
                AND outputs.photo_id = items.photo_id AND outputs.label = ''
                AND outputs.format = json_extract(batches.recipe, '$.output.format')
                AND outputs.name = items.output_name AND outputs.sha256 = items.output_sha256
            WHERE items.batch_no = batches.no ORDER BY items.position)) END AS items
FROM batches
JOIN output_folders ON output_folders.id = batches.folder_id
CROSS JOIN (
    SELECT json_group_array(photo_id) AS photo_ids,
        json_group_array(photo_id) FILTER (WHERE status = 'processed') AS processed_photo_ids,
        json_group_array(photo_id) FILTER (WHERE status = 'failed') AS failed_photo_ids
    FROM (SELECT photo_id, status FROM items WHERE batch_no = :no ORDER BY position)) AS ids
WHERE batches.no = :no AND batches.status <> 'pending';

-- item_lines: a page of the items of a batch, one JSON array a line
SELECT group_concat(line, ',' || char(10)) AS lines, max(position) AS last, count(*) AS count FROM (
    SELECT items.position AS position, json_array(
        items.photo_id,
        CASE WHEN items.status IN ('running', 'staged', 'pending') THEN
            CASE batches.status WHEN 'cancelled' THEN 'cancelled' ELSE 'pending' END ELSE items.status END,
        photos.path, photos.root, photos.kind, photos.size, photos.mtime_ns, photos.inode,
        photos.fingerprint, photos.sha256, items.output_name,
        items.output_size, outputs.mtime_ns, items.output_sha256, items.output_key,
        items.attempt, items.tries, items.worker_deaths, items.generation,
        items.error_kind, items.error_message, items.ended_at, items.seconds, items.external,
                (SELECT path FROM output_folders WHERE id = items.folder_id),
                json((SELECT json_group_array(json_insert(part.value, '$[#]', outputs.mtime_ns))
                    FROM json_each(items.further) AS part
                    LEFT JOIN outputs ON outputs.folder_id = coalesce(items.folder_id, batches.folder_id)
                        AND outputs.photo_id = items.photo_id AND outputs.name = part.value ->> 1
                        AND outputs.label <> '' AND outputs.sha256 = part.value ->> 4
                    HAVING items.further IS NOT NULL))) AS line
    FROM items
    JOIN batches ON batches.no = items.batch_no
    LEFT JOIN photos ON photos.id = items.photo_id
    LEFT JOIN outputs ON outputs.folder_id = coalesce(items.folder_id, batches.folder_id)
                AND outputs.photo_id = items.photo_id AND outputs.label = ''
        AND outputs.format = json_extract(batches.recipe, '$.output.format')
        AND outputs.name = items.output_name AND outputs.sha256 = items.output_sha256
    WHERE items.batch_no = :no AND items.position > :after ORDER BY items.position LIMIT :limit);

-- known_batch_ids: which of these batches the database has, those still being written too
SELECT id FROM batches WHERE id IN (SELECT value FROM json_each(:ids));

-- forgotten_batch_ids: which of these batches were cleaned up here
SELECT id FROM forgotten_batches WHERE id IN (SELECT value FROM json_each(:ids));

-- forget_batch: a batch is cleaned up and must not come back from a state file
INSERT INTO forgotten_batches (id, at) VALUES (:id, :now) ON CONFLICT (id) DO UPDATE SET at = :now RETURNING id;

-- restore_batch: a batch that a state file tells of; it is being written until `end_restored`
INSERT INTO batches (id, session_id, preset, priority, config, recipe, folder_id, overwrite, request_key,
                     writer_no, begun, generation, created_at, matching)
VALUES (:id, :session_id, :preset, :priority, :config, :recipe, :folder_id, :overwrite, :request_key,
        :writer_no, :begun, :generation, :created_at,
        CASE WHEN :recipe ->> '$.match.to' IS NOT NULL THEN 'measuring' END)
RETURNING no;

-- restore_session: a session that a state file tells of keeps its number
INSERT INTO sessions (id, name, folder, first_at, last_at, named_by_user, created_at)
VALUES (:id, :name, NULL, NULL, NULL, 0, :now) ON CONFLICT DO NOTHING RETURNING id;

-- restore_photo: a photo under the id that it had
INSERT INTO photos (id, path, file_name, root, kind, session_id, size, mtime_ns, inode, fingerprint, sha256,
                    captured_at, rating, camera, width, height, facts, sidecars, unsupported, imported_at)
VALUES (:id, :path, :file_name, :root, :kind, NULL, :size, :mtime_ns, :inode, :fingerprint, :sha256,
        NULL, NULL, NULL, NULL, NULL, '{}', :sidecars, NULL, :now)
RETURNING id;

-- restore_place: the photo of that id and content, which was taken in from a state file too, lies elsewhere
UPDATE photos SET path = :path, file_name = :file_name, root = :root, mtime_ns = :mtime_ns, inode = :inode
WHERE id = :id AND fingerprint = :fingerprint AND size = :size AND sidecars = :sidecars
RETURNING id;

-- photo_ids_begun: a row of the counter of photo ids, so that it can be raised
INSERT INTO sqlite_sequence (name, seq)
SELECT 'photos', 0 WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'photos');

-- keep_photo_ids_free: ids up to this one belong to photos of another installation and are not given out
UPDATE sqlite_sequence SET seq = max(seq, :id) WHERE name = 'photos' RETURNING seq;

-- output_of_photo: the name that a photo has in an output folder
SELECT name FROM outputs WHERE folder_id = :folder_id AND photo_id = :photo_id AND format = :format
    AND label = '';

-- restore_name: a name belongs to a photo again, if no other has it
INSERT INTO outputs (folder_id, name_key, name, photo_id, format, batch_no, label)
VALUES (:folder_id, :name_key, :name, :photo_id, :format, :batch_no, :label)
ON CONFLICT (folder_id, name_key) DO UPDATE SET name = name
WHERE photo_id = excluded.photo_id AND label = excluded.label RETURNING name;

-- restore_output: what stands at a name, found again; a later batch's word is not overruled
UPDATE outputs SET key = :key, size = :size, mtime_ns = :mtime_ns, sha256 = :sha256, settled_at = :at
WHERE folder_id = :folder_id AND name_key = :name_key AND label = :label AND (settled_at IS NULL OR settled_at <= :at) RETURNING name;

-- restore_item: one photo of a batch that a state file tells of, in the state that it had
INSERT INTO items (batch_no, position, photo_id, status, output_name, attempt, tries, worker_deaths, generation,
                   output_size, output_sha256, output_key, error_kind, error_message, external, ended_at, seconds,
                   folder_id, further)
VALUES (:batch_no, :position, :photo_id, :status, :output_name, :attempt, :tries, :worker_deaths, :generation,
        :output_size, :output_sha256, :output_key, :error_kind, :error_message, :external, :ended_at, :seconds,
        :folder_id, :further)
RETURNING position;

-- count_restored: the counters of a batch that is being restored move with its rows
UPDATE batches SET total = total + :total, processed = processed + :processed, failed = failed + :failed,
    skipped = skipped + :skipped
WHERE no = :no AND status = 'pending' RETURNING no;

-- start_restored: every item is written
UPDATE batches SET status = 'running', started_at = :started_at WHERE no = :no AND status = 'pending' RETURNING no;

-- end_restored: the batch takes the state that it had
UPDATE batches SET status = :status, pause_reason = :pause_reason, pause_by = :pause_by, pause_detail = :pause_detail,
    cancel_reason = :cancel_reason, paused_at = :paused_at, completed_at = :completed_at
WHERE no = :no AND status = 'running' RETURNING no;
