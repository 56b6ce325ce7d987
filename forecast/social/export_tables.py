"""Files that suites export -> a header and rows of text, streamed: CSV in UTF-8 or UTF-16, and Excel workbooks.

The header is looked for: some suites write a title, the query and the period above it.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, Final, TextIO, TypeAlias

from forecast.contacts.filekind import MAX_BYTES, kind_of, refusal
from forecast.errors import InputError, UnreadableFile

Cells: TypeAlias = list[str]
Wanted: TypeAlias = Callable[[Sequence[str]], bool]
HEAD: Final = 30  # rows among which the header must be
_HEAD_BYTES = 262_144
_DELIMITERS = ",;\t|"
_SOME: Final = 1_000  # rows of a workbook taken at once
_UNDECODED = re.compile("[\udc80-\udcff]")


@dataclass(frozen=True)
class Table:
    """A table with its header found. `rows` starts anew at each call and gives the rows below the header that hold
    something, as many cells as the header has, or the InputError of a row."""

    name: str
    header: tuple[str, ...]
    raw: Callable[[], Iterator[Cells | InputError]]
    above: int  # rows up to and with the header

    def rows(self) -> Iterator[Cells | InputError]:
        for row in islice(self.raw(), self.above, None):
            if isinstance(row, InputError):
                yield row
            elif any(cell.strip() for cell in row):
                yield self._fit(row)

    def _fit(self, row: Cells) -> Cells | InputError:
        """Cells as the header has; suites leave empty cells out at the end, or write some more."""
        width = len(self.header)
        if any(row[width:]):
            return InputError(
                f"The row has {len(row)} cells, the header {width}.",
                remedy="Put texts with the delimiter in quotes.",
            )
        if any(_UNDECODED.search(cell) for cell in row if not cell.isascii()):
            return InputError("The row is not UTF-8.", remedy="Save the file as UTF-8.")
        return [*row[:width], *[""] * (width - len(row))]


def find_table(path: Path, wanted: Wanted) -> Table | None:
    """The table of a text file whose header is `wanted`; None where there is none among the first rows."""
    with path.open("rb") as file:
        start = file.read(_HEAD_BYTES)  # a file without line ends must not fill the memory
    codec = _codec(start)
    text = start.decode(*codec)
    for delimiter in _DELIMITERS:
        found = _find(_parse(io.StringIO(text, newline=""), delimiter), wanted)
        if found is not None:
            place, header = found
            return Table(path.name, header, partial(_text_rows, path, codec, delimiter), place)
    return None


def find_sheet(path: Path, wanted: Wanted) -> Table | None:
    """The table of a workbook whose header is `wanted`, in whichever sheet. UnreadableFile for other zips."""
    if path.stat().st_size > MAX_BYTES:
        raise UnreadableFile(f"{path.name} is larger than 500 MB.", remedy="Split it, for example by month.")
    data = path.read_bytes()
    kind_of(data, path.name)
    for place in range(_sheets(data, path.name)):
        raw = partial(_sheet_rows, data, path.name, place)
        found = _find(raw(), wanted)
        if found is not None:
            return Table(path.name, found[1], raw, found[0])
    return None


def _find(rows: Iterator[Cells | InputError], wanted: Wanted) -> tuple[int, tuple[str, ...]] | None:
    """-> (how many rows there are up to and with the header, the header)."""
    for place, row in enumerate(islice(rows, HEAD), start=1):
        if not isinstance(row, InputError) and len(row) > 1 and wanted(row):
            while row and not row[-1].strip():
                row.pop()
            return place, tuple(row)
    return None


def _codec(start: bytes) -> tuple[str, str]:
    # surrogateescape keeps undecodable bytes recognisable, so that only their row is refused
    utf16 = start[:2] in (b"\xff\xfe", b"\xfe\xff")
    return ("utf-16", "replace") if utf16 else ("utf-8-sig", "surrogateescape")


def _text_rows(path: Path, codec: tuple[str, str], delimiter: str) -> Iterator[Cells | InputError]:
    with path.open(encoding=codec[0], errors=codec[1], newline="") as file:
        yield from _parse(file, delimiter)


def _parse(file: TextIO, delimiter: str) -> Iterator[Cells | InputError]:
    reader = csv.reader(file, delimiter=delimiter)
    while True:
        try:
            yield next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield InputError(f"The row cannot be read: {error}.", remedy="Check its quotes.")


def _book(data: bytes, name: str) -> Any:
    import openpyxl

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl warns of styles and validations that do not concern us
            return openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
    except Exception:  # a damaged workbook fails in openpyxl in more ways than it documents
        raise refusal(name, "a damaged Excel workbook") from None


def _sheets(data: bytes, name: str) -> int:
    book = _book(data, name)
    count = len(book.worksheets)
    book.close()
    return count


def _sheet_rows(data: bytes, name: str, place: int) -> Iterator[Cells | InputError]:
    book = _book(data, name)
    try:
        sheet = book.worksheets[place]
        sheet.reset_dimensions()
        rows = sheet.iter_rows(values_only=True)
        while True:
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    some = list(islice(rows, _SOME))
            except Exception:  # as in `_book`
                raise refusal(name, "a damaged Excel workbook") from None
            if not some:
                return
            yield from ([_cell_text(cell) for cell in row] for row in some)
    finally:
        book.close()


def _cell_text(cell: object) -> str:
    if cell is None:
        return ""
    if isinstance(cell, dt.datetime):  # Excel keeps times as fractions of a day: 09:59:59.9996 is ten o'clock
        return (cell + dt.timedelta(microseconds=500_000)).replace(microsecond=0).isoformat()
    if isinstance(cell, (dt.date, dt.time)):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    return str(cell)
