"""Text tables: which delimiter a file has, and its records."""

from __future__ import annotations

import csv
import io
from collections import Counter
from typing import Final

from forecast.contacts.header_row import find_header, score
from forecast.contacts.tabulate import MOST_COLUMNS
from forecast.errors import UnreadableFile

DELIMITERS: Final = (",", ";", "\t", "|", "^", "~")
_LINES: Final = 100  # rows that are looked at
_WIDE: Final = 20_000  # cells of a row beyond which nothing is looked for: the table will be refused

LARGEST_CELL = 131_072  # characters


def excel_hint(text: str) -> tuple[str, str, int]:
    """Excel's `sep=;` line -> (text without it, delimiter, number of the row that follows)."""
    line, newline, rest = text.partition("\n")
    line = line.strip("\r")
    mark = line[4:] if len(line) == 5 else ""
    if newline and line.lower().startswith("sep=") and mark and not mark.isalnum() and mark not in "\"' .-":
        return rest, mark, 2
    return text, "", 1


def sniff(text: str) -> str:
    """The delimiter with which a header is found that has names we know, and rows beneath that are as wide."""
    best, best_score = ",", (0, 0.0, 0)
    for delimiter in DELIMITERS:
        try:
            reader = csv.reader(io.StringIO(text[:65_536], newline=""), delimiter=delimiter)
            rows = [
                row for row, _ in zip(reader, range(_LINES), strict=False) if any(row) and len(row) < _WIDE
            ]
        except csv.Error:
            continue
        if not rows:
            continue
        place = find_header(
            [(number, [cell.strip() for cell in row]) for number, row in enumerate(rows)]
        ).place
        width = len(rows[place])
        if width < 2:
            continue
        alike = Counter(map(len, rows[place:]))[width] / len(rows[place:])
        names = min(3, score([cell.strip() for cell in rows[place]]))  # three are enough: more are not better
        if (names, alike, width) > best_score:
            best, best_score = delimiter, (names, alike, width)
    return best


def records(text: str, delimiter: str, name: str) -> list[list[str]]:
    """text -> records. Doubtful quotes are forgiven, a quote that never closes is not: it would swallow rows."""
    refuse_wide(text, delimiter, name)
    csv.field_size_limit(LARGEST_CELL)  # of the whole process, and other libraries lift it
    for strict in (True, False):
        rows: list[list[str]] = []
        try:
            for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=strict):
                rows.append(row)
            if not strict:
                refuse_swallowed(rows, 1, name)
            return rows
        except csv.Error as error:
            if "field larger" in str(error):
                raise UnreadableFile(
                    f"{name} has a cell of more than {LARGEST_CELL:,} characters in row {len(rows) + 1}, or a "
                    "quotation mark that is opened there and never closed.",
                    remedy="Repair that row.",
                    field="file",
                ) from None
            if not strict or "unexpected end" in str(error):
                raise UnreadableFile(
                    f"{name} breaks off in row {len(rows) + 1}: a quotation mark is opened there and never closed.",
                    remedy="Repair the quotation marks of that row.",
                    field="file",
                ) from None
    raise UnreadableFile(f"{name} cannot be read as a table.", field="file")


def refuse_swallowed(rows: list[list[str]], first: int, name: str) -> None:
    """UnreadableFile where a doubtful quote holds line breaks: rows would be gone within a cell. first: number of the first row."""
    for number, row in enumerate(rows, start=first):
        if any("\n" in cell or "\r" in cell for cell in row):
            raise UnreadableFile(
                f"{name}: a quotation mark is opened in row {number} and closed rows later.",
                remedy="Repair the quotation marks of that row.",
                field="file",
            )


def refuse_wide(text: str, delimiter: str, name: str) -> None:
    """UnreadableFile for a line of more cells than we read: each would take memory before it is counted."""
    start = 0
    while start < len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        if end - start > MOST_COLUMNS and (cells := text.count(delimiter, start, end)) > 4 * MOST_COLUMNS:
            raise UnreadableFile(
                f"{name} has a row of {cells + 1:,} cells; we read tables of at most {MOST_COLUMNS:,} columns.",
                remedy="Remove the columns that are not needed, or save the rows with line ends.",
                field="file",
            )
        start = end + 1
