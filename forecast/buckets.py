"""Time buckets: 15 or 30 minutes, an hour, a day, a week, a month, in local time, right at both clock changes.

A bucket is named by its start and is half-open. Starts are kept as UTC, either as `datetime64[ns, UTC]` in frames
or as int64 nanoseconds since the epoch in arrays (`ns`). Local time exists only here, in `days.py` and in templates.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

import numpy as np
import numpy.typing as npt
import pandas as pd

from forecast.arrays import Ns
from forecast.errors import InputError, UnknownZone

SECOND = 1_000_000_000
DAY = 86_400 * SECOND


class Interval(StrEnum):
    """The lengths of a bucket. `WEEK` starts on Monday; `DAY` and longer are local calendar units."""

    QUARTER = "15min"
    HALF_HOUR = "30min"
    HOUR = "1h"
    DAY = "1d"
    WEEK = "1w"
    MONTH = "1mo"

    @classmethod
    def parse(cls, text: str) -> Interval:
        """`15min`, `30min`, `1h` (or `hour`), `1d` (or `day`), `1w`, `1mo`; InputError for anything else."""
        names = {"hour": "1h", "60min": "1h", "day": "1d", "week": "1w", "month": "1mo", "24h": "1d"}
        try:
            return cls(names.get(text, text))
        except ValueError:
            raise InputError(
                f"The interval {text!r} is not one we know.",
                remedy="Use 15min, 30min, 1h, 1d, 1w or 1mo.",
                field="interval",
            ) from None

    @property
    def seconds(self) -> int:
        """Nominal length in seconds (a day counts as 86,400, a month as 30 days)."""
        return {"15min": 900, "30min": 1800, "1h": 3600, "1d": 86_400, "1w": 604_800, "1mo": 2_592_000}[
            self.value
        ]

    @property
    def slots(self) -> int:
        """How many buckets a nominal local day holds (1 for a day and longer)."""
        return max(1, 86_400 // self.seconds)


@lru_cache(maxsize=64)
def zone(name: str) -> ZoneInfo:
    """The zone by its IANA name, or UnknownZone with the nearest names."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        import difflib

        near = difflib.get_close_matches(name, sorted(available_timezones()), n=3, cutoff=0.5)
        raise UnknownZone(
            f"The time zone {name!r} is unknown.",
            remedy=f"Did you mean {', '.join(near)}?"
            if near
            else "Use an IANA name such as Europe/Amsterdam.",
            field="timezone",
        ) from None


def to_ns(moment: dt.datetime | pd.Timestamp) -> int:
    """An aware moment as nanoseconds since the epoch; a naive one is a programming error."""
    stamp = pd.Timestamp(moment)
    if stamp.tzinfo is None:
        raise ValueError("moments are aware; this one is naive")
    return int(stamp.tz_convert("UTC").as_unit("ns").value)


def from_ns(ns: int) -> pd.Timestamp:
    """Nanoseconds since the epoch as an aware UTC timestamp."""
    return pd.Timestamp(int(ns), unit="ns", tz="UTC")


def index(ns: Ns) -> pd.DatetimeIndex:
    """ns[n] -> DatetimeIndex[n] in UTC."""
    return pd.DatetimeIndex(np.ascontiguousarray(ns, dtype=np.int64).view("datetime64[ns]")).tz_localize(
        "UTC"
    )


def _ns(naive: pd.DatetimeIndex) -> Ns:
    return np.asarray(naive.to_numpy("datetime64[ns]")).view(np.int64)


def column_ns(column: pd.Series | pd.DatetimeIndex) -> Ns:
    """An aware time column -> ns[n]."""
    return _ns(pd.DatetimeIndex(column).tz_convert("UTC").tz_localize(None))


def local_ns(ns: Ns, tz: str) -> Ns:
    """ns[n] in UTC -> wall-clock time [n] as if it were UTC, in ns."""
    return _ns(index(ns).tz_convert(zone(tz)).tz_localize(None))


def day_start(day: npt.ArrayLike, tz: str) -> Ns:
    """Local days, as whole days since 1970-01-01 [n] -> the UTC ns [n] at which each begins (also where midnight is skipped)."""
    naive = pd.DatetimeIndex(np.atleast_1d(np.asarray(day, dtype="datetime64[D]")).astype("datetime64[ns]"))
    aware = naive.tz_localize(
        zone(tz), nonexistent="shift_forward", ambiguous=np.ones(len(naive), dtype=bool)
    )
    return _ns(aware.tz_convert("UTC").tz_localize(None))


