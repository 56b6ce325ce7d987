"""What is wrong with one row of a file, in words a planner can act on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """A row that was left out: its 1-based row in the file, the column, what stood there and why it cannot be used."""

    row: int
    column: str
    value: str
    reason: str

    def __str__(self) -> str:
        shown = self.value if len(self.value) <= 60 else self.value[:57] + "..."
        return f"Row {self.row}, {self.column}: {shown!r} {self.reason}."
