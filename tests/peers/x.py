"""X on loopback: the recent search and the recent counts of its API v2.

GET /2/tweets/search/recent     https://docs.x.com/x-api/posts/recent-search
paging, newest first            https://docs.x.com/x-api/posts/search/integrate/paginate
GET /2/tweets/counts/recent     https://docs.x.com/x-api/posts/get-posts-counts-recent
error bodies                    https://docs.x.com/x-api/fundamentals/response-codes-and-errors
body of a 401                   https://github.com/xdevplatform/samples/issues/69
a since_id that is too old      https://github.com/rooteco/tweetscape/issues/421
ids beside times                https://github.com/plhery/node-twitter-api-v2/issues/152
edits                           https://docs.x.com/x-api/fundamentals/edit-posts
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx2

from forecast.social.sources.base import Source
from forecast.social.sources.web import Web
from forecast.social.sources.x_counts import XCounts
from forecast.social.sources.x_search import XSearch
from tests.peers.base import NOW, Answer, Asked, Peer, Post

TOKEN = "AAAAAAAAAAAAAAAAAAAAA-x-bearer"
WEEK = dt.timedelta(days=7)
_EPOCH_MS = 1_288_834_974_657
_NO_IDLE = httpx2.Limits(max_keepalive_connections=0)  # nobody closes the client of a test
_SHARED = {"query", "start_time", "end_time", "since_id", "until_id", "next_token", "pagination_token"}
_SEARCH = _SHARED | {"max_results", "sort_order", "tweet.fields", "expansions", "user.fields", "media.fields",
                     "place.fields", "poll.fields"}  # fmt: skip
_COUNTS = _SHARED | {"granularity", "search_count.fields"}
_TWEET_FIELDS = {
    "article", "attachments", "author_id", "card_uri", "community_id", "context_annotations", "conversation_id",
    "created_at", "display_text_range", "edit_controls", "edit_history_tweet_ids", "entities", "geo", "id",
    "in_reply_to_user_id", "lang", "media_metadata", "non_public_metrics", "note_tweet", "organic_metrics",
    "possibly_sensitive", "promoted_metrics", "public_metrics", "referenced_tweets", "reply_settings", "scopes",
    "source", "suggested_source_links", "text", "withheld",
}  # fmt: skip
_BUCKETS = {"minute": dt.timedelta(minutes=1), "hour": dt.timedelta(hours=1), "day": dt.timedelta(days=1)}


class Refused(Exception):
    """A parameter X does not take; the sentence stands in its answer."""

    def __init__(self, said: str, **parameters: str) -> None:
        super().__init__(said)
        self.parameters = {name: [value] for name, value in parameters.items()}


@dataclass
class Held:
    """A post as X holds it; `more` are further fields of its tweet object."""

    id: int
    at: dt.datetime
    text: str
    author: str
    versions: list[int]
    more: dict[str, Any] = field(default_factory=dict)


def id_at(moment: dt.datetime, sequence: int = 0) -> int:
    """An id as X makes it: milliseconds since its epoch above 22 bits."""
    return ((int(moment.timestamp() * 1000) - _EPOCH_MS) << 22) + sequence


def author_id(name: str) -> str:
    return str(int.from_bytes(name.encode()[:7], "big") + 10_000)


class _X(Peer):
    """What both endpoints share. now: X's own clock."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.held: list[Held] = []

    def publish(self, posts: list[Post]) -> None:  # type: ignore[override]
        super().publish(posts)
        for post in posts:
            self.hold(post)

    def hold(self, post: Post, **more: Any) -> Held:
        name = id_at(post.at, len(self.held) + 1)
        held = Held(name, post.at, post.text, post.author, [name], more)
        self.held.append(held)
        return held

    def edit(self, first: Held, text: str, at: dt.datetime) -> Held:
        """A new version: it has an id of its own, and all versions tell of each other."""
        name = id_at(at, len(self.held) + 1)
        first.versions.append(name)
        held = Held(name, at, text, first.author, first.versions, dict(first.more))
        self.held.append(held)
        return held

    def answer(self, asked: Asked) -> Answer:
        if asked.headers.get("authorization") != f"Bearer {TOKEN}":
            said = {"title": "Unauthorized", "type": "about:blank", "status": 401, "detail": "Unauthorized"}
            return Answer.json(said, 401, {"content-type": "application/problem+json"})
        try:
            return Answer.json(self.body(asked), headers={"x-rate-limit-remaining": "299"})
        except Refused as error:
            said = {
                "errors": [{"parameters": error.parameters, "message": str(error)}],
                "title": "Invalid Request",
                "detail": "One or more parameters to your request was invalid.",
                "type": "https://api.twitter.com/2/problems/invalid-request",
            }
            return Answer.json(said, 400, {"content-type": "application/problem+json"})

    def body(self, asked: Asked) -> dict[str, Any]:
        raise NotImplementedError

    def _check(self, asked: Asked, allowed: set[str]) -> None:
        for name in asked.query:
            if name not in allowed:
                raise Refused(f"The query parameter [{name}] is not one of [{','.join(sorted(allowed))}]")
        if not 1 <= len(asked.one("query")) <= 4096:
            raise Refused("The `query` query parameter can not be empty", query=asked.one("query"))
        ids, times = ({name for name in pair if name in asked.query} for pair in
                      (("since_id", "until_id"), ("start_time", "end_time")))  # fmt: skip
        if ids and times:
            raise Refused(
                "Invalid use of 'since_id' or 'until_id' in conjunction with 'start_time' or 'end_time'."
            )

    def _moment(self, asked: Asked, name: str, default: dt.datetime) -> dt.datetime:
        text = asked.one(name)
        if not text:
            return default
        moment = dt.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S%z")
        if name == "start_time" and moment < self.now - WEEK:
            edge = f"{self.now - WEEK:%Y-%m-%dT%H:%MZ}"
            raise Refused(
                f"Invalid 'start_time':'{text}'. 'start_time' must be on or after {edge}.", start_time=text
            )
        if name == "end_time" and moment > self.now - dt.timedelta(seconds=10):
            raise Refused(
                f"Invalid 'end_time':'{text}'. 'end_time' must be a minimum of 10 seconds prior to the request time.",
                end_time=text,
            )
        return moment


