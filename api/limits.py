"""No body larger than we are willing to hold."""

from __future__ import annotations

from collections.abc import Mapping

from starlette._utils import get_route_path
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import problem

MOST_BYTES = 16 * 1024 * 1024
MOST_ROWS = 10_000
FILES = {"/v1/uploads": 500 * 1024 * 1024}  # these are written to the disk as they come, and never held
FORM = 1024 * 1024  # what stands around a file


class BodyLimit:
    """Answers 413 by the Content-Length, and stops reading where a body without one grows too large.

    most: bytes of a body; files: of those paths that take files
    """

    def __init__(self, app: ASGIApp, *, most: int = MOST_BYTES, files: Mapping[str, int] = FILES) -> None:
        self.app, self.most, self.files = app, most, files

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        size = self.files.get(get_route_path(scope), self.most)
        most = size + FORM if size != self.most else size
        sentence = f"The body is larger than {size // 2**20} MB."
        said = Headers(scope=scope).get("content-length", "")
        if said.isdecimal() and int(said) > most:
            await problem(413, sentence)(scope, receive, send)
            return
        held = 0

        async def count() -> Message:
            nonlocal held
            message = await receive()
            held += len(message.get("body", b""))
            if held > most:
                raise HTTPException(413, sentence)  # FastAPI lets it pass while it reads the body
            return message

        await self.app(scope, count, send)
