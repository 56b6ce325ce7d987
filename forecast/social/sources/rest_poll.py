"""Posts from any JSON address: a listening suite, a review platform, an in-house system.

    answer ─► items (a path to the list) ─► fields (mention field ─► path) ─► mentions

There is no one supplier, so there is no one page to cite. Covered are the usual shapes: a bearer or API key header; a
list at some path; pages by the URL of the next one, by a token, or by number; a `since` parameter.

A path is names joined by dots; a whole number picks from a list: `data.items`, `author.names.0`; "" is the thing itself.
Names that hold dots cannot be reached. The mark (the newest moment read) moves on only when the last page was read,
whatever the order of the pages; a reading cut off goes on at its page. What comes twice is recognised by its id.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from typing import Any
from urllib.parse import urljoin, urlsplit

from forecast.buckets import zone
from forecast.errors import ConfigError, InputError, SourceError
from forecast.social.mention import COLUMNS, REQUIRED, Mention, parse_mention
from forecast.social.sources.base import Deletion, Page
from forecast.social.sources.mark import read_mark, write_mark
from forecast.social.sources.web import Web

VERSION = 1  # of the cursor
_PAGES = 300  # answers of one run; the rest comes at the next
_MAPPABLE = [one for one in COLUMNS if one not in ("source", "known_at")]  # the reader knows these two
_NEVER = dt.datetime(1990, 1, 1, tzinfo=dt.UTC)  # of a deleted item that does not say when it was made
_FORMATS: dict[str, Callable[[dt.datetime], str]] = {
    "iso": lambda moment: f"{moment:%Y-%m-%dT%H:%M:%SZ}",
    "epoch": lambda moment: str(int(moment.timestamp())),
    "epoch_ms": lambda moment: str(int(moment.timestamp() * 1000)),
}


@dataclass(frozen=True, slots=True)
class Paging:
    """How the next page is asked for: `by` none, url, token or number (until an empty page).

    path: where the answer holds the next URL or token. parameter: what carries the token or number. first: page number.
    """

    by: str = "none"
    path: str = ""
    parameter: str = ""
    first: int = 1


@dataclass(frozen=True, slots=True)
class Since:
    """The query parameter that asks for what is new. format: iso (whole seconds, Z), epoch or epoch_ms.

    overlap: seconds asked for again, since posts may reach a system late. path: where an item holds the moment this is
    about, if not its creation; with the moment of the last change, edits and deletions of old items come as well.
    """

    parameter: str
    format: str = "iso"
    overlap: float = 300.0
    path: str = ""


@dataclass(frozen=True, slots=True)
class _State:
    """mark, top: epoch seconds of the newest item of the finished readings, and of the one under way (0: none).

    since, next: the parameter's value in the reading under way, and its next URL, token or number.
    """

    mark: float = 0.0
    top: float = 0.0
    since: str = ""
    next: str = ""

    def text(self) -> str:
        return write_mark(VERSION, **asdict(self))


class RestPoll:
    """Mentions out of the JSON at `url`: `items` is the path to the list, `fields` maps mention fields to paths.

    fields: id, created_at and text at least; `deleted_at` (a moment or a flag) makes an item a Deletion. token: sent as
    `header: scheme token`, alone where scheme is empty. headers, params: sent with every request. tz: of moments without
    an offset. backfill: how far a first reading looks back, given `since`. ConfigError names the setting that cannot be.
    """

    def __init__(
        self,
        *,
        name: str,
        web: Web,
        url: str,
        fields: Mapping[str, str],
        items: str = "",
        token: str = "",
        header: str = "Authorization",
        scheme: str = "Bearer",
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        paging: Paging = Paging(),
        since: Since | None = None,
        tz: str = "UTC",
        backfill: dt.timedelta = dt.timedelta(days=7),
    ) -> None:
        self._name, self._web, self._url, self._tz = name, web, url, tz
        self._items, self._fields, self._params = items, dict(fields), dict(params or {})
        self._paging, self._since, self._backfill = paging, since, backfill
        self._headers = {"Accept": "application/json", **(headers or {})}
        if token:
            self._headers[header] = f"{scheme} {token}".strip()
        _check(name, url, items, self._fields, tz)
        _check_paging(name, paging, since, self._params)

    @property
    def name(self) -> str:
        return self._name

    def read(self, cursor: str | None, *, now: dt.datetime, afford: int | None = None) -> Iterator[Page]:
        """Pages in the order the system gives them, each one's mentions oldest first.

        afford is left aside: what a post costs is not known here. SourceError where the system refuses, cannot be
        reached, or leads on to another host.
        """
        state, problems = self._open(cursor)
        resumed = bool(state.next)
        if not resumed:
            state = self._begin(state, now)
        before: list[Any] = []
        for _ in range(_PAGES):
            try:
                body = self._ask(state)
                items = self._list(body)
                upcoming = self._next(body, items, state.next)
            except SourceError:
                if resumed:  # a token can grow too old: the next run begins this reading again
                    yield Page(cursor=replace(state, next="", top=0.0).text(), problems=problems)
                raise
            page, top = self._read(items, now)
            if items and items == before:
                problems, upcoming = (f"{self._name}: two pages hold the same posts. Check `paging`.",), ""
            state = replace(state, top=max(state.top, min(top, now.timestamp())), next=upcoming)
            state = state if upcoming else _State(mark=max(state.mark, state.top))
            yield replace(page, cursor=state.text(), problems=(*problems, *page.problems))
            resumed, problems, before = False, (), items
            if not upcoming:
                return

    def _open(self, cursor: str | None) -> tuple[_State, tuple[str, ...]]:
        if cursor is None:
            return _State(), ()
        try:
            found = read_mark(cursor, VERSION)
            state = _State(**found)
            if not all(type(one) in (int, float) and 0 <= one < 1e10 for one in (state.mark, state.top)):
                raise ValueError("no moments")
            if type(state.since) is not str or type(state.next) is not str:
                raise ValueError("no texts")
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
            return _State(), (f"{self._name}: its mark cannot be read; reading begins anew.",)
        return state if self._leads_on(state.next) else replace(state, next=""), ()

    def _leads_on(self, upcoming: str) -> bool:
        """Whether a next page of an earlier run fits the settings of this one."""
        by, same_host = self._paging.by, _origin(upcoming) == _origin(self._url)
        return by == "token" or (by == "number" and upcoming.isdecimal()) or (by == "url" and same_host)

    def _begin(self, state: _State, now: dt.datetime) -> _State:
        """A new reading from the mark, or from as far back as a first one goes."""
        if self._since is None:
            return replace(state, since="", top=0.0)
        start = now - self._backfill
        if state.mark:
            start = dt.datetime.fromtimestamp(min(state.mark, now.timestamp()) - self._since.overlap, dt.UTC)
        return replace(state, since=_FORMATS[self._since.format](start.astimezone(dt.UTC)), top=0.0)

    def _ask(self, state: _State) -> Any:
        paging = self._paging
        if paging.by == "url" and state.next:  # it holds its parameters itself
            return self._web.json(state.next, headers=self._headers)
        params = dict(self._params)
        if self._since is not None:
            params[self._since.parameter] = state.since
        if paging.by == "number":
            params[paging.parameter] = state.next or str(paging.first)
        elif paging.by == "token" and state.next:
            params[paging.parameter] = state.next
        return self._web.json(self._url, params=params, headers=self._headers)

    def _list(self, body: Any) -> list[Any]:
        items = _at(body, self._items)
        if isinstance(items, list):
            return items
        said = f"{self._name}: its answer holds no list at {self._items or 'the top'!r}."
        raise SourceError(said, remedy="Mend the path in `items`.", field="items")

    def _next(self, body: Any, items: list[Any], asked: str) -> str:
        """The next page's URL, token or number; "" at the end, and where it is the one just asked for."""
        paging = self._paging
        if paging.by == "none":
            return ""
        if paging.by == "number":
            return str(int(asked or paging.first) + 1) if items else ""
        value = _at(body, paging.path)
        if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
            return ""
        upcoming = str(value)
        if paging.by == "url":
            with suppress(ValueError):  # what is no address has no host either, and is refused below
                upcoming = urljoin(self._url, upcoming)
        if paging.by == "url" and _origin(upcoming) != _origin(self._url):
            said = f"{self._name}: its next page lies on another host, {upcoming[:80]!r}."
            raise SourceError(said, remedy="The key is not sent there; check `paging`.", field="paging")
        return upcoming if upcoming != asked else ""

    def _read(self, items: list[Any], now: dt.datetime) -> tuple[Page, float]:
        """Items -> a page without a cursor, and the newest moment in them (epoch seconds, 0 without)."""
        mentions, deletions, problems, top = list[Mention](), list[Deletion](), list[str](), 0.0
        for item in items:
            row = {field: _at(item, path) for field, path in self._fields.items()}
            gone = _flagged(row.pop("deleted_at", None))
            if gone:
                row = {"id": row["id"], "created_at": row["created_at"] or _NEVER, "text": ""}
            try:
                known = self._mention(row)
                top = max(top, self._newest(item, known))
                if gone:
                    deletions.append(Deletion(id=known.id, at=now))
                else:
                    mentions.append(known)
            except InputError as error:
                problems.append(f"{self._name}: the post {str(row['id'])[:80]} was left out. {error}")
        mentions.sort(key=lambda mention: mention.created_at)
        return Page("", mentions=tuple(mentions), deletions=tuple(deletions), problems=tuple(problems)), top

    def _newest(self, item: Any, known: Mention) -> float:
        """Epoch seconds of what `since` is about in an item; of its creation where it says nothing of that."""
        changed = _at(item, self._since.path) if self._since and self._since.path else None
        moment = self._mention({"id": "-", "created_at": changed, "text": ""}) if changed else known
        return moment.created_at.timestamp()

    def _mention(self, row: Mapping[str, Any]) -> Mention:
        return parse_mention({**row, "source": self._name}, tz=self._tz)


