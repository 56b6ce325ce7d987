"""The volumes of a queue, counted anew from the log of its single contacts.

How far each source vouches for its queues is kept in a cursor of its own: from when on, until when, and which queues. An
interval is counted when it is over for every source that feeds its queue; one without a contact is zero. What was known when:
a queue that a source makes has its history assumed (known at each interval's end); every other number is known now.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace

import numpy as np
import pandas as pd
from sqlalchemy.orm import Session

from forecast.arrays import Ns
from forecast.buckets import Interval, column_ns, end, floor, from_ns, index, to_ns
from forecast.contacts.counting import contacts_as_volumes, whole_starts
from store.contact_log import counted_for_good, load_contacts
from store.cursors import load_cursor, save_cursor
from store.queues import Queue, load_queues, save_queue
from store.volumes import load_volumes, save_volumes, volume_series

COVERED = "contacts counted:"  # and the source: the cursor of its Cover
WINDOW = 92 * 86_400_000_000_000  # ns of contacts in memory at a time


@dataclass(frozen=True)
class Cover:
    """What a source vouches for. since, until: UTC ns, 0 for not told; queues: name -> its first contact; fresh: name -> the
    moment before which its history is assumed, for queues the source made; outcomes: it tells what became of contacts.
    """

    since: int = 0
    until: int = 0
    queues: Mapping[str, int] = field(default_factory=dict)
    fresh: Mapping[str, int] = field(default_factory=dict)
    outcomes: bool = False


def load_cover(session: Session, source: str) -> Cover:
    """A source's cover; an empty one before the first time."""
    held = load_cursor(session, f"{COVERED}{source}")
    return Cover() if held is None else Cover(**json.loads(held))


def save_cover(session: Session, source: str, cover: Cover) -> None:
    save_cursor(session, f"{COVERED}{source}", json.dumps(asdict(cover), separators=(",", ":")))


def whole_until(covers: Iterable[Cover], queue: str) -> int:
    """Up to when (UTC ns) all the sources that feed a queue vouch for it; 0 where one does not yet."""
    return min((cover.until for cover in covers if queue in cover.queues), default=0)


def require_queue(
    session: Session, name: str, channel: str, interval: Interval, tz: str
) -> tuple[Queue, bool]:
    """(the queue, whether it has no volumes yet); made where it is not held."""
    held = next((queue for queue in load_queues(session) if queue.name == name), None)
    if held is None:
        held = Queue(name, channel, "all", interval, tz)
        save_queue(session, held)
        return held, True
    return held, not volume_series(session, [name])


def extended(
    session: Session, cover: Cover, contacts: pd.DataFrame, *, interval: Interval, tz: str, now: pd.Timestamp
) -> Cover:
    """The cover with the queues of contacts[queue, channel, at, outcome]; queues that are not held are made."""
    queues, fresh = dict(cover.queues), dict(cover.fresh)
    for name, mine in contacts.groupby("queue"):
        first = int(column_ns(mine["at"]).min())
        if name not in queues:
            _, new = require_queue(session, str(name), str(mine["channel"].iloc[0]), interval, tz)
            if new:
                fresh[str(name)] = to_ns(now)
        queues[str(name)] = min(first, queues.get(str(name), first))
    tells = cover.outcomes or bool((contacts["outcome"] != "open").any())
    return replace(cover, queues=queues, fresh=fresh, outcomes=tells)


def recount(
    session: Session,
    queue: Queue,
    starts: Ns,
    *,
    now: pd.Timestamp,
    fresh: int = 0,
    outcomes: bool = True,
    upload_id: int | None = None,
) -> int:
    """Count the intervals that begin at `starts` (UTC ns) from the log; returns how many versions are new.

    fresh: intervals over by then (UTC ns) that hold nothing yet are assumed known at their end. Intervals whose contacts have
    gone stay as they are.
    """
    starts = _still_countable(session, queue, np.unique(starts))
    versions = 0
    while len(starts):
        part, starts = starts[starts - starts[0] < WINDOW], starts[starts - starts[0] >= WINDOW]
        versions += _count(session, queue, part, now, fresh, outcomes, upload_id)
    return versions


def touched(queue: Queue, at: Ns, until: int) -> Ns:
    """Moments of contacts UTC ns[n] -> the starts of their intervals that are over by `until`."""
    starts = np.unique(floor(at, queue.interval, queue.tz))
    return starts[end(starts, queue.interval, queue.tz) <= until]


def newly_whole(queue: Queue, cover: Cover, before: int, until: int) -> Ns:
    """Starts of the intervals that became whole between two moments, from the queue's first contact on."""
    first = int(floor(np.array([cover.queues[queue.name]]), queue.interval, queue.tz)[0])
    begin = max(cover.since, first)
    if before:
        begin = max(begin, int(floor(np.array([before]), queue.interval, queue.tz)[0]))
    return whole_starts(begin, until, queue.interval, queue.tz)


def _still_countable(session: Session, queue: Queue, starts: Ns) -> Ns:
    gone = counted_for_good(session, [queue.name]).get(queue.name)
    if gone is None or len(starts) == 0:
        return starts
    first, last = (to_ns(moment) for moment in gone)
    return starts[(starts >= last) | (end(starts, queue.interval, queue.tz) <= first)]


def _count(
    session: Session,
    queue: Queue,
    starts: Ns,
    now: pd.Timestamp,
    fresh: int,
    outcomes: bool,
    upload_id: int | None,
) -> int:
    first = from_ns(starts[0]).to_pydatetime()
    last = from_ns(end(starts[-1:], queue.interval, queue.tz)[0]).to_pydatetime()
    contacts = load_contacts(session, first, last, queue.name)
    volumes = contacts_as_volumes(contacts, starts, interval=queue.interval, tz=queue.tz, outcomes=outcomes)
    held = load_volumes(session, queue.name, first, last)
    held = held[np.isin(column_ns(held["ds"]), starts)]
    keys = pd.MultiIndex.from_arrays([held["topic"], column_ns(held["ds"])])
    ds = column_ns(volumes["ds"])
    there = pd.MultiIndex.from_arrays([volumes["topic"], ds]).isin(keys)
    ends = end(ds, queue.interval, queue.tz)
    assumed = ~there & (ends <= fresh)
    known = index(np.where(assumed, ends, to_ns(now)))
    volumes = volumes.assign(queue=queue.name, known_at=known, assumed=assumed)
    rows = pd.concat([volumes, *_emptied(volumes, held, now)], ignore_index=True)
    return save_volumes(session, rows, upload_id=upload_id)


def _emptied(volumes: pd.DataFrame, held: pd.DataFrame, now: pd.Timestamp) -> list[pd.DataFrame]:
    """Topics that an interval held and holds no more."""
    key = ["topic", "ds"]
    merged = held[[*key, "offered"]].merge(volumes[key], how="left", on=key, indicator=True)
    gone = merged.loc[(merged["_merge"] == "left_only").to_numpy() & (merged["offered"] > 0).to_numpy(), key]
    if gone.empty:
        return []
    queue = str(volumes["queue"].iloc[0])
    emptied = gone.assign(offered=0.0, known_at=now.as_unit("ns"), assumed=False, queue=queue)
    return [emptied.reindex(columns=volumes.columns)]


def moment_ns(moment: dt.datetime | None) -> int:
    """An aware moment as UTC ns; 0 for none."""
    return 0 if moment is None else to_ns(moment)
