"""GET /v1/outlook and /v1/digest: one call, one picture; reasons of a queue in GET /v1/forecasts."""

from __future__ import annotations

import datetime as dt
from xml.etree import ElementTree as Xml

import numpy as np
import pandas as pd
import pytest
from sqlalchemy.orm import Session

from forecast.buckets import Grid, Interval
from forecast.models.base import QUANTILES
from store.database import sessions
from store.forecasts import create_version, publish_version, save_forecast
from store.runs import begin_run, finish_run
from store.volumes import save_volumes
from tests.api.filled import CUTOFF, NOW, TZ, Filled, day

PARTS = {"outage": 0.25, "billing": 0.5, "<b>moving</b>": 0.25}


def divide(session: Session, *, scale: float = 1.0) -> None:
    """Contacts of the queue Billing by three reasons, and a forecast of each and of their queue."""
    grid = Grid.days(day("2026-10-12"), day("2026-10-23"), Interval.HOUR, TZ)
    for topic, share in PARTS.items():
        rows = {"queue": "Billing", "topic": topic, "ds": pd.to_datetime(grid.ds, utc=True)}
        rows |= {"offered": 40 * share, "known_at": pd.Timestamp(CUTOFF)}
        save_volumes(session, pd.DataFrame(rows).astype({"queue": object, "topic": object}), upload_id=None)
    version = create_version(session, run_id=None, cutoff=CUTOFF, now=CUTOFF)
    days = Grid.days(day("2026-10-24"), day("2026-11-02"), Interval.DAY, TZ)
    spread = np.concatenate([[0.0], np.array(QUANTILES) - 0.5])
    for name, size in {
        "Billing": 1.0,
        **{f"Billing/{topic}": scale * share for topic, share in PARTS.items()},
    }.items():
        values = np.repeat(size * (800 + 100 * spread)[None, :], len(days), axis=0)
        save_forecast(session, version, name, "day", days.ds, values)
    publish_version(session, version, NOW - dt.timedelta(minutes=1))
    session.commit()


@pytest.fixture
def divided(filled: Filled) -> Filled:
    with sessions(filled.engine)() as session:
        divide(session)
    return filled


def test_one_call_has_every_reason_over_all_queues_the_largest_first(divided: Filled) -> None:
    answer = divided.client().get("/v1/outlook", params={"day": "2026-10-26"})
    body = answer.json()
    assert answer.status_code == 200, answer.text
    assert body["title"] == "What will they call about on Monday 26 October 2026?"
    assert {row["topic"] for row in body["reasons"]} == {"outage", "billing", "<b>moving</b>"}
    expected = [row["expected"] for row in body["reasons"]]
    assert expected == sorted(expected, reverse=True)
    outage = next(row for row in body["reasons"] if row["topic"] == "outage")
    assert [line["queue"] for line in outage["queues"]] == ["Billing", "Outage"]
    assert outage["posts_24h"] > 0
    billing = next(row for row in body["reasons"] if row["topic"] == "billing")
    assert billing["expected"] == 400.0 and billing["usual"] == billing["last_week"] == 480.0
    assert billing["change"] == pytest.approx(-1 / 6, abs=1e-4)


@pytest.mark.parametrize("scale", [1.0, 0.5])
def test_the_reasons_of_a_queue_add_up_to_its_published_forecast(filled: Filled, scale: float) -> None:
    with sessions(filled.engine)() as session:
        divide(session, scale=scale)
    body = filled.client().get("/v1/outlook", params={"day": "2026-10-26", "queue": "Billing"}).json()
    assert sum(row["expected"] for row in body["reasons"]) == pytest.approx(800.0)


def test_the_picture_is_asked_for_by_name_or_by_accept_and_escapes_names(divided: Filled) -> None:
    client, asked = divided.client(), {"day": "2026-10-26", "language": "nl"}
    one = client.get("/v1/outlook", params={**asked, "format": "svg"})
    other = client.get("/v1/outlook", params=asked, headers={"Accept": "image/svg+xml"})
    assert one.status_code == 200 and one.text == other.text
    assert one.headers["content-type"].startswith("image/svg+xml")
    assert "default-src 'none'" in one.headers["content-security-policy"]
    assert "&lt;b&gt;moving" in one.text and "<b>" not in one.text
    assert Xml.fromstring(one.text).tag.endswith("svg")


@pytest.mark.parametrize("asked", ["yesterday", "2026-02-31", "2020-01-01", "9999-12-31"])
def test_a_day_that_cannot_be_told_of_is_refused_by_name(filled: Filled, asked: str) -> None:
    answer = filled.client().get("/v1/outlook", params={"day": asked})
    assert answer.status_code == 422
    assert answer.json()["field"] == "day"


def test_a_day_without_a_forecast_says_so(filled: Filled) -> None:
    body = filled.client().get("/v1/outlook", params={"day": "2027-10-26"}).json()
    assert body["reasons"] == [] and body["answer"] == "No forecast is published for this day."


def test_a_reason_of_a_queue_is_served_as_a_forecast(divided: Filled) -> None:
    asked = {"topic": "outage", "granularity": "day", "start": "2026-10-26", "end": "2026-10-27"}
    rows = divided.client().get("/v1/forecasts", params=asked).json()["rows"]
    assert [(row["queue"], row["topic"]) for row in rows] == [("Billing", "outage"), ("Outage", "outage")]
    assert rows[0]["mean"] == 200.0
    whole = divided.client().get("/v1/forecasts", params={**asked, "topic": "billing"}).json()["rows"]
    assert [row["mean"] for row in whole][:1] == [800.0]


def test_digests_are_read_from_the_last_run_of_their_job(filled: Filled) -> None:
    client = filled.client()
    assert client.get("/v1/digest").json() == {"made_at": None, "digests": []}
    row = {
        "owner": "Desk",
        "email": "",
        "begin": "2026-10-17",
        "until": "2026-10-24",
        "subject": "s",
        "text": "t",
    }
    rows = [{**row, "html": "h", "language": language} for language in ("en", "nl")]
    with sessions(filled.engine)() as session:
        run = begin_run(session, "digest", now=NOW, lease_seconds=60, config_hash="c", code_version="1")
        assert run is not None
        finish_run(session, run.id, now=NOW, state="done", outcome={"done": {}, "digests": rows})
        session.commit()
    (found,) = client.get("/v1/digest", params={"owner": "Desk"}).json()["digests"]
    assert (found["owner"], found["begin"], found["text"]) == ("Desk", "2026-10-17", "t")
    assert client.get("/v1/digest", params={"owner": "Nobody"}).json()["digests"] == []
    told = client.get("/v1/runs", params={"job": "digest"}).json()["rows"]
    assert [run["outcome"] for run in told] == [
        {"done": {}}
    ]  # whom it is for and what it cites is told there alone
