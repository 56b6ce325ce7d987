"""From what the store holds to what a planner reads: buckets of a window, today's total, the next hour, a peak.

All sums of the forecast come from the stored sums (the quantile of a sum is not the sum of quantiles). Where none is
stored, expected is the sum of the intervals' means and there is no band.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from api.dashboard.queries import Held
from forecast.arrays import Flags, Floats, Ns
from forecast.band_sums import shared, together
from forecast.buckets import SECOND, Grid, Interval, column_ns, end, floor, index, local_day, to_ns

USUAL_WEEKS = 8
PEAK_HOURS = 4
QUANTILES = {"low": "0.1", "expected": "0.5", "busy": "0.8", "safe": "0.9", "mean": "mean"}
GRANULARITY = {Interval.HOUR: "hour", Interval.DAY: "day", Interval.WEEK: "week", Interval.MONTH: "month"}


@dataclass(frozen=True)
class Slots:
    """The finest buckets of a stretch: offered and last_week float[n] (NaN = unknown or closed), open bool[n]."""

    grid: Grid
    open: Flags
    offered: Floats
    last_week: Floats
    forecast: pd.DataFrame


def slots(held: Held, start: int, stop: int) -> Slots:
    """The queue's own intervals from `start` to `stop` (ns), with what came, what came a week before and the forecast."""
    series, window = held.series, held.window
    history = held.archive.at(window.moment).history(held.queue.name)
    grid = Grid.days(local_day(start, series.tz), local_day(stop - 1, series.tz), series.interval, series.tz)
    if len(history.grid) and series.interval.slots > 1:  # a grid off the hour stays off the hour
        step = series.interval.seconds * SECOND
        grid = Grid.of(grid.ds + (history.grid.ds[0] - grid.ds[0]) % step, series.interval, series.tz)
    grid = grid.take((grid.ds >= start) & (grid.ds < stop))
    open_ = history.opening(grid)
    past = np.searchsorted(history.grid.ds, grid.ds)
    inside = (past < len(history.grid)) & (len(history.grid) > 0)
    same = np.zeros(len(grid), dtype=bool)
    same[inside] = history.grid.ds[past[inside]] == grid.ds[inside]
    open_[same] = history.open[past[same]]
    known = np.where(history.open | (history.y > 0), history.y, np.nan)
    offered = _scatter(history.grid.ds, known, grid.ds)
    forecast = held.forecast["interval"].set_index(column_ns(held.forecast["interval"]["ds"]))
    return Slots(grid, open_, offered, before(history.grid, known, grid), forecast.reindex(grid.ds))


def _scatter(ds: Ns, values: Floats, onto: Ns) -> Floats:
    found = np.full(len(onto), np.nan)
    if len(ds):
        place = np.minimum(np.searchsorted(ds, onto), len(ds) - 1)
        hit = ds[place] == onto
        found[hit] = values[place[hit]]
    return found


def before(past: Grid, values: Floats, grid: Grid, days: int = 7) -> Floats:
    """The same wall-clock slot so many local days earlier, float[n]; NaN where nothing is known of it."""
    if len(past) == 0:
        return np.full(len(grid), np.nan)
    key = past.day * past.slots + past.slot
    wanted = (grid.day - days) * grid.slots + grid.slot
    unique, first = np.unique(key, return_index=True)
    return _scatter(unique, values[first], wanted)


def buckets(held: Held, start: int, stop: int, step: Interval) -> pd.DataFrame:
    """-> [ds, end, open, over, offered, low, expected, busy, safe, middle, mean, last_week, difference, summed, places]

    over: has it ended? offered: what came so far in the bucket under way; summed: has it no stored band? places: decimals
    middle, mean: expected, and expected on average, not rounded; a row per bucket
    """
    fine = slots(held, start, stop)
    ds, place = np.unique(floor(fine.grid.ds, step, held.queue.tz), return_inverse=True)
    ends = end(ds, step, held.queue.tz)
    open_ = _any(fine.open, place, len(ds))
    over = ends <= held.window.moment
    if step is held.queue.interval:
        said, summed = _quantiles(fine.forecast), np.zeros(len(ds), dtype=bool)
    else:
        said, summed = _sums(held, fine, ds, place, step, over)
    places = digits(said["safe"], said["expected"])
    columns: dict[str, Any] = {"ds": index(ds), "end": index(ends), "open": open_, "over": over}
    columns["offered"] = total(fine.offered, np.isfinite(fine.offered), place, len(ds))
    mean = said.pop("mean")
    columns["middle"] = np.where(open_, said["expected"], np.nan)
    columns |= {name: np.where(open_, values, np.nan).round(places) for name, values in said.items()}
    columns["mean"] = np.where(open_, mean, np.nan)
    last_week = total(fine.last_week, fine.open, place, len(ds), whole=True)
    columns["last_week"] = np.where(open_, last_week, np.nan)
    columns["difference"] = (columns["expected"] - columns["last_week"]).round(places)
    return pd.DataFrame(columns | {"summed": summed, "places": places})


def _quantiles(stored: pd.DataFrame) -> dict[str, Floats]:
    return {name: stored[column].to_numpy(dtype=np.float64) for name, column in QUANTILES.items()}


def _sums(
    held: Held, fine: Slots, ds: Ns, place: Ns, step: Interval, over: Flags
) -> tuple[dict[str, Floats], Flags]:
    """Quantiles of sums by name, float[n], and where they are but a sum of means, bool[n]."""
    stored = held.forecast[GRANULARITY[step]]
    # a bucket that is over was "forecast" with what had come: its intervals say more
    said = {
        name: np.where(over, np.nan, values)
        for name, values in _quantiles(stored.set_index(column_ns(stored["ds"])).reindex(ds)).items()
    }
    mean = total(fine.forecast["mean"].to_numpy(), fine.open, place, len(ds), whole=True)
    bare = np.isnan(said["expected"]) & ~np.isnan(mean)
    said["expected"] = np.where(bare, mean, said["expected"])
    said["mean"] = np.where(np.isnan(said["mean"]), mean, said["mean"])
    return said, bare & ~over


