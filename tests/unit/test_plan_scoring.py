"""How good the plan was: sums of days and weeks, intervals within 10 %, agent hours over and under."""

from __future__ import annotations

import numpy as np
import pytest

from forecast.arrays import Flags, Floats, Ns
from forecast.buckets import Grid, Interval
from forecast.plan_scoring import Came, Figures, Said, chance_within, is_within, score_plan
from forecast.staffing.erlang import erlangs
from forecast.staffing.needs import Targets, agents_needed

TZ = "Europe/Amsterdam"
MONDAY = int(np.datetime64("2026-03-23", "D").astype(int))  # the week whose Sunday has 23 hours
GRID = Grid.days(MONDAY, MONDAY + 6, Interval.HOUR, TZ)


def by_work(ds: Ns, contacts: Floats, aht: Floats, open_: Flags) -> Floats:
    """Agents who are always busy."""
    return np.asarray(np.where(contacts > 0, contacts * aht / 3600, 0.0))


def by_erlang(ds: Ns, contacts: Floats, aht: Floats, open_: Flags) -> Floats:
    return agents_needed(erlangs(contacts, aht, 3600.0), aht, Targets())


def figures(
    mean: Floats | float,
    offered: Floats | float,
    *,
    grid: Grid = GRID,
    aht: float = 360,
    aht_came: float | None = None,
    day_mean: Floats | None = None,
    shut: bool = False,
) -> Figures:
    """Scores of a plan on a week by the hour, with a need of work / 3600 agents."""
    n = len(grid)
    open_ = np.zeros(n, dtype=bool) if shut else np.ones(n, dtype=bool)
    days = len(np.unique(grid.day))
    said = Said(np.full(n, mean) if np.ndim(mean) == 0 else np.asarray(mean), np.full(n, float(aht)),
                np.full(days, np.nan) if day_mean is None else day_mean)  # fmt: skip
    came = Came(np.full(n, offered) if np.ndim(offered) == 0 else np.asarray(offered),
                np.full(n, float(aht if aht_came is None else aht_came)), open_)  # fmt: skip
    return score_plan(grid, said, came, shrinkage=0.25, needs=by_work)


def test_days_and_weeks_are_sums_of_means_and_errors_of_days_cancel_in_the_week() -> None:
    mean = np.where(GRID.day < MONDAY + 3, 11.0, 9.0)
    found = figures(mean, 10.0)
    assert (found.days, found.weeks, found.came) == (7, 1, 10 * 167)
    assert found.day_wape == pytest.approx(0.1)
    assert found.week_wape == pytest.approx((95 - 72) / 1670) == abs(found.bias or 0)
    assert found.bias is not None and found.bias < 0


def test_a_week_counts_only_where_all_its_days_lie_in_the_span() -> None:
    grid = Grid.days(MONDAY - 1, MONDAY + 5, Interval.HOUR, TZ)
    found = figures(11.0, 10.0, grid=grid)
    assert (found.days, found.weeks, found.week_wape) == (7, 0, None)


def test_an_interval_without_data_or_forecast_counts_on_neither_side_and_is_counted() -> None:
    mean, offered = np.full(len(GRID), 10.0), np.full(len(GRID), 10.0)
    offered[:5], mean[30:33] = np.nan, np.nan
    found = figures(mean, offered)
    assert (found.without_data, found.not_said, found.intervals) == (5, 3, len(GRID) - 8)
    assert (found.day_wape, found.bias, found.came) == (0, 0, 10 * (len(GRID) - 8))
    nothing = figures(np.nan, 10.0)
    assert (nothing.days, nothing.day_wape, nothing.within, nothing.cost) == (0, None, None, None)


def test_a_day_forecast_as_a_whole_counts_where_its_intervals_say_nothing() -> None:
    mean, whole = np.full(len(GRID), np.nan), np.full(7, 264.0)
    mean[:24] = 10
    offered = np.full(len(GRID), 10.0)
    offered[30] = np.nan  # of Tuesday not all is known
    found = figures(mean, offered, day_mean=whole)
    assert found.days == 6 and found.forecast == 240 + 5 * 264 and found.came == 240 + 4 * 240 + 230


def test_within_ten_per_cent_is_of_the_forecast_with_its_bounds() -> None:
    forecast = np.array([100.0, 100, 100, 100, 0, 0, 10])
    came = np.array([90.0, 110, 89, 111, 0, 1, 11])
    assert is_within(forecast, came).tolist() == [True, True, False, False, True, False, True]


def test_what_is_possible_is_what_counts_drawn_at_the_rate_reach() -> None:
    rng = np.random.default_rng(1)
    for rate in (0.0, 3.2, 10, 100, 1000.0):
        drawn = rng.poisson(rate, 40_000).astype(float)
        share = is_within(np.full(len(drawn), rate), drawn).mean()
        assert chance_within(np.array([rate]))[0] == pytest.approx(share, abs=0.01)
    found = figures(100.0, 100.0)
    assert found.within == 1 and found.possible == pytest.approx(
        0.7065, abs=1e-3
    )  # Koole: about 30 % lie beyond


def test_closed_intervals_are_no_share_of_the_open_ones() -> None:
    found = figures(100.0, 100.0, shut=True)
    assert (found.intervals, found.within, found.without_data, found.days) == (0, None, 0, 7)


def test_agent_hours_over_and_under_are_apart_net_and_gross() -> None:
    offered = np.full(len(GRID), 20.0)
    offered[:10], offered[10:14] = 30.0, 10.0
    cost = figures(20.0, offered).cost
    assert cost is not None
    assert [cost.under_net, cost.over_net] == pytest.approx([10.0, 4.0])
    assert [cost.under_gross, cost.over_gross] == pytest.approx([10 / 0.75, 4 / 0.75])
    assert cost.needed_net == pytest.approx(offered.sum() * 360 / 3600) and cost.unknown == 0


def test_an_error_of_handling_time_costs_as_much_as_one_of_volume() -> None:
    right = figures(22.0, 20.0, aht=360, aht_came=396).cost
    wrong = figures(20.0, 20.0, aht=360, aht_came=396).cost
    assert right is not None and wrong is not None
    assert right.under_net == pytest.approx(0) and wrong.under_net == pytest.approx(167 * 0.2)


def test_calls_cost_what_erlang_asks_for_both_and_unknown_handling_times_are_counted() -> None:
    n = len(GRID)
    took = np.full(n, 300.0)
    took[0] = np.nan
    said = Said(np.full(n, 100.0), np.full(n, 300.0), np.full(7, np.nan))
    came = Came(np.full(n, 130.0), took, np.ones(n, dtype=bool))
    cost = score_plan(GRID, said, came, shrinkage=0.25, needs=by_erlang).cost
    one = by_erlang(GRID.ds[:2], np.array([100.0, 130.0]), np.full(2, 300.0), np.ones(2, dtype=bool))
    assert cost is not None and (cost.intervals, cost.unknown) == (n - 1, 1)
    assert cost.under_net == pytest.approx((n - 1) * (one[1] - one[0])) and cost.over_net == 0
    assert figures(10.0, 10.0, aht=np.nan).cost is None


def test_a_queue_by_day_has_days_and_weeks_and_no_shares_of_intervals() -> None:
    grid = Grid.days(MONDAY, MONDAY + 13, Interval.DAY, TZ)
    found = figures(110.0, 100.0, grid=grid)
    assert (found.days, found.weeks, found.day_wape) == (14, 2, 0.1)
    assert (found.within, found.cost) == (None, None)
