"""What the gate decided is kept for good and once per run; rules of thumb end, and are not lost."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy.orm import Session

from forecast.assumption import Assumption
from forecast.errors import InputError, NotFound
from store.assumptions import end_assumption, load_assumptions, save_assumption
from store.decisions import load_decisions, load_since, save_decisions
from store.queues import save_queue
from store.runs import begin_run
from store.signals import save_signals
from tests import builders as b

WEEK = dt.timedelta(days=7)
RULE = Assumption("calls", "posts", 0.5, 40, 90)


def finding(gate: str, *, band: str = "0-1h", signal: str = "posts", lift: float = 0.1) -> dict[str, Any]:
    return {
        "series": "calls",
        "signal": signal,
        "lead_band": band,
        "lift": lift,
        "n": 300,
        "gate": gate,
        "why": f"gain, {gate}",
    }


def decide(session: Session, weeks: int, *gates: str, run_id: int | None = None) -> int:
    rows = [finding(gate, band=band) for gate, band in zip(gates, ("0-1h", "1-4h"), strict=False)]
    return save_decisions(session, rows, decided_at=b.NOON + weeks * WEEK, run_id=run_id)


def gates(session: Session, **asked: Any) -> Sequence[str]:
    return [one.gate for one in load_decisions(session, **asked)]


def test_a_decision_comes_back_with_all_its_figures(session: Session) -> None:
    decide(session, 0, "open")
    (one,) = load_decisions(session)
    assert one.row == finding("open") and one.why == "gain, open"
    assert (one.decided_at, one.gate, one.before, one.changed) == (b.NOON, "open", "", True)


def test_a_run_that_saves_twice_has_decided_once(session: Session) -> None:
    run = begin_run(session, "select_full", now=b.NOON, lease_seconds=60, config_hash="c", code_version="1")
    assert run is not None
    assert decide(session, 0, "open", "shut", run_id=run.id) == 2
    assert decide(session, 0, "open", "shut", run_id=run.id) == 0
    assert decide(session, 1, "open", "shut") == 2
    assert decide(session, 1, "shut", "shut") == 0
    assert gates(session) == ["open", "open", "shut", "shut"]


def test_changes_are_the_first_decision_and_those_that_differ_from_the_one_before(session: Session) -> None:
    for week, gate in enumerate(["not enough history", "shut", "open", "open", "shut"]):
        decide(session, week, gate, "shut")
    found = load_decisions(session, lead_band="0-1h", only_changes=True)
    assert [(one.before, one.gate) for one in found] == [
        ("", "not enough history"),
        ("not enough history", "shut"),
        ("shut", "open"),
        ("open", "shut"),
    ]
    assert load_since(session) == {
        ("calls", "posts", "0-1h"): b.NOON + 4 * WEEK,
        ("calls", "posts", "1-4h"): b.NOON,
    }


def test_decisions_are_asked_for_by_queue_signal_and_band(session: Session) -> None:
    decide(session, 0, "open", "shut")
    save_decisions(session, [finding("shut", signal="negative")], decided_at=b.NOON + WEEK, run_id=None)
    assert gates(session, signal="negative") == ["shut"]
    assert gates(session, lead_band="0-1h") == ["shut", "open"]
    assert gates(session, series=["mail"]) == [] == list(load_since(session, series=["mail"]))
    assert len(gates(session, series=["calls"])) == 3


@pytest.fixture
def known(session: Session) -> Session:
    save_queue(session, b.queue())
    save_signals(session, b.signals([1, 2, 3]), interval="1h", tz="UTC")
    save_signals(session, b.signals([0.5], name="sentiment").assign(kind="level"), interval="1h", tz="UTC")
    for shown in ("authors", "posts[nl]"):
        save_signals(session, b.signals([1, 2, 3], name=shown), interval="1h", tz="UTC")
    save_signals(session, b.signals([1, 2, 3], name="reach").assign(topic="outage"), interval="1h", tz="UTC")
    return session


def save(session: Session, rule: Assumption = RULE, **told: str) -> Any:
    said = {"reason": "as in 2024", "author": "Anna"} | told
    return save_assumption(session, rule, now=b.NOON, **said)


def test_a_rule_comes_back_with_its_number_and_the_same_said_again_is_the_same_rule(known: Session) -> None:
    held = save(known)
    assert held.rule.says == RULE.says and held.rule.number > 0
    assert (held.reason, held.author, held.created_at) == ("as in 2024", "Anna", b.NOON)
    assert save(known, author="Ben") == held
    assert load_assumptions(known) == [held] == load_assumptions(known, series=["calls"])
    assert load_assumptions(known, series=["mail"]) == []


def test_a_rule_that_ended_is_kept_among_the_ended_and_may_be_said_anew(known: Session) -> None:
    held = save(known)
    later = b.NOON + WEEK
    assert end_assumption(known, held.rule.number, now=later).ended_at == later
    assert end_assumption(known, held.rule.number, now=later + WEEK).ended_at == later
    assert load_assumptions(known) == []
    assert [one.rule.number for one in load_assumptions(known, ended=True)] == [held.rule.number]
    assert save(known).rule.number != held.rule.number


@pytest.mark.parametrize(
    ("rule", "told", "error", "field"),
    [
        (Assumption("cals", "posts", 1, 0, 60), {}, NotFound, "queue"),
        (Assumption("calls", "poosts", 1, 0, 60), {}, NotFound, "signal"),
        (Assumption("calls", "sentiment", 1, 0, 60), {}, InputError, "signal"),
        (Assumption("calls", "authors", 1, 0, 60), {}, InputError, "signal"),
        (Assumption("calls", "posts[nl]", 1, 0, 60), {}, InputError, "signal"),
        (Assumption("calls", "reach:outage", 1, 0, 60), {}, InputError, "signal"),
        (RULE, {"reason": " "}, InputError, "reason"),
        (RULE, {"author": ""}, InputError, "author"),
    ],
)
def test_a_rule_on_nothing_known_or_without_a_word_why_is_refused(
    known: Session, rule: Assumption, told: dict[str, str], error: type[Exception], field: str
) -> None:
    with pytest.raises(error) as refused:
        save(known, rule, **told)
    assert refused.value.field == field  # type: ignore[attr-defined]
    assert load_assumptions(known) == []


def test_who_makes_a_rule_on_a_signal_that_is_not_heard_is_told_which_are(known: Session) -> None:
    for rule in (Assumption("calls", "authors", 1, 0, 60), Assumption("calls", "poosts", 1, 0, 60)):
        with pytest.raises((InputError, NotFound)) as refused:
            save(known, rule)
        assert "posts." in refused.value.remedy and "authors" not in refused.value.remedy


def test_a_number_nobody_knows_cannot_end(session: Session) -> None:
    with pytest.raises(NotFound, match="no rule of thumb 7"):
        end_assumption(session, 7, now=b.NOON)
