"""How routes are declared: each with its answer, its example and every error that it may answer with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel
from starlette.responses import JSONResponse, Response

from junmai import errors
from junmai.api import bodies, problems
from junmai.api.schemas import INT64
from junmai.api.service import Service

F = TypeVar("F", bound=Callable[..., Any])
BatchId = Annotated[str, Path(description="`batch_` and 12 hexadecimal digits.", examples=["batch_3f9c1a2b4d5e"])]
PhotoId = Annotated[int, Path(ge=0, le=INT64, examples=[17])]
Limit = Annotated[int, Query(ge=1, le=1000, description="How many at the most.")]
Cursor = Annotated[str | None, Query(description="`next_cursor` of the page before.", max_length=40)]


def service_of(request: Request) -> Service:
    """The parts of this server."""
    found = request.app.state.service
    assert isinstance(found, Service)
    return found


def place_of(cursor: str | None, start: int) -> int:
    """The number in a cursor. Raises `BadInput`."""
    if cursor is None:
        return start
    if not (cursor.isascii() and cursor.isdigit()) or int(cursor) > INT64:
        raise errors.BadInput(detail=f"{cursor!a} is no cursor; take next_cursor of the page before.")
    return int(cursor)


def answer(data: Mapping[str, object]) -> JSONResponse:
    """200 with that JSON."""
    return JSONResponse(dict(data))


class Declares:
    """Declares routes on a router."""

    def __init__(self, router: APIRouter) -> None:
        self._router = router

    def __call__(
        self,
        method: str,
        path: str,
        model: type[BaseModel] | None,
        example: object,
        *mistakes: int,
        body: type[BaseModel] | None = None,
        needed: bool = False,
        examples: Mapping[str, object] | None = None,
        media: str = "application/json",
    ) -> Callable[[F], F]:
        """The decorator of one route: what it answers, with an example, and the errors that it may answer with.

        `body` is the model of its body, `needed` whether there must be one, `examples` of it by name.
        """
        if "{" in path:
            mistakes = (*mistakes, 422)
        responses = problems.documented(*mistakes, body=method == "POST")
        content: dict[str, Any] = {"example": example}
        if model is None:
            content["schema"] = {"type": "string"}
        responses[200] = {"description": "Done.", "content": {media: content}}
        extra = bodies.documented(body, required=needed, examples=examples or {}) if body else None
        return self._router.api_route(
            path,
            methods=[method],
            response_model=model,
            response_class=JSONResponse if model is not None else _Text,
            responses=responses,
            openapi_extra=extra,
        )


class _Text(Response):
    """No JSON: the media type is said by the route."""
