"""Who asks, and may they? One middleware in front of everything but the health routes and the sign-in page.

    Authorization: Bearer KEY     programs
    a signed session cookie       browsers that signed in with a key (`sign_in.py`)
    nothing                       the dashboard on this machine, where `api.open_dashboard` says so; never /v1

Keys hold scopes; `admin` holds all. What no rule names is for `admin`, so that a forgotten rule refuses.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import re
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from sqlalchemy.orm import Session, sessionmaker
from starlette._utils import get_route_path
from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from api.deps import Clock
from api.errors import of_forecall, problem
from forecast.errors import StoreError
from store.keys import find_key, list_keys

OPEN = frozenset({"/healthz", "/readyz", "/sign-in"})
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
COOKIE = "forecall_session"
LASTS = dt.timedelta(hours=12)
RULES = (
    (re.compile(r"/v1/(mentions|volumes|signals)"), "write"),
    (re.compile(r"/v1/forecasts/versions/[^/]+/publish"), "plan"),
    (re.compile(r"/v1/alerts/[^/]+/acknowledge"), "plan"),
    (re.compile(r"/v1/(causes|evidence/assumptions)(/[^/]+)?"), "plan"),
    (re.compile(r"/v1/quality/marks"), "plan"),
    (re.compile(r"/v1/uploads(/[^/]+(/restore)?)?"), "write"),
    (re.compile(r"/v1/drivers"), "write"),
    (re.compile(r"/v1/queues/map(/[^/]+)?|/v1/queues/.+/hours|/v1/groups|/v1/special-days(/[^/]+)?"), "plan"),
    (re.compile(r"/_dash-[^/]*|/sign-out"), "read"),  # Dash asks by POST; a page that writes gets a rule
)


@dataclass(frozen=True)
class Caller:
    """Who asks. by: `key`, `session` or `here` (nobody named, on this machine)."""

    name: str
    scopes: tuple[str, ...]
    by: str

    def may(self, scope: str) -> bool:
        """Does the caller hold the scope?"""
        return scope in self.scopes or "admin" in self.scopes


def scope_needed(method: str, path: str) -> str:
    """The scope a request needs: by the rules for what changes something, `read` to read, else `admin`."""
    if method in SAFE:
        return "read"
    if method in ("POST", "PUT", "DELETE"):
        return next((scope for rule, scope in RULES if rule.fullmatch(path)), "admin")
    return "admin"


class Seal:
    """Session cookies: `key id.expiry.signature` (HMAC-SHA256). The key itself is not in it."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def write(self, key_id: int, until: dt.datetime) -> str:
        """A cookie for a key, good until then."""
        body = f"{key_id}.{int(until.timestamp())}"
        return f"{body}.{self._sign(body)}"

    def read(self, cookie: str, now: dt.datetime) -> int | None:
        """The key's id, or None for a cookie that is not ours, was changed or ran out."""
        body, _, signature = cookie.rpartition(".")
        if not hmac.compare_digest(signature.encode(), self._sign(body).encode()):
            return None
        key_id, _, until = body.partition(".")
        return int(key_id) if int(until) > now.timestamp() else None

    def _sign(self, body: str) -> str:
        return hmac.new(self._secret, body.encode(), hashlib.sha256).hexdigest()


