"""Times as people write them -> wall-clock times, without guessing whether 03-04 is in March or in April."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from forecast.arrays import Ns
from forecast.buckets import DAY, SECOND
from forecast.contacts.spelled_dates import spelled_out
from forecast.contacts.zones import localise
from forecast.errors import AmbiguousDates, InputError

DMY: Final = "dmy"
MDY: Final = "mdy"
LONGEST: Final = 100  # characters; no moment is written longer, and a cell may be a megabyte

_TIME = (
    r"(?:(?:[Tt]|[ ,]+)(?P<hour>[0-9]{1,2}):?(?P<minute>[0-9]{2})(?::?(?P<second>[0-9]{2})(?:[.,](?P<fraction>[0-9]{1,9}))?)?"
    r"(?:\s*(?P<half>[aApP])\.?[mM]\.?)?)?(?:\s*(?P<offset>[Zz]|UTC|GMT|[+-][0-9]{2}(?::?[0-9]{2})?))?"
)
_YEAR_FIRST = re.compile(r"(?P<year>[0-9]{4})([-/.])(?P<month>[0-9]{1,2})\2(?P<day>[0-9]{1,2})" + _TIME)
_COMPACT = re.compile(r"(?P<year>[0-9]{4})(?P<month>[0-9]{2})(?P<day>[0-9]{2})" + _TIME)
_YEAR_LAST = re.compile(
    r"(?P<first>[0-9]{1,2})([-/.])(?P<then>[0-9]{1,2})\2(?P<year>[0-9]{4}|[0-9]{2})" + _TIME
)
_INSIDE = re.compile(r"(?<![0-9])[0-9]{1,2}([-/.])[0-9]{1,2}\1(?:[0-9]{4}|[0-9]{2})(?![0-9])")
_EXCEL = re.compile(r"[2-7][0-9]{4}(?:[.,][0-9]+)?")  # days since 1899-12-30: 1954 to 2119
_EXCEL_EPOCH = dt.date(1899, 12, 30).toordinal()
_UNIX_EPOCH = dt.date(1970, 1, 1).toordinal()


@dataclass(frozen=True)
class Walls:
    """Times of a column, not yet placed in a zone.

    ns:      int64[n] wall-clock time as if it were UTC; the UTC time itself where `aware`
    aware:   bool[n] an offset was written
    reasons: object[n] '' for a good time, else why it is none
    """

    ns: Ns
    aware: npt.NDArray[np.bool_]
    reasons: npt.NDArray[np.object_]

    @property
    def good(self) -> npt.NDArray[np.bool_]:
        """bool[n]: this cell is a time."""
        return np.asarray(self.reasons == "", dtype=bool)

    def as_utc(self) -> Walls:
        """The same times, those without an offset read as UTC."""
        return replace(self, aware=np.ones(len(self.ns), dtype=bool))


def find_order(columns: Iterable[pd.Series], asked: str | None) -> str:
    """The date order that the cells of a file allow, or the one `asked` for.

    A day above 12 decides. AmbiguousDates where every such date reads both ways, or where both orders occur.
    """
    if asked is not None and asked not in (DMY, MDY):
        raise InputError(
            f"The date order {asked!r} is unknown.", remedy="Use dmy or mdy.", field="date_order"
        )
    if asked is not None:
        return asked
    day_first = month_first = 0
    unclear = ""
    for column in columns:
        for text in column.unique():
            match = _YEAR_LAST.fullmatch(text)
            if match is None and not text[:4].isdigit():  # what begins with the year needs no second look
                match = _YEAR_LAST.fullmatch(spelled_out(text[:LONGEST]))
            if match is None:
                continue
            first, then = int(match["first"]), int(match["then"])
            day_first += first > 12 >= then
            month_first += then > 12 >= first
            if first != then and first <= 12 and then <= 12:
                unclear = unclear or text
    if max(day_first, month_first) >= 10 * min(day_first, month_first) and day_first != month_first:
        return (
            DMY if day_first > month_first else MDY
        )  # a lone date that fits only the other order is a bad row
    if day_first:
        raise AmbiguousDates(
            "Some dates put the day first and others the month.",
            remedy="Make them alike, or say which with --date-order dmy|mdy.",
            field="date_order",
        )
    if unclear:
        raise AmbiguousDates(
            f"{unclear!r} can be day-month or month-day, and so can every other date of the file.",
            remedy="Say which with --date-order dmy or --date-order mdy.",
            field="date_order",
        )
    return DMY


def read_walls(cells: pd.Series, order: str) -> Walls:
    """cells[n] -> Walls[n]. `order` says how to read dates that end with the year."""
    codes, unique = pd.factorize(cells.to_numpy(dtype=object))
    read = [_read(str(text), order) for text in unique]
    ns = np.array([item if isinstance(item, int) else item[0] for item in read], dtype=np.int64)
    aware = np.array([not isinstance(item, int) and item[1] == "aware" for item in read], dtype=bool)
    reasons = np.array(
        ["" if isinstance(item, int) or item[1] == "aware" else item[1] for item in read], dtype=object
    )
    return Walls(ns[codes], aware[codes], reasons[codes])


def is_date(text: str) -> bool:
    """A cell or header that is a date, or a moment at midnight: whatever the order of its day and month."""
    match = None
    for plain in (text, spelled_out(text[:LONGEST])):
        match = _YEAR_FIRST.fullmatch(plain) or _YEAR_LAST.fullmatch(plain) or _COMPACT.fullmatch(plain)
        if match is not None:
            break
    if match is None or (match["offset"] or "").strip() not in ("", "Z"):
        return False
    numbers = [
        int(match[part]) for part in (("first", "then") if "first" in match.groupdict() else ("month", "day"))
    ]
    clock = [int(match[part] or 0) for part in ("hour", "minute", "second")]
    year = int(match["year"])
    return (
        1 <= min(numbers) <= 12
        and max(numbers) <= 31
        and not any(clock)
        and (year < 100 or 1970 <= year < 2200)
    )


def is_moment(text: str) -> bool:
    """A cell that is a date with a time of day, in either order of day and month."""
    return any(
        not isinstance(read := _read(text, order), tuple) or read[1] == "aware" for order in (DMY, MDY)
    )


def dates_within(text: str) -> list[str]:
    """Numeric dates inside a title: `Periode: 01-01-2026 t/m 31-01-2026` -> both."""
    return [found[0] for found in _INSIDE.finditer(text[:1000])]


def parse_times(
    cells: pd.Series, *, tz: str, date_order: str | None = None
) -> tuple[Ns, npt.NDArray[np.object_]]:
    """cells[n] -> (UTC ns[n], reasons[n]); where a reason stands, the time is NaT (the smallest int64).

    For columns in which rows do not depend on each other (`known_at`, dates): the repeated hour is its first one.
    """
    walls = read_walls(cells, find_order([cells], date_order))
    return instants(walls, tz), walls.reasons


def instants(walls: Walls, tz: str) -> Ns:
    """Walls[n] -> UTC ns[n], NaT where there is no time; the repeated hour is its first one."""
    places = localise(walls.ns, walls.aware, tz)
    return np.where(walls.good, places.first, np.int64(pd.NaT.value))


def _read(text: str, order: str) -> int | tuple[int, str]:
    """One cell -> naive wall ns, or (UTC ns, 'aware'), or (0, reason)."""
    if not text:
        return 0, "is empty"
    read = _plain(text, order)
    if read is None:
        spelled = spelled_out(text[:LONGEST])
        read = _plain(spelled, order) if spelled != text else None
    return read if read is not None else (0, "is not a time we can read (write 2024-01-31T09:30)")


def _plain(text: str, order: str) -> int | tuple[int, str] | None:
    """Like `_read`, for a text of digits and marks; None where it has another form."""
    match = _YEAR_FIRST.fullmatch(text) or _COMPACT.fullmatch(text)
    if match is not None:
        return _assemble(match, int(match["year"]), int(match["month"]), int(match["day"]))
    match = _YEAR_LAST.fullmatch(text)
    if match is not None:
        first, then = int(match["first"]), int(match["then"])
        year = int(match["year"]) + (2000 if len(match["year"]) == 2 else 0)
        day, month = (first, then) if order == DMY else (then, first)
        if month > 12 >= day:
            return 0, "is a date only with day and month exchanged: are the dates near it right?"
        return _assemble(match, year, month, day)
    if _EXCEL.fullmatch(text):
        days = float(text.replace(",", "."))
        return round((days - _UNIX_EPOCH + _EXCEL_EPOCH) * 86_400) * SECOND
    return None


def _assemble(match: re.Match[str], year: int, month: int, day: int) -> int | tuple[int, str]:
    try:
        days = dt.date(year, month, day).toordinal() - _UNIX_EPOCH
    except ValueError:
        return 0, "is not a date of the calendar"
    if not 1970 <= year <= 2199:
        return 0, "lies before 1970 or after 2199"
    hour, minute, second = (int(match[part] or 0) for part in ("hour", "minute", "second"))
    half = (match["half"] or "").lower()
    if half and not 1 <= hour <= 12:
        return 0, "is not a time of day"
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    if (hour > 23 or minute > 59 or second > 59) and (hour, minute, second) != (24, 0, 0):
        return 0, "is not a time of day"
    fraction = int((match["fraction"] or "0").ljust(9, "0"))
    wall = days * DAY + (hour * 3600 + minute * 60 + second) * SECOND + fraction
    offset = match["offset"]
    if offset is None:
        return wall
    seconds = _offset_seconds(offset)
    return (
        (wall - seconds * SECOND, "aware")
        if abs(seconds) <= 50_400
        else (0, "has an offset no place on earth has")
    )


def _offset_seconds(text: str) -> int:
    if text[0] not in "+-":
        return 0
    digits = text[1:].replace(":", "").ljust(4, "0")
    return (int(digits[:2]) * 3600 + int(digits[2:]) * 60) * (-1 if text[0] == "-" else 1)
