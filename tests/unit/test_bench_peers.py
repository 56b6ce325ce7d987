"""The accuracy bench judges fairly: its bootstrap, its peers' inputs, its verdicts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from benchmarks import gluon
from benchmarks.accuracy_pages import hardest, page
from benchmarks.boosted import TAUS as BOOSTED_TAUS
from benchmarks.boosted import DayTable, features, lightgbm
from benchmarks.paired import (
    AT,
    band_sums,
    block_length,
    calibrated,
    geometric_mean,
    losses,
)
from benchmarks.peers import (
    Fit,
    OpenSlots,
    Peer,
    auto_ets,
    auto_theta,
    comonotone,
    has_statsforecast,
    mstl_ets,
    prophet,
)
from forecast.arrays import Floats
from forecast.backtest import Run
from forecast.buckets import Grid, Interval
from forecast.losses import bias, wape, wql
from forecast.models.base import Leads, Paths
from forecast.resampling import Bounds, draws_of, ratio, resampled
from forecast.scoring import scored
from forecast.vintage import History
from tests.worlds import MONDAY, TZ, archive, counts, known, midnight, series, working_week

needs_statsforecast = pytest.mark.skipif(
    not has_statsforecast(),
    reason="MSTL, AutoTheta and AutoETS are not tested: statsforecast is not installed (./dev bench accuracy does)",
)


def test_comonotone_draws_have_the_quantiles_they_were_made_of() -> None:
    taus = np.array([0.05, 0.25, 0.5, 0.75, 0.95])
    said = np.array([[1.0, 2.0, 4.0, 7.0, 9.0], [3.0, 2.0, 5.0, 4.0, 6.0]])
    drawn = comonotone(taus, said, 1000)
    assert drawn.shape == (2, 1000)
    assert np.all(np.diff(drawn, axis=1) >= 0)
    np.testing.assert_allclose(np.quantile(drawn, taus, axis=1).T, np.sort(said, axis=1), atol=0.02)


def test_what_lies_below_zero_is_zero() -> None:
    assert comonotone(np.array([0.1, 0.9]), np.array([[-4.0, -1.0]]), 10).max() == 0.0


def test_a_block_is_as_long_as_horizons_overlap() -> None:
    daily = [midnight(day) for day in range(40)]
    weekly = [midnight(7 * day) for day in range(40)]
    assert block_length(daily, 7, TZ) == 7
    assert block_length(weekly, 28, TZ) == 4
    assert block_length(weekly, 7, TZ) == 4  # no overlap: the cube root of 40


def test_blocks_run_on_and_go_round_so_that_every_cutoff_is_as_likely() -> None:
    rows = resampled(20, 4, seed=1)
    assert rows is not None
    steps = np.diff(rows.reshape(-1, 5, 4), axis=2) % 20
    assert np.all(steps == 1)
    share = np.bincount(rows.ravel(), minlength=20) / rows.size
    np.testing.assert_allclose(share, 1 / 20, rtol=0.1)


def test_too_few_blocks_give_no_interval() -> None:
    assert resampled(11, 4, seed=1) is None
    assert ratio(np.ones(3), np.full(3, 2.0), None) == Bounds(0.5, None, None)


def test_a_ratio_that_never_changes_has_no_doubt() -> None:
    rng = np.random.default_rng(1)
    peer = rng.gamma(3.0, size=40)
    found = ratio(0.9 * peer, peer, resampled(40, 4, seed=1))
    assert found == pytest.approx((0.9, 0.9, 0.9))


def test_pairing_takes_away_the_luck_both_share() -> None:
    rng = np.random.default_rng(2)
    luck = rng.gamma(1.0, 10.0, size=60)
    own, peer = luck + rng.normal(0, 0.3, 60) + 19, luck + rng.normal(0, 0.3, 60) + 20
    found, alone = (ratio(own, other, resampled(60, 4, seed=1)) for other in (peer, np.ones(60)))
    assert found.low is not None
    assert found.high is not None
    assert alone.low is not None
    assert alone.high is not None
    assert found.high < 1.0
    assert found.high - found.low < 0.1 * (alone.high / alone.low - 1)


def overlapping(rng: np.random.Generator, count: int, reach: int) -> Floats:
    """Sums over windows of `reach` independent weeks, as overlapping horizons give them."""
    weeks = rng.normal(0, 1, count + reach - 1)
    return np.asarray(np.convolve(weeks, np.ones(reach), mode="valid") / np.sqrt(reach))


def test_the_interval_is_as_wide_as_the_truth_where_horizons_overlap() -> None:
    count, reach = 160, 4
    rng = np.random.default_rng(3)
    truth = np.std([overlapping(rng, count, reach).mean() for _ in range(2000)])
    found: dict[int, list[float]] = {1: [], 8: []}
    for _ in range(40):
        top = 100 + overlapping(rng, count, reach)
        for block in found:
            rows = resampled(count, block, seed=1)
            assert rows is not None
            found[block].append(float(draws_of(top, np.ones(count), rows).std()))
    assert np.mean(found[8]) == pytest.approx(truth, rel=0.2)
    assert np.mean(found[1]) < 0.6 * truth  # single cutoffs would promise too much


def test_nine_of_ten_intervals_hold_the_truth() -> None:
    rng = np.random.default_rng(4)
    rows = resampled(60, 4, seed=1)
    held = 0
    for _ in range(200):
        peer = rng.gamma(20.0, 1.0, 60)
        found = ratio(rng.gamma(20.0, 0.9, 60), peer, rows)
        assert found.low is not None
        assert found.high is not None
        held += found.low <= 0.9 <= found.high
    assert 165 <= held <= 193


def test_a_cutoff_at_which_one_of_the_two_failed_counts_for_neither() -> None:
    own, peer = np.array([1.0, np.nan, 1.0]), np.array([2.0, 50.0, 2.0])
    assert ratio(own, peer, None).value == 0.5
    assert ratio(np.full(3, np.nan), peer, None).value is None


def test_the_geometric_mean_weighs_every_series_alike() -> None:
    rows = resampled(12, 3, seed=1)
    pairs = [(np.full(12, 0.8), np.ones(12), rows), (np.full(12, 1250.0), np.full(12, 1000.0), rows)]
    assert geometric_mean(pairs) == pytest.approx((1.0, 1.0, 1.0))
    assert geometric_mean([*pairs, (np.ones(3), np.ones(3), None)]).low is None
    failed = np.where(np.arange(12) == 3, np.nan, 0.8)
    assert geometric_mean([(failed, np.ones(12), rows)]) == pytest.approx((0.8, 0.8, 0.8))


def test_the_sums_give_the_scores_of_the_measuring_bench() -> None:
    rng = np.random.default_rng(5)
    grid = Grid.days(MONDAY + 40, MONDAY + 46, Interval.HOUR, TZ)
    came = rng.poisson(5.0, len(grid)).astype(np.float64)
    paths = Paths(("calls",), grid, rng.poisson(6.0, (1, len(grid), 50)).astype(np.float64))
    open_ = rng.random(len(grid)) < 0.5
    run = Run("calls", "m", midnight(40), Leads(grid, midnight(40)), came, open_, paths, 0.1, 0.1)
    failed = Run("calls", "m", midnight(41), run.leads, came, open_, None, 0.1, 0.0, "no")
    table = losses([run, failed], [midnight(40), midnight(41)], Interval.HOUR)["m"]
    item = scored(run, None)
    assert item is not None
    total = {name: table[0, :, at].sum() for name, at in AT.items()}
    assert total["error"] / total["contacts"] == pytest.approx(wape(came, item.median))
    assert total["pinball"] / total["contacts"] == pytest.approx(wql(came, item.q))
    assert total["drift"] / total["contacts"] == pytest.approx(bias(came, item.mean))
    assert total["below_high"] <= total["upto_high"] <= total["open"] == open_.sum()
    assert np.isnan(table[1]).all()


def test_a_quantile_between_whole_contacts_is_no_worse_than_a_whole_one() -> None:
    grid = Grid.days(MONDAY + 40, MONDAY + 40, Interval.HOUR, TZ)
    paths = Paths(("calls",), grid, np.full((1, len(grid), 5), 0.02))
    open_ = np.ones(len(grid), dtype=bool)
    run = Run("calls", "m", midnight(40), Leads(grid, midnight(40)), np.zeros(24), open_, paths, 0.1, 0.1)
    item = scored(run, None)
    assert item is not None
    sums = band_sums(item, Interval.HOUR).sum(axis=0)
    assert (sums[AT["below_low"]], sums[AT["upto_low"]]) == (0.0, 24.0)


def test_calibration_is_judged_by_shares_or_by_their_intervals() -> None:
    off, near = Bounds(0.2, 0.1, 0.3), Bounds(0.24, 0.12, 0.34)
    assert calibrated(off, near, 0.1, cutoffs=40) is True
    assert calibrated(off, near, 0.1, cutoffs=100) is False
    assert calibrated(Bounds(0.2, 0.15, 0.3), near, 0.1, cutoffs=40) is False
    assert calibrated(Bounds(0.2, None, None), near, 0.1, cutoffs=3) is None


def test_closed_hours_are_no_part_of_the_row_and_a_closed_day_keeps_its_place() -> None:
    usual = counts(working_week())

    def contacts(grid: Grid) -> Floats:
        return np.where(grid.day == MONDAY + 21, 0.0, usual(grid))

    history = known(archive(series(contacts)), 42)
    row = OpenSlots.of(history)
    assert (row.a_day, row.a_week) == (10, 50)
    assert len(row.values) == 6 * 50
    np.testing.assert_array_equal(row.values[150:160], row.values[100:110])
    np.testing.assert_array_equal(np.flatnonzero(~row.known), np.arange(150, 160))
    coming = Grid.days(MONDAY + 42, MONDAY + 48, Interval.HOUR, TZ)
    place = row.place(coming)
    np.testing.assert_array_equal(np.flatnonzero(history.opening(coming)), np.flatnonzero(place >= 0))
    np.testing.assert_array_equal(place[place >= 0], np.arange(300, 350))
    day, slot = row.calendar(310)
    assert (day[300] - MONDAY, slot[300]) == (42, 8)


def test_features_know_nothing_younger_than_the_band_allows() -> None:
    history = known(archive(series()), 42)
    table = DayTable.of(history)
    days, far = np.array([MONDAY + 44]), 7
    spoilt = DayTable(table.first, table.values.copy())
    spoilt.values[44 - far + 1 :] = 1e6
    np.testing.assert_array_equal(features(table, history, days, far), features(spoilt, history, days, far))
    spoilt.values[44 - far :] = 1e6
    assert np.any(features(table, history, days, far) != features(spoilt, history, days, far))


def said_by(fit: Fit, *, interval: Interval = Interval.HOUR, days: int = 7) -> tuple[Paths, Floats]:
    """What a peer says of the seven weeks' usual queue, and what it should say."""
    mean = working_week()
    held = archive(series(counts(mean), days=77, interval=interval, hours=None))
    snapshot = held.at(midnight(63))
    leads = Leads.days(snapshot, "calls", days)
    paths = Peer("peer", fit).fit(snapshot).predict(snapshot, leads, draws=200, seed=1)
    return paths, mean(leads.grid)


