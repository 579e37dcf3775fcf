"""The sample shoot on paper: which photos there are, when and how each was taken."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from fractions import Fraction
from itertools import chain

import numpy as np

from junmai.demo.canvas import Rng
from junmai.demo.exif import Exif
from junmai.demo.sky import HOURS

_CEST = timezone(timedelta(hours=2))
_SPEEDS = (100, 200, 400, 800, 1600, 3200, 6400)
_EXPOSURE_WOBBLE = 0.7  # EV, either way
_KELVIN_DRIFT = 0.13  # of the temperature, either way


@dataclass(frozen=True)
class Shot:
    """One photo to be made.

    ``seed`` feeds everything random in it; ``exposure`` is how much too bright it is taken, in EV;
    ``as_shot_kelvin`` is what the camera took the light's ``kelvin`` for.
    """

    session: str
    name: str
    scene: str
    hour: str
    seed: tuple[int, int]
    raw: bool
    portrait: bool
    exposure: float
    kelvin: float
    as_shot_kelvin: float
    exif: Exif


@dataclass(frozen=True)
class _Session:
    """A session's frame: ``hours`` maps the share of its time that has passed to the light of then."""

    name: str
    begin: datetime
    lasts: timedelta
    hours: tuple[tuple[float, str], ...]
    scenes: tuple[tuple[str, bool], ...]  # in turn: what, and whether it may be upright
    place: tuple[float, float, float]
    first_number: int


_SESSIONS = (
    _Session(
        "Morning at the lake",
        datetime(2024, 6, 15, 5, 9, 12, 140_000, tzinfo=_CEST),
        timedelta(hours=6, minutes=50),
        ((0.17, "dawn"), (0.42, "sunrise"), (0.59, "morning"), (0.76, "overcast"), (1.0, "noon")),
        (("lake", False), ("lake", True), ("forest", True), ("lake", False), ("table", False), ("lake", True)),
        (46.6923, 9.9512, 1772.0),
        2107,
    ),
    _Session(
        "Evening in town",
        datetime(2024, 9, 28, 18, 22, 40, 520_000, tzinfo=_CEST),
        timedelta(hours=3, minutes=25),
        ((0.25, "golden"), (0.65, "dusk"), (1.0, "night")),
        (("riverside", False), ("street", True), ("table", False), ("riverside", False), ("street", True)),
        (46.9480, 7.4474, 540.0),
        2841,
    ),
)


def plan(count: int, seed: int) -> list[Shot]:
    """The ``count`` photos of the shoot, in the order they were taken."""
    first = math.ceil(count / 2)
    return list(chain.from_iterable(_shots(s, n, seed) for s, n in zip(_SESSIONS, (first, count - first), strict=True)))


def _shots(session: _Session, count: int, seed: int) -> Iterator[Shot]:
    rng = np.random.default_rng([seed, session.first_number])
    for index in range(count):
        share = (index + float(rng.uniform(0.1, 0.9))) / count
        hour = next(name for until, name in session.hours if share <= until)
        scene, upright = session.scenes[index % len(session.scenes)]
        portrait = upright and bool(rng.random() < 0.6)
        raw = index % 5 not in (1, 3)
        kelvin = HOURS[hour].kelvin * float(rng.uniform(0.96, 1.04))
        exposure = float(rng.uniform(-_EXPOSURE_WOBBLE, _EXPOSURE_WOBBLE))
        exif = _exif(rng, hour, session.begin + share * session.lasts, exposure, portrait)
        north, east, up = session.place
        gps = (
            round(north + float(rng.normal(0, 4e-3)), 5),
            round(east + float(rng.normal(0, 6e-3)), 5),
            round(up + float(rng.normal(0, 4)), 1),
        )
        if rng.random() < 0.6:
            exif = replace(exif, gps=gps)
        yield Shot(
            session.name,
            f"JUN_{session.first_number + index:04d}.{'dng' if raw else 'jpg'}",
            scene,
            hour,
            (seed, session.first_number + index),
            raw,
            portrait,
            exposure,
            kelvin,
            kelvin * (1 + float(rng.uniform(-_KELVIN_DRIFT, _KELVIN_DRIFT))),
            exif,
        )


def _exif(rng: Rng, hour: str, taken: datetime, exposure: float, portrait: bool) -> Exif:
    """Settings that a camera would choose for that much light, EV100 = log2(N² / t) (ISO 2720)."""
    aperture = float(rng.choice([2.8, 4.0, 5.6, 8.0]))
    ev100 = HOURS[hour].ev100
    iso = next((s for s in _SPEEDS if aperture**2 / 2 ** (ev100 + math.log2(s / 100)) < 1 / 40), _SPEEDS[-1])
    seconds = aperture**2 / 2 ** (ev100 + math.log2(iso / 100)) * 2**exposure
    shutter = Fraction(1, max(1, round(1 / seconds))) if seconds < 0.7 else Fraction(round(seconds * 10), 10)
    return Exif(
        iso=iso,
        shutter=shutter,
        aperture=aperture,
        focal_length=float(rng.choice([16, 20, 24, 35, 50, 70, 80])),
        taken=taken.replace(microsecond=taken.microsecond // 1000 * 1000),
        orientation=int(rng.choice([6, 8])) if portrait else 1,
        bias=round(exposure * 3) / 3,
    )
