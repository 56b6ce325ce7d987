"""What drivers are worth is found where it was planted, with an honest interval, and nowhere else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from forecast.arrays import Floats
from forecast.buckets import Grid, Interval, day_start
from forecast.drivers import Plan
from forecast.models.base import RateModel
from forecast.models.day_totals import DayTotals
from forecast.models.dhr import Dhr
from forecast.models.distributed_lag import KERNEL, LAGS, Prior, Told, Walk
from forecast.models.driver_effects import driver_effects, sway
from forecast.models.elasticity import elasticity
from forecast.models.ets import Ets
from forecast.models.level_profile import LevelProfile
from forecast.vintage import ALWAYS, Driver, History, Versions
from tests.driver_worlds import FIRST, Letters, ahead, customers, midnight, plan, stock, waves, with_calls
from tests.worlds import MONDAY, OFFICE, TZ, archive, counts, known, letters, series, working_week

MODELS: list[RateModel] = [LevelProfile(), Dhr(), Ets()]
PLANNED, FORTY = 304, 40_000.0  # a Thursday, four days after the history
TRUTH = 0.03 * FORTY
SEEDS = range(20)
rate_models = pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)


def rate(model: RateModel, history: History) -> Floats:
    return model.fit(history).rate(history, ahead(history))


def bump(model: RateModel, world: Letters, planned: dict[int, float]) -> Floats:
    """What a plan adds to the forecast of each day."""
    told, untold = (world.history(letters=plan({**world.waves, **more})) for more in (planned, {}))
    return rate(model, told) - rate(model, untold)


def five_days(seed: int, count: int) -> tuple[float, float, float]:
    """Expected calls of the planned wave, and the ends of their 90 % interval."""
    past = waves(seed, count)
    history = Letters(seed, past).history(letters=plan({**past, PLANNED: FORTY}))
    days = ahead(history).day
    effects = driver_effects(history)
    after = (days >= FIRST + PLANNED) & (days < FIRST + PLANNED + 7)
    drawn = effects.sway(days, np.full(len(days), 1e6), 1000, np.random.default_rng(1))[after]
    low, high = np.quantile((drawn - 1).sum(axis=0) * 1e6, [0.05, 0.95])
    middle = float(effects.extra(days)[0][after].sum())
    return middle, middle + low, middle + high


@pytest.mark.parametrize("count", [3, 5, 6])
def test_forty_thousand_letters_move_the_next_five_working_days_by_the_true_amount(count: int) -> None:
    found = np.array([five_days(seed, count) for seed in SEEDS])
    middle, low, high = found.T
    assert ((low <= TRUTH) & (high >= TRUTH)).sum() >= 18
    assert middle.mean() == pytest.approx(TRUTH, rel=0.1)
    if count >= 5:
        assert ((high - low) / 2 < 0.6 * TRUTH).all()


@rate_models
def test_every_method_carries_the_bump_in_full(model: RateModel) -> None:
    past = waves(3, 5)
    history = Letters(3, past).history(letters=plan({**past, PLANNED: FORTY}))
    expected, _ = driver_effects(history).extra(ahead(history).day)
    np.testing.assert_allclose(bump(model, Letters(3, past), {PLANNED: FORTY}), expected, rtol=0.03, atol=3)


@rate_models
def test_a_wave_a_week_later_gives_the_same_bump_a_week_later(model: RateModel) -> None:
    world = Letters(5, waves(5, 5))
    first, second = (bump(model, world, {PLANNED + shift: FORTY}) for shift in (0, 7))
    assert first.sum() > 0.5 * TRUTH
    np.testing.assert_allclose(second[7:], first[:-7], atol=1e-6)
    np.testing.assert_allclose(second[:7], 0.0, atol=1e-6)


@rate_models
def test_twice_the_letters_are_twice_the_calls(model: RateModel) -> None:
    world = Letters(6, waves(6, 5))
    one, two = (bump(model, world, {PLANNED: size}) for size in (20_000.0, 40_000.0))
    np.testing.assert_allclose(two, 2 * one, atol=1e-6)


@rate_models
def test_a_wave_just_past_does_not_raise_the_level_after_it(model: RateModel) -> None:
    lifted = []
    for seed in range(6):
        past = waves(seed, 5)
        late = {**past, 290: 60_000.0}
        told = Letters(seed, late).history()
        plain = Letters(seed, past).history()
        after = ahead(told).day > FIRST + 302
        lifted.append(rate(model, told)[after].sum() / rate(model, plain)[after].sum() - 1)
    assert abs(np.mean(lifted)) < 0.015
    assert np.max(np.abs(lifted)) < 0.05


@rate_models
def test_letters_that_nobody_answers_are_worth_about_nothing_and_cost_about_nothing(model: RateModel) -> None:
    errors, worths = [], []
    for seed in range(6):
        past = waves(seed, 5)
        world = Letters(seed, past, worth=0.0)
        history, unaware = (
            world.history(letters=plan({**past, PLANNED: FORTY})),
            world.history(none=plan({})),
        )
        came = world.level()[world.days : world.days + 28]
        errors.append(
            [float(np.abs(rate(model, one) - came).sum() / came.sum()) for one in (history, unaware)]
        )
        worths.append(driver_effects(history).extra(ahead(history).day)[0].sum())
    told, untold = np.mean(errors, axis=0)
    assert told - untold < 0.01
    assert abs(np.mean(worths)) < 0.05 * 1000
    assert np.max(np.abs(worths)) < 0.4 * 1000


def test_one_wave_makes_cautious_and_every_further_one_surer() -> None:
    width = {
        count: np.mean([high - low for _, low, high in (five_days(seed, count) for seed in range(6))])
        for count in (1, 3, 6)
    }
    assert width[1] > 1.3 * width[3] > 1.3 * width[6]
    middles = [five_days(seed, 1)[0] for seed in SEEDS]
    assert np.mean(middles) < TRUTH


def test_a_wave_that_became_known_after_the_cutoff_moves_nothing() -> None:
    past = waves(7, 5)
    world = Letters(7, past)
    later = Driver("offers", plan({PLANNED: FORTY}, known=midnight(world.days) + 1, worth=0.05).values)
    told = world.history(letters=plan(past), offers=later)
    untold = world.history(letters=plan(past))
    np.testing.assert_array_equal(rate(LevelProfile(), told), rate(LevelProfile(), untold))


@rate_models
def test_a_plan_made_after_the_fit_is_in_the_forecast_at_once(model: RateModel) -> None:
    past = waves(8, 5)
    world = Letters(8, past)
    fitted = model.fit(world.archive(letters=plan(past)).at(midnight(295)).history("calls"))
    told, untold = (world.history(letters=plan({**past, **more})) for more in ({PLANNED: FORTY}, {}))
    added = fitted.rate(told, ahead(told)) - fitted.rate(untold, ahead(untold))
    assert added.sum() > 0.5 * TRUTH


class TestAssumptions:
    def test_before_the_first_wave_it_is_what_the_planner_says_and_called_so(self) -> None:
        history = Letters(1).history(letters=plan({PLANNED: FORTY}, worth=0.031))
        effects = driver_effects(history)
        mean, spread = effects.extra(ahead(history).day)
        assert mean.sum() == pytest.approx(0.031 * FORTY)
        assert (spread[mean > 0] > 0.15 * mean[mean > 0]).all()
        (worth,) = effects.worth()
        assert worth.sentence("calls") == (
            "1,000 letters are worth 31 calls (17 to 45) over 6 working days, as you assumed; no wave seen yet."
        )

    @rate_models
    def test_every_method_believes_it(self, model: RateModel) -> None:
        told, untold = Letters(1).history(letters=plan({PLANNED: FORTY}, worth=0.03)), Letters(1).history()
        assert (rate(model, told) - rate(model, untold)).sum() == pytest.approx(TRUTH)

    def test_waves_correct_it(self) -> None:
        found = []
        for count in (0, 1, 6):
            past = waves(2, count)
            history = Letters(2, past).history(letters=plan({**past, PLANNED: FORTY}, worth=0.06))
            found.append(driver_effects(history).extra(ahead(history).day)[0].sum())
        assert found[0] == pytest.approx(2 * TRUTH)
        assert found[1] < 0.9 * found[0]
        assert found[2] == pytest.approx(TRUTH, rel=0.3)

    def test_from_then_on_both_are_named(self) -> None:
        history = Letters(2, waves(2, 6)).history(letters=plan(waves(2, 6), worth=0.06))
        (worth,) = driver_effects(history).worth()
        assert worth.sentence("calls").endswith("from 6 waves and the 60 that you assumed.")

    def test_the_latest_row_that_says_something_counts(self) -> None:
        told = plan({10: 5.0, 20: 5.0, 30: 5.0}, worth=0.02)
        assert told.assumed == 0.02
        assert plan({10: 5.0}).assumed is None
        said = Versions.of(told.worth.ds, [0.01, 0.05, np.nan], told.worth.known_at)
        empty = Driver("letters", told.values, worth=said)
        assert empty.assumed == 0.05


def test_a_driver_never_seen_and_of_which_nothing_is_assumed_moves_nothing() -> None:
    told, untold = Letters(1).history(letters=plan({PLANNED: FORTY})), Letters(1).history()
    np.testing.assert_array_equal(rate(LevelProfile(), told), rate(LevelProfile(), untold))


def test_without_drivers_nothing_is_touched() -> None:
    history = Letters(1).history(letters=plan({}))
    effects, totals = driver_effects(history), DayTotals.of(history, latest=99)
    assert effects.idle
    assert effects.cleaned(totals) is totals
    grid = ahead(history)
    assert effects.on(grid.day, totals.total) is totals.total
    rng = np.random.default_rng(1)
    assert sway(history, grid, np.ones(len(grid)), 5, rng).tolist() == [[1.0]]
    assert rng.random() == np.random.default_rng(1).random()


def test_paths_carry_the_doubt_of_a_wave_on_its_days_and_on_all_of_them_together() -> None:
    past = waves(4, 4)
    history = Letters(4, past).history(letters=plan({**past, PLANNED: FORTY}))
    grid = ahead(history)
    mean, spread = driver_effects(history).extra(grid.day)
    moved = sway(history, grid, np.full(len(grid), 1000.0), 4000, np.random.default_rng(2))
    assert (moved[mean == 0] == 1).all()
    np.testing.assert_allclose(moved.std(axis=1) * 1000, spread, rtol=0.1, atol=1)
    np.testing.assert_allclose(moved.mean(axis=1), 1.0, atol=0.01)
    together = float((moved.sum(axis=0) * 1000).std())
    assert together > 1.3 * np.sqrt((spread**2).sum())


class TestKinds:
    works = np.array([True] * 5 + [False] * 2)

    def of(self, amounts: Floats) -> Plan:
        days = np.arange(FIRST, FIRST + len(amounts))
        return Plan.of(days[amounts != 0], amounts[amounts != 0], self.works)

    def test_customers_are_a_stock_and_letters_are_not(self) -> None:
        sent = np.zeros(300)
        sent[[20, 21, 80, 150]] = 9000.0
        passengers = np.random.default_rng(1).uniform(500, 1500, 300)
        steady = np.linspace(9e4, 1e5, 300)
        kinds = [(one.dense, one.stock) for one in map(self.of, (sent, passengers, steady))]
        assert kinds == [(False, False), (True, False), (True, True)]

    def test_beyond_its_last_day_a_dense_plan_goes_on_as_its_weekdays_did_and_another_is_empty(self) -> None:
        weekly = np.tile([5.0, 6, 7, 8, 9, 1, 2], 20)
        dense = self.of(weekly)
        np.testing.assert_allclose(
            dense.on(np.arange(FIRST + 138, FIRST + 154)), np.tile(weekly[:7], 24)[138:154]
        )
        sparse = self.of(np.r_[np.zeros(30), 7.0])
        assert sparse.on(np.array([FIRST + 29, FIRST + 30, FIRST + 31])).tolist() == [0, 7, 0]

    def test_a_stock_holds_its_last_amount(self) -> None:
        held = self.of(np.r_[3.0, 0, 4, np.zeros(3), 5])
        assert held.level(FIRST + np.array([-5, 0, 1, 2, 5, 6, 60])).tolist() == [3, 3, 3, 4, 4, 5, 5]

    def test_waves_are_runs_of_working_days(self) -> None:
        sent = np.zeros(40)
        sent[[3, 4, 7, 15, 26, 27]] = 100.0  # Thursday, Friday and Monday; a Tuesday; a weekend
        monday_to_friday = FIRST + np.flatnonzero(np.arange(40) % 7 < 5)
        assert self.of(sent).waves(monday_to_friday) == 3
        assert self.of(sent).most == 300


class TestStocks:
    def history(self, seed: int, *, along: float) -> tuple[Letters, Floats, History]:
        world, amounts = Letters(seed, days=500, noise=0.08), customers(seed, 500)
        calls = world.calls() * (amounts / amounts[0]) ** along
        return world, amounts, with_calls(world, np.round(calls), customers=stock(amounts))

    def test_the_level_goes_along_where_the_history_supports_it(self) -> None:
        errors = []
        for seed in range(4):
            world, amounts, history = self.history(seed, along=1.0)
            (found,) = driver_effects(history).stocks
            assert found.elasticity.value == pytest.approx(1, abs=0.25)
            came = world.level()[500:528] * amounts[500:528] / amounts[0]
            unaware = with_calls(world, np.round(world.calls() * amounts / amounts[0]), none=plan({}))
            both = [np.abs(rate(LevelProfile(), one) - came).sum() / came.sum() for one in (history, unaware)]
            errors.append(both)
        told, untold = np.mean(errors, axis=0)
        assert told < 0.6 * untold

    def test_it_does_not_where_nothing_supports_it(self) -> None:
        for seed in range(4):
            _, _, history = self.history(seed, along=0.0)
            (found,) = driver_effects(history).stocks
            assert found.elasticity.value == 0
        (worth,) = driver_effects(history).worth()
        assert (
            worth.sentence("calls") == "customers: nothing in the history says that calls go along with them."
        )

    def test_a_short_history_supports_nothing_but_an_assumption(self) -> None:
        days = np.arange(60)
        assert elasticity(days, 1000.0 + days, 50.0 + days).value == 0
        assert elasticity(days, 1000.0 + days, 50.0 + days, assumed=0.7).value == 0.7


def test_what_is_sent_on_closed_days_counts_on_the_next_working_day() -> None:
    """A Saturday's letters and a holiday's are those of the Monday or the day after."""
    past = waves(9, 6)
    world = Letters(9, past)
    friday, saturday, monday = (bump(LevelProfile(), world, {day: FORTY}) for day in (305, 306, 308))
    np.testing.assert_allclose(saturday, monday, atol=1e-6)
    assert np.abs(friday - monday).max() > 50
    easter = int(np.datetime64("2026-04-06").astype(np.int64)) - FIRST  # Easter Monday
    holiday, after = (
        bump(LevelProfile(), Letters(9, past, days=324), {day: FORTY}) for day in (easter, easter + 1)
    )
    assert holiday[easter - 324] == 0
    np.testing.assert_allclose(holiday, after, atol=1e-6)


class TestRegression:
    """The regression is what the laws behind it say, written out in full."""

    def test_freeing_of_a_walk_is_generalised_least_squares(self) -> None:
        rng, count, stiff = np.random.default_rng(1), 60, 40.0
        weight, columns = rng.uniform(0.3, 1, count), rng.normal(size=(count, 3))
        steps = np.minimum.outer(np.arange(count), np.arange(count)).astype(float)
        law = np.diag(1 / weight) + steps / stiff + 1e7  # noise, walk, and a start of which nothing is known
        found = (columns.T * weight) @ Walk.of(weight, stiff).free(columns)
        np.testing.assert_allclose(found, columns.T @ np.linalg.solve(law, columns), rtol=1e-4)

    def test_the_pace_of_a_walk_is_found_by_its_likelihood(self) -> None:
        rng = np.random.default_rng(2)
        level = np.cumsum(rng.normal(0, 0.1, 400))
        values = level + rng.normal(0, 1.0, 400)
        likely = [Walk.of(np.ones(400), stiff).likelihood(values) for stiff in (1.0, 100.0, 10_000.0)]
        assert int(np.argmax(likely)) == 1

    def test_worths_before_any_day_are_the_prior_s(self) -> None:
        worths = Told.nothing(1).worths([Prior(2.0, 0.5, 1.0)])
        np.testing.assert_allclose(worths.mean, 2 * KERNEL)
        assert worths.covariance.sum() == pytest.approx(0.25)

    def test_worths_after_precise_days_are_the_days(self) -> None:
        true = np.linspace(0.3, 0.0, LAGS)
        precision = 1e6 * np.eye(LAGS)
        worths = Told(precision, precision @ true).worths([Prior(0.0, 1.0, 0.5)])
        np.testing.assert_allclose(worths.mean, true, atol=1e-3)
        assert worths.likely[0] == pytest.approx(1)

    def test_a_driver_without_evidence_is_less_likely_than_before(self) -> None:
        precision = 100 * np.eye(2 * LAGS)
        pull = precision @ np.r_[0.4 * KERNEL, np.zeros(LAGS)] * 5
        worths = Told(precision, pull).worths([Prior(0.0, 1.0, 0.5)] * 2)
        assert worths.likely[0] > 0.99
        assert worths.likely[1] < 0.2


def test_an_hourly_queue_spreads_the_bump_over_its_open_hours() -> None:
    busy = MONDAY + np.array([9, 23, 38, 51, 71])

    def calls(grid: Grid) -> Floats:
        more = np.where(OFFICE.mask(grid) & np.isin(grid.day, busy), 9.0, 0.0)
        return counts(working_week())(grid) + more

    sent = Versions.of(day_start(busy, TZ), np.full(len(busy), 3000.0), np.full(len(busy), ALWAYS))
    held = replace(archive(series(calls, days=70)), drivers={"letters": letters(sent)})
    history = known(held, 70)
    grid = Grid.days(MONDAY + 70, MONDAY + 76, Interval.HOUR, TZ)
    told = LevelProfile().fit(history).rate(history, grid)
    quiet = replace(history, drivers={}, derived={})
    added = told - LevelProfile().fit(quiet).rate(quiet, grid)
    expected, _ = driver_effects(history).extra(np.array([MONDAY + 71]))
    assert expected[0] == pytest.approx(90, rel=0.25)
    assert (told[~OFFICE.mask(grid)] == 0).all()
    day = OFFICE.mask(grid) & (grid.day == MONDAY + 71)
    assert added[day].sum() == pytest.approx(expected[0], rel=0.25)
    assert (added[day] > 2).all()
