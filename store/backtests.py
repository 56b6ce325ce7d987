"""Back-tests that analysts ask for: what to replay, how far it is, and what came out; the scheduler does them one by one.

asked ─► waiting ─► running (told how far) ─► done with its report, failed with a sentence, or stopped
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, insert, select, update
from sqlalchemy.orm import Session

from forecast.errors import InputError, NotFound
from forecast.method_names import NAMES
from store.audit import record
from store.plain import plain
from store.queues import require_queues
from store.statements import table_of
from store.tables import BacktestRow

_TABLE = table_of(BacktestRow)
OVER = ("done", "failed", "stopped")
MOST_STEPS = 2_000  # queues x methods x cutoffs; a step takes a second or more
MOST_CUTOFFS, MOST_DAYS = 30, 56
PATIENCE = dt.timedelta(
    minutes=10
)  # without a word from a running one, after which its process is taken for dead


@dataclass(frozen=True)
class BacktestPlan:
    """What to replay: methods by their catalogue names, days ahead, cutoffs, sample paths, with or without posts.

    candidates: what the champion combines; () as in config.yaml. InputError for sizes that nobody would wait for.
    """

    queues: tuple[str, ...]
    models: tuple[str, ...]
    horizon_days: int = 14
    cutoffs: int = 5
    draws: int = 200
    social: bool = True
    candidates: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        unknown = [name for name in (*self.models, *self.candidates) if name not in NAMES]
        if unknown or not self.models or not self.queues or "champion" in self.candidates:
            said = (
                f"There is no method {unknown[0]!r}." if unknown else "A back-test needs queues and methods."
            )
            raise InputError(said, remedy=f"Choose from {', '.join(NAMES)}.", field="models")
        bounds = {"horizon_days": MOST_DAYS, "cutoffs": MOST_CUTOFFS, "draws": 2_000}
        for name, most in bounds.items():
            if not 1 <= getattr(self, name) <= most:
                raise InputError(f"{name} is out of bounds.", remedy=f"Use 1 to {most}.", field=name)
        if self.steps > MOST_STEPS:
            raise InputError(
                f"{self.steps} replays are more than one back-test does ({MOST_STEPS}).",
                remedy="Choose fewer queues, methods or cutoffs.",
                field="cutoffs",
            )

    @property
    def steps(self) -> int:
        """Methods at cutoffs of queues."""
        return len(self.queues) * len(self.models) * self.cutoffs

    @classmethod
    def of(cls, asked: Mapping[str, Any]) -> BacktestPlan:
        """As it was stored."""
        lists = ("queues", "models", "candidates")
        held: dict[str, Any] = {key: tuple(value) if key in lists else value for key, value in asked.items()}
        return cls(**held)


@dataclass(frozen=True)
class Backtest:
    """One back-test. state: waiting, running, done, failed or stopped; report: as `forecall evaluate` reports, {} until then."""

    id: int
    plan: BacktestPlan
    who: str
    asked_at: dt.datetime
    state: str
    stop: bool
    done: int
    total: int
    what: str
    started_at: dt.datetime | None
    seen_at: dt.datetime | None
    finished_at: dt.datetime | None
    report: Mapping[str, Any]

    def seconds_left(self, now: dt.datetime) -> float | None:
        """By the pace so far; None where there is none yet."""
        if self.state != "running" or self.started_at is None or not self.done:
            return None
        return (now - self.started_at).total_seconds() / self.done * (self.total - self.done)


def ask_backtest(session: Session, plan: BacktestPlan, *, who: str, now: dt.datetime) -> Backtest:
    """Write down that one is wanted, and audit that. NotFound for a queue that nobody knows."""
    require_queues(session, list(plan.queues))
    asked = plain(vars(plan))
    facts: dict[str, Any] = {
        "asked": asked, "who": who, "asked_at": now, "state": "waiting", "stop": False, "done": 0, "total": plan.steps, "what": "",
        "started_at": None, "seen_at": None, "finished_at": None, "report": {},
    }  # fmt: skip
    number = int(session.scalars(insert(_TABLE).values(**facts).returning(_TABLE.c.id)).one())
    record(session, now=now, who=who, act="backtest.ask", subject=f"back-test {number}", body=asked)
    return load_backtest(session, number)


def load_backtest(session: Session, number: int) -> Backtest:
    """One with its report; NotFound."""
    row = session.execute(select(_TABLE).where(_TABLE.c.id == number)).one_or_none()
    if row is None:
        raise NotFound(f"There is no back-test {number}.", remedy="See the page Methods.", field="id")
    return _backtest(row)


def load_backtests(session: Session, limit: int = 30) -> list[Backtest]:
    """The latest first, without their reports."""
    columns = [column for column in _TABLE.c if column.name != "report"]
    return [
        _backtest(row) for row in session.execute(select(*columns).order_by(_TABLE.c.id.desc()).limit(limit))
    ]


def next_backtest(session: Session, *, now: dt.datetime) -> Backtest | None:
    """Take the oldest that waits, and begin it; None where none waits, or one runs. One whose process died has failed."""
    dead = (_TABLE.c.state == "running", _TABLE.c.seen_at <= now - PATIENCE)
    session.execute(
        update(_TABLE)
        .where(*dead)
        .values(state="failed", finished_at=now, what="interrupted: its process ended")
    )
    running = select(_TABLE.c.id).where(_TABLE.c.state == "running").limit(1)
    if session.scalar(running) is not None:
        return None
    oldest = select(_TABLE.c.id).where(_TABLE.c.state == "waiting").order_by(_TABLE.c.id).limit(1)
    number = session.scalar(oldest)
    if number is None:
        return None
    begun = update(_TABLE).where(_TABLE.c.id == number, _TABLE.c.state == "waiting")
    taken = session.scalar(begun.values(state="running", started_at=now, seen_at=now).returning(_TABLE.c.id))
    return None if taken is None else load_backtest(session, number)


def tell_backtest(session: Session, number: int, *, done: int, what: str, now: dt.datetime) -> bool:
    """How far it is; False where it is to end."""
    told = update(_TABLE).where(_TABLE.c.id == number, _TABLE.c.state == "running")
    stop = session.scalar(told.values(done=done, what=what, seen_at=now).returning(_TABLE.c.stop))
    return stop is False


def finish_backtest(
    session: Session,
    number: int,
    *,
    state: str,
    now: dt.datetime,
    what: str = "",
    report: Mapping[str, Any] | None = None,
) -> None:
    """How it ended: done with a report, failed with a sentence, or stopped."""
    values = {"state": state, "finished_at": now, "what": what, "report": plain(report or {})}
    session.execute(update(_TABLE).where(_TABLE.c.id == number).values(**values))


def stop_backtest(session: Session, number: int, *, who: str, now: dt.datetime) -> Backtest:
    """End it: at once where it waits, before its next step where it runs. It cannot be taken up again, only asked for anew."""
    held = load_backtest(session, number)
    if held.state in OVER:
        return held
    mine = update(_TABLE).where(_TABLE.c.id == number)
    session.execute(mine.values(stop=True))
    session.execute(mine.where(_TABLE.c.state == "waiting").values(state="stopped", finished_at=now))
    record(session, now=now, who=who, act="backtest.stop", subject=f"back-test {number}", body={})
    return load_backtest(session, number)


def _backtest(row: Row[Any]) -> Backtest:
    return Backtest(
        row.id, BacktestPlan.of(row.asked), row.who, row.asked_at, row.state, row.stop, row.done, row.total, row.what,
        row.started_at, row.seen_at, row.finished_at, getattr(row, "report", {}),
    )  # fmt: skip
