"""Posts of Bluesky from Jetstream, the JSON stream of everything public there, read over a websocket in turns.

    cursor {at, gap} ─► (filler over the gap) ─► connect at `at` - a few seconds ─► events until `now` ─► pages

A scheduled job reads: the server replays from `cursor` (microseconds) faster than life, and we leave when its events
reach `now`, when it falls silent, or at a bound of seconds or events; the next run goes on from there.

GET wss://HOST/subscribe?wantedCollections=app.bsky.feed.post&cursor=TIME_US&maxMessageSizeBytes=N
    https://github.com/bluesky-social/jetstream-legacy#consuming-jetstream (parameters, kinds, operations, and the advice
    to go some seconds back when reconnecting)
    https://github.com/bluesky-social/jetstream/blob/main/docs/README.md#51-legacy-v1-json-payload-subscribe
    Jetstream v2 (August 2026) keeps this wire unchanged for its readers, also on the old jetstream*.bsky.network hosts;
    its own wire counts cursors per instance, so a failover to another host would lose its place. No key is needed.
Retention: a day in v1 (https://github.com/bluesky-social/jetstream-legacy/issues/58), 36 hours by default in v2. An older
    cursor is moved up silently, so we measure: by the cursor's age, and by how late the first event comes.

The stream is the whole network: only posts holding one of `words` leave the source. Deletes are told for every post,
since the source does not know which ones were kept; the store ignores the others. An edit gives the new text, or a
Deletion where the new text no longer holds a word: the text we may hold was taken back.

Not translated: events of kind `account` (an account deleted, taken down, suspended or deactivated). They name no posts,
and a Deletion names one; who must forget a whole account asks the store for its author. Identity events (a new handle)
change nothing here, as the author is the DID.
"""

from __future__ import annotations

import datetime as dt
import re
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any, Protocol

from forecast.errors import ConfigError, InputError, SourceError
from forecast.social.mention import Mention
from forecast.social.sources.base import Deletion, Page, Source
from forecast.social.sources.bluesky_search import read_post, stamp
from forecast.social.sources.jetstream_link import POSTS, Connect, JetstreamLink
from forecast.social.sources.mark import read_mark, write_mark

VERSION = 1
COMPLAINTS = 10  # sentences on broken events per page
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


class Filler(Source, Protocol):
    """A source of the same posts that can look further back, with ids alike."""

    def since(self, moment: dt.datetime) -> str:
        """Its cursor when it has read everything up to `moment`."""
        ...

    def reached(self, cursor: str, moment: dt.datetime) -> bool:
        """Whether all up to `moment` is read."""
        ...


@dataclass(frozen=True, slots=True)
class _Mark:
    """All up to `at` (microseconds since 1970) is read, but for the gap: the filler's cursor, and where the gap ends."""

    at: int
    gap: str | None = None
    until: int = 0

    def text(self) -> str:
        return write_mark(VERSION, at=self.at, gap=self.gap, until=self.until)


class _Draft:
    """The page being filled."""

    def __init__(self, problems: list[str] | None = None) -> None:
        self.events = 0
        self.mentions: dict[str, Mention] = {}
        self.deletions: dict[str, Deletion] = {}
        self.problems: list[str] = problems or []

    def page(self, cursor: str) -> Page:
        return Page(
            cursor,
            tuple(self.mentions.values()),
            tuple(self.deletions.values()),
            problems=tuple(self.problems),
        )

    def complain(self, sentence: str) -> None:
        if len(self.problems) < COMPLAINTS:
            self.problems.append(sentence)

    def __bool__(self) -> bool:
        return bool(self.mentions or self.deletions or self.problems)


