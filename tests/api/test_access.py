"""Who may do what: every route and every callback of the pages, with every kind of key and session."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest
from argon2 import PasswordHasher
from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient
from sqlalchemy import event
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocketDisconnect

from api import auth
from api.auth import COOKIE, scope_needed
from api.seals import Seal
from store.audit import load_audit, verify
from store.database import sessions
from store.keys import create_key, list_keys, revoke_key
from store.settings import Api
from store.users import create_user, disable_user, set_password
from tests.api.filled import CUTOFF, NOW, SETTINGS, Filled, open_app

COMPANY = {("GET", "/sign-in/company"), ("GET", "/sign-in/company/back")}  # 404 where no issuer is configured
OPEN = {("GET", "/healthz"), ("GET", "/readyz"), ("GET", "/sign-in"), ("POST", "/sign-in")} | COMPANY
SCOPES = ("read", "write", "plan", "admin")
OURS = {"Origin": "http://testserver"}
PASSWORD = "correct horse battery"
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


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


def user(filled: Filled, name: str, *scopes: str) -> TestClient:
    """A browser in which a user signed in."""
    with sessions(filled.engine)() as session:
        made = create_user(session, name, PASSWORD, scopes, now=CUTOFF, hasher=CHEAP)
        session.commit()
    client = filled.client(None)
    client.cookies.set(COOKIE, signed(filled, f"user-{made.id}-{made.mark}"))
    return client


def signed(filled: Filled, subject: str) -> str:
    seal: Seal = filled.app.state.seal
    return seal.write(subject, NOW + dt.timedelta(hours=1))


@dataclasses.dataclass(frozen=True)
class Asker:
    """Somebody who asks. scopes: None where nobody is let in; own: does a change come from our own page?"""

    client: TestClient
    scopes: tuple[str, ...] | None
    session: bool = False
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict)

    def expected(self, method: str, path: str) -> int | None:
        """The status they must get; None: anything but a refusal."""
        if self.scopes is None:
            return 401
        if self.session and method != "GET" and self.headers != OURS:
            return 403
        need = scope_needed(method, path)
        return None if need in self.scopes or "admin" in self.scopes else 403


@pytest.fixture
def askers(filled: Filled) -> dict[str, Asker]:
    """All kinds of callers there are."""
    with sessions(filled.engine)() as session:
        expired = create_key(session, "old", ["admin"], now=CUTOFF, expires_at=NOW)
        revoked = create_key(session, "gone", ["admin"], now=CUTOFF)
        revoke_key(session, "gone", now=CUTOFF)
        session.commit()

    def keyed(secret: str) -> TestClient:
        client = filled.client(None)
        client.headers["Authorization"] = f"Bearer {secret}"
        return client

    page = user(filled, "ben", "read", "plan")
    admin = user(filled, "chief", "admin")
    return {
        "nobody": Asker(filled.client(None), None),
        "a wrong key": Asker(keyed("fc_wrong"), None),
        "an expired key": Asker(keyed(expired), None),
        "a revoked key": Asker(keyed(revoked), None),
        **{f"a key that may {one}": Asker(filled.client(one), (one,)) for one in SCOPES},
        "a user on our page": Asker(page, ("read", "plan"), True, OURS),
        "a user on another page": Asker(page, ("read", "plan"), True, {"Origin": "http://evil.example"}),
        "an admin on our page": Asker(admin, ("admin",), True, OURS),
        "an admin on another page": Asker(admin, ("admin",), True, {"Sec-Fetch-Site": "cross-site"}),
    }


async def let_in(scope: Scope, receive: Receive, send: Send) -> None:
    """Stands where the routes are, and says that somebody got so far: what routes answer is tested elsewhere."""
    await Response(status_code=204)(scope, receive, send)


def behind(filled: Filled, asker: Asker) -> TestClient:
    """The same caller before the application's own guard, with nothing behind it."""
    (held,) = [one for one in filled.app.user_middleware if one.cls is auth.Guard]
    guard = auth.Guard(let_in, **held.kwargs)
    return TestClient(guard, headers=asker.client.headers, cookies=asker.client.cookies)


