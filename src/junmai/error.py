"""What every exception of Junmai is: a sentence with its fields filled in, and a stable code."""

from __future__ import annotations

import inspect
from typing import ClassVar


class JunmaiError(Exception):
    """Something went wrong in Junmai."""

    code: ClassVar[str] = "internal"
    exit_code: ClassVar[int] = 1
    http_status: ClassVar[int] = 500

    def __init__(self, **fields: object) -> None:
        self.fields = fields
        template = inspect.cleandoc(type(self).__doc__ or "").replace("\n", " ")
        self.message = template.format_map(fields)
        super().__init__(self.message)

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, (type(self), self.fields))


def _rebuild(kind: type[JunmaiError], fields: dict[str, object]) -> JunmaiError:
    return kind(**fields)
