"""Sums among the rows of a table: subtotals per day or queue, and a queue that is the sum of the others.

A word alone decides nothing. A row is a sum where it says so and has no time of its own, or where it has no time and equals
the rows above it; a queue is one where it says so and equals the other queues at its times.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd

from forecast.contacts.clock import LONGEST, is_date, is_moment
from forecast.contacts.clocks import Clock, Objects
from forecast.contacts.numbers import Floats, parse_numbers
from forecast.contacts.spellings import TOTAL, folded
from forecast.contacts.times_of_day import second_of_day
from forecast.contacts.zones import Flags

_LONG: Final = 200
_SERIAL: Final = r"[2-7][0-9]{4}(?:[.,][0-9]+)?"
_ALIKE: Final = 0.95  # of the times of a queue that is a sum
_SLACK: Final = 0.011  # sums of rounded cells


def says_total(cells: pd.Series) -> Flags:
    """text[n] -> bool[n]: `Totaal`, `Subtotaal 3 maart`, `Verkoop totaal`, `Summe`, ..."""
    codes, unique = pd.factorize(cells.to_numpy(dtype=object))
    hit = np.array(
        [bool(text) and TOTAL.fullmatch(str(text)[:_LONG]) is not None for text in unique], dtype=bool
    )
    return hit[codes]


def untimed(frame: pd.DataFrame, clock: Clock) -> Flags:
    """bool[n]: this row has no date or no time of day that can be read."""
    bad = np.zeros(len(frame), dtype=bool)
    for column, reads in ((clock.date, _dated), (clock.time, _timed)):
        if column is not None:
            codes, unique = pd.factorize(frame[column].to_numpy(dtype=object))
            bad |= np.array([not reads(str(text)[:LONGEST]) for text in unique], dtype=bool)[codes]
    return bad


def _dated(cell: str) -> bool:
    return is_date(cell) or is_moment(cell)


def _timed(cell: str) -> bool:
    return second_of_day(cell, bare=True) is not None


def said_rows(frame: pd.DataFrame, clock: Clock, texts: Sequence[str]) -> Flags:
    """bool[n]: rows that say they are sums, in a column of `texts` or of the clock, and have no time of their own."""
    said = np.zeros(len(frame), dtype=bool)
    if clock.columns:
        for column in dict.fromkeys((*clock.columns, *texts)):
            said |= says_total(frame[column])
    return said & untimed(frame, clock) if said.any() else said


def silent_rows(frame: pd.DataFrame, clock: Clock, numbers: Sequence[str], decimal: str) -> Flags:
    """bool[n]: rows that say nothing, have an empty time and equal the rows above them. numbers: columns that are summed."""
    blank = np.zeros(len(frame), dtype=bool)
    for column in clock.columns:
        blank |= (frame[column] == "").to_numpy(dtype=bool)
    return (
        _equal_above(_row_sums(frame, numbers, decimal), blank)
        if blank.any() and numbers
        else ~(blank | True)
    )


def _row_sums(frame: pd.DataFrame, columns: Sequence[str], decimal: str) -> Floats:
    total = np.zeros(len(frame))
    for column in columns:
        total += np.nan_to_num(parse_numbers(frame[column], decimal)[0])
    return total


def _equal_above(values: Floats, blank: Flags) -> Flags:
    """bool[n]: of the `blank` rows those that equal all rows since the last sum, or all rows above that are no sums."""
    found = np.zeros(len(values), dtype=bool)
    block = whole = 0.0
    rows = 0
    for place, value in enumerate(values):
        if (
            blank[place]
            and value > 0
            and rows >= 2
            and min(abs(value - block), abs(value - whole)) <= _SLACK * max(1, rows)
        ):
            found[place] = True
            block, rows = 0.0, 0
        elif not blank[place]:
            block, whole, rows = block + value, whole + value, rows + 1
    return found


def total_queues(
    queues: Objects, moments: Objects, values: Floats, said: re.Pattern[str] = TOTAL
) -> list[str]:
    """Rows[n] with their queue, moment (as text) and number -> the queues that say they are a sum and equal the others.

    Of several such queues each is compared with those that do not say so. said: the words by which one calls itself a sum.
    """
    names = [str(name) for name in pd.unique(queues)]
    suspects = [name for name in names if said.fullmatch(name[:_LONG])]
    if not suspects or len(names) < 3:
        return []
    rows = pd.DataFrame({"queue": queues, "at": moments, "value": np.nan_to_num(values)})
    table = rows.groupby(["at", "queue"])["value"].sum().unstack().fillna(0.0)
    return [name for name in suspects if _is_sum(table, name, suspects)]


def _is_sum(table: pd.DataFrame, name: str, suspects: Sequence[str]) -> bool:
    """A column that equals all others, or all that do not call themselves sums, nearly everywhere; at least two of them."""
    mine = table[name].to_numpy()
    for left_out in ({name}, set(suspects)):
        others = [column for column in table.columns if column not in left_out]
        alike = np.abs(mine - table[others].to_numpy().sum(axis=1)) <= _SLACK * max(1, len(others))
        at = mine != 0
        if len(others) >= 2 and at.any() and alike[at].mean() >= _ALIKE:
            return True
    return False


def sum_columns(frame: pd.DataFrame, columns: Sequence[str], decimal: str) -> list[str]:
    """Of columns of numbers those that call themselves sums and are: rows with a cell that is no number do not count."""
    suspects = [column for column in columns if is_total_name(column)]
    if not suspects or len(columns) < 3:
        return []
    read = {column: parse_numbers(frame[column], decimal) for column in columns}
    good = ~np.logical_or.reduce([bad for _, bad in read.values()])
    table = pd.DataFrame({column: np.nan_to_num(values[good]) for column, (values, _) in read.items()})
    return [name for name in suspects if len(table) and _is_sum(table, name, suspects)]


def sum_rows(frame: pd.DataFrame, names: str, columns: Sequence[str], decimal: str) -> Flags:
    """bool[n]: rows that call themselves sums in the column `names`, and are in each of the `columns`."""
    said = says_total(frame[names])
    found = np.zeros(len(frame), dtype=bool)
    if not said.any() or len(frame) < 3:
        return found
    numbers = np.stack(
        [np.nan_to_num(parse_numbers(frame[column], decimal)[0]) for column in columns], axis=1
    )
    for place in np.flatnonzero(said):
        for others in (np.arange(len(frame)) != place, ~said):
            alike = np.abs(numbers[place] - numbers[others].sum(axis=0)) <= _SLACK * len(frame)
            found[place] |= bool(others.sum() >= 2 and numbers[place].any() and alike.all())
    return found


def is_total_name(column: str) -> bool:
    """A header such as `Totaal`, `Total calls` or `Summe`."""
    return TOTAL.fullmatch(column[:_LONG]) is not None or folded(column).startswith(
        ("totaal", "gesamt", "summe")
    )
