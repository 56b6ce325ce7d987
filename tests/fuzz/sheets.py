"""A table whose meaning is known: every row carries the contacts it stands for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

TZ = "Europe/Amsterdam"
ZONE = ZoneInfo(TZ)
Key: TypeAlias = tuple[str, int]  # (queue, start in UTC seconds since 1970)
Meaning: TypeAlias = Mapping[Key, frozenset[float]]  # the values that may be read there


@dataclass(frozen=True)
class Row:
    """Cells as they are written, and the contacts they stand for: (queue, wall clock, contacts)[n]."""

    cells: tuple[Any, ...]
    stands_for: tuple[tuple[str, dt.datetime, float], ...] = ()


@dataclass(frozen=True)
class Sheet:
    """A file before it is written.

    places: our name -> column, for tidy sheets; form: how times are written (strftime), '' for real dates in Excel
    told: a warning that fits this excuses values that are not the meaning; must: load, refuse or either
    """

    kind: str
    header: tuple[Any, ...]
    rows: tuple[Row, ...]
    titles: tuple[tuple[Any, ...], ...] = ()
    footer: tuple[tuple[Any, ...], ...] = ()
    places: Mapping[str, int] = field(default_factory=dict)
    form: str = "%Y-%m-%d %H:%M"
    utc: bool = False
    delimiter: str = ","
    encoding: str = "utf-8"
    newline: str = "\r\n"
    told: str = ""
    must: str = "either"
    halved: bool = True

    def with_rows(self, rows: Iterable[Row], **more: Any) -> Sheet:
        return replace(self, rows=tuple(rows), **more)

    def lines(self) -> list[tuple[Any, ...]]:
        """Everything that stands in the file, from above."""
        return [*self.titles, self.header, *(row.cells for row in self.rows), *self.footer]


def at(moment: dt.datetime) -> int:
    """A wall clock time in Amsterdam (or an aware one) -> UTC seconds; the repeated hour by its fold."""
    return round((moment if moment.tzinfo else moment.replace(tzinfo=ZONE)).timestamp())


def repeated(moment: dt.datetime) -> bool:
    """The clock showed this time twice."""
    return moment.tzinfo is None and at(moment.replace(fold=0)) != at(moment.replace(fold=1))


def meaning_of(sheet: Sheet) -> dict[Key, frozenset[float]]:
    """What a person reads in the sheet. Of rows that repeat each other the last one, or any: both are told."""
    found: dict[Key, set[float]] = {}
    counts: dict[tuple[str, dt.datetime], int] = {}
    for row in sheet.rows:
        for queue, wall, _ in row.stands_for:
            counts[queue, wall.replace(fold=0)] = counts.get((queue, wall.replace(fold=0)), 0) + 1
    for row in sheet.rows:
        for queue, wall, value in row.stands_for:
            if not repeated(wall):
                found.setdefault((queue, at(wall)), set()).add(value)
                continue
            # once: split over both hours; more often: in the order of the file, which a mutation may have changed
            once = counts[queue, wall.replace(fold=0)] == 1
            for fold in (0, 1):
                held = found.setdefault((queue, at(wall.replace(fold=fold))), set())
                held |= {value / 2} if once else {value, value / 2}
    return {key: frozenset(values) for key, values in found.items()}
