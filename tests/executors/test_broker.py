"""What is said where the broker is away, comes back, or has lost what it held."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import cluster as clusters
from api.serving import free_port
from cluster import Valkey
from junmai import errors
from junmai.control import working
from junmai.domain.dispatch import Offer
from junmai.executors.celery import Broker, message_priority, place_of
from running import junmai, wait_until

pytestmark = [
    pytest.mark.skipif(clusters.missing() is not None, reason=str(clusters.missing())),
    pytest.mark.skipif(sys.platform == "win32", reason="clusters of Windows machines are not offered"),
]
OFFER = Offer("batch_0123456789ab", 7, 1)


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[Valkey]:
    server = Valkey(tmp_path / "valkey")
    yield server
    server.stop()


@pytest.mark.parametrize("act", [lambda broker: broker.send(OFFER, 5), lambda broker: broker.depth()])
def test_a_broker_that_is_not_there_is_said_without_its_password(act: object) -> None:
    broker = Broker(f"redis://:secret@127.0.0.1:{free_port()}/0")
    for _ in range(2):
        with pytest.raises(errors.BrokerAway) as away:
            act(broker)  # type: ignore[operator]
        assert "127.0.0.1" in away.value.message
        assert "secret" not in away.value.message
    broker.close()


def test_a_broker_that_dies_between_two_messages_is_said_and_reached_again(valkey: Valkey) -> None:
    broker = Broker(valkey.url)
    broker.send(OFFER, 5)
    assert broker.depth() == 1
    valkey.kill()
    for act in (lambda: broker.send(OFFER, 5), broker.depth, lambda: broker.send(OFFER, 5)):
        with pytest.raises(errors.BrokerAway):
            act()
    valkey.begin_again()
    assert broker.depth() == 0
    broker.send(OFFER, 5)
    assert broker.depth() == 1
    broker.close()


def test_a_worker_says_once_that_its_broker_cannot_be_used_and_once_that_it_can_again(
    valkey: Valkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(working, "BROKER_SECONDS", 0.05)
    said: list[str] = []
    watch = working.BrokerWatch(valkey.url, said.append)
    watch.start()
    valkey.kill()
    assert wait_until(lambda: bool(said))
    valkey.begin_again()
    assert wait_until(lambda: len(said) > 1)
    watch.stop()
    assert "cannot be used" in said[0]
    assert said[1:] == ["The broker can be used again."]


def test_a_worker_without_the_store_of_the_others_is_refused(tmp_path: Path) -> None:
    ended = junmai("worker", data=tmp_path / "data", JUNMAI_BROKER="redis://127.0.0.1:1/0")
    assert ended.code == 2
    assert "set `store`" in ended.err


def test_the_most_urgent_batch_comes_first_over_every_kind_of_broker() -> None:
    assert message_priority("redis://server", 10) < message_priority("redis://server", 1)
    assert message_priority("amqp://server", 10) > message_priority("amqp://server", 1)


def test_the_place_of_a_broker_is_told_without_who_asks() -> None:
    assert place_of("redis://user:secret@server:6379/0") == "redis://server:6379/0"
