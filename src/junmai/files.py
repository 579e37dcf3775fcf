"""The only writer of files, and what there is to know about a file without decoding it.

A file of Junmai's appears at its final name whole or not at all: its bytes go to a temporary file in the same
folder, are brought to the disk (fsync), and the temporary file is renamed; then the folder is brought to the
disk, so that the name survives a power cut too.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
import stat
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from junmai import syscalls

FINGERPRINT_EDGE = 64 * 1024
"""Bytes at the start and at the end of a file that its fingerprint covers."""

COPY_CHUNK = 1 << 20

TEMPORARY_PREFIX = ".junmai-"
TEMPORARY_SUFFIX = ".part"


@dataclass(frozen=True, slots=True)
class FileState:
    """What a folder entry says of a file: enough to see that it was touched."""

    size: int
    mtime_ns: int
    inode: int


# --- looking ----------------------------------------------------------------------------------------------


def state_of(path: Path) -> FileState | None:
    """Size, time and inode of a regular file; None where there is none."""
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    if not stat.S_ISREG(found.st_mode):
        return None  # a folder has no content, and a pipe would be waited for without an end
    return FileState(found.st_size, found.st_mtime_ns, found.st_ino)


def mode_of(path: Path) -> int | None:
    """The rights of a file, for what replaces it; None where there is none."""
    return stat.S_IMODE(path.stat().st_mode) if path.exists() else None


def is_there(path: Path) -> bool:
    """Whether something is at that path; what may not be looked at is taken to be there."""
    try:
        return path.exists()
    except OSError:
        return True


def is_same(one: Path, other: Path) -> bool:
    """Whether two paths lead to one file or folder; False where either leads nowhere."""
    try:
        return one.samefile(other)
    except OSError:
        return False


def sha256_of(path: Path) -> str:
    """SHA-256 of the whole file, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def fingerprint_of(path: Path) -> str:
    """SHA-256 over the size and the first and last 64 KiB: cheap, and changes when a photo is replaced."""
    with path.open("rb") as stream:
        size = os.fstat(stream.fileno()).st_size
        digest = hashlib.sha256(str(size).encode())
        digest.update(stream.read(FINGERPRINT_EDGE))
        if size > FINGERPRINT_EDGE:
            stream.seek(max(FINGERPRINT_EDGE, size - FINGERPRINT_EDGE))
            digest.update(stream.read(FINGERPRINT_EDGE))
    return digest.hexdigest()


def free_bytes(folder: Path) -> int | None:
    """Free bytes for this user on the disk of `folder`, or of its nearest parent that exists.

    None where nobody can say: the disk of a share that is gone does not answer.
    """
    for candidate in (folder, *folder.parents):
        try:
            if candidate.is_dir():
                return shutil.disk_usage(candidate).free
        except OSError:
            return None
    return None


# --- writing ----------------------------------------------------------------------------------------------


def make_folder(folder: Path) -> bool:
    """Make the folder and its parents, durably. Returns whether it was made now."""
    if folder.is_dir():
        return False
    missing = [folder, *(parent for parent in folder.parents if not parent.is_dir())]
    folder.mkdir(parents=True, exist_ok=True)
    for made in reversed(missing):
        sync_folder(made.parent)
    return True


def remove_if_empty(folder: Path) -> None:
    """Remove a folder that turned out not to be needed; one with anything in it stays. Never raises."""
    with contextlib.suppress(OSError):
        folder.rmdir()


def make_folders_below(top: Path, folder: Path) -> None:
    """Make `folder`, which lies below `top`, and what is between them, durably; `top` itself is never made.

    Raises OSError, also where `top` is gone.
    """
    parts = folder.relative_to(top).parts
    for made in (top.joinpath(*parts[:count]) for count in range(1, len(parts) + 1)):
        if not made.is_dir():
            made.mkdir(exist_ok=True)
            sync_folder(made.parent)


