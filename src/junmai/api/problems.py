"""Every error answer: JSON with a sentence (`error`) beside the fields of RFC 9457, never HTML, never a trace."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from junmai import errors
from junmai import log as logs

log = logs.get("junmai.api")

MEDIA_TYPE = "application/problem+json"
CODE_OF = {
    400: "bad_request",
    401: "token_needed",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    408: "too_slow",
    413: "too_large",
    415: "not_json",
    422: "bad_input",
    503: "busy",
}
"""The code of an answer that stands for its status alone."""


class Refused(Exception):
    """A request that is answered with an error before it reaches the library."""

    def __init__(
        self, status: int, detail: str, *, code: str | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.code = code or CODE_OF[status]
        self.headers = dict(headers or {})


def fields(status: int, code: str, detail: str, **more: object) -> dict[str, object]:
    """The JSON of an error answer."""
    return {
        "error": detail,
        "type": f"urn:junmai:error:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
        **more,
    }


def answer(
    status: int, code: str, detail: str, *, headers: Mapping[str, str] | None = None, **more: object
) -> JSONResponse:
    """An error answer."""
    return JSONResponse(fields(status, code, detail, **more), status, headers=headers, media_type=MEDIA_TYPE)


def of_refused(refused: Refused) -> JSONResponse:
    """The answer to a request that was refused at the door."""
    return answer(refused.status, refused.code, refused.detail, headers=refused.headers)


def of_error(error: errors.JunmaiError) -> JSONResponse:
    """The answer for an exception of the library. What is wrong with the store is said in general words only."""
    if isinstance(error, errors.StoreError):
        log.error("the store does not answer", error=error.message)
        return answer(503, error.code, error.message, headers={"Retry-After": "2"})
    if isinstance(error, errors.PhotoError):
        return answer(422, error.code, error.message)
    status = error.http_status if 400 <= error.http_status < 500 else 422
    more: dict[str, Any] = {}
    if isinstance(error, errors.WrongState):
        more["state"] = str(error.fields["status"])
    if "every" in error.fields:
        more["photo_ids"] = error.fields["every"]
    return answer(status, error.code, error.message, **more)


def sentence_of(error: ValidationError | RequestValidationError) -> str:
    """The first thing that does not fit, as a sentence."""
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"] if part not in ("body", "query", "path", "header"))
    said = str(first["msg"]).removeprefix("Value error, ")
    if first["type"] == "extra_forbidden":
        return f"There is no {place!r} here; look for a mistype, or leave it out."
    if first["type"] == "missing":
        return f"{place} is missing."
    return f"{place} does not fit: {said[:1].lower()}{said[1:]}." if place else f"{said}."


def register(app: FastAPI) -> None:
    """Answer every exception that a route may raise."""

    async def refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, Refused)
        return of_refused(error)

    async def library(request: Request, error: Exception) -> Response:
        assert isinstance(error, errors.JunmaiError)
        return of_error(error)

    async def unfit(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return answer(422, "bad_input", sentence_of(error))

    async def http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        code = CODE_OF.get(error.status_code, "bad_request")
        return answer(error.status_code, code, str(error.detail), headers=error.headers)

    async def unforeseen(request: Request, error: Exception) -> Response:
        return answer(500, "internal", "An error inside Junmai stopped this request; the log has the details.")

    app.add_exception_handler(Refused, refused)
    app.add_exception_handler(errors.JunmaiError, library)
    app.add_exception_handler(RequestValidationError, unfit)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(Exception, unforeseen)


# --- for the OpenAPI ----------------------------------------------------------------------------------------

_SAID = {
    400: ("The body is no JSON.", "The body is no JSON: Expecting value (line 1, column 1)."),
    401: ("A token is needed.", "This server asks for its token: Authorization: Bearer ..."),
    403: ("The request may not come from there.", "This server is not called evil.example."),
    404: ("There is no such thing.", "There is no batch batch_000000000000. `junmai batch list` shows the batches."),
    405: ("There is no such method here.", "PUT is not possible here; GET is."),
    408: ("The body came too slowly.", "The body did not come within 30 s."),
    409: ("Not in this state.", "Batch batch_3f9c1a2b4d5e is paused (user, by the server): it cannot be paused."),
    413: ("The body is too large.", "The body may have 1 MiB here."),
    415: ("The body is not declared as JSON.", "A body must be sent with Content-Type: application/json."),
    422: ("The request does not fit.", "photo_ids must be a non-empty list"),
    503: ("Not just now.", "The database was locked by another process for 30 s. Try again."),
}
ANY = (401, 403, 408, 503)
WITH_BODY = (400, 413, 415, 422)
SCHEMA: dict[str, Any] = {
    "type": "object",
    "title": "Problem",
    "description": "What went wrong: a sentence for people, a code for programs.",
    "required": ["error", "type", "title", "status", "detail", "code"],
    "properties": {
        "error": {"type": "string", "description": "What is wrong and what helps, as a sentence."},
        "type": {"type": "string", "description": "`urn:junmai:error:` and the code."},
        "title": {"type": "string", "description": "The HTTP status in words."},
        "status": {"type": "integer", "description": "The HTTP status."},
        "detail": {"type": "string", "description": "The same as `error`."},
        "code": {"type": "string", "description": "Stable; for programs."},
        "state": {"type": "string", "description": "With 409: the state that the batch is in."},
        "photo_ids": {"type": "array", "items": {}, "description": "The photo ids that are wrong, all of them."},
    },
}


def documented(*statuses: int, body: bool = False) -> dict[int | str, dict[str, Any]]:
    """The error answers of a route, for its `responses`."""
    wanted = sorted({*statuses, *ANY, *((WITH_BODY) if body else ())})
    found: dict[int | str, dict[str, Any]] = {}
    for status in wanted:
        description, example = _SAID[status]
        code = {404: "unknown_batch", 409: "wrong_state"}.get(status, CODE_OF.get(status, "bad_request"))
        found[status] = {
            "description": description,
            "content": {
                MEDIA_TYPE: {
                    "schema": {"$ref": "#/components/schemas/Problem"},
                    "example": fields(status, code, example),
                }
            },
        }
    return found
