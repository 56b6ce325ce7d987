"""Files made to harm, and files that broke on the way: an answer or an error with a sentence, never a silent zero."""

from __future__ import annotations

import csv
import io
import zipfile

import openpyxl
import pytest

from forecast.contacts.tables import read_head, read_table
from forecast.contacts.volumes import read_volumes
from forecast.errors import EmptyFile, InputError, UnreadableFile

TZ = "Europe/Amsterdam"
HEAD = "queue,interval_start,offered\n"


def book(rows: list[list[object]]) -> bytes:
    made = openpyxl.Workbook()
    sheet = made.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    buffer = io.BytesIO()
    made.save(buffer)
    return buffer.getvalue()


def with_sheet(xml: bytes) -> bytes:
    """A workbook whose sheet is this XML."""
    whole = io.BytesIO(book([["a"]]))
    buffer = io.BytesIO()
    with zipfile.ZipFile(whole) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, xml if name == "xl/worksheets/sheet1.xml" else old.read(name))
    return buffer.getvalue()


def sheet_of(rows: bytes) -> bytes:
    return (
        b'<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        + rows
        + b"</sheetData></worksheet>"
    )


def test_a_formula_without_a_stored_value_is_an_error_and_no_zero() -> None:
    """openpyxl writes formulas without values, as other programs do."""
    rows = [
        ["queue", "interval_start", "offered"],
        ["a", "2026-03-13T08:00", 5],
        ["a", "2026-03-13T08:30", "=1+1"],
    ]
    loaded = read_volumes(book(rows), tz=TZ)
    assert loaded.frame["offered"].tolist() == [5]
    assert (
        "Row 3, offered: '=1+1' is a formula without a stored value; open the file in Excel and save it"
        in str(loaded.problems[0])
    )
    wide = [["Datum", "08:00", "08:15", "08:30"], ["13-03-2026", 5, "=B2", 7]]
    found = read_volumes(book([["Wachtrij: A"], *wide]), tz=TZ)
    assert [(problem.row, problem.column) for problem in found.problems] == [(3, "08:15")]


def test_a_formula_with_a_stored_value_or_an_empty_text_is_what_it_shows() -> None:
    def cell(at: str, text: str) -> str:
        return f'<c r="{at}" t="inlineStr"><is><t>{text}</t></is></c>'

    head = "".join(
        cell(f"{column}1", name)
        for column, name in zip("ABCD", ("queue", "interval_start", "offered", "handled"), strict=True)
    )
    row = (
        cell("A2", "a")
        + cell("B2", "2026-03-13T08:00")
        + '<c r="C2"><f>2+3</f><v>5</v></c><c r="D2" t="str"><f>""</f><v></v></c>'
    )
    loaded = read_volumes(
        with_sheet(sheet_of(f"<row r='1'>{head}</row><row r='2'>{row}</row>".encode())), tz=TZ
    )
    assert loaded.problems == ()
    assert loaded.frame[["offered"]].to_numpy().tolist() == [[5]]


def test_an_error_of_the_spreadsheet_says_so() -> None:
    loaded = read_volumes((HEAD + "a,2026-03-13T08:00,#DEEL/0!\na,2026-03-13T08:30,5\n").encode(), tz=TZ)
    assert "is an error of the spreadsheet" in str(loaded.problems[0])


@pytest.mark.parametrize(
    "rows",
    [
        b"<row>" + b"<c/>" * 40_000 + b"</row>",  # one row wider than any spreadsheet
        b'<row r="1"><c r="A1"><v>1</v></c></row><row r="90000000"><c r="A90000000"><v>1</v></c></row>',  # rows that are not there
        b"<row/>" * 1_100_000,
    ],
)
def test_a_sheet_beyond_the_size_of_a_spreadsheet_is_refused(rows: bytes) -> None:
    with pytest.raises(UnreadableFile, match="more than 1,048,576 rows"):
        read_table(with_sheet(sheet_of(rows)))


def test_a_workbook_of_many_texts_is_refused_before_it_is_held() -> None:
    whole = io.BytesIO(book([["queue", "interval_start", "offered"], ["a", "2026-03-13T08:00", 5]]))
    buffer = io.BytesIO()
    with zipfile.ZipFile(whole) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))
        new.writestr("xl/texts.xml", b"<sst>" + b"<si/>" * 4_000_001 + b"</sst>")
    assert len(buffer.getvalue()) < 100_000
    with pytest.raises(UnreadableFile, match="Save the sheet as CSV"):
        read_table(buffer.getvalue())


