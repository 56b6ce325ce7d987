"""`forecall import staffing|forecast`, `staffing gap`, `compare` and `repeats` as a planner meets them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

Run = Callable[..., tuple[int, str, str]]


def written(folder: Path) -> None:
    """A queue of 60 calls an hour on working days, and a planner who says just what came in the last six weeks."""
    hours = pd.date_range("2026-01-05", "2026-04-26 23:00", freq="1h")
    open_ = hours[(hours.dayofweek < 5) & (hours.hour >= 9) & (hours.hour < 17)]
    came = np.random.default_rng(1).poisson(60, len(open_))
    rows = [f"calls,{at:%Y-%m-%dT%H:%M},{n},300" for at, n in zip(open_, came, strict=True)]
    header = "queue,interval_start,offered,aht_seconds"
    (folder / "calls.csv").write_text("\n".join([header, *rows]) + "\n")
    last = [row for row, at in zip(rows, open_, strict=True) if at >= pd.Timestamp("2026-03-16")]
    (folder / "theirs.csv").write_text("\n".join([header, *last]) + "\n")
    (folder / "plan.csv").write_text("Datum;Groep;09:00;10:00\n27-04-2026;calls;5;6\n")


def test_the_way_from_their_forecast_to_who_was_nearer(run: Run, tmp_path: Path) -> None:
    written(tmp_path)
    assert run("import", "volumes", "calls.csv")[0] == 0
    assert "No other forecast is held" in run("compare")[1]
    code, _, err = run("import", "forecast", "theirs.csv")
    assert code == 1 and "--made-on" in err
    assert run("import", "forecast", "theirs.csv", "--ahead", "7d")[0] == 0
    code, out, err = run("compare", "--json")
    assert code == 0, err
    (found,) = json.loads(out)["queues"]
    assert found["winner"] == "theirs" and len(found["weeks"]) == 6
    assert {week["source"] for week in found["weeks"]} == {"hindcast"}
    code, out, _ = run("compare", "--queue", "calls", "--weeks")
    assert code == 0 and "theirs" in out
    assert run("compare", "--queue", "cals")[0] == 1


def test_a_plan_is_asked_whether_it_is_net_and_a_gap_needs_a_forecast(run: Run, tmp_path: Path) -> None:
    written(tmp_path)
    assert run("import", "volumes", "calls.csv")[0] == 0
    code, _, err = run("import", "staffing", "plan.csv")
    assert code == 1 and "--marked net" in err
    code, out, _ = run("import", "staffing", "plan.csv", "--marked", "gross")
    assert code == 0 and "agents planned" in out
    code, out, err = run("staffing", "gap", "--from", "2026-04-27", "--until", "2026-04-28")
    assert code == 0 and "nothing to compare" in out and "no forecast is published" in err
    assert run("staffing", "gap", "--group", "cals")[0] == 1
    code, out, _ = run(
        "staffing", "gap", "--from", "2026-04-27", "--until", "2026-04-28", "--intervals", "--json"
    )
    assert code == 0 and json.loads(out)["days"] == [] and json.loads(out)["intervals"] == []


def test_repeats_without_customers_say_what_is_missing(run: Run) -> None:
    code, out, err = run("repeats")
    assert code == 0 and "too few customers" in out and "No contact with a customer" in err
    assert json.loads(run("repeats", "--json")[1])["total"] is None
