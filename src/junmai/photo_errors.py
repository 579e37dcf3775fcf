"""What can be wrong with one photo. None of them stops a batch; each code is an `error_kind` of an item."""

from __future__ import annotations

from typing import ClassVar

from junmai.error import JunmaiError


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


class SidecarNotWritable(PhotoError):
    """The sidecar {path} could not be written ({detail}). Make its folder writable and retry, or let sidecars go beside
    the output."""

    code = "sidecar_not_writable"


class SidecarRefused(PhotoError):
    """The photo gets no sidecar: {detail}."""

    code = "sidecar_refused"


class SidecarChanged(PhotoError):
    """The sidecar {path} was changed by another program at this moment; it was left alone. Retry."""

    code = "sidecar_changed"
    may_pass = True


class SidecarEdited(PhotoError):
    """The sidecar {path} is not as the batch wrote it ({detail}), so it was left alone."""

    code = "sidecar_edited"


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
