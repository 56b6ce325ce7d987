"""Posts and comments of subreddits, or the posts that match a query, on Reddit.

    POST /api/v1/access_token              https://github.com/reddit-archive/reddit/wiki/OAuth2 (application only)
    GET  /r/NAME/new, /r/NAME/comments     https://www.reddit.com/dev/api#GET_new, #listings
    GET  /r/NAME/search, /search           https://www.reddit.com/dev/api#GET_search
    GET  /api/info                         https://www.reddit.com/dev/api#GET_api_info
    User-Agent, X-Ratelimit-*              https://github.com/reddit-archive/reddit/wiki/API
    1000 items of a listing at most        https://www.reddit.com/r/redditdev/wiki/api/faq
    fields of a post and a comment         https://github.com/reddit-archive/reddit/wiki/JSON
    how a removed post looks               https://signals.sh/blog/why-was-my-reddit-post-removed-by-automoderator-no-reason

A listing begins with its newest item, so each feed is walked back in time with `after` until the moment read before;
the way back stands in the cursor. `before` is not used: it hangs on one post, and that may be deleted meanwhile. Feeds
take turns; the last turn looks again at the newest posts we gave (`watch`): what is "[deleted]" or "[removed]" there
becomes a Deletion, what was edited comes again with its new text. Older posts are not looked at again. With a query
only posts are found: Reddit searches no comments.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, TypeAlias

from forecast.errors import ConfigError, InputError, SourceError
from forecast.social.mention import Mention, parse_mention
from forecast.social.sources.base import Deletion, Page
from forecast.social.sources.mark import read_mark, write_mark
from forecast.social.sources.web import Web

VERSION = 1  # of the cursor
LISTING = 1000  # items Reddit holds of a listing; a few may be missing, so a walk near it counts as cut off
_OVERLAP = 60.0  # seconds read again below the mark: a post can be listed some moments after it was made
_PAGES, _AT_ONCE = 200, 100  # answers of one run; items of one answer, as Reddit allows
_SUBREDDIT = re.compile(r"\w{2,24}", re.ASCII)
_FULLNAME = re.compile(r"t[13]_[0-9a-z]{1,13}")
_GONE = re.compile(r"\[ ?(?:deleted|removed)(?: by [\w /]{1,40})?\]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Feed:
    """Read up to `mark` (epoch seconds); after, top and count belong to the way back that is under way."""

    mark: float
    top: float = 0.0
    after: str = ""
    count: int = 0


@dataclass(frozen=True, slots=True)
class _State:
    """turn: the feed that comes next, or the number of feeds for the second look."""

    turn: int = 0
    checked: float = 0.0
    feeds: Mapping[str, _Feed] = field(default_factory=dict)
    watch: tuple[str, ...] = ()

    def text(self) -> str:
        return write_mark(VERSION, **{**asdict(self), "watch": " ".join(self.watch)})


_Steps: TypeAlias = Iterator[tuple[Page, _State]]  # each page with the state after it


class _Listing:
    """Asks for listings with one run's token; `left` is how many requests Reddit still grants."""

    def __init__(self, web: Web, name: str, root: str, headers: Mapping[str, str]) -> None:
        self._web, self._name, self._root, self._headers = web, name, root, headers
        self.left = 1e9

    def __call__(self, path: str, **params: Any) -> tuple[list[Any], str]:
        """The items of a listing, and the `after` that leads on ("" at its end)."""
        params["raw_json"] = 1  # without it Reddit writes < and > as entities
        answer = self._web.get(self._root + path, params=params, headers=self._headers)
        try:
            self.left = float(answer.headers.get("x-ratelimit-remaining", "inf"))
            data = answer.json()["data"]
            return list(data["children"]), str(data.get("after") or "")
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            said = f"{self._name}: Reddit answers {path} in another form than a listing."
            raise SourceError(said, remedy="Check the names of the subreddits.") from None


