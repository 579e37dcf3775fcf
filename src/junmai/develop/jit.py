"""How loops over pixels are compiled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

_F = TypeVar("_F", bound=Callable[..., Any])

_HOW = {"nogil": True, "error_model": "numpy", "fastmath": {"contract"}}
"""`contract` lets a product and a sum become one instruction, rounded once: 5 to 15 % of the time of a loop of sums.
Processors differ in whether they have it, so the same bytes are promised on one kind of processor only. Nothing else
of fast mathematics is allowed: sums keep their order."""


def compiled(function: _F) -> _F:
    """Compile for any caller; the machine code is kept on disk for the next process.

    Numba keeps it in NUMBA_CACHE_DIR, beside this file, or in the user's cache folder, whichever it may write to; a
    process that may write to none compiles anew (2 s).
    """
    try:
        return cast(_F, numba.njit(cache=True, **_HOW)(function))
    except RuntimeError:
        return cast(_F, numba.njit(**_HOW)(function))


def part(function: _F) -> _F:
    """Compile into the kernels that call it."""
    return cast(_F, numba.njit(inline="always", error_model="numpy")(function))
