"""An Excel workbook with a sheet per queue: times as times, numbers as numbers, and a last sheet that says what it is.

openpyxl makes the workbook around the sheets of the queues: styles, relations, the sheet Notes. The rows themselves, which
are times and numbers alone, are written here, straight into the zip: openpyxl's write-only mode takes about 0.4 ms a row
where this takes 0.02, and either holds no more than a row.

Sheets as ECMA-376, part 1, 18.3 has them; a time is a number of days since 1899-12-30.
"""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from collections.abc import Iterable, Sequence
from typing import BinaryIO

from openpyxl import Workbook

from forecast.arrays import Ns
from forecast.buckets import DAY, local_ns
from forecast.exports import cells
from forecast.exports.base import ALL, About, Block, Facts, Notes

HEADER = ("interval_start", "interval_start_utc", "offered", "aht_seconds")
MOST = 31  # characters of a sheet's name, counted in UTF-16
FORBIDDEN = re.compile(r"[\[\]:*?/\\]")
RESERVED = "History"  # Excel keeps this name for itself
EPOCH = 25_569  # 1970-01-01 in days of Excel
TIME = 1  # the style that openpyxl gives the first time it meets, which is in the sheet Notes
PIECE = 2000
HEAD = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    '<cols><col min="1" max="2" width="20" customWidth="1"/></cols><sheetData>'
)
TAIL = "</sheetData></worksheet>"


class Excel:
    """Every length of row; the start in UTC beside the local one tells the two of a repeated hour apart."""

    about = About(
        name="excel",
        suite="Excel",
        title="A workbook with a sheet per queue",
        media_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        extension="xlsx",
        intervals=ALL,
        limits=(
            "A sheet's name has 31 characters and none of []:*?/\\ in it; the sheet Notes has the whole names.",
            "A handling time that is not known is an empty cell.",
        ),
    )

    def reach(self, facts: Facts) -> int:
        """To the end of the span."""
        return facts.end

    def write(self, blocks: Iterable[Block], facts: Facts, out: BinaryIO, notes: Notes) -> int:
        """Sheets in the order of the queues, and the sheet Notes."""
        names = cells.Names(MOST, Notes(), "", length=utf16)
        names.of("Notes")
        told: list[tuple[str, ...]] = []
        rows = 0
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
            for block in blocks:
                title = names.of(sheet_name(block.name))
                told.append((title, block.name, block.channel, block.tz, block.interval.value))
                with packed.open(_entry(f"xl/worksheets/sheet{len(told)}.xml", facts), "w") as sheet:
                    for piece in _sheet(block):
                        sheet.write(piece.encode())
                rows += len(block)
            _around(packed, told, facts, notes)
        return rows


def _entry(name: str, facts: Facts) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, date_time=facts.made_at.timetuple()[:6])
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry


def _sheet(block: Block) -> Iterable[str]:
    """The sheet of a queue as XML, a piece at a time."""
    titles = "".join(f'<c r="{column}1" t="inlineStr"><is><t>{text}</t></is></c>' for column, text in zip("ABCD", HEADER, strict=True))  # fmt: skip
    yield f'{HEAD}<row r="1">{titles}</row>'
    for start in range(0, len(block), PIECE):
        part = slice(start, start + PIECE)
        ds = block.ds[part]
        rows = zip(
            _days(local_ns(ds, block.tz)),
            _days(ds),
            cells.numbers(block.offered[part]),
            cells.numbers(block.aht[part]),
            strict=True,
        )
        yield "".join(_row(at, *row) for at, row in enumerate(rows, start + 2))
    yield TAIL


def _row(at: int, wall: float, utc: float, offered: str, aht: str) -> str:
    known = f'<c r="D{at}"><v>{aht}</v></c>' if aht else ""
    return (
        f'<row r="{at}"><c r="A{at}" s="{TIME}"><v>{wall!r}</v></c><c r="B{at}" s="{TIME}"><v>{utc!r}</v></c>'
        f'<c r="C{at}"><v>{offered}</v></c>{known}</row>'
    )


def _days(ns: Ns) -> list[float]:
    found: list[float] = (ns / DAY + EPOCH).tolist()
    return found


def _around(packed: zipfile.ZipFile, told: Sequence[tuple[str, ...]], facts: Facts, notes: Notes) -> None:
    """All of a workbook but the sheets of the queues, which are in the zip already."""
    book = Workbook()
    book.properties.created = book.properties.modified = facts.made_at.replace(tzinfo=None)
    for old in book.worksheets:
        book.remove(old)
    for title, *_ in told:
        book.create_sheet(title)
    _say(book, told, facts, notes)
    made = io.BytesIO()
    book.save(made)
    ours = {f"xl/worksheets/sheet{at}.xml" for at in range(1, len(told) + 1)}
    with zipfile.ZipFile(made) as whole:
        for name in whole.namelist():
            if name not in ours:
                packed.writestr(_entry(name, facts), whole.read(name))


def _say(book: Workbook, told: Sequence[tuple[str, ...]], facts: Facts, notes: Notes) -> None:
    sheet = book.create_sheet("Notes")
    made: dt.datetime = facts.made_at.replace(tzinfo=None, microsecond=0)
    rows: list[tuple[object, ...]] = [
        ("made at (UTC)", made),
        ("offered is the", "mean" if facts.value == "mean" else f"quantile {facts.value}"),
        ("sheet", "queue", "channel", "time zone", "rows of"),
        *(tuple(_text(text) for text in one) for one in told),
        *(("note", _text(sentence)) for sentence in notes.sentences),
    ]
    for row in rows:
        sheet.append(row)


def _text(text: str) -> str:
    return cells.safe(cells.CONTROL.sub(" ", text))


def sheet_name(text: str) -> str:
    """A queue's name with nothing in it that a sheet's name cannot hold; not yet cut."""
    found = FORBIDDEN.sub("_", cells.CONTROL.sub("", text).replace("\n", " ").replace("\r", " "))
    found = found.replace("\t", " ").strip().strip("'")
    return f"{found}_" if found.casefold() == RESERVED.casefold() else found or "queue"


def utf16(text: str) -> int:
    """Characters as Excel counts them: an emoji is two."""
    return len(text.encode("utf-16-le", "replace")) // 2
