-- connection_begins: what holds for every statement of a connection; what is acknowledged is on the disk
SELECT set_config('lock_timeout', :lock_timeout, false),
    set_config('default_transaction_isolation', 'read committed', false),
    set_config('idle_in_transaction_session_timeout', CAST(:silent AS text) || 's', false),
    set_config('tcp_keepalives_idle', CAST(:silent AS text), false),
    set_config('tcp_keepalives_interval', CAST(:silent AS text), false),
    set_config('tcp_keepalives_count', '2', false),
    set_config('synchronous_commit', replace(current_setting('synchronous_commit'), 'off', 'on'), false);

-- schema_there: whether this schema was made by Junmai, and how many tables are there
SELECT to_regclass('junmai_schema') IS NOT NULL AS there,
    (SELECT count(*) FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p')) AS tables;

-- schema_version: the schema that the database has
SELECT version FROM junmai_schema;

-- schema_now: the database has this schema from here on
INSERT INTO junmai_schema (one, version) VALUES (1, :version) ON CONFLICT (one) DO UPDATE SET version = excluded.version;

-- schema_lock: one program migrates, the others wait and find it done
SELECT pg_advisory_xact_lock(hashtextextended('junmai migrate ' || current_schema(), 0));

-- command_lock: commands go one after another, as they do over SQLite, so that none decides by what another is about to
-- change; claims and results do not wait here
SELECT pg_advisory_xact_lock(hashtextextended('junmai command ' || current_schema(), 0));

-- filling_begins: reading the other side may take longer than anybody else is given
SELECT set_config('idle_in_transaction_session_timeout', '0', true);

-- tell_news: the state of a batch changed. Not for every photo: commits with news go one after another on a server
SELECT pg_notify('junmai', '');

-- listen_to_news: be told of that
LISTEN junmai;

-- lock_batches: whoever ends attempts in several batches holds these first and in one order: no two wait for each other,
-- and the ids of the events of a batch rise in the order in which its changes take effect
WITH wanted AS MATERIALIZED (
    SELECT no FROM batches
    WHERE no IN (SELECT value::bigint FROM jsonb_array_elements_text(CAST(:nos AS jsonb)) AS value) ORDER BY no),
turns AS MATERIALIZED (SELECT no FROM wanted WHERE junmai_queue(no))
SELECT batches.no FROM turns JOIN batches ON batches.no = turns.no FOR NO KEY UPDATE OF batches;

-- claim_items__first: no claim is under way when a pause or a cancel is acknowledged, and none begins after it. In a
-- statement of its own, since a statement that waits for a lock goes on with what it had read before. Not a share lock:
-- the claim numbers its event in this row, and two that share it would wait for each other's end
SELECT no FROM batches WHERE no = :batch_no AND junmai_queue(no) FOR NO KEY UPDATE;

-- batch_by_id__first: what a command decides by stays until the command has taken effect
SELECT no FROM batches WHERE id = :id AND junmai_turn(no) FOR NO KEY UPDATE;

-- give_back_lost__first: a runner that is only slow may be settling these items, or measuring
WITH wanted AS MATERIALIZED (
    SELECT batch_no AS no FROM items WHERE runner_no = :lost AND status IN ('running', 'staged')
    UNION SELECT batch_no FROM match_items WHERE runner_no = :lost AND state = 'measuring' ORDER BY no),
turns AS MATERIALIZED (SELECT no FROM wanted WHERE junmai_queue(no))
SELECT batches.no FROM turns JOIN batches ON batches.no = turns.no FOR NO KEY UPDATE OF batches;

-- give_back_in_doubt__first: the same for a part of them
WITH wanted AS MATERIALIZED (
    SELECT batch_no AS no FROM items WHERE runner_no = :lost AND status IN ('running', 'staged')
    UNION SELECT batch_no FROM match_items WHERE runner_no = :lost AND state = 'measuring' ORDER BY no),
turns AS MATERIALIZED (SELECT no FROM wanted WHERE junmai_queue(no))
SELECT batches.no FROM turns JOIN batches ON batches.no = turns.no FOR NO KEY UPDATE OF batches;

-- give_back_in_doubt: items that one call claimed, without anybody having been told
UPDATE items SET status = 'pending', runner_no = NULL
WHERE runner_no = :lost AND status = 'running' AND status IN ('running', 'staged') AND claimed_at = :claimed_at
RETURNING batch_no, position;

-- cancel_rows__first: two that let rows follow go one after another
SELECT no FROM batches WHERE no = :no AND junmai_turn(no) FOR NO KEY UPDATE;

-- reopening_batch__first: two that re-open go one after another; the second would find nothing left in its chunk and end
-- the re-opening while the first is at it
SELECT no FROM batches WHERE no = :no AND junmai_turn(no) FOR NO KEY UPDATE;

-- delete_unsealed_items__first: the batch is not sealed meanwhile
SELECT no FROM batches WHERE no = :batch_no AND junmai_turn(no) FOR NO KEY UPDATE;

-- unfinished_holder__first: of two that plan names in one folder, the second sees what the first has planned
SELECT id FROM output_folders WHERE id = :folder_id FOR NO KEY UPDATE;

-- writers_beside__first: the same for a retry-failed, which takes its names again
SELECT id FROM output_folders WHERE id = (SELECT folder_id FROM batches WHERE no = :no) FOR NO KEY UPDATE;

-- number_events: so many events of a batch happened; their numbers end with this one
WITH held AS (SELECT no FROM batches WHERE no = :batch_no AND junmai_turn(no) FOR NO KEY UPDATE)
UPDATE batches SET event_number = event_number + :count FROM held WHERE batches.no = held.no RETURNING event_number;

-- add_runner__first: the event of a runner for one batch is told in the row of that batch
SELECT no FROM batches WHERE no = :scope AND junmai_turn(no) FOR NO KEY UPDATE;

-- add_runner: a process that claims items; it counts as alive until its lease ends
INSERT INTO runners (id, host, pid, role, scope_batch_no, workers, version, roots, started_at, lease_until)
VALUES (:id, :host, :pid, :role, :scope, :workers, :of_version, :has_roots, :now,
        extract(epoch FROM clock_timestamp()) + :lease_seconds) RETURNING no;

-- keep_lease: a runner lives; also one that was taken for dead, and whose photos another one has by now
UPDATE runners SET lease_until = extract(epoch FROM clock_timestamp()) + :lease_seconds, ended_at = NULL
WHERE no = :no RETURNING no;

-- open_runners: runners that have not said goodbye, and whether the lease of each lasts
SELECT *, lease_until > extract(epoch FROM clock_timestamp()) AS leased FROM runners WHERE ended_at IS NULL ORDER BY no;

-- event_ids_fall: whether new events would have lower ids than those that are there, as after a restore elsewhere
SELECT 1 AS fall FROM junmai_schema
WHERE (SELECT max(id) >> 21 FROM events) >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint + event_base;

-- let_event_ids_rise: new events come after those that are there
UPDATE junmai_schema SET
    event_base = (SELECT max(id) >> 21 FROM events) + 1 - pg_snapshot_xmin(pg_current_snapshot())::text::bigint
RETURNING event_base;

-- integrity: indexes that the database says are not to be trusted
SELECT 'the index ' || indexrelid::regclass || ' is not valid' AS fault FROM pg_index
JOIN pg_class ON pg_class.oid = indexrelid
WHERE relnamespace = current_schema()::regnamespace AND NOT (indisvalid AND indisready) LIMIT 20;
