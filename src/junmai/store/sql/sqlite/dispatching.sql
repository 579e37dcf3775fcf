-- offered_items: items that wait, in the order in which they are claimed, each with the number of its next attempt
SELECT position, attempt + 1 AS attempt FROM items
WHERE batch_no = :batch_no AND status = 'pending' AND (ready_at <= :now OR ready_at > :now + 900)
ORDER BY ready_at, position LIMIT :limit;

-- offered_measures: photos whose measuring was given back
SELECT position, attempt + 1 AS attempt FROM match_items
WHERE batch_no = :batch_no AND state = 'waiting' AND state <> 'measured' ORDER BY position LIMIT :limit;

-- offered_measures_fresh: photos that nobody has measured yet
SELECT position, 1 AS attempt FROM items
WHERE batch_no = :batch_no AND position > (SELECT match_cursor FROM batches WHERE no = :batch_no)
ORDER BY position LIMIT :limit;

-- offered_batch: the batch that an offer names, where it may be claimed from with the roots of this machine
SELECT no, matching FROM batches WHERE id = :id AND status = 'running'
  AND NOT EXISTS (SELECT 1 FROM batch_roots WHERE batch_roots.batch_no = batches.no
                  AND replace(:at_hand, ' ' || batch_roots.root || ' ', '') = :at_hand);

-- claim_offered: take an item where it still waits for that attempt; one that waits for longer than any retry does
-- (900 s) waits because the clock was set back
UPDATE items SET status = 'running', attempt = attempt + 1, runner_no = :runner_no, claimed_at = :now
WHERE batch_no = :batch_no AND position = :position AND status = 'pending' AND attempt = :attempt - 1
  AND (ready_at <= :now OR ready_at > :now + 900)
  AND EXISTS (SELECT 1 FROM batches WHERE no = :batch_no AND status = 'running'
              AND (matching IS NULL OR matching = 'solved'))
RETURNING position, attempt, photo_id, output_name, generation, tries, worker_deaths, runner_deaths;

-- held_photos: what the runners that have not said goodbye hold
SELECT items.runner_no, batches.id AS batch_id, items.photo_id, coalesce(photos.path, '') AS path,
    items.claimed_at AS since
FROM items JOIN batches ON batches.no = items.batch_no LEFT JOIN photos ON photos.id = items.photo_id
WHERE items.status IN ('running', 'staged') AND items.runner_no IS NOT NULL ORDER BY items.runner_no, items.claimed_at;

-- measured_photos_in_hand: the photos that they are measuring
SELECT match_items.runner_no, batches.id AS batch_id, match_items.photo_id, coalesce(photos.path, '') AS path,
    NULL AS since
FROM match_items JOIN batches ON batches.no = match_items.batch_no
LEFT JOIN photos ON photos.id = match_items.photo_id
WHERE match_items.state = 'measuring' ORDER BY match_items.runner_no, match_items.position;
