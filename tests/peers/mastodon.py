"""Mastodon on loopback: timelines of hashtags, search, one status and several.

https://docs.joinmastodon.org/methods/timelines/#tag (parameters, limit cut to 40, 401 and 404 bodies, an empty list),
https://docs.joinmastodon.org/methods/search/#v2, https://docs.joinmastodon.org/methods/statuses/#index and #get,
https://docs.joinmastodon.org/api/rate-limits/ (X-RateLimit-*), https://docs.joinmastodon.org/entities/Status/.
Ids are snowflakes of the moment of writing (milliseconds << 16), for posts of other servers too. At most 20 ids in one
question: DEFAULT_STATUSES_LIMIT in app/controllers/api/v1/statuses_controller.rb. Rails ignores unknown parameters.

Beside this one, `test_source_mastodon.py` reads from the package mastodon_mock, which has ids and moments of its own making
and so cannot publish a post of a given moment.
"""

from __future__ import annotations

import datetime as dt
import html
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import unquote, urlencode

import httpx2

from forecast.social.sources.base import Source
from forecast.social.sources.mastodon import Mastodon
from forecast.social.sources.web import Web
from tests.peers.base import NOW, Answer, Asked, Peer, Post

TOKEN = "ZA-Yj3aBD8U8Cm7lKUp-lm9O9BmDgdhHzDeqsY8tlL0"
_NO_IDLE = httpx2.Limits(max_keepalive_connections=0)  # no socket outlives its answer


class MastodonPeer(Peer):
    """A server. statuses: all it holds, oldest first. old: before 4.3, when several could not be asked for at once."""

    deletes = True
    old = False

    def __init__(self) -> None:
        super().__init__()
        self.statuses: list[dict[str, Any]] = []
        self.remaining = 299

    def publish(self, posts: Sequence[Post], **more: Any) -> None:
        super().publish(posts)
        for post in posts:
            self.add(post, **more)

    def add(self, post: Post, **more: Any) -> dict[str, Any]:
        number = int(post.at.timestamp() * 1000) << 16 | len(self.statuses)
        status = {
            "id": str(number), "created_at": post.at.strftime("%Y-%m-%dT%H:%M:%S.000Z"), "edited_at": None,
            "in_reply_to_id": post.reply_to, "visibility": "public", "language": "nl", "spoiler_text": "",
            "content": f"<p>{html.escape(post.text)}</p>", "reblog": None, "tags": [{"name": "lumen", "url": "x"}],
            "account": {"id": "23634", "username": post.author, "acct": f"{post.author}@elders.nl", "followers_count": 7},
            **more,
        }  # fmt: skip
        self.statuses = sorted([*self.statuses, status], key=lambda one: int(one["id"]))
        return status

    def delete(self, id: str) -> None:
        self.statuses = [one for one in self.statuses if one["id"] != id]

    def source(self, sleep: Callable[[float], None], **how: Any) -> Source:
        web = Web(
            httpx2.Client(trust_env=False, limits=_NO_IDLE), "mastodon", sleep=sleep, clock=NOW.timestamp
        )
        settings: dict[str, Any] = {
            "name": "mastodon", "web": web, "url": self.url, "token": TOKEN, "hashtags": ("Lumen",), "limit": self.page
        }  # fmt: skip
        return Mastodon(**{**settings, **how})

    def answer(self, asked: Asked) -> Answer:
        if asked.headers.get("authorization") != f"Bearer {TOKEN}":
            return Answer.json({"error": "The access token is invalid"}, 401)
        part = [unquote(one) for one in asked.path.split("/")[1:]]
        self.remaining -= 1
        limits = {
            "x-ratelimit-limit": "300", "x-ratelimit-remaining": str(self.remaining),
            "x-ratelimit-reset": (NOW + dt.timedelta(minutes=5)).isoformat(),
        }  # fmt: skip
        if part[:4] == ["api", "v1", "timelines", "tag"] and len(part) == 5:
            return self._timeline(asked, part[4].lower(), limits)
        if part == ["api", "v2", "search"]:
            found = [one for one in self.statuses if asked.one("q").lower() in one["content"].lower()]
            statuses = self._page(asked, found) if asked.one("type", "statuses") == "statuses" else []
            return Answer.json({"accounts": [], "statuses": statuses, "hashtags": []}, headers=limits)
        if part == ["api", "v1", "statuses"] and not self.old:
            ids = asked.query.get("id[]", ())
            if len(ids) > 20:
                return Answer.json({"error": "Validation failed"}, 422, limits)
            return Answer.json([one for one in self.statuses if one["id"] in ids], headers=limits)
        if part[:3] == ["api", "v1", "statuses"] and len(part) == 4:
            for one in self.statuses:
                if one["id"] == part[3]:
                    return Answer.json(one, headers=limits)
            return Answer.json({"error": "Record not found"}, 404, limits)
        return Answer.json({"error": "Not Found"}, 404, limits)

    def _timeline(self, asked: Asked, tag: str, limits: dict[str, str]) -> Answer:
        found = [one for one in self.statuses if tag in {each["name"] for each in one["tags"]}]
        if not found and tag != "lumen":
            return Answer.json({"error": "Record not found"}, 404, limits)
        page = self._page(asked, found)
        if not page:
            return Answer.json([], headers=limits)
        base, size = f"{self.url}{asked.path}?", {"limit": asked.one("limit", "20")}
        links = {"next": {**size, "max_id": page[-1]["id"]}, "prev": {**size, "min_id": page[0]["id"]}}
        told = ", ".join(f'<{base}{urlencode(query)}>; rel="{rel}"' for rel, query in links.items())
        return Answer.json(page, headers={**limits, "link": told})

    def _page(self, asked: Asked, found: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """A page from new to old; min_id takes the oldest above it, since_id and no bound the newest."""
        limit = max(1, min(int(asked.one("limit", "20")), 40))
        below, above = int(asked.one("max_id", str(2**63))), int(asked.one("since_id", "0"))
        found = [one for one in found if max(above, int(asked.one("min_id", "0"))) < int(one["id"]) < below]
        return (found[:limit] if "min_id" in asked.query else found[-limit:])[::-1]


SUPPLIERS = [MastodonPeer]
