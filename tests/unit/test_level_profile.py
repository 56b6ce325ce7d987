"""Level times profile finds the level, the weekdays and the shape of the day that were planted."""

from __future__ import annotations

import numpy as np
import pytest

from forecast.arrays import Floats
from forecast.buckets import Grid, Interval
from forecast.errors import NotEnoughHistory
from forecast.models.level_profile import LevelProfile
from tests.worlds import MONDAY, TZ, archive, counts, known, series, working_week


def week(days: int) -> Grid:
    return Grid.days(MONDAY + days, MONDAY + days + 6, Interval.HOUR, TZ)


def rate(contacts: object, days: int = 70) -> Floats:
    history = known(archive(series(contacts, days=days)), days)  # type: ignore[arg-type]
    return LevelProfile().fit(history).rate(history, week(days))


def test_a_plain_week_is_found() -> None:
    found, mean = rate(counts(working_week())), working_week()(week(70))
    assert found.sum() == pytest.approx(mean.sum(), rel=0.03)
    assert np.abs(found - mean).sum() / mean.sum() < 0.07
    assert (found[mean == 0] == 0).all()


def test_mondays_are_busier_by_what_was_planted() -> None:
    found = rate(counts(working_week()))
    weekday = week(70).weekday
    assert found[weekday == 0].sum() / found[weekday == 2].sum() == pytest.approx(1.3, rel=0.06)


def test_profiles_add_up_and_are_never_negative() -> None:
    history = known(archive(series(days=70)), 70)
    fitted = LevelProfile().fit(history)
    np.testing.assert_allclose(fitted.profile.sum(axis=1), 1.0)
    assert (fitted.profile >= 0).all()
    assert fitted.weights.sum() == pytest.approx(1.0)
    assert (fitted.weekday > 0).all()


def test_a_weekday_of_its_own_shape_keeps_it_and_a_thin_one_takes_that_of_its_kind() -> None:
    def mondays_early(level: float) -> object:
        def mean(grid: Grid) -> Floats:
            shape = np.where((grid.weekday == 0) & (grid.slot >= 13), 0.2, 1.0)
            return working_week(level)(grid) * shape

        return counts(mean)

    late = (week(70).weekday == 0) & (week(70).slot >= 13)
    share = [found[late].sum() / found[week(70).weekday == 0].sum() for found in map(rate, map(mondays_early, (60.0, 0.05)))]  # fmt: skip
    assert share[0] == pytest.approx(0.2 / 1.2, abs=0.03)
    assert share[1] > share[0]


def test_most_of_a_new_level_is_believed_after_two_weeks() -> None:
    def shifted(grid: Grid) -> Floats:
        return counts(working_week())(grid) * np.where(grid.day >= MONDAY + 56, 2.0, 1.0)

    assert 1.5 < rate(shifted).sum() / working_week()(week(70)).sum() < 2.05


def test_a_strike_of_a_day_does_not_lower_the_level() -> None:
    def strike(grid: Grid) -> Floats:
        return np.where(grid.day == MONDAY + 67, 0.0, counts(working_week())(grid))

    assert rate(strike).sum() == pytest.approx(rate(counts(working_week())).sum(), rel=0.03)


def test_the_level_is_that_of_the_history_it_predicts_from() -> None:
    held = archive(
        series(lambda grid: counts(working_week())(grid) * (1 + (grid.day >= MONDAY + 60)), days=77)
    )
    fitted = LevelProfile().fit(known(held, 56))
    early, late = (fitted.rate(known(held, day), week(day)).sum() for day in (56, 77))
    assert 1.5 < late / early < 2.05


def test_two_days_are_not_enough() -> None:
    with pytest.raises(NotEnoughHistory, match="calls"):
        LevelProfile().fit(known(archive(series(days=2)), 2))
