"""The values that every room shares."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

OutputFormat = Literal["jpeg"]
ColorSpace = Literal["srgb"]
MetadataPolicy = Literal["all", "no_gps", "none"]

SettingValue = float | bool | str
"""The value of one develop setting."""


@dataclass(frozen=True, slots=True)
class OutputOptions:
    """How developed photos are written. `long_edge` is in pixels, None for full size; `quality` is 1..100."""

    format: OutputFormat = "jpeg"
    quality: int = 92
    long_edge: int | None = None
    color_space: ColorSpace = "srgb"
    metadata: MetadataPolicy = "all"


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything beside the source file that decides an output's bytes.

    `settings` holds resolved develop settings by Adobe's `crs` names, preset and blend already applied;
    a setting that is absent is neutral.
    """

    settings: dict[str, SettingValue] = field(default_factory=dict)
    output: OutputOptions = OutputOptions()
