"""GET /healthz, /readyz, /metrics."""

from __future__ import annotations

import datetime as dt
from typing import Any

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from api.deps import Db, Now
from api.freshness import data_age, forecast_age
from api.observe import Metrics
from api.openapi import responses
from api.schemas import Alive, Ready
from store.database import check
from store.runs import list_runs

router = APIRouter(tags=["health"])
RECENT = 1_000
EXPOSITION: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/plain": {"schema": {"type": "string"}}}}
}


@router.get("/healthz", responses=responses(500))
def healthz() -> Alive:
    """The process answers."""
    return Alive(status="alive")


@router.get("/readyz", responses=responses(500, 503))
def readyz(session: Db, now: Now) -> Ready:
    """The database answers; how old data and forecast are. 503 when it does not, or has another schema."""
    bound = session.get_bind()
    check(bound if isinstance(bound, Engine) else bound.engine)
    return Ready(
        status="ready",
        data_age_seconds=data_age(session, now),
        forecast_age_seconds=forecast_age(session, now),
    )


@router.get("/metrics", response_class=Response, responses={**EXPOSITION, **responses(401, 403, 500, 503)})
def metrics(request: Request, session: Db, now: Now) -> Response:
    """For Prometheus: requests, their time, the age of data and forecast, the latest run of each job."""
    counted: Metrics = request.app.state.metrics
    body = generate_latest(counted.registry) + generate_latest(_gauges(session, now))
    return Response(body, media_type=CONTENT_TYPE_LATEST)


def _gauges(session: Session, now: dt.datetime) -> CollectorRegistry:
    registry = CollectorRegistry()
    ages = {
        "forecall_data_age_seconds": ("Since contact data last became known.", data_age(session, now)),
        "forecall_forecast_age_seconds": (
            "Since the published forecast was made.",
            forecast_age(session, now),
        ),
    }
    for name, (said, age) in ages.items():
        gauge = Gauge(name, said, registry=registry)
        gauge.set(float("nan") if age is None else age)
    runs = list_runs(session, RECENT)
    states = Gauge("forecall_runs", f"Of the last {RECENT} runs.", ["job", "state"], registry=registry)
    done = Gauge("forecall_job_done_age_seconds", "Since a job last ended well.", ["job"], registry=registry)
    for run in reversed(runs):
        states.labels(run.job, run.state).inc()
        if run.state == "done" and run.finished_at is not None:
            done.labels(run.job).set(max(0.0, (now - run.finished_at).total_seconds()))
    return registry
