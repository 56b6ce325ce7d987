"""What manual changes were worth, from the store: the forecast as it was published when each was made, and what came."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy import stats
from sqlalchemy.orm import Session

from forecast.arrays import Floats, Ns
from forecast.buckets import end as end_of
from forecast.buckets import to_ns
from forecast.override_value import Tried, Worths, value_added
from forecast.overriding import VOLUME, Changed, Override, Units, apply, reach
from store.facts import open_archive
from store.forecast_units import NOWHERE, Choice, load_units
from store.overrides import Kept, in_force, load_overrides
from store.queues import Queue, load_queues
from store.settings import Settings


def load_values(
    session: Session,
    settings: Settings,
    *,
    now: dt.datetime,
    queue: str | None = None,
    start: dt.datetime,
    end: dt.datetime,
) -> Worths:
    """The worth of changes of contacts over start .. end, in what is over by `now`; of one queue, or of all. NotFound.

    A change counts for what began after it was made and before it ceased to hold. One of a contact reason is judged by its
    queue as a whole, which is what is staffed.
    """
    span = to_ns(start), min(to_ns(end), to_ns(now))
    held = load_overrides(session, queue=queue, start=start, end=end)
    queues = {one.name: one for one in load_queues(session)}
    came = _Came(session, settings, now)
    tried: list[Tried] = []
    for kept in held:
        if kept.override.measure == VOLUME:
            tried += _tried(session, kept, queues, came, span, queue)
    return value_added(tried)


def _tried(
    session: Session,
    kept: Kept,
    queues: Mapping[str, Queue],
    came: _Came,
    span: tuple[int, int],
    only: str | None,
) -> list[Tried]:
    one = kept.override
    earlier = [each for each in in_force(session, kept.created_at) if each.id < one.id]
    units = _units(session, [*earlier, one], one, queues, Choice(as_of=kept.created_at))
    before, after = apply(units, earlier), apply(units, [*earlier, one])
    until = span[1] if kept.until is None else min(span[1], to_ns(kept.until))
    found = []
    for mine, old, new in zip(units, before, after, strict=True):
        if not mine.whole or only not in (None, mine.queue):
            continue
        rows = (mine.start >= max(span[0], to_ns(kept.created_at))) & (mine.start < until)
        rows &= (mine.end <= span[1]) & (old.mean != new.mean) & (mine.version != NOWHERE)
        if not rows.any():
            continue
        y = came.within(mine.queue, mine.start, mine.end)
        rows &= ~np.isnan(y)
        without, with_ = _said(mine, old)[rows], _said(mine, new)[rows]
        if rows.any():
            found.append(
                Tried(one.id, one.author, one.reason, mine.queue, mine.day[rows], y[rows], without, with_)
            )
    return found


def _units(
    session: Session, overrides: list[Override], one: Override, queues: Mapping[str, Queue], choice: Choice
) -> list[Units]:
    channels = {name: queue.channel for name, queue in queues.items()}
    mine = [name for name, channel in channels.items() if one.covers(name, channel)]
    names, span = reach(overrides, channels, mine, (one.start, one.end))
    topics = sorted({each.topic for each in overrides if each.topic})
    return load_units(session, [queues[name] for name in names], topics, span, choice)


def _said(units: Units, changed: Changed) -> Floats:
    """float[n, 2]: median and mean as they were forecast, the median going with the mean."""
    factor = np.divide(changed.mean, units.mean, out=np.ones_like(units.mean), where=units.mean > 0)
    median = np.where(units.mean > 0, units.median * factor, stats.poisson.ppf(0.5, changed.mean))
    return np.column_stack([median, changed.mean])


class _Came:
    """What came to queues, by what is known now; each queue is opened once."""

    def __init__(self, session: Session, settings: Settings, now: dt.datetime) -> None:
        self._session, self._settings, self._now = session, settings, pd.Timestamp(now)
        self._held: dict[str, tuple[Ns, Ns, Floats]] = {}

    def within(self, queue: str, start: Ns, end: Ns) -> Floats:
        """float[n]: contacts of pieces of time; NaN where a bucket in one is unknown or not over."""
        starts, ends, y = self._of(queue)
        if len(starts) == 0:
            return np.full(len(start), np.nan)
        sums = np.concatenate([[0.0], np.cumsum(np.nan_to_num(y))])
        known = np.concatenate([[0], np.cumsum(~np.isnan(y))])
        first, last = np.searchsorted(starts, start), np.searchsorted(ends, end, side="right")
        whole = (first < last) & (starts[np.minimum(first, len(starts) - 1)] == start)
        whole &= (ends[np.maximum(last - 1, 0)] == end) & (known[last] - known[first] == last - first)
        return np.asarray(np.where(whole, sums[last] - sums[first], np.nan))

    def _of(self, queue: str) -> tuple[Ns, Ns, Floats]:
        if queue not in self._held:
            archive = open_archive(self._session, self._settings, [queue])
            if queue not in archive.series:
                none = np.zeros(0, dtype=np.int64)
                self._held[queue] = none, none, np.zeros(0)
            else:
                history = archive.at(self._now).history(queue)
                grid = history.grid
                y = np.where(history.open | ~np.isnan(history.y), history.y, 0.0)
                ends = end_of(grid.ds, grid.interval, grid.tz)
                self._held[queue] = grid.ds, ends, np.where(ends <= to_ns(self._now), y, np.nan)
        return self._held[queue]
