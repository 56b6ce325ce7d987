"""A hindcast is what the method would have said on that day, and what came is what is known by now."""

from __future__ import annotations

import numpy as np
import pytest

from forecast.buckets import Grid, Interval
from forecast.models.hindcasts import WARM_UP_DAYS, Origin, came_after, hindcast
from forecast.models.level_profile import LevelProfile
from forecast.models.naive import Mean8
from forecast.vintage import Versions
from tests.worlds import HOUR, MONDAY, TZ, archive, fresh, known, midnight, series


def test_a_hindcast_is_the_forecast_of_that_midnight() -> None:
    held = archive(series())
    past = hindcast(Mean8(), held.at(midnight(49)), "calls", days=10, ahead=5)
    assert past.origins.tolist() == list(range(MONDAY + 39, MONDAY + 49))
    for row, origin in enumerate(past.origins):
        history = known(fresh(held), int(origin) - MONDAY)
        grid = Grid.days(int(origin), int(origin) + 4, Interval.HOUR, TZ)
        expected = Mean8().fit(history).rate(history, grid)
        np.testing.assert_array_equal(past.rate[row].ravel(), expected)


def test_what_came_is_unknown_until_it_is_known() -> None:
    held = archive(series())
    snapshot = held.at(midnight(40) + 12 * HOUR)
    came = came_after(snapshot, "calls", np.array([MONDAY + 37]), 7)
    friday, y = came[0, 1], snapshot.history("calls")
    np.testing.assert_array_equal(friday[8:18], y.y[y.grid.day == MONDAY + 38][8:18])
    assert np.isnan(friday[:8]).all()  # closed
    assert np.isnan(came[0, 4:]).all()  # to come


def test_no_hindcast_stands_on_less_than_three_weeks() -> None:
    held = archive(series(days=30))
    past = hindcast(LevelProfile(), held.at(midnight(30)), "calls", days=91)
    assert past.origins[0] == MONDAY + WARM_UP_DAYS
    assert len(hindcast(LevelProfile(), held.at(midnight(15)), "calls", days=91)) == 0


def test_hindcasts_of_a_later_day_are_the_same_for_the_days_they_share() -> None:
    held = archive(series(days=60))
    earlier, later = (
        hindcast(LevelProfile(), fresh(held).at(midnight(day)), "calls", days=20) for day in (50, 55)
    )
    shared = np.intersect1d(earlier.origins, later.origins)
    np.testing.assert_array_equal(earlier.at(shared).rate, later.at(shared).rate)


@pytest.mark.parametrize("day", range(7))
def test_refits_fall_on_mondays_that_every_origin_agrees_on(day: int) -> None:
    monday = Origin(MONDAY + day, 28, 1).refit
    assert monday == MONDAY
    seldom = Origin(MONDAY + day, 28, 4).refit
    assert (seldom + 3) % 28 == 0
    assert 0 <= MONDAY + day - seldom < 28


def test_a_correction_reaches_what_came_and_not_what_was_said() -> None:
    plain = series()
    old = plain.offered
    row = int(np.flatnonzero(old.ds == midnight(44) + 10 * HOUR)[0])
    columns = [
        np.append(old.ds, old.ds[row]),
        np.append(old.value, 999.0),
        np.append(old.known_at, midnight(48)),
    ]
    fixed = archive(type(plain)(**{**vars(plain), "offered": Versions.of(*columns)}))
    before, after = (
        hindcast(Mean8(), held.at(midnight(49)), "calls", days=8, ahead=2) for held in (archive(plain), fixed)
    )
    at = int(np.flatnonzero(before.origins == MONDAY + 44)[0])
    assert after.came[at, 0, 10] == 999.0
    np.testing.assert_array_equal(after.rate[:at], before.rate[:at])
