"""What a group is expected to do: the demands of its queues, and the same pooled per channel on one grid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

import numpy as np

from forecast.arrays import Flags, Floats, Ns
from forecast.buckets import DAY, Interval, floor, local_ns

Kind: TypeAlias = Literal["calls", "chats", "backlog"]
KINDS: Mapping[str, Kind] = {"phone": "calls", "chat": "chats", "email": "backlog", "social": "backlog"}


@dataclass(frozen=True)
class Demand:
    """What a group is expected to do of one queue: contacts, and seconds per contact (NaN unknown), in buckets ds[n].

    callbacks: contacts [n] that are called back when somebody is idle: work without a promise
    open: bool[n], is the team at work? None: in all of them. It matters for what waits (e-mail, social)
    expected: bool[n], are contacts expected, though their number here, such as a median, may be 0? None: where some come
    waiting: contacts that wait before the first bucket, the oldest for waiting_age_seconds, of which
    waiting_open_seconds in open hours (None: all of them); NaN: not told, and taken to be what such weeks usually leave
    """

    queue: str
    channel: str
    ds: Ns
    contacts: Floats
    aht: Floats
    callbacks: Floats | None = None
    open: Flags | None = None
    waiting: float = 0.0
    waiting_age_seconds: float = 0.0
    waiting_open_seconds: float | None = None
    expected: Flags | None = None


@dataclass(frozen=True)
class Pooled:
    """One channel on a grid [n]: contacts, seconds of work (NaN where not known), the same of callbacks; open: at work?

    expected: are contacts expected?
    waiting, waiting_work, age: contacts before the first interval (NaN: not told), seconds of work, seconds of the oldest
    open_age: of these, in open hours
    """

    channel: str
    contacts: Floats
    work: Floats
    callbacks: Floats
    open: Flags
    expected: Flags
    waiting: float
    waiting_work: float
    age: float
    open_age: float

    @property
    def kind(self) -> Kind:
        """How it is staffed; a channel nobody knows waits."""
        return KINDS.get(self.channel, "backlog")

    @property
    def aht(self) -> Floats:
        """Seconds per contact; NaN without any."""
        return np.where(
            self.contacts > 0, self.work / np.where(self.contacts > 0, self.contacts, 1.0), np.nan
        )


def pooled(demands: Sequence[Demand], interval: Interval, tz: str) -> tuple[Ns, list[Pooled]]:
    """-> every bucket [n] that some demand has, and each channel on them; finer demands are summed to the interval."""
    own = [floor(one.ds, interval, tz) for one in demands]
    every = np.unique(np.concatenate(own)) if own else np.zeros(0, dtype=np.int64)
    found = []
    for channel in dict.fromkeys(one.channel for one in demands):
        mine = [(one, at) for one, at in zip(demands, own, strict=True) if one.channel == channel]
        found.append(_pooled(channel, mine, every))
    return every, found


def _pooled(channel: str, mine: Sequence[tuple[Demand, Ns]], every: Ns) -> Pooled:
    count = len(every)
    sums = np.zeros((3, count))
    open_, expected = np.zeros(count, dtype=bool), np.zeros(count, dtype=bool)
    waiting = took = 0.0
    for one, at in mine:
        place = np.searchsorted(every, at)
        beside = np.zeros(len(at)) if one.callbacks is None else one.callbacks
        work, later = (
            np.where(number > 0, number * one.aht, 0.0 * number) for number in (one.contacts, beside)
        )
        for row, values in enumerate((one.contacts, work, later)):
            sums[row] += np.bincount(place, weights=values, minlength=count)
        open_[place if one.open is None else place[one.open]] = True
        some = (one.contacts > 0) | (beside > 0)
        expected[place[some if one.expected is None else some | one.expected]] = True
        waiting += one.waiting
        took += one.waiting * _usual_aht(one) if one.waiting else 0.0
    ages = [(one.waiting_age_seconds, one.waiting_open_seconds) for one, _ in mine if one.waiting]
    age = max((seconds for seconds, _ in ages), default=0.0)
    open_age = max((seconds if passed is None else passed for seconds, passed in ages), default=0.0)
    return Pooled(channel, sums[0], sums[1], sums[2], open_, expected, waiting, took, age, open_age)


def _usual_aht(one: Demand) -> float:
    """Seconds per contact of what waits: the mean over the demand's own."""
    known = ~np.isnan(one.aht * one.contacts) & (one.contacts > 0)
    if known.any():
        return float(np.average(one.aht[known], weights=one.contacts[known]))
    return float(np.nanmean(one.aht)) if (~np.isnan(one.aht)).any() else float("nan")


def spread(daily: Demand, ds: Ns, open_: Flags, tz: str) -> Demand:
    """A demand by day (buckets are local days) -> by interval ds[m]: evenly over the open ones of each day, all if none is.

    For what waits; when in the day calls come decides what they need, and a day's number does not tell it.
    """
    day, place = local_ns(ds, tz) // DAY, np.full(len(ds), -1)
    days = local_ns(daily.ds, tz) // DAY
    at = np.clip(np.searchsorted(days, day), 0, max(len(days) - 1, 0))
    if len(days):
        place = np.where(days[at] == day, at, -1)
    some = np.isin(day, np.unique(day[open_]))
    weight = np.where(some, open_, True).astype(np.float64)
    _, group = np.unique(day, return_inverse=True)
    share = weight / np.bincount(group, weights=weight)[group]
    contacts = np.where(place >= 0, daily.contacts[place] * share, 0.0) if len(days) else np.zeros(len(ds))
    aht = np.where(place >= 0, daily.aht[place], np.nan) if len(days) else np.full(len(ds), np.nan)
    beside = None if daily.callbacks is None else np.where(place >= 0, daily.callbacks[place] * share, 0.0)
    return replace(daily, ds=ds, contacts=contacts, aht=aht, callbacks=beside, open=open_, expected=None)
