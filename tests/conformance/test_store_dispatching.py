"""Offering items to workers elsewhere, and claiming what was offered, in every store."""

from __future__ import annotations

import pytest

from conformance.world import MTIME, World, staged_of
from helpers import FakeClock
from junmai.domain.dispatch import Offer
from junmai.domain.lifecycle import PauseReason
from junmai.domain.model import Settled


def test_a_batch_offers_what_waits_in_the_order_of_claiming(world: World) -> None:
    batch = world.batch(3)
    (ready,) = world.store.ready_batches(None)
    assert (ready.no, ready.id, ready.priority, ready.measuring) == (batch.no, batch.id, 5, False)
    assert world.store.offers(ready, 2) == [Offer(batch.id, 0, 1), Offer(batch.id, 1, 1)]
    world.claim(world.runner(), limit=2)
    assert world.store.offers(ready, 2) == [Offer(batch.id, 2, 1)]


def test_an_urgent_batch_is_offered_first(world: World) -> None:
    first, second = world.batch(1), world.batch(1)
    world.store.set_priority(second.id, 9, by="test")
    assert [one.no for one in world.store.ready_batches(None)] == [second.no, first.no]
    assert [one.no for one in world.store.ready_batches(first.no)] == [first.no]


def test_what_was_offered_is_claimed_once(world: World) -> None:
    batch = world.batch(2)
    first, second = world.runner(), world.runner()
    offer = Offer(batch.id, 1, 1)
    claims = world.store.claim_offered(first, [offer, offer])
    claim = claims[offer]
    assert (len(claims), claim.position, claim.attempt) == (1, 1, 1)
    assert claim.photo == world.store.photo(claim.photo_id)
    assert world.store.claim_offered(second, [offer]) == {}
    item = world.item(batch, 1)
    assert (item.status, item.attempt, item.runner_no) == ("running", 1, first)
    (event,) = [one for one in world.store.events(no=batch.no) if one.type == "items_claimed"]
    assert event.data["items"] == [[claim.photo_id, 1]]


def test_an_offer_of_an_attempt_that_is_over_claims_nothing(world: World) -> None:
    batch = world.batch(1)
    runner = world.runner()
    late = Offer(batch.id, 0, 1)
    claims = world.store.claim_offered(runner, [late])
    world.store.release(runner, claims.values(), why="test")
    assert world.store.claim_offered(runner, [late]) == {}
    (again,) = world.store.offers(world.store.ready_batches(None)[0], 5)
    assert again == Offer(batch.id, 0, 2)
    assert world.store.claim_offered(runner, [again])[again].attempt == 2


@pytest.mark.parametrize("state", ["paused", "cancelled"])
def test_no_offer_of_a_batch_that_stands_is_claimed(world: World, state: str) -> None:
    batch = world.batch(1)
    if state == "paused":
        world.store.pause(batch.id, reason=PauseReason.USER, by="test")
    else:
        world.store.cancel(batch.id, by="test")
    assert world.store.claim_offered(world.runner(), [Offer(batch.id, 0, 1)]) == {}
    assert world.store.ready_batches(None) == []


def test_offers_of_unknown_batches_and_items_claim_nothing(world: World) -> None:
    batch = world.batch(1)
    offers = [Offer("batch_0123456789ab", 0, 1), Offer(batch.id, 7, 1), Offer(batch.id, 0, 9)]
    assert world.store.claim_offered(world.runner(), offers) == {}


def test_an_offer_of_a_photo_that_is_done_claims_nothing(world: World) -> None:
    batch = world.batch(1)
    runner = world.runner()
    offer = Offer(batch.id, 0, 1)
    (claim,) = world.store.claim_offered(runner, [offer]).values()
    staged = staged_of(claim)
    world.store.stage(runner, [staged])
    world.store.settle(runner, [Settled(staged, MTIME)])
    assert world.store.claim_offered(runner, [offer, Offer(batch.id, 0, 2)]) == {}


def test_what_runners_hold_is_told_with_the_photo_and_since_when(world: World, fake_clock: FakeClock) -> None:
    batch = world.batch(2)
    runner = world.runner()
    (claim,) = world.claim(runner, limit=1)
    (held,) = world.store.held_photos()
    photo = world.store.photo(claim.photo_id)
    assert photo is not None
    assert (held.runner_no, held.batch_id, held.photo_id, held.path, held.since) == (
        runner,
        batch.id,
        claim.photo_id,
        photo.path,
        fake_clock.now(),
    )
