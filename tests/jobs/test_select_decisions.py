"""A comparison records what the gate decided, once per run, rules of thumb included."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd
from sqlalchemy.orm import Session, sessionmaker

from forecast.assumption import Assumption
from forecast.buckets import Interval, from_ns, index
from forecast.report import Plan, Report
from forecast.vintage import Archive
from jobs import select
from jobs.ledger import execute
from store.assumptions import save_assumption
from store.decisions import load_decisions, load_since
from store.queues import Queue, save_queue
from store.scores import load_evidence
from store.settings import Settings
from store.signals import save_signals
from store.volumes import save_volumes
from tests.worlds import TZ, Storms, midnight

DAYS = 100
WORLD = Storms(1, days=DAYS)
NOW = from_ns(midnight(DAYS))
RULE = Assumption("calls", "posts", 0.5, 40, 90)
PLAN = Plan(
    models=("mean8_open", "champion"), cutoffs=1, draws=20, candidates=("level_profile",), horizon_days=7
)


def fill(session: Session) -> None:
    """The storms of `tests/worlds.py` in the database."""
    held = WORLD.archive()
    save_queue(session, Queue("calls", "phone", "all", Interval.HALF_HOUR, TZ))
    calls, posts = held.series["calls"].offered, held.signals["posts"].values
    frame = pd.DataFrame({"ds": index(calls.ds), "offered": calls.value, "known_at": index(calls.known_at)})
    save_volumes(session, frame.assign(queue="calls"), upload_id=None)
    rows = pd.DataFrame({"ds": index(posts.ds), "value": posts.value, "known_at": index(posts.known_at)})
    save_signals(session, rows.assign(signal="posts"), interval=Interval.HALF_HOUR, tz=TZ)


def name_of(archive: Archive, name: str) -> str:
    """What a plan may want beside."""
    return f"made of {name}"


def test_a_comparison_records_each_decision_with_rules_of_thumb_marked(
    sessions: sessionmaker[Session], settings: Settings
) -> None:
    kept: list[Report] = []

    def compare(session: Session, settings: Settings, now: pd.Timestamp) -> Any:
        return select.compare(session, settings, replace(PLAN, also=name_of), workers=1, keep=kept.append)

    with sessions() as session:
        fill(session)
        rule = save_assumption(
            session, RULE, reason="we saw it so", author="Anna", now=NOW.to_pydatetime()
        ).rule
        session.commit()
    outcome = execute("select_full", sessions, settings, NOW, job=compare)
    assert outcome is not None and outcome.state == "done", outcome
    with sessions() as session:
        decided, evidence = load_decisions(session), load_evidence(session)
        since = load_since(session)
    assert len(decided) == len(evidence) == outcome.done["evidence"]
    assert {one.signal for one in decided} == {"posts", rule.label}
    assert {one.decided_at for one in decided} == {NOW.to_pydatetime()} == set(since.values())
    thumbs = [one for one in decided if one.signal == rule.label]
    assert len(thumbs) == 5 and all(one.why.startswith("assumption: 0.5 contacts") for one in thumbs)
    assert [part.made for part in kept[0].parts] == ["made of calls"]


def test_what_is_compared_outside_of_a_run_leaves_no_decision(session: Session, settings: Settings) -> None:
    fill(session)
    select.compare(session, settings, replace(PLAN, models=("mean8_open",), with_evidence=False), workers=1)
    assert load_decisions(session) == []
