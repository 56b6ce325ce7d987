"""Noise draws what it says, finds what was there, and believes a morning as far as its counts carry."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from forecast.arrays import Floats
from forecast.backtest import replay
from forecast.buckets import Grid
from forecast.losses import TAILS, calibration
from forecast.models.day_effect import T_NINTH_DECILE, DayEffect
from forecast.models.dressed import Dressed
from forecast.models.hindcasts import Hindcasts
from forecast.models.noise import Noise, day_ratios
from forecast.models.slot_effect import SlotEffect
from forecast.vintage import History
from tests.worlds import archive, counts, midnight, series, working_week

TODAY = np.zeros(1, dtype=np.int64)


def noise(*, day: float = 0.2, slot: float = 0.0, gamma: float = 0.0, slots: int = 20) -> Noise:
    """Day effects of one size; slot effects that forget within four hours."""
    return Noise(
        DayEffect(np.full(28, day), np.zeros(28)),
        SlotEffect(np.array([0.0, slot, 0.0, day**2]), gamma, slots),
    )


def spread(values: Floats) -> float:
    """Standard deviation by the ninth decile, as the sizes are estimated: a wild day does not decide."""
    return float(np.subtract(*np.quantile(values, [0.9, 0.1])) / (2 * T_NINTH_DECILE))


@pytest.mark.parametrize("size", [0.05, 0.2, 0.4])
def test_day_effects_are_drawn_with_the_size_given(size: float) -> None:
    drawn = noise(day=size).day.draw(np.arange(7), 20_000, np.random.default_rng(1))
    assert drawn.shape == (7, 20_000)
    for day in drawn:
        assert spread(day) == pytest.approx(size, rel=0.04)
        assert abs(np.median(day)) < 0.03 * size


def test_neighbouring_days_share_more_than_distant_ones() -> None:
    drawn = noise().day.draw(np.arange(15), 20_000, np.random.default_rng(2))
    ranks = np.argsort(np.argsort(drawn, axis=1), axis=1)
    correlation = np.asarray(np.corrcoef(ranks))
    assert correlation[0, 1] == pytest.approx(0.5, abs=0.06)
    assert correlation[0, 14] == pytest.approx(0.3, abs=0.06)


@pytest.mark.parametrize("gamma", [0.0, 0.05, 0.3])
@pytest.mark.parametrize("mean", [2.0, 40.0])
def test_counts_are_poisson_with_the_gamma_variance_given(gamma: float, mean: float) -> None:
    drawn = noise(gamma=gamma).counts(np.full(60_000, mean), np.random.default_rng(3))
    assert drawn.mean() == pytest.approx(mean, rel=0.02)
    assert drawn.var() == pytest.approx(mean + gamma * mean**2, rel=0.05)
    np.testing.assert_array_equal(drawn, np.round(drawn))


def test_slot_effects_have_the_variance_and_the_memory_given() -> None:
    drawn = noise(slot=0.04, slots=24).slot.draw(5, 4_000, np.random.default_rng(4))
    assert drawn.var(axis=(0, 2)) == pytest.approx(np.full(24, 0.04), rel=0.06)
    assert np.corrcoef(drawn[:, 8].ravel(), drawn[:, 9].ravel())[0, 1] == pytest.approx(
        np.exp(-1 / 4), abs=0.02
    )
    assert (noise(slots=1).slot.draw(5, 10, np.random.default_rng(4)) == 0).all()


def hindcasts(
    rate: float, *, day: float = 0.0, gamma: float = 0.0, days: int = 91, seed: int = 5
) -> Hindcasts:
    """Ten open slots a day; each day's contacts stray by a day effect and each slot's by a gamma factor."""
    rng = np.random.default_rng(seed)
    mean = rate * np.exp(day * rng.standard_normal((days + 28, 1)))
    factor = rng.gamma(1 / gamma, gamma, (days + 28, 10)) if gamma else 1.0
    came = rng.poisson(mean * factor * np.ones((1, 10))).astype(np.float64)
    rows = np.arange(days)[:, None] + np.arange(28)[None]
    return Hindcasts(np.arange(days), np.full((days, 28, 10), rate), came[rows])


@pytest.mark.parametrize("size", [0.1, 0.25])
def test_finds_the_day_effects_that_were_there(size: float) -> None:
    found = Noise.of(hindcasts(60.0, day=size, days=400))
    assert found.day.size(TODAY)[0] == pytest.approx(size, rel=0.25)


def test_finds_the_gamma_variance_that_was_there() -> None:
    found = Noise.of(hindcasts(60.0, gamma=0.1, days=300)).slot
    assert found.gamma + found.variances.sum() == pytest.approx(0.1, rel=0.25)
    assert found.gamma > 3 * found.variances.sum()


@pytest.mark.parametrize("rate", [1.5, 20.0, 300.0])
def test_where_the_rate_is_perfect_hardly_any_noise_is_found(rate: float) -> None:
    found = Noise.of(hindcasts(rate, days=91))
    assert found.day.size(TODAY)[0] < 0.06  # what is left is the prior's ten days of doubt
    excess = found.slot.gamma + found.slot.variances.sum()
    assert excess < (0.08 if rate < 2 else 0.01)


def test_days_further_ahead_are_never_surer() -> None:
    found = Noise.of(hindcasts(20.0, day=0.2)).day
    assert (np.diff(found.size(np.arange(60))) >= 0).all()


def test_without_hindcasts_the_usual_is_assumed() -> None:
    none = Hindcasts(np.array([], dtype=np.int64), np.zeros((0, 28, 24)), np.zeros((0, 28, 24)))
    assert 0.1 < Noise.of(none).day.size(TODAY)[0] < 0.4


def test_one_wild_day_does_not_decide() -> None:
    calm = hindcasts(20.0, day=0.1)
    wild = calm.came.copy()
    wild[40] *= 20
    stormy = Noise.of(Hindcasts(calm.origins, calm.rate, wild))
    assert stormy.day.size(TODAY)[0] < 1.3 * Noise.of(calm).day.size(TODAY)[0]
    assert stormy.slot.variances.sum() < 2 * Noise.of(calm).slot.variances.sum() + 0.01


def test_a_trend_that_the_method_runs_behind_moves_the_centre() -> None:
    held = hindcasts(200.0, days=91)
    falling = held.came * np.exp(-0.004 * np.arange(28))[None, :, None]
    centre = Noise.of(Hindcasts(held.origins, held.rate, falling)).day.middle(np.arange(28))
    assert centre[0] == pytest.approx(0, abs=0.01)
    assert -0.1 < centre[27] < -0.005


def test_week_sums_stray_more_where_days_err_together() -> None:
    """A level that is wrong is wrong all week; the correlation is found from week sums."""
    rng = np.random.default_rng(9)
    apart = hindcasts(100.0, day=0.15, days=200)
    level = np.exp(0.15 * np.repeat(rng.standard_normal(40), 7))[: 200 + 28]
    came = rng.poisson(100.0 * level[:, None] * np.ones((1, 10))).astype(np.float64)
    rows = np.arange(200)[:, None] + np.arange(28)[None]
    together = Hindcasts(np.arange(200), np.full((200, 28, 10), 100.0), came[rows])
    assert Noise.of(together).day.persistent > Noise.of(apart).day.persistent + 0.1
    assert Noise.of(together).day.neighbour > Noise.of(apart).day.neighbour + 0.2


def test_day_ratios_compare_what_is_known_alone() -> None:
    held = hindcasts(20.0, days=3)
    came = held.came.copy()
    came[0, 0, 5:] = np.nan
    came[1, 0] = np.nan
    ratio, expected = day_ratios(Hindcasts(held.origins, held.rate, came))
    assert expected[0, 0] == pytest.approx(100.0)
    assert ratio[0, 0] == pytest.approx(np.log((came[0, 0, :5].sum() + 0.5) / 100.5))
    assert np.isnan(ratio[1, 0])


class TestTheMorning:
    """`condition`: what today's first slots say about the rest."""

    def morning(self, rate: float, factor: float) -> tuple[Floats, float]:
        """The adjustment of each slot, and the share of the last slot's variance that is left."""
        rates = np.full((1, 20), rate)
        came = np.full((1, 20), np.nan)
        came[0, :5] = factor * rate
        news = noise(day=0.2, gamma=0.01).condition(rates, came, 5)
        return news.adjustment[0], float(news.covariance[-1, -1]) / 0.04

    def test_of_a_thin_queue_says_almost_nothing(self) -> None:
        adjustment, left = self.morning(0.1, 2.0)
        assert (np.abs(adjustment) < 0.04).all()
        assert left > 0.85

    @pytest.mark.parametrize("factor", [0.8, 1.25])
    def test_of_a_busy_queue_is_followed(self, factor: float) -> None:
        adjustment, left = self.morning(400.0, factor)
        assert adjustment[5:] == pytest.approx(np.full(15, np.log(factor)), rel=0.1)
        assert left < 0.1

    def test_leaves_the_hours_that_are_over(self) -> None:
        adjustment, _ = self.morning(400.0, 1.3)
        assert (adjustment[:5] == 0).all()

    def test_that_nobody_saw_says_nothing(self) -> None:
        rates, came = np.full((1, 20), 50.0), np.full((1, 20), np.nan)
        news = noise().condition(rates, came, 5)
        assert news.adjustment == pytest.approx(np.zeros((1, 20)), abs=1e-6)
        assert news.shift[0] == pytest.approx(0, abs=1e-6)
        assert news.covariance == pytest.approx(noise().slot.whole, abs=1e-6)


