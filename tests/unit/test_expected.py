"""What today has shown so far overrules what its name announced."""

from __future__ import annotations

import numpy as np
import pytest

from forecast.arrays import Floats
from forecast.buckets import Grid
from forecast.days import Calendar
from forecast.models.base import Leads
from forecast.models.dressed import Dressed
from forecast.models.level_profile import LevelProfile
from forecast.vintage import Archive
from tests.worlds import HOUR, MONDAY, archive, counts, midnight, series, working_week

TODAY, LEVEL = 210, 40.0  # a Monday
MODEL = Dressed("level_profile", (LevelProfile(),))
HOLIDAYS = (63, 105, 147)


def world(*, closed: tuple[int, ...] = (), named: dict[int, str] | None = None) -> Archive:
    """A weekday queue without a contact on the days closed."""
    usual = counts(working_week(LEVEL), 3)

    def came(grid: Grid) -> Floats:
        return np.where(np.isin(grid.day - MONDAY, closed), 0.0, usual(grid))

    held = archive(series(came, days=240))
    own = {MONDAY + day: name for day, name in (named or {}).items()}
    return Archive(held.series, calendar=Calendar(own=own))


def rest_of_today(held: Archive, hour: int) -> Floats:
    """The sum of the rest of the day in each of 400 paths."""
    snapshot = held.at(midnight(TODAY) + hour * HOUR)
    paths = MODEL.fit(snapshot).predict(snapshot, Leads.days(snapshot, "calls", 1), draws=400, seed=1)
    return np.asarray(paths.values[0].sum(axis=0))


def usual_afternoon() -> float:
    return float(np.median(rest_of_today(world(), 13)))


def test_a_day_whose_like_were_closed_is_closed_and_probably_so_where_its_name_is_new() -> None:
    like = dict.fromkeys(HOLIDAYS, "anniversary")
    same = rest_of_today(world(closed=HOLIDAYS, named={**like, TODAY: "anniversary"}), 0)
    new = rest_of_today(world(closed=HOLIDAYS, named={**like, TODAY: "jubilee"}), 0)
    assert np.median(same) == np.median(new) == 0
    assert (same > 0).mean() < 0.1
    assert 0.03 < (new > 0).mean() < 0.3  # not sure, and the paths say so


def test_a_holiday_on_which_contacts_come_is_open_after_all() -> None:
    named = {**dict.fromkeys(HOLIDAYS, "anniversary"), TODAY: "anniversary"}
    found = rest_of_today(world(closed=HOLIDAYS, named=named), 13)
    assert np.median(found) == pytest.approx(usual_afternoon(), rel=0.15)


def test_a_usual_day_on_which_nothing_comes_is_closed_after_all() -> None:
    held = world(closed=(TODAY,))
    assert np.median(rest_of_today(held, 8)) > 0.8 * usual_afternoon()  # the doors have just opened
    found = rest_of_today(held, 13)
    assert np.median(found) == 0
    assert (found > 0).any()  # or the feed is broken
