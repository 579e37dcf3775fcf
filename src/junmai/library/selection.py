"""What a user may pick photos by. Pure: the store finds them."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from typing import Self

from junmai import errors


@dataclass(frozen=True, slots=True)
class Selection:
    """Photos by any of these, all of which must hold. Dates are local times of capture, `last` inclusive."""

    session_id: int | None = None
    collection: str | None = None
    first: str | None = None
    last: str | None = None
    folder: str | None = None
    min_rating: int | None = None
    label: str | None = None
    camera: str | None = None

    @classmethod
    def of(cls, **given: object) -> Self:
        """Check names and values. Raises `BadInput` naming what does not fit."""
        known = [field.name for field in fields(cls)]
        unknown = sorted(set(given) - set(known))
        if unknown:
            raise errors.BadInput(detail=f"Photos cannot be picked by {', '.join(unknown)}; known: {', '.join(known)}.")
        for name in ("session_id", "min_rating"):
            _check(name, given.get(name), int, "a whole number")
        for name in ("collection", "first", "last", "folder", "label", "camera"):
            _check(name, given.get(name), str, "a text")
        for name in ("first", "last"):
            if given.get(name) is not None:
                moment(name, str(given[name]))
        return cls(**given)  # type: ignore[arg-type]  # checked above

    @property
    def is_empty(self) -> bool:
        """Whether nothing is asked for."""
        return all(getattr(self, field.name) is None for field in fields(self))

    def bounds(self) -> tuple[str | None, str | None]:
        """First time and the time after the last one, as the store compares them."""
        first = moment("first", self.first)[0].isoformat() if self.first else None
        if not self.last:
            return first, None
        last, whole_day = moment("last", self.last)
        step = timedelta(days=1) if whole_day else timedelta(seconds=1)
        return first, (last + step).isoformat()


def moment(name: str, text: str) -> tuple[datetime, bool]:
    """A day (`2026-05-17`) or a time (`2026-05-17T22:00`), and whether it is a day. Raises `BadInput`."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise errors.BadInput(
            detail=f"{name} must be a day (2026-05-17) or a time (2026-05-17T22:00); it is {text!r}."
        ) from error
    try:
        return datetime.combine(date.fromisoformat(text), datetime.min.time()), True
    except ValueError:
        return found.replace(tzinfo=None), False


def _check(name: str, value: object, kind: type, expected: str) -> None:
    if value is not None and (not isinstance(value, kind) or isinstance(value, bool)):
        raise errors.BadInput(detail=f"{name} must be {expected}; it is {value!r}.")
