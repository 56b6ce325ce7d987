"""Files of mentions: JSONL, CSV, Excel or Parquet, and what webcare and listening suites export (`exports.py`).

They are read row by row; a broken row is reported and the rest goes on. Facebook and Instagram reach us only as such
exports: neither lets a stranger search its posts.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from forecast.errors import ContractError, EmptyFile, InputError, UnreadableFile
from forecast.social.export_tables import Table, find_sheet, find_table
from forecast.social.exports import find_preset, read_export
from forecast.social.mention import REQUIRED, Mention, parse_mention

Rows: TypeAlias = Iterator[tuple[int, "Mention | InputError"]]

_LONGEST_LINE = 1_000_000  # bytes; a "line" beyond that is another kind of file, and must not fill the memory
_BINARY = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_UNDECODED = re.compile("[\udc80-\udcff]")
_SHAPE = "Give JSONL (one {...} per line), CSV with a header, or Parquet, in UTF-8; or the export of a suite as it is."


def read_mentions(path: Path | str, *, tz: str = "UTC", date_order: str | None = None) -> Rows:
    """A file -> (row number, Mention or the InputError of that row), one at a time.

    The number counts from 1: lines in JSONL, rows below the header elsewhere. An export of Coosto, OBI4wan, Brandwatch,
    Meltwater or Sprinklr is known by its header. date_order (dmy or mdy) says how its dates are written where they do
    not tell themselves. UnreadableFile for what is no table, EmptyFile where there is no row, ContractError where the
    header lacks a needed column, AmbiguousDates; these are raised before the first row comes out.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            start = file.read(4096)
    except OSError as error:
        raise UnreadableFile(
            f"{path.name} cannot be opened: {error.strerror}.", remedy="Check the path."
        ) from None
    if start.startswith(b"PAR1"):
        return _parquet(path, tz)
    if start.startswith(b"PK"):
        return _workbook(path, tz, date_order)
    start = start.removeprefix(b"\xef\xbb\xbf")
    if not start.strip():
        raise EmptyFile(f"{path.name} is empty.", remedy=_SHAPE)
    export = None if start.lstrip().startswith(b"{") else find_table(path, _is_export)
    if export is not None:
        return _export(export, tz, date_order)
    _refuse(path, start)
    if start.lstrip().startswith(b"{"):
        return _jsonl(path, tz)
    return _csv(path, tz)


