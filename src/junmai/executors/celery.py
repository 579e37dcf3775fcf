"""Celery: messages that offer items to workers on any machine, over Redis, Valkey or RabbitMQ.

A message is a hint and carries ids alone, as JSON. Whoever gets it claims the item in the store first, so a message
that is lost, late, doubled or forged costs at most a look into the store. Nothing here relies on revoke, on results, or
on a visibility timeout: a wiped Redis lost 398 of 500 messages in silence, and revokes were forgotten after a restart.

The packages are an extra (`junmai[cluster]`) and are imported where they are used.
"""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from typing import Any, Protocol

from junmai import errors
from junmai import log as logs
from junmai.domain.dispatch import QUEUE, Offer

log = logs.get("junmai.celery")

TASK = "junmai.develop"
PRIORITIES = 10
"""Of batches: 1..10, the highest first."""
CONNECT_SECONDS = 3.0
ANSWER_SECONDS = 10.0
VISIBLE_SECONDS = 6 * 3600
"""A Redis gives a message out again after this time. It would be late by then, and claims nothing."""


class NotWanted(Exception):
    """A message goes back to the queue: this worker ends."""


class Take(Protocol):
    """What a worker does with an offer, in a thread of the pool; returns when the item is out of hand.

    Raises `NotWanted`.
    """

    def __call__(self, offer: Offer) -> None: ...


def make_app(url: str, queues: Sequence[str] = (QUEUE,)) -> Any:
    """The Celery application at a broker. Raises `ClusterNotInstalled` where the packages are not installed."""
    try:
        from celery import Celery
        from kombu.entity import Exchange, Queue
    except ImportError as error:
        raise errors.ClusterNotInstalled(detail=str(error)) from error
    app = Celery("junmai", broker=url, set_as_current=False)  # a program that embeds Junmai may have one of its own
    app.conf.update(
        task_serializer="json",
        accept_content=["json"],
        event_serializer="json",
        task_ignore_result=True,
        task_acks_late=True,
        task_default_queue=QUEUE,
        task_queues=[  # each with an exchange of its own, as Celery has those that are first named in a message
            Queue(name, Exchange(name), routing_key=name, queue_arguments={"x-max-priority": PRIORITIES})
            for name in queues
        ],
        task_queue_max_priority=PRIORITIES,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_connection_timeout=CONNECT_SECONDS,
        broker_transport_options=_transport_options(url),
        worker_prefetch_multiplier=1,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
    )
    return app


def _transport_options(url: str) -> dict[str, object]:
    if not is_redis(url):
        return {}
    return {
        "priority_steps": list(range(PRIORITIES)),
        "sep": ":",
        "visibility_timeout": VISIBLE_SECONDS,
        "socket_connect_timeout": CONNECT_SECONDS,
        "socket_timeout": ANSWER_SECONDS,
        "socket_keepalive": True,
        "health_check_interval": 10,
    }


def is_redis(url: str) -> bool:
    """Whether the broker is a Redis or a Valkey."""
    return url.split(":", 1)[0].split("+", 1)[0] in {"redis", "rediss", "sentinel"}


def message_priority(url: str, priority: int) -> int:
    """The priority of a message for that of a batch (1..10, 10 first): over Redis 0 goes first, over AMQP 10."""
    return PRIORITIES - priority if is_redis(url) else priority


