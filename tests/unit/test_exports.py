"""Exports of suites: known by their headers, with the quirks of each; every file here is our own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from forecast.errors import AmbiguousDates, EmptyFile, InputError, UnreadableFile
from forecast.social.export_counts import CountRow, is_counts, read_counts
from forecast.social.exports import find_preset
from forecast.social.mention import Mention
from forecast.social.mention_files import read_mentions

NINE = dt.datetime(2026, 11, 20, 8, 15, tzinfo=dt.UTC)  # a quarter past nine in Amsterdam
ZONE = "Europe/Amsterdam"


def book(path: Path, rows: Sequence[Sequence[Any]], *, before: Sequence[Sequence[Any]] | None = None) -> Path:
    """An Excel file with one sheet, or two where `before` is the first."""
    made = openpyxl.Workbook()
    sheet = made.worksheets[0]
    if before is not None:
        for row in before:
            sheet.append(row)
        sheet = made.create_sheet("Mentions")
    for row in rows:
        sheet.append(row)
    made.save(path)
    return path


def write(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


def mentions(path: Path, **how: str) -> list[Mention]:
    rows = list(read_mentions(path, tz=how.pop("tz", ZONE), **how))
    assert all(isinstance(row, Mention) for _, row in rows), rows
    return [row for _, row in rows if isinstance(row, Mention)]


def test_coosto_writes_dutch_columns_with_semicolons(tmp_path: Path) -> None:
    path = write(
        tmp_path / "coosto.csv",
        "zoekopdracht;datum;url;sentiment;type;discussielengte;views;auteur;volgers;invloed;GPS breedtegraad;"
        "GPS lengtegraad;bericht tekst;type bron;titel\r\n"
        'Lumen;2026-11-20 09:15;https://twitter.com/anna/status/990;-;post;1;2;anna;1.250;3;;;"geen\nstroom 😡; al weer";Twitter;geen stroom\r\n'
        "Lumen;2026-11-20 09:15;https://forum.example/t/7;0;comment;9;2;;;3;;;hier ook niet;Forum;Storing in Delft\r\n",
        "utf-8-sig",
    )
    first, second = mentions(path)
    assert (first.source, first.id, first.author, first.reach) == ("twitter", "990", "anna", 1250)
    assert (first.text, first.created_at) == ("geen\nstroom 😡; al weer", NINE)
    assert (second.source, second.author, second.reach) == ("forum", None, None)
    assert second.text == "Storing in Delft\nhier ook niet"


def test_coosto_in_english_is_known_too(tmp_path: Path) -> None:
    path = write(
        tmp_path / "coosto.csv",
        "query;date;url;message text;source;author;title\nLumen;2026-11-20 09:15;;no power;Facebook;anna;\n",
    )
    (one,) = mentions(path)
    assert (one.source, one.text, one.created_at) == ("facebook", "no power", NINE)


def test_obi4wan_marks_own_posts_and_answers(tmp_path: Path) -> None:
    path = write(
        tmp_path / "obi.csv",
        'Datum;Tijd;Bron;"Geplaatst door (optioneel)";Bericht;Volgers;Richting;Beantwoord op;Taal;URL\n'
        "20-11-2026;09:15;Facebook;;Ik wacht al uren 😤;1.234,0;Inkomend;20-11-2026 10:15;Nederlands;https://facebook.com/lumen/posts/5\n"
        "20-11-2026;09:20;Facebook;Lumen;We kijken ernaar;12000;Uitgaand;;nl;https://facebook.com/lumen/posts/5\n",
    )
    asked, answered = mentions(path)
    assert (asked.source, asked.author, asked.reach, asked.language) == ("facebook", None, 1234, "nl")
    assert (asked.direction, answered.direction) == ("in", "out")
    assert asked.created_at == NINE and asked.replied_at == NINE + dt.timedelta(hours=1)
    assert asked.id != answered.id  # one address holds the whole thread


def test_brandwatch_has_rows_above_its_header_and_names_reposts_and_replies(tmp_path: Path) -> None:
    path = write(
        tmp_path / "brandwatch.csv",
        'Report:,Bulk Mentions Download\nBrand:,"Lumen, NL"\nFrom:,Fri Nov 20 2026\nTo:,Sat Nov 21 2026\nLabel:,Lumen\n\n'
        "Query Id,Query Name,Date,Title,Snippet,Url,Domain,Page Type,Language,Author,Full Text,Resource Id,"
        "Twitter Followers,Twitter Reply to,Twitter Retweet of,Reach (new),Facebook Role\n"
        '19,Lumen,2026-11-20 09:15:00.0,Anna (@anna): no,no po...,http://twitter.com/anna/statuses/991,twitter.com,twitter,en,anna,"no power ""again""",r1,'
        "1200,http://twitter.com/bob/statuses/77,,15000,\n"
        "19,Lumen,2026-11-20 09:15:00.0,,RT,http://twitter.com/cor/statuses/992,twitter.com,twitter,en,cor,RT no power,r2,,,http://twitter.com/anna/statuses/991,,\n"
        "19,Lumen,2026-11-20 09:15:00.0,,,https://www.facebook.com/1,facebook.com,facebook,nl,,Excuus,r3,,,,4,owner\n"
        '19,Lumen,2026-11-20 09:15:00.0,Storing,in Delft,https://krant.example/a,krant.example,news,nl,Jan,,r4,,,,"1,500",\n',
    )
    reply, repost, own, news = mentions(path)
    assert (reply.id, reply.reply_to, reply.text, reply.reach) == ("991", "77", 'no power "again"', 1200)
    assert (repost.repost_of, repost.reply_to) == ("991", None)
    assert (own.source, own.id, own.direction, own.author) == ("facebook", "r3", "out", None)
    assert (news.source, news.text, news.reach) == ("news", "Storing\nin Delft", 1500)


