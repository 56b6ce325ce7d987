"""/v1/overrides: what planners change is kept, shown, taken off, and told apart from the forecast; and its ETag."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from api.app import create_app
from forecast.buckets import Interval
from store.audit import verify
from store.database import sessions
from store.forecasts import create_version, publish_version
from tests.api.filled import CUTOFF, NOW, SETTINGS, Filled, forecast

BODY = {
    "queue": "Outage", "kind": "percent", "value": 20, "start": "2026-10-26", "end": "2026-10-27",
    "reason": "=price letter <b>",
}  # fmt: skip


def add(filled: Filled, status: int = 200, **told: Any) -> dict[str, Any]:
    answer = filled.client("plan").post("/v1/overrides", json={**BODY, **told})
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    return found


def get(filled: Filled, path: str = "/v1/forecasts", **query: Any) -> dict[str, Any]:
    answer = filled.client().get(path, params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def later(filled: Filled, hours: float) -> TestClient:
    """The app, so many hours later."""
    clock: Callable[[], dt.datetime] = lambda: NOW + dt.timedelta(hours=hours)  # noqa: E731
    app: FastAPI = create_app(SETTINGS, sessions(filled.engine), clock=clock)
    return TestClient(app, headers={"Authorization": f"Bearer {filled.keys['admin']}"})


def test_what_is_added_says_what_it_does_and_rows_say_how_much_of_them_it_is(filled: Filled) -> None:
    before = get(filled, queue="Outage", start="2026-10-25", end="2026-10-28")["rows"]
    made = add(filled)
    assert made["new"] and made["warnings"] == []
    held = made["override"]
    assert (held["author"], held["state"], held["reason"]) == ("plan key", "active", BODY["reason"])
    assert (held["start"], held["start_utc"]) == ("2026-10-26T00:00:00+01:00", "2026-10-25T23:00:00Z")
    assert made["after"] == pytest.approx(1.2 * made["before"])
    assert made["queues"] == [{"queue": "Outage", "before": made["before"], "after": made["after"]}]
    after = get(filled, queue="Outage", start="2026-10-25", end="2026-10-28")["rows"]
    assert len(before) == len(after) == 50 + 48 + 48
    for old, new in zip(before, after, strict=True):
        factor = 1.2 if new["start"].startswith("2026-10-26") else 1.0
        assert new["mean"] == pytest.approx(factor * old["mean"], abs=2e-4)
        assert new["override"] == pytest.approx(new["mean"] - old["mean"], abs=2e-4)
        assert new["quantiles"]["0.9"] == pytest.approx(factor * old["quantiles"]["0.9"], abs=2e-4)
    assert sum(row["override"] for row in after) == pytest.approx(made["after"] - made["before"], abs=0.01)
    raw = get(filled, queue="Outage", start="2026-10-25", end="2026-10-28", overrides="false")["rows"]
    assert raw == before


@pytest.mark.parametrize("granularity", ["interval", "hour", "day"])
def test_the_etag_changes_when_a_change_is_made_or_removed_or_expires_and_only_then(
    filled: Filled, granularity: str
) -> None:
    def etag(client: TestClient, **query: Any) -> str:
        asked = {"queue": "Outage", "granularity": granularity, "start": "2026-10-24", **query}
        return client.get("/v1/forecasts", params=asked).headers["etag"]

    client = filled.client()
    first, raw = etag(client), etag(client, overrides="false")
    number = add(filled, expires_at="2026-10-24T20:00:00Z")["override"]["id"]
    second = etag(client)
    assert add(filled)["new"] is False
    assert first != second == etag(client) and etag(client, overrides="false") == raw
    assert etag(later(filled, 1)) == second and etag(later(filled, 12)) == first
    assert filled.client("plan").delete(f"/v1/overrides/{number}", params={"why": "wrong"}).status_code == 200
    assert etag(client) == first
    held = client.get("/v1/forecasts", params={"queue": "Outage", "granularity": granularity, "start": "2026-10-24"},
                      headers={"If-None-Match": first})  # fmt: skip
    assert held.status_code == 304


def test_pages_of_one_answer_agree_though_somebody_changes_the_forecast_between_them(filled: Filled) -> None:
    asked: dict[str, Any] = {"queue": "Outage", "start": "2026-10-26", "limit": 30}
    first = get(filled, **asked)
    later(filled, 0.5).post("/v1/overrides", json=BODY)
    second = later(filled, 1).get("/v1/forecasts", params={**asked, "cursor": first["next_cursor"]}).json()
    assert {row["override"] for row in first["rows"] + second["rows"]} == {0.0}
    anew = later(filled, 1).get("/v1/forecasts", params=asked).json()
    assert all(row["override"] > 0 for row in anew["rows"])


def test_a_new_forecast_leaves_it_in_place_and_as_of_before_it_is_not_there(filled: Filled) -> None:
    add(filled, kind="total", value=4200)
    with Session(filled.engine) as session:
        version = create_version(session, run_id=None, cutoff=CUTOFF, now=NOW)
        forecast(session, version, "Outage", "2026-10-24", "2026-10-27", Interval.HALF_HOUR, add=500.0)
        publish_version(session, version, NOW)
        session.commit()
    asked = {"queue": "Outage", "start": "2026-10-26", "end": "2026-10-27"}
    rows = get(filled, **asked)["rows"]
    assert sum(row["mean"] for row in rows) == pytest.approx(4200, abs=0.01)
    assert all(row["override"] < 0 for row in rows)
    then = (NOW - dt.timedelta(minutes=1)).isoformat()
    assert {row["override"] for row in get(filled, **asked, as_of=then)["rows"]} == {0.0}
    assert {row["override"] for row in get(filled, **asked, version=str(version))["rows"]} == {0.0}


def test_the_list_is_filtered_and_paged_and_keeps_what_was_removed(filled: Filled) -> None:
    numbers = [add(filled, value=value)["override"]["id"] for value in (5, 6, 7)]
    numbers.append(add(filled, queue="", channel="email", value=8)["override"]["id"])
    plan = filled.client("plan")
    gone = plan.delete(f"/v1/overrides/{numbers[0]}").json()
    assert (gone["state"], gone["removed_by"]) == ("removed", "plan key")
    assert plan.delete(f"/v1/overrides/{numbers[0]}").json() == gone
    first = get(filled, "/v1/overrides", limit=2)
    rest = get(filled, "/v1/overrides", limit=2, cursor=first["next_cursor"])
    assert [row["id"] for row in first["rows"] + rest["rows"]] == numbers[::-1]
    assert [
        row["id"] for row in get(filled, "/v1/overrides", queue="Outage", active=True)["rows"]
    ] == numbers[2:0:-1]
    assert [row["id"] for row in get(filled, "/v1/overrides", active=False)["rows"]] == numbers[:1]
    assert get(filled, "/v1/overrides", start="2026-10-27", queue="Outage")["rows"] == []
    assert get(filled, f"/v1/overrides/{numbers[0]}") == gone
    assert filled.client().get("/v1/overrides/99").status_code == 404


def test_who_changed_what_is_in_the_audit_and_the_audit_holds(filled: Filled) -> None:
    number = add(filled)["override"]["id"]
    filled.client("plan").delete(f"/v1/overrides/{number}", params={"why": "no letters"})
    rows = filled.client("admin").get("/v1/audit").json()["rows"]
    mine = [row for row in rows if row["subject"] == f"override {number}"]
    assert sorted((row["act"], row["who"]) for row in mine) == [
        ("override.add", "plan key"),
        ("override.remove", "plan key"),
    ]
    with Session(filled.engine) as session:
        assert verify(session) is None


@pytest.mark.parametrize(
    ("told", "status", "field"),
    [
        ({"reason": " "}, 422, "reason"),
        ({"end": "2026-10-26"}, 422, "end"),
        ({"value": -200}, 422, "value"),
        ({"queue": "Outag"}, 404, "queue"),
        ({"start": "soon"}, 422, "start"),
        ({"expires_at": "2026-10-01"}, 422, "expires_at"),
        ({"author": "somebody else"}, 422, "author"),
    ],
)
def test_what_cannot_be_is_refused_with_field_and_remedy(
    filled: Filled, told: dict[str, Any], status: int, field: str
) -> None:
    problem = add(filled, status, **told)
    assert field in str(problem["field"]) and problem["remedy"]
    assert get(filled, "/v1/overrides")["rows"] == []


def test_a_change_of_nothing_is_kept_with_a_warning(filled: Filled) -> None:
    made = add(filled, start="2027-05-01", end="2027-05-02")
    assert made["before"] is None and "changes nothing yet" in made["warnings"][0]
    aht = add(filled, measure="aht", kind="absolute", value=30)
    assert "no handling time" in aht["warnings"][0]


def test_the_reasons_and_authors_stand_in_the_explanation_even_without_parts(filled: Filled) -> None:
    add(filled)
    row = get(filled, "/v1/forecasts/explain", queue="Outage", start="2026-10-26", end="2026-10-27")["rows"][
        20
    ]
    assert row["parts"] is None
    assert "Manual adjustments are +25.6 of it (=price letter <b>, by plan key)." in row["sentence"]


def test_value_is_told_in_all_by_author_by_reason_and_by_change(filled: Filled) -> None:
    add(filled)
    found = get(filled, "/v1/overrides/value", queue="Outage")
    assert found["all"]["days"] == 0 and found["all"]["verdict"] == "not enough to tell"
    assert found["authors"] == found["reasons"] == found["overrides"] == []
    wrong = filled.client().get("/v1/overrides/value", params={"start": "2026-10-30"})
    assert wrong.status_code == 422 and wrong.json()["field"] == "end"


def test_reading_does_not_let_one_change_and_planning_does(filled: Filled) -> None:
    for scope, status in (("read", 403), ("write", 403), ("plan", 200), ("admin", 200)):
        assert filled.client(scope).post("/v1/overrides", json=BODY).status_code == status
