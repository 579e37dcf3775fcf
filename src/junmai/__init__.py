"""Junmai develops photos in batches that survive anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from junmai.control.controller import BatchController as BatchController
    from junmai.control.statefile import BatchState as BatchState
    from junmai.domain.lifecycle import BatchStatus as BatchStatus
    from junmai.domain.preset import Preset as Preset
    from junmai.library.selection import Selection as Selection

__version__ = "0.1.0"
__all__ = ["BatchController", "BatchState", "BatchStatus", "Preset", "Selection", "__version__"]

_HOMES = {
    "BatchController": "junmai.control.controller",
    "BatchState": "junmai.control.statefile",
    "BatchStatus": "junmai.domain.lifecycle",
    "Preset": "junmai.domain.preset",
    "Selection": "junmai.library.selection",
}


def __getattr__(name: str) -> object:
    """The public names are loaded when they are asked for: a worker process needs none of them."""
    if name not in _HOMES:
        raise AttributeError(f"module 'junmai' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
