"""GET /v1/runs: the history of the jobs."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from api import paging
from api.deps import Db
from api.openapi import READ
from api.queries import RunQuery
from api.schemas import Page, RunOut
from store.runs import Run, list_runs

router = APIRouter(tags=["runs"])
LATEST = 5_000
# phrases of posts and addresses, and a table as large as the data: routes of their own show them
KEPT_BACK = ("digests", "comparison")


@router.get("/v1/runs", responses=READ)
def list_job_runs(session: Db, query: Annotated[RunQuery, Query()]) -> Page[RunOut]:
    """What ran and how it ended, the latest first (the last 5,000 runs)."""
    rows = [_out(run) for run in list_runs(session, LATEST, job=query.job)]
    page, cursor = paging.cut(query, rows, lambda row: (-row.id,), (int,))
    return Page(rows=page, next_cursor=cursor)


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