def test_every_route_answers_every_caller_as_its_rule_says(
    filled: Filled, askers: Mapping[str, Asker]
) -> None:
    asked = [one for one in routes(filled) if one not in OPEN]
    assert len(asked) > 60
    wrong = []
    for who, asker in askers.items():
        inside = behind(filled, asker)
        for method, path in asked:
            expected = asker.expected(method, path)
            client = inside if expected is None else asker.client  # who is refused asks the whole application
            given = {"headers": dict(asker.headers), "follow_redirects": False}
            status = client.request(method, path, **given).status_code  # type: ignore[arg-type]
            if status != (expected or 204):
                wrong.append((who, method, path, status))
    assert wrong == []


def callbacks(filled: Filled) -> Iterator[dict[str, Any]]:
    """The body that each callback of the pages is asked with; as the page's own script tells them apart."""
    for one in filled.client("read").get("/_dash-dependencies").json():
        if one["clientside_function"] is None:
            yield {"output": one["output"], "outputs": [], "inputs": [], "state": [], "changedPropIds": []}


def test_every_callback_of_the_pages_needs_read_and_our_own_page(
    filled: Filled, askers: Mapping[str, Asker]
) -> None:
    path, bodies = "/_dash-update-component", list(callbacks(filled))
    assert len(bodies) >= 10
    for body in bodies:
        for who, asker in askers.items():
            status = asker.client.post(path, json=body, headers=dict(asker.headers)).status_code
            expected = asker.expected("POST", path)
            right = status not in (401, 403, 429) if expected is None else status == expected
            assert right, (who, body["output"], status)


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
    assert {client.get(path).status_code for _, path in COMPANY} == {404}


def test_keys_users_and_the_audit_are_for_admins_to_read_too(filled: Filled) -> None:
    for path in ("/v1/keys", "/v1/users", "/v1/audit"):
        assert [filled.client(one).get(path).status_code for one in SCOPES] == [403, 403, 403, 200]


@pytest.mark.parametrize(
    "behind", ["%0A", "%0a", "%0D", "%0D%0A", "%00", "/", "/%0A", "//", "%20", ";", "%0A%0A"]
)
def test_no_spelling_of_an_admin_path_is_for_readers(filled: Filled, behind: str) -> None:
    for path in ("/v1/keys", "/v1/users", "/v1/audit"):
        for method in ("GET", "HEAD"):
            answer = filled.client("read").request(method, path + behind, follow_redirects=False)
            assert answer.status_code == 403


def test_a_route_that_nobody_gave_a_rule_takes_changes_of_admins_alone() -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        assert scope_needed(method, "/v1/anything") == "admin"
    assert scope_needed("PATCH", "/v1/drivers") == "admin"


def test_an_expired_key_is_refused_in_words(filled: Filled, askers: Mapping[str, Asker]) -> None:
    answer = askers["an expired key"].client.get("/v1/queues")
    assert answer.status_code == 401
    assert answer.json()["detail"] == "The key 'old' expired at 2026-10-24 12:20 UTC."
    assert "old" not in askers["a revoked key"].client.get("/v1/queues").json()["detail"]


def test_what_changes_something_needs_more_than_read(filled: Filled) -> None:
    changing = {
        (m, p) for m, p in routes(filled) if m != "GET" and p.startswith("/v1/") and p != "/v1/nowhere"
    }
    needs = {p: scope_needed(m, p) for m, p in changing}
    assert needs.items() >= {
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
        ("/v1/scenarios", "plan"),
        ("/v1/scenarios/scenario_id", "plan"),
        ("/v1/evidence/assumptions", "plan"),
        ("/v1/evidence/assumptions/number", "plan"),
        ("/v1/keys", "admin"),
        ("/v1/keys/key_id", "admin"),
        ("/v1/users", "admin"),
        ("/v1/users/user_id", "admin"),
        ("/v1/users/user_id/password", "admin"),
    }
    # What only looks up, and is a POST for the size of its question:
    assert {path for path, scope in needs.items() if scope == "read"} <= {"/v1/staffing/check"}
    assert [scope_needed("POST", f"/v1/{one}") for one in ("overrides", "locks", "scenarios")] == ["plan"] * 3
    assert scope_needed("DELETE", "/v1/overrides/3") == scope_needed("DELETE", "/v1/locks/3") == "plan"
    assert (
        scope_needed("POST", "/v1/runs")
        == scope_needed("POST", "/v1/webhooks/deliveries/3/replay")
        == "write"
    )


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


