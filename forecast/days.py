"""What is known ahead about days: opening hours, public holidays, special days.

Everything here is by local day (whole days since 1970-01-01) and slot; clock changes are `buckets.py`'s business.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeAlias

import numpy as np
import pandas as pd

from forecast.arrays import Flags, Ns
from forecast.buckets import Grid
from forecast.errors import InputError

FOREVER = np.iinfo(np.int64).max
Spans: TypeAlias = tuple[tuple[int, int], ...]  # minutes of the day (opens, closes), half-open; () = closed


@dataclass(frozen=True)
class Exceptions:
    """Local days on which other hours hold than the weekly ones, or none: day -> spans, and why."""

    spans: Mapping[int, Spans] = field(default_factory=dict)
    names: Mapping[int, str] = field(default_factory=dict)

    @classmethod
    def of(cls, exceptions: pd.DataFrame, queue: str) -> Exceptions:
        """exceptions[queue, date, opens, closes, name] -> those of a queue; its own rows of a day go before those of '' (all).

        `date` is the local day as midnight UTC of that date; `opens` '' means closed.
        """
        spans: dict[str, dict[int, Spans]] = {"": {}, queue: {}}
        names: dict[str, dict[int, str]] = {"": {}, queue: {}}
        for row in exceptions.itertuples(index=False):
            if row.queue in spans:
                day, held = _day(row.date), spans[str(row.queue)]
                span = ((minutes(row.opens), minutes(row.closes)),) if row.opens else ()
                held[day] = tuple(sorted({*held.get(day, ()), *span}))
                names[str(row.queue)][day] = str(row.name)
        return cls({**spans[""], **spans[queue]}, {**names[""], **names[queue]})

    def __bool__(self) -> bool:
        return bool(self.spans)

    @property
    def opened(self) -> frozenset[int]:
        """The days on which the queue opens, at whatever hours."""
        return frozenset(day for day, spans in self.spans.items() if spans)

    @property
    def closed(self) -> frozenset[int]:
        """The days on which it does not."""
        return frozenset(day for day, spans in self.spans.items() if not spans)

    def named(self, grid: Grid) -> Flags:
        """grid[n] -> bool[n]: does the bucket lie on a day with an exception?"""
        if not self.spans:
            return np.zeros(len(grid), dtype=bool)
        return np.isin(grid.day, list(self.spans))

    def applied(self, grid: Grid, open_: Flags) -> Flags:
        """grid[n] and the usual opening bool[n] -> bool[n] with the exceptions in force; a daily bucket is open at all, or not."""
        rows = self.named(grid)
        if not rows.any():
            return open_
        found, minute = open_ & ~rows, grid.slot * (grid.interval.seconds // 60)
        for day in np.unique(grid.day[rows]).tolist():
            for opens, closes in self.spans[day]:
                inside = (grid.slots == 1) | ((minute >= opens) & (minute < closes))
                found |= (grid.day == day) & inside
        return found


@dataclass(frozen=True)
class OpeningHours:
    """Weekly opening hours, each valid from a local day on: rows of (weekday, opens, closes, valid_from); and exceptions.

    Minutes of the day, half-open; `closes` may be 1440. A weekday without a row in the latest valid set is closed.
    """

    rows: tuple[tuple[int, int, int, int], ...]
    exceptions: Exceptions = field(default_factory=Exceptions)

    @classmethod
    def from_frame(cls, hours: pd.DataFrame, exceptions: Exceptions | None = None) -> OpeningHours:
        """hours[weekday, opens, closes, valid_from] of one queue -> OpeningHours."""
        rows = []
        for row in hours.itertuples(index=False):
            valid = getattr(row, "valid_from", None)
            since = (
                0 if valid is None or pd.isna(valid) else int(pd.Timestamp(valid).value // 86_400_000_000_000)
            )
            rows.append((int(str(row.weekday)), minutes(row.opens), minutes(row.closes), since))
        return cls(tuple(sorted(rows, key=lambda row: (row[3], row[0], row[1]))), exceptions or Exceptions())

    def mask(self, grid: Grid) -> Flags:
        """grid[n] -> bool[n]: is the bucket's start inside the opening hours of its day?"""
        return self.exceptions.applied(grid, self.weekly(grid))

    def weekly(self, grid: Grid) -> Flags:
        """As `mask`, without the exceptions."""
        if grid.slots == 1:
            return self._days_open(grid)
        minute = grid.slot * (grid.interval.seconds // 60)
        weekday = grid.weekday
        open_ = np.zeros(len(grid), dtype=bool)
        for since, until, rows in self._periods():
            valid = (grid.day >= since) & (grid.day < until)
            inside = np.zeros(len(grid), dtype=bool)
            for day, opens, closes, _ in rows:
                inside |= (weekday == day) & (minute >= opens) & (minute < closes)
            open_ |= valid & inside
        return open_

    def ever(self, slots: int) -> Flags:
        """bool[7, slots]: is the slot usually open on that weekday at any time, past or ahead?"""
        minute = np.arange(slots) * (1440 // slots)
        open_ = np.zeros((7, slots), dtype=bool)
        for weekday, opens, closes, _ in self.rows:
            open_[weekday] |= (slots == 1) | ((minute >= opens) & (minute < closes))
        return open_

    def _days_open(self, grid: Grid) -> Flags:
        open_ = np.zeros(len(grid), dtype=bool)
        for since, until, rows in self._periods():
            weekdays = np.isin(grid.weekday, [row[0] for row in rows])
            open_ |= (grid.day >= since) & (grid.day < until) & weekdays
        return open_

    def _periods(self) -> Iterable[tuple[int, int, list[tuple[int, int, int, int]]]]:
        starts = sorted({row[3] for row in self.rows})
        for number, since in enumerate(starts):
            until = starts[number + 1] if number + 1 < len(starts) else FOREVER
            yield since if number else -FOREVER, until, [row for row in self.rows if row[3] == since]


def minutes(clock: object) -> int:
    """`08:30` -> 510; `24:00` -> 1440."""
    text = str(clock)
    try:
        hour, minute = (int(part) for part in text.split(":")[:2])
    except ValueError:
        raise InputError(
            f"The opening time {text!r} is not a time of day.", remedy="Write it as 08:30.", field="opens"
        ) from None
    if not (0 <= hour <= 24 and 0 <= minute < 60 and hour * 60 + minute <= 1440):
        raise InputError(
            f"The opening time {text!r} lies outside the day.", remedy="Use 00:00 to 24:00.", field="opens"
        )
    return hour * 60 + minute


@dataclass(frozen=True)
class Calendar:
    """Special days: public holidays of a country (and region), and the planner's own.

    own:  local day -> name, recurring or once; `once` days trained nothing and come never again
    opened: local days on which the queue opens because somebody said so, whatever the day's name usually does
    """

    country: str | None = None
    region: str | None = None
    own: Mapping[int, str] = field(default_factory=dict)
    once: frozenset[int] = frozenset()
    opened: frozenset[int] = frozenset()

    @classmethod
    def of(
        cls, days: pd.DataFrame | None = None, *, country: str | None = None, region: str | None = None
    ) -> Calendar:
        """days[date, name, kind, until] -> Calendar; `date` is the local day, given as midnight UTC of that date."""
        own: dict[int, str] = {}
        once: set[int] = set()
        if days is not None:
            for row in days.itertuples(index=False):
                if getattr(row, "kind", "recurring") == "period":
                    continue  # no special day, but a quantity known ahead
                first = _day(row.date)
                last = _day(getattr(row, "until", None), default=first)
                for day in range(first, max(first, last) + 1):
                    own[day] = str(row.name)
                    if getattr(row, "kind", "recurring") == "once":
                        once.add(day)
        if country is not None:
            _holidays(country, region, (2020,))  # refuse an unknown country here, not in the middle of a fit
        return cls(country, region, own, frozenset(once))

    def names(self, days: Ns | Sequence[int]) -> list[str]:
        """Local days[n] -> name of the special day or '' [n]; the planner's own name goes before the public one."""
        days = np.asarray(days, dtype=np.int64)
        public: Mapping[int, str] = {}
        if self.country and len(days):
            years = days.astype("datetime64[D]").astype("datetime64[Y]").astype(int) + 1970
            public = _holidays(
                self.country, self.region, tuple(range(int(years.min()), int(years.max()) + 1))
            )
        return [self.own.get(int(day)) or public.get(int(day), "") for day in days]

    def special(self, days: Ns) -> Flags:
        """Local days[n] -> bool[n]: does the day have a name?"""
        unique, inverse = np.unique(np.asarray(days, dtype=np.int64), return_inverse=True)
        return np.array([bool(name) for name in self.names(unique)], dtype=bool)[inverse]


def _day(date: object, *, default: int | None = None) -> int:
    if date is None or pd.isna(date):  # type: ignore[call-overload]
        if default is None:
            raise InputError("A special day has no date.", remedy="Give each row a date.", field="date")
        return default
    return int(pd.Timestamp(date).tz_localize(None).value // 86_400_000_000_000)  # type: ignore[arg-type]


@lru_cache(maxsize=128)
def _holidays(country: str, region: str | None, years: tuple[int, ...]) -> Mapping[int, str]:
    import holidays

    try:
        found = holidays.country_holidays(country.upper(), subdiv=region, years=list(years))
    except NotImplementedError:
        raise InputError(
            f"No public holidays are known for {country!r}{f' / {region!r}' if region else ''}.",
            remedy="Use an ISO 3166 code such as NL, and a region code of that country.",
            field="country",
        ) from None
    epoch = pd.Timestamp("1970-01-01").date()
    return {(date - epoch).days: name for date, name in found.items()}


def country_of(tz: str) -> str | None:
    """The country a time zone lies in, by the zone table (the first one named), or None."""
    from importlib import resources

    try:
        table = resources.files("tzdata.zoneinfo").joinpath("zone.tab").read_text("utf-8")
    except (ModuleNotFoundError, FileNotFoundError):
        return None
    for line in table.splitlines():
        parts = line.split("\t")
        if len(parts) > 2 and parts[2] == tz:
            return parts[0]
    return None
