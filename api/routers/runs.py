"""GET /v1/runs: the history of the jobs, and what was asked for; POST /v1/runs: ask for one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from sqlalchemy.orm import Session

from api import paging
from api.auth import Who
from api.deps import Db, Now
from api.event_schemas import RequestDetail, RequestOut, RunIn, RunPage
from api.openapi import READ, READ_NAMED, WRITE
from api.queries import RunQuery
from api.schemas import RunOut
from store.audit import record
from store.run_requests import Request, ask, load_request, load_waiting
from store.runs import Run, list_runs, load_run

router = APIRouter(tags=["runs"])
LATEST = 5_000
# phrases of posts and addresses, and a table as large as the data: routes of their own show them
KEPT_BACK = ("digests", "comparison")
NOBODY = "No scheduler runs: start `forecall scheduler`, or `forecall serve --with-scheduler`."


@router.get("/v1/runs", responses=READ)
def list_job_runs(session: Db, now: Now, query: Annotated[RunQuery, Query()]) -> RunPage:
    """What ran and how it ended, the latest first (the last 5,000 runs), and in `requests` what was asked for and waits."""
    rows = [_out(run) for run in list_runs(session, LATEST, job=query.job)]
    page, cursor = paging.cut(query, rows, lambda row: (-row.id,), (int,))
    waiting = [one for one in load_waiting(session) if query.job in (None, one.job)]
    running = _running(session) if waiting else set()
    return RunPage(rows=page, next_cursor=cursor, requests=[_request(one, now, running) for one in waiting])


@router.post("/v1/runs", status_code=202, responses=WRITE)
def start_run(session: Db, now: Now, who: Who, asked: RunIn, response: Response) -> RequestOut:
    """Ask for a job. The scheduler takes it up within seconds; `url` shows how it goes.

    Asked again while it waits it is the same request. While the job runs already, it waits and runs once more after that.
    """
    request, new = ask(session, asked.job, who=who, now=now)
    if new:
        said = {"job": request.job, "request": request.id}
        record(session, now=now, who=who, act="run.ask", subject=f"job {request.job}", body=said)
    found = _request(request, now, _running(session))
    response.headers["Location"] = found.url
    return found


@router.get("/v1/runs/requests/{id}", responses=READ_NAMED)
def get_run_request(session: Db, now: Now, id: Annotated[int, Path(ge=1, lt=2**53)]) -> RequestDetail:
    """What became of a job that was asked for: it waits, and perhaps why; or the run that does it."""
    held = load_request(session, id)
    run = None if held.run_id is None else _out(load_run(session, held.run_id))
    return RequestDetail(**_request(held, now, _running(session)).model_dump(), run=run)


def _running(session: Session) -> set[str]:
    """The jobs that run at this moment."""
    return {run.job for run in list_runs(session, 200) if run.state == "running"}


def _request(held: Request, now: dt.datetime, running: Collection[str]) -> RequestOut:
    return RequestOut(
        id=held.id,
        job=held.job,
        asked_at=held.asked_at,
        who=held.who,
        state="waiting" if held.taken_at is None else "taken",
        note=_note(held, now, running),
        url=f"/v1/runs/requests/{held.id}",
    )


def _note(held: Request, now: dt.datetime, running: Collection[str]) -> str:
    """Why it waits still."""
    if held.taken_at is not None:
        return ""
    if held.job in running:
        return f"A run of {held.job} goes on; this one begins after it."
    if not held.forgotten(now):
        return ""
    return f"It waits for {', '.join(sorted(running))}." if running else NOBODY


def _out(run: Run) -> RunOut:
    took = None if run.finished_at is None else (run.finished_at - run.started_at).total_seconds()
    return RunOut(
        id=run.id,
        job=run.job,
        state=run.state,
        started_at=run.started_at,
        finished_at=run.finished_at,
        seconds=took,
        cutoff=run.cutoff,
        outcome={name: value for name, value in run.outcome.items() if name not in KEPT_BACK},
        code_version=run.code_version,
    )
