"""GET /v1/forecasts: the numbers, in JSON and CSV, page by page, at both clock changes."""

from __future__ import annotations

import csv
import datetime as dt
import io
import itertools
from typing import Any

import pytest
from sqlalchemy import delete

from forecast.buckets import Interval
from store.database import sessions
from store.forecasts import create_version, list_versions, publish_version
from store.runs import begin_run
from store.scores import save_report
from store.tables import SignalRow
from tests.api.filled import CUTOFF, NOW, Filled, forecast


def get(filled: Filled, scope: str = "read", **query: Any) -> dict[str, Any]:
    answer = filled.client(scope).get("/v1/forecasts", params=query)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def test_a_row_carries_queue_start_mean_quantiles_and_whether_social_counts(filled: Filled) -> None:
    row = get(filled, queue="Outage", start="2026-10-26", quantiles="0.1,0.50")["rows"][0]
    assert row == {
        "queue": "Outage",
        "channel": "phone",
        "topic": "outage",
        "start": "2026-10-26T00:00:00+01:00",
        "start_utc": "2026-10-25T23:00:00Z",
        "mean": 108.1,
        "quantiles": {"0.1": 104.9, "0.5": 108.1},
        "override": 0.0,
        "aht_seconds": None,
        "aht_low": None,
        "aht_high": None,
        "workload_hours": None,
        "workload_quantiles": {"0.1": None, "0.5": None},
        "signal": "not_proven",
    }


def test_days_weeks_and_months_say_how_far_a_history_carries(filled: Filled) -> None:
    note = "Outage: 5 months of history: no year pattern is known."
    with sessions(filled.engine)() as session:
        run = begin_run(
            session, "predict", now=NOW, lease_seconds=60, config_hash="c", code_version="1", cutoff=NOW
        )
        assert run is not None
        version = create_version(session, run_id=run.id, cutoff=CUTOFF, now=NOW)
        rows = [
            {"series": name, "lead_band": "long run", "note": said}
            for name, said in (("Outage", note), ("Billing", ""))
        ]
        save_report(session, run.id, {"champions": rows})
        publish_version(session, version, NOW)
        session.commit()
    assert get(filled, granularity="week")["notes"] == [note]
    assert get(filled, granularity="month", queue="Billing")["notes"] == []
    assert get(filled, granularity="hour")["notes"] == []


def test_without_a_start_rows_begin_today_in_the_queues_zone(filled: Filled) -> None:
    assert get(filled, queue="Outage")["rows"][0]["start"] == "2026-10-24T00:00:00+02:00"


def test_without_a_start_a_forecast_of_old_data_is_given_whole(filled: Filled) -> None:
    with sessions(filled.engine)() as session:
        version = create_version(session, run_id=None, cutoff=CUTOFF, now=NOW)
        forecast(session, version, "Billing", "2026-03-01", "2026-03-02", Interval.HOUR)
        session.commit()
    assert (
        len(get(filled, queue="Billing", version="latest", start="2026-03-01", end="2026-03-03")["rows"])
        == 48
    )
    rows = get(filled, queue="Billing", version=str(version))["rows"]
    assert rows[0]["start"] == "2026-03-01T00:00:00+01:00" and len(rows) == 48


def test_the_repeated_hour_in_autumn_is_two_rows_with_their_own_utc_start(filled: Filled) -> None:
    rows = get(filled, queue="Outage", start="2026-10-25", end="2026-10-26")["rows"]
    assert len(rows) == 50
    twice = [row for row in rows if row["start"].startswith("2026-10-25T02:30")]
    assert [row["start"] for row in twice] == ["2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00"]
    assert len({row["start_utc"] for row in rows}) == 50


def test_the_missing_hour_in_spring_has_no_row_and_no_other_is_missing(filled: Filled) -> None:
    with sessions(filled.engine)() as session:
        version = create_version(session, run_id=None, cutoff=CUTOFF, now=NOW)
        forecast(session, version, "Outage", "2026-03-28", "2026-03-30", Interval.HALF_HOUR)
        session.commit()
    rows = get(filled, queue="Outage", version=str(version), start="2026-03-29", end="2026-03-30")["rows"]
    assert len(rows) == 46 and not any("T02:" in row["start"] for row in rows)
    moments = [dt.datetime.fromisoformat(row["start_utc"]) for row in rows]
    assert {b - a for a, b in itertools.pairwise(moments)} == {dt.timedelta(minutes=30)}


