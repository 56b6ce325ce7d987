"""Scenarios that were given a name, on SQLite and on PostgreSQL; and what of a question is refused before anything runs."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from forecast.buckets import Interval, to_ns
from forecast.errors import InputError, NotEnoughHistory, NotFound
from forecast.scenario_events import Change, Close, Driver, Event, Hours, Outage, Overflow, Posts
from store.audit import load_audit, verify
from store.drivers import save_drivers
from store.queues import Queue, save_queue
from store.scenarios import load_scenario, load_scenarios, remove_scenario, save_scenario
from store.settings import Settings
from store.signals import save_signals
from store.tables import ScenarioRow
from store.what_if import MOST_QUEUES, Question, what_if
from tests import builders as b

NOW, TZ = b.NOON, "Europe/Amsterdam"
TODAY = to_ns(NOW) // 86_400_000_000_000
START, STOP = to_ns(NOW + dt.timedelta(days=1)), to_ns(NOW + dt.timedelta(days=2))
ASKED = {"events": [{"kind": "change", "percent": 10}], "name": "x"}


def keep(session: Session, name: str = "Letters on Monday") -> int:
    found = {"rows": [1.5, None], "text": "é"}
    return save_scenario(session, name=name, author="Anna", now=NOW, cutoff=NOW, asked=ASKED, found=found).id


def test_a_scenario_comes_back_as_it_was_asked_and_as_it_came_out(session: Session) -> None:
    held = load_scenario(session, keep(session))
    assert (held.name, held.author, held.created_at, held.cutoff) == ("Letters on Monday", "Anna", NOW, NOW)
    assert held.asked == ASKED and held.found == {"rows": [1.5, None], "text": "é"}


def test_a_removed_one_is_listed_no_more_but_its_row_stays(session: Session) -> None:
    first, second = keep(session), keep(session)
    remove_scenario(session, first, who="Bert", now=NOW)
    assert [one.id for one in load_scenarios(session)] == [second]
    with pytest.raises(NotFound):
        load_scenario(session, first)
    with pytest.raises(NotFound):
        remove_scenario(session, first, who="Bert", now=NOW)
    assert session.scalar(select(func.count()).select_from(ScenarioRow)) == 2
    acts = [(one.who, one.act, one.subject) for one in load_audit(session)]
    assert acts[0] == ("Bert", "scenario.remove", f"scenario {first}") and len(acts) == 3
    assert verify(session) is None


@pytest.mark.parametrize("name", ["", "  ", "x" * 201])
def test_a_scenario_without_a_usable_name_is_not_kept(session: Session, name: str) -> None:
    with pytest.raises(InputError) as told:
        keep(session, name)
    assert told.value.field == "name" and load_scenarios(session) == []


CHANGE = Change(10.0, START, STOP)


@pytest.mark.parametrize(
    ("event", "field", "near"),
    [
        (Change(10.0, START, STOP, queue="cals"), "queue", "calls"),
        (Change(10.0, START, STOP, channel="phnoe"), "channel", "phone"),
        (Change(10.0, START, STOP, topic="biling"), "topic", "billing"),
        (Close(START, STOP, "calls", moves={"mals": 1.0}), "queue", "mails"),
        (Overflow("cals", "Partner", START, STOP, share=0.5), "queue", "calls"),
        (Hours("cals", (TODAY + 1,)), "queue", "calls"),
        (Driver("leters", (TODAY + 1,), 5.0), "driver", "letters"),
        (Outage(TODAY - 9, TODAY + 1, queue="cals"), "queue", "calls"),
        (Posts("outge", 3.0, START), "topic", "outage"),
    ],
    ids=lambda value: value.kind if hasattr(value, "kind") else str(value),
)
def test_a_name_nobody_knows_is_refused_with_the_nearest_ones(
    session: Session, event: Event, field: str, near: str
) -> None:
    save_queue(session, Queue("calls", "phone", "billing", Interval.HOUR, TZ))
    save_queue(session, Queue("mails", "email", "billing", Interval.HOUR, TZ))
    letters = pd.DataFrame({"driver": ["letters"], "ds": b.times([24]), "value": [100.0]})
    save_drivers(session, letters)
    save_signals(session, b.signals([1.0], topic="outage"), interval=Interval.HOUR, tz=TZ)
    with pytest.raises(NotFound) as told:
        what_if(session, Settings(), Question((event,)), now=NOW)
    assert told.value.field == field and near in told.value.remedy


def test_an_empty_database_and_a_queue_without_contacts_say_what_is_missing(session: Session) -> None:
    with pytest.raises(NotFound, match="no queues yet"):
        what_if(session, Settings(), Question((CHANGE,)), now=NOW)
    save_queue(session, b.queue())
    with pytest.raises(NotEnoughHistory, match="no contacts yet"):
        what_if(session, Settings(), Question((CHANGE,)), now=NOW)


@pytest.mark.parametrize(
    ("question", "field"),
    [
        (Question((Change(10.0, START - 10**15, STOP),)), "start"),
        (Question((CHANGE,), first=TODAY + 5, stop=TODAY + 5), "end"),
        (Question((CHANGE,), stop=TODAY + 93), "end"),
        (Question((Close(START, STOP),)), "queue"),
        (Question((Change(10.0, START, STOP, channel="email"),), queues=("calls",)), "queues"),
    ],
    ids=["past", "upside down", "too far", "closes nothing", "not asked for"],
)
def test_days_and_queues_that_cannot_be_are_refused(session: Session, question: Question, field: str) -> None:
    save_queue(session, b.queue())
    save_queue(session, Queue("mails", "email", "all", Interval.HOUR, TZ))
    with pytest.raises(InputError) as told:
        what_if(session, Settings(), question, now=NOW)
    assert told.value.field == field and told.value.remedy


def test_what_would_take_too_long_is_refused_with_the_remedy(session: Session) -> None:
    for number in range(MOST_QUEUES + 1):
        save_queue(session, Queue(f"calls {number}", "phone", "all", Interval.HOUR, TZ))
    with pytest.raises(InputError, match="touch 13 queues") as many:
        what_if(session, Settings(), Question((CHANGE,)), now=NOW)
    five = tuple(f"calls {number}" for number in range(5))
    with pytest.raises(InputError, match="queue days") as long:
        what_if(session, Settings(), Question((CHANGE,), five, stop=TODAY + 90), now=NOW)
    assert "queues" in many.value.remedy and "nearer" in long.value.remedy
