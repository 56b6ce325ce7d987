"""Who may do what: every route, with and without a key, from a page and from elsewhere."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

import pytest
from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from api import auth
from api.auth import COOKIE, Seal, scope_needed
from store.database import sessions
from store.keys import revoke_key
from tests.api.filled import NOW, SETTINGS, Filled, open_app

OPEN = {("GET", "/healthz"), ("GET", "/readyz"), ("GET", "/sign-in"), ("POST", "/sign-in")}
SCOPES = ("read", "write", "plan", "admin")
OURS = {"Origin": "http://testserver"}


def routes(filled: Filled) -> list[tuple[str, str]]:
    """Every route of the app, the dashboard's included, as (method, a path that fits it)."""
    found = set()
    for route in iter_route_contexts(filled.app.routes):
        path = str(getattr(route, "path", None) or "/")
        for plain, value in (("{id}", "1"), ("{rest:path}", "nowhere"), ("{path:path}", "some/page")):
            path = path.replace(plain, value)
        path = "".join(
            part if not part.startswith("{") else "x" for part in path.replace("}", "{").split("{")
        )
        for method in getattr(route, "methods", None) or {"GET"}:
            found.add((method, path))
    return sorted(found - {(m, p) for m, p in found if m in ("HEAD", "OPTIONS")})


def test_no_route_answers_without_a_key_but_health_and_sign_in(filled: Filled) -> None:
    client = filled.client(None)
    answered = set()
    for method, path in routes(filled):
        answer = client.request(method, path, follow_redirects=False)
        if answer.status_code != 401:
            answered.add((method, path))
        else:
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.headers["www-authenticate"].startswith("Bearer")
    assert answered == OPEN


def test_every_route_asks_for_its_scope_and_no_other_will_do(filled: Filled) -> None:
    for method, path in routes(filled):
        if (method, path) in OPEN:
            continue
        need = scope_needed(method, path)
        for scope in SCOPES:
            refused = filled.client(scope).request(method, path, follow_redirects=False).status_code == 403
            assert refused == (scope not in (need, "admin")), (method, path, scope)


def test_what_changes_something_needs_more_than_read(filled: Filled) -> None:
    changing = {
        (m, p) for m, p in routes(filled) if m != "GET" and p.startswith("/v1/") and p != "/v1/nowhere"
    }
    assert {(p, scope_needed(m, p)) for m, p in changing} == {
        ("/v1/volumes", "write"),
        ("/v1/signals", "write"),
        ("/v1/mentions", "write"),
        ("/v1/uploads", "write"),
        ("/v1/uploads/1", "write"),
        ("/v1/uploads/1/restore", "write"),
        ("/v1/forecasts/versions/1/publish", "plan"),
        ("/v1/alerts/alert_id/acknowledge", "plan"),
        ("/v1/causes", "plan"),
        ("/v1/causes/cause_id", "plan"),
        ("/v1/drivers", "write"),
        ("/v1/groups", "plan"),
        ("/v1/queues/map", "plan"),
        ("/v1/queues/map/1", "plan"),
        ("/v1/queues/queue:path/hours", "plan"),
        ("/v1/special-days", "plan"),
        ("/v1/special-days/1", "plan"),
        ("/v1/quality/marks", "plan"),
        ("/v1/evidence/assumptions", "plan"),
        ("/v1/evidence/assumptions/number", "plan"),
    }
    assert scope_needed("DELETE", "/v1/anything") == scope_needed("POST", "/v1/new") == "admin"


@pytest.mark.parametrize("header", ["Bearer wrong", "Bearer ", "Basic abc", "", "bearer fc_é"])
def test_a_wrong_key_opens_nothing(filled: Filled, header: str) -> None:
    given = {"Authorization": header.encode()}
    assert filled.client(None).get("/v1/queues", headers=given).status_code == 401  # type: ignore[arg-type]


