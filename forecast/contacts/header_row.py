"""Where the header of a table stands: under titles, blank rows and a row of groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Final

from forecast.contacts.clock import is_date
from forecast.contacts.spellings import AVERAGE, COUNTS, KNOWN, TOTAL_TIME, folded
from forecast.contacts.times_of_day import second_of_day

Numbered = tuple[int, list[str]]  # the row of the file, its cells
DEEPEST: Final = 60  # filled rows among which the header is looked for
FEWEST_SLOTS: Final = 3  # times or dates in a row that make it the header of a wide table
_MEASURES: Final = frozenset([*AVERAGE, *TOTAL_TIME, *(word for words in COUNTS.values() for word in words)])
_LONGEST: Final = 60  # characters of a cell that may be a name


@dataclass(frozen=True)
class Head:
    """place: which of the filled rows is the header. groups: what a row above it says of each column, '' where nothing."""

    place: int
    groups: tuple[str, ...] = ()


def find_header(filled: Sequence[Numbered]) -> Head:
    """The filled rows of a table -> Head. The first row with about the most names we know; else the first one as wide as the
    rows that follow it; else the first."""
    top = filled[:DEEPEST]
    fitting = [place for place in range(len(top)) if _could_be(top, place)]
    scores = {place: score(top[place][1]) for place in fitting}
    best = max(scores.values(), default=0)
    named = [place for place in fitting if scores[place] >= max(1, 0.6 * best)]
    place = (named or fitting or [0])[0]
    return Head(place, _groups(top, place))


def score(cells: Sequence[str]) -> int:
    """How many cells of a row are names of columns that we know, or times or dates in a row that rise."""
    names = len({folded(cell) for cell in cells if 0 < len(cell) <= _LONGEST} & KNOWN)
    return names + max(len(times_in(cells)), len(dates_in(cells)))


def times_in(cells: Sequence[str]) -> list[int]:
    """The places of cells that are times of day, where there are some and they rise: the header of a wide table.

    Bare numbers (0800, 815, or the hours 0 .. 23) count where all of them do.
    """
    places = [
        place for place, cell in enumerate(cells) if cell and second_of_day(cell[:_LONGEST]) is not None
    ]
    if not places:
        bare = [place for place, cell in enumerate(cells) if cell.isdecimal() and len(cell) <= 4]
        places = bare if len(bare) >= 2 * FEWEST_SLOTS and _steps([cells[place] for place in bare]) else []
    begins = [second_of_day(cells[place][:_LONGEST], bare=True) or 0 for place in places]
    rising = all(one < other for one, other in pairwise(begins))
    return places if len(places) >= FEWEST_SLOTS and rising else []


def _steps(cells: Sequence[str]) -> bool:
    """Numbers that are hours one by one, or hours and minutes of a grid of 15 minutes."""
    if all(len(cell) <= 2 for cell in cells):
        hours = [int(cell) for cell in cells]
        return max(hours) <= 23 and all(other - one == 1 for one, other in pairwise(hours))
    begins = [second_of_day(cell, bare=True) for cell in cells if len(cell) >= 3 or cell.strip("0") == ""]
    steps = [None if one is None or other is None else other - one for one, other in pairwise(begins)]
    return (
        len(begins) == len(cells)
        and bool(steps)
        and all(step is not None and step > 0 and step % 900 == 0 for step in steps)
    )


def dates_in(cells: Sequence[str]) -> list[int]:
    """The places of cells that are dates, where a wide table has enough of them."""
    places = [place for place, cell in enumerate(cells) if cell and is_date(cell[:_LONGEST])]
    return (
        places
        if len(places) >= FEWEST_SLOTS and len({cells[place] for place in places}) == len(places)
        else []
    )


def _could_be(top: Sequence[Numbered], place: int) -> bool:
    """As many cells as the rows that follow, nearly, and more words than numbers."""
    cells = [cell for cell in top[place][1] if cell]
    below = [sum(map(bool, cells)) for _, cells in top[place + 1 : place + 21]]
    wide = median(below) if below else 0
    if len(cells) < max(2, 0.6 * wide) and wide > 1:
        return False
    slots = times_in(cells) or dates_in(cells)
    numbers = sum(cell.replace(".", "").replace(",", "").isdigit() for cell in cells)
    return bool(slots) or numbers <= len(cells) / 2


def _groups(top: Sequence[Numbered], place: int) -> tuple[str, ...]:
    """The row right above a header that names its measures more than once: its cells, merged ones carried on to the right."""
    names = [folded(cell) for cell in top[place][1]]
    measures = [name for name in names if name in _MEASURES]
    if place == 0 or len(set(measures)) == len(measures) or top[place - 1][0] != top[place][0] - 1:
        return ()
    above = list(top[place - 1][1]) + [""] * len(names)
    first = next((at for at, cell in enumerate(above) if cell), len(names))
    if first == 0 or sum(map(bool, above)) < 2:
        return ()
    groups, last = [], ""
    for at, name in enumerate(names):
        last = above[at] or last
        groups.append(last if name else "")
    return tuple(groups)
