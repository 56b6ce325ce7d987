"""Sign-in with the company's own accounts: OpenID Connect, authorization code flow with PKCE (S256), state and nonce.

    /sign-in/company ─► the issuer ─► /sign-in/company/back ─► code for token ─► token checked ─► our session

authlib and joserfc are imported only where an issuer is configured (the extra `oidc`). What is checked of the token is
OpenID Connect Core 1.0, 3.1.3.7; of the answer, RFC 9207 (`iss`).
"""

from __future__ import annotations

import base64
import datetime as dt
import hmac
import importlib
import json
import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

import httpx2
import structlog
from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException

from api.deps import Db, Now
from api.seals import Seal
from api.sign_in import is_secure, let_in, onward, own, page
from forecast.errors import ConfigError
from store.access_settings import Oidc
from store.audit import record
from store.keys import SCOPES
from store.settings import Settings
from store.users import LONGEST_NAME, save_company_user

router = APIRouter(include_in_schema=False)
log = structlog.get_logger("forecall.api")
ON_THE_WAY = "forecall_company"  # the cookie while the browser is at the issuer
LASTS = dt.timedelta(minutes=10)
FRESH = dt.timedelta(hours=1)  # of what the issuer says of itself
LEEWAY = 60  # seconds by which two clocks may differ
# Signed with a key of the issuer alone: `none`, and a secret that we hold too (HS256), prove nothing.
ALGORITHMS = [
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
    "EdDSA",
    "Ed25519",
]


class Refused(Exception):
    """The issuer, or what it said, cannot be relied on; the sentence goes to the log."""


def provider(settings: Oidc, *, load: Callable[[str], Any] = importlib.import_module) -> Provider | None:
    """What is configured, or None. ConfigError where the client, its secret or the extra is missing: at the start."""
    if not settings.issuer:
        return None
    if not settings.client_id:
        raise ConfigError(
            "access.oidc has an issuer but no client_id.",
            remedy="Register Forecall at the issuer and write down the id it gives.",
            field="access.oidc.client_id",
        )
    try:
        jwt, jwk, pkce = (load(name) for name in ("joserfc.jwt", "joserfc.jwk", "authlib.oauth2.rfc7636"))
    except ImportError:
        raise ConfigError(
            "Sign-in with company accounts (access.oidc.issuer) needs packages that are not installed.",
            remedy="Install the extra: `pip install forecall[oidc]`, or empty access.oidc.issuer.",
            field="access.oidc.issuer",
        ) from None
    return Provider(settings, settings.secret(), jwt, jwk, pkce)


