"""Events as a page and as a stream: none lost, none twice, for many clients at once; webhooks seen and sent anew."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import anyio
import httpx2
import pytest

from api.app import create_app
from api.routers import events as routes
from forecast.errors import StoreError
from store.audit import load_audit
from store.database import sessions
from store.events import load_events, tell
from store.hook_deliveries import (
    claim_event,
    first_waiting,
    load_standings,
    note_sent,
    note_unsent,
    queue_events,
)
from store.push_settings import Push
from store.settings import Settings
from tests.api.filled import NOW, SETTINGS, Filled, open_app
from tests.api.served import served

WFM = {"name": "wfm", "url_env": "WFM_URL", "secret_env": "WFM_SECRET", "events": ["plan.locked"]}


def told(filled: Filled, *kinds: str) -> list[int]:
    with sessions(filled.engine)() as session:
        found = [
            tell(session, kind, {"number": n, "url": "/v1/runs"}, now=NOW) for n, kind in enumerate(kinds)
        ]
        session.commit()
    return found


def with_webhook(filled: Filled) -> Filled:
    push = Push.model_validate({"targets": [WFM], "stream_minutes": 0.002})
    return open_app(filled.engine, filled.keys, SETTINGS.model_copy(update={"push": push}))


@dataclass(frozen=True)
class Sent:
    id: int
    kind: str
    body: dict[str, object]


@contextmanager
def streaming(filled: Filled, *, seconds: float = 60.0) -> Iterator[str]:
    """The app on a real socket, with streams that last so long."""
    settings = Settings(push={"stream_minutes": seconds / 60})
    app = create_app(settings, sessions(filled.engine), clock=lambda: NOW)
    with served(app) as address:
        yield address
        streams: routes.Streams = app.state.streams
        ends = time.monotonic() + 5
        while streams.open and time.monotonic() < ends:
            time.sleep(0.02)
        assert streams.open == 0  # who went is not held


def listen(
    url: str,
    key: str,
    *,
    enough: int = 0,
    after: int | None = None,
    ready: Callable[[], None] = lambda: None,
    **query: str,
) -> list[Sent]:
    """Events of a stream until there are `enough`, or it ends; ready is called once it is open."""
    headers = {"Authorization": f"Bearer {key}"}
    if after is not None:
        headers["Last-Event-ID"] = str(after)
    found, fields = [], dict[str, str]()
    with (
        httpx2.Client(base_url=url, headers=headers, timeout=20, trust_env=False, verify=False) as client,
        client.stream("GET", "/v1/events/stream", params=query) as answer,
    ):
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert "etag" not in answer.headers and answer.headers["cache-control"] == "no-store"
        for text in answer.iter_lines():
            name, _, value = text.partition(": ")
            if text:
                fields[name] = value
                continue
            if "retry" in fields:
                ready()
            if "data" in fields:
                body = json.loads(fields["data"])
                assert (body["id"], body["kind"]) == (int(fields["id"]), fields["event"])
                found.append(Sent(body["id"], body["kind"], body["body"]))
                if len(found) == enough:
                    break
            fields = {}
    return found


def test_events_come_in_pages_the_oldest_first_and_go_on_after_the_last_one(filled: Filled) -> None:
    ids = told(filled, "forecast.made", "forecast.published", "plan.locked", "alert.raised", "forecast.made")
    client = filled.client()
    first = client.get("/v1/events", params={"limit": 2}).json()
    assert [row["id"] for row in first["rows"]] == ids[:2]
    assert first["rows"][0] == {
        "id": ids[0],
        "kind": "forecast.made",
        "at": NOW.isoformat().replace("+00:00", "Z"),
        "body": {"number": 0, "url": "/v1/runs"},
    }
    second = client.get("/v1/events", params={"limit": 2, "cursor": first["next_cursor"]}).json()
    third = client.get("/v1/events", params={"limit": 2, "cursor": second["next_cursor"]}).json()
    assert [row["id"] for row in second["rows"] + third["rows"]] == ids[2:] and third["next_cursor"] is None
    later = client.get("/v1/events", params={"after": ids[-1]})
    assert later.json() == {"rows": [], "next_cursor": None}
    assert client.get("/v1/events", params={"after": ids[-1]}, headers={"If-None-Match": later.headers["etag"]}).status_code == 304  # fmt: skip
    for kinds in ({"kinds": "plan.locked,alert.raised"}, {"kinds": ["plan.locked", "alert.raised"]}):
        assert [row["id"] for row in client.get("/v1/events", params=kinds).json()["rows"]] == ids[2:4]
    assert client.get("/v1/events", params={"since": "2030-01-01"}).json()["rows"] == []


@pytest.mark.parametrize(
    ("path", "query", "headers", "field"),
    [
        ("/v1/events", {"kinds": "forecast.mad"}, {}, "kinds"),
        ("/v1/events", {"cursor": "abc"}, {}, "cursor"),
        ("/v1/events", {"since": "yesterday"}, {}, "since"),
        ("/v1/events/stream", {"kinds": "x"}, {}, "kinds"),
        ("/v1/events/stream", {"after": "-1"}, {}, "after"),
        ("/v1/events/stream", {}, {"Last-Event-ID": "x"}, "last-event-id"),
        ("/v1/events/stream", {}, {"Last-Event-ID": "9" * 40}, "last-event-id"),
    ],
)
def test_what_cannot_be_used_is_named(
    filled: Filled, path: str, query: dict[str, str], headers: dict[str, str], field: str
) -> None:
    answer = filled.client().get(path, params=query, headers=headers)
    assert answer.status_code == 422 and field in answer.text.lower()
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_stream_gives_what_is_told_while_it_is_open_and_what_was_missed_before(filled: Filled) -> None:
    before = told(filled, "forecast.made", "plan.locked", "forecast.published")
    key = filled.keys["read"]
    with streaming(filled) as url:
        now = listen(url, key, enough=2, ready=lambda: told(filled, "alert.raised", "alert.ended"))  # type: ignore[arg-type, return-value]
        assert [one.kind for one in now] == ["alert.raised", "alert.ended"]
        resumed = listen(url, key, enough=4, after=before[0])
        assert [one.id for one in resumed] == [*before[1:], *(one.id for one in now)]
        assert listen(url, key, enough=2, after=0, kinds="plan.locked,alert.ended") == [resumed[0], now[1]]
        assert [one.id for one in listen(url, key, enough=1, **{"after": str(before[1])})] == [before[2]]


def test_a_client_that_knows_more_than_a_restored_database_goes_on_from_its_end(filled: Filled) -> None:
    told(filled, "forecast.made")
    with streaming(filled) as url:
        new = listen(
            url, filled.keys["read"], enough=1, after=10**9, ready=lambda: told(filled, "plan.locked")
        )  # type: ignore[arg-type, return-value]
    assert [one.kind for one in new] == ["plan.locked"]


def test_a_stream_ends_by_itself_and_what_comes_in_pieces_is_whole(filled: Filled) -> None:
    told(filled, "forecast.made")
    client, after, got = filled.client(), 0, list[int]()
    for _ in range(4):  # the app of the tests ends its streams after a tenth of a second
        text = client.get("/v1/events/stream", headers={"Last-Event-ID": str(after)}).text
        got += [
            int(one) for one in text.replace("\n\n", "\n").split("id: ")[2:] for one in [one.split("\n")[0]]
        ]
        after = max(got)
        told(filled, "plan.locked", "plan.released")
    assert got == list(range(1, 8))
    begun = client.get("/v1/events/stream").text
    assert begun.startswith("id: 9\n") and "data" not in begun  # where to go on, though nothing came


def test_twenty_clients_that_come_and_go_lose_nothing_and_see_nothing_twice(filled: Filled) -> None:
    count, rounds = 20, 4
    stop = threading.Event()

    def follow(url: str) -> list[int]:
        got: list[int] = []
        while not got or got[-1] < rounds * 5:
            got += [one.id for one in listen(url, filled.keys["read"], enough=7, after=got[-1] if got else 0)]
        return got

    def write() -> None:
        for _ in range(rounds):
            told(filled, *["forecast.made"] * 5)
            stop.wait(0.2)

    began = time.monotonic()
    with streaming(filled, seconds=1.5) as url, ThreadPoolExecutor(count + 1) as pool:
        writer = pool.submit(write)
        followers = [pool.submit(follow, url) for _ in range(count)]
        with httpx2.Client(base_url=url, timeout=5, trust_env=False) as client:
            assert client.get("/healthz").status_code == 200  # others are answered meanwhile
        found = [one.result(timeout=30) for one in followers]
        writer.result(timeout=10)
    assert found == [list(range(1, rounds * 5 + 1))] * count
    assert time.monotonic() - began < 20


def test_an_open_stream_holds_neither_a_connection_nor_a_thread(filled: Filled) -> None:
    pool = filled.engine.pool
    with streaming(filled) as url:
        opened, go = threading.Semaphore(0), threading.Event()

        def wait() -> None:
            opened.release()
            go.wait(10)

        def follow() -> None:
            listen(url, filled.keys["read"], enough=1, after=0, ready=wait)

        threads = [threading.Thread(target=follow) for _ in range(50)]  # more than threads or connections
        for one in threads:
            one.start()
        for _ in threads:
            assert opened.acquire(timeout=10)
        held = []
        for _ in range(20):
            held.append(pool.checkedout())  # type: ignore[attr-defined]
            time.sleep(0.02)
        assert min(held) == 0
        told(filled, "forecast.made")
        go.set()
        for one in threads:
            one.join(timeout=15)
        assert not any(one.is_alive() for one in threads)


def test_a_stream_needs_a_key_and_one_too_many_is_told_to_come_later(filled: Filled) -> None:
    assert filled.client(None).get("/v1/events/stream").status_code == 401
    filled.app.state.streams.open = routes.MOST_STREAMS
    answer = filled.client().get("/v1/events/stream")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "30")


def test_a_stream_ends_without_a_word_where_the_database_goes_away() -> None:
    import asyncio

    def gone() -> None:
        raise StoreError("The database is gone.")

    async def read() -> list[object]:
        streams = routes.Streams()
        found = [one async for one in streams.follow(gone, 3, (), 60, anyio.Event())]  # type: ignore[arg-type]
        assert streams.open == 0
        return found

    assert len(asyncio.run(read())) == 1


def test_webhooks_show_how_they_stand_and_never_their_address(
    filled: Filled, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WFM_URL", "https://wfm.example/secret")
    filled = with_webhook(filled)
    one, two, three = told(filled, "plan.locked", "plan.locked", "plan.locked")
    fresh = filled.client().get("/v1/webhooks").json()["rows"][0]
    assert (fresh["delivered"], fresh["pending"], fresh["problem"]) == (0, 0, "")
    with sessions(filled.engine)() as session:
        queue_events(session, Push.model_validate({"targets": [WFM]}).targets[0], now=NOW)
        for number in (one, two, three):
            claim_event(session, number, "wfm", now=NOW, until=NOW)
        note_sent(session, one, "wfm", now=NOW)
        note_unsent(session, two, "wfm", again=None, problem="wfm: it answers 410.")
        note_unsent(session, three, "wfm", again=NOW, problem="wfm: it answers 503.")
        session.commit()
    answer = filled.client().get("/v1/webhooks")
    (row,) = answer.json()["rows"]
    assert (row["delivered"], row["pending"], row["given_up"]) == (1, 1, 1)
    assert (row["name"], row["events"], row["signed"]) == ("wfm", ["plan.locked"], True)
    assert row["problem"] == "wfm: it answers 503." and "example" not in answer.text


def test_a_replay_queues_events_anew_and_says_who_asked(filled: Filled) -> None:
    filled = with_webhook(filled)
    ids = told(filled, "plan.locked", "forecast.made", "plan.locked")
    client = filled.client("write")
    path = "/v1/webhooks/wfm/replay"
    assert client.post(path, json={"event_id": ids[2]}).json() == {"webhook": "wfm", "queued": 1}
    answer = client.post(path, json={"since": "2026-10-24T00:00"})
    assert (answer.status_code, answer.json()["queued"]) == (202, 2)
    with sessions(filled.engine)() as session:
        assert load_standings(session, ["wfm"])["wfm"].pending == 2
        assert first_waiting(session, "wfm", now=NOW).event_id == ids[0]  # type: ignore[union-attr]
        entries = [one for one in load_audit(session) if one.act == "webhook.replay"]
    assert [one.who for one in entries] == ["write key"] * 2 and entries[0].subject == "webhook wfm"
    for body in ({}, {"since": "2026-10-24", "event_id": 1}, {"since": "soon"}, {"event_id": 0}):
        assert client.post(path, json=body).status_code == 422
    assert client.post(path, json={"event_id": 9999}).status_code == 404
    assert client.post("/v1/webhooks/nobody/replay", json={"event_id": ids[0]}).status_code == 404
    assert filled.client("read").post(path, json={"event_id": ids[0]}).status_code == 403


def test_a_test_is_an_event_for_one_webhook(filled: Filled) -> None:
    filled = with_webhook(filled)
    answer = filled.client("write").post("/v1/webhooks/wfm/test")
    assert answer.status_code == 202
    with sessions(filled.engine)() as session:
        (event,) = load_events(session)
        target = Push.model_validate({"targets": [WFM]}).targets[0]
        assert queue_events(session, target, now=NOW) == 1
        assert queue_events(session, target.model_copy(update={"name": "other"}), now=NOW) == 0
    assert (event.id, event.body["webhook"]) == (answer.json()["event_id"], "wfm")
    assert filled.client("write").post("/v1/webhooks/nobody/test").status_code == 404
