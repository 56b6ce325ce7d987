"""Mentions: what a row must hold, and that no broken row or line ends a run."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest

from forecast.errors import ContractError, EmptyFile, InputError, UnreadableFile
from forecast.social.mention import Mention, parse_mention
from forecast.social.mention_files import read_mentions

ROW = {"id": "1", "source": "x", "created_at": "2026-03-01T12:00:00Z", "text": "geen stroom"}
NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


def test_a_mention_is_assumed_known_when_it_was_written() -> None:
    assert parse_mention(ROW, tz="UTC").known_at == NOON


@pytest.mark.parametrize(
    "written",
    ["2026-03-01T13:00:00+01:00", "2026-03-01 13:00", 1772366400, 1772366400000, "1772366400000 ",
     "Sun, 01 Mar 2026 12:00:00 +0000", "Sun Mar 01 12:00:00 +0000 2026"],
)  # fmt: skip
def test_moments_are_read_in_the_forms_that_exports_use(written: object) -> None:
    assert parse_mention({**ROW, "created_at": written}, tz="Europe/Amsterdam").created_at == NOON


def test_a_naive_time_in_the_hour_the_clock_skips_moves_forward() -> None:
    moment = parse_mention({**ROW, "created_at": "2026-03-29T02:30:00"}, tz="Europe/Amsterdam").created_at
    assert moment == dt.datetime(2026, 3, 29, 1, 30, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("field", "value"),
    [("id", ""), ("id", None), ("id", "x" * 600), ("source", " "), ("source", True), ("created_at", None),
     ("created_at", "yesterday"), ("created_at", "03/04/2026"), ("created_at", "9999-12-31T23:59:59Z"), ("created_at", True),
     ("created_at", 1e300), ("created_at", "0001-01-01T00:00:00+14:00"), ("text", None), ("text", 3), ("reach", "many"), ("reach", -1),
     ("reach", float("inf")), ("reach", [1]), ("direction", "sideways"), ("language", "Nederlands!"), ("author", {"name": "x"})],
)  # fmt: skip
def test_an_unusable_field_is_named_with_what_to_do(field: str, value: object) -> None:
    with pytest.raises(InputError) as caught:
        parse_mention({**ROW, field: value}, tz="UTC")
    assert caught.value.field == field
    assert caught.value.remedy


def test_optional_fields_are_read_and_unknown_ones_left_out() -> None:
    row = {
        **ROW,
        "language": "nl-BE",
        "reach": "12.0",
        "direction": "OUT",
        "author": 7.0,
        "followers": 3,
        "url": "",
    }
    mention = parse_mention(row, tz="UTC")
    assert (mention.language, mention.reach, mention.direction, mention.author, mention.url) == (
        "nl",
        12,
        "out",
        "7",
        None,
    )


def test_nul_bytes_and_lone_surrogates_leave_the_text() -> None:
    assert parse_mention({**ROW, "text": "a\x00b\ud800c"}, tz="UTC").text == "abc"


def test_a_naive_moment_in_code_is_refused() -> None:
    with pytest.raises(ValueError, match="naive"):
        Mention("x", "1", dt.datetime(2026, 1, 1), "text")


def test_broken_lines_of_jsonl_are_reported_by_line_and_the_rest_is_read(tmp_path: Path) -> None:
    good = json.dumps(ROW).encode()
    lines = [
        b"\xef\xbb\xbf" + good,
        b"{broken",
        b"[1]",
        b"",
        b"\xff\xfe{}",
        b'{"a":' * 5000,
        b"{" + b"x" * 1_500_000,
        good,
    ]
    path = tmp_path / "mentions.jsonl"
    path.write_bytes(b"\n".join(lines))
    rows = list(read_mentions(path))
    assert [number for number, row in rows if isinstance(row, Mention)] == [1, 8]
    assert [number for number, row in rows if isinstance(row, InputError)] == [2, 3, 5, 6, 7]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_with_a_byte_order_mark_and_any_delimiter_is_read(tmp_path: Path, delimiter: str) -> None:
    path = tmp_path / "mentions.csv"
    lines = [
        "ID,source,created_at,text",
        '1,x,2026-03-01T12:00:00Z,"hoi\nallemaal"',
        "2,x",
        ",x,2026-03-01,hoi",
        "3,x,2026-03-01,hoi",
    ]
    path.write_bytes(
        b"\xef\xbb\xbf"
        + "\r\n".join(lines).replace(",", delimiter).encode()
        + b"\r\n4,x,2026-03-01,\xe9".replace(b",", delimiter.encode())
    )
    rows = dict(read_mentions(path))
    assert [number for number, row in rows.items() if isinstance(row, Mention)] == [1, 4]
    assert isinstance(rows[5], InputError)  # Latin-1 is not UTF-8: said, not guessed
    first = rows[1]
    assert isinstance(first, Mention)
    assert first.text == "hoi\nallemaal"


def test_parquet_is_read(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    pyarrow = pytest.importorskip("pyarrow")
    path = tmp_path / "mentions.parquet"
    parquet.write_table(pyarrow.Table.from_pylist([ROW, {**ROW, "id": None}]), path)
    rows = dict(read_mentions(path))
    assert isinstance(rows[1], Mention)
    assert isinstance(rows[2], InputError)


@pytest.mark.parametrize(
    ("content", "error"),
    [(b"", EmptyFile), (b"\n \n", EmptyFile), (b"<!DOCTYPE html><html>", UnreadableFile), (b"\x89PNG\r\n\x1a\n\x00\x00\x00\x01", UnreadableFile),
     (bytes(range(256)) * 20, UnreadableFile), (b"PAR1 not really", UnreadableFile), (b"just a letter\nto you", UnreadableFile),
     ("id,text".encode("utf-16"), UnreadableFile), (b"[{}]", UnreadableFile), (b"id,text\n1,hoi", ContractError)],
)  # fmt: skip
def test_a_file_that_is_no_table_of_mentions_is_refused_at_once(
    tmp_path: Path, content: bytes, error: type[InputError]
) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(error) as caught:
        read_mentions(path)
    assert caught.value.remedy


def test_a_file_that_is_not_there_is_unreadable(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile):
        read_mentions(tmp_path / "nowhere.jsonl")
