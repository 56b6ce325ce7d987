"""One log line and one count per request, and the headers every answer carries."""

from __future__ import annotations

import time
from typing import Any

import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = structlog.get_logger("forecall.api")
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
}
# Of what is no page of ours (pages bring their own): nothing is loaded, nobody frames it.
CSP = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
DOCS_CSP = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; worker-src 'self' blob:; base-uri 'self'; form-action 'self'; object-src 'none'; "
    "frame-ancestors 'none'"
)


class Metrics:
    """What is counted per app. Each app has its own registry, so that two in one process do not mix."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "forecall_requests", "Requests answered.", ["method", "route", "status"], registry=self.registry
        )
        self.seconds = Histogram(
            "forecall_request_seconds", "Time to answer.", ["method", "route"], registry=self.registry
        )


class Observe:
    """The outermost middleware of ours: it sees refusals and crashes too. Neither query nor headers are logged."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics) -> None:
        self.app, self.metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, status = time.perf_counter(), 500

        async def watch(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(raw=list(message["headers"]))
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                docs = scope["path"] in ("/docs", "/redoc")
                headers.setdefault("Content-Security-Policy", DOCS_CSP if docs else CSP)
                message = {**message, "headers": headers.raw}
            await send(message)

        try:
            await self.app(scope, receive, watch)
        finally:
            self._note(scope, status, time.perf_counter() - began)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        method = scope["method"] if scope["method"] in METHODS else "other"
        route = route_of(scope)
        self.metrics.requests.labels(method, route, str(status)).inc()
        self.metrics.seconds.labels(method, route).observe(seconds)
        caller: Any = scope.get("state", {}).get("caller")
        log.info(
            "request",
            method=scope["method"],
            path=scope["path"],
            status=status,
            ms=round(1000 * seconds, 1),
            key=None if caller is None else caller.name,
        )


def route_of(scope: Scope) -> str:
    """The route's own name for the path, so that the number of series stays small."""
    path = getattr(scope.get("route"), "path", None)
    return str(path) if path else "other"
