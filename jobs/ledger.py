"""Runs a job: takes its lease, does its work, writes down how it ended.

    execute(name, sessions, settings, now) ─► job.run(session, settings, now) ─► Outcome ─► a row in the ledger

Nobody commits but this module. A job that writes much calls `checkpoint` between its parts, so that it never holds the
one write lock of SQLite while it computes; what it writes stays invisible until its last, small transaction. A job that
fails is rolled back to its last checkpoint, and its row in the ledger says why, in a sentence.
"""

from __future__ import annotations

import importlib
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeAlias

import pandas as pd
from sqlalchemy.orm import Session, sessionmaker

from forecast.errors import ForecallError, NotFound, StoreError
from store.runs import begin_run, extend_lease, finish_run
from store.settings import Settings

LEASE_SECONDS = (
    1800.0  # a job that died holds its lease no longer; one that lives extends it at each checkpoint
)
DONE, FAILED = "done", "failed"
_LEASE = "forecall lease"  # where the session's `info` holds it

# name ─► (module, function, what it does)
JOBS: Mapping[str, tuple[str, str, str]] = {
    "ingest": ("jobs.ingest", "run", "read the files in the drop folder"),
    "signals": ("jobs.signals", "run", "count the posts that are new"),
    "care": ("jobs.care", "run", "count the questions on social channels"),
    "backlog": ("jobs.backlog", "run", "tell what waits for an answer"),
    "select": ("jobs.select", "run", "compare the fast methods"),
    "select_full": ("jobs.select", "run_full", "compare all methods and decide where social counts"),
    "predict": ("jobs.predict", "run", "forecast and publish"),
    "alert": ("jobs.alert", "run", "warn of peaks that posts foretell"),
    "push": ("jobs.push", "run", "send events to the webhooks"),
    "retain": ("jobs.retain", "run", "drop old texts and old drafts"),
    "digest": ("jobs.digest", "run", "make the weekly digest of every reason owner"),
    "demand": ("jobs.demand", "run", "tell redials from demand"),
}


@dataclass(frozen=True)
class Outcome:
    """How a run ended. done: what was done, by name; problems: sentences on what was left out; state: done or failed."""

    done: Mapping[str, int | float | str] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    state: str = DONE

    def as_dict(self) -> dict[str, object]:
        """As the ledger keeps it; a failed run names its first problem as `error`."""
        error = {"error": self.problems[0]} if self.state == FAILED and self.problems else {}
        return {"done": dict(self.done), "problems": list(self.problems), **error}


Job: TypeAlias = Callable[[Session, Settings, pd.Timestamp], Outcome]


@dataclass(frozen=True)
class Lease:
    """The run a session works for. Time goes on from `now` as the clock does, also where `now` is a simulated one."""

    run_id: int
    now: pd.Timestamp
    began: float

    @property
    def moment(self) -> pd.Timestamp:
        return self.now + pd.Timedelta(seconds=time.monotonic() - self.began).floor("us")


def execute(
    name: str,
    sessions: sessionmaker[Session],
    settings: Settings,
    now: pd.Timestamp,
    *,
    slot: pd.Timestamp | None = None,
    job: Job | None = None,
) -> Outcome | None:
    """Run a job once; None where another process runs it, or ran it for this `slot` (its scheduled time).

    job: what to run under that name, where it is not the usual function. An error that has a sentence becomes a failed
    Outcome; any other is written down and goes on up.
    """
    work = job or find_job(name)
    with sessions() as session:
        run = begin_run(
            session,
            name,
            now=now.to_pydatetime(),
            lease_seconds=LEASE_SECONDS,
            config_hash=settings.fingerprint(),
            code_version=code_version(),
            cutoff=now.to_pydatetime(),
            slot=None if slot is None else slot.to_pydatetime(),
        )
        session.commit()
    if run is None:
        return None
    lease = Lease(run.id, now, time.monotonic())
    try:
        with sessions() as session:
            session.info[_LEASE] = lease
            outcome = work(session, settings, now)
            _finish(session, lease, outcome)
            session.commit()
    except ForecallError as error:
        outcome = Outcome(problems=(str(error),), state=FAILED)
        _record_failure(sessions, lease, outcome)
    except BaseException as error:
        said = str(error).strip() or "it was stopped"
        _record_failure(sessions, lease, Outcome(problems=(f"{type(error).__name__}: {said}",), state=FAILED))
        raise
    return outcome


def checkpoint(session: Session) -> None:
    """Commit what a job wrote so far and extend its lease; StoreError where the lease went to another run.

    Outside of `execute` it does nothing: there the caller commits.
    """
    lease = _lease(session)
    if lease is None:
        return
    alive = extend_lease(session, lease.run_id, now=lease.moment.to_pydatetime(), lease_seconds=LEASE_SECONDS)
    if not alive:
        raise StoreError("The run lost its lease to another one.", remedy="Nothing to do: that one goes on.")
    session.commit()


def moment(session: Session, now: pd.Timestamp) -> pd.Timestamp:
    """What time it is for a job that began at `now`; outside of `execute` time stands still."""
    lease = _lease(session)
    return now if lease is None else lease.moment


def run_id(session: Session) -> int | None:
    """The run the session works for; None outside of `execute`."""
    lease = _lease(session)
    return None if lease is None else lease.run_id


def find_job(name: str) -> Job:
    """A job by its name, or NotFound with the names there are."""
    if name not in JOBS:
        raise NotFound(f"There is no job {name!r}.", remedy=f"Jobs are {', '.join(JOBS)}.", field="job")
    module, function, _ = JOBS[name]
    found: Job = getattr(importlib.import_module(module), function)
    return found


def explain_failure(error: Exception, what: str) -> str:
    """A sentence on what went wrong with one queue or file, while the rest goes on. A database that is gone is not one of them."""
    if isinstance(error, StoreError):
        raise error
    if isinstance(error, ForecallError):
        said = str(error)
        return said if said.startswith(what) else f"{what}: {said}"
    logging.getLogger(__name__).exception("%s failed", what)
    return f"{what}: an unexpected {type(error).__name__} ({error})."


@lru_cache(maxsize=1)
def code_version() -> str:
    """The version of the installed program."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("forecall")
    except PackageNotFoundError:
        return "unknown"


def _lease(session: Session) -> Lease | None:
    held = session.info.get(_LEASE)
    return held if isinstance(held, Lease) else None


def _finish(session: Session, lease: Lease, outcome: Outcome) -> None:
    finish_run(
        session,
        lease.run_id,
        now=lease.moment.to_pydatetime(),
        state=outcome.state,
        outcome=outcome.as_dict(),
    )


def _record_failure(sessions: sessionmaker[Session], lease: Lease, outcome: Outcome) -> None:
    """In a session of its own: the job's may be unusable. Where the database is gone, the job's error is what counts."""
    try:
        with sessions() as session:
            _finish(session, lease, outcome)
            session.commit()
    except StoreError:
        logging.getLogger(__name__).warning("the ledger could not be written: the database is gone")
