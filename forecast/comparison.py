"""Their forecast against ours, on the same weeks, made at the same moments from what was known then.

    their versions ─► per week the last one made before it began ─► our forecast as of that moment ─► what came
                 ─► losses by interval, day and week ─► difference with its interval ─► who was nearer, per queue

Volume, handling time and workload are each scored by the sum of absolute errors over what came (WAPE). By interval our
median is scored, sums of days and weeks by our means, which add up; bias is of means. Every week is listed: compared, or why not. The
interval of a difference is of a paired block bootstrap over days (`resampling.py`), blocks as long as one forecast reaches.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from forecast.arrays import Floats, Ns
from forecast.backtest import replay
from forecast.buckets import DAY, Grid, Interval, floor, from_ns, local_day, local_ns
from forecast.errors import NotEnoughHistory
from forecast.models.base import Model, require_days
from forecast.models.workload import workload
from forecast.resampling import LEAST_BLOCKS, ratio, resampled
from forecast.their_weeks import WEEK_DAYS, Unit, date_of
from forecast.vintage import Archive, Series

PUBLISHED, HINDCAST = "published", "hindcast"
OURS, THEIRS, LEVEL, TOO_FEW = "ours", "theirs", "level", "too few weeks"
SHORTEST = 14  # days of history without which nothing is published either (`store/looking_ahead.py`)
LEAST_DAYS = LEAST_BLOCKS * WEEK_DAYS  # fewer days make no interval
WHATS = ("volume", "aht", "workload")
Losses: TypeAlias = dict[tuple[str, str], list[Floats]]  # (what, level) -> rows [n, day + FIGURES]
FIGURES = (
    "ours",
    "theirs",
    "came",
    "ours_over",
    "theirs_over",
)  # absolute errors, what came, forecast less what came


@dataclass(frozen=True)
class Said:
    """Our forecast of buckets ds[n], ascending: median and mean of the contacts, seconds per contact (NaN unknown)."""

    source: str
    ds: Ns
    median: Floats
    mean: Floats
    aht: Floats


@dataclass(frozen=True)
class Week:
    """One week at one moment. why: '' where it was compared; source: published, or hindcast with today's production choice."""

    week: str
    made_at: str
    source: str
    why: str
    ours: float | None = None
    theirs: float | None = None


@dataclass(frozen=True)
class Measure:
    """what: volume, aht, workload; level: interval, day or week. ours, theirs: WAPE, of the same buckets.

    difference: theirs less ours, above 0 is nearer by us; low, high: its 90 % interval, None where there is too little
    """

    what: str
    level: str
    n: int
    ours: float
    theirs: float
    difference: float
    low: float | None
    high: float | None
    ours_bias: float
    theirs_bias: float
    winner: str