def test_social_counts_where_the_gate_is_open_and_nowhere_else(filled: Filled) -> None:
    rows = get(filled, queue="Outage", start=CUTOFF.isoformat())["rows"]
    used = {row["start_utc"][11:16]: row["signal"] for row in rows[:10]}
    assert [used[at] for at in ("12:00", "12:30", "13:00", "15:30", "16:00")] == ["used"] * 4 + ["not_proven"]
    assert {row["signal"] for row in get(filled, queue="Billing")["rows"]} == {"not_proven"}


def test_an_open_gate_with_old_data_is_called_stale(filled: Filled) -> None:
    with sessions(filled.engine)() as session:
        three_hours = int((CUTOFF - dt.timedelta(hours=3, minutes=30)).timestamp() * 1e6)
        session.execute(delete(SignalRow).where(SignalRow.ds >= three_hours))
        session.commit()
    assert get(filled, queue="Outage", start=CUTOFF.isoformat())["rows"][0]["signal"] == "stale"


@pytest.mark.parametrize(("granularity", "count"), [("interval", 50), ("hour", 25), ("day", 1)])
def test_every_granularity_is_its_own_forecast(filled: Filled, granularity: str, count: int) -> None:
    body = get(filled, queue="Outage", start="2026-10-25", end="2026-10-26", granularity=granularity)
    assert len(body["rows"]) == count and body["granularity"] == granularity


def test_a_queue_counted_by_the_hour_answers_by_the_hour(filled: Filled) -> None:
    assert (
        len(get(filled, queue="Billing", start="2026-10-25", end="2026-10-26", granularity="hour")["rows"])
        == 25
    )


def test_queues_are_chosen_by_name_channel_and_topic(filled: Filled) -> None:
    def names(**query: Any) -> set[str]:
        return {row["queue"] for row in get(filled, **query)["rows"]}

    assert names() == names(queue=["Outage", "Billing"]) == {"Outage", "Billing"}
    assert names(channel="email") == names(topic="billing") == {"Billing"}
    assert names(channel="email", topic="outage") == set()


def test_csv_holds_what_json_holds(filled: Filled) -> None:
    rows = get(filled, quantiles="0.5,0.9", limit=10_000)["rows"]
    flat = [
        {key: value for key, value in row.items() if not key.endswith("quantiles")}
        | row["quantiles"]
        | {f"workload_{name}": value for name, value in row["workload_quantiles"].items()}
        for row in rows
    ]
    wanted = [{name: "" if value is None else str(value) for name, value in row.items()} for row in flat]
    for query, headers in (({}, {"Accept": "text/csv"}), ({"layout": "tidy"}, {})):
        answer = filled.client().get(
            "/v1/forecasts", params={"quantiles": "0.5,0.9", **query}, headers=headers
        )
        assert answer.headers["content-type"].startswith("text/csv")
        assert list(csv.DictReader(io.StringIO(answer.text))) == wanted
        first = answer.text.splitlines()[0]
        assert first == (
            "queue,channel,topic,start,start_utc,mean,0.5,0.9,"
            "aht_seconds,aht_low,aht_high,workload_hours,workload_0.5,workload_0.9,signal,override"
        )


