-- add_batch: a batch that is still being written
INSERT INTO batches (id, session_id, preset, priority, config, recipe, folder_id, overwrite, request_key,
                     writer_no, created_at, matching)
VALUES (:id, :session_id, :preset, :priority, :config, :recipe, :folder_id, :overwrite, :request_key,
        :writer_no, :now, CASE WHEN :recipe ->> '$.match.to' IS NOT NULL THEN 'measuring' END)
RETURNING no;

-- add_items: photos of a batch that is still being written; rows of (photo id, output name, done)
INSERT INTO items (batch_no, position, photo_id, output_name)
SELECT :batch_no, :start + key, value ->> 0, value ->> 1 FROM json_each(:rows);

-- skip_item: the right output stands there already
UPDATE items SET status = 'skipped', ended_at = :now
WHERE batch_no = :batch_no AND position = :position AND status = 'pending' RETURNING photo_id;

-- count_written: the counters of a batch that is being written move with its rows
UPDATE batches SET total = total + :total, skipped = skipped + :skipped
WHERE no = :batch_no AND status = 'pending' RETURNING no;

-- seal_batch: every item is written
UPDATE batches SET status = 'running', started_at = :now
WHERE no = :batch_no AND status = 'pending' RETURNING no;

-- unsealed_batches: batches that somebody was still writing
SELECT no, id, writer_no FROM batches
WHERE status = 'pending' AND status IN ('pending', 'running', 'paused');

-- delete_unsealed_items: a chunk of the items of a batch that was never sealed
DELETE FROM items WHERE batch_no = :batch_no
    AND EXISTS (SELECT 1 FROM batches WHERE no = :batch_no AND status = 'pending')
    AND position IN (SELECT position FROM items WHERE batch_no = :batch_no LIMIT :limit)
RETURNING photo_id;

-- delete_unsealed_outputs: the names of these photos that only a batch never sealed had planned
DELETE FROM outputs WHERE folder_id = (SELECT folder_id FROM batches WHERE no = :batch_no)
    AND photo_id IN (SELECT value FROM json_each(:photo_ids))
    AND batch_no = :batch_no AND settled_at IS NULL;

-- delete_unsealed_events: what happened to items that never were
DELETE FROM events WHERE batch_no = :batch_no
    AND EXISTS (SELECT 1 FROM batches WHERE no = :batch_no AND status = 'pending');

-- delete_unsealed_batch: a batch that was never sealed
DELETE FROM batches WHERE no = :batch_no AND status = 'pending' RETURNING id;

-- batch_by_id: one batch
SELECT batches.*, output_folders.path AS folder FROM batches
JOIN output_folders ON output_folders.id = batches.folder_id WHERE batches.id = :id;

-- batch_by_no: one batch by its number
SELECT batches.*, output_folders.path AS folder FROM batches
JOIN output_folders ON output_folders.id = batches.folder_id WHERE batches.no = :no;

-- batches_page: batches, the newest first
SELECT batches.*, output_folders.path AS folder FROM batches
JOIN output_folders ON output_folders.id = batches.folder_id
WHERE (:status IS NULL OR batches.status = :status) AND batches.status <> 'pending' AND batches.no < :before
ORDER BY batches.no DESC LIMIT :limit;

-- unfinished_by_request: the unfinished batch of the same command
SELECT batches.*, output_folders.path AS folder FROM batches
JOIN output_folders ON output_folders.id = batches.folder_id
WHERE request_key = :request_key AND status IN ('running', 'paused') ORDER BY no DESC LIMIT 1;

-- pause_batch: no claim from here on
UPDATE batches SET status = 'paused', pause_reason = :reason, pause_by = :by, pause_detail = :detail, paused_at = :now
WHERE no = :no AND status = 'running' RETURNING no;

-- take_over_pause: the user's pause over one of Junmai's own
UPDATE batches SET pause_reason = 'user', pause_by = :by, pause_detail = NULL
WHERE no = :no AND status = 'paused' AND pause_reason <> 'user' RETURNING no;

-- resume_batch: claims go on
UPDATE batches SET status = 'running', pause_reason = NULL, pause_by = NULL, pause_detail = NULL, paused_at = NULL
WHERE no = :no AND status = 'paused' AND (:only_reason IS NULL OR pause_reason = :only_reason) RETURNING no;

-- cancel_batch: given up; its pending rows follow in chunks and read as cancelled at once; what a retry-failed has not
-- re-opened yet stays failed
UPDATE batches SET status = 'cancelled', cancel_reason = :reason, completed_at = :now, rows_behind = 1,
    reopening = 0, reopening_kind = NULL, pause_reason = NULL, pause_by = NULL, pause_detail = NULL
WHERE no = :no AND status IN ('pending', 'running', 'paused') RETURNING no;

-- batches_behind: cancelled batches whose rows have not all followed
SELECT no FROM batches WHERE rows_behind = 1 ORDER BY no;

-- cancel_rows: a chunk of the pending items of a cancelled batch
UPDATE items SET status = 'cancelled' WHERE batch_no = :no AND position IN
    (SELECT position FROM items WHERE batch_no = :no AND status = 'pending' LIMIT :limit)
RETURNING position;

-- rows_followed: nothing of a cancelled batch is pending or in hand any more
UPDATE batches SET rows_behind = 0 WHERE no = :no AND rows_behind = 1
    AND NOT EXISTS (SELECT 1 FROM items WHERE batch_no = :no AND status = 'pending')
    AND NOT EXISTS (SELECT 1 FROM items INDEXED BY items_in_hand
                    WHERE batch_no = :no AND status IN ('running', 'staged'))
RETURNING no;

