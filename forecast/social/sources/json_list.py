"""A list behind a JSON address, page by page: what posts and counted contacts have in common when they are asked for.

    answer ─► items (a path to the list) ─► take(items) ─► what they are, and the newest moment among them ─► the next page

There is no one supplier, so there is no one page to cite. Covered are the usual shapes: a bearer or API key header; a list
at some path; pages by URL (in the answer, or in a `Link` header, RFC 8288), token, number or offset; a `since` parameter.

A path is names joined by dots; a whole number picks from a list: `data.items`, `author.names.0`; "" is the thing itself.
Names that hold dots cannot be reached. The mark (the newest moment read) moves on only when the last page was read,
whatever the order of the pages; a reading cut off goes on at its page.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from typing import Any, Generic, TypeVar
from urllib.parse import urljoin, urlsplit

import httpx2

from forecast.buckets import zone
from forecast.errors import ConfigError, InputError, SourceError
from forecast.social.sources.mark import read_mark, write_mark
from forecast.social.sources.web import Web

VERSION = 1  # of the cursor
PAGES = 300  # answers of one run; the rest comes at the next
FORMATS: dict[str, Callable[[dt.datetime], str]] = {
    "iso": lambda moment: f"{moment:%Y-%m-%dT%H:%M:%SZ}",
    "epoch": lambda moment: str(int(moment.timestamp())),
    "epoch_ms": lambda moment: str(int(moment.timestamp() * 1000)),
}
_NEEDS: Mapping[str, tuple[str, ...]] = {"none": (), "url": ("path",), "link": (), "token": ("path", "parameter"),
                                         "number": ("parameter",), "offset": ("parameter",)}  # fmt: skip
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Paging:
    """How the next page is asked for: `by` none, url, link, token, number or offset (the last two until an empty page).

    path: where the answer holds the next URL or token. parameter: what carries the token, number or offset. first: page
    number, or offset, of the first page.
    """

    by: str = "none"
    path: str = ""
    parameter: str = ""
    first: int = 1


ONE_PAGE = Paging()


@dataclass(frozen=True, slots=True)
class Since:
    """The query parameter that asks for what is new. format: iso (whole seconds, Z), epoch or epoch_ms.

    overlap: seconds asked for again, since items may reach a system late. path: where an item holds the moment this is
    about, if not its creation; with the moment of the last change, edits and deletions of old items come as well.
    """

    parameter: str
    format: str = "iso"
    overlap: float = 300.0
    path: str = ""


@dataclass(frozen=True, slots=True)
class Step(Generic[T]):
    """One answer. cursor: where to go on; taken: what `take` made of its items, None where there was no answer."""

    cursor: str
    taken: T | None = None
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _State:
    """mark, top: epoch seconds of the newest item of the finished readings, and of the one under way (0: none).

    since, next: the parameter's value in the reading under way, and its next URL, token, number or offset.
    """

    mark: float = 0.0
    top: float = 0.0
    since: str = ""
    next: str = ""

    def text(self) -> str:
        return write_mark(VERSION, **asdict(self))


class JsonList:
    """The items at `url`. token: sent as `header: scheme token`, alone where scheme is empty; headers, params: sent with
    every request. backfill: how far a first reading looks back, given `since`. ConfigError names the setting that cannot be.
    """

    def __init__(
        self,
        *,
        name: str,
        web: Web,
        url: str,
        items: str = "",
        token: str = "",
        header: str = "Authorization",
        scheme: str = "Bearer",
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        paging: Paging = ONE_PAGE,
        since: Since | None = None,
        backfill: dt.timedelta = dt.timedelta(days=7),
    ) -> None:
        self._name, self._web, self._url, self._items = name, web, url, items
        self._params, self._paging, self._since = dict(params or {}), paging, since
        self._backfill = backfill
        self._headers = {"Accept": "application/json", **(headers or {})}
        if token:
            self._headers[header] = f"{scheme} {token}".strip()
        if origin(url)[0] not in ("http", "https") or not origin(url)[1]:
            raise wrong(name, "url", f"is {url[:60]!r}", "Begin it with https://.")
        check_path(name, "items", items)
        _check_paging(name, paging, since, self._params)

    def read(
        self, cursor: str | None, *, now: dt.datetime, take: Callable[[list[Any]], tuple[T, float]]
    ) -> Iterator[Step[T]]:
        """Steps in the order the system gives its pages. take: items -> (what they are, newest moment in epoch seconds, 0 without).

        SourceError where the system refuses, cannot be reached, or leads on to another host.
        """
        state, problems = self._open(cursor)
        resumed = bool(state.next)
        if not resumed:
            state = self._begin(state, now)
        before: list[Any] = []
        for _ in range(PAGES):
            try:
                answer = self._ask(state)
                body = _json(answer, self._name)
                items = self._list(body)
                upcoming = self._next(answer, body, items, state.next)
            except SourceError:
                if resumed:  # a token can grow too old: the next run begins this reading again
                    yield Step(replace(state, next="", top=0.0).text(), problems=problems)
                raise
            taken, top = take(items)
            if items and items == before:
                problems, upcoming = (f"{self._name}: two pages hold the same posts. Check `paging`.",), ""
            state = replace(state, top=max(state.top, min(top, now.timestamp())), next=upcoming)
            state = state if upcoming else _State(mark=max(state.mark, state.top))
            yield Step(state.text(), taken, problems)
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
        by, same_host = self._paging.by, origin(upcoming) == origin(self._url)
        counted = by in ("number", "offset") and upcoming.isdecimal()
        return by == "token" or counted or (by in ("url", "link") and same_host)

    def _begin(self, state: _State, now: dt.datetime) -> _State:
        """A new reading from the mark, or from as far back as a first one goes."""
        if self._since is None:
            return replace(state, since="", top=0.0)
        start = now - self._backfill
        if state.mark:
            start = dt.datetime.fromtimestamp(min(state.mark, now.timestamp()) - self._since.overlap, dt.UTC)
        return replace(state, since=FORMATS[self._since.format](start.astimezone(dt.UTC)), top=0.0)

    def _ask(self, state: _State) -> httpx2.Response:
        paging = self._paging
        if paging.by in ("url", "link") and state.next:  # it holds its parameters itself
            return self._web.get(state.next, headers=self._headers)
        params = dict(self._params)
        if self._since is not None:
            params[self._since.parameter] = state.since
        if paging.by in ("number", "offset"):
            params[paging.parameter] = state.next or str(paging.first)
        elif paging.by == "token" and state.next:
            params[paging.parameter] = state.next
        return self._web.get(self._url, params=params, headers=self._headers)

    def _list(self, body: Any) -> list[Any]:
        items = at_path(body, self._items)
        if isinstance(items, list):
            return items
        said = f"{self._name}: its answer holds no list at {self._items or 'the top'!r}."
        raise SourceError(said, remedy="Mend the path in `items`.", field="items")

    def _next(self, answer: httpx2.Response, body: Any, items: Sequence[Any], asked: str) -> str:
        """The next page's URL, token, number or offset; "" at the end, and where it is the one just asked for."""
        paging = self._paging
        if paging.by == "none":
            return ""
        if paging.by in ("number", "offset"):
            step = 1 if paging.by == "number" else len(items)
            return str(int(asked or paging.first) + step) if items else ""
        value = _linked(answer) if paging.by == "link" else at_path(body, paging.path)
        if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
            return ""
        upcoming, leads = str(value), paging.by in ("url", "link")
        if leads:
            with suppress(ValueError):  # what is no address has no host either, and is refused below
                upcoming = urljoin(self._url, upcoming)
        if leads and origin(upcoming) != origin(self._url):
            said = f"{self._name}: its next page lies on another host, {upcoming[:80]!r}."
            raise SourceError(said, remedy="The key is not sent there; check `paging`.", field="paging")
        return upcoming if upcoming != asked else ""


