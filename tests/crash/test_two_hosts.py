"""Two machines that share a folder, a database and a broker, each with a network of its own that can be cut."""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

import cluster as clusters
import postgres
from cluster import Cluster, Valkey, Worker, assert_all_is_well, wait_until
from junmai.demo.shoot import make_sample_shoot
from running import checksums, fingerprints, junmai, kill_group
from shoots import Shoot

PHOTOS = 30
HOSTS = 2
IP = shutil.which("ip") or shutil.which("ip", path="/usr/sbin:/sbin")


def _missing() -> str | None:
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        return "networks can be made by root on Linux only"
    if IP is None:
        return "the command `ip` is not here"
    name = f"junmai-probe-{os.getpid()}"
    if subprocess.run([IP, "netns", "add", name], capture_output=True, check=False).returncode:
        return "this machine lets nobody make a network"
    subprocess.run([IP, "netns", "del", name], check=True)
    return clusters.missing()


MISSING = _missing()
pytestmark = [pytest.mark.slow, pytest.mark.skipif(MISSING is not None, reason=str(MISSING))]


class Host:
    """A machine with a network of its own; ours is at the other end of its cable."""

    def __init__(self, number: int) -> None:
        self.name = f"junmai-{os.getpid()}-{number}"
        self._cable = f"jm{os.getpid() % 100000}{number}"
        self.ours = f"10.203.{number}.1"
        end = f"{self._cable}e"
        _ip("netns", "add", self.name)
        _ip("link", "add", self._cable, "type", "veth", "peer", "name", end)
        _ip("link", "set", end, "netns", self.name)
        _ip("addr", "add", f"{self.ours}/30", "dev", self._cable)
        _ip("link", "set", self._cable, "up")
        _ip("-n", self.name, "addr", "add", f"10.203.{number}.2/30", "dev", end)
        _ip("-n", self.name, "link", "set", end, "up")
        _ip("-n", self.name, "link", "set", "lo", "up")

    def cut(self) -> None:
        """Pull the cable."""
        _ip("link", "set", self._cable, "down")

    def mend(self) -> None:
        """Put it in again."""
        _ip("link", "set", self._cable, "up")

    def remove(self) -> None:
        """End it."""
        _ip("netns", "del", self.name)

    def worker(self, cluster: Cluster, store: str, broker: str) -> Worker:
        """A worker on it."""
        data = cluster.machine()
        reached = {**cluster.environment, "JUNMAI_STORE": store, "JUNMAI_BROKER": broker, "JUNMAI_DATA": str(data)}
        process = subprocess.Popen(
            [str(IP), "netns", "exec", self.name, sys.executable, "-m", "junmai", "worker", "--workers", "1"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env={**os.environ, **reached},
            start_new_session=True,
        )
        return cluster.follow(Worker(data, process))


def _ip(*arguments: str) -> None:
    subprocess.run([str(IP), *arguments], check=True, capture_output=True)


class Passage:
    """Everything that comes to a port of this machine goes on to a server that only this machine reaches."""

    def __init__(self, family: int, address: str | tuple[str, int]) -> None:
        self._to = (family, address)
        self._listening = socket.create_server(("0.0.0.0", 0))
        self.port = int(self._listening.getsockname()[1])
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        """Let nobody in any more."""
        self._listening.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                came, _ = self._listening.accept()
                threading.Thread(target=self._pass_on, args=(came,), daemon=True).start()

    def _pass_on(self, came: socket.socket) -> None:
        family, address = self._to
        with contextlib.suppress(OSError), came, socket.socket(family) as there:
            there.connect(address)
            other = {came: there, there: came}
            while True:
                for one in select.select(list(other), [], [])[0]:
                    said = one.recv(65536)
                    if not said:
                        return
                    other[one].sendall(said)


@pytest.fixture(scope="module")
def shoot(tmp_path_factory: pytest.TempPathFactory) -> Shoot:
    base = tmp_path_factory.mktemp("reference")
    folder = base / "shoot"
    make_sample_shoot(folder, count=PHOTOS, long_edge=1240)
    ended = junmai("develop", folder, "--out", base / "out", "--json", "--workers", "2", data=base / "data")
    assert ended.code == 0, ended.err
    return Shoot(folder, fingerprints(folder), checksums(base / "out"))


@pytest.fixture
def hosts() -> Iterator[list[Host]]:
    made: list[Host] = []
    try:
        made.extend(Host(number) for number in range(HOSTS))
        yield made
    finally:
        for host in made:
            host.remove()


@pytest.fixture
def cluster(
    tmp_path: Path, postgres_server: postgres.Server, postgres_url: str, hosts: list[Host]
) -> Iterator[Cluster]:
    """A worker on each host; PostgreSQL and Valkey are reached over their cables."""
    broker = Valkey(tmp_path / "valkey")
    to_store = Passage(socket.AF_UNIX, str(next(postgres_server.folder.glob(".s.PGSQL.*[0-9]"))))
    to_broker = Passage(socket.AF_INET, ("127.0.0.1", broker.port))
    made = Cluster(tmp_path, postgres_url, broker)
    try:
        name = postgres_server.name(postgres_url)
        for host in hosts:
            store = f"postgresql://postgres@{host.ours}:{to_store.port}/{name}"
            host.worker(made, store, f"redis://{host.ours}:{to_broker.port}/0")
        wait_until(lambda: all(worker.is_ready() for worker in made.workers), "the workers")
        yield made
    finally:
        made.close()
        to_store.close()
        to_broker.close()
        broker.stop()


def _at_work(cluster: Cluster) -> set[int]:
    """The runners that have a photo in hand."""
    with cluster.store() as store:
        return {photo.runner_no for photo in store.held_photos()}


def test_both_develop_and_one_is_cut_off_in_the_middle(
    cluster: Cluster, hosts: list[Host], shoot: Shoot, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    offering = cluster.start("develop", shoot.folder, "--out", out, "--json", data=cluster.machine())
    seen: set[int] = set()
    try:

        def both_have_photos() -> bool:
            seen.update(_at_work(cluster))
            return len(seen) == HOSTS

        wait_until(both_have_photos, "both hosts to develop")
        begun = cluster.wait_for_photos(4)
        assert begun.status == "running"
        hosts[0].cut()
        _, err = offering.communicate(timeout=clusters.PATIENCE)
        assert offering.returncode == 0, err
    finally:
        kill_group(offering)
        offering.communicate()
    hosts[0].mend()

    def both_live() -> bool:
        listed = junmai("workers", "--json", data=cluster.machine(), **cluster.environment).summary
        return [one["role"] for one in listed["workers"]].count("worker") == HOSTS

    wait_until(both_live, "the one that was cut off to be back")
    assert all(worker.process.poll() is None for worker in cluster.workers)
    assert_all_is_well(cluster, shoot, out)