def temporary_name(owner: str, item: int, attempt: int, part: int = 0) -> str:
    """Name of a temporary file of one attempt of one item of one batch (`owner`): of its main output (`part` 0) or of
    a further one (1 and up)."""
    number = f"-{part}" if part else ""
    return f"{TEMPORARY_PREFIX}{owner}-{item}-{attempt}{number}{TEMPORARY_SUFFIX}"


def nowhere() -> TextIO:
    """A stream that is always at its end and forgets what is written."""
    return os.fdopen(os.open(os.devnull, os.O_RDWR), "r+", encoding="utf-8")


def takes_files(folder: Path) -> bool:
    """Whether a file can be made in a folder now; tried, because rights, mounts and attributes all may refuse it.

    A full disk does not refuse an empty file.
    """
    probe = folder / temporary_name("probe", os.getpid(), 0)
    try:
        write_temporary(probe, b"")
    except OSError as error:
        return error.errno in (errno.ENOSPC, errno.EDQUOT)
    remove_temporary(probe)
    return True


def write_temporary(path: Path, data: bytes, *, mode: int | None = None) -> str:
    """Write `data` to a temporary file, wholly on the disk when this returns. Returns its SHA-256.

    A file of that name can only be an earlier try of the very same attempt, so it is written over. After an
    error nothing stays behind.
    """
    digest = hashlib.sha256(data).hexdigest()
    try:
        with path.open("wb") as stream:
            stream.write(data)
            stream.flush()
            if mode is not None:
                path.chmod(mode)
            syscalls.sync(stream.fileno())
    except BaseException:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
        raise
    return digest


def rename_without_replacing(temporary: Path, final: Path) -> bool:
    """Give a whole temporary file its final name, if nothing stands there. Returns False where something does."""
    if sys.platform == "win32":
        try:
            temporary.rename(final)
        except FileExistsError:
            return False
        return True
    if sys.platform.startswith("linux"):
        answer = syscalls.rename_noreplace(temporary, final)
        if answer is not None:
            return answer
    return _link_without_replacing(temporary, final)


def _link_without_replacing(temporary: Path, final: Path) -> bool:
    """The same where the system has no call for it: a hard link is made at a free name only."""
    try:
        final.hardlink_to(temporary)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK):
            raise
        # exFAT and some shares know no hard links; only this runner writes this name (the store says so)
        if os.path.lexists(final):
            return False
        temporary.rename(final)
        return True
    temporary.unlink()
    return True


def rename_replacing(temporary: Path, final: Path) -> None:
    """Give a whole temporary file its final name, in place of an output that may be replaced."""
    temporary.replace(final)


def write_whole(path: Path, data: bytes, *, mode: int | None = None) -> None:
    """Replace or make a small file (never a photo), whole at every moment."""
    temporary = path.with_name(f"{TEMPORARY_PREFIX}{path.name}-{os.getpid()}{TEMPORARY_SUFFIX}")
    write_temporary(temporary, data, mode=mode)
    try:
        rename_replacing(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def write_whole_if(path: Path, chunks: Iterable[bytes], admission: AbstractContextManager[bool]) -> bool:
    """Replace or make a file of Junmai's own, whole at every moment, if it is admitted when its bytes are on the disk.

    `admission` is entered for the rename only, so that a lock in it is held no longer. Returns whether it was written.
    """
    name = f"{TEMPORARY_PREFIX}{path.name}-{os.getpid()}-{threading.get_ident()}{TEMPORARY_SUFFIX}"
    temporary = path.with_name(name)
    try:
        with temporary.open("wb") as stream:
            for chunk in chunks:
                stream.write(chunk)
            stream.flush()
            syscalls.sync(stream.fileno())
        with admission as admitted:
            if admitted:
                rename_replacing(temporary, path)
        if not admitted:
            temporary.unlink()
            return False
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)
    return True


def keep_aside(path: Path, why: str) -> Path:
    """Give a file of Junmai's own another name beside it: `{name}.{why}-1`, or the next that is free."""
    number = 1
    while True:
        other = path.with_name(f"{path.name}.{why}-{number}")
        if rename_without_replacing(path, other):
            sync_folder(path.parent)
            return other
        number += 1


