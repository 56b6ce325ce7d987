"""Two versions of the forecast side by side: per bucket and day, what moved most, and which of its parts moved.

A version is named by its id, as `published`, `latest` or `locked`, or as `lock:ID` (what that lock froze). Named by id it
is as it was made; `published` and `latest` are as they are shown, with the manual adjustments in force.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy.orm import Session

from forecast.arrays import Floats, Ns
from forecast.buckets import DAY, Interval, column_ns, local_ns
from forecast.errors import InputError
from forecast.parts import PARTS
from store.adjusted import load_adjusted
from store.forecast_versions import ForecastVersion, newest_version
from store.forecasts import PART_COLUMNS
from store.locks import load_lock
from store.queues import Queue, load_queue

NAMES = ("published", "latest", "locked")
LOCK = re.compile(r"lock:([1-9][0-9]{0,14})")
PATTERN = rf"^({'|'.join(NAMES)}|lock:[1-9][0-9]{{0,14}}|[1-9][0-9]{{0,14}})$"
OWN = {
    Interval.HOUR: "hour",
    Interval.DAY: "day",
}  # a queue counted by the hour keeps its hours as its intervals
MOST_MOVES = 5
LEAST_MOVE = 0.5  # contacts: less rounds to none
MOSTLY = 0.5  # of a move, where one part is named
MOST_BUCKETS = 20_000


@dataclass(frozen=True)
class Side:
    """One of the two. name: as it was asked for; newest: the version it is, or that goes before others in it."""

    name: str
    newest: ForecastVersion


@dataclass(frozen=True)
class Day:
    """A local day, whole days since 1970-01-01: contacts in both, over the buckets both hold."""

    day: int
    a: float
    b: float
    buckets: int

    @property
    def difference(self) -> float:
        return self.b - self.a


@dataclass(frozen=True)
class PartMoved:
    """What one part brings, in both, over the buckets whose parts both keep."""

    part: str
    a: float
    b: float


@dataclass(frozen=True)
class VersionsCompared:
    """One queue. ds: int64[n], buckets that both hold; a, b: float[n] means. only_a, only_b: buckets of one alone.

    moved: what moved most, in words; parts: of `parts_of` buckets; none where not both keep them
    """

    queue: Queue
    granularity: str
    sides: tuple[Side, Side]
    ds: Ns
    a: Floats
    b: Floats
    only_a: int
    only_b: int
    days: tuple[Day, ...]
    moved: tuple[str, ...]
    parts: tuple[PartMoved, ...]
    parts_of: int


def find_side(session: Session, name: str, field: str) -> tuple[str | int, Side]:
    """A name -> version as `load_adjusted` takes it, and what it is; NotFound, or InputError where it is none yet."""
    version: str | int = int(name) if name.isdecimal() else name
    if found := LOCK.fullmatch(name):
        version = load_lock(session, int(found[1])).version_id
    elif isinstance(version, str) and version not in NAMES:
        raise InputError(
            f"There is no version {name[:40]!r}.",
            remedy=f"Use {', '.join(NAMES)}, lock:ID or the id of a version.",
            field=field,
        )
    newest = newest_version(session, version)
    if newest is None:
        raise InputError(
            f"There is no {name} forecast to compare.",
            remedy="Lock a week first: `forecall lock add`."
            if name == "locked"
            else "Make a forecast and publish it first: `forecall run predict`.",
            field=field,
        )
    return version, Side(name, newest)


def compare_versions(
    session: Session,
    *,
    a: str,
    b: str,
    queue: str,
    granularity: str = "interval",
    start: dt.datetime | None = None,
    end: dt.datetime | None = None,
    now: dt.datetime,
) -> VersionsCompared:
    """b against a, start <= ds < end, with the manual adjustments in force now. NotFound for an unknown queue, version or lock; InputError for too long a span."""
    held = load_queue(session, queue)
    named = [find_side(session, name, field) for name, field in ((a, "a"), (b, "b"))]
    stored = "interval" if OWN.get(held.interval) == granularity else granularity
    asked: dict[str, Any] = {"series": [queue], "start": start, "end": end, "granularity": stored}
    first, second = (load_adjusted(session, **asked, version=one, parts=True, now=now) for one, _ in named)
    if max(len(first), len(second)) > MOST_BUCKETS:
        raise InputError(
            f"The span holds more than {MOST_BUCKETS:,} buckets.",
            remedy="Give a start and an end, or compare by day.",
            field="start",
        )
    ds, left, right = _both(first, second)
    means = [
        frame["mean"].to_numpy(dtype=np.float64)[rows] for frame, rows in ((first, left), (second, right))
    ]
    values = [
        frame[list(PART_COLUMNS)].to_numpy(dtype=np.float64)[rows]
        for frame, rows in ((first, left), (second, right))
    ]
    day = local_ns(ds, held.tz) // DAY if len(ds) else ds
    days = _days(day, *means)
    parts, count = _parts(values[0], values[1])
    return VersionsCompared(
        queue=held,
        granularity=granularity,
        sides=(named[0][1], named[1][1]),
        ds=ds,
        a=means[0],
        b=means[1],
        only_a=len(first) - len(ds),
        only_b=len(second) - len(ds),
        days=tuple(days),
        moved=tuple(_moved(days, day, values[1] - values[0], granularity)),
        parts=tuple(parts),
        parts_of=count,
    )


def _both(first: pd.DataFrame, second: pd.DataFrame) -> tuple[Ns, Ns, Ns]:
    """Buckets [n] of which both know the mean, and their rows in each."""
    known = [np.flatnonzero(frame["mean"].notna().to_numpy()) for frame in (first, second)]
    starts = [column_ns(frame["ds"])[rows] for frame, rows in zip((first, second), known, strict=True)]
    ds, left, right = np.intersect1d(starts[0], starts[1], return_indices=True)
    return ds, known[0][left], known[1][right]


def _days(day: Ns, a: Floats, b: Floats) -> list[Day]:
    days, place = np.unique(day, return_inverse=True)
    sums = [np.bincount(place, weights=values, minlength=len(days)) for values in (a, b)]
    count = np.bincount(place, minlength=len(days))
    return [
        Day(int(one), float(sums[0][at]), float(sums[1][at]), int(count[at])) for at, one in enumerate(days)
    ]


def _parts(a: Floats, b: Floats) -> tuple[list[PartMoved], int]:
    """Parts float[n, len(PARTS)] of both -> their sums over the buckets that keep both."""
    known = ~(np.isnan(a).any(axis=1) | np.isnan(b).any(axis=1))
    if not known.any():
        return [], 0
    sums = zip(PARTS, a[known].sum(axis=0).tolist(), b[known].sum(axis=0).tolist(), strict=True)
    found = [PartMoved(name, first, second) for name, first, second in sums]
    return sorted(found, key=lambda one: -abs(one.b - one.a)), int(known.sum())


def _moved(days: Sequence[Day], day: Ns, parts: Floats, granularity: str) -> list[str]:
    """The buckets' days (or weeks, months) that moved most, in words; nothing is said but what the numbers prove."""
    most = sorted(days, key=lambda one: -abs(one.difference))[:MOST_MOVES]
    said = []
    for one in most:
        if abs(one.difference) < LEAST_MOVE:
            continue
        text = (
            f"{_name(one.day, granularity)}: {one.difference:+,.0f} contacts ({one.a:,.0f} to {one.b:,.0f})"
        )
        said.append(text + _because(parts[day == one.day], one.difference))
    return said


def _because(parts: Floats, difference: float) -> str:
    """`, of which special day +380`: the part that moved most, where it is at least half of it and all parts are kept."""
    if np.isnan(parts).any():
        return ""
    sums = parts.sum(axis=0)
    at = int(np.argmax(sums * np.sign(difference)))
    if sums[at] * np.sign(difference) < MOSTLY * abs(difference):
        return ""
    return f", of which {PARTS[at].replace('_', ' ')} {sums[at]:+,.0f}"


def _name(day: int, granularity: str) -> str:
    date = dt.date(1970, 1, 1) + dt.timedelta(days=day)
    text = f"{date:%a} {date.day} {date:%b %Y}"
    return {"week": f"Week from {text}", "month": f"{date:%b %Y}"}.get(granularity, text)
