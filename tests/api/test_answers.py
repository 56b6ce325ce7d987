"""Answers given again: the same bytes while nothing changed, and never once something did."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import event
from starlette.testclient import TestClient

from api.app import create_app
from api.auth import Found
from store.database import sessions
from store.keys import Key, list_keys, revoke_key
from store.queues import load_queues, save_queue
from tests.api.filled import NOW, SETTINGS, Filled

ASKED = "/v1/forecasts?queue=Outage&limit=50"


def counting(filled: Filled) -> list[str]:
    """The statements that the app sends to its database from now on."""
    seen: list[str] = []
    event.listen(filled.engine, "before_cursor_execute", lambda *a: seen.append(a[2]))
    return seen


def settled(filled: Filled) -> TestClient:
    """A client whose last use is already written down, so that nothing else is."""
    client = filled.client()
    client.get("/v1/queues")
    client.get("/v1/queues")
    return client


def test_the_same_question_costs_no_query_and_gives_the_same_bytes(filled: Filled) -> None:
    client = settled(filled)
    first = client.get(ASKED)
    seen = counting(filled)
    again = client.get(ASKED)
    assert seen == [] and again.content == first.content
    assert again.headers["etag"] == first.headers["etag"]
    assert again.headers["content-type"] == first.headers["content-type"]
    unchanged = client.get(ASKED, headers={"If-None-Match": first.headers["etag"]})
    assert seen == [] and (unchanged.status_code, unchanged.content) == (304, b"")


def test_another_question_or_form_is_answered_for_itself(filled: Filled) -> None:
    client = settled(filled)
    rows = client.get(ASKED).json()["rows"]
    assert client.get(ASKED, headers={"Accept": "text/csv"}).text.startswith("queue,")
    assert client.get(ASKED.replace("50", "3")).json()["rows"] == rows[:3]
    assert client.get(ASKED.replace("Outage", "Billing")).json()["rows"][0]["queue"] == "Billing"


def test_a_change_by_anybody_is_seen_at_once(filled: Filled) -> None:
    client = settled(filled)
    first = client.get(ASKED).json()["rows"][0]["mean"]
    body = {
        "queue": "Outage", "kind": "percent", "value": 50, "start": "2026-10-24", "end": "2026-10-25", "reason": "x",
    }  # fmt: skip
    assert filled.client("plan").post("/v1/overrides", json=body).status_code in (200, 201)
    assert client.get(ASKED).json()["rows"][0]["mean"] != first
    with sessions(filled.engine)() as session:
        (billing,) = (one for one in load_queues(session) if one.name == "Billing")
        save_queue(session, type(billing)("Third", "phone", "all", billing.interval, billing.tz))
        session.commit()
    assert len(client.get("/v1/queues").json()["rows"]) == 3


def test_a_key_that_is_revoked_opens_nothing_any_more(filled: Filled) -> None:
    client = settled(filled)
    assert client.get(ASKED).status_code == client.get(ASKED).status_code == 200
    with sessions(filled.engine)() as session:
        (mine,) = (one for one in list_keys(session) if one.scopes == ("read",))
        revoke_key(session, mine.id, now=NOW)
        session.commit()
    assert client.get(ASKED).status_code == 401
    assert filled.client(None).get(ASKED).status_code == 401


def test_an_answer_is_given_again_for_seconds_only(filled: Filled) -> None:
    clock: list[dt.datetime] = [NOW]
    app: Any = create_app(SETTINGS, sessions(filled.engine), clock=lambda: clock[0])
    client = Filled(app, filled.engine, filled.keys).client()
    for _ in range(2):
        client.get("/v1/queues")
    client.get(ASKED)
    seen = counting(filled)
    clock[0] += dt.timedelta(seconds=11)
    client.get(ASKED)
    assert any("forecasts" in one for one in seen)


def test_a_key_found_at_one_mark_is_never_held_under_another() -> None:
    """A request that read an older mark ends after one that read a newer: what it found counts for neither."""
    found, key = Found(), Key(1, "tool", ("read",), NOW, None)
    found.keep("old", "2", key)
    found.keep("late", "1", key)
    assert found.find("late", "2") is None and found.find("old", "2") is None
    found.keep("new", "2", key)
    assert found.find("new", "2") == key and found.find("late", "2") is None