@contextlib.contextmanager
def whole(final: Path) -> Iterator[Path]:
    """A temporary name for a file that others write (SQLite, a copy); it gets its final name when the block ends
    well, wholly on the disk, in place of what stood there. After an error nothing stays behind."""
    temporary = final.with_name(f"{TEMPORARY_PREFIX}{final.name}-{os.getpid()}{TEMPORARY_SUFFIX}")
    try:
        yield temporary
        sync_file(temporary)
        rename_replacing(temporary, final)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
    sync_folder(final.parent)


def copy_bytes(source: Path, target: Path) -> None:
    """Copy the bytes of a file of Junmai's own, as they are."""
    with source.open("rb") as reading, target.open("wb") as writing:
        while chunk := reading.read(COPY_CHUNK):
            writing.write(chunk)


def second_name(path: Path, other: Path) -> None:
    """Let a file stand under a second name too: a hard link, or a whole copy where the disk knows no links.

    Raises FileExistsError where something stands there.
    """
    try:
        other.hardlink_to(path)
    except FileExistsError:
        raise
    except OSError:
        with whole(other) as temporary:
            copy_bytes(path, temporary)
    else:
        sync_folder(other.parent)


def move_aside(path: Path, other: Path) -> None:
    """Move a file of Junmai's own out of the way, if it is there. Raises FileExistsError where something stands."""
    if path.exists() and not rename_without_replacing(path, other):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(other))


def append(path: Path, data: bytes) -> int:
    """Append to a file of Junmai's own in one write; returns how long it is then. Its folder must be there."""
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)
    try:
        os.write(descriptor, data)
        return os.fstat(descriptor).st_size
    finally:
        os.close(descriptor)


def rotate(path: Path, keep: int) -> None:
    """`name` becomes `name.1`, that `name.2` and so on; the oldest beyond `keep` goes."""
    for number in range(keep, 0, -1):
        older = path.with_name(f"{path.name}.{number}")
        newer = path.with_name(f"{path.name}.{number - 1}") if number > 1 else path
        if newer.exists():
            newer.replace(older)


def sync_folders(folders: Iterable[Path]) -> None:
    """Bring the names in these folders to the disk, each folder once."""
    for folder in dict.fromkeys(folders):
        sync_folder(folder)


def sync_folder(folder: Path) -> None:
    """Bring the names in a folder to the disk. Windows has no such call and keeps names in its journal."""
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        syscalls.sync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # some network file systems cannot
            raise
    finally:
        os.close(descriptor)


def sync_file(path: Path) -> None:
    """Bring the bytes of a file that something else wrote to the disk."""
    descriptor = os.open(path, os.O_RDWR | getattr(os, "O_BINARY", 0))
    try:
        syscalls.sync(descriptor)
    finally:
        os.close(descriptor)


def remove(path: Path) -> None:
    """Remove a file of Junmai's own (never a photo), if it is there."""
    path.unlink(missing_ok=True)


def leftovers_in(folder: Path) -> list[Path]:
    """Every temporary file in a folder that only Junmai writes to."""
    return sorted(folder.glob(f"{TEMPORARY_PREFIX}*{TEMPORARY_SUFFIX}*"))


def remove_temporary(path: Path) -> None:
    """Remove a temporary file, if it is there and can be removed; `doctor` names what stays behind."""
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)


def temporaries_in(folder: Path, owner: str) -> Iterator[tuple[Path, int, int]]:
    """The temporary files of one batch in a folder, each with its item and attempt."""
    prefix = f"{TEMPORARY_PREFIX}{owner}-"
    try:
        names = [entry.name for entry in os.scandir(folder)]
    except OSError:  # gone, or not to be read just now: cleaning must not stop the work on another folder
        return
    for name in names:
        if name.startswith(prefix) and name.endswith(TEMPORARY_SUFFIX):
            numbers = name.removeprefix(prefix).removesuffix(TEMPORARY_SUFFIX).split("-")
            if 2 <= len(numbers) <= 3 and all(one.isascii() and one.isdigit() for one in numbers):
                yield folder / name, int(numbers[0]), int(numbers[1])