def test_a_revoked_key_opens_nothing_any_more(filled: Filled) -> None:
    assert filled.client().get("/v1/queues").status_code == 200
    signed = sign_in(filled, "read")
    assert signed.get("/v1/queues").status_code == 200
    with sessions(filled.engine)() as session:
        revoke_key(session, "read key", now=NOW)
        session.commit()
    assert filled.client().get("/v1/queues").status_code == 401
    assert signed.get("/v1/queues").status_code == 401


def sign_in(filled: Filled, scope: str) -> TestClient:
    client = filled.client(None)
    answer = client.post(
        "/sign-in", data={"key": filled.keys[scope], "next": "/page"}, headers=OURS, follow_redirects=False
    )
    assert answer.status_code == 303 and answer.headers["location"] == "/page"
    return client


def test_a_browser_is_led_to_the_sign_in_page_and_a_program_is_not(filled: Filled) -> None:
    client = filled.client(None)
    page = client.get("/docs", headers={"Accept": "text/html"}, follow_redirects=False)
    assert (page.status_code, page.headers["location"]) == (303, "/sign-in?next=/docs")
    assert client.get("/v1/queues", headers={"Accept": "text/html"}).status_code == 401


def test_a_key_becomes_a_cookie_that_scripts_cannot_read_and_that_does_not_hold_the_key(
    filled: Filled,
) -> None:
    client = filled.client(None)
    data = {"key": filled.keys["read"], "next": "//elsewhere.example/x"}
    answer = client.post("/sign-in", data=data, headers=OURS, follow_redirects=False)
    said = answer.headers["set-cookie"].lower()
    assert "httponly" in said and "samesite=strict" in said and "max-age=43200" in said
    assert filled.keys["read"] not in answer.headers["set-cookie"]
    assert answer.headers["location"] == "/"  # never to another host
    assert client.get("/v1/queues").status_code == 200


def test_a_key_in_the_address_signs_nobody_in(filled: Filled) -> None:
    client = filled.client(None)
    answer = client.get("/sign-in", params={"key": filled.keys["read"]})
    assert "set-cookie" not in answer.headers and filled.keys["read"] not in answer.text
    assert client.get("/v1/queues", params={"key": filled.keys["read"]}).status_code == 401


def test_signing_in_with_a_wrong_key_or_from_another_page_fails_in_words(filled: Filled) -> None:
    client = filled.client(None)
    wrong = client.post("/sign-in", data={"key": "fc_no"}, headers=OURS)
    assert wrong.status_code == 401 and "not valid" in wrong.text
    other = client.post(
        "/sign-in", data={"key": filled.keys["read"]}, headers={"Origin": "http://evil.example"}
    )
    assert other.status_code == 403 and "set-cookie" not in other.headers


def test_what_is_typed_into_the_sign_in_form_does_not_come_back_as_markup(filled: Filled) -> None:
    page = filled.client(None).get("/sign-in", params={"next": '/"><script>x</script>'}).text
    assert "<script>" not in page


def test_signing_out_takes_the_cookie_away(filled: Filled) -> None:
    client = sign_in(filled, "read")
    client.post("/sign-out", headers=OURS, follow_redirects=False)
    assert client.get("/v1/queues").status_code == 401


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        (OURS, 200),
    ],
)
def test_a_change_by_cookie_must_come_from_our_own_page(
    filled: Filled, headers: dict[str, str], status: int
) -> None:
    client = sign_in(filled, "admin")
    body = {"rows": [{"queue": "Outage", "start": "2026-10-24T08:00", "offered": 3}]}
    assert client.post("/v1/volumes", json=body, headers=headers).status_code == status


def test_a_cookie_that_was_changed_or_ran_out_is_worth_nothing() -> None:
    seal = Seal(b"secret")
    cookie = seal.write(1, NOW + dt.timedelta(hours=1))
    assert seal.read(cookie, NOW) == 1
    assert seal.read(cookie, NOW + dt.timedelta(hours=2)) is None
    assert seal.read("2" + cookie[1:], NOW) is None
    assert Seal(b"other").read(cookie, NOW) is None
    for nonsense in ("", ".", "..", "a.b.c", "é.1.x", cookie + "0"):
        assert seal.read(nonsense, NOW) is None