def test_pages_join_without_loss_or_doubles_in_json_and_csv(filled: Filled) -> None:
    whole = get(filled, limit=10_000)["rows"]
    joined: list[dict[str, Any]] = []
    cursor: str | None = None
    pages = 0
    while pages == 0 or cursor is not None:
        page = get(filled, limit=37, **({"cursor": cursor} if cursor else {}))
        joined, cursor, pages = joined + page["rows"], page["next_cursor"], pages + 1
    assert joined == whole and pages == -(-len(whole) // 37)
    client, lines, url = filled.client(), 0, "/v1/forecasts?layout=tidy&limit=50"
    while url:
        answer = client.get(url)
        lines += len(answer.text.splitlines()) - 1
        url = answer.links.get("next", {}).get("url", "")
    assert lines == len(whole)


def test_pages_of_one_answer_agree_even_when_another_forecast_is_published_between(filled: Filled) -> None:
    first = get(filled, queue="Outage", limit=20)
    with sessions(filled.engine)() as session:
        version = create_version(session, run_id=None, cutoff=NOW, now=NOW)
        forecast(session, version, "Outage", "2026-10-24", "2026-10-27", Interval.HALF_HOUR, add=1000)
        publish_version(session, version, NOW)
        session.commit()
    second = get(filled, queue="Outage", limit=20, cursor=first["next_cursor"])
    assert second["rows"][0]["mean"] == first["rows"][-1]["mean"] + 1
    assert get(filled, queue="Outage", limit=1)["rows"][0]["mean"] > 1000
    then = (CUTOFF + dt.timedelta(minutes=6)).isoformat()
    assert get(filled, queue="Outage", limit=1, as_of=then)["rows"][0]["mean"] < 1000


def test_an_answer_the_client_holds_is_not_sent_again(filled: Filled) -> None:
    client = filled.client()
    for path in ("/v1/forecasts?queue=Outage", "/v1/forecasts?layout=tidy", "/v1/queues", "/v1/evidence"):
        first = client.get(path)
        assert first.status_code == 200 and first.headers["cache-control"] == "private, no-cache"
        again = client.get(path, headers={"If-None-Match": f'"other", {first.headers["etag"]}'})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == first.headers["etag"]


def test_another_forecast_or_question_has_another_etag(filled: Filled) -> None:
    client = filled.client()
    tags = {
        client.get("/v1/forecasts", params=q).headers["etag"]
        for q in ({}, {"queue": "Outage"}, {"layout": "tidy"})
    }
    with sessions(filled.engine)() as session:
        version = create_version(session, run_id=None, cutoff=NOW, now=NOW)
        publish_version(session, version, NOW)
        session.commit()
    tags.add(client.get("/v1/forecasts").headers["etag"])
    assert len(tags) == 4


def test_a_draft_is_seen_as_latest_and_after_publishing_by_everybody(filled: Filled) -> None:
    with sessions(filled.engine)() as session:
        version = create_version(session, run_id=None, cutoff=NOW, now=NOW)
        forecast(session, version, "Outage", "2026-10-24", "2026-10-27", Interval.HALF_HOUR, add=500)
        session.commit()
    assert get(filled, queue="Outage", limit=1, version="latest")["rows"][0]["mean"] > 500
    assert get(filled, queue="Outage", limit=1)["rows"][0]["mean"] < 500
    for _ in range(2):
        answer = filled.client("plan").post(f"/v1/forecasts/versions/{version}/publish")
        assert answer.status_code == 200 and answer.json()["state"] == "published"
    assert get(filled, queue="Outage", limit=1)["rows"][0]["mean"] > 500
    listed = filled.client().get("/v1/forecasts/versions").json()["rows"]
    assert [row["id"] for row in listed] == [version, 1] and listed[0][
        "published_at"
    ] == "2026-10-24T12:20:00Z"


def test_a_version_that_is_still_written_cannot_be_published(filled: Filled) -> None:
    with sessions(filled.engine)() as session:
        run = begin_run(session, "predict", now=NOW, lease_seconds=600, config_hash="c", code_version="1")
        assert run is not None
        version = create_version(session, run_id=run.id, cutoff=NOW, now=NOW)
        session.commit()
    answer = filled.client("plan").post(f"/v1/forecasts/versions/{version}/publish")
    assert answer.status_code == 409 and "still being written" in answer.json()["detail"]
    with sessions(filled.engine)() as session:
        assert next(one for one in list_versions(session) if one.id == version).state == "draft"


def test_a_cell_that_a_spreadsheet_would_run_is_disarmed() -> None:
    from api.table import _cell

    assert [_cell(value) for value in ("=1+1", "@x", "+a", "-a", "Outage", -3.0, None)] == [
        "'=1+1", "'@x", "'+a", "'-a", "Outage", -3.0, None,
    ]  # fmt: skip
