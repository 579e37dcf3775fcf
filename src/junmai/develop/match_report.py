"""Solutions for the photos of a batch from what was measured of them, and how far apart they are before and after."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from junmai.develop.difference import ciede2000, working_to_lab
from junmai.develop.match_measure import Measure
from junmai.develop.match_solve import solve
from junmai.domain.matching import TO_SESSION, Found, Match, Seen, Solution

Colors = NDArray[np.float64]


def solve_seen(seen: Sequence[Seen], match: Match) -> tuple[tuple[Found, ...], dict[str, object]]:
    """What was found for each photo, in the order of the positions, and what to tell of all of them.

    Photos that are brought to the middle of their sessions are solved a session at a time. A photo that was named and
    cannot be measured is nothing to bring others to: they go to their own middle, and `target_why` says so.
    """
    measures = {one.photo_id: _measure(one) for one in seen}
    solved: dict[int, Solution] = {}
    summary: dict[str, object] = {}
    target = match.to if isinstance(match.to, int) else None
    if target is not None and (why := _why_not(measures.get(target, "it is not among the photos"))):
        summary["target_why"] = why
        target = None
    for members in _parts(seen, match):
        scenes = 1 + max((one.group for one in solved.values()), default=-1)
        for photo_id, one in solve({each: measures[each] for each in members}, target, match.strength).items():
            solved[photo_id] = _numbered(one, scenes)
    before, after = distances(measures, solved)
    found = tuple(
        Found(one.position, solved[one.photo_id], before.get(one.photo_id), after.get(one.photo_id)) for one in seen
    )
    return found, summary | _told(found)


def distances(
    measures: Mapping[int, Measure | str], solved: Mapping[int, Solution]
) -> tuple[dict[int, float], dict[int, float]]:
    """dE00 of each photo's middle colour to the middle of its scene's, as it is and as matched.

    Only for photos that share their scene: what else they show differs with their framing, so it is not 0 after.
    """
    scenes: dict[int, list[int]] = {}
    for photo_id, one in sorted(solved.items()):
        if not one.why and not _why_not(measures[photo_id]):
            scenes.setdefault(one.group, []).append(photo_id)
    before: dict[int, float] = {}
    after: dict[int, float] = {}
    for members in scenes.values():
        if len(members) > 1:
            colors = np.stack([_middle(measures[each]) for each in members])
            before |= dict(zip(members, _apart(colors), strict=True))
            gains = np.array([solved[each].gains for each in members])
            after |= dict(zip(members, _apart(colors * gains), strict=True))
    return before, after


def distances_of(
    colors: Mapping[int, tuple[float, float, float]], scenes: Mapping[int, int], target: str | int | None = None
) -> dict[int, float]:
    """dE00 of each photo's colour to the reference of its scene: the target's where it is in it, else the middle.

    Photos that are alone in their scene have none."""
    members: dict[int, list[int]] = {}
    for photo_id in sorted(colors):
        members.setdefault(scenes[photo_id], []).append(photo_id)
    found: dict[int, float] = {}
    for each in members.values():
        if len(each) > 1:
            light = np.array([colors[one] for one in each])
            to = light[each.index(target)] if isinstance(target, int) and target in each else None
            found |= dict(zip(each, _apart(light, to), strict=True))
    return found


def _measure(one: Seen) -> Measure | str:
    return one.measure if isinstance(one.measure, str) else Measure.from_bytes(one.measure)


def _why_not(measure: Measure | str) -> str:
    return measure if isinstance(measure, str) else measure.why_not


def _parts(seen: Sequence[Seen], match: Match) -> Iterable[list[int]]:
    parts: dict[int | None, list[int]] = {}
    for one in sorted(seen, key=lambda each: each.photo_id):
        parts.setdefault(one.session_id if match.to == TO_SESSION else None, []).append(one.photo_id)
    return parts.values()


def _numbered(one: Solution, first: int) -> Solution:
    return replace(one, group=one.group + first) if first else one


def _middle(measure: Measure | str) -> Colors:
    if isinstance(measure, str):
        raise TypeError("a photo that was not measured has no colour")
    return np.asarray(np.median(measure.light[measure.sound].astype(np.float64), axis=0))


def _apart(colors: Colors, to: Colors | None = None) -> list[float]:
    """dE00 of colours (n, 3) of linear light to one of them, else to their middle."""
    reference = np.median(colors, axis=0) if to is None else to
    found = ciede2000(working_to_lab(colors), working_to_lab(reference[None]))
    return [round(float(each), 3) for each in found]


def _told(found: Sequence[Found]) -> dict[str, object]:
    shared = [one for one in found if one.before is not None and one.after is not None]
    return {
        "scenes": len({one.solution.group for one in found}),
        "moved": sum(not one.solution.is_neutral for one in found),
        "capped": sum(one.solution.capped for one in found),
        "unmeasured": sum(bool(one.solution.why) for one in found),
        "spread_before": _mean([one.before for one in shared]),
        "spread_after": _mean([one.after for one in shared]),
    }


def _mean(values: Sequence[float | None]) -> float | None:
    known = [each for each in values if each is not None]
    return round(sum(known) / len(known), 3) if known else None
