"""What a planner says of columns and queues, what a title says, and what to say where both are silent."""

from __future__ import annotations

import re
from collections.abc import Mapping

from forecast.contacts.cells import is_numeric
from forecast.contacts.clocks import content
from forecast.contacts.layouts import CONNECT, GENESYS, TIDY
from forecast.contacts.reading import Reading
from forecast.contacts.spellings import QUEUE, folded, plain_name
from forecast.contacts.tables import Table
from forecast.errors import InputError

OURS = tuple(
    dict.fromkeys(
        [
            *TIDY.required,
            "date",
            "time",
            *TIDY.optional,
            *GENESYS.required,
            *GENESYS.optional,
            *CONNECT.required,
            *CONNECT.optional,
        ]
    )
)
_SAID = re.compile(r"\s*([^\d\W][^:=\n]{1,30}?)\s*[:=]\s*(\S.{0,99})")
_SHEET = re.compile(r"\s*(\S+)\s*[:\s_-]\s*(\S.*)")


def stated_columns(table: Table, reading: Reading) -> dict[str, str]:
    """Reading.columns -> {our name: column as the header has it}; InputError for a name or a column there is not."""
    columns = [str(column) for column in table.frame.columns]
    plain = {plain_name(column): column for column in reversed(columns)}
    found: dict[str, str] = {}
    for ours, column in reading.columns.items():
        if ours not in OURS:
            raise InputError(
                f"There is no column {ours!r} to map to.",
                remedy=f"Use one of {', '.join(OURS[:16])}.",
                field="columns",
            )
        hit = column if column in columns else plain.get(plain_name(column))
        if hit is None:
            raise InputError(
                f"{table.name} has no column {column!r}; it has {_listed(columns)}.",
                remedy=f"Name one of them for {ours}.",
                field=ours,
            )
        found[ours] = hit
    return found


def queue_in_title(table: Table) -> str:
    """The queue that the cells above the header, or the sheet's name, say in so many words; else ''."""
    words = set(QUEUE)
    for place, cell in enumerate(table.title):
        said = _SAID.fullmatch(cell)
        if said is not None and folded(said[1]) in words:
            return said[2].strip()
        if folded(cell) in words and place + 1 < len(table.title):
            return table.title[place + 1]
    said = _SHEET.fullmatch(table.sheet)
    return said[2].strip() if said is not None and folded(said[1]) in words else ""


def missing_column(
    table: Table, names: Mapping[str, str], missing: str, *, likely: str | None = None
) -> InputError:
    """The error for a column that was not found: what there is, and which of it may be meant."""
    columns = [str(column) for column in table.frame.columns]
    where = f" under the header in row {table.header_row}" if table.header_row > 1 else ""
    sheet = f" (sheet {table.sheet!r})" if table.sheet else ""
    proposal = likely or _likely(table, names, missing)
    return InputError(
        f"{table.name}{sheet} has no column {missing!r}; it has {_listed(columns)}{where}.",
        remedy=_remedy(missing, proposal),
        field=missing,
    )


def _remedy(missing: str, proposal: str | None) -> str:
    column = proposal or "ITS COLUMN"
    mapped = f'say which column it is (columns: {missing}={column}; --map "{missing}={column}")'
    if missing == "queue":
        return f"Name the queue of all rows (queue; --queue NAME), or {mapped}."
    if missing == "interval_start":
        return f"{mapped[0].upper()}{mapped[1:]}; a date and a time of day apart are date=... and time=...."
    return f"{mapped[0].upper()}{mapped[1:]}. A tidy file needs {', '.join(TIDY.required)}."


def _likely(table: Table, names: Mapping[str, str], missing: str) -> str | None:
    """The first free column whose cells look like what is missing."""
    taken = set(names.values())
    for column in (str(column) for column in table.frame.columns if column not in taken):
        cells = table.frame[column]
        kind = content(cells, named=False)
        if missing == "interval_start" and kind in ("moment", "date"):
            return column
        if missing == "offered" and not kind and is_numeric(cells):
            return column
        if (
            missing == "queue"
            and not kind
            and not is_numeric(cells)
            and cells.nunique() <= max(2, len(cells) / 2)
        ):
            return column
    return None


def _listed(columns: list[str]) -> str:
    shown = ", ".join(column if len(column) <= 40 else column[:37] + "..." for column in columns[:12])
    return shown + (f" and {len(columns) - 12} more" if len(columns) > 12 else "")
