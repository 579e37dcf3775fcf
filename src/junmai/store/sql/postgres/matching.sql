-- claim_measures_again__first: no claim is under way when a pause or a cancel is acknowledged, and none begins after it;
-- what follows in the transaction, fresh photos and the cursor, stands under the same turn
SELECT no FROM batches WHERE no = :batch_no AND junmai_queue(no) FOR NO KEY UPDATE;

-- claim_measures_again: photos whose measuring was given back
WITH chunk AS MATERIALIZED (
    SELECT ctid FROM match_items WHERE batch_no = :batch_no AND state = 'waiting' AND state <> 'measured'
      AND EXISTS (SELECT 1 FROM batches WHERE no = :batch_no AND status = 'running' AND matching = 'measuring')
    ORDER BY position LIMIT :limit FOR UPDATE SKIP LOCKED)
UPDATE match_items SET state = 'measuring', attempt = attempt + 1, runner_no = :runner_no, claimed_at = :now
FROM chunk WHERE match_items.ctid = chunk.ctid
RETURNING position, attempt, photo_id, tries, worker_deaths;

-- claim_measures_fresh: photos that nobody has measured yet
INSERT INTO match_items (batch_no, position, photo_id, state, runner_no, claimed_at)
SELECT batch_no, position, photo_id, 'measuring', CAST(:runner_no AS bigint), CAST(:now AS double precision) FROM items
WHERE batch_no = :batch_no
  AND position > (SELECT match_cursor FROM batches
                  WHERE no = :batch_no AND status = 'running' AND matching = 'measuring')
ORDER BY position LIMIT :limit
RETURNING position, attempt, photo_id, tries, worker_deaths;

-- give_back_measures_in_doubt: photos that one call claimed to measure, without anybody having been told
UPDATE match_items SET state = 'waiting', runner_no = NULL
WHERE runner_no = :lost AND state = 'measuring' AND claimed_at = :claimed_at RETURNING batch_no, position;

-- known_measures: the newest measure of each of these photos, whatever batch it was made for
SELECT DISTINCT ON (photo_id) photo_id, batch_no, position, key FROM match_items
WHERE photo_id IN (SELECT value::bigint FROM jsonb_array_elements_text(CAST(:ids AS jsonb)) AS value)
  AND state = 'measured' AND measure IS NOT NULL
ORDER BY photo_id, batch_no DESC;

-- adjust_waiting__first: a solution that is being written was read together with the adjustments there were; it comes
-- before this one, and is changed with the others, or begins after it
WITH wanted AS MATERIALIZED (
    SELECT no FROM batches WHERE matching = 'measuring' AND status IN ('pending', 'running', 'paused') ORDER BY no),
turns AS MATERIALIZED (SELECT no FROM wanted WHERE junmai_turn(no))
SELECT batches.no FROM turns JOIN batches ON batches.no = turns.no FOR NO KEY UPDATE OF batches;

-- delete_measures_chunk: some measures of an old batch
WITH chunk AS MATERIALIZED (SELECT ctid FROM match_items WHERE batch_no = :no LIMIT :limit FOR UPDATE)
DELETE FROM match_items USING chunk WHERE match_items.ctid = chunk.ctid RETURNING position;
