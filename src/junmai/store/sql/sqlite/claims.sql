-- add_runner: a process that claims items
INSERT INTO runners (id, host, pid, role, scope_batch_no, workers, version, roots, started_at)
VALUES (:id, :host, :pid, :role, :scope, :workers, :of_version, :has_roots, :now) RETURNING no;

-- end_runner: a runner is gone; one that still holds something stays open, to be taken over
UPDATE runners SET ended_at = :now WHERE no = :no AND ended_at IS NULL
    AND NOT EXISTS (SELECT 1 FROM items WHERE runner_no = :no AND status IN ('running', 'staged'))
    AND NOT EXISTS (SELECT 1 FROM match_items WHERE runner_no = :no AND state = 'measuring')
RETURNING no;

-- open_runners: runners that have not said goodbye; all are on this machine, and their locks tell whether they live
SELECT *, NULL AS leased FROM runners WHERE ended_at IS NULL ORDER BY no;

-- ready_batches: running batches that a runner may claim from, the most urgent first; saying that they are unfinished
-- lets SQLite use the index of these, or it reads every batch there ever was. `at_hand` has the names of the roots of this
-- machine, each between two spaces; NULL asks for batches that need others as well
SELECT no, id, priority, matching FROM batches
WHERE status = 'running' AND status IN ('pending', 'running', 'paused') AND (:scope IS NULL OR no = :scope)
  AND CASE WHEN matching = 'measuring' THEN
          EXISTS (SELECT 1 FROM items WHERE batch_no = batches.no AND position > match_cursor)
          OR EXISTS (SELECT 1 FROM match_items WHERE batch_no = batches.no AND state = 'waiting'
                     AND state <> 'measured')
      ELSE EXISTS (SELECT 1 FROM items WHERE batch_no = batches.no AND status = 'pending'
                   AND (ready_at <= :now OR ready_at > :now + 900)) END
  AND (:at_hand IS NULL OR NOT EXISTS (SELECT 1 FROM batch_roots WHERE batch_roots.batch_no = batches.no
                  AND replace(:at_hand, ' ' || batch_roots.root || ' ', '') = :at_hand))
ORDER BY priority DESC, no;

-- claim_items: take the items that are ready, in their order; one that waits for longer than any retry does
-- (900 s; 450 s is the longest) waits because the clock was set back
UPDATE items SET status = 'running', attempt = attempt + 1, runner_no = :runner_no, claimed_at = :now
WHERE batch_no = :batch_no AND status = 'pending' AND position IN (
    SELECT position FROM items WHERE batch_no = :batch_no AND status = 'pending'
      AND (ready_at <= :now OR ready_at > :now + 900)
    ORDER BY ready_at, position LIMIT :limit)
  AND EXISTS (SELECT 1 FROM batches WHERE no = :batch_no AND status = 'running'
              AND (matching IS NULL OR matching = 'solved'))
  AND NOT EXISTS (SELECT 1 FROM batch_roots WHERE batch_roots.batch_no = :batch_no
                  AND replace(:at_hand, ' ' || batch_roots.root || ' ', '') = :at_hand)
RETURNING position, attempt, photo_id, output_name, generation, tries, worker_deaths, runner_deaths;

-- next_ready: when the next waiting item of a batch may be claimed
SELECT ready_at FROM items WHERE batch_no = :batch_no AND status = 'pending' ORDER BY ready_at LIMIT 1;

-- waits_for_root: whether a photo that waits was imported with this folder, and not since with another
SELECT 1 AS waits FROM items JOIN photos ON photos.id = items.photo_id
WHERE items.batch_no = :batch_no AND items.status = 'pending' AND photos.root = :root LIMIT 1;

-- stage_item: a whole temporary file is recorded
UPDATE items SET status = 'staged', output_size = :size, output_sha256 = :sha256, output_key = :key,
    seconds = :seconds, further = :further
