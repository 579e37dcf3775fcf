"""A process of its own that claims from a store, for tests of several processes at once.

Arguments: engine, place, runner number, batch number, how many to claim at a time. It waits for a line on its
standard input, claims and settles until nothing is left or the batch stands, and prints what it claimed.
"""

from __future__ import annotations

import sys

from conformance.engines import ENGINES
from conformance.world import MTIME, staged_of
from helpers import FakeClock
from junmai.domain.model import Settled


def main(engine: str, place: str, runner: str, batch: str, limit: str) -> None:
    store = ENGINES[engine](place, FakeClock())
    print("ready", flush=True)
    sys.stdin.readline()
    while store.batch_no(int(batch)).status == "running":
        claims = store.claim(int(runner), scope=int(batch), limit=int(limit))
        if not claims:
            break
        staged = [staged_of(claim) for claim in claims]
        store.stage(int(runner), staged)
        store.settle(int(runner), [Settled(one, MTIME) for one in staged])
        print(*(claim.position for claim in claims), flush=True)
    store.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
