"""Excel workbooks and Parquet files as rows of text, so that one road leads from any file to a table."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Final

import pandas as pd

from forecast.contacts.filekind import refusal
from forecast.contacts.numbers import decimal_of, is_decimal
from forecast.contacts.reading import AUTO, Reading
from forecast.contacts.tabulate import MOST_COLUMNS
from forecast.contacts.trimmed import trimmed
from forecast.contacts.workbook import read_workbook
from forecast.errors import UnreadableFile

MOST_CELLS: Final = 40_000_000  # of a Parquet file that is read in one go


@dataclass(frozen=True)
class SheetRows:
    """A sheet as rows of text, its decimal mark, and what should be known of the choice."""

    name: str
    rows: list[list[str]]
    decimal: str
    warnings: tuple[str, ...] = ()


def workbook_rows(data: bytes, name: str, reading: Reading = AUTO) -> SheetRows:
    """Bytes of an .xlsx -> SheetRows of the sheet asked for or found. Times become ISO 8601."""
    sheet = read_workbook(data, name, reading.sheet)
    rows, decimal, doubt = _as_text(sheet.rows, is_decimal(reading.decimal))
    doubts = (doubt,) if doubt else ()
    others = sheet.others
    if not others:
        return SheetRows(sheet.name, rows, decimal, doubts)
    shown = ", ".join(map(repr, others[:8])) + (f" and {len(others) - 8} more" if len(others) > 8 else "")
    told = f"The sheet {sheet.name!r} was read; {shown} seem{'s' if len(others) == 1 else ''} to hold a table too: name one to read it."
    return SheetRows(sheet.name, rows, decimal, (told, *doubts))


def parquet_rows(data: bytes, name: str) -> tuple[list[list[str]], str]:
    """Bytes of a Parquet file -> (rows as text, the column names first; decimal mark)."""
    if find_spec("pyarrow") is None:
        raise UnreadableFile(
            f"{name} is Parquet, and pyarrow is not installed.",
            remedy="Install forecall[parquet] or save it as CSV.",
            field="file",
        )
    _bound_parquet(data, name)
    try:
        frame = pd.read_parquet(io.BytesIO(data), page_checksum_verification=True)
    except Exception:  # pyarrow raises its own tree, OSError and ValueError
        raise refusal(name, "a damaged Parquet file") from None
    if any(level is not None for level in frame.index.names):
        frame = frame.reset_index()
    columns = [frame[column].astype(object).to_list() for column in frame.columns]
    rows, decimal, _ = _as_text(list(zip(*columns, strict=True)))
    return [[str(column) for column in frame.columns], *rows], decimal


def _bound_parquet(data: bytes, name: str) -> None:
    """Refuse what would not fit in memory: a few bytes can say a billion times the same."""
    import pyarrow.parquet as pq

    try:
        facts = pq.ParquetFile(io.BytesIO(data)).metadata
        rows, columns = int(facts.num_rows), int(facts.num_columns)
    except Exception:  # as above
        raise refusal(name, "a damaged Parquet file") from None
    if columns > MOST_COLUMNS or rows * columns > MOST_CELLS:
        raise UnreadableFile(
            f"{name} has {rows:,} rows and {columns:,} columns; we read at most {MOST_CELLS:,} cells at once.",
            remedy="Split it, for example by year.",
            field="file",
        )


def _as_text(raw: Sequence[Sequence[object]], decimal: str = "") -> tuple[list[list[str]], str, str]:
    """Cells of any type -> (cells as text, decimal mark: the one given, else of the cells that were text; doubt about it)."""
    doubt = ""
    if not decimal:
        texts = dict.fromkeys(trimmed(cell) for row in raw for cell in row if isinstance(cell, str))
        decimal, doubt = decimal_of(texts, "")
    seen: dict[str, str] = {}  # one object per distinct cell
    texted = ([_cell_text(cell, decimal) for cell in row] for row in raw)
    return [[seen.setdefault(text, text) for text in row] for row in texted], decimal, doubt


def _cell_text(cell: object, decimal: str) -> str:
    if cell is None or cell is pd.NaT:
        return ""
    if isinstance(cell, str):
        return trimmed(cell)
    if isinstance(cell, pd.Timestamp):
        return cell.isoformat()
    if isinstance(cell, dt.datetime):  # Excel keeps times as fractions of a day: 09:59:59.9996 is ten o'clock
        return (cell + dt.timedelta(microseconds=500_000)).replace(microsecond=0).isoformat()
    if isinstance(cell, (dt.date, dt.time)):
        return cell.isoformat()
    if isinstance(cell, bool):
        return str(cell)
    if isinstance(cell, float):
        if cell != cell:
            return ""
        text = str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
        return text.replace(".", decimal)
    return str(cell)