@pytest.mark.parametrize(
    ("fit", "interval"),
    [
        pytest.param(lightgbm, Interval.HOUR, id="lightgbm"),
        pytest.param(prophet, Interval.HOUR, id="prophet"),
        pytest.param(mstl_ets, Interval.HOUR, id="mstl_ets", marks=needs_statsforecast),
        pytest.param(auto_theta, Interval.DAY, id="auto_theta", marks=needs_statsforecast),
        pytest.param(auto_ets, Interval.DAY, id="auto_ets", marks=needs_statsforecast),
    ],
)
def test_a_peer_knows_the_usual_week_and_when_it_is_closed(fit: Fit, interval: Interval) -> None:
    paths, truth = said_by(fit, interval=interval)
    assert paths.values.shape == (1, len(truth), 200)
    assert paths.values[0, truth == 0].max() == 0.0
    assert np.abs(paths.median()[0] - truth).sum() < 0.2 * truth.sum()
    low, high = np.moveaxis(paths.quantiles((0.1, 0.9))[0, truth > 0], 1, 0)
    assert np.all(high > low)


def test_prophets_samples_leave_the_global_generator_alone_and_repeat() -> None:
    np.random.seed(7)
    untouched = np.random.random()
    np.random.seed(7)
    first, _ = said_by(prophet, interval=Interval.DAY)
    again, _ = said_by(prophet, interval=Interval.DAY)
    assert np.random.random() == untouched
    np.testing.assert_array_equal(first.values, again.values)