class Reddit:
    """Posts and comments of `subreddits`; with a `query`, the posts that match it there, or everywhere if none is given.

    client_id, secret: of a web or script app. user_agent: Reddit wants `platform:app:version (by /u/name)`. watch: how
    many of the newest posts, and of the newest comments, are looked at again. auth_root, api_root: for tests.
    """

    def __init__(
        self,
        *,
        name: str,
        web: Web,
        client_id: str,
        secret: str,
        subreddits: Sequence[str],
        query: str | None = None,
        user_agent: str = "server:forecall:v1",
        watch: int = 200,
        page: int = _AT_ONCE,
        auth_root: str = "https://www.reddit.com",
        api_root: str = "https://oauth.reddit.com",
        backfill: dt.timedelta = dt.timedelta(days=7),
    ) -> None:
        self._name, self._web, self._key, self._agent = name, web, (client_id, secret), user_agent
        self._auth, self._root = auth_root.rstrip("/"), api_root.rstrip("/")
        self._watch, self._page, self._backfill = watch, max(1, min(page, _AT_ONCE)), backfill
        self._feeds = _feeds(name, subreddits, (query or "").strip())

    @property
    def name(self) -> str:
        return self._name

    def read(self, cursor: str | None, *, now: dt.datetime, afford: int | None = None) -> Iterator[Page]:
        """Pages of each feed in turn, newest page first, then the second look; it ends early at Reddit's limit.

        afford is left aside: Reddit bills no posts. SourceError where Reddit refuses or cannot be reached.
        """
        state, problems = self._open(cursor, now)
        listing = _Listing(self._web, self._name, self._root, self._headers())
        pages, turns = 0, len(self._feeds) + 1
        for turn in [(state.turn + k) % turns for k in range(turns)]:
            state = replace(state, turn=turn)
            steps = self._walk if turn < len(self._feeds) else self._second_look
            try:
                for page, after in steps(listing, state, now):
                    state = after
                    yield replace(page, problems=(*problems, *page.problems))
                    problems, pages = (), pages + 1
                    if listing.left < 1 or pages >= _PAGES:
                        return
            except SourceError:  # one closed subreddit must not keep the next run from the others
                yield Page(cursor=replace(state, turn=(turn + 1) % turns).text(), problems=problems)
                raise

    def _headers(self) -> dict[str, str]:
        agent, asked = {"User-Agent": self._agent}, {"grant_type": "client_credentials"}
        answer = self._web.post(
            f"{self._auth}/api/v1/access_token", data=asked, headers=agent, auth=self._key
        )
        try:
            return {**agent, "Authorization": f"Bearer {answer.json()['access_token']}"}
        except (ValueError, TypeError, KeyError, RecursionError):
            said = f"{self._name}: Reddit gives no access token ({' '.join(answer.text.split())[:120]})."
            raise SourceError(said, remedy="Check its key and its address.") from None

    def _open(self, cursor: str | None, now: dt.datetime) -> tuple[_State, tuple[str, ...]]:
        first = (now - self._backfill).timestamp()
        state, problems = _State(), tuple[str, ...]()
        if cursor is not None:
            try:
                state = _parse(cursor, latest=now.timestamp() + 86_400)
            except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
                problems = (f"{self._name}: its mark cannot be read; reading begins anew at {_said(first)}.",)
        feeds = {path: state.feeds.get(path, _Feed(mark=first)) for path in self._feeds}
        turn, checked = min(state.turn, len(feeds)), state.checked or now.timestamp()
        return replace(state, feeds=feeds, turn=turn, checked=checked), problems

    def _walk(self, listing: _Listing, state: _State, now: dt.datetime) -> _Steps:
        """One feed back in time until the moment that was read before."""
        path, turn = list(self._feeds)[state.turn], state.turn
        resumed = bool(state.feeds[path].after)
        while state.turn == turn:
            feed = state.feeds[path]
            on = {"after": feed.after, "count": feed.count} if feed.after else {}
            items, after = listing(path, limit=self._page, **on, **self._feeds[path])
            if resumed and not items:  # the item we stood at may be gone: from the top again
                feed = replace(feed, after="", count=0)
                items, after = listing(path, limit=self._page, **self._feeds[path])
            resumed = False
            page, feed, done = self._step(path, feed, items, after, now)
            watch = _newest([*state.watch, *(mention.id for mention in page.mentions)], self._watch)
            state = replace(state, turn=turn + done, feeds={**state.feeds, path: feed}, watch=watch)
            yield replace(page, cursor=state.text()), state

    def _step(
        self, path: str, feed: _Feed, items: list[Any], after: str, now: dt.datetime
    ) -> tuple[Page, _Feed, bool]:
        """What one answer of a feed gives, the feed after it, and whether its walk has ended."""
        edge = feed.mark - _OVERLAP
        times = [min(made, now.timestamp()) for item in items if (made := _epoch(item, "created_utc"))]
        reached = bool(times) and times[-1] <= edge
        page = _read(self._name, [one for one in items if not 0 < _epoch(one, "created_utc") <= edge], now)
        feed = replace(feed, top=max([feed.top, *times]), after=after, count=feed.count + len(items))
        if after and not reached:
            return page, feed, False
        if not reached and feed.count >= 0.9 * LISTING:
            span = f"{_said(feed.mark)} to {_said(min(times, default=feed.mark))}"
            lost = f"{self._name}: of {path} Reddit lists the newest {LISTING} only; those from {span} cannot be had."
            page = replace(page, problems=(*page.problems, lost))
        return page, _Feed(mark=min(max(feed.mark, feed.top), now.timestamp())), True

    def _second_look(self, listing: _Listing, state: _State, now: dt.datetime) -> _Steps:
        """The posts we gave, once more: which are gone, which were edited since we looked last."""
        gone: set[str] = set()
        for at in range(0, len(state.watch), _AT_ONCE):
            names = state.watch[at : at + _AT_ONCE]
            items, _ = listing("/api/info", id=",".join(names))
            changed = [one for one in items if _gone(one) or _epoch(one, "edited") > state.checked]
            page = _read(self._name, changed, now)
            gone |= {deletion.id for deletion in page.deletions}
            after = state
            if at + _AT_ONCE >= len(state.watch):
                left = tuple(name for name in state.watch if name not in gone)
                after = replace(state, turn=0, checked=now.timestamp(), watch=left)
            yield replace(page, cursor=after.text()), after


