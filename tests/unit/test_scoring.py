"""Scores of runs whose numbers can be worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from forecast.arrays import Floats
from forecast.backtest import Run
from forecast.buckets import Grid, Interval
from forecast.losses import TAILS, TAUS
from forecast.models.base import Leads, Paths
from forecast.scoring import overall, score_rows, scored, weekly_scale
from tests.worlds import MONDAY, TZ, archive, midnight, series

FIRST = 40


def run(came: Floats, said: Floats, *, model: str = "champion", day: int = FIRST, interval: Interval = Interval.HOUR) -> Run:  # fmt: skip
    """A run that is sure of itself: every path is what it said."""
    days = len(came) // interval.slots
    grid = Grid.days(MONDAY + day, MONDAY + day + days - 1, interval, TZ)
    paths = Paths(("calls",), grid, np.repeat(np.asarray(said, float)[None, :, None], 5, axis=2))
    open_ = np.ones(len(grid), dtype=bool)
    return Run("calls", model, midnight(day), Leads(grid, midnight(day)), np.asarray(came, float), open_, paths, 0.1, 0.1)  # fmt: skip


HELD = archive(series(lambda grid: np.where(grid.day % 2 == 0, 10.0, 14.0), hours=None))


def test_each_band_has_the_buckets_that_lie_in_it_and_their_wape() -> None:
    came = np.full(72, 10.0)
    said = np.concatenate([[11.0], np.full(3, 12.0), np.full(20, 15.0), np.full(48, 10.0)])
    rows = {row["lead_band"]: row for row in score_rows(HELD, [run(came, said)])}
    assert list(rows) == ["0-1h", "1-4h", "4-24h", "1-3d"]
    assert [row["n"] for row in rows.values()] == [1, 3, 20, 48]
    assert [row["wape"] for row in rows.values()] == pytest.approx([0.1, 0.2, 0.5, 0.0])
    assert [row["bias"] for row in rows.values()] == pytest.approx([0.1, 0.2, 0.5, 0.0])
    assert rows["4-24h"]["wql"] == pytest.approx(0.5)
    assert rows["4-24h"]["mean_volume"] == 10.0


def test_mase_is_measured_in_changes_from_week_to_week_of_the_training_part() -> None:
    assert weekly_scale(HELD, "calls", midnight(FIRST)) == pytest.approx(4.0)
    (row,) = score_rows(HELD, [run(np.full(24, 10.0), np.full(24, 12.0))])[:1]
    assert row["mase"] == pytest.approx(2.0 / 4.0)


def test_skill_compares_with_the_bars_at_the_same_cutoffs() -> None:
    came = np.full(24, 10.0)
    runs = [
        run(came, came + 1),
        run(came, came + 2, model="mean8"),
        run(came, came + 4, model="seasonal_naive"),
    ]
    rows = {row["model"]: row for row in score_rows(HELD, runs) if row["lead_band"] == "0-1h"}
    assert rows["champion"]["skill_vs_mean8"] == pytest.approx(0.5)
    assert rows["champion"]["skill_vs_seasonal_naive"] == pytest.approx(0.75)
    assert rows["mean8"]["skill_vs_mean8"] == pytest.approx(0.0)
    assert np.isnan(score_rows(HELD, runs[:1])[0]["skill_vs_mean8"])  # type: ignore[call-overload]


def test_the_quantiles_scored_are_those_asked_for() -> None:
    draws = np.arange(101.0)
    grid = Grid.days(MONDAY + FIRST, MONDAY + FIRST, Interval.DAY, TZ)
    paths = Paths(("calls",), grid, draws[None, None, :])
    held = Run("calls", "m", midnight(FIRST), Leads(grid, midnight(FIRST)), np.array([50.0]), np.array([True]), paths, 0, 0)  # fmt: skip
    found = scored(held, None)
    assert found is not None
    np.testing.assert_allclose(found.q[0], 100 * TAUS)
    np.testing.assert_allclose(found.tails[0], 100 * np.array(TAILS))
    assert found.median[0] == found.mean[0] == 50.0


def test_days_and_weeks_are_scored_by_their_sums() -> None:
    came, said = np.full(14 * 24, 10.0), np.full(14 * 24, 10.0) + np.tile([1.0, -1.0], 7 * 24)
    days = scored(run(came, said, day=42), Interval.DAY)
    weeks = scored(run(came, said, day=42), Interval.WEEK)
    assert days is not None
    assert weeks is not None
    np.testing.assert_array_equal(days.y, np.full(14, 240.0))
    np.testing.assert_array_equal(days.median, days.y)
    np.testing.assert_array_equal(weeks.y, np.full(2, 1680.0))
    np.testing.assert_array_equal(weeks.lead, [0, 7 * 86_400])


def test_only_whole_weeks_are_scored() -> None:
    """From a Saturday on, eleven days hold one whole week and a few days of the next."""
    came = np.full(11 * 24, 10.0)
    found = scored(run(came, came, day=40), Interval.WEEK)
    assert found is not None
    np.testing.assert_array_equal(found.y, [1680.0])


def test_only_whole_days_are_scored_where_the_data_end_at_noon() -> None:
    whole = run(np.full(48, 10.0), np.full(48, 10.0))
    part = np.arange(36)
    assert whole.paths is not None
    paths = Paths(("calls",), whole.paths.grid.take(part), whole.paths.values[:, part])
    ended = Run("calls", "m", whole.cutoff, Leads(paths.grid, whole.cutoff), whole.came[part], whole.open[part], paths, 0, 0)  # fmt: skip
    found = scored(ended, Interval.DAY)
    assert found is not None
    np.testing.assert_array_equal(found.y, [240.0])


def test_a_failed_run_has_no_score() -> None:
    held = run(np.full(24, 10.0), np.full(24, 10.0))
    failed = Run(*(*list(vars(held).values())[:6], None, 0.0, 0.0, "too short"))
    assert scored(failed, None) is None
    assert overall([failed]) == []
    (row,) = overall([failed, held])
    assert row["wape"] == 0.0
    assert row["n"] == 24
