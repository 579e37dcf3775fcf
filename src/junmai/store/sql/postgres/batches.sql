-- add_batch: a batch that is still being written
INSERT INTO batches (id, session_id, preset, priority, config, recipe, folder_id, overwrite, request_key,
                     writer_no, created_at, matching)
VALUES (:id, :session_id, :preset, :priority, :config, :recipe, :folder_id, :overwrite, :request_key, :writer_no, :now,
        CASE WHEN (CAST(CAST(:recipe AS text) AS jsonb) -> 'match' ->> 'to') IS NOT NULL THEN 'measuring' END)
RETURNING no;

-- add_items: photos of a batch that is still being written, as a stream
COPY items (batch_no, position, photo_id, output_name) FROM STDIN;

-- delete_unsealed_outputs: the names of these photos that only a batch never sealed had planned
DELETE FROM outputs WHERE folder_id = (SELECT folder_id FROM batches WHERE no = :batch_no)
    AND photo_id IN (SELECT value::bigint FROM jsonb_array_elements_text(CAST(:photo_ids AS jsonb)) AS value)
    AND batch_no = :batch_no AND settled_at IS NULL;

-- counters: what is counted of a batch beside its rows by status, both of one moment, for doctor
SELECT batches.status AS batch_status, batches.total, batches.processed, batches.failed, batches.skipped,
    batches.leaving, items.status, count(items.position) AS count
FROM batches LEFT JOIN items ON items.batch_no = batches.no WHERE batches.no = :no GROUP BY batches.no, items.status;

-- batch_totals: batches and their counters by state, for the metrics
SELECT status, count(*) AS batches, sum(total)::bigint AS photos, sum(processed)::bigint AS processed,
    sum(failed)::bigint AS failed, sum(skipped)::bigint AS skipped FROM batches GROUP BY status;

-- add_event: something happened; its id is made of its transaction and of its place therein
INSERT INTO events (id, batch_no, number, type, at, photo_id, generation, data)
VALUES (junmai_event_id(:place), :batch_no, :number, :type, :now, :photo_id, :generation, :data) RETURNING id;

-- add_event__together: several of them
INSERT INTO events (id, batch_no, number, type, at, photo_id, generation, data)
SELECT junmai_event_id(place), batch_no, number, type, now, photo_id, generation, data
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS told (
    place bigint, batch_no bigint, number bigint, type text, now double precision, photo_id bigint, generation bigint,
    data text)
RETURNING id;

-- events_after: what happened since an event, up to the oldest transaction that is still open: what that one tells will
-- have a lower id than what came after it, and whoever read on would never see it. The events of one batch come in the
-- order of their ids, since each transaction holds the row of the batch before it gets its number
SELECT * FROM events WHERE id > :after AND (:batch_no IS NULL OR batch_no = :batch_no)
    AND (:batch_no IS NOT NULL OR id < junmai_feed_end())
ORDER BY id LIMIT :limit;

-- last_event: the id of the newest event that a feed may begin after, and from which id on none may
SELECT coalesce((SELECT id FROM events WHERE id < junmai_feed_end() ORDER BY id DESC LIMIT 1), 0) AS id,
    junmai_feed_end() AS beyond;

-- claim_items: take the items that are ready, in their order, passing over what another statement holds; one that waits
-- for longer than any retry does (900 s; 450 s is the longest) waits because the clock was set back. MATERIALIZED: as a
-- plain subquery it may be run once for each row, and LIMIT then limits nothing. Here and below, rows are changed where
-- they were found (`ctid`): asked for by their position, PostgreSQL may read all of a batch it has no statistics of yet,
-- once for each (57 ms for one claim among 60,000)
WITH chunk AS MATERIALIZED (
    SELECT ctid FROM items WHERE batch_no = :batch_no AND status = 'pending'
      AND (ready_at <= :now OR ready_at > :now + 900)
      AND EXISTS (SELECT 1 FROM batches WHERE no = :batch_no AND status = 'running'
                  AND (matching IS NULL OR matching = 'solved'))
      AND NOT EXISTS (SELECT 1 FROM batch_roots WHERE batch_roots.batch_no = :batch_no
                      AND replace(:at_hand, ' ' || batch_roots.root || ' ', '') = :at_hand)
    ORDER BY ready_at, position LIMIT :limit FOR UPDATE SKIP LOCKED)
UPDATE items SET status = 'running', attempt = attempt + 1, runner_no = :runner_no, claimed_at = :now
FROM chunk WHERE items.ctid = chunk.ctid
RETURNING position, attempt, photo_id, output_name, generation, tries, worker_deaths, runner_deaths;

-- stage_item__together: several whole temporary files are recorded
UPDATE items SET status = 'staged', output_size = whole.size, output_sha256 = whole.sha256, output_key = whole.key,
    seconds = whole.seconds, further = whole.further
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS whole (
    batch_no bigint, position bigint, attempt bigint, runner_no bigint, size bigint, sha256 text, key text,
    seconds double precision, further text)
WHERE items.batch_no = whole.batch_no AND items.position = whole.position AND items.status = 'running'
  AND items.attempt = whole.attempt AND items.runner_no = whole.runner_no
RETURNING items.batch_no, items.position;

-- settle_item__together: several files have their final names
UPDATE items SET status = 'processed', runner_no = NULL, ended_at = there.now
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS there (
    batch_no bigint, position bigint, attempt bigint, runner_no bigint, now double precision)
WHERE items.batch_no = there.batch_no AND items.position = there.position AND items.status = 'staged'
  AND items.attempt = there.attempt AND items.runner_no = there.runner_no
RETURNING items.batch_no, items.position, items.attempt, items.photo_id, items.generation;