def _feeds(name: str, subreddits: Sequence[str], query: str) -> dict[str, dict[str, Any]]:
    """Path -> parameters of every listing to read; ConfigError where there is none or a name is none of Reddit's."""
    places = [one.strip().removeprefix("/").removeprefix("r/").strip("/") for one in subreddits]
    for place in places:
        if not _SUBREDDIT.fullmatch(place):
            said = f"The source {name} names the subreddit {place[:40]!r}."
            raise ConfigError(said, remedy="Write its name without r/.", field="subreddits")
    asked = {"q": query, "sort": "new", "t": "all", "type": "link"}
    if query and not places:
        return {"/search": asked}
    if query:
        return {f"/r/{place}/search": {**asked, "restrict_sr": "true"} for place in places}
    if not places:
        said = f"The source {name} names neither subreddits nor a query."
        raise ConfigError(said, remedy="Give one of them.", field="subreddits")
    return {f"/r/{place}/{kind}": {} for place in places for kind in ("new", "comments")}


def _read(name: str, items: Iterable[Any], now: dt.datetime) -> Page:
    """Items of a listing, newest first -> a page without a cursor, its mentions oldest first."""
    mentions: list[Mention] = []
    deletions: list[Deletion] = []
    problems: list[str] = []
    for item in items:
        try:
            if _gone(item):
                deletions.append(Deletion(id=str(item["data"]["name"]), at=now))
            else:
                mentions.append(_mention(item, name))
        except (InputError, ValueError, TypeError, KeyError, AttributeError) as error:
            label = _data(item).get("name") or "without a name"
            why = str(error) if isinstance(error, InputError) else "Its form is unknown."
            problems.append(f"{name}: the post {label} was left out. {why}")
    return Page("", mentions=tuple(reversed(mentions)), deletions=tuple(deletions), problems=tuple(problems))


def _mention(item: Any, source: str) -> Mention:
    data, comment = item["data"], item["kind"] == "t1"
    parts = (data["body"],) if comment else (data["title"], data.get("selftext"))
    row = {
        "source": source, "id": data["name"], "created_at": data["created_utc"],
        "text": "\n\n".join(part for part in parts if part),
        "author": None if data.get("author") == "[deleted]" else data.get("author"),
        "repost_of": data.get("crosspost_parent"), "reply_to": data.get("parent_id") if comment else None,
    }  # fmt: skip
    return parse_mention(row, tz="UTC")


def _gone(item: Any) -> bool:
    """Whether the author or a moderator took it back. A deleted account alone leaves its posts standing."""
    data = _data(item)
    texts = (str(data.get(part)).strip() for part in ("body", "selftext", "title"))
    return bool(data.get("removed_by_category") or any(map(_GONE.fullmatch, texts)))


def _epoch(item: Any, key: str) -> float:
    """Epoch seconds in created_utc or edited; 0 where there are none: Reddit writes `false` for never edited."""
    return float(value) if isinstance(value := _data(item).get(key), int | float) else 0.0


def _data(item: Any) -> Mapping[str, Any]:
    data = item.get("data") if isinstance(item, dict) else None
    return data if isinstance(data, dict) else {}


def _newest(names: Iterable[str], watch: int) -> tuple[str, ...]:
    """The newest `watch` posts and as many comments: within a kind, a later name is a larger number to base 36."""
    newest = sorted(set(filter(_FULLNAME.fullmatch, names)), key=lambda name: int(name[3:], 36), reverse=True)
    kinds = ([name for name in newest if name.startswith(kind)] for kind in ("t3_", "t1_"))
    return tuple(name for kind in kinds for name in kind[: max(0, watch)])


def _parse(cursor: str, *, latest: float) -> _State:
    """A cursor of ours; ValueError and its like for any other, or one with a mark after `latest` (epoch seconds)."""
    found = read_mark(cursor, VERSION)
    feeds = {path: _Feed(float(one["mark"]), float(one["top"]), str(one["after"]), int(one["count"]))
             for path, one in found["feeds"].items()}  # fmt: skip
    if not all(0 <= moment <= latest for feed in feeds.values() for moment in (feed.mark, feed.top)):
        raise ValueError("a mark that cannot be")
    watch = tuple(name for name in found["watch"].split() if _FULLNAME.fullmatch(name))
    return _State(max(0, int(found["turn"])), float(found["checked"]), feeds, watch)


def _said(moment: float) -> str:
    return f"{dt.datetime.fromtimestamp(moment, dt.UTC):%Y-%m-%d %H:%M} UTC"
