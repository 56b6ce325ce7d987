"""Apple's customer reviews feed as those describe it who read it (Apple publishes no page):
https://github.com/facundoolano/app-store-scraper/issues/4, https://github.com/amrrs/itunesr/issues/1.

50 reviews a page, the newest first, ten pages; the eleventh is 400 in plain text; an app without reviews gives a feed
without `entry`; one review stands alone instead of in a list; moments carry the offset of Cupertino.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any
from zoneinfo import ZoneInfo

import httpx2

from forecast.social.sources.app_reviews import AppReviews
from forecast.social.sources.web import Web
from tests.peers.base import Answer, Asked, Peer, Post

_PATH = re.compile(
    r"/(?P<country>[a-z]{2})/rss/customerreviews/page=(?P<page>[0-9]+)/id=(?P<app>[0-9]+)/sort[bB]y=most[rR]ecent/json"
)
CUPERTINO = ZoneInfo("America/Los_Angeles")


class AppStore(Peer):
    """elsewhere: reviews of other countries than the one of `posts`. with_app: whether the app itself is an entry."""

    page = 50
    needs_key = False

    def __init__(self) -> None:
        super().__init__()
        self.country, self.app = "nl", "123456789"
        self.elsewhere: dict[str, list[Post]] = {}
        self.with_app = False
        self.client = httpx2.Client(trust_env=False)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.client.close()
        super().__exit__(kind, error, trace)

    def answer(self, asked: Asked) -> Answer:
        match = _PATH.fullmatch(asked.path)
        if asked.method != "GET" or match is None:
            return Answer(400, b"Bad Request", {"content-type": "text/plain"})
        page = int(match["page"])
        if page > 10:
            return Answer(
                400, b"CustomerReviews RSS page depth is limited to 10", {"content-type": "text/plain"}
            )
        held = self.posts if match["country"] == self.country else self.elsewhere.get(match["country"], [])
        held = held if match["app"] == self.app else []
        newest = sorted(held, key=lambda one: one.at, reverse=True)
        entries = [_entry(one) for one in newest[(page - 1) * 50 : page * 50]]
        if self.with_app and page == 1:
            entries.insert(
                0, {"im:name": {"label": "Lumen"}, "id": {"label": "https://apps.apple.com/nl/app/lumen"}}
            )
        return Answer.json({"feed": {"author": {}, **_several(entries), "id": {"label": asked.path}}})

    def source(self, sleep: Callable[[float], None]) -> AppReviews:
        return self.reviews(sleep, [self.country])

    def reviews(
        self, sleep: Callable[[float], None], countries: Sequence[str], most: int = 300
    ) -> AppReviews:
        return AppReviews(
            name="appstore",
            web=Web(self.client, "appstore", sleep=sleep),
            app_id=self.app,
            countries=countries,
            address=self.url,
            most=most,
        )


def _several(entries: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {} if not entries else {"entry": entries[0] if len(entries) == 1 else list(entries)}


def _entry(post: Post) -> dict[str, Any]:
    at: dt.datetime = post.at.astimezone(CUPERTINO)
    return {
        "author": {
            "uri": {"label": f"https://itunes.apple.com/nl/reviews/id{sum(post.author.encode())}"},
            "name": {"label": post.author},
            "label": "",
        },
        "updated": {"label": at.isoformat()},
        "im:rating": {"label": "1"},
        "im:version": {"label": "4.2.0"},
        "id": {"label": post.id},
        "title": {"label": "Review"},
        "content": {"label": post.text, "attributes": {"type": "text"}},
        "im:voteSum": {"label": "0"},
        "im:voteCount": {"label": "0"},
    }


SUPPLIERS = [AppStore]
