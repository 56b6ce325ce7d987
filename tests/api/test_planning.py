"""The gap to a plan, repeats, and forecasts compared, over HTTP."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from forecast.buckets import Grid, Interval
from forecast.comparison import Compared, Measure, Week
from forecast.models.base import QUANTILES
from store.comparison import save_comparison
from store.contact_log import save_contacts
from store.database import sessions
from store.forecasts import create_version, publish_version, save_forecast
from store.groups import save_groups
from store.imports.staffing import import_staffing
from store.queues import load_queue, save_queue
from store.settings import Settings
from tests.api.filled import CUTOFF, NOW, SETTINGS, TZ, Filled, day


def get(filled: Filled, path: str, status: int = 200, **query: Any) -> Any:
    answer = filled.client().get(path, params=query)
    assert answer.status_code == status, answer.text
    return answer.json()


def put_plan(filled: Filled, agents: int) -> None:
    """A forecast of 60 calls of 300 s every open half hour of 26 October, and a net plan for them."""
    grid = Grid.days(day("2026-10-26"), day("2026-10-26"), Interval.HALF_HOUR, TZ)
    open_ = (grid.slot >= 16) & (grid.slot < 40)
    values = np.repeat(np.where(open_, 60.0, 0.0)[:, None], 1 + len(QUANTILES), axis=1)
    values[:, 1 + QUANTILES.index(0.9)] *= 1.5
    aht = np.where(open_[:, None], 300.0, np.nan) * np.ones_like(values)
    rows = [
        f"2026-10-26T{slot // 2:02d}:{30 * (slot % 2):02d},Outage,{agents}"
        for slot in grid.slot[open_].tolist()
    ]
    with sessions(filled.engine)() as session:
        version = create_version(session, run_id=None, cutoff=CUTOFF, now=CUTOFF)
        save_forecast(session, version, "Outage", "interval", grid.ds, values, costs=(aht, values * 300))
        publish_version(session, version, CUTOFF + dt.timedelta(minutes=6))
        file = "\n".join(["interval_start,group,agents", *rows]).encode()
        import_staffing(session, SETTINGS, file, now=pd.Timestamp(CUTOFF), marked="net")
        session.commit()


def test_the_gap_is_told_by_interval_and_day_net_and_gross(filled: Filled) -> None:
    put_plan(filled, 12)
    found = get(filled, "/v1/staffing/gap", group="Outage", start="2026-10-26", end="2026-10-27")
    (group,) = found["groups"]
    assert group["methods"] == ["phone: erlang"] and len(group["rows"]) == 24
    row = group["rows"][0]
    assert row["start"].startswith("2026-10-26T08:00:00+01:00") and row["contacts"] == 60
    assert row["needed_net"] == 14 and row["gap_net"] == -2  # 10 erlangs
    assert row["gap_gross"] == pytest.approx(-2 / 0.7) and 0 < row["service_level"] < 0.8
    (one,) = group["days"]
    assert (one["under_net"], one["over_net"]) == (24.0, 0.0) and one["planned_net"] == 144
    busy = get(filled, "/v1/staffing/gap", group="Outage", start="2026-10-26", end="2026-10-27", quantile=0.9)
    assert busy["groups"][0]["rows"][0]["needed_net"] > row["needed_net"]


def test_what_planning_groups_leave_of_a_queue_is_in_the_gap_and_a_queue_without_forecast_is_told(
    filled: Filled,
) -> None:
    put_plan(filled, 12)
    rows = pd.DataFrame(
        [("Outage", "Partner", 0.7), ("New", "Partner", 1.0)], columns=["queue", "group", "share"]
    )
    with sessions(filled.engine)() as session:
        save_queue(session, replace(load_queue(session, "Outage"), name="New"))
        save_groups(session, rows)
        session.commit()
    found = get(filled, "/v1/staffing/gap", start="2026-10-26", end="2026-10-27")
    contacts = {group["group"]: group["rows"][0]["contacts"] for group in found["groups"] if group["rows"]}
    assert contacts["Outage"] == pytest.approx(18) and contacts["Partner"] == pytest.approx(42)
    assert any(note.startswith("New: no forecast is published") for note in found["notes"])


def test_a_queue_without_handling_times_or_plan_is_told_and_an_unknown_group_is_not_found(
    filled: Filled,
) -> None:
    found = get(filled, "/v1/staffing/gap", start="2026-10-26", end="2026-10-27")
    assert any("Billing: no handling time" in note for note in found["notes"])
    assert all(row["gap_net"] is None for group in found["groups"] for row in group["rows"])
    assert "Did you mean Outage" in str(get(filled, "/v1/staffing/gap", 404, group="Outag"))
    get(filled, "/v1/staffing/gap", 422, quantile=0.55)
    get(filled, "/v1/staffing/gap", 422, start="2026-10-27", end="2026-10-26")


def put_contacts(filled: Filled) -> None:
    """Twelve customers on bills since September; six of them come again two days later, by phone."""
    first = pd.Timestamp(CUTOFF) - pd.Timedelta(days=20)
    rows = [("old", "", first - pd.Timedelta(days=30), "email"), ("new", "", pd.Timestamp(CUTOFF), "email")]
    rows += [(f"f{at}", f"customer {at}", first + pd.Timedelta(hours=at), "email") for at in range(12)]
    rows += [(f"s{at}", f"customer {at}", first + pd.Timedelta(days=2, hours=at), "phone") for at in range(6)]
    frame = pd.DataFrame(rows, columns=["id", "customer", "at", "channel"])
    frame = frame.assign(
        source="crm", queue="Billing", topic="billing", outcome="handled", known_at=frame["at"]
    )
    with sessions(filled.engine)() as session:
        save_contacts(session, frame.assign(at=frame["at"].dt.as_unit("ns")), upload_id=None)
        session.commit()


def test_repeats_are_told_with_their_interval_and_feed_preventable_contact(filled: Filled) -> None:
    before = get(filled, "/v1/preventable")
    assert before["not_measured"] == ["repeats"] and before["total"]["repeats"] is None
    put_contacts(filled)
    found = get(filled, "/v1/repeats")
    total = found["total"]
    assert (total["repeats"]["count"], total["repeats"]["of"]) == (6, 18)
    assert total["resolved"]["count"] == 6 and total["hours"] == 48
    assert total["repeats"]["lower"] < 1 / 3 < total["repeats"]["upper"]
    assert total["pairs"] == [{"first": "email", "then": "phone", "count": 6, "hours": 48.0}]
    assert [row["topic"] for row in found["reasons"]] == ["billing"] and found["coverage"]["share"] < 1.01
    assert "customer" not in str(found).replace("customers", "").replace("a customer", "")
    after = get(filled, "/v1/preventable")
    assert after["not_measured"] == [] and after["total"]["repeats"] is not None
    then = get(filled, "/v1/repeats", as_of="2026-10-05T12:00:00Z")
    assert then["total"] is None or then["total"]["repeats"]["count"] == 0


def test_without_contacts_of_customers_repeats_say_so(filled: Filled) -> None:
    found = get(filled, "/v1/repeats")
    assert found["total"] is None and "No contact with a customer" in found["notes"][0]
    get(filled, "/v1/repeats", 404, queue="Bilin")


def test_the_last_comparison_is_given_with_the_weeks_that_were_left_out(filled: Filled) -> None:
    assert get(filled, "/v1/forecasts/compared") == {"made_at": None, "queues": []}
    measure = Measure("volume", "interval", 336, 0.2, 0.1, -0.1, -0.15, -0.05, 0.0, 0.01, "theirs")
    weeks = (
        Week("2026-10-12", "2026-10-05T00:00:00+00:00", "hindcast", "", 0.2, 0.1),
        Week("2026-10-19", "2026-10-12T00:00:00+00:00", "", "the week is not over"),
    )
    with sessions(filled.engine)() as session:
        found = [Compared("Outage", "30min", "theirs", (measure,), weeks, ("note",))]
        assert save_comparison(session, Settings(), found, now=NOW, code_version="1")
        session.commit()
    told = get(filled, "/v1/forecasts/compared", queue="Outage")
    (one,) = told["queues"]
    assert one["winner"] == "theirs" and one["measures"][0]["high"] == -0.05
    assert [week["why"] for week in one["weeks"]] == ["", "the week is not over"]
    assert get(filled, "/v1/forecasts/compared", queue="Billing")["queues"] == []
