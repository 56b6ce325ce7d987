"""A large text or Parquet file, a table at a time: how it is written is learnt from its beginning, its rows from the disk."""

from __future__ import annotations

import codecs
import csv
import gc
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from forecast.contacts.dialects import LARGEST_CELL, refuse_swallowed
from forecast.contacts.filekind import refusal
from forecast.contacts.numbers import decimal_of
from forecast.contacts.problem import Problem
from forecast.contacts.reading import Reading
from forecast.contacts.sheets import _cell_text as cell_text
from forecast.contacts.tables import Table, read_table
from forecast.contacts.tabulate import MOST_COLUMNS
from forecast.contacts.trimmed import trimmed
from forecast.errors import InputError, UnreadableFile

LARGE = 8 * 1024 * 1024  # bytes from which on a file is read from the disk; below, it is read as a whole
ROWS = 32_768  # of one table
HEAD = 65_536  # bytes from which the way a file is written is learnt; more where they end inside a quotation
MOST_ROWS = 100_000_000
VOTES = 2_000  # cells of a table that are asked for the decimal mark
_LENGTHS = (1, 4, 16)
Step = Callable[[float], None]


@dataclass(frozen=True)
class Large:
    """A file that is read a table at a time. head: its first rows, which tell how it is written; parquet: or else text."""

    path: Path
    head: Table
    parquet: bool

    def tables(
        self, *, rows: int = ROWS, strict: bool = True, decimal: str = "", step: Step | None = None
    ) -> Iterator[Table]:
        """All rows of the file in order. strict: doubtful quotes are an error (csv.Error), as in a first look.

        step: called with the share of the file that was read.
        """
        made = _parquet_tables(self, rows, step) if self.parquet else _text_tables(self, rows, strict, step)
        for table in made:
            yield replace(table, decimal=decimal or table.decimal)


def open_large(path: Path, reading: Reading, folder: Path, *, large: int = LARGE) -> Large | None:
    """The file, or None where it is small, a workbook, or begins like nothing we can read: the whole-file road tells why.

    folder: for a copy of its beginning.
    """
    if not path.is_file():
        return None
    with path.open("rb") as file:
        data = file.read(HEAD * _LENGTHS[-1])
    if data.startswith(b"PAR1"):
        return _open_parquet(path, large)
    if data.startswith(b"PK") or path.stat().st_size < large:
        return None
    copy = folder / path.name  # under the same name, so that what is said of it names the file
    for times in _LENGTHS:
        copy.write_bytes(_whole_lines(data[: HEAD * times]))
        try:
            return Large(path, read_table(copy, reading), False)
        except InputError:
            continue
        finally:
            copy.unlink()
    return None


def _open_parquet(path: Path, large: int) -> Large | None:
    """Large by its rows: a Parquet file may say a million of them in a few bytes."""
    if find_spec("pyarrow") is None:
        return None
    import pyarrow.parquet as pq

    try:
        facts = pq.read_metadata(path)
    except Exception:  # pyarrow raises its own tree, OSError and ValueError
        return None
    if facts.num_rows < large // 40 or facts.num_columns > MOST_COLUMNS:
        return None
    if facts.num_rows > MOST_ROWS:
        raise UnreadableFile(
            f"{path.name} has {facts.num_rows:,} rows; we read at most {MOST_ROWS:,}.",
            remedy="Split it, for example by year.",
            field="file",
        )
    first = next(_frames(path, 1_000), None)
    return None if first is None else Large(path, _as_table(path.name, first, 1), True)


def decimal_votes(table: Table) -> str:
    """The decimal mark that some of a table's cells ask for, '' where they leave it open."""
    cells: dict[str, None] = {}
    for name in table.frame.columns:
        column = table.frame[name].to_numpy()[:VOTES]
        cells.update(
            dict.fromkeys(cell for cell in column if ("," in cell or "." in cell) and ":" not in cell)
        )
    mark, doubt = decimal_of(list(cells), table.delimiter)
    return mark if cells and not doubt else ""


def _whole_lines(data: bytes) -> bytes:
    """Bytes up to the last line end; in UTF-16 one is two bytes long."""
    if b"\0" not in data[:4096]:
        return data[: data.rfind(b"\n") + 1] or data
    for mark in (b"\n\0", b"\0\n"):
        end = data.rfind(mark)
        while end > 0 and end % 2:
            end = data.rfind(mark, 0, end)
        if end > 0:
            return data[: end + 2]
    return data


