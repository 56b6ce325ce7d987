"""Who asks, and may they, so often? One middleware in front of everything but the health routes and the sign-in page.

    Authorization: Bearer KEY     programs
    a signed session cookie       browsers that signed in with a password or a key (`sign_in.py`), or at the company (`oidc.py`)
    nothing                       the dashboard on this machine, where `api.open_dashboard` says so; never /v1

Keys and users hold scopes; `admin` holds all. What no rule names is for `admin`, so that a forgotten rule refuses.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote, urlsplit

from fastapi import Depends, Request
from sqlalchemy.orm import Session, sessionmaker
from starlette._utils import get_route_path
from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from api.deps import Clock
from api.errors import of_forecall, problem
from api.last_seen import LastSeen
from api.rate_limits import Gate, Kind, address_of
from api.seals import COOKIE, Seal
from forecast.errors import StoreError
from store.changes import Changes
from store.keys import Key, find_key, load_key
from store.users import find_user

HEALTH = frozenset({"/healthz", "/readyz"})
OPEN = HEALTH | {"/sign-in", "/sign-in/company", "/sign-in/company/back"}
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
# For admin alone, to read too. Routes also match a path with a line break behind it ("$"), and "." stops at one.
ADMIN = re.compile(r"/v1/(keys|users|audit)(\W.*)?", re.DOTALL)
RULES = (
    (re.compile(r"/v1/(mentions|volumes|signals)"), "write"),
    (re.compile(r"/v1/forecasts/versions/[^/]+/publish"), "plan"),
    (re.compile(r"/v1/alerts/[^/]+/acknowledge"), "plan"),
    (re.compile(r"/v1/(causes|evidence/assumptions)(/[^/]+)?"), "plan"),
    (re.compile(r"/v1/quality/marks"), "plan"),
    (re.compile(r"/v1/day-remarks"), "plan"),
    (re.compile(r"/v1/scenarios(/[^/]+)?"), "plan"),
    (re.compile(r"/v1/overrides(/[^/]+)?"), "plan"),
    (re.compile(r"/v1/uploads(/[^/]+(/restore)?)?"), "write"),
    (re.compile(r"/v1/drivers"), "write"),
    (re.compile(r"/v1/queues/map(/[^/]+)?|/v1/queues/.+/hours|/v1/groups|/v1/special-days(/[^/]+)?"), "plan"),
    (re.compile(r"/v1/(overrides|locks|scenarios)(/[^/]+)*"), "plan"),
    (
        re.compile(r"/v1/staffing/check"),
        "read",
    ),  # a POST for the size of what it is asked; it changes nothing
    (re.compile(r"/v1/runs|/v1/webhooks/.+/(replay|test)"), "write"),
    (re.compile(r"/_dash-[^/]*|/sign-out"), "read"),  # Dash asks by POST; a page that writes gets a rule
)


@dataclass(frozen=True)
class Caller:
    """Who asks. by: `key`, `session` or `here` (nobody named, on this machine); kind, id: of the `key` or `user`."""

    name: str
    scopes: tuple[str, ...]
    by: str
    kind: str = ""
    id: int = 0

    def may(self, scope: str) -> bool:
        """Does the caller hold the scope?"""
        return scope in self.scopes or "admin" in self.scopes


@dataclass(frozen=True)
class Stranger:
    """Somebody without a key or session that is valid. why: in a sentence, where there is more to say."""

    why: str = ""


def caller_name(request: Request) -> str:
    """The name of the caller, for the audit."""
    caller: Caller = request.state.caller
    return caller.name


Who = Annotated[str, Depends(caller_name)]


def scope_needed(method: str, path: str) -> str:
    """The scope a request needs: by the rules for what changes something, `read` to read, else `admin`."""
    if ADMIN.fullmatch(path):
        return "admin"
    if method in SAFE:
        return "read"
    if method in ("POST", "PUT", "DELETE"):
        return next((scope for rule, scope in RULES if rule.fullmatch(path)), "admin")
    return "admin"


class Found:
    """Keys that were found, for as long as nothing in the database changes. The keys themselves are not kept."""

    MOST = 1000

    def __init__(self) -> None:
        self._held: tuple[str | None, dict[bytes, Key]] = (
            None,
            {},
        )  # one value: a mark and its keys never part

    def find(self, secret: str, mark: str | None) -> Key | None:
        """The key that was found at this mark of the database."""
        held, keys = self._held
        return (
            keys.get(hashlib.sha256(secret.encode()).digest()) if mark is not None and mark == held else None
        )

    def keep(self, secret: str, mark: str | None, key: Key) -> None:
        """Remember a key that was looked up after the mark was read."""
        held, keys = self._held
        if mark != held or len(keys) >= self.MOST:
            keys = {}
            self._held = (mark, keys)
        keys[hashlib.sha256(secret.encode()).digest()] = key


class Guard:
    """The middleware. open_here: what the pages let a browser on this machine do without a sign-in; () for nothing."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        sessions: sessionmaker[Session],
        seal: Seal,
        clock: Clock,
        gate: Gate,
        changes: Changes,
        open_here: tuple[str, ...],
    ) -> None:
        self.app = app
        self._sessions, self._seal, self._clock = sessions, seal, clock
        self._gate, self._open_here, self._seen = gate, open_here, LastSeen(sessions)
        self._changes, self._keys = changes, Found()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket") or get_route_path(scope) in HEALTH:
            await self.app(scope, receive, send)
            return
        asked = HTTPConnection(scope)
        try:
            mark = (
                self._changes.mark() if self._changes.quick else await run_in_threadpool(self._changes.mark)
            )
            known = self._known(asked, mark)
            caller = await run_in_threadpool(self._caller, asked, mark) if known is None else known
        except StoreError as error:
            await _refuse(scope, receive, send, of_forecall(error))
            return
        refusal = self._too_often(asked, caller) or _refusal(asked, caller)
        if refusal is not None:
            await _refuse(scope, receive, send, refusal)
            return
        if isinstance(caller, Caller):
            scope.setdefault("state", {}).update(caller=caller, mark=mark)
        await self.app(scope, receive, send)
        if (
            isinstance(caller, Caller)
            and caller.id
            and self._seen.note(caller.kind, caller.id, self._clock())
        ):
            await run_in_threadpool(self._seen.write, self._clock())  # the answer has gone out

    def _too_often(self, asked: HTTPConnection, caller: Caller | Stranger) -> Response | None:
        path, method = get_route_path(asked.scope), asked.scope.get("method", "GET")
        address = address_of(asked.scope)
        if path in OPEN:
            signs_in = method not in SAFE or path != "/sign-in"
            return self._gate.refusal("sign_ins" if signs_in else "strangers", address)
        if isinstance(caller, Stranger):
            return self._gate.refusal("strangers", address)
        kind: Kind = "reads" if scope_needed(method, path) == "read" or method in SAFE else "writes"
        return self._gate.refusal(kind, f"{caller.kind} {caller.id}" if caller.id else address)

    def _known(self, asked: HTTPConnection, mark: str | None) -> Caller | Stranger | None:
        """Who asks, where the key was found before and nothing in the database has changed since."""
        kind, _, secret = asked.headers.get("authorization", "").partition(" ")
        key = self._keys.find(secret.strip(), mark) if kind.lower() == "bearer" else None
        open_ = get_route_path(asked.scope) in OPEN
        return None if key is None or open_ else self._live(key, "key")

    def _caller(self, asked: HTTPConnection, mark: str | None) -> Caller | Stranger:
        if get_route_path(asked.scope) in OPEN:
            return Stranger()  # nobody is asked who they are there
        given = asked.headers.get("authorization")
        if given is not None:  # a key that is given counts alone: a wrong one is not saved by a cookie
            kind, _, secret = given.partition(" ")
            return self._by_key(secret.strip(), mark) if kind.lower() == "bearer" else Stranger()
        cookie = asked.cookies.get(COOKIE)
        found = self._by_cookie(cookie) if cookie else Stranger()
        if isinstance(found, Stranger) and self._open_here and _is_here(asked):
            return Caller("this machine", self._open_here, "here")
        return found

    def _by_key(self, secret: str, mark: str | None) -> Caller | Stranger:
        # looked up by its SHA-256, so that the time it takes tells nothing about a key
        with self._sessions() as session:
            key = find_key(session, secret)
        if key is not None:
            self._keys.keep(secret, mark, key)
        return self._live(key, "key")

    def _by_cookie(self, cookie: str) -> Caller | Stranger:
        """Looked up each time: a key that was revoked, a user who was disabled open nothing any more."""
        kind, _, number = (self._seal.read(cookie, self._clock()) or "").partition("-")
        if kind == "key":
            with self._sessions() as session:
                return self._live(load_key(session, int(number)), "session")
        if kind != "user":
            return Stranger()
        number, _, mark = number.partition("-")
        with self._sessions() as session:
            user = find_user(session, int(number))
        if user is None or user.state != "live" or not hmac.compare_digest(user.mark, mark):
            return Stranger()
        return Caller(user.name, user.scopes, "session", "user", user.id)

    def _live(self, key: Key | None, by: str) -> Caller | Stranger:
        state = "" if key is None else key.state(self._clock())
        if key is not None and state == "live":
            return Caller(key.name, key.scopes, by, "key", key.id)
        if key is not None and state == "expired" and by == "key":
            return Stranger(f"The key {key.name!r} expired at {key.expires_at:%Y-%m-%d %H:%M} UTC.")
        return Stranger()


def _refusal(asked: HTTPConnection, caller: Caller | Stranger) -> Response | None:
    path, method = get_route_path(asked.scope), asked.scope.get("method", "WEBSOCKET")
    if path in OPEN:
        return None
    if isinstance(caller, Stranger):
        return _unknown(asked, path, method, caller.why)
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


def _unknown(asked: HTTPConnection, path: str, method: str, why: str) -> Response:
    is_page = not path.startswith(("/v1/", "/metrics")) and method == "GET"
    if is_page and "text/html" in asked.headers.get("accept", ""):
        return RedirectResponse(f"/sign-in?next={quote(path)}", 303)
    return problem(
        401,
        why or "This needs a key that is valid.",
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
