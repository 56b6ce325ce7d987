"""Reading any table: what the file is, how it is written, and which rows are broken."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from forecast.contacts.tables import read_table
from forecast.errors import EmptyFile, InputError, UnreadableFile

ROWS = "queue,interval_start,offered\nsales,2024-01-01T09:00,5\nsales,2024-01-01T10:00,7\n"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_delimiter_and_encoding_are_found(tmp_path: Path, delimiter: str, encoding: str) -> None:
    path = tmp_path / "volumes.csv"
    path.write_bytes(ROWS.replace("sales", "Café").replace(",", delimiter).encode(encoding))
    table = read_table(path)
    assert table.delimiter == delimiter
    assert table.frame["queue"].tolist() == ["Café", "Café"]
    assert table.frame.index.tolist() == [2, 3]


def test_the_row_number_is_that_of_the_spreadsheet(tmp_path: Path) -> None:
    """Blank rows count, and a line break inside quotes does not."""
    path = tmp_path / "volumes.csv"
    path.write_text('queue,offered\n"a\nb",1\n\nc,2\n,\nd,3,4\ne\nf,5,\n')
    table = read_table(path)
    assert table.frame.index.tolist() == [2, 4, 8]
    assert [(problem.row, problem.reason) for problem in table.problems] == [
        (6, "has 3 cells where the header has 2"),
        (7, "has 1 cells where the header has 2"),
    ]


def test_excel_s_own_delimiter_line_is_not_a_header() -> None:
    table = read_table(b"sep=;\r\nqueue;offered\r\na;1\r\n")
    assert table.delimiter == ";"
    assert table.frame.index.tolist() == [3]


@pytest.mark.parametrize(
    ("cells", "delimiter", "decimal"),
    [
        ("1,5 2", ";", ","),
        ("1.5 2", ";", "."),
        ("1.234,5", ";", ","),
        ("1,234.5", ";", "."),
        ("1,234 2,345", ";", ","),
        ("1,234 2,345", ",", "."),
        ("12 13", ";", "."),
        ("0,125", "\t", ","),
    ],
)
def test_the_decimal_mark_is_what_the_file_allows(cells: str, delimiter: str, decimal: str) -> None:
    lines = [f'a{delimiter}"{cell}"' for cell in cells.split()]
    table = read_table("\n".join([f"queue{delimiter}offered", *lines]).encode())
    assert table.decimal == decimal


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"%PDF-1.7 rest", "PDF"),
        (b"\x89PNG\r\n\x1a\n....", "PNG"),
        (b"<!DOCTYPE html><html><body>login</body></html>", "HTML"),
        (b'[{"queue": "a"}]', "JSON"),
        (b'{"id": 1}\n{"id": 2}\n', "JSON"),
        (b"<?xml version='1.0'?><a/>", "XML"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", ".xls"),
        (b"PK\x03\x04 broken", "damaged zip"),
        (b"PAR1 broken", "damaged Parquet"),
        (b"queue,offered\na,\x00\x01\x02\n", "binary"),
        (b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", "calendar"),
    ],
)
def test_another_kind_of_file_is_named(data: bytes, words: str) -> None:
    with pytest.raises(UnreadableFile, match=words) as error:
        read_table(data)
    assert "CSV" in str(error.value)


def zipped(member: str) -> bytearray:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(member, "hello")
    return bytearray(buffer.getvalue())


def test_a_zip_that_is_no_workbook_and_a_zip_bomb_are_refused() -> None:
    with pytest.raises(UnreadableFile, match="no Excel"):
        read_table(bytes(zipped("notes.txt")))
    bomb = zipped("xl/workbook.xml")
    declared = bomb.index(b"PK\x01\x02") + 24  # the unpacked size in the central directory
    bomb[declared : declared + 4] = (501 * 1024 * 1024).to_bytes(4, "little")
    with pytest.raises(UnreadableFile, match="500 MB"):
        read_table(bytes(bomb))


@pytest.mark.parametrize("data", [b"", b"  \n\n", b"queue,offered\n", b"\xef\xbb\xbf", b",,\n,,\n"])
def test_no_data_row_is_an_empty_file(data: bytes) -> None:
    with pytest.raises(EmptyFile):
        read_table(data)


def test_what_cannot_be_opened_says_so(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="No such file"):
        read_table(tmp_path / "absent.csv")
    with pytest.raises(UnreadableFile, match="directory"):
        read_table(tmp_path)


def test_an_open_quote_names_its_row_and_a_double_column_its_name() -> None:
    with pytest.raises(UnreadableFile, match="row 3"):
        read_table(b'queue,offered\na,1\n"b,2\nc,3\n')
    with pytest.raises(InputError, match="'offered' twice"):
        read_table(b"queue,offered,offered\na,1,2\n")


def test_a_workbook_s_times_and_numbers_become_text(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["queue", "interval_start", "offered", "aht", "opens"])
    sheet.append(["a", dt.datetime(2024, 1, 1, 9, 29, 59, 999_600), 5.0, 1.5, dt.time(8, 30)])
    sheet.append([None, None, None, None, None])
    sheet.append(["b", "2024-01-01 10:00", "7,25", None, None])
    path = tmp_path / "misnamed.csv"
    book.save(path)
    table = read_table(path)
    assert table.frame.loc[2].tolist() == ["a", "2024-01-01T09:30:00", "5", "1,5", "08:30:00"]
    assert table.frame.loc[4].tolist() == ["b", "2024-01-01 10:00", "7,25", "", ""]
    assert (table.encoding, table.decimal) == ("xlsx", ",")


def test_parquet_is_a_table_too(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    path = tmp_path / "volumes.parquet"
    times = pd.to_datetime(["2024-01-01T09:00Z", None])
    pd.DataFrame({"queue": ["a", None], "interval_start": times, "offered": [5, 7]}).to_parquet(path)
    table = read_table(path)
    assert table.frame.to_numpy().tolist() == [["a", "2024-01-01T09:00:00+00:00", "5"], ["", "", "7"]]
    assert table.frame.index.tolist() == [1, 2]