@dataclass(frozen=True)
class Compared:
    """One queue. winner: of the volume at the interval their file has; measures: all there are; weeks: all of theirs."""

    queue: str
    interval: str
    winner: str
    measures: tuple[Measure, ...] = ()
    weeks: tuple[Week, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass
class Tally:
    """Losses of one queue, gathered week by week. reach: days from when a forecast was made to its last day."""

    reach: int = WEEK_DAYS
    losses: Losses = field(default_factory=dict)

    def add(
        self, what: str, level: str, day: Ns, ours: Floats, theirs: Floats, came: Floats, mean: Floats
    ) -> None:
        """Rows [n]; those of which anything is unknown are left out. mean: what our bias is of."""
        known = np.flatnonzero(~np.isnan(ours + theirs + came + mean))
        rows = np.column_stack(
            [day, np.abs(ours - came), np.abs(theirs - came), came, mean - came, theirs - came]
        )
        self.losses.setdefault((what, level), []).append(rows[known])


def hindcast(
    archive: Archive, model: Model, name: str, *, made_at: int, last_day: int, draws: int, seed: int
) -> Said | str:
    """What the production choice says of a queue from what was known at a moment, to the end of a local day; or why not."""
    tz, history = archive.series[name].tz, archive.at(made_at).history(name)
    try:
        require_days(history, SHORTEST, "a forecast")
    except NotEnoughHistory as error:
        return str(error)
    horizon = last_day - local_day(made_at, tz) + 1
    (run,) = replay(archive, [model], cutoffs={name: [made_at]}, horizon_days=horizon, draws=draws, seed=seed)
    if run.paths is None:
        return run.problem
    work = workload(history, run.paths, seed=seed)
    count = len(run.paths.grid)
    aht = np.full(count, np.nan) if work is None else work.expected
    return Said(HINDCAST, run.paths.grid.ds, run.paths.median()[0], run.paths.mean()[0], aht)


def score(tally: Tally, series: Series, unit: Unit, said: Said) -> Week:
    """Put the losses of a unit into the tally. Intervals are those of the coarser of the two forecasts."""
    tz, days = series.tz, unit.days(series.tz)
    fine = Grid.days(int(days[0]), int(days[-1]), series.interval, tz)
    fine = fine.take(np.isin(fine.day, days) & (fine.ds >= unit.made_at))
    level = max(unit.interval, series.interval, key=lambda one: one.seconds)
    buckets, place = np.unique(floor(fine.ds, level, tz), return_inverse=True)
    own = np.searchsorted(said.ds, fine.ds)
    own_at, there = np.minimum(own, max(len(said.ds) - 1, 0)), np.isin(fine.ds, said.ds)
    mean, median = (np.where(there, values[own_at], 0.0) for values in (said.mean, said.median))
    cost = np.where(mean > 0, mean * np.where(there, said.aht[own_at], np.nan), 0.0)
    came = np.nan_to_num(series.offered.on(fine.ds))
    ours, our_cost, actual = (_sums(values, place, len(buckets)) for values in (mean, cost, came))
    middle = ours if level is not series.interval else median
    theirs, their_cost = _theirs(unit, buckets, level, tz)
    seconds, timed = _spent(series, fine.ds, place, len(buckets))
    tally.reach = max(tally.reach, int(days[-1]) - local_day(unit.made_at, tz) + 1)
    day = local_ns(buckets, tz) // DAY
    name = _name(level)
    tally.add("volume", name, day, middle, theirs, actual, ours)
    _costs(tally, name, day, (middle, ours, our_cost), (theirs, their_cost), (actual, seconds, timed))
    for longer in (Interval.DAY, Interval.WEEK):
        if longer.seconds > level.seconds:
            parts = (ours, our_cost), (theirs, their_cost), (actual, seconds, timed)
            _longer(tally, longer, day, parts)
    whole = float(actual.sum())
    return Week(
        date_of(unit.week),
        from_ns(unit.made_at).isoformat(),
        said.source,
        "",
        float(np.abs(middle - actual).sum() / whole) if whole > 0 else None,
        float(np.abs(theirs - actual).sum() / whole) if whole > 0 else None,
    )


def left_out(unit: Unit, why: str) -> Week:
    """A week that could not be compared."""
    return Week(date_of(unit.week), from_ns(unit.made_at).isoformat(), "", why)


def finish(
    queue: str, tally: Tally, weeks: Sequence[Week], interval: str, notes: Iterable[str] = (), *, seed: int
) -> Compared:
    """Who was nearer, by all that was gathered."""
    order = {"interval": 0, "day": 1, "week": 2}
    measures = sorted(
        (
            found
            for key, parts in tally.losses.items()
            if (found := _measure(key, parts, tally.reach, seed)) is not None
        ),
        key=lambda one: (WHATS.index(one.what), order[one.level]),
    )
    first = next((one for one in measures if one.what == "volume"), None)
    winner = TOO_FEW if first is None else first.winner
    return Compared(queue, interval, winner, tuple(measures), tuple(weeks), tuple(notes))


def _measure(key: tuple[str, str], parts: Sequence[Floats], reach: int, seed: int) -> Measure | None:
    table = np.concatenate(parts)
    weekly = key[1] == "week"
    days, place = np.unique(table[:, 0], return_inverse=True)
    sums = np.column_stack([_sums(table[:, at], place, len(days)) for at in range(1, 1 + len(FIGURES))])
    ours, theirs, came, ours_over, theirs_over = sums.T
    total = float(came.sum())
    if total <= 0:
        return None
    step = WEEK_DAYS if weekly else 1
    block = min(-(-reach // step), len(days) // LEAST_BLOCKS)
    enough = len(days) * step >= LEAST_DAYS and block > 0 and len(days) >= LEAST_BLOCKS
    found = ratio(theirs - ours, came, resampled(len(days), block, seed=seed) if enough else None)
    losses, misses = (
        [float(one.sum()) / total for one in pair] for pair in ((ours, theirs), (ours_over, theirs_over))
    )
    return Measure(
        what=key[0],
        level=key[1],
        n=len(table),
        ours=losses[0],
        theirs=losses[1],
        difference=found.value or 0.0,
        low=found.low,
        high=found.high,
        ours_bias=misses[0],
        theirs_bias=misses[1],
        winner=_winner(found.low, found.high),
    )


def _winner(low: float | None, high: float | None) -> str:
    if low is None or high is None:
        return TOO_FEW
    return OURS if low > 0 else THEIRS if high < 0 else LEVEL


def _theirs(unit: Unit, buckets: Ns, level: Interval, tz: str) -> tuple[Floats, Floats]:
    """Their contacts and seconds of work on the buckets [n]; an absent row of a day they forecast is zero."""
    starts = floor(unit.rows.ds, level, tz)
    inside = np.isin(starts, buckets)
    place = np.searchsorted(buckets, starts[inside])
    offered, aht = unit.rows.offered[inside], unit.rows.aht[inside]
    work = np.where(offered > 0, offered * aht, 0.0 if not np.isnan(aht).all() else np.nan)
    return _sums(offered, place, len(buckets)), _sums(work, place, len(buckets))


def _spent(series: Series, ds: Ns, place: Ns, count: int) -> tuple[Floats, Floats]:
    """Seconds spent, and contacts they were spent on, on the buckets [n]; NaN without handling times."""
    if series.handling is None:
        return np.full(count, np.nan), np.full(count, np.nan)
    found = series.handling.on(ds)
    return _sums(found.seconds, place, count), _sums(found.contacts, place, count)


def _costs(
    tally: Tally,
    level: str,
    day: Ns,
    ours: tuple[Floats, Floats, Floats],
    theirs: tuple[Floats, Floats],
    came: tuple[Floats, Floats, Floats],
) -> None:
    """Handling time, weighted by the contacts it held for, and workload: contacts offered times handling time."""
    middle, mean, our_cost = ours
    actual, seconds, timed = came
    took, own, other = (_over(*pair) for pair in ((seconds, timed), (our_cost, mean), (theirs[1], theirs[0])))
    tally.add("aht", level, day, timed * own, timed * other, timed * took, timed * own)
    work = np.where(actual > 0, actual * took, np.where(np.isnan(seconds), np.nan, 0.0))
    our_work = np.where(mean > 0, middle * own, 0.0)
    tally.add("workload", level, day, our_work, theirs[1], work, our_cost)


def _longer(tally: Tally, longer: Interval, day: Ns, parts: tuple[tuple[Floats, ...], ...]) -> None:
    """The same over whole days or weeks of the unit."""
    start = day if longer is Interval.DAY else day - (day + 3) % 7
    keys, place = np.unique(start, return_inverse=True)
    summed = [tuple(_sums(values, place, len(keys)) for values in part) for part in parts]
    (ours, our_cost), theirs, came = summed
    name = _name(longer)
    tally.add("volume", name, keys, ours, theirs[0], came[0], ours)
    _costs(tally, name, keys, (ours, ours, our_cost), (theirs[0], theirs[1]), (came[0], came[1], came[2]))


def _over(total: Floats, number: Floats) -> Floats:
    return np.where(number > 0, total / np.where(number > 0, number, 1.0), np.nan)


def _sums(values: Floats, place: Ns, count: int) -> Floats:
    return np.bincount(place, weights=values, minlength=count).astype(np.float64)


def _name(level: Interval) -> str:
    return {Interval.DAY: "day", Interval.WEEK: "week"}.get(level, "interval")
