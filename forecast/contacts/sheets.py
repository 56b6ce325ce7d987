"""Excel workbooks and Parquet files as rows of text, so that one road leads from any file to a table."""

from __future__ import annotations

import datetime as dt
import io
import warnings
from collections.abc import Sequence
from importlib.util import find_spec

import pandas as pd

from forecast.contacts.filekind import refusal
from forecast.contacts.numbers import decimal_of
from forecast.errors import UnreadableFile


def workbook_rows(data: bytes, name: str) -> tuple[list[list[str]], str]:
    """Bytes of an .xlsx -> (rows of the first sheet as text, decimal mark). Times become ISO 8601."""
    import openpyxl

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl warns of styles and validations that do not concern us
            book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
            try:
                sheet = book.worksheets[0]
                sheet.reset_dimensions()
                raw = [tuple(row) for row in sheet.iter_rows(values_only=True)]
            finally:
                book.close()
    except Exception:  # a damaged workbook fails in openpyxl in more ways than it documents
        raise refusal(name, "a damaged Excel workbook, or one without a sheet of cells") from None
    return _as_text(raw)


def parquet_rows(data: bytes, name: str) -> tuple[list[list[str]], str]:
    """Bytes of a Parquet file -> (rows as text, the column names first; decimal mark)."""
    if find_spec("pyarrow") is None:
        raise UnreadableFile(
            f"{name} is Parquet, and pyarrow is not installed.",
            remedy="Install forecall[parquet] or save it as CSV.",
            field="file",
        )
    try:
        frame = pd.read_parquet(io.BytesIO(data))
    except Exception:  # pyarrow raises its own tree, OSError and ValueError
        raise refusal(name, "a damaged Parquet file") from None
    if any(level is not None for level in frame.index.names):
        frame = frame.reset_index()
    columns = [frame[column].astype(object).to_list() for column in frame.columns]
    rows, decimal = _as_text(list(zip(*columns, strict=True)))
    return [[str(column) for column in frame.columns], *rows], decimal


def _as_text(raw: Sequence[Sequence[object]]) -> tuple[list[list[str]], str]:
    """Cells of any type -> (cells as text, decimal mark of the cells that were text)."""
    texts = dict.fromkeys(cell.strip() for row in raw for cell in row if isinstance(cell, str))
    decimal, _ = decimal_of(texts, "")
    return [[_cell_text(cell, decimal) for cell in row] for row in raw], decimal


def _cell_text(cell: object, decimal: str) -> str:
    if cell is None or cell is pd.NaT:
        return ""
    if isinstance(cell, str):
        return cell.strip()
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
