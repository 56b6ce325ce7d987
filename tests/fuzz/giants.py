"""Files made to exhaust a server: bombs, a hundred thousand columns, a million empty rows, one cell of 100 MB."""

from __future__ import annotations

import io
import random
import struct
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import openpyxl

from tests.fuzz.cases import Case
from tests.fuzz.files import tidy, to_csv, to_text
from tests.fuzz.sheets import Row, Sheet, meaning_of
from tests.fuzz.workbooks import SHEET, book_of, rewritten, to_bytes

MB = 2**20
NS = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
HEAD = b'<?xml version="1.0"?><worksheet ' + NS.encode() + b"><sheetData>"


def _book() -> bytes:
    return to_bytes(openpyxl.Workbook())


def bomb(member: str, head: bytes, piece: bytes, size: int, tail: bytes) -> bytes:
    """A workbook of which one member unpacks to `size` bytes."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(_book())) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as new,
    ):
        for info in old.infolist():
            if info.filename != member:
                new.writestr(info.filename, old.read(info))
        with new.open(member, "w", force_zip64=True) as stream:
            stream.write(head)
            block = piece * max(1, MB // len(piece))
            for _ in range(size // len(block)):
                stream.write(block)
            stream.write(tail)
    return out.getvalue()


def big_sheet(size: int, piece: bytes) -> bytes:
    return bomb(SHEET, HEAD, piece, size, b"</sheetData></worksheet>")


def lying(data: bytes) -> bytes:
    """The sizes that a zip declares set to 1000 bytes."""
    spoiled, at = bytearray(data), 0
    while (at := spoiled.find(b"PK\x01\x02", at)) >= 0:
        if struct.unpack_from("<I", spoiled, at + 24)[0] > MB:
            struct.pack_into("<I", spoiled, at + 24, 1000)
        at += 4
    return bytes(spoiled)


EMPTY_ROWS = b"<row/>"
CELLS = b"<row>" + b"<c><v>1</v></c>" * 20 + b"</row>"
TEXTS = b'<row><c t="inlineStr"><is><t>abcdefgh</t></is></c></row>'
STRINGS = b"<sst " + NS.encode() + b">"


def giants() -> Iterator[tuple[str, Callable[[random.Random], Case]]]:
    """Name and maker of each: made one at a time, they are large."""
    refuse: dict[str, Any] = {"must": "refuse"}
    yield "600 MB of empty rows", lambda chance: Case("", big_sheet(600 * MB, EMPTY_ROWS), {}, **refuse)
    yield "2 GB of cells", lambda chance: Case("", big_sheet(2048 * MB, CELLS), {}, **refuse)
    yield "400 MB of cells", lambda chance: Case("", big_sheet(400 * MB, CELLS), {}, **refuse)
    yield "60 MB of cells", lambda chance: Case("", big_sheet(60 * MB, CELLS), {}, **refuse)
    yield "300 MB of texts", lambda chance: Case("", big_sheet(300 * MB, TEXTS), {}, **refuse)
    yield "40 MB of empty rows", lambda chance: Case("", big_sheet(40 * MB, EMPTY_ROWS), {}, **refuse)
    yield (
        "a zip that lies of its size",
        lambda chance: Case("", lying(big_sheet(600 * MB, CELLS)), {}, **refuse),
    )
    yield (
        "300 MB of shared strings",
        lambda chance: Case(
            "",
            bomb("xl/sharedStrings.xml", STRINGS, b"<si><t>abcdefgh</t></si>", 300 * MB, b"</sst>"),
            {},
            **refuse,
        ),
    )
    yield (
        "one shared string of 200 MB",
        lambda chance: Case(
            "",
            bomb("xl/sharedStrings.xml", STRINGS + b"<si><t>", b"a" * 1024, 200 * MB, b"</t></si></sst>"),
            {},
            **refuse,
        ),
    )
    yield (
        "200 MB of styles",
        lambda chance: Case(
            "",
            bomb(
                "xl/styles.xml",
                b"<styleSheet " + NS.encode() + b"><cellXfs>",
                b"<xf/>",
                200 * MB,
                b"</cellXfs></styleSheet>",
            ),
            None,
        ),
    )
    yield (
        "a row far below",
        lambda chance: Case("", _far(b'<row r="1048576"><c r="A1048576"><v>1</v></c></row>'), {}, **refuse),
    )
    yield (
        "a cell far to the right",
        lambda chance: Case("", _far(b'<row r="1"><c r="XFD1"><v>1</v></c></row>' * 3000), {}, **refuse),
    )
    yield "nested entities", lambda chance: Case("", _entities(), {}, **refuse)
    yield "an outside entity", lambda chance: Case("", _outside(), {}, **refuse)
    yield (
        "a cell beyond the last column",
        lambda chance: Case("", _far(b'<row r="1"><c r="ZZZZZ1"><v>1</v></c></row>'), {}, **refuse),
    )
    yield (
        "a row beyond the last row",
        lambda chance: Case("", _far(b'<row r="99999999999"><c><v>1</v></c></row>'), {}, **refuse),
    )
    yield (
        "a hundred thousand cells in a row",
        lambda chance: Case("", _far(b"<row>" + b"<c><v>1</v></c>" * 100_000 + b"</row>"), {}, **refuse),
    )
    yield "a hundred thousand columns", _wide
    yield (
        "a hundred thousand columns of numbers",
        lambda chance: Case(
            "",
            b"\n".join(
                [b"queue," * 3 + b",".join(b"c%d" % n for n in range(100_000))]
                + [b",".join([b"1"] * 100_003)] * 40
            ),
            None,
        ),
    )
    yield "a million empty rows", _empty_rows
    yield "a million rows of delimiters", _delimiters
    yield "one cell of 100 MB", _long_cell
    yield "100 MB without a line end", lambda chance: Case("", b"a" * (100 * MB), {}, **refuse)
    yield "100 MB of delimiters", lambda chance: Case("", b"," * (100 * MB), {}, **refuse)
    yield "100 MB of line ends", lambda chance: Case("", b"\n" * (100 * MB), {}, **refuse)
    yield "100 MB of quotes", lambda chance: Case("", b'"' * (100 * MB), {}, **refuse)
    yield (
        "a million queues",
        lambda chance: Case(
            "",
            b"queue,interval_start,offered\n"
            + b"".join(b"q%d,2026-01-13 09:00,1\n" % n for n in range(1_000_000)),
            None,
        ),
    )
    yield (
        "a million bad rows",
        lambda chance: Case(
            "", b"queue,interval_start,offered\nq,2026-01-13 09:00,1\n" + b"q,yesterday,x\n" * 1_000_000, None
        ),
    )
    yield "a workbook of many empty rows", _styled_rows


def _entities() -> bytes:
    names = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    xml = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e0 "aaaaaaaaaa">{names}]><worksheet {NS}><sheetData><row><c t="inlineStr"><is><t>&e9;</t></is></c></row></sheetData></worksheet>'
    return rewritten(_book(), SHEET, lambda _: xml.encode())


def _outside() -> bytes:
    xml = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><worksheet {NS}><sheetData><row><c t="inlineStr"><is><t>&e;</t></is></c></row></sheetData></worksheet>'
    return rewritten(_book(), SHEET, lambda _: xml.encode())


def _far(rows: bytes) -> bytes:
    return rewritten(_book(), SHEET, lambda _: HEAD + rows + b"</sheetData></worksheet>")


def _seed(chance: random.Random) -> Sheet:
    sheet = tidy(chance)
    return Sheet(**{**vars(sheet), "encoding": "utf-8", "delimiter": ",", "newline": "\n"})


def _wide(chance: random.Random) -> Case:
    sheet = _seed(chance)
    extra = tuple(f"x{n}" for n in range(100_000))
    rows = tuple(Row((*row.cells, *[""] * 100_000), row.stands_for) for row in sheet.rows[:20])
    made = Sheet(**{**vars(sheet), "header": (*sheet.header, *extra), "rows": rows})
    return Case("", to_csv(made), meaning_of(made))


def _empty_rows(chance: random.Random) -> Case:
    sheet = _seed(chance)
    return Case("", to_csv(sheet) + b"\n" * 1_000_000, meaning_of(sheet), must="load")


def _delimiters(chance: random.Random) -> Case:
    sheet = _seed(chance)
    return Case("", to_csv(sheet) + b",,,,\n" * 1_000_000, meaning_of(sheet), must="load")


def _long_cell(chance: random.Random) -> Case:
    sheet = _seed(chance)
    lines = to_text(sheet).encode().split(b"\n")
    lines.insert(5, b'"' + b"a" * (100 * MB) + b'",2026-01-13 09:00,1,1,1')
    return Case("", b"\n".join(lines), meaning_of(sheet))


def _styled_rows(chance: random.Random) -> Case:
    sheet = _seed(chance)
    data = to_bytes(book_of(sheet, chance, dates=True))
    rows = b'<row><c s="1"/><c s="1"/><c s="1"/></row>' * 300_000
    data = rewritten(data, SHEET, lambda xml: xml.replace(b"</sheetData>", rows + b"</sheetData>"))
    return Case("", data, meaning_of(sheet))
