"""`forecall override`: a planner changes the forecast, sees it, takes it off, and asks what it was worth."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.unit.conftest import Run
from tests.unit.test_cli_commands import hourly


def test_a_change_is_made_listed_valued_and_taken_off(run: Run, tmp_path: Path) -> None:
    (tmp_path / "calls.csv").write_text(hourly(60))
    (tmp_path / "config.yaml").write_text(
        "models: {candidates: [level_profile], draws: 60, long_days: 0}\ncompany: {timezone: Europe/Amsterdam}\n"
    )
    assert run("import", "volumes", "calls.csv", "--interval", "1h")[0] == 0
    assert run("run", "predict")[0] == 0
    rows = json.loads(run("forecast", "--horizon", "7d", "--json")[1])
    first = next(row for row in rows if row["mean"] > 5)["interval_start"][:10]
    span = ("--queue", "calls", "--from", first, "--until", f"{first}T23:59", "--reason", "[bold]letters")
    code, out, err = run("override", "add", "percent", "25", *span, "--json")
    assert code == 0, err
    made = json.loads(out)
    assert made["after"] == pytest.approx(1.25 * made["before"]) and made["new"] and not made["warnings"]
    code, out, _ = run("override", "add", "percent", "25", *span)
    assert code == 0 and "held already" in out and "+25 % on the contacts of calls" in out
    code, out, _ = run("override", "list")
    assert code == 0 and "25 %" in out
    (held,) = json.loads(run("override", "list", "--queue", "calls", "--json")[1])
    assert (held["state"], held["reason"]) == ("active", "[bold]letters")
    code, out, _ = run("override", "value")
    assert code == 0 and "No adjustment has a day" in out
    assert json.loads(run("override", "value", "--json")[1])["all"]["days"] == 0
    assert run("override", "remove", str(made["id"]), "--why", "none were sent")[0] == 0
    assert "No manual adjustment is in force" in run("override", "list")[1]
    assert json.loads(run("override", "list", "--all", "--json")[1])[0]["state"] == "removed"
    code, _, err = run("override", "remove", "99")
    assert code == 1 and "no manual adjustment 99" in err
    code, _, err = run("override", "add", "total", "5", *span[:6], "--reason", " ")
    assert code == 1 and "no reason" in err
