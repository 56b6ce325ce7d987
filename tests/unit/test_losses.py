"""The losses are those of docs/measuring.md, checked against numbers worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from forecast.losses import (
    TAILS,
    TAUS,
    bias,
    calibration,
    mase,
    pinball,
    poisson_floor,
    skill,
    wape,
    wape_interval,
    wql,
)

Y = np.array([10.0, 0.0, 30.0])


def test_wape_is_absolute_errors_over_contacts() -> None:
    assert wape(Y, np.array([12.0, 1.0, 25.0])) == pytest.approx(8 / 40)
    assert np.isnan(wape(np.zeros(3), np.ones(3)))


def test_bias_is_above_zero_when_the_forecast_is_too_high() -> None:
    assert bias(Y, np.array([12.0, 1.0, 25.0])) == pytest.approx(-2 / 40)
    assert bias(Y, Y + 1) == pytest.approx(3 / 40)


def test_pinball_punishes_by_the_quantile_asked_for() -> None:
    taus = np.array([0.1, 0.9])
    found = pinball(np.array([10.0]), np.array([[6.0, 14.0]]), taus)
    np.testing.assert_allclose(found, [[0.1 * 4, 0.1 * 4]])
    np.testing.assert_allclose(pinball(np.array([10.0]), np.array([[14.0, 6.0]]), taus), [[3.6, 3.6]])


def test_wql_takes_nineteen_taus_and_doubles_the_pinball() -> None:
    np.testing.assert_allclose(TAUS, [0.05 * step for step in range(1, 20)])
    q = np.full((1, 19), 8.0)  # 2 too low at every tau: pinball = 2 tau, which sums to 19
    assert wql(np.array([10.0]), q) == pytest.approx(2 * 19.0 / (19 * 10))


def test_wql_of_a_point_is_its_wape() -> None:
    point = np.array([12.0, 1.0, 25.0])
    assert wql(Y, np.repeat(point[:, None], 19, axis=1)) == pytest.approx(wape(Y, point))


def test_mase_is_the_mean_error_over_the_scale() -> None:
    assert mase(Y, np.array([12.0, 1.0, 25.0]), 4.0) == pytest.approx((8 / 3) / 4)
    assert np.isnan(mase(Y, Y, 0.0))


def test_skill_is_what_is_gained_on_the_bar() -> None:
    assert skill(0.15, 0.20) == pytest.approx(0.25)
    assert np.isnan(skill(0.1, 0.0))


@pytest.mark.parametrize(("rate", "floor"), [(10, 0.25), (100, 0.08), (1000, 0.025)])
def test_the_poisson_floor_is_that_of_measuring(rate: float, floor: float) -> None:
    found = poisson_floor(np.full(50, float(rate)))
    assert found == pytest.approx(floor, rel=0.02)
    assert found == pytest.approx(np.sqrt(2 / (np.pi * rate)), rel=0.02)


@pytest.mark.parametrize("rate", [0.3, 1.5, 7.0, 60.0, 399.0, 401.0])
def test_the_floor_is_the_wape_of_one_who_knows_the_rate(rate: float) -> None:
    y = np.random.default_rng(1).poisson(rate, 200_000).astype(np.float64)
    assert wape(y, np.full(len(y), stats.poisson.ppf(0.5, rate))) == pytest.approx(
        poisson_floor(np.array([rate])), rel=0.02
    )


def test_the_floor_of_mixed_rates_weighs_by_contacts_and_leaves_out_closed_ones() -> None:
    low, high = (poisson_floor(np.array([rate])) for rate in (2.0, 50.0))
    expected = (2 * low + 50 * high) / 52
    assert poisson_floor(np.array([2.0, 0.0, 50.0])) == pytest.approx(expected)
    assert np.isnan(poisson_floor(np.zeros(3)))


@pytest.mark.parametrize("rate", [0.4, 1.0, 1.5, 3.0, 12.0])
def test_a_perfect_forecaster_of_thin_counts_is_calibrated_though_it_covers_too_much(rate: float) -> None:
    y = np.random.default_rng(2).poisson(rate, 20_000).astype(np.float64)
    q = np.tile(stats.poisson.ppf(TAILS, rate), (len(y), 1))
    found = calibration(y, q, np.ones(len(y), dtype=bool))
    assert list(found) == ["0.025", "0.1", "0.9", "0.975"]
    for tau, tolerance in ((0.1, 0.03), (0.9, 0.03), (0.025, 0.015), (0.975, 0.015)):
        shares = found[f"{tau:g}"]
        assert shares["below"] - tolerance <= tau <= shares["at_or_below"] + tolerance
    if rate < 2:
        assert ((y >= q[:, 1]) & (y <= q[:, 2])).mean() > 0.82


def test_a_forecaster_too_sure_of_itself_is_not_calibrated() -> None:
    y = np.random.default_rng(3).poisson(20 * np.random.default_rng(4).gamma(10, 0.1, 20_000)).astype(float)
    found = calibration(y, np.tile(stats.poisson.ppf(TAILS, 20), (len(y), 1)), np.ones(len(y), dtype=bool))
    assert found["0.1"]["below"] - 0.03 > 0.1
    assert found["0.9"]["at_or_below"] + 0.03 < 0.9


def test_calibration_looks_at_open_slots_only() -> None:
    y, q = np.array([5.0, 0.0, 0.0]), np.array([[1.0, 5.0, 6.0, 9.0], [0, 0, 0, 0], [0, 0, 0, 0.0]])
    found = calibration(y, q, np.array([True, False, False]))
    assert found["0.1"] == {"below": 0.0, "at_or_below": 1.0}
    assert found["0.9"] == {"below": 1.0, "at_or_below": 1.0}
    assert calibration(y, q, np.zeros(3, dtype=bool)) == {}


def test_the_interval_of_a_wape_holds_it_and_narrows_with_more_days() -> None:
    rng = np.random.default_rng(5)
    sums = rng.uniform(80, 120, 400)
    errors = sums * rng.uniform(0.05, 0.15, 400)
    few, many = wape_interval(errors[:20], sums[:20]), wape_interval(errors, sums)
    assert many[0] < errors.sum() / sums.sum() < many[1]
    assert many[1] - many[0] < (few[1] - few[0]) / 2
    assert np.isnan(wape_interval(errors[:1], sums[:1])).all()
