"""Everything a planner reads comes from paths: sums, quantiles, reasons that add up."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from forecast.buckets import Grid, Interval
from forecast.catalogue import model
from forecast.models.base import BANDS, DAILY_BANDS, QUANTILES, Leads, Paths, band_of, bands
from forecast.models.split import Split, allot
from tests.worlds import HOUR, MINUTE, MONDAY, TZ, archive, counts, midnight, series, working_week

WEEK = Grid.days(MONDAY, MONDAY + 6, Interval.HOUR, TZ)
PATHS = Paths(("a", "b"), WEEK, np.random.default_rng(1).poisson(3.0, (2, len(WEEK), 500)).astype(np.float64))


def test_quantiles_never_cross_and_the_median_lies_among_them() -> None:
    quantiles = PATHS.quantiles()
    assert quantiles.shape == (2, 168, len(QUANTILES))
    assert (np.diff(quantiles, axis=2) >= 0).all()
    np.testing.assert_array_equal(quantiles[:, :, QUANTILES.index(0.5)], PATHS.median())


def test_sums_over_time_and_over_series_are_taken_path_by_path() -> None:
    days = PATHS.total(Interval.DAY)
    assert len(days.grid) == 7
    np.testing.assert_array_equal(days.values[0, 2], PATHS.values[0, 48:72].sum(axis=0))
    np.testing.assert_array_equal(PATHS.sum("all").values[0], PATHS.values.sum(axis=0))
    np.testing.assert_array_equal(PATHS.only("b").values[0], PATHS.values[1])
    np.testing.assert_allclose(PATHS.total(Interval.MONTH).values.sum(), PATHS.values.sum())


def test_the_quantile_of_a_sum_is_not_the_sum_of_quantiles() -> None:
    high = QUANTILES.index(0.9)
    assert PATHS.total(Interval.WEEK).quantiles()[0, 0, high] < 0.9 * PATHS.quantiles()[0, :, high].sum()


def test_a_day_of_25_hours_sums_up_25_buckets() -> None:
    autumn = int(np.datetime64("2024-10-27").astype(np.int64))
    grid = Grid.days(autumn, autumn, Interval.HOUR, TZ)
    ones = Paths(("a",), grid, np.ones((1, len(grid), 3)))
    np.testing.assert_array_equal(ones.total(Interval.DAY).values, np.full((1, 1, 3), 25.0))


def test_lead_bands_are_half_open_and_daily_data_begin_with_a_day() -> None:
    seconds = np.array([0, 3599, 3600, 14_399, 14_400, 86_399, 86_400, 7 * 86_400, 56 * 86_400, 400 * 86_400])
    names = [BANDS[at][0] for at in band_of(seconds, Interval.HALF_HOUR)]
    assert names == ["0-1h", "0-1h", "1-4h", "1-4h", "4-24h", "4-24h", "1-3d", "7-14d", "56d+", "56d+"]
    daily = [DAILY_BANDS[at][0] for at in band_of(seconds, Interval.DAY)]
    assert daily == [*["0-1d"] * 6, "1-3d", "7-14d", "56d+", "56d+"]
    for interval in (Interval.QUARTER, Interval.DAY, Interval.WEEK):
        edges = bands(interval)
        assert edges[0][1] == 0
        assert all(one[2] == other[1] for one, other in pairwise(edges))
    assert bands(Interval.DAY)[0][0] == "0-1d"


def test_a_lead_is_elapsed_time_also_over_a_clock_change() -> None:
    first = int(np.datetime64("2024-10-21").astype(np.int64))
    held = archive(series(days=6, first=first))
    leads = Leads.days(held.at(midnight(6, first=first)), "calls", 2)
    assert len(leads.grid) == 25 + 24
    np.testing.assert_array_equal(leads.seconds, np.arange(49) * 3600)


def test_leads_begin_at_the_cutoff_and_keep_the_queues_own_grid() -> None:
    held = archive(series())
    leads = Leads.days(held.at(midnight(40) + 9 * HOUR + 10 * MINUTE), "calls", 2)
    assert leads.grid.ds[0] == midnight(40) + 10 * HOUR
    assert leads.seconds[0] == 50 * 60
    assert leads.grid.ds[-1] == midnight(42) - HOUR


def test_reasons_add_up_to_their_queue_in_every_path() -> None:
    parts = [
        replace(series(counts(working_week(level), at), days=42), name=name, queue="calls", topic=topic)
        for at, (name, topic, level) in enumerate(
            [
                ("calls", "all", 20.0),
                ("invoice", "invoice", 14.0),
                ("outage", "outage", 5.0),
                ("rare", "rare", 0.2),
            ]
        )
    ]
    snapshot = archive(*parts).at(midnight(42))
    split = Split(model("level_profile"))
    leads = Leads.days(snapshot, "calls", 3)
    paths = split.fit(snapshot).predict(snapshot, leads, draws=50, seed=1)
    assert paths.series == ("calls", "invoice", "outage", "rare")
    np.testing.assert_array_equal(paths.values[0], paths.values[1:].sum(axis=0))
    shares = paths.values[1:].sum(axis=(1, 2)) / paths.values[0].sum()
    assert shares == pytest.approx(np.array([14.0, 5.0, 0.2]) / 19.2, abs=0.04)
    alone = snapshot.only("outage")
    again = split.fit(alone).predict(alone, leads, draws=50, seed=1)
    np.testing.assert_array_equal(again.values[0], paths.values[2])


def test_a_split_is_exact_whole_and_follows_the_rates() -> None:
    rng = np.random.default_rng(1)
    whole = rng.poisson(30.0, (40, 100)).astype(np.float64)
    rates = np.stack([np.full_like(whole, rate) for rate in (6.0, 3.0, 1.0)])
    parts = np.stack(allot(whole, rates, rng))
    np.testing.assert_array_equal(parts.sum(axis=0), whole)
    assert (parts >= 0).all()
    assert parts.sum(axis=(1, 2)) / whole.sum() == pytest.approx([0.6, 0.3, 0.1], abs=0.01)
