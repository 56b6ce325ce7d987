"""Handling time and workload in GET /v1/forecasts, in JSON and CSV."""

from __future__ import annotations

import csv
import io
from typing import Any

import numpy as np
import pytest

from forecast.buckets import Grid, Interval
from forecast.models.base import QUANTILES
from store.database import sessions
from store.forecasts import create_version, publish_version, save_forecast
from tests.api.filled import CUTOFF, NOW, TZ, Filled, day


@pytest.fixture
def costed(filled: Filled) -> Filled:
    """A forecast of Outage at 300 s a contact, in a band from 260 to 340 s, with closed hours before eight; Billing has none."""
    with sessions(filled.engine)() as session:
        version = create_version(session, run_id=None, cutoff=CUTOFF, now=NOW)
        for name, interval in (("interval", Interval.HALF_HOUR), ("day", Interval.DAY)):
            grid = Grid.days(day("2026-10-26"), day("2026-10-27"), interval, TZ)
            open_ = grid.slot >= 16 if interval is Interval.HALF_HOUR else np.ones(len(grid), dtype=bool)
            spread = np.concatenate([[0.0], np.array(QUANTILES) - 0.5])
            values = np.where(open_[:, None], 12.0 + 8 * spread, 0.0)
            aht = np.where(open_[:, None], 300.0 + 100 * spread, np.nan)
            work = np.where(open_[:, None], 3600.0 + 1000 * spread, 0.0)
            save_forecast(session, version, "Outage", name, grid.ds, values, costs=(aht, work))
        publish_version(session, version, NOW)
        session.commit()
    return filled


def rows(filled: Filled, **query: Any) -> list[dict[str, Any]]:
    answer = filled.client().get("/v1/forecasts", params={"queue": "Outage", "start": "2026-10-26"} | query)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["rows"]
    return found


def test_a_row_has_the_handling_time_with_its_band_and_the_workload_in_hours(costed: Filled) -> None:
    row = rows(costed, start="2026-10-26T08:00")[0]
    assert (row["aht_seconds"], row["aht_low"], row["aht_high"]) == (300.0, 260.0, 340.0)
    assert row["workload_hours"] == 1.0 and row["workload_quantiles"] is None
    assert row["mean"] * row["aht_seconds"] / 3600 == row["workload_hours"]


def test_quantiles_asked_for_are_given_of_the_workload_too(costed: Filled) -> None:
    row = rows(costed, start="2026-10-26T08:00", quantiles="0.9,0.5")[0]
    assert row["workload_quantiles"] == {"0.5": 1.0, "0.9": round(4000 / 3600, 4)}


def test_a_closed_bucket_has_no_handling_time_and_no_work(costed: Filled) -> None:
    row = rows(costed)[0]
    assert row["mean"] == 0 and row["workload_hours"] == 0
    assert row["aht_seconds"] is row["aht_low"] is row["aht_high"] is None


def test_longer_buckets_have_their_own(costed: Filled) -> None:
    row = rows(costed, granularity="day")[0]
    assert (row["aht_seconds"], row["workload_hours"]) == (300.0, 1.0)


def test_a_queue_without_handling_times_has_null_and_nothing_breaks(costed: Filled) -> None:
    row = rows(costed, queue="Billing", quantiles="0.5")[0]
    assert row["mean"] > 0 and row["aht_seconds"] is None and row["workload_hours"] is None
    assert row["workload_quantiles"] == {"0.5": None}


def test_csv_has_the_same_columns_of_both_queues(costed: Filled) -> None:
    query = {"start": "2026-10-26T08:00", "layout": "tidy"}
    plain = list(csv.DictReader(io.StringIO(costed.client().get("/v1/forecasts", params=query).text)))
    mine = next(row for row in plain if row["queue"] == "Outage")
    assert (mine["aht_seconds"], mine["aht_high"], mine["workload_hours"]) == ("300.0", "340.0", "1.0")
    assert next(row for row in plain if row["queue"] == "Billing")["aht_seconds"] == ""
    assert not any(name.startswith("workload_0") for name in mine)
    asked = costed.client().get("/v1/forecasts", params=query | {"quantiles": "0.9"}).text
    assert "workload_0.9" in asked.splitlines()[0]