def _lenient(error: UnicodeError) -> tuple[str, int]:
    """Bytes that are no UTF-8, read as the Windows code page: two systems wrote into this file, or an older one did."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


codecs.register_error("forecall.cp1252", _lenient)


def _text_tables(large: Large, rows: int, strict: bool, step: Step | None) -> Iterator[Table]:
    head, size = large.head, large.path.stat().st_size
    plain = head.encoding in ("utf-8", "utf-8-sig", "cp1252")
    encoding = "utf-8-sig" if plain else head.encoding
    errors = "forecall.cp1252" if plain else "strict"
    with large.path.open("rb") as raw, io.TextIOWrapper(raw, encoding, errors, newline="") as file:
        csv.field_size_limit(LARGEST_CELL)
        reader = csv.reader(file, delimiter=head.delimiter, strict=strict)
        number = head.header_row
        header = [trimmed(cell) for cell in list(islice(reader, number))[-1]]
        try:
            while records := _next(reader, rows):
                if not strict:
                    refuse_swallowed(records, number + 1, large.path.name)
                yield _tabulate(head, header, records, number + 1)
                number += len(records)
                if step is not None:
                    step(raw.tell() / size)
        except UnicodeDecodeError:
            raise UnreadableFile(
                f"{large.path.name} holds characters we cannot read, after row {number}.",
                remedy="Save it as UTF-8.",
                field="file",
            ) from None
        except csv.Error as error:
            if strict and "field larger" not in str(error) and "unexpected end" not in str(error):
                raise
            raise UnreadableFile(
                f"{large.path.name} breaks off after row {number}: a quotation mark is opened there and never closed.",
                remedy="Repair the quotation marks of that row.",
                field="file",
            ) from None


def _next(reader: Iterator[list[str]], rows: int) -> list[list[str]]:
    """The next records. Python's collector looks at each of these lists again and again, which doubles the time."""
    collects = gc.isenabled()
    gc.disable()
    try:
        return list(islice(reader, rows))
    finally:
        if collects:
            gc.enable()


def _tabulate(head: Table, header: Sequence[str], records: list[list[str]], first: int) -> Table:
    """Records, the first of them row `first` of the file -> a table like the head's."""
    width, problems = len(head.frame.columns), list[Problem]()
    numbers = np.arange(first, first + len(records), dtype=np.int64)
    widths = np.fromiter(map(len, records), dtype=np.int64, count=len(records))
    good = np.ones(len(records), dtype=bool)
    for at in np.flatnonzero(widths != width).tolist():
        row = [trimmed(cell) for cell in records[at]]
        good[at] = len(row) > width and not any(row[width:])
        records[at] = row[:width] if good[at] else [""] * width
        if any(row) and not good[at]:
            reason = f"has {len(row)} cells where the header has {width}"
            problems.append(Problem(int(numbers[at]), "row", " | ".join(row)[:200], reason))
    columns = [_stripped(column) for column in zip(*records, strict=True)]
    idle = np.all([column == "" for column in columns], axis=0)  # blank rows, and the header come again
    idle |= np.all([column == cell for column, cell in zip(columns, header[:width], strict=True)], axis=0)
    kept = np.flatnonzero(good & ~idle)
    frame = pd.DataFrame(
        {name: column[kept] for name, column in zip(head.frame.columns, columns, strict=True)},
        index=pd.Index(numbers[kept], name="row"),
        dtype=object,
    )
    return replace(head, frame=frame, problems=tuple(problems), totals=(), footers=())


def _stripped(column: Sequence[str]) -> npt.NDArray[Any]:
    """Cells[n] without blanks around them; one object per distinct cell, as volume files repeat themselves."""
    codes, unique = pd.factorize(np.array(column, dtype=object), use_na_sentinel=False)
    return np.array([trimmed(cell) for cell in unique], dtype=object)[codes]


def _frames(path: Path, rows: int) -> Iterator[pd.DataFrame]:
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=rows):
                frame = batch.to_pandas()
                named = any(level is not None for level in frame.index.names)
                yield frame.reset_index() if named else frame
    except InputError:
        raise
    except Exception:  # pyarrow raises its own tree, OSError and ValueError
        raise refusal(path.name, "a damaged Parquet file") from None


def _parquet_tables(large: Large, rows: int, step: Step | None) -> Iterator[Table]:
    import pyarrow.parquet as pq

    first, total = 1, max(1, pq.read_metadata(large.path).num_rows)
    for frame in _frames(large.path, rows):
        yield _as_table(large.path.name, frame, first, large.head.decimal)
        first += len(frame)
        if step is not None:
            step((first - 1) / total)


def _as_table(name: str, frame: pd.DataFrame, first: int, decimal: str = "") -> Table:
    """Rows of a Parquet file as text, the first of them row `first`."""
    if not decimal:
        texts = [cell for column in frame.columns for cell in frame[column].unique() if isinstance(cell, str)]
        decimal, _ = decimal_of([text.strip() for text in texts], "")
    columns: dict[str, npt.NDArray[Any]] = {}
    for column in frame.columns:
        codes, unique = pd.factorize(frame[column], use_na_sentinel=False)
        cells = pd.Series(unique).astype(object)
        columns[str(column)] = np.array([cell_text(cell, decimal) for cell in cells], dtype=object)[codes]
    blank = np.all([column == "" for column in columns.values()], axis=0)
    numbers = np.arange(first, first + len(frame), dtype=np.int64)
    text = pd.DataFrame(columns, index=pd.Index(numbers, name="row"), dtype=object)[~blank]
    return Table(name, text, "", "parquet", decimal, header_row=0)
