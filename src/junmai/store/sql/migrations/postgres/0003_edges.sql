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
