"""The report's `aht`: handling time and workload against what planners do, by lead band; nothing where none is known."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
import pytest

from forecast.buckets import Interval
from forecast.handle_scoring import mean8_handle_time
from forecast.report import Plan, evaluate
from forecast.vintage import Archive
from tests.handle_worlds import SECONDS, Calls, ahead, queue, without_handling
from tests.worlds import archive, known

PLAN = Plan(("level_profile", "mean8_open"), cutoffs=4, horizon_days=14, draws=100, with_evidence=False)
KEYS = {
    "series", "model", "lead_band", "n", "contacts", "mean_aht", "wape", "wape_interval", "wape_mean8",
    "skill_vs_mean8", "bias", "calibration", "within_80",
    "workload_hours", "workload_wape", "workload_wape_mean8", "workload_skill_vs_mean8",
}  # fmt: skip


@lru_cache
def calls() -> Archive:
    return Calls(days=0.03, slots=0.1, level=10.0).archive()


@lru_cache
def report() -> dict[str, Any]:
    return evaluate(calls(), PLAN).as_dict()


def test_each_lead_band_has_a_row_with_the_handling_time_and_the_workload() -> None:
    rows = report()["aht"]
    assert [row["lead_band"] for row in rows] == ["4-24h", "1-3d", "3-7d", "7-14d"]
    assert all(set(row) == KEYS and row["series"] == "calls" for row in rows)
    assert all(row["model"] == "level_profile" for row in rows)  # the first, where the champion did not run
    assert json.loads(json.dumps(report(), allow_nan=False)) == report()
    weight = [row["contacts"] for row in rows]
    assert 0.95 < np.average([row["mean_aht"] for row in rows], weights=weight) / SECONDS < 1.05
    assert abs(np.average([row["bias"] for row in rows], weights=weight)) < 0.03
    assert all(set(row["calibration"]) == {"0.1", "0.9"} for row in rows)


def test_the_shrunk_handling_time_beats_the_mean_of_eight_weeks() -> None:
    for row in report()["aht"]:
        assert row["wape"] < row["wape_mean8"] and row["skill_vs_mean8"] > 0
        assert row["wape_interval"][0] <= row["wape"] <= row["wape_interval"][1]


def test_the_other_rows_of_the_report_are_what_they_are_without_handling_times() -> None:
    plain = evaluate(without_handling(calls()), PLAN).as_dict()
    assert plain["aht"] == []
    assert plain["scores"] == report()["scores"] and plain["overall"] == report()["overall"]


def test_whole_days_are_scored_where_days_are_asked_for() -> None:
    rows = evaluate(calls(), replace(PLAN, granularity=Interval.DAY)).as_dict()["aht"]
    assert [row["lead_band"] for row in rows] == ["0-1d", "1-3d", "3-7d", "7-14d"]
    halves = {row["lead_band"]: row for row in report()["aht"]}
    for row in rows[1:]:  # a day's mean is steadier than a half hour's
        assert row["wape"] < halves[row["lead_band"]]["wape"] / 2
    hours, whole = (sum(row["workload_hours"] for row in each) for each in (halves.values(), rows))
    assert whole == pytest.approx(
        hours, rel=0.03
    )  # the last day ends before its midnight, and is no whole one


def test_the_bar_is_the_mean_of_eight_weeks_weighted_by_contacts() -> None:
    """Seven weeks of one contact of 1,000 s and one of 93 contacts of 200 s: 256 s, not 900 s."""
    grid = Calls(span=56).grid
    busy = grid.day >= grid.day[0] + 49
    held = archive(queue(grid, np.where(busy, 93.0, 1.0), np.where(busy, 200.0, 1000.0)))
    bar = mean8_handle_time(known(held, 56), ahead(held, 56))
    np.testing.assert_allclose(bar, (7 * 1000 + 93 * 200) / 100)


def test_a_slot_without_a_contact_in_eight_weeks_has_the_mean_of_all_as_its_bar() -> None:
    grid = Calls(span=56).grid
    held = archive(queue(grid, np.where(grid.slot == 20, 0.0, 5.0), np.full(len(grid), 250.0)))
    np.testing.assert_allclose(mean8_handle_time(known(held, 56), ahead(held, 56)), 250.0)
