"""`forecall staffing plan` and `staffing check` as a planner meets them."""

from __future__ import annotations

import csv
import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np

from forecast.buckets import Grid, Interval
from forecast.models.base import QUANTILES
from store.database import connect, sessions, upgrade
from store.forecasts import create_version, publish_version, save_forecast
from store.queues import Queue, save_queue

Run = Callable[..., tuple[int, str, str]]
TZ = "Europe/Amsterdam"
SPAN = ("--start", "2026-04-27", "--end", "2026-04-29")


def publish(folder: Path, queue: str = "calls") -> None:
    """60 calls of five minutes in every half hour from nine to five, on a Monday and a Tuesday; by day, their sum."""
    made = dt.datetime(2026, 4, 26, tzinfo=dt.UTC)
    day = int(np.datetime64("2026-04-27", "D").astype(np.int64))
    spread = np.array([1.0, *(1 + 0.8 * (np.array(QUANTILES) - 0.5))])
    engine = connect(f"sqlite:///{folder / 'forecall.db'}")
    upgrade(engine)
    with sessions(engine)() as session:
        save_queue(session, Queue(queue, "phone", "all", Interval.HALF_HOUR, TZ))
        version = create_version(session, run_id=None, cutoff=made, now=made)
        grid = Grid.days(day, day + 1, Interval.HALF_HOUR, TZ)
        values = np.where((grid.slot >= 18) & (grid.slot < 34), 60.0, 0.0)[:, None] * spread
        aht = np.full_like(values, 300.0)
        save_forecast(session, version, queue, "interval", grid.ds, values, costs=(aht, values * 300))
        days = Grid.days(day, day + 1, Interval.DAY, TZ)
        save_forecast(session, version, queue, "day", days.ds, 960 * np.tile(spread, (2, 1)))
        publish_version(session, version, made)
        session.commit()
    engine.dispose()


def test_what_a_team_needs_is_shown_by_day_and_written_by_interval(run: Run, tmp_path: Path) -> None:
    publish(tmp_path)
    code, out, err = run("staffing", "plan", *SPAN)
    assert code == 0, err
    assert (
        "hours net" in out and "2026-04-27" in out and "112" in out and "160" in out
    )  # 16 half hours x 14 agents
    assert "euros" not in out
    code, out, _ = run("staffing", "plan", "--group", "calls", *SPAN, "--out", "need.csv")
    assert code == 0 and "Wrote 32 rows" in out
    rows = list(csv.DictReader((tmp_path / "need.csv").read_text("utf-8").splitlines()))
    assert len(rows) == 32 and {row["agents_net"] for row in rows} == {"14.0"}
    code, out, _ = run("staffing", "plan", *SPAN, "--granularity", "hour", "--quantile", "0.9", "--json")
    made = json.loads(out)
    assert code == 0 and len(made["rows"]) == 16 and made["groups"][0]["quantile"] == 0.9
    assert made["rows"][0]["agents_net"] > 14 and "next_cursor" not in made


def test_how_often_agents_hold_the_promise_is_a_sentence(run: Run, tmp_path: Path) -> None:
    publish(tmp_path)
    code, out, err = run("staffing", "check", "--agents", "30", "--group", "calls", *SPAN)
    assert code == 0, err
    assert "30 agents (net) answer 80% within 20 seconds on more than 39 days in 40." in out
    assert "together" in err
    code, out, _ = run("staffing", "check", "--agents", "20", "--gross", "--queue", "calls", *SPAN, "--json")
    made = json.loads(out)
    assert code == 0 and made["rows"][0]["agents_net"] == 14 and made["holds"]["share"] >= 0.5


def test_what_cannot_be_asked_is_said_in_a_sentence(run: Run, tmp_path: Path) -> None:
    code, out, _ = run("staffing", "plan")
    assert code == 0 and "publish a forecast first" in out
    publish(tmp_path, "[bold]calls")
    code, out, _ = run("staffing", "plan", *SPAN)
    assert code == 0 and "[bold]calls" in out
    for words, said in (
        (("plan", "--quantile", "0.55"), "keeps no quantile"),
        (("plan", "--quantile", "7"), "quantile"),
        (("plan", "--group", "cals"), "no planning group"),
        (("check", "--agents", "3"), "One group or one queue"),
        (
            ("check", "--agents", "3", "--group", "[bold]calls", "--start", "2030-01-01"),
            "no forecast is published",
        ),
    ):
        code, _, err = run("staffing", *words)
        assert code == 1 and said in err and "Traceback" not in err, err
