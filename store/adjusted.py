"""The forecast with the manual changes in force on top: what is shown, staffed, exported and locked.

Without any change that reaches the rows asked for it is what `load_forecast` gives, bit for bit, at the cost of one query.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import select
from sqlalchemy.orm import Session

from forecast.arrays import Floats, Ns
from forecast.buckets import Interval, column_ns, to_ns
from forecast.buckets import end as end_of
from forecast.override_rows import Rows, changed_rows
from forecast.overriding import Changed, Override, Units, apply, reach
from store.forecast_units import Choice, load_units, queue_of
from store.forecasts import COLUMNS, COSTS, PART_COLUMNS, load_forecast
from store.overrides import in_force
from store.queues import Queue, load_queues
from store.statements import table_of
from store.tables import VersionRow

LENGTHS = {"hour": Interval.HOUR, "day": Interval.DAY, "week": Interval.WEEK, "month": Interval.MONTH}
LONGEST = dt.timedelta(days=32)  # a bucket that begins before the end asked for ends by then
ADJUSTMENT = "part_adjustment"


@dataclass(frozen=True)
class Adjusted:
    """frame: as `load_forecast` gives it; override: float[n], contacts in its means that are manual changes."""

    frame: pd.DataFrame
    override: Floats


def load_adjusted(
    session: Session,
    *,
    series: Sequence[str] | None,
    start: dt.datetime | None = None,
    end: dt.datetime | None = None,
    granularity: str = "interval",
    version: str | int = "published",
    as_of: dt.datetime | None = None,
    costs: bool = False,
    parts: bool = False,
    now: dt.datetime | None = None,
    overrides: Sequence[Override] | None = None,
) -> pd.DataFrame:
    """As `load_forecast`, with the manual changes on top; with `parts` they are the part `adjustment`.

    now: the moment whose changes count (`as_of` without it; without either, see `in_force`)
    overrides: the changes themselves, where the caller holds them; then they count for every version. Else they do for
    `published` and `latest`: a locked version has them in its rows, and a version asked for by its id is given as made.
    """
    return load_with_overrides(
        session, series=series, start=start, end=end, granularity=granularity, version=version, as_of=as_of,
        costs=costs, parts=parts, now=now, overrides=overrides,
    ).frame  # fmt: skip


def load_with_overrides(
    session: Session,
    *,
    series: Sequence[str] | None,
    start: dt.datetime | None = None,
    end: dt.datetime | None = None,
    granularity: str = "interval",
    version: str | int = "published",
    as_of: dt.datetime | None = None,
    costs: bool = False,
    parts: bool = False,
    now: dt.datetime | None = None,
    overrides: Sequence[Override] | None = None,
) -> Adjusted:
    """As `load_adjusted`, and what the changes add."""
    asked: dict[str, Any] = {
        "series": series, "start": start, "end": end, "granularity": granularity, "version": version, "as_of": as_of,
    }  # fmt: skip
    if overrides is None:
        last = None if end is None else end + LONGEST
        frozen = isinstance(version, int) or version == "locked"
        overrides = () if frozen else in_force(session, now or as_of, start=start, end=last)
    queues = load_queues(session) if overrides else []
    if version == "locked" and granularity in ("week", "month"):
        frame = _of_one_lock(session, asked, costs=costs, parts=parts)
        return Adjusted(frame, np.zeros(len(frame)))
    if not _any(overrides, queues, series):
        frame = load_forecast(session, **asked, costs=costs, parts=parts)
        return Adjusted(frame, np.zeros(len(frame)))
    frame = load_forecast(session, **asked, costs=costs, parts=True)
    found = _Overlay(session, queues, overrides, Choice(version, as_of)).on(frame, granularity)
    kept = ["series", "ds", *(["version"] if parts else ()), *COLUMNS]
    kept += [name for each in COSTS for name in COSTS[each] if costs] + [*(PART_COLUMNS if parts else ())]
    return Adjusted(found.frame[kept], found.override)


def _any(overrides: Sequence[Override], queues: Sequence[Queue], series: Sequence[str] | None) -> bool:
    """Is a queue of the series in the scope of a change?"""
    if series is None:
        return len(overrides) > 0
    held = [queue for name in series if (queue := queue_of(name, queues)) is not None]
    return any(one.covers(queue.name, queue.channel) for one in overrides for queue in held)


def _of_one_lock(session: Session, asked: Mapping[str, Any], *, costs: bool, parts: bool) -> pd.DataFrame:
    """Weeks or months of the plan: those of which every day that is held is of the same lock.

    Of a week in which a later lock holds a day the sum is not that of its days any more; nobody locked it.
    """
    frame = load_forecast(session, **asked, costs=costs, parts=True)
    if frame.empty:
        return frame if parts else frame.drop(columns=["version", *PART_COLUMNS])
    last = frame["ds"].max().to_pydatetime() + LONGEST
    span = {**asked, "series": sorted(set(frame["series"])), "start": frame["ds"].min(), "end": last}
    queues, length = load_queues(session), LENGTHS[str(asked["granularity"])]
    held = {
        granularity: load_forecast(session, **{**span, "granularity": granularity}, parts=True).groupby("series")
        for granularity in ("interval", "day")
    }  # fmt: skip
    kept = np.ones(len(frame), dtype=bool)
    for name, rows in frame.groupby("series").indices.items():
        queue = queue_of(str(name), queues)
        if queue is None:
            continue
        starts, versions = column_ns(frame["ds"])[rows], frame["version"].to_numpy()[rows]
        for days in (each.get_group(name) for each in held.values() if name in each.groups):
            place = np.searchsorted(starts, column_ns(days["ds"]), side="right") - 1
            at = np.maximum(place, 0)
            inside = (place >= 0) & (column_ns(days["ds"]) < end_of(starts, length, queue.tz)[at])
            other = inside & (days["version"].to_numpy() != versions[at])
            kept[rows[at[other]]] = False
    found = frame[kept].reset_index(drop=True)
    return found if parts else found.drop(columns=["version", *PART_COLUMNS])


class _Overlay:
    """Changes on the rows of one question."""

    def __init__(
        self, session: Session, queues: Sequence[Queue], overrides: Sequence[Override], choice: Choice
    ) -> None:
        self._session, self._queues, self._overrides, self._choice = session, queues, overrides, choice

    def on(self, frame: pd.DataFrame, granularity: str) -> Adjusted:
        """A frame with parts -> the same with the changes on top."""
        before = frame["mean"].to_numpy(dtype=np.float64)
        if frame.empty:
            return Adjusted(frame, before)
        starts = column_ns(frame["ds"])
        ends = self._ends(frame, starts, granularity)
        units = self._units(sorted(set(frame["series"])), (int(starts.min()), int(ends.max())))
        changed = dict(zip((one.name for one in units), apply(units, self._overrides), strict=True))
        own = {one.name: one for one in units}
        cutoff = _cutoffs(self._session, frame["version"].unique().tolist())
        table = frame[[*COLUMNS, *(name for each in COSTS.values() for name in each if name in frame)]]
        values = table.to_numpy(dtype=np.float64)
        for name, rows in frame.groupby("series").indices.items():
            if name in own:
                values[rows] = _rows(
                    own[name], changed[name], values[rows], starts[rows], ends[rows],
                    frame["version"].to_numpy()[rows], cutoff,
                )  # fmt: skip
        parts = {
            ADJUSTMENT: frame[ADJUSTMENT].to_numpy() + values[:, 0] - before,
            **{name: values[:, at] for at, name in enumerate(table.columns)},
        }
        return Adjusted(frame.assign(**parts), values[:, 0] - before)

    def _units(self, series: Sequence[str], span: tuple[int, int]) -> list[Units]:
        """The units on which a change of the series lies; the rest of a long row is known without its units."""
        owners = {name: queue_of(name, self._queues) for name in series}
        asked = {queue for queue in owners.values() if queue is not None}
        mine = [
            one
            for one in self._overrides
            if one.start < span[1]
            and one.end > span[0]
            and any(one.covers(queue.name, queue.channel) for queue in asked)
        ]
        if not mine:
            return []
        reached = {
            queue.name for queue in asked if any(one.covers(queue.name, queue.channel) for one in mine)
        }
        first, last = max(span[0], min(one.start for one in mine)), min(span[1], max(one.end for one in mine))
        channels = {queue.name: queue.channel for queue in self._queues}
        names, wider = reach(self._overrides, channels, sorted(reached), (first, last))
        chosen = [queue for queue in self._queues if queue.name in names]
        topics = sorted({one.topic for one in self._overrides if one.topic})
        also = [name for name, queue in owners.items() if queue is not None and queue.name in reached]
        return load_units(self._session, chosen, topics, wider, self._choice, also=also)

    def _ends(self, frame: pd.DataFrame, starts: Ns, granularity: str) -> Ns:
        ends = np.zeros_like(starts)
        for name, rows in frame.groupby("series").indices.items():
            queue = queue_of(str(name), self._queues)
            if queue is not None:
                length = LENGTHS.get(granularity, queue.interval)
                ends[rows] = end_of(starts[rows], length, queue.tz)
        return ends


def _rows(
    units: Units,
    changed: Changed,
    values: Floats,
    start: Ns,
    end: Ns,
    version: Ns,
    cutoffs: Mapping[int, int],
) -> Floats:
    """float[n, columns] of one series as the changes make them: mean and quantiles, and with costs those."""
    cutoff = np.array([cutoffs[int(one)] for one in version], dtype=np.int64)
    wide = len(COLUMNS)
    aht, work = (
        (values[:, wide : 2 * wide], values[:, 2 * wide :]) if values.shape[1] > wide else (None, None)
    )
    rows = Rows(start, end, version, cutoff, values[:, :wide], aht, work)
    found, touched = changed_rows(units, changed, rows)
    if not touched.any():
        return values
    each = [part for part in (found.values, found.aht, found.work) if part is not None]
    return np.hstack(each)


def _cutoffs(session: Session, versions: Sequence[int]) -> dict[int, int]:
    """Version -> what it knew, ns."""
    table = table_of(VersionRow)
    query = select(table.c.id, table.c.cutoff).where(table.c.id.in_(list(versions)))
    return {row.id: to_ns(row.cutoff) for row in session.execute(query)}
