"""The same over RabbitMQ, where it is installed: offers, their priorities, and the faults that a broker can have."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import cluster as clusters
import rabbit
from api.serving import free_port
from cluster import Cluster
from crash import test_cluster_faults
from junmai import errors
from junmai.domain.dispatch import Offer
from junmai.executors.celery import Broker, make_app
from rabbit import Rabbit
from running import wait_until

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(clusters.missing() is not None, reason=str(clusters.missing())),
    pytest.mark.skipif(rabbit.missing() is not None, reason=str(rabbit.missing())),
    pytest.mark.skipif(sys.platform == "win32", reason="clusters of Windows machines are not offered"),
]
test_three_workers_develop_every_photo_once = test_cluster_faults.test_three_workers_develop_every_photo_once
test_the_broker_forgets_every_message = test_cluster_faults.test_the_broker_forgets_every_message
test_the_broker_is_killed_and_comes_back_empty = test_cluster_faults.test_the_broker_is_killed_and_comes_back_empty
test_every_message_comes_twice = test_cluster_faults.test_every_message_comes_twice_and_once_more_when_all_is_done
test_what_is_no_offer_is_dropped = test_cluster_faults.test_what_is_no_offer_is_dropped_and_the_worker_goes_on
shoot = test_cluster_faults.shoot


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rabbit]:
    made = Rabbit(tmp_path_factory.mktemp("rabbit"))
    yield made
    made.stop()


@pytest.fixture
def cluster(tmp_path: Path, postgres_url: str, server: Rabbit) -> Iterator[Cluster]:
    server.flush()
    made = Cluster(tmp_path, postgres_url, server)
    yield made
    made.close()


def test_a_queue_that_nobody_made_yet_is_empty(server: Rabbit) -> None:
    broker = Broker(server.url)
    assert (broker.depth("junmai.nobody"), broker.depth("junmai.nobody")) == (0, 0)
    broker.close()


def test_the_most_urgent_message_comes_first(server: Rabbit) -> None:
    server.flush()
    broker = Broker(server.url)
    for priority in (1, 10, 5):
        broker.send(Offer("batch_0123456789ab", priority, 1), priority)
    assert wait_until(lambda: broker.depth() == 3)
    with make_app(server.url).connection_for_read() as connection:
        taken = [connection.default_channel.basic_get("junmai", no_ack=True) for _ in range(3)]
    assert [one.properties["priority"] for one in taken] == [10, 5, 1]
    broker.close()


def test_a_rabbitmq_that_is_not_there_is_said_without_its_password() -> None:
    broker = Broker(f"amqp://somebody:secret@127.0.0.1:{free_port()}//")
    with pytest.raises(errors.BrokerAway) as away:
        broker.send(Offer("batch_0123456789ab", 7, 1), 5)
    assert "127.0.0.1" in away.value.message
    assert "secret" not in away.value.message
    broker.close()
