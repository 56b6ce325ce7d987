"""Peak warnings in both databases: one lives at a time, acts are only added, a message is claimed by one."""

from __future__ import annotations

import datetime as dt
import threading
from dataclasses import replace

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from forecast.alerts import Came, Surge, follow
from forecast.buckets import to_ns
from forecast.errors import NotFound
from store.alerts import (
    claim,
    delivered,
    load_alert,
    load_alerts,
    note_delivered,
    note_failed,
    raise_alert,
    record_act,
    save_alert,
)
from store.database import sessions

NOW = dt.datetime(2026, 3, 5, 6, 30, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)


def ns(minutes: int) -> int:
    return to_ns(NOW + minutes * MINUTE)


SURGE = Surge("Outage", "outage", "posts:outage", ns(-20), ns(150), ns(270), 210.4, 130.2, 299.8, 3.42, 41, 0.93, False)  # fmt: skip


def test_what_is_kept_comes_back_as_it_was(session: Session) -> None:
    odd = replace(SURGE, times_usual=float("inf"))
    number = raise_alert(session, odd, now=NOW)
    assert number is not None
    held = load_alert(session, number)
    assert (held.surge, held.told, held.promise, held.live) == (odd, odd, odd, True)
    changed = replace(follow(held, replace(SURGE, extra=400.0), ns(5)), came=Came(1.5, 2.5), missing=ns(6))
    save_alert(session, changed)
    assert load_alert(session, number) == changed


def test_one_warning_lives_at_a_time_and_the_next_may_come_once_it_ended(session: Session) -> None:
    first = raise_alert(session, SURGE, now=NOW)
    assert first is not None and raise_alert(session, SURGE, now=NOW) is None
    assert raise_alert(session, replace(SURGE, signal="negative:outage"), now=NOW) is not None
    save_alert(session, follow(load_alert(session, first), replace(SURGE, over=True), ns(5)))
    second = raise_alert(session, SURGE, now=NOW + 6 * MINUTE)
    assert second is not None and second != first
    assert [one.id for one in load_alerts(session, state="ended")] == [first]
    assert len(load_alerts(session, state="live", queues=["Outage"])) == 2
    assert load_alerts(session, queues=["Billing"]) == []


def test_acts_are_added_in_order_and_the_same_one_once(session: Session) -> None:
    number = raise_alert(session, SURGE, now=NOW)
    assert number is not None
    assert record_act(session, number, who="Anna", act="picked_up", note="", now=NOW)
    assert not record_act(session, number, who="Anna", act="picked_up", note="", now=NOW + MINUTE)
    assert record_act(session, number, who="Anna", act="result", note="calm", now=NOW + MINUTE)
    assert [(one.at, one.act) for one in load_alert(session, number).acts] == [
        (ns(0), "picked_up"),
        (ns(1), "result"),
    ]
    with pytest.raises(NotFound, match="no peak warning 99"):
        record_act(session, 99, who="Anna", act="picked_up", note="", now=NOW)


def test_a_claim_is_for_one_until_it_runs_out_and_never_given_for_what_was_sent(session: Session) -> None:
    number = raise_alert(session, SURGE, now=NOW)
    assert number is not None

    def take(minutes: int) -> bool:
        now = NOW + minutes * MINUTE
        return claim(session, number, "desk", "raised", now=now, until=now + 10 * MINUTE)

    assert take(0) and not take(9) and take(10)
    note_failed(session, number, "desk", "raised", again=NOW + 12 * MINUTE, problem="busy")
    assert not take(11) and take(12)
    assert delivered(session, [number]) == {}
    note_delivered(session, number, "desk", "raised", now=NOW + 12 * MINUTE)
    assert not take(60)
    assert delivered(session, [number]) == {(number, "desk"): ["raised"]}
    assert claim(session, number, "floor", "raised", now=NOW, until=NOW + MINUTE)


def test_of_many_who_claim_at_once_one_gets_it(engine: Engine) -> None:
    make = sessions(engine)
    with make() as session:
        number = raise_alert(session, SURGE, now=NOW)
        session.commit()
    assert number is not None
    together, got = threading.Barrier(6), list[bool]()

    def take() -> None:
        with make() as session:
            together.wait(10)
            got.append(claim(session, number, "desk", "raised", now=NOW, until=NOW + MINUTE))
            session.commit()

    workers = [threading.Thread(target=take) for _ in range(6)]
    for one in workers:
        one.start()
    for one in workers:
        one.join(20)
    assert sorted(got) == [False] * 5 + [True]
