"""Days that a planner leaves out of history teach nothing: no level, no shape, no weekday, no handling time, no noise."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from forecast.arrays import Floats
from forecast.buckets import Grid, Interval, end
from forecast.days import Calendar
from forecast.handling import Handling
from forecast.models.base import Leads
from forecast.models.dressed import Dressed
from forecast.models.handle_time import FittedHandleTime, fit_handle_time
from forecast.models.rates import RATES, rates
from forecast.vintage import Archive, Versions
from tests.worlds import MONDAY, TZ, archive, counts, midnight, series, working_week

DAYS = 84
ONCE = frozenset(MONDAY + day for day in (70, 71, 72, 81))


def flood(grid: Grid) -> Floats:
    """The usual counts; on the days left out twelve times as many, all before ten."""
    wild = np.isin(grid.day, list(ONCE))
    usual = counts(working_week())(grid)
    return np.where(wild & (grid.slot >= 8) & (grid.slot < 10), usual * 60, np.where(wild, 0.0, usual))


def other(grid: Grid) -> Floats:
    """The usual counts; on the days left out other wild ones."""
    wild = np.isin(grid.day, list(ONCE))
    return np.where(wild & (grid.slot == 17), 3000.0, np.where(wild, 0.0, counts(working_week())(grid)))


def left_out(held: Archive) -> Archive:
    return replace(held, calendar=Calendar(own=dict.fromkeys(ONCE, "outage"), once=ONCE), memo={}, recent={})


def paths(held: Archive, model: str) -> Floats:
    snapshot = held.at(midnight(DAYS))
    grid = Grid.days(MONDAY + DAYS, MONDAY + DAYS + 6, Interval.HOUR, TZ)
    fitted = Dressed("one", rates([model])).fit(snapshot)
    return fitted.predict(snapshot, Leads(grid, snapshot.cutoff), draws=50, seed=1).values


@pytest.mark.parametrize("model", sorted(set(RATES) - {"prophet"}))
def test_what_came_on_such_days_changes_no_bit_of_a_forecast(model: str) -> None:
    """Neither rate nor noise: whatever came on them, the paths are the same."""
    one, two = (paths(left_out(archive(series(world, days=DAYS))), model) for world in (flood, other))
    np.testing.assert_array_equal(one, two)
    usual = paths(archive(series(days=DAYS)), model)
    assert one.mean() == pytest.approx(usual.mean(), rel=0.05)


def test_not_left_out_they_do_change_it() -> None:
    one, two = (paths(archive(series(world, days=DAYS)), "level_profile") for world in (flood, other))
    assert not np.array_equal(one, two)


def test_their_handling_times_teach_nothing_either() -> None:
    def timed(seconds: float) -> FittedHandleTime | None:
        one = series(days=DAYS)
        ds, contacts = one.offered.latest()
        grid = Grid.of(ds, Interval.HOUR, TZ)
        each = np.where(np.isin(grid.day, list(ONCE)), seconds, 300.0)
        known = end(ds, Interval.HOUR, TZ)
        handling = Handling(Versions.of(ds, each * contacts, known), Versions.of(ds, contacts, known))
        held = left_out(archive(replace(one, handling=handling)))
        return fit_handle_time(held.at(midnight(DAYS)).history("calls"))

    grid = Grid.days(MONDAY + DAYS, MONDAY + DAYS + 6, Interval.HOUR, TZ)
    found = [timed(seconds) for seconds in (300.0, 3000.0)]
    assert found[0] is not None and found[1] is not None
    np.testing.assert_array_equal(found[0].expected(grid), found[1].expected(grid))