def test_a_sheet_that_is_broken_off_or_no_xml_is_refused() -> None:
    good = book([["queue", "interval_start", "offered"], ["a", "2026-03-13T08:00", 5]])
    for data in (good[: len(good) // 2], with_sheet(b"\0" * 100), with_sheet(b"<worksheet><sheetData><row>")):
        with pytest.raises(InputError):
            read_table(data)


def test_columns_without_end_and_cells_without_end_are_refused() -> None:
    csv.field_size_limit(2**30)  # as scipy leaves it, once it was asked for a certain module
    with pytest.raises(UnreadableFile, match="100,000 cells"):
        read_table((",".join(f"c{at}" for at in range(100_000)) + "\n" + "1," * 99_999 + "1\n").encode())
    with pytest.raises(UnreadableFile, match="row 2"):
        read_table((HEAD + "a" * 200_000 + ",2026-03-13T08:00,1\n").encode())
    long = "a" * 100_000
    loaded = read_volumes(
        (HEAD + f"a,2026-03-13T08:00,1\na,{long},1\na,2026-03-13T08:30,{long}\n").encode(), tz=TZ
    )
    assert all(len(str(problem)) < 200 for problem in loaded.problems) and len(loaded.problems) == 2


def test_a_file_that_ends_within_a_row_is_told() -> None:
    whole = HEAD + "a,2026-03-13T08:00,15\na,2026-03-13T08:30,16\n"
    assert read_volumes(whole.encode(), tz=TZ).warnings == ()
    cut = read_volumes(whole[:-2].encode(), tz=TZ)  # 16 became 1
    assert any("its last row, 3, may be cut off" in warning for warning in cut.warnings)
    shorter = read_volumes(whole[:-8].encode(), tz=TZ)
    assert [problem.row for problem in shorter.problems] == [3]
    assert "it seems cut off; export it again" in str(shorter.problems[0])


def test_files_of_two_encodings_are_read_line_by_line_and_told() -> None:
    rows = (
        HEAD.encode() + "Café,2026-03-13T08:00,1\n".encode() + "Crème,2026-03-13T08:00,1\n".encode("cp1252")
    )
    loaded = read_volumes(rows, tz=TZ)
    assert sorted(loaded.frame["queue"]) == ["Café", "Crème"]
    assert any("mixes UTF-8 with another encoding" in warning for warning in loaded.warnings)


def test_nul_bytes_and_noise_are_no_table() -> None:
    for data in (HEAD.encode() + b"a,\0\0,1\n", bytes(range(256)) * 20, b"\xff\xfe" + b"\x00" * 30):
        with pytest.raises((UnreadableFile, EmptyFile)):
            read_table(data)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_the_beginning_of_a_long_file_shows_its_header(encoding: str) -> None:
    text = "Wachtrij;Datum;Aanbod\n" + "Café;13-03-2026;5\n" * 40_000
    head = read_head(text.encode(encoding))
    assert list(head.frame.columns) == ["Wachtrij", "Datum", "Aanbod"]
    assert 1_000 < len(head.frame) < 40_000
    assert head.problems == () and head.frame["Wachtrij"].unique().tolist() == ["Café"]


def test_a_parquet_file_that_says_a_billion_rows_in_few_bytes_is_refused() -> None:
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq

    column = pa.repeat("a", 14_000_000).dictionary_encode()
    table = pa.table({"queue": column, "interval_start": column, "offered": column})
    buffer = io.BytesIO()
    pq.write_table(table, buffer)
    assert len(buffer.getvalue()) < 1_000_000
    with pytest.raises(UnreadableFile, match="14,000,000 rows"):
        read_table(buffer.getvalue())


def test_a_lone_count_that_is_not_whole_is_told() -> None:
    rows = "a,2026-03-13T08:00,987,1.5\na,2026-03-13T08:30,1.230,1.5\na,2026-03-13T09:00,12,1.5\n"
    loaded = read_volumes((HEAD.strip() + ",aht_seconds\n" + rows).encode(), tz=TZ)
    assert any("not whole, such as 1.23" in warning for warning in loaded.warnings)
    whole = read_volumes((HEAD.strip() + ",aht_seconds\n" + rows.replace("1.230", "1")).encode(), tz=TZ)
    assert not any("not whole" in warning for warning in whole.warnings)
