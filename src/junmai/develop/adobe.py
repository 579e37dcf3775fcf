"""What Adobe's fields mean that Junmai does not apply: for the reports of imports and of photos' own settings.

The names are those that Lightroom and Camera Raw write (the list that ExifTool keeps of the `crs` namespace, and
files in the wild). A field that is in `settings.FIELDS` is applied; this table is asked for the others.
"""

from __future__ import annotations

from dataclasses import dataclass

from junmai.develop.xmp import Fields, Node, items_of, text_of

OFF = ("", "0", "False")


@dataclass(frozen=True, slots=True)
class AdobeField:
    """What a field would have done. At a value of `neutral` it does nothing; nor where the field that it `needs` is
    absent or neutral. Nothing is lost where the field that it is `within` is at work, which does the same."""

    says: str
    neutral: tuple[str, ...] = OFF
    needs: str | None = None
    within: str | None = None


def find(name: str) -> AdobeField | None:
    """What is known of a field that Junmai does not apply; None for one that nobody knows."""
    exact = _FIELDS.get(name)
    if exact is not None:
        return exact
    return next((known for start, known in _FAMILIES.items() if name.startswith(start)), None)


def named(name: str) -> AdobeField | None:
    """As `find`, of names that are known as they stand and not by their beginning: a mistyped one is not among them."""
    return _FIELDS.get(name)


def is_about(name: str) -> bool:
    """Whether a field speaks about the preset or the file and changes no picture."""
    return (
        name in _ABOUT
        or name.startswith(("Supports", "Requires", "ShowIn", "LensProfileMatchKey"))
        or name.endswith("Digest")
    )


def has_effect(name: str, node: Node, fields: Fields) -> bool:
    """Whether a field that is not applied would have changed the picture, seen beside the others."""
    known = find(name)
    if known is None:
        return True
    if known.needs is not None and not _at_work(known.needs, fields):
        return False
    if known.within is not None and _at_work(known.within, fields):
        return False
    return not _rests(node, known.neutral)


def switched_off(fields: Fields) -> dict[str, str]:
    """The fields that a panel's switch turns off, with the switch: older presets carry such switches."""
    off = [switch for switch in _SWITCHES if text_of(fields.get(switch)).casefold() == "false"]
    return {name: switch for switch in off for name in fields if name.startswith(_SWITCHES[switch])}


def is_switch(name: str) -> bool:
    """Whether a field switches a whole panel on or off."""
    return name in _SWITCHES


def _at_work(name: str, fields: Fields) -> bool:
    known = find(name)
    return name in fields and not _rests(fields[name], known.neutral if known else OFF)


def _rests(node: Node, neutral: tuple[str, ...]) -> bool:
    if isinstance(node, dict):
        return not (items_of(node) or node.get("struct") or node.get("lang"))
    return any(_same(node, one) for one in neutral)


def _same(value: str, neutral: str) -> bool:
    if value.strip().casefold() == neutral.casefold():
        return True
    try:
        return float(value) == float(neutral)
    except ValueError:
        return False


_ABOUT = frozenset(
    (
        "PresetType",
        "PresetSubtype",
        "Cluster",
        "ClusterGroup",
        "UUID",
        "CameraModelRestriction",
        "Copyright",
        "ContactInfo",
        "Version",
        "CompatibleVersion",
        "ProcessVersion",
        "HasSettings",
        "Name",
        "ShortName",
        "SortName",
        "Group",
        "Description",
        "Treatment",
        "ToneCurveName",
        "ToneCurveName2012",
        "RawFileName",
        "AlreadyApplied",
        "Converter",
        "What",
        "HasCrop",
        "LensProfileSetup",
        "LensProfileName",
        "LensProfileFilename",
        "LensProfileIsEmbedded",
        "AutoWhiteVersion",
        "UprightVersion",
        "UprightPreview",
        "UprightTransformCount",
        "UprightFourSegmentsCount",
        "UprightCenterMode",
        "UprightCenterNormX",
        "UprightCenterNormY",
        "UprightFocalMode",
        "UprightFocalLength35mm",
        "CropUnit",
        "CropUnits",
        "CropWidth",
        "CropHeight",
        "ToggleStyleAmount",
        "GrainSeed",
        "DefaultsSpecificToISO",
        "DefaultsSpecificToSerial",
        "DefaultAutoGray",
        "DefaultAutoTone",
        "DNGIgnoreSidecars",
        "JPEGHandling",
        "TIFFHandling",
        "NegativeCachePath",
        "NegativeCacheMaximumSize",
        "NegativeCacheLargePreviewSize",
        "orientation",
        "ClipboardAspectRatio",
        "ClipboardOrientation",
    )
)

