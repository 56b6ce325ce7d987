"""GET /v1/forecasts/explain: parts that add up, a sentence, and a remedy where there are none."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from sqlalchemy.orm import Session

from forecast.buckets import Grid, Interval
from forecast.models.base import QUANTILES
from forecast.parts import PARTS, Facts, Heard, adding_up
from store.explanations import with_facts
from store.forecasts import create_version, publish_version, save_forecast
from store.runs import begin_run, finish_run
from store.scores import save_report
from tests.api.filled import CUTOFF, TZ, Filled, day

PATH = "/v1/forecasts/explain"
HEARD = Facts((Heard("posts:outage", "2026-10-24T09:30:00+00:00", 50.0, 30.0),))
MADE = CUTOFF + dt.timedelta(minutes=10)


@pytest.fixture
def explained(filled: Filled) -> Filled:
    """The filled database with a newer version of the outage queue that has parts, made by a run."""
    with Session(filled.engine) as session:
        run = begin_run(session, "predict", now=CUTOFF, lease_seconds=60, config_hash="c", code_version="1")
        assert run is not None
        version = create_version(session, run_id=run.id, cutoff=CUTOFF, now=CUTOFF)
        grid = Grid.days(day("2026-10-24"), day("2026-10-25"), Interval.HALF_HOUR, TZ)
        values = np.tile(41.3, (len(grid), 1 + len(QUANTILES)))
        parts = np.zeros((len(grid), len(PARTS)))
        parts[:, PARTS.index("level")], parts[:, PARTS.index("social")] = 30.0, 11.0
        parts = adding_up(parts, values[:, 0])
        save_forecast(session, version, "Outage", "interval", grid.ds, values, parts=parts)
        methods: list[dict[str, object]] = [{"series": "Outage", "lead_band": "0-1h", "model": "dhr"}]
        save_report(session, run.id, {"champions": with_facts(methods, HEARD)})
        finish_run(session, run.id, now=CUTOFF, state="done", outcome={})
        publish_version(session, version, MADE)
        session.commit()
    return filled


def test_each_row_has_parts_that_add_up_and_a_sentence_with_the_reason_and_since_when(
    explained: Filled,
) -> None:
    asked = {"queue": "Outage", "start": "2026-10-24T14:30", "end": "2026-10-24T15:30"}
    answer = explained.client().get(PATH, params=asked).json()
    assert len(answer["rows"]) == 2
    row = answer["rows"][0]
    assert row["start"] == "2026-10-24T14:30:00+02:00" and row["start_utc"] == "2026-10-24T12:30:00Z"
    assert [part["part"] for part in row["parts"]] == list(PARTS)
    assert (
        sum(part["contacts"] for part in row["parts"]) == pytest.approx(row["mean"], abs=1e-3) == row["sum"]
    )
    social = next(part for part in row["parts"] if part["part"] == "social")
    assert social["about"] == "posts on “outage”, more than usual since 11:30"
    assert row["sentence"] == (
        "41.3 contacts expected: usual level 30.0, "
        "social +11.0 (posts on “outage”, more than usual since 11:30), spread and rounding +0.3."
    )
    dutch = explained.client().get(PATH, params=asked | {"language": "nl"}).json()["rows"][0]["sentence"]
    assert dutch.startswith("41,3 contacten verwacht: gebruikelijk niveau 30,0, social +11,0 (berichten over")


def test_a_forecast_without_parts_comes_with_the_remedy(explained: Filled) -> None:
    row = (
        explained.client()
        .get(PATH, params={"queue": "Billing", "start": "2026-10-25T10:00"})
        .json()["rows"][0]
    )
    assert row["parts"] is None and row["sum"] is None
    assert "`forecall run predict`" in row["sentence"] and "`forecall run predict`" in row["remedy"]


def test_pages_lead_on_and_the_repeated_hour_is_two_rows(explained: Filled) -> None:
    client = explained.client()
    asked: dict[str, object] = {"queue": "Outage", "start": "2026-10-25", "end": "2026-10-26", "limit": 20}
    starts: list[str] = []
    while True:
        answer = client.get(PATH, params=asked).json()  # type: ignore[arg-type]
        starts += [row["start"] for row in answer["rows"]]
        if answer["next_cursor"] is None:
            break
        asked["cursor"] = answer["next_cursor"]
    assert len(starts) == 50 == len(set(starts))


@pytest.mark.parametrize(
    ("asked", "status", "field"),
    [
        ({"queue": "Outag"}, 404, "queue"),
        ({}, 422, "queue"),
        ({"queue": "Outage", "start": "2026-10-25", "end": "2026-10-24"}, 422, "end"),
        ({"queue": "Outage", "version": "99"}, 404, "version"),
        ({"queue": "Outage", "language": "fr"}, 422, "language"),
    ],
)
def test_problems_name_the_field(explained: Filled, asked: dict[str, str], status: int, field: str) -> None:
    answer = explained.client().get(PATH, params=asked)
    assert (answer.status_code, answer.json()["field"]) == (status, field)


def test_reading_needs_a_key(explained: Filled) -> None:
    assert explained.client(None).get(PATH, params={"queue": "Outage"}).status_code == 401