def test_brandwatch_as_a_workbook_with_excel_dates(tmp_path: Path) -> None:
    rows: list[list[Any]] = [
        ["Report:", "Bulk Mentions Download"],
        [],
        ["Query Id", "Query Name", "Date", "Page Type", "Full Text", "Author", "Url", "Resource Id", "Impressions", "X Followers"],
        [19, "Lumen", dt.datetime(2026, 11, 20, 9, 14, 59, 999_600), "instagram_public", "geen stroom 😡\nal weer", None,
         "https://www.instagram.com/p/a", 12345678901, None, 1250.0],
        [None] * 10,
        [19, "Lumen", "soon", "instagram_public", "x", None, None, 2, None, None],
    ]  # fmt: skip
    found = dict(
        read_mentions(book(tmp_path / "bw.xlsx", rows, before=[["Summary"], ["Mentions", 2]]), tz=ZONE)
    )
    one, bad = found[1], found[2]
    assert isinstance(one, Mention) and isinstance(bad, InputError)
    assert (one.source, one.id, one.created_at, one.reach) == ("instagram", "12345678901", NINE, 1250)
    assert one.text == "geen stroom 😡\nal weer"
    assert "soon" in str(bad)


def test_meltwater_writes_utf_16_with_tabs_and_months_by_name(tmp_path: Path) -> None:
    path = write(
        tmp_path / "meltwater.csv",
        "Date\tHeadline\tURL\tOpening Text\tHit Sentence\tSource\tInfluencer\tLanguage\tReach\tTweet Id\tInput Name\tTime\n"
        '20-Nov-2026 09:15AM\t\thttps://twitter.com/anna/statuses/993\t\t"geen ""stroom"" 😡"\tTwitter\t@anna\tDutch\t1,250\t"""993"""\tLumen\t9:15 AM\n'
        "20-Nov-2026 09:15AM\tStoring\thttps://krant.example/a\tIn Delft\tLumen zegt sorry\tDe Krant\t\tDutch\t250000\t\tLumen\t9:15 AM\n",
        "utf-16",
    )
    tweet, news = mentions(path)
    assert (tweet.source, tweet.id, tweet.author, tweet.text) == (
        "twitter",
        "993",
        "anna",
        'geen "stroom" 😡',
    )
    assert (tweet.language, tweet.reach, tweet.created_at) == ("nl", 1250, NINE)
    assert (news.source, news.text) == ("meltwater", "Storing\nLumen zegt sorry")


def test_meltwater_with_a_date_and_a_time_column(tmp_path: Path) -> None:
    rows: list[list[Any]] = [
        ["Date", "Time", "Document ID", "URL", "Source Type", "Author Handle", "Title", "Hit Sentence", "Language", "Reach"],
        [dt.datetime(2026, 11, 20), dt.time(9, 15), "d1", None, "Facebook", "anna", None, "geen stroom", "nl", 12],
    ]  # fmt: skip
    (one,) = mentions(book(tmp_path / "meltwater.xlsx", rows))
    assert (one.id, one.source, one.created_at, one.reach) == ("d1", "facebook", NINE, 12)