WHERE batch_no = :batch_no AND position = :position AND status = 'running' AND attempt = :attempt
  AND runner_no = :runner_no RETURNING batch_no, position;

-- settle_item: the file has its final name
UPDATE items SET status = 'processed', runner_no = NULL, ended_at = :now
WHERE batch_no = :batch_no AND position = :position AND status = 'staged' AND attempt = :attempt
  AND runner_no = :runner_no RETURNING batch_no, position, attempt, photo_id, generation;

-- settle_external: something outside developed the photo
UPDATE items SET status = 'processed', runner_no = NULL, ended_at = :now, external = 1
WHERE batch_no = :batch_no AND position = :position AND status = 'running' AND attempt = :attempt
  AND runner_no = :runner_no RETURNING photo_id, generation;

-- fail_item: an error that does not pass
UPDATE items SET status = 'failed', runner_no = NULL, ended_at = :now, error_kind = :error_kind,
    error_message = :error_message, tries = tries + :tried, worker_deaths = worker_deaths + :died,
    seconds = :seconds, output_size = NULL, output_sha256 = NULL, output_key = NULL, further = NULL
WHERE batch_no = :batch_no AND position = :position AND status IN ('running', 'staged') AND attempt = :attempt
  AND runner_no = :runner_no RETURNING photo_id, generation;

-- give_back_item: an attempt ends without an end for the item
UPDATE items SET status = 'pending', runner_no = NULL, ready_at = :ready_at, error_kind = :error_kind,
    error_message = :error_message, tries = tries + :tried, worker_deaths = worker_deaths + :died,
    output_size = NULL, output_sha256 = NULL, output_key = NULL, further = NULL
WHERE batch_no = :batch_no AND position = :position AND status IN ('running', 'staged') AND attempt = :attempt
  AND runner_no = :runner_no RETURNING photo_id, generation;

-- in_hand: the items that a runner holds
SELECT items.*, photos.path, output_folders.path AS folder FROM items
JOIN batches ON batches.no = items.batch_no
JOIN output_folders ON output_folders.id = batches.folder_id
LEFT JOIN photos ON photos.id = items.photo_id
WHERE runner_no = :runner_no AND items.status IN ('running', 'staged') ORDER BY batch_no, position;

-- in_hand_of_batch: the items of a batch that somebody holds; the index holds no more rows than there are workers (and
-- what they are given ahead), the batch up to a million
SELECT count(*) AS count FROM items INDEXED BY items_in_hand WHERE batch_no = :no AND status IN ('running', 'staged');

-- give_back_lost: items in hand of a lost runner wait again, where whoever takes over has the roots of their batch: it
-- removes their temporary files, and nobody else could claim them; here and below, saying both lets SQLite use the index of
-- what is in hand, or it reads every item there ever was
UPDATE items SET status = 'pending', runner_no = NULL, ready_at = 0, runner_deaths = runner_deaths + 1
WHERE runner_no = :lost AND status = 'running' AND status IN ('running', 'staged')
  AND NOT EXISTS (SELECT 1 FROM batch_roots WHERE batch_roots.batch_no = items.batch_no
                  AND replace(:at_hand, ' ' || batch_roots.root || ' ', '') = :at_hand)
RETURNING batch_no, position, attempt, photo_id;

-- adopt_staged: staged items of a lost runner are this runner's now
UPDATE items SET runner_no = :runner_no
WHERE runner_no = :lost AND status = 'staged' AND status IN ('running', 'staged')
  AND NOT EXISTS (SELECT 1 FROM batch_roots WHERE batch_roots.batch_no = items.batch_no
                  AND replace(:at_hand, ' ' || batch_roots.root || ' ', '') = :at_hand)
RETURNING batch_no, position, attempt, photo_id, output_name, output_size, output_sha256, output_key, seconds,
    further;

-- folder_and_format: where the outputs of a batch go
SELECT folder_id, recipe ->> '$.output.format' AS format FROM batches WHERE no = :no;