class XSearchPeer(_X):
    """The recent search. gone: page tokens it no longer takes."""

    def source(self, sleep: Callable[[float], None], **settings: Any) -> Source:
        web = Web(httpx2.Client(limits=_NO_IDLE), "x", sleep=sleep)
        given = {"token": TOKEN, "query": "Lumen", "page": self.page, "root": self.url, **settings}
        return XSearch(name="x", web=web, **given)

    def body(self, asked: Asked) -> dict[str, Any]:
        if asked.path != "/2/tweets/search/recent" or asked.method != "GET":
            raise Refused("unknown endpoint")
        self._check(asked, _SEARCH)
        size = int(asked.one("max_results", "10"))
        if not 10 <= size <= 100:
            raise Refused(
                f"The `max_results` query parameter value [{size}] is not between 10 and 100",
                max_results=str(size),
            )
        for name in filter(None, asked.one("tweet.fields").split(",")):
            if name not in _TWEET_FIELDS:
                raise Refused(f"The `tweet.fields` query parameter value [{name}] is not one of [...]")
        since, until = self._bounds(asked)
        token = asked.one("next_token") or asked.one("pagination_token")
        if token and not token.startswith("b26v89c19zqg8o3f"):
            raise Refused("Invalid 'next_token'.", next_token=token)
        below = min(until, int(token.removeprefix("b26v89c19zqg8o3f"))) if token else until
        found = sorted((one for one in self.held if since < one.id < below), key=lambda one: -one.id)
        page = found[:size]
        meta: dict[str, Any] = {"result_count": len(page)}
        if page:
            meta |= {"newest_id": str(page[0].id), "oldest_id": str(page[-1].id)}
        if len(found) > size:
            meta["next_token"] = f"b26v89c19zqg8o3f{page[-1].id}"
        fields = set(asked.one("tweet.fields").split(","))
        body: dict[str, Any] = {"meta": meta}
        if page:
            body["data"] = [self._tweet(one, fields) for one in page]
            if "author_id" in asked.one("expansions").split(","):
                body["includes"] = {"users": [self._user(one, asked) for one in page]}
        return body

    def _bounds(self, asked: Asked) -> tuple[int, int]:
        edge = self.now - WEEK
        start = self._moment(asked, "start_time", edge)
        end = self._moment(asked, "end_time", self.now - dt.timedelta(seconds=30))
        since = int(asked.one("since_id") or id_at(start) - 1)
        if since < id_at(edge) - 1:
            raise Refused(
                f"'since_id' must be a tweet id created after {edge:%Y-%m-%dT%H:%MZ}. Please use a 'since_id' that is "
                f"larger than {id_at(edge)}",
                since_id=str(since),
            )
        return since, int(asked.one("until_id") or max([id_at(end), *(one.id + 1 for one in self.held)]))

    def _tweet(self, held: Held, fields: set[str]) -> dict[str, Any]:
        every = {
            "author_id": author_id(held.author),
            "created_at": f"{held.at.astimezone(dt.UTC):%Y-%m-%dT%H:%M:%S}.000Z",
            "lang": "nl",
            **held.more,
        }
        given = {name: value for name, value in every.items() if name in fields}
        given |= {"id": str(held.id), "text": held.text}
        given["edit_history_tweet_ids"] = [str(one) for one in held.versions]
        return given | {name: held.more[name] for name in ("id", "text") if name in held.more}

    def _user(self, held: Held, asked: Asked) -> dict[str, Any]:
        user: dict[str, Any] = {"id": author_id(held.author), "name": held.author, "username": held.author}
        if "public_metrics" in asked.one("user.fields").split(","):
            user["public_metrics"] = {
                "followers_count": 321,
                "following_count": 5,
                "tweet_count": 9,
                "listed_count": 0,
            }
        return user