class Guard:
    """The middleware. `open_here`: the dashboard needs no sign-in from this machine."""

    def __init__(
        self, app: ASGIApp, *, sessions: sessionmaker[Session], seal: Seal, clock: Clock, open_here: bool
    ) -> None:
        self.app = app
        self._sessions, self._seal, self._clock, self._open_here = sessions, seal, clock, open_here

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket") or get_route_path(scope) in OPEN:
            await self.app(scope, receive, send)
            return
        asked = HTTPConnection(scope)
        try:
            caller = await run_in_threadpool(self._caller, asked)
        except StoreError as error:
            await _refuse(scope, receive, send, of_forecall(error))
            return
        refusal = _refusal(asked, caller)
        if refusal is not None:
            await _refuse(scope, receive, send, refusal)
            return
        scope.setdefault("state", {})["caller"] = caller
        await self.app(scope, receive, send)

    def _caller(self, asked: HTTPConnection) -> Caller | None:
        given = asked.headers.get("authorization")
        if given is not None:  # a key that is given counts alone: a wrong one is not saved by a cookie
            kind, _, secret = given.partition(" ")
            return self._by_key(secret.strip()) if kind.lower() == "bearer" else None
        cookie = asked.cookies.get(COOKIE)
        found = self._by_cookie(cookie) if cookie else None
        if found is None and self._open_here and _is_here(asked):
            return Caller("this machine", ("read",), "here")
        return found

    def _by_key(self, secret: str) -> Caller | None:
        # looked up by its SHA-256, so that the time it takes tells nothing about a key
        with self._sessions() as session:
            key = find_key(session, secret)
        return None if key is None else Caller(key.name, key.scopes, "key")

    def _by_cookie(self, cookie: str) -> Caller | None:
        key_id = self._seal.read(cookie, self._clock())
        if key_id is None:
            return None
        with self._sessions() as session:  # each time: a key that was revoked opens nothing any more
            live = (key for key in list_keys(session) if key.id == key_id and key.revoked_at is None)
            key = next(live, None)
        return None if key is None else Caller(key.name, key.scopes, "session")


def _refusal(asked: HTTPConnection, caller: Caller | None) -> Response | None:
    path, method = get_route_path(asked.scope), asked.scope.get("method", "WEBSOCKET")
    if caller is None:
        return _unknown(asked, path, method)
    if caller.by != "key" and method not in SAFE and not same_origin(asked):
        return problem(
            403,
            "A change asked for with a session must come from our own pages.",
            remedy="Programs send a key: `Authorization: Bearer KEY`.",
        )
    need = "read" if method == "WEBSOCKET" else scope_needed(method, path)
    if not caller.may(need):
        return problem(
            403,
            f"This needs the scope {need!r}, which {caller.name!r} does not hold.",
            remedy=f"Make a key that holds it: `forecall keys create NAME --scope {need}`.",
            field="authorization",
        )
    return None


def _unknown(asked: HTTPConnection, path: str, method: str) -> Response:
    is_page = not path.startswith(("/v1/", "/metrics")) and method == "GET"
    if is_page and "text/html" in asked.headers.get("accept", ""):
        return RedirectResponse(f"/sign-in?next={quote(path)}", 303)
    return problem(
        401,
        "This needs a key that is valid.",
        remedy="Send `Authorization: Bearer KEY`; `forecall keys create` makes one.",
        field="authorization",
        headers={"WWW-Authenticate": 'Bearer realm="forecall"'},
    )


def same_origin(asked: HTTPConnection) -> bool:
    """Do the browser's own headers say that our page sent this? Without any of them: no."""
    site, origin = asked.headers.get("sec-fetch-site"), asked.headers.get("origin")
    if origin is not None:
        try:
            return urlsplit(origin).netloc == asked.headers.get("host")
        except ValueError:
            return False
    return site == "same-origin"


def _is_here(asked: HTTPConnection) -> bool:
    """A browser on this machine that means this machine (a foreign name that resolves to it is refused)."""
    path = get_route_path(asked.scope)
    if path.startswith("/v1") or path == "/metrics" or "x-forwarded-for" in asked.headers:
        return False
    try:
        named = urlsplit(f"//{asked.headers.get('host', '')}").hostname
    except ValueError:
        return False
    return asked.client is not None and asked.client.host in LOOPBACK and named in LOOPBACK


async def _refuse(scope: Scope, receive: Receive, send: Send, response: Response) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008, "reason": "not allowed"})
        return
    await response(scope, receive, send)
