"""Which columns of a table tell the time, and date and time of day joined into one."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from forecast.contacts.clock import LONGEST, is_date, is_moment
from forecast.contacts.spelled_dates import without_ends
from forecast.contacts.spellings import DATE, KNOWN, MOMENT, TIME, folded
from forecast.contacts.tables import Origin
from forecast.contacts.times_of_day import clock_text, second_of_day

Objects = npt.NDArray[np.object_]
_SAMPLE = 200  # distinct cells that show what a column holds
_UNNAMED = re.compile(r"column [0-9]+")
_MIDNIGHT = re.compile(r"[T ]+0?0:00(?::00(?:\.0+)?)?$")
_SERIAL = re.compile(r"[2-7][0-9]{4}(?:[.,]0+)?")
_FRACTION = re.compile(r"0?[.,][0-9]{3,}")
_EPOCH = dt.date(1899, 12, 30)


@dataclass(frozen=True)
class Clock:
    """date: the column of the date, or of the whole moment where `time` is None. time: of the time of day."""

    date: str | None
    time: str | None

    @property
    def columns(self) -> list[str]:
        """Those there are."""
        return [column for column in (self.date, self.time) if column is not None]


def content(cells: pd.Series, *, named: bool) -> str:
    """What most cells of a column are: `moment`, `date`, `time` or ''. named: the header says it tells the time."""
    sample = [cell for cell in pd.unique(cells.iloc[: 50 * _SAMPLE])[:_SAMPLE] if cell]
    kinds = [_kind(cell[:LONGEST], named) for cell in sample]
    best = max(("moment", "date", "time"), key=kinds.count)
    if best == "date" and kinds.count("moment"):  # midnights among moments
        return "moment"
    return best if sample and kinds.count(best) >= 0.5 * len(kinds) else ""


def _tells(cells: pd.Series) -> bool:
    """Some cell is a time of day beyond doubt: in a column of that name the others are mistakes, and no reason to sum days."""
    return any(
        second_of_day(cell[:LONGEST]) is not None for cell in pd.unique(cells.iloc[: 50 * _SAMPLE])[:_SAMPLE]
    )


def _slots(frame: pd.DataFrame, date: str, column: str) -> bool:
    """A column of a name we do not know that holds times on the quarter, two or more of them on one date.

    Without it the rows of a date would be read as so many values of one day.
    """
    if folded(column) in KNOWN:
        return False
    sample = [cell for cell in pd.unique(frame[column].iloc[: 50 * _SAMPLE])[:_SAMPLE] if cell]
    read = [second for cell in sample if (second := second_of_day(cell[:LONGEST])) is not None]
    slots = len(read) >= max(2, 0.8 * len(sample)) and all(second % 900 == 0 for second in read)
    return slots and bool(frame.iloc[: 50 * _SAMPLE].groupby(date)[column].nunique().max() > 1)


def _kind(cell: str, named: bool) -> str:
    if second_of_day(cell, bare=named) is not None and not (named and _SERIAL.fullmatch(cell)):
        return "time"
    if is_date(cell) or (named and _SERIAL.fullmatch(cell)):
        return "date"
    number = cell.replace(",", "").replace(".", "").isdigit() and not named
    return "moment" if not number and is_moment(cell) else ""


def find_clock(frame: pd.DataFrame, given: Mapping[str, str], taken: Iterable[str] = ()) -> Clock:
    """A table -> Clock. given: columns that a planner named as interval_start, date or time; these are not doubted."""
    columns = [column for column in map(str, frame.columns) if column not in set(taken)]
    if "interval_start" in given and "date" not in given and "time" not in given:
        main = given["interval_start"]
        return (
            Clock(main, None) if content(frame[main], named=True) != "time" else _beside(frame, columns, main)
        )
    if "date" in given:
        return Clock(given["date"], given.get("time") or _first(frame, columns, "time", {given["date"]}))
    named = [column for words in (MOMENT, DATE, TIME) for column in _spelled(columns, words)]
    holds = {column: content(frame[column], named=True) for column in dict.fromkeys(named)}
    time = given.get("time") or next((column for column in holds if holds[column] == "time"), None)
    time = time or next(
        (column for column in _spelled(columns, TIME) if not holds[column] and _tells(frame[column])), None
    )
    for kind in ("moment", "date"):
        found = next((column for column in holds if holds[column] == kind and column != time), None)
        if found is not None and kind == "date" and time is None:
            rest = (column for column in columns if column not in holds)
            time = next((column for column in rest if _slots(frame, found, column)), None)
        if found is not None:
            return Clock(found, None if kind == "moment" and "time" not in given else time)
    blank = _first(frame, columns, "date", set()) or _first(frame, columns, "moment", set())
    if blank is not None:
        return Clock(blank, time)
    if time is None:
        time = _first(frame, columns, "time", set())
    unread = next(
        (column for column in holds if column != time), None
    )  # a date by name whose cells are all bad
    return Clock(unread if unread in _spelled(columns, (*MOMENT, *DATE)) else None, time)


def _beside(frame: pd.DataFrame, columns: Sequence[str], time: str) -> Clock:
    dates = [column for column in _spelled(columns, (*DATE, *MOMENT)) if column != time]
    found = next((column for column in dates if content(frame[column], named=True) == "date"), None)
    return Clock(found or _first(frame, columns, "date", {time}), time)


def _spelled(columns: Sequence[str], words: Sequence[str]) -> list[str]:
    """The columns that have one of these names, in the order of the names."""
    plain = {folded(column): column for column in reversed(columns)}
    return [plain[word] for word in words if word in plain]


def _first(frame: pd.DataFrame, columns: Sequence[str], kind: str, but: set[str]) -> str | None:
    """The first column without a name, or with one of a time, that holds this."""
    words = {*MOMENT, *DATE, *TIME}
    for column in columns:
        named = folded(column) in words
        if (
            column not in but
            and (named or _UNNAMED.fullmatch(column))
            and content(frame[column], named=named) == kind
        ):
            return column
    return None


def date_texts(cells: Sequence[str]) -> list[str]:
    """Dates as they are written -> without a midnight behind them; days of a spreadsheet's calendar as ISO 8601."""
    return [_date_text(cell) for cell in cells]


