"""POST /v1/volumes, /v1/signals, /v1/mentions: good rows are taken, bad ones named, and twice is once."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd
import pytest

from store.database import sessions
from store.mentions import load_scored
from store.signals import load_signals
from store.volumes import load_volumes
from tests.api.filled import NOW, Filled

VOLUME = {"queue": "Outage", "start": "2026-10-24T08:00", "offered": 41, "handled": 40, "aht_seconds": 320.5}
SIGNAL = {"signal": "web visits", "start": "2026-10-24T08:00", "value": 120.0}
MENTION = {
    "id": "1",
    "source": "bluesky",
    "created_at": "2026-10-24T08:03:11+02:00",
    "text": "@Jan de stroom is uitgevallen, wat een ellende! Bel 06-12345678",
    "author": "@piet",
}


def post(filled: Filled, noun: str, rows: list[Any], **more: Any) -> tuple[int, dict[str, Any]]:
    answer = filled.client("write").post(f"/v1/{noun}", json={"rows": rows, **more})
    return answer.status_code, answer.json()


@pytest.mark.parametrize(("noun", "row"), [("volumes", VOLUME), ("signals", SIGNAL), ("mentions", MENTION)])
def test_sending_a_batch_twice_changes_nothing(filled: Filled, noun: str, row: dict[str, Any]) -> None:
    assert post(filled, noun, [row]) == (200, {"received": 1, "accepted": 1, "stored": 1, "errors": []})
    assert post(filled, noun, [row, row]) == (200, {"received": 2, "accepted": 2, "stored": 0, "errors": []})


def test_volumes_are_known_at_receipt_and_not_assumed(filled: Filled) -> None:
    post(filled, "volumes", [VOLUME])
    with sessions(filled.engine)() as session:
        stored = load_volumes(session, "Outage", start=dt.datetime(2026, 10, 24, 6, tzinfo=dt.UTC))
    assert stored["known_at"].tolist() == [pd.Timestamp(NOW)]
    assert stored[["offered", "handled", "aht_seconds"]].iloc[0].tolist() == [41, 40, 320.5]
    row = (
        filled.client()
        .get("/v1/volumes", params={"queue": "Outage", "start": "2026-10-24"})
        .json()["rows"][0]
    )
    assert (row["start"], row["offered"], row["topic"]) == ("2026-10-24T08:00:00+02:00", 41, "outage")


def test_a_correction_is_a_later_version(filled: Filled) -> None:
    post(filled, "volumes", [VOLUME])
    assert post(filled, "volumes", [{**VOLUME, "offered": 50}])[1]["stored"] == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"queue": "Nobody"}, "queue"),
        ({"offered": -1}, "offered"),
        ({"offered": "many"}, "offered"),
        ({"offered": None}, "offered"),
        ({"start": "2026-10-24T08:07"}, "start"),
        ({"start": "24/10/2026"}, "start"),
        ({"start": "2026-12-01T08:00"}, "start"),
        ({"ofered": 3}, "ofered"),
        ({"topic": "a\x00"}, "topic"),
    ],
)
def test_a_bad_row_is_named_and_the_others_are_taken(
    filled: Filled, change: dict[str, Any], field: str
) -> None:
    status, body = post(filled, "volumes", [VOLUME, {**VOLUME, **change}])
    assert (status, body["accepted"], body["stored"]) == (207, 1, 1)
    error = body["errors"][0]
    assert (error["row"], error["field"]) == (2, field) and error["detail"] and error["remedy"]


@pytest.mark.parametrize("row", [3, None, "x", [], {}])
def test_a_row_of_another_shape_is_a_bad_row(filled: Filled, row: Any) -> None:
    for noun in ("volumes", "signals", "mentions"):
        status, body = post(filled, noun, [row])
        assert (status, body["accepted"], body["errors"][0]["row"]) == (207, 0, 1)


def test_a_batch_of_bad_rows_stores_nothing(filled: Filled) -> None:
    status, body = post(filled, "volumes", [{**VOLUME, "offered": -1}])
    assert (status, body["received"], body["accepted"], body["stored"]) == (207, 1, 0, 0)


def test_a_signal_keeps_its_interval_and_kind(filled: Filled) -> None:
    post(filled, "signals", [{**SIGNAL, "kind": "level"}])
    assert post(filled, "signals", [{**SIGNAL, "value": 130.0}])[1]["stored"] == 1
    with sessions(filled.engine)() as session:
        held = load_signals(session)
    assert held.loc[held["signal"] == "web visits", "kind"].tolist() == ["level"]
    status, body = post(filled, "signals", [SIGNAL], interval="1h")
    assert (status, body["field"]) == (422, "interval")
    assert post(filled, "signals", [SIGNAL], timezone="Europe/Amsterdm")[0] == 422


def test_a_mention_is_stored_without_names_and_scored(filled: Filled) -> None:
    post(filled, "mentions", [MENTION])
    with sessions(filled.engine)() as session:
        stored = load_scored(session).iloc[0]
    assert "Jan" not in stored["text"] and "12345678" not in stored["text"]
    assert len(stored["author"]) == 32 and (stored["language"], stored["label"]) == ("nl", "negative")
    assert stored["topics"] and stored["known_at"] == pd.Timestamp(NOW) and not stored["assumed"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"id": ""}, "id"),
        ({"text": None}, "text"),
        ({"created_at": "soon"}, "created_at"),
        ({"created_at": "2027-01-01T00:00Z"}, "created_at"),
        ({"direction": "up"}, "direction"),
    ],
)
def test_a_bad_mention_is_named(filled: Filled, change: dict[str, Any], field: str) -> None:
    status, body = post(filled, "mentions", [{**MENTION, **change}, MENTION])
    assert (status, body["accepted"], body["errors"][0]["field"]) == (207, 1, field)


def test_texts_that_no_database_takes_do_no_harm(filled: Filled) -> None:
    broken = '{"rows": [{"id": "2", "source": "x", "created_at": "2026-10-24T08:00Z", "text": "a\\u0000\\ud800b"}]}'
    headers = {"Content-Type": "application/json"}
    answer = filled.client("write").post("/v1/mentions", content=broken, headers=headers)
    assert answer.json()["stored"] == 1
