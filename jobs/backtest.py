"""Back-tests that were asked for, one after the other: replayed queue by queue, told how far, and stopped between two steps.

Beside the jobs of the clock, in a thread of its own: a replay takes minutes, and a forecast must not wait for it.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

import pandas as pd
from sqlalchemy.orm import Session, sessionmaker

from forecast.errors import ForecallError
from forecast.report import Plan, evaluate
from jobs.ledger import Outcome, checkpoint, execute
from store.backtests import Backtest, finish_backtest, next_backtest, tell_backtest
from store.facts import open_archive
from store.settings import Settings

JOB = "backtest"
TELL_SECONDS = 1.0
log = logging.getLogger("forecall.scheduler")


class Stopped(ForecallError):
    """Somebody ended it, or the process ends."""


def take_up(
    settings: Settings,
    sessions: sessionmaker[Session],
    stopped: threading.Event | None = None,
    *,
    now: pd.Timestamp | None = None,
) -> int:
    """Do what waits now; how many were done. now: the moment, the clock's without it."""
    done = 0
    while stopped is None or not stopped.is_set():
        began = now if now is not None else pd.Timestamp.now("UTC").floor("us")
        with sessions() as session:
            held = next_backtest(session, now=began.to_pydatetime())
            session.commit()
        if held is None:
            break
        _do(held, settings, sessions, began, stopped)
        done += 1
    return done


def _do(
    held: Backtest,
    settings: Settings,
    sessions: sessionmaker[Session],
    began: pd.Timestamp,
    stopped: threading.Event | None,
) -> None:
    """One back-test through the ledger; its row says how it ended, whatever happens."""
    started = time.monotonic()

    def moment() -> pd.Timestamp:
        return began + pd.Timedelta(seconds=time.monotonic() - started).floor("us")

    def finish(state: str, what: str, report: dict[str, object] | None = None) -> None:
        with sessions() as session:
            finish_backtest(
                session, held.id, state=state, now=moment().to_pydatetime(), what=what, report=report
            )
            session.commit()

    def work(session: Session, settings: Settings, now: pd.Timestamp) -> Outcome:
        step = _stepping(held, session, sessions, moment, stopped)
        report = replayed(session, settings, held, step)
        finish("done", "", report)
        return Outcome({"backtest": held.id, "steps": held.total}, tuple(report["problems"]))  # type: ignore[arg-type]

    try:
        if execute(JOB, sessions, settings, began, job=work) is None:
            finish("failed", "Another back-test ran at that moment; ask for it again.")
            return
        with sessions() as session:
            from store.backtests import load_backtest

            ended = load_backtest(session, held.id)
        if ended.state == "running":  # the ledger turned a sentence into a failed outcome
            finish("stopped" if ended.stop else "failed", "" if ended.stop else _why(sessions))
    except Exception as error:
        finish("failed", f"An unexpected {type(error).__name__}; the log of the scheduler has more.")
        raise


def _why(sessions: sessionmaker[Session]) -> str:
    """What the ledger says of the latest back-test."""
    from store.runs import list_runs

    with sessions() as session:
        runs = list_runs(session, 1, job=JOB)
    return str(runs[0].outcome.get("error", "")) if runs else ""


def _stepping(
    held: Backtest,
    mine: Session,
    sessions: sessionmaker[Session],
    moment: Callable[[], pd.Timestamp],
    stopped: threading.Event | None,
) -> Callable[[str], None]:
    """What each step calls: told at most once a second, in a session of its own; Stopped where it is to end."""
    done, last = 0, 0.0

    def step(what: str) -> None:
        nonlocal done, last
        done += 1
        if stopped is not None and stopped.is_set():
            raise Stopped("The scheduler was stopped.", remedy="Ask for the back-test again.")
        if time.monotonic() - last < TELL_SECONDS and done < held.total:
            return
        last = time.monotonic()
        with sessions() as session:
            goes_on = tell_backtest(session, held.id, done=done, what=what, now=moment().to_pydatetime())
            session.commit()
        checkpoint(mine)  # its lease lasts for as long as it lives
        if not goes_on:
            raise Stopped("It was stopped.", remedy="Ask for it again.")

    return step


def replayed(
    session: Session, settings: Settings, held: Backtest, step: Callable[[str], None] | None = None
) -> dict[str, object]:
    """The report of one back-test, as `forecall evaluate` makes it, with the errors by cutoff beside each score."""
    wanted = held.plan
    archive = open_archive(session, settings, list(wanted.queues))
    session.rollback()  # what was read is in memory; nothing is held open while it computes
    plan = Plan(
        models=wanted.models, horizon_days=wanted.horizon_days, cutoffs=wanted.cutoffs, draws=wanted.draws,
        seed=settings.models.seed, candidates=wanted.candidates or settings.models.candidates, social=wanted.social,
        with_evidence=False, blocks=True, step=step,
    )  # fmt: skip
    return evaluate(archive, plan).as_dict()