class XCountsPeer(_X):
    """The recent counts. page: buckets per answer; its pages go back in time, the buckets within one go forward."""

    numbers_only = True
    page = 1500
    left_out: set[dt.datetime] = set()  # noqa: RUF012  # replaced, never changed

    def source(self, sleep: Callable[[float], None], **settings: Any) -> Source:
        web = Web(httpx2.Client(limits=_NO_IDLE), "x_counts", sleep=sleep)
        given = {"token": TOKEN, "query": "Lumen", "root": self.url, **settings}
        return XCounts(name="x_counts", web=web, **given)

    def body(self, asked: Asked) -> dict[str, Any]:
        if asked.path != "/2/tweets/counts/recent" or asked.method != "GET":
            raise Refused("unknown endpoint")
        self._check(asked, _COUNTS)
        granularity = asked.one("granularity", "hour")
        if granularity not in _BUCKETS:
            raise Refused(
                f"The `granularity` query parameter value [{granularity}] is not one of [minute,hour,day]",
                granularity=granularity,
            )
        start = self._moment(asked, "start_time", self.now - WEEK)
        end = self._moment(asked, "end_time", self.now - dt.timedelta(seconds=30))
        rows = self._rows(start, end, _BUCKETS[granularity])
        stop = int(asked.one("next_token").removeprefix("1jzu9lk96gu5npw") or len(rows))
        first = max(0, stop - self.page)
        given = [
            row for row in rows[first:stop] if dt.datetime.fromisoformat(row["start"]) not in self.left_out
        ]
        meta: dict[str, Any] = {"total_tweet_count": sum(row["tweet_count"] for row in given)}
        if first:
            meta["next_token"] = f"1jzu9lk96gu5npw{first}"
        return {"data": given, "meta": meta}

    def _rows(self, start: dt.datetime, end: dt.datetime, bucket: dt.timedelta) -> list[dict[str, Any]]:
        """Buckets on whole minutes, hours or days, the outer ones cut at start and end."""
        zero = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
        rows: list[dict[str, Any]] = []
        while start < end:
            stop = min(end, start - (start - zero) % bucket + bucket)
            n = sum(start <= one.at < stop for one in self.held)
            rows.append({"start": _written(start), "end": _written(stop), "tweet_count": n})
            start = stop
        return rows


def _written(moment: dt.datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}.000Z"


SUPPLIERS = [XSearchPeer, XCountsPeer]
