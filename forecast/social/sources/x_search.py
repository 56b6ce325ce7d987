"""Posts on X that match a query, from the recent search (X API v2).

    GET /2/tweets/search/recent     https://docs.x.com/x-api/posts/recent-search
    since_id, until_id, next_token  https://docs.x.com/x-api/posts/search/integrate/paginate
    edits                           https://docs.x.com/x-api/fundamentals/edit-posts
    what a post costs               https://docs.x.com/x-api/getting-started/pricing
    error bodies                    https://docs.x.com/x-api/fundamentals/response-codes-and-errors

X gives the newest posts first, so the cursor holds the whole way back in time: the id it comes from, the lowest id met
and the page token. A reading that was cut off is first walked to its end, then the newer posts are asked for. Lower
bounds are always ids, made of a moment where no post is known (ids carry their millisecond): X refuses a `since_id`
beside a `start_time` (https://github.com/plhery/node-twitter-api-v2/issues/152), and a `since_id` older than seven days
(https://github.com/rooteco/tweetscape/issues/421).

Deleted posts (`deletes = False`): X tells of them only through compliance jobs, which ask for ids we hold; this source
never yields a Deletion. An edit makes a new id; the post keeps its first one here, so that its text is replaced.
Every post returned is `spent`. X bills the author objects that bring the reach as well; `followers=False` saves them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from forecast.errors import ConfigError, InputError, SourceError
from forecast.social.mention import Mention, parse_mention
from forecast.social.sources.base import Page
from forecast.social.sources.mark import read_mark, write_mark
from forecast.social.sources.web import Web
from forecast.social.sources.x_counts import HISTORY, MARGIN, ROOT, Answer, ask, required_query, said

VERSION = 1  # of the cursor
SMALLEST, LARGEST = 10, 100  # posts of one answer, as X allows
_PAGES = 300  # answers read at one run; the rest comes at the next
_RECENT = dt.timedelta(
    days=1
)  # after a quiet time the bound moves up to this far back, lest X finds it too old
_EPOCH_MS = 1_288_834_974_657  # ids count milliseconds from here, above 22 bits
_FIELDS = "author_id,created_at,edit_history_tweet_ids,lang,note_tweet,referenced_tweets"
_NO_LANGUAGE = frozenset(
    {"und", "zxx", "art", "qam", "qct", "qht", "qme", "qst"}
)  # undetermined, links only, tags
_OLD_CODES = {"in": "id", "iw": "he", "ji": "yi"}


@dataclass(frozen=True, slots=True)
class _Walk:
    """A way back in time: ids are 0 where none was met; until and token as they go into the next request."""

    began: int  # epoch seconds
    size: int  # max_results that belongs to the token
    top: int = 0
    low: int = 0
    until: int = 0
    token: str = ""


@dataclass(frozen=True, slots=True)
class _Mark:
    """Everything up to the id `since` is read; `walk` is under way above it."""

    since: int
    walk: _Walk | None = None

    def text(self) -> str:
        return write_mark(VERSION, **asdict(self))


class XSearch:
    """Posts that match `query` (X's own query language), as its account's id wrote them.

    token: the app's bearer token. page: posts asked for at once, 10 to 100. followers: also ask for the authors, which
    gives the reach and costs a user read each. root: where X is, for tests. ConfigError where a setting cannot be.
    """

    def __init__(
        self,
        *,
        name: str,
        web: Web,
        token: str,
        query: str,
        followers: bool = True,
        page: int = LARGEST,
        root: str = ROOT,
        backfill: dt.timedelta = HISTORY,
    ) -> None:
        if not SMALLEST <= page <= LARGEST:
            raise ConfigError(
                f"The source {name} asks for {page} posts at once.", remedy="Use 10 to 100.", field="page"
            )
        self._query = required_query(name, query)
        self._name, self._web, self._token = name, web, token
        self._followers, self._page, self._backfill = followers, page, backfill
        self._url = root.rstrip("/") + "/2/tweets/search/recent"

    @property
    def name(self) -> str:
        return self._name

    def read(self, cursor: str | None, *, now: dt.datetime, afford: int | None = None) -> Iterator[Page]:
        """Pages of posts after `cursor`; an unfinished way back first, then the newer ones; newest page first.

        afford: posts still payable; no answer can hold more than are left of it, and since X gives no fewer than 10 at
        a time, up to 9 may stay unused. SourceError where X refuses or cannot be reached.
        """
        mark, problems = self._open(cursor, now)
        left = afford
        for _ in range(_PAGES):
            size = self._page if left is None else min(self._page, left)
            if size < SMALLEST:
                yield Page(cursor=mark.text(), problems=(*problems, self._capped(size)))
                return
            began = mark.walk.began if mark.walk else int(now.timestamp())
            try:
                page, mark = self._step(mark, size, now, problems)
            except SourceError:
                if mark.walk and mark.walk.token:  # should X refuse the token, the lowest id leads on as well
                    walk = replace(mark.walk, token="", until=mark.walk.low)
                    yield Page(cursor=replace(mark, walk=walk).text(), problems=problems)
                raise
            problems, left = (), None if left is None else left - page.spent
            yield page
            if mark.walk is None and began == int(now.timestamp()):
                return

    def _open(self, cursor: str | None, now: dt.datetime) -> tuple[_Mark, tuple[str, ...]]:
        first = max(now - HISTORY + MARGIN, now - self._backfill)
        anew = _Mark(since=_id_at(first))
        if cursor is None:
            return anew, ()
        try:
            found = read_mark(cursor, VERSION)
            walk = found.pop("walk")
            mark = _Mark(**found, walk=_Walk(**walk) if walk else None)
            if not _sound(mark) or mark.since > _id_at(now + dt.timedelta(days=1)):
                raise ValueError("no mark of ours")
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return anew, (f"{self._name}: its mark cannot be read; reading begins anew at {said(first)}.",)
        return mark, ()

    def _step(
        self, mark: _Mark, size: int, now: dt.datetime, problems: tuple[str, ...]
    ) -> tuple[Page, _Mark]:
        """One answer, and the mark after it."""
        walk = mark.walk or _Walk(began=int(now.timestamp()), size=size)
        edge = _id_at(now - HISTORY + MARGIN)
        since = max(mark.since, edge)
        if mark.since < edge:
            problems = (*problems, self._lost(mark.since, edge))
        if since != mark.since or size != walk.size:
            walk = replace(
                walk, size=size, until=walk.low, token=""
            )  # a token holds for the request it came from
        if walk.until and walk.until <= since:  # what is left of this walk lies beyond X's reach
            mark = _done(since, walk)
            return Page(cursor=mark.text(), problems=problems), mark
        answer = ask(self._web, self._name, self._url, self._params(since, walk), self._token)
        ids = [int(post["id"]) for post in answer.data if _has_id(post)]
        low = min([*ids, walk.low]) if walk.low else min(ids, default=0)
        token = str(answer.meta.get("next_token") or "")
        walk = replace(walk, top=max([*ids, walk.top]), low=low, token=token)
        mark = _Mark(since, walk) if token else _done(since, walk)
        mentions, broken = self._mentions(answer)
        page = Page(
            cursor=mark.text(),
            mentions=mentions,
            spent=len(answer.data),
            problems=(*problems, *answer.problems, *broken),
        )
        return page, mark

    def _params(self, since: int, walk: _Walk) -> dict[str, Any]:
        params: dict[str, Any] = {"query": self._query, "max_results": walk.size, "sort_order": "recency",
                                  "since_id": str(since), "tweet.fields": _FIELDS}  # fmt: skip
        if self._followers:
            params |= {"expansions": "author_id", "user.fields": "public_metrics"}
        if walk.until:
            params["until_id"] = str(walk.until)
        if walk.token:
            params["next_token"] = walk.token
        return params

    def _mentions(self, answer: Answer) -> tuple[tuple[Mention, ...], tuple[str, ...]]:
        """The posts of an answer, oldest first, and what was left out."""
        listed = answer.includes.get("users")
        users = {
            str(user.get("id")): user
            for user in (listed if isinstance(listed, list) else [])
            if isinstance(user, dict)
        }
        mentions: list[Mention] = []
        problems: list[str] = []
        for post in reversed(answer.data):
            try:
                mention = _mention(post, users, self._name)
            except (InputError, ValueError, TypeError, KeyError, AttributeError) as error:
                name = post.get("id") if isinstance(post, dict) else None
                why = str(error) if isinstance(error, InputError) else "Its form is unknown."
                problems.append(f"{self._name}: the post {name or 'without an id'} was left out. {why}")
                continue
            if mention is not None:
                mentions.append(mention)
        return tuple(mentions), tuple(problems)

    def _capped(self, left: int) -> str:
        return (
            f"{self._name}: {left} posts are left of what may be paid for and X gives no fewer than {SMALLEST} at a "
            "time; reading goes on once there is room."
        )

    def _lost(self, since: int, edge: int) -> str:
        return (
            f"{self._name}: posts from {said(_moment_of(since))} to {said(_moment_of(edge))} that were not read yet "
            "cannot be had any more: X searches the last 7 days only."
        )


def _done(since: int, walk: _Walk) -> _Mark:
    """Everything up to the top is read; the bound never falls so far behind that X would refuse it."""
    quiet = _id_at(dt.datetime.fromtimestamp(walk.began, dt.UTC) - _RECENT)
    return _Mark(since=max(since, walk.top, quiet))


def _mention(post: Any, users: Mapping[str, Any], source: str) -> Mention | None:
    """A post of the answer; None for a version that was edited since, whose newest version comes by itself."""
    versions = [str(one) for one in post.get("edit_history_tweet_ids") or [post["id"]]]
    if versions[-1] != str(post["id"]):
        return None
    edited = len(versions) > 1
    referred = {one["type"]: one["id"] for one in reversed(post.get("referenced_tweets") or [])}
    author = post.get("author_id")
    language = str(post.get("lang") or "")
    return parse_mention(
        {
            "source": source,
            "id": versions[0],
            "created_at": _moment_of(int(versions[0])).replace(microsecond=0)
            if edited
            else post.get("created_at"),
            "text": (post.get("note_tweet") or {}).get("text")
            or post.get("text"),  # the note is the uncut text
            "author": author,
            "language": None if language in _NO_LANGUAGE else _OLD_CODES.get(language, language),
            "reach": (users.get(str(author), {}).get("public_metrics") or {}).get("followers_count"),
            "repost_of": referred.get("retweeted"),
            "reply_to": referred.get("replied_to"),
        },
        tz="UTC",
    )


def _has_id(post: Any) -> bool:
    name = post.get("id") if isinstance(post, dict) else None
    return isinstance(name, str) and name.isascii() and name.isdecimal() and len(name) < 20


def _sound(mark: _Mark) -> bool:
    """Whether a mark read from a cursor holds what ours hold."""
    walk: Any = mark.walk
    numbers: list[Any] = [mark.since]
    if walk is not None:
        numbers += [walk.began, walk.size, walk.top, walk.low, walk.until]
    whole = all(type(one) is int and 0 <= one < 2**63 for one in numbers)
    return whole and (walk is None or (isinstance(walk.token, str) and walk.began < 2**33))


def _id_at(moment: dt.datetime) -> int:
    """The smallest id a post of this moment can have."""
    return max(0, int(moment.timestamp() * 1000) - _EPOCH_MS) << 22


def _moment_of(id: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(((id >> 22) + _EPOCH_MS) / 1000, dt.UTC)
