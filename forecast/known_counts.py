"""Counts of a running bucket as they became known: at which tick each post was first counted, and how often somebody counts."""

from __future__ import annotations

import numpy as np

from forecast.arrays import Flags, Floats, Ns
from forecast.buckets import SECOND
from forecast.bursting import TICK
from forecast.vintage import Signal, Versions

MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
STEP = TICK * MINUTE  # ns of a tick
PROMPT = 5 * MINUTE  # known so soon after a bucket is as good as at its end
IMPORTED = HOUR  # known so late is history


def seen(values: Versions, ds: Ns, ends: Ns) -> Floats:
    """Counts [n] as they were known at the end of each bucket; what was imported later as it is known now; else 0."""
    place = np.searchsorted(ds, values.ds)
    place[place == len(ds)] = 0
    mine = ds[place] == values.ds
    place, known, value = place[mine], values.known_at[mine], np.nan_to_num(values.value[mine])
    late = known - ends[place]
    counts, early = np.zeros(len(ds)), np.full(len(ds), np.iinfo(np.int64).max)
    np.minimum.at(early, place, late)
    chosen = (late <= PROMPT) | (early[place] > IMPORTED)
    counts[place[chosen]] = value[chosen]
    return counts


def carried(counts: Floats, closes: Flags) -> Floats:
    """float[t]: what became known between two counts stands with the later one; after the last of them it waits."""
    total = np.concatenate([[0.0], np.cumsum(counts)[closes]])
    carried = np.zeros(len(counts))
    carried[closes] = np.diff(total)
    return carried


def added(values: Versions, begin: int, length: int) -> tuple[Ns, Floats]:
    """What each version from `begin` on added to its bucket, and the tick it became known in, within its bucket."""
    inside = values.ds >= begin
    ds, value, known = values.ds[inside], np.nan_to_num(values.value[inside]), values.known_at[inside]
    late = known - ds - length
    _, row = np.unique(ds, return_inverse=True)
    early = np.full(row.max(initial=-1) + 1, np.iinfo(np.int64).max)
    np.minimum.at(early, row, late)
    kept = (late <= PROMPT) | (early[row] > IMPORTED)
    ds, value, known = ds[kept], value[kept], known[kept]
    order = np.lexsort((known, ds))  # stable: of the same moment the later upload stays later
    ds, value, known = ds[order], value[order], known[order]
    fresh = np.diff(ds, prepend=-1) != 0
    more = np.diff(value, prepend=0.0)
    more[fresh] = value[fresh]
    tick = np.clip((known - begin - 1) // STEP, (ds - begin) // STEP, (ds - begin + length) // STEP - 1)
    return tick, more


def closing(signal: Signal, begin: int, ticks: int) -> Flags:
    """bool[ticks]: was the signal counted at the end of each tick from `begin` (ns) on? True at the end of every bucket.

    A count that was taken when the bucket was over says nothing of its parts: neither where the signal says so, nor where all
    of a bucket came in later.
    """
    bucket = signal.interval.seconds * SECOND // STEP
    tick = np.arange(ticks)
    closes: Flags = (tick % bucket + 1) % step_of(signal) == 0
    if signal.counted_every is not None:
        since, running = signal.counted_since, ticks // bucket * bucket
        closes[: running if since is None else max(0, (since - begin) // STEP)] = False
        closes[np.isin(tick // bucket, _late(signal.values, begin, bucket * STEP))] = False
    closes[bucket - 1 :: bucket] = True
    return closes


def _late(values: Versions, begin: int, length: int) -> Ns:
    """Which buckets from `begin` on (0, 1, ...) were first heard of when they had been over for some time."""
    inside = values.ds >= begin
    bucket = (values.ds[inside] - begin) // length
    first = np.unique(bucket, return_index=True)  # versions are ordered by when they became known
    late = (values.known_at[inside] - values.ds[inside] - length)[first[1]] > PROMPT
    return first[0][late]


def step_of(signal: Signal) -> int:
    """Every how many ticks the bucket that runs is counted: as the signal says, else by how its counts became known.

    Where posts are few, most counts change nothing and leave no version, so that close moments are rare.
    """
    values, length = signal.values, signal.interval.seconds * SECOND
    bucket = length // STEP
    if signal.counted_every is not None:
        return _dividing(signal.counted_every * SECOND / STEP, bucket)
    early = values.known_at[values.known_at < values.ds + length]
    moments = np.unique(early[early > early.max(initial=0) - 14 * 24 * HOUR])
    if len(moments) < 20:
        return bucket
    gaps = np.sort(np.diff(moments))
    return _dividing(float(gaps[max(2, len(gaps) // 50)]) / STEP, bucket)


def _dividing(gap: float, bucket: int) -> int:
    """The step, at least `gap` ticks long, that divides a bucket of so many."""
    return next((step for step in range(max(1, round(gap)), bucket) if bucket % step == 0), bucket)
