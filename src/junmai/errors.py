"""Every exception that Junmai raises.

The docstring of a class is its message, with the exception's fields filled in; ``code`` is stable and may be
relied on by programs. Two families:

- `PhotoError`: something is wrong with one photo. It never stops a batch. Its ``code`` becomes the item's
  ``error_kind``; ``may_pass`` says whether trying again can help (a full disk) or not (a broken file).
- every other `JunmaiError`: a command that cannot be carried out. ``exit_code`` is what the command line ends
  with, ``http_status`` what the REST interface answers.
"""

from __future__ import annotations

from junmai.error import JunmaiError as JunmaiError  # noqa: PLC0414 - said so that mypy takes it for a name of here
from junmai.photo_errors import *  # noqa: F403 - both families have one name for all: `errors.TruncatedPhoto`

# --- commands ----------------------------------------------------------------------------------------------


class BadInput(JunmaiError):
    """{detail}"""

    code = "bad_input"
    exit_code = 2
    http_status = 422


class UnknownSetting(BadInput):
    """There is no develop setting named {name!r}.{nearest}"""

    code = "unknown_setting"


class SettingOutOfRange(BadInput):
    """The setting {name} must be {expected}; it is {value!r}."""

    code = "setting_out_of_range"


class UnknownPreset(BadInput):
    """There is no preset named {name!r}.{nearest} `junmai presets list` shows them all."""

    code = "unknown_preset"


class XmpUnreadable(BadInput):
    """XMP cannot be read: {name} {detail}."""

    code = "xmp_unreadable"


class PresetUnreadable(BadInput):
    """{path} cannot be read as a preset: {detail}."""

    code = "preset_unreadable"


class PresetRefused(BadInput):
    """The preset cannot be kept as {name!r}: {detail}."""

    code = "preset_refused"


class UnknownNameField(BadInput):
    """A name template has no field {{{field}}}.{nearest} Known: {known}."""

    code = "unknown_name_field"


class NameTemplateRefused(BadInput):
    """The name template {template!r} cannot be used: {detail}."""

    code = "name_template"


class NothingToDevelop(BadInput):
    """There is no photo to develop in {where}.{reasons}"""

    code = "nothing_to_develop"


class SourceFolderUnreadable(BadInput):
    """{path} cannot be read ({detail}). Check that it is there, that its disk is connected and that you may open
    it."""

    code = "folder_unreadable"


class OutputFolderRefused(BadInput):
    """The output folder {path} cannot be used: {detail}."""

    code = "output_folder"


class UnknownPhotos(BadInput):
    """These photo ids are not in the library: {ids}. `junmai photos` lists the ones that are."""

    code = "unknown_photos"


class DuplicatePhotos(BadInput):
    """These photo ids were given more than once: {ids}. Name each photo once."""

    code = "duplicate_photos"


class ProgramNotGuarded(JunmaiError):
    """This program was loaded anew for a worker process and began again there. Put what it does below the
    line `if __name__ == "__main__":`."""

    code = "program_not_guarded"


class WorkersDoNotStart(JunmaiError):
    """{count} workers in a row ended before they took a job ({detail}). {advice}"""

    code = "workers_do_not_start"


class UnknownBatch(BadInput):
    """There is no batch {batch_id}. `junmai batch list` shows the batches."""

    code = "unknown_batch"
    http_status = 404


class BatchIdTaken(BadInput):
    """There is a batch {batch_id} already. Leave the id out, or choose another one."""

    code = "batch_id_taken"
    http_status = 409


class KeyReused(BadInput):
    """This Idempotency-Key came with another request before, which made batch {batch_id}. Use a new key."""

    code = "key_reused"


class KeyUsedUp(BadInput):
    """This Idempotency-Key made batch {batch_id}, which was cleaned up. Use a new key."""

    code = "key_used_up"
    http_status = 409


class NoBatchYet(BadInput):
    """There is no batch yet. `junmai develop FOLDER` starts one."""

    code = "no_batch"
    http_status = 404


class WrongState(BadInput):
    """Batch {batch_id} is {status}{reason}: it cannot be {verb}."""

    code = "wrong_state"
    http_status = 409


class PhotosInHand(BadInput):
    """Batch {batch_id} is {status} and has {count} photos in hand. Pause it, wait until they are finished, then try
    again."""

    code = "photos_in_hand"
    http_status = 409


class OptionsDiffer(BadInput):
    """Batches {first} and {other} cannot be merged: their {names} differ."""

    code = "options_differ"
    http_status = 409


class CauseLasts(BadInput):
    """Batch {batch_id} was paused because {cause}, and that is still so. Mend it, then resume."""

    code = "cause_lasts"
    http_status = 409


class PhotoNotInBatch(BadInput):
    """Photo {photo_id} is not in batch {batch_id}. `junmai batch show {batch_id}` shows what is."""

    code = "photo_not_in_batch"