@lru_cache(maxsize=65_536)
def midnight(day: int, tz: str) -> int:
    """A local day (whole days since 1970-01-01) -> the UTC ns at which it begins."""
    return int(day_start([day], tz)[0])


@dataclass(frozen=True)
class Grid:
    """Buckets in a row, with their place on the local calendar.

    ds:      ns[n] UTC starts, ascending
    day:     int64[n] local day, whole days since 1970-01-01
    slot:    int64[n] slot of the local day by wall clock (0 .. slots-1; the repeated hour has the same slot twice)
    weekday: int64[n] Monday = 0
    """

    ds: Ns
    day: Ns
    slot: Ns
    interval: Interval
    tz: str

    @property
    def weekday(self) -> Ns:
        return (self.day + 3) % 7  # 1970-01-01 was a Thursday

    @property
    def slots(self) -> int:
        return self.interval.slots

    def __len__(self) -> int:
        return len(self.ds)

    def take(self, rows: npt.NDArray[np.bool_] | slice | Ns) -> Grid:
        """The grid of the chosen rows, in their order."""
        return Grid(self.ds[rows], self.day[rows], self.slot[rows], self.interval, self.tz)

    @classmethod
    def of(cls, ds: Ns, interval: Interval, tz: str) -> Grid:
        """Place given starts ns[n] on the local calendar."""
        ds = np.asarray(ds, dtype=np.int64)
        local = local_ns(ds, tz) if len(ds) else ds
        day = local // DAY
        slot = (
            (local - day * DAY) // (interval.seconds * SECOND) if interval.slots > 1 else np.zeros_like(day)
        )
        return cls(ds, day, slot, interval, tz)

    @classmethod
    def days(cls, first: int, last: int, interval: Interval, tz: str) -> Grid:
        """Every bucket of the local days first .. last (both included, whole days since 1970-01-01)."""
        return _days(int(first), int(last), interval, tz)


@lru_cache(maxsize=1024)  # the hindcasts of every method ask for the same days
def _days(first: int, last: int, interval: Interval, tz: str) -> Grid:
    starts = day_start(np.arange(first, last + 2), tz)
    if interval.slots == 1:
        return Grid.of(starts[:-1], interval, tz)
    return Grid.of(np.arange(starts[0], starts[-1], interval.seconds * SECOND, dtype=np.int64), interval, tz)


@lru_cache(maxsize=65_536)
def local_day(moment_ns: int, tz: str) -> int:
    """The local day (whole days since 1970-01-01) a moment lies in."""
    return int(local_ns(np.array([moment_ns], dtype=np.int64), tz)[0] // DAY)


def floor(ns: Ns, interval: Interval, tz: str) -> Ns:
    """ns[n] -> start of the local bucket each lies in, UTC ns[n]. The repeated hour keeps its two buckets apart."""
    ns = np.asarray(ns, dtype=np.int64)
    if len(ns) == 0:
        return ns
    local = local_ns(ns, tz)
    if interval.slots > 1:
        step = interval.seconds * SECOND
        return ns - (local % step)
    day = local // DAY
    if interval is Interval.WEEK:
        day = day - (day + 3) % 7
    if interval is Interval.MONTH:
        day = day.astype("datetime64[D]").astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    unique, inverse = np.unique(day, return_inverse=True)
    return day_start(unique, tz)[inverse]


def end(ns: Ns, interval: Interval, tz: str) -> Ns:
    """Starts ns[n] -> the moment each bucket ends, UTC ns[n] (a local day may last 23 or 25 hours)."""
    ns = np.asarray(ns, dtype=np.int64)
    if interval.slots > 1 or len(ns) == 0:
        return ns + interval.seconds * SECOND
    day = local_ns(ns, tz) // DAY
    if interval is Interval.WEEK:
        return day_start(day + 7, tz)
    if interval is Interval.MONTH:
        months = day.astype("datetime64[D]").astype("datetime64[M]") + 1
        return day_start(months.astype("datetime64[D]").astype(np.int64), tz)
    return day_start(day + 1, tz)
