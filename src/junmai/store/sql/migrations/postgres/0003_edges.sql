-- The edges between states, and what never changes. A trigger has its own condition, so that the function is called for
-- what is refused only.

CREATE FUNCTION junmai_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE TRIGGER items_follow_the_edges BEFORE UPDATE OF status ON items FOR EACH ROW
WHEN (OLD.status || '>' || NEW.status NOT IN (
    'pending>running', 'pending>skipped', 'pending>cancelled',
    'running>staged', 'running>processed', 'running>failed', 'running>pending',
    'staged>processed', 'staged>failed', 'staged>pending',
    'failed>pending'))
EXECUTE FUNCTION junmai_refuse('illegal step of an item');

CREATE TRIGGER batches_follow_the_edges BEFORE UPDATE OF status ON batches FOR EACH ROW
WHEN (OLD.status || '>' || NEW.status NOT IN (
    'pending>running', 'running>paused', 'paused>running', 'running>completed', 'running>failed',
    'pending>cancelled', 'running>cancelled', 'paused>cancelled', 'completed>running', 'failed>running'))
EXECUTE FUNCTION junmai_refuse('illegal step of a batch');

CREATE TRIGGER presets_never_change BEFORE UPDATE ON presets FOR EACH ROW
EXECUTE FUNCTION junmai_refuse('a version of a preset never changes');

CREATE TRIGGER presets_are_never_removed BEFORE DELETE ON presets FOR EACH ROW
EXECUTE FUNCTION junmai_refuse('a version of a preset is never removed');

CREATE TRIGGER snapshots_follow_the_edges BEFORE UPDATE OF state ON snapshots FOR EACH ROW
WHEN (OLD.state || '>' || NEW.state NOT IN ('kept>written', 'kept>reverted', 'written>reverted'))
EXECUTE FUNCTION junmai_refuse('illegal step of a snapshot');

CREATE TRIGGER snapshots_keep_what_was BEFORE UPDATE OF before, before_sha256, written_sha256, path ON snapshots
FOR EACH ROW EXECUTE FUNCTION junmai_refuse('what a snapshot holds never changes');

-- Items belong to a batch that is there, and outputs to a folder. Foreign keys would look it up for every row, which was
-- half the time of writing a batch; these look once for each statement.

CREATE FUNCTION junmai_items_have_their_batch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM (SELECT DISTINCT batch_no FROM added) AS one
               WHERE NOT EXISTS (SELECT 1 FROM batches WHERE batches.no = one.batch_no)) THEN
        RAISE EXCEPTION 'an item without a batch' USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER items_have_their_batch AFTER INSERT ON items REFERENCING NEW TABLE AS added FOR EACH STATEMENT
EXECUTE FUNCTION junmai_items_have_their_batch();

CREATE TRIGGER items_keep_their_batch BEFORE UPDATE OF batch_no ON items FOR EACH ROW
WHEN (OLD.batch_no <> NEW.batch_no) EXECUTE FUNCTION junmai_refuse('an item never changes its batch');

CREATE FUNCTION junmai_batch_is_empty() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM items WHERE batch_no = OLD.no) THEN
        RAISE EXCEPTION 'a batch with items is not removed' USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN OLD;
END $$;

CREATE TRIGGER batches_go_empty BEFORE DELETE ON batches FOR EACH ROW EXECUTE FUNCTION junmai_batch_is_empty();

CREATE FUNCTION junmai_outputs_have_their_folder() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM (SELECT DISTINCT folder_id FROM added) AS one
               WHERE NOT EXISTS (SELECT 1 FROM output_folders WHERE output_folders.id = one.folder_id)) THEN
        RAISE EXCEPTION 'an output without a folder' USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER outputs_have_their_folder AFTER INSERT ON outputs REFERENCING NEW TABLE AS added FOR EACH STATEMENT
EXECUTE FUNCTION junmai_outputs_have_their_folder();

CREATE TRIGGER folders_stay BEFORE DELETE ON output_folders FOR EACH ROW
EXECUTE FUNCTION junmai_refuse('a folder of outputs stays known');