class Jetstream:
    """Posts of the whole network that hold one of `words`: whole words or #tags, large and small letters alike.

    connect: opens a websocket as `websockets.sync.client.connect` does. languages: two-letter codes; a post that names
    only others is left out, one that names none stays. filler: reads what the stream no longer holds. retention: how
    long the server keeps events. backfill: how far the first read looks back (beyond `retention` only with a filler).
    rewind: seconds gone back when connecting. quiet: seconds of silence that end a read. seconds, events: the most of
    one read. page, stride, deletes: posts, events and deletions after which a page ends, so that a long stretch without
    a match moves the mark too. hole: a first event this much later than asked for means that the server lost a stretch.
    """

    def __init__(
        self,
        *,
        name: str,
        connect: Connect,
        words: tuple[str, ...],
        url: str = "wss://jetstream2.us-east.bsky.network/subscribe",
        languages: tuple[str, ...] = (),
        filler: Filler | None = None,
        retention: dt.timedelta = dt.timedelta(hours=24),
        backfill: dt.timedelta = dt.timedelta(days=7),
        rewind: float = 5.0,
        quiet: float = 10.0,
        seconds: float = 300.0,
        events: int = 2_000_000,
        page: int = 100,
        stride: int = 20_000,
        deletes: int = 1_000,
        hole: dt.timedelta = dt.timedelta(minutes=10),
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._name = name
        self._link = JetstreamLink(
            name=name, connect=connect, url=url, rewind=rewind, quiet=quiet, seconds=seconds, most=events,
            sleep=sleep, clock=clock,
        )  # fmt: skip
        self._words = _pattern(name, words)
        self._languages = frozenset(one.lower() for one in languages)
        self._filler, self._retention, self._backfill = filler, retention, backfill
        self._page, self._stride, self._deletes, self._hole = page, stride, deletes, hole

    @property
    def name(self) -> str:
        return self._name

    def read(self, cursor: str | None, *, now: dt.datetime, afford: int | None = None) -> Iterator[Page]:
        """The gap, if there is one, then the stream until `now`; see `Source.read`. Posts are free."""
        mark, problems = self._begin(cursor, now)
        if mark.gap is not None:
            mark = yield from self._fill(mark, problems, afford)
        fresh = cursor is None or _read_mark(cursor) is None
        yield from self._stream(mark, now, _Draft(problems), fresh)

    def _begin(self, cursor: str | None, now: dt.datetime) -> tuple[_Mark, list[str]]:
        """Where to begin, never before what the server still holds, and what is to be said of it."""
        floor, problems = _micros(now - self._retention), []
        mark = _read_mark(cursor) if cursor else None
        if cursor and mark is None:
            problems.append(f"{self._name}: its mark cannot be read; it begins anew with what is still held.")
        if mark is None:
            back = self._backfill if self._filler else min(self._backfill, self._retention)
            mark = _Mark(_micros(now - back))
        elif mark.at < floor:
            told = (
                "the search fills them in"
                if self._filler
                else "they are lost; run the job more often than that"
            )
            problems.append(
                f"{self._name}: the stream holds {self._retention / dt.timedelta(hours=1):g} hours, so the posts from {_iso(mark.at)} "
                f"to {_iso(floor)} are gone from it: {told}."
            )
        mark = replace(mark, at=min(mark.at, _micros(now)))
        if mark.at < floor:
            mark = replace(self._open_gap(mark, mark.at, floor), at=floor)
        return (mark if self._filler else replace(mark, gap=None)), problems

    def _open_gap(self, mark: _Mark, start: int, end: int) -> _Mark:
        """The mark with a gap up to `end`; one that was open already grows."""
        if self._filler is None:
            return mark
        return replace(mark, gap=mark.gap or self._filler.since(_moment(start)), until=end)

    def _fill(self, mark: _Mark, problems: list[str], afford: int | None) -> Generator[Page, None, _Mark]:
        """The pages of the filler under our name. Where it fails the stream goes on, and the gap waits in the mark."""
        if self._filler is None or mark.gap is None:
            return mark
        until = _moment(mark.until)
        try:
            for page in self._filler.read(mark.gap, now=until, afford=afford):
                mark = replace(mark, gap=None if self._filler.reached(page.cursor, until) else page.cursor)
                mentions = tuple(replace(one, source=self._name) for one in page.mentions)
                told, problems[:] = (*problems, *page.problems), []
                yield replace(page, cursor=mark.text(), mentions=mentions, problems=told)
        except SourceError as error:
            problems.append(
                f"{self._name}: the gap up to {stamp(until)} is not filled yet: {error.message} It is tried again."
            )
        return mark

    def _stream(self, mark: _Mark, now: dt.datetime, draft: _Draft, fresh: bool) -> Iterator[Page]:
        began, given, end = mark.at, mark.text(), _micros(now)
        hole = int(self._hole.total_seconds() * 1e6)
        try:
            with closing(self._link.events(mark.at)) as events:
                for event in events:
                    if event is not None and event["time_us"] > end:
                        break  # it is of the next read
                    draft.events += 1
                    if event is None:
                        draft.complain(f"{self._name}: an event is no JSON with a time_us; it is left out.")
                        continue
                    if event["time_us"] - mark.at > hole and not fresh:
                        mark = self._open_gap(mark, mark.at, event["time_us"])
                        draft.problems.append(
                            f"{self._name}: the stream holds nothing from {_iso(mark.at)} to {_iso(event['time_us'])}."
                        )
                    fresh = False
                    mark = replace(mark, at=max(mark.at, event["time_us"]))
                    self._take(event, draft, now)
                    # No page before the mark has moved, or a page of re-read seconds would be given for ever.
                    if mark.at > began and self._full(draft):
                        given = mark.text()
                        yield draft.page(given)
                        draft = _Draft()
        except SourceError:
            if draft or mark.text() != given:
                yield draft.page(mark.text())
            raise
        if draft or mark.text() != given:
            yield draft.page(mark.text())

    def _full(self, draft: _Draft) -> bool:
        return (
            len(draft.mentions) >= self._page
            or len(draft.deletions) >= self._deletes
            or draft.events >= self._stride
        )

    def _take(self, event: dict[str, Any], draft: _Draft, now: dt.datetime) -> None:
        """Put what the event says into the page, where it is of a post."""
        commit = event.get("commit")
        if event.get("kind") != "commit" or not isinstance(commit, dict) or commit.get("collection") != POSTS:
            return
        uri = f"at://{event.get('did')}/{POSTS}/{commit.get('rkey')}"
        try:
            record = None if commit["operation"] == "delete" else commit["record"]
            if record is not None and self._wanted(record):
                draft.mentions[uri] = read_post(uri, record, _moment(event["time_us"]), source=self._name)
                draft.deletions.pop(uri, None)
            elif commit["operation"] != "create":
                draft.mentions.pop(uri, None)
                draft.deletions[uri] = Deletion(uri, now)
        except (InputError, LookupError, TypeError, ValueError, AttributeError, OverflowError) as error:
            draft.complain(f"{self._name}: the post {uri[:100]} cannot be read ({error!s:.100}).")

    def _wanted(self, record: dict[str, Any]) -> bool:
        langs, tags = record.get("langs"), record.get("tags")
        if self._languages and isinstance(langs, list) and langs:
            spoken = {str(one).lower().split("-", 1)[0] for one in langs}
            if not spoken & self._languages:
                return False
        if self._words.search(record["text"]):
            return True
        return isinstance(tags, list) and any(self._words.fullmatch(str(one)) for one in tags)


def _pattern(name: str, words: tuple[str, ...]) -> re.Pattern[str]:
    """words -> a pattern of any of them as a whole word; a # before one is allowed, and blanks may be of any length."""
    parts = [r"\s+".join(map(re.escape, one.lstrip("#").split())) for one in words]
    parts = sorted(filter(None, parts), key=len, reverse=True)
    if not parts:
        raise ConfigError(
            f"{name}: no words are given, and the stream is the whole network.",
            remedy="Give the brand's name.",
            field="words",
        )
    return re.compile(rf"(?<!\w)#?(?:{'|'.join(parts)})(?!\w)", re.IGNORECASE)


def _read_mark(cursor: str) -> _Mark | None:
    try:
        found = read_mark(cursor, VERSION)
        gap = found["gap"]
        if not (gap is None or isinstance(gap, str)):
            return None
        mark = _Mark(int(found["at"]), gap, int(found["until"]))
        return mark if 0 < mark.at < 2**52 and 0 <= mark.until < 2**52 else None
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def _micros(value: dt.datetime) -> int:
    return (value - _EPOCH) // dt.timedelta(microseconds=1)


def _moment(micros: int) -> dt.datetime:
    return _EPOCH + dt.timedelta(microseconds=micros)


def _iso(micros: int) -> str:
    return stamp(_moment(micros))
