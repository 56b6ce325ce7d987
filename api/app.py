"""The application: routes, the guard before them, the dashboard beside them.

CORS ─► Observe (log, count) ─► Guard (key, scope) ─► BodyLimit ─► Answers (given again) ─► ETags ─► routes and dashboard
"""

from __future__ import annotations

import secrets
from importlib.metadata import PackageNotFoundError, version

from fastapi import APIRouter, FastAPI, HTTPException, Request
from fastapi.middleware.cors import CORSMiddleware
from fastapi.routing import APIRoute, iter_route_contexts
from fastapi_offline import FastAPIOffline
from sqlalchemy.orm import Session, sessionmaker

from api import dashboard, errors, oidc, openapi, sign_in
from api.answers import Answers
from api.auth import LOOPBACK, Guard
from api.deps import Clock, utc_now
from api.etags import ETags
from api.limits import BodyLimit
from api.observe import Metrics, Observe
from api.rate_limits import Attempts, Gate
from api.routers import (
    alerts,
    audit,
    backlog,
    calendar,
    care,
    causes,
    comparison,
    day_remarks,
    demand,
    drivers,
    events,
    evidence,
    explain,
    exports,
    forecasts,
    health,
    keys,
    locks,
    mentions,
    outlook,
    overrides,
    quality,
    queue_map,
    queues,
    reasons,
    repeats,
    reports,
    runs,
    scenarios,
    signals,
    staffing,
    topics,
    uploads,
    users,
    volumes,
    webhooks,
)
from api.seals import Seal
from store.chain import Chain
from store.changes import Changes
from store.settings import Settings

ROUTERS = (
    queues.router,
    queue_map.router,
    calendar.router,
    drivers.router,
    forecasts.router,
    locks.router,
    exports.router,
    explain.router,
    overrides.router,
    outlook.router,
    volumes.router,
    uploads.router,
    demand.router,
    signals.router,
    topics.router,
    reasons.router,
    alerts.router,
    mentions.router,
    care.router,
    backlog.router,
    causes.router,
    repeats.router,
    staffing.router,
    comparison.router,
    evidence.router,
    reports.router,
    day_remarks.router,
    quality.router,
    scenarios.router,
    runs.router,
    events.router,
    webhooks.router,
    health.router,
    sign_in.router,
    oidc.router,
    keys.router,
    users.router,
    audit.router,
)
DOCS = {"validatorUrl": None, "persistAuthorization": False}  # the validator is on another host
ANY = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


def create_app(settings: Settings, sessions: sessionmaker[Session], *, clock: Clock = utc_now) -> FastAPI:
    """The app on a database. It keeps nothing between requests but counters and the secret that signs sessions."""
    app = FastAPIOffline(
        title="Forecall",
        version=_version(),
        generate_unique_id_function=_operation,
        swagger_ui_parameters=DOCS,
        telemetry=None,
    )
    app.state.settings, app.state.sessions, app.state.clock = settings, sessions, clock
    app.state.metrics, app.state.chain = Metrics(), Chain(settings)
    app.state.seal = Seal(secrets.token_bytes(32))  # signed-in browsers sign in anew after a restart
    app.state.attempts, app.state.company = Attempts(), oidc.provider(settings.access.oidc)
    app.state.streams = events.Streams()
    errors.install(app)
    for router in ROUTERS:
        app.include_router(router)
    app.include_router(_rest(app))
    openapi.install(app)
    dashboard.mount(app, settings, sessions)
    _guard(app, settings, sessions, clock)
    return app


def _guard(app: FastAPI, settings: Settings, sessions: sessionmaker[Session], clock: Clock) -> None:
    """The middleware, the innermost first; after the dashboard, so that it stands before what that adds."""
    opens = settings.api.open_dashboard and settings.api.host in LOOPBACK
    open_here = settings.api.open_scopes if opens else ()
    app.add_middleware(ETags)
    app.add_middleware(Answers, clock=clock)
    app.add_middleware(BodyLimit)
    gate = Gate(settings.access.limits)
    changes = Changes(sessions.kw["bind"])
    app.add_middleware(
        Guard,
        sessions=sessions,
        seal=app.state.seal,
        clock=clock,
        gate=gate,
        changes=changes,
        open_here=open_here,
    )
    app.add_middleware(Observe, metrics=app.state.metrics)
    if settings.api.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(settings.api.cors_origins),
            allow_methods=["GET", "POST"],
            allow_headers=["Authorization", "Content-Type", "If-None-Match"],
            expose_headers=["ETag", "Link", "Forecall-Note"],
        )


def _rest(app: FastAPI) -> APIRouter:
    """What is left under /v1, before the dashboard takes every other path."""
    router = APIRouter(include_in_schema=False)

    @router.api_route("/v1/{rest:path}", methods=ANY)
    def unknown_route(request: Request, rest: str) -> None:
        allowed: set[str] = set()
        for route in iter_route_contexts(app.routes):
            path = getattr(route, "path_regex", None)
            if path is not None and route.endpoint is not unknown_route and path.match(request.url.path):
                allowed |= set(route.methods or ())
        if allowed:
            raise HTTPException(405, headers={"Allow": ", ".join(sorted(allowed))})
        raise HTTPException(404)

    return router


def _operation(route: APIRoute) -> str:
    """Operation ids are the names of the functions: stable, and good names in a generated client."""
    return route.name


def _version() -> str:
    try:
        return version("forecall")
    except PackageNotFoundError:
        return "0"