def at_path(value: Any, path: str) -> Any:
    """What stands at a path; None where it leads nowhere."""
    for part in path.split(".") if path else ():
        if isinstance(value, dict):
            value = value.get(part)
        elif isinstance(value, list) and part.isdecimal() and int(part) < len(value):
            value = value[int(part)]
        else:
            return None
    return value


def origin(url: str) -> tuple[str, str]:
    """Scheme and host; ("", "") of what is no address, such as one with half a bracket."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "", ""
    return parts.scheme.lower(), parts.netloc.lower()


def check_path(name: str, field: str, path: str) -> None:
    """ConfigError where a path has an empty part."""
    if path and "" in path.split("."):
        raise wrong(name, field, f"is {path!r}", "Write a path such as data.text.")


def check_zone(name: str, tz: str) -> None:
    """ConfigError where there is no such zone."""
    try:
        zone(tz)
    except InputError as error:
        raise wrong(name, "tz", f"is {tz!r}", error.remedy) from None


def wrong(name: str, field: str, what: str, remedy: str) -> ConfigError:
    """The sentence on a setting of a source that cannot be."""
    return ConfigError(f"The source {name}: {field} {what}.", remedy=remedy, field=field)


def _json(answer: httpx2.Response, name: str) -> Any:
    try:
        return answer.json()
    except (ValueError, RecursionError):
        place = str(answer.request.url).split("?", 1)[0]
        raise SourceError(f"{name}: the answer of {place} is no JSON.", remedy="Check the address.") from None


def _linked(answer: httpx2.Response) -> str:
    """The target of `rel="next"` in the Link headers; "" where there is none."""
    return str(answer.links.get("next", {}).get("url", ""))


def _check_paging(name: str, paging: Paging, since: Since | None, params: Mapping[str, str]) -> None:
    """ConfigError where pages or the newest items cannot be asked for like this."""
    if paging.by not in _NEEDS:
        raise wrong(name, "paging.by", f"is {paging.by!r}", f"Use one of {', '.join(_NEEDS)}.")
    for part in _NEEDS[paging.by]:
        if not getattr(paging, part):
            raise wrong(name, f"paging.{part}", "is missing", f"Pages by {paging.by} need it.")
    if since is None:
        return
    if since.format not in FORMATS:
        raise wrong(name, "since.format", f"is {since.format!r}", f"Use one of {', '.join(FORMATS)}.")
    if not since.parameter or since.parameter in params:
        raise wrong(
            name, "since.parameter", f"is {since.parameter!r}", "Name one that `params` does not set."
        )
    if not 0 <= since.overlap <= 30 * 86_400:
        raise wrong(name, "since.overlap", f"is {since.overlap}", "Give seconds, at most 30 days of them.")