def _at(value: Any, path: str) -> Any:
    """What stands at a path; None where it leads nowhere."""
    for part in path.split(".") if path else ():
        if isinstance(value, dict):
            value = value.get(part)
        elif isinstance(value, list) and part.isdecimal() and int(part) < len(value):
            value = value[int(part)]
        else:
            return None
    return value


def _flagged(value: Any) -> bool:
    """Whether a mark of deletion, a moment or a flag in any writing, says yes."""
    return str(value).strip().lower() not in ("", "none", "null", "false", "no", "0")


def _origin(url: str) -> tuple[str, str]:
    """Scheme and host; ("", "") of what is no address, such as one with half a bracket."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "", ""
    return parts.scheme.lower(), parts.netloc.lower()


def _check(name: str, url: str, items: str, fields: Mapping[str, str], tz: str) -> None:
    """ConfigError where the address or the mapping cannot be."""
    if _origin(url)[0] not in ("http", "https") or not _origin(url)[1]:
        raise _wrong(name, "url", f"is {url[:60]!r}", "Begin it with https://.")
    for field in REQUIRED:
        if field != "source" and field not in fields:
            raise _wrong(name, f"fields.{field}", "is missing", "Say where an item holds it.")
    for field, path in {**fields, "": items}.items():
        place = f"fields.{field}" if field else "items"
        if field and field not in _MAPPABLE:
            raise _wrong(name, place, "is no field of a mention", f"Some are {', '.join(_MAPPABLE)}.")
        if (field and not path) or (path and "" in path.split(".")):
            raise _wrong(name, place, f"is {path!r}", "Write a path such as data.text.")
    try:
        zone(tz)
    except InputError as error:
        raise _wrong(name, "tz", f"is {tz!r}", error.remedy) from None


def _check_paging(name: str, paging: Paging, since: Since | None, params: Mapping[str, str]) -> None:
    """ConfigError where pages or the newest posts cannot be asked for like this."""
    needs = {"none": (), "url": ("path",), "token": ("path", "parameter"), "number": ("parameter",)}
    if paging.by not in needs:
        raise _wrong(name, "paging.by", f"is {paging.by!r}", f"Use one of {', '.join(needs)}.")
    for part in needs[paging.by]:
        if not getattr(paging, part):
            raise _wrong(name, f"paging.{part}", "is missing", f"Pages by {paging.by} need it.")
    if since is None:
        return
    if since.format not in _FORMATS:
        raise _wrong(name, "since.format", f"is {since.format!r}", f"Use one of {', '.join(_FORMATS)}.")
    if not since.parameter or since.parameter in params:
        raise _wrong(
            name, "since.parameter", f"is {since.parameter!r}", "Name one that `params` does not set."
        )
    if not 0 <= since.overlap <= 30 * 86_400:
        raise _wrong(name, "since.overlap", f"is {since.overlap}", "Give seconds, at most 30 days of them.")


def _wrong(name: str, field: str, what: str, remedy: str) -> ConfigError:
    return ConfigError(f"The source {name}: {field} {what}.", remedy=remedy, field=field)
