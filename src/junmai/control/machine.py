"""How busy the machine is beside Junmai's own work, when the photographer is told, and when batches wait for it."""

from __future__ import annotations

import multiprocessing
import os
from dataclasses import dataclass
from typing import Protocol

import psutil

from junmai import log as logs
from junmai.config import Settings
from junmai.control.conditions import MEMORY, PROCESSOR, Cause
from junmai.domain.lifecycle import PauseReason
from junmai.store.base import Store

log = logs.get("junmai.machine")

LOOK_SECONDS = 2.0
WARN_PERCENT = {MEMORY: 85.0, PROCESSOR: 80.0}
"""From here on the photographer is told; a batch that waited goes on below it."""
LASTING_SECONDS = {MEMORY: 4.0, PROCESSOR: 60.0}
"""How long a resource must be critical before batches wait: memory kills quickly, and a processor that is busy for a
moment only slows the workers down, which run at a lower priority than what the user does."""
TOLD_AGAIN_PERCENT = 5.0
"""So much below the limit it must go before the next crossing is told."""


@dataclass(frozen=True, slots=True)
class Load:
    """Percent of the memory in use by everybody, and of all processors in use by everybody but Junmai."""

    memory: float
    processor: float

    def of(self, resource: str) -> float:
        """The percent of one resource."""
        return self.memory if resource == MEMORY else self.processor


class Machine(Protocol):
    """Whatever can say how busy the machine is."""

    def load(self) -> Load:
        """The load since the last call; the first one says 0 for the processor."""


class ThisMachine:
    """The machine that this process runs on."""

    def __init__(self) -> None:
        self._busy, self._total = _processor_seconds()
        self._own = _own_seconds()

    def load(self) -> Load:
        """The load since the last call."""
        busy, total = _processor_seconds()
        own = _own_seconds()
        passed = total - self._total
        others = (busy - self._busy) - max(0.0, own - self._own)
        self._busy, self._total, self._own = busy, total, own
        processor = 100 * min(1.0, max(0.0, others / passed)) if passed > 0 else 0.0
        return Load(float(psutil.virtual_memory().percent), processor)


class Watch:
    """Looks at the machine for one runner: tells of what crosses a limit, and says whether batches must wait."""

    def __init__(self, store: Store, settings: Settings, machine: Machine | None = None) -> None:
        self._store = store
        self._limits = {MEMORY: settings.busy_memory_percent, PROCESSOR: settings.busy_cpu_percent}
        self._machine = machine or ThisMachine()
        self._told: set[str] = set()
        self._critical_since: dict[str, float] = {}
        self._load = Load(0.0, 0.0)

    def look(self) -> Cause | None:
        """The cause for which batches must wait now, None where there is none."""
        self._load = self._machine.load()
        cause = None
        for resource, limit in self._limits.items():
            if not limit:
                continue
            value = self._load.of(resource)
            self._tell(resource, value)
            if value < limit:
                self._critical_since.pop(resource, None)
                continue
            now = self._store.clock.monotonic()
            since = self._critical_since.setdefault(resource, now)
            if now - since >= LASTING_SECONDS[resource]:
                cause = cause or Cause(PauseReason.MACHINE_BUSY, resource)
        return cause

    def is_over(self, resource: str) -> bool:
        """Whether a batch that waits for this resource may go on, by the last look."""
        return self._load.of(resource) < WARN_PERCENT[resource]

    def _tell(self, resource: str, value: float) -> None:
        limit = WARN_PERCENT[resource]
        if value < limit - TOLD_AGAIN_PERCENT:
            self._told.discard(resource)
        if value < limit or resource in self._told:
            return
        self._told.add(resource)
        message = f"{value:.0f} % of the {resource} is in use by other programs."
        if resource == MEMORY:
            message = f"{value:.0f} % of the memory is in use. Close other programs or use fewer workers."
        self._store.tell(
            "resource_warning", resource_type=resource, current_value=round(value, 1), threshold=limit, message=message
        )
        log.warning("the machine is busy", resource=resource, percent=round(value, 1))


def _processor_seconds() -> tuple[float, float]:
    """Seconds of all processors since the start of the machine: busy, and in all."""
    times = psutil.cpu_times()
    idle = times.idle + getattr(times, "iowait", 0.0)
    total = sum(times) - getattr(times, "guest", 0.0) - getattr(times, "guest_nice", 0.0)  # both are in user as well
    return total - idle, total


def _own_seconds() -> float:
    """Processor seconds of this process and of its workers."""
    pids = [os.getpid(), *(child.pid for child in multiprocessing.active_children() if child.pid)]
    seconds = 0.0
    for pid in pids:
        try:
            times = psutil.Process(pid).cpu_times()
        except psutil.Error:
            continue  # it ended in this moment; its seconds count as the others' for one look
        seconds += times.user + times.system
    return seconds
