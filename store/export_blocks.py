"""Stored forecasts as blocks of an export: in rows of the length asked for, with the share that a group or site takes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from sqlalchemy.orm import Session

from forecast.arrays import Floats
from forecast.buckets import DAY, SECOND, Interval, column_ns, end, from_ns, local_ns, midnight
from forecast.exports.base import Block, Facts, Notes
from forecast.exports.lengths import fit, mean_aht
from forecast.planning_groups import Groups, Key
from forecast.staffing.demand import KINDS, Demand
from forecast.staffing.plan import needed
from store.adjusted import load_adjusted
from store.export_span import begin_of, day_of
from store.forecast_versions import newest_version
from store.queues import Queue
from store.settings import Settings

if TYPE_CHECKING:
    from store.exporting import Wanted

AT_ONCE = 1000  # rows of the forecast read with one statement, if they are of several queues


class Blocks:
    """Reads a version of the forecast, a queue at a time, or a few of them where the span is short.

    added: were rows or queues added up? Then quantiles are no longer quite quantiles.
    whole: is it one version that was asked for by its number, and not what holds today?
    """

    def __init__(
        self,
        session: Session,
        settings: Settings,
        wanted: Wanted,
        now: dt.datetime,
        queues: Sequence[Queue] = (),
    ) -> None:
        """queues: all that will be asked for, in this order; then some are read at once."""
        self._session, self._settings = session, settings
        self._version, self._as_of, self._value = wanted.version, wanted.as_of or now, wanted.value
        self._overrides = None if wanted.overrides else ()
        self.whole = isinstance(wanted.version, int)
        self.added = False
        self._queues = queues
        self._ahead: dict[tuple[object, ...], pd.DataFrame] = {}

    def load(self, queue: str, granularity: str, start: int | None, stop: int | None) -> pd.DataFrame:
        """forecast[series, ds, mean, quantiles, aht, ...] of a queue, start <= ds < stop (ns)."""
        return self._load([queue], granularity, start, stop)

    def _next(self, queue: Queue, granularity: str, start: int, stop: int) -> pd.DataFrame:
        """As `load`; where a span is short, queues to come are read along, and each is held until it is asked for."""
        span = (granularity, start, stop)
        held = self._ahead.pop((queue.name, *span), None)
        if held is not None:
            return held
        alike = [one.name for one in self._queues if (one.interval, one.tz) == (queue.interval, queue.tz)]
        at = alike.index(queue.name) if queue.name in alike else len(alike)
        rows_each = max(1, (stop - start) // (queue.interval.seconds * SECOND))
        names = [queue.name, *alike[at + 1 : at + max(1, AT_ONCE // rows_each)]]
        rows = self._load(names, *span)
        for name in names[1:]:
            self._ahead[name, *span] = rows[rows["series"] == name].reset_index(drop=True)
        return rows[rows["series"] == queue.name].reset_index(drop=True)

    def _load(
        self, names: Sequence[str], granularity: str, start: int | None, stop: int | None
    ) -> pd.DataFrame:
        return load_adjusted(
            self._session,
            series=names,
            start=None if start is None else from_ns(start).to_pydatetime(),
            end=None if stop is None else from_ns(stop).to_pydatetime(),
            granularity=granularity,
            version=self._version,
            as_of=self._as_of,
            costs=True,
            overrides=self._overrides,
        )

    @property
    def cutoff(self) -> dt.datetime | None:
        """What the version that goes before all others knew; None without any. NotFound for a number there is not."""
        found = newest_version(self._session, self._version, self._as_of)
        return None if found is None else found.cutoff

    def of(self, queue: Queue, target: Interval, facts: Facts, reach: int, notes: Notes) -> Block:
        """A queue in rows of `target` that begin in start .. reach; empty where nothing is forecast.

        Days, and quantiles of hours, are taken as they are forecast: their quantiles are no sums.
        """
        kept = {Interval.DAY: "day", Interval.HOUR: "hour"}.get(target)
        block = (
            self._stored(queue, queue.interval, "interval", target, facts, reach) if kept is None else None
        )
        if kept is not None:
            whole = target is not queue.interval and (target is Interval.DAY or self._value != "mean")
            block = self._stored(queue, target, kept, target, facts, reach) if whole else None
            if block is None or len(block) == 0:
                block = self._stored(queue, queue.interval, "interval", target, facts, reach)
        if block is None:
            raise ValueError("a block is loaded either as it is kept or by interval")
        self.added |= block.interval.seconds < target.seconds
        made = fit(block, target, notes)
        first, stop = _span(facts, reach, target, queue.tz)
        inside = (made.ds >= first) & (made.ds < stop)
        return replace(made, ds=made.ds[inside], offered=made.offered[inside], aht=made.aht[inside])

    def _stored(
        self, queue: Queue, own: Interval, granularity: str, target: Interval, facts: Facts, reach: int
    ) -> Block:
        """Rows as they are kept, enough of them for whole rows of the target."""
        longer = max(own, target, key=lambda one: one.seconds)
        first, stop = _span(facts, reach, longer, queue.tz)
        last = begin_of(stop - 1, longer, queue.tz)
        stop = int(end(np.array([last], dtype=np.int64), longer, queue.tz)[0])
        rows = self._next(queue, granularity, first, stop)
        rows = rows[rows[self._value].notna()]
        offered = np.maximum(rows[self._value].to_numpy(dtype=np.float64), 0.0)
        aht = rows["aht"].to_numpy(dtype=np.float64)
        return Block(queue.name, queue.channel, queue.tz, own, column_ns(rows["ds"]), offered, aht)

    def shared(self, block: Block, queue: Queue, groups: Groups, keys: Sequence[Key]) -> Block | None:
        """The part of a queue's contacts that these groups take, by local day; None where they take none on any."""
        days, place = np.unique(local_ns(block.ds, queue.tz) // DAY, return_inverse=True)
        found = groups.shares([queue.name], days)
        mine = [at for at, key in enumerate(found.keys) if key in keys]
        taken: Floats = found.share[mine, 0].sum(axis=0) if mine else np.zeros(len(days))
        if not taken.any():
            return None
        return replace(block, offered=block.offered * taken[place])

    def together(self, name: str, blocks: Sequence[Block], notes: Notes) -> Block:
        """What one group takes of several queues: contacts summed, seconds per contact by contacts."""
        self.added |= len(blocks) > 1
        ds, place = np.unique(np.concatenate([one.ds for one in blocks]), return_inverse=True)
        for one in blocks:
            if len(one) < len(ds):
                notes.add(
                    f"{one.name!r} is forecast in {len(one):,} of the {len(ds):,} rows of {name!r} only: the others "
                    "are without it."
                )
        offered = np.concatenate([one.offered for one in blocks])
        aht = np.concatenate([one.aht for one in blocks])
        first = blocks[0]
        return Block(
            name,
            first.channel,
            first.tz,
            first.interval,
            ds,
            np.bincount(place, weights=offered, minlength=len(ds)).astype(np.float64),
            mean_aht(place, offered, aht, len(ds)),
        )

    def with_agents(self, block: Block, notes: Notes) -> Block:
        """The block with the net agents it asks for, by the targets of its queue; NaN where that is not known.

        What can wait is planned over days and opening hours, of which an export knows nothing: it has none.
        """
        if KINDS.get(block.channel, "backlog") == "backlog":
            notes.add(
                f"{block.name!r} is a queue for {block.channel}, where work can wait: no agents per interval; "
                "GET /v1/staffing plans them."
            )
            return block
        targets, _ = self._settings.staffing.of(block.name, [block.name])
        demand = Demand(block.name, block.channel, block.ds, block.offered, block.aht)
        return replace(block, agents=needed([demand], targets, interval=block.interval, tz=block.tz).net)


def _span(facts: Facts, reach: int, length: Interval, tz: str) -> tuple[int, int]:
    """From when on, and until before when (ns), rows of a length begin; days are those dates of the file in the queue's zone."""
    if length is not Interval.DAY:
        return begin_of(facts.start, length, tz), reach
    first, last = (day_of(moment, facts.tz) for moment in (facts.start, reach - 1))
    return midnight(first, tz), midnight(last + 1, tz)
