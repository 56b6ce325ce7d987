"""The OpenAPI document: one key scheme, the scope of each operation from the guard's own rules, problems as errors."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api.auth import OPEN, scope_needed
from api.errors import MEDIA_TYPE
from api.schemas import Problem

ABOUT = """Forecasts of customer contacts, with the evidence that the social signal earned its place.

Every request carries a key: `Authorization: Bearer KEY`. Times carry an offset; each bucket has its start in UTC too.
Lists come in pages: send `next_cursor` back as `cursor`. Errors are problem documents that name the field and the remedy.
"""
SAID = {
    400: "The body cannot be read",
    401: "No key, or one that is not valid",
    403: "The key does not hold the scope",
    404: "What was asked for does not exist",
    409: "Not now, or too little history",
    413: "The body is too large",
    422: "A field cannot be used as it is",
    429: "Too many requests; Retry-After says how long to wait",
    500: "A fault of ours",
    503: "The database cannot be used",
}


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Problem answers of a route, for its `responses`."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {status: {"description": SAID[status], "content": content} for status in statuses}


READ = responses(401, 403, 422, 500, 503)
READ_NAMED = responses(401, 403, 404, 422, 500, 503)
WRITE = responses(400, 401, 403, 413, 422, 500, 503)


def install(app: FastAPI) -> None:
    """Give the app its document, made once."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app)
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]


def _document(app: FastAPI) -> dict[str, Any]:
    made = get_openapi(
        title=app.title, version=app.version, openapi_version="3.1.0", description=ABOUT, routes=app.routes
    )
    parts = made.setdefault("components", {})
    schema = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    parts.setdefault("schemas", {}).update({**schema.pop("$defs", {}), "Problem": schema})
    parts["securitySchemes"] = {
        "key": {"type": "http", "scheme": "bearer", "description": "forecall keys create"}
    }
    for path, operations in made["paths"].items():
        for method, operation in operations.items():
            need = scope_needed(method.upper(), path.replace("{", "").replace("}", ""))
            operation["security"] = [] if path in OPEN else [{"key": [need]}]
            if path not in OPEN:
                operation["responses"].update({"429": responses(429)[429]})
    return made
