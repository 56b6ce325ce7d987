"""Events, their deliveries and asked-for jobs in both databases: in order, claimed by one, asked for once."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from forecast.errors import InputError, NotFound
from store.database import sessions
from store.events import TEST, drop_events, load_event, load_events, newest_event, tell
from store.hook_deliveries import (
    anything_due,
    claim_event,
    first_waiting,
    load_standings,
    note_sent,
    note_unsent,
    queue_events,
    replay_events,
    wake,
)
from store.push_settings import PushTarget
from store.run_requests import PATIENCE, ask, load_request, load_waiting, take_request
from store.statements import table_of
from store.tables import HookRow

NOW = dt.datetime(2026, 3, 5, 6, 30, tzinfo=dt.UTC)
MINUTE, DAY = dt.timedelta(minutes=1), dt.timedelta(days=1)
ALL = PushTarget(name="wfm", url_env="WFM_URL")
PLANS = PushTarget(name="plans", url_env="PLANS_URL", events=("plan.locked", "plan.released"))


def made(session: Session, *kinds: str, now: dt.datetime = NOW) -> list[int]:
    return [tell(session, kind, {"n": n}, now=now) for n, kind in enumerate(kinds)]


def at_once(engine: Engine, work: Callable[[Session], Any], count: int = 4) -> list[Any]:
    """What `work` gives in so many sessions that begin together and commit."""
    together, found = threading.Barrier(count), list[Any]()

    def go() -> None:
        together.wait(10)
        with sessions(engine)() as session:
            result = work(session)
            session.commit()
        found.append(result)

    workers = [threading.Thread(target=go) for _ in range(count)]
    for one in workers:
        one.start()
    for one in workers:
        one.join(20)
    assert len(found) == count
    return found


def test_an_event_comes_back_as_it_was_told_and_only_after_the_commit(engine: Engine) -> None:
    with sessions(engine)() as session:
        body = {"version": np.int64(7), "cutoff": NOW, "queues": ["Outage"], "share": float("nan")}
        number = tell(session, "forecast.made", body, now=NOW)
        with sessions(engine)() as other:
            assert load_events(other) == []
        session.commit()
    with sessions(engine)() as session:
        event = load_event(session, number)
        assert (event.kind, event.at, event.id) == ("forecast.made", NOW, newest_event(session))
        assert event.body == {
            "version": 7,
            "cutoff": NOW.isoformat(),
            "queues": ["Outage"],
            "share": None,
        }


def test_an_unknown_kind_and_an_unknown_event_are_refused(session: Session) -> None:
    with pytest.raises(InputError, match=r"forecast\.mad"):
        tell(session, "forecast.mad", {}, now=NOW)
    with pytest.raises(NotFound):
        load_event(session, 1)
    assert newest_event(session) == 0


def test_events_are_read_in_order_by_id_kind_and_moment(session: Session) -> None:
    first, second, third = made(session, "forecast.made", "plan.locked", "forecast.made")
    last = tell(session, "alert.raised", {}, now=NOW + DAY)
    assert [one.id for one in load_events(session)] == [first, second, third, last]
    assert [one.id for one in load_events(session, after=first, limit=2)] == [second, third]
    assert [one.id for one in load_events(session, kinds=["forecast.made"])] == [first, third]
    assert [one.id for one in load_events(session, since=NOW + MINUTE)] == [last]
    assert [one.id for one in load_events(session, after=first, until=third)] == [second, third]


def test_whoever_tells_second_waits_so_that_no_smaller_id_comes_later(engine: Engine) -> None:
    told: list[int] = []

    def second() -> None:
        with sessions(engine)() as session:
            told.append(tell(session, "plan.locked", {}, now=NOW))
            session.commit()

    with sessions(engine)() as session:
        first = tell(session, "forecast.made", {}, now=NOW)
        worker = threading.Thread(target=second)
        worker.start()
        worker.join(0.4)
        assert told == []  # else a reader could see the second, go on after it, and miss the first
        session.commit()
        worker.join(10)
    assert told == [first + 1]


def test_old_events_go_with_their_deliveries_and_the_newest_stays(session: Session) -> None:
    old = made(session, "forecast.made", "plan.locked", now=NOW - 40 * DAY)
    queue_events(session, ALL, now=NOW - 40 * DAY)
    assert drop_events(session, before=NOW - 35 * DAY) == 1
    assert [one.id for one in load_events(session)] == old[1:]
    assert session.scalars(select(table_of(HookRow).c.event_id)).all() == old[1:]
    (new,) = made(session, "alert.raised")
    assert new > old[1]  # no number is given twice
    assert drop_events(session, before=NOW - 35 * DAY) == 1 and drop_events(session, before=NOW - DAY) == 0


def test_a_webhook_is_queued_what_it_wants_once_and_a_new_one_not_what_is_long_past(session: Session) -> None:
    made(session, "plan.locked", now=NOW - 2 * DAY)
    ids = made(session, "forecast.made", "plan.locked", now=NOW - MINUTE)
    assert anything_due(session, ALL, now=NOW) and anything_due(session, PLANS, now=NOW)
    assert [queue_events(session, one, now=NOW) for one in (ALL, PLANS)] == [2, 1]
    assert [queue_events(session, one, now=NOW) for one in (ALL, PLANS)] == [0, 0]
    assert first_waiting(session, "wfm", now=NOW).event_id == ids[0]  # type: ignore[union-attr]
    assert first_waiting(session, "plans", now=NOW).event_id == ids[1]  # type: ignore[union-attr]
    tell(session, TEST, {"webhook": "plans"}, now=NOW)
    assert [queue_events(session, one, now=NOW) for one in (ALL, PLANS)] == [0, 1]


def test_a_webhook_that_is_new_before_the_first_event_hears_it_however_late_it_is_queued(
    session: Session,
) -> None:
    assert queue_events(session, ALL, now=NOW) == 0
    made(session, "plan.locked", now=NOW + MINUTE)
    assert queue_events(session, ALL, now=NOW + 3 * DAY) == 1
    assert not anything_due(session, PLANS.model_copy(update={"name": "wfm"}), now=NOW)


def test_an_event_is_claimed_by_one_of_many_and_anew_only_when_the_claim_ran_out(engine: Engine) -> None:
    with sessions(engine)() as session:
        (event_id,) = made(session, "plan.locked")
        queue_events(session, ALL, now=NOW)
        session.commit()

    def claim(session: Session) -> int | None:
        return claim_event(session, event_id, "wfm", now=NOW, until=NOW + 5 * MINUTE)

    assert sorted(at_once(engine, claim), key=str) == [1, None, None, None]
    with sessions(engine)() as session:
        waiting = first_waiting(session, "wfm", now=NOW)
        assert waiting is not None and waiting.held and not anything_due(session, ALL, now=NOW)
        later = NOW + 5 * MINUTE
        assert claim_event(session, event_id, "wfm", now=later, until=later + MINUTE) == 2


def test_queued_by_many_at_once_an_event_is_queued_once(engine: Engine) -> None:
    with sessions(engine)() as session:
        made(session, "plan.locked", "plan.released")
        session.commit()
    at_once(engine, lambda session: queue_events(session, ALL, now=NOW))
    with sessions(engine)() as session:
        assert load_standings(session, ["wfm"])["wfm"].pending == 2


def test_an_event_that_waits_holds_back_the_next_until_it_arrives_or_is_given_up(session: Session) -> None:
    first, second = made(session, "plan.locked", "plan.released")
    queue_events(session, ALL, now=NOW)
    claim_event(session, first, "wfm", now=NOW, until=NOW + MINUTE)
    note_unsent(session, first, "wfm", again=NOW + MINUTE, problem="it answers 503")
    waiting = first_waiting(session, "wfm", now=NOW)
    assert waiting is not None and (waiting.event_id, waiting.next_try) == (first, NOW + MINUTE)
    assert claim_event(session, first, "wfm", now=NOW, until=NOW + MINUTE) is None  # not due yet
    note_unsent(session, first, "wfm", again=None, problem="it is given up")
    assert first_waiting(session, "wfm", now=NOW).event_id == second  # type: ignore[union-attr]
    standing = load_standings(session, ["wfm", "plans"])
    assert (standing["wfm"].pending, standing["wfm"].given_up, standing["wfm"].problem) == (
        1,
        1,
        "it is given up",
    )
    assert standing["plans"].pending == 0
    claim_event(session, second, "wfm", now=NOW, until=NOW + MINUTE)
    note_sent(session, second, "wfm", now=NOW)
    assert first_waiting(session, "wfm", now=NOW) is None
    assert load_standings(session, ["wfm"])["wfm"].delivered_at == NOW


def test_a_replay_queues_what_arrived_was_given_up_or_never_went_and_leaves_what_is_being_sent(
    session: Session,
) -> None:
    made(session, "plan.locked", now=NOW - 2 * DAY)  # told before the webhook was there
    sent, lost, held, other = made(session, "plan.locked", "plan.released", "plan.locked", "forecast.made")
    queue_events(session, PLANS, now=NOW)
    for one in (sent, lost, held):
        claim_event(session, one, "plans", now=NOW, until=NOW + MINUTE)
    note_sent(session, sent, "plans", now=NOW)
    note_unsent(session, lost, "plans", again=None, problem="gone")
    assert replay_events(session, PLANS, now=NOW, event_id=other) == 0  # it does not want it
    assert replay_events(session, PLANS, now=NOW, event_id=held) == 0
    assert replay_events(session, PLANS, now=NOW, event_id=lost) == 1
    assert replay_events(session, PLANS, now=NOW, since=NOW - 3 * DAY) == 3
    standing = load_standings(session, ["plans"])["plans"]
    assert (standing.delivered, standing.pending, standing.given_up, standing.problem) == (0, 4, 0, "")


def test_waking_makes_what_waits_due_and_brings_back_nothing_that_was_given_up(session: Session) -> None:
    first, second = made(session, "plan.locked", "plan.released")
    queue_events(session, ALL, now=NOW)
    note_unsent(session, first, "wfm", again=None, problem="gone")
    note_unsent(session, second, "wfm", again=NOW + DAY, problem="503")
    wake(session, "wfm", now=NOW + MINUTE)
    waiting = first_waiting(session, "wfm", now=NOW)
    assert waiting is not None and (waiting.event_id, waiting.next_try) == (second, NOW + MINUTE)


def test_asked_by_many_at_once_a_job_is_asked_for_once(engine: Engine) -> None:
    found = at_once(engine, lambda session: ask(session, "predict", who="Anna", now=NOW))
    assert len({request.id for request, _ in found}) == 1
    assert sorted(new for _, new in found) == [False, False, False, True]


def test_a_request_is_taken_by_one_and_the_next_is_a_new_one(engine: Engine) -> None:
    with sessions(engine)() as session:
        request, new = ask(session, "predict", who="Anna", now=NOW)
        assert new and ask(session, "predict", who="Bo", now=NOW + MINUTE) == (request, False)
        assert ask(session, "select", who="Bo", now=NOW)[1]
        session.commit()
    taken = at_once(engine, lambda session: take_request(session, request.id, run_id=None, now=NOW))
    assert sorted(taken) == [False, False, False, True]
    with sessions(engine)() as session:
        assert load_request(session, request.id).taken_at == NOW
        assert [one.job for one in load_waiting(session)] == ["select"]
        again, new = ask(session, "predict", who="Bo", now=NOW)
        assert new and again.id != request.id
        assert again.forgotten(NOW + PATIENCE) and not again.forgotten(NOW + PATIENCE - MINUTE)


@pytest.mark.parametrize("job", ["retain", "nonsense", ""])
def test_a_job_that_drops_data_and_one_that_is_none_cannot_be_asked_for(session: Session, job: str) -> None:
    with pytest.raises(InputError, match="Ask for ingest"):
        ask(session, job, who="Anna", now=NOW)
    with pytest.raises(NotFound):
        load_request(session, 1)
