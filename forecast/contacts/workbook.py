"""Excel workbooks: which sheet holds the table, and its cells, within bounds that no crafted file can exceed."""

from __future__ import annotations

import io
import re
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from forecast.contacts.filekind import refusal
from forecast.contacts.header_row import find_header, score
from forecast.contacts.tabulate import MOST_COLUMNS
from forecast.errors import InputError, UnreadableFile

MOST_ROWS: Final = 1_048_576  # what a spreadsheet holds
MOST_CELLS: Final = 8_500_000  # of a sheet, as they are written
MOST_PLACES: Final = 60_000_000  # cells passed over, empty ones too
MOST_TEXTS: Final = 4_000_000  # distinct texts of a workbook
MOST_BYTES: Final = 20_000_000  # of a part that is neither a sheet nor texts
_PEEK: Final = 100  # rows of each sheet that are looked at
_CHUNK: Final = 1 << 20
Cells = tuple[object, ...]


@dataclass(frozen=True)
class Sheet:
    """rows: cells of any type, an empty one is None. others: names of sheets that seem to hold tables too."""

    name: str
    rows: list[Cells]
    others: tuple[str, ...]


@dataclass(frozen=True)
class Formula:
    """A cell whose formula has no stored value."""

    text: str

    def __str__(self) -> str:
        return self.text if self.text.startswith("=") else f"={self.text}"


def read_workbook(data: bytes, name: str, asked: str | None = None) -> Sheet:
    """Bytes of an .xlsx -> the sheet asked for, or the first one with a table; hidden ones come last.

    UnreadableFile for a damaged workbook or one beyond the bounds, InputError for a sheet that is not there.
    """
    formulas = {path for path in _members(data, name) if _bound(data, name, path)}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl warns of styles and validations that do not concern us
            book = _open(data, values=True)
            try:
                sheet, others = _choose(book, name, asked)
                path = str(getattr(sheet, "_worksheet_path", "")).lstrip("/")
                written = bool(formulas) if path not in _members(data, name) else path in formulas
                rows = _with_formulas(data, sheet, name) if written else list(_rows(sheet, name))
                return Sheet(str(sheet.title), rows, others)
            finally:
                book.close()
    except InputError:
        raise
    except Exception:  # a damaged workbook fails in openpyxl in more ways than it documents
        raise refusal(name, "a damaged Excel workbook, or one without a sheet of cells") from None


def _open(data: bytes, *, values: bool) -> Any:
    import openpyxl

    return openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=values)


def _choose(book: Any, name: str, asked: str | None) -> tuple[Any, tuple[str, ...]]:
    """The sheet to read, and the names of others that would do."""
    sheets = sorted(
        book.worksheets, key=lambda sheet: sheet.sheet_state != "visible"
    )  # stable: the order of the tabs
    if asked is not None:
        wanted = [sheet for sheet in sheets if sheet.title.strip().casefold() == asked.strip().casefold()]
        if not wanted:
            titles = ", ".join(repr(sheet.title) for sheet in sheets[:12])
            raise InputError(
                f"{name} has no sheet {asked!r}; it has {titles}.", remedy="Name one of these.", field="sheet"
            )
        wanted[0].reset_dimensions()
        return wanted[0], ()
    ranks = []
    for sheet in sheets:
        sheet.reset_dimensions()  # what a file says of its own size is often wrong
        ranks.append(_rank(list(islice(_rows(sheet, name), _PEEK))) if len(sheets) > 1 else 2)
    best = max(ranks)
    fitting = [sheet for sheet, rank in zip(sheets, ranks, strict=True) if rank == best]
    shown = [str(sheet.title) for sheet in fitting[1:] if sheet.sheet_state == "visible"]
    return fitting[0], tuple(shown) if best == 2 else ()


def _rank(rows: Sequence[Cells]) -> int:
    """The first rows of a sheet -> 2: a table with names we know, 1: a table, 0: none."""
    texts = [["" if cell is None else str(cell).strip()[:60] for cell in row] for row in rows]
    filled = [(number, row) for number, row in enumerate(texts) if any(row)]
    if len(filled) < 2 or max(sum(map(bool, row)) for _, row in filled) < 2:
        return 0
    place = find_header(filled).place
    return 2 if score(filled[place][1]) >= 2 and place < len(filled) - 1 else 1


