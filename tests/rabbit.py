"""A RabbitMQ of the test's own, where it is installed: its files, ports and Erlang names are below one folder."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

from api.serving import free_port

START_SECONDS = 60.0
DEBIAN = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
"""What Debian has on the path goes over to another user first, who may not write to the test's folder."""


def _program() -> str | None:
    return str(DEBIAN) if DEBIAN.exists() else shutil.which("rabbitmq-server")


def missing() -> str | None:
    """Why there is no RabbitMQ here, in words; None where there is one."""
    return (
        None
        if _program()
        else "rabbitmq-server is not installed (Debian and Ubuntu: `apt-get install rabbitmq-server`)"
    )


class Rabbit:
    """A broker that comes back empty after a kill, at the same port."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.port, self._names_port, self._talk_port = free_port(), free_port(), free_port()
        self._process = self._start()

    @property
    def url(self) -> str:
        """Its address."""
        return f"amqp://guest:guest@127.0.0.1:{self.port}//"

    def flush(self) -> None:
        """Forget every message."""
        from amqp.exceptions import NotFound
        from kombu import Connection

        with Connection(self.url) as connection, contextlib.suppress(NotFound):
            connection.default_channel.queue_purge("junmai")

    def kill(self) -> None:
        """End it as a power cut does, and lose what it had."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        shutil.rmtree(self._folder / "mnesia", ignore_errors=True)

    def begin_again(self) -> None:
        """Start it empty, at the same port."""
        self._process = self._start()

    def stop(self) -> None:
        """End it, and the server of Erlang's names that it began."""
        self.kill()
        subprocess.run(
            ["epmd", "-port", str(self._names_port), "-kill"],
            env={**os.environ, "ERL_EPMD_RELAXED_COMMAND_CHECK": "1"},
            capture_output=True,
            check=False,
        )

    def _start(self) -> subprocess.Popen[bytes]:
        home = self._folder / "home"
        home.mkdir(parents=True, exist_ok=True)
        given = {
            "HOME": home,
            "RABBITMQ_NODENAME": f"junmai-{self.port}@localhost",
            "RABBITMQ_NODE_PORT": self.port,
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_DIST_PORT": self._talk_port,
            "ERL_EPMD_PORT": self._names_port,
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_MNESIA_BASE": self._folder / "mnesia",
            "RABBITMQ_LOG_BASE": self._folder / "log",
            "RABBITMQ_PID_FILE": self._folder / "pid",
            "RABBITMQ_ENABLED_PLUGINS_FILE": self._folder / "plugins",
            "RABBITMQ_CONFIG_FILE": self._folder / "none",
            "RABBITMQ_CONF_ENV_FILE": os.devnull,
        }
        program = _program()
        assert program is not None
        with (self._folder / "said").open("wb") as said:
            process = subprocess.Popen(
                [program],
                env={**os.environ, **{name: str(value) for name, value in given.items()}},
                stdout=said,
                stderr=said,
                start_new_session=True,
            )
        self._wait_until_it_answers(process)
        return process

    def _wait_until_it_answers(self, process: subprocess.Popen[bytes]) -> None:
        from kombu import Connection

        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                with Connection(self.url, connect_timeout=1) as connection:
                    connection.connect()
                return
            except OSError:
                assert process.poll() is None, (self._folder / "said").read_text(errors="replace")
                assert time.monotonic() < deadline, "RabbitMQ does not answer"
                time.sleep(0.2)
