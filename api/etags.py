"""ETags: an answer the client holds already is not sent again."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

FRESH = "private, no-cache"  # a copy may be kept, but is asked about each time


def etag_of(*parts: Any) -> str:
    """What an answer depends on -> a strong ETag."""
    packed = json.dumps(parts, default=str, separators=(",", ":"))
    return f'"{hashlib.sha256(packed.encode()).hexdigest()[:32]}"'


def matches(given: str | None, etag: str) -> bool:
    """Does If-None-Match name the ETag (RFC 9110, weak comparison)?"""
    if given is None:
        return False
    names = [one.strip().removeprefix("W/") for one in given.split(",")]
    return "*" in names or etag.removeprefix("W/") in names


class ETags:
    """Gives the JSON answers of GET /v1/... that have no ETag yet one made of their bytes, and answers 304."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET" or not scope["path"].startswith("/v1/"):
            await self.app(scope, receive, send)
            return
        given = Headers(scope=scope).get("if-none-match")
        start: Message | None = None
        body = bytearray()

        async def hold(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start" and _wanted(message):
                start = message
            elif start is None:
                await send(message)
            elif message["type"] == "http.response.body":
                body.extend(message.get("body", b""))
                if not message.get("more_body", False):
                    await _finish(start, bytes(body), given, send)

        await self.app(scope, receive, hold)


def _wanted(message: Message) -> bool:
    headers = Headers(raw=message["headers"])
    return (
        message["status"] == 200
        and headers.get("content-type", "").startswith("application/json")
        and "etag" not in headers
    )


async def _finish(start: Message, body: bytes, given: str | None, send: Send) -> None:
    etag = f'W/"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = MutableHeaders(raw=list(start["headers"]))
    headers["ETag"] = etag
    headers.setdefault("Cache-Control", FRESH)
    if matches(given, etag):
        del headers["content-length"], headers["content-type"]
        await send({**start, "status": 304, "headers": headers.raw})
        await send({"type": "http.response.body", "body": b""})
        return
    await send({**start, "headers": headers.raw})
    await send({"type": "http.response.body", "body": body})
