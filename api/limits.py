"""No body larger than we are willing to hold."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import problem

MOST_BYTES = 16 * 1024 * 1024
MOST_ROWS = 10_000
SENTENCE = f"The body is larger than {MOST_BYTES // 2**20} MB."


class BodyLimit:
    """Answers 413 by the Content-Length, and stops reading where a body without one grows too large."""

    def __init__(self, app: ASGIApp, *, most: int = MOST_BYTES) -> None:
        self.app, self.most = app, most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        said = Headers(scope=scope).get("content-length", "")
        if said.isdecimal() and int(said) > self.most:
            await problem(413, SENTENCE)(scope, receive, send)
            return
        held = 0

        async def count() -> Message:
            nonlocal held
            message = await receive()
            held += len(message.get("body", b""))
            if held > self.most:
                raise HTTPException(413, SENTENCE)  # FastAPI lets it pass while it reads the body
            return message

        await self.app(scope, count, send)
