"""One look over a session: from measures to one exposure and three gains for each photo.

Photos of one scene are brought to each other exactly: to the middle of them, or to the photo that was named. Scenes are
moved towards each other only as far as their tones are spread alike, and by little: a sunset stays a sunset. Solved in
the order of ids, so that the order of the input changes nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from junmai.develop import color, match_scene
from junmai.develop.match_measure import Measure
from junmai.develop.match_scene import Logs, Scenes
from junmai.domain.matching import Solution

MOST_EXPOSURE = 3.0
"""EV that a photo is moved at most: beyond it noise or burnt-out parts make another picture of it."""
MOST_COLOR = 0.5 / math.log(2)
"""log2 of red or blue by green that a photo is moved at most: e^0.5, about from 5500 K to 3500 K."""
BETWEEN_EXPOSURE = 0.5
"""EV that a scene is moved towards the others at most."""
BETWEEN_COLOR = 0.1 / math.log(2)
SHARE = 0.5
"""How far on the way to the others a scene goes that is just like them."""
ALIKE = 0.5
"""EV between the shapes of two scenes' quantiles at which they are moved e^-1 of the way towards each other."""


def solve(
    measures: Mapping[int, Measure | str], target: int | None = None, strength: float = 100.0
) -> dict[int, Solution]:
    """Solve for all photos together.

    `measures` has a measure for each photo's id, or the sentence that says why there is none. `target` is the id of the
    photo that the others are brought to; without it, each scene goes to its own middle. `strength` is 0..100.

    Raises ValueError for a strength outside 0..100, and for a target that is not among the photos or has no measure.
    """
    if not 0 <= strength <= 100:
        raise ValueError(f"a strength of {strength:g} is not within 0..100")
    known: dict[int, Measure] = {}
    whys: dict[int, str] = {}
    for photo in sorted(measures):
        measure = measures[photo]
        why = measure if isinstance(measure, str) else measure.why_not
        if why or isinstance(measure, str):
            whys[photo] = why or "it was not measured"
        else:
            known[photo] = measure
    if target is not None and target not in known:
        raise ValueError(f"photo {target} cannot be the target: {whys.get(target, 'it is not among the photos')}")
    ids = list(known)
    seen = list(known.values())
    solved = dict(zip(ids, _solved(seen, None if target is None else ids.index(target), strength), strict=True))
    for photo, why in whys.items():
        solved[photo] = _like_neighbours(photo, why, {each: solved[each] for each in ids})
    return {photo: solved[photo] for photo in sorted(solved)}


def _solved(seen: Sequence[Measure], target: int | None, strength: float) -> list[Solution]:
    if not seen:
        return []
    scenes = match_scene.scenes(seen)
    inner = within(scenes, target)
    moves = inner + between(seen, scenes, inner, target)
    return [
        _capped(move * strength / 100, int(group), each)
        for move, group, each in zip(moves, scenes.scene, seen, strict=True)
    ]


def within(scenes: Scenes, target: int | None) -> Logs:
    """log2 gains (n, 3) that bring each photo to the middle of its scene, or to the target in its scene."""
    moves = scenes.to_root.copy()
    for group in range(int(scenes.scene.max()) + 1):
        members = scenes.scene == group
        own = target is not None and members[target]
        moves[members] -= scenes.to_root[target] if own else np.median(scenes.to_root[members], axis=0)
    return moves


def between(seen: Sequence[Measure], scenes: Scenes, moved: Logs, target: int | None) -> Logs:
    """log2 gains (n, 3) by which whole scenes go towards the middle of all photos, or towards the target."""
    curves = np.stack([each.quantiles for each in seen])
    shift = np.stack([moved[:, 1], moved[:, 0] - moved[:, 1], moved[:, 2] - moved[:, 1]], axis=1)
    curves = curves + shift[:, :, None]
    raw = np.array([each.kind == "raw" for each in seen])
    moves = np.zeros((len(seen), 3))
    most = np.array([BETWEEN_EXPOSURE, BETWEEN_COLOR, BETWEEN_COLOR])
    for group in range(int(scenes.scene.max()) + 1):
        members = scenes.scene == group
        if target is not None and members[target]:
            continue  # it is there already
        alike = raw == raw[members][0]
        wanted = curves[target] if target is not None and alike[target] else np.median(curves[alike], axis=0)
        ways = wanted - np.median(curves[members], axis=0)
        apart = np.median(ways, axis=1)
        share = SHARE * math.exp(-float(np.mean((ways - apart[:, None]) ** 2)) / ALIKE**2)
        bright, red, blue = np.clip(share * apart, -most, most)
        moves[members] = (bright + red, bright, bright + blue)
    return moves


def _capped(logs: Logs, group: int, seen: Measure) -> Solution:
    """log2 gains of red, green and blue as a solution within the caps."""
    red, blue = (float(each) for each in np.clip(logs[[0, 2]] - logs[1], -MOST_COLOR, MOST_COLOR))
    colors = np.array([2.0**red, 1.0, 2.0**blue])
    grey = float(colors @ color.WORKING_LUMINANCE / color.WORKING_LUMINANCE.sum())
    asked = float(logs[1]) + math.log2(grey)
    exposure = min(max(asked, -MOST_EXPOSURE), MOST_EXPOSURE)
    capped = exposure != asked or abs(logs[0] - logs[1]) > MOST_COLOR or abs(logs[2] - logs[1]) > MOST_COLOR
    gains = colors / grey
    tops = np.array(seen.tops)
    higher = float((tops * gains).max() / max(tops.max(), 1e-6))  # what is brightest may change with the gains
    return Solution(
        exposure=round(exposure, 5),  # rounded, so that the last bit of a sum decides no output's key
        red=round(float(gains[0]), 6),
        green=round(float(gains[1]), 6),
        blue=round(float(gains[2]), 6),
        group=group,
        capped=bool(capped),
        top=round(seen.top * 2.0**exposure * higher, 4),
    )


def _like_neighbours(photo: int, why: str, solved: Mapping[int, Solution]) -> Solution:
    """The middle of the group of the photo with the nearest id: photos that were taken one after another."""
    if not solved:
        return Solution(why=why)
    group = solved[min(solved, key=lambda each: (abs(each - photo), each))].group
    members = [each for each in solved.values() if each.group == group]
    values = np.array([(each.exposure, each.red, each.green, each.blue, each.top) for each in members])
    light, red, green, blue, top = (round(float(each), 6) for each in np.median(values, axis=0))
    return Solution(light, red, green, blue, group=group, top=top, why=why)