-- cancel_rows: a chunk of the pending items of a cancelled batch
WITH chunk AS MATERIALIZED (
    SELECT ctid FROM items WHERE batch_no = :no AND status = 'pending' LIMIT :limit FOR UPDATE)
UPDATE items SET status = 'cancelled' FROM chunk WHERE items.ctid = chunk.ctid RETURNING position;

-- delete_unsealed_items: a chunk of the items of a batch that was never sealed
WITH chunk AS MATERIALIZED (
    SELECT ctid FROM items WHERE batch_no = :batch_no
      AND EXISTS (SELECT 1 FROM batches WHERE no = :batch_no AND status = 'pending') LIMIT :limit FOR UPDATE)
DELETE FROM items USING chunk WHERE items.ctid = chunk.ctid RETURNING photo_id;

-- delete_items_chunk: a chunk of the items of an old batch
WITH chunk AS MATERIALIZED (SELECT ctid FROM items WHERE batch_no = :no LIMIT :limit FOR UPDATE)
DELETE FROM items USING chunk WHERE items.ctid = chunk.ctid RETURNING position;

-- delete_events_chunk: a chunk of the events of an old batch
WITH chunk AS MATERIALIZED (SELECT ctid FROM events WHERE batch_no = :no LIMIT :limit FOR UPDATE)
DELETE FROM events USING chunk WHERE events.ctid = chunk.ctid RETURNING id;

-- delete_loose_events: some old events that belong to no batch, which would go with it
WITH chunk AS MATERIALIZED (
    SELECT ctid FROM events WHERE batch_no IS NULL AND at <= :before ORDER BY at LIMIT :limit FOR UPDATE)
DELETE FROM events USING chunk WHERE events.ctid = chunk.ctid RETURNING id;

-- folder_and_format: where the outputs of a batch go
SELECT folder_id, CAST(recipe AS jsonb) -> 'output' ->> 'format' AS format FROM batches WHERE no = :no;

-- drop_snapshot: nothing was written after all, and nobody else is writing it
DELETE FROM snapshots WHERE id = :id AND state = 'kept' AND EXISTS (
    SELECT 1 FROM items WHERE batch_no = (SELECT no FROM batches WHERE id = snapshots.batch_id)
        AND position = snapshots.position AND attempt = snapshots.attempt AND status = 'staged'
        AND runner_no = :runner_no) RETURNING id;

-- reopen_items: a chunk of the failed items begins a new generation; not those that failed in it already
WITH chunk AS MATERIALIZED (
    SELECT ctid FROM items
    WHERE batch_no = :no AND status = 'failed' AND (:kind IS NULL OR error_kind = :kind) AND generation < :generation
    LIMIT :limit FOR UPDATE)
UPDATE items SET status = 'pending', ended_at = NULL, error_kind = NULL, error_message = NULL, tries = 0,
    worker_deaths = 0, ready_at = 0, generation = :generation
FROM chunk WHERE items.ctid = chunk.ctid RETURNING position;

-- holder_of_failed: one of these batches that writes the output of a failed item of another
SELECT batches.id, count(*) AS names, min(items.output_name) AS name
FROM jsonb_array_elements_text(CAST(:nos AS jsonb)) AS wanted (value)
JOIN batches ON batches.no = wanted.value::bigint
JOIN items AS mine ON mine.batch_no = :no AND mine.status = 'failed' AND (:kind IS NULL OR mine.error_kind = :kind)
JOIN items ON items.batch_no = batches.no AND items.photo_id = mine.photo_id
WHERE batches.rows_behind = 0 OR items.status IN ('running', 'staged')
GROUP BY batches.no ORDER BY batches.no LIMIT 1;

-- merge_items: items of the other batch as they stand there; rows of (photo id, position, output name, attempt)
INSERT INTO items (batch_no, position, photo_id, status, output_name, attempt, tries, worker_deaths, runner_deaths,
                   ready_at, generation, output_size, output_sha256, output_key, error_kind, error_message, external,
                   ended_at, seconds, further, folder_id)
SELECT :into, (value ->> 1)::bigint, other.photo_id, other.status, value ->> 2,
       greatest(other.attempt, (value ->> 3)::bigint), other.tries,
       other.worker_deaths, other.runner_deaths, other.ready_at, :generation, other.output_size, other.output_sha256,
       other.output_key, other.error_kind, other.error_message, other.external, other.ended_at, other.seconds,
       other.further,
       CASE WHEN other.status IN ('processed', 'skipped') THEN coalesce(other.folder_id, :kept_folder_id) END
FROM jsonb_array_elements(CAST(:rows AS jsonb)) AS wanted (value)
JOIN items AS other ON other.batch_no = :other AND other.photo_id = (value ->> 0)::bigint;

-- merge_events: the ends of these items, told at the time when they ended
WITH told AS (
    SELECT other.*, value ->> 2 AS merged_name, row_number() OVER (ORDER BY wanted.place) AS nth
    FROM jsonb_array_elements(CAST(:rows AS jsonb)) WITH ORDINALITY AS wanted (value, place)
    JOIN items AS other ON other.batch_no = :other AND other.photo_id = (value ->> 0)::bigint
    WHERE other.status IN ('processed', 'failed', 'skipped')),
counted AS (
    UPDATE batches SET event_number = event_number + (SELECT count(*) FROM told) WHERE no = :into
    RETURNING event_number - (SELECT count(*) FROM told) AS number)
INSERT INTO events (id, batch_no, number, type, at, photo_id, generation, data)
SELECT junmai_event_id(:place + nth), :into, counted.number + nth, 'item_' || told.status,
       told.ended_at, told.photo_id, :generation,
       json_build_object('output', merged_name, 'error_kind', told.error_kind, 'error_message', told.error_message,
                         'merged_from', CAST(:other_id AS text))::text
FROM told CROSS JOIN counted;
