"""What Python's own library does not reach: the calls of one system each. Only `junmai.files` uses them."""

from __future__ import annotations

import ctypes
import errno
import functools
import os
import sys
from pathlib import Path


def sync(descriptor: int) -> None:
    """Bring what was written to the disk, through the drive's own cache."""
    if sys.platform == "darwin":
        import fcntl

        try:
            fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)  # fsync alone leaves the drive's own cache unwritten
        except OSError:
            os.fsync(descriptor)
    else:
        os.fsync(descriptor)


_AT_FDCWD, _RENAME_NOREPLACE = -100, 1
_c_library = functools.cache(lambda: ctypes.CDLL(None, use_errno=True))  # anew for each rename: 25 us


def rename_noreplace(temporary: Path, final: Path) -> bool | None:
    """renameat2(2) with RENAME_NOREPLACE; None where the C library or the file system does not have it."""
    renameat2 = getattr(_c_library(), "renameat2", None)
    if renameat2 is None:
        return None
    failed = renameat2(_AT_FDCWD, os.fsencode(temporary), _AT_FDCWD, os.fsencode(final), _RENAME_NOREPLACE)
    if not failed:
        return True
    number = ctypes.get_errno()
    if number == errno.EEXIST:
        return False
    if number in (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP):
        return None
    raise OSError(number, os.strerror(number), str(temporary), None, str(final))
