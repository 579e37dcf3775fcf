"""What decides an output beside settings: the engine's version, that of lensfun's measurements, and its own name."""

import functools
from importlib import metadata

ENGINE_VERSION = 5
"""Raised by hand whenever the same settings give other pixels."""
SOFTWARE = "Junmai"
"""What outputs name as their software, without a version: the same batch must give the same bytes. An import leaves out
what names it."""


@functools.cache
def lens_database() -> str:
    """The version of lensfunpy, which carries lensfun's database; `""` where it is not installed."""
    try:
        return metadata.version("lensfunpy")
    except metadata.PackageNotFoundError:
        return ""