-- end_batch: the last item reached its end, and none waits to be re-opened
UPDATE batches SET status = CASE WHEN failed > 0 AND processed + skipped = 0 THEN 'failed' ELSE 'completed' END,
    completed_at = :now
WHERE no = :no AND status = 'running' AND processed + failed + skipped = total AND reopening = 0 RETURNING status;

-- set_priority: 1..10, 10 first
UPDATE batches SET priority = :priority
WHERE no = :no AND status IN ('pending', 'running', 'paused') RETURNING no;

-- mark_begun: a runner has touched the batch
UPDATE batches SET begun = 1 WHERE no = :no AND begun = 0 RETURNING no;

-- count_up: the counters move with the rows, in the same transaction
UPDATE batches SET processed = processed + :processed, failed = failed + :failed, begun = 1
WHERE no = :no RETURNING no;

-- items_page: the items of a batch in their order
SELECT items.*, photos.path, output_folders.path AS folder FROM items
JOIN batches ON batches.no = items.batch_no
JOIN output_folders ON output_folders.id = coalesce(items.folder_id, batches.folder_id)
LEFT JOIN photos ON photos.id = items.photo_id
WHERE batch_no = :no AND position > :after
  AND (:status IS NULL OR items.status IN (:status, :or_status))
  AND (:error_kind IS NULL OR items.error_kind = :error_kind)
ORDER BY position LIMIT :limit;

-- item_counts: the rows of a batch by status
SELECT status, count(*) AS count FROM items WHERE batch_no = :no GROUP BY status;

-- counters: what is counted of a batch beside its rows by status, both of one moment, for doctor
SELECT batches.status AS batch_status, batches.total, batches.processed, batches.failed, batches.skipped,
    batches.leaving, items.status, count(items.position) AS count
FROM batches LEFT JOIN items ON items.batch_no = batches.no WHERE batches.no = :no GROUP BY items.status;

-- latest_ends: when the latest items of a batch ended, as far as its newest events tell. Their number is limited: where
-- 299,000 of 300,000 photos were skipped, the way past these events took 49 ms, and status is asked for all the time
SELECT at FROM (SELECT id, type, at FROM events WHERE batch_no = :no ORDER BY id DESC LIMIT :limit * 5)
WHERE type IN ('item_processed', 'item_failed') ORDER BY id DESC LIMIT :limit;

-- add_event: something happened
INSERT INTO events (batch_no, type, at, photo_id, generation, data)
VALUES (:batch_no, :type, :now, :photo_id, :generation, :data) RETURNING id;

-- events_after: what happened since an event
SELECT * FROM events WHERE id > :after AND (:batch_no IS NULL OR batch_no = :batch_no) ORDER BY id LIMIT :limit;

-- last_event: the newest event's id
SELECT coalesce(max(id), 0) AS id FROM events;

-- final_events_doubled: items with more than one final event in a generation, for doctor
SELECT photo_id, generation, count(*) AS count FROM events
WHERE batch_no = :no AND type IN ('item_processed', 'item_failed', 'item_skipped')
GROUP BY photo_id, generation HAVING count(*) > 1;

-- final_events_missing: ended items without their final event, for doctor
SELECT photo_id FROM items WHERE batch_no = :no AND status IN ('processed', 'failed', 'skipped')
  AND NOT EXISTS (SELECT 1 FROM events WHERE events.batch_no = items.batch_no
    AND events.photo_id = items.photo_id AND events.generation = items.generation
    AND events.type IN ('item_processed', 'item_failed', 'item_skipped'));

-- external_item: the item of a photo that something outside speaks about
SELECT position, status, attempt, generation FROM items WHERE batch_no = :no AND photo_id = :photo_id;

-- claim_external: something outside took the photo
UPDATE items SET status = 'running', attempt = attempt + 1, runner_no = 0, claimed_at = :now
WHERE batch_no = :no AND position = :position AND status = 'pending'
  AND EXISTS (SELECT 1 FROM batches WHERE no = :no AND status IN ('running', 'paused'))
RETURNING attempt, generation;

-- old_batches: ended batches whose end lies before a time, with nothing in hand and every row followed
SELECT no, id FROM batches INDEXED BY batches_ended
WHERE completed_at <= :before AND rows_behind = 0
  AND NOT EXISTS (SELECT 1 FROM items INDEXED BY items_in_hand
                  WHERE batch_no = batches.no AND status IN ('running', 'staged'))
ORDER BY no LIMIT :limit;

-- let_leave: an ended batch with nothing in hand and every row followed is on its way out; nothing re-opens it
UPDATE batches SET leaving = 1
WHERE no = :no AND status IN ('completed', 'failed', 'cancelled') AND rows_behind = 0
  AND NOT EXISTS (SELECT 1 FROM items INDEXED BY items_in_hand
                  WHERE batch_no = :no AND status IN ('running', 'staged'))
RETURNING no;

-- delete_loose_events: some old events that belong to no batch, which would go with it
DELETE FROM events WHERE id IN (SELECT id FROM events WHERE batch_no IS NULL AND at <= :before ORDER BY id LIMIT :limit)
RETURNING id;

-- delete_events_chunk: a chunk of the events of an old batch
DELETE FROM events WHERE id IN (SELECT id FROM events WHERE batch_no = :no LIMIT :limit) RETURNING id;

-- delete_items_chunk: a chunk of the items of an old batch
DELETE FROM items WHERE batch_no = :no AND position IN
    (SELECT position FROM items WHERE batch_no = :no LIMIT :limit) RETURNING position;

-- delete_batch: an old batch whose items and events are gone
DELETE FROM batches WHERE no = :no AND status IN ('completed', 'failed', 'cancelled')
  AND NOT EXISTS (SELECT 1 FROM items WHERE batch_no = :no) RETURNING id;
