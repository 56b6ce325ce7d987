"""The report keeps the contract, whoever computed it."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

from forecast.buckets import Interval, from_ns
from forecast.errors import InputError, NotFound
from forecast.models.base import QUANTILES
from forecast.report import Plan, Report, evaluate
from tests.worlds import Storms, archive, counts, fresh, midnight, series, working_week

SCORES = {
    "series", "model", "lead_band", "n", "mean_volume", "wape", "poisson_floor", "mase", "bias", "wql",
    "wape_interval", "calibration", "skill_vs_seasonal_naive", "skill_vs_mean8",
}  # fmt: skip
CHAMPIONS = {"series", "lead_band", "model"}
BESIDE_EVIDENCE = {
    "leads_lower",
    "leads_upper",
    "regime",
    "incidents",
    "weight",
    "halves",
    "quiet_lift",
    "shut_by",
    "placebo",
    "granger",
}
EVIDENCE = {"series", "signal", "lead_band", "leads_by_minutes", "lift", "lower", "upper", "gate", "n", "why"}
QUICK = Plan(("seasonal_naive", "mean8", "level_profile"), cutoffs=3, draws=40, keep_forecasts=True)


def two_queues() -> Any:
    mail = series(counts(working_week(6.0), 2), name="mail")
    return archive(series(), mail)


@lru_cache
def storms() -> dict[str, Any]:
    plan = Plan(("champion", "mean8", "seasonal_naive"), cutoffs=2, draws=40, candidates=("level_profile",))
    return evaluate(Storms(1).archive(), plan).as_dict()


def test_rows_have_exactly_the_keys_of_the_contract_and_the_additions_named_here() -> None:
    found = storms()
    assert {"data", "interval", "cutoffs", "seconds", "scores", "champions", "evidence"} <= set(found)
    assert found["scores"] and found["champions"] and found["evidence"]
    for row in found["scores"]:
        assert set(row) == SCORES | {"cutoffs"}
        assert set(row["calibration"]) <= {"0.025", "0.1", "0.9", "0.975"}
        assert all(set(shares) == {"below", "at_or_below"} for shares in row["calibration"].values())
        assert len(row["wape_interval"]) == 2
    for row in found["champions"]:
        assert set(row) == CHAMPIONS | {"weights", "signals"}
    for row in found["evidence"]:
        assert set(row) == EVIDENCE | BESIDE_EVIDENCE
        assert row["gate"] in ("open", "shut", "not enough history")


def test_the_report_is_json_with_cutoffs_in_utc() -> None:
    found = storms()
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert found["interval"] == "30min"
    assert len(found["cutoffs"]) == 2
    assert all(pd.Timestamp(cutoff).tz is not None and cutoff.endswith("Z") for cutoff in found["cutoffs"])
    assert set(found["seconds"]) == {"total", "fit"}
    assert set(found["seconds"]["fit"]) == {"champion", "mean8", "seasonal_naive"}


def test_an_open_gate_is_seen_in_the_evidence_and_in_the_champion() -> None:
    found = storms()
    assert [row["gate"] for row in found["evidence"] if row["lead_band"] == "0-1h"] == ["open"]
    assert [row["signals"] for row in found["champions"] if row["lead_band"] == "0-1h"] == [["posts"]]


def test_without_social_there_is_no_evidence_and_no_signal() -> None:
    plan = Plan(("champion",), cutoffs=1, draws=20, candidates=("level_profile",), social=False)
    found = evaluate(Storms(1, days=60).archive(), plan).as_dict()
    assert found["evidence"] == []
    assert all(row["signals"] == [] for row in found["champions"])


def untimed(report: Report) -> dict[str, Any]:
    return {key: value for key, value in report.as_dict().items() if key != "seconds"}


def test_two_workers_give_the_report_of_one() -> None:
    one, two = (evaluate(fresh(two_queues()), QUICK, workers=workers) for workers in (1, 2))
    assert untimed(one) == untimed(two)
    pd.testing.assert_frame_equal(one.forecasts(), two.forecasts())


def test_a_method_that_cannot_is_a_problem_and_the_others_are_scored() -> None:
    early = replace(QUICK, models=("mean8", "ets"), cutoffs=(from_ns(midnight(8)),))
    found = evaluate(archive(series(name="calls")), early).as_dict()
    assert {row["model"] for row in found["scores"]} == {"mean8"}
    assert len(found["problems"]) == 1
    assert found["problems"][0].startswith("ets: ")


def test_a_queue_that_is_too_short_is_a_problem_and_the_others_are_scored() -> None:
    found = evaluate(archive(series(days=5, name="new"), series()), QUICK).as_dict()
    assert {row["series"] for row in found["scores"]} == {"calls"}
    assert any("new" in problem for problem in found["problems"])


def test_where_nothing_can_be_evaluated_the_reason_is_an_error() -> None:
    with pytest.raises(InputError, match="too few"):
        evaluate(archive(series(days=5)), QUICK)
    with pytest.raises(NotFound):
        evaluate(archive(series()), Plan(("nonsense",)))


def test_forecasts_have_a_row_per_bucket_and_quantile_with_local_offsets() -> None:
    frame = evaluate(archive(series()), replace(QUICK, cutoffs=1, models=("mean8",))).forecasts()
    assert list(frame) == ["series", "model", "cutoff", "ds", "lead_seconds", "quantile", "value"]
    assert list(frame["quantile"].unique()) == [*(f"{tau:g}" for tau in QUANTILES), "mean"]
    assert len(frame) == 7 * 24 * (len(QUANTILES) + 1)
    assert frame["ds"].str.endswith("+01:00").all()
    assert (frame["value"] >= 0).all()


def test_days_are_scored_where_days_are_asked_for() -> None:
    plan = replace(QUICK, granularity=Interval.DAY, keep_forecasts=False)
    rows = evaluate(archive(series()), plan).as_dict()["scores"]
    assert {row["lead_band"] for row in rows} == {"0-1d", "1-3d", "3-7d"}
    assert np.isclose(sum(row["n"] for row in rows if row["model"] == "mean8"), 3 * 7)


def test_a_planner_reads_how_good_it_is_in_one_sentence() -> None:
    plan = Plan(("champion", "mean8_open"), cutoffs=2, draws=40, candidates=("level_profile",))
    sentence = evaluate(archive(series()), plan).sentence("calls")
    assert sentence.startswith("calls: off by ")
    assert "8-week average" in sentence
