"""`forecall explain`: why this number, on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from tests.unit.conftest import Run
from tests.unit.test_cli_commands import hourly


def test_a_bucket_and_a_day_are_explained_in_numbers_that_add_up(run: Run, tmp_path: Path) -> None:
    (tmp_path / "calls.csv").write_text(hourly(60))
    (tmp_path / "config.yaml").write_text(
        "models: {candidates: [level_profile], draws: 60, long_days: 0}\ncompany: {timezone: Europe/Amsterdam}\n"
    )
    assert run("import", "volumes", "calls.csv", "--interval", "1h")[0] == 0
    code, _, err = run("explain", "--queue", "calls", "--at", "2026-03-10T10:30")
    assert code == 1 and "forecall run predict" in err
    assert run("run", "predict")[0] == 0
    code, out, _ = run("forecast", "--horizon", "2d", "--json")
    busy = next(row for row in json.loads(out) if row["mean"] > 5)
    at = (pd.Timestamp(busy["interval_start"]) + pd.Timedelta(minutes=20)).isoformat()
    code, out, _ = run("explain", "--queue", "calls", "--at", at, "--json")
    told = json.loads(out)
    assert code == 0 and told["interval_start"] == busy["interval_start"]
    assert sum(told["parts"].values()) == pytest.approx(told["mean"], abs=2e-3) == busy["mean"]
    code, out, _ = run("explain", "--queue", "calls", "--at", at, "--granularity", "day")
    assert code == 0 and "weekday and time" in out and "contacts expected: " in out
    code, out, _ = run("explain", "--queue", "calls", "--at", at, "--language", "nl")
    assert code == 0 and "contacten verwacht: " in out
    assert run("explain", "--queue", "cals", "--at", at)[0] == 1
