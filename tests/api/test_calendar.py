"""Opening hours, special days, drivers, moves between queues and planning groups over HTTP."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from forecast.buckets import Interval
from store.database import sessions
from store.queues import Queue, save_queue
from tests.api.filled import TZ, Filled

WEEK = {"valid_from": None, "spans": [{"weekday": 0, "opens": "08:00", "closes": "24:00"}]}


def hours_of(queue: str) -> str:
    return f"/v1/queues/{quote(queue, safe='')}/hours"


def test_hours_are_replaced_as_a_whole_and_only_by_who_saw_them_last(filled: Filled) -> None:
    plan = filled.client("plan")
    reader = filled.client()
    first = reader.get(hours_of("Outage"))
    assert [week["spans"] for week in first.json()["weeks"]] == [[
        {"weekday": 0, "opens": "08:00", "closes": "20:00"}, {"weekday": 5, "opens": "09:00", "closes": "17:00"},
    ]]  # fmt: skip
    assert reader.get(hours_of("Outage"), headers={"If-None-Match": first.headers["etag"]}).status_code == 304
    told = {
        "weeks": [WEEK, {**WEEK, "valid_from": "2026-12-01"}],
        "exceptions": [
            {"date": "2026-12-25", "name": "Christmas"},
            {"date": "2026-12-06", "opens": "10:00", "closes": "16:00"},
        ],
    }
    done = plan.put(hours_of("Outage"), json=told, headers={"If-Match": first.headers["etag"]})
    assert done.status_code == 200 and [week["valid_from"] for week in done.json()["weeks"]] == [
        None,
        "2026-12-01",
    ]
    assert [(one["date"], one["opens"]) for one in done.json()["exceptions"]] == [("2026-12-06", "10:00"), ("2026-12-25", None)]  # fmt: skip
    late = plan.put(hours_of("Outage"), json=told, headers={"If-Match": first.headers["etag"]})
    assert late.status_code == 412 and "changed since" in late.json()["detail"]
    assert plan.put(hours_of("Outage"), json={"weeks": []}).json()["weeks"] == []
    assert reader.get("/v1/queues").json()["rows"][1]["hours"] is None


@pytest.mark.parametrize("name", ["Sales/NL", "map", "Störung & Co", "客服/夜", "hours", "a/hours"])
def test_queues_of_any_name_have_hours(filled: Filled, name: str) -> None:
    with sessions(filled.engine)() as session:
        save_queue(session, Queue(name, "phone", "all", Interval.HOUR, TZ))
        session.commit()
    put = filled.client("plan").put(hours_of(name), json={"weeks": [WEEK]})
    assert put.status_code == 200 and put.json()["queue"] == name
    assert filled.client().get(hours_of(name)).json()["weeks"][0]["spans"][0]["closes"] == "24:00"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"weeks": [{"spans": [{"weekday": 0, "opens": "17:00", "closes": "08:00"}]}]}, "closes"),
        ({"weeks": [], "exceptions": [{"date": "2026-12-25", "opens": "10:00"}]}, "opens"),
        ({"weeks": [], "exceptions": [{"date": "25-12-2026"}]}, "exceptions.0.date"),
        (
            {"weeks": [{"spans": [{"weekday": 7, "opens": "08:00", "closes": "09:00"}]}]},
            "weeks.0.spans.0.weekday",
        ),
        ({"hours": []}, "hours"),
    ],
)
def test_hours_that_cannot_be_are_refused_and_nothing_is_changed(
    filled: Filled, body: dict[str, Any], field: str
) -> None:
    before = filled.client().get(hours_of("Outage")).json()
    answer = filled.client("plan").put(hours_of("Outage"), json=body)
    fields = [answer.json().get("field"), *(one["field"] for one in answer.json().get("errors", []))]
    assert answer.status_code == 422 and field in fields
    assert filled.client().get(hours_of("Outage")).json() == before


def test_a_method_or_queue_that_is_not_there_says_so(filled: Filled) -> None:
    assert filled.client().get(hours_of("Outages")).status_code == 404
    refused = filled.client("admin").post(hours_of("Outage"), json={})
    assert refused.status_code == 405 and refused.headers["allow"] == "GET, PUT"
    assert filled.client("admin").put("/v1/queues/map", json={}).status_code == 405


def test_special_days_in_force_are_told_with_their_origin(filled: Filled) -> None:
    plan = filled.client("plan")
    run = {"name": "Invoice run", "rule": "FREQ=MONTHLY;BYMONTHDAY=25", "moves": "next", "from": "2026-01-01"}
    made = plan.post("/v1/special-days", json=run)
    assert made.status_code == 200 and plan.post("/v1/special-days", json=run).json() == made.json()
    span = {
        "name": "Outage of August",
        "date": "2026-11-02",
        "until": "2026-11-04",
        "kind": "once",
        "queue": "Outage",
    }
    assert plan.post("/v1/special-days", json=span).json()["rule"] == "FREQ=DAILY;COUNT=3"
    told = filled.client().get("/v1/special-days?start=2026-11-01&end=2027-01-01&queue=Outage").json()
    assert [(row["date"], row["until"], row["name"], row["kind"], row["origin"]) for row in told["rows"]] == [
        ("2026-11-02", "2026-11-04", "Outage of August", "once", "rule"),
        ("2026-11-25", "2026-11-25", "Invoice run", "recurring", "rule"),
        ("2026-12-25", "2026-12-25", "Christmas Day", "recurring", "public"),
        ("2026-12-26", "2026-12-26", "Second Day of Christmas", "recurring", "public"),
        ("2026-12-28", "2026-12-28", "Invoice run", "recurring", "rule"),
        ("2027-01-01", "2027-01-01", "New Year's Day", "recurring", "public"),
    ]
    assert [row["id"] is None for row in told["rows"]].count(True) == 3
    assert len(filled.client().get("/v1/special-days?queue=Billing").json()["rules"]) == 1
    assert plan.delete(f"/v1/special-days/{made.json()['id']}").json()["name"] == "Invoice run"
    assert plan.delete(f"/v1/special-days/{made.json()['id']}").status_code == 404
    assert plan.delete("/v1/special-days/2026-12-25").status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {"name": "x"},
        {"name": "x", "date": "2026-12-05", "rule": "FREQ=DAILY"},
        {"name": "x", "date": "2026-12-05", "until": "2026-12-04"},
        {"name": "x", "rule": "FREQ=HOURLY"},
        {"name": "x", "date": "2026-12-05", "kind": "sometimes"},
    ],
)
def test_special_days_that_cannot_be_are_refused(filled: Filled, body: dict[str, Any]) -> None:
    assert filled.client("plan").post("/v1/special-days", json=body).status_code == 422
    assert filled.client("plan").post("/v1/special-days", json={"name": "x", "date": "2026-12-05", "queue": "nope"}).status_code == 404  # fmt: skip


def test_drivers_are_planned_changed_and_taken_back(filled: Filled) -> None:
    write, read = filled.client("write"), filled.client()
    rows = [
        {"driver": "letters", "start": f"2026-11-{day:02d}", "value": 1000, "queue": "Billing", "worth": 0.05}
        for day in (2, 9)
    ]
    assert write.post("/v1/drivers", json={"rows": rows}).json() == {"stored": 2}
    assert write.post("/v1/drivers", json={"rows": rows}).json() == {"stored": 0}
    found = read.get("/v1/drivers?queue=Billing&start=2026-11-01").json()
    assert [(one["driver"], one["queue"], one["values"], one["assumed_worth"]) for one in found["drivers"]] == [("letters", "Billing", 2, 0.05)]  # fmt: skip
    assert [row["start_utc"] for row in found["rows"]] == ["2026-11-01T23:00:00Z", "2026-11-08T23:00:00Z"]
    (worth,) = found["worths"]
    assert worth["kind"] == "pulse" and "as you assumed" in worth["sentence"]
    assert read.get("/v1/drivers?queue=Outage").json()["drivers"] == []
    assert read.get("/v1/drivers").json()["worths"] is None
    gone = write.delete(
        "/v1/drivers", params={"driver": "letters", "queue": "Billing", "start": "2026-11-05"}
    )
    assert gone.json() == {"stored": 1}
    assert read.get("/v1/drivers").json()["drivers"][0]["values"] == 1
    assert write.delete("/v1/drivers", params={"driver": "leters"}).status_code == 404
    assert write.post("/v1/drivers", json={"rows": [{**rows[0], "queue": "nope"}]}).status_code == 404


def test_queues_are_split_and_it_is_undone(filled: Filled) -> None:
    plan, read = filled.client("plan"), filled.client()
    before = read.get("/v1/queues").json()
    rows = [
        {"queue": "Outage", "into": "Storing/A", "date": "2026-11-01", "share": 0.7},
        {"queue": "Outage", "into": "Storing/B", "date": "2026-11-01", "share": 0.3},
    ]
    made = plan.post("/v1/queues/map", json={"rows": rows}).json()["rows"]
    assert [(one["into"], one["share"], one["removed_at"]) for one in made] == [("Storing/A", 0.7, None), ("Storing/B", 0.3, None)]  # fmt: skip
    assert plan.post("/v1/queues/map", json={"rows": rows}).json()["rows"] == made
    assert [row["name"] for row in read.get("/v1/queues").json()["rows"]] == [
        "Billing",
        "Outage",
        "Storing/A",
        "Storing/B",
    ]
    assert read.get("/v1/queues/map").json()["rows"] == made
    back = {"queue": "Storing/A", "into": "Outage", "date": "2026-12-01"}
    assert plan.post("/v1/queues/map", json={"rows": [back]}).status_code == 422
    assert len(plan.delete(f"/v1/queues/map/{made[0]['id']}").json()["rows"]) == 2
    assert read.get("/v1/queues/map").json()["rows"] == [] and read.get("/v1/queues").json() == before
    assert len(read.get("/v1/queues/map?removed=true").json()["rows"]) == 2
    assert plan.delete(f"/v1/queues/map/{made[0]['id']}").status_code == 404
    assert plan.post("/v1/queues/map", json={"rows": [{**back, "queue": "Nothing"}]}).status_code == 404


def test_groups_are_replaced_as_a_whole(filled: Filled) -> None:
    plan, read = filled.client("plan"), filled.client()
    rows = [
        {"queue": "Outage", "group": "Service", "site": "Utrecht", "share": 0.6},
        {"queue": "Outage", "group": "Service", "since": "2026-12-01"},
    ]
    tag = read.get("/v1/groups").headers["etag"]
    done = plan.put("/v1/groups", json={"rows": rows}, headers={"If-Match": tag})
    assert [(one["site"], one["since"], one["share"]) for one in done.json()["rows"]] == [("Utrecht", None, 0.6), ("", "2026-12-01", 1.0)]  # fmt: skip
    assert plan.put("/v1/groups", json={"rows": rows}, headers={"If-Match": tag}).status_code == 412
    assert read.get("/v1/groups?on=2026-11-30").json()["rows"][0]["site"] == "Utrecht"
    assert (
        plan.put(
            "/v1/groups", json={"rows": [{**rows[0], "share": 0.7}, {**rows[0], "group": "B"}]}
        ).status_code
        == 422
    )
    assert plan.put("/v1/groups", json={"rows": []}).json() == {"rows": []}
