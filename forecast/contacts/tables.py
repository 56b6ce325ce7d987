"""Any table a planner has: CSV of every dialect, Excel, Parquet. Cells stay text here; meaning comes later."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import pandas as pd

from forecast.contacts.charset import decode
from forecast.contacts.filekind import kind_of, refuse_other_text
from forecast.contacts.numbers import decimal_of
from forecast.contacts.problem import Problem
from forecast.contacts.reading import AUTO, Reading
from forecast.contacts.sheets import parquet_rows, workbook_rows
from forecast.errors import EmptyFile, InputError, UnreadableFile

Source: TypeAlias = str | Path | bytes
DELIMITERS = (",", ";", "\t", "|")


@dataclass(frozen=True)
class Table:
    """A table of stripped text.

    frame:     one column per header cell, the index holds the 1-based row of the file (the header has one too)
    delimiter: of a text file, '' otherwise
    encoding:  of a text file, `xlsx` or `parquet` otherwise
    decimal:   '.' or ','
    problems:  rows that have another number of cells than the header
    """

    name: str
    frame: pd.DataFrame
    delimiter: str
    encoding: str
    decimal: str
    problems: tuple[Problem, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        """How many rows the file has below its header, blank ones aside."""
        return len(self.frame) + len(self.problems)


def load(source: Source) -> tuple[bytes, str]:
    """A path, or the bytes of an upload -> (bytes, name for messages)."""
    if isinstance(source, bytes):
        return source, "The upload"
    path = Path(source)
    try:
        return path.read_bytes(), path.name
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise UnreadableFile(
            f"{path} cannot be opened: {why}.", remedy="Check the path.", field="file"
        ) from None


def read_table(source: Source, reading: Reading = AUTO) -> Table:
    """A path (or bytes) -> Table. The kind is found from the content, not from the name.

    Raises UnreadableFile for another kind of file, EmptyFile where no row follows the header.
    """
    data, name = load(source)
    if not data.strip():
        raise EmptyFile(f"{name} is empty.", remedy="It needs a header and at least one row.", field="file")
    kind = kind_of(data, name)
    if kind == "text":
        return _text_table(data, name)
    rows, decimal = workbook_rows(data, name) if kind == "xlsx" else parquet_rows(data, name)
    first = 1 if kind == "xlsx" else 0  # a Parquet file has no header row: its first row is row 1
    frame, problems = _tabulate(rows, name, first=first, pad=True)
    return Table(name, frame, "", kind, decimal, problems)


def _text_table(data: bytes, name: str) -> Table:
    text, encoding = decode(data, name)
    refuse_other_text(text, name)
    text, hint, first = _excel_hint(text)
    delimiter = hint or _sniff(text)
    seen: dict[str, str] = {}  # volume files repeat themselves: one object per distinct cell
    rows = [[seen.setdefault(cell, cell.strip()) for cell in row] for row in _records(text, delimiter, name)]
    frame, problems = _tabulate(rows, name, first=first, pad=False)
    decimal, warning = decimal_of(dict.fromkeys(seen.values()), delimiter)
    return Table(name, frame, delimiter, encoding, decimal, problems, (warning,) if warning else ())


def _excel_hint(text: str) -> tuple[str, str, int]:
    """Excel's `sep=;` line -> (text without it, delimiter, number of the row that follows)."""
    line, newline, rest = text.partition("\n")
    line = line.strip("\r")
    if newline and len(line) == 5 and line.lower().startswith("sep=") and line[4] in DELIMITERS:
        return rest, line[4], 2
    return text, "", 1


def _sniff(text: str) -> str:
    """The delimiter that splits the header and keeps the first rows as wide as the header."""
    best, best_score = ",", (0.0, 0)
    for delimiter in DELIMITERS:
        try:
            reader = csv.reader(io.StringIO(text[:65_536], newline=""), delimiter=delimiter)
            rows = [row for row, _ in zip(reader, range(50), strict=False) if row]
        except csv.Error:
            continue
        width = len(rows[0]) if rows else 0
        score = (sum(len(row) == width for row in rows) / max(1, len(rows)), width)
        if width > 1 and score > best_score:
            best, best_score = delimiter, score
    return best


def _records(text: str, delimiter: str, name: str) -> list[list[str]]:
    """text -> records. Doubtful quotes are forgiven, a quote that never closes is not: it would swallow rows."""
    for strict in (True, False):
        rows: list[list[str]] = []
        try:
            for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=strict):
                rows.append(row)
            return rows
        except csv.Error as error:
            if not strict or "unexpected end" in str(error) or "field larger" in str(error):
                raise UnreadableFile(
                    f"{name} breaks off in row {len(rows) + 1}: a quotation mark is opened there and never closed.",
                    remedy="Repair the quotation marks of that row.",
                    field="file",
                ) from None
    raise UnreadableFile(f"{name} cannot be read as a table.", field="file")


def _tabulate(
    rows: list[list[str]], name: str, *, first: int, pad: bool
) -> tuple[pd.DataFrame, tuple[Problem, ...]]:
    """Records, the first of them row `first` -> (frame indexed by row, ragged rows). The first record with a cell is the header."""
    filled = [(number, row) for number, row in enumerate(rows, start=first) if any(row)]
    if not filled:
        raise EmptyFile(f"{name} is empty.", remedy="It needs a header and at least one row.", field="file")
    header = _header(filled[0][1], name)
    width = len(header)
    numbers: list[int] = []
    good: list[list[str]] = []
    problems: list[Problem] = []
    for number, row in filled[1:]:
        if len(row) > width and not any(row[width:]):
            row = row[:width]
        if pad and len(row) < width:
            row = row + [""] * (width - len(row))
        if len(row) == width:
            numbers.append(number)
            good.append(row)
        else:
            reason = f"has {len(row)} cells where the header has {width}"
            problems.append(Problem(number, "row", " | ".join(row), reason))
    if not good:
        ragged = f" {problems[0]}" if problems else ""
        raise EmptyFile(
            f"{name} has a header and no usable row.{ragged}", remedy="Add at least one row.", field="file"
        )
    frame = pd.DataFrame(good, index=pd.Index(numbers, name="row"), columns=header, dtype=object)
    return frame, tuple(problems)


def _header(cells: Iterable[str], name: str) -> list[str]:
    header = [cell.strip() for cell in cells]
    while header and not header[-1]:
        header.pop()
    header = [cell or f"column {place}" for place, cell in enumerate(header, start=1)]
    twice = [cell for cell, count in Counter(header).items() if count > 1]
    if twice:
        raise InputError(
            f"{name} has the column {twice[0]!r} twice.", remedy="Rename or remove one.", field=twice[0]
        )
    return header
