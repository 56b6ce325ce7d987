"""Errors say what is wrong, in which field, and what to do; and never what is inside."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fastapi import APIRouter

from api.limits import MOST_BYTES
from forecast.errors import ConfigError, NotEnoughHistory
from tests.api.filled import Filled


def check(answer: Any, status: int, field: str | None = None) -> dict[str, Any]:
    body: dict[str, Any] = answer.json()
    assert answer.status_code == status, body
    assert answer.headers["content-type"] == "application/problem+json"
    assert {"type", "title", "status", "detail", "remedy"} <= set(body)
    assert body["status"] == status and body["detail"] and body["remedy"]
    assert body["type"].startswith("urn:forecall:problem:")
    assert body.get("field") == field
    return body


@pytest.mark.parametrize(
    ("query", "status", "field"),
    [
        ({"queue": "Outag"}, 404, "queue"),
        ({"queu": "Outage"}, 422, "queu"),
        ({"start": "03/04/2026"}, 422, "start"),
        ({"start": "9999-12-31"}, 422, "start"),
        ({"start": "2026-10-26", "end": "2026-10-25"}, 422, "end"),
        ({"granularity": "year"}, 422, "granularity"),
        ({"quantiles": "0.55"}, 422, "quantiles"),
        ({"quantiles": "half"}, 422, "quantiles"),
        ({"version": "newest"}, 422, "version"),
        ({"version": "99"}, 404, "version"),
        ({"version": "9" * 15}, 404, "version"),
        ({"limit": 0}, 422, "limit"),
        ({"limit": 10_001}, 422, "limit"),
        ({"cursor": "abc"}, 422, "cursor"),
        ({"cursor": "W10"}, 422, "cursor"),
        ({"as_of": "yesterday"}, 422, "as_of"),
        ({"queue": "a\x00b"}, 422, "queue.0"),
    ],
)
def test_a_wrong_question_names_the_field_and_the_remedy(
    filled: Filled, query: dict[str, Any], status: int, field: str
) -> None:
    check(filled.client().get("/v1/forecasts", params=query), status, field)


def test_the_nearest_name_is_offered(filled: Filled) -> None:
    body = check(filled.client().get("/v1/volumes", params={"queue": "Outag"}), 404, "queue")
    assert body["remedy"] == "Did you mean Outage?"


def test_a_cursor_of_another_question_is_refused(filled: Filled) -> None:
    client = filled.client()
    cursor = client.get("/v1/forecasts", params={"limit": 1}).json()["next_cursor"]
    check(
        client.get("/v1/forecasts", params={"limit": 1, "queue": "Outage", "cursor": cursor}), 422, "cursor"
    )
    check(client.get("/v1/volumes", params={"cursor": cursor}), 422, "cursor")


def test_an_offset_whose_plus_became_a_space_is_understood(filled: Filled) -> None:
    query = "/v1/forecasts?queue=Outage&limit=1&start=2026-10-25T02:30:00+01:00"
    assert filled.client().get(query).json()["rows"][0]["start"] == "2026-10-25T02:30:00+01:00"


def test_unknown_routes_and_methods_are_problems_too(filled: Filled) -> None:
    check(filled.client().get("/v1/nowhere"), 404)
    check(filled.client("admin").delete("/v1/nowhere"), 404)
    answer = filled.client("admin").delete("/v1/volumes")
    check(answer, 405)
    assert answer.headers["allow"] == "GET, POST"
    check(filled.client("admin").put("/v1/forecasts/versions/1/publish"), 405)


def test_several_wrong_fields_are_all_named(filled: Filled) -> None:
    body = check(
        filled.client().get("/v1/forecasts", params={"limit": 0, "granularity": "x"}), 422, "granularity"
    )
    assert [one["field"] for one in body["errors"]] == ["granularity", "limit"]
    assert "'interval'" in body["errors"][0]["remedy"]


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'{"rows": []}', b'{"rows": 1}', b"\xff\xfe", b'{"rows":' + b"[" * 200_000]
)
def test_a_body_that_is_no_batch_is_refused(filled: Filled, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    answer = filled.client("write").post("/v1/volumes", content=body, headers=headers)
    assert answer.status_code in (400, 422) and answer.json()["remedy"]


def test_a_batch_may_not_be_too_large(filled: Filled) -> None:
    client = filled.client("write")
    row = {"queue": "Outage", "start": "2026-10-24T08:00", "offered": 1}
    check(client.post("/v1/volumes", json={"rows": [row] * 10_001}), 422, "rows")
    check(client.post("/v1/volumes", content=b" " * (MOST_BYTES + 1)), 413)
    pieces = (b" " * 2**20 for _ in range(MOST_BYTES // 2**20 + 2))  # no Content-Length
    check(client.post("/v1/volumes", content=pieces, headers={"Content-Type": "application/json"}), 413)


def test_when_the_database_is_gone_the_answer_is_503_and_healthz_lives(filled: Filled) -> None:
    client = filled.client()
    assert client.get("/readyz").status_code == 200
    filled.engine.dispose()
    path = Path(str(filled.engine.url.database))
    for one in path.parent.glob("forecall.db*"):
        one.unlink()
    for route in ("/readyz", "/v1/queues", "/metrics"):
        body = check(client.get(route), 503)
        assert str(path) not in str(body)
    assert client.get("/healthz").json() == {"status": "alive"}


def test_a_fault_of_ours_tells_nothing_of_the_inside(filled: Filled) -> None:
    broken = APIRouter()

    @broken.get("/broken")
    def fail() -> None:
        raise RuntimeError("the secret is 42")

    @broken.get("/thin")
    def thin() -> None:
        raise NotEnoughHistory("Outage has 3 days.", remedy="Load more.")

    @broken.get("/misled")
    def misled() -> None:
        raise ConfigError("the password is 42")

    filled.app.include_router(broken)
    client = filled.client()
    for path in ("/broken", "/misled"):
        body = check(client.get(path), 500)
        assert "42" not in str(body)
    check(client.get("/thin"), 409)