def _any(flags: Flags, place: Ns, count: int) -> Flags:
    return np.bincount(place, weights=flags, minlength=count) > 0


def total(
    values: Floats,
    wanted: Flags,
    place: Ns,
    count: int,
    *,
    whole: bool = False,
) -> Floats:
    """Sums per bucket of the wanted rows, NaN where there is none; with `whole` also where a wanted one is unknown."""
    known = wanted & np.isfinite(values)
    total = np.bincount(place, weights=np.where(known, values, 0.0), minlength=count)
    has = np.bincount(place, weights=known, minlength=count)
    asked = np.bincount(place, weights=wanted, minlength=count)
    return np.where((has == 0) | (whole & (has < asked)), np.nan, total)


def digits(safe: Floats, expected: Floats) -> int:
    """Decimals that mean something: one where no bucket reaches ten contacts, else none.

    Table, chart and file get the rounded numbers, so that they say the same.
    """
    largest = float(np.nanmax(np.fmax(safe, expected), initial=0.0))
    return 1 if largest < 10 else 0


def places(frame: pd.DataFrame) -> int:
    """The decimals of a frame's forecasts."""
    return int(frame["places"].iloc[0]) if len(frame) else 0


@dataclass(frozen=True)
class Today:
    """Today's total as expected, with its band, and what came so far against what was expected by then (NaN: unknown)."""

    open: bool
    low: float
    expected: float
    safe: float
    came: float
    expected_so_far: float


def today(held: Held) -> Today | None:
    """None where today is not in the forecast."""
    window = held.window
    stop = int(end(np.array([window.today]), Interval.DAY, held.queue.tz)[0])
    row = buckets(held, window.today, stop, Interval.DAY).iloc[0]
    if row["open"] and np.isnan(row["expected"]):
        return None
    fine = slots(held, window.today, stop)
    seen = np.isfinite(fine.offered)
    mean = fine.forecast["mean"].to_numpy()[seen & fine.open]
    so_far = float(mean.sum()) if len(mean) and not np.isnan(mean).any() else np.nan
    return Today(bool(row["open"]), row["low"], row["expected"], row["safe"], row["offered"], so_far)


def upcoming(held: Held, step: Interval) -> pd.DataFrame:
    """buckets[...] of the open buckets that have not begun, four days on."""
    stop = to_ns(held.window.soon)
    frame = buckets(held, held.window.today, stop, step)
    ahead = frame["open"] & frame["expected"].notna() & (column_ns(frame["ds"]) >= held.window.moment)
    return frame[ahead].reset_index(drop=True)


@dataclass(frozen=True)
class Peak:
    """The next four open hours: expected, usual (eight-week mean), and whether the excess is beyond the band."""

    start: pd.Timestamp
    end: pd.Timestamp
    expected: float
    usual: float
    warn: bool


def peak(held: Held, hours: pd.DataFrame) -> Peak | None:
    """hours: what is `upcoming`. None where nothing is expected, or no week is known to compare with.

    It warns where all of the band of the four hours together lies above what is usual.
    """
    hours = hours.head(PEAK_HOURS)
    if len(hours) < PEAK_HOURS:
        return None
    usual = sum(_usual(held, moment) for moment in column_ns(hours["ds"]))
    if np.isnan(usual):
        return None
    expected = float(hours["expected"].sum())
    below = float((hours["expected"] - hours["low"].fillna(0.0)).sum())
    lowest = expected - below * together(common(held), PEAK_HOURS)
    return Peak(hours["ds"].iloc[0], hours["end"].iloc[-1], expected, usual, lowest > usual)


def common(held: Held) -> float:
    """The share of variance today's remaining hours have in common, by the stored band of the day; 1 where unknown."""
    window = held.window
    stop = int(end(np.array([window.today]), Interval.DAY, held.queue.tz)[0])
    day = buckets(held, window.today, stop, Interval.DAY).iloc[0]
    hours = buckets(held, window.today, stop, Interval.HOUR)
    left = hours[~hours["over"] & hours["low"].notna()]
    widths = float((left["expected"] - left["low"]).sum())
    return shared(float(day["expected"] - day["low"]), widths, len(left))


def _usual(held: Held, hour: int) -> float:
    """Mean of the same wall-clock hour over the last eight weeks known; closed days and unknown ones left out."""
    history = held.archive.at(held.window.moment).history(held.queue.name)
    grid = history.grid
    place = Grid.of(np.array([hour]), Interval.HOUR, held.queue.tz)
    per_hour = grid.slots // 24
    mine = (grid.slot // per_hour == place.slot[0]) & (grid.weekday == place.weekday[0]) & history.usable
    mine &= (grid.day < place.day[0]) & (grid.day >= place.day[0] - 7 * USUAL_WEEKS)
    days = len(np.unique(grid.day[mine]))
    return float(history.y[mine].sum() / days) if days else np.nan


def shown(held: Held, frame: pd.DataFrame) -> pd.DataFrame:
    """The rows of the table and the file: open buckets that end after today's midnight."""
    kept = frame["open"] & (column_ns(frame["end"]) > held.window.today)
    return frame[kept].reset_index(drop=True)


def span(frame: pd.DataFrame) -> tuple[pd.Timestamp, pd.Timestamp]:
    """From the first to the last open bucket; of all where none is open."""
    mine = frame[frame["open"]] if frame["open"].any() else frame
    return mine["ds"].iloc[0], mine["end"].iloc[-1]
