"""Short words for what tests of matching do all the time, in any store."""

from __future__ import annotations

from collections.abc import Iterable

from conformance.world import World
from junmai.domain.matching import Found, Match, Measured, Solution
from junmai.domain.model import Batch, Claim, Recipe

KEY = "key of the measure"


def a_match(world: World, count: int = 3, **changes: object) -> Batch:
    """A batch whose photos are brought to the middle of their session."""
    return world.batch(count, recipe=Recipe(match=Match("session")), **changes)  # type: ignore[arg-type]


def measured_of(claim: Claim, **changes: object) -> Measured:
    """What came of measuring a claimed photo."""
    facts: dict[str, object] = {"key": KEY, "measure": b"measure of %d" % claim.photo_id, **changes}
    return Measured(claim.batch_no, claim.position, claim.attempt, **facts)  # type: ignore[arg-type]


def measure(world: World, runner: int, claims: Iterable[Claim]) -> int:
    return world.store.end_measures(runner, [measured_of(claim) for claim in claims])


def found_at(position: int) -> Found:
    """A solution of each place's own."""
    light = 0.25 * (position + 1)
    return Found(position, Solution(light, 1.5, 0.75, 1.25, group=1, capped=True, top=0.5), before=4.5, after=1.5)


def solve(world: World, batch: Batch) -> bool:
    world.store.keep_solutions(batch.no, [found_at(one.position) for one in world.store.seen(batch.no)])
    return world.store.end_solving(batch.no, {"scenes": 1})


def solved(world: World, runner: int, count: int = 3, **changes: object) -> Batch:
    """A batch that is measured and solved."""
    batch = a_match(world, count, **changes)
    measure(world, runner, world.claim(runner, scope=batch.no))
    assert solve(world, batch)
    return batch


def everything(world: World, batch: Batch) -> tuple[object, ...]:
    """All that a late or foreign word must not change."""
    rows = world.store.read("measures_page", no=batch.no, after=-1, limit=1000)
    return (world.everything(), [tuple(row[name] for name in ("position", "measure", "why")) for row in rows])