def _rows(sheet: Any, name: str) -> Iterator[Cells]:
    """Rows of a sheet as values, without empty cells at their end; UnreadableFile beyond the bounds."""
    cells = places = 0
    for number, row in enumerate(sheet.iter_rows(values_only=True), start=1):
        places += len(row) + 1
        row = _trimmed(row)
        cells += len(row)
        if number > MOST_ROWS or len(row) > MOST_COLUMNS or cells > MOST_CELLS or places > MOST_PLACES:
            raise _too_large(name)
        yield row


def _with_formulas(data: bytes, sheet: Any, name: str) -> list[Cells]:
    """Like `_rows`, where a formula without a stored value is a Formula: it must not pass for an empty cell."""
    book = _open(data, values=False)
    try:
        other = book[sheet.title]
        other.reset_dimensions()
        rows: list[Cells] = []
        cells = places = 0
        for stored, written in zip(sheet.iter_rows(), other.iter_rows(values_only=True), strict=True):
            row = _trimmed(
                tuple(_value(cell, formula) for cell, formula in zip(stored, written, strict=True))
            )
            cells, places = cells + len(row), places + len(stored) + 1
            if (
                len(rows) >= MOST_ROWS
                or len(row) > MOST_COLUMNS
                or cells > MOST_CELLS
                or places > MOST_PLACES
            ):
                raise _too_large(name)
            rows.append(row)
        return rows
    finally:
        book.close()


def _value(cell: Any, written: object) -> object:
    """A stored cell and what is written in it -> its value; the empty text of a formula stays empty (its type is `str`)."""
    if cell.value is not None or written is None or getattr(cell, "data_type", "") == "str":
        return cell.value
    return Formula(str(getattr(written, "text", written) or "="))


def _trimmed(row: Cells) -> Cells:
    end = len(row)
    while end and row[end - 1] is None:
        end -= 1
    return row[:end]


def _too_large(name: str) -> UnreadableFile:
    return UnreadableFile(
        f"{name} has a sheet of more than {MOST_ROWS:,} rows, {MOST_COLUMNS:,} columns or {MOST_CELLS:,} filled cells.",
        remedy="Save the sheet as CSV, or split it.",
        field="file",
    )


def _bound(data: bytes, name: str, path: str) -> bool:
    """Count cells, rows and shared texts of a part as they are written, before it is parsed; True where it has formulas.

    A row is one element in memory whatever its length, rows that are not there are made up to the number of the next, and
    what is neither sheet nor texts is held as a whole.
    """
    formulas = False
    rows = cells = longest = total = texts = size = 0
    mark = b""
    for chunk in _tags(data, path, name):
        if not rows:
            prefix = re.search(rb"<(\w+:)?worksheet", chunk)
            mark = (prefix[1] or b"") if prefix else mark
        formulas = formulas or re.search(rb"<(?:\w+:)?f[\s>/]", chunk) is not None
        size, texts = size + len(chunk), texts + chunk.count(b"<si")
        far = max(map(int, re.findall(rb"<(?:\w+:)?row[^>]{0,200}?\sr=[\"']([0-9]{7,12})", chunk)), default=0)
        pieces = chunk.split(b"<" + mark + b"row")
        rows += len(pieces) - 1
        for number, piece in enumerate(pieces):
            count = piece.count(b"<" + mark + b"c")
            total += count
            cells = count if number else cells + count
            longest = max(longest, cells)
        if (
            max(rows, far) > MOST_ROWS
            or longest > 2 * MOST_COLUMNS
            or total > MOST_CELLS + 1_000
            or texts > MOST_TEXTS
        ):
            raise _too_large(name)
        if size > MOST_BYTES and not rows and not texts:
            raise _too_large(name)
    return formulas


def _members(data: bytes, name: str) -> list[str]:
    """The parts of a workbook that are XML, wherever they lie."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return [member for member in archive.namelist() if member.lower().endswith((".xml", ".rels"))]
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        raise refusal(name, "a damaged zip or Excel file") from None


def _tags(data: bytes, member: str, name: str) -> Iterator[bytes]:
    """The bytes of a member in chunks that end where a tag begins, so that none is cut in two."""
    rest = b""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive, archive.open(member) as file:
            while chunk := file.read(_CHUNK):
                whole = rest + chunk
                at = whole.rfind(b"<")
                if at > 0:
                    yield whole[:at]
                    rest = whole[at:]
                else:
                    rest = whole
        yield rest
    except Exception:  # zipfile and zlib raise trees of their own
        raise refusal(name, "a damaged zip or Excel file") from None
