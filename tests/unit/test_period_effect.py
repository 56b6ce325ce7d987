"""School holidays and sale weeks: learnt where the past supports it, and next to nothing paid where they mean nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from forecast.arrays import Floats, Ns
from forecast.buckets import Grid, Interval, day_start
from forecast.models.base import Leads
from forecast.models.dressed import Dressed
from forecast.models.driver_effects import driver_effects
from forecast.models.rates import rates
from forecast.vintage import Archive, Driver, Versions
from tests.worlds import MONDAY, OFFICE, TZ, archive, midnight, series, working_week

WEEKS = 40
BEGINS = (8, 22, 36)  # weeks with a holiday; the last one lies ahead
LEVEL = 20.0


def holidays(weeks: tuple[int, ...] = BEGINS) -> Driver:
    days = np.concatenate([np.arange(9) + 7 * week - 2 + MONDAY for week in weeks])  # Saturday to Sunday
    ds = day_start(days, TZ)
    values = Versions.of(ds, np.ones(len(ds)), np.full(len(ds), np.iinfo(np.int64).min + 1))
    return Driver("school holidays", values, period=True)


def world(effect: float, seed: int, *, wander: float = 0.01) -> Archive:
    """A queue whose level wanders and whose days have moods of 5 %; in the holidays the rate is times 1 + effect."""

    def contacts(grid: Grid) -> Floats:
        rng = np.random.default_rng(seed)
        days = np.arange(grid.day[0], grid.day[-1] + 1)
        level = np.exp(np.cumsum(rng.normal(0, wander, len(days))) + rng.normal(0, 0.05, len(days)))
        inside = np.isin(days, MONDAY + np.array([7 * week + day for week in BEGINS for day in range(-2, 7)]))
        rate = level * np.where(inside, 1 + effect, 1.0)
        return rng.poisson(working_week(LEVEL)(grid) * rate[grid.day - days[0]]).astype(np.float64)

    return archive(series(contacts, days=7 * WEEKS, interval=Interval.DAY, hours=OFFICE))


def with_period(held: Archive, weeks: tuple[int, ...] = BEGINS) -> Archive:
    return replace(held, drivers={"school holidays": holidays(weeks)}, memo={}, recent={})


def median_ahead(held: Archive, days: int, length: int) -> tuple[Ns, Floats]:
    snapshot = held.at(midnight(days))
    grid = Grid.days(MONDAY + days, MONDAY + days + length - 1, Interval.DAY, TZ)
    fitted = Dressed("one", rates(["level_profile"])).fit(snapshot)
    return grid.day, fitted.predict(snapshot, Leads(grid, snapshot.cutoff), draws=300, seed=1).median()[0]


def test_a_fall_of_a_fifth_is_learnt_from_two_holidays_and_used_in_the_third() -> None:
    held = world(-0.2, seed=3)
    known = 7 * 34  # two weeks before the third
    effects = driver_effects(with_period(held).at(midnight(known)).history("calls"))
    (worth,) = effects.worth()
    assert -0.3 < effects.periods[0].effect < -0.15 and effects.periods[0].seen == 2
    assert "fewer calls" in worth.sentence("calls") and "2 periods" in worth.sentence("calls")
    day, without = median_ahead(held, known, 21)
    _, told = median_ahead(with_period(held), known, 21)
    inside = (day >= MONDAY + 7 * 36) & (day < MONDAY + 7 * 36 + 5)
    assert told[inside].sum() == pytest.approx(0.8 * without[inside].sum(), rel=0.07)
    after = day >= MONDAY + 7 * 37
    assert told[after].sum() == pytest.approx(without[after].sum(), rel=0.03)


def test_before_any_holiday_was_seen_nothing_is_claimed() -> None:
    held = with_period(world(-0.2, seed=3))
    effects = driver_effects(held.at(midnight(7 * 7)).history("calls"))
    assert effects.idle and effects.periods[0].seen == 0


def error(held: Archive) -> tuple[float, float]:
    """Absolute errors of two weeks ahead around the third holiday, and what came."""
    day, told = median_ahead(held, 7 * 35, 14)
    history = held.at(midnight(7 * WEEKS)).history("calls")
    came = history.y[np.isin(history.grid.day, day)]
    return float(np.abs(told - came).sum()), float(came.sum())


def test_a_period_that_means_nothing_costs_less_than_half_a_per_cent() -> None:
    lost = total = 0.0
    for seed in range(12):
        held = world(0.0, seed=100 + seed)
        plain, came = error(held)
        with_, _ = error(with_period(held))
        lost, total = lost + with_ - plain, total + came
    assert lost / total < 0.005


def test_a_sale_that_doubles_is_learnt_too_and_only_for_its_own_days() -> None:
    held = with_period(world(1.0, seed=5))
    found = driver_effects(held.at(midnight(7 * 34)).history("calls")).periods[0]
    assert found.effect == pytest.approx(np.log(2), abs=0.15) and found.likely > 0.95
