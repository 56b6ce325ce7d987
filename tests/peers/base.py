"""A supplier on loopback: it publishes posts, deletes them, fails when told to, and counts what it was asked."""

from __future__ import annotations

import datetime as dt
import json
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from forecast.social.sources.base import Source
from tests.peers.serving import Serving

NOW = dt.datetime(2026, 11, 20, 12, 0, tzinfo=dt.UTC)  # what "now" is in the tests of sources


@dataclass(frozen=True)
class Post:
    """A post as the supplier holds it."""

    id: str
    at: dt.datetime
    text: str
    author: str = "someone"
    reply_to: str | None = None


@dataclass(frozen=True)
class Asked:
    """One request a supplier got; header names in lower case."""

    method: str
    path: str
    query: Mapping[str, Sequence[str]]
    headers: Mapping[str, str]
    body: bytes

    def one(self, name: str, default: str = "") -> str:
        """The first value of a query parameter."""
        return self.query.get(name, [default])[0]


@dataclass(frozen=True)
class Answer:
    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def json(cls, value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
        told = {"content-type": "application/json", **(headers or {})}
        return cls(status, json.dumps(value).encode("utf-8", "surrogatepass"), told)


class Peer(Serving):
    """Base of the suppliers. A subclass says how it answers, and makes the source that reads from it.

    faults: answers given instead of the true one, in order. page: posts per answer.
    """

    SERVER = ThreadingHTTPServer

    page = 10
    deletes = False  # whether its protocol tells of deleted posts
    numbers_only = False  # whether it gives counts and no posts
    needs_key = True  # whether it can refuse a key

    def __init__(self) -> None:
        self.posts: list[Post] = []
        self.asked: list[Asked] = []
        self.faults: deque[Answer] = deque()

    def answer(self, asked: Asked) -> Answer:
        raise NotImplementedError

    def source(self, sleep: Callable[[float], None]) -> Source:
        """A new source on this supplier, as configured by a user; called again for each (re)start."""
        raise NotImplementedError

    def publish(self, posts: Sequence[Post]) -> None:
        self.posts.extend(posts)

    def delete(self, id: str) -> None:
        """Take a post back, in a supplier that tells."""
        raise NotImplementedError

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        peer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _serve(self) -> None:
                parts = urlsplit(self.path)
                size = int(self.headers.get("content-length") or 0)
                asked = Asked(
                    self.command,
                    parts.path,
                    parse_qs(parts.query, keep_blank_values=True),
                    {name.lower(): value for name, value in self.headers.items()},
                    self.rfile.read(size),
                )
                peer.asked.append(asked)
                answer = peer.faults.popleft() if peer.faults else peer.answer(asked)
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(answer.body)))
                self.end_headers()
                self.wfile.write(answer.body)

            do_GET = do_POST = _serve  # noqa: N815

            def log_message(self, format: str, *args: Any) -> None:
                return

        return Handler
