"""Figures for Prometheus, read from the store when they are asked for."""

from __future__ import annotations

import math
from collections.abc import Iterator

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from junmai.api.service import Service
from junmai.control.recovery import live_runners
from junmai.control.working import queue_of
from junmai.domain.lifecycle import BatchStatus

MEDIA_TYPE = CONTENT_TYPE_LATEST


class _Figures(Collector):
    def __init__(self, service: Service) -> None:
        self._service = service

    def collect(self) -> Iterator[Metric]:
        """Every figure as it is now."""
        yield from self._batches()
        store, settings = self._service.controller.store, self._service.controller.settings
        alive = [one for one in live_runners(store, settings) if one.scope_batch_no != 0]
        yield GaugeMetricFamily("junmai_runners", "Runners that live.", value=len(alive))
        yield GaugeMetricFamily("junmai_workers", "Their workers.", value=sum(one.workers for one in alive))
        queue = queue_of(store, settings)
        depth = queue.depth if queue is not None else None
        value = math.nan if depth is None else depth  # no 0: nobody knows where a broker does not answer
        yield GaugeMetricFamily("junmai_queue_depth", "Offers in the broker's queue; NaN: unknown.", value=value)
        yield CounterMetricFamily("junmai_events", "Events recorded.", value=store.last_event())
        yield from self._requests()

    def _batches(self) -> Iterator[Metric]:
        rows = {row["status"]: row for row in self._service.controller.store.batch_totals()}
        batches = GaugeMetricFamily("junmai_batches", "Batches by state.", labels=["status"])
        photos = GaugeMetricFamily("junmai_batch_photos", "Photos of all batches by how they ended.", labels=["end"])
        for status in BatchStatus:
            batches.add_metric([status], rows[status]["batches"] if status in rows else 0)
        for end in ("processed", "failed", "skipped"):
            photos.add_metric([end], sum(row[end] or 0 for row in rows.values()))
        left = [row for status, row in rows.items() if status in ("running", "paused")]
        ended = sum(row["processed"] + row["failed"] + row["skipped"] for row in left)
        photos.add_metric(["remaining"], sum(row["photos"] for row in left) - ended)
        yield batches
        yield photos

    def _requests(self) -> Iterator[Metric]:
        counts = self._service.counts
        requests = CounterMetricFamily("junmai_http_requests", "Requests answered.", labels=["method", "status"])
        for (method, status), count in list(counts.requests.items()):
            requests.add_metric([method, str(status)], count)
        yield requests
        yield CounterMetricFamily("junmai_http_seconds", "Seconds spent on requests.", value=counts.seconds)
        yield GaugeMetricFamily("junmai_http_open", "Requests in hand, streams included.", value=counts.open)
        listening = len(self._service.feed.subscribers)
        yield GaugeMetricFamily("junmai_listeners", "Clients that listen for events.", value=listening)


def text_of(service: Service) -> bytes:
    """The figures in the text format of Prometheus."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Figures(service))
    return generate_latest(registry)
