"""Manual changes on top of a forecast: percent, absolute, or a day total with the shape kept; of contacts or handling time.

A change works on the finest forecast there is of a series, its units: the intervals, and beyond them whole days. Hours,
days, weeks and months get the sums of the changed units, so that every granularity tells the same. The changes stack in
the order of their numbers, each on what the earlier ones left. Of a unit that a range covers in part, that part of it
is changed, by time.

    volume  percent   of each unit
            absolute  so many contacts in all come to the range, or go, by the shape of the forecast; never below 0
            total     so many contacts come in the part of each local day that lies in the range, the shape kept
    aht     percent; absolute: seconds more or fewer per contact; total: seconds per contact

A change without a topic scales the reasons of its queue with it; one of a topic changes that reason, and the queue by the
difference. A change over several queues is shared out among them by their forecasts. Where nothing at all is forecast
there is no shape: within one local day the contacts are spread evenly over the range (over its open units, where these
are known by their handling time), over more days nothing happens.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from forecast.arrays import Floats, Ns
from forecast.buckets import DAY, SECOND, local_ns

VOLUME, AHT = "volume", "aht"
PERCENT, ABSOLUTE, TOTAL = "percent", "absolute", "total"
MEASURES, KINDS = (VOLUME, AHT), (PERCENT, ABSOLUTE, TOTAL)
EDGE = 25 * 3600 * SECOND  # the longest unit, a day on which the clocks go back


@dataclass(frozen=True)
class Override:
    """One change. queue, channel, topic: '' for any; value: per cent, contacts or seconds; start, end: ns, half-open."""

    id: int
    queue: str
    channel: str
    topic: str
    measure: str
    kind: str
    value: float
    start: int
    end: int
    reason: str = ""
    author: str = ""

    def covers(self, queue: str, channel: str) -> bool:
        """Is the queue in its scope?"""
        return self.queue in ("", queue) and self.channel in ("", channel)

    @property
    def shared(self) -> bool:
        """Are its contacts shared out by the forecasts of the whole range and scope?"""
        return self.measure == VOLUME and self.kind != PERCENT


@dataclass(frozen=True)
class Units:
    """The finest forecast of one series: pieces of time [n] in order that do not overlap.

    topic: of its contacts; whole: the queue itself, not one of its reasons
    mean, median: contacts; aht: seconds per contact, NaN unknown or closed; version: of the forecast each is taken from
    """

    name: str
    queue: str
    channel: str
    topic: str
    whole: bool
    tz: str
    start: Ns
    end: Ns
    mean: Floats
    aht: Floats
    version: Ns
    median: Floats

    @property
    def day(self) -> Ns:
        """int64[n]: the local day each begins in."""
        return local_ns(self.start, self.tz) // DAY if len(self.start) else self.start

    def share(self, one: Override) -> Floats:
        """float[n]: the part of each, by time, that lies in the range of a change."""
        both = np.minimum(self.end, one.end) - np.maximum(self.start, one.start)
        return np.asarray(np.maximum(both, 0) / (self.end - self.start), dtype=np.float64)


@dataclass(frozen=True)
class Changed:
    """What became of some units: mean, aht float[n]."""

    mean: Floats
    aht: Floats


def apply(units: Sequence[Units], overrides: Sequence[Override]) -> tuple[Changed, ...]:
    """Series of units and the changes in force -> the changed series, in the order of the units.

    A queue's reasons must be among them where a change is of their topic, and every queue that a shared change covers.
    """
    held = tuple(Changed(each.mean, each.aht) for each in units)
    for one in sorted(overrides, key=lambda each: each.id):
        step = _volume if one.measure == VOLUME else _handling
        held = step(units, held, one)
    return tuple(
        replace(now, aht=np.where(np.isnan(each.aht) & (now.mean <= 0), np.nan, now.aht))
        for each, now in zip(units, held, strict=True)
    )


def targets(units: Sequence[Units], one: Override) -> list[int]:
    """The series that a change is of: places in units."""
    return [
        at
        for at, each in enumerate(units)
        if one.covers(each.queue, each.channel)
        and (each.whole if one.topic == "" else each.topic == one.topic)
        and (each.share(one) > 0).any()
    ]


def _volume(units: Sequence[Units], held: tuple[Changed, ...], one: Override) -> tuple[Changed, ...]:
    mine = targets(units, one)
    if not mine:
        return held
    moved = dict(zip(mine, _moved(units, held, mine, one), strict=True))
    means = {at: now.mean for at, now in enumerate(held)} | moved
    for at in mine:
        for other in _beside(units, at):
            place = _places(units[at].start, units[other].start)
            there, old, new = place >= 0, held[at].mean, moved[at]
            mean = means[other].copy()
            if units[at].whole:  # the reasons go with their queue
                ratio = np.divide(new, old, out=np.ones_like(old), where=old > 0)
                mean[there] *= ratio[place[there]]
            elif units[other].whole:
                mean[there] = np.maximum(mean[there] + (new - old)[place[there]], 0.0)
            means[other] = mean
    return tuple(replace(now, mean=means[at]) for at, now in enumerate(held))


def _moved(
    units: Sequence[Units], held: tuple[Changed, ...], mine: Sequence[int], one: Override
) -> list[Floats]:
    """The new means of the series a change is of, each float[n]."""
    share = np.concatenate([units[at].share(one) for at in mine])
    mean = np.concatenate([held[at].mean for at in mine])
    inside = share * mean
    if one.kind == PERCENT:
        moved = mean + inside * max(one.value / 100, -1.0)
    else:
        day = np.concatenate([units[at].day for at in mine])
        days, group = np.unique(np.where(share > 0, day, day[share > 0][0]), return_inverse=True)
        if one.kind == ABSOLUTE:
            group = np.zeros_like(group)
        base = np.bincount(group, weights=inside)
        wanted = np.maximum(base + one.value, 0.0) if one.kind == ABSOLUTE else np.full(len(base), one.value)
        factor = np.divide(wanted, base, out=np.ones_like(base), where=base > 0)
        moved = mean + inside * (factor[group] - 1.0)
        if len(days) == 1 and base[0] <= 0:
            moved = mean + wanted[0] * _evenly(units, held, mine, share)
    return np.split(moved, np.cumsum([len(units[at].start) for at in mine])[:-1])


def _evenly(units: Sequence[Units], held: tuple[Changed, ...], mine: Sequence[int], share: Floats) -> Floats:
    """float[n] that sums to 1: by time over the range, over the open units alone where some are known to be open."""
    seconds = share * np.concatenate([units[at].end - units[at].start for at in mine])
    open_ = ~np.isnan(np.concatenate([held[at].aht for at in mine]))
    if (seconds * open_).sum() > 0:
        seconds = seconds * open_
    return np.asarray(seconds / seconds.sum())


def _handling(units: Sequence[Units], held: tuple[Changed, ...], one: Override) -> tuple[Changed, ...]:
    aht = {at: now.aht for at, now in enumerate(held)}
    for at in targets(units, one):
        old = held[at].aht
        share = units[at].share(one)
        aht[at] = _seconds(old, share, one)
        for other in _beside(units, at):
            place = _places(units[at].start, units[other].start)
            there = place >= 0
            new = aht[other].copy()
            if units[at].whole:  # what is known of the reasons goes with their queue
                known = there & ~np.isnan(new)
                new[known] = _seconds(new[known], share[place[known]], one)
            elif units[other].whole:  # a reason of which nothing is known takes as long as its queue
                own, mine = place[there], held[other]
                before = np.where(np.isnan(old[own]), mine.aht[there], old[own])
                contacts = np.maximum(mine.mean[there], 1e-12)
                part = np.clip(held[at].mean[own] / contacts, 0.0, 1.0)
                new[there] += (_seconds(before, share[own], one) - before) * part
            aht[other] = new
    return tuple(replace(now, aht=aht[at]) for at, now in enumerate(held))


def _seconds(aht: Floats, share: Floats, one: Override) -> Floats:
    """Seconds per contact [n] after a change of the part [n] of them."""
    if one.kind == PERCENT:
        return np.asarray(aht * (1.0 + share * max(one.value / 100, -1.0)))
    if one.kind == ABSOLUTE:
        return np.asarray(np.maximum(aht + share * one.value, 0.0))
    set_ = np.where(share > 0, one.value, np.nan)
    return np.asarray(np.where(np.isnan(aht), set_, aht + (one.value - aht) * share))


def _beside(units: Sequence[Units], at: int) -> list[int]:
    """The other series of the same queue: its reasons, or the queue a reason is of."""
    mine = units[at]
    return [
        other
        for other, each in enumerate(units)
        if each.queue == mine.queue and each.whole != mine.whole and other != at
    ]


def _places(starts: Ns, wanted: Ns) -> Ns:
    """int64[m]: where each wanted start stands in the ascending starts [n], -1 where it does not."""
    if len(starts) == 0:
        return np.full(len(wanted), -1, dtype=np.int64)
    place = np.minimum(np.searchsorted(starts, wanted), len(starts) - 1)
    return np.asarray(np.where(starts[place] == wanted, place, -1), dtype=np.int64)


def reach(
    overrides: Sequence[Override], queues: Mapping[str, str], asked: Sequence[str], span: tuple[int, int]
) -> tuple[list[str], tuple[int, int]]:
    """What must be known to change some queues over a span (ns): the queues, and the span, that shared changes lead to.

    queues: every queue's channel. A shared change is worked out over its whole range and scope, and what lies there may
    be under other shared changes, so that the two grow until nothing is added. Without any they are those asked for.
    """
    names, (first, last) = set(asked), span
    grown = True
    while grown:
        grown = False
        for one in overrides:
            scope = {name for name, channel in queues.items() if one.covers(name, channel)}
            near = one.end > first - EDGE and one.start < last + EDGE
            if not one.shared or not near or not scope & names:
                continue
            wider = min(first, one.start), max(last, one.end)
            if wider != (first, last) or not scope <= names:
                names, (first, last), grown = names | scope, wider, True
    return sorted(names), (first, last)
