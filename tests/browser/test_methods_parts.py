"""The methods page without a browser: back-tests written down and compared, methods pinned, settings told."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import event, insert
from sqlalchemy.orm import Session, sessionmaker

from api.dashboard.methods import bench, chosen, compare
from api.dashboard.words import Words
from forecast.buckets import Interval
from forecast.errors import InputError, NotFound
from forecast.losses import paired_interval
from store.backtests import (
    PATIENCE,
    BacktestPlan,
    ask_backtest,
    finish_backtest,
    load_backtest,
    next_backtest,
    stop_backtest,
    tell_backtest,
)
from store.database import connect, sessions
from store.method_pins import load_pins, pin_method, unpin_method, with_pin
from store.queues import Queue, save_queue
from store.scores import Since, load_since_chosen, save_report
from store.settings import Settings
from store.statements import table_of
from store.tables import RunRow

NOW = dt.datetime(2026, 3, 10, 9, 42, tzinfo=dt.UTC)
EN, NL = Words("en"), Words("nl")
PLAN = BacktestPlan(("calls",), ("champion", "mean8"), 7, 3, 100)


@pytest.fixture
def make(sqlite_template: Path, tmp_path: Path) -> sessionmaker[Session]:
    """Sessions on a database with one queue."""
    path = tmp_path / "forecall.db"
    path.write_bytes(sqlite_template.read_bytes())
    made = sessions(connect(f"sqlite:///{path}"))
    with made() as session:
        save_queue(session, Queue("calls", "phone", "all", Interval.HALF_HOUR, "Europe/Amsterdam"))
        session.commit()
    return made


class TestBacktests:
    def test_one_runs_at_a_time_and_tells_how_far_and_how_long_still(
        self, make: sessionmaker[Session]
    ) -> None:
        with make() as session:
            first, second = (ask_backtest(session, PLAN, who="Ann", now=NOW) for _ in range(2))
            taken = next_backtest(session, now=NOW)
            assert taken is not None and taken.id == first.id and next_backtest(session, now=NOW) is None
            later = NOW + dt.timedelta(seconds=20)
            assert tell_backtest(session, first.id, done=2, what="calls", now=later)
            held = load_backtest(session, first.id)
            assert (held.plan, held.total, held.seconds_left(later)) == (PLAN, 6, 40.0)
            finish_backtest(session, first.id, state="done", now=later, report={"scores": []})
            taken = next_backtest(session, now=later)
            assert taken is not None and taken.id == second.id

    def test_one_that_waits_is_stopped_at_once_and_one_that_runs_is_told_to_end(
        self, make: sessionmaker[Session]
    ) -> None:
        with make() as session:
            first, second = (ask_backtest(session, PLAN, who="Ann", now=NOW) for _ in range(2))
            next_backtest(session, now=NOW)
            assert stop_backtest(session, second.id, who="Ann", now=NOW).state == "stopped"
            assert stop_backtest(session, first.id, who="Ann", now=NOW).state == "running"
            assert not tell_backtest(session, first.id, done=1, what="", now=NOW)

    def test_one_whose_process_died_has_failed_and_the_next_begins(self, make: sessionmaker[Session]) -> None:
        with make() as session:
            first, second = (ask_backtest(session, PLAN, who="Ann", now=NOW) for _ in range(2))
            next_backtest(session, now=NOW)
            taken = next_backtest(session, now=NOW + PATIENCE)
            assert taken is not None and taken.id == second.id
            assert load_backtest(session, first.id).state == "failed"

    @pytest.mark.parametrize(
        "change",
        [
            {"models": ("nonsense",)},
            {"models": ()},
            {"cutoffs": 31},
            {"draws": 0},
            {"candidates": ("champion",)},
        ],
    )
    def test_what_cannot_be_replayed_is_refused_before_it_is_written(self, change: dict[str, object]) -> None:
        with pytest.raises(InputError):
            BacktestPlan(**{**vars(PLAN), **change})

    def test_the_list_says_that_nobody_takes_them_up(self, make: sessionmaker[Session]) -> None:
        with make() as session:
            ask_backtest(session, PLAN, who="Ann", now=NOW)
            made, going = bench.listed(session, EN, "UTC", NOW + dt.timedelta(minutes=5), may=True)
            assert going and "forecall scheduler" in str(made) and "waiting" in str(made)


class TestPins:
    def test_a_pin_changes_what_that_queue_is_forecast_with_until_it_is_removed(
        self, make: sessionmaker[Session]
    ) -> None:
        usual = Settings()
        with make() as session:
            pin_method(session, ["calls"], "dhr", reason="steadier", who="Ann", now=NOW)
            assert with_pin(session, usual, "calls").models.champion == "dhr"
            assert with_pin(session, usual, "mails") is usual
            pin_method(session, ["calls"], "mean8", reason="again", who="Bob", now=NOW)
            assert [(one.model, one.who) for one in load_pins(session)] == [("mean8", "Bob")]
            unpin_method(session, "calls", who="Bob", now=NOW)
            assert with_pin(session, usual, "calls") is usual
            with pytest.raises(NotFound):
                unpin_method(session, "calls", who="Bob", now=NOW)

    @pytest.mark.parametrize(("model", "reason"), [("nonsense", "why"), ("dhr", " ")])
    def test_a_pin_needs_a_method_there_is_and_a_reason(
        self, make: sessionmaker[Session], model: str, reason: str
    ) -> None:
        with make() as session, pytest.raises(InputError):
            pin_method(session, ["calls"], model, reason=reason, who="Ann", now=NOW)


def test_a_pin_is_shown_with_a_way_out_before_any_forecast_was_made_and_for_queues_without_one(
    make: sessionmaker[Session],
) -> None:
    with make() as session:
        assert "methods-do" not in str(chosen.chosen(session, EN, "UTC", may=True))
        pin_method(session, ["calls"], "dhr", reason="steadier", who="Ann", now=NOW)
        before = str(chosen.chosen(session, EN, "UTC", may=True))
        assert "No forecast has been made yet" in before
        assert (
            "Pinned: dhr, by Ann on 10 Mar: steadier" in before and "'act': 'unpin', 'on': 'calls'" in before
        )
        save_report(session, ran(session, 0), {"champions": [champion("other", "dhr")]})
        after = str(chosen.chosen(session, EN, "UTC", may=True))
        assert "'act': 'unpin', 'on': 'calls'" in after and "No forecast" not in after
        assert "'act': 'unpin'" not in str(chosen.chosen(session, EN, "UTC", may=False))


def ran(session: Session, at: int) -> int:
    """A finished run, half an hour after the one before."""
    when = NOW + at * dt.timedelta(minutes=30)
    facts = {"job": "predict", "slot": when, "started_at": when, "finished_at": when, "lease_until": when, "state": "done",
             "outcome": {}, "cutoff": when, "config_hash": "", "code_version": ""}  # fmt: skip
    return int(session.scalars(insert(table_of(RunRow)).values(**facts).returning(RunRow.id)).one())


def champion(series: str, model: str) -> dict[str, object]:
    return {"series": series, "lead_band": "1-3d", "model": model, "weights": {model: 1.0}}


def test_since_when_a_method_is_the_chosen_one_is_told_or_at_least_since_when(
    make: sessionmaker[Session],
) -> None:
    with make() as session:
        for at in range(40):
            rows = [champion("calls", "dhr"), champion("mails", "dhr" if at < 30 else "ets")]
            save_report(session, ran(session, at), {"champions": rows})
        long, changed = ("calls", "1-3d"), ("mails", "1-3d")
        begin, turn = NOW, NOW + dt.timedelta(hours=15)
        assert load_since_chosen(session) == {long: Since(begin, False), changed: Since(turn, False)}
        seen = load_since_chosen(session, most=40)  # of the last twenty runs
        assert seen == {long: Since(NOW + dt.timedelta(hours=10), True), changed: Since(turn, False)}
        told = str(chosen._choice(champion("calls", "dhr"), seen[long], EN, "UTC"))
        assert "largest since 10 Mar or before" in told
        assert "or before" not in str(chosen._choice(champion("mails", "ets"), seen[changed], EN, "UTC"))


def test_what_can_be_compared_is_found_without_reading_the_scores(make: sessionmaker[Session]) -> None:
    with make() as session:
        rows = [
            {"series": name, "lead_band": "1-3d", "model": model}
            for model in ("mean8", "dhr")
            for name in "ab"
        ]
        save_report(session, ran(session, 0), {"scores": [*rows, {**rows[0], "model": "old"}]})
        save_report(session, ran(session, 1), {"scores": rows})
        asked: list[str] = []
        listen: Any = lambda _, __, statement, *___: asked.append(statement)  # noqa: E731
        event.listen(session.get_bind(), "before_cursor_execute", listen)
        found = compare.choices(session, EN)
    assert [one["value"] for one in found] == ["production:mean8", "production:dhr"]
    assert not any("scores.row" in one for one in asked)


def row(error: list[float], days: list[int]) -> dict[str, object]:
    """A score of 100 contacts at each cutoff."""
    blocks = {"day": days, "error": error, "volume": [100.0] * len(days)}
    return {
        "series": "calls",
        "lead_band": "0-1h",
        "model": "m",
        "wape": sum(error) / 100 / len(days),
        "blocks": blocks,
    }


class TestCompared:
    def test_a_small_gain_on_every_day_is_seen_though_the_days_differ_much(self) -> None:
        hard, days = [10.0, 50.0, 20.0, 80.0, 30.0], [1, 2, 3, 4, 5]
        (found,) = compare.pairs([row([each - 2 for each in hard], days)], [row(hard, days)])
        assert (found.apart, found.low, found.high) == pytest.approx((-0.02, -0.02, -0.02))
        assert "better beyond chance in 1" in compare.verdict([found], EN)

    def test_replays_of_other_days_have_no_interval_and_say_so(self) -> None:
        (found,) = compare.pairs([row([1.0, 2.0], [1, 2])], [row([3.0, 4.0], [8, 9])])
        assert np.isnan(found.low) and found.apart == pytest.approx(-0.02)
        assert compare.verdict([found], EN) == EN("methods_verdict_unpaired", n=1)

    def test_one_day_has_a_difference_and_no_interval(self) -> None:
        apart, low, high = paired_interval(np.array([1.0]), np.array([3.0]), np.array([10.0]))
        assert apart == pytest.approx(-0.2) and np.isnan(low) and np.isnan(high)


def test_settings_that_differ_are_told_without_secrets() -> None:
    held = Settings.model_validate(
        {"models": {"draws": 300}, "database": {"url": "postgresql://me:hidden@host/x"}}
    )
    assert chosen.differing(held) == [("models.draws", "300", "500")]


@pytest.mark.parametrize("words", [EN, NL])
def test_every_method_of_the_catalogue_is_described(words: Words) -> None:
    assert str(chosen.catalogue(Settings(), words)).count("Tr(") == 12  # eleven methods and the heading