def _date_text(cell: str) -> str:
    if _SERIAL.fullmatch(cell):
        return (_EPOCH + dt.timedelta(days=int(cell[:5]))).isoformat()
    return _MIDNIGHT.sub("", cell)


def clock_texts(cells: Sequence[str]) -> list[str | None]:
    """Times of day as they are written -> `08:15`; None where a cell is none."""
    fractions = any(
        _FRACTION.fullmatch(cell) for cell in cells
    )  # 0.25 is six o'clock there, not 25 minutes past midnight
    texts: list[str | None] = []
    for cell in cells:
        if fractions and re.fullmatch(r"0|0?[.,][0-9]+", cell):
            texts.append(clock_text(round(float(cell.replace(",", ".")) * 1440) * 60))
            continue
        second = second_of_day(cell[:LONGEST], bare=True)
        texts.append(None if second is None else clock_text(second))
    return texts


def join(
    dates: Objects, times: Objects, labels: tuple[str | Objects, str | Objects]
) -> tuple[Objects, Origin]:
    """dates[n], times[n] as written -> (moments as text[n], where each comes from). labels: the columns of both.

    A row without a date or a time stays empty; one whose time cannot be read stays unreadable, and says which cell it was.
    """
    day, days = pd.factorize(dates)
    hour, hours = pd.factorize(times)
    day_text = np.array(date_texts([str(text) for text in days]), dtype=object)[day]
    read = clock_texts([str(text) for text in hours])
    hour_text = np.array(["?" if text is None else text for text in read], dtype=object)[hour]
    bad = np.array([text is None for text in read], dtype=bool)[hour]
    empty = (times == "") | (dates == "")
    moments = day_text + " " + hour_text
    first, second = (
        np.full(len(dates), label, dtype=object) if isinstance(label, str) else label for label in labels
    )
    whole = first + " + " + second if isinstance(labels[0], str) and isinstance(labels[1], str) else first
    columns = np.where(dates == "", first, np.where(bad, second, whole))
    cells = np.where(dates == "", dates, np.where(bad, times, moments))
    text = np.where(empty, "", np.where(bad, "? " + times, moments))
    return text.astype(object), Origin(columns.astype(object), cells.astype(object))


def without_interval_ends(cells: pd.Series) -> pd.Series | None:
    """text[n] such as `2026-01-03 08:00-08:30` -> the starts, None where nothing is to be cut."""
    codes, unique = pd.factorize(cells.to_numpy(dtype=object))
    cut = without_ends([str(text) for text in unique])
    return (
        None
        if cut is None
        else pd.Series(np.array(cut, dtype=object)[codes], index=cells.index, dtype=object)
    )
