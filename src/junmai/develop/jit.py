"""How loops over pixels are compiled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

_F = TypeVar("_F", bound=Callable[..., Any])


def compiled(function: _F) -> _F:
    """Compile for any caller; the machine code is kept on disk for the next process.

    Numba keeps it in NUMBA_CACHE_DIR, beside this file, or in the user's cache folder, whichever it may write to; a
    process that may write to none compiles anew (2 s).
    """
    try:
        return cast(_F, numba.njit(cache=True, nogil=True, error_model="numpy")(function))
    except RuntimeError:
        return cast(_F, numba.njit(nogil=True, error_model="numpy")(function))


def part(function: _F) -> _F:
    """Compile into the kernels that call it."""
    return cast(_F, numba.njit(inline="always", error_model="numpy")(function))
