"""True demand: what a queue would be offered if everybody were answered at the planned service level.

    corrected = offered - short abandons - redials - transfers in - overflow in + overflow out - callbacks,  never below 0

Each part says where it comes from: told (a column of the file), counted (a log of contacts), estimated (redials only, by
the queue's own r, see `redial_rate.py`), unknown, or off (a planner takes it for demand). What is unknown corrects nothing.
The correction of a bucket is made of what was known of its parts at each moment, so it is versions again: a later
correction of the abandoned is a later version of the demand, of that bucket and of those the redials fall into.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from forecast.arrays import Floats, Ns
from forecast.buckets import SECOND, Interval
from forecast.frames import BESIDE
from forecast.redials import Counted, delays
from forecast.versions import Versions

PARTS = BESIDE
SIGNS = np.array([-1.0, -1.0, -1.0, -1.0, 1.0, -1.0])  # of PARTS
ORIGINS = ("unknown", "told", "counted", "estimated", "off")
UNKNOWN, TOLD, COUNTED, ESTIMATED, OFF = range(5)
SHORT, REDIALS = 0, 1  # places in PARTS
Codes: TypeAlias = npt.NDArray[np.int8]


@dataclass(frozen=True)
class Rule:
    """What of a queue's contacts is no demand of its own.

    off: parts that are left as they are; r: of the redials nobody shows, None where it is not estimated
    short_seconds: hanging up earlier is no demand; window_minutes: within which a second call is the first one again
    """

    short_seconds: float = 5.0
    window_minutes: float = 60.0
    off: frozenset[str] = frozenset()
    r: float | None = None


@dataclass(frozen=True)
class Volumes:
    """A queue's buckets as they were told, as versions: each of the Versions may be empty.

    parts: by PARTS, the columns of the file
    """

    offered: Versions
    abandoned: Versions
    parts: tuple[Versions, ...]
    counted: Counted

    def tells(self, rule: Rule) -> bool:
        """Is anything known that may correct the contacts offered?"""
        guessed = rule.r is not None and len(self.abandoned) > 0
        shown = (*self.parts, self.counted.short, self.counted.redialled)
        return guessed or any(len(one) for one in shown)


@dataclass(frozen=True)
class Demand:
    """Raw and corrected side by side [n]: parts float[n, PARTS], 0 where they are not known; origin: place in ORIGINS."""

    offered: Floats
    parts: Floats
    origin: Codes
    corrected: Floats


def settle(offered: Floats, told: Floats, counted: Floats, estimated: Floats, off: frozenset[str]) -> Demand:
    """offered [n], parts told and counted float[n, PARTS], redials estimated [n], NaN unknown -> Demand[n].

    What is told goes before what was counted, and that before an estimate. Deductions end where nothing is left.
    """
    guess = np.full(told.shape, np.nan)
    guess[:, REDIALS] = estimated
    parts, origin = np.zeros(told.shape), np.full(told.shape, UNKNOWN, dtype=np.int8)
    for code, source in ((ESTIMATED, guess), (COUNTED, counted), (TOLD, told)):
        known = ~np.isnan(source)
        parts, origin = np.where(known, source, parts), np.where(known, np.int8(code), origin)
    left = np.array([name in off for name in PARTS])
    parts, origin = np.where(left, 0.0, parts), np.where(left, np.int8(OFF), origin)
    corrected = np.maximum(offered + parts @ SIGNS, 0.0)
    return Demand(offered, parts, origin, corrected)


def corrected(volumes: Volumes, rule: Rule, interval: Interval) -> Versions:
    """The demand as versions: of every bucket whose offered contacts were known, at each moment anything of it changed."""
    streams = _streams(volumes, rule, interval)
    ds, known_at, values = together(streams)
    found = settle(*_settled(values, volumes, rule, interval), rule.off).corrected
    changed = ~np.isnan(values[0])
    same = np.zeros(len(ds), dtype=bool)
    same[1:] = (ds[1:] == ds[:-1]) & (found[1:] == found[:-1]) & changed[:-1]
    gone = np.zeros(len(ds), dtype=bool)  # a bucket that is told no more has a version that says so
    gone[1:] = (ds[1:] == ds[:-1]) & ~changed[1:] & changed[:-1]
    kept = (changed & ~same) | gone
    return Versions.of(ds[kept], np.where(changed, found, np.nan)[kept], known_at[kept])


def now_known(volumes: Volumes, rule: Rule, interval: Interval) -> tuple[Ns, Demand]:
    """The same as it stands by the latest versions: starts ds[n] ascending and Demand[n] of buckets with contacts told."""
    ds, _, values = together(_streams(volumes, rule, interval))
    last = np.append(ds[1:] != ds[:-1], True)[: len(ds)] & ~np.isnan(values[0])
    values = values[:, last]
    return ds[last], settle(*_settled(values, volumes, rule, interval), rule.off)


def unheard(volumes: Volumes) -> Versions:
    """Those who hung up beyond the short abandons, as versions."""
    short = volumes.parts[SHORT] if len(volumes.parts[SHORT]) else volumes.counted.short
    ds, known_at, values = together([volumes.abandoned, short])
    kept = ~np.isnan(values[0])
    lost = np.maximum(values[0] - np.nan_to_num(values[1]), 0.0)
    return Versions.of(ds[kept], lost[kept], known_at[kept])


def together(streams: Sequence[Versions]) -> tuple[Ns, Ns, Floats]:
    """Versions of several numbers per bucket -> after every change, by bucket and time: ds[n], known_at[n] and what is
    then known of each float[streams, n], NaN where nothing is."""
    ds, known_at, value = (
        np.concatenate([getattr(one, name) for one in streams]) for name in ("ds", "known_at", "value")
    )
    side = np.repeat(np.arange(len(streams)), [len(one) for one in streams])
    order = np.lexsort((known_at, ds))  # stable: what is known at the same moment stays in upload order
    ds, known_at, value, side = ds[order], known_at[order], value[order], side[order]
    place = np.arange(len(ds))
    begins = np.maximum.accumulate(np.where(np.append(True, ds[1:] != ds[:-1])[: len(ds)], place, 0))
    values = np.full((len(streams), len(ds)), np.nan)
    for at in range(len(streams)):
        last = np.maximum.accumulate(np.where(side == at, place, -1))
        held = last >= begins
        values[at, held] = value[last[held]]
    ends = np.append((ds[1:] != ds[:-1]) | (known_at[1:] != known_at[:-1]), True)[: len(ds)]
    return ds[ends], known_at[ends], values[:, ends]


def _streams(volumes: Volumes, rule: Rule, interval: Interval) -> list[Versions]:
    """offered, the parts told, the two counted, and per bucket back those who hung up there."""
    held = [volumes.offered, *volumes.parts, volumes.counted.short, volumes.counted.redialled]
    return held + _shifted(volumes, rule, interval)


def _shifted(volumes: Volumes, rule: Rule, interval: Interval) -> list[Versions]:
    """What hung up in a bucket, as of the buckets its redials fall into; nothing where r is not known.

    Redials of a day or longer fall into it; shorter buckets are of one length on every clock.
    """
    if rule.r is None or "redialled" in rule.off or len(volumes.abandoned) == 0:
        return []
    lost, step = unheard(volumes), interval.seconds * SECOND
    return [
        Versions(lost.ds + back * step, lost.value, lost.known_at)
        for back, part in enumerate(delays(interval, rule.window_minutes))
        if part > 0 and (back == 0 or interval.slots > 1)
    ]


def _settled(
    values: Floats, volumes: Volumes, rule: Rule, interval: Interval
) -> tuple[Floats, Floats, Floats, Floats]:
    """float[streams, n] -> what `settle` takes."""
    count, wide = values.shape[1], len(PARTS)
    counted = np.full((count, wide), np.nan)
    counted[:, [SHORT, REDIALS]] = values[1 + wide : 3 + wide].T
    back = values[3 + wide :]
    estimated = np.full(count, np.nan)
    if len(back):
        known = ~np.isnan(back).all(axis=0)
        spread = delays(interval, rule.window_minutes)[: len(back)]
        estimated[known] = (rule.r or 0.0) * (spread @ np.nan_to_num(back))[known]
    return values[0], values[1 : 1 + wide].T, counted, estimated