def test_lightgbm_says_no_quantile_beyond_those_it_learnt() -> None:
    paths, _ = said_by(lightgbm, days=1)
    lowest, highest = paths.quantiles((0.0, 1.0))[0].T
    inner = paths.quantiles((float(BOOSTED_TAUS[0]) - 0.01, float(BOOSTED_TAUS[-1]) + 0.01))[0].T
    np.testing.assert_array_equal(inner, [lowest, highest])


def test_whatever_a_library_raises_stops_that_peer_only() -> None:
    def broken(history: History) -> Any:
        raise KeyError("level")

    with pytest.raises(RuntimeError, match="peer could not run: KeyError"):
        said_by(broken)


def test_autogluon_gets_a_row_without_gaps_and_its_answers_find_their_buckets() -> None:
    history = known(archive(series()), 42)
    row = OpenSlots.of(history)
    past, future = (gluon.frame(history, row, 50, past=past) for past in (True, False))
    assert [*past["step"], *future["step"]] == list(range(350))
    assert set(past) - set(future) == {"target"}
    assert not past.isna().any(axis=None)
    said = np.repeat(np.arange(50.0)[:, None], 19, axis=1)
    grid = Grid.days(MONDAY + 42, MONDAY + 48, Interval.HOUR, TZ)
    open_ = grid.take(history.opening(grid))
    _, found = gluon.FittedRow(row, said).quantiles(history, open_, seed=1)
    np.testing.assert_array_equal(found[:, 0], np.arange(50.0))


