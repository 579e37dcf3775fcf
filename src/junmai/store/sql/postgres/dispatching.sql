-- offered_batch__first: no claim is under way when a pause or a cancel is acknowledged, and none begins after it
SELECT no FROM batches WHERE id = :id AND junmai_queue(no) FOR NO KEY UPDATE;