def place_of(url: str) -> str:
    """The address of a broker without name and password."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}"


class Broker:
    """Sends offers and looks at the queue. For one thread."""

    def __init__(self, url: str) -> None:
        """Nothing is connected yet. Raises `ClusterNotInstalled`."""
        self._url = url
        self._app = make_app(url)
        from kombu.exceptions import KombuError

        self._connection = self._app.connection_for_write()
        # Kombu passes on the errors of the client as they are in some places, and as its own in others
        self._faults = (*self._connection.connection_errors, *self._connection.channel_errors, KombuError, OSError)
        self._producer: Any = None

    def send(self, offer: Offer, priority: int, queue: str = QUEUE) -> None:
        """Put an offer into a queue; `priority` is that of the batch. Raises `BrokerAway`."""
        with self._said():
            self._app.send_task(
                TASK,
                kwargs=asdict(offer),
                queue=queue,
                priority=message_priority(self._url, priority),
                producer=self._connected(),
                retry=False,
            )

    def depth(self, queue: str = QUEUE) -> int:
        """How many messages wait in a queue, without those that workers have. Raises `BrokerAway`."""
        from amqp.exceptions import NotFound
        from kombu.exceptions import ChannelError

        with self._said():
            channel = self._connected().channel
            try:
                return int(channel.queue_declare(queue, passive=True).message_count)
            except (NotFound, ChannelError):  # there is no such queue yet, or a Redis has it empty
                if not is_redis(self._url):
                    self.close()  # RabbitMQ closes the channel for it
                return 0

    def close(self) -> None:
        """Let go of the connection; the next call makes another."""
        connection, self._producer = self._connection, None
        self._connection = self._app.connection_for_write()
        with contextlib.suppress(Exception):  # it may be broken, and is of no use any more
            connection.close()

    def _connected(self) -> Any:
        if self._producer is None:
            self._connection.connect()
            self._producer = self._app.amqp.Producer(self._connection.default_channel)
        return self._producer

    @contextlib.contextmanager
    def _said(self) -> Iterator[None]:
        """Say what the libraries raise as `BrokerAway`, without the password in the address."""
        try:
            yield
        except self._faults as error:
            self.close()
            raise errors.BrokerAway(place=place_of(self._url), detail=str(error) or type(error).__name__) from error


class Consumer:
    """A Celery worker in this process: its threads only wait until the offers that they brought are out of hand."""

    def __init__(
        self, url: str, take: Take, *, threads: int, queues: Sequence[str] = (QUEUE,), events: bool = False
    ) -> None:
        """`threads` limits how many offers are here at once, out of all `queues`. Raises `ClusterNotInstalled`."""
        self._take = take
        self._threads = threads
        self._events = events
        self._app = make_app(url, queues)
        self._app.task(name=TASK, ignore_result=True, acks_late=True)(self._task())
        self._worker: Any = None
        self._wanted = 1
        self._thread: threading.Thread | None = None

    @property
    def name(self) -> str:
        """How Celery and Flower call this worker."""
        return f"junmai-{os.getpid()}@{socket.gethostname()}"

    def start(self) -> None:
        """Consume in a thread of its own, connecting as often as it takes."""
        self._thread = threading.Thread(target=self._run, name="junmai-celery", daemon=True)
        self._thread.start()

    @property
    def is_alive(self) -> bool:
        """Whether it consumes, or tries to."""
        return self._thread is not None and self._thread.is_alive()

    def want(self, count: int) -> None:
        """Have so many offers here at once, those in hand among them."""
        self._wanted = max(1, min(count, self._threads))
        consumer = self._worker.consumer if self._worker is not None else None
        if consumer is None:
            return
        consumer.initial_prefetch_count = self._wanted
        qos = getattr(consumer, "qos", None)
        if qos is None:
            return
        more = self._wanted - qos.value
        if more > 0:
            qos.increment_eventually(more)
        elif more < 0:
            qos.decrement_eventually(-more)

    def stop(self, *, at_once: bool = False) -> None:
        """Consume no more. Only takes a note; what is here is waited for, unless it must be at once."""
        from celery.worker import state

        if at_once:
            state.should_terminate = 0
        else:
            state.should_stop = 0

    def join(self, seconds: float) -> bool:
        """Wait for its end; returns whether it has ended."""
        if self._thread is not None:
            self._thread.join(seconds)
        return not self.is_alive

    def _task(self) -> Callable[..., None]:
        from celery.exceptions import Reject

        def develop(**said: object) -> None:
            try:
                offer = Offer.of(said)
            except ValueError as error:
                log.warning("a message that is no offer was dropped", error=str(error))
                return
            try:
                self._take(offer)
            except NotWanted as error:
                raise Reject("this worker ends", requeue=True) from error

        return develop

    def _run(self) -> None:
        from celery.worker import state

        logging.getLogger("celery").setLevel(logging.WARNING)
        state.should_stop = state.should_terminate = None
        try:
            self._worker = self._app.WorkController(
                hostname=self.name,
                pool_cls="threads",
                concurrency=self._threads,
                without_gossip=True,
                without_mingle=True,
                task_events=self._events,
                ready_callback=lambda _: log.info("consuming", worker=self.name),
            )
            self._worker.consumer.initial_prefetch_count = self._wanted
            self._worker.start()
        except Exception:
            log.exception("the consumer ended unasked")
