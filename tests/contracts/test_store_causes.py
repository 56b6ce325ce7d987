"""The register of causes and contacts by reason, on SQLite and on PostgreSQL."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest
from sqlalchemy.orm import Session

from forecast.errors import InputError, NotFound
from forecast.reason_series import by_reason
from store.causes import Cause, add_cause, changed_about, load_cause, load_causes, remove_cause
from store.queues import save_queue
from store.reason_archive import contacts_by_week, load_reason_archive
from store.volumes import save_volumes
from tests import builders as b

NOW = b.NOON + dt.timedelta(days=30)
BILL = Cause("billing", "No months on the bill", owner="Desk", changed="Months", since=b.NOON, author="Anna")


def test_a_cause_comes_back_as_it_was_told_and_twice_is_once(session: Session) -> None:
    first = add_cause(session, BILL, now=NOW)
    again = add_cause(session, BILL, now=NOW + dt.timedelta(days=1))
    assert again == first and load_causes(session) == [first]
    assert (first.since, first.created_at, first.removed_at) == (b.NOON, NOW, None)


def test_a_removed_cause_stays_in_the_register_and_counts_no_more(session: Session) -> None:
    made = add_cause(session, BILL, now=NOW)
    ended = remove_cause(session, made.id, now=NOW + dt.timedelta(days=1))
    assert remove_cause(session, made.id, now=NOW + dt.timedelta(days=9)) == ended
    assert load_causes(session) == [] and load_causes(session, removed=True) == [ended]
    assert add_cause(session, BILL, now=NOW).id != made.id


def test_causes_are_found_by_reason_and_by_queue(session: Session) -> None:
    save_queue(session, b.queue())
    wide, narrow = (
        add_cause(session, one, now=NOW) for one in (BILL, Cause("outage", "No message", queue="calls"))
    )
    assert load_causes(session, topic="outage") == [narrow]
    assert load_causes(session, queue="calls") == [wide, narrow]
    assert load_causes(session, queue="mails") == [wide]


@pytest.mark.parametrize(
    ("cause", "error", "field"),
    [
        (Cause("", "why"), InputError, "topic"),
        (Cause("billing", "  "), InputError, "cause"),
        (Cause("billing", "x" * 2001), InputError, "cause"),
        (Cause("billing", "why", since=NOW + dt.timedelta(days=1)), InputError, "since"),
        (Cause("billing", "why", queue="nowhere"), NotFound, "queue"),
    ],
    ids=["no reason", "no cause", "too long", "ahead", "unknown queue"],
)
def test_what_cannot_be_a_cause_is_refused(
    session: Session, cause: Cause, error: type[InputError], field: str
) -> None:
    with pytest.raises(error) as told:
        add_cause(session, cause, now=NOW)
    assert told.value.field == field and told.value.remedy


def test_an_unknown_id_is_not_found(session: Session) -> None:
    for act in (lambda: load_cause(session, 7), lambda: remove_cause(session, 7, now=NOW)):
        with pytest.raises(NotFound, match="There is no cause 7"):
            act()


def test_reasons_changed_within_a_span_are_named_but_not_the_one_asked_about(session: Session) -> None:
    day = dt.timedelta(days=1)
    add_cause(session, BILL, now=NOW)
    add_cause(session, Cause("outage", "why", since=b.NOON + day), now=NOW)
    add_cause(session, Cause("tariff", "why"), now=NOW)
    assert changed_about(session, "billing", start=b.NOON, end=b.NOON + 2 * day) == {"outage"}
    assert changed_about(session, "outage", start=b.NOON, end=b.NOON + 2 * day) == {"billing"}
    assert changed_about(session, "meter", start=b.NOON + 2 * day, end=NOW) == frozenset()


def test_reasons_come_from_queues_of_one_reason_and_from_rows_by_reason(session: Session) -> None:
    save_queue(session, b.queue("outages", topic="outage"))
    save_queue(session, b.queue("desk"))
    save_queue(session, b.queue("bills"))
    save_queue(session, b.queue("mixed"))
    for name, topic in (
        ("outages", "all"),
        ("desk", "billing"),
        ("desk", "outage"),
        ("bills", "billing"),
        ("mixed", "all"),
    ):
        save_volumes(session, b.volumes([1.0, 2.0], name=name, topic=topic), upload_id=None)
    found = by_reason(load_reason_archive(session, country=None, region=None))
    assert {reason: set(names) for reason, names in found.items()} == {
        "outage": {"outages", "desk/outage"},
        "billing": {"desk/billing", "bills"},
        "queue mixed": {"mixed"},
    }


def test_by_week_each_contact_counts_once(session: Session) -> None:
    save_queue(session, b.queue("desk"))
    save_queue(session, b.queue("outages", topic="outage"))
    save_volumes(session, b.volumes([10.0, 10.0], name="desk"), upload_id=None)  # of all reasons together
    save_volumes(session, b.volumes([4.0, 3.0], name="desk", topic="billing"), upload_id=None)
    save_volumes(session, b.volumes([5.0], name="outages", ds=[24 * 7]), upload_id=None)
    made = contacts_by_week(session, "Europe/Amsterdam", start=b.NOON - dt.timedelta(days=1), end=NOW)
    assert sorted(made.itertuples(index=False, name=None)) == [
        ("all", "desk", "2026-03-02", 13.0),
        ("billing", "desk", "2026-03-02", 7.0),
        ("outage", "outages", "2026-03-09", 5.0),
    ]
    assert isinstance(made, pd.DataFrame)
