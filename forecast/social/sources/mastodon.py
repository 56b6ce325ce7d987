"""Posts from one Mastodon server: the timelines of hashtags, oldest first, and on request its full-text search.

    cursor {feed: at, kept} ─► each hashtag from `at` on ─► the search back to `at` ─► the last posts asked for again

GET /api/v1/timelines/tag/:hashtag   min_id (immediately newer), max_id, limit 1..40; Link with rel prev and next; 404
    for a hashtag nobody used yet; public, but a token where the server closed its feeds
    https://docs.joinmastodon.org/methods/timelines/#tag   https://docs.joinmastodon.org/api/guidelines/#pagination
GET /api/v2/search?q=&type=statuses   max_id, limit 1..40; wants a user token with read:search, and a server with full-text
    search; it knows only authors who agreed to be found   https://docs.joinmastodon.org/methods/search/#v2
GET /api/v1/statuses?id[]=   since 4.3, at most 20 ids (DEFAULT_STATUSES_LIMIT of the controller); those that are gone miss
    https://docs.joinmastodon.org/methods/statuses/#index
GET /api/v1/statuses/:id   404 "Record not found" where it is gone   https://docs.joinmastodon.org/methods/statuses/#get
300 requests in five minutes; X-RateLimit-Remaining, X-RateLimit-Reset   https://docs.joinmastodon.org/api/rate-limits/

Deletes and edits: only the streaming API tells of them, so the last `recheck` posts kept in the cursor are asked for again
at every read, 20 at a time. One that misses is asked for by itself, and only a 404 or 410 to that makes a Deletion: a
server that leaves something out for another reason deletes nothing here. A server before 4.3 does not know the first
question; there the newest are asked for one by one. A changed `edited_at` gives the post anew. What is older than the
last `recheck` posts is not asked for again: deletions after that stay unknown.

Late posts: a server files a post of another server by when it was written, so it may come to lie behind what we have
read. Every read therefore begins `overlap` before the mark, but never more than half a page. Ids are texts in the order
of the server: other software that speaks this API has ids that are no numbers, so we never count with them.

A feed that is new is walked back to `backfill` in memory, then given oldest first; so is the search each time, as its
answers run from new to old. Killed halfway it walks anew, and nothing is lost. Boosts carry `repost_of`. The author is
name@server. Posts are free: `spent` is 0.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from forecast.errors import ConfigError, InputError, SourceError
from forecast.social.mention import Mention
from forecast.social.sources.base import Deletion, Page
from forecast.social.sources.mastodon_mark import Feed, keep, read_state, state_text
from forecast.social.sources.mastodon_post import read_status
from forecast.social.sources.web import Web

TOGETHER = 20  # ids in one question for several posts
SINGLY = 20  # questions for one post in a read
SPARE = 5  # requests left to others of the same account before the limit of the server
_LINK = re.compile(r'<([^>]{1,2000})>[^,]{0,200}?rel="?(prev|next)"?')
_GONE = (404, 410)


class _Budget:
    """Requests left in this read."""

    def __init__(self, left: int) -> None:
        self.left = left

    def spend(self, headers: Mapping[str, str]) -> None:
        self.left -= 1
        remaining = headers.get("x-ratelimit-remaining", "")
        if remaining.isdecimal() and int(remaining) <= SPARE:
            self.left = 0


class Mastodon:
    """Posts with one of `hashtags`, and those the search finds for `query`.

    url: the server, https://mastodon.social. token: of an application or an account there ("" for none). backfill: how
    far the first read looks back. overlap: see the module. recheck: posts asked for again. pages: requests of one read,
    shared by the feeds; the rest comes at the next. limit: posts per page, 1 to 40.
    """

    def __init__(
        self,
        *,
        name: str,
        web: Web,
        url: str,
        token: str,
        hashtags: tuple[str, ...] = (),
        query: str | None = None,
        backfill: dt.timedelta = dt.timedelta(days=7),
        overlap: dt.timedelta = dt.timedelta(minutes=5),
        recheck: int = 40,
        pages: int = 100,
        limit: int = 40,
    ) -> None:
        tags = dict.fromkeys(f"#{one.strip().lstrip('#').lower()}" for one in hashtags)
        tags.pop("#", None)
        self._feeds = (*tags, *((f"?{query}",) if query else ()))
        if not self._feeds:
            raise ConfigError(
                f"{name}: neither hashtags nor a query is given.", remedy="Give one.", field="hashtags"
            )
        self._name, self._web, self._url = name, web, url.rstrip("/")
        self._host = urlsplit(url).hostname or ""
        self._headers = {"authorization": f"Bearer {token}"} if token else {}
        self._backfill, self._overlap = backfill, overlap
        self._recheck, self._pages, self._limit = recheck, pages, limit

    @property
    def name(self) -> str:
        return self._name

    def read(self, cursor: str | None, *, now: dt.datetime, afford: int | None = None) -> Iterator[Page]:
        """Feed by feed, then what was deleted or edited; see `Source.read`."""
        state = read_state(cursor) if cursor else {}
        problems: tuple[str, ...] = ()
        if state is None:
            state, problems = {}, (f"{self._name}: its mark cannot be read; it looks back anew.",)
        state = {one: state.get(one, Feed()) for one in self._feeds}
        seen: set[str] = set()
        for name in self._feeds:
            budget = _Budget(max(1, self._pages // len(self._feeds)))
            for statuses, at, told in self._feed(name, state[name], now, budget):
                state[name] = state[name].grown(statuses, at, self._recheck)
                mentions, broken = self._mentions(statuses)
                seen |= {one.id for one in mentions}
                yield Page(state_text(state), mentions, problems=(*problems, *told, *broken))
                problems = ()
        found = self._changed(state, seen, now)
        if found.mentions or found.deletions or found.problems or problems:
            yield replace(found, problems=(*problems, *found.problems))

    def _feed(
        self, name: str, feed: Feed, now: dt.datetime, budget: _Budget
    ) -> Iterator[tuple[list[Any], str, tuple[str, ...]]]:
        """Pages of statuses from old to new, how far the feed is read with each, and sentences."""
        if feed.at is None or name.startswith("?"):
            start = (now - self._backfill).timestamp()
            if feed.kept:
                start = feed.kept[-1].made - self._overlap.total_seconds()
            found, told = self._back(name, start, budget)
            for first in range(0, len(found), self._limit):
                part = found[first : first + self._limit]
                yield part, str(part[-1]["id"]), told
                told = ()
            return
        mark = self._rewound(feed)
        while budget.left > 0:
            statuses, link = self._ask(name, {"min_id": mark}, budget)
            if not statuses:
                return
            at = link.get("prev") or str(statuses[0]["id"])
            if at == mark:
                return
            mark = at
            yield statuses[::-1], at, ()

    def _back(self, name: str, start: float, budget: _Budget) -> tuple[list[Any], tuple[str, ...]]:
        """Everything not older than `start` (seconds since 1970), old to new, as far as the budget goes."""
        found: dict[str, Any] = {}
        asked: dict[str, str] = {}
        while budget.left > 0:
            statuses, link = self._ask(name, asked, budget)
            new = {str(one["id"]): one for one in statuses if str(one["id"]) not in found}
            found |= new
            times = [one.made for one in map(keep, new.values()) if one is not None]
            if not new or (times and min(times) < start):
                break
            asked = {"max_id": link.get("next") or str(statuses[-1]["id"])}
        else:
            oldest = min((one.made for one in map(keep, found.values()) if one is not None), default=start)
            told = f"{self._name}: {name} holds more than one read can take; what came before {_iso(oldest)} is left out."
            return list(found.values())[::-1], (told,)
        kept = [one for one in found.values() if (mark := keep(one)) is None or mark.made >= start]
        return kept[::-1], ()

    def _rewound(self, feed: Feed) -> str:
        """The id to begin after: the mark, or one a little before it."""
        near = feed.kept[-(self._limit // 2) - 1 :]
        early = [one.id for one in near if one.made < near[-1].made - self._overlap.total_seconds()]
        return early[-1] if early else (near[0].id if near else str(feed.at))

    def _changed(self, state: Mapping[str, Feed], seen: set[str], now: dt.datetime) -> Page:
        """What became of the posts kept that did not come by in this read."""
        kept = {one.id: one for feed in state.values() for one in feed.kept if one.id not in seen}
        ids = sorted(kept, key=lambda one: kept[one].made)[-self._recheck :]
        found: list[Any] = []
        gone: list[str] = []
        problems: tuple[str, ...] = ()
        try:
            for first in range(0, len(ids), TOGETHER):
                found += self._several(ids[first : first + TOGETHER])
            missing = [one for one in reversed(ids) if one not in {str(status["id"]) for status in found}]
            gone = [one for one in missing[:SINGLY] if self._is_gone(one)]
        except SourceError as error:
            problems = (f"{self._name}: deleted and edited posts are not known this time. {error}",)
        edited = [one for one in found if (mark := keep(one)) and mark != kept.get(mark.id)]
        mentions, broken = self._mentions(edited)
        news = {str(one["id"]): one for one in edited}
        after = {
            name: replace(feed, kept=tuple(
                (keep(news[one.id]) or one) if one.id in news else one for one in feed.kept if one.id not in gone
            ))
            for name, feed in state.items()
        }  # fmt: skip
        return Page(
            state_text(after),
            mentions,
            tuple(Deletion(one, now) for one in gone),
            problems=(*problems, *broken),
        )

    def _several(self, ids: Sequence[str]) -> list[Any]:
        """Those of the posts that are still there; none where the server does not know the question."""
        try:
            found = self._web.json(
                f"{self._url}/api/v1/statuses", params={"id[]": list(ids)}, headers=self._headers
            )
        except SourceError as error:
            if error.status in _GONE:
                return []
            raise
        return self._statuses(found)

    def _is_gone(self, id: str) -> bool:
        try:
            self._web.get(f"{self._url}/api/v1/statuses/{quote(id, safe='')}", headers=self._headers)
        except SourceError as error:
            if error.status in _GONE:
                return True
            raise
        return False

    def _ask(self, name: str, asked: Mapping[str, str], budget: _Budget) -> tuple[list[Any], dict[str, str]]:
        """A page of a feed, new to old, and the ids its Link header names: prev (min_id) and next (max_id)."""
        params: dict[str, Any] = {"limit": self._limit, **asked}
        url = f"{self._url}/api/v1/timelines/tag/{quote(name[1:], safe='')}"
        if name.startswith("?"):
            url, params = f"{self._url}/api/v2/search", {"q": name[1:], "type": "statuses", **params}
        try:
            answer = self._web.get(url, params=params, headers=self._headers)
        except SourceError as error:
            if name.startswith("#") and error.status == 404 and "Record not found" in error.message:
                budget.left -= 1
                return [], {}  # a hashtag nobody has used yet
            raise
        budget.spend(answer.headers)
        try:
            body = answer.json()
        except (ValueError, RecursionError):
            raise SourceError(
                f"{self._name}: the answer of {url} is no JSON.", remedy="Check the address."
            ) from None
        if name.startswith("?"):
            body = body.get("statuses") if isinstance(body, dict) else None
        return self._statuses(body), _links(answer.headers.get("link", ""))

    def _statuses(self, body: Any) -> list[Any]:
        if not isinstance(body, list):
            raise SourceError(
                f"{self._name}: {self._url} answers no list of posts.", remedy="Check the address."
            )
        return [one for one in body if isinstance(one, dict) and one.get("id")]

    def _mentions(self, statuses: Sequence[Any]) -> tuple[tuple[Mention, ...], tuple[str, ...]]:
        mentions, problems = [], []
        for one in statuses:
            if one.get("visibility") not in ("public", "unlisted", None):
                continue  # a search with an account's token also finds what was written to it alone
            try:
                mentions.append(read_status(one, source=self._name, host=self._host))
            except (InputError, KeyError, TypeError, ValueError, AttributeError) as error:
                problems.append(
                    f"{self._name}: the post {str(one.get('id'))[:40]} cannot be read ({error!s:.100})."
                )
        return tuple(mentions), tuple(problems)


def _links(header: str) -> dict[str, str]:
    """The ids of a Link header. Only the ids: an address a server names is not followed, for it would get our token."""
    found = {}
    for address, rel in _LINK.findall(header[:8_000]):
        value = parse_qs(urlsplit(address).query).get({"prev": "min_id", "next": "max_id"}[rel])
        if value:
            found[rel] = value[0]
    return found


def _iso(seconds: float) -> str:
    return dt.datetime.fromtimestamp(seconds, dt.UTC).isoformat(timespec="seconds")
