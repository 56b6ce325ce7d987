"""A day like that one: what an outage of the past brought over what was expected without it, on another day.

    the day as it came ┐
    the methods as of  ├─► stretch in which it stood out ─► ratio per slot ─► moved to the new day ─► times its intensity
    that midnight      ┘

The stretch is the run of slots with the largest sum of contacts beyond the expectation (the maximum-sum segment: Bentley
1984, Comm. ACM 27:865-871); outside it the ratio is 1, since what strays there is noise. How much one day's excess says
about another is unsure by that day's own noise, and each path has its own size.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from forecast.arrays import Flags, Floats
from forecast.buckets import midnight
from forecast.errors import NotEnoughHistory
from forecast.models.echo import Echo
from forecast.models.expected import foreseen
from forecast.models.hindcasts import WARM_UP_DAYS, fitted
from forecast.scenario_events import Outage
from forecast.scenario_model import Look
from forecast.scenario_paths import Future
from forecast.vintage import by_day

SURE_DAY = 1.64  # standard deviations a whole day must stand out by, or
SURE_STRETCH = 4.0  # its largest stretch: the largest of many
ALLOWED = 0.5  # standard deviations of a slot that do not count for the stretch
LARGEST = 1.0  # of the doubt about the excess, relative to it


@dataclass(frozen=True)
class Ratio:
    """What came over what was expected, float[slots], 1 outside the stretch; first: its first slot.

    excess: contacts beyond the expected ones; doubt: standard deviation of that, relative to it
    opens: first open slot of that day
    """

    ratio: Floats
    first: int
    opens: int
    excess: float
    expected: float
    doubt: float


class Silent(NamedTuple):
    """Why a day teaches no outage."""

    why: str


def outage(one: Look, like: int) -> Ratio | Silent:
    """What the past day `like` brought beyond what the queue's methods would have said at its start."""
    history, date = one.history, np.datetime64(like, "D")
    if like >= history.today:
        return Silent(f"{date} is not over, so there is nothing to copy from it")
    if like < history.first_day + WARM_UP_DAYS:
        return Silent(f"{date} lies before the history, or too near its beginning to know what was usual")
    grid = history.grid.take(history.grid.day == like)
    known = history.open[history.grid.day == like] & ~np.isnan(history.y[history.grid.day == like])
    if not known.any():
        return Silent(f"nothing is known of {date}")
    y = np.where(known, history.y[history.grid.day == like], np.nan)
    came, rate = by_day(grid, y, first=like)[0], _expected(one, like)
    if rate is None:
        return Silent(f"no method can say what was to be expected on {date}")
    open_ = ~np.isnan(came) & (rate > 0)
    return _judged(np.where(open_, came, 0.0), np.where(open_, rate, 0.0), open_, one, date)


def _expected(one: Look, like: int) -> Floats | None:
    """Contacts expected of each slot of the day as of its midnight, float[slots]; None where no method can say."""
    past = one.snapshot.at(midnight(like, one.history.series.tz))
    learnt = one.learnt
    try:
        fits = tuple(fitted(member, past, one.name) for member in learnt.members)
    except NotEnoughHistory:
        return None
    then = past.history(one.name)
    grid = one.leads.grid
    whole = type(grid).days(like, like, grid.interval, grid.tz)
    table, closed = foreseen(replace(learnt, fits=fits, echo=Echo.none()), [then], whole)
    return np.asarray(table[0] * (1 - closed[0]))


def _judged(came: Floats, rate: Floats, open_: Flags, one: Look, date: np.datetime64) -> Ratio | Silent:
    size = float(one.learnt.noise.day.size(np.array([0]))[0])
    excess = came - rate
    spread = np.sqrt(rate + 1)
    first, stop = stretch(np.where(open_, excess - ALLOWED * spread, 0.0))
    inside = np.zeros(len(came), dtype=bool)
    inside[first:stop] = True
    inside &= open_
    day, part = float(excess.sum()), float(excess[inside].sum())
    noise = [_spread(rate[rows].sum(), size) for rows in (open_, inside)]
    if day < SURE_DAY * noise[0] and part < SURE_STRETCH * noise[1]:
        return Silent(
            f"{date} was not above its expectation beyond noise: {came.sum():,.0f} came, "
            f"{rate.sum():,.0f} were to be expected, give or take {1.64 * noise[0]:,.0f}"
        )
    shaped = _smooth(excess, inside)
    shaped *= part / shaped.sum() if shaped.sum() > 0 else 0.0
    ratio = 1 + np.divide(shaped, rate, out=np.zeros_like(rate), where=inside)
    doubt = min(noise[1] / max(part, 1e-9), LARGEST)
    return Ratio(ratio, first, int(np.argmax(open_)), part, float(rate.sum()), doubt)


def _spread(expected: float, size: float) -> float:
    """Standard deviation of a count by chance and by the day's own noise."""
    return float(np.sqrt(max(expected, 1.0) + (size * expected) ** 2))


def stretch(beyond: Floats) -> tuple[int, int]:
    """Values [n] -> first and end of the run with the largest sum."""
    total = np.concatenate([[0.0], np.cumsum(beyond)])
    lowest = np.minimum.accumulate(total)
    stop = int(np.argmax(total - lowest))
    return int(np.argmax(total[: stop + 1] == lowest[stop])), max(stop, 1)


def _smooth(excess: Floats, inside: Flags) -> Floats:
    """Excess [slots] -> smoothed within the stretch by 1-2-1: a slot's own chance is no part of an outage's shape."""
    held = np.where(inside, excess, 0.0)
    padded, weight = np.pad(held, 1), np.pad(inside.astype(np.float64), 1)
    mixed = padded[:-2] + 2 * padded[1:-1] + padded[2:]
    size = weight[:-2] + 2 * weight[1:-1] + weight[2:]
    return np.where(inside, np.maximum(mixed / np.maximum(size, 1.0), 0.0), 0.0)


def with_outage(one: Look, world: Future, event: Outage, found: Ratio, rng: np.random.Generator) -> Floats:
    """float[n, draw]: the intensity with the outage on its day, by local clock and counted from the opening."""
    grid = world.grid
    rows = grid.day == event.day
    after = world.intensity.copy()
    if not rows.any():
        return after
    slots, step = grid.slots, max(1440 // grid.slots, 1)
    if event.minute is not None and slots > 1:
        shift = event.minute // step - found.first
    else:
        live = by_day(grid.take(rows), world.intensity[rows].mean(axis=1), first=event.day)[0]
        open_ = np.nan_to_num(live) > 0
        shift = int(np.argmax(open_)) - found.opens if open_.any() else 0
    at = grid.slot[rows] - shift
    held = (at >= 0) & (at < slots)
    beyond = np.where(held, found.ratio[np.clip(at, 0, slots - 1)] - 1, 0.0)
    spread = np.sqrt(np.log1p(found.doubt**2))
    size = np.exp(spread * rng.standard_normal(one.draws) - spread**2 / 2)
    after[rows] *= np.maximum(1 + event.scale * beyond[:, None] * size, 0.0)
    return after
