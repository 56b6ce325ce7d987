"""What every method of the catalogue keeps, run on all of them from one list."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest

from forecast import catalogue
from forecast.arrays import Floats
from forecast.buckets import Grid, Interval
from forecast.errors import NotEnoughHistory, NotFound
from forecast.models.base import QUANTILES, FittedModel, Leads, Paths
from forecast.vintage import Archive, Versions
from tests.worlds import HOUR, MINUTE, archive, counts, fresh, midnight, series, working_week

QUICK = tuple(name for name in catalogue.NAMES if name != "prophet")
USUAL_DAYS = 49


def test_every_name_of_the_catalogue_has_a_rate_and_the_other_way_round() -> None:
    assert (*catalogue.RATES, "champion") == catalogue.NAMES and set(catalogue.BARS) <= set(catalogue.RATES)


@pytest.fixture(params=QUICK)
def name(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


@lru_cache
def usual() -> Archive:
    return archive(series())


@lru_cache
def usual_fit(name: str) -> FittedModel:
    """Fitted once on the usual hourly queue; predicting must not change it, and a test says so."""
    return catalogue.model(name).fit(fresh(usual()).at(midnight(USUAL_DAYS)))


def forecast(
    name: str, held: Archive, cutoff: int, *, days: int = 7, draws: int = 100, seed: int = 1
) -> Paths:
    snapshot = held.at(cutoff)
    fitted = catalogue.model(name).fit(snapshot)
    return fitted.predict(snapshot, Leads.days(snapshot, "calls", days), draws=draws, seed=seed)


def usual_paths(name: str, *, days: int = 7, draws: int = 100, seed: int = 1) -> Paths:
    snapshot = usual().at(midnight(USUAL_DAYS))
    return usual_fit(name).predict(snapshot, Leads.days(snapshot, "calls", days), draws=draws, seed=seed)


def sound(paths: Paths, held: Archive, cutoff: int) -> None:
    """Finite whole numbers, never negative, none in closed buckets."""
    assert np.isfinite(paths.values).all()
    assert (paths.values >= 0).all()
    np.testing.assert_array_equal(paths.values, np.round(paths.values))
    assert (paths.values[:, ~held.at(cutoff).history("calls").opening(paths.grid)] == 0).all()
    assert (np.diff(paths.quantiles(), axis=2) >= 0).all()


def test_fitting_changes_nothing_and_gives_a_new_object(name: str) -> None:
    held, model = fresh(usual()), catalogue.model(name)
    before = {key: part.copy() for key, part in vars(held.series["calls"].offered).items()}
    y = held.at(midnight(USUAL_DAYS)).history("calls").y.copy()
    one, other = (model.fit(held.at(midnight(USUAL_DAYS))) for _ in range(2))
    assert one is not other
    for key, part in before.items():
        np.testing.assert_array_equal(getattr(held.series["calls"].offered, key), part)
    np.testing.assert_array_equal(held.at(midnight(USUAL_DAYS)).history("calls").y, y)


def test_the_same_seed_gives_the_same_bits_and_another_seed_others(name: str) -> None:
    first = usual_paths(name)
    np.testing.assert_array_equal(usual_paths(name).values, first.values)
    np.testing.assert_array_equal(forecast(name, fresh(usual()), midnight(USUAL_DAYS)).values, first.values)
    assert not np.array_equal(usual_paths(name, seed=2).values, first.values)


def test_gives_exactly_the_rows_asked_for(name: str) -> None:
    snapshot = usual().at(midnight(USUAL_DAYS))
    leads = Leads.days(snapshot, "calls", 10)
    some = Leads(leads.grid.take(np.arange(5, len(leads.grid), 7)), leads.cutoff)
    for asked in (leads, some):
        paths = usual_fit(name).predict(snapshot, asked, draws=30, seed=1)
        assert paths.series == ("calls",)
        np.testing.assert_array_equal(paths.grid.ds, asked.grid.ds)
        assert paths.values.shape == (1, len(asked.grid), 30)


def test_no_rows_asked_for_are_no_rows_and_no_error(name: str) -> None:
    snapshot = usual().at(midnight(USUAL_DAYS))
    leads = Leads.days(snapshot, "calls", 1)
    none = Leads(leads.grid.take(slice(0, 0)), leads.cutoff)
    assert usual_fit(name).predict(snapshot, none, draws=10, seed=1).values.shape == (1, 0, 10)


def test_a_working_week_comes_out_right_and_paths_are_counts(name: str) -> None:
    paths = usual_paths(name, draws=200)
    sound(paths, usual(), midnight(USUAL_DAYS))
    mean = working_week()(paths.grid)
    assert paths.mean().sum() == pytest.approx(mean.sum(), rel=0.12)
    inside = (paths.quantiles()[0, :, 0] <= mean) & (mean <= paths.quantiles()[0, :, -1])
    assert inside[mean > 0].mean() > 0.8


@pytest.mark.parametrize("interval", [Interval.HALF_HOUR, Interval.DAY])
def test_half_hours_and_days_work_like_hours(name: str, interval: Interval) -> None:
    held = archive(series(days=42, interval=interval))
    paths = forecast(name, held, midnight(42))
    sound(paths, held, midnight(42))
    assert len(paths.grid) == 7 * interval.slots
    assert paths.mean().sum() == pytest.approx(working_week()(paths.grid).sum(), rel=0.15)


@pytest.mark.parametrize("days", [0, 1, 3, 8, 16, 24])
def test_a_short_history_is_forecast_or_refused_with_a_remedy(name: str, days: int) -> None:
    held = archive(series(days=max(days, 1)))
    try:
        paths = forecast(name, held, midnight(days), draws=30)
    except NotEnoughHistory as refused:
        assert "calls" in refused.message
        assert refused.remedy
        assert days < 24 or name == "ets"
    else:
        sound(paths, held, midnight(days))


def test_a_constant_history_goes_on(name: str) -> None:
    held = archive(series(lambda grid: np.where(working_week()(grid) > 0, 12.0, 0.0), days=35))
    paths = forecast(name, held, midnight(35), draws=200)
    sound(paths, held, midnight(35))
    open_ = held.at(midnight(35)).history("calls").opening(paths.grid)
    np.testing.assert_allclose(paths.mean()[0, open_].mean(), 12.0, rtol=0.1)


def test_a_history_of_zeros_gives_zeros_or_is_refused(name: str) -> None:
    held = archive(series(lambda grid: np.zeros(len(grid)), days=35))
    try:
        paths = forecast(name, held, midnight(35))
    except NotEnoughHistory:
        return
    sound(paths, held, midnight(35))
    assert paths.mean().sum() < 0.5


def test_gaps_are_unknown_and_not_zero(name: str) -> None:
    def gappy(grid: Grid) -> Floats:
        gone = np.random.default_rng(3).random(len(grid)) < 0.05
        week = (grid.day >= grid.day[0] + 28) & (grid.day < grid.day[0] + 33)
        return np.where(gone | week, np.nan, counts(working_week())(grid))

    held = archive(series(gappy, absent_is_zero=False))
    assert np.isnan(held.at(midnight(49)).history("calls").y).any()
    paths = forecast(name, held, midnight(49))
    sound(paths, held, midnight(49))
    assert paths.mean().sum() == pytest.approx(working_week()(paths.grid).sum(), rel=0.2)


def test_the_future_has_no_effect(name: str) -> None:
    def later_tenfold(grid: Grid) -> Floats:
        return np.where(grid.day >= grid.day[0] + 35, 10.0, 1.0) * counts(working_week())(grid)

    cutoff = midnight(35) + 11 * HOUR
    held = archive(series(later_tenfold, days=42))
    whole = held.series["calls"].offered
    kept = whole.known_at <= midnight(35)
    today = np.flatnonzero(~kept & (whole.known_at <= cutoff))
    kept[today] = True
    cut = series()
    cut = type(cut)(
        **{**vars(held.series["calls"]), "offered": Versions(*(x[kept] for x in vars(whole).values()))}
    )
    np.testing.assert_array_equal(
        forecast(name, held, cutoff, draws=30).values, forecast(name, archive(cut), cutoff, draws=30).values
    )


def test_a_week_is_surer_than_the_sum_of_its_intervals(name: str) -> None:
    """The quantile of a sum is not the sum of quantiles."""
    paths = usual_paths(name, draws=400)
    low, high = QUANTILES.index(0.1), QUANTILES.index(0.9)
    per_bucket = paths.quantiles()[0].sum(axis=0)
    per_week = paths.total(Interval.WEEK).quantiles()[0].sum(axis=0)
    assert 0 < per_week[high] - per_week[low] < 0.7 * (per_bucket[high] - per_bucket[low])
    np.testing.assert_allclose(paths.total(Interval.WEEK).mean().sum(), paths.mean().sum())


@pytest.mark.parametrize("minutes", [10 * 60, 12 * 60 + 20, 17 * 60 + 1])
def test_a_cutoff_within_the_day_gives_only_buckets_that_begin_from_then_on(name: str, minutes: int) -> None:
    cutoff = midnight(45) + minutes * MINUTE
    snapshot = usual().at(cutoff)
    leads = Leads.days(snapshot, "calls", 2)
    paths = usual_fit(name).predict(snapshot, leads, draws=30, seed=1)
    assert (paths.grid.ds >= cutoff).all()
    assert paths.grid.ds[0] - cutoff < HOUR
    assert paths.grid.ds[-1] == midnight(47) - HOUR
    sound(paths, usual(), cutoff)


def test_prophet_keeps_the_contract_on_a_small_daily_queue() -> None:
    held = archive(series(days=36, interval=Interval.DAY))
    first = forecast("prophet", held, midnight(36))
    sound(first, held, midnight(36))
    assert first.values.shape == (1, 7, 100)
    assert first.mean().sum() == pytest.approx(working_week()(first.grid).sum(), rel=0.2)
    np.testing.assert_array_equal(forecast("prophet", fresh(held), midnight(36)).values, first.values)
    with pytest.raises(NotEnoughHistory):
        forecast("prophet", held, midnight(0))


def test_an_unknown_name_is_answered_with_the_nearest_ones() -> None:
    with pytest.raises(NotFound, match="level_profile"):
        catalogue.model("level_profil")
