"""Mutations of Excel workbooks: what Excel, ACD exports and colleagues do to a sheet."""

from __future__ import annotations

import datetime as dt
import io
import random
import re
import zipfile
from collections.abc import Callable
from typing import Any

import openpyxl
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from tests.fuzz.cases import Case
from tests.fuzz.files import WIDE
from tests.fuzz.sheets import Row, Sheet, meaning_of
from tests.fuzz.sheets import at as utc

SHEET = "xl/worksheets/sheet1.xml"


def typed(sheet: Sheet, row: Row, *, dates: bool) -> list[Any]:
    """A row with counts as numbers, and times as times where `dates`."""
    cells: list[Any] = ["#" if cell == "\x00" else cell for cell in row.cells]  # Excel cannot hold it
    numbers = range(2 if sheet.kind == "wide_times" else 1, len(cells)) if sheet.kind in WIDE else ()
    places = sheet.places
    for at in (*numbers, *(places[name] for name in ("offered",) if name in places)):
        if at < len(cells) and str(cells[at]).isdecimal():
            cells[at] = int(cells[at])
    if dates and row.stands_for and not sheet.utc:
        wall = row.stands_for[0][1]
        place = places.get("date", places.get("interval_start", 0))
        whole = "date" in places or sheet.kind == "wide_times"
        cells[place] = dt.datetime.combine(wall.date(), dt.time()) if whole else wall
    return cells


def book_of(sheet: Sheet, chance: random.Random, *, dates: bool | None = None) -> Any:
    """A workbook with the sheet on it. A day above the 12th cannot be told from dates kept as dates: no order is asked."""
    book = openpyxl.Workbook()
    page = book.active
    dates = chance.random() < 0.6 if dates is None else dates
    for title in sheet.titles:
        page.append(list(title))
    page.append(list(sheet.header))
    for row in sheet.rows:
        page.append(typed(sheet, row, dates=dates))
    for line in sheet.footer:
        page.append(list(line))
    return book


def to_bytes(book: Any) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def count_cells(sheet: Sheet) -> list[str]:
    """Addresses of the counts: `C5`."""
    place = sheet.places.get("offered", len(sheet.header) - 1)
    above = len(sheet.titles) + 2
    letter = chr(ord("A") + place)
    return [f"{letter}{above + at}" for at, row in enumerate(sheet.rows) if row.stands_for]


def plain(sheet: Sheet, chance: random.Random) -> Case:
    return Case("workbook", to_bytes(book_of(sheet, chance)), meaning_of(sheet), must=sheet.must)


def since_1904(sheet: Sheet, chance: random.Random) -> Case:
    """The date system of old Macs."""
    book = book_of(sheet, chance, dates=True)
    book.epoch = CALENDAR_MAC_1904
    return Case("1904 date system", to_bytes(book), meaning_of(sheet), must=sheet.must)


def bare_serials(sheet: Sheet, chance: random.Random) -> Case:
    """Some dates without a date format: plain numbers, and some as text."""
    book = book_of(sheet, chance, dates=True)
    page, place = book.active, sheet.places.get("date", sheet.places.get("interval_start", 0)) + 1
    above = len(sheet.titles) + 2
    for at, row in enumerate(sheet.rows):
        if row.stands_for and chance.random() < 0.3:
            cell = page.cell(above + at, place)
            if isinstance(cell.value, dt.datetime):
                cell.number_format = "General"
    return Case("dates without a format", to_bytes(book), meaning_of(sheet))


def merged(sheet: Sheet, chance: random.Random) -> Case:
    """Cells of one column merged over rows: only the first keeps its text."""
    book = book_of(sheet, chance)
    above = len(sheet.titles) + 2
    column = chance.randint(1, min(3, len(sheet.header)))
    start = above + chance.randrange(max(1, len(sheet.rows) - 3))
    book.active.merge_cells(start_row=start, start_column=column, end_row=start + 2, end_column=column)
    meaning = dict(meaning_of(sheet))
    first = typed(sheet, sheet.rows[start - above], dates=False)[column - 1]
    for place in range(start - above, min(start - above + 3, len(sheet.rows))):
        row = sheet.rows[
            place
        ]  # filled down is a fair reading of a merged name, of a merged count it is none
        for _, wall, _ in row.stands_for:
            if isinstance(first, str) and sheet.places.get("queue") == column - 1:
                meaning.setdefault((first, utc(wall)), frozenset(row.stands_for[0][2:]))
                meaning[first, utc(wall)] |= {row.stands_for[0][2]}
    return Case("merged cells", to_bytes(book), meaning, told="filled from the row above")


def hidden(sheet: Sheet, chance: random.Random) -> Case:
    """Hidden rows and columns count as what they say."""
    book = book_of(sheet, chance)
    for _ in range(5):
        book.active.row_dimensions[
            len(sheet.titles) + 2 + chance.randrange(len(sheet.rows) or 1)
        ].hidden = True
    book.active.column_dimensions["A"].hidden = True
    return Case("hidden rows and columns", to_bytes(book), meaning_of(sheet), told="hidden")


