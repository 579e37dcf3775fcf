-- add_batch_root: the outputs of a batch go to a named root
INSERT INTO batch_roots (batch_no, root) VALUES (:batch_no, :name) ON CONFLICT DO NOTHING RETURNING root;

-- add_item_roots: the named roots of the photos between two positions of a batch. Where the library has no photo in any
-- root, that is seen once, and no photo is looked up. No EXISTS: SQLite makes it a loop within the others, and 10,000
-- photos took 19 s
INSERT INTO batch_roots (batch_no, root)
SELECT DISTINCT items.batch_no, substr(photos.path, 6, instr(photos.path, '/') - 6)
FROM items CROSS JOIN photos ON photos.id = items.photo_id
WHERE items.batch_no = :batch_no AND items.position BETWEEN :start AND :until
  AND photos.path > 'root:' AND photos.path < 'root;'
  AND (SELECT 1 FROM photos AS any_photo WHERE any_photo.path > 'root:' AND any_photo.path < 'root;' LIMIT 1) = 1
ON CONFLICT DO NOTHING RETURNING root;

-- add_moved_root: a photo lies in a named root now; the batches that are to develop it need that one
INSERT INTO batch_roots (batch_no, root)
SELECT batches.no, CAST(:name AS text)
FROM batches CROSS JOIN items ON items.batch_no = batches.no AND items.photo_id = :photo_id
WHERE batches.status IN ('pending', 'running', 'paused')
ON CONFLICT DO NOTHING RETURNING root;

-- roots_of_batch: the named roots that a batch needs
SELECT root AS name FROM batch_roots WHERE batch_no = :no ORDER BY root;

-- roots_of_ready: the same of all running batches
SELECT batch_no, batch_roots.root AS name
FROM batches CROSS JOIN batch_roots ON batch_roots.batch_no = batches.no
WHERE batches.status = 'running' AND batches.status IN ('pending', 'running', 'paused')
ORDER BY batch_no, name;

-- photo_below: any photo whose path lies between two texts
SELECT id FROM photos WHERE path > :low AND path < :high LIMIT 1;

-- name_photos: photos below a folder that has a name from now on; one that is known by that name already stays
UPDATE photos SET path = CAST(:prefix AS text) || replace(substr(path, CAST(:length AS integer)), CAST(:separator AS text), '/'),
    root = CASE WHEN root = :plain OR (root > :low AND root < :high)
           THEN CAST(:prefix AS text) || replace(substr(root, CAST(:length AS integer)), CAST(:separator AS text), '/') ELSE root END
WHERE path > :low AND path < :high AND NOT EXISTS (
    SELECT 1 FROM photos AS known
    WHERE known.path = CAST(:prefix AS text) || replace(substr(photos.path, CAST(:length AS integer)), CAST(:separator AS text), '/'))
RETURNING id;

-- name_sessions: the sessions that were made of that folder
UPDATE sessions SET folder = CAST(:prefix AS text) || replace(substr(folder, CAST(:length AS integer)), CAST(:separator AS text), '/')
WHERE folder = :plain OR (folder > :low AND folder < :high) RETURNING id;

-- name_output_folder: an output folder has a name from now on, unless another is known by that name
UPDATE output_folders SET path = :path, path_key = :path_key
WHERE id = :id AND NOT EXISTS (SELECT 1 FROM output_folders AS known WHERE known.path_key = :path_key) RETURNING id;

-- batches_into: the batches that write to a folder
SELECT no FROM batches WHERE folder_id = :folder_id;

-- batch_numbers: every batch
SELECT no FROM batches ORDER BY no;

-- output_folder_places: where output folders are, as they are kept
SELECT id, path FROM output_folders ORDER BY id;
