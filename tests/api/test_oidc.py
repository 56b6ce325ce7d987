"""Sign-in with an account of the company: the whole way, and every way in which a token can be wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from joserfc.jwk import ECKey

from api.oidc import provider, scopes_of
from api.seals import COOKIE
from forecast.errors import ConfigError
from store.access_settings import Oidc
from store.database import sessions
from store.users import create_user, disable_user, list_users
from tests.api.filled import NOW, SETTINGS, Filled, open_app
from tests.peers.issuer import CLIENT, SECRET, Issuer, shared_secret

AT = int(NOW.timestamp())


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with Issuer(AT) as made:
        yield made


@pytest.fixture
def app(filled: Filled, issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> Filled:
    monkeypatch.setenv("COMPANY_SECRET", SECRET)
    return served(filled, issuer)


def served(filled: Filled, there: Issuer, **told: Any) -> Filled:
    given = {"issuer": there.url, "client_id": CLIENT, "secret_env": "COMPANY_SECRET", **told}
    access = SETTINGS.access.model_copy(update={"oidc": Oidc(**given)})
    return open_app(filled.engine, filled.keys, SETTINGS.model_copy(update={"access": access}))


def go(client: TestClient, issuer: Issuer, next: str = "/accuracy", **back: str) -> Response:
    """To the issuer and back."""
    sent = client.get("/sign-in/company", params={"next": next}, follow_redirects=False)
    assert sent.status_code == 303, sent.text
    brought = {**issuer.consent(sent.headers["location"]), **back}
    return client.get("/sign-in/company/back", params=brought, follow_redirects=False)


def test_an_account_of_the_company_signs_in_and_becomes_a_user(app: Filled, issuer: Issuer) -> None:
    client = app.client(None)
    assert "/sign-in/company?next=/accuracy" in client.get("/sign-in?next=/accuracy").text
    answer = go(client, issuer)
    assert answer.status_code == 200 and 'content="0;url=/accuracy"' in answer.text
    assert "samesite=strict" in answer.headers["set-cookie"].lower()
    assert client.get("/v1/queues").status_code == 200 and client.get("/v1/keys").status_code == 403
    (user,) = app.client("admin").get("/v1/users").json()["rows"]
    assert (user["name"], user["scopes"], user["company"]) == ("anna", ["read"], True)
    assert go(app.client(None), issuer).status_code == 200
    (made,) = app.client("admin").get("/v1/audit").json()["rows"]
    assert (made["who"], made["act"]) == ("anna", "user.create")


def test_the_way_there_carries_a_state_a_nonce_and_a_challenge_and_no_secret(app: Filled) -> None:
    answer = app.client(None).get("/sign-in/company", follow_redirects=False)
    address, cookie = answer.headers["location"], answer.headers["set-cookie"].lower()
    for part in ("state=", "nonce=", "code_challenge=", "code_challenge_method=S256"):
        assert part in address
    assert "code_verifier" not in address and "s%3Acr" not in address
    assert "httponly" in cookie and "samesite=lax" in cookie and "path=/sign-in" in cookie


WRONG = {
    "another nonce": {"nonce": "other"},
    "no nonce": {"nonce": None},
    "another audience": {"aud": "somebody else"},
    "no audience": {"aud": None},
    "several audiences and not made for us": {"aud": [CLIENT, "other"], "azp": "other"},
    "several audiences and nobody it was made for": {"aud": [CLIENT, "other"]},
    "expired": {"exp": AT - 120},
    "no end": {"exp": None},
    "from the future": {"iat": AT + 600},
    "another issuer": {"iss": "https://evil.example"},
    "nobody": {"sub": None},
}


@pytest.mark.parametrize("claims", WRONG.values(), ids=WRONG)
def test_a_token_with_a_wrong_claim_lets_nobody_in(
    app: Filled, issuer: Issuer, claims: dict[str, Any]
) -> None:
    issuer.claims = claims
    client = app.client(None)
    answer = go(client, issuer)
    assert answer.status_code == 502 and "did not work" in answer.text
    assert COOKIE not in client.cookies and app.client("admin").get("/v1/users").json()["rows"] == []


def test_a_token_for_several_that_was_made_for_us_lets_in(app: Filled, issuer: Issuer) -> None:
    issuer.claims = {"aud": ["other", CLIENT], "azp": CLIENT}
    assert go(app.client(None), issuer).status_code == 200


@pytest.mark.parametrize("how", ["none", "our secret", "another key of the same name"])
def test_a_token_that_the_issuer_did_not_sign_lets_nobody_in(app: Filled, issuer: Issuer, how: str) -> None:
    if how == "none":
        issuer.algorithm = "none"
    elif how == "our secret":
        issuer.algorithm, issuer.signs_with = "HS256", shared_secret()
    else:
        issuer.signs_with = ECKey.generate_key("P-256", {"kid": issuer.key.kid}, private=True)
    assert go(app.client(None), issuer).status_code == 502


def test_a_key_that_was_rotated_is_read_anew_once(app: Filled, issuer: Issuer) -> None:
    assert go(app.client(None), issuer).status_code == 200
    issuer.rotate()
    assert go(app.client(None), issuer).status_code == 200
    assert go(app.client(None), issuer).status_code == 200
    assert issuer.asked.count("/keys") == 2 and issuer.asked.count("/.well-known/openid-configuration") == 1


def test_an_answer_that_does_not_belong_to_this_browser_lets_nobody_in(app: Filled, issuer: Issuer) -> None:
    mine, other = app.client(None), app.client(None)
    sent = mine.get("/sign-in/company", follow_redirects=False).headers["location"]
    brought = issuer.consent(sent)
    assert other.get("/sign-in/company/back", params=brought).status_code == 401
    assert go(app.client(None), issuer, state="wrong").status_code == 401
    assert go(app.client(None), issuer, state="\u00e9").status_code == 401
    assert app.client(None).get("/sign-in/company/back").status_code == 401
    assert go(app.client(None), issuer, iss="https://evil.example").status_code == 502
    assert go(app.client(None), issuer, code="").status_code == 502


def test_a_code_works_once(app: Filled, issuer: Issuer) -> None:
    client = app.client(None)
    brought = issuer.consent(client.get("/sign-in/company", follow_redirects=False).headers["location"])
    cookies = dict(client.cookies)
    assert client.get("/sign-in/company/back", params=brought).status_code == 200
    again = app.client(None, cookies=cookies)
    assert again.get("/sign-in/company/back", params=brought).status_code == 502


@pytest.mark.parametrize("next", ["//evil.example", "https://evil.example", '/"><script>'])
def test_nobody_is_sent_to_another_host_or_shown_markup(app: Filled, issuer: Issuer, next: str) -> None:
    answer = go(app.client(None), issuer, next=next)
    assert "evil.example" not in answer.text and "<script>" not in answer.text


@pytest.mark.parametrize("way", ["client_secret_post", "none"])
def test_a_client_says_who_it_is_in_the_way_the_issuer_knows(
    filled: Filled, issuer: Issuer, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMPANY_SECRET", SECRET)
    issuer.way = way
    app = served(filled, issuer, secret_env="" if way == "none" else "COMPANY_SECRET")
    assert go(app.client(None), issuer).status_code == 200


def test_scopes_come_from_a_claim_and_follow_it(
    filled: Filled, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMPANY_SECRET", SECRET)
    app = served(filled, issuer, scopes_from="roles", default_scopes=())
    for roles, status in ((["plan", "read", "cook"], 200), (["admin"], 200), (["cook"], 403), (None, 403)):
        issuer.claims = {"roles": roles}
        assert go(app.client(None), issuer).status_code == status, roles
    with sessions(filled.engine)() as session:
        assert [user.scopes for user in list_users(session)] == [("admin",)]
    acts = app.client("admin").get("/v1/audit").json()["rows"]
    assert [one["act"] for one in acts] == ["user.scopes", "user.create"]


def test_a_claim_is_a_list_or_words() -> None:
    settings = Oidc(scopes_from="roles", default_scopes=("plan",))
    assert scopes_of({"roles": "write read x"}, settings) == ["read", "write"]
    assert scopes_of({"roles": ["admin", 3]}, settings) == ["admin"]
    assert scopes_of({}, settings) == ["plan"] and scopes_of({"roles": 3}, settings) == []


def test_an_account_does_not_become_the_user_of_the_same_name_and_stays_disabled(
    app: Filled, issuer: Issuer
) -> None:
    with sessions(app.engine)() as session:
        create_user(session, "anna", "correct horse battery", ["admin"], now=NOW)
        session.commit()
    client = app.client(None)
    assert go(client, issuer).status_code == 200
    assert client.get("/v1/keys").status_code == 403
    with sessions(app.engine)() as session:
        disable_user(session, "anna (2)", now=NOW)
        session.commit()
    assert client.get("/v1/queues").status_code == 401
    answer = go(app.client(None), issuer)
    assert answer.status_code == 403 and "disabled" in answer.text


def test_an_issuer_that_is_away_or_calls_itself_otherwise_fails_in_words(
    filled: Filled, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMPANY_SECRET", SECRET)
    issuer.calls_itself = "https://evil.example"
    answer = served(filled, issuer).client(None).get("/sign-in/company", follow_redirects=False)
    assert answer.status_code == 502 and "did not work" in answer.text
    away = served(filled, issuer, issuer="http://127.0.0.1:9")
    assert away.client(None).get("/sign-in/company", follow_redirects=False).status_code == 502


def test_an_issuer_without_a_client_its_secret_or_the_extra_stops_the_start() -> None:
    known = Oidc(issuer="https://id.example", client_id=CLIENT)

    def lacking(name: str) -> Any:
        raise ImportError(name)

    for settings, load, field, says in (
        (known.model_copy(update={"client_id": ""}), None, "access.oidc.client_id", "no client_id"),
        (
            known.model_copy(update={"secret_env": "NOT_SET_ANYWHERE"}),
            None,
            "access.oidc.secret_env",
            "NOT_SET_ANYWHERE",
        ),
        (known, lacking, "access.oidc.issuer", "not installed"),
    ):
        with pytest.raises(ConfigError, match=says) as refused:
            provider(settings, **({} if load is None else {"load": load}))
        assert refused.value.field == field
    assert "forecall[oidc]" in refused.value.remedy
    assert provider(Oidc()) is None


def test_an_issuer_is_asked_over_https() -> None:
    for address in ("http://id.example", "http://127.0.0.1.evil.example", "ftp://x"):
        with pytest.raises(ValueError, match="https"):
            Oidc(issuer=address)


def test_nothing_of_the_extra_is_imported_where_no_issuer_is_configured() -> None:
    def loaded(name: str) -> Any:
        raise AssertionError(f"{name} is loaded")

    assert provider(Oidc(), load=loaded) is None
    root = Path(__file__).parents[2]
    written = [file for part in ("api", "store", "cli", "jobs") for file in (root / part).rglob("*.py")]
    assert len(written) > 100
    imports = re.compile(r"^\s*(import|from) (authlib|joserfc)", re.MULTILINE)
    assert [file.name for file in written if imports.search(file.read_text("utf-8"))] == []
