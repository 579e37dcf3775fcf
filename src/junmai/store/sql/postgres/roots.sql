-- add_item_roots: the named roots of the photos between two positions of a batch. Where the library has no photo in any
-- root, that is seen once, and no photo is looked up
INSERT INTO batch_roots (batch_no, root)
SELECT DISTINCT items.batch_no, split_part(substr(photos.path, 6), '/', 1)
FROM items JOIN photos ON photos.id = items.photo_id
WHERE items.batch_no = :batch_no AND items.position BETWEEN :start AND :until
  AND photos.path > 'root:' AND photos.path < 'root;'
  AND EXISTS (SELECT 1 FROM photos AS any_photo WHERE any_photo.path > 'root:' AND any_photo.path < 'root;')
ON CONFLICT DO NOTHING RETURNING root;

-- name_photos__first: no photo is claimed, and no batch written, while its path is on its way to the name: a machine that
-- lacks the root would have a path that leads nowhere
WITH wanted AS MATERIALIZED (SELECT no FROM batches WHERE status IN ('pending', 'running', 'paused') ORDER BY no),
turns AS MATERIALIZED (SELECT no FROM wanted WHERE junmai_queue(no))
SELECT batches.no FROM turns JOIN batches ON batches.no = turns.no FOR NO KEY UPDATE OF batches;
