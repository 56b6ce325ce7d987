"""A back-test is the live call at past cutoffs; a method that fails is reported and the rest goes on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from forecast import catalogue
from forecast.backtest import came_on, intraday_cutoffs, replay, spaced_cutoffs
from forecast.buckets import DAY, Interval, local_day
from forecast.errors import InputError, NotEnoughHistory
from forecast.models.base import FittedModel, Leads
from forecast.vintage import Snapshot
from tests.worlds import HOUR, MINUTE, MONDAY, TZ, archive, fresh, midnight, series


@pytest.mark.parametrize(
    ("days", "count", "horizon"), [(100, 10, 7), (400, 40, 28), (61, 5, 7), (365, 1, 56)]
)
def test_cutoffs_are_day_starts_from_55_percent_on_with_the_whole_horizon_in_the_data(
    days: int, count: int, horizon: int
) -> None:
    found = spaced_cutoffs(series(days=days), count=count, horizon_days=horizon)
    assert len(found) == count
    local = [local_day(moment, TZ) for moment in found]
    assert found == [midnight(day - MONDAY) for day in local]
    assert local[0] == MONDAY + int(0.55 * days)
    assert local[-1] + horizon - 1 <= MONDAY + days - 1
    if count > 1:
        assert MONDAY + days - 1 - (local[-1] + horizon - 1) <= 1
        assert np.ptp(np.diff(local)) <= 1


@pytest.mark.parametrize("count", [2, 3, 4, 9])
def test_cutoffs_do_not_all_fall_on_one_weekday(count: int) -> None:
    for days in range(100, 240):
        found = spaced_cutoffs(series(days=days, interval=Interval.DAY), count=count, horizon_days=7)
        local = np.array([local_day(moment, TZ) for moment in found])
        assert len(found) == count
        assert len(np.unique(local % 7)) > 1
        assert local[-1] + 6 <= MONDAY + days - 1


def test_cutoffs_lie_at_local_midnight_on_both_sides_of_a_clock_change() -> None:
    first = int(np.datetime64("2024-01-01").astype(np.int64))
    found = spaced_cutoffs(series(days=120, first=first), count=30, horizon_days=7)
    steps = {(moment - int(midnight(0, first=first))) % DAY for moment in found}
    assert steps == {0, 23 * HOUR}


def test_a_horizon_longer_than_the_history_is_refused_with_a_remedy() -> None:
    with pytest.raises(InputError, match="horizon"):
        spaced_cutoffs(series(days=20), count=3, horizon_days=28)


def test_cutoffs_within_the_day_come_every_thirty_open_minutes() -> None:
    held = archive(series(days=42, interval=Interval.QUARTER))
    found = intraday_cutoffs(held, "calls", [midnight(35)])
    assert found == [midnight(35), *(midnight(35) + 8 * HOUR + 30 * MINUTE * step for step in range(20))]


def test_what_came_is_the_latest_version_and_absent_is_zero() -> None:
    held = series(days=1)
    grid = held.offered.ds
    np.testing.assert_array_equal(came_on(held, grid), held.offered.on(grid))
    assert came_on(held, grid + 365 * DAY).sum() == 0


def test_a_run_is_the_live_forecast_of_its_cutoff() -> None:
    held = archive(series())
    (run,) = replay(
        held,
        [catalogue.model("mean8")],
        cutoffs={"calls": [midnight(40)]},
        horizon_days=3,
        draws=20,
        seed=1,
    )
    snapshot = fresh(held).at(midnight(40))
    leads = Leads.days(snapshot, "calls", 3)
    live = catalogue.model("mean8").fit(snapshot).predict(snapshot, leads, draws=20, seed=1)
    assert run.paths is not None
    np.testing.assert_array_equal(run.paths.values, live.values)
    np.testing.assert_array_equal(run.came, came_on(held.series["calls"], leads.grid.ds))
    assert run.open.sum() == 10  # Saturday, Sunday, Monday


@dataclass(frozen=True)
class Failing:
    """A method with something wrong."""

    error: Exception
    name: str = "failing"

    def fit(self, snapshot: Snapshot) -> FittedModel:
        raise self.error


@pytest.mark.parametrize(
    "error",
    [
        NotEnoughHistory("calls: too short.", remedy="Wait."),
        np.linalg.LinAlgError("Singular matrix"),
        RuntimeError("Optimization terminated abnormally"),
    ],
    ids=["refused", "singular", "crashed"],
)
def test_a_failing_method_is_a_problem_and_the_rest_goes_on(error: Exception) -> None:
    runs = list(
        replay(
            archive(series()),
            [Failing(error), catalogue.model("mean8")],
            cutoffs={"calls": [midnight(40)]},
            horizon_days=2,
            draws=10,
            seed=1,
        )
    )
    assert [run.model for run in runs] == ["failing", "mean8"]
    assert runs[0].paths is None
    assert str(error) in runs[0].problem
    assert runs[1].paths is not None
    assert not runs[1].problem


@pytest.mark.parametrize("days", [60, -5])
def test_a_cutoff_outside_the_data_is_a_problem_and_no_crash(days: int) -> None:
    (run,) = replay(
        archive(series()),
        [catalogue.model("level_profile")],
        cutoffs={"calls": [midnight(days)]},
        horizon_days=2,
        draws=10,
        seed=1,
    )
    assert len(run.came) == len(run.leads.grid)
    assert run.problem or run.paths is not None
