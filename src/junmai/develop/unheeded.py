"""What was asked of a photo and does nothing to it, so that nobody waits for it in vain.

Nothing here changes a picture. What a file of Adobe's asks for and Junmai has no setting for is told by `own` and by
the reports of presets.
"""

from __future__ import annotations

from collections.abc import Mapping

from junmai.develop import geometry
from junmai.develop.decode import Decoded
from junmai.develop.fields import FIELDS, NAMED_WHITE_BALANCE, STANDARD_PROFILES, ChoiceField
from junmai.domain.model import SettingValue

Settings = Mapping[str, SettingValue]

_EDGES = {"CropLeft": 0.0, "CropTop": 0.0, "CropRight": 1.0, "CropBottom": 1.0}
_LIGHT = {"Temperature": "IncrementalTemperature", "Tint": "IncrementalTint", "WhiteBalance": "IncrementalTemperature"}
"""What of a RAW's white balance does nothing to a developed picture, and what does the like there."""


def unheeded(decoded: Decoded, settings: Settings) -> tuple[str, ...]:
    """Sentences (without a full stop) about the settings in force that this photo cannot follow."""
    said = [] if decoded.kind == "raw" else [*_white_balance(settings), *_of_raws(settings)]
    if _leaves_nothing(decoded, settings):
        edges = ", ".join(f"{name} {settings[name]:g}" for name in _EDGES if name in settings)
        said.append(f"the crop ({edges}) leaves nothing of the photo, so it is not applied")
    return tuple(said)


def _white_balance(settings: Settings) -> list[str]:
    asked = [name for name in ("Temperature", "Tint") if name in settings]
    if settings.get("WhiteBalance") in NAMED_WHITE_BALANCE:
        asked = ["WhiteBalance"]
    return [
        f"{name} ({_shown(settings[name])}) is not applied to a developed picture (JPEG, TIFF, ...), only to a RAW; "
        f"{_LIGHT[name]} works on both"
        for name in asked
    ]


def _of_raws(settings: Settings) -> list[str]:
    look, profile = settings.get("BaseLook"), settings.get("CameraProfile")
    known = FIELDS["BaseLook"]
    asked = {"BaseLook": look} if isinstance(known, ChoiceField) and look not in (None, known.choices[0]) else {}
    if profile not in (None, *STANDARD_PROFILES):
        asked["CameraProfile"] = profile
    return [
        f"{name} ({value}) is not applied to a developed picture (JPEG, TIFF, ...), only to a RAW"
        for name, value in asked.items()
    ]


def _leaves_nothing(decoded: Decoded, settings: Settings) -> bool:
    """Whether edges are given that `geometry.frame` could not cut by."""
    edges = {name: settings.get(name, whole) for name, whole in _EDGES.items()}
    if edges == _EDGES or settings.get("HasCrop") is False:
        return False
    return geometry.frame(settings, decoded.width, decoded.height) is None


def _shown(value: SettingValue) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
