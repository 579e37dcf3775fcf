"""What is logged, where it goes, and what never stands in it."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from junmai import files, log

WRITER = """
import sys
from pathlib import Path
from junmai import log
log.LOG_BYTES = int(sys.argv[3])
log.configure(Path(sys.argv[1]))
logger = log.get("junmai.test")
for number in range(int(sys.argv[4])):
    logger.info("line", writer=sys.argv[2], number=number, text="x" * (number % 700))
"""


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    yield
    log.configure(None)
    logging.getLogger("junmai").setLevel(logging.NOTSET)
    log._process.clear()


def lines(data: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (data / "logs" / "junmai.log").read_text(encoding="utf-8").splitlines()]


def python(text: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", text, *map(str, arguments)], capture_output=True, text=True, timeout=60, check=False
    )


# --- as a library -------------------------------------------------------------------------------------------------


def test_as_a_library_nothing_is_printed() -> None:
    ended = python("from junmai import log\nlog.get('junmai.x').error('secret trouble', batch='batch_1')")
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")


def test_the_configuration_of_structlog_is_left_alone(tmp_path: Path) -> None:
    before = structlog.get_config()
    log.configure(tmp_path)
    log.get("junmai.x").info("something")
    assert structlog.get_config() == before
    assert not structlog.is_configured()


def test_a_program_that_sets_logging_up_sees_readable_lines(caplog: pytest.LogCaptureFixture) -> None:
    log.get("junmai.x").warning("the store does not answer", batch="batch_1")
    assert caplog.messages == ["the store does not answer batch='batch_1'"]


# --- a line -------------------------------------------------------------------------------------------------------


def test_a_line_says_when_who_what_and_which_batch(tmp_path: Path) -> None:
    log.configure(tmp_path)
    with log.bind_command("batch pause", by="junmai batch pause (process 7)", batch="batch_1"):
        log.get("junmai.controller").info("paused")
    (line,) = lines(tmp_path)
    assert line["timestamp"].endswith("Z")
    assert "@" in line.pop("who")
    assert line == {
        "timestamp": line["timestamp"],
        "level": "info",
        "logger": "junmai.controller",
        "event": "paused",
        "pid": os.getpid(),
        "command": "batch pause",
        "by": "junmai batch pause (process 7)",
        "batch": "batch_1",
    }


def test_a_command_ends_with_its_block(tmp_path: Path) -> None:
    log.configure(tmp_path)
    with log.bind_command("batch pause"), log.bind_command("batch cancel"):
        pass
    log.get("junmai.x").info("later")
    assert "command" not in lines(tmp_path)[0]


def test_the_command_of_a_process_is_in_the_lines_of_its_threads(tmp_path: Path) -> None:
    log.configure(tmp_path)
    log.bind_command("develop", by="me", process=True)
    thread = threading.Thread(target=lambda: log.get("junmai.runner").info("took over"))
    thread.start()
    thread.join()
    assert (lines(tmp_path)[0]["command"], lines(tmp_path)[0]["by"]) == ("develop", "me")


def test_an_error_stands_with_its_trace_in_its_line(tmp_path: Path) -> None:
    log.configure(tmp_path)
    try:
        raise ValueError("over here")
    except ValueError:
        log.get("junmai.x").exception("unforeseen")
    (line,) = lines(tmp_path)
    assert "Traceback" in line["exception"]
    assert "ValueError: over here" in line["exception"]


def test_an_uncaught_error_is_logged_with_its_trace(tmp_path: Path) -> None:
    ended = python(
        "import sys, pathlib\nfrom junmai import log\nlog.configure(pathlib.Path(sys.argv[1]))\nraise OSError('gone')",
        tmp_path,
    )
    assert "OSError: gone" in ended.stderr
    (line,) = lines(tmp_path)
    assert (line["level"], line["event"]) == ("critical", "uncaught")
    assert "OSError: gone" in line["exception"]


def test_an_uncaught_error_of_a_thread_is_logged_with_its_trace(tmp_path: Path) -> None:
    python(
        "import sys, pathlib, threading\nfrom junmai import log\nlog.configure(pathlib.Path(sys.argv[1]))\n"
        "thread = threading.Thread(target=lambda: 1 / 0, name='mine')\nthread.start()\nthread.join()",
        tmp_path,
    )
    (line,) = lines(tmp_path)
    assert line["thread"] == "mine"
    assert "ZeroDivisionError" in line["exception"]


@pytest.mark.parametrize(
    "facts",
    [
        {"token": "hush-hush"},
        {"settings": {"api_key": "hush-hush"}},
        {"url": "http://localhost:5100/ws?token=hush-hush&x=1"},
        {"header": "Authorization: Bearer hush-hush"},
        {"dsn": "postgresql://junmai:hush-hush@db/junmai"},
        {"detail": "password = 'hush-hush'"},
    ],
)
def test_secrets_never_stand_in_the_log(tmp_path: Path, facts: dict[str, Any]) -> None:
    log.configure(tmp_path)
    log.get("junmai.x").info("something", **facts)
    assert "hush" not in json.dumps(lines(tmp_path))


def test_contents_of_photos_never_stand_in_the_log(tmp_path: Path) -> None:
    log.configure(tmp_path)
    log.get("junmai.x").info("something", data=b"\xff\xd8photo", many=[b"photo"])
    assert lines(tmp_path)[0]["data"] == "<7 bytes>"
    assert lines(tmp_path)[0]["many"] == ["<5 bytes>"]


# --- where it goes ------------------------------------------------------------------------------------------------


def test_lines_of_two_processes_are_all_there_and_all_whole(tmp_path: Path) -> None:
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), name, "100000", "500"]) for name in "ab"]
    assert [writer.wait(60) for writer in writers] == [0, 0]
    found = [
        json.loads(line)
        for path in (tmp_path / "logs").glob("junmai.log*")
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    assert (tmp_path / "logs" / "junmai.log.1").exists(), "it did not rotate"
    assert sorted((line["writer"], line["number"]) for line in found) == [
        (name, number) for name in "ab" for number in range(500)
    ]


def test_the_log_takes_no_more_room_than_its_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "LOG_BYTES", 1_000)
    log.configure(tmp_path)
    for _ in range(200):
        log.get("junmai.x").info("x" * 100)
    names = sorted(path.name for path in (tmp_path / "logs").glob("junmai.log*"))
    assert set(names) == {"junmai.log.1", "junmai.log.2", "junmai.log.3", "junmai.log.4", "junmai.log.5"} | (
        {"junmai.log"} & set(names)
    )


def test_a_log_that_cannot_be_written_stops_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    log.configure(tmp_path)
    monkeypatch.setattr(files, "append", full)
    log.get("junmai.x").info("something")


def test_the_console_gets_warnings_where_it_is_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log.configure(tmp_path, console=logging.WARNING)
    log.get("junmai.x").info("not said")
    log.get("junmai.x").warning("the store does not answer", batch="batch_1")
    assert capsys.readouterr().err == "junmai: warning: the store does not answer batch='batch_1'\n"


def test_configuring_again_writes_to_the_new_place_only(tmp_path: Path) -> None:
    log.configure(tmp_path / "old")
    log.configure(tmp_path / "new")
    log.get("junmai.x").info("something")
    assert len(lines(tmp_path / "new")) == 1
    assert not (tmp_path / "old" / "logs" / "junmai.log").exists()
