"""Weights follow past losses, never jump, and never decide on a handful of days."""

from __future__ import annotations

import numpy as np
import pytest

from forecast.models.combination import combine, weigh
from forecast.models.hindcasts import Hindcasts


def method(error: float | np.ndarray, *, seed: int, days: int = 91, truth: int = 0) -> Hindcasts:
    """Ten slots of 20 contacts; the method's rate strays by a relative error, given or by days ahead [28]."""
    came = np.random.default_rng(truth).poisson(20.0, (days, 28, 10)).astype(np.float64)
    stray = np.random.default_rng(seed).standard_normal((days, 28, 1)) * np.reshape(error, (1, -1, 1))
    return Hindcasts(np.arange(days), 20.0 * np.exp(np.broadcast_to(stray, came.shape)), came)


@pytest.mark.parametrize("errors", [(0.1,), (0.1, 0.1), (0.05, 0.2, 0.4), (0.3, 0.3, 0.01, 0.3)])
def test_weights_add_up_and_none_is_negative(errors: tuple[float, ...]) -> None:
    weights = weigh([method(error, seed=number) for number, error in enumerate(errors, start=1)])
    assert weights.shape == (len(errors), 28)
    np.testing.assert_allclose(weights.sum(axis=0), 1.0)
    assert (weights >= 0).all()


def test_the_better_method_gets_more_at_every_lead() -> None:
    good, bad = weigh([method(0.05, seed=1), method(0.12, seed=2)])
    assert (good > bad + 0.05).all()


def test_a_method_that_is_lost_gets_nothing() -> None:
    good, lost = weigh([method(0.05, seed=1), method(1.0, seed=2)])
    np.testing.assert_allclose(good, 1.0)
    np.testing.assert_allclose(lost, 0.0)


def test_equal_losses_give_equal_weights() -> None:
    same = method(0.1, seed=1)
    np.testing.assert_allclose(weigh([same, same, same]), 1 / 3)


def test_without_hindcasts_all_count_alike() -> None:
    none = Hindcasts(np.array([], dtype=np.int64), np.zeros((0, 28, 10)), np.zeros((0, 28, 10)))
    np.testing.assert_allclose(weigh([none, none]), 0.5)


def test_a_handful_of_days_decides_little() -> None:
    few, many = (weigh([method(0.1, seed=1, days=d), method(0.2, seed=2, days=d)])[0, 0] for d in (3, 200))
    assert 0.5 <= few < many


def test_weights_do_not_jump_from_day_to_day_ahead() -> None:
    """One method is good for the days at hand, the other for those far ahead."""
    near, far = np.linspace(0.02, 0.4, 28), np.linspace(0.4, 0.02, 28)
    weights = weigh([method(near, seed=1), method(far, seed=2)])
    assert weights[0, 0] > 0.85
    assert weights[0, -1] < 0.15
    assert np.abs(np.diff(weights, axis=1)).max() < 0.2


def test_what_a_method_did_lately_counts_most() -> None:
    early, late = method(0.02, seed=1, days=180), method(0.3, seed=2, days=180)
    turned = early.with_rate(np.where(np.arange(180)[:, None, None] < 90, early.rate, late.rate))
    other = early.with_rate(np.where(np.arange(180)[:, None, None] < 90, late.rate, early.rate))
    first, second = weigh([turned, other])
    assert (second > first).all()


def test_a_combined_rate_lies_between_its_members_and_the_last_weights_hold_on() -> None:
    rates = np.stack([np.full((40, 5), 10.0), np.full((40, 5), 30.0)])
    weights = np.stack([np.linspace(1, 0, 28), np.linspace(0, 1, 28)])
    combined = combine(rates, weights)
    assert combined.shape == (40, 5)
    np.testing.assert_allclose(combined[0], 10.0)
    np.testing.assert_allclose(combined[27:], 30.0)
    assert (np.diff(combined[:28, 0]) > 0).all()
    np.testing.assert_allclose(combine(np.stack([rates, rates], axis=1), weights)[1], combined)