def test_sprinklr_has_a_banner_above_its_header(tmp_path: Path) -> None:
    rows: list[list[Any]] = [
        ["Lumen listening", None, None],
        [],
        ["Conversation Stream", "Permalink", "Created Time", "snTypeColumn", "From User", "Sender Follower Count", "Is Brand Post"],
        ["no power", "https://www.instagram.com/p/b", "Nov 20, 2026 9:15:00 AM", "INSTAGRAM", "anna", 1200, "No"],
        ["sorry", "https://www.instagram.com/p/b", "Nov 20, 2026 9:15:00 AM", "INSTAGRAM", "lumen", 90000, "Yes"],
    ]  # fmt: skip
    asked, own = mentions(book(tmp_path / "sprinklr.xlsx", rows))
    assert (asked.source, asked.author, asked.reach, asked.created_at) == ("instagram", "anna", 1200, NINE)
    assert (asked.direction, own.direction) == ("in", "out")


SPRINKLR = "Created Time,Message,SocialNetwork,Universal Message ID\n"


def test_days_that_can_be_months_are_asked_for_and_never_guessed(tmp_path: Path) -> None:
    path = write(tmp_path / "s.csv", SPRINKLR + "03/04/2026 09:15,hoi,X,1\n05/04/2026 09:15,hoi,X,2\n")
    with pytest.raises(AmbiguousDates):
        read_mentions(path, tz=ZONE)
    assert mentions(path, date_order="dmy")[0].created_at == dt.datetime(2026, 4, 3, 7, 15, tzinfo=dt.UTC)
    assert mentions(path, date_order="mdy")[0].created_at == dt.datetime(2026, 3, 4, 8, 15, tzinfo=dt.UTC)


def test_a_day_above_twelve_anywhere_in_the_file_settles_the_order(tmp_path: Path) -> None:
    rows = "".join(f"03/04/2026 09:15,hoi,X,{n}\n" for n in range(3_000))
    path = write(tmp_path / "s.csv", SPRINKLR + rows + "13/04/2026 09:15,hoi,X,last\n")
    assert mentions(path)[0].created_at == dt.datetime(2026, 4, 3, 7, 15, tzinfo=dt.UTC)


def test_a_column_that_says_utc_is_not_moved(tmp_path: Path) -> None:
    path = write(tmp_path / "s.csv", SPRINKLR.replace("Time", "Time (UTC)") + "2026-11-20 08:15,hoi,X,1\n")
    assert mentions(path)[0].created_at == NINE


def test_broken_rows_keep_their_number_and_the_rest_is_read(tmp_path: Path) -> None:
    path = write(
        tmp_path / "s.csv",
        SPRINKLR
        + "2026-11-20 09:15,hoi,X,1\n\n,leeg,X,2\n2026-11-20 09:15,te,veel,cellen,hier\n2026-11-20 09:15,kort\n2026-02-30,hoi,X,3\n",
    )
    with path.open("ab") as file:
        file.write(b"2026-11-20 09:15,caf\xe9,X,4\n")
    rows = dict(read_mentions(path, tz=ZONE))
    assert [number for number, row in rows.items() if isinstance(row, Mention)] == [1, 4]
    assert [number for number, row in rows.items() if isinstance(row, InputError)] == [2, 3, 5, 6]


def test_a_number_that_excel_cut_short_names_no_post(tmp_path: Path) -> None:
    path = write(
        tmp_path / "s.csv",
        SPRINKLR + "2026-11-20 09:15,een,Facebook,1.23457E+18\n2026-11-20 09:15,twee,Facebook,1.23457E+18\n",
    )
    first, second = mentions(path)
    assert first.id != second.id
    assert [one.id for one in mentions(path)] == [first.id, second.id]


def test_a_network_nobody_named_leaves_the_suite_as_the_source(tmp_path: Path) -> None:
    path = write(tmp_path / "s.csv", SPRINKLR + "2026-11-20 09:15,hoi,SOMEWHERE,1\n")
    assert mentions(path)[0].source == "sprinklr"


def test_hostile_cells_are_texts(tmp_path: Path) -> None:
    hostile = ["=cmd|' /C calc'!A0", "\u202eRTL", "'; DROP TABLE mentions; --"]
    path = write(
        tmp_path / "s.csv",
        SPRINKLR + "".join(f'2026-11-20 09:15,"{text}",X,{n}\n' for n, text in enumerate(hostile)),
    )
    assert [one.text for one in mentions(path)] == hostile


def test_our_own_columns_in_a_workbook_are_read(tmp_path: Path) -> None:
    rows: list[list[Any]] = [
        ["id", "source", "created_at", "text"],
        [1, "x", dt.datetime(2026, 11, 20, 9, 15), "hoi"],
        [2, "x", None, "hoi"],
    ]
    found = dict(read_mentions(book(tmp_path / "own.xlsx", rows), tz=ZONE))
    one = found[1]
    assert isinstance(one, Mention) and isinstance(found[2], InputError)
    assert (one.id, one.created_at) == ("1", NINE)


