"""How often a promise holds: read off the forecast's distribution, against one that is known; in words; in euros."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from forecast.models.base import QUANTILES
from forecast.staffing.certainty import FINE, KEPT, between, of_days, often, share_kept
from forecast.staffing.cost import agent_hours, euros, sureness
from forecast.staffing.erlang import erlangs, line
from forecast.staffing.needs import Targets, agents_needed

TAUS = np.array(QUANTILES)
RNG = np.random.default_rng(4)


def normal(mean: np.ndarray, sd: np.ndarray) -> np.ndarray:
    """Kept quantiles of normal contacts, float[13, n]."""
    return np.asarray(mean + sd * stats.norm.ppf(TAUS)[:, None])


def margins(levels: np.ndarray, agents: np.ndarray, targets: Targets, aht: float = 300.0) -> np.ndarray:
    found = []
    for contacts in between(levels):
        calls = line(erlangs(contacts, aht, 1800.0), aht, agents, targets.patience_seconds)
        found.append(calls.service_level(targets.answer_seconds) - targets.service_level)
    return np.stack(found)


def test_the_kept_quantiles_are_among_those_looked_at_and_lie_on_straight_lines() -> None:
    levels = np.cumsum(RNG.random((13, 5)), axis=0)
    fine = between(levels)
    assert fine.shape == (len(FINE), 5) and np.isin(KEPT, FINE).all() and (np.diff(FINE) > 0).all()
    assert fine[np.searchsorted(FINE, KEPT)] == pytest.approx(levels)
    assert (np.diff(fine, axis=0) >= 0).all()


@pytest.mark.parametrize("patience", [None, 90.0])
def test_the_share_is_the_chance_that_a_known_distribution_leaves_the_promise_kept(
    patience: float | None,
) -> None:
    mean, sd = np.full(6, 100.0), np.full(6, 15.0)
    targets = Targets(patience_seconds=patience)
    agents = agents_needed(erlangs(mean, 300.0, 1800.0), 300.0, targets) + np.arange(-2, 4)
    held = share_kept(margins(normal(mean, sd), agents, targets))
    drawn = np.maximum(RNG.normal(100.0, 15.0, (4000, 1)), 0.0)
    calls = line(erlangs(drawn, 300.0, 1800.0), 300.0, agents[None, :], patience)
    real = (calls.service_level(20.0) >= 0.8).mean(axis=0)
    known = ~(held.less | held.more)
    assert known.sum() >= 3
    assert held.share[known] == pytest.approx(real[known], abs=0.03)  # 4 standard errors of 4,000 draws
    assert (real[held.less] < 0.04).all() and (real[held.more] > 0.96).all()


def test_the_agents_needed_at_a_quantile_hold_the_promise_that_often_at_least() -> None:
    levels = normal(RNG.uniform(60, 300, 40), RNG.uniform(2, 20, 40))
    targets = Targets(max_occupancy=1.0)
    for tau in (0.1, 0.5, 0.9):
        load = erlangs(levels[QUANTILES.index(tau)], 300.0, 1800.0)
        agents = agents_needed(load, 300.0, targets)
        assert (share_kept(margins(levels, agents, targets)).share >= tau - 1e-9).all()
        fewer = share_kept(margins(levels, agents - 1, targets))
        assert (fewer.share < tau).all()  # it is the least number


def test_more_agents_never_hold_it_less_often() -> None:
    levels = normal(np.full(12, 80.0), np.full(12, 12.0))
    share = share_kept(margins(levels, 12.0 + np.arange(12), Targets())).share
    assert (np.diff(share) >= 0).all() and share[0] == 0.025 and share[-1] == 0.975


def test_never_and_always_are_said_of_no_promise() -> None:
    held = share_kept(np.stack([np.full(len(FINE), value) for value in (-1.0, 1.0, np.nan)], axis=1))
    assert held.share[:2].tolist() == [0.025, 0.975] and np.isnan(held.share[2])
    assert [held.bound(at) for at in range(3)] == ["less", "more", None]
    assert (
        often(0.025, "less") == "less than 1 day in 40" and often(0.975, "more") == "more than 39 days in 40"
    )
    assert often(float("nan"), None) == "not known"


def test_a_margin_that_recovers_further_up_does_not_count_again() -> None:
    margin = np.where((FINE < 0.3) | (FINE > 0.6), 1.0, -1.0)[:, None]
    assert 0.27 < share_kept(margin).share[0] < 0.3


def test_a_chance_in_words_is_never_rounded_to_none_or_all() -> None:
    assert often(0.9, None) == "about 9 days of 10" and often(0.14, None) == "about 1 day of 10"
    assert often(0.96, None) == "about 38 days of 40" and often(0.0999, None) == "about 4 days of 40"
    for share in np.linspace(0.025, 0.975, 200):
        said = often(float(share), None).split()
        assert 0 < int(said[1]) < int(said[-1])


def test_a_day_at_a_quantile_is_its_shape_times_the_quantile_of_its_total() -> None:
    usual, own = np.array([10.0, 30.0, 0.0, 20.0]), np.full((13, 4), 7.0)
    factor = np.stack([TAUS + 0.5, TAUS + 0.5, TAUS + 0.5, np.full(13, np.nan)], axis=1)
    made = of_days(usual, own, factor)
    assert made[QUANTILES.index(0.9)] == pytest.approx([14.0, 42.0, 0.0, 7.0])  # the last day is not forecast


def test_hours_cost_what_is_paid_for_them_and_nothing_is_told_without_a_rate() -> None:
    assert euros(10.0, 40.0) == 400 and euros(10.0, None) is None and euros(float("nan"), 40.0) is None
    assert agent_hours(np.array([4.0, np.nan, 2.0]), np.full(3, 1800.0)) == 3


def test_being_sure_is_told_per_week_net_gross_and_in_euros() -> None:
    low, high = (0.5, np.array([10.0, 10.0])), (0.9, np.array([12.0, 13.0]))
    found = sureness(low, high, np.full(2, 3600.0), days=14, shrinkage=0.5, rate=30.0)
    assert (found.hours_net, found.hours_gross, found.euros) == (2.5, 5.0, 150.0)
