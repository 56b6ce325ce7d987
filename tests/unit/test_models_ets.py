"""Smoothing on: the state update is the one of statsmodels."""

from __future__ import annotations

import numpy as np
import pytest

from forecast.arrays import Floats
from forecast.models.ets import best_state, filled, smoothed


def weeks(count: int = 20) -> Floats:
    level = 100 + np.cumsum(np.random.default_rng(2).normal(0, 2, 5 * count))
    return np.asarray(level * np.tile([1.3, 1.1, 1.0, 0.9, 0.7], count))


@pytest.mark.parametrize("multiplicative", [False, True])
@pytest.mark.parametrize("trend", [False, True])
def test_taking_in_new_days_gives_what_statsmodels_gives(multiplicative: bool, trend: bool) -> None:
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel

    y, more = weeks(20), weeks(22)[-10:]
    found = smoothed(y, 5, multiplicative=multiplicative, trend=trend)
    assert found is not None
    state = found[0]
    model = ETSModel(
        more,
        error="mul" if multiplicative else "add",
        trend="add" if trend else None,
        damped_trend=trend,
        seasonal="mul" if multiplicative else "add",
        seasonal_periods=5,
        initialization_method="known",
        initial_level=state.level,
        initial_trend=state.slope if trend else None,
        initial_seasonal=state.season,
    )
    parameters = [state.alpha, *([state.beta] if trend else []), state.gamma, *([state.phi] if trend else [])]
    expected = model.smooth(parameters).fittedvalues
    for value, one_ahead in zip(more, expected, strict=True):
        assert state.ahead(1)[0] == pytest.approx(one_ahead, rel=1e-6)
        state = state.after(float(value))


def test_an_unknown_day_only_moves_the_week_on() -> None:
    state = best_state(weeks(), 5)
    np.testing.assert_allclose(state.after(np.nan).ahead(4), state.ahead(5)[1:], rtol=0.01)


def test_a_gap_is_filled_with_the_latest_of_its_weekday() -> None:
    y = np.array([10.0, 1, 20, 1, 30, 1, np.nan, 1])
    assert filled(y, 2)[6] == 20
