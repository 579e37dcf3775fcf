"""The server as a process: its socket, its runner, its signals, its end."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import uvicorn

from junmai import errors
from junmai import log as logs
from junmai.api import security
from junmai.api.app import make_app
from junmai.api.service import Service
from junmai.control.controller import BatchController
from junmai.control.serving import Serving

log = logs.get("junmai.server")

BACKLOG = 512
KEEP_ALIVE_SECONDS = 15
STREAM_SECONDS = 3
"""How long answers on their way may take when the server ends."""
SAYS_BYTES = 64 * 1024
HEAD_BYTES = 256 * 1024
"""Of a request before its body. A preview may say 20,000 characters of settings, 240,000 bytes in a URL where each is
four bytes of UTF-8; at 64 KiB such a request was refused or not, by how it came in pieces."""


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """How to serve; what is None comes from the settings."""

    host: str | None = None
    port: int | None = None
    workers: int | None = None
    run: bool = True
    token_file: Path | None = None


def serve(controller: BatchController, options: ServeOptions, *, ready: Callable[[str, Serving | None], None]) -> None:
    """Serve until the process is asked to end. `ready` is called with the page's address when it listens.

    Raises `BadInput` where it may not, or cannot, listen there; nothing was begun then.
    """
    settings = controller.settings
    host, port = options.host or settings.host, options.port or settings.port
    guard = _guard(controller, options, host, port)
    roots = None if guard.token is None and not settings.roots else settings.allowed
    with contextlib.closing(_listen(host, port)) as listening:
        service = Service(controller, guard, roots)
        serving = Serving(controller, options.workers) if options.run else None
        server = _Server(_config(service), service, serving)
        if serving is not None:
            serving.start()
        controller.keep_state_files()
        try:
            server.hear_signals()
            ready(f"http://{_shown(host)}:{port}/", serving)
            log.info("serving", host=host, port=port, runner=options.run)
            server.run(sockets=[listening])
        finally:
            _end(service, serving, server.asked_at or time.monotonic(), settings.grace_seconds)


def _end(service: Service, serving: Serving | None, asked_at: float, grace: float) -> None:
    if serving is not None:
        left = max(0.0, asked_at + grace - time.monotonic())
        in_time = serving.join(left)
        log.info("ended", in_time=in_time)
    service.feed.close()
    service.previews.close()


def _guard(controller: BatchController, options: ServeOptions, host: str, port: int) -> security.Guard:
    """Its token is asked for where other machines can reach the server, and wherever its file is named: behind a proxy
    everybody comes from this machine. Raises `BadInput` where there is none."""
    named = options.token_file or controller.settings.token_file
    path = named or controller.settings.data / "token"
    asked = None
    if named is not None or not security.is_loopback(host):
        asked = security.read_token(path)
        if asked is None:
            why = (
                "It is to ask for a token"
                if security.is_loopback(host)
                else f"{host} can be reached from other machines"
            )
            raise errors.BadInput(detail=f"{why}, and there is none at {path}: `junmai serve --new-token` makes one.")
    names = security.names_of(host, controller.settings.server_names)
    return security.Guard(names, port, asked)


def _listen(host: str, port: int) -> socket.socket:
    """A socket that listens. Raises `BadInput` where the port is taken or the address is not here."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host.strip("[]"), port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        found = socket.socket(family, kind, protocol)
    except OSError as error:
        raise errors.BadInput(detail=f"{host} is no address of this machine ({error.strerror or error}).") from error
    try:
        if os.name == "posix":  # elsewhere it would let two servers have one port
            found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind(address)
        found.listen(BACKLOG)
    except OSError as error:
        found.close()
        if error.errno in (errno.EADDRINUSE, getattr(errno, "WSAEADDRINUSE", -1)):
            raise errors.BadInput(
                detail=f"Port {port} is taken: a server is running there already, or another program has it. "
                "`junmai serve --port` takes another one."
            ) from error
        raise errors.BadInput(detail=f"{host}, port {port}, cannot be listened at ({error.strerror}).") from error
    return found


def _shown(host: str) -> str:
    if host in ("0.0.0.0", "::", "[::]"):
        return socket.gethostname()
    return "localhost" if security.is_loopback(host) and host != "::1" else security.bracketed(host)


def _config(service: Service) -> uvicorn.Config:
    # it takes a WebSocket that is refused for a fault; what is one, the door logs
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
    return uvicorn.Config(
        make_app(service),
        lifespan="on",
        log_config=None,
        access_log=False,
        ws="websockets-sansio",
        ws_max_size=SAYS_BYTES,
        h11_max_incomplete_event_size=HEAD_BYTES,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=STREAM_SECONDS,
        server_header=False,
        proxy_headers=False,
    )


class _Server(uvicorn.Server):
    """Tells the runner and the streams when the process is asked to end."""

    def __init__(self, config: uvicorn.Config, service: Service, serving: Serving | None) -> None:
        super().__init__(config)
        self._service = service
        self._serving = serving
        self.asked_at: float | None = None

    def hear_signals(self) -> None:
        """From here on a signal ends the server well. The base class hears them only when its loop runs: one that came
        between the server's first word and that ended it at once."""
        if threading.current_thread() is threading.main_thread():
            for one in (signal.SIGINT, signal.SIGTERM):
                signal.signal(one, self.handle_exit)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Once: finish what is in hand. Twice: at once. The base class would end by the signal itself."""
        again = self.asked_at is not None
        self.asked_at = self.asked_at or time.monotonic()
        if self._serving is not None:
            self._serving.close(at_once=again)
        self.should_exit = True
        self.force_exit = again

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Streams end first: they would hold up everything else."""
        self._service.feed.close_clients()
        await super().shutdown(sockets)
