"""The indicator under the contacts: what was measured per bucket, and its usual level."""

from __future__ import annotations

import numpy as np
import pandas as pd

from api.dashboard.outlook import USUAL_WEEKS, total
from api.dashboard.queries import Held, Social
from forecast.arrays import Floats
from forecast.buckets import Grid, column_ns, end, floor, index, local_day


def social(held: Held) -> pd.DataFrame | None:
    """-> [ds, end, total, negative, usual] per bucket of the chart; NaN beyond what is known. None without an indicator."""
    found, window, tz = held.social, held.window, held.queue.tz
    if found is None:
        return None
    own = held.queue.interval
    first = local_day(window.today, tz) - 7 * USUAL_WEEKS
    grid = Grid.days(min(first, local_day(window.start, tz)), local_day(window.end - 1, tz), own, tz)
    every = _measured(found, found.names[0], grid)
    negative = _measured(found, "negative", grid) if "negative" in found.names else np.full(len(grid), np.nan)
    shown = (grid.ds >= window.start) & (grid.ds < window.end)
    usual = _usual_level(grid, every, local_day(window.moment, tz))
    starts = floor(grid.ds[shown], window.drawn, tz)
    ds, place = np.unique(starts, return_inverse=True)
    frame = pd.DataFrame({"ds": index(ds), "end": index(end(ds, window.drawn, tz))})
    for name, values in (("total", every), ("negative", negative), ("usual", usual)):
        mine = values[shown]
        sums = total(mine, np.isfinite(mine), place, len(ds))
        count = np.bincount(place, weights=np.isfinite(mine), minlength=len(ds))
        frame[name] = sums if found.kind == "count" else sums / np.maximum(count, 1)
    return frame


def _measured(found: Social, name: str, grid: Grid) -> Floats:
    """One indicator on the queue's grid, float[n]: a count is summed and absent means 0, up to what is known."""
    values = found.values[name]
    starts = floor(column_ns(values["ds"]), grid.interval, grid.tz)
    place = np.searchsorted(grid.ds, starts)
    inside = place < len(grid)
    inside[inside] = grid.ds[place[inside]] == starts[inside]
    held = np.zeros(len(grid))
    np.add.at(held, place[inside], values["value"].to_numpy()[inside])
    if found.kind != "count":
        count = np.bincount(place[inside], minlength=len(grid))
        return np.where(count > 0, held / np.maximum(count, 1), np.nan)
    latest = column_ns(pd.DatetimeIndex([found.as_of]))[0] if found.as_of is not None else 0
    known = end(grid.ds, grid.interval, grid.tz) <= latest
    if len(starts):
        known &= grid.ds >= starts.min()
    return np.where(known, held, np.nan)


def _usual_level(grid: Grid, values: Floats, today: int) -> Floats:
    """Mean per weekday and slot over the eight weeks before today, smoothed over the neighbouring hours, float[n].

    One storm is no habit: a value counts for at most three times its slot's mean, and three.
    """
    past = np.isfinite(values) & (grid.day < today) & (grid.day >= today - 7 * USUAL_WEEKS)
    key = grid.weekday * grid.slots + grid.slot
    size = 7 * grid.slots
    count = np.bincount(key[past], minlength=size)
    mean = np.bincount(key[past], weights=values[past], minlength=size) / np.maximum(count, 1)
    capped = np.minimum(values[past], 3 * mean[key[past]] + 3)
    level = np.bincount(key[past], weights=capped, minlength=size) / np.where(count == 0, np.nan, count)
    reach = max(0, round(1.5 * grid.slots / 24))
    padded = np.concatenate([level[size - reach :], level, level[:reach]]) if reach else level
    smooth = np.convolve(padded, np.ones(2 * reach + 1) / (2 * reach + 1), mode="valid")
    return np.asarray(smooth[key])