@dataclass
class Provider:
    """The issuer as we know it. jwt, jwk, pkce: the libraries."""

    settings: Oidc
    secret: str
    jwt: Any
    jwk: Any
    pkce: Any
    _said: Mapping[str, Any] = field(default_factory=dict)
    _keys: Any = None
    _read_at: dt.datetime | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def address(self, *, back: str, state: str, nonce: str, verifier: str, now: dt.datetime) -> str:
        """Where the browser is sent."""
        asked = {
            "response_type": "code",
            "client_id": self.settings.client_id,
            "redirect_uri": back,
            "scope": "openid profile email",
            "state": state,
            "nonce": nonce,
            "code_challenge": self.pkce.create_s256_code_challenge(verifier),
            "code_challenge_method": "S256",
        }
        there = self._metadata(now)["authorization_endpoint"]
        return f"{there}{'&' if '?' in there else '?'}{urlencode(asked, quote_via=quote)}"

    def claims(self, code: str, *, back: str, nonce: str, verifier: str, now: dt.datetime) -> dict[str, Any]:
        """A code -> what the issuer says of the account. Refused."""
        told = self._metadata(now)
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": back,
            "code_verifier": verifier,
        }
        login: tuple[str, str] | None = None
        ways = told.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        if self.secret and "client_secret_basic" in ways:  # both are form-encoded first (RFC 6749, 2.3.1)
            login = quote(self.settings.client_id, safe=""), quote(self.secret, safe="")
        else:
            form["client_id"] = self.settings.client_id
            if self.secret:
                form["client_secret"] = self.secret
        answer = _ask("POST", told["token_endpoint"], data=form, auth=login)
        return self.read(str(answer.get("id_token", "")), nonce=nonce, now=now)

    def read(self, token: str, *, nonce: str, now: dt.datetime) -> dict[str, Any]:
        """An ID token -> its claims, all of them checked. Refused."""
        claims = self._signed(token, now)
        client = self.settings.client_id
        wanted = {"iss": {"value": self.settings.issuer}, "nonce": {"value": nonce}, "aud": {"value": client}}
        must = {name: {"essential": True, **wanted.get(name, {})} for name in ("sub", "exp", "iat", *wanted)}
        try:
            self.jwt.JWTClaimsRegistry(now=int(now.timestamp()), leeway=LEEWAY, **must).validate(claims)
        except Exception as error:  # of the library: a claim that is missing, wrong or over
            raise Refused(f"the token is not for us or not for now ({error})") from error
        several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
        if claims.get("azp", None if several else client) != client:
            raise Refused("the token was made for another client (azp)")
        return claims

    def _signed(self, token: str, now: dt.datetime) -> dict[str, Any]:
        """The claims of a token with a good signature; keys are read anew once, for they may have been rotated."""
        for fresh in (False, True):
            try:
                found = self.jwt.decode(token, self._keyset(now, fresh=fresh), algorithms=ALGORITHMS)
                return dict(found.claims)
            except Refused:
                raise
            except Exception as error:  # of the library: no such key, a bad signature, no token at all
                if fresh:
                    raise Refused(f"the token is not signed by the issuer ({error})") from error
        raise Refused("the token is not signed by the issuer")

    def _metadata(self, now: dt.datetime) -> Mapping[str, Any]:
        with self._lock:
            if not self._said or self._read_at is None or now - self._read_at > FRESH:
                issuer = self.settings.issuer
                said = _ask("GET", f"{issuer.rstrip('/')}/.well-known/openid-configuration")
                if said.get("issuer") != issuer:
                    raise Refused(f"the issuer calls itself {said.get('issuer')!r}, not {issuer!r}")
                missing = {"authorization_endpoint", "token_endpoint", "jwks_uri"} - set(said)
                if missing:
                    raise Refused(f"the issuer does not tell its {', '.join(sorted(missing))}")
                self._said, self._read_at, self._keys = said, now, None
            return self._said

    def _keyset(self, now: dt.datetime, *, fresh: bool) -> Any:
        told = self._metadata(now)
        if self._keys is None or fresh:
            known = []
            for one in _ask("GET", told["jwks_uri"]).get("keys", []):
                try:
                    if one.get("use") != "enc":
                        known.append(self.jwk.JWKRegistry.import_key(one))
                except (
                    Exception
                ):  # a kind of key this library does not know is no reason to refuse the others
                    log.info("a key of the issuer is not understood", kind=str(one.get("kty")))
            self._keys = self.jwk.KeySet(known)
        return self._keys


def _ask(method: str, address: str, **given: Any) -> dict[str, Any]:
    """JSON from the issuer. Refused where it cannot be reached or says something else."""
    try:
        with httpx2.Client(timeout=10, follow_redirects=False) as client:
            answer = client.request(method, address, headers={"Accept": "application/json"}, **given)
        said = answer.json() if answer.status_code == 200 else None
    except (httpx2.HTTPError, httpx2.InvalidURL, ValueError) as error:
        raise Refused(f"{address} cannot be read ({type(error).__name__})") from error
    if not isinstance(said, dict):
        raise Refused(f"{address} answered {answer.status_code}")
    return said


