"""How many posts X holds for a query, by minute, hour or day: numbers only, no post and no author.

    GET /2/tweets/counts/recent     https://docs.x.com/x-api/posts/get-posts-counts-recent
                                    https://docs.x.com/x-api/posts/counts/quickstart/recent-tweet-counts
    error bodies                    https://docs.x.com/x-api/fundamentals/response-codes-and-errors

X counts the last seven days. What an outage left open is filled from the cursor on; what lies further back is named in
a problem. X warns that its counts need not agree with what its search returns: the search leaves out more.
Counts are no posts, so nothing here is `spent`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from forecast.errors import ConfigError, SourceError
from forecast.social.sources.base import Count, Page
from forecast.social.sources.mark import read_mark, write_mark
from forecast.social.sources.web import Web

ROOT = "https://api.x.com"
HISTORY = dt.timedelta(days=7)  # how far back X's "recent" endpoints reach
MARGIN = dt.timedelta(
    minutes=3
)  # kept from that edge, since a request takes time and X refuses older moments
VERSION = 1  # of the cursor
_SETTLED = dt.timedelta(
    seconds=30
)  # X's own default end lies this far back; it refuses an end 10 s ago or later
_PAGES = 50  # answers read for one span; a span has 1440 buckets at most
_SPANS = {  # granularity -> (bucket, span asked for at once)
    "minute": (dt.timedelta(minutes=1), dt.timedelta(days=1)),
    "hour": (dt.timedelta(hours=1), dt.timedelta(days=7)),
    "day": (dt.timedelta(days=1), dt.timedelta(days=7)),
}


class XCounts:
    """Counts of posts that match `query`, in buckets of `granularity` (minute, hour or day, UTC).

    token: the app's bearer token. root: where X is, for tests. backfill: how far the first read looks back; X holds
    seven days. ConfigError for an unknown granularity or an empty query.
    """

    def __init__(
        self,
        *,
        name: str,
        web: Web,
        token: str,
        query: str,
        granularity: str = "minute",
        root: str = ROOT,
        backfill: dt.timedelta = HISTORY,
    ) -> None:
        if granularity not in _SPANS:
            raise ConfigError(
                f"The source {name} asks for counts by {granularity!r}.",
                remedy="Use minute, hour or day.",
                field="granularity",
            )
        self._query = required_query(name, query)
        self._name, self._web, self._token = name, web, token
        self._url, self._backfill = root.rstrip("/") + "/2/tweets/counts/recent", backfill
        self._granularity = granularity
        self._bucket, self._span = _SPANS[granularity]

    @property
    def name(self) -> str:
        return self._name

    def read(self, cursor: str | None, *, now: dt.datetime, afford: int | None = None) -> Iterator[Page]:
        """Pages of finished buckets after `cursor`, oldest first, a day of minutes or a week of hours in each.

        afford is left aside: counts cost no posts. SourceError where X refuses or cannot be reached.
        """
        since, problems = self._since(cursor, now)
        end = self._floor(now - _SETTLED)
        while since < end:
            until = min(since + self._span, end)
            counts, more = self._count(since, until)
            yield Page(cursor=_text(until), counts=counts, problems=(*problems, *more))
            since, problems = until, ()
        if problems:
            yield Page(cursor=_text(since), problems=problems)

    def _since(self, cursor: str | None, now: dt.datetime) -> tuple[dt.datetime, tuple[str, ...]]:
        """The first bucket to ask for, and what has to be said about it."""
        edge = self._floor(now - HISTORY + MARGIN) + self._bucket  # the first bucket X still holds in full
        first = max(edge, self._floor(now - self._backfill))
        if cursor is None:
            return first, ()
        try:
            found = read_mark(cursor, VERSION)
            read = self._floor(dt.datetime.fromisoformat(found["until"]).astimezone(dt.UTC))
            if read > now + dt.timedelta(days=1):
                raise ValueError("a mark in the future would end the reading")
        except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
            return first, (f"{self._name}: its mark cannot be read; counting begins anew at {said(first)}.",)
        if read >= edge:
            return read, ()
        return edge, (
            f"{self._name}: the counts from {said(read)} to {said(edge)} cannot be had any more: X counts the last "
            "7 days only.",
        )

    def _count(self, since: dt.datetime, until: dt.datetime) -> tuple[tuple[Count, ...], tuple[str, ...]]:
        """All buckets of since..until, oldest first, whichever way X's pages go."""
        params = {"query": self._query, "granularity": self._granularity,
                  "start_time": written(since), "end_time": written(until)}  # fmt: skip
        found: dict[dt.datetime, Count] = {}
        problems: list[str] = []
        for _ in range(_PAGES):
            answer = ask(self._web, self._name, self._url, params, self._token)
            problems += answer.problems
            for row in answer.data:
                try:
                    count = _bucket(row)
                except (ValueError, TypeError, KeyError):
                    problems.append(
                        f"{self._name}: a bucket was left out, its form is unknown: {str(row)[:80]}."
                    )
                    continue
                if since <= count.start and count.end <= until and count.end - count.start == self._bucket:
                    found[count.start] = count
            token = answer.meta.get("next_token")
            if not token or params.get("next_token") == token:
                break
            params["next_token"] = str(token)
        missing = (until - since) // self._bucket - len(found)
        if missing:
            problems.append(
                f"{self._name}: X gave no count for {missing} {self._granularity} buckets from {said(since)} "
                f"to {said(until)}."
            )
        return tuple(found[start] for start in sorted(found)), tuple(problems)

    def _floor(self, moment: dt.datetime) -> dt.datetime:
        zero = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
        return moment - (moment - zero) % self._bucket


