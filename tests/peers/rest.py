"""Three systems with a JSON address of their own, as RestPoll meets them: pages by URL, by token, by number.

They stand for no one product; each refuses a missing key, an unknown parameter and a broken moment with a body of its
own. Pages by number, and 1 to 100 items in each, as https://developer.wordpress.org/rest-api/using-the-rest-api/pagination/
has them; pages by token as in https://docs.x.com/x-api/fundamentals/pagination.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlencode

import httpx2

from forecast.social.sources.base import Source
from forecast.social.sources.rest_poll import Paging, RestPoll, Since
from forecast.social.sources.web import Web
from tests.peers.base import NOW, Answer, Asked, Peer, Post

KEY = "k-1234"
_NO_IDLE = httpx2.Limits(max_keepalive_connections=0)  # nobody closes the client of a test


class _Rest(Peer):
    """What the three share. clock: when a change was made there; items carry it in `changed`."""

    parameters: frozenset[str] = frozenset()

    def __init__(self) -> None:
        super().__init__()
        self.items: list[dict[str, Any]] = []
        self.clock = NOW

    def publish(self, posts: Sequence[Post]) -> None:
        super().publish(posts)
        self.items += [self.item(post) for post in posts]

    def item(self, post: Post) -> dict[str, Any]:
        raise NotImplementedError

    def poll(self, sleep: Callable[[float], None], settings: dict[str, Any]) -> Source:
        web = Web(httpx2.Client(limits=_NO_IDLE), "rest", sleep=sleep)
        return RestPoll(name="rest", web=web, **settings)

    def refused(self, asked: Asked) -> Answer | None:
        for name in asked.query:
            if name not in self.parameters:
                return Answer.json({"error": f"unknown parameter {name}"}, 400)
        return None


class RestByUrl(_Rest):
    """A listening suite: newest first, ISO moments, `paging.next` holds the address of the next page."""

    parameters = frozenset({"from", "size", "offset"})

    def item(self, post: Post) -> dict[str, Any]:
        return {
            "uuid": f"u-{post.id}",
            "published": post.at.isoformat().replace("+00:00", "Z"),
            "content": {"body": post.text, "lang": "nl-NL"},
            "author": {"handles": [post.author], "followers": 12},
            "inReplyTo": post.reply_to,
        }

    def source(self, sleep: Callable[[float], None], **settings: Any) -> Source:
        fields = {"id": "uuid", "created_at": "published", "text": "content.body", "language": "content.lang",
                  "author": "author.handles.0", "reach": "author.followers", "reply_to": "inReplyTo"}  # fmt: skip
        given = {"url": f"{self.url}/v3/mentions", "items": "result.mentions", "fields": fields, "token": KEY,
                 "params": {"size": str(self.page)}, "paging": Paging("url", path="paging.next"),
                 "since": Since("from")}  # fmt: skip
        return self.poll(sleep, given | settings)

    def answer(self, asked: Asked) -> Answer:
        if asked.headers.get("authorization") != f"Bearer {KEY}":
            return Answer.json({"error": {"code": 401, "message": "Invalid access token"}}, 401)
        if refused := self.refused(asked):
            return refused
        since = dt.datetime.strptime(asked.one("from", "2000-01-01T00:00:00Z"), "%Y-%m-%dT%H:%M:%S%z")
        found = [one for one in self.items if _moment(one["published"]) >= since]
        found.sort(key=lambda one: str(one["published"]), reverse=True)
        size, offset = int(asked.one("size", "10")), int(asked.one("offset", "0"))
        upcoming = None
        if len(found) > offset + size:
            query = {"from": asked.one("from"), "size": str(size), "offset": str(offset + size)}
            upcoming = f"/v3/mentions?{urlencode(query)}"
        return Answer.json(
            {"result": {"mentions": found[offset : offset + size]}, "paging": {"next": upcoming}}
        )


class RestByToken(_Rest):
    """An in-house system: ordered by change, epoch milliseconds, deleted items stay with a flag; its key has a header."""

    deletes = True
    parameters = frozenset({"changed_after", "cursor", "limit"})

    def item(self, post: Post) -> dict[str, Any]:
        return {
            "nr": int(post.id),
            "made": int(post.at.timestamp() * 1000),
            "changed": int(post.at.timestamp() * 1000),
            "msg": post.text,
            "gone": False,
        }

    def source(self, sleep: Callable[[float], None], **settings: Any) -> Source:
        fields = {"id": "nr", "created_at": "made", "text": "msg", "deleted_at": "gone"}
        given = {"url": f"{self.url}/messages", "items": "rows", "fields": fields, "token": KEY,
                 "header": "X-Api-Key", "scheme": "", "params": {"limit": str(self.page)},
                 "paging": Paging("token", path="meta.cursor", parameter="cursor"),
                 "since": Since("changed_after", "epoch_ms", path="changed")}  # fmt: skip
        return self.poll(sleep, given | settings)

    def delete(self, id: str) -> None:
        self.change(id, gone=True, msg=None)

    def change(self, id: str, **new: Any) -> None:
        item = next(one for one in self.items if str(one["nr"]) == id)
        item |= {"changed": int(self.clock.timestamp() * 1000), **new}

    def answer(self, asked: Asked) -> Answer:
        if asked.headers.get("x-api-key") != KEY:
            return Answer.json({"detail": "no such key"}, 401)
        if refused := self.refused(asked):
            return refused
        if not asked.one("changed_after").isdecimal():
            return Answer.json({"detail": "changed_after is no number of milliseconds"}, 400)
        found = [one for one in self.items if one["changed"] > int(asked.one("changed_after"))]
        found.sort(key=lambda one: (one["changed"], one["nr"]))
        token = asked.one("cursor")
        if token and not token.startswith("c-"):
            return Answer.json({"detail": "this cursor is too old"}, 410)
        limit, start = int(asked.one("limit", "10")), int(token.removeprefix("c-") or 0)
        rows = found[start : start + limit]
        more = len(found) > start + limit
        return Answer.json({"rows": rows, "meta": {"cursor": f"c-{start + limit}" if more else None}})


class RestByNumber(_Rest):
    """A review platform: the answer is a bare list, pages from 1, moments in seconds; it takes everybody."""

    needs_key = False
    parameters = frozenset({"after", "page", "per_page"})

    def item(self, post: Post) -> dict[str, Any]:
        return {"id": post.id, "date": int(post.at.timestamp()), "review": post.text, "by": post.author}

    def source(self, sleep: Callable[[float], None], **settings: Any) -> Source:
        fields = {"id": "id", "created_at": "date", "text": "review", "author": "by"}
        given = {"url": f"{self.url}/reviews.json", "fields": fields, "params": {"per_page": str(self.page)},
                 "paging": Paging("number", parameter="page"), "since": Since("after", "epoch")}  # fmt: skip
        return self.poll(sleep, given | settings)

    def answer(self, asked: Asked) -> Answer:
        if refused := self.refused(asked):
            return refused
        found = [one for one in self.items if one["date"] >= int(asked.one("after", "0"))]
        found.sort(key=lambda one: -one["date"])
        size, page = int(asked.one("per_page", "10")), int(asked.one("page", "1"))
        if not 1 <= size <= 100 or page < 1:
            return Answer.json({"code": "rest_invalid_param"}, 400)
        return Answer.json(found[(page - 1) * size : page * size])


def _moment(text: Any) -> dt.datetime:
    return dt.datetime.fromisoformat(str(text))


SUPPLIERS = [RestByUrl, RestByToken, RestByNumber]