def test_a_cookie_that_was_changed_or_ran_out_is_worth_nothing(filled: Filled) -> None:
    seal = Seal(b"secret")
    cookie = seal.write("key-1", NOW + dt.timedelta(hours=1))
    assert seal.read(cookie, NOW) == "key-1"
    assert seal.read(cookie, NOW + dt.timedelta(hours=2)) is None
    assert seal.read("key-2" + cookie[5:], NOW) is None
    assert Seal(b"other").read(cookie, NOW) is None
    for nonsense in ("", ".", "..", "a.b.c", "é.1.x", "\ud800", cookie + "0"):
        assert seal.read(nonsense, NOW) is None
    client = filled.client(None)
    for subject in ("company-e30=", "user-1-", "user-99-0", "key-99", ""):
        client.cookies.set(COOKIE, signed(filled, subject))
        assert client.get("/v1/queues").status_code == 401, subject


def test_a_session_of_a_user_ends_with_another_password_and_when_they_are_disabled(filled: Filled) -> None:
    anna, ben = user(filled, "anna", "read"), user(filled, "ben", "read")
    assert [one.get("/v1/queues").status_code for one in (anna, ben)] == [200, 200]
    with sessions(filled.engine)() as session:
        set_password(session, "anna", "a quiet river under", hasher=CHEAP)
        disable_user(session, "ben", now=NOW)
        session.commit()
    assert [one.get("/v1/queues").status_code for one in (anna, ben)] == [401, 401]


def test_last_use_is_noted_once_a_minute_and_not_for_every_request(filled: Filled) -> None:
    app = open_app(filled.engine, filled.keys)
    client, chief = app.client(), user(filled, "anna", "read")
    writes: list[str] = []
    event.listen(
        filled.engine, "before_cursor_execute",
        lambda _c, _u, statement, *_: writes.append(statement) if statement.startswith("UPDATE") else None,
    )  # fmt: skip
    for _ in range(5):
        client.get("/v1/queues")
        chief.get("/v1/queues")
    with sessions(filled.engine)() as session:
        assert {key.name: key.used_at for key in list_keys(session)}["read key"] == NOW
    assert len(writes) == 2  # one for the key, one for the user


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


def here(
    filled: Filled, *, host: str = "127.0.0.1", said: bool = True, may: Sequence[str] = ("read",)
) -> Filled:
    api = Api.model_validate({"host": host, "open_dashboard": said, "open_scopes": may})
    return open_app(filled.engine, filled.keys, SETTINGS.model_copy(update={"api": api}))


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


def test_keys_are_made_shown_once_listed_and_revoked_and_each_step_is_in_the_audit(filled: Filled) -> None:
    client = filled.client("admin")
    made = client.post(
        "/v1/keys", json={"name": "tool", "scopes": ["plan", "read"], "expires_days": 90}
    ).json()
    assert made["key"].startswith("fc_") and made["scopes"] == ["read", "plan"] and made["state"] == "live"
    assert dt.datetime.fromisoformat(made["expires_at"]) == NOW + dt.timedelta(days=90)
    listed = client.get("/v1/keys")
    assert made["key"] not in listed.text and listed.json()["rows"][-1]["name"] == "tool"
    for _ in range(2):
        assert client.delete(f"/v1/keys/{made['id']}").json()["state"] == "revoked"
    assert client.delete("/v1/keys/999").status_code == 404
    assert client.post("/v1/keys", json={"name": "tool", "scopes": ["root"]}).status_code == 422
    rows = client.get("/v1/audit").json()["rows"]
    assert [(row["who"], row["act"], row["subject"]) for row in rows] == [
        ("admin key", "key.revoke", f"key {made['id']}"),
        ("admin key", "key.create", f"key {made['id']}"),
    ]
    assert made["key"] not in str(rows)


def test_users_are_made_given_a_password_and_disabled_and_no_password_is_ever_shown(filled: Filled) -> None:
    client, other = filled.client("admin"), "a quiet river under"
    made = client.post("/v1/users", json={"name": "Anna", "password": PASSWORD, "scopes": ["read"]})
    assert made.status_code == 200 and made.json()["name"] == "anna" and not made.json()["company"]
    path = f"/v1/users/{made.json()['id']}"
    assert client.post("/v1/users", json={"name": "ANNA", "password": PASSWORD}).json()["field"] == "name"
    assert client.put(f"{path}/password", json={"password": other}).status_code == 200
    for _ in range(2):
        assert client.delete(path).json()["state"] == "disabled"
    assert client.delete("/v1/users/999").status_code == 404
    rows = client.get("/v1/audit", params={"act": "user"}).json()["rows"]
    assert [row["act"] for row in rows] == ["user.disable", "user.password", "user.create"]
    for text in (client.get("/v1/users").text, str(rows)):
        assert PASSWORD not in text and other not in text and "argon2" not in text


