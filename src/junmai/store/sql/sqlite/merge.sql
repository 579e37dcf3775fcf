-- merge_end: the last position of a batch, -1 where it has no item
SELECT coalesce(max(position), -1) AS position FROM items WHERE batch_no = :into;

-- merge_yield: rows of photos in both batches give way where the other batch got further with the photo
DELETE FROM items WHERE batch_no = :into AND photo_id IN (
    SELECT mine.photo_id FROM items AS mine
    CROSS JOIN items AS other ON other.batch_no = :other AND other.photo_id = mine.photo_id
    WHERE mine.batch_no = :into
      AND CASE other.status WHEN 'processed' THEN 0 WHEN 'skipped' THEN 1 WHEN 'pending' THEN 2 ELSE 3 END
        < CASE mine.status WHEN 'processed' THEN 0 WHEN 'skipped' THEN 1 WHEN 'pending' THEN 2 ELSE 3 END)
RETURNING photo_id, position, attempt;

-- merge_fresh: the photos of the other batch that the first one has no row of, in their order
SELECT other.photo_id, other.status, other.output_name, coalesce(photos.file_name, other.output_name) AS file_name
FROM items AS other LEFT JOIN photos ON photos.id = other.photo_id
WHERE other.batch_no = :other
  AND NOT EXISTS (SELECT 1 FROM items WHERE batch_no = :into AND photo_id = other.photo_id)
ORDER BY other.position;

-- merge_names: the names that a batch gives its outputs
SELECT output_name FROM items WHERE batch_no = :into AND output_name IS NOT NULL;

-- merge_items: items of the other batch as they stand there; rows of (photo id, position, output name, attempt);
-- CROSS JOIN keeps the order of the loops: the other way round, 100,000 photos took more than ten minutes
INSERT INTO items (batch_no, position, photo_id, status, output_name, attempt, tries, worker_deaths, runner_deaths,
                   ready_at, generation, output_size, output_sha256, output_key, error_kind, error_message, external,
                   ended_at, seconds, further, folder_id)
SELECT :into, value ->> 1, other.photo_id, other.status, value ->> 2, max(other.attempt, value ->> 3), other.tries,
       other.worker_deaths, other.runner_deaths, other.ready_at, :generation, other.output_size, other.output_sha256,
       other.output_key, other.error_kind, other.error_message, other.external, other.ended_at, other.seconds,
       other.further, CASE WHEN other.status IN ('processed', 'skipped') THEN coalesce(other.folder_id, :kept_folder_id) END
FROM json_each(:rows) CROSS JOIN items AS other ON other.batch_no = :other AND other.photo_id = value ->> 0;

-- merge_events: the ends of these items, told at the time when they ended
INSERT INTO events (batch_no, type, at, photo_id, generation, data)
SELECT :into, 'item_' || other.status, other.ended_at, other.photo_id, :generation,
       json_object('output', value ->> 2, 'error_kind', other.error_kind, 'error_message', other.error_message,
                   'merged_from', :other_id)
FROM json_each(:rows) CROSS JOIN items AS other ON other.batch_no = :other AND other.photo_id = value ->> 0
WHERE other.status IN ('processed', 'failed', 'skipped');

-- merge_counts: the counters of a batch that took items in are those of its rows
UPDATE batches SET generation = :generation,
    total = (SELECT count(*) FROM items WHERE batch_no = :into),
    processed = (SELECT count(*) FROM items WHERE batch_no = :into AND status = 'processed'),
    failed = (SELECT count(*) FROM items WHERE batch_no = :into AND status = 'failed'),
    skipped = (SELECT count(*) FROM items WHERE batch_no = :into AND status = 'skipped')
WHERE no = :into AND status IN ('running', 'paused') RETURNING total;
