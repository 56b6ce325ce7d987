"""Numbers as people copy them out of a spreadsheet or type them: 1.234,5 and 1,234.5 alike."""

from __future__ import annotations

import re
from dataclasses import dataclass

SPACES = re.compile(r"[\s\u00a0\u2007\u2009\u202f']+")
PLAIN = re.compile(r"\d+")
GROUPED = {mark: re.compile(rf"\d{{1,3}}(?:{re.escape(mark)}\d{{3}})+") for mark in ".,"}
MOST_CELLS = 4000


@dataclass(frozen=True)
class Cell:
    """One line of what was pasted. number: None where the cell is blank or no number; text: as it was, for messages."""

    text: str
    number: float | None

    @property
    def blank(self) -> bool:
        """Nothing in it: what is there stays."""
        return not self.text

    @property
    def wrong(self) -> bool:
        """Something, and no number of contacts."""
        return bool(self.text) and self.number is None


def column(text: str, language: str) -> list[Cell]:
    """The first column of a clipboard's text (lines, tabs between cells); the empty line at its end is no cell.

    language: `nl` or `en`: how 1,234 is read where no other cell of the column tells.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if lines and not lines[-1].strip():
        lines = lines[:-1]
    cells = [line.split("\t")[0].strip() for line in lines[:MOST_CELLS]]
    mark = decimal_mark(cells) or ("," if language == "nl" else ".")
    return [Cell(cell, number(cell, mark)) for cell in cells]


def decimal_mark(cells: list[str]) -> str | None:
    """The sign before decimals as the cells show it; None where no cell, or not one alone, tells."""
    seen = {mark for cell in cells if (mark := _shown(SPACES.sub("", cell))) is not None}
    return seen.pop() if len(seen) == 1 else None


def _shown(cell: str) -> str | None:
    """What one cell tells of the decimal mark: `1.234,5` and `12,5` a comma, `1,234` nothing."""
    last = max(cell.rfind("."), cell.rfind(","))
    if last < 0:
        return None
    mark, other = cell[last], "," if cell[last] == "." else "."
    if other in cell:
        return mark
    if cell.count(mark) > 1:
        return other
    digits = len(cell) - last - 1
    return mark if digits != 3 or cell[:last] in ("", "0") else None


def number(text: str, mark: str) -> float | None:
    """A cell as a number of contacts, 0 or more; None for anything else. mark: before decimals, where the cell itself does not tell."""
    cell = SPACES.sub("", text)
    mark = _shown(cell) or mark
    other = "," if mark == "." else "."
    whole, _, decimals = cell.partition(mark)
    if not (PLAIN.fullmatch(whole) or GROUPED[other].fullmatch(whole) or (whole == "" and decimals)):
        return None
    if decimals and not PLAIN.fullmatch(decimals):
        return None
    value = float(f"{whole.replace(other, '') or '0'}.{decimals or '0'}")
    return value if value <= 1e9 else None
