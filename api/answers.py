"""Answers that were given are given again while nothing in the database has changed: the bytes, or 304.

Only of the routes that staffing tools ask again and again, and for some seconds at most, since an answer may depend on the
time as well (where today begins, what expires). Who asks was settled by the guard before.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.deps import Clock
from api.etags import matches

KEPT = frozenset({"/v1/forecasts", "/v1/forecasts/versions", "/v1/queues", "/v1/staffing"})
SECONDS = 10
LARGEST = 4 * 2**20  # bytes of one answer
MOST = 64 * 2**20  # of all
NOT_OF_304 = (b"content-length", b"content-type")


@dataclass(frozen=True)
class Answer:
    """What went out. mark: of the database, before it was made; window: the seconds it is good for."""

    mark: str
    window: int
    headers: list[tuple[bytes, bytes]]
    etag: str
    body: bytes
    route: Any


class Answers:
    """The middleware; it stands outside of what makes ETags."""

    def __init__(self, app: ASGIApp, *, clock: Clock) -> None:
        self.app, self._clock = app, clock
        self._held: OrderedDict[tuple[str, bytes, str], Answer] = OrderedDict()
        self._size = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        mark = scope.get("state", {}).get("mark")
        if scope["type"] != "http" or scope["method"] != "GET" or mark is None or scope["path"] not in KEPT:
            await self.app(scope, receive, send)
            return
        given = Headers(scope=scope)
        key = (scope["path"], scope["query_string"], given.get("accept", ""))
        window = int(self._clock().timestamp()) // SECONDS
        held = self._held.get(key)
        if held is not None and (held.mark, held.window) == (mark, window):
            self._held.move_to_end(key)
            scope["route"] = held.route
            await _again(held, given.get("if-none-match"), send)
            return
        await self._make(scope, receive, send, key=key, mark=mark, window=window)

    async def _make(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        *,
        key: tuple[str, bytes, str],
        mark: str,
        window: int,
    ) -> None:
        start: Message | None = None
        body = bytearray()

        async def watch(message: Message) -> None:
            nonlocal start
            await send(message)
            if message["type"] == "http.response.start":
                start = message
            elif len(body) <= LARGEST:
                body.extend(message.get("body", b""))

        await self.app(scope, receive, watch)
        if start is None or start["status"] != 200 or len(body) > LARGEST:
            return
        etag = Headers(raw=start["headers"]).get("etag")
        if etag is not None:
            self._keep(key, Answer(mark, window, start["headers"], etag, bytes(body), scope.get("route")))

    def _keep(self, key: tuple[str, bytes, str], answer: Answer) -> None:
        before = self._held.pop(key, None)
        self._held[key] = answer
        self._size += len(answer.body) - (0 if before is None else len(before.body))
        while self._size > MOST:
            _, oldest = self._held.popitem(last=False)
            self._size -= len(oldest.body)


async def _again(held: Answer, given: str | None, send: Send) -> None:
    headers, status, body = held.headers, 200, held.body
    if matches(given, held.etag):
        headers, status, body = [one for one in headers if one[0].lower() not in NOT_OF_304], 304, b""
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
