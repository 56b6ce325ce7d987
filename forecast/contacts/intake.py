"""The rows of a table on their way in: which are kept, and why the others are not."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from forecast.arrays import Ns
from forecast.contacts.clock import Walls, dates_within, find_order, instants, read_walls
from forecast.contacts.numbers import Floats, parse_numbers
from forecast.contacts.problem import Problem
from forecast.contacts.tables import Table
from forecast.contacts.zones import Flags
from forecast.errors import AmbiguousDates, EmptyFile


class Intake:
    """Reads columns of one table; every reader marks the rows it cannot use. `names`: our name -> column of the file."""

    def __init__(self, table: Table, names: Mapping[str, str]) -> None:
        self.table = table
        self.names = names
        self.keep: Flags = np.ones(len(table.frame), dtype=bool)
        self.problems: list[Problem] = list(table.problems)
        self._listed: set[Problem] = set(self.problems)
        self.warnings: list[str] = list(table.warnings)
        used = set(names.values())
        unknown = [str(column) for column in table.frame.columns if column not in used and table.read is None]
        if unknown:
            self.warnings.append(f"Column(s) not used: {', '.join(unknown)}.")

    def has(self, name: str) -> bool:
        """The file has this column."""
        return name in self.names

    def cells(self, name: str) -> pd.Series:
        """text[n] of one column."""
        return self.table.frame[self.names[name]]

    def reject(self, name: str, bad: Flags, reasons: str | npt.NDArray[np.object_]) -> None:
        """Leave the marked rows out, with one reason for all or one for each row. A made column is told as the file has it."""
        if not bad.any():
            return
        column = self.names[name]
        cells = self.table.frame[column].to_numpy()
        rows = self.table.frame.index.to_numpy()
        origin = self.table.origins.get(column)
        for place in np.flatnonzero(bad):
            reason = reasons if isinstance(reasons, str) else str(reasons[place])
            shown, cell = (
                (column, cells[place]) if origin is None else (origin.columns[place], origin.cells[place])
            )
            found = Problem(int(rows[place]), str(shown), str(cell), _explained(str(cell), reason))
            if found not in self._listed:  # a bad date of a wide table spoils each of its cells
                self._listed.add(found)
                self.problems.append(found)
        self.keep &= ~bad

    def text(self, name: str) -> pd.Series:
        """text[n] of a column that may not be empty."""
        cells = self.cells(name)
        self.reject(name, (cells == "").to_numpy(dtype=bool), "is empty")
        return cells

    def numbers(
        self, name: str, *, required: bool = True, negative: bool = False, percent: bool = False
    ) -> Floats:
        """values[n]; an empty cell is NaN where not `required`, anything that is no finite number is refused.

        percent: 40 % is 0.4; without it a percent sign is no number, as a share is no count.
        """
        cells = self.cells(name)
        values, bad = parse_numbers(cells, self.table.decimal, percent=percent)
        self.reject(name, bad, "is not a number")
        if required:
            self.reject(name, (cells == "").to_numpy(dtype=bool), "is empty")
        if not negative:
            self.reject(name, np.nan_to_num(values) < 0, "is negative")
        return values

    def order(self, names: tuple[str, ...], asked: str | None) -> str:
        """The date order that these columns agree on, or else the one of the dates above the header."""
        columns = [self.cells(name) for name in names if self.has(name)]
        try:
            return find_order(columns, asked)
        except AmbiguousDates:
            titles = [date for cell in self.table.title for date in dates_within(cell)]
            if not titles:
                raise
            order = find_order([*columns, pd.Series(titles, dtype=object)], None)
            self.warnings.append(f"Dates are read as {order}, as {titles[-1]} above the header is.")
            return order

    def walls(self, name: str, order: str) -> Walls:
        """Walls[n] of a time column that may not be empty."""
        walls = read_walls(self.cells(name), order)
        self.reject(name, ~walls.good, walls.reasons)
        return walls

    def moments(self, name: str, order: str, tz: str) -> Ns:
        """UTC ns[n] of a time column in which empty cells are allowed (NaT)."""
        walls = read_walls(self.cells(name), order)
        blank = (self.cells(name) == "").to_numpy(dtype=bool)
        self.reject(name, ~walls.good & ~blank, walls.reasons)
        return instants(walls, tz)

    def require_rows(self) -> None:
        """EmptyFile where no row is left, with the first reasons."""
        if not self.keep.any():
            first = " ".join(
                str(problem) for problem in sorted(self.problems, key=lambda problem: problem.row)[:3]
            )
            raise EmptyFile(
                f"{self.table.name} has no usable row. {first}",
                remedy="Repair these rows and load it again.",
                field="file",
            )

    def done(self) -> tuple[tuple[Problem, ...], tuple[str, ...]]:
        """(problems by row, warnings)."""
        return tuple(sorted(self.problems, key=lambda problem: problem.row)), tuple(self.warnings)


def _explained(cell: str, reason: str) -> str:
    """A reason, where the cell itself tells more of the remedy."""
    if cell.startswith("="):
        return "is a formula without a stored value; open the file in Excel and save it"
    if cell.startswith("#") and cell.endswith(("!", "?", "/A", "/0", "/0!")):
        return (
            f"is an error of the spreadsheet; {reason}"
            if reason != "is not a number"
            else "is an error of the spreadsheet"
        )
    return reason


def times(ns: Ns) -> pd.Series:
    """UTC ns[n], NaT allowed -> Series datetime64[ns, UTC]."""
    return pd.Series(
        pd.to_datetime(pd.Series(np.asarray(ns, dtype=np.int64).view("datetime64[ns]")), utc=True)
    )
