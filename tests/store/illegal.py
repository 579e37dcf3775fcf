"""What no database of a store may allow, past the verbs: statements over one batch of one item, by what is wrong."""

from __future__ import annotations

MEASURING = "INSERT INTO match_items (batch_no, position, photo_id, state, runner_no) VALUES (1, 0, 1, 'measuring', 1)"
MEASURED = "; UPDATE match_items SET state = 'measured', runner_no = NULL"
UNMEASURED = MEASURED + ", why = 'it could not be measured'"

ILLEGAL = {
    "an unknown state of a batch": "UPDATE batches SET status = 'done'",
    "an unknown state of an item": "UPDATE items SET status = 'done'",
    "a pause without a reason": "UPDATE batches SET status = 'paused'",
    "a reason without a pause": "UPDATE batches SET pause_reason = 'user'",
    "an unknown reason": "UPDATE batches SET status = 'paused', pause_reason = 'mood'",
    "an end without a time": "UPDATE batches SET processed = 1, status = 'completed'",
    "a time without an end": "UPDATE batches SET completed_at = 1",
    "more ends than items": "UPDATE batches SET processed = 2",
    "a negative counter": "UPDATE batches SET failed = -1",
    "an end before the last item": "UPDATE batches SET status = 'completed', completed_at = 1",
    "a failed batch with a success": (
        "UPDATE batches SET total = 2, processed = 1, failed = 1, status = 'failed', completed_at = 1"
    ),
    "a completed batch that only failed": "UPDATE batches SET failed = 1, status = 'completed', completed_at = 1",
    "a priority of 0": "UPDATE batches SET priority = 0",
    "a priority of 11": "UPDATE batches SET priority = 11",
    "an id of another form": "UPDATE batches SET id = 'batch'",
    "rows behind a batch that runs": "UPDATE batches SET rows_behind = 1",
    "a running item of nobody": "UPDATE items SET status = 'running', attempt = 1",
    "a runner of a waiting item": "UPDATE items SET runner_no = 1",
    "a running item without an attempt": "UPDATE items SET status = 'running', runner_no = 1",
    "a failure without a reason": (
        "UPDATE items SET status = 'running', runner_no = 1, attempt = 1;"
        "UPDATE items SET status = 'failed', runner_no = NULL, ended_at = 1"
    ),
    "a staged item without an output": (
        "UPDATE items SET status = 'running', runner_no = 1, attempt = 1; UPDATE items SET status = 'staged'"
    ),
    "an empty output": (
        "UPDATE items SET status = 'running', runner_no = 1, attempt = 1;"
        "UPDATE items SET status = 'staged', output_size = 0, output_sha256 = printf('%064d', 1)"
    ),
    "a skipped item without a time": "UPDATE items SET status = 'skipped'",
    "an item that ended while it waits": "UPDATE items SET ended_at = 1",
    "a step that is no edge": (
        "UPDATE items SET status = 'skipped', ended_at = 1; UPDATE items SET status = 'pending', ended_at = NULL"
    ),
    "two items of one photo": (
        "INSERT INTO items (batch_no, position, photo_id) SELECT batch_no, 9, photo_id FROM items"
    ),
    "an item of no batch": "INSERT INTO items (batch_no, position, photo_id) VALUES (99, 0, 1)",
    "a batch of no folder": "UPDATE batches SET folder_id = 99",
    "two photos at one path": (
        "INSERT INTO photos (path, file_name, root, kind, size, mtime_ns, inode, fingerprint, imported_at)"
        " SELECT path, file_name, root, kind, size, mtime_ns, inode, fingerprint, 0 FROM photos"
    ),
    "a short checksum": "UPDATE photos SET sha256 = 'abc'",
    "half of an output": "UPDATE outputs SET size = 1",
    "two names of one photo in one folder": (
        "INSERT INTO outputs (folder_id, name_key, name, photo_id, format, batch_no)"
        " SELECT folder_id, 'other', 'other', photo_id, format, batch_no FROM outputs"
    ),
    "two final events of one generation": (
        "INSERT INTO events (batch_no, type, at, photo_id) VALUES (1, 'item_failed', 0, 1);"
        "INSERT INTO events (batch_no, type, at, photo_id) VALUES (1, 'item_processed', 0, 1)"
    ),
    "an unknown state of matching": "UPDATE batches SET matching = 'done'",
    "a measure of no batch": (
        "INSERT INTO match_items (batch_no, position, photo_id, state) VALUES (99, 0, 1, 'waiting')"
    ),
    "a measure that nobody is making": (
        "INSERT INTO match_items (batch_no, position, photo_id, state) VALUES (1, 0, 1, 'measuring')"
    ),
    "neither a measure nor a reason why there is none": MEASURING + MEASURED,
    "a measure and a reason why there is none": MEASURING + MEASURED + ", key = 'a', measure = 'b', why = 'c'",
    "half of a solution": MEASURING + UNMEASURED + "; UPDATE match_items SET exposure = 1.0",  # noqa: S608 - our own words
    "a step of a measure that is no edge": (
        MEASURING + UNMEASURED + "; UPDATE match_items SET state = 'waiting', why = NULL"  # noqa: S608 - our own words
    ),
    "an adjustment of six stops": "INSERT INTO match_adjustments (photo_id, exposure, made_at) VALUES (1, 6, 0)",
}
