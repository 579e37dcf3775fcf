-- offered_batch__first: no claim is under way when a pause or a cancel is acknowledged, and none begins after it
SELECT no FROM batches WHERE id = :id AND junmai_queue(no) FOR NO KEY UPDATE;

-- claim_offered__together: several of them
UPDATE items SET status = 'running', attempt = items.attempt + 1, runner_no = offered.runner_no, claimed_at = offered.now
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS offered (
    batch_no bigint, position bigint, attempt bigint, runner_no bigint, now double precision)
WHERE items.batch_no = offered.batch_no AND items.position = offered.position AND items.status = 'pending'
  AND items.attempt = offered.attempt - 1
  AND (items.ready_at <= offered.now OR items.ready_at > offered.now + 900)
  AND EXISTS (SELECT 1 FROM batches WHERE batches.no = offered.batch_no AND batches.status = 'running'
              AND (batches.matching IS NULL OR batches.matching = 'solved'))
RETURNING items.position, items.attempt, items.photo_id, items.output_name, items.generation, items.tries,
    items.worker_deaths, items.runner_deaths;
