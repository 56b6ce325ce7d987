"""A back-test that was asked for is replayed, kept with its report, and ends where it is told to; a pin is obeyed."""

from __future__ import annotations

import threading

import pandas as pd
import pytest
from sqlalchemy.orm import Session, sessionmaker

from jobs import backtest, predict
from store.backtests import BacktestPlan, ask_backtest, load_backtest, stop_backtest
from store.method_pins import pin_method
from store.runs import list_runs
from store.settings import Settings
from tests.jobs.test_select_decisions import NOW, fill

PLAN = BacktestPlan(("calls",), ("mean8", "mean8_open"), 3, 2, 50, social=False)
AT = NOW.to_pydatetime()


def asked(sessions: sessionmaker[Session]) -> int:
    """One back-test that waits, in a company with a history."""
    with sessions() as session:
        fill(session)
        number = ask_backtest(session, PLAN, who="Ann", now=AT).id
        session.commit()
    return number


def test_its_report_has_every_method_and_the_errors_by_cutoff(
    sessions: sessionmaker[Session], settings: Settings
) -> None:
    number = asked(sessions)
    assert backtest.take_up(settings, sessions, now=pd.Timestamp(NOW)) == 1
    with sessions() as session:
        held = load_backtest(session, number)
        rows = held.report["scores"]
        assert (held.state, held.done, held.total) == ("done", 4, 4)
        assert {row["model"] for row in rows} == set(PLAN.models) and len(rows[0]["blocks"]["day"]) == 2
        assert [(run.job, run.state) for run in list_runs(session)] == [("backtest", "done")]


def test_one_that_is_stopped_ends_before_its_next_step(
    sessions: sessionmaker[Session], settings: Settings
) -> None:
    number = asked(sessions)

    def stop(session: Session) -> None:
        stop_backtest(session, number, who="Ann", now=AT)
        session.commit()

    with sessions() as session:
        from store.backtests import next_backtest

        held = next_backtest(session, now=AT)
        session.commit()
        assert held is not None
        stop(session)
    backtest._do(held, settings, sessions, pd.Timestamp(NOW), threading.Event())
    with sessions() as session:
        ended = load_backtest(session, number)
    assert ended.state == "stopped" and ended.report == {}


def test_a_queue_is_forecast_with_the_method_that_is_pinned(
    sessions: sessionmaker[Session], settings: Settings
) -> None:
    with sessions() as session:
        fill(session)
        pin_method(session, ["calls"], "mean8_open", reason="steadier", who="Ann", now=AT)
        session.commit()
        made = predict.forecast_all(session, settings, pd.Timestamp(NOW))
        plain = settings.model_copy(
            update={"models": settings.models.model_copy(update={"champion": "mean8_open"})}
        )
        from store.facts import open_archive
        from store.forecasts import load_forecast
        from store.looking_ahead import look_ahead, rows

        want = next(
            rows(look_ahead(open_archive(session, plain, ["calls"]), plain, "calls", pd.Timestamp(NOW)))
        )
        held = load_forecast(session, series=["calls"], version=int(made.done["version"]))
    assert held["mean"].to_numpy() == pytest.approx(want.values[:, 0], abs=1e-3)
