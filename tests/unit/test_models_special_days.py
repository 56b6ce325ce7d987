"""What is learnt from past special days, and what is assumed where there are none."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from forecast.buckets import Grid, Interval, day_start, end
from forecast.days import Calendar
from forecast.models.special_days import SpecialDays, kinds, special_days
from forecast.vintage import Archive, Series, Versions

TZ = "Europe/Amsterdam"
FIRST = int(np.datetime64("2022-01-03", "D").astype(np.int64))
WORKWEEK = (True,) * 5 + (False,) * 2


def day(date: str) -> int:
    return int(np.datetime64(date, "D").astype(np.int64))


def learnt(
    factors: Mapping[int, float], calendar: Calendar, *, until: str = "2024-01-08", weekend: bool = False
) -> SpecialDays:
    """Special days as learnt from a daily queue of 100 contacts a day times `factors`."""
    grid = Grid.days(FIRST, day(until) - 1, Interval.DAY, TZ)
    y = 100.0 + np.random.default_rng(5).normal(0, 4, len(grid))
    y = np.where((grid.weekday < 5) | weekend, y, 0.0)
    y = y * np.array([factors.get(int(at), 1.0) for at in grid.day])
    series = Series("q", Interval.DAY, TZ, Versions.of(grid.ds, y, end(grid.ds, Interval.DAY, TZ)))
    cutoff = int(day_start([day(until)], TZ)[0])
    return special_days(Archive({"q": series}, calendar=calendar).at(cutoff).history("q"))


def test_the_days_around_a_holiday_have_a_kind() -> None:
    calendar = Calendar(own={day("2024-05-09"): "Ascension", day("2024-05-20"): "Whit Monday"})
    span = np.arange(day("2024-05-08"), day("2024-05-22"))
    found = [kind.key for kind in kinds(calendar, WORKWEEK, span)]
    assert found[:3] == ["before:Ascension", "own:Ascension", "bridge:Ascension"]
    assert found[9:] == ["before:Whit Monday", "", "", "own:Whit Monday", "after:Whit Monday"]
    assert set(found[3:9]) == {""}


def test_a_name_seen_before_has_its_own_factor() -> None:
    fairs = {day(f"{year}-06-15"): 1.8 for year in (2022, 2023)}
    sales = {day(f"{year}-10-12"): 0.5 for year in (2022, 2023)}
    names = {
        **dict.fromkeys([*fairs, day("2024-06-14")], "fair"),
        **dict.fromkeys([*sales, day("2024-10-15")], "sale"),
    }
    found = learnt({**fairs, **sales}, Calendar(own=names))
    fair, sale, plain = found.factor(np.array([day("2024-06-14"), day("2024-10-15"), day("2024-09-10")]))
    assert fair == pytest.approx(1.8, rel=0.08)
    assert sale == pytest.approx(0.5, rel=0.08)
    assert plain == 1


def test_a_queue_that_closed_on_every_holiday_will_close_on_one_never_seen() -> None:
    calendar = Calendar(country="NL")
    days = np.arange(FIRST, day("2024-12-31"))
    public = {int(at): 0.0 for at, name in zip(days, calendar.names(days), strict=True) if name}
    found = learnt(public, calendar, until="2023-12-20")
    assert found.factor(np.array([day("2023-12-25"), day("2024-01-01")])).tolist() == [0, 0]
    assert found.effects["holiday"].factor == 0


def test_without_any_past_holiday_a_queue_closed_on_sundays_expects_less_than_one_that_is_not() -> None:
    calendar = Calendar(country="NL")
    new_year = np.array([day("2023-01-01") + 365])
    closed = learnt({}, calendar, until="2022-04-01").factor(new_year)[0]
    open_ = learnt({}, calendar, until="2022-04-01", weekend=True).factor(new_year)[0]
    assert 0 < closed < open_ < 1


def test_a_day_marked_once_teaches_nothing() -> None:
    own = {day("2023-06-15"): "outage", day("2023-09-14"): "outage"}
    found = learnt(dict.fromkeys(own, 9.0), Calendar(own=own, once=frozenset(own)))
    assert "own:outage" not in found.effects
    assert found.factor(np.array(list(own))).tolist() == [1, 1]
