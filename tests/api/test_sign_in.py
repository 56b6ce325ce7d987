"""The sign-in page: with a name and password, or a key; slowly for those who guess."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from api.app import create_app
from store.database import sessions
from store.keys import create_key
from store.users import create_user, disable_user
from tests.api.filled import CUTOFF, NOW, SETTINGS, Filled

OURS = {"Origin": "http://testserver"}
PASSWORD = "correct horse battery"


@pytest.fixture
def anna(filled: Filled) -> Filled:
    """The filled database with a user."""
    with sessions(filled.engine)() as session:
        create_user(session, "anna@example.com", PASSWORD, ["read"], now=CUTOFF)
        session.commit()
    return filled


def post(client: TestClient, **data: str) -> Response:
    return client.post("/sign-in", data=data, headers=OURS, follow_redirects=False)


def said(answer: Response) -> str:
    found = re.search(r'role="alert">([^<]*)<', answer.text)
    return found[1] if found else ""


def test_a_name_and_password_open_the_pages(anna: Filled) -> None:
    client = anna.client(None)
    answer = post(client, name=" Anna@Example.com", password=PASSWORD, next="/accuracy")
    assert (answer.status_code, answer.headers["location"]) == (303, "/accuracy")
    assert client.get("/v1/queues").status_code == 200
    assert client.get("/v1/keys").status_code == 403


def test_a_key_becomes_a_cookie_that_scripts_cannot_read_and_that_does_not_hold_the_key(
    filled: Filled,
) -> None:
    client = filled.client(None)
    answer = post(client, key=filled.keys["read"], next="//elsewhere.example/x")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=strict" in cookie and "max-age=43200" in cookie
    assert "secure" not in cookie and filled.keys["read"] not in answer.headers["set-cookie"]
    assert answer.headers["location"] == "/"  # never to another host
    assert client.get("/v1/queues").status_code == 200


def test_behind_https_the_cookie_is_secure(filled: Filled) -> None:
    client = filled.client(None, base_url="https://testserver")
    answer = client.post(
        "/sign-in",
        data={"key": filled.keys["read"]},
        headers={"Origin": "https://testserver"},
        follow_redirects=False,
    )
    assert "; secure" in answer.headers["set-cookie"].lower()
    access = SETTINGS.access.model_copy(
        update={"public_url": "https://forecall.example.com", "session_hours": 1.0}
    )
    proxied = create_app(
        SETTINGS.model_copy(update={"access": access}), sessions(filled.engine), clock=lambda: NOW
    )
    cookie = post(TestClient(proxied), key=filled.keys["read"]).headers["set-cookie"].lower()
    assert "; secure" in cookie and "max-age=3600" in cookie


def test_a_wrong_password_an_unknown_name_and_a_disabled_user_are_told_the_same(anna: Filled) -> None:
    with sessions(anna.engine)() as session:
        create_user(session, "gone", PASSWORD, ["read"], now=CUTOFF)
        disable_user(session, "gone", now=CUTOFF)
        session.commit()
    asked = (
        ("anna@example.com", "wrong"),
        ("nobody", PASSWORD),
        ("gone", PASSWORD),
        ("\ud800".encode("utf-8", "replace").decode(), ""),
    )
    answers = [post(anna.client(None), name=name, password=password) for name, password in asked]
    assert {(one.status_code, said(one)) for one in answers} == {
        (401, "This name and password do not belong together.")
    }
    assert not any("set-cookie" in one.headers for one in answers)


def test_a_wrong_or_expired_key_or_nothing_at_all_fails_in_words(filled: Filled) -> None:
    with sessions(filled.engine)() as session:
        old = create_key(session, "old", ["read"], now=CUTOFF, expires_at=NOW)
        session.commit()
    client = filled.client(None)
    assert "not valid" in said(post(client, key="fc_no")) and "expired" in said(post(client, key=old))
    empty = post(client, name=" ", key="")
    assert empty.status_code == 401 and "Fill in" in said(empty)
    assert post(client, name="x" * 100_000, password="y" * 100_000).status_code == 401


def test_who_guesses_waits_and_the_right_password_does_not_help_meanwhile(anna: Filled) -> None:
    moment = [NOW]
    client = TestClient(create_app(SETTINGS, sessions(anna.engine), clock=lambda: moment[0]))
    for _ in range(5):
        assert post(client, name="anna@example.com", password="wrong").status_code == 401
    slowed = post(client, name="ANNA@example.com", password=PASSWORD)
    assert (slowed.status_code, slowed.headers["retry-after"]) == (429, "1")
    assert said(slowed) == "Too many attempts failed. Try again in 1 second."
    moment[0] += dt.timedelta(seconds=1)
    assert post(client, name="anna@example.com", password=PASSWORD).status_code == 303
    assert post(client, name="anna@example.com", password="wrong").status_code == 401  # free again


def test_attempts_are_counted_by_the_user_however_the_name_is_spelt(anna: Filled) -> None:
    client = anna.client(None)
    wide = "\uff21nna@example.com"  # a letter of double width: NFKC makes it an A
    for spelt in ("anna@example.com", wide, "ANNA@example.com", " anna@example.com", wide.lower()):
        assert post(client, name=spelt, password="wrong").status_code == 401
    assert post(client, name=wide, password="wrong").status_code == 429


def test_another_page_signs_nobody_in(filled: Filled) -> None:
    other = filled.client(None).post(
        "/sign-in", data={"key": filled.keys["read"]}, headers={"Origin": "http://evil.example"}
    )
    assert other.status_code == 403 and "set-cookie" not in other.headers


def test_a_key_in_the_address_signs_nobody_in(filled: Filled) -> None:
    client = filled.client(None)
    answer = client.get("/sign-in", params={"key": filled.keys["read"]})
    assert "set-cookie" not in answer.headers and filled.keys["read"] not in answer.text
    assert client.get("/v1/queues", params={"key": filled.keys["read"]}).status_code == 401


def test_what_is_typed_into_the_form_does_not_come_back_as_markup(filled: Filled) -> None:
    client = filled.client(None)
    for page in (
        client.get("/sign-in", params={"next": '/"><script>x</script>'}),
        post(client, name='"><script>x</script>', password="x", next='/"><script>x</script>'),
    ):
        assert "<script>" not in page.text
        assert "default-src 'none'" in page.headers["content-security-policy"]


def test_signing_in_is_the_user_s_last_use_and_the_log_holds_no_password(anna: Filled) -> None:
    from structlog.testing import capture_logs

    client = anna.client(None)
    with capture_logs() as lines:
        post(client, name="anna@example.com", password=PASSWORD)
        client.get("/v1/queues")
    assert PASSWORD not in str(lines) and lines[-1]["key"] == "anna@example.com"
    rows = anna.client("admin").get("/v1/users").json()["rows"]
    assert dt.datetime.fromisoformat(rows[0]["used_at"]) == NOW