def test_the_audit_comes_in_pages_and_by_who_and_when(filled: Filled) -> None:
    client = filled.client("admin")
    for number in range(5):
        client.post("/v1/keys", json={"name": f"tool {number}"})
    first = client.get("/v1/audit", params={"limit": 2}).json()
    client.post("/v1/keys", json={"name": "meanwhile"})
    second = client.get("/v1/audit", params={"limit": 2, "cursor": first["next_cursor"]}).json()
    names = [row["body"]["name"] for row in first["rows"] + second["rows"]]
    assert names == ["tool 4", "tool 3", "tool 2", "tool 1"]
    assert client.get("/v1/audit", params={"who": "nobody"}).json() == {"rows": [], "next_cursor": None}
    assert client.get("/v1/audit", params={"end": NOW.isoformat()}).json()["rows"] == []
    assert client.get("/v1/audit", params={"start": "yesterday"}).json()["field"] == "start"


CHANGES = (
    (
        "POST",
        "/v1/drivers",
        {"rows": [{"driver": "letters", "start": "2026-11-02", "value": 100}]},
        "driver.save",
    ),
    ("POST", "/v1/special-days", {"name": "Fair", "date": "2026-11-20"}, "special_day.add"),
    ("DELETE", "/v1/special-days/1", None, "special_day.remove"),
    ("PUT", "/v1/queues/Outage/hours", {"weeks": []}, "hours.replace"),
    ("PUT", "/v1/groups", {"rows": []}, "groups.replace"),
    ("POST", "/v1/causes", {"topic": "billing", "cause": "unclear bill"}, "cause.add"),
    ("DELETE", "/v1/causes/1", None, "cause.remove"),
)


def test_what_routes_change_stands_in_the_audit_with_the_caller_s_name(filled: Filled) -> None:
    client = filled.client("admin")
    for method, path, body, _ in CHANGES:
        answer = client.request(method, path, json=body)
        assert answer.status_code < 300, (path, answer.text)
    with sessions(filled.engine)() as session:
        assert [one.act for one in reversed(load_audit(session))] == [act for *_, act in CHANGES]
        assert {one.who for one in load_audit(session)} == {"admin key"} and verify(session) is None


def test_a_change_that_is_refused_leaves_nothing_in_the_audit(filled: Filled) -> None:
    client = filled.client("admin")
    assert client.delete("/v1/special-days/99").status_code == 404
    assert client.post("/v1/causes", json={"topic": " ", "cause": "x"}).status_code == 422
    assert client.get("/v1/audit").json()["rows"] == []


def test_every_answer_tells_browsers_what_they_may_do_with_it(filled: Filled) -> None:
    client = filled.client()
    for path in ("/", "/v1/queues", "/docs", "/sign-in", "/healthz", "/nowhere"):
        headers = client.get(path).headers
        assert (
            headers["x-content-type-options"] == "nosniff" and headers["referrer-policy"] == "same-origin"
        ), path
        assert "frame-ancestors 'none'" in headers["content-security-policy"], path
        assert "access-control-allow-origin" not in headers
    page = client.get("/").headers["content-security-policy"]
    assert "'sha256-" in page and "'unsafe-inline'" not in page.split("script-src")[1].split(";")[0]


def test_no_other_site_is_told_that_it_may_read(filled: Filled) -> None:
    asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "GET"}
    for answer in (
        filled.client().options("/v1/queues", headers=asked),
        filled.client().get("/v1/queues", headers=asked),
    ):
        assert not [name for name in answer.headers if name.startswith("access-control")]


def test_callers_with_admin_may_do_everything() -> None:
    caller = auth.Caller("a", ("admin",), "key")
    assert all(caller.may(scope) for scope in SCOPES)
    assert not dataclasses.replace(caller, scopes=("write",)).may("read")
    assert COOKIE not in ("", None)
