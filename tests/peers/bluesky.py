"""Bluesky on loopback: the stream (Jetstream's v1 wire) and the search of an AppView behind a PDS.

Stream: https://github.com/bluesky-social/jetstream-legacy (README, pkg/server/server.go: parameters, refusals in plain
text, inclusive replay, then the live tail, pings) and https://github.com/bluesky-social/jetstream/blob/main/docs/README.md
§5.1 (an old cursor is moved up without a word; a cursor to come means the live tail).
Search: https://github.com/bluesky-social/atproto/blob/main/lexicons/app/bsky/feed/searchPosts.json (parameters, bounds of
limit, since and until by sortAt) and com/atproto/server/createSession.json; error bodies are XRPC's {error, message}.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import http
import json
import threading
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

import httpx2
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.client import connect
from websockets.sync.server import ServerConnection, serve

from forecast.social.sources.base import Source
from forecast.social.sources.bluesky_search import BlueskySearch, stamp
from forecast.social.sources.jetstream import Jetstream
from forecast.social.sources.web import Web
from tests.peers.base import NOW, Answer, Asked, Peer, Post

POSTS = "app.bsky.feed.post"
LAG = dt.timedelta(milliseconds=300)  # from a post's createdAt until the network has it
LATER = 4_102_444_800_000_000  # 2100, in microseconds: no read asks for it
_NO_IDLE = httpx2.Limits(max_keepalive_connections=0)  # no socket outlives its answer
dial = partial(connect, proxy=None)  # loopback knows no proxy


def micros(moment: dt.datetime) -> int:
    return int((moment - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) / dt.timedelta(microseconds=1))


def did(author: str) -> str:
    """A DID of the length and alphabet of did:plc."""
    digest = hashlib.sha256(author.encode()).digest()[:15]
    return "did:plc:" + base64.b32encode(digest).decode().lower()


def uri(post: Post) -> str:
    return f"at://{did(post.author)}/{POSTS}/{post.id}"


def record(post: Post, **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = {
        "$type": POSTS,
        "createdAt": stamp(post.at),
        "langs": ["nl"],
        "text": post.text,
        **more,
    }
    if post.reply_to:
        ref = {"uri": post.reply_to, "cid": "bafyreihash"}
        found["reply"] = {"root": ref, "parent": ref}
    return found


class JetstreamPeer(Peer):
    """The stream. events: what it replays, each with its time_us. breaks: connections that end after so many events.

    After the last event comes one of a far later time, which ends a read at once; `silent` keeps it back, so that only
    silence ends it. A short silence would end reads early wherever the machine has other things to do.
    """

    deletes = True
    needs_key = False

    def __init__(self) -> None:
        super().__init__()
        self.events: list[dict[str, Any]] = []
        self.breaks: deque[int] = deque()
        self.silent = False
        self.floor = 0  # the oldest time_us it still holds
        self.pings = 0
        self.opened = 0

    def commit(self, operation: str, author: str, rkey: str, at: dt.datetime, **more: Any) -> dict[str, Any]:
        told = {"rev": "3l3qo2vutsw2b", "operation": operation, "collection": POSTS, "rkey": rkey, **more}
        return {"did": did(author), "time_us": micros(at), "kind": "commit", "commit": told}

    def add(self, *events: dict[str, Any]) -> None:
        self.events = sorted([*self.events, *events], key=lambda one: one["time_us"])

    def publish(self, posts: Sequence[Post]) -> None:
        super().publish(posts)
        for post in posts:
            self.add(
                self.commit("create", post.author, post.id, post.at + LAG, cid="bafyrei", record=record(post))
            )
        first = posts[0]  # everybody gets the account and identity events, whatever the collections
        whom = {"did": did(first.author), "seq": 1409753013, "time": stamp(first.at)}
        at = micros(first.at + LAG) + 1
        self.add(
            {"did": did(first.author), "time_us": at, "kind": "account", "account": {"active": True, **whom}},
            {
                "did": did(first.author),
                "time_us": at + 1,
                "kind": "identity",
                "identity": {"handle": "a.b", **whom},
            },
        )

    def delete(self, id: str) -> None:
        whose, _, rkey = id.removeprefix("at://").split("/")
        at = max(NOW + dt.timedelta(minutes=1), *(one.at for one in self.posts))
        event = self.commit("delete", "", rkey, at + dt.timedelta(seconds=len(self.events)))
        self.add({**event, "did": whose})

    def source(self, sleep: Callable[[float], None], **how: Any) -> Source:
        settings: dict[str, Any] = {
            "name": "bluesky", "connect": dial, "words": ("lumen",), "url": f"{self.url}/subscribe", "quiet": 5.0,
            "page": self.page, "sleep": sleep,
        }  # fmt: skip
        return Jetstream(**{**settings, **how})

    def __enter__(self) -> Self:
        self._running = serve(self._serve, "127.0.0.1", 0, process_request=self._admit)
        self._thread = threading.Thread(target=self._running.serve_forever)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._running.shutdown()
        self._thread.join()

    @property
    def url(self) -> str:
        host, port = self._running.socket.getsockname()[:2]
        return f"ws://{host}:{port}"

    def answer(self, asked: Asked) -> Answer:
        """What is said before the upgrade; 101 where nothing stands against it."""
        if asked.path != "/subscribe":
            return Answer.json({"message": "Not Found"}, 404)
        cursor = asked.one("cursor")
        if cursor and not cursor.lstrip("-").isdecimal():
            return Answer(400, f"invalid cursor: {cursor}".encode())
        if len(asked.query.get("wantedCollections", ())) > 100:
            return Answer(400, b"too many wanted collections: 101 > 100")
        return Answer(101)

    def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        parts = urlsplit(request.path)
        headers = {name.lower(): value for name, value in request.headers.raw_items()}
        asked = Asked("GET", parts.path, parse_qs(parts.query, keep_blank_values=True), headers, b"")
        self.asked.append(asked)
        answer = self.faults.popleft() if self.faults else self.answer(asked)
        if answer.status == 101:
            return None
        told = Headers({"content-length": str(len(answer.body)), "connection": "close", **answer.headers})
        return Response(answer.status, http.HTTPStatus(answer.status).phrase, told, answer.body)

    def _serve(self, connection: ServerConnection) -> None:
        """Replay from the cursor, then the live tail until the client goes."""
        self.opened += 1
        query = parse_qs(urlsplit(connection.request.path if connection.request else "").query)
        newest = self.events[-1]["time_us"] if self.events else 0
        at = max(int(query["cursor"][0]), self.floor) if "cursor" in query else newest + 1
        largest = int(query.get("maxMessageSizeBytes", ["0"])[0])
        left = self.breaks.popleft() if self.breaks else None
        sent: set[int] = set()
        told = self.silent
        try:
            connection.ping()
            self.pings += 1
            while True:
                for event in list(self.events):
                    text = event["raw"] if "raw" in event else json.dumps(event)
                    if id(event) in sent or event["time_us"] < at or (largest and len(text) > largest):
                        continue
                    if left == 0:
                        connection.close(1011, "failed to replay events")
                        return
                    connection.send(text)
                    sent.add(id(event))
                    left = None if left is None else left - 1
                if not told and left is None:
                    connection.send(json.dumps({"did": did("later"), "time_us": LATER, "kind": "identity"}))
                    told = True
                try:
                    connection.recv(timeout=0.02)
                except TimeoutError:
                    continue
        except ConnectionClosed:
            return


class BlueskySearchPeer(Peer):
    """The search. open: whether it answers without a session (and then only a first page, as public hosts do)."""

    open = False
    identifier, password = "lumen.bsky.social", "abcd-efgh-ijkl-mnop"

    def __init__(self) -> None:
        super().__init__()
        self.tokens: list[str] = []
        self.indexed: dict[str, dt.datetime] = {}  # by post id, where it is not createdAt + LAG
        self.records: dict[str, Any] = {}  # by post id, where it is not the usual one

    def source(self, sleep: Callable[[float], None], **how: Any) -> Source:
        settings: dict[str, Any] = {
            "name": "bluesky_search", "web": Web(httpx2.Client(trust_env=False, limits=_NO_IDLE), "bluesky_search", sleep=sleep),
            "query": "lumen", "identifier": self.identifier, "password": self.password, "url": self.url,
            "limit": self.page,
        }  # fmt: skip
        return BlueskySearch(**{**settings, **how})

    def expire(self) -> None:
        """Every session ends."""
        self.tokens = [f"{one} expired" for one in self.tokens]

    def answer(self, asked: Asked) -> Answer:
        if (asked.method, asked.path) == ("POST", "/xrpc/com.atproto.server.createSession"):
            return self._session(asked)
        if (asked.method, asked.path) == ("GET", "/xrpc/app.bsky.feed.searchPosts"):
            return self._refusal(asked) or self._search(asked)
        return self._error(404, "XRPCNotSupported", "XRPCNotSupported")

    def _error(self, status: int, error: str, message: str) -> Answer:
        return Answer.json({"error": error, "message": message}, status)

    def _session(self, asked: Asked) -> Answer:
        kind = asked.headers.get("content-type", "")
        if kind != "application/json":
            return self._error(400, "InvalidRequest", f"Wrong request encoding (Content-Type): {kind}")
        given = json.loads(asked.body)
        if (given.get("identifier"), given.get("password")) != (self.identifier, self.password):
            return self._error(401, "AuthenticationRequired", "Invalid identifier or password")
        self.tokens.append(f"eyJ.{len(self.tokens)}")
        session = {
            "accessJwt": self.tokens[-1],
            "refreshJwt": "eyJ.r",
            "handle": self.identifier,
            "did": did("us"),
        }
        return Answer.json(session)

    def _refusal(self, asked: Asked) -> Answer | None:
        token = asked.headers.get("authorization", "").removeprefix("Bearer ")
        if f"{token} expired" in self.tokens:
            return self._error(400, "ExpiredToken", "Token has expired")
        if token not in self.tokens and not self.open:
            return self._error(401, "AuthMissing", "Authentication Required")
        if token not in self.tokens and "cursor" in asked.query:
            page = b"<html><body><h1>403 Forbidden</h1>\nRequest forbidden by administrative rules.\n</body></html>"
            return Answer(403, page, {"content-type": "text/html"})
        if not asked.one("q"):
            return self._error(400, "InvalidRequest", 'Error: Params must have the property "q"')
        if not 1 <= int(asked.one("limit", "25")) <= 100:
            return self._error(400, "InvalidRequest", "Error: limit can not be greater than 100")
        return None

    def _search(self, asked: Asked) -> Answer:
        offset, limit = int(asked.one("cursor", "0")), int(asked.one("limit", "25"))
        since = dt.datetime.fromisoformat(asked.one("since", "1990-01-01T00:00:00Z"))
        until = dt.datetime.fromisoformat(asked.one("until", "2199-01-01T00:00:00Z"))
        found = []
        for post in self.posts:
            seen = self.indexed.get(post.id, post.at + LAG)
            if asked.one("q").lower() in post.text.lower() and since <= min(post.at, seen) < until:
                found.append((min(post.at, seen), post.id, self._view(post, seen)))
        found.sort(key=lambda one: one[:2], reverse=True)
        posts = [one for _, _, one in found[offset : offset + limit]]
        more = {"cursor": str(offset + limit)} if offset + limit < len(found) else {}
        return Answer.json({"posts": posts, "hitsTotal": len(found), **more})

    def _view(self, post: Post, seen: dt.datetime) -> dict[str, Any]:
        return {
            "uri": uri(post), "cid": "bafyrei", "author": {"did": did(post.author), "handle": "a.bsky.social"},
            "record": self.records.get(post.id, record(post)), "indexedAt": stamp(seen), "likeCount": 0, "labels": [],
        }  # fmt: skip


SUPPLIERS = [JetstreamPeer, BlueskySearchPeer]
