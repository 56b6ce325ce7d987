"""Locks: a span of local days frozen as the plan, bit for bit, whatever is forecast, adjusted, imported or re-mapped later.

    rows of the span as they are shown (manual adjustments included) ─► a version of the kind plan ─► never written again

The days are those of each queue's own zone. Every granularity is copied whose buckets lie whole inside the span: of a
week its intervals, hours, days and the week itself, but not the month it lies in. Of two locks of the same bucket the
later counts, as long as it is not released; the earlier one and its numbers stay.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from forecast.buckets import DAY
from forecast.errors import InputError, NotFound
from store.audit import record
from store.database import lock
from store.events import tell
from store.forecast_versions import PLAN, being_written, create_version, load_version, newest_version
from store.frozen_rows import freeze
from store.queues import load_queues, require_queues
from store.statements import table_of
from store.tables import LockRow

LONGEST = 371  # days of one lock: a year of whole weeks
SEE = "See the locks: GET /v1/locks or `forecall lock list`."
DAY_MICROS = DAY // 1000


@dataclass(frozen=True)
class Lock:
    """One lock. first, last: local days, both included; queues: () is every queue; version_id: the frozen copy.

    source_id: the newest version it was taken from
    """

    id: int
    version_id: int
    source_id: int | None
    first: dt.date
    last: dt.date
    queues: tuple[str, ...]
    label: str
    author: str
    created_at: dt.datetime
    released_at: dt.datetime | None
    released_by: str

    def covers(self, queue: str, day: dt.date) -> bool:
        """Was this local day of the queue asked to be locked?"""
        return self.first <= day <= self.last and (not self.queues or queue in self.queues)

    def meets(self, other: Lock) -> bool:
        """Do both lock a day of one queue?"""
        shared = not self.queues or not other.queues or bool(set(self.queues) & set(other.queues))
        return shared and self.first <= other.last and other.first <= self.last


@dataclass(frozen=True)
class Locked:
    """A lock that was made. goes_before: earlier locks in force that it meets; notes: what to know about it."""

    lock: Lock
    goes_before: tuple[Lock, ...]
    notes: tuple[str, ...]


def span_of_week(week: str) -> tuple[dt.date, dt.date]:
    """`2026-W14` -> its Monday and its Sunday (ISO 8601); InputError for anything else."""
    year, _, number = week.upper().partition("-W")
    try:
        monday = dt.date.fromisocalendar(int(year), int(number), 1)
        return monday, monday + dt.timedelta(days=6)
    except (ValueError, OverflowError):
        raise InputError(
            f"{week[:20]!r} is no week.",
            remedy="Write 2026-W14: the year and week of ISO 8601.",
            field="week",
        ) from None


def lock_span(
    session: Session,
    *,
    first: dt.date,
    last: dt.date,
    queues: Sequence[str] = (),
    version: str | int = "published",
    label: str = "",
    who: str,
    now: dt.datetime,
) -> Locked:
    """Freeze local days `first` .. `last` of some queues, or of all, as they are shown now, in the caller's transaction.

    version: `published` (what is shown now), `latest` or the id of a version. InputError where the span is no span, or
    nothing is forecast of it (or of a queue that was named); NotFound for an unknown queue or version.
    """
    _require_span(first, last)
    require_queues(session, list(queues))
    lock(session, "locks")
    source = newest_version(session, version)
    if source is not None and being_written(session, source):
        raise InputError(
            f"The version {source.id} is still being written.",
            remedy="Wait until its run has ended.",
            field="version",
        )
    chosen = [one for one in load_queues(session) if not queues or one.name in queues]
    cutoff, run = (now, None) if source is None else (source.cutoff, source.run_id)
    title = label or f"{first} to {last}"
    plan = create_version(session, run_id=run, cutoff=cutoff, now=now, label=title, kind=PLAN)
    notes, held = [], 0
    for queue in chosen:
        days = freeze(session, plan, queue, (day_number(first), day_number(last)), version, now)
        held += days
        notes += _gaps(queue.name, days, (last - first).days + 1, named=bool(queues))
    if held == 0:
        raise _nothing(first, last)
    facts = {
        "version_id": plan,
        "source_id": None if source is None else source.id,
        "start": day_number(first) * DAY_MICROS,
        "end": (day_number(last) + 1) * DAY_MICROS,
        "queues": list(dict.fromkeys(queues)),
        "label": label,
        "author": who,
        "created_at": now,
        "released_by": "",
    }
    number = session.scalar(insert(table_of(LockRow)).values(**facts).returning(LockRow.id))
    made = load_lock(session, int(number or 0))
    before = tuple(
        one for one in list_locks(session, released=False) if one.id != made.id and one.meets(made)
    )
    notes += [_goes_before(one) for one in before]
    _write_down(session, made, "lock.add", "plan.locked", who, now)
    return Locked(made, before, tuple(notes))


def release_lock(session: Session, lock_id: int, *, who: str, now: dt.datetime) -> Lock:
    """Take a lock out of force; it and its numbers stay. Releasing it again changes nothing. NotFound for an unknown one."""
    lock(session, "locks")
    held = load_lock(session, lock_id)
    if held.released_at is not None:
        return held
    changed = update(table_of(LockRow)).where(LockRow.id == lock_id)
    session.execute(changed.values(released_at=now, released_by=who))
    found = load_lock(session, lock_id)
    _write_down(session, found, "lock.release", "plan.released", who, now)
    return found


def list_locks(session: Session, *, released: bool = True) -> list[Lock]:
    """All locks, the latest first; without `released` those in force."""
    query = select(table_of(LockRow)).order_by(LockRow.id.desc())
    if not released:
        query = query.where(LockRow.released_at.is_(None))
    return [_lock(row) for row in session.execute(query)]


def load_lock(session: Session, lock_id: int) -> Lock:
    """One lock, or NotFound."""
    row = session.execute(select(table_of(LockRow)).where(LockRow.id == lock_id)).one_or_none()
    if row is None:
        raise NotFound(f"There is no lock {lock_id}.", remedy=SEE, field="id")
    return _lock(row)


def _require_span(first: dt.date, last: dt.date) -> None:
    if last < first:
        raise InputError(
            f"The last day, {last}, lies before the first, {first}.",
            remedy="Give an end after it.",
            field="end",
        )
    if (last - first).days >= LONGEST or not 1970 < first.year < 2200:
        raise InputError(
            f"{first} to {last} is no span that can be locked.",
            remedy=f"Lock at most {LONGEST} days, of the years 1971 to 2199.",
            field="start",
        )


def _gaps(queue: str, days: int, asked: int, *, named: bool) -> list[str]:
    """What to say of days without a forecast; InputError where a queue that was named has none."""
    if days == 0 and named:
        raise InputError(
            f"{queue}: nothing is forecast of these days, so there is nothing to lock.",
            remedy="Forecast that far first (`forecall run predict`; models.horizon_days), or leave the queue out.",
            field="queues",
        )
    if days == 0:
        return [f"{queue}: nothing is forecast of these days; it is not in the lock."]
    return (
        [f"{queue}: {days} of {asked} days are forecast; the others are not in the lock."]
        if days < asked
        else []
    )


def _nothing(first: dt.date, last: dt.date) -> InputError:
    return InputError(
        f"Nothing is forecast of {first} to {last}, so there is nothing to lock.",
        remedy="Forecast that far first (`forecall run predict`; models.horizon_days), or publish a version that reaches it.",
        field="start",
    )


def _goes_before(one: Lock) -> str:
    name = f"“{one.label}” " if one.label else ""
    return (
        f"Lock {one.id} {name}of {one.author} ({one.first} to {one.last}) stands as well; "
        "where both hold a day, this later one counts."
    )


def _write_down(session: Session, held: Lock, act: str, kind: str, who: str, now: dt.datetime) -> None:
    body = {
        "lock": held.id,
        "version": held.version_id,
        "start": str(held.first),
        "end": str(held.last),
        "queues": list(held.queues),
        "label": held.label,
    }
    source = {} if held.source_id is None else {"source": load_version(session, held.source_id).id}
    record(session, now=now, who=who, act=act, subject=f"lock {held.id}", body={**body, **source})
    tell(session, kind, {**body, "who": who, "url": f"/v1/locks/{held.id}"}, now=now)


def day_number(date: dt.date) -> int:
    """Whole days since 1970-01-01."""
    return (date - dt.date(1970, 1, 1)).days


def _lock(row: Any) -> Lock:
    first, after = (dt.date(1970, 1, 1) + dt.timedelta(days=at // DAY_MICROS) for at in (row.start, row.end))
    last = after - dt.timedelta(days=1)
    facts = {name: getattr(row, name) for name in Lock.__dataclass_fields__ if name not in ("first", "last")}
    return Lock(**{**facts, "first": first, "last": last, "queues": tuple(row.queues)})
