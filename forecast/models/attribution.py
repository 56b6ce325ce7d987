"""What the mean of a dressed forecast is made of: its parts are switched on one after another, and each gets the change.

    usual bucket ─► weekday and time ─► the rates, no special days or drivers ─► special days ─► drivers ─► today ─► signals

Sequential attribution: the steps always add up, and an effect that two of them share goes to the earlier one. A
symmetric share (Shapley 1953) would need every order; planners read parts in this one anyway. Nothing is drawn here and
nothing that is drawn depends on it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from forecast.arrays import Flags, Floats, Ns
from forecast.buckets import Grid
from forecast.models.day_totals import RECENT_DAYS, DayTotals
from forecast.models.driver_effects import DriverEffects, driver_effects
from forecast.models.expected import Expected, Learnt, foreseen
from forecast.models.naive import last_weeks
from forecast.models.special_days import SpecialDays, special_days
from forecast.parts import PARTS
from forecast.vintage import History

TRIMMED_FROM = 4  # known weeks, from which on the highest and the lowest do not count


@dataclass(frozen=True)
class NoneAhead(SpecialDays):
    """Special days as they were, and none from local day `since` on: what the past taught stays, the future is plain."""

    since: int = 0

    def factor(self, days: Ns) -> Floats:
        return np.where(days < self.since, super().factor(days), 1.0)

    def closed(self, days: Ns) -> Floats:
        return np.where(days < self.since, super().closed(days), 0.0)

    def ordinary(self, days: Ns) -> Flags:
        return (days >= self.since) | super().ordinary(days)


class NothingPlanned(DriverEffects):
    """Drivers whose past is known and that do nothing ahead."""

    def on(self, days: Ns, base: Floats) -> Floats:
        return base


def attribute(
    learnt: Learnt, nights: Sequence[History], grid: Grid, expected: Expected, quiet: Floats, extra: Floats
) -> Floats:
    """float[n, len(PARTS)]: contacts expected by each part; `came`, `adjustment` and `spread` are left 0.

    quiet, extra: float[n] contacts beyond the rate, by the latest contacts alone and with the signals
    """
    history = nights[0]
    parts: dict[str, Floats] = {}
    if len(grid) == 0:
        return np.zeros((0, len(PARTS)))
    opening = history.opening(grid)
    level, week = usual_week(history)
    named = before = expected.before * opening
    if with_drivers(learnt, history):
        learnt = replace(learnt, fits=tuple(switched(fit, "drivers") for fit in learnt.fits))
        named = _rate(learnt, nights, grid) * opening
    plain = named
    if with_special_days(learnt, grid, history.today):
        since = history.today
        fits = tuple(switched(fit, "special", since) for fit in learnt.fits)
        learnt = replace(learnt, fits=fits, special=_none_ahead(learnt.special, since))
        plain = _rate(learnt, nights, grid) * opening
    opens = (1 - expected.closed[expected.place]) * opening
    swell = opens * np.exp(0.375 * learnt.unsure**2)  # the mean size that `draw` gives an effect
    parts["level"] = np.where(opening, level, 0.0)
    parts["weekday_and_time"] = np.where(opening, week[grid.weekday, grid.slot] - level, 0.0)
    parts["season"] = plain - parts["level"] - parts["weekday_and_time"]
    parts["special_day"] = named - plain
    parts["drivers"] = before - named
    parts["intraday"] = expected.rate * opens - before + quiet * swell
    parts["social"] = (extra - quiet) * swell
    nothing = np.zeros(len(grid))
    return np.column_stack([parts.get(name, nothing) for name in PARTS])


def usual_week(history: History) -> tuple[float, Floats]:
    """What an open bucket usually has, and float[7, slots] by weekday and slot (the former where nothing is known).

    From the eight weeks before the cutoff's day, as known at the cutoff: without special days and what drivers brought,
    the highest and the lowest of the weeks left out, so that one storm is no habit.
    """
    days = history.grid.day
    held, place = np.unique(days, return_inverse=True)
    ordinary = special_days(history).ordinary(held)[place] if len(held) else np.zeros(0, dtype=bool)
    usable = history.usable & ordinary & (days < history.today)
    values = np.where(usable, history.y * _without_drivers(history), np.nan)
    weeks = last_weeks(history, values)
    ordered = np.sort(weeks, axis=0)  # NaN goes last
    count = (~np.isnan(ordered)).sum(axis=0)
    trimmed = count >= TRIMMED_FROM
    rank = np.arange(len(ordered))[:, None, None]
    counts = (rank >= trimmed) & (rank < count - trimmed)
    mean = np.where(counts, ordered, 0.0).sum(axis=0) / np.maximum(counts.sum(axis=0), 1)
    level = float(mean[count > 0].mean()) if (count > 0).any() else 0.0
    return level, np.where(count > 0, mean, level)


def _without_drivers(history: History) -> Floats:
    """float[n]: the share of each bucket's contacts that drivers did not bring."""
    effects, share = driver_effects(history), np.ones(len(history.grid))
    totals = DayTotals.of(history, latest=RECENT_DAYS)
    if effects.idle or len(totals.days) == 0:
        return share
    left = effects.cleaned(totals).total / np.maximum(totals.total, 1e-9)
    at = history.grid.day - totals.days[0]
    inside = (at >= 0) & (at < len(left))
    share[inside] = np.nan_to_num(left, nan=1.0)[at[inside]]
    return share


def with_drivers(learnt: Learnt, history: History) -> bool:
    """Does any method know of a driver that does something?"""
    held = [getattr(fit, "drivers", None) for fit in learnt.fits]
    return any(isinstance(one, DriverEffects) and not one.seen(history).idle for one in held)


def with_special_days(learnt: Learnt, grid: Grid, today: int) -> bool:
    """Is there a day ahead, or next to the last one, that is not as its weekday?"""
    days = np.arange(today, int(grid.day[-1]) + 2, dtype=np.int64)
    held = [learnt.special, *(getattr(fit, "special", None) for fit in learnt.fits)]
    some = [one for one in held if isinstance(one, SpecialDays)]
    return any(bool((one.factor(days) != 1).any() or (one.closed(days) > 0).any()) for one in some)


def _rate(learnt: Learnt, nights: Sequence[History], grid: Grid) -> Floats:
    """float[n]: the rate before today's news, closed days in proportion to how likely they are."""
    table, closed = foreseen(learnt, nights, grid)
    return np.asarray((table * (1 - closed)[:, None])[grid.day - nights[0].today, grid.slot])


def switched(fit: Any, what: str, since: int = 0) -> Any:
    """The fit with its drivers, or its special days ahead, switched off; one that has none as it is."""
    held = getattr(fit, what, None)
    if isinstance(held, DriverEffects):
        known = {one.name: getattr(held, one.name) for one in fields(held)}
        return replace(fit, drivers=NothingPlanned(**known))
    if isinstance(held, SpecialDays):
        return replace(fit, special=_none_ahead(held, since))
    return fit


def _none_ahead(special: SpecialDays, since: int) -> NoneAhead:
    return NoneAhead(special.calendar, special.works, special.effects, special.held, since)
