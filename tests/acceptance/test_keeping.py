"""`junmai backup` and `junmai restore`, as the user types them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from control import filling
from junmai import errors, log
from junmai.cli import keeping, opening
from junmai.config import Settings


class Shell:
    """The two commands over one data folder."""

    def __init__(self, data: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self._app = typer.Typer()
        self._app.add_typer(keeping.backup_app, name="backup")
        self._app.command("restore")(keeping.restore)
        opening.choose(data)

    def __call__(self, *words: str) -> tuple[Any, str]:
        answer = self._app(list(words), standalone_mode=False)
        return answer, self._capsys.readouterr().out

    def lines(self, *words: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self(*words, "--json")[1].splitlines()]


@pytest.fixture
def shell(settings: Settings, capsys: pytest.CaptureFixture[str]) -> Iterator[Shell]:
    filling.add_session(settings.database, "before")
    yield Shell(settings.data, capsys)
    opening.choose(None)
    log.configure(None)
    log._process.clear()


def test_a_backup_is_made_listed_and_restored(shell: Shell, settings: Settings) -> None:
    code, said = shell("backup")
    assert code == 0
    assert "checked" in said
    (listed,) = shell.lines("backup", "list")
    filling.add_session(settings.database, "after")
    code, said = shell("restore", "--yes")
    assert code == 0
    assert listed["name"] in said
    assert "junmai.db.before-restore-1" in said
    assert filling.sessions_in(settings.database) == ["before"]


def test_a_restore_that_was_not_confirmed_changes_nothing(shell: Shell, settings: Settings) -> None:
    shell("backup")
    filling.add_session(settings.database, "after")
    with pytest.raises(errors.BadInput, match="--yes") as refused:
        shell("restore")
    assert refused.value.exit_code == 2
    assert filling.sessions_in(settings.database) == ["before", "after"]


def test_programs_get_a_backup_as_json(shell: Shell) -> None:
    (made,) = shell.lines("backup")
    assert {"name", "path", "created_at", "size", "photos", "batches", "items", "seconds"} == set(made)


def test_without_a_library_there_is_nothing_to_back_up(shell: Shell, tmp_path: Path) -> None:
    opening.choose(tmp_path / "nowhere")
    with pytest.raises(errors.BadInput, match="nothing to back up"):
        shell("backup")
    assert not (tmp_path / "nowhere" / "junmai.db").exists()


def test_a_backup_that_is_not_there_is_refused(shell: Shell) -> None:
    with pytest.raises(errors.UnknownBackup) as refused:
        shell("restore", "junmai-x.db", "--yes")
    assert refused.value.exit_code == 2
