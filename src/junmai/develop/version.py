"""What decides pixels beside settings: the engine's version, and that of lensfun's measurements."""

import functools
from importlib import metadata

ENGINE_VERSION = 4
"""Raised by hand whenever the same settings give other pixels."""


@functools.cache
def lens_database() -> str:
    """The version of lensfunpy, which carries lensfun's database; `""` where it is not installed."""
    try:
        return metadata.version("lensfunpy")
    except metadata.PackageNotFoundError:
        return ""
