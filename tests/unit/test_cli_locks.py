"""Locks and versions from the command line."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import numpy as np

from forecast.buckets import Grid, Interval
from store.database import connect, sessions, upgrade
from store.forecasts import COLUMNS, create_version, publish_version, save_forecast
from store.queues import Queue, save_queue
from tests.unit.conftest import Run

NOW = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)
MONDAY = int(np.datetime64("2026-03-30", "D").astype(int))


def forecasts(folder: Path, *levels: float) -> None:
    """A database with a published forecast of week 14 per level, the queue's name in brackets."""
    engine = connect(f"sqlite:///{folder / 'forecall.db'}")
    upgrade(engine)
    grid = Grid.days(MONDAY, MONDAY + 6, Interval.HOUR, "Europe/Amsterdam")
    with sessions(engine)() as session:
        save_queue(session, Queue("[bold]calls", "phone", "all", Interval.HOUR, "Europe/Amsterdam"))
        for at, level in enumerate(levels):
            moment = NOW + dt.timedelta(hours=at)
            version = create_version(session, run_id=None, cutoff=moment, now=moment, label="=1+1[red]")
            save_forecast(
                session,
                version,
                "[bold]calls",
                "interval",
                grid.ds,
                np.full((len(grid), len(COLUMNS)), level),
            )
            publish_version(session, version, moment)
        session.commit()
    engine.dispose()


def test_a_week_is_locked_listed_measured_and_released(run: Run, tmp_path: Path) -> None:
    forecasts(tmp_path, 10)
    code, out, _ = run("lock", "add", "2026-W14", "--label", "Week 14", "--json")
    made = json.loads(out)
    assert code == 0 and (made["id"], made["start"], made["end"]) == (1, "2026-03-30", "2026-04-05")
    code, out, err = run("lock", "add", "--start", "2026-03-31", "--end", "2026-03-31")
    assert code == 0 and "Lock 2: 2026-03-31" in out and "this later one counts" in err
    code, out, _ = run("lock", "list")
    assert code == 0 and "Week 14" in out and "in force" in out
    code, out, _ = run("lock", "accuracy", 1, "--json")
    assert code == 0 and json.loads(out)[0]["queue"] == "[bold]calls"
    code, out, _ = run("lock", "accuracy", "--start", "2026-03-30", "--end", "2026-04-05", "--lead", "28,7")
    assert code == 0 and "T-28" in out and "T-7" in out and "[bold]calls" in out
    assert run("lock", "release", 2)[0] == run("lock", "release", 2)[0] == 0
    assert len(json.loads(run("lock", "list", "--json")[1])) == 1
    assert len(json.loads(run("lock", "list", "--all", "--json")[1])) == 2


def test_versions_are_listed_compared_and_published_again(run: Run, tmp_path: Path) -> None:
    forecasts(tmp_path, 10, 12)
    code, out, _ = run("versions", "list", "--json")
    assert code == 0 and [(one["id"], one["current"]) for one in json.loads(out)] == [(2, True), (1, False)]
    code, out, _ = run("versions", "publish", 1)
    assert code == 0 and "Version 1 is what is shown" in out
    code, out, _ = run("versions", "list", "--kind", "forecast", "--state", "published")
    assert code == 0 and "=1+1[red]" in out and "now" in out
    code, out, _ = run(
        "versions", "compare", 2, "published", "--queue", "[bold]calls", "--granularity", "interval"
    )
    assert code == 0 and "Mon 30 Mar 2026: -48 contacts (288 to 240)" in out
    code, out, _ = run(
        "versions", "compare", 2, 1, "--queue", "[bold]calls", "--granularity", "hour", "--json"
    )
    assert len(json.loads(out)["days"]) == 7


def test_what_cannot_be_is_refused_with_the_remedy(run: Run, tmp_path: Path) -> None:
    forecasts(tmp_path, 10)
    for words, said in (
        (("lock", "add"), "--start and --end"),
        (("lock", "add", "2026-W60"), "2026-W14"),
        (("lock", "add", "2026-W20"), "run predict"),
        (("lock", "add", "--start", "soon", "--end", "2026-04-05"), "no day"),
        (("lock", "release", 7), "lock list"),
        (("lock", "accuracy", 7), "lock list"),
        (("lock", "accuracy", "--lead", "x"), "--lead 28,7,1"),
        (("versions", "publish", 7), "versions list"),
        (("versions", "compare", "a", "b", "--queue", "[bold]calls"), "lock:ID"),
    ):
        code, _, err = run(*words)
        assert code == 1 and said in err, (words, err)
