"""Rows of another length: divided or summed so that no contact is lost, and whole numbers by largest remainder.

A half of a binary number is exact, so that dividing an hour in two or four conserves every bit of it.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from forecast.arrays import Floats, Ns
from forecast.buckets import SECOND, Interval, end, floor, local_ns
from forecast.exports.base import Block, Notes

TINY = 1e-9


def fit(block: Block, interval: Interval, notes: Notes) -> Block:
    """The block in rows of `interval`: contacts summed or divided evenly, handling times by contacts, or as they are.

    A day is divided by nobody: the caller asks for no rows within a day of what is counted by day.
    """
    if block.interval is interval or len(block) == 0:
        return replace(block, interval=interval)
    if block.interval.seconds > interval.seconds:
        return _divided(block, interval)
    return _summed(block, interval, notes)


def _divided(block: Block, interval: Interval) -> Block:
    parts = block.interval.seconds // interval.seconds
    step = np.arange(parts, dtype=np.int64) * interval.seconds * SECOND
    return replace(
        block,
        interval=interval,
        ds=(block.ds[:, None] + step).ravel(),
        offered=np.repeat(block.offered / parts, parts),
        aht=np.repeat(block.aht, parts),
    )


def _summed(block: Block, interval: Interval, notes: Notes) -> Block:
    ds, place = np.unique(floor(block.ds, interval, block.tz), return_inverse=True)
    length = block.interval.seconds * SECOND
    wanted = (end(ds, interval, block.tz) - ds) // length
    torn = int((np.bincount(place, minlength=len(ds)) < wanted).sum())
    if torn:
        notes.add(
            f"{block.name!r}: {torn:,} row(s) of {interval.value} are not forecast as a whole; they hold what is."
        )
    return replace(
        block,
        interval=interval,
        ds=ds,
        offered=_sums(place, block.offered, len(ds)),
        aht=mean_aht(place, block.offered, block.aht, len(ds)),
    )


def mean_aht(place: Ns, offered: Floats, aht: Floats, count: int) -> Floats:
    """Seconds per contact of rows [n] that fall into places 0 .. count-1 -> [count], weighted by the contacts whose time is known.

    Where none are expected the plain mean of the times known; NaN where none is.
    """
    known = np.isfinite(aht)
    weight = np.where(known, offered, 0.0)
    seconds = np.where(known, aht, 0.0)
    contacts, work, rows, plain = (
        _sums(place, values, count)
        for values in (weight, weight * seconds, known.astype(np.float64), seconds)
    )
    usual = np.divide(plain, rows, out=np.full(count, np.nan), where=rows > 0)
    return np.asarray(np.divide(work, contacts, out=usual, where=contacts > 0))


def _sums(place: Ns, values: Floats, count: int) -> Floats:
    return np.bincount(place, weights=values, minlength=count).astype(np.float64)


def filled_aht(block: Block, notes: Notes) -> Floats:
    """Handling times [n] without a gap: where one is not known that of the queue as a whole, 0 where nothing is known."""
    missing = ~np.isfinite(block.aht)
    if not missing.any():
        return block.aht
    whole = mean_aht(np.zeros(len(block), dtype=np.int64), block.offered, block.aht, 1)[0]
    guessed = int((missing & (block.offered > 0)).sum())
    if guessed:
        notes.add(f"{block.name!r}: {guessed:,} row(s) without a handling time have that of the whole queue.")
    return np.where(missing, whole if np.isfinite(whole) else 0.0, block.aht)


def repeated_summed(block: Block, notes: Notes) -> tuple[Ns, Floats, Floats]:
    """For layouts that know local times only: wall-clock starts (ns) [n], contacts, seconds per contact.

    The repeated hour of autumn is summed into one; the missing hour of spring has no row.
    """
    walls, place = np.unique(local_ns(block.ds, block.tz), return_inverse=True)
    if len(walls) < len(block):
        notes.add(
            "This layout knows local times without their offset: the hour that comes twice when the clocks go back is "
            "one, with the contacts of both."
        )
    offered = _sums(place, block.offered, len(walls))
    return walls, offered, mean_aht(place, block.offered, block.aht, len(walls))


def whole_numbers(values: Floats, day: Ns) -> Ns:
    """Contacts [n] >= 0 in order of their local days [n] -> whole numbers [n], by largest remainder within each day.

    What rounding a day leaves over goes on to the next: any run of whole days from the first one on is at most half a
    contact off. Hamilton's method of apportionment; of equal remainders the larger row comes first.
    """
    found = np.floor(values + TINY).astype(np.int64)
    remainder = values - found
    if len(values) == 0:
        return found
    first = np.flatnonzero(np.diff(day, prepend=day[0] - 1))
    until = np.append(first[1:], len(values))
    due = np.floor(np.cumsum(np.add.reduceat(values, first)) + 0.5 + TINY).astype(np.int64)
    for begin, stop, total in zip(first, until, np.diff(due, prepend=0), strict=True):
        more = int(total - found[begin:stop].sum())
        if more > 0:
            order = np.lexsort((-values[begin:stop], -remainder[begin:stop]))
            found[begin + order[:more]] += 1
    return found
