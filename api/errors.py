"""Errors as `application/problem+json` (RFC 9457): what is wrong, in which field, and what to do.

    NotFound ─► 404     InputError ─► 422     NotEnoughHistory ─► 409     StoreError ─► 503     anything else ─► 500

What the database or a bug says goes to the log, never to the client.
"""

from __future__ import annotations

import traceback
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.requests import Request

from forecast.errors import ForecallError, InputError, NotEnoughHistory, NotFound, StoreError

MEDIA_TYPE = "application/problem+json"
HELP = "See /docs for what this route takes."
REMEDIES = {
    400: "Send JSON in UTF-8, as /docs shows it.",
    404: "See /docs for the routes there are.",
    405: "See /docs for the methods of this route.",
    409: HELP,
    413: "Send it in smaller parts.",
    429: "Wait as many seconds as Retry-After says.",
    500: "Try again; if it stays, tell the administrator the time and the route: the log has the rest.",
    503: "Try again in a minute; if it stays, run `forecall doctor` on the server: its log has the rest.",
}
log = structlog.get_logger("forecall.api")


def problem(
    status: int,
    detail: str,
    *,
    remedy: str = "",
    field: str = "",
    errors: Sequence[Mapping[str, str]] = (),
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """The one form in which errors leave. Optional members are left out where there is nothing to say."""
    title = HTTPStatus(status).phrase
    body: dict[str, Any] = {
        "type": f"urn:forecall:problem:{title.lower().replace(' ', '-')}",
        "title": title,
        "status": status,
        "detail": detail,
        "remedy": remedy or REMEDIES.get(status, HELP),
    }
    if field:
        body["field"] = field
    if errors:
        body["errors"] = [dict(one) for one in errors]
    return JSONResponse(body, status, headers=dict(headers or {}), media_type=MEDIA_TYPE)


def of_forecall(error: ForecallError) -> JSONResponse:
    """A ForecallError as a problem."""
    if isinstance(error, StoreError):
        log.error("the database cannot be used", error=str(error))
        return problem(503, "The database cannot be used at the moment.", headers={"Retry-After": "30"})
    status = {NotFound: 404, NotEnoughHistory: 409}.get(
        type(error), 422 if isinstance(error, InputError) else 500
    )
    if status == 500:
        log.error("the settings do not work", error=str(error))
        return problem(500, "The server is not set up rightly.")
    return problem(status, error.message, remedy=error.remedy, field=error.field)


def of_validation(error: RequestValidationError) -> JSONResponse:
    """What pydantic refused, field by field; values sent are not sent back."""
    found = [refused(one) for one in error.errors()]
    first = found[0]
    return problem(
        422,
        first["detail"],
        remedy=first["remedy"],
        field=first["field"],
        errors=found if len(found) > 1 else (),
    )


def refused(one: Mapping[str, Any]) -> dict[str, str]:
    """One error of pydantic -> field, detail, remedy."""
    kind, place = one["type"], [str(part) for part in one["loc"]]
    field = ".".join(place[1:]) or place[0]
    said = str(one["msg"]).removeprefix("Value error, ")
    if kind == "extra_forbidden":
        return {
            "field": field,
            "detail": f"{field!r} is not known here.",
            "remedy": "Check its spelling; /docs has the names.",
        }
    if kind == "missing":
        return {"field": field, "detail": f"{field!r} is missing.", "remedy": HELP}
    if kind == "json_invalid":
        return {"field": "body", "detail": "The body is no JSON.", "remedy": REMEDIES[400]}
    remedy = f"Use {one['ctx']['expected']}." if kind in ("literal_error", "enum") else HELP
    return {"field": field, "detail": f"{field!r} cannot be used: {said}.", "remedy": remedy}


def install(app: FastAPI) -> None:
    """Make every error of the app a problem."""

    @app.exception_handler(ForecallError)
    def forecall(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, ForecallError)
        return of_forecall(error)

    @app.exception_handler(RequestValidationError)
    def invalid(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        return of_validation(error)

    @app.exception_handler(HTTPException)
    def http(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        said = {
            404: f"There is no route {request.url.path}.",
            405: f"The route {request.url.path} does not take {request.method}.",
        }
        detail = said.get(error.status_code, str(error.detail))
        return problem(error.status_code, detail, headers=error.headers)

    @app.exception_handler(Exception)
    def unexpected(request: Request, error: Exception) -> JSONResponse:
        # as text: a renderer of exceptions may print local variables, keys among them
        trace = "".join(traceback.format_exception(error))
        log.error("unexpected error", path=request.url.path, traceback=trace)
        return problem(500, "Something went wrong that should not have.")
