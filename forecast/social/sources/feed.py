"""RSS and Atom feeds: news sites, blogs, outage pages, forums.

Formats: RSS 2.0 (https://www.rssboard.org/rss-specification), Atom (RFC 4287,
https://www.rfc-editor.org/rfc/rfc4287), read by feedparser (https://feedparser.readthedocs.io/en/latest/).
Conditional requests: RFC 9110, 13.1 (https://www.rfc-editor.org/rfc/rfc9110#section-13.1), as feedparser's
page on ETag and Last-Modified advises (https://feedparser.readthedocs.io/en/latest/http-etag.html).

A feed is a window on the newest posts: what leaves it while we are away is lost, and said so. Bytes come from `Web`;
feedparser gets them as a stream, since it would open a text as an address or a file.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from forecast.errors import InputError, SourceError
from forecast.social.mention import Mention, parse_mention
from forecast.social.sources.base import Page
from forecast.social.sources.feed_entries import MOST, Entry, read_entries, short
from forecast.social.sources.mark import read_mark, write_mark
from forecast.social.sources.web import Web

BACKFILL: Final = dt.timedelta(days=7)
_VERSION: Final = 1


@dataclass(frozen=True)
class _Held:
    """What we remember of an entry: its text as a digest, and seconds since 1970 (0: undated)."""

    digest: str
    updated: int
    created: int


@dataclass(frozen=True)
class _Seen:
    """What we remember of an address. since: posts before it (s since 1970) are never given."""

    since: int
    etag: str = ""
    modified: str = ""
    entries: Mapping[str, _Held] = field(default_factory=dict)


class Feed:
    """Posts of one or several feeds.

    name: the `source` of the mentions. urls: the addresses of the feeds. backfill: how old a post may be when an
    address is read for the first time; a feed seldom holds more than its newest ten to hundred. SourceError where no
    address can be read; where some can, the others become problem sentences.
    """

    def __init__(
        self, *, name: str, web: Web, urls: Sequence[str], backfill: dt.timedelta = BACKFILL
    ) -> None:
        if not urls:
            raise SourceError(f"{name}: no feed is named.", remedy="Give at least one address.", field="urls")
        self._name, self._web, self._backfill = name, web, backfill
        self._urls = tuple(dict.fromkeys(urls))

    @property
    def name(self) -> str:
        return self._name

    def read(self, cursor: str | None, *, now: dt.datetime, afford: int | None = None) -> Iterator[Page]:
        """One page per address that has news; feeds cost nothing, so `afford` is no limit."""
        state, problems = _read_cursor(cursor, self._name)
        state = {url: seen for url, seen in state.items() if url in self._urls}
        failed: list[SourceError] = []
        for url in self._urls:
            seen = state.get(url)
            try:
                page = self._read_one(url, seen, now)
            except SourceError as error:
                failed.append(error)
                if len(failed) == len(self._urls):
                    raise
                yield Page(_write_cursor(state), problems=(*problems, str(error)))
                problems = ()
                continue
            if page is None:
                continue
            mentions, said, state[url] = page
            if mentions or said or problems or seen != state[url]:
                yield Page(_write_cursor(state), mentions=mentions, problems=(*problems, *said))
                problems = ()

    def _read_one(
        self, url: str, seen: _Seen | None, now: dt.datetime
    ) -> tuple[tuple[Mention, ...], tuple[str, ...], _Seen] | None:
        """-> (mentions, problems, what to remember), or None where nothing changed since the last time."""
        asked = {"accept": "application/atom+xml, application/rss+xml, application/xml;q=0.9, */*;q=0.5"}
        if seen and seen.etag:
            asked["if-none-match"] = seen.etag
        if seen and seen.modified:
            asked["if-modified-since"] = seen.modified
        answer = self._web.get(url, headers=asked)
        if answer.status_code == 304:
            return None
        entries, sound = read_entries(
            answer.content, answer.headers.get("content-type", ""), f"{self._name}: {url}"
        )
        known = seen or _Seen(since=int((now - self._backfill).timestamp()))
        mentions, problems = self._news(url, entries, known, now, first=seen is None)
        if lost := _lost(entries, known):
            problems.append(f"{self._name}: {url} {lost}")
        if not sound:
            problems.append(f"{self._name}: {url} is broken XML; entries after the break may be missing.")
        kept = {short(one.id): _hold(one, known, now) for one in entries}
        newest = sorted(({**known.entries, **kept}).items(), key=lambda item: item[1].updated, reverse=True)
        # what was cut off half way must be asked for anew, not answered with "not modified"
        tags = (
            (answer.headers.get("etag", ""), answer.headers.get("last-modified", "")) if sound else ("", "")
        )
        return tuple(mentions), tuple(problems), _Seen(known.since, *tags, dict(newest[:MOST]))

    def _news(
        self, url: str, entries: Sequence[Entry], known: _Seen, now: dt.datetime, *, first: bool
    ) -> tuple[list[Mention], list[str]]:
        """The entries that are new or changed, oldest first, and what was left out."""
        mentions, problems, undated = list[Mention](), list[str](), 0
        for entry in entries:
            held = known.entries.get(short(entry.id))
            if held and not (entry.digest != held.digest and entry.moment > held.updated):
                continue
            if first and not entry.moment:
                undated += 1
                continue
            created = _hold(entry, known, now).created
            if created < known.since:
                continue
            local = len(self._urls) > 1 and ":" not in entry.id  # two feeds may both call a post 1
            name = f"{short(url)}:{entry.id}" if local else entry.id
            row = {"id": name, "source": self._name, "text": entry.text, "author": entry.author,
                   "created_at": dt.datetime.fromtimestamp(created, dt.UTC), "language": entry.language}  # fmt: skip
            try:
                mentions.append(parse_mention(row, tz="UTC"))
            except InputError as error:
                problems.append(f"{self._name}: entry {entry.id[:80]!r} of {url} was left out. {error}")
        if undated:
            problems.append(
                f"{self._name}: {undated} entries of {url} have no date and were there before us; left out."
            )
        return sorted(mentions, key=lambda one: one.created_at), problems


def _hold(entry: Entry, known: _Seen, now: dt.datetime) -> _Held:
    """What to remember of an entry. Its creation stays what it was first; none lies after `now`."""
    held = known.entries.get(short(entry.id))
    if held and not (entry.digest != held.digest and entry.moment > held.updated):
        return held
    present = int(now.timestamp())
    created = entry.published or (held.created if held else 0) or entry.updated or present
    return _Held(entry.digest, entry.moment, min(created, present))


def _lost(entries: Sequence[Entry], known: _Seen) -> str:
    """A sentence where none of the entries is one we knew, so that others may have come and gone; else ''."""
    if not entries or not known.entries or any(short(one.id) in known.entries for one in entries):
        return ""
    last = max(one.updated for one in known.entries.values())
    dated = [one.moment for one in entries if one.moment]
    until = f"{_iso(min(dated))}" if dated else "now"
    return f"shows none of the entries we knew: those between {_iso(last)} and {until} are lost. Read it more often."


def _iso(seconds: int) -> str:
    return dt.datetime.fromtimestamp(seconds, dt.UTC).isoformat(timespec="minutes")


def _write_cursor(state: Mapping[str, _Seen]) -> str:
    feeds = {
        url: [seen.since, seen.etag, seen.modified, {key: [one.digest, one.updated, one.created] for key, one in seen.entries.items()}]
        for url, seen in state.items()
    }  # fmt: skip
    return write_mark(_VERSION, feeds=feeds)


def _read_cursor(cursor: str | None, name: str) -> tuple[dict[str, _Seen], tuple[str, ...]]:
    """-> (what is known per address, a sentence where the cursor is none of ours)."""
    if cursor is None:
        return {}, ()
    try:
        held = read_mark(cursor, _VERSION)
        return {
            str(url): _Seen(int(since), str(etag), str(modified), {
                str(key): _Held(str(one[0]), int(one[1]), int(one[2])) for key, one in entries.items()
            })
            for url, (since, etag, modified, entries) in held["feeds"].items()
        }, ()  # fmt: skip
    except (ValueError, TypeError, KeyError, AttributeError, IndexError, RecursionError):
        return {}, (f"{name}: its mark cannot be read, so it begins anew; posts we hold come a second time.",)
