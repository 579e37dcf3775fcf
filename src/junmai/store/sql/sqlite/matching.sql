-- claim_measures_again: photos whose measuring was given back
UPDATE match_items SET state = 'measuring', attempt = attempt + 1, runner_no = :runner_no
WHERE batch_no = :batch_no AND state = 'waiting' AND state <> 'measured' AND position IN (
    SELECT position FROM match_items WHERE batch_no = :batch_no AND state = 'waiting' AND state <> 'measured'
    ORDER BY position LIMIT :limit)
  AND EXISTS (SELECT 1 FROM batches WHERE no = :batch_no AND status = 'running' AND matching = 'measuring')
RETURNING position, attempt, photo_id, tries, worker_deaths;

-- claim_measures_fresh: photos that nobody has measured yet
INSERT INTO match_items (batch_no, position, photo_id, state, runner_no)
SELECT batch_no, position, photo_id, 'measuring', :runner_no FROM items
WHERE batch_no = :batch_no
  AND position > (SELECT match_cursor FROM batches
                  WHERE no = :batch_no AND status = 'running' AND matching = 'measuring')
ORDER BY position LIMIT :limit
RETURNING position, attempt, photo_id, tries, worker_deaths;

-- move_match_cursor: up to there every photo was claimed for measuring
UPDATE batches SET match_cursor = :position, begun = 1
WHERE no = :no AND status = 'running' AND matching = 'measuring' AND match_cursor < :position RETURNING no;

-- known_measures: the newest measure of each of these photos, whatever batch it was made for
SELECT photo_id, max(batch_no) AS batch_no, position, key FROM match_items
WHERE photo_id IN (SELECT value FROM json_each(:ids)) AND state = 'measured' AND measure IS NOT NULL
GROUP BY photo_id;

-- measured_item: what was measured, or (by its place in another batch) was before, or why it could not be
UPDATE match_items SET state = 'measured', runner_no = NULL, key = :key, why = :why,
    measure = coalesce(:measure, (SELECT known.measure FROM match_items AS known
                                  WHERE known.batch_no = :known_batch_no AND known.position = :known_position))
WHERE batch_no = :batch_no AND position = :position AND state = 'measuring' AND attempt = :attempt
  AND runner_no = :runner_no
  AND (:known_batch_no IS NULL OR EXISTS (SELECT 1 FROM match_items AS known
                                          WHERE known.batch_no = :known_batch_no
                                            AND known.position = :known_position AND known.key = :key))
RETURNING batch_no, position;

-- give_back_measure: an attempt to measure ended without an end
UPDATE match_items SET state = 'waiting', runner_no = NULL, tries = tries + :tried,
    worker_deaths = worker_deaths + :died
WHERE batch_no = :batch_no AND position = :position AND state = 'measuring' AND attempt = :attempt
  AND runner_no = :runner_no RETURNING batch_no, position;

-- give_back_lost_measures: what a lost runner was measuring waits again
UPDATE match_items SET state = 'waiting', runner_no = NULL WHERE runner_no = :lost AND state = 'measuring'
RETURNING batch_no, position;

-- count_measured: the counter moves with the rows
UPDATE batches SET measured = measured + :count WHERE no = :no RETURNING no;

-- measured_batches: running batches whose every photo is measured, and which have no solution yet
SELECT no FROM batches
WHERE matching = 'measuring' AND status = 'running' AND (:scope IS NULL OR no = :scope)
  AND NOT EXISTS (SELECT 1 FROM match_items WHERE batch_no = batches.no AND state <> 'measured')
  AND NOT EXISTS (SELECT 1 FROM items WHERE batch_no = batches.no AND position > match_cursor)
ORDER BY no;

-- measuring_batches: running batches whose photos are being measured
SELECT no FROM batches WHERE matching = 'measuring' AND status = 'running';

-- measures_page: what was measured of a batch, with the session of each photo
SELECT match_items.position, match_items.photo_id, photos.session_id, measure, why
FROM match_items LEFT JOIN photos ON photos.id = match_items.photo_id
WHERE batch_no = :no AND position > :after ORDER BY position LIMIT :limit;