def test_our_own_columns_are_never_taken_for_an_export() -> None:
    assert find_preset(["id", "source", "created_at", "text", "query", "date", "message text"]) is None


@pytest.mark.parametrize("content", [b"PK\x03\x04 not really", b"PK\x05\x06" + bytes(18)])
def test_zips_that_are_no_workbooks_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "file.xlsx"
    path.write_bytes(content)
    with pytest.raises(UnreadableFile):
        read_mentions(path)


def test_an_export_without_rows_gives_none(tmp_path: Path) -> None:
    assert mentions(write(tmp_path / "s.csv", SPRINKLR)) == []


def counts(path: Path, **how: str) -> list[tuple[dt.datetime, str, float]]:
    rows = [row for _, row in read_counts(path, tz=ZONE, **how)]
    assert all(isinstance(row, CountRow) for row in rows), rows
    return [(row.interval_start, row.topic, row.value) for row in rows if isinstance(row, CountRow)]


def test_counts_with_a_column_per_topic_become_signal_rows(tmp_path: Path) -> None:
    path = write(
        tmp_path / "c.csv",
        'Report:;Volume\n\nDatum;Storing;"Rekening, hoog";Totaal\n20-11-2026 09:15;1.250;3;1.253\n20-11-2026 10:15;;0;0\n',
        "utf-8-sig",
    )
    hour = dt.timedelta(hours=1)
    assert counts(path) == [
        (NINE, "Storing", 1250.0), (NINE, "Rekening, hoog", 3.0), (NINE, "all", 1253.0),
        (NINE + hour, "Rekening, hoog", 0.0), (NINE + hour, "all", 0.0),
    ]  # fmt: skip
    assert {row.signal for _, row in read_counts(path, tz=ZONE) if isinstance(row, CountRow)} == {"mentions"}


def test_counts_with_a_row_per_topic_become_signal_rows(tmp_path: Path) -> None:
    rows: list[list[Any]] = [["Date", "Time", "Query", "Volume"], [dt.date(2026, 11, 20), dt.time(9, 15), "Lumen", 12],
            [dt.date(2026, 11, 20), dt.time(9, 15), "", 1]]  # fmt: skip
    assert counts(book(tmp_path / "c.xlsx", rows)) == [(NINE, "Lumen", 12.0), (NINE, "all", 1.0)]


def test_a_broken_cell_of_counts_is_an_error_of_its_row(tmp_path: Path) -> None:
    path = write(tmp_path / "c.csv", "Date,Mentions\n2026-11-20,many\nsoon,3\n2026-11-21,4\n")
    found = read_counts(path, tz=ZONE)
    assert [(number, isinstance(row, InputError)) for number, row in found] == [
        (1, True),
        (2, True),
        (3, False),
    ]


def test_counts_ask_for_the_order_of_their_dates(tmp_path: Path) -> None:
    path = write(tmp_path / "c.csv", "Date,Mentions\n03/04/2026,1\n")
    with pytest.raises(AmbiguousDates):
        read_counts(path, tz=ZONE)
    assert counts(path, date_order="mdy")[0][0] == dt.datetime(2026, 3, 3, 23, tzinfo=dt.UTC)


def test_counts_without_rows_or_of_another_kind_are_refused(tmp_path: Path) -> None:
    with pytest.raises(EmptyFile):
        read_counts(write(tmp_path / "c.csv", "Date,Mentions\n"), tz=ZONE)
    with pytest.raises(UnreadableFile):
        read_counts(write(tmp_path / "d.csv", "just a letter\nto you"), tz=ZONE)
    with pytest.raises(UnreadableFile):
        read_counts(tmp_path / "nowhere.csv", tz=ZONE)


@pytest.mark.parametrize(
    ("header", "counted"),
    [("Date,Mentions", True), ("Datum,Storing,Rekening", True), ("Day,Query,Volume", True), ("Date,Time,Mentions", True),
     ("interval_start,signal,value", False), ("Date,Queue,Volume", False), ("Date,Query", False), ("Date", False),
     ("Mentions,Total", False), ("Query Id,Query Name,Date,Title", False), ("Date,a,a", False), ("Date,,Mentions", False),
     ("Date,Hit Sentence,Reach", False), ("id,source,created_at,text", False)],
)  # fmt: skip
def test_headers_of_counts_are_told_from_others(header: str, counted: bool) -> None:
    assert is_counts(header.split(",")) is counted
