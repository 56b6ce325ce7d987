"""Posts of Bluesky by its search, newest first: to fill what the stream no longer holds, or where no stream can be kept.

    cursor {done, to, walk} ─► walk back from `now` to `done` by `until`, page by page ─► done = the newest post seen

The answers run from new to old, so a walk back that is killed halfway must not begin anew: where it stands is in the
cursor, and `done` moves only when the walk arrives. We step by `until`, not by the answer's `cursor`: that one is an
offset, refused without a session (issues 2838 and 3583), and "may not necessarily allow scrolling through the entire
result set"; it serves only where one millisecond holds more posts than a page.

GET /xrpc/app.bsky.feed.searchPosts   q, sort, since (inclusive), until (exclusive), limit 1..100, cursor; both bounds
    are of sortAt, the earlier of createdAt and indexedAt
    https://docs.bsky.app/docs/api/app-bsky-feed-search-posts
    https://github.com/bluesky-social/atproto/blob/main/lexicons/app/bsky/feed/searchPosts.json
POST /xrpc/com.atproto.server.createSession   identifier and (app) password as JSON; accessJwt lives minutes to hours
    https://docs.bsky.app/docs/api/com-atproto-server-create-session
    300 a day per account, 100 at bsky.social: https://github.com/bluesky-social/bsky-docs/issues/183. A source kept
    over runs asks once per token; one made anew each run should not run more often than every quarter of an hour.

Who answers without a session: public.api.bsky.app gives 403 since January 2025, api.bsky.app gives a first page at
times (https://github.com/bluesky-social/atproto/issues/3423, 3583, 3891; bsky-docs issues 296 and 332). Bluesky asks
not to read the network through search (issue 3423), so this source is for narrow words; `Jetstream` is the way.

Deleted posts simply miss in later answers: this source tells no deletions. Posts are free: `spent` is 0.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from forecast.errors import InputError, SourceError
from forecast.social.mention import Mention, parse_mention
from forecast.social.sources.base import Page
from forecast.social.sources.mark import read_mark, write_mark
from forecast.social.sources.web import Web

VERSION = 1
OLDEST = dt.timedelta(days=1)  # a createdAt further back than this was set by hand or imported
_MILLISECOND = dt.timedelta(milliseconds=1)
_COLLECTION = "app.bsky.feed.post"


@dataclass(frozen=True, slots=True)
class _Walk:
    """A walk back: it began at `top`, has read down to `until`, and `newest` is the newest sortAt it saw."""

    top: dt.datetime
    until: dt.datetime
    newest: dt.datetime


@dataclass(frozen=True, slots=True)
class _Mark:
    """All up to `done` is read; the last walk that arrived began at `to`."""

    done: dt.datetime
    to: dt.datetime | None = None
    walk: _Walk | None = None

    def text(self) -> str:
        walk = self.walk and [stamp(self.walk.top), stamp(self.walk.until), stamp(self.walk.newest)]
        return write_mark(VERSION, done=stamp(self.done), to=self.to and stamp(self.to), walk=walk)


class BlueskySearch:
    """Posts that match `query` (Lucene-like; see the module).

    identifier, password: the handle and app password of an account; without them most hosts refuse. url: the account's
    PDS or bsky.social with a password (it passes the question on), an AppView without. backfill: how far the first
    read looks back. overlap: how far behind the newest post every read begins, for posts that are indexed late.
    pages: the most requests of one read; the rest comes at the next. limit: posts per page, 1 to 100.
    """

    def __init__(
        self,
        *,
        name: str,
        web: Web,
        query: str,
        identifier: str | None = None,
        password: str | None = None,
        url: str | None = None,
        backfill: dt.timedelta = dt.timedelta(days=7),
        overlap: dt.timedelta = dt.timedelta(minutes=5),
        pages: int = 100,
        limit: int = 100,
    ) -> None:
        self._name, self._web, self._query = name, web, query
        self._identifier, self._password = identifier, password
        default = "https://bsky.social" if password else "https://api.bsky.app"
        self._url = (url or default).rstrip("/")
        self._backfill, self._overlap = backfill, overlap
        self._pages, self._limit = pages, limit
        self._token: str | None = None  # only spares a request: a new object asks for a new one

    @property
    def name(self) -> str:
        return self._name

    def read(self, cursor: str | None, *, now: dt.datetime, afford: int | None = None) -> Iterator[Page]:
        """Pages of posts from new to old, walk by walk; see `Source.read`. SourceError where the host refuses."""
        mark, problems = self._begin(cursor, now)
        token: str | None = None
        for _ in range(self._pages):
            walk = mark.walk or _Walk(now, now, mark.done)
            found = self._search(mark.done - self._overlap, walk.until, token)
            mentions, broken, moments = self._read_posts(found)
            newest = max([walk.newest, *(one for one in moments if one <= now)])
            until, token, stuck = self._step(walk.until, moments, found.get("cursor"), token)
            if until is None:
                mark = _Mark(newest, walk.top)
            else:
                mark = _Mark(mark.done, mark.to, replace(walk, until=until, newest=newest))
            yield Page(mark.text(), mentions, problems=(*problems, *broken, *stuck))
            problems = ()
            if mark.walk is None and walk.top >= now:
                return

    def since(self, moment: dt.datetime) -> str:
        """The cursor of a source that has read everything up to `moment`: with it another one fills its gaps."""
        return _Mark(moment).text()

    def reached(self, cursor: str, moment: dt.datetime) -> bool:
        """Whether all up to `moment` is read."""
        mark = _read_mark(cursor)
        return mark is not None and mark.walk is None and mark.to is not None and mark.to >= moment

    def _begin(self, cursor: str | None, now: dt.datetime) -> tuple[_Mark, tuple[str, ...]]:
        mark = _read_mark(cursor) if cursor else None
        problems: tuple[str, ...] = ()
        if mark is None:
            mark = _Mark(now - self._backfill)
            if cursor:
                problems = (
                    f"{self._name}: its mark cannot be read; it looks back {self._backfill.days} days anew.",
                )
        return mark, problems

    def _step(
        self, until: dt.datetime, moments: list[dt.datetime], next_token: Any, token: str | None
    ) -> tuple[dt.datetime | None, str | None, tuple[str, ...]]:
        """Where to go on: (until, the answer's cursor where time alone would stand still, problems); None at the end."""
        if not moments or not isinstance(next_token, str):
            return None, None, ()
        down = (
            min(moments) + _MILLISECOND
        )  # `until` is exclusive: others of that very moment must not be missed
        if down < until:
            return down, None, ()
        if self._password and next_token != token:
            return until, next_token, ()
        return (
            min(moments),
            None,
            (
                f"{self._name}: more than {self._limit} posts share the moment {stamp(down)}; some are left out.",
            ),
        )

    def _read_posts(
        self, found: Mapping[str, Any]
    ) -> tuple[tuple[Mention, ...], tuple[str, ...], list[dt.datetime]]:
        """Mentions from old to new, sentences on broken posts, and the sortAt of every post that has one."""
        mentions, problems, moments = [], [], []
        posts = found.get("posts")
        if not isinstance(posts, list):
            raise SourceError(
                f"{self._name}: the answer of {self._url} holds no posts.", remedy="Check the address."
            )
        for post in reversed(posts):
            try:
                indexed = moment(post["indexedAt"])
                created = moment(post["record"]["createdAt"])
                moments.append(min(created, indexed))
                mentions.append(read_post(post["uri"], post["record"], indexed, source=self._name))
            except (InputError, KeyError, TypeError, ValueError) as error:
                uri = post.get("uri") if isinstance(post, dict) else None
                problems.append(f"{self._name}: the post {str(uri)[:100]} cannot be read ({error!s:.100}).")
        return tuple(mentions), tuple(problems), moments

    def _search(self, since: dt.datetime, until: dt.datetime, token: str | None) -> Mapping[str, Any]:
        params = {
            "q": self._query, "sort": "latest", "limit": self._limit, "since": stamp(since), "until": stamp(until)
        }  # fmt: skip
        if token:
            params["cursor"] = token
        url = f"{self._url}/xrpc/app.bsky.feed.searchPosts"
        try:
            found = self._web.json(url, params=params, headers=self._headers())
        except SourceError as error:
            if self._token and "ExpiredToken" in error.message:
                self._token = None
                found = self._web.json(url, params=params, headers=self._headers())
            elif not self._password and (" 401" in error.message or " 403" in error.message):
                raise SourceError(
                    error.message,
                    remedy="This host wants a key: give a handle and an app password.",
                    field="password",
                ) from None
            else:
                raise
        return found if isinstance(found, dict) else {}

    def _headers(self) -> dict[str, str]:
        if self._password is None:
            return {}
        if self._token is None:
            answer = self._web.post(
                f"{self._url}/xrpc/com.atproto.server.createSession",
                json={"identifier": self._identifier, "password": self._password},
            )
            try:
                self._token = str(answer.json()["accessJwt"])
            except (ValueError, KeyError, TypeError):
                raise SourceError(
                    f"{self._name}: {self._url} gives no session.", remedy="Check the address."
                ) from None
        return {"authorization": f"Bearer {self._token}"}


def read_post(uri: str, record: Mapping[str, Any], seen: dt.datetime, *, source: str) -> Mention:
    """An app.bsky.feed.post record -> Mention. `seen`: when the network first saw it. InputError where it is broken.

    createdAt is whatever the client wrote: imported blogs carry dates of years ago, wrong clocks and jokers dates to
    come. The network cannot have known of a post before it saw it, so a createdAt after `seen`, or more than a day
    before it, gives way to `seen`; an hour of lag, of a phone without reception, keeps its own time.
    """
    try:
        created = moment(record.get("createdAt"))
    except (TypeError, ValueError):
        created = seen
    if not seen - OLDEST <= created <= seen:
        created = seen
    reply, langs = record.get("reply"), record.get("langs")
    parent = reply.get("parent") if isinstance(reply, dict) else None
    row: dict[str, Any] = {
        "id": uri,
        "source": source,
        "created_at": created,
        "text": record.get("text"),
        "author": uri.removeprefix("at://").split("/", 1)[0],
        "reply_to": parent.get("uri") if isinstance(parent, dict) else None,
        "language": langs[0] if isinstance(langs, list) and langs else None,
    }
    try:
        return parse_mention(row, tz="UTC")
    except InputError as error:
        if error.field != "language":
            raise
        return parse_mention(
            {**row, "language": None}, tz="UTC"
        )  # clients write `english`; the post counts all the same


def moment(value: Any) -> dt.datetime:
    """An atproto datetime -> aware UTC. ValueError or TypeError where it is none; https://atproto.com/specs/lexicon"""
    found = dt.datetime.fromisoformat(value)
    if found.tzinfo is None:
        raise ValueError("a moment without a zone")
    try:
        return found.astimezone(dt.UTC)
    except OverflowError:
        raise ValueError("a moment beyond the calendar") from None


def stamp(value: dt.datetime) -> str:
    """A moment as atproto writes it, to the millisecond."""
    return value.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{value.microsecond // 1000:03d}Z"


def _read_mark(cursor: str) -> _Mark | None:
    try:
        found = read_mark(cursor, VERSION)
        walk = found["walk"] and _Walk(*(moment(one) for one in found["walk"]))
        return _Mark(moment(found["done"]), found["to"] and moment(found["to"]), walk)
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