def _refuse(path: Path, start: bytes) -> None:
    """UnreadableFile for other kinds of files, with the word that helps."""
    head = start.lstrip()[:200].lower()
    if start[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise UnreadableFile(f"{path.name} is in UTF-16.", remedy="Save it as UTF-8.")
    if start[:2] == b"\x1f\x8b":
        raise UnreadableFile(f"{path.name} is compressed.", remedy="Unpack it.")
    if head.startswith((b"<!doctype", b"<html", b"<?xml", b"<")):
        raise UnreadableFile(f"{path.name} is a web page or XML, no table.", remedy=_SHAPE)
    if head.startswith(b"["):
        raise UnreadableFile(
            f"{path.name} is one JSON list.", remedy="Write one {...} per line (jq -c '.[]')."
        )
    # NUL and friends come in single broken posts too; a file full of them is another kind of file.
    if len(_BINARY.findall(start)) > max(2, len(start) // 100):
        raise UnreadableFile(f"{path.name} is no text.", remedy=_SHAPE)


def _is_export(header: Sequence[str]) -> bool:
    return find_preset(header) is not None


def _export(table: Table, tz: str, date_order: str | None) -> Rows:
    preset = find_preset(table.header)
    if preset is None:
        raise UnreadableFile(f"{table.name} is no table of mentions.", remedy=_SHAPE)
    return read_export(table, preset, tz=tz, date_order=date_order)


def _workbook(path: Path, tz: str, date_order: str | None) -> Rows:
    """An Excel workbook: the export of a suite, or our own columns, in the first sheet that has either."""
    export = find_sheet(path, _is_export)
    if export is not None:
        return _export(export, tz, date_order)
    table = find_sheet(path, lambda header: bool(set(REQUIRED) & {name.strip().lower() for name in header}))
    if table is None:
        raise UnreadableFile(f"{path.name} is no table of mentions.", remedy=_SHAPE)
    names = [name.strip().lower() for name in table.header]
    _check_columns(path, names)
    return (
        (number, row if isinstance(row, InputError) else _parsed(dict(zip(names, row, strict=True)), tz))
        for number, row in enumerate(table.rows(), start=1)
    )


def _parsed(row: Mapping[str, Any], tz: str) -> Mention | InputError:
    try:
        return parse_mention(row, tz=tz)
    except InputError as error:
        return error


def _jsonl(path: Path, tz: str) -> Rows:
    with path.open("rb") as file:
        number = 0
        while line := file.readline(_LONGEST_LINE):
            number += 1
            whole = len(line) < _LONGEST_LINE or line.endswith(b"\n")
            while not whole:
                rest = file.readline(_LONGEST_LINE)
                whole = len(rest) < _LONGEST_LINE or rest.endswith(b"\n")
                line = b"!"
            if line.strip(b" \t\r\n\xef\xbb\xbf"):
                yield number, _json_row(line, tz)


def _json_row(line: bytes, tz: str) -> Mention | InputError:
    if line == b"!":
        return InputError("The line is longer than a million bytes.", remedy="Leave it out, or split it.")
    try:
        row = json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return InputError("The line is not UTF-8.", remedy="Save the file as UTF-8.")
    except (ValueError, RecursionError):
        return InputError("The line is no JSON.", remedy='Write {"id": ..., "source": ..., ...} on one line.')
    if not isinstance(row, dict):
        return InputError("The line is no JSON object.", remedy='Write {"id": ..., "source": ..., ...}.')
    return _parsed(row, tz)


def _csv(path: Path, tz: str) -> Rows:
    # surrogateescape keeps undecodable bytes recognisable, so that only their row is refused
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        header = file.readline(_LONGEST_LINE)
        while header and not header.strip():
            header = file.readline(_LONGEST_LINE)
        delimiter = max(",;\t|", key=header.count)
        names = [name.strip().lower() for name in next(csv.reader([header], delimiter=delimiter), [])]
    if not set(REQUIRED) & set(names):
        raise UnreadableFile(f"{path.name} is no table of mentions.", remedy=_SHAPE)
    _check_columns(path, names)
    return _csv_rows(path, tz, delimiter)


def _check_columns(path: Path, names: list[str]) -> None:
    for column in REQUIRED:
        if column not in names:
            raise ContractError(
                f"{path.name} misses the column {column!r}.",
                remedy=f"It needs {', '.join(REQUIRED)}; it has {', '.join(names[:20])}.",
                field=column,
            )


def _csv_rows(path: Path, tz: str, delimiter: str) -> Rows:
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        reader = csv.reader(file, delimiter=delimiter)
        names: list[str] = []
        while not any(names):
            names = [name.strip().lower() for name in next(reader)]
        number = 0
        while True:
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                number += 1
                yield number, InputError(f"The row cannot be read: {error}.", remedy="Check its quotes.")
                continue
            if any(cells):
                number += 1
                yield number, _csv_row(names, cells, tz)


def _csv_row(names: list[str], cells: list[str], tz: str) -> Mention | InputError:
    if len(cells) != len(names):
        return InputError(
            f"The row has {len(cells)} cells, the header {len(names)}.",
            remedy="Put texts with the delimiter in quotes.",
        )
    if any(_UNDECODED.search(cell) for cell in cells if not cell.isascii()):
        return InputError("The row is not UTF-8.", remedy="Save the file as UTF-8.")
    return _parsed(dict(zip(names, cells, strict=True)), tz)


def _parquet(path: Path, tz: str) -> Rows:
    try:
        import pyarrow
        import pyarrow.parquet as parquet
    except ImportError:
        raise UnreadableFile(
            f"{path.name} is Parquet, which needs pyarrow.", remedy="Install forecall[parquet], or give CSV."
        ) from None
    try:
        file = parquet.ParquetFile(path)
    except (pyarrow.ArrowException, OSError) as error:
        raise UnreadableFile(f"{path.name} is broken Parquet: {error}.", remedy="Write it again.") from None
    _check_columns(path, [name.lower() for name in file.schema_arrow.names])
    if file.metadata.num_rows == 0:
        raise EmptyFile(f"{path.name} holds no row.", remedy=_SHAPE)
    return _parquet_rows(file, tz)


def _parquet_rows(file: Any, tz: str) -> Rows:
    number = 0
    for batch in file.iter_batches(batch_size=10_000):
        for row in batch.to_pylist():
            number += 1
            yield number, _parsed({str(name).lower(): value for name, value in row.items()}, tz)
