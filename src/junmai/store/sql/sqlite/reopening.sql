-- reopen_batch: retry-failed takes an ended batch back; its failed items follow in chunks
UPDATE batches SET status = 'running', completed_at = NULL, generation = generation + 1,
    reopening = 1, reopening_kind = :kind
WHERE no = :no AND status IN ('completed', 'failed') AND leaving = 0 RETURNING generation;

-- failed_of_kind: how many failed items a batch has of one kind of error
SELECT count(*) AS count FROM items WHERE batch_no = :no AND status = 'failed' AND error_kind = :kind;

-- batches_reopening: batches with failed items that wait to be re-opened
SELECT no FROM batches WHERE reopening = 1 ORDER BY no;

-- reopening_batch: what of a batch waits to be re-opened
SELECT generation, reopening_kind AS kind FROM batches WHERE no = :no AND reopening = 1;

-- reopen_items: a chunk of the failed items begins a new generation; not those that failed in it already
UPDATE items SET status = 'pending', ended_at = NULL, error_kind = NULL, error_message = NULL, tries = 0,
    worker_deaths = 0, ready_at = 0, generation = :generation
WHERE batch_no = :no AND status = 'failed' AND position IN (
    SELECT position FROM items INDEXED BY items_failed
    WHERE batch_no = :no AND status = 'failed'
      AND error_kind BETWEEN coalesce(:kind, '') AND coalesce(:kind, char(1114111)) AND generation < :generation
    LIMIT :limit)
RETURNING position;

-- count_reopened: the counter moves with the rows, in the same transaction
UPDATE batches SET failed = failed - :count WHERE no = :no AND failed >= :count RETURNING no;

-- end_reopening: no failed item waits to be re-opened any more
UPDATE batches SET reopening = 0, reopening_kind = NULL WHERE no = :no AND reopening = 1 RETURNING generation;

-- writers_beside: the other batches that write to the folder of one, or still hold names of it; as long as a row here
-- stays the same, so do the photos that it means
SELECT no, total, generation FROM batches INDEXED BY batches_unfinished
WHERE folder_id = (SELECT folder_id FROM batches WHERE no = :no) AND no <> :no
  AND status IN ('pending', 'running', 'paused')
UNION ALL
SELECT no, total, generation FROM batches
WHERE folder_id = (SELECT folder_id FROM batches WHERE no = :no) AND no <> :no AND rows_behind = 1;

-- holder_of_failed: one of these batches that writes the output of a failed item of another
SELECT batches.id, count(*) AS names, min(items.output_name) AS name
FROM json_each(:nos)
CROSS JOIN batches ON batches.no = value
CROSS JOIN items AS mine INDEXED BY items_failed ON mine.batch_no = :no AND mine.status = 'failed'
    AND mine.error_kind BETWEEN coalesce(:kind, '') AND coalesce(:kind, char(1114111))
CROSS JOIN items ON items.batch_no = batches.no AND items.photo_id = mine.photo_id
WHERE batches.rows_behind = 0 OR items.status IN ('running', 'staged')
GROUP BY batches.no ORDER BY batches.no LIMIT 1;
