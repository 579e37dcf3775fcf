"""What Junmai is asked to do: nothing beyond developing, or everything that it can."""

from __future__ import annotations

from pathlib import Path

from junmai.develop import fields, presetfile
from junmai.develop import settings as develop_settings
from junmai.domain.model import SettingValue
from junmai.domain.preset import Preset

ALL = "bench-all-features"
SHARE = 0.2
"""How far each number goes from where it changes nothing to its end, unless it is chosen below: a picture that is all
white would be quick to write."""

_CHOSEN: dict[str, object] = {
    "Exposure2012": 0.3,
    "Highlights2012": -40,
    "Shadows2012": 30,
    "Blacks2012": -10,
    "Sharpness": 60,
    "SharpenEdgeMasking": 20,
    "PostCropVignetteAmount": -20,
    "HasCrop": True,
    "CropAngle": 1.2,
    "CropLeft": 0.01,
    "CropTop": 0.01,
    "CropRight": 0.99,
    "CropBottom": 0.99,
}
_CURVE = ((0.0, 4.0), (64.0, 58.0), (128.0, 130.0), (192.0, 198.0), (255.0, 252.0))
_LEFT_OUT = frozenset(("ConvertToGrayscale",))
"""Black and white replaces the work on colours by less."""


def all_features() -> dict[str, SettingValue]:
    """Every setting that the table of settings knows, each away from where it changes nothing."""
    given: dict[str, object] = {}
    for name, known in fields.FIELDS.items():
        match known:
            case fields.NumberField(neutral=float() | int() as neutral, scaled=True):
                given[name] = neutral + SHARE * (known.high - neutral)
            case fields.SwitchField() if name not in _LEFT_OUT:
                given[name] = True
            case fields.CurveField():
                given[name] = _CURVE
            case _:
                pass
    hues = {name: 40.0 for name in fields.FIELDS if name.endswith("Hue")}
    return develop_settings.parse(given | hues | {name: _CHOSEN[name] for name in _CHOSEN if name in fields.FIELDS})


def write_preset(path: Path) -> None:
    """All features as an `.xmp` preset."""
    path.write_bytes(presetfile.write(Preset(ALL, 1, ALL, "", settings=all_features())))