def model(name: str, role: str, *over: float | None, bias: float = 0.0) -> dict[str, Any]:
    """A row of a model; `over`: the champion's loss over its own, with interval."""
    share = {"below": [0.1, 0.08, 0.12], "at_or_below": [0.1, 0.08, 0.12], "calibrated": True}
    found: dict[str, Any] = {
        "model": name,
        "role": role,
        "aside": name == "autogluon",
        "wape": [0.1, None, None],
        "wql": [0.1, None, None],
        "bias": [bias, bias - 0.01, bias + 0.01],
        "calibration": {"0.1": share, "0.9": share},
        "sharpness": 0.3,
        "seconds": 1.0,
    }
    if over:
        found |= {"champion_wape_ratio": list(over), "champion_wql_ratio": list(over)}
    return found


def row(*models: dict[str, Any]) -> dict[str, Any]:
    rng = np.random.default_rng(1)
    lost = {one["model"]: rng.gamma(9.0, size=12).tolist() for one in models}
    return {
        "series": "calls",
        "data": "a set",
        "interval": "1h",
        "horizon_days": 7,
        "cutoffs": 12,
        "block": 3,
        "seed": 1,
        "models": list(models),
        "bands": [],
        "contacts": [100.0] * 12,
        "error": lost,
        "pinball": lost,
        "problems": ["auto_arima: no"],
        "autogluon": {},
    }


def test_the_best_other_is_a_bar_or_a_peer_and_autogluon_stands_aside() -> None:
    others = [
        model("mean8", "bar", 0.8, 0.7, 0.9),
        model("lightgbm", "peer", 0.97, 0.9, 1.1),
        model("autogluon", "peer", 1.2, 1.1, 1.3),
        model("dhr", "ours"),
    ]
    assert hardest(row(model("champion", "champion"), *others), "wape") == "lightgbm"


def test_the_page_names_a_better_peer_a_bias_and_what_was_left_out() -> None:
    facts = {
        "version": "1",
        "train_seconds": 240.0,
        "cores": 2,
        "predict_seconds": 2.0,
        "best": "DeepAR",
        "weights": {},
    }
    worse = row(model("champion", "champion", bias=0.08), model("lightgbm", "peer", 1.2, 1.1, 1.3))
    text = page([{**worse, "autogluon": facts}])
    assert "calls: lightgbm is better, 1.200 (1.100 to 1.300)." in text
    assert "calls: bias +8.0 (+7.0 to +9.0) %." in text
    assert "Left out: auto_arima: no" in text
    assert "AutoGluon: version 1, trained 240 s on 2 cores" in text
    calm = page([row(model("champion", "champion"), model("lightgbm", "peer", 0.9, None, None))])
    assert "No series, band, bias or calibration fails; where there is no interval, none is judged." in calm