_NEEDS_PURPLE, _NEEDS_GREEN = "DefringePurpleAmount", "DefringeGreenAmount"
_PERSPECTIVE = "bends the picture to straighten lines (Transform)"
_AUTO = "lets Lightroom measure the photo and choose the value"
_HDR = "is for HDR output"
_CURVE = "bends the tones by a point curve"
_OLDER = "is of Lightroom's older process (before 2012)"

_FIELDS: dict[str, AdobeField] = {
    # profiles
    "Look": AdobeField("applies a creative profile: its own colours and curve"),
    "LookName": AdobeField("names a creative profile", ("", "Adobe Color", "Adobe Standard")),
    "ProfileName": AdobeField("names a creative profile", ("", "Adobe Color", "Adobe Standard")),
    "LookTable": AdobeField("maps colours by a table of the profile", ("",)),
    "RGBTable": AdobeField("maps colours by a table of the profile", ("",)),
    "RGBTableAmount": AdobeField("says how much of the profile's table is applied", needs="RGBTable"),
    "OverrideLookVignette": AdobeField("replaces the vignette of a profile"),
    # local edits
    "MaskGroupBasedCorrections": AdobeField("changes parts of the picture through masks"),
    "PaintBasedCorrections": AdobeField("changes parts of the picture with a brush"),
    "GradientBasedCorrections": AdobeField("changes parts of the picture along a gradient"),
    "CircularGradientBasedCorrections": AdobeField("changes parts of the picture in ovals"),
    "RetouchAreas": AdobeField("removes spots and objects"),
    "RetouchInfo": AdobeField("removes spots"),
    "RedEyeInfo": AdobeField("removes red eyes"),
    "RangeMaskMapInfo": AdobeField("belongs to masks by colour or brightness"),
    "DepthMapInfo": AdobeField("belongs to masks by depth"),
    "DepthBasedCorrections": AdobeField("changes parts of the picture by depth"),
    "LensBlur": AdobeField("blurs what is out of focus"),
    # measured by Lightroom
    "AutoTone": AdobeField(_AUTO),
    "AutoExposure": AdobeField(_AUTO),
    "AutoContrast": AdobeField(_AUTO),
    "AutoShadows": AdobeField(_AUTO),
    "AutoBrightness": AdobeField(_AUTO),
    "AutoWhiteBalance": AdobeField(_AUTO),
    "AutoGrayscaleMix": AdobeField(_AUTO),
    # colour
    "PointColors": AdobeField("moves single picked colours (Point Color)"),
    "CurveRefineSaturation": AdobeField("keeps the strength of colours under the curve", ("", "100")),
    "ColorVariance": AdobeField("brings colours nearer to each other"),
    # lens and geometry
    "LensProfileDistortionScale": AdobeField("scales a lens profile", ("", "100"), needs="LensProfileEnable"),
    "LensProfileVignettingScale": AdobeField("scales a lens profile", ("", "100"), needs="LensProfileEnable"),
    "LensProfileChromaticAberrationScale": AdobeField("scales a lens profile", ("", "100"), needs="LensProfileEnable"),
    "LensManualDistortionAmount": AdobeField("corrects the lens by hand"),
    "VignetteAmount": AdobeField("corrects dark corners of the lens by hand"),
    "VignetteMidpoint": AdobeField("belongs to VignetteAmount", ("", "50"), needs="VignetteAmount"),
    "AutoLateralCA": AdobeField("removes colour fringes of the lens", within="LensProfileEnable"),
    "ChromaticAberrationR": AdobeField("removes red and cyan fringes by hand"),
    "ChromaticAberrationB": AdobeField("removes blue and yellow fringes by hand"),
    "Defringe": AdobeField("removes colour fringes at edges"),
    "DefringePurpleAmount": AdobeField("removes purple fringes"),
    "DefringePurpleHueLo": AdobeField("belongs to DefringePurpleAmount", needs=_NEEDS_PURPLE),
    "DefringePurpleHueHi": AdobeField("belongs to DefringePurpleAmount", needs=_NEEDS_PURPLE),
    "DefringeGreenAmount": AdobeField("removes green fringes"),
    "DefringeGreenHueLo": AdobeField("belongs to DefringeGreenAmount", needs=_NEEDS_GREEN),
    "DefringeGreenHueHi": AdobeField("belongs to DefringeGreenAmount", needs=_NEEDS_GREEN),
    "PerspectiveUpright": AdobeField("finds and straightens lines by itself (Upright)"),
    "PerspectiveVertical": AdobeField(_PERSPECTIVE),
    "PerspectiveHorizontal": AdobeField(_PERSPECTIVE),
    "PerspectiveRotate": AdobeField(_PERSPECTIVE),
    "PerspectiveAspect": AdobeField(_PERSPECTIVE),
    "PerspectiveScale": AdobeField(_PERSPECTIVE, ("", "100")),
    "PerspectiveX": AdobeField(_PERSPECTIVE),
    "PerspectiveY": AdobeField(_PERSPECTIVE),
    "CropConstrainToWarp": AdobeField("keeps a crop inside a bent picture", needs="PerspectiveUpright"),
    "CropConstrainToUnitSquare": AdobeField("keeps a crop inside the picture", ("", "0", "1")),
    # detail
    "MoireFilter": AdobeField("removes moiré"),
    "Smoothness": AdobeField("smooths detail"),
    "EnhanceDenoise": AdobeField("removes noise by Adobe's model"),
    # HDR
    "HDREditMode": AdobeField(_HDR),
    "HDRMaxValue": AdobeField(_HDR, needs="HDREditMode"),
    "ToneMapStrength": AdobeField("maps the tones of an HDR picture"),
    # the older process: what is not read as its successor
    "Brightness": AdobeField(f"brightens the middle tones; {_OLDER}", ("", "50")),
}