def test_a_wrong_key_is_not_saved_by_a_good_cookie(filled: Filled) -> None:
    client = sign_in(filled, "read")
    assert client.get("/v1/queues", headers={"Authorization": "Bearer wrong"}).status_code == 401


def test_a_socket_needs_a_session_from_our_own_page(filled: Filled) -> None:
    for client, headers in (
        (filled.client(None), {}),
        (sign_in(filled, "read"), {"Origin": "http://evil.example"}),
    ):
        with (
            pytest.raises(WebSocketDisconnect) as closed,
            client.websocket_connect("/_dash-ws", headers=headers),
        ):
            pass
        assert closed.value.code == 1008


class OpenHere:
    """Settings whose api.open_dashboard may be said, whether or not the settings know it yet."""

    def __init__(self, host: str, open_dashboard: bool) -> None:
        self.host, self.open_dashboard, self.cors_origins = host, open_dashboard, ()


class Around:
    """The settings with another `api`."""

    def __init__(self, api: OpenHere) -> None:
        self.api = api

    def __getattr__(self, name: str) -> Any:
        return getattr(SETTINGS, name)


def here(filled: Filled, *, host: str = "127.0.0.1", said: bool = True) -> Filled:
    return open_app(filled.engine, filled.keys, Around(OpenHere(host, said)))  # type: ignore[arg-type]


def test_on_this_machine_the_pages_may_open_without_signing_in_but_the_api_wants_a_key(
    filled: Filled,
) -> None:
    client = here(filled).client(None, base_url="http://127.0.0.1:8765", client=("127.0.0.1", 5))
    assert client.get("/docs").status_code == client.get("/openapi.json").status_code == 200
    assert client.get("/v1/queues").status_code == client.get("/metrics").status_code == 401


@pytest.mark.parametrize(
    ("app", "options", "headers"),
    [
        ({"said": False}, {}, {}),
        ({"host": "0.0.0.0"}, {}, {}),
        ({}, {"client": ("10.0.0.7", 5)}, {}),
        ({}, {"base_url": "http://rebound.example"}, {}),
        ({}, {}, {"X-Forwarded-For": "10.0.0.7"}),
    ],
)
def test_from_anywhere_else_the_pages_stay_shut(
    filled: Filled, app: dict[str, Any], options: dict[str, Any], headers: dict[str, str]
) -> None:
    given: dict[str, Any] = {"base_url": "http://127.0.0.1:8765", "client": ("127.0.0.1", 5), **options}
    assert here(filled, **app).client(None, **given).get("/openapi.json", headers=headers).status_code == 401


def test_the_open_pages_take_no_changes_from_other_sites(filled: Filled) -> None:
    client = here(filled).client(None, base_url="http://127.0.0.1:8765", client=("127.0.0.1", 5))
    path = "/_dash-update-component"
    assert client.post(path, headers={"Origin": "http://evil.example"}).status_code == 403
    assert client.post(path, headers={"Origin": "http://127.0.0.1:8765"}, json={}).status_code != 403


def test_the_log_holds_neither_keys_nor_queries(filled: Filled) -> None:
    from structlog.testing import capture_logs

    with capture_logs() as lines:
        filled.client().get("/v1/queues", params={"limit": 7})
    assert [line["path"] for line in lines] == ["/v1/queues"]
    assert lines[0]["key"] == "read key" and lines[0]["status"] == 200
    assert filled.keys["read"] not in str(lines) and "limit" not in str(lines)


def test_callers_with_admin_may_do_everything() -> None:
    caller = auth.Caller("a", ("admin",), "key")
    assert all(caller.may(scope) for scope in SCOPES)
    assert not dataclasses.replace(caller, scopes=("write",)).may("read")
    assert COOKIE not in ("", None)
