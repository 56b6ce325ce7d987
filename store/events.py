"""What other systems are told of: a forecast made or published, a plan locked or released, a peak warning, a run that failed.

Append-only; the retain job drops what is older than `push.keep_days`. Whoever reads from an id on misses nothing and
sees nothing twice: an id that can be read has no smaller one still to come. SQLite has one writer at a time; on
PostgreSQL the tellers queue up behind one lock until they commit, so tell last, after `audit.record`, before the commit.
The newest event is never dropped, since SQLite would give its number anew.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from forecast.errors import InputError, NotFound
from store.database import lock
from store.plain import plain
from store.push_settings import WANTED
from store.statements import table_of
from store.tables import EventRow, HookRow

TEST = "webhook.test"  # asked for by an administrator, for one webhook
KINDS = (*WANTED, TEST)
MOST = 1_000  # events of one read
_EVENTS, _SENT = table_of(EventRow), table_of(HookRow)


@dataclass(frozen=True)
class Event:
    """Something that happened. at: when, aware UTC; body: ids, names of queues, moments, an address to read the rest at."""

    id: int
    kind: str
    at: dt.datetime
    body: Mapping[str, Any]


def tell(session: Session, kind: str, body: Mapping[str, Any], *, now: dt.datetime) -> int:
    """Keep an event for webhooks and streams; its id. Seen by others once the caller commits.

    body: small: ids, queues, moments (`store.plain` makes text of them), an address such as /v1/alerts; never the text of
    a post. InputError for a kind there is not.
    """
    if kind not in KINDS:
        raise InputError(
            f"There is no event of the kind {kind!r}.", remedy=f"Kinds are {', '.join(KINDS)}.", field="kind"
        )
    lock(session, "events")
    made = _EVENTS.insert().values(kind=kind, at=now, body=plain(dict(body)))
    return int(session.execute(made.returning(_EVENTS.c.id)).scalar_one())


def load_events(
    session: Session,
    *,
    after: int = 0,
    kinds: Sequence[str] = (),
    since: dt.datetime | None = None,
    until: int | None = None,
    limit: int = MOST,
) -> list[Event]:
    """Events with an id above `after`, the oldest first. kinds: of these alone; since: told then or later; until: up to this id."""
    chosen = select(_EVENTS).where(_EVENTS.c.id > after).order_by(_EVENTS.c.id).limit(limit)
    if kinds:
        chosen = chosen.where(_EVENTS.c.kind.in_(list(kinds)))
    if since is not None:
        chosen = chosen.where(_EVENTS.c.at >= since)
    if until is not None:
        chosen = chosen.where(_EVENTS.c.id <= until)
    return [Event(row.id, row.kind, row.at, row.body) for row in session.execute(chosen)]


def load_event(session: Session, event_id: int) -> Event:
    """One event; NotFound."""
    found = load_events(session, after=event_id - 1, until=event_id)
    if not found:
        raise NotFound(
            f"There is no event {event_id}; it may be too old to be kept.",
            remedy="See GET /v1/events for those there are.",
            field="event_id",
        )
    return found[0]


def newest_event(session: Session) -> int:
    """The id of the newest event; 0 where there is none."""
    return int(session.scalar(select(func.max(_EVENTS.c.id))) or 0)


def drop_events(session: Session, *, before: dt.datetime) -> int:
    """Drop events told before that moment, with what is known of their delivery; how many. The newest stays."""
    old = _EVENTS.c.at < before, _EVENTS.c.id < newest_event(session)
    session.execute(delete(_SENT).where(_SENT.c.event_id.in_(select(_EVENTS.c.id).where(*old))))
    return len(session.scalars(delete(_EVENTS).where(*old).returning(_EVENTS.c.id)).all())