_FAMILIES: dict[str, AdobeField] = {
    "Table_": AdobeField("is a colour table of a profile", ("",), needs="RGBTable"),
    "UprightTransform_": AdobeField("belongs to Upright", ("",), needs="PerspectiveUpright"),
    "UprightFourSegments_": AdobeField("belongs to Upright", ("",), needs="PerspectiveUpright"),
    "UprightGuided": AdobeField("belongs to Upright", ("",), needs="PerspectiveUpright"),
    "SDR": AdobeField("is for the SDR version of an HDR picture", needs="HDREditMode"),
    "Enhance": AdobeField("is of Adobe's Enhance (denoise, details, super resolution)", ("", "0", "False")),
    "Enable": AdobeField("switches a panel of Lightroom on or off", ("", "True", "False")),
    "Auto": AdobeField(_AUTO),
    "Local": AdobeField("changes parts of the picture"),
    "ToneCurve": AdobeField(_CURVE),
}

_COLOR_GRADING = ("SplitToning", "ColorGrade")
_SWITCHES: dict[str, tuple[str, ...]] = {
    "EnableColorAdjustments": ("HueAdjustment", "SaturationAdjustment", "LuminanceAdjustment"),
    "EnableGrayscaleMix": ("GrayMixer",),
    "EnableSplitToning": _COLOR_GRADING,
    "EnableColorGrading": _COLOR_GRADING,
    "EnableDetail": ("Sharp", "LuminanceSmoothing", "LuminanceNoise", "ColorNoise"),
    "EnableEffects": ("PostCropVignette", "Grain"),
    "EnableVignettes": ("PostCropVignette", "Vignette"),
    "EnableCalibration": ("ShadowTint", "RedHue", "RedSat", "GreenHue", "GreenSat", "BlueHue", "BlueSat"),
    "EnableToneCurve": ("ToneCurve", "Parametric"),
    "EnableLensCorrections": ("LensProfile", "LensManual", "Vignette", "Defringe", "ChromaticAberration", "AutoLat"),
    "EnableTransform": ("Perspective", "Upright"),
    "EnableRedEye": ("RedEyeInfo",),
    "EnableRetouch": ("RetouchAreas", "RetouchInfo"),
    "EnableGradientBasedCorrections": ("GradientBasedCorrections",),
    "EnableCircularGradientBasedCorrections": ("CircularGradientBasedCorrections",),
    "EnablePaintBasedCorrections": ("PaintBasedCorrections",),
    "EnableMaskGroupBasedCorrections": ("MaskGroupBasedCorrections",),
}