def hidden_sheet(sheet: Sheet, chance: random.Random) -> Case:
    """A hidden sheet with other numbers before the one that is seen."""
    book = book_of(sheet, chance)
    page = book.create_sheet("oud", 0)
    page.append(list(sheet.header))
    for row in sheet.rows:
        page.append(
            [cell if at != sheet.places.get("offered") else 77777 for at, cell in enumerate(row.cells)]
        )
    page.sheet_state = chance.choice(("hidden", "veryHidden"))
    return Case("a hidden sheet first", to_bytes(book), meaning_of(sheet), told="sheet|hidden")


def cover(sheet: Sheet, chance: random.Random) -> Case:
    """A sheet of prose before the table."""
    book = book_of(sheet, chance)
    page = book.create_sheet("Toelichting", 0)
    page.append(["Rapport klantcontact"])
    page.append(["Versie", 3])
    return Case("a cover sheet", to_bytes(book), meaning_of(sheet))


def errors(sheet: Sheet, chance: random.Random) -> Case:
    """Cells that hold an error of Excel."""
    book, found = book_of(sheet, chance), count_cells(sheet)
    for address in chance.sample(found, min(3, len(found))):
        book.active[address] = chance.choice(("#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?"))
    return Case("error cells", to_bytes(book), meaning_of(sheet))


def formulas(sheet: Sheet, chance: random.Random) -> Case:
    """Counts that are formulas and were never computed: there is no number to read."""
    book, found = book_of(sheet, chance), count_cells(sheet)
    for address in chance.sample(found, min(3, len(found))):
        book.active[address] = chance.choice(("=A1+1", '=HYPERLINK("http://x.example","9")', "=SUM(A1:A9)"))
    return Case("formulas never computed", to_bytes(book), meaning_of(sheet))


def computed(sheet: Sheet, chance: random.Random) -> Case:
    """Counts that are formulas with their result beside them: the result counts."""
    data = to_bytes(book_of(sheet, chance))
    found = set(chance.sample(count_cells(sheet), min(6, len(count_cells(sheet)))))

    def with_formula(match: re.Match[bytes]) -> bytes:
        if match[1].decode() not in found:
            return match[0]
        return match[0].replace(b"<v>", b"<f>SUM(X1:X9)</f><v>", 1)

    pattern = rb'<c r="([A-Z]+[0-9]+)"[^>]*?><v>'
    data = rewritten(data, SHEET, lambda xml: re.sub(pattern, with_formula, xml))
    return Case("formulas with a result", data, meaning_of(sheet), must=sheet.must)


def text_numbers(sheet: Sheet, chance: random.Random) -> Case:
    """Counts kept as text, as exports do."""
    book, found = book_of(sheet, chance), count_cells(sheet)
    for address in found:
        book.active[address] = str(book.active[address].value)
    return Case("counts as text", to_bytes(book), meaning_of(sheet), must=sheet.must)


def rewritten(data: bytes, member: str, change: Callable[[bytes], bytes]) -> bytes:
    """A zip with one member changed."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as new,
    ):
        for info in old.infolist():
            content = old.read(info)
            new.writestr(info.filename, change(content) if info.filename == member else content)
    return out.getvalue()


def spoiled_zip(sheet: Sheet, chance: random.Random) -> Case:
    """Cut off or with bytes flipped: a zip has checksums, so what is read is what was meant."""
    data = bytearray(to_bytes(book_of(sheet, chance)))
    if chance.random() < 0.4:
        data = data[: chance.randrange(len(data))]
    else:
        for _ in range(chance.choice((1, 1, 4, 30))):
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    return Case("damaged workbook", bytes(data), meaning_of(sheet))


def spoiled_xml(sheet: Sheet, chance: random.Random) -> Case:
    """Bytes changed inside the sheet, the zip whole: whatever it says, it must not crash."""
    data = to_bytes(book_of(sheet, chance))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        member = chance.choice([name for name in archive.namelist() if name.endswith((".xml", ".rels"))])

    def change(xml: bytes) -> bytes:
        spoiled = bytearray(xml)
        for _ in range(chance.choice((1, 1, 3, 20))):
            what, place = chance.random(), chance.randrange(len(spoiled))
            if what < 0.6:
                spoiled[place] ^= 1 << chance.randrange(8)
            elif what < 0.8:
                del spoiled[place : place + chance.randint(1, 60)]
            else:
                spoiled[place:place] = chance.choice((b"<", b"&x;", b"9" * 300, b'"', b"</row>", b"\0"))
        return bytes(spoiled)

    return Case("damaged sheet", rewritten(data, member, change), None)


WORKBOOKS: tuple[Callable[[Sheet, random.Random], Case], ...] = (
    plain, plain, since_1904, bare_serials, merged, hidden, hidden_sheet, cover, errors, formulas, computed,
    text_numbers, spoiled_zip, spoiled_zip, spoiled_xml, spoiled_xml,
)  # fmt: skip
