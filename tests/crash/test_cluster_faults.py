"""Machines die, sleep and lose their broker in the middle of a batch: nothing is lost, nothing is done twice.

Three workers on machines of their own, one that offers, PostgreSQL, Valkey. Each test is one fault; the last is many,
at random: JUNMAI_TEST_CLUSTER_KILLS is their number (3), JUNMAI_TEST_SEED the seed of their moments.
"""

from __future__ import annotations

import contextlib
import os
import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import cluster as clusters
import postgres
from api.serving import free_port, server
from cluster import LEASE_SECONDS, Cluster, Valkey, assert_all_is_well, wait_until
from junmai.config import Settings
from junmai.control.working import at_work
from junmai.demo.shoot import make_sample_shoot
from junmai.executors.celery import Broker
from running import checksums, fingerprints, junmai, kill_group
from shoots import Shoot

KILLS = int(os.environ.get("JUNMAI_TEST_CLUSTER_KILLS", "3"))
SEED = int(os.environ.get("JUNMAI_TEST_SEED", "0")) or random.randrange(1, 1 << 30)
PHOTOS = max(40, 6 * KILLS)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(clusters.missing() is not None, reason=str(clusters.missing())),
    pytest.mark.skipif(sys.platform == "win32", reason="clusters of Windows machines are not offered"),
]


@pytest.fixture(scope="module")
def shoot(tmp_path_factory: pytest.TempPathFactory) -> Shoot:
    base = tmp_path_factory.mktemp("reference")
    folder = base / "shoot"
    make_sample_shoot(folder, count=PHOTOS, long_edge=1240)
    ended = junmai("develop", folder, "--out", base / "out", "--json", "--workers", "2", data=base / "data")
    assert ended.code == 0, ended.err
    return Shoot(folder, fingerprints(folder), checksums(base / "out"))


@pytest.fixture(scope="module")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    server = Valkey(tmp_path_factory.mktemp("valkey"))
    yield server
    server.stop()


@pytest.fixture
def cluster(tmp_path: Path, postgres_url: str, valkey: Valkey) -> Iterator[Cluster]:
    valkey.flush()
    made = Cluster(tmp_path, postgres_url, valkey)
    yield made
    made.close()


@contextlib.contextmanager
def _developing(cluster: Cluster, shoot: Shoot, out: Path, *, until: int = 4) -> Iterator[None]:
    """A batch of the shoot with three workers at it; after the block it is waited for."""
    cluster.add_workers(3)
    command = ("develop", shoot.folder, "--out", out, "--json")
    offering = cluster.start(*command, data=cluster.machine())
    try:
        cluster.wait_for_photos(until)
        yield
        _, err = offering.communicate(timeout=clusters.PATIENCE)
        assert offering.returncode == 0, err
    finally:
        kill_group(offering)
        offering.communicate()


