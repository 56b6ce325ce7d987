"""Reddit on loopback: the application-only token, listings of a subreddit, its search and /api/info.

    POST /api/v1/access_token              https://github.com/reddit-archive/reddit/wiki/OAuth2
    listings: after, before, count, limit  https://www.reddit.com/dev/api#listings
    User-Agent, X-Ratelimit-*              https://github.com/reddit-archive/reddit/wiki/API
    1000 items of a listing at most        https://www.reddit.com/r/redditdev/wiki/api/faq
    fields of a post and a comment         https://github.com/reddit-archive/reddit/wiki/JSON

As the real one it takes unknown parameters in silence and cuts a larger `limit` to 100. What its authors or moderators
took back is in no listing any more; /api/info still gives it, with its text replaced.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

import httpx2

from forecast.social.sources.base import Source
from forecast.social.sources.reddit import Reddit
from forecast.social.sources.web import Web
from tests.peers.base import Answer, Asked, Peer, Post

CLIENT, SECRET, BEARER = "p-jcoLKBynTLew", "gko_LXELoV07", "eyJhbGciOi.reddit"
AGENT = "server:forecall-test:v1 (by /u/lumen)"
_NO_IDLE = httpx2.Limits(max_keepalive_connections=0)  # nobody closes the client of a test
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_ORDINARY = ("python", "java", "curl")  # agents Reddit slows down to nothing


@dataclass
class Thing:
    """A post (t3) or a comment (t1); `data` as the listing shows it."""

    kind: str
    place: str
    data: dict[str, Any]
    hidden: bool = False

    @property
    def name(self) -> str:
        return str(self.data["name"])


class RedditPeer(Peer):
    """Half of what is published are comments. left: requests still granted. longest: items of a listing."""

    deletes = True

    def __init__(self) -> None:
        super().__init__()
        self.things: list[Thing] = []
        self.left = 600.0
        self.longest = 1000
        self.closed: set[str] = set()  # subreddits gone private

    def source(self, sleep: Callable[[float], None], **settings: Any) -> Source:
        web = Web(httpx2.Client(limits=_NO_IDLE), "reddit", sleep=sleep)
        given = {"client_id": CLIENT, "secret": SECRET, "subreddits": ["lumen"], "user_agent": AGENT,
                 "page": self.page, "auth_root": self.url, "api_root": self.url, **settings}  # fmt: skip
        return Reddit(name="reddit", web=web, **given)

    def publish(self, posts: Sequence[Post]) -> None:
        super().publish(posts)
        for n, post in enumerate(posts):
            self.hold(post, "t1" if post.reply_to or n % 2 else "t3")

    def hold(self, post: Post, kind: str = "t3", place: str = "lumen", **more: Any) -> Thing:
        number = _base36(100_000 + len(self.things))
        data: dict[str, Any] = {
            "id": number,
            "name": f"{kind}_{number}",
            "subreddit": place,
            "author": post.author,
            "created_utc": post.at.timestamp(),
            "edited": False,
        }
        if kind == "t1":
            data |= {"body": post.text, "parent_id": post.reply_to or "t3_1", "link_id": "t3_1"}
        else:
            data |= {"title": "Lumen", "selftext": post.text, "removed_by_category": None}
        thing = Thing(kind, place, data | more)
        self.things.append(thing)
        return thing

    def find(self, name: str) -> Thing:
        return next(thing for thing in self.things if thing.name == name)

    def delete(self, id: str, mark: str = "[deleted]") -> None:
        thing = self.find(id)
        thing.hidden = True
        thing.data["author"] = "[deleted]"
        if thing.kind == "t1":
            thing.data["body"] = mark
        else:
            by = "moderator" if mark == "[removed]" else "deleted"
            thing.data |= {"selftext": mark, "removed_by_category": by}

    def answer(self, asked: Asked) -> Answer:
        agent = asked.headers.get("user-agent", "")
        if not agent or agent.lower().startswith(_ORDINARY):
            return Answer.json({"message": "Too Many Requests", "error": 429}, 429)
        if asked.path == "/api/v1/access_token":
            return self._token(asked)
        if asked.headers.get("authorization") != f"Bearer {BEARER}":
            return Answer.json({"message": "Unauthorized", "error": 401}, 401)
        self.left -= 1
        told = {
            "x-ratelimit-remaining": f"{max(0.0, self.left):.1f}",
            "x-ratelimit-used": "1",
            "x-ratelimit-reset": "60",
        }
        if self.left < 0:
            return Answer.json({"message": "Too Many Requests", "error": 429}, 429, told)
        return self._listing(asked, told)

    def _token(self, asked: Asked) -> Answer:
        basic = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        if asked.method != "POST" or asked.headers.get("authorization") != f"Basic {basic}":
            return Answer.json({"message": "Unauthorized", "error": 401}, 401)
        if parse_qs(asked.body.decode()).get("grant_type") != ["client_credentials"]:
            return Answer.json({"error": "unsupported_grant_type"}, 400)
        return Answer.json(
            {"access_token": BEARER, "token_type": "bearer", "expires_in": 86400, "scope": "*"}
        )

    def _listing(self, asked: Asked, told: dict[str, str]) -> Answer:
        parts = asked.path.strip("/").split("/")
        if asked.path == "/api/info":
            names = asked.one("id").split(",")
            if len(names) > 100:
                return Answer.json({"message": "Bad Request", "error": 400}, 400, told)
            return _shown([thing for thing in self.things if thing.name in names], None, told)
        shown = [thing for thing in self.things if not thing.hidden]
        if parts[0] == "r" and len(parts) == 3:
            if parts[1] in self.closed:
                return Answer.json({"reason": "private", "message": "Forbidden", "error": 403}, 403, told)
            if parts[2] != "search" or asked.one("restrict_sr") == "true":
                shown = [thing for thing in shown if thing.place == parts[1]]
        kind = parts[-1]
        if kind == "search":
            word = asked.one("q").lower()
            shown = [thing for thing in shown if thing.kind == "t3" and word in str(thing.data).lower()]
        elif kind in ("new", "comments"):
            shown = [thing for thing in shown if thing.kind == ("t3" if kind == "new" else "t1")]
        else:
            return Answer.json({"message": "Not Found", "error": 404}, 404, told)
        shown = sorted(shown, key=_age)[: self.longest]
        if after := asked.one("after"):
            names = [thing.name for thing in shown]
            if after not in names:  # an anchor that is gone: nothing comes after it
                return _shown([], None, told)
            shown = shown[names.index(after) + 1 :]
        limit = min(int(asked.one("limit", "25")), 100)
        page = shown[:limit]
        return _shown(page, page[-1].name if len(shown) > limit else None, told)


def _age(thing: Thing) -> tuple[float, str]:
    made = thing.data["created_utc"]
    return (-made if isinstance(made, float) else 0.0, thing.name)


def _shown(things: Sequence[Thing], after: str | None, told: dict[str, str]) -> Answer:
    children = [{"kind": thing.kind, "data": thing.data} for thing in things]
    data = {"after": after, "before": None, "dist": len(children), "modhash": None, "children": children}
    return Answer.json({"kind": "Listing", "data": data}, headers=told)


def _base36(number: int) -> str:
    text = ""
    while number:
        number, digit = divmod(number, 36)
        text = _DIGITS[digit] + text
    return text


SUPPLIERS = [RedditPeer]
