"""The count regression is a GLM, the profile a share, the level follows the latest days."""

from __future__ import annotations

import numpy as np
import pytest

from forecast.models.count_regression import count_regression, robust_counts
from forecast.models.day_totals import month_share
from forecast.models.dhr import levels
from forecast.models.harmonic_profile import smooth_shares


def test_with_wide_priors_it_is_the_poisson_regression_of_statsmodels() -> None:
    import statsmodels.api as sm

    rng = np.random.default_rng(4)
    X = np.column_stack([np.ones(300), rng.normal(size=(300, 3))])
    offset, weight = rng.normal(0, 0.3, 300), rng.uniform(0.2, 1, 300)
    y = rng.poisson(np.exp(X @ [2.0, 0.3, -0.2, 0.1] + offset)).astype(float)
    plain = sm.GLM(y, X, family=sm.families.Poisson(), offset=offset, var_weights=weight).fit(tol=1e-12)
    found, freedom = count_regression(X, y, offset, weight, np.full(4, 1e4))
    np.testing.assert_allclose(found, plain.params, rtol=1e-5)
    assert freedom == pytest.approx(4, abs=1e-3)


def test_a_narrow_prior_holds_a_coefficient_at_zero() -> None:
    rng = np.random.default_rng(4)
    X = np.column_stack([np.ones(100), rng.normal(size=100)])
    y = rng.poisson(np.exp(X @ [3.0, 0.5])).astype(float)
    found, _ = count_regression(X, y, np.zeros(100), np.ones(100), np.array([10.0, 1e-4]))
    assert abs(found[1]) < 1e-3


def test_a_storm_does_not_move_the_regression() -> None:
    y = np.random.default_rng(8).poisson(50, 200).astype(float)
    y[[20, 90, 150]] = 900
    found, dispersion = robust_counts(np.ones((200, 1)), y, np.zeros(200), np.ones(200), np.array([10.0]))
    assert np.exp(found[0]) == pytest.approx(50, rel=0.05)
    assert dispersion < 2


def test_the_profile_of_thin_weekdays_leans_on_the_others() -> None:
    shape = 1 + np.sin(np.pi * np.arange(24) / 24)
    open_ = np.ones((7, 24), dtype=bool)
    mean = np.outer([1000, 1000, 1000, 1000, 1000, 1000, 30], shape / shape.sum())
    counts = np.random.default_rng(6).poisson(mean).astype(float)
    exposure = np.broadcast_to(counts.sum(axis=1, keepdims=True), counts.shape)
    shares = smooth_shares(counts, exposure, open_, 1.0)
    raw = counts / exposure
    true = shape / shape.sum()
    assert np.abs(shares - true).sum() < 0.6 * np.abs(raw - true).sum()
    np.testing.assert_allclose(shares.sum(axis=1), 1, rtol=0.02)


def test_the_level_follows_a_shift_and_not_a_single_storm() -> None:
    expected = np.full(60, 100.0)
    shifted = levels(np.r_[np.full(40, 100.0), np.full(20, 130.0)], expected, 5.0)
    assert shifted[40] == pytest.approx(1)
    assert shifted[-1] == pytest.approx(1.24, abs=0.03)
    storm = np.r_[np.full(59, 100.0), 2000.0]
    assert levels(storm, expected, 5.0)[-1] < 1.15


def test_a_month_goes_from_nought_to_nearly_one() -> None:
    days = np.arange(np.datetime64("2024-02-01"), np.datetime64("2024-03-02")).astype(np.int64)
    share = month_share(days)
    assert share[0] == 0
    assert share[28] == pytest.approx(28 / 29)
    assert share[29] == 0
