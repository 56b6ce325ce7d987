"""The other lists: queues, volumes, signals, topics, evidence, accuracy, models, runs, health, metrics."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import Engine

from store.database import sessions
from tests.api.filled import Filled, fill, open_app


def get(filled: Filled, path: str, **query: Any) -> Any:
    answer = filled.client().get(path, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_queue_tells_its_channel_interval_zone_and_hours(filled: Filled) -> None:
    billing, outage = get(filled, "/v1/queues")["rows"]
    assert billing["hours"] is None and billing["interval"] == "1h"
    assert outage["hours"][0] == {"weekday": 0, "opens": "08:00", "closes": "20:00", "valid_from": None}
    assert (outage["channel"], outage["topic"], outage["topics"], outage["timezone"]) == (
        "phone", "outage", ["all"], "Europe/Amsterdam",
    )  # fmt: skip


def test_volumes_sum_to_the_same_total_at_every_granularity(filled: Filled) -> None:
    def rows(granularity: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = get(filled, "/v1/volumes", queue="Outage", granularity=granularity)[
            "rows"
        ]
        return found

    totals = {
        name: sum(row["offered"] for row in rows(name))
        for name in ("interval", "hour", "day", "week", "month")
    }
    assert len(set(totals.values())) == 1
    day = rows("day")[0]
    assert (day["start"], day["offered"], day["handled"]) == ("2026-10-20T00:00:00+02:00", 1368, 1320)
    assert day["abandoned"] is None and day["aht_seconds"] == 300


@pytest.mark.parametrize(
    "path", ["/v1/volumes", "/v1/signals", "/v1/queues", "/v1/topics", "/v1/evidence", "/v1/accuracy"]
)
def test_pages_join_without_loss_or_doubles(filled: Filled, path: str) -> None:
    whole = get(filled, path, limit=10_000)
    assert whole["next_cursor"] is None and whole["rows"]
    size = max(1, len(whole["rows"]) // 3)
    joined, cursor = [], None
    while not joined or cursor:
        page = get(filled, path, limit=size, **({"cursor": cursor} if cursor else {}))
        joined, cursor = joined + page["rows"], page["next_cursor"]
    assert joined == whole["rows"]


def test_signals_are_summed_per_hour_and_day(filled: Filled) -> None:
    rows = {
        name: get(filled, "/v1/signals", name="posts", topic="outage", interval=name)["rows"]
        for name in ("interval", "hour", "day")
    }
    assert [sum(row["value"] for row in rows[name]) for name in rows] == [304.0] * 3
    assert rows["day"][0] == {
        "signal": "posts",
        "measure": "posts",
        "language": None,
        "brand": None,
        "suppressed": False,
        "topic": "outage",
        "start": "2026-10-23T00:00:00+02:00",
        "start_utc": "2026-10-22T22:00:00Z",
        "value": 192.0,
    }


def test_topics_tell_posts_and_the_share_of_negative_ones(filled: Filled) -> None:
    rows = {row["topic"]: row for row in get(filled, "/v1/topics")["rows"]}
    assert set(rows) == {"all", "outage"}
    assert rows["outage"] == {
        "topic": "outage",
        "posts_24h": 188.0,
        "posts_7d": 304.0,
        "negative_share_24h": 0.25,
        "negative_share_7d": 0.25,
        "failed_contact_share_7d": 0.0,
        "usual_24h": None,  # two days are no usual week
        "burst": None,
    }


def test_evidence_accuracy_and_models_come_from_the_latest_evaluation(filled: Filled) -> None:
    evidence = get(filled, "/v1/evidence", queue="Outage")["rows"]
    assert [row["lead_band"] for row in evidence] == ["0-1h", "1-4h", "4-24h", "1-3d"]
    assert [row["gate"] for row in evidence] == ["open", "open", "shut", "shut"]
    accuracy = get(filled, "/v1/accuracy", queue="Outage")["rows"][0]
    assert (accuracy["model"], accuracy["wape"], accuracy["poisson_floor"], accuracy["skill"]) == (
        "champion",
        0.2,
        0.15,
        0.1,
    )
    assert accuracy["calibration"] == {"0.1": {"below": 0.08, "at_or_below": 0.12}}
    models = get(filled, "/v1/models")
    assert "prophet" in models["catalogue"] and models["champions"][0]["model"] == "level_profile"
    assert get(filled, "/v1/evidence", queue="Billing")["rows"] == []


def test_runs_tell_what_ran_and_how_it_ended(filled: Filled) -> None:
    row = get(filled, "/v1/runs", job="select")["rows"][0]
    assert (row["state"], row["seconds"], row["outcome"]) == ("done", 1200.0, {"queues": 2})
    assert get(filled, "/v1/runs", job="predict")["rows"] == []


def test_ready_tells_how_old_data_and_forecast_are_without_a_key(filled: Filled) -> None:
    body = filled.client(None).get("/readyz").json()
    assert body == {"status": "ready", "data_age_seconds": 1200.0, "forecast_age_seconds": 1200.0}


def test_metrics_count_requests_by_route_and_tell_ages_and_runs(filled: Filled) -> None:
    client = filled.client()
    client.get("/v1/queues")
    client.get("/v1/nowhere/at/all")
    text = client.get("/metrics").text
    for line in (
        'forecall_requests_total{method="GET",route="/v1/queues",status="200"} 1.0',
        'forecall_runs{job="select",state="done"} 1.0',
        "forecall_data_age_seconds 1200.0",
        "forecall_forecast_age_seconds 1200.0",
        'forecall_job_done_age_seconds{job="select"} 0.0',
    ):
        assert line in text, line
    assert "nowhere/at" not in text


def test_an_answer_may_not_span_more_than_it_can_hold(filled: Filled) -> None:
    for path in ("/v1/volumes", "/v1/signals"):
        answer = filled.client().get(path, params={"start": "2020-01-01"})
        assert answer.status_code == 422 and answer.json()["field"] == "start"
    assert dt.datetime.fromisoformat(get(filled, "/v1/volumes")["rows"][0]["start_utc"]).tzinfo is not None


def test_both_databases_give_the_same_answers(engine: Engine) -> None:
    with sessions(engine)() as session:
        keys = fill(session)
        session.commit()
    filled = open_app(engine, keys)
    counts = {
        path: len(get(filled, path, limit=10_000)["rows"])
        for path in (
            "/v1/queues",
            "/v1/forecasts",
            "/v1/volumes",
            "/v1/signals",
            "/v1/topics",
            "/v1/evidence",
            "/v1/runs",
        )
    }
    assert list(counts.values()) == [2, 291, 288, 304, 2, 4, 1]
    rows = [{"queue": "Outage", "start": "2026-10-24T08:00", "offered": 3}]
    for stored in (1, 0):
        assert filled.client("write").post("/v1/volumes", json={"rows": rows}).json()["stored"] == stored
    assert get(filled, "/readyz")["forecast_age_seconds"] == 1200
