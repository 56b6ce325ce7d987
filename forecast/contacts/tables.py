"""Any table a planner has: CSV of every dialect, Excel, Parquet. Cells stay text here; meaning comes later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from forecast.contacts.charset import decode, mixed
from forecast.contacts.dialects import excel_hint, records, sniff
from forecast.contacts.filekind import kind_of, refuse_other_text
from forecast.contacts.numbers import decimal_of, is_decimal
from forecast.contacts.problem import Problem
from forecast.contacts.reading import AUTO, Reading
from forecast.contacts.sheets import parquet_rows, workbook_rows
from forecast.contacts.spellings import DATE, MOMENT, TIME, folded
from forecast.contacts.tabulate import Tabulated, tabulate
from forecast.contacts.trimmed import trimmed
from forecast.errors import EmptyFile, UnreadableFile

Source: TypeAlias = str | Path | bytes
HEAD = 262_144  # bytes of a text file that show how it is written
_CLOCKS = frozenset([*DATE, *MOMENT, *TIME])


@dataclass(frozen=True)
class Origin:
    """Where the cells of a made column come from: object[n] the column of the file, object[n] what stood there."""

    columns: npt.NDArray[np.object_]
    cells: npt.NDArray[np.object_]


@dataclass(frozen=True)
class Arranged:
    """How a table was understood.

    shape:   tidy, genesys, connect, or wide and by what
    columns: our name -> column of the file, or the columns it was made of
    unused:  columns of the file that say nothing to us. totals: rows left out as sums
    whole:   rows were understood by others far from them, so that all have to be read together
    """

    shape: str
    columns: Mapping[str, str]
    unused: tuple[str, ...] = ()
    totals: tuple[int, ...] = ()
    whole: bool = False


@dataclass(frozen=True)
class Table:
    """A table of stripped text.

    frame:      one column per header cell, the index holds the 1-based row of the file (the header has one too)
    delimiter:  of a text file, '' otherwise
    encoding:   of a text file, `xlsx` or `parquet` otherwise
    decimal:    '.' or ','
    problems:   rows that have another number of cells than the header
    header_row: 1-based row of the header; 0 where the file has none (Parquet)
    title:      the cells above the header. sheet: of a workbook
    groups:     what a row above the header says of each column, '' where nothing; () without such a row
    totals:     rows left out as sums; footers: rows left out beneath the table
    origins:    of the columns that `arrange` made. read: rows of the file, where `arrange` changed their number
    """

    name: str
    frame: pd.DataFrame
    delimiter: str
    encoding: str
    decimal: str
    problems: tuple[Problem, ...] = ()
    warnings: tuple[str, ...] = ()
    header_row: int = 1
    title: tuple[str, ...] = ()
    sheet: str = ""
    groups: tuple[str, ...] = ()
    totals: tuple[int, ...] = ()
    footers: tuple[int, ...] = ()
    origins: Mapping[str, Origin] = field(default_factory=dict)
    arranged: Arranged | None = None
    read: int | None = None

    @property
    def rows(self) -> int:
        """How many rows the file has below its header, blank ones, sums and footers aside."""
        return (len(self.frame) if self.read is None else self.read) + len(self.problems)


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

    Raises UnreadableFile for another kind of file, EmptyFile where no row follows the header, InputError for a sheet
    that is not there or a decimal mark that is none.
    """
    data, name = load(source)
    if not data.strip():
        raise EmptyFile(f"{name} is empty.", remedy="It needs a header and at least one row.", field="file")
    kind = kind_of(data, name)
    if kind == "text":
        return _text_table(data, name, reading)
    if kind == "parquet":
        rows, decimal = parquet_rows(data, name)
        found = tabulate(
            rows, name, first=0, pad=True
        )  # a Parquet file has no header row: its first row is row 1
        return _table(name, found, "", kind, is_decimal(reading.decimal) or decimal)
    sheet = workbook_rows(data, name, reading)
    found = tabulate(sheet.rows, name, first=1, pad=True)
    return _table(name, found, "", kind, sheet.decimal, sheet=sheet.name, warnings=sheet.warnings)


def read_head(source: Source, reading: Reading = AUTO) -> Table:
    """Like `read_table`; of a long text file only its first 256 kB are read, up to a line end."""
    if isinstance(source, bytes):
        return read_table(
            source if len(source) <= HEAD or _packed(source) else _whole_lines(source[:HEAD]), reading
        )
    path = Path(source)
    try:
        with path.open("rb") as file:
            data = file.read(HEAD + 1)
    except (OSError, ValueError):
        return read_table(source, reading)  # which says why
    if len(data) <= HEAD or _packed(data):
        return read_table(source, reading)
    return replace(read_table(_whole_lines(data[:HEAD]), reading), name=path.name)


def _packed(data: bytes) -> bool:
    return data.startswith((b"PK", b"PAR1"))


def _whole_lines(data: bytes) -> bytes:
    """Bytes up to the last line end, which is two bytes long in UTF-16."""
    end = data.rfind(b"\n") + 1
    return data[: end + end % 2] if b"\0" in data[:256] else data[: end or len(data)]


def _text_table(data: bytes, name: str, reading: Reading) -> Table:
    text, encoding = decode(data, name)
    refuse_other_text(text, name)
    warnings = (
        [f"{name} mixes UTF-8 with another encoding; each line was read by itself."]
        if mixed(data, encoding)
        else []
    )
    cut = not text.endswith(("\n", "\r"))
    text, hint, first = excel_hint(text)
    delimiter = hint or sniff(text)
    seen: dict[str, str] = {}  # volume files repeat themselves: one object per distinct cell
    rows = [[seen.setdefault(cell, trimmed(cell)) for cell in row] for row in records(text, delimiter, name)]
    found = tabulate(rows, name, first=first, pad=False, cut=cut)
    decimal, warning = is_decimal(reading.decimal), ""
    if not decimal:
        clocks = [column for column in found.frame.columns if folded(column) in _CLOCKS]
        times = {
            cell for column in clocks for cell in found.frame[column].unique()
        }  # 9.30 is no number there
        decimal, warning = decimal_of(
            (cell for cell in dict.fromkeys(seen.values()) if cell not in times), delimiter
        )
    return _table(
        name, found, delimiter, encoding, decimal, warnings=(*warnings, *([warning] if warning else []))
    )


def _table(
    name: str,
    found: Tabulated,
    delimiter: str,
    encoding: str,
    decimal: str,
    *,
    sheet: str = "",
    warnings: tuple[str, ...] = (),
) -> Table:
    return Table(
        name, found.frame, delimiter, encoding, decimal, found.problems, (*found.warnings, *warnings),
        found.header_row, found.title, sheet, found.groups, found.totals, found.footers,
    )  # fmt: skip
