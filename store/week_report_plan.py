"""What was planned of a week, by queue and local day: the lock in force when the day began, else what was published when
the week began, with the manual adjustments of then."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy.orm import Session

from forecast.arrays import Ns
from forecast.buckets import DAY, column_ns, day_start, from_ns, local_ns
from forecast.week_report_line import DAYS, LOCKED, PUBLISHED, Counts
from store.adjusted import load_adjusted
from store.forecast_versions import newest_version
from store.forecasts import load_forecast
from store.locks import Lock, list_locks
from store.queues import Queue

EPOCH = dt.date(1970, 1, 1)


@dataclass
class Planned:
    """One queue's plan. since: by day, the moment it was made; '' and None where nothing was planned."""

    counts: Counts = field(default_factory=Counts.unknown)
    basis: list[str] = field(default_factory=lambda: [""] * DAYS)
    since: list[dt.datetime | None] = field(default_factory=lambda: [None] * DAYS)

    def put(
        self, rows: Mapping[int, tuple[float, float]], basis: str, since: Mapping[int, dt.datetime]
    ) -> None:
        """place of the day -> (contacts, seconds), where nothing is said yet."""
        for place, (contacts, seconds) in rows.items():
            if not self.basis[place]:
                self.counts.contacts[place] = self.counts.timed[place] = contacts
                self.counts.seconds[place] = seconds
                self.basis[place], self.since[place] = basis, since[place]

    @property
    def open(self) -> bool:
        """Is there a day without a plan?"""
        return "" in self.basis


def load_plan(session: Session, queues: Sequence[Queue], monday: dt.date) -> dict[str, Planned]:
    """Queue -> its plan of the week."""
    found = {queue.name: Planned() for queue in queues}
    locks = [
        one
        for one in list_locks(session)
        if one.first < monday + dt.timedelta(days=DAYS) and one.last >= monday
    ]
    for tz in dict.fromkeys(queue.tz for queue in queues):
        mine = [queue for queue in queues if queue.tz == tz]
        starts = _starts(monday, tz)
        _put_locked(session, mine, found, locks, starts, monday)
        rest = [queue for queue in mine if found[queue.name].open]
        if rest:
            at = starts[0]
            asked: dict[str, Any] = {"as_of": at, "start": starts[0], "end": starts[-1], "costs": True}
            if newest_version(session, as_of=at) is not None:
                rows = _by_day(load_adjusted, session, rest, monday, asked)
                for name, held in rows.items():
                    found[name].put(held, PUBLISHED, dict.fromkeys(range(DAYS), at))
    return found


def load_expected(
    session: Session, queues: Sequence[Queue], first: dt.date, last: dt.date, now: dt.datetime
) -> dict[str, dict[int, float]]:
    """Queue -> contacts by local day, as they are forecast of first .. last by what is published now."""
    found: dict[str, dict[int, float]] = {}
    for tz in dict.fromkeys(queue.tz for queue in queues):
        names = [queue.name for queue in queues if queue.tz == tz]
        begin, stop = (_moment((day - EPOCH).days, tz) for day in (first, last + dt.timedelta(days=1)))
        rows = load_forecast(session, series=names, start=begin, end=stop, granularity="day")
        days = _days(rows, tz)
        for name, day, mean in zip(rows["series"], days.tolist(), rows["mean"], strict=True):
            found.setdefault(str(name), {})[day] = float(mean)
    return found


def _put_locked(
    session: Session,
    queues: Sequence[Queue],
    found: dict[str, Planned],
    locks: Sequence[Lock],
    starts: Sequence[dt.datetime],
    monday: dt.date,
) -> None:
    """Days of which a lock was in force when they began; of days with the same locks in one look."""
    held: dict[tuple[int, ...], list[int]] = {}
    for place in range(DAYS):
        date = monday + dt.timedelta(days=place)
        mine = [one for one in locks if one.first <= date <= one.last and _in_force(one, starts[place])]
        if mine:
            held.setdefault(tuple(one.id for one in mine), []).append(place)
    for ids, places in held.items():
        date = monday + dt.timedelta(days=places[0])
        made = {
            queue.name: max(since)
            for queue in queues
            if (since := [one.created_at for one in locks if one.id in ids and one.covers(queue.name, date)])
        }
        asked: dict[str, Any] = {
            "version": "locked", "as_of": starts[places[0]], "start": starts[places[0]], "end": starts[places[-1] + 1],
            "costs": True,
        }  # fmt: skip
        chosen = [queue for queue in queues if queue.name in made]
        rows = _by_day(load_forecast, session, chosen, monday, asked)
        for name, each in rows.items():
            kept = {place: row for place, row in each.items() if place in places}
            found[name].put(kept, LOCKED, dict.fromkeys(range(DAYS), made[name]))


def _by_day(
    read: Any, session: Session, queues: Sequence[Queue], monday: dt.date, asked: Mapping[str, Any]
) -> dict[str, dict[int, tuple[float, float]]]:
    """Queue -> place of the day -> (contacts, seconds): rows by day, of queues without any those by interval summed."""
    names, first = [queue.name for queue in queues], (monday - EPOCH).days
    if not names:
        return {}
    tz = queues[0].tz
    rows = read(session, series=names, granularity="day", **asked)
    found = _sums(rows, tz, first)
    rest = [name for name in names if name not in found]
    if rest:
        found |= _sums(read(session, series=rest, granularity="interval", **asked), tz, first)
    return found


def _sums(rows: pd.DataFrame, tz: str, first: int) -> dict[str, dict[int, tuple[float, float]]]:
    """rows[series, ds, mean, aht, ...] -> sums by local day; seconds NaN where a handling time is not known."""
    if rows.empty:
        return {}
    mean, aht = (rows[name].to_numpy(dtype=np.float64) for name in ("mean", "aht"))
    work = np.where(mean > 0, mean * aht, 0.0)
    table = pd.DataFrame(
        {"series": rows["series"], "place": _days(rows, tz) - first, "mean": mean, "work": work}
    )
    unknown = table["work"].isna().groupby([table["series"], table["place"]]).any()
    sums = table.groupby(["series", "place"])[["mean", "work"]].sum()
    sums = sums.assign(work=sums["work"].mask(unknown))
    found: dict[str, dict[int, tuple[float, float]]] = {}
    for (name, place), contacts, seconds in zip(sums.index, sums["mean"], sums["work"], strict=True):
        if 0 <= place < DAYS:
            found.setdefault(str(name), {})[int(place)] = (float(contacts), float(seconds))
    return found


def _days(rows: pd.DataFrame, tz: str) -> Ns:
    return local_ns(column_ns(rows["ds"]), tz) // DAY if len(rows) else np.zeros(0, dtype=np.int64)


def _starts(monday: dt.date, tz: str) -> list[dt.datetime]:
    first = (monday - EPOCH).days
    return [_moment(first + place, tz) for place in range(DAYS + 1)]


def _moment(day: int, tz: str) -> dt.datetime:
    return from_ns(int(day_start([day], tz)[0])).to_pydatetime()


def _in_force(one: Lock, at: dt.datetime) -> bool:
    return one.created_at <= at and (one.released_at is None or one.released_at > at)
