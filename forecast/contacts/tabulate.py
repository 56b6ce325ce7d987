"""Rows of cells -> a header and the rows that belong to it; titles, footers and repeated headers set aside by row number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pandas as pd

from forecast.contacts.header_row import DEEPEST, Numbered, find_header
from forecast.contacts.problem import Problem
from forecast.contacts.spellings import FOOTER, KNOWN, ONLY_TOTAL, TOTAL, folded, is_share
from forecast.contacts.trimmed import trimmed
from forecast.errors import EmptyFile, InputError, UnreadableFile

MOST_COLUMNS: Final = 16_384  # what a spreadsheet holds
_LONG: Final = 200  # characters of a cell that is looked at for words


@dataclass(frozen=True)
class Tabulated:
    """frame: text, one column per header cell, indexed by the row of the file. header_row: 1-based, 0 where the file has none.

    groups:  what a row above the header says of each column. title: cells above the header.
    totals, footers: rows that were left out. problems: rows of another width than the header.
    """

    frame: pd.DataFrame
    header_row: int
    groups: tuple[str, ...]
    title: tuple[str, ...]
    problems: tuple[Problem, ...]
    totals: tuple[int, ...]
    footers: tuple[int, ...]
    warnings: tuple[str, ...]


def tabulate(rows: Sequence[list[str]], name: str, *, first: int, pad: bool, cut: bool = False) -> Tabulated:
    """Records, the first of them row `first` of the file -> Tabulated.

    pad: short rows are filled up (a spreadsheet has no ragged rows). cut: the file ends without a line end, so that its last
    row may be half a row. EmptyFile where no row follows the header, UnreadableFile above 16,384 columns.
    """
    filled = [(number, row) for number, row in enumerate(rows, start=first) if any(row)]
    if not filled:
        raise EmptyFile(f"{name} is empty.", remedy="It needs a header and at least one row.", field="file")
    wide = max(len(row) for _, row in filled[:DEEPEST])
    if wide > MOST_COLUMNS:
        raise UnreadableFile(
            f"{name} has {wide:,} columns; we read tables of at most {MOST_COLUMNS:,}.",
            remedy="Give a row per queue and interval.",
            field="file",
        )
    head = find_header(filled) if first else None
    place = head.place if head else 0
    groups = head.groups if head else ()
    number, cells = filled[place]
    header, groups = _header(cells, groups, name)
    body, footers = _without_footers(filled[place + 1 :], len(header))
    sorted_out = _sort_out(body, cells, len(header), pad=pad, cut=cut)
    if not sorted_out.good:
        ragged = f" {sorted_out.problems[0]}" if sorted_out.problems else ""
        raise EmptyFile(
            f"{name} has a header and no usable row.{ragged}", remedy="Add at least one row.", field="file"
        )
    index = pd.Index([number for number, _ in sorted_out.good], name="row")
    frame = pd.DataFrame([row for _, row in sorted_out.good], index=index, columns=header, dtype=object)
    title = tuple(cell for _, row in filled[:place] for cell in row if cell)
    warnings = [*_told(footers, sorted_out.repeated, title, number)]
    if cut and sorted_out.good[-1][0] == filled[-1][0]:
        warnings.append(f"The file ends without a line end: its last row, {filled[-1][0]}, may be cut off.")
    return Tabulated(
        frame, number if first else 0, groups, title, tuple(sorted_out.problems), tuple(sorted_out.totals),
        tuple(row for row, _ in footers), tuple(warnings),
    )  # fmt: skip


def rows_text(rows: Sequence[int], most: int = 8) -> str:
    """Row numbers for a sentence: `Row 14`, `Rows 14, 27 and 40`, `Rows 1, 2, 3 and 90 more`."""
    shown = [f"{row:,}".replace(",", "") for row in dict.fromkeys(rows)]
    if len(shown) == 1:
        return f"Row {shown[0]}"
    if len(shown) <= most:
        return f"Rows {', '.join(shown[:-1])} and {shown[-1]}"
    return f"Rows {', '.join(shown[:most])} and {len(shown) - most} more"


@dataclass(frozen=True)
class _Sorted:
    good: list[Numbered]
    problems: list[Problem]
    totals: list[int]
    repeated: list[int]


def _sort_out(
    body: Sequence[Numbered], header: Sequence[str], width: int, *, pad: bool, cut: bool
) -> _Sorted:
    """Rows below the header -> good ones, ragged ones, sums that are ragged, and headers that come again."""
    found = _Sorted([], [], [], [])
    again = [cell for cell in header if cell]
    for number, row in body:
        if len(row) > width and not any(row[width:]):
            row = row[:width]
        if pad and len(row) < width:
            row = row + [""] * (width - len(row))
        if row[0] == header[0] and [cell for cell in row if cell] == again:
            found.repeated.append(number)
        elif len(row) == width:
            found.good.append((number, row))
        elif len(row) < width and TOTAL.fullmatch(_first(row)):
            found.totals.append(number)
        else:
            reason = f"has {len(row)} cells where the header has {width}"
            if cut and number == body[-1][0] and len(row) < width:
                reason += ", and the file ends there without a line end: it seems cut off; export it again"
            found.problems.append(Problem(number, "row", " | ".join(row)[:_LONG], reason))
    return found


def _header(cells: Sequence[str], groups: tuple[str, ...], name: str) -> tuple[list[str], tuple[str, ...]]:
    """Cells -> (names of columns, groups), without empty ones at the end; InputError where a name that counts comes twice."""
    header = [trimmed(cell) for cell in cells]
    while header and not header[-1]:
        header.pop()
    header = [cell or f"column {place}" for place, cell in enumerate(header, start=1)]
    groups = groups[: len(header)]
    if groups:
        header = [f"{group}: {cell}" if group else cell for group, cell in zip(groups, header, strict=True)]
    twice = {cell for cell, count in Counter(header).items() if count > 1}
    seen: set[str] = set()
    for place, cell in enumerate(header):
        if cell in twice and cell in seen:
            if not (is_share(cell) or ONLY_TOTAL.fullmatch(cell[:_LONG])) or folded(cell) in KNOWN:
                raise InputError(
                    f"{name} has the column {cell!r} twice.", remedy="Rename or remove one.", field=cell
                )
            header[place] = f"{cell} (column {place + 1})"
        seen.add(cell)
    return header, groups


def _without_footers(
    body: Sequence[Numbered], width: int
) -> tuple[Sequence[Numbered], list[tuple[int, str]]]:
    """Rows below the header -> (without what stands under the table, [(row, its first words)]).

    It begins with a lone cell that says so in words, or that stands apart after an empty row in a table of at least three
    columns; lone cells beneath it belong to it.
    """
    start = len(body)
    while start > 0 and width > 1 and _is_lone(body[start - 1][1], width):
        start -= 1
    for place in range(start, len(body)):
        text = _first(body[place][1])
        apart = place == 0 or body[place - 1][0] < body[place][0] - 1
        if FOOTER.match(text) or (width >= 3 and apart and len(text.split()) >= 3 and not text[:2].isdigit()):
            return body[:place], [(number, _first(row)) for number, row in body[place:]]
    return body, []


def _is_lone(row: Sequence[str], width: int) -> bool:
    """One cell that is no sum; two where the first says that it is a footer."""
    filled = sum(map(bool, row))
    if filled == 2 and width >= 4:
        return FOOTER.match(_first(row)) is not None
    return filled == 1 and TOTAL.fullmatch(_first(row)) is None


def _first(row: Sequence[str]) -> str:
    return next(cell for cell in row if cell)[:_LONG]


def _told(
    footers: Sequence[tuple[int, str]], repeated: Sequence[int], title: Sequence[str], header_row: int
) -> list[str]:
    told = []
    if title:
        told.append(f"The header stands in row {header_row}; the rows above it are titles.")
    if footers:
        told.append(f"{rows_text([row for row, _ in footers])} left out as footer ({_shown(footers[0][1])}).")
    if repeated:
        told.append(f"{rows_text(repeated)} left out: the header again.")
    return told


def _shown(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:37] + "...")
