"""Which event goes to which webhook, and how far it got: waiting, claimed, delivered or given up.

    told ─► queued (next_try set) ─► claimed (claimed_until) ─► delivered (delivered_at)
                   ▲                      ├─► waiting (next_try later)
                   └──── replayed ────────┴─► given up (no next_try)

Per webhook events go out in the order of their ids: only the first that is neither delivered nor given up can be claimed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, or_, select, update
from sqlalchemy.orm import Session

from store.cursors import load_cursor, save_cursor
from store.events import TEST, Event, load_events, newest_event
from store.push_settings import PushTarget
from store.statements import insert_ignore, table_of, upsert
from store.tables import HookRow

FRESH = dt.timedelta(hours=1)  # a webhook that is new hears what happened in the hour before
_SENT = table_of(HookRow)


@dataclass(frozen=True)
class Waiting:
    """The event that a webhook gets next. tries: how often it was sent so far; held: another process sends it now."""

    event_id: int
    tries: int
    next_try: dt.datetime
    held: bool


@dataclass(frozen=True)
class Standing:
    """How a webhook stands. problem: what was last wrong, '' where all is well; next_try: of the first that waits."""

    delivered: int = 0
    pending: int = 0
    given_up: int = 0
    delivered_at: dt.datetime | None = None
    next_try: dt.datetime | None = None
    problem: str = ""


def queue_events(session: Session, target: PushTarget, *, now: dt.datetime) -> int:
    """Queue for a webhook what was told since the last time and it wants; how many events."""
    seen, since, queued, newest = _seen(session, target.name), None, 0, newest_event(session)
    if seen is None:
        seen, since = 0, now - FRESH
    while events := load_events(session, after=seen, since=since, until=newest):
        wanted = [event.id for event in events if wants(target, event)]
        if wanted:
            rows = [_row(event_id, target.name, now) for event_id in wanted]
            session.execute(insert_ignore(session, _SENT), rows)
        seen, queued = events[-1].id, queued + len(wanted)
    save_cursor(session, _source(target.name), str(max(seen, newest)))
    return queued


def wants(target: PushTarget, event: Event) -> bool:
    """Is the event for this webhook? A test is for the one that it names."""
    if event.kind == TEST:
        return event.body.get("webhook") == target.name
    return not target.events or event.kind in target.events


def anything_due(session: Session, target: PushTarget, *, now: dt.datetime) -> bool:
    """Is there something to queue or to send?"""
    seen = _seen(session, target.name)
    if seen is None or newest_event(session) > seen:
        return True
    first = first_waiting(session, target.name, now=now)
    return first is not None and first.next_try <= now and not first.held


def first_waiting(session: Session, target: str, *, now: dt.datetime) -> Waiting | None:
    """The event that goes out next; None where nothing waits."""
    columns = _SENT.c.event_id, _SENT.c.tries, _SENT.c.next_try, _SENT.c.claimed_until
    query = select(*columns).where(_SENT.c.target == target, _waits()).order_by(_SENT.c.event_id).limit(1)
    row = session.execute(query).one_or_none()
    if row is None:
        return None
    held = row.claimed_until is not None and row.claimed_until > now
    return Waiting(row.event_id, row.tries, row.next_try, held)


def claim_event(
    session: Session, event_id: int, target: str, *, now: dt.datetime, until: dt.datetime
) -> int | None:
    """Take the right to send one event; how often it was tried with this, or None where it is not due or another has it.

    Commit before sending. A claim that ran out (its process died) is given anew: such an event may come twice.
    """
    free = or_(_SENT.c.claimed_until.is_(None), _SENT.c.claimed_until <= now)
    mine = _SENT.c.event_id == event_id, _SENT.c.target == target
    taken = update(_SENT).where(*mine, _waits(), _SENT.c.next_try <= now, free)
    taken = taken.values(claimed_until=until, tries=_SENT.c.tries + 1)
    found: int | None = session.scalar(taken.returning(_SENT.c.tries))
    return found


def note_sent(session: Session, event_id: int, target: str, *, now: dt.datetime) -> None:
    """An event arrived."""
    _note(session, event_id, target, delivered_at=now, claimed_until=None, next_try=None, problem="")


def note_unsent(
    session: Session, event_id: int, target: str, *, again: dt.datetime | None, problem: str
) -> None:
    """An event did not arrive: it is tried `again` then, or given up where that is None."""
    _note(session, event_id, target, claimed_until=None, next_try=again, problem=problem)


def replay_events(
    session: Session,
    target: PushTarget,
    *,
    now: dt.datetime,
    since: dt.datetime | None = None,
    event_id: int | None = None,
) -> int:
    """Queue again what was told at or after a moment, or one event, whatever became of it; how many.

    Each keeps its id. What another process sends at this moment is left to it. Tests are not sent again.
    """
    after, until = (0, None) if event_id is None else (event_id - 1, event_id)
    queued = 0
    while events := load_events(session, after=after, since=since, until=until):
        chosen = [event.id for event in events if event.kind != TEST and wants(target, event)]
        for one in chosen:
            made = upsert(session, _SENT).values(**_row(one, target.name, now))
            free = or_(_SENT.c.claimed_until.is_(None), _SENT.c.claimed_until <= now)
            again = {"delivered_at": None, "claimed_until": None, "next_try": now, "tries": 0, "problem": ""}
            made = made.on_conflict_do_update(index_elements=["event_id", "target"], set_=again, where=free)
            queued += session.scalar(made.returning(_SENT.c.event_id)) is not None
        after = events[-1].id
    return queued


def wake(session: Session, target: str, *, now: dt.datetime) -> None:
    """Try at once what waits for its next try: somebody mended the receiver, or looks whether it is mended."""
    late = _SENT.c.target == target, _waits(), _SENT.c.next_try > now
    session.execute(update(_SENT).where(*late).values(next_try=now))


def load_standings(session: Session, targets: Sequence[str]) -> dict[str, Standing]:
    """Webhook -> how it stands, of events that are still kept."""
    done = _SENT.c.delivered_at.is_not(None)
    given_up = and_(_SENT.c.delivered_at.is_(None), _SENT.c.next_try.is_(None))
    sent, pending, lost = (func.sum(case((which, 1), else_=0)) for which in (done, _waits(), given_up))
    counted = select(
        _SENT.c.target,
        sent.label("sent"),
        pending.label("pending"),
        lost.label("lost"),
        func.max(_SENT.c.delivered_at).label("last"),
    ).where(_SENT.c.target.in_(list(targets)))
    found = {}
    for row in session.execute(counted.group_by(_SENT.c.target)).all():
        trouble = _trouble(session, row.target)
        found[row.target] = Standing(int(row.sent), int(row.pending), int(row.lost), row.last, *trouble)
    return {name: found.get(name, Standing()) for name in targets}


def _trouble(session: Session, target: str) -> tuple[dt.datetime | None, str]:
    """The next try of the first event that waits; and what is wrong with it, else with the last that was given up."""
    mine = select(_SENT.c.next_try, _SENT.c.problem).where(_SENT.c.target == target)
    first = session.execute(mine.where(_waits()).order_by(_SENT.c.event_id).limit(1)).one_or_none()
    if first is not None and first.problem:
        return first.next_try, first.problem
    lost = mine.where(_SENT.c.delivered_at.is_(None), _SENT.c.problem != "", _SENT.c.next_try.is_(None))
    last = session.execute(lost.order_by(_SENT.c.event_id.desc()).limit(1)).one_or_none()
    return (None if first is None else first.next_try), ("" if last is None else last.problem)


def _waits() -> ColumnElement[bool]:
    return and_(_SENT.c.delivered_at.is_(None), _SENT.c.next_try.is_not(None))


def _row(event_id: int, target: str, now: dt.datetime) -> dict[str, Any]:
    states = {"delivered_at": None, "claimed_until": None, "next_try": now, "tries": 0, "problem": ""}
    return {"event_id": event_id, "target": target, **states}


def _note(session: Session, event_id: int, target: str, **values: Any) -> None:
    mine = _SENT.c.event_id == event_id, _SENT.c.target == target
    session.execute(update(_SENT).where(*mine).values(**values))


def _source(target: str) -> str:
    return f"push {target}"


def _seen(session: Session, target: str) -> int | None:
    """The id of the last event that was looked at for a webhook; None before the first time."""
    held = load_cursor(session, _source(target))
    return None if held is None else int(held)
