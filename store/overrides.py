"""Manual changes of the forecast as they are kept: rows that are added and removed, never changed.

A change lies on top of every version from the moment it was made until it is removed or expires, so that it outlives
each new forecast; what is asked as of a past moment has the changes that held then.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import ColumnElement, func, insert, or_, select, update
from sqlalchemy.orm import Session

from forecast.buckets import from_ns
from forecast.errors import InputError, NotFound
from forecast.overriding import ABSOLUTE, AHT, KINDS, MEASURES, PERCENT, TOTAL, Override
from store.audit import record
from store.database import lock
from store.plain import plain
from store.queues import load_queues, require_queues
from store.statements import table_of
from store.tables import OverrideRow, VersionRow

MICRO = 1000  # nanoseconds
LONGEST = dt.timedelta(days=731)  # models.long_days allows no more
MOST_PERCENT, MOST_CONTACTS, MOST_SECONDS = 10_000.0, 1e9, 86_400.0
_TABLE = table_of(OverrideRow)


@dataclass(frozen=True)
class Kept:
    """A change with its life: in force from created_at until it is removed or expires."""

    override: Override
    created_at: dt.datetime
    expires_at: dt.datetime | None
    removed_at: dt.datetime | None
    removed_by: str

    def state(self, now: dt.datetime) -> Literal["active", "expired", "removed"]:
        """`active`, `expired` or `removed`."""
        if self.removed_at is not None and self.removed_at <= now:
            return "removed"
        return "expired" if self.expires_at is not None and self.expires_at <= now else "active"

    @property
    def until(self) -> dt.datetime | None:
        """When it ceased, or will cease, to hold; None: never so far."""
        ends = [at for at in (self.expires_at, self.removed_at) if at is not None]
        return min(ends, default=None)


def add_override(
    session: Session,
    override: Override,
    *,
    now: dt.datetime,
    expires_at: dt.datetime | None = None,
) -> tuple[Kept, bool]:
    """Keep a change (its id is ours to give) and audit it. The same again by the same author gives back the one held, False.

    InputError, NotFound: what is said of it cannot be; nothing is kept then.
    """
    _check(session, override, now, expires_at)
    lock(session, "overrides")
    facts = _facts(override)
    same = [_TABLE.c[name] == value for name, value in facts.items()]
    alive = [_TABLE.c.removed_at.is_(None), or_(_TABLE.c.expires_at.is_(None), _TABLE.c.expires_at > now)]
    held = session.execute(select(_TABLE).where(*same, *alive).order_by(_TABLE.c.id)).first()
    if held is not None:
        return _kept(held), False
    row = {**facts, "created_at": now, "expires_at": expires_at, "removed_at": None, "removed_by": ""}
    number = int(session.scalar(insert(_TABLE).values(**row).returning(_TABLE.c.id)) or 0)
    made = load_override(session, number)
    record(
        session, now=now, who=override.author, act="override.add", subject=f"override {number}",
        body=told(made),
    )  # fmt: skip
    return made, True


def remove_override(session: Session, number: int, *, now: dt.datetime, who: str, why: str = "") -> Kept:
    """End a change now; its row stays. Removing it again changes nothing. NotFound."""
    lock(session, "overrides")
    held = load_override(session, number)
    if held.removed_at is not None:
        return held
    ended = {"removed_at": now, "removed_by": who}
    session.execute(update(_TABLE).where(_TABLE.c.id == number).values(**ended))
    body = {**told(held), "why": why}
    record(session, now=now, who=who, act="override.remove", subject=f"override {number}", body=body)
    return load_override(session, number)


def load_override(session: Session, number: int) -> Kept:
    """One change; NotFound."""
    row = session.execute(select(_TABLE).where(_TABLE.c.id == number)).one_or_none()
    if row is None:
        raise NotFound(
            f"There is no manual adjustment {number}.",
            remedy="See them with GET /v1/overrides or `forecall override list`.",
            field="id",
        )
    return _kept(row)


def load_overrides(
    session: Session,
    *,
    queue: str | None = None,
    start: dt.datetime | None = None,
    end: dt.datetime | None = None,
    active_at: dt.datetime | None = None,
) -> list[Kept]:
    """Changes by number: those a queue is in the scope of, whose range overlaps start .. end, that hold at a moment.

    NotFound for an unknown queue.
    """
    query = select(_TABLE).where(*_overlapping(start, end))
    if queue is not None:
        require_queues(session, [queue])
        channel = next(one.channel for one in load_queues(session) if one.name == queue)
        query = query.where(_TABLE.c.queue.in_(["", queue]), _TABLE.c.channel.in_(["", channel]))
    if active_at is not None:
        query = query.where(*_holding(active_at))
    return [_kept(row) for row in session.execute(query.order_by(_TABLE.c.id))]


def in_force(
    session: Session,
    at: dt.datetime | None,
    *,
    start: dt.datetime | None = None,
    end: dt.datetime | None = None,
) -> tuple[Override, ...]:
    """The changes that hold at a moment, by number: those that what is forecast of start .. end hangs on.

    They are those whose range overlaps it; with a shared one among them all, because its contacts are shared out by what
    the others leave in the rest of its range (`reach`).
    at None: those held now by what the store itself can tell: one has expired once a forecast was published after it did.
    """
    query = select(_TABLE).where(*_holding(at), *_overlapping(start, end)).order_by(_TABLE.c.id)
    found = tuple(_kept(row).override for row in session.execute(query))
    if (start, end) != (None, None) and any(one.shared for one in found):
        return in_force(session, at)
    return found


def told(kept: Kept) -> dict[str, Any]:
    """A change in plain words and numbers, as the audit keeps it."""
    one = kept.override
    return dict(
        plain(
            {
                **_facts(one),
                "id": one.id,
                "start": from_ns(one.start).isoformat(),
                "end": from_ns(one.end).isoformat(),
                "expires_at": None if kept.expires_at is None else kept.expires_at.isoformat(),
            }
        )
    )


def _holding(at: dt.datetime | None) -> list[ColumnElement[bool]]:
    expires, removed = _TABLE.c.expires_at, _TABLE.c.removed_at
    if at is not None:
        return [
            _TABLE.c.created_at <= at,
            or_(expires.is_(None), expires > at),
            or_(removed.is_(None), removed > at),
        ]
    newest = select(func.max(VersionRow.published_at)).scalar_subquery()
    return [removed.is_(None), or_(expires.is_(None), newest.is_(None), expires > newest)]


def _overlapping(start: dt.datetime | None, end: dt.datetime | None) -> list[ColumnElement[bool]]:
    first = [] if start is None else [_TABLE.c.end > _micros(start)]
    return first if end is None else [*first, _TABLE.c.start < _micros(end)]


def _micros(moment: dt.datetime) -> int:
    return (moment - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(microseconds=1)


def _facts(one: Override) -> dict[str, Any]:
    named = ("queue", "channel", "topic", "measure", "kind", "value", "reason", "author")
    span = {"start": one.start // MICRO, "end": one.end // MICRO}
    return {**{name: getattr(one, name) for name in named}, **span}


def _kept(row: Any) -> Kept:
    override = Override(
        row.id, row.queue, row.channel, row.topic, row.measure, row.kind, row.value, row.start * MICRO,
        row.end * MICRO, row.reason, row.author,
    )  # fmt: skip
    return Kept(override, row.created_at, row.expires_at, row.removed_at, row.removed_by)


def _check(session: Session, one: Override, now: dt.datetime, expires_at: dt.datetime | None) -> None:
    """InputError or NotFound, with the field, for a change that cannot be."""
    if one.queue:
        require_queues(session, [one.queue])
    scope = [each for each in load_queues(session) if one.covers(each.name, each.channel)]
    if one.channel and not scope:
        raise NotFound(
            f"No queue{' of that name' if one.queue else ''} has the channel {one.channel!r}.",
            remedy="GET /v1/queues tells the channel of each.", field="channel",
        )  # fmt: skip
    if one.measure not in MEASURES or one.kind not in KINDS:
        raise InputError(
            f"There is no adjustment {one.measure!r} by {one.kind!r}.",
            remedy=f"Use {' or '.join(MEASURES)}, by {', '.join(KINDS)}.", field="kind",
        )  # fmt: skip
    if not one.reason.strip():
        raise InputError("The adjustment has no reason.", remedy="Say why it is made.", field="reason")
    if one.end <= one.start:
        raise InputError("The end lies before the start.", remedy="Give an end after the start.", field="end")
    if one.end - one.start > LONGEST // dt.timedelta(microseconds=1) * MICRO:
        raise InputError(
            f"The range is longer than {LONGEST.days} days.", remedy="Give a shorter one.", field="end"
        )
    if expires_at is not None and expires_at <= now:
        raise InputError(
            "The adjustment would expire before it is made.", remedy="Give a later moment, or none.",
            field="expires_at",
        )  # fmt: skip
    _check_value(one)


def _check_value(one: Override) -> None:
    low, high = _bounds(one)
    if not low <= one.value <= high:
        raise InputError(
            f"The value {one.value:g} is out of range.",
            remedy=f"Give one from {low:,.0f} to {high:,.0f}.", field="value",
        )  # fmt: skip
    if one.value == 0 and one.kind in (PERCENT, ABSOLUTE):
        raise InputError(
            "An adjustment by 0 changes nothing.", remedy="Give another value, or none at all.", field="value"
        )


def _bounds(one: Override) -> tuple[float, float]:
    """The least and the most a value may be."""
    if one.kind == PERCENT:
        return -100.0, MOST_PERCENT
    most = MOST_SECONDS if one.measure == AHT else MOST_CONTACTS
    return (1.0 if one.measure == AHT else 0.0) if one.kind == TOTAL else -most, most
