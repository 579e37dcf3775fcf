"""One frozen `Settings`: what the user set by environment, by `config.toml` in the data folder, or not at all."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import platformdirs
from pydantic import Field, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from junmai import errors

ROOT_NAME = re.compile(r"[a-z0-9][a-z0-9_-]+")
"""Two characters or more, so that none is taken for the letter of a drive."""


def default_data_folder() -> Path:
    """The platform's folder for a program's data of this user."""
    return Path(platformdirs.user_data_dir("junmai", appauthor=False))


class Settings(BaseSettings):
    """Settings of one installation. Each may be set as `JUNMAI_<NAME>` or in `config.toml`; the former wins."""

    model_config = SettingsConfigDict(env_prefix="JUNMAI_", env_ignore_empty=True, frozen=True, extra="ignore")

    data: Path = Field(default_factory=default_data_folder)
    """The data folder: database, locks, logs."""
    store: str | None = Field(default=None, pattern=r"^postgres(ql)?://", repr=False)
    """The address of a PostgreSQL database that several machines share (`postgresql://user:password@server/name`);
    none: a file in the data folder."""
    executor: Literal["processes", "celery"] = "processes"
    """Where photos are developed: by processes of this machine, or by every `junmai worker`, by way of `broker`."""
    broker: str | None = Field(default=None, pattern=r"^(rediss?|sentinel|amqps?|pyamqp)://", repr=False)
    """The address of a Redis, Valkey or RabbitMQ that offers photos to workers (`redis://server:6379/0`)."""
    lease_seconds: float = Field(default=60.0, ge=2)
    """A worker on another machine that gave no sign of life for so long counts as dead, and its photos wait again."""
    workers: int | None = Field(default=None, ge=1, le=256)
    """Worker processes; None: what cores and free memory allow."""
    worker_memory_mb: int = Field(default=2048, ge=128)
    """A worker that grows beyond this is stopped; it costs the photo one attempt."""
    photo_seconds: float = Field(default=180.0, gt=0)
    """A worker that takes longer than this over one photo is stopped; it costs the photo one attempt."""
    retry_base_seconds: float = Field(default=1.0, ge=0)
    """Wait before the first automatic retry; doubled for each further one, with jitter."""
    retry_limit: int = Field(default=3, ge=0, le=20)
    """Automatic retries of an error that may pass."""
    recovery: Literal["pause", "resume"] = "pause"
    """What `serve` does at its start with a batch whose runner died."""
    cleanup_days: float = Field(default=7.0, ge=0)
    """Batches that ended so many days ago are forgotten by themselves, never their outputs; 0: never."""
    low_disk_mb: int = Field(default=256, ge=0)
    """A batch pauses when less than this is free on the disk of its outputs."""
    busy_memory_percent: float = Field(default=95.0, ge=0, le=100)
    """Batches wait while so much of the memory is in use, and go on below 85; 0: they never wait for it."""
    busy_cpu_percent: float = Field(default=95.0, ge=0, le=100)
    """Batches wait when other programs use so much of all processors for a minute, and go on below 80; 0: never."""
    failures_in_a_row: int = Field(default=25, ge=0)
    """A batch pauses after this many failures in a row that may pass; 0: never."""
    backup_hours: float = Field(default=6.0, ge=0)
    """Hours between two backups of the store, made by whatever runner is at work; 0: none by itself."""

    host: str = "127.0.0.1"
    """Where `serve` listens. Beyond this machine it needs a token: `junmai serve --new-token`."""
    port: int = Field(default=5100, ge=1, le=65535)
    """The port that `serve` listens at."""
    token_file: Path | None = None
    """The file with the token that `serve` asks for, on this machine too; none: `token` in the data folder, asked for
    where other machines reach the server."""
    server_names: tuple[str, ...] = ()
    """Further names by which browsers may call the server, such as `studio.local`, or `studio.local:443` of a proxy."""
    roots: tuple[Path, ...] | dict[str, Path] = ()
    """Folders that clients of `serve` may import from and write to; none: any on this machine, none from others. As a
    table with a name for each (`roots.archive = "/mnt/nas"`), machines that share a store may have them elsewhere."""
    grace_seconds: float = Field(default=30.0, ge=0)
    """How long `serve` waits for the photos in hand when it is asked to end."""

    @property
    def allowed(self) -> tuple[Path, ...]:
        """The folders of the setting `roots`, named or not."""
        return tuple(self.roots.values()) if isinstance(self.roots, dict) else self.roots

    @property
    def named_roots(self) -> Mapping[str, Path]:
        """Those that have a name, by it."""
        return self.roots if isinstance(self.roots, dict) else {}

    @field_validator("roots", mode="before")
    @classmethod
    def _check_roots(cls, given: object) -> object:
        if isinstance(given, str):  # of the environment, and no JSON
            raise ValueError(f'it must be JSON, as ["/mnt/nas"] or {{"archive": "/mnt/nas"}}, and is {given!r}')
        return _named(given) if isinstance(given, Mapping) else given

    @property
    def database(self) -> Path:
        """The database file."""
        return self.data / "junmai.db"

    @property
    def runners(self) -> Path:
        """The folder of the runners' lock files."""
        return self.data / "runners"

    @property
    def backups(self) -> Path:
        """The folder of the store's backups."""
        return self.data / "backups"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        toml = _data_folder(init_settings) / "config.toml"
        return (init_settings, env_settings, TomlConfigSettingsSource(settings_cls, toml))


def load(data: Path | None = None) -> Settings:
    """The settings in force. `data` (from `--data`) wins over `JUNMAI_DATA`, that over the platform's folder.

    Raises `BadInput` naming the setting that does not fit.
    """
    try:
        settings = Settings() if data is None else Settings(data=data)
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0])
        raise errors.BadInput(
            detail=f"The setting {name} (JUNMAI_{name.upper()} or config.toml) does not fit: {first['msg']}."
        ) from error
    except (ValueError, OSError) as error:
        raise errors.BadInput(detail=f"config.toml in the data folder cannot be read: {error}.") from error
    return settings.model_copy(update={"data": Path(os.path.abspath(settings.data.expanduser()))})


def _named(given: Mapping[object, object]) -> dict[str, Path]:
    """Named roots that fit. Raises ValueError."""
    found: dict[str, Path] = {}
    for name, said in given.items():
        if not isinstance(name, str) or not ROOT_NAME.fullmatch(name):
            raise ValueError(f"a root is named by two or more of a-z, 0-9, _ and -, not {name!r}")
        folder = Path(said).expanduser() if isinstance(said, str | Path) else Path()
        if not folder.is_absolute():
            raise ValueError(f"the root {name} must be an absolute path; it is {said!r}")
        found[name] = Path(os.path.abspath(folder))
    for name, folder in found.items():
        for other, above in found.items():
            if name != other and (folder == above or above in folder.parents):
                raise ValueError(f"the root {name} is inside the root {other}; name one of them")
    return found


def _data_folder(init_settings: PydanticBaseSettingsSource) -> Path:
    given = init_settings().get("data") or os.environ.get("JUNMAI_DATA") or default_data_folder()
    return Path(given).expanduser()