@dataclass(frozen=True)
class Known:
    """A method that knows the true rate."""

    level: float
    name: str = "known"
    cost: float = 0.001

    def fit(self, history: History) -> Known:
        return self

    def rate(self, history: History, grid: Grid) -> Floats:
        return working_week(self.level)(grid)


@pytest.mark.parametrize("level", [1.0, 20.0])
def test_the_paths_of_a_perfect_rate_are_calibrated_on_a_hundred_cutoffs(level: float) -> None:
    held = archive(series(counts(working_week(level), 6), days=240))
    cutoffs = {"calls": [midnight(day) for day in range(97, 239) if day % 7 < 5]}
    assert len(cutoffs["calls"]) >= 100
    runs = list(
        replay(held, [Dressed("known", (Known(level),))], cutoffs=cutoffs, horizon_days=1, draws=300, seed=1)
    )
    y = np.concatenate([run.came for run in runs])
    q = np.concatenate([run.paths.quantiles(TAILS)[0] for run in runs if run.paths])
    found = calibration(y, q, np.concatenate([run.open for run in runs]))
    for tau, tolerance in ((0.1, 0.03), (0.9, 0.03), (0.025, 0.015), (0.975, 0.015)):
        shares = found[f"{tau:g}"]
        assert shares["below"] - tolerance <= tau <= shares["at_or_below"] + tolerance
