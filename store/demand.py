"""True demand from the database: contacts raw and corrected side by side, and how far the forecast was from either."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sqlalchemy.orm import Session

from forecast.arrays import Floats, Ns
from forecast.buckets import Interval, floor, index, to_ns
from forecast.redial_rate import RedialRate
from forecast.true_demand import ESTIMATED, ORIGINS, PARTS, Demand, Rule, now_known
from store.adjusted import load_adjusted
from store.archive import told_volumes
from store.demand_estimates import load_estimates, load_rules
from store.queues import Queue
from store.settings import Settings
from store.volumes import load_volumes, volume_series
from store.wholes import WHOLE

MOST_DAYS = 62  # of published forecasts that are compared


@dataclass(frozen=True)
class Row:
    """A bucket. parts: by name, None where nothing is known of any of its intervals; origins: where each part comes from."""

    ds: pd.Timestamp
    offered: float
    corrected: float
    parts: Mapping[str, float | None]
    origins: Mapping[str, tuple[str, ...]]

    @property
    def estimated(self) -> bool:
        """Does an estimate stand in it?"""
        return any(ORIGINS[ESTIMATED] in origins for origins in self.origins.values())


@dataclass(frozen=True)
class Deviation:
    """Forecast deviation (WAPE) of whole days as published when each began, against both; days: how many were compared."""

    days: int
    offered: float | None = None
    corrected: float | None = None


@dataclass(frozen=True)
class QueueDemand:
    """A queue's demand over a span. correct: auto or off; rate: the redials no log shows, None where not estimated."""

    queue: Queue
    correct: str
    rows: tuple[Row, ...]
    rate: RedialRate | None
    decided_at: dt.datetime | None
    deviation: Deviation


def load_demand(
    session: Session,
    settings: Settings,
    queue: Queue,
    *,
    start: dt.datetime | None = None,
    end: dt.datetime | None = None,
    granularity: Interval | None = None,
    deviation: bool = False,
) -> QueueDemand:
    """A queue's buckets as known now, start <= ds < end, summed to local buckets of `granularity` (None: its own)."""
    rules = load_rules(session, [queue], settings.demands())
    ds, found = _settled(session, queue, rules.get(queue.name))
    kept = np.ones(len(ds), dtype=bool)
    kept &= ds >= (np.iinfo(np.int64).min if start is None else to_ns(start))
    kept &= ds < (np.iinfo(np.int64).max if end is None else to_ns(end))
    ds = ds[kept]
    found = Demand(found.offered[kept], found.parts[kept], found.origin[kept], found.corrected[kept])
    held = load_estimates(session).get(queue.name)
    return QueueDemand(
        queue,
        "auto" if queue.name in rules else "off",
        _rows(ds, found, granularity or queue.interval, queue.tz),
        None if held is None else held.rate,
        None if held is None else held.decided_at,
        _deviation(session, queue, ds, found) if deviation else Deviation(0),
    )


def _settled(session: Session, queue: Queue, rule: Rule | None) -> tuple[Ns, Demand]:
    """All buckets of a queue; corrected by nothing where its rule says so or nothing is told."""
    topics = {number: topic for number, (_, topic) in volume_series(session, [queue.name]).items()}
    told = told_volumes(session, queue, topics) if topics else None
    if told is not None:
        return now_known(told, rule or Rule(off=frozenset(PARTS)), queue.interval)
    volumes = load_volumes(session, queue.name)
    whole = volumes[volumes["topic"] == WHOLE].set_index("ds")["offered"]
    parts = volumes[volumes["topic"] != WHOLE].groupby("ds")["offered"].sum()
    offered = whole.combine_first(parts).sort_index()
    ds = np.array([to_ns(one) for one in offered.index], dtype=np.int64)
    shape = (len(ds), len(PARTS))
    values = offered.to_numpy(dtype=np.float64)
    code = np.int8(0 if rule is not None else ORIGINS.index("off"))
    return ds, Demand(values, np.zeros(shape), np.full(shape, code), values)


def _rows(ds: Ns, found: Demand, interval: Interval, tz: str) -> tuple[Row, ...]:
    starts, place = np.unique(floor(ds, interval, tz), return_inverse=True)
    count = len(starts)

    def total(values: Floats) -> Floats:
        return np.bincount(place, weights=values, minlength=count).astype(np.float64)

    offered, corrected = total(found.offered), total(found.corrected)
    parts = [total(column) for column in found.parts.T]
    there = np.zeros((count, len(PARTS), len(ORIGINS)), dtype=bool)
    for at in range(len(PARTS)):
        there[place, at, found.origin[:, at]] = True
    none = {ORIGINS.index("unknown"), ORIGINS.index("off")}
    rows = []
    for at, moment in enumerate(index(starts)):
        codes = [tuple(np.flatnonzero(one).tolist()) for one in there[at]]
        known = [bool(set(mine) - none) for mine in codes]
        rows.append(
            Row(
                moment,
                float(offered[at]),
                float(corrected[at]),
                {name: float(parts[k][at]) if known[k] else None for k, name in enumerate(PARTS)},
                {name: tuple(ORIGINS[code] for code in codes[k]) for k, name in enumerate(PARTS)},
            )
        )
    return tuple(rows)


def _deviation(session: Session, queue: Queue, ds: Ns, found: Demand) -> Deviation:
    """Of the last MOST_DAYS whole days, each against what was published when it began."""
    days, place = np.unique(floor(ds, Interval.DAY, queue.tz), return_inverse=True)
    sums = [np.bincount(place, weights=one) for one in (found.offered, found.corrected)]
    expected = np.full(len(days), np.nan)
    for at in range(max(0, len(days) - MOST_DAYS), len(days)):
        begin = index(days[at : at + 1])[0].to_pydatetime()
        held = load_adjusted(
            session,
            series=[queue.name],
            start=begin,
            end=begin + dt.timedelta(hours=1),
            granularity="day",
            as_of=begin,
        )
        if len(held):
            expected[at] = float(held["0.5"].iloc[0])
    rows = ~np.isnan(expected)
    wape = [
        float(np.abs(one - expected)[rows].sum() / one[rows].sum()) if one[rows].sum() > 0 else None
        for one in sums
    ]
    return Deviation(int(rows.sum()), *wape)
