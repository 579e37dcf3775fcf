"""Settings: from the environment, from `config.toml`, or as they come."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pydantic import ValidationError

from junmai import config, errors
from junmai.config import Settings


@pytest.fixture(autouse=True)
def _no_settings_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("JUNMAI_")]:
        monkeypatch.delenv(name)


def test_the_data_folder_is_the_platforms_where_none_is_named() -> None:
    assert config.load().data == config.default_data_folder()


def test_the_environment_names_the_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUNMAI_DATA", str(tmp_path))
    assert config.load().data == tmp_path


def test_a_folder_given_wins_over_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUNMAI_DATA", "/somewhere")
    assert config.load(tmp_path).data == tmp_path


def test_an_empty_environment_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUNMAI_DATA", "")
    monkeypatch.setenv("JUNMAI_WORKERS", "")
    assert config.load().data == config.default_data_folder()
    assert config.load().workers is None


def test_the_data_folder_is_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))
    assert config.load(Path("data")).data == tmp_path / "data"
    assert config.load(Path("~/data")).data == tmp_path / "home" / "data"


def test_a_setting_comes_from_the_environment_or_the_file_and_the_former_wins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config.toml").write_text("workers = 3\nretry_limit = 7\n")
    monkeypatch.setenv("JUNMAI_WORKERS", "5")
    settings = config.load(tmp_path)
    assert (settings.workers, settings.retry_limit) == (5, 7)


def test_the_file_is_looked_for_in_the_data_folder_of_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config.toml").write_text("workers = 3\n")
    monkeypatch.setenv("JUNMAI_DATA", str(tmp_path))
    assert config.load().workers == 3


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("workers", "0"),
        ("workers", "many"),
        ("photo_seconds", "0"),
        ("retry_limit", "-1"),
        ("recovery", "perhaps"),
        ("worker_memory_mb", "1"),
    ],
)
def test_a_setting_that_does_not_fit_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"JUNMAI_{name.upper()}", value)
    with pytest.raises(errors.BadInput, match=f"JUNMAI_{name.upper()}"):
        config.load(tmp_path)


@pytest.mark.parametrize("content", [b"workers = ", b"\xff\xfe", b"workers = 'two'"])
def test_a_file_that_cannot_be_understood_is_said_so(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "config.toml").write_bytes(content)
    with pytest.raises(errors.BadInput, match=r"config\.toml"):
        config.load(tmp_path)


def test_what_a_newer_junmai_set_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("warp_factor = 9\n")
    assert config.load(tmp_path).data == tmp_path


def test_roots_may_be_a_list_of_folders(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("roots = ['/photos', '/more']\n")
    found = config.load(tmp_path)
    assert found.allowed == (Path("/photos"), Path("/more"))
    assert found.named_roots == {}


@pytest.mark.parametrize("content", ["roots.archive = '/mnt/nas/'\n", "[roots]\narchive = '/mnt/nas'\n"])
def test_roots_may_have_names(tmp_path: Path, content: str) -> None:
    (tmp_path / "config.toml").write_text(content)
    found = config.load(tmp_path)
    assert found.named_roots == {"archive": Path(os.path.abspath("/mnt/nas"))}
    assert found.allowed == tuple(found.named_roots.values())


def test_roots_with_names_may_stand_in_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUNMAI_ROOTS", '{"archive": "/mnt/nas", "scratch": "/tmp/s"}')
    assert config.load(tmp_path).named_roots.keys() == {"archive", "scratch"}
    monkeypatch.setenv("JUNMAI_ROOTS", '["/photos"]')
    assert config.load(tmp_path).allowed == (Path("/photos"),)


def test_roots_in_the_environment_that_are_no_json_are_refused_with_an_example(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUNMAI_ROOTS", "{archive: /mnt/nas}")
    with pytest.raises(errors.BadInput, match=r'JUNMAI_ROOTS or config.toml\) does not fit.*\["/mnt/nas"\]'):
        config.load(tmp_path)


@pytest.mark.parametrize(
    "content",
    [
        "roots.a = '/mnt/nas'",
        "roots.Archive = '/mnt/nas'",
        "roots.'my archive' = '/mnt/nas'",
        "roots.archive = 'nas'",
        "roots.archive = 3",
        "roots.archive = '/mnt/nas'\nroots.part = '/mnt/nas/2026'",
        "roots.archive = '/mnt/nas'\nroots.again = '/mnt/nas/'",
    ],
)
def test_roots_that_do_not_fit_are_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "config.toml").write_text(content)
    with pytest.raises(errors.BadInput, match="JUNMAI_ROOTS"):
        config.load(tmp_path)


def test_settings_are_frozen(settings: Settings) -> None:
    with pytest.raises(ValidationError):
        settings.workers = 3


def test_everything_lies_in_the_data_folder(settings: Settings) -> None:
    assert settings.database == settings.data / "junmai.db"
    assert settings.runners == settings.data / "runners"
