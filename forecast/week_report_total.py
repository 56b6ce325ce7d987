"""The sum of lines of the week report.

Each measure is summed over the queues in which what came and the plan are both known, all sides of it over the same queues:
so what came less the plan is the gap. Where no queue has both, over those of which it is known what came. A side that is
not known of all of these queues has no sum: it would stand beside more queues than it holds.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from forecast.week_report_line import DAYS, Line, Reach, Side
from forecast.week_report_split import NOTHING, chance, total


def summed(lines: Sequence[Line]) -> Line:
    """The sum of lines, over those that can be compared; `reach` says how many these are."""
    counted = _compared(lines, "contacts", lambda one: one.contacts.gap is not None)
    worked = _compared(lines, "hours", lambda one: one.hours.gap is not None)
    timed = _compared(lines, "aht", lambda one: one.longer is not None)
    basis = {one.basis for one in counted if one.basis}
    channels = {one.channel for one in counted}
    sides = {name: _side(name, counted, worked) for name in ("actual", "plan", "last_year", "budget")}
    planned, priced = sides["plan"].contacts, all(one.euros.gap is not None for one in worked)
    # the planned time over the contacts that came: so that a shift between queues is none of its difference
    over = "actual" if all(one.actual.aht is not None for one in timed) else "plan"
    return Line(
        queue="",
        channel=next(iter(channels)) if len(channels) == 1 else "",
        days=max((one.days for one in lines), default=0),
        over=max((one.over for one in lines), default=0),
        basis="mixed" if len(basis) > 1 else next(iter(basis), ""),
        actual=replace(sides["actual"], aht=_aht("actual", "actual", timed)),
        plan=replace(sides["plan"], aht=_aht("plan", over, timed)),
        last_year=replace(sides["last_year"], aht=_aht("last_year", "last_year", timed)),
        budget=replace(sides["budget"], aht=_aht("budget", "budget", timed)),
        contacts=total([one.contacts for one in counted]),
        hours=total([one.hours for one in worked]),
        fte=total([one.fte for one in worked]),
        euros=total([one.euros for one in worked]) if priced else NOTHING,
        chance=None if planned is None else chance(planned),
        by_day=_days([one.by_day for one in lines]),
        reach=Reach(len(counted), len(timed), len(worked), len(lines)),
    )


def _compared(lines: Sequence[Line], name: str, both: Callable[[Line], bool]) -> list[Line]:
    """The lines of which both sides are known; without any, those of which one is; without any, all."""
    for known in (
        both,
        lambda one: getattr(one.actual, name) is not None,
        lambda one: getattr(one.plan, name) is not None,
    ):
        found = [one for one in lines if known(one)]
        if found:
            return found
    return list(lines)


def _side(name: str, counted: Sequence[Line], worked: Sequence[Line]) -> Side:
    """Sums of one side, without its handling time; None where one of the lines does not know it."""

    def added(measure: str, lines: Sequence[Line]) -> float | None:
        held = [getattr(getattr(one, name), measure) for one in lines]
        return None if not held or None in held else math.fsum(held)

    return Side(added("contacts", counted), None, added("hours", worked), added("fte", worked))


def _aht(name: str, over: str, lines: Sequence[Line]) -> float | None:
    """The mean handling time of one side, weighted by the contacts of the side `over`; None where a line has none."""
    held = [(getattr(one, name).aht, getattr(one, over).contacts) for one in lines]
    contacts = 0.0 if any(None in pair for pair in held) else math.fsum(weight for _, weight in held)
    return math.fsum(aht * weight for aht, weight in held) / contacts if contacts else None


def _days(rows: Sequence[tuple[float, ...]]) -> tuple[float, ...]:
    """Sums by day of what is known, NaN where nothing is."""
    table = np.array(rows, dtype=np.float64).reshape(len(rows), DAYS)
    sums = np.where(np.isnan(table).all(axis=0), np.nan, np.nansum(table, axis=0))
    return tuple(sums.tolist())
