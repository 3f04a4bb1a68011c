"""Faults as people and programs outside see them: RFC 9457 problem documents and socket close codes.

| code            | HTTP | socket | when |
|-----------------|------|--------|------|
| bad-input       | 400  | 4400   | malformed JSON, frame, id or value |
| not-signed-in   | 401  | 4401   | no, wrong, used or expired credential or ticket |
| not-allowed     | 403  | 4403   | known caller without the right; foreign Origin |
| not-found       | 404  | 4404   | unknown or foreign id |
| conflict        | 409  | 4410   | the meeting or track has ended |
| fenced          | 409  | 4409   | a newer session owns the track |
| too-large       | 413  | 4413   | over a size limit |
| too-many        | 429  | 4429   | over a rate limit |
| misconfigured   | 500  | 1011   | a person must act on the server |
| unavailable     | 503  | 1013   | a part does not answer; try again |
| storage-full    | 507  | 4507   | no space; nothing was stored |

Beside these a socket closes with 1000 (done), 1012 (restart; come back), 1013 (too slow or overloaded) and
4408 (idle).
"""

import http
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException

from contracts import errors, log
from contracts.errors import Fault

MEDIA_TYPE = "application/problem+json"
IDLE = 4408
RESTART = 1012
OVERLOAD = 1013
DONE = 1000

CODES: dict[type[Fault], tuple[int, int]] = {
    errors.BadInput: (400, 4400),
    errors.NotSignedIn: (401, 4401),
    errors.NotAllowed: (403, 4403),
    errors.NotFound: (404, 4404),
    errors.Fenced: (409, 4409),
    errors.Conflict: (409, 4410),
    errors.TooLarge: (413, 4413),
    errors.TooMany: (429, 4429),
    errors.Misconfigured: (500, 1011),
    errors.Unavailable: (503, 1013),
    errors.StorageFull: (507, 4507),
}
_BY_STATUS = {
    400: "bad-input",
    401: "not-signed-in",
    403: "not-allowed",
    404: "not-found",
    405: "method-not-allowed",
    406: "not-acceptable",
    413: "too-large",
    415: "unsupported-media-type",
    429: "too-many",
    503: "unavailable",
}


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """An RFC 9457 problem document. ``code`` is stable; ``detail`` is for people."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: tuple[str, ...] = ()


def http_status(fault: Fault) -> int:
    """The HTTP status that ``fault`` means."""
    return _codes(fault)[0]


def close_code(fault: Fault) -> int:
    """The socket close code that ``fault`` means."""
    return _codes(fault)[1]


def _codes(fault: Fault) -> tuple[int, int]:
    return next((CODES[kind] for kind in type(fault).__mro__ if kind in CODES), (500, 1011))


def problem(status: int, code: str, detail: str, listed: tuple[str, ...] = ()) -> Problem:
    """A problem document with the title that belongs to its status."""
    return Problem(f"urn:rapporteur:problem:{code}", http.HTTPStatus(status).phrase, status, detail, code, listed)


def response(document: Problem, headers: dict[str, str] | None = None) -> Response[Problem]:
    """The document as an answer."""
    return Response(document, status_code=document.status, media_type=MEDIA_TYPE, headers=headers or {})


def on_fault(_: Request[Any, Any, Any], fault: Fault) -> Response[Problem]:
    """Litestar's handler of our own errors."""
    headers = {"retry-after": "5"} if fault.retryable else {}
    return response(problem(http_status(fault), fault.code, fault.detail), headers)


def on_http_exception(_: Request[Any, Any, Any], exc: HTTPException) -> Response[Problem]:
    """Litestar's own refusals (unknown route, wrong method, invalid body) in the same shape."""
    status = exc.status_code
    if status >= http.HTTPStatus.INTERNAL_SERVER_ERROR and status not in _BY_STATUS:
        return on_error(_, exc)
    code = _BY_STATUS.get(status, "bad-input")
    listed = _validation_errors(exc) if isinstance(exc, ValidationException) else ()
    detail = "the request is not valid" if listed else http.HTTPStatus(status).description or exc.detail
    if status == http.HTTPStatus.BAD_REQUEST and not listed:
        detail = "the request is not valid"
    return response(problem(status, code, detail, listed), dict(exc.headers or {}))


def _validation_errors(exc: ValidationException) -> tuple[str, ...]:
    found = []
    for entry in exc.extra or ():
        if isinstance(entry, dict):
            found.append(": ".join(str(entry[k]) for k in ("key", "message") if entry.get(k)))
    return tuple(found)


def on_error(_: Request[Any, Any, Any], exc: Exception) -> Response[Problem]:
    """A bug: logged with its traceback, answered without any of it."""
    log.get().error("request.failed", exc_info=exc)
    return response(problem(500, "internal", "something went wrong on the server; it was logged"))
