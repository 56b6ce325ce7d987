"""Reviews in Apple's App Store: the customer reviews feed that needs no key.

    GET https://itunes.apple.com/{country}/rss/customerreviews/page={1..10}/id={app}/sortby=mostrecent/json

Apple publishes no page on it; its shape is known from those who read it: 50 reviews a page, the newest first, ten pages
(the eleventh answers 400 "CustomerReviews RSS page depth is limited to 10"), an empty list for an app nobody reviewed
or does not exist, now and then an empty page where there are reviews, formerly a first entry that is the app itself and
has no `im:rating`, and a single entry that stands alone instead of in a list. See
https://github.com/facundoolano/app-store-scraper/issues/4, https://github.com/amrrs/itunesr/issues/1 and
http://skyblues.org/arts/2756.

A review becomes one mention: text = title and content, author = the number of the reviewer's account, created_at =
`updated`, the only moment there is. The stars go nowhere: a mention has no rating, and the sentiment of the text is what
we use. The feed does not name a language.

The newest come first, so a country is read down to what is known before anything is given, and then given whole, oldest
first: killed half way, nothing was given and nothing is lost.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from forecast.errors import InputError, SourceError
from forecast.social.mention import Mention, parse_mention
from forecast.social.sources.base import Page
from forecast.social.sources.mark import read_mark, write_mark
from forecast.social.sources.web import Web

ADDRESS: Final = "https://itunes.apple.com"
BACKFILL: Final = dt.timedelta(days=7)
DEEPEST: Final = 10  # pages of a country; Apple gives no more
MOST: Final = 300  # pages of one reading, all countries together
KEPT: Final = 100  # reviews remembered per country: the newest two pages
_VERSION: Final = 1
_REVIEWER = re.compile(r"/id([0-9]+)$")


@dataclass(frozen=True)
class _Seen:
    """What we remember of a country. since: reviews before it (s since 1970) are never given. reviews: id -> digest."""

    since: int
    reviews: Mapping[str, str] = field(default_factory=dict)


class AppReviews:
    """Reviews of one app in several countries.

    name: the `source` of the mentions. app_id: the number in the app's address. countries: two letters each, such as
    nl. backfill: how old a review may be when a country is read for the first time. most: pages of one reading; what is left
    comes at the next. SourceError where no country can be read; where some can, the others become problem sentences.
    """

    def __init__(
        self,
        *,
        name: str,
        web: Web,
        app_id: str,
        countries: Sequence[str],
        backfill: dt.timedelta = BACKFILL,
        address: str = ADDRESS,
        most: int = MOST,
    ) -> None:
        if not re.fullmatch(r"[0-9]{1,15}", app_id):
            raise SourceError(
                f"{name}: {app_id[:30]!r} is no app.",
                remedy="Give the number in its address.",
                field="app_id",
            )
        self._countries = tuple(dict.fromkeys(one.lower() for one in countries))
        if not self._countries or not all(re.fullmatch(r"[a-z]{2}", one) for one in self._countries):
            raise SourceError(
                f"{name}: its countries are not clear.",
                remedy="Give two letters each, such as nl.",
                field="countries",
            )
        self._name, self._web, self._app, self._backfill = name, web, app_id, backfill
        self._address, self._most = address.rstrip("/"), most

    @property
    def name(self) -> str:
        return self._name

    def read(self, cursor: str | None, *, now: dt.datetime, afford: int | None = None) -> Iterator[Page]:
        """One page per country that has news; reviews cost nothing, so `afford` is no limit."""
        state, problems = _read_cursor(cursor, self._name)
        state = {country: seen for country, seen in state.items() if country in self._countries}
        failed, left = 0, self._most
        for country in sorted(self._countries, key=lambda one: one in state):  # those never read go first
            if left < DEEPEST:
                break
            seen = state.get(country)
            try:
                mentions, said, state[country], asked = self._read_country(country, seen, now)
            except SourceError as error:
                failed, left = failed + 1, left - 1
                if failed == len(self._countries):
                    raise
                yield Page(_write_cursor(state), problems=(*problems, str(error)))
                problems = ()
                continue
            left -= asked
            if mentions or said or problems or seen != state[country]:
                yield Page(_write_cursor(state), mentions=tuple(mentions), problems=(*problems, *said))
                problems = ()

    def _read_country(
        self, country: str, seen: _Seen | None, now: dt.datetime
    ) -> tuple[list[Mention], list[str], _Seen, int]:
        """-> (new or changed reviews, oldest first; problems; what to remember; pages asked for)."""
        known = seen or _Seen(since=int((now - self._backfill).timestamp()))
        found, met, number = dict[str, Mapping[str, Any]](), False, 0
        for number in range(1, DEEPEST + 1):
            entries = self._page(country, number)
            if number == 1 and not entries and known.reviews:
                entries = self._page(country, number)  # now and then a page is empty by mistake
            # a new review between two questions moves one to the next page: it is there twice, and taken once
            found = {**found, **{_id(one): one for one in entries if _id(one) not in found}}
            met = any(known.reviews.get(_id(one)) == _digest(one) for one in entries)
            old = any(0 < _seconds(one) < known.since for one in entries)
            if met or old or not entries:
                break
        mentions, problems = self._news(country, found, known, now)
        if known.reviews and not found:
            problems.append(
                f"{self._name}: {country} shows no review, and had some; it is asked again next time."
            )
            return mentions, problems, known, number
        if known.reviews and not met and number == DEEPEST:
            problems.append(
                f"{self._name}: {country} had more new reviews than the {len(found)} Apple shows; the oldest are lost. "
                "Read it more often."
            )
        kept = {id: _digest(one) for id, one in found.items()}
        kept.update({id: digest for id, digest in known.reviews.items() if id not in kept})
        return mentions, problems, _Seen(known.since, dict(list(kept.items())[:KEPT])), number

    def _page(self, country: str, number: int) -> list[Mapping[str, Any]]:
        """The reviews of one page, newest first. SourceError for an answer of another shape."""
        url = f"{self._address}/{country}/rss/customerreviews/page={number}/id={self._app}/sortby=mostrecent/json"
        told = self._web.json(url)
        try:
            entries = told["feed"].get("entry", [])
        except (TypeError, KeyError, AttributeError):
            raise SourceError(
                f"{self._name}: {url} is no list of reviews.", remedy="Check the app."
            ) from None
        entries = entries if isinstance(entries, list) else [entries]
        return [one for one in entries if isinstance(one, dict) and "im:rating" in one]

    def _news(
        self, country: str, found: Mapping[str, Mapping[str, Any]], known: _Seen, now: dt.datetime
    ) -> tuple[list[Mention], list[str]]:
        mentions, problems = list[Mention](), list[str]()
        for id, entry in found.items():
            if known.reviews.get(id) == _digest(entry) or 0 < _seconds(entry) < known.since:
                continue
            uri = _REVIEWER.search(_label(entry, "author", "uri"))
            created = _label(entry, "updated")
            row = {"id": id, "source": self._name, "created_at": created, "text": _text(entry),
                   "author": uri[1] if uri else _label(entry, "author", "name")}  # fmt: skip
            try:
                mentions.append(parse_mention(row, tz="UTC"))
            except InputError as error:
                problems.append(f"{self._name}: review {id[:40]!r} of {country} was left out. {error}")
        return sorted(mentions, key=lambda one: one.created_at), problems


def _label(entry: Mapping[str, Any], *path: str) -> str:
    """The `label` at the end of a path of names; '' where there is none."""
    value: Any = entry
    for step in (*path, "label"):
        value = value.get(step) if isinstance(value, dict) else None
    return value if isinstance(value, str) else ""


def _id(entry: Mapping[str, Any]) -> str:
    return _label(entry, "id")


def _text(entry: Mapping[str, Any]) -> str:
    return f"{_label(entry, 'title')}\n{_label(entry, 'content')}".strip()


def _digest(entry: Mapping[str, Any]) -> str:
    return hashlib.blake2b(_text(entry).encode("utf-8", "replace"), digest_size=4).hexdigest()


def _seconds(entry: Mapping[str, Any]) -> int:
    """When the review was written, in seconds since 1970; 0 where that cannot be read."""
    try:
        moment = dt.datetime.fromisoformat(_label(entry, "updated"))
        return int((moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)).timestamp())
    except (ValueError, OverflowError):
        return 0


def _write_cursor(state: Mapping[str, _Seen]) -> str:
    countries = {country: [seen.since, dict(seen.reviews)] for country, seen in state.items()}
    return write_mark(_VERSION, countries=countries)


def _read_cursor(cursor: str | None, name: str) -> tuple[dict[str, _Seen], tuple[str, ...]]:
    """-> (what is known per country, a sentence where the cursor is none of ours)."""
    if cursor is None:
        return {}, ()
    try:
        held = read_mark(cursor, _VERSION)
        return {
            str(country): _Seen(int(since), {str(id): str(digest) for id, digest in reviews.items()})
            for country, (since, reviews) in held["countries"].items()
        }, ()
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return {}, (
            f"{name}: its mark cannot be read, so it begins anew; reviews we hold come a second time.",
        )
