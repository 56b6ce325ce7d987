"""Contact reasons told apart from the totals: layers of shares and counts per queue and local day, and what they cover.

Shares are of the contacts handled that day; of those that were not handled nobody knows the reason. What is unknown stays
unknown: it is a part of its own and is never spread over the named reasons. Totals are not touched.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from sqlalchemy import select
from sqlalchemy.orm import Session

from forecast.arrays import Floats, Ns
from forecast.buckets import Interval, floor, to_ns
from forecast.contacts.reason_files import UNKNOWN
from forecast.errors import ContractError
from forecast.frames import REASONS, check
from forecast.true_demand import together
from forecast.vintage import Series, Versions
from store.columns import Flags, flag_column, micros, moments, text_column
from store.queues import require_queues
from store.statements import series_ids, table_of
from store.tables import ReasonSeries
from store.versions import KINDS, Batch, Rows, append, load
from store.volumes import volume_series
from store.wholes import WHOLE

KIND = KINDS["reasons"]
NANO = 1000
HOUR = 3_600_000_000  # microseconds
NEVER = 2**62 // 1000  # the moment at which a day without contacts is counted


def save_reasons(session: Session, reasons: pd.DataFrame, *, upload_id: int | None) -> int:
    """reasons[queue, ds, topic, known_at, share?, count?, assumed?] -> versions written. NotFound for a queue not stored."""
    check(reasons, REASONS)
    if "known_at" not in reasons.columns:
        raise ContractError(
            "The reasons miss the column 'known_at'.", remedy="Say when each row was known.", field="known_at"
        )
    queues = text_column(reasons, "queue", "")
    require_queues(session, list(dict.fromkeys(queues)))
    series = series_ids(
        session, KIND.series, list(zip(queues, text_column(reasons, "topic", UNKNOWN), strict=True))
    )
    values = reasons.reindex(columns=list(KIND.values)).to_numpy(dtype=np.float64)
    ds, known_at = micros(reasons["ds"]), micros(reasons["known_at"])
    return append(
        session,
        KIND,
        Batch(series, ds, known_at, values, flag_column(reasons, "assumed")),
        upload_id=upload_id,
    )


def load_reasons(
    session: Session,
    queue: str | None = None,
    start: dt.datetime | None = None,
    end: dt.datetime | None = None,
) -> pd.DataFrame:
    """-> reasons[queue, ds, topic, share, count, known_at]: the latest values, start <= ds < end."""
    names = reason_series(session, None if queue is None else [queue])
    first, last = (None if at is None else to_ns(at) // NANO for at in (start, end))
    rows = load(session, KIND, series=list(names), start=first, end=last).latest()
    rows = rows.take(_told(rows))
    keys = [names[int(one)] for one in rows.series]
    frame = pd.DataFrame(
        {
            "queue": pd.Series([key[0] for key in keys], dtype=object),
            "ds": moments(rows.ds),
            "topic": pd.Series([key[1] for key in keys], dtype=object),
            **{name: rows.values[:, at] for at, name in enumerate(KIND.values)},
            "known_at": moments(rows.known_at),
        }
    )
    return frame.sort_values(["queue", "ds", "topic"], ignore_index=True)


def _told(rows: Rows) -> Flags:
    """bool[n]: no tombstone."""
    return np.asarray(~np.isnan(rows.values).all(axis=1))


def reason_series(session: Session, queues: Sequence[str] | None = None) -> dict[int, tuple[str, str]]:
    """Series id -> (queue, topic), of some queues or of all."""
    query = select(*table_of(ReasonSeries).c)
    if queues is not None:
        query = query.where(ReasonSeries.queue.in_(list(queues)))
    return {row.id: (row.queue, row.topic) for row in session.execute(query)}


def told_reasons(session: Session, queues: Sequence[str] | None = None) -> dict[str, tuple[str, ...]]:
    """Queue -> the reasons that files tell of it apart from its totals, UNKNOWN among them, by name."""
    found: dict[str, set[str]] = {}
    for queue, topic in reason_series(session, queues).values():
        found.setdefault(queue, {UNKNOWN}).add(topic)
    return {queue: tuple(sorted(topics)) for queue, topics in sorted(found.items()) if len(topics) > 1}


def parts_told(session: Session, whole: Series, topics: Sequence[str]) -> dict[str, Versions]:
    """The contacts of each reason of a queue as versions that add up to the queue's, on the days of which reasons are told.

    The part of a day holds in each of its intervals: no shape within the day is invented.
    """
    known = [topic for topic in topics if topic != UNKNOWN]
    parts = covered(session, whole.name, whole.tz, known)
    starts = np.unique(whole.offered.ds)
    day = floor(starts, Interval.DAY, whole.tz)
    streams = [whole.offered, *(_on_buckets(parts[topic], starts, day) for topic in known)]
    ds, known_at, values = together(streams)
    told = ~np.isnan(values[0]) & ~np.isnan(values[1:]).all(axis=0)
    ds, known_at = ds[told], known_at[told]
    contacts = np.nan_to_num(values[1:, told]) * values[0, told]
    made = {topic: Versions.of(ds, contacts[at], known_at) for at, topic in enumerate(known)}
    return {
        **made,
        UNKNOWN: Versions.of(ds, np.maximum(values[0, told] - contacts.sum(axis=0), 0.0), known_at),
    }


def _on_buckets(part: Versions, starts: Ns, day: Ns) -> Versions:
    """Versions by local day -> the same value in each bucket of it."""
    first, stop = np.searchsorted(day, part.ds), np.searchsorted(day, part.ds, side="right")
    count = stop - first
    place = np.repeat(first - np.cumsum(count) + count, count) + np.arange(int(count.sum()))
    return Versions(starts[place], np.repeat(part.value, count), np.repeat(part.known_at, count))


def covered(session: Session, queue: str, tz: str, topics: Sequence[str]) -> dict[str, Versions]:
    """Each reason's part of the contacts offered, by local day, as told at each moment against the volumes known then.

    A share is of the contacts handled (of those offered where the handled ones are not known); named reasons cover at
    most what was handled. A day that is told no more is NaN.
    """
    names = reason_series(session, [queue])
    rows = load(session, KIND, series=list(names))
    series = volume_series(session, [queue])
    wholes = [number for number, (_, topic) in series.items() if topic == WHOLE]
    volumes = load(session, KINDS["volumes"], series=list(series), values=["offered", "handled"])
    place = {number: topics.index(topic) for number, (_, topic) in names.items() if topic in topics}
    found: list[tuple[Ns, Floats, Ns]] = []
    days_told = np.unique(rows.ds)
    ready = _counted_since(volumes, days_told, tz)
    for moment in np.unique(np.concatenate([rows.known_at, ready[ready < NEVER]])):
        days = np.union1d(rows.ds[rows.known_at == moment], days_told[ready == moment])
        held = rows.take((rows.known_at <= moment) & np.isin(rows.ds, days)).latest()
        held = held.take(_told(held))
        offered, handled = _day_sums(volumes, wholes, days, int(moment), tz)
        part = _parts(held, place, days, handled) / np.where(offered > 0, offered, np.nan)
        part[:, ~np.isin(days, held.ds)] = np.nan
        found.append((days, np.minimum(part, 1.0), np.full(len(days), moment)))
    if not found:
        return {topic: Versions.none() for topic in topics}
    ds, known_at = (np.concatenate([one[at] for one in found]) * NANO for at in (0, 2))
    values = np.concatenate([one[1] for one in found], axis=1)
    return {topic: Versions.of(ds, values[at], known_at) for at, topic in enumerate(topics)}


def _parts(held: Rows, place: Mapping[int, int], days: Ns, handled: Floats) -> Floats:
    """Contacts float[topics, days] of the named reasons, together at most those handled."""
    share, count = held.values.T
    told = np.where(np.isnan(share), count, share * handled[np.searchsorted(days, held.ds)])
    contacts = np.zeros((max(place.values(), default=-1) + 1, len(days)))
    for number, at in place.items():
        mine = held.series == number
        contacts[at, np.searchsorted(days, held.ds[mine])] = told[mine]
    total = contacts.sum(axis=0)
    return np.asarray(contacts * np.minimum(1.0, handled / np.maximum(total, 1e-9)))


def _counted_since(volumes: Rows, days: Ns, tz: str) -> Ns:
    """When the last bucket of each local day [d] was first known: shares that came before stand on few of its contacts."""
    start = floor(volumes.ds * NANO, Interval.DAY, tz) // NANO
    frame = pd.DataFrame(
        {"day": start, "series": volumes.series, "ds": volumes.ds, "known": volumes.known_at}
    )
    frame = frame[frame["day"].isin(days)]
    first = frame.groupby(["day", "series", "ds"])["known"].min()
    last = first.groupby("day").max().reindex(days)
    return last.fillna(NEVER).to_numpy(dtype=np.int64)


def _day_sums(volumes: Rows, wholes: Sequence[int], days: Ns, moment: int, tz: str) -> tuple[Floats, Floats]:
    """Contacts offered and handled on local days [d] (starts, microseconds) as known at a moment.

    wholes: the series of the topic `all`; where one tells a bucket, its topics are not added to it.
    """
    near = (volumes.ds >= days[0]) & (volumes.ds < days[-1] + 26 * HOUR) & (volumes.known_at <= moment)
    held = volumes.take(near).latest()
    held = held.take(~np.isnan(held.values[:, 0]))
    whole = np.isin(held.series, np.array(wholes, dtype=np.int64))
    held = held.take(whole | ~np.isin(held.ds, held.ds[whole]))
    start = floor(held.ds * NANO, Interval.DAY, tz) // NANO
    mine = np.isin(start, days)
    at = np.searchsorted(days, start[mine])
    offered, handled = held.values[mine].T
    handled = np.where(np.isnan(handled), offered, np.minimum(handled, offered))
    return tuple(np.bincount(at, weights=one, minlength=len(days)) for one in (offered, handled))  # type: ignore[return-value]
