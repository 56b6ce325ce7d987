"""Counted rows from a view or table of another database, as `query` selects them: one statement that reads.

The database is behind a `Select`, so that nothing here knows a driver: it takes the moment that is bound to `:since` and gives the
names of the columns and the rows, as a stream. Rows come in the order of their intervals (`ORDER BY`): a page ends between
two intervals, so that a queue that a view tells in several rows is never cut in two.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, TypeAlias

from forecast.buckets import zone
from forecast.contacts.sources.base import Page, state_of
from forecast.contacts.sources.counted_rows import Rows, Shape, cell, check_columns, read_rows
from forecast.errors import ConfigError, InputError, SourceError
from forecast.social.sources.mark import write_mark

VERSION = 1  # of the cursor
ROWS = 20_000  # of a page, and the rest of its last interval
MOST = 2_000_000  # of one run; the rest comes at the next
Selected: TypeAlias = tuple[Sequence[str], Iterator[Sequence[Any]]]
Select: TypeAlias = Callable[[dt.datetime | float], AbstractContextManager[Selected]]
_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
_READS = re.compile(r"\s*(?:\(\s*)*(?:select|with|values|table)\b", re.IGNORECASE)


class SqlView:
    """Counted rows of `select`. columns: our column -> the query's; overlap: how far before the newest row it is asked again.

    since: `local` binds a moment without a zone on the clock of the shape, `utc` an aware one, `epoch` its seconds.
    """

    def __init__(
        self,
        *,
        name: str,
        select: Select,
        columns: Mapping[str, str],
        shape: Shape,
        since: str = "local",
        overlap: dt.timedelta = dt.timedelta(days=2),
        backfill: dt.timedelta = dt.timedelta(days=730),
        page: int = ROWS,
    ) -> None:
        check_columns(name, columns, "columns")
        self._name, self._select, self._columns, self._shape = name, select, dict(columns), shape
        self._since, self._overlap, self._backfill = since, overlap, backfill
        self._lot = page

    @property
    def name(self) -> str:
        return self._name

    def read(self, cursor: str | None, *, now: dt.datetime) -> Iterator[Page]:
        """Pages by interval, the oldest first. SourceError where the database refuses, or the rows are in no order."""
        found, problems = state_of(cursor, VERSION, self._name)
        try:
            mark, at = float(str(found.get("mark", 0.0))), float(str(found.get("at", 0.0)))
        except ValueError:
            mark, at = 0.0, 0.0
        first = dt.datetime.fromtimestamp(mark, dt.UTC) - self._overlap if mark else now - self._backfill
        if at:  # a page ends with all the rows of its interval: the next one goes on behind it
            first = dt.datetime.fromtimestamp(at + 1, dt.UTC)
        newest, read = max(mark, at), 0
        with self._select(self._bound(first)) as (names, rows):
            for lot, last in self._lots(self._mapped(names, rows)):
                taken = self._take(lot, now)
                newest, read = max(newest, taken.newest), read + len(lot)
                at = max(at, taken.newest)
                yield Page(
                    cursor=_mark(newest, 0.0) if last else _mark(mark, at),
                    volumes=taken.volumes,
                    interval=self._shape.interval,
                    left_out=taken.left_out,
                    problems=(*problems, *taken.problems),
                )
                problems = ()
                if read >= MOST:
                    return
        if problems or (at and not read):
            yield Page(cursor=_mark(newest, 0.0), problems=problems)

    def _bound(self, first: dt.datetime) -> dt.datetime | float:
        first = first.astimezone(dt.UTC).replace(microsecond=0)
        if self._since == "epoch":
            return int(first.timestamp())
        return first if self._since == "utc" else first.astimezone(zone(self._shape.tz)).replace(tzinfo=None)

    def _mapped(self, names: Sequence[str], rows: Iterator[Sequence[Any]]) -> Iterator[dict[str, Any]]:
        plain = [str(name).casefold() for name in names]
        places = dict[str, int]()
        for ours, theirs in self._columns.items():
            if theirs.casefold() not in plain:
                raise SourceError(
                    f"{self._name}: the query gives no column {theirs!r}; it gives {', '.join(map(str, names))}.",
                    remedy=f"Correct `columns.{ours}`, or name it so with AS.",
                    field=f"columns.{ours}",
                )
            places[ours] = plain.index(theirs.casefold())
        for row in rows:
            yield {ours: row[place] for ours, place in places.items()}

    def _lots(self, rows: Iterator[dict[str, Any]]) -> Iterator[tuple[list[dict[str, Any]], bool]]:
        """(rows, whether they are the last) by the page; SourceError where a page begins before the one before it ended."""
        lot, last, ended = list[dict[str, Any]](), "", ""
        for row in rows:
            start = _order(row["interval_start"])
            if len(lot) >= self._lot and start != last:
                yield lot, False
                lot, ended = [], max(ended, *(_order(one["interval_start"]) for one in lot))
            if ended and start <= ended:
                raise SourceError(
                    f"{self._name}: the rows are in no order of time ({start} after {ended}).",
                    remedy="End the query with ORDER BY and the column of interval_start.",
                    field="query",
                )
            lot.append(row)
            last = start
        if lot:
            yield lot, True

    def _take(self, lot: list[dict[str, Any]], now: dt.datetime) -> Rows:
        try:
            return read_rows(lot, self._columns, self._shape, now=now)
        except InputError as error:
            said = f"{self._name}: its rows cannot be read. {error.message}"
            raise SourceError(said, remedy=error.remedy, field="columns") from None


def _mark(mark: float, at: float) -> str:
    """The cursor. mark: the newest interval of the finished readings; at: that of the one under way, 0 for none."""
    return write_mark(VERSION, mark=mark, at=at)


def _order(start: Any) -> str:
    """An interval's start as a text that sorts by time."""
    aware = isinstance(start, dt.datetime) and start.tzinfo is not None
    return cell(start.astimezone(dt.UTC) if aware else start)


def check_query(name: str, query: str) -> str:
    """A query -> the same without a last semicolon; ConfigError for one that does not only read, or does not ask for what is new."""
    plain = _COMMENT.sub(" ", query).strip().rstrip(";").rstrip()
    if not _READS.match(plain) or ";" in re.sub(r"'[^']*'", "''", plain):
        raise ConfigError(
            f"The source {name}: `query` is not one SELECT.",
            remedy="Write one statement that reads, without a semicolon within.",
            field="query",
        )
    if not re.search(r"(?<![:\w]):since\b(?!:)", plain):
        raise ConfigError(
            f"The source {name}: `query` has no :since (a cast of it is CAST(:since AS ...)).",
            remedy="Ask for what is new alone: WHERE interval_start >= :since ORDER BY interval_start.",
            field="query",
        )
    return plain
