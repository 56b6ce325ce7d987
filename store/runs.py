"""The ledger: what ran, when, with which settings, and how it ended. A job runs once because it needs the lease.

Race-safe on both databases by two unique indexes: one live run per job, one run per job and scheduled slot. Commit
right after `begin_run`: only then do others see the lease.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from forecast.errors import InputError, NotFound
from store.plain import plain
from store.statements import insert_ignore, table_of
from store.tables import RunRow

INTERRUPTED = {"error": "interrupted: its lease ran out"}


@dataclass(frozen=True)
class Run:
    """One run of a job. state: running, done or failed; cutoff: what it knew, where that matters."""

    id: int
    job: str
    started_at: dt.datetime
    finished_at: dt.datetime | None
    state: str
    outcome: Mapping[str, Any]
    cutoff: dt.datetime | None
    config_hash: str
    code_version: str


def begin_run(
    session: Session,
    job: str,
    *,
    now: dt.datetime,
    lease_seconds: float,
    config_hash: str,
    code_version: str,
    cutoff: dt.datetime | None = None,
    slot: dt.datetime | None = None,
) -> Run | None:
    """Take the lease of a job; None while another live lease on it exists, or when its `slot` (the scheduled time) has run.

    A lease that ran out is marked failed and given to the caller.
    """
    expire_runs(session, now=now, job=job)
    facts: dict[str, Any] = {
        "job": job,
        "slot": slot,
        "started_at": now,
        "lease_until": now + dt.timedelta(seconds=lease_seconds),
        "state": "running",
        "outcome": {},
        "cutoff": cutoff,
        "config_hash": config_hash,
        "code_version": code_version,
    }
    made = session.scalar(insert_ignore(session, table_of(RunRow)).values(**facts).returning(RunRow.id))
    return None if made is None else load_run(session, made)


def extend_lease(session: Session, run_id: int, *, now: dt.datetime, lease_seconds: float) -> bool:
    """A long job says it still lives; False when its lease was given to another."""
    until = now + dt.timedelta(seconds=lease_seconds)
    alive = (
        update(table_of(RunRow))
        .where(RunRow.id == run_id, RunRow.state == "running")
        .values(lease_until=until)
    )
    return session.scalar(alive.returning(RunRow.id)) is not None


def finish_run(
    session: Session, run_id: int, *, now: dt.datetime, state: str, outcome: Mapping[str, Any]
) -> None:
    """Write down how a run ended (`done` or `failed`), and give its lease back."""
    if state not in ("done", "failed"):
        raise InputError(f"A run cannot end as {state!r}.", remedy="Use done or failed.", field="state")
    ended = update(table_of(RunRow)).where(RunRow.id == run_id)
    ended = ended.values(state=state, finished_at=now, outcome=plain(outcome))
    if session.scalar(ended.returning(RunRow.id)) is None:
        raise NotFound(f"There is no run {run_id}.", remedy="See the list of runs.", field="id")


def expire_runs(session: Session, *, now: dt.datetime, job: str | None = None) -> int:
    """Mark running runs whose lease ran out as failed; returns how many."""
    dead = update(table_of(RunRow)).where(RunRow.state == "running", RunRow.lease_until <= now)
    if job is not None:
        dead = dead.where(RunRow.job == job)
    found = session.scalars(
        dead.values(state="failed", finished_at=now, outcome=INTERRUPTED).returning(RunRow.id)
    )
    return len(found.all())


def list_runs(session: Session, limit: int = 50, *, job: str | None = None) -> list[Run]:
    """The latest runs first, of one job or of all."""
    query = select(table_of(RunRow)).order_by(RunRow.id.desc()).limit(limit)
    return [_run(row) for row in session.execute(query if job is None else query.where(RunRow.job == job))]


def load_run(session: Session, run_id: int) -> Run:
    """One run, or NotFound."""
    row = session.execute(select(table_of(RunRow)).where(RunRow.id == run_id)).one_or_none()
    if row is None:
        raise NotFound(f"There is no run {run_id}.", remedy="See the list of runs.", field="id")
    return _run(row)


def _run(row: Any) -> Run:
    return Run(
        row.id,
        row.job,
        row.started_at,
        row.finished_at,
        row.state,
        row.outcome,
        row.cutoff,
        row.config_hash,
        row.code_version,
    )
