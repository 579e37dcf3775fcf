"""The contract, by the same client, over PostgreSQL, with three workers that develop what a broker offers."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import cluster as clusters
import postgres
from api import test_contract_client
from api.serving import Server, server
from cluster import Cluster, Valkey
from running import junmai

WORKERS = 3
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(clusters.missing() is not None, reason=str(clusters.missing())),
    pytest.mark.skipif(sys.platform == "win32", reason="clusters of Windows machines are not offered"),
]
globals().update({name: each for name, each in vars(test_contract_client).items() if name.startswith("test_")})
"""Every test of the client is one of this module too, with the servers below."""
Serve = Callable[..., contextlib.AbstractContextManager[Server]]


@pytest.fixture(scope="module")
def serve(postgres_server: postgres.Server, tmp_path_factory: pytest.TempPathFactory) -> Serve:
    """`server`, but over a database and with a broker of its own; with workers, unless it is to stand still."""

    @contextlib.contextmanager
    def begin(data: Path, *options: str, **more: Any) -> Iterator[Server]:
        folder = tmp_path_factory.mktemp("cluster")
        broker = Valkey(folder)
        made = Cluster(folder, postgres_server.fresh(), broker)
        try:
            with server(data, *options, **made.environment, **more) as found:
                if "--no-runner" not in options:
                    made.add_workers(WORKERS)
                yield found
            made.close()
            checked = junmai("doctor", data=made.machine(), **made.environment)
            assert checked.code == 0, checked.out + checked.err
        finally:
            made.close()
            broker.stop()
            postgres_server.drop(made.store_url)

    return begin


@pytest.fixture(scope="module")
def served(serve: Serve, shoot: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serve(tmp_path_factory.mktemp("library")) as found:
        found.post("/photos/import", {"folders": [str(shoot)]})
        yield found


@pytest.fixture(scope="module")
def still(serve: Serve, shoot: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serve(tmp_path_factory.mktemp("still"), "--no-runner") as found:
        found.post("/photos/import", {"folders": [str(shoot)], "session": "the shoot"})
        yield found


photo_ids, batch = test_contract_client.photo_ids, test_contract_client.batch


@pytest.fixture(autouse=True)
def _servers_of_a_cluster(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(test_contract_client, "server", serve)


def test_the_server_develops_nothing_itself_and_lists_its_workers(served: Server) -> None:
    found = served.get("/workers")
    assert sorted(one["role"] for one in found["workers"]) == ["serve", *["worker"] * WORKERS]
    assert [one["workers"] for one in found["workers"] if one["role"] == "serve"] == [0]
    assert isinstance(found["queue_depth"], int)
