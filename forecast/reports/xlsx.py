"""The week report as an Excel workbook: the same tables with real numbers, set to print on one A4 wide.

No formulas: a viewer that does not calculate would show none of them. A text that a spreadsheet would run as one gets an
apostrophe before it (`exports/cells.py`).
"""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter

from forecast.exports.cells import CONTROL, safe
from forecast.reports.document import Document
from forecast.reports.tables import (
    COUNT,
    EUROS_GAP,
    FTE_GAP,
    GAP,
    HOURS,
    HOURS_GAP,
    SECONDS,
    SHARE_GAP,
    Cell,
    Row,
    Table,
)
from forecast.reports.tongue import NONE

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FORMATS = {
    COUNT: "#,##0",
    GAP: "+#,##0;-#,##0;0",
    SECONDS: "#,##0",
    HOURS: "#,##0.0",
    HOURS_GAP: "+#,##0.0;-#,##0.0;0.0",
    FTE_GAP: "+#,##0.00;-#,##0.00;0.00",
    EUROS_GAP: '+"€" #,##0;-"€" #,##0;"€" 0',
    SHARE_GAP: "+0.0%;-0.0%;0.0%",
}
INK, QUIET, LINE, HEAD = "FF1B2733", "FF5B6B7A", "FFD5DCE3", "FFEEF2F6"
WIDE = 34  # characters of a column of texts
THIN = Side(style="thin", color=LINE)


def workbook(document: Document, *, made_at: dt.datetime) -> bytes:
    """The file."""
    book, tongue = Workbook(), document.tongue
    book.properties.title = safe(document.title)
    book.properties.creator = "Forecall"
    book.properties.language = tongue.language
    book.properties.created = book.properties.modified = made_at.astimezone(dt.UTC).replace(tzinfo=None)
    week = book.worksheets[0]
    week.title = tongue("sheet_week")
    _head(week, document)
    _table(week, document.parts, document)
    _table(week, _of_day(document), document)
    for key, tables in (
        ("sheet_queues", (document.queues, document.hours)),
        ("sheet_events", (document.events,)),
    ):
        sheet = book.create_sheet(tongue(key))
        for table in tables:
            _table(sheet, table, document)
    told = book.create_sheet(tongue("sheet_notes"))
    for text in (*document.notes, document.parts.note, *document.definitions):
        if text:
            told.append([_text(text)])
            told.cell(told.max_row, 1).alignment = Alignment(wrap_text=True, vertical="top")
    told.column_dimensions["A"].width = 100
    for sheet in book.worksheets:
        _printed(sheet)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _head(sheet: Any, document: Document) -> None:
    title = f"{document.company} · {document.title}" if document.company else document.title
    sheet.append([_text(title)])
    sheet.cell(1, 1).font = Font(bold=True, size=15, color=INK)
    for fact in document.facts:
        sheet.append([_text(fact)])
        sheet.cell(sheet.max_row, 1).font = Font(color=QUIET)
    sheet.append([])
    sheet.append([_text(document.headline)])
    row = sheet.max_row
    sheet.merge_cells(start_row=row, end_row=row, start_column=1, end_column=6)
    sheet.cell(row, 1).font = Font(bold=True, size=12, color=INK)
    sheet.cell(row, 1).alignment = Alignment(wrap_text=True, vertical="top")
    sheet.row_dimensions[row].height = 48


def _of_day(document: Document) -> Table:
    """The bars as a table."""
    rows = tuple(
        Row((Cell(document.tongue.weekday(at)), Cell(None if value != value else round(value), GAP)))
        for at, value in enumerate(document.bars.values)
    )
    columns = (document.tongue("day"), document.tongue("gap"))
    return Table("days", document.bars.title, columns, rows)


def _table(sheet: Any, table: Table, document: Document) -> None:
    """Below what stands there already: title, header, rows."""
    at = sheet.max_row + 2 if sheet.max_row > 1 or sheet.cell(1, 1).value else 1
    sheet.cell(at, 1, _text(table.title)).font = Font(bold=True, size=12, color=INK)
    if not table.rows:
        sheet.cell(at + 1, 1, _text(table.empty)).font = Font(color=QUIET)
        return
    for place, name in enumerate(table.columns, 1):
        cell = sheet.cell(at + 1, place, _text(name))
        cell.font, cell.fill = Font(bold=True, color=QUIET), PatternFill("solid", HEAD)
        cell.alignment = Alignment(horizontal="left" if place <= table.texts else "right", wrap_text=True)
        width = WIDE if place <= table.texts else 13
        letter = get_column_letter(place)
        sheet.column_dimensions[letter].width = max(width, sheet.column_dimensions[letter].width or 0)
    for number, row in enumerate(table.rows, at + 2):
        _row(sheet, number, row)


def _row(sheet: Any, number: int, row: Row) -> None:
    for place, one in enumerate(row.cells, 1):
        cell = sheet.cell(number, place, _value(one))
        cell.font = Font(bold=row.tone == "total", color=QUIET if row.tone == "sub" else INK)
        cell.border = Border(top=THIN) if row.tone == "total" else Border(bottom=THIN)
        if one.kind in FORMATS:
            cell.number_format = FORMATS[one.kind]
            cell.alignment = Alignment(horizontal="right")
        elif row.tone == "sub" and place == 1:
            cell.alignment = Alignment(indent=1)


def _value(cell: Cell) -> str | float | None:
    if isinstance(cell.value, str):
        return _text(cell.value)
    return NONE if cell.value is None else cell.value


def _text(text: str) -> str:
    return safe(CONTROL.sub(" ", text))


def _printed(sheet: Any) -> None:
    sheet.sheet_view.showGridLines = False
    sheet.page_setup.paperSize = sheet.PAPERSIZE_A4
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