class UnknownCollection(BadInput):
    """There is no collection named {name!r}. `junmai collections list` shows them all."""

    code = "unknown_collection"
    http_status = 404


class OutputsTaken(BadInput):
    """The unfinished batch {batch_id} already writes {names} to that folder. Finish it (`junmai batch resume
    {batch_id}`), cancel it (`junmai batch cancel {batch_id}`), or choose another folder with --out."""

    code = "outputs_taken"
    http_status = 409


class RootMissing(BadInput):
    """{what} needs the named root {roots}, and this machine has no folder of that name. Say where it is (`roots.{first}
    = "/its/folder"` in config.toml, or JUNMAI_ROOTS), or develop on a machine that has it."""

    code = "root_missing"
    http_status = 409


class SystemRefused(JunmaiError):
    """The operating system refused what Junmai needs ({detail}). Mend that and give the command again: it goes on where
    it was."""

    code = "system_refused"


# --- the store ---------------------------------------------------------------------------------------------


class StoreError(JunmaiError):
    """The database could not be used: {detail}."""

    code = "store"
    exit_code = 1


class StoreTooNew(StoreError):
    """The database {path} was made by a newer Junmai (schema {found}, this one knows {known}). Upgrade Junmai; the
    database was not touched."""

    code = "store_too_new"
    exit_code = 2


class StoreDamaged(StoreError):
    """The database {path} is damaged ({detail}). It was not changed. Restore a copy of it, or move it aside and
    start anew; developed photos are not affected."""

    code = "store_damaged"
    exit_code = 2


class StoreOnNetwork(StoreError):
    """The data folder {path} is on a network share ({filesystem}), where SQLite can lose data. Choose a folder on a
    local disk with --data or JUNMAI_DATA; several machines share a store through PostgreSQL."""

    code = "store_on_network"
    exit_code = 2


class DataFolderUnusable(StoreError):
    """The data folder {path} cannot be used ({detail}). Choose another with --data or JUNMAI_DATA."""

    code = "data_folder"
    exit_code = 2


class StoreBusy(StoreError):
    """The database was locked by another process for {seconds} s. Try again."""

    code = "store_busy"


class StoreUnavailable(StoreError):
    """The database cannot be written just now ({detail}): is the disk of the data folder full or gone? A
    batch that runs waits for it and goes on by itself; give any other command again."""

    code = "store_unavailable"


class StoreAway(StoreUnavailable):
    """The PostgreSQL server does not answer ({detail}). Start it, or see to the network. A batch that runs waits for it
    and goes on by itself; give any other command again."""

    code = "store_away"


class StoreRefused(StoreError):
    """The PostgreSQL store cannot be used: {detail}. Its address is the setting `store` (JUNMAI_STORE, or in
    config.toml), such as postgresql://junmai@server/junmai."""

    code = "store_refused"
    exit_code = 2


class ClusterNotInstalled(StoreError):
    """The store is PostgreSQL, or the executor Celery, and the packages for that are not installed ({detail}).
    `pipx install --force '.[cluster]'` in Junmai's folder brings them."""

    code = "cluster_not_installed"
    exit_code = 2


class BrokerAway(JunmaiError):
    """The broker {place} cannot be used ({detail}). No photo is lost by that: workers that get no messages look into
    the store themselves. Start it, or see to its address, its password and the network."""

    code = "broker_away"


class VersionsDiffer(JunmaiError):
    """This is Junmai {own}, and at work are workers of Junmai {other} ({workers}). Two versions may develop the same
    photo differently. Stop those first (`junmai workers` lists them), then start this one."""

    code = "versions_differ"
    exit_code = 2


class StoreReplaced(StoreError):
    """The database {path} was taken away or replaced while Junmai used it ({detail}); what was done in the last
    moment may not be kept. Put it back if you can, and start the same command again: it goes on with the database that
    is there, or makes one anew from the state files."""

    code = "store_replaced"


class BackupFailed(StoreError):
    """The store could not be backed up: {detail}. Nothing was changed; earlier backups are as they were."""

    code = "backup_failed"


class BackupDamaged(StoreError):
    """{path} is not a whole backup ({detail}). Nothing was changed; `junmai backup list` shows the others."""

    code = "backup_damaged"
    exit_code = 2


class UnknownBackup(BadInput):
    """There is no backup {name}. `junmai backup list` shows the backups."""

    code = "unknown_backup"
    http_status = 404


class RestoreRefused(BadInput):
    """The store cannot be restored now: {detail}. Nothing was changed."""

    code = "restore_refused"
    http_status = 409


class MoveRefused(BadInput):
    """The library cannot be moved now: {detail}. Nothing was changed."""

    code = "move_refused"
    http_status = 409


class MoveFailed(StoreError):
    """The table {table} came out otherwise on the other side, first at {key}. The library is where it was, and nothing
    was kept there. Please report this."""

    code = "move_failed"


class StateUnreadable(BadInput):
    """A batch state cannot be read: {field} {detail}."""

    code = "state_unreadable"
