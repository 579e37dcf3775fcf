"""Named roots that are not at hand: who lacks them, and what the user is told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from junmai import errors
from junmai.config import Settings
from junmai.control.recovery import live_runners
from junmai.domain.lifecycle import BatchStatus
from junmai.domain.model import Batch
from junmai.domain.runner import RunnerInfo
from junmai.store.base import Store


def beyond(roots: Sequence[str], runners: Iterable[RunnerInfo]) -> bool:
    """Whether nobody of these has all of the roots."""
    return not any(set(roots) <= set(one.roots) for one in runners)


def missing_for(store: Store, settings: Settings, batch: Batch) -> list[str]:
    """The roots that keep a running batch waiting: those that nobody who could develop it has, or all where nobody has
    them together. Where nobody is at work, those that this machine lacks."""
    roots = store.roots_of(batch.no) if batch.status == BatchStatus.RUNNING else []
    able = [one for one in live_runners(store, settings, serving=batch.no) if one.workers] if roots else []
    if not able:
        return [name for name in roots if name not in store.roots.names]
    if not beyond(roots, able):
        return []
    return [name for name in roots if beyond([name], able)] or roots


def waiting(store: Store, settings: Settings) -> list[tuple[Batch, list[str]]]:
    """The running batches that wait for roots, each with these; the newest first."""
    found = ((batch, missing_for(store, settings, batch)) for batch in store.batches(status=BatchStatus.RUNNING))
    return [(batch, missing) for batch, missing in found if missing]


def sentence(missing: Sequence[str]) -> str:
    """What the user reads of a batch that waits for them."""
    return f"it waits for the root {' and '.join(missing)}, which nobody who develops has; {advice(missing)}"


def advice(missing: Sequence[str]) -> str:
    """Where a root is named."""
    settings = ", ".join(f'`roots.{name} = "/its/folder"`' for name in missing)
    return f"set {settings} in config.toml of one that sees its files"


def refusal(what: str, missing: Sequence[str]) -> errors.RootMissing:
    """What needs roots cannot be developed here."""
    return errors.RootMissing(what=what, roots=" and ".join(missing), first=missing[0])
