"""The rows of a queue as they are held now, on whole local days: what is looked at, never changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from forecast.arrays import Flags, Floats, Ns
from forecast.buckets import Grid, Interval, end, local_day
from forecast.days import Calendar, OpeningHours
from forecast.vintage import by_day


@dataclass(frozen=True)
class Record:
    """One queue, summed over its contact reasons.

    ds: int64[n] ns, ascending; offered, handled, abandoned, aht_seconds: float[n], NaN where a row does not tell
    known_at: int64[n] ns; assumed: bool[n], `known_at` was not told; upload: int64[n], -1 for none
    """

    queue: str
    interval: Interval
    tz: str
    ds: Ns
    offered: Floats
    handled: Floats
    abandoned: Floats
    aht_seconds: Floats
    known_at: Ns
    assumed: Flags
    upload: Ns
    channel: str = "phone"
    topic: str = "all"
    hours: OpeningHours | None = None

    @classmethod
    def of(cls, queue: str, interval: Interval, tz: str, ds: Ns, offered: Floats, **more: object) -> Record:
        """A record of which only what came is known; each row known at its bucket's end, assumed."""
        nothing = np.full(len(ds), np.nan)
        made = cls(
            queue,
            interval,
            tz,
            np.asarray(ds, dtype=np.int64),
            np.asarray(offered, dtype=np.float64),
            nothing,
            nothing,
            nothing,
            end(ds, interval, tz),
            np.ones(len(ds), dtype=bool),
            np.full(len(ds), -1, dtype=np.int64),
        )
        return replace(made, **more)  # type: ignore[arg-type]

    def __len__(self) -> int:
        return len(self.ds)

    @property
    def counted(self) -> bool:
        """Are there buckets of a day or shorter? Weeks and months are too few to tell anything from."""
        return len(self) > 0 and self.interval not in (Interval.WEEK, Interval.MONTH)

    @cached_property
    def places(self) -> Grid:
        """Where each row lies on the calendar [n]."""
        return Grid.of(self.ds, self.interval, self.tz)

    @property
    def first_day(self) -> int:
        return int(self.places.day[0])

    @property
    def last_day(self) -> int:
        return int(self.places.day[-1])

    @cached_property
    def days(self) -> Ns:
        """Local days from the first row's to the last's, int64[d]."""
        return np.arange(self.first_day, self.last_day + 1, dtype=np.int64)

    @cached_property
    def table(self) -> Floats:
        """float[d, slots]: contacts; NaN without a row; the two buckets of the repeated hour as their mean."""
        return by_day(self.places, self.offered, first=self.first_day, last=self.last_day)

    @cached_property
    def came(self) -> Floats:
        """float[d, slots]: contacts, 0 without a row."""
        return np.nan_to_num(self.table)

    @cached_property
    def totals(self) -> Floats:
        """float[d]: contacts of each local day."""
        return np.asarray(self.came.sum(axis=1))

    @cached_property
    def grid(self) -> Grid:
        """Every bucket of its days, also those without a row."""
        return Grid.days(self.first_day, self.last_day, self.interval, self.tz)

    @cached_property
    def opens(self) -> Flags | None:
        """bool[d, slots]: open by the hours given; None where none are."""
        if self.hours is None:
            return None
        slots = self.interval.slots
        day, slot = np.repeat(self.days, slots), np.tile(np.arange(slots), len(self.days))
        return self.hours.mask(Grid(day, day, slot, self.interval, self.tz)).reshape(len(self.days), slots)

    def last_end(self) -> int:
        """The moment (ns) the last bucket with a row ends."""
        return int(end(self.ds[-1:], self.interval, self.tz)[0])

    def upload_on(self, first: int, last: int) -> int | None:
        """The upload that all rows of the local days first .. last (since 1970) stem from; None where there is no one."""
        mine = (self.places.day >= first) & (self.places.day <= last)
        found = np.unique(self.upload[mine])
        return int(found[0]) if len(found) == 1 and found[0] >= 0 else None

    def only_upload(self, first: int, last: int) -> int | None:
        """The upload of these days, if it holds nothing else of the queue: one that may be removed as a whole."""
        found = self.upload_on(first, last)
        if found is None:
            return None
        days = self.places.day[self.upload == found]
        return found if days.min() >= first and days.max() <= last else None

    def slot_clock(self, slot: int) -> str:
        """A slot of the day -> `08:30`."""
        minutes = int(slot) * (self.interval.seconds // 60)
        return f"{minutes // 60:02d}:{minutes % 60:02d}"


@dataclass(frozen=True)
class Around:
    """What is known beside the rows.

    now: ns; moved: queue -> local days on which the queue map moves contacts from or to it
    driven: queue -> local days on which something known ahead falls ('' for all queues)
    talk: contact reason -> (first local day, posts a day float[d]); warned: (queue, local day) -> reason of a peak warning
    """

    now: int
    calendar: Calendar = field(default_factory=Calendar)
    moved: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    driven: Mapping[str, frozenset[int]] = field(default_factory=dict)
    talk: Mapping[str, tuple[int, Floats]] = field(default_factory=dict)
    warned: Mapping[tuple[str, int], str] = field(default_factory=dict)

    def today(self, tz: str) -> int:
        """The local day of now."""
        return local_day(self.now, tz)

    def is_moved(self, queue: str, day: int, *, within: int = 7) -> bool:
        """Does the queue map tell of a move of this queue about that day?"""
        return any(abs(day - each) <= within for each in self.moved.get(queue, ()))

    def is_driven(self, queue: str, day: int, *, within: int = 4) -> bool:
        """Was something known ahead (a letter, an invoice run) on that day or shortly before?"""
        days = self.driven.get("", frozenset()) | self.driven.get(queue, frozenset())
        return any(day - back in days for back in range(within + 1))

    def loud(self, day: int) -> tuple[str, float] | None:
        """The reason whose posts stood out most on a local day, and by what factor of their usual; None below 2."""
        best: tuple[str, float] | None = None
        for topic, (first, posts) in self.talk.items():
            at = day - first
            if not 14 <= at < len(posts):
                continue
            usual = float(np.median(posts[max(0, at - 56) : at]))
            times = float(posts[at]) / max(usual, 1.0)
            if posts[at] >= 10 and times >= 2 and (best is None or times > best[1]):
                best = (topic, times)
        return best
