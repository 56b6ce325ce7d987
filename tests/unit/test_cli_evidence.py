"""`forecall evidence` asks in the order of doubt; `forecall assume` keeps a planner's rule."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.main import app
from forecast.buckets import Interval
from store.database import connect, sessions, upgrade
from store.decisions import save_decisions
from store.queues import Queue, save_queue
from store.runs import begin_run
from store.scores import save_report
from store.signals import save_signals
from tests import builders as b

ORDER = (
    "1 enough",
    "2 does it run",
    "3 gain",
    "4 is it stable",
    "5 would noise",
    "6 gain on quiet",
    "7 verdict",
)
FINDING = {
    "series": "calls",
    "signal": "posts[nl]",
    "leads_by_minutes": 40,
    "lift": 0.08,
    "lower": 0.02,
    "upper": 0.12,
    "n": 412,
    "leads_lower": 30,
    "leads_upper": 60,
    "incidents": 9,
}
OPEN = FINDING | {"lead_band": "0-1h", "gate": "open", "why": "gain +8.0 %"}
SHUT = FINDING | {
    "lead_band": "1-4h",
    "gate": "shut",
    "why": "not proven",
    "leads_by_minutes": None,
    "lift": -0.01,
    "halves": [0.01, -0.03],
    "placebo": [0.002, -0.004],
    "quiet_lift": -0.004,
}
YOUNG = FINDING | {"lead_band": "1-3d", "gate": "not enough history", "n": 12, "why": "12 of about 200"}


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """`forecall WORDS` in a folder with a small database: stdout, or the error raised."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    engine = connect("sqlite:///forecall.db")
    upgrade(engine)
    with sessions(engine)() as session:
        save_queue(session, Queue("calls", "phone", "all", Interval.HOUR, "Europe/Amsterdam"))
        save_signals(session, b.signals([1, 2]), interval="1h", tz="UTC")
        session.commit()
    engine.dispose()

    def invoke(*words: object) -> str:
        done = CliRunner().invoke(app, [str(word) for word in words])
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done.stdout

    return invoke


def fill(*findings: dict[str, Any]) -> None:
    """Two weekly runs: at first all was shut, then as given."""
    engine = connect("sqlite:///forecall.db")
    with sessions(engine)() as session:
        for weeks in (0, 1):
            at = b.NOON + dt.timedelta(weeks=weeks)
            run = begin_run(
                session, f"select{weeks}", now=at, lease_seconds=60, config_hash="c", code_version="1"
            )
            assert run is not None
            rows = [row | {"gate": "shut"} if weeks == 0 else row for row in findings]
            save_report(session, run.id, {"evidence": rows})
            save_decisions(session, rows, decided_at=at, run_id=run.id)
        session.commit()
    engine.dispose()


def test_the_seven_doubts_stand_in_their_order_and_shut_is_as_plain_as_open(call: Any) -> None:
    fill(OPEN, SHUT, YOUNG)
    said = call("evidence", "--queue", "calls")
    places = [said.index(doubt) for doubt in ORDER]
    assert places == sorted(places)
    assert "calls · posts[nl]" in said
    assert "40 min ahead (30 to 60)" in said and "no head start stands out" in said
    assert "+8.0 % (+2.0 % to +12.0 %)" in said and "-1.0 %" in said
    assert (
        "halves +1.0 % and -3.0 %" in said and "weeks shuffled: +0.2 %, -0.4 %" in said and "-0.4 %" in said
    )
    assert "social counts since 2026-03-09" in said
    assert "social does not count since 2026-03-02" in said
    assert "not yet: 12 compared, 9 incidents" in said


def test_json_gives_every_figure_the_date_and_the_latest_decisions(call: Any) -> None:
    fill(OPEN, SHUT)
    first, second = json.loads(call("evidence", "--json"))
    assert first["since"].startswith("2026-03-09T12:00") and second["placebo"] == [0.002, -0.004]
    assert [one["gate"] for one in first["decisions"]] == ["shut", "open"]


def test_the_history_lists_what_changed_and_when(call: Any) -> None:
    fill(OPEN, SHUT)
    found = json.loads(call("evidence", "--history", "--json"))
    assert [(one["lead_band"], one["before"], one["gate"]) for one in found] == [
        ("0-1h", "", "shut"),
        ("0-1h", "shut", "open"),
        ("1-4h", "", "shut"),
    ]
    assert call("evidence", "--history").count("2026-03-02 12:00 UTC") == 2


def test_without_evidence_the_next_step_is_said(call: Any) -> None:
    assert "forecall run select_full" in call("evidence")
    with pytest.raises(Exception, match="Did you mean calls"):
        call("evidence", "--queue", "cals")


def test_a_rule_of_thumb_is_entered_listed_and_ended(call: Any) -> None:
    words = ("--queue", "calls", "--signal", "posts", "--contacts", 0.5, "--after", 40, "--lasts", 90)
    told = (*words, "--reason", "[red]so we saw", "--author", "Anna")
    assert "It is scored by `forecall run select_full`" in call("assume", "add", *told)
    fill(OPEN | {"signal": "posts (assumption 1)", "gate": "shut"})
    said = call("assume", "list")
    assert "[red]so we saw" in said and "0-1h: social does not count" in said
    (rule,) = json.loads(call("assume", "list", "--json"))
    assert "Rule 1 holds no more" in call("assume", "end", rule["id"])
    assert "There are no rules of thumb" in call("assume", "list")
