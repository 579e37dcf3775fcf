"""Every store: the further outputs of a photo are recorded, kept and given up together with its main one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conformance.world import MTIME, World, staged_of
from junmai import errors
from junmai.domain.model import Claim, FurtherOutput, FurtherPart, NewItem, OutputOptions, Recipe, Settled, Staged

WEB = FurtherOutput("web", OutputOptions(long_edge=2048))
RECIPE = Recipe(further=(WEB,))


def with_web(claim: Claim) -> Staged:
    part = FurtherPart("web", f"web/{claim.output_name}", "jpeg", 50, f"{claim.photo_id + 100:064x}", "key-web")
    return staged_of(claim, further=(part,))


def test_what_was_staged_with_further_outputs_is_taken_over_with_them(world: World) -> None:
    world.batch(1, recipe=RECIPE)
    first, second = world.runner(), world.runner()
    staged = with_web(*world.claim(first))
    world.store.stage(first, [staged])
    assert world.store.take_over(first, second)[1] == [replace(staged)]


def test_a_settled_item_has_a_row_for_each_output(world: World) -> None:
    batch = world.batch(1, recipe=RECIPE)
    runner = world.runner()
    staged = with_web(*world.claim(runner))
    world.store.stage(runner, [staged])
    world.store.settle(runner, [Settled(staged, MTIME, (MTIME + 1,))])
    (part,) = world.item(batch).further
    row = world.store.output_at("/out", part.name)
    assert row is not None
    assert (row["label"], row["sha256"], row["mtime_ns"], row["photo_id"]) == (
        "web",
        part.sha256,
        MTIME + 1,
        staged.photo_id,
    )


def test_an_item_that_is_given_back_has_no_further_outputs(world: World) -> None:
    batch = world.batch(1, recipe=RECIPE)
    runner = world.runner()
    claims = world.claim(runner)
    world.store.stage(runner, [with_web(*claims)])
    world.fail(runner, claims, retry_at=0.0)
    assert (world.item(batch).status, world.item(batch).further) == ("pending", ())


def test_a_late_attempt_records_no_further_output(world: World) -> None:
    batch = world.batch(1, recipe=RECIPE)
    runner = world.runner()
    (claim,) = world.claim(runner)
    world.fail(runner, [claim], retry_at=0.0)
    assert world.store.stage(runner, [with_web(claim)]) == set()
    assert world.item(batch).further == ()


def test_a_name_beside_a_main_output_belongs_to_one_photo(world: World) -> None:
    one, other = world.photos(2)
    world.batch(photo_ids=[one], recipe=RECIPE)
    taken = NewItem(other, f"{one}.tif")
    new_recipe = replace(RECIPE, output=OutputOptions(format="tiff"))
    from conformance.world import a_batch

    new = a_batch(9, recipe=new_recipe)
    with pytest.raises(errors.StoreError):
        world.store.create_batch(new, world.folder(), [taken], writer_no=None)
