"""Every exception that Junmai raises.

The docstring of a class is its message, with the exception's fields filled in; ``code`` is stable and may be
relied on by programs. Two families:

- `PhotoError`: something is wrong with one photo. It never stops a batch. Its ``code`` becomes the item's
  ``error_kind``; ``may_pass`` says whether trying again can help (a full disk) or not (a broken file).
- every other `JunmaiError`: a command that cannot be carried out. ``exit_code`` is what the command line ends
  with, ``http_status`` what the REST interface answers.
"""

from __future__ import annotations

import inspect
from typing import ClassVar


class JunmaiError(Exception):
    """Something went wrong in Junmai."""

    code: ClassVar[str] = "internal"
    exit_code: ClassVar[int] = 1
    http_status: ClassVar[int] = 500

    def __init__(self, **fields: object) -> None:
        self.fields = fields
        template = inspect.cleandoc(type(self).__doc__ or "").replace("\n", " ")
        self.message = template.format_map(fields)
        super().__init__(self.message)

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, (type(self), self.fields))


def _rebuild(kind: type[JunmaiError], fields: dict[str, object]) -> JunmaiError:
    return kind(**fields)


# --- one photo ---------------------------------------------------------------------------------------------


class PhotoError(JunmaiError):
    """{detail}"""

    code = "photo"
    may_pass: ClassVar[bool] = False


class EmptyPhoto(PhotoError):
    """The file is empty (0 bytes). Copy it again from the card or from a backup."""

    code = "empty_file"


class BrokenPhoto(PhotoError):
    """The file is damaged and cannot be decoded ({detail}). Copy it again from the card or from a backup."""

    code = "broken_file"


class TruncatedPhoto(PhotoError):
    """The file ends too early ({detail}): the copy was cut off. Copy it again from the card or from a backup."""

    code = "truncated_file"


class UnsupportedPhoto(PhotoError):
    """This kind of file cannot be developed ({detail}). {help}"""

    code = "unsupported_file"


class PhotoTooLarge(PhotoError):
    """The photo is too large ({detail}); Junmai develops up to 300 megapixels and 2 GiB."""

    code = "too_large"


class BlankPhoto(PhotoError):
    """The file decodes to nothing: {detail}. It is probably damaged; copy it again from the card or a backup."""

    code = "decoded_to_nothing"


class SourceMissing(PhotoError):
    """The photo is no longer at {path}. Put it back and retry, or import it from its new place."""

    code = "source_missing"


class SourceChanged(PhotoError):
    """The photo changed since it was imported ({detail}). Import the folder again and develop it anew."""

    code = "source_changed"


class SourceUnreadable(PhotoError):
    """The file cannot be read ({detail}). Check the permissions and the disk, then retry."""

    code = "source_unreadable"
    may_pass = True


class OutputExists(PhotoError):
    """A file that Junmai did not write stands at {path}. Use --overwrite, or another output folder."""

    code = "output_exists"


class OutputTooLarge(PhotoError):
    """The developed photo has {width} x {height} pixels and {format} holds {longest} a side; give a long edge, or take
    another format."""

    code = "output_too_large"


class OutputNotWritable(PhotoError):
    """The developed photo could not be written to {path} ({detail}). Check the folder, then retry."""

    code = "output_not_writable"
    may_pass = True


class DiskFull(PhotoError):
    """There is no room left on the disk of {path}. Make room, then retry."""

    code = "disk_full"
    may_pass = True


class OutOfMemory(PhotoError):
    """There was not enough memory to develop the photo ({detail}). Close other programs or use fewer workers."""

    code = "out_of_memory"
    may_pass = True


class WorkerDied(PhotoError):
    """The worker that developed the photo died ({detail}), {deaths} times: the photo is set aside. Its file may
    be damaged; open it in another program, or re-save it as DNG or TIFF, and retry."""

    code = "worker_died"


class WorkerHung(PhotoError):
    """Developing the photo took more than {seconds} s and was stopped, {deaths} times: the photo is set aside.
    Its file may be damaged; re-save it as DNG or TIFF, and retry."""

    code = "worker_hung"


class DevelopFailed(PhotoError):
    """An error inside Junmai stopped this photo: {detail}. Please report it; the log has the details."""

    code = "develop_failed"
    may_pass = True


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
    """The database cannot be written just now ({detail}): is the disk of the data folder full or gone? Junmai goes
    on by itself when it can."""

    code = "store_unavailable"


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


class StateUnreadable(BadInput):
    """A batch state cannot be read: {field} {detail}."""

    code = "state_unreadable"
