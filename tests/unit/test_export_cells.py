"""Cells of exports as suites quote and pad them: what is read is what stands within."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pytest

from forecast.social.export_counts import CountRow, read_counts
from forecast.social.mention import Mention
from forecast.social.mention_files import read_mentions

ZONE = "Europe/Amsterdam"
BRANDWATCH = "Query Id,Query Name,Date,Page Type,Resource Id,Full Text,Author,Language,X Followers,X Reply to,X Repost of,Url\n"
AT = "2026-11-20 09:15"


def write(path: Path, text: str) -> Path:
    path.write_text(text, "utf-8")
    return path


def mentions(path: Path) -> list[Mention]:
    rows = list(read_mentions(path, tz=ZONE))
    assert all(isinstance(row, Mention) for _, row in rows), rows
    return [row for _, row in rows if isinstance(row, Mention)]


@pytest.mark.parametrize(
    "id",
    ['"""0045"""', "'0045", "'0045'", '" 0045 "', '0045"'],
    ids=["twice", "apostrophe", "single", "padded", "one side"],
)
def test_an_id_in_quotes_of_its_own_names_the_post_that_it_names_without(tmp_path: Path, id: str) -> None:
    """Suites put ids in quotes or behind an apostrophe, lest Excel takes them for numbers and forgets their end."""
    row = f"1,Lumen,{AT},Forum,{{}},geen stroom,anna,Dutch,12,,,\n"
    (quoted,) = mentions(write(tmp_path / "a.csv", BRANDWATCH + row.format(id)))
    (bare,) = mentions(write(tmp_path / "b.csv", BRANDWATCH + row.format("0045")))
    assert quoted.id == bare.id == "0045"


@pytest.mark.parametrize("cell", ['"""993"""', "'993", "'993'", " 993 ", "https://x.com/anna/status/993"])
def test_a_reply_and_a_repost_lead_to_their_post_however_the_cell_names_it(tmp_path: Path, cell: str) -> None:
    lines = (
        f"1,Lumen,{AT},X,,geen stroom,anna,Dutch,12,,,https://x.com/anna/status/993\n"
        f"1,Lumen,{AT},X,,hier ook niet,piet,Dutch,12,{cell},,https://x.com/piet/status/994\n"
        f"1,Lumen,{AT},X,,geen stroom,jan,Dutch,12,,{cell},https://x.com/jan/status/995\n"
    )
    first, reply, repost = mentions(write(tmp_path / "b.csv", BRANDWATCH + lines))
    assert reply.reply_to == repost.repost_of == first.id == "993"
    assert first.reply_to is None and reply.repost_of is None


def test_a_quoted_number_that_excel_cut_short_still_names_no_post(tmp_path: Path) -> None:
    line = f"1,Lumen,{AT},Forum,'1.23457E+18',{{}},anna,Dutch,12,,,\n"
    path = write(tmp_path / "b.csv", BRANDWATCH + line.format("een") + line.format("twee"))
    first, second = mentions(path)
    assert first.id != second.id and "E+" not in first.id


def test_blanks_around_cells_are_no_part_of_them(tmp_path: Path) -> None:
    padded = f'1,Lumen," {AT} "," Facebook "," f7 ","  geen stroom ","  @anna "," Dutch "," 1.250 ",,," https://facebook.com/p/7 "\n'
    (one,) = mentions(write(tmp_path / "b.csv", BRANDWATCH + padded))
    assert (one.source, one.id, one.text, one.author) == ("facebook", "f7", "geen stroom", "anna")
    assert (one.language, one.reach, one.url) == ("nl", 1250, "https://facebook.com/p/7")


def test_cells_of_blanks_alone_are_empty(tmp_path: Path) -> None:
    row = f'1,Lumen,{AT},Forum," ",geen stroom," "," "," "," "," "," "\n'
    (one,) = mentions(write(tmp_path / "b.csv", BRANDWATCH + row))
    assert (one.author, one.language, one.reach, one.reply_to, one.repost_of, one.url) == (None,) * 6


def test_topics_and_numbers_of_counts_come_without_their_blanks(tmp_path: Path) -> None:
    path = write(tmp_path / "c.csv", f'Date," Storing ","Total"\n" {AT} "," 1.250 "," 1.253 "\n')
    assert [(row.topic, row.value) for _, row in read_counts(path, tz=ZONE) if isinstance(row, CountRow)] == [
        ("Storing", 1250.0),
        ("all", 1253.0),
    ]


def test_a_topic_named_by_row_comes_without_its_blanks_in_a_workbook(tmp_path: Path) -> None:
    rows: list[list[Any]] = [["Date", "Query", "Volume"], [AT, " Storing ", " 12 "], [AT, " ", "1"]]
    made = openpyxl.Workbook()
    for row in rows:
        made.worksheets[0].append(row)
    made.save(tmp_path / "c.xlsx")
    found = read_counts(tmp_path / "c.xlsx", tz=ZONE)
    assert [(row.topic, row.value) for _, row in found if isinstance(row, CountRow)] == [
        ("Storing", 12.0),
        ("all", 1.0),
    ]
