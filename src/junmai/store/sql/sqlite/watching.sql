-- item_of_photo: the item of one photo in a batch
SELECT items.*, photos.path, output_folders.path AS folder FROM items
JOIN batches ON batches.no = items.batch_no
JOIN output_folders ON output_folders.id = coalesce(items.folder_id, batches.folder_id)
LEFT JOIN photos ON photos.id = items.photo_id
WHERE batch_no = :no AND photo_id = :photo_id;

-- failed_page: the failed items of a batch in their order; said so plainly, the index of them is used
SELECT items.*, photos.path, output_folders.path AS folder FROM items
JOIN batches ON batches.no = items.batch_no
JOIN output_folders ON output_folders.id = coalesce(items.folder_id, batches.folder_id)
LEFT JOIN photos ON photos.id = items.photo_id
WHERE batch_no = :no AND items.status = 'failed' AND position > :after
  AND (:error_kind IS NULL OR items.error_kind = :error_kind)
ORDER BY position LIMIT :limit;

-- failures_by_kind: how many items of a batch failed, by their kind of error, with the first of them
SELECT error_kind, count(*) AS count, min(position) AS first FROM items
WHERE batch_no = :no AND status = 'failed' GROUP BY error_kind ORDER BY count DESC, error_kind;

-- batch_events_after: what happened to one batch since an event
SELECT * FROM events WHERE batch_no = :batch_no AND id > :after ORDER BY id LIMIT :limit;

-- changed_batches: batches that something happened to between two events, and whether their state changed
SELECT batch_no, max(CASE WHEN substr(type, 1, 6) = 'batch_' THEN 1 ELSE 0 END) AS of_state
FROM events WHERE id > :after AND id <= :until AND batch_no IS NOT NULL GROUP BY batch_no ORDER BY batch_no;

-- batch_totals: batches and their counters by state, for the metrics
SELECT status, count(*) AS batches, sum(total) AS photos, sum(processed) AS processed, sum(failed) AS failed,
    sum(skipped) AS skipped FROM batches GROUP BY status;
