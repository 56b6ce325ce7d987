"""Backlogs of the queues that are answered later, from what is stored: by contact where a system tells them so, else first in, first out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from sqlalchemy.orm import Session

from forecast.arrays import Floats, Ns
from forecast.backlog import HOUR, Backlog, as_known, first_in_first_out, is_cohort, of_contacts
from forecast.buckets import DAY, Grid, Interval, column_ns, end, from_ns, to_ns
from forecast.late_answers import Created, estimate
from forecast.quality.record import Record
from forecast.versions import Versions, summed
from store.backlog_untold import Untold, load_untold
from store.contact_log import load_contacts
from store.quality import around, load_records
from store.queues import Queue, load_queues, require_queues
from store.settings import Settings
from store.versions import KINDS, Rows, load
from store.volumes import volume_series

DEFERRED = ("email", "chat", "social")
RECENT_DAYS = 28
ONE_BY_ONE, BY_COUNTS, NOT_TOLD = "contacts", "first in, first out", "not told"
NOT_HANDLED = "Nothing tells how many were answered: import `handled`, or contacts one by one."
COHORT = "`handled` tells of the contacts of each row whether they were ever answered, not when: a backlog cannot be told from it."
STARTED = (
    "{start:,.0f} contacts are taken to have waited when the rows begin: the least that explains the answers."
)
BEYOND = "{beyond:,.0f} more contacts were answered than came and can have waited: `offered` and `handled` do not fit together."


@dataclass(frozen=True)
class QueueBacklog:
    """What waits in a queue at the end of its last row.

    how: by contacts, first in, first out, or not told (then the figures are None and `notes` says why)
    answered, share_in_time: of the last 28 days; late_days: contacts whose target passed, by local day from first_day on
    created: contacts this creates elsewhere, per queue
    """

    queue: str
    channel: str
    how: str
    target_hours: float
    as_of: dt.datetime
    waiting: float | None = None
    late: float | None = None
    oldest_hours: float | None = None
    oldest_open_hours: float | None = None
    answered: float | None = None
    share_in_time: float | None = None
    broken: float | None = None
    notes: tuple[str, ...] = ()
    created: tuple[Created, ...] = ()


def load_backlogs(
    session: Session,
    settings: Settings,
    *,
    now: dt.datetime,
    queue: str | None = None,
    created: bool = False,
    only: Sequence[str] | None = None,
) -> list[QueueBacklog]:
    """Of one queue, or of all that are answered later (e-mail, chat, social; `only` some of them). NotFound for an unknown queue.

    created: also what late answers bring to other queues, which takes a second or two per queue
    """
    if queue is not None:
        require_queues(session, [queue])
    queues = [one for one in load_queues(session) if _wanted(one, queue, only)]
    untold = {} if created else load_untold(session, [one.name for one in queues], now)
    read = None if created else [one.name for one in queues if one.name not in untold]
    records = load_records(session, read) if read is None or read else []
    held = {one.queue: one for one in records if one.counted}
    found = []
    for each in queues:
        target = target_hours(settings, each.name)
        if each.name in untold and each.interval not in (Interval.WEEK, Interval.MONTH):
            found.append(_untold(each, untold[each.name], target))
        elif each.name in held:
            told, made = _told(session, held[each.name], target, now)
            if created and made is not None:
                others = _created(session, settings, records, held[each.name], made, now)
                told = replace(told, created=others)
            found.append(told)
    return found


def _wanted(one: Queue, queue: str | None, only: Sequence[str] | None) -> bool:
    if queue is not None:
        return one.name == queue
    return one.channel in DEFERRED and (only is None or one.name in only)


def _untold(queue: Queue, why: Untold, target: float) -> QueueBacklog:
    """A queue of which its rows say that nothing can be told."""
    last = int(end(np.array([why.last]), queue.interval, queue.tz)[0])
    notes = (COHORT if why.cohort else NOT_HANDLED,)
    return QueueBacklog(queue.name, queue.channel, NOT_TOLD, target, _moment(last), notes=notes)


def _told(
    session: Session, record: Record, target: float, now: dt.datetime
) -> tuple[QueueBacklog, Backlog | None]:
    """What is told of a queue, and the backlog it is told from."""
    made, how, notes = backlog_of(session, record, target, now)
    told = QueueBacklog(record.queue, record.channel, how, target, _moment(record.last_end()), notes=notes)
    return told if made is None else _figures(told, made), made


def target_hours(settings: Settings, queue: str) -> float:
    """Within how many hours an answer of this queue is in time."""
    own = next((each.answer_hours for each in settings.queues if each.name == queue), None)
    return settings.backlog.target_hours if own is None else own


def backlog_of(
    session: Session, record: Record, target: float, now: dt.datetime
) -> tuple[Backlog | None, str, tuple[str, ...]]:
    """-> the backlog by bucket up to the last row (None where it cannot be told), how it was found, and what is to be said."""
    begins, ends = buckets(record)
    wait = round(target * HOUR)
    contacts = load_contacts(session, None, now, record.queue)
    if len(contacts) and contacts["answered_at"].notna().any():
        at = column_ns(contacts["at"])
        told = contacts["answered_at"].notna().to_numpy()
        answered = np.full(len(at), -1, dtype=np.int64)
        answered[told] = column_ns(contacts.loc[told, "answered_at"])
        first = int(np.searchsorted(ends, at.min(), side="right"))
        made = of_contacts(begins[first:], ends[first:], at, answered, target=wait)
        return (made, ONE_BY_ONE, ()) if len(made) else (None, NOT_TOLD, (NOT_HANDLED,))
    if np.isnan(record.handled).all():
        return None, NOT_TOLD, (NOT_HANDLED,)
    if is_cohort(record.offered, record.handled, record.abandoned):
        return None, NOT_TOLD, (COHORT,)
    offered, handled = (_placed(record, values, begins) for values in (_came(record), record.handled))
    open_ = None if record.hours is None else record.hours.mask(Grid.of(begins, record.interval, record.tz))
    made = first_in_first_out(begins, ends, offered, handled, target=wait, open_=open_)
    notes = [STARTED.format(start=made.start)] if made.start >= 1 else []
    notes += [BEYOND.format(beyond=made.beyond)] if made.beyond >= 1 else []
    return made, BY_COUNTS, tuple(notes)


def buckets(record: Record) -> tuple[Ns, Ns]:
    """Begins and ends of all buckets from the first row to the last, ns."""
    grid = record.grid
    begins = grid.ds[(grid.ds >= record.ds[0]) & (grid.ds <= record.ds[-1])]
    return begins, end(begins, record.interval, record.tz)


def _came(record: Record) -> Floats:
    """Contacts that want an answer: those given up want none."""
    return record.offered - np.nan_to_num(record.abandoned)


def _placed(record: Record, values: Floats, begins: Ns) -> Floats:
    out = np.zeros(len(begins))
    place = np.searchsorted(begins, record.ds)
    hit = (place < len(begins)) & ~np.isnan(values)
    hit[hit] = begins[place[hit]] == record.ds[hit]
    out[place[hit]] = values[hit]
    return out


def _figures(told: QueueBacklog, made: Backlog) -> QueueBacklog:
    recent = made.ends > made.ends[-1] - RECENT_DAYS * DAY
    open_hours = float(made.oldest_open[-1])
    return replace(
        told,
        waiting=float(made.waiting[-1]),
        late=float(made.late[-1]),
        oldest_hours=float(made.oldest[-1]),
        oldest_open_hours=None if np.isnan(open_hours) else open_hours,
        answered=float(made.answered[recent].sum()),
        share_in_time=made.share_in_time(recent),
        broken=float(made.broken[recent].sum()),
    )


def _moment(ns: int) -> dt.datetime:
    return from_ns(ns).to_pydatetime()


def _created(
    session: Session,
    settings: Settings,
    records: Sequence[Record],
    record: Record,
    made: Backlog,
    now: dt.datetime,
) -> tuple[Created, ...]:
    """What the late answers of a queue bring to the phone, chat and social queues."""
    known = around(session, settings, records, now)
    day = Grid.of(made.ends - 1, Interval.DAY, record.tz).day
    found = []
    for other in records:
        if other.queue == record.queue or other.channel == "email" or not other.counted:
            continue
        late = np.zeros(len(other.days))
        inside = (day >= other.first_day) & (day <= other.last_day)
        np.add.at(late, day[inside] - other.first_day, made.broken[inside])
        untold = (other.days < day.min()) | (other.days > day.max())
        left = (other.totals == 0) | untold | known.calendar.special(other.days)
        left[-1] = True  # it may not be over
        found.append(estimate(other.queue, record.queue, other.totals, left, late, first_day=other.first_day))
    return tuple(found)


def versions_of(session: Session, record: Record, *, target: float, since: int) -> tuple[Versions, Versions]:
    """What was known of a queue's backlog at each moment after `since` (ns), by counts: versions of what is late and of the oldest's hours."""
    named = volume_series(session, [record.queue])
    rows = load(session, KINDS["volumes"], series=list(named), values=["offered", "handled", "abandoned"])
    offered = rows.values[:, :1] - np.nan_to_num(rows.values[:, 2:3])
    parts = [_versions(rows, values, named) for values in (offered, rows.values[:, 1:2])]
    begins, ends = buckets(record)
    return as_known(parts[0], parts[1], begins, ends, target=round(target * HOUR), since=since)


def _versions(rows: Rows, values: Floats, named: Mapping[int, tuple[str, str]]) -> Versions:
    """Versions of a queue: of the row of all reasons where there is one, else of their sum."""
    whole = [number for number, (_, topic) in named.items() if topic == "all"]
    parts = []
    for number in whole or list(named):
        mine = np.flatnonzero((rows.series == number) & ~np.isnan(values[:, 0]))
        order = mine[np.argsort(rows.id[mine], kind="stable")]
        parts.append(Versions.of(rows.ds[order] * 1000, values[order, 0], rows.known_at[order] * 1000))
    return summed(parts)


def versions_by_contact(
    session: Session, record: Record, *, target: float, now: dt.datetime, since: int
) -> tuple[Versions, Versions] | None:
    """As `versions_of`, of a queue whose contacts are told one by one; None where they are not.

    Buckets that ended before `since` (ns) are left as they were told.
    """
    made, how, _ = backlog_of(session, record, target, now)
    if made is None or how != ONE_BY_ONE:
        return None
    contacts = load_contacts(session, None, now, record.queue)
    at, known = column_ns(contacts["at"]), np.maximum.accumulate(column_ns(contacts["known_at"]))
    begins = np.r_[made.ends[:1] - record.interval.seconds * 10**9, made.ends[:-1]]
    place = np.searchsorted(at, made.ends, side="right") - 1
    told = np.maximum(made.ends, np.where(place >= 0, known[np.maximum(place, 0)], made.ends))
    new = (made.ends > since) & (told <= to_ns(now))
    return (
        Versions.of(begins[new], made.late[new], told[new]),
        Versions.of(begins[new], made.oldest[new], told[new]),
    )
