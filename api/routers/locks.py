"""/v1/locks: weeks frozen as the plan; /v1/accuracy/plan: how good what stood so many days before turned out to be."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query

from api import paging
from api.auth import Who
from api.deps import Config, Db, Now
from api.lock_schemas import (
    LockAccuracyOut,
    LockIn,
    LockMade,
    LockOut,
    LockQuery,
    MeasuredOut,
    PlanAccuracyOut,
    PlanAccuracyQuery,
    PlanFiguresOut,
)
from api.openapi import READ, READ_NAMED, WRITE, responses
from api.schemas import Page
from forecast.buckets import zone
from forecast.errors import InputError
from store.locks import Lock, list_locks, load_lock, lock_span, release_lock, span_of_week
from store.plan_accuracy import Measured, lock_accuracy, plan_accuracy

router = APIRouter(tags=["plan"])
Number = Annotated[int, Path(ge=1, lt=2**53)]
DIGITS = 4
USUAL_DAYS = 28


@router.post("/v1/locks", status_code=201, responses={**WRITE, **responses(404)})
def create_lock(session: Db, now: Now, who: Who, told: LockIn) -> LockMade:
    """Freeze a week, or local days, as the plan: the numbers shown now, manual adjustments included, stay for ever. Two people may lock the same week: both locks stand, the later counts, and `goes_before` says so."""
    first, last = _span(told)
    version: str | int = int(told.version) if told.version.isdecimal() else told.version
    made = lock_span(
        session,
        first=first,
        last=last,
        queues=told.queues,
        version=version,
        label=told.label,
        who=who,
        now=now,
    )
    before = [LockOut(**_facts(one)) for one in made.goes_before]
    return LockMade(**_facts(made.lock), goes_before=before, notes=list(made.notes))


@router.get("/v1/locks", responses=READ)
def get_locks(session: Db, query: Annotated[LockQuery, Query()]) -> Page[LockOut]:
    """The locks, the latest first."""
    rows = [
        one
        for one in list_locks(session)
        if query.in_force in (None, one.released_at is None)
        and (query.queue is None or not one.queues or query.queue in one.queues)
    ]
    page, cursor = paging.cut(query, rows, lambda row: (-row.id,), (int,))
    return Page(rows=[LockOut(**_facts(one)) for one in page], next_cursor=cursor)


@router.get("/v1/locks/{id}", responses=READ_NAMED)
def get_lock(session: Db, id: Number) -> LockOut:
    """One lock, released or not."""
    return LockOut(**_facts(load_lock(session, id)))


@router.delete("/v1/locks/{id}", responses={**WRITE, **responses(404)})
def delete_lock(session: Db, now: Now, who: Who, id: Number) -> LockOut:
    """Release a lock: it counts no more; it and its numbers stay. Releasing it again changes nothing."""
    return LockOut(**_facts(release_lock(session, id, who=who, now=now)))


@router.get("/v1/locks/{id}/accuracy", responses=READ_NAMED)
def get_lock_accuracy(session: Db, config: Config, now: Now, id: Number) -> LockAccuracyOut:
    """How good the plan of a lock turned out to be, per queue, over the days that are over: days, weeks, intervals within 10 %, and the cost of the error in agent hours."""
    held, rows = lock_accuracy(session, config, id, now=now)
    begins = dt.datetime.combine(held.first, dt.time(), dt.UTC)
    days = round((begins - held.created_at) / dt.timedelta(days=1), 2)
    return LockAccuracyOut(
        lock=LockOut(**_facts(held)), made_days_before=days, queues=[_measured(one) for one in rows]
    )


@router.get("/v1/accuracy/plan", responses=READ_NAMED)
def get_plan_accuracy(
    session: Db, config: Config, now: Now, query: Annotated[PlanAccuracyQuery, Query()]
) -> PlanAccuracyOut:
    """How good what stood T-28, T-7 and T-1 days before each local day turned out to be: the lock in force then, else what was published then with the manual adjustments of then."""
    today = now.astimezone(zone(config.company.timezone)).date()
    last = query.end or today - dt.timedelta(days=1)
    first = query.start or last - dt.timedelta(days=USUAL_DAYS - 1)
    leads = tuple(dict.fromkeys(int(one) for one in query.lead_days.split(",")))
    rows = plan_accuracy(session, config, first=first, last=last, queues=query.queue, leads=leads, now=now)
    return PlanAccuracyOut(start=first, end=last, rows=[_measured(one) for one in rows])


def _span(told: LockIn) -> tuple[dt.date, dt.date]:
    if told.week is not None and told.start is None and told.end is None:
        return span_of_week(told.week)
    if told.week is None and told.start is not None and told.end is not None:
        return told.start, told.end
    raise InputError(
        "It is not said which days to lock.",
        remedy="Give `week`, such as 2026-W14, or `start` and `end`.",
        field="week",
    )


def _facts(one: Lock) -> dict[str, Any]:
    facts = {name: value for name, value in vars(one).items() if name not in ("first", "last")}
    return {**facts, "start": one.first, "end": one.last, "queues": list(one.queues)}


def _measured(one: Measured) -> MeasuredOut:
    figures = {name: _rounded(value) for name, value in vars(one.figures).items() if name != "cost"}
    cost = one.figures.cost
    told = None if cost is None else {name: _rounded(value) for name, value in vars(cost).items()}
    facts = {name: value for name, value in vars(one).items() if name not in ("figures", "locks")}
    return MeasuredOut(
        **facts, locks=list(one.locks), figures=PlanFiguresOut.model_validate({**figures, "cost": told})
    )


def _rounded(value: Any) -> Any:
    return round(value, DIGITS) if isinstance(value, float) else value
