"""/v1/locks, the accuracy of the plan, and versions: listed, published, published again, compared."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pytest

from forecast.buckets import Grid, Interval
from store.audit import load_audit
from store.database import sessions
from store.events import load_events
from store.forecasts import COLUMNS, create_version, publish_version, save_forecast
from store.locks import lock_span
from store.runs import begin_run
from store.volumes import save_volumes
from tests.api.filled import CUTOFF, NOW, TZ, Filled, day, forecast

SPAN = {"start": "2026-10-24", "end": "2026-10-25"}  # the clocks go back on the second day


def lock(filled: Filled, scope: str = "plan", **told: Any) -> dict[str, Any]:
    answer = filled.client(scope).post("/v1/locks", json=told or SPAN)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def get(filled: Filled, path: str, **query: Any) -> dict[str, Any]:
    answer = filled.client().get(path, params=query)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def means(filled: Filled, **query: Any) -> list[float]:
    rows = get(filled, "/v1/forecasts", queue="Outage", **SPAN | {"end": "2026-10-26"} | query)["rows"]
    return [row["mean"] for row in rows]


def another(filled: Filled, *, add: float, publish: bool = True, now: dt.datetime = NOW) -> int:
    """One more version of the days of the lock."""
    with sessions(filled.engine)() as session:
        version = create_version(session, run_id=None, cutoff=now, now=now)
        forecast(session, version, "Outage", "2026-10-24", "2026-10-27", Interval.HALF_HOUR, add=add)
        if publish:
            publish_version(session, version, now)
        session.commit()
    return version


def test_a_locked_span_keeps_its_numbers_through_a_new_forecast_until_it_is_released(filled: Filled) -> None:
    before = means(filled)
    made = lock(filled, **SPAN, label="Weekend")
    assert (made["author"], made["label"], made["queues"], made["goes_before"]) == (
        "plan key",
        "Weekend",
        [],
        [],
    )
    assert (
        made["source_id"] == 1
        and made["released_at"] is None
        and (made["start"], made["end"]) == tuple(SPAN.values())
    )
    another(filled, add=1000)
    assert means(filled) == [one + 1000 for one in before] and len(before) == 98
    assert means(filled, version="locked") == means(filled, version=made["version_id"]) == before
    page = get(filled, "/v1/forecasts", queue="Outage", version="locked", limit=1, **SPAN)
    assert (page["version"]["kind"], page["version"]["state"]) == ("plan", "locked")
    for _ in range(2):
        answer = filled.client("plan").delete(f"/v1/locks/{made['id']}")
        assert answer.status_code == 200 and answer.json()["released_by"] == "plan key"
    assert means(filled, version="locked") == [] and means(filled, version=made["version_id"]) == before


def test_releasing_an_older_lock_makes_an_answer_that_is_held_stale(filled: Filled) -> None:
    first = lock(filled)
    lock(filled, start="2026-10-26", end="2026-10-26")
    client, path = filled.client(), "/v1/forecasts?version=locked&start=2026-10-24"
    tag = client.get(path).headers["etag"]
    assert client.get(path, headers={"If-None-Match": tag}).status_code == 304
    filled.client("plan").delete(f"/v1/locks/{first['id']}")
    again = client.get(path, headers={"If-None-Match": tag})
    assert again.status_code == 200 and again.json()["rows"][0]["start"].startswith("2026-10-26")


def test_the_second_who_locks_the_same_week_is_told_of_the_first(filled: Filled) -> None:
    first = lock(filled)
    second = lock(filled, "admin", week="2026-W43")
    assert [one["id"] for one in second["goes_before"]] == [first["id"]]
    assert any("this later one counts" in note for note in second["notes"])
    assert any("2 of 7 days" in note for note in second["notes"])
    listed = get(filled, "/v1/locks", in_force=True)["rows"]
    assert [one["id"] for one in listed] == [second["id"], first["id"]]
    filled.client("plan").delete(f"/v1/locks/{first['id']}")
    assert [one["id"] for one in get(filled, "/v1/locks", in_force=False)["rows"]] == [first["id"]]
    page = get(filled, "/v1/locks", limit=1)
    assert get(filled, "/v1/locks", limit=1, cursor=page["next_cursor"])["rows"][0]["id"] == first["id"]
    assert get(filled, f"/v1/locks/{first['id']}")["released_at"] is not None
    with sessions(filled.engine)() as session:
        assert [one.kind for one in load_events(session)] == ["plan.locked", "plan.locked", "plan.released"]


@pytest.mark.parametrize(
    ("told", "status", "field"),
    [
        ({}, 422, "week"),
        ({"week": "2026-W43", **SPAN}, 422, "week"),
        ({"start": "2026-10-24"}, 422, "week"),
        ({"week": "2026-W54"}, 422, "week"),
        ({"week": "next"}, 422, "week"),
        ({"start": "2026-10-25", "end": "2026-10-24"}, 422, "end"),
        ({"start": "0001-01-01", "end": "9999-12-31"}, 422, "start"),
        ({"start": "2026-11-10", "end": "2026-11-12"}, 422, "start"),
        ({**SPAN, "queues": ["Outag"]}, 404, "queue"),
        ({**SPAN, "version": "99"}, 404, "version"),
        ({**SPAN, "version": "locked"}, 422, "version"),
    ],
)
def test_what_cannot_be_locked_is_refused_with_the_field_and_the_remedy_and_nothing_is_left(
    filled: Filled, told: dict[str, Any], status: int, field: str
) -> None:
    answer = filled.client("plan").post("/v1/locks", json=told)
    assert answer.status_code == status, answer.text
    assert answer.json()["field"] == field and answer.json()["remedy"]
    assert get(filled, "/v1/locks")["rows"] == []
    assert len(get(filled, "/v1/forecasts/versions")["rows"]) == 1


def test_publication_by_hand_from_draft_to_roll_back(filled: Filled) -> None:
    draft = another(filled, add=500, publish=False)
    (listed,) = get(filled, "/v1/forecasts/versions", state="draft")["rows"]
    assert (listed["id"], listed["kind"], listed["current"]) == (draft, "forecast", False)
    before = means(filled)
    client = filled.client("plan")
    assert client.post(f"/v1/forecasts/versions/{draft}/publish").json()["state"] == "published"
    assert means(filled) == [one + 500 for one in before]
    rows = get(filled, "/v1/forecasts/versions")["rows"]
    assert [(one["id"], one["current"]) for one in rows] == [(draft, True), (1, False)]
    tag = filled.client().get("/v1/forecasts").headers["etag"]
    back = client.post("/v1/forecasts/versions/1/publish")
    assert back.status_code == 200 and back.json()["published_at"] == "2026-10-24T12:20:00Z"
    assert means(filled) == before and filled.client().get("/v1/forecasts").headers["etag"] != tag
    then = (CUTOFF + dt.timedelta(minutes=6)).isoformat()
    assert means(filled, as_of=then) == before
    client.post("/v1/forecasts/versions/1/publish")
    with sessions(filled.engine)() as session:
        acts = [(one.who, one.subject) for one in load_audit(session, act="version.publish")]
        assert acts == [("plan key", "version 1"), ("plan key", f"version {draft}")]
        assert [one.kind for one in load_events(session)] == ["forecast.published"] * 2


def test_a_plan_and_a_version_still_written_are_not_published(filled: Filled) -> None:
    plan = lock(filled)["version_id"]
    answer = filled.client("plan").post(f"/v1/forecasts/versions/{plan}/publish")
    assert answer.status_code == 422 and "frozen" in answer.json()["detail"]
    assert filled.client("plan").post("/v1/forecasts/versions/99/publish").status_code == 404
    with sessions(filled.engine)() as session:
        run = begin_run(session, "predict", now=NOW, lease_seconds=600, config_hash="c", code_version="1")
        assert run is not None
        version = create_version(session, run_id=run.id, cutoff=NOW, now=NOW)
        session.commit()
    assert filled.client("plan").post(f"/v1/forecasts/versions/{version}/publish").status_code == 409
    seen = filled.client().get("/v1/forecasts", params={"version": version})
    with sessions(filled.engine)() as session:
        forecast(session, version, "Outage", "2026-10-24", "2026-10-24", Interval.HALF_HOUR)
        session.commit()
    filled.app.state.clock = lambda: NOW + dt.timedelta(seconds=1)
    again = filled.client().get(
        "/v1/forecasts", params={"version": version}, headers={"If-None-Match": seen.headers["ETag"]}
    )
    assert seen.json()["rows"] == [] and again.status_code == 200 and len(again.json()["rows"]) == 48
    half = filled.client("plan").post("/v1/locks", json={"week": "2026-W44", "version": str(version)})
    assert half.status_code == 422 and "still being written" in half.json()["detail"]


def test_a_forecast_made_elsewhere_is_listed_published_compared_locked_and_gone_with_its_file(
    filled: Filled,
) -> None:
    rows = "".join(
        f"Outage,2026-10-{date}T{hour:02}:{minute:02},77,2026-10-20\n"
        for date in (24, 25)
        for hour in range(9, 17)
        for minute in (0, 30)
    )
    body = b"queue,interval_start,offered,made_at\n" + rows.encode()
    client = filled.client("admin")
    loaded = client.post("/v1/uploads", data={"kind": "forecast"}, files={"file": ("wfm.csv", body)})
    assert loaded.status_code == 200, loaded.text
    (listed,) = get(filled, "/v1/forecasts/versions", kind="imported")["rows"]
    assert (listed["label"], listed["state"], listed["upload_id"]) == (
        "wfm.csv",
        "draft",
        loaded.json()["id"],
    )
    assert listed["cutoff"] == "2026-10-19T22:00:00Z"
    name = str(listed["id"])
    found = get(
        filled, "/v1/forecasts/versions/compare", a=name, b="published", queue="Outage", granularity="day"
    )
    assert [one["a"] for one in found["days"]] == [16 * 77] * 2 and found["a"]["newest"]["kind"] == "imported"
    row = get(filled, "/v1/forecasts", queue="Outage", version=name, start="2026-10-24T09:00", limit=1)[
        "rows"
    ][0]
    assert row["mean"] == 77 and row["quantiles"]["0.5"] is None and row["signal"] == "not_proven"
    before = means(filled)
    assert client.post(f"/v1/forecasts/versions/{name}/publish").status_code == 200
    assert means(filled).count(77) == 32 and means(filled).count(0) == 98 - 32
    plan = lock(filled, **SPAN, queues=["Outage"])
    assert client.delete(f"/v1/uploads/{loaded.json()['id']}").status_code == 200
    assert means(filled) == before and means(filled, version="locked").count(77) == 32
    assert get(filled, "/v1/forecasts/versions", kind="imported")["rows"] == []
    assert plan["source_id"] == listed["id"]


def test_two_versions_are_compared_bucket_by_bucket_and_day_by_day(filled: Filled) -> None:
    plan = lock(filled)
    another(filled, add=3)
    query = {"a": f"lock:{plan['id']}", "b": "published", "queue": "Outage"}
    found = get(filled, "/v1/forecasts/versions/compare", **query)
    assert len(found["rows"]) == 98 and {one["difference"] for one in found["rows"]} == {3}
    assert [(one["date"], one["difference"], one["buckets"]) for one in found["days"]] == [
        ("2026-10-25", 150, 50), ("2026-10-24", 144, 48),
    ][::-1]  # fmt: skip
    assert found["moved"][0].startswith("Sun 25 Oct 2026: +150 contacts (")
    assert (found["parts"], found["only_a"], found["only_b"]) == ([], 0, 96)
    twice = [one for one in found["rows"] if one["start"].startswith("2026-10-25T02:30")]
    assert len(twice) == 2 and twice[0]["start_utc"] != twice[1]["start_utc"]
    client = filled.client()
    for wrong, status in (
        ({"a": "newest"}, 422),
        ({"a": "lock:99"}, 404),
        ({"a": "99"}, 404),
        ({"queue": "x"}, 404),
    ):
        assert client.get("/v1/forecasts/versions/compare", params={**query, **wrong}).status_code == status
    upside = {**query, "start": "2026-10-25", "end": "2026-10-24"}
    assert client.get("/v1/forecasts/versions/compare", params=upside).status_code == 422


def monday(filled: Filled) -> None:
    """Outage gets a Monday by its hours (08:00 to 20:00), 19 October: 100 calls of 300 s an interval."""
    grid = Grid.days(day("2026-10-19"), day("2026-10-19"), Interval.HALF_HOUR, TZ)
    offered = np.where((grid.slot >= 16) & (grid.slot < 40), 100.0, 0.0)
    with sessions(filled.engine)() as session:
        frame = pd.DataFrame({"queue": "Outage", "ds": pd.to_datetime(grid.ds, utc=True), "offered": offered,
                              "handled": offered, "aht_seconds": 300.0, "known_at": pd.Timestamp(CUTOFF)})  # fmt: skip
        save_volumes(session, frame.astype({"queue": object}), upload_id=None)
        session.commit()


def said(filled: Filled, level: float, at: dt.datetime, *, only_days: bool = False) -> int:
    """A version published at a moment: so many calls of 300 s an open interval of that Monday."""
    grid = Grid.days(
        day("2026-10-19"), day("2026-10-19"), Interval.DAY if only_days else Interval.HALF_HOUR, TZ
    )
    mean = np.full(1, 24 * level) if only_days else np.where((grid.slot >= 16) & (grid.slot < 40), level, 0.0)
    values = np.repeat(mean[:, None], len(COLUMNS), axis=1)
    aht = np.full_like(values, 300.0)
    with sessions(filled.engine)() as session:
        version = create_version(session, run_id=None, cutoff=at, now=at)
        size = "day" if only_days else "interval"
        save_forecast(session, version, "Outage", size, grid.ds, values, costs=(aht, values * aht))
        publish_version(session, version, at)
        session.commit()
    return version


def test_what_stood_before_a_day_is_what_was_published_or_locked_then(filled: Filled) -> None:
    monday(filled)
    begins = dt.datetime(2026, 10, 18, 22, tzinfo=dt.UTC)  # of that Monday, in Amsterdam
    ahead = {lead: begins - dt.timedelta(days=lead) for lead in (28, 14, 7, 1)}
    said(filled, 150, ahead[28], only_days=True)
    old = said(filled, 120, ahead[14])
    with sessions(filled.engine)() as session:
        date = dt.date(2026, 10, 19)
        made = lock_span(
            session, first=date, last=date, version=old, who="ada", now=ahead[14] + dt.timedelta(hours=1)
        )
        session.commit()
    said(filled, 105, ahead[1])
    found = get(
        filled,
        "/v1/accuracy/plan",
        queue="Outage",
        start="2026-10-19",
        end="2026-10-19",
        lead_days="30,28,14,7,1",
    )
    rows = {row["lead_days"]: row for row in found["rows"]}
    wapes = {lead: row["figures"]["day_wape"] for lead, row in rows.items()}
    assert wapes == {30: None, 28: 0.5, 14: 0.2, 7: 0.2, 1: 0.2}  # a lock goes before what is published later
    stood = {lead: (row["locked"], row["published"], row["nothing"]) for lead, row in rows.items()}
    assert stood == {30: (0, 0, 1), 28: (0, 1, 0), 14: (0, 1, 0), 7: (1, 0, 0), 1: (1, 0, 0)}
    assert rows[7]["locks"] == [made.lock.id] and rows[28]["figures"]["cost"] is None
    figures = rows[7]["figures"]
    assert (figures["intervals"], figures["within"], figures["bias"]) == (24, 0, 0.2)
    assert 0.6 < figures["possible"] < 0.8 and figures["without_data"] == 0 and figures["weeks"] == 0
    cost = figures["cost"]
    assert (
        cost["under_net"] == 0
        and cost["over_net"] > 24
        and cost["over_gross"] == pytest.approx(cost["over_net"] / 0.7, abs=0.001)
    )
    filled.client("plan").delete(f"/v1/locks/{made.lock.id}")
    again = get(
        filled, "/v1/accuracy/plan", queue="Outage", start="2026-10-19", end="2026-10-19", lead_days="7,1"
    )
    assert [row["locked"] for row in again["rows"]] == [1, 1]  # it stood then
    whole = get(filled, f"/v1/locks/{made.lock.id}/accuracy")
    assert whole["queues"][0]["figures"]["day_wape"] == 0.2 and whole["queues"][0]["lead_days"] is None
    assert whole["made_days_before"] == pytest.approx(14.04, abs=0.1)


def test_a_day_that_was_locked_as_a_whole_stays_the_plan_when_its_intervals_are_published(
    filled: Filled,
) -> None:
    monday(filled)
    begins = dt.datetime(2026, 10, 18, 22, tzinfo=dt.UTC)
    said(filled, 150, begins - dt.timedelta(days=28), only_days=True)
    with sessions(filled.engine)() as session:
        date, now = dt.date(2026, 10, 19), begins - dt.timedelta(days=27)
        lock_span(session, first=date, last=date, who="ada", now=now)
        session.commit()
    said(filled, 120, begins - dt.timedelta(days=14))
    (row,) = get(
        filled, "/v1/accuracy/plan", queue="Outage", start="2026-10-19", end="2026-10-19", lead_days="7"
    )["rows"]
    assert (row["locked"], row["published"], row["figures"]["day_wape"]) == (1, 0, 0.5)


def test_intervals_without_data_and_days_to_come_are_left_out(filled: Filled) -> None:
    monday(filled)
    version = said(filled, 100, dt.datetime(2026, 10, 1, tzinfo=dt.UTC))
    made = lock(filled, start="2026-10-19", end="2026-10-25", version=str(version), queues=["Outage"])
    figures = get(filled, f"/v1/locks/{made['id']}/accuracy")["queues"][0]
    assert (figures["locked"], figures["nothing"]) == (1, 4)  # the 24th and 25th are not over
    assert figures["figures"]["day_wape"] == 0 and figures["figures"]["days"] == 1
    assert get(filled, f"/v1/locks/{lock(filled)['id']}/accuracy")["queues"] == []
    assert filled.client().get("/v1/locks/77/accuracy").status_code == 404


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"start": "2026-10-20", "end": "2026-10-19"}, "end"),
        ({"start": "2025-10-20", "end": "2026-10-19"}, "start"),
        ({"lead_days": "371"}, "lead_days"),
        ({"lead_days": "7;1"}, "lead_days"),
        ({"end": "0001-01-01"}, "end"),
    ],
)
def test_a_question_about_the_plan_that_cannot_be_answered_names_the_field(
    filled: Filled, query: dict[str, str], field: str
) -> None:
    answer = filled.client().get("/v1/accuracy/plan", params=query)
    assert answer.status_code == 422 and answer.json()["field"] == field, answer.text


def test_without_any_span_the_last_28_days_are_measured(filled: Filled) -> None:
    found = get(filled, "/v1/accuracy/plan")
    assert (found["start"], found["end"]) == ("2026-09-26", "2026-10-23")
    assert {(row["queue"], row["lead_days"]) for row in found["rows"]} == {
        (queue, lead) for queue in ("Outage", "Billing") for lead in (28, 7, 1)
    }
    assert all(row["nothing"] == 28 for row in found["rows"])