@router.get("/sign-in/company")
def sign_in_at_company(request: Request, now: Now, next: str = "/") -> Response:
    """On to the issuer."""
    there = _configured(request)
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    try:
        address = there.address(back=_back(request), state=state, nonce=nonce, verifier=verifier, now=now)
    except Refused as error:
        return _failed(request, error)
    packed = json.dumps({"state": state, "nonce": nonce, "verifier": verifier, "next": own(next)})
    seal: Seal = request.app.state.seal
    kept = seal.write("company-" + base64.urlsafe_b64encode(packed.encode()).decode(), now + LASTS)
    answer = RedirectResponse(address, 303, headers={"Cache-Control": "no-store"})
    answer.set_cookie(
        ON_THE_WAY, kept, max_age=int(LASTS.total_seconds()), path="/sign-in", httponly=True,
        samesite="lax",  # the way back comes from the issuer's site
        secure=is_secure(request),
    )  # fmt: skip
    return answer


@router.get("/sign-in/company/back")
def back_from_company(
    request: Request, session: Db, now: Now, code: str = "", state: str = "", iss: str = ""
) -> Response:
    """A code of the issuer -> our session."""
    there = _configured(request)
    kept = _kept(request, now)
    if kept is None or not hmac.compare_digest(kept["state"].encode(), state.encode("utf-8", "replace")):
        return page(request, "sign_in_expired", "/", 401)
    try:
        if iss and iss != there.settings.issuer:
            raise Refused(f"the answer is of another issuer, {iss!r}")
        if not code:
            raise Refused("the issuer gave no code")
        claims = there.claims(
            code, back=_back(request), nonce=kept["nonce"], verifier=kept["verifier"], now=now
        )
    except Refused as error:
        return _failed(request, error)
    scopes = scopes_of(claims, there.settings)
    if not scopes:
        return page(request, "sign_in_no_rights", "/", 403)
    name = next((str(claims[one]) for one in ("preferred_username", "email", "sub") if claims.get(one)), "")
    name = "".join(one for one in name if one.isprintable())[: LONGEST_NAME // 2].strip() or "somebody"
    subject = f"{there.settings.issuer} {claims['sub']}"
    user, done = save_company_user(session, subject, name, scopes, now=now)
    if done:
        said = {"name": user.name, "scopes": user.scopes, "subject": subject}
        record(session, now=now, who=user.name, act=f"user.{done}", subject=f"user {user.id}", body=said)
    if user.state != "live":
        return page(request, "sign_in_disabled", "/", 403)
    answer = onward(request, kept["next"])
    let_in(request, answer, f"user-{user.id}-{user.mark}", now)
    answer.delete_cookie(ON_THE_WAY, path="/sign-in", httponly=True, samesite="lax")
    return answer


def scopes_of(claims: Mapping[str, Any], settings: Oidc) -> list[str]:
    """The scopes an account holds: of the claim named in the settings (a list, or words), else the default ones."""
    said = claims.get(settings.scopes_from) if settings.scopes_from else None
    if said is None:
        return list(settings.default_scopes)
    words = said.split() if isinstance(said, str) else said if isinstance(said, list) else []
    return [scope for scope in SCOPES if scope in words]


def _configured(request: Request) -> Provider:
    found: Provider | None = request.app.state.company
    if found is None:
        raise HTTPException(404)
    return found


def _back(request: Request) -> str:
    settings: Settings = request.app.state.settings
    return f"{settings.access.public_url or str(request.base_url).rstrip('/')}/sign-in/company/back"


def _kept(request: Request, now: dt.datetime) -> dict[str, str] | None:
    seal: Seal = request.app.state.seal
    kind, _, packed = (seal.read(request.cookies.get(ON_THE_WAY, ""), now) or "").partition("-")
    return dict(json.loads(base64.urlsafe_b64decode(packed))) if kind == "company" else None


def _failed(request: Request, error: Refused) -> Response:
    log.warning("sign-in with a company account failed", why=str(error))
    return page(request, "sign_in_company_failed", "/", 502)