-- keep_solution: what was found for one photo, with what the user wants of it beside that
UPDATE match_items SET exposure = :exposure, red = :red, green = :green, blue = :blue, scene = :scene,
    capped = :capped, top = :top, distance_before = :before, distance_after = :after,
    by_exposure = coalesce((SELECT a.exposure FROM match_adjustments AS a WHERE a.photo_id = match_items.photo_id), 0),
    by_red = coalesce((SELECT a.red FROM match_adjustments AS a WHERE a.photo_id = match_items.photo_id), 1),
    by_blue = coalesce((SELECT a.blue FROM match_adjustments AS a WHERE a.photo_id = match_items.photo_id), 1),
    off = coalesce((SELECT a.off FROM match_adjustments AS a WHERE a.photo_id = match_items.photo_id), 0)
WHERE batch_no = :batch_no AND position = :position AND state = 'measured'
  AND EXISTS (SELECT 1 FROM batches WHERE no = :batch_no AND matching = 'measuring')
RETURNING position;

-- skip_matched: what stands there already is what would be developed with this solution
UPDATE items SET status = 'skipped', ended_at = :now
WHERE batch_no = :batch_no AND position = :position AND status = 'pending'
  AND EXISTS (SELECT 1 FROM batches WHERE no = :batch_no AND status IN ('running', 'paused')
              AND matching = 'measuring')
RETURNING photo_id, generation;

-- count_skipped: the counter moves with the rows
UPDATE batches SET skipped = skipped + :count WHERE no = :no RETURNING no;

-- solve_batch: every photo has its solution; items may be claimed from here on
UPDATE batches SET matching = 'solved'
WHERE no = :no AND matching = 'measuring' AND status IN ('running', 'paused')
  AND NOT EXISTS (SELECT 1 FROM match_items WHERE batch_no = :no AND (state <> 'measured' OR exposure IS NULL))
  AND NOT EXISTS (SELECT 1 FROM items WHERE batch_no = :no AND position > match_cursor)
RETURNING no;

-- solution_of: what was found for one photo of a solved batch
SELECT match_items.* FROM match_items JOIN batches ON batches.no = match_items.batch_no
WHERE batch_no = :batch_no AND position = :position AND matching = 'solved';

-- solutions_page: what was found for the photos of a batch, without the measures
SELECT match_items.position, match_items.photo_id, photos.path, items.status, items.output_name, exposure, red, green,
    blue, scene, capped, top, why, distance_before, distance_after, by_exposure, by_red, by_blue, off
FROM match_items JOIN items ON items.batch_no = match_items.batch_no AND items.position = match_items.position
LEFT JOIN photos ON photos.id = match_items.photo_id
WHERE match_items.batch_no = :no AND match_items.position > :after ORDER BY match_items.position LIMIT :limit;

-- unsolved: photos of a solved batch without a solution, for doctor
SELECT count(*) AS count FROM match_items JOIN batches ON batches.no = match_items.batch_no
WHERE batch_no = :no AND matching = 'solved' AND exposure IS NULL;

-- count_measures: how many photos of a batch are measured, and how many are counted, for doctor
SELECT batches.measured AS counted,
    (SELECT count(*) FROM match_items WHERE batch_no = batches.no AND state = 'measured') AS found
FROM batches WHERE no = :no AND leaving = 0;

-- keep_adjustment: what the user wants of a photo beside what matching finds
INSERT INTO match_adjustments (photo_id, exposure, red, blue, off, made_at)
VALUES (:photo_id, :exposure, :red, :blue, :off, :now)
ON CONFLICT (photo_id) DO UPDATE SET exposure = excluded.exposure, red = excluded.red, blue = excluded.blue,
    off = excluded.off, made_at = excluded.made_at RETURNING photo_id;

-- forget_adjustment: nothing but what matching finds
DELETE FROM match_adjustments WHERE photo_id = :photo_id RETURNING photo_id;

-- adjust_waiting: unfinished batches in which the photo waits to be developed take the adjustment over
UPDATE match_items SET by_exposure = :exposure, by_red = :red, by_blue = :blue, off = :off
WHERE photo_id = :photo_id AND state = 'measured' AND exposure IS NOT NULL
  AND EXISTS (SELECT 1 FROM items WHERE items.batch_no = match_items.batch_no
              AND items.position = match_items.position AND items.status IN ('pending', 'failed'))
RETURNING batch_no;

-- delete_measures_chunk: some measures of an old batch
DELETE FROM match_items WHERE batch_no = :no AND position IN
    (SELECT position FROM match_items WHERE batch_no = :no LIMIT :limit) RETURNING position;
