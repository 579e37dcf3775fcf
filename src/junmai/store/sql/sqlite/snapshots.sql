-- keep_snapshot: what stands at the path of a sidecar, before it is replaced
INSERT INTO snapshots (batch_id, photo_id, position, attempt, path, before, before_sha256, content, written_sha256, key,
                       made_at)
SELECT id, :photo_id, :position, :attempt, :path, :before, :before_sha256, :content, :written_sha256, :key, :now
FROM batches WHERE no = :batch_no RETURNING id;

-- staged_snapshot: the snapshot of one attempt, with what is to be written
SELECT id, batch_id, photo_id, path, state, before_sha256, written_sha256, key, content FROM snapshots
WHERE batch_id = :batch_id AND position = :position AND attempt = :attempt AND photo_id = :photo_id AND state = 'kept'
ORDER BY id DESC LIMIT 1;

-- snapshot_written: the new sidecar stands, and its item is settled
UPDATE snapshots SET state = 'written', content = NULL, settled_at = :now
WHERE batch_id = (SELECT id FROM batches WHERE no = :batch_no) AND position = :position AND attempt = :attempt
  AND photo_id = :photo_id AND state = 'kept' RETURNING id;

-- drop_snapshot: nothing was written after all, and nobody else is writing it
DELETE FROM snapshots WHERE id = :id AND state = 'kept' AND EXISTS (
    SELECT 1 FROM items WHERE batch_no = (SELECT no FROM batches WHERE id = snapshots.batch_id)
        AND position = snapshots.position AND attempt = snapshots.attempt AND status = 'staged'
        AND runner_no IS :runner_no) RETURNING id;

-- snapshot_reverted: what was there stands there again
UPDATE snapshots SET state = 'reverted', content = NULL, reverted_at = :now
WHERE id = :id AND state IN ('kept', 'written') RETURNING id;

-- snapshots_page: the snapshots of a batch, the newest first
SELECT id, batch_id, photo_id, path, state, before_sha256, written_sha256, key FROM snapshots
WHERE batch_id = :batch_id AND id < :before_id ORDER BY id DESC LIMIT :limit;

-- snapshot_before: what stood there
SELECT before FROM snapshots WHERE id = :id;

-- snapshot_at: the newest sidecar that was written at a path and not taken back
SELECT id, batch_id, photo_id, path, state, before_sha256, written_sha256, key FROM snapshots
WHERE path IN (:path, :plain) AND state <> 'reverted' ORDER BY id DESC LIMIT 1;

-- snapshots_at: the sidecars that were written at a path, the newest first; so many batches wrote to none. A path whose
-- folder has a name since then stands here as it was: what a snapshot holds never changes
SELECT id, batch_id, photo_id, path, state, before_sha256, written_sha256, key FROM snapshots
WHERE path IN (:path, :plain) ORDER BY id DESC LIMIT 100;

-- merge_snapshots: the sidecars of a batch that another one took over are that one's to take back
UPDATE snapshots SET batch_id = (SELECT id FROM batches WHERE no = :into)
WHERE batch_id = (SELECT id FROM batches WHERE no = :other) RETURNING id;
