"""The options of `develop`: what they are called and what they take."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Annotated, Any, cast, get_args

import typer

from junmai import errors
from junmai.control.ordering import further_of, match_of
from junmai.control.planning import FURTHER_KEYS
from junmai.domain.matching import TO_COLLECTION, TO_SESSION, Match
from junmai.domain.model import (
    ColorSpace,
    FurtherOutput,
    MetadataPolicy,
    OutputFormat,
    OutputOptions,
    SharpenFor,
    SharpenStrength,
    Sidecars,
)
from junmai.domain.naming import FIELDS

_SPELLINGS = {"jpg": "jpeg", "tif": "tiff", "p3": "display-p3", "adobergb": "adobe-rgb", "no-gps": "no_gps"}


def _percent(text: object) -> float:
    """A share as people write it: 50, 50 % or 50%. Typer hands the default in as a number."""
    try:
        return float(str(text).strip().removesuffix("%"))
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no number; say how much of the preset, 0 to 100.") from None


Preset = Annotated[
    str | None, typer.Option(help="A preset: NAME, NAME@VERSION, or an .xmp or .lrtemplate of Lightroom's.")
]
Collection = Annotated[str | None, typer.Option(help="Develop the photos of this collection instead of folders.")]
Blend = Annotated[float, typer.Option(help="How much of the preset, 0 to 100.", parser=_percent, metavar="<float>")]
SettingsFrom = Annotated[
    str | None,
    typer.Option(
        help="What counts: own (each photo's own Lightroom settings), preset, or both (own over preset). "
        "None: preset where one is named, else own."
    ),
]
Set = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="NAME=VALUE",
        help="One setting by Adobe's name, over everything else: --set Exposure2012=+0.5 --set BaseLook=neutral. "
        "A curve is a list of points: --set 'ToneCurvePV2012=0,10;128,140;255,250'. May be given often.",
    ),
]
MatchTo = Annotated[
    str | None,
    typer.Option(
        "--match",
        metavar="WHAT",
        help="One look over the photos: session (each photo to the middle of its shoot), collection (all of them "
        "together), or the name, path or id of the one to match the others to.",
    ),
]
MatchStrength = Annotated[
    float, typer.Option("--match-strength", help="How much of the match, 0 to 100.", parser=_percent, metavar="<float>")
]
Out = Annotated[str, typer.Option(help="Where the developed photos go; seen from the current folder.")]
MinRating = Annotated[
    int | None,
    typer.Option(min=0, max=5, help="Only photos with so many stars or more; unrated is 0, rejected is less."),
]
Overwrite = Annotated[
    bool, typer.Option("--overwrite", help="Replace files that Junmai did not write. Originals stay.")
]
Format = Annotated[str, typer.Option("--format", help="jpeg, tiff (16 bits), webp or avif.")]
Quality = Annotated[
    int, typer.Option(help="1 to 100 on the format's own scale; webp loses nothing at 100, tiff never does.")
]
LongEdge = Annotated[int | None, typer.Option(help="Longest side in pixels, 16 to 65500; none: full size.")]
Space = Annotated[str, typer.Option("--color-space", help="srgb, display-p3 or adobe-rgb.")]
SharpenFor_ = Annotated[str, typer.Option("--sharpen-for", help="Where it is seen: none, screen or print.")]
SharpenStrength_ = Annotated[str, typer.Option("--sharpen-strength", help="low, standard or high.")]
Metadata = Annotated[str, typer.Option("--metadata", help="What is kept: all, no_gps (nothing about places) or none.")]
NoGps = Annotated[bool, typer.Option("--no-gps", help="The same as --metadata no_gps.")]
Creator = Annotated[str, typer.Option(help="Who made the pictures; several: 'Ann; Bob'. Goes into EXIF, IPTC and XMP.")]
Copyright = Annotated[str, typer.Option(help="Whose they are: '© 2026 Ann'. Goes into EXIF, IPTC and XMP.")]
Name = Annotated[
    str,
    typer.Option(
        "--name",
        help="A template for names, such as '{session}/{date}_{camera}_{name}'; / makes a sub-folder. "
        f"Fields: {', '.join(FIELDS)}. None: the photo's own name.",
    ),
]


Sidecars_ = Annotated[
    str,
    typer.Option(
        "--sidecars",
        help="Write the settings of RAW photos as .xmp for Lightroom: none, output (beside the developed photos) or "
        "originals (beside the RAW files; `junmai batch revert` puts back what was there).",
    ),
]
NoPixels = Annotated[
    bool, typer.Option("--no-pixels", help="Write sidecars only, and develop nothing; needs --sidecars.")
]

Also = Annotated[
    list[str] | None,
    typer.Option(
        "--also",
        metavar="LABEL:OPTION=VALUE,...",
        help="A further output of each photo from the same developing, into the sub-folder LABEL: "
        "--also web:long-edge=2048,quality=85,sharpen-for=screen. May be given up to 8 times. Options: format, "
        "quality, long-edge, color-space, sharpen-for, sharpen-strength; without a word: a full-size JPEG of "
        "quality 92 in sRGB.",
    ),
]


def match(to: str | None, strength: float) -> tuple[Match | None, str | None]:
    """The match that is asked for, and the text that names one photo, which is looked for among those developed.

    Raises `BadInput`.
    """
    if to is None:
        return None, None
    word = to.strip()
    if not word:
        raise errors.BadInput(detail="--match is empty; say session, collection, or a photo.")
    kind = word.lower() if word.lower() in (TO_SESSION, TO_COLLECTION) else None
    return match_of(kind or TO_COLLECTION, strength), None if kind else word


def settings(given: Sequence[str]) -> dict[str, object]:
    """The settings that `--set` names, unread. Raises `BadInput` for what is no NAME=VALUE or is given twice."""
    chosen: dict[str, object] = {}
    for text in given:
        name, sign, value = (part.strip() for part in text.partition("="))
        if not sign or not name or not value:
            raise errors.BadInput(detail=f"--set {text!r} is not NAME=VALUE, such as Exposure2012=+0.5.")
        if name in chosen:
            raise errors.BadInput(detail=f"--set {name} is given twice.")
        chosen[name] = value.split(";") if ";" in value else value
    return chosen


def further(given: Sequence[str], main: OutputOptions) -> tuple[FurtherOutput, ...]:
    """The further outputs that `--also` asks for. Raises `BadInput` naming the part that is wrong."""
    return tuple(_further_one(text, main) for text in given)


def _further_one(text: str, main: OutputOptions) -> FurtherOutput:
    label, _, rest = text.partition(":")
    chosen: dict[str, Any] = {}
    for part in filter(None, (part.strip() for part in rest.split(","))):
        name, sign, value = part.partition("=")
        name = name.strip().replace("-", "_")
        if not sign or name not in FURTHER_KEYS:
            known = ", ".join(key.replace("_", "-") for key in FURTHER_KEYS)
            near = difflib.get_close_matches(name, FURTHER_KEYS, n=1, cutoff=0.5)
            hint = f" Did you mean {near[0].replace('_', '-')}=...?" if near else ""
            wrong = f"there is no option {name.replace('_', '-')!r}" if sign else f"{part!r} is not OPTION=VALUE"
            raise errors.BadInput(detail=f"--also {text}: {wrong}.{hint} Options: {known}.")
        if name in chosen:
            raise errors.BadInput(detail=f"--also {text}: {name.replace('_', '-')} is given twice.")
        try:
            chosen[name] = _further_value(name, value.strip())
        except (errors.BadInput, ValueError) as error:
            what = error.message if isinstance(error, errors.BadInput) else f"{value!r} is not a whole number."
            raise errors.BadInput(detail=f"--also {text}: {part}: {what}") from error
    return further_of(label.strip(), OutputOptions(**chosen), main)


def _further_value(name: str, value: str) -> Any:
    match name:
        case "format":
            return _word("format", value, OutputFormat)
        case "color_space":
            return _word("color space", value, ColorSpace)
        case "sharpen_for":
            return _word("place to sharpen for", value, SharpenFor)
        case "sharpen_strength":
            return _word("strength of sharpening", value, SharpenStrength)
        case _:
            return int(value)


def idle(
    preset: str | None,
    blend: float,
    settings_from: str | None,
    output: OutputOptions,
    match: tuple[Match | None, float],
) -> list[str]:
    """Sentences about what is asked for and changes nothing here."""
    said = []
    if match[0] is None and match[1] != 100:
        said.append("--match-strength scales a match, and none is asked for: it changes nothing.")
    if preset is None and blend != 100:
        said.append("--blend scales a preset, and none is named: it changes nothing.")
    if preset is None and settings_from == "both":
        said.append("--settings both is the same as own here: no preset is named.")
    if output.sharpen_for == "none" and output.sharpen_strength != "standard":
        said.append("--sharpen-strength changes nothing without --sharpen-for.")
    return said


def words(
    form: str, color_space: str, metadata: str, sharpen_for: str, sharpen_strength: str, sidecars: str, *, no_gps: bool
) -> dict[str, Any]:
    """The options of outputs that are one of a few words, as `OutputOptions` has them.

    Raises `BadInput` for a word that is none of them, naming the nearest.
    """
    policy = _word("kind of metadata", metadata, MetadataPolicy)
    return {
        "format": _word("format", form, OutputFormat),
        "color_space": _word("color space", color_space, ColorSpace),
        "metadata": "no_gps" if no_gps and policy == "all" else policy,
        "sharpen_for": _word("place to sharpen for", sharpen_for, SharpenFor),
        "sharpen_strength": _word("strength of sharpening", sharpen_strength, SharpenStrength),
        "sidecars": _word("place for sidecars", sidecars, Sidecars),
    }


def _word(what: str, given: str, kind: Any) -> Any:
    known = cast(Sequence[str], get_args(kind))
    word = given.strip().lower()
    word = _SPELLINGS.get(word, word)
    if word in known:
        return word
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.4)
    hint = f" Did you mean {near[0]}?" if near else ""
    raise errors.BadInput(detail=f"There is no {what} {given!r}.{hint} Known: {', '.join(known)}.")