def test_three_workers_develop_every_photo_once(cluster: Cluster, shoot: Shoot, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with _developing(cluster, shoot, out, until=1):
        with cluster.store() as store:
            settings = Settings(data=cluster.machine(), lease_seconds=LEASE_SECONDS)
            wait_until(lambda: any(one.photos for one in at_work(store, settings)), "photos in hand")
        listed = junmai("workers", "--json", data=cluster.machine(), **cluster.environment).summary
        assert [one["role"] for one in listed["workers"]].count("worker") == 3
        assert listed["queue_depth"] is not None
    assert_all_is_well(cluster, shoot, out)
    assert [worker.end() for worker in cluster.workers] == [0, 0, 0]
    for worker in cluster.workers:
        wait_until(lambda said=worker.said: "Ended" in said[-1], "its last word")  # type: ignore[misc]
        assert "Finishing the photos in hand" in worker.said[-2]


def test_a_worker_is_killed(cluster: Cluster, shoot: Shoot, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with _developing(cluster, shoot, out):
        cluster.workers[0].kill()
    assert_all_is_well(cluster, shoot, out)


def test_all_workers_are_killed_and_others_come(cluster: Cluster, shoot: Shoot, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with _developing(cluster, shoot, out):
        for worker in cluster.workers:
            worker.kill()
        cluster.add_workers(2)
    assert_all_is_well(cluster, shoot, out)


def test_the_one_who_offers_is_killed_and_workers_go_on_by_themselves(
    cluster: Cluster, shoot: Shoot, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    cluster.add_workers(3)
    offering = cluster.start("develop", shoot.folder, "--out", out, "--json", data=cluster.machine())
    cluster.wait_for_photos(4)
    kill_group(offering)
    offering.communicate()
    batch = cluster.batch()
    assert batch is not None
    assert batch.status == "running"
    wait_until(lambda: (now := cluster.batch()) is not None and now.status == "completed", "the end of the batch")
    assert_all_is_well(cluster, shoot, out)


def test_the_broker_forgets_every_message(cluster: Cluster, shoot: Shoot, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with _developing(cluster, shoot, out):
        for _ in range(5):
            cluster.broker.flush()
            time.sleep(0.3)
    assert_all_is_well(cluster, shoot, out)


def test_the_broker_is_killed_and_comes_back_empty(cluster: Cluster, shoot: Shoot, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with _developing(cluster, shoot, out):
        cluster.broker.kill()
        time.sleep(1.0)
        cluster.broker.begin_again()
    assert_all_is_well(cluster, shoot, out)


def test_postgresql_is_restarted(
    cluster: Cluster, shoot: Shoot, tmp_path: Path, postgres_server: postgres.Server
) -> None:
    out = tmp_path / "out"
    with _developing(cluster, shoot, out):
        postgres_server.stop()
        time.sleep(0.5)
        postgres_server.start()
    assert_all_is_well(cluster, shoot, out)


def test_a_worker_sleeps_for_longer_than_its_lease_and_goes_on(cluster: Cluster, shoot: Shoot, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with _developing(cluster, shoot, out):
        sleeper = cluster.workers[0]
        sleeper.stand_still()
        time.sleep(LEASE_SECONDS + 2.5)
        sleeper.go_on()
    assert sleeper.process.poll() is None
    time.sleep(1.0)
    assert_all_is_well(cluster, shoot, out)


def test_every_message_comes_twice_and_once_more_when_all_is_done(
    cluster: Cluster, shoot: Shoot, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    broker = Broker(cluster.broker.url)
    with _developing(cluster, shoot, out), cluster.store() as store:
        (ready,) = store.ready_batches(None) or (None,)
        again = store.offers(ready, PHOTOS) if ready is not None else []
        for offer in [*again, *again]:
            broker.send(offer, 5)
    for offer in again:
        broker.send(offer, 10)
    wait_until(lambda: broker.depth() == 0, "an empty queue")
    broker.close()
    time.sleep(0.5)
    assert again
    assert_all_is_well(cluster, shoot, out)


def test_what_is_no_offer_is_dropped_and_the_worker_goes_on(cluster: Cluster, shoot: Shoot, tmp_path: Path) -> None:
    out = tmp_path / "out"
    broker = Broker(cluster.broker.url)
    with _developing(cluster, shoot, out):
        for said in ({"batch_id": "../../etc", "position": 0, "attempt": 1}, {"batch_id": 5}, {"command": os.name}):
            broker._app.send_task("junmai.develop", kwargs=said, queue="junmai", producer=broker._connected())
        broker._app.send_task("os.system", args=["true"], queue="junmai", producer=broker._connected())
    broker.close()
    assert_all_is_well(cluster, shoot, out)
    assert all(worker.process.poll() is None for worker in cluster.workers)


def test_api_workers_and_broker_are_killed_at_random_moments(cluster: Cluster, shoot: Shoot, tmp_path: Path) -> None:
    print(f"seed {SEED}, {KILLS} kills")
    chance = random.Random(SEED)
    data, port, out = cluster.machine(), free_port(), tmp_path / "out"
    cluster.add_workers(3)
    begun = {"photo_ids": [], "config": {"output": {"folder": str(out)}}}
    for kill in range(KILLS + 1):
        with server(data, port=port, **cluster.environment, JUNMAI_RECOVERY="resume") as found:
            if not begun["photo_ids"]:
                found.post("/photos/import", {"folders": [str(shoot.folder)]})
                begun["photo_ids"] = [photo["photo_id"] for photo in found.get("/photos")["photos"]]
                found.post("/batch/start", begun)
            if kill == KILLS:
                batch = cluster.wait_for_photos(PHOTOS)
                assert found.wait_for(batch.id, "completed")["failed_count"] == 0
                break
            _kill_at_random(cluster, chance)
            kill_group(found.process)
    assert_all_is_well(cluster, shoot, out)


def _kill_at_random(cluster: Cluster, chance: random.Random) -> None:
    """Something dies in the middle of photos, and is replaced."""
    batch = cluster.batch()
    assert batch is not None
    cluster.wait_for_photos(min(PHOTOS, batch.processed + 2))
    time.sleep(chance.uniform(0.0, 0.3))
    living = [worker for worker in cluster.workers if worker.process.poll() is None]
    victims = chance.choice([[], living[:1], living])
    for worker in victims:
        worker.kill()
    if chance.random() < 0.5:
        cluster.broker.flush()
    cluster.add_workers(len(victims))