@dataclass(frozen=True, slots=True)
class Answer:
    """What every X endpoint answers: the things asked for, what they refer to, where to go on, what went wrong."""

    data: tuple[Any, ...]
    includes: Mapping[str, Any]
    meta: Mapping[str, Any]
    problems: tuple[str, ...]


def ask(web: Web, name: str, url: str, params: Mapping[str, Any], token: str) -> Answer:
    """One GET with the bearer token. SourceError where X refuses, or answers in another form than documented."""
    body = web.json(url, params=params, headers={"Authorization": f"Bearer {token}"})
    if not isinstance(body, dict) or not isinstance(body.get("data", []), list):
        raise SourceError(f"{name}: {url} answers in a form we do not know.", remedy="Check the address.")
    if not ("data" in body or "meta" in body):
        raise SourceError(f"{name}: X answers {str(body)[:160]}.", remedy="See what X says.")
    errors = body.get("errors")
    return Answer(
        data=tuple(body.get("data", [])),
        includes=_mapping(body.get("includes")),
        meta=_mapping(body.get("meta")),
        problems=tuple(
            f"{name}: X says {str(_mapping(one).get('detail') or one)[:160]!r}."
            for one in (errors if isinstance(errors, list) else [])
        ),
    )


def required_query(name: str, query: str) -> str:
    """The query without spaces around it; ConfigError where it is empty."""
    if not query.strip():
        raise ConfigError(
            f"The source {name} has no query.", remedy="Say what X should look for.", field="query"
        )
    return query.strip()


def said(moment: dt.datetime) -> str:
    """A moment for people."""
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def written(moment: dt.datetime) -> str:
    """A moment as X reads it: whole seconds, UTC."""
    return f"{moment.astimezone(dt.UTC):%Y-%m-%dT%H:%M:%SZ}"


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _bucket(row: Any) -> Count:
    value = row["tweet_count"]
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError("no count")
    start, end = (dt.datetime.fromisoformat(row[key]).astimezone(dt.UTC) for key in ("start", "end"))
    return Count(start=start, end=end, value=float(value))


def _text(until: dt.datetime) -> str:
    return write_mark(VERSION, until=until.isoformat())
