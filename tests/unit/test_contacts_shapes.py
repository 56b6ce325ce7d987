"""Exports as planners have them: titles, totals, footers, columns in four languages, wide tables."""

from __future__ import annotations

import datetime as dt
import io

import openpyxl
import pytest

from forecast.buckets import Interval
from forecast.contacts.loaded import Loaded
from forecast.contacts.preview import preview_loaded, understand
from forecast.contacts.reading import Reading
from forecast.contacts.tables import read_table
from forecast.contacts.volumes import read_volumes
from forecast.errors import AmbiguousDates, InputError

TZ = "Europe/Amsterdam"


def read(text: str, **words: object) -> Loaded:
    return read_volumes(text.encode(), tz=TZ, reading=Reading(**words))  # type: ignore[arg-type]


def said(loaded: Loaded, words: str) -> bool:
    return any(words in warning for warning in loaded.warnings)


def local(loaded: Loaded) -> list[tuple[str, str, float]]:
    at = loaded.frame["ds"].dt.tz_convert(TZ).dt.strftime("%m-%d %H:%M")
    return list(zip(loaded.frame["queue"], at, loaded.frame["offered"], strict=True))


def dutch_workbook() -> bytes:
    """Logo rows, a title, a header in row 5, a subtotal per day, a total, a footer; 3 days, 2 queues, 4 half hours."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet["A2"], sheet["A3"] = "Rapportage klantcontact", "Periode: 01-01-2026 t/m 31-01-2026"
    header = [
        "Datum",
        "Tijdvak",
        "Wachtrij",
        "Aanbod",
        "Afgehandeld",
        "Gem. afhandeltijd",
        "Afgehaakt %",
        "Bezetting",
        "Kort afgehaakt",
    ]
    for column, name in enumerate(header, start=1):
        sheet.cell(5, column, name)
    row = 6
    for day in (1, 2, 3):
        for queue in ("Verkoop", "Klantenservice"):
            for half in range(16, 20):
                begin, end = divmod(half * 30, 60), divmod(half * 30 + 30, 60)
                span = f"{begin[0]:02d}:{begin[1]:02d}-{end[0]:02d}:{end[1]:02d}"
                cells = [f"{day:02d}-01-2026", span, queue, 10 * day + half, 9, "03:45", "3,5%", 82.5, 1]
                for column, cell in enumerate(cells, start=1):
                    sheet.cell(row, column, cell)
                row += 1
        sheet.cell(row, 1, f"Subtotaal {day:02d}-01-2026")
        sheet.cell(row, 4, 2 * (40 * day + 70))
        row += 1
    sheet.cell(row, 1, "Totaal")
    sheet.cell(row, 4, 2 * (240 + 210))
    sheet.cell(row + 2, 1, "Gegenereerd op 01-02-2026 08:00 door J. Jansen")
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def test_a_dutch_report_in_excel_loads_without_a_word_of_set_up() -> None:
    loaded = read_volumes(dutch_workbook(), tz=TZ)
    assert loaded.problems == ()
    assert (len(loaded.frame), loaded.frame["offered"].sum(), loaded.interval) == (
        24,
        900,
        Interval.HALF_HOUR,
    )
    assert sorted(loaded.frame["queue"].unique()) == ["Klantenservice", "Verkoop"]
    assert loaded.frame["aht_seconds"].unique().tolist() == [225]
    assert loaded.frame["short_abandoned"].unique().tolist() == [1]
    assert local(loaded)[0] == ("Klantenservice", "01-01 08:00", 26)
    assert said(loaded, "Rows 14, 23, 32 and 33 left out as sums")
    assert said(loaded, "Row 35 left out as footer")
    assert said(loaded, "The header stands in row 5")
    assert said(loaded, "Dates are read as dmy, as 31-01-2026 above the header is")
    assert said(loaded, "Afgehaakt %, Bezetting")
    assert loaded.rows == 24


def test_what_a_preview_says_of_it() -> None:
    data = dutch_workbook()
    seen = preview_loaded(data, read_volumes(data, tz=TZ), tz=TZ)
    assert (seen.header_row, seen.sheet, seen.date_order, seen.interval, seen.timezone) == (
        5,
        "Sheet",
        "dmy",
        "30min",
        TZ,
    )
    assert seen.columns["interval_start"] == "Datum + Tijdvak"
    assert (seen.columns["queue"], seen.columns["offered"]) == ("Wachtrij", "Aanbod")
    assert seen.unused == ("Afgehaakt %", "Bezetting")
    assert seen.totals == (14, 23, 32, 33)
    first = seen.queues[0]
    assert (first.queue, first.rows, first.first, first.last) == (
        "Klantenservice",
        12,
        "2026-01-01 08:00",
        "2026-01-03 09:30",
    )
    assert first.mean == pytest.approx(450 / 12)
    assert len(seen.first_rows) == 10 and seen.first_rows[0]["local"] == "2026-01-01 08:00"


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("Queue,Date,Time,Calls Offered", "A,2026-03-13,09:00,5"),
        ("Wachtrij;Datum;Tijd;Aantal gesprekken", "A;13-03-2026;9.00;5"),
        ("Warteschlange;Datum;Uhrzeit;Anrufe", "A;13.03.2026;9 Uhr;5"),
        ("File d'attente;Date;Heure;Appels reçus", "A;13/03/2026;9h00;5"),
        ("Skill,Date,Interval,Offered", "A,13 March 2026,09:00 - 09:15,5"),
        ("skill name\tRow Date\tStart time\tACD calls\tOffered", "A\t3/13/2026\t900\t1\t5"),
        ("WACHTRIJ|DATUM / TIJD|AANGEBODEN", "A|vr 13 mrt 2026 9:00 uur|5"),
        ("queue^interval start^volume", "A^13-03-2026 09:00 - 09:30^5"),
        ("wachtrij;tijdstip;aanbod", "A;2026-03-13 09:00-09:30;5"),
        ("Wachtrij;Datum;Tijdvak;Aanbod", "A;vrijdag 13 maart 2026;0,375;5"),
    ],
)
def test_columns_and_times_are_known_in_four_languages(header: str, row: str) -> None:
    loaded = read(f"{header}\n{row}\n")
    assert loaded.problems == ()
    assert local(loaded) == [("A", "03-13 09:00", 5)]


def test_handling_times_are_read_as_minutes_and_seconds_hours_or_in_their_unit() -> None:
    head = "queue,interval_start,offered,"
    rows = ["a,2026-03-13T09:00,5,{}", "a,2026-03-13T09:30,5,{}"]
    for column, cells, seconds in (
        ("AHT", ("3:45", "0:03:45"), (225, 225)),
        ("AHT (min)", ("3.75", "1.5"), (225, 90)),
        ("AHT (ms)", ("225000", "90000"), (225, 90)),
        ("Total handle time", ("0:25:00", "1500"), (300, 300)),
    ):
        text = "\n".join(
            [head + column, *(row.format(cell) for row, cell in zip(rows, cells, strict=True)), ""]
        )
        assert read(text).frame["aht_seconds"].tolist() == list(seconds)
    hours = "\n".join(
        [head + "AHT", *(f"a,2026-03-13T{hour}:00,5,0{hour - 6}:45:00" for hour in range(9, 13)), ""]
    )
    assert said(read(hours), "took them for hours")


def test_a_header_that_comes_again_and_a_footer_are_no_errors() -> None:
    loaded = read(
        "queue,interval_start,offered\na,2026-03-13T08:00,1\nqueue,interval_start,offered\na,2026-03-13T08:30,1\n\nBron: ACD\nAlle tijden lokaal\n"
    )
    assert loaded.problems == ()
    assert said(loaded, "Row 3 left out: the header again")
    assert said(loaded, "Rows 6 and 7 left out as footer")
    assert len(loaded.frame) == 2


def test_a_queue_that_no_column_tells_is_taken_from_the_title_or_asked_for() -> None:
    rows = "Datum;Tijd;Aanbod\n13-03-2026;08:00;1\n"
    assert local(read(f"Wachtrij: Klantenservice\n\n{rows}"))[0][0] == "Klantenservice"
    assert local(read(rows, queue="Inkoop"))[0][0] == "Inkoop"
    with pytest.raises(InputError, match="--queue NAME") as error:
        read(f"Rapport Klantenservice\n\n{rows}")
    assert error.value.field == "queue"


def test_a_header_that_cannot_be_read_is_told_with_a_mapping_that_may_be_meant() -> None:
    rows = "Groep X;Begin X;Hoeveel\nA;13-03-2026 08:00;5\nA;13-03-2026 08:30;6\n"
    with pytest.raises(InputError, match="it has Groep X, Begin X, Hoeveel") as error:
        read(rows)
    assert error.value.field == "queue"
    assert "queue=Groep X" in error.value.remedy
    mapped = {"queue": "groep x", "interval_start": "Begin X", "offered": "Hoeveel"}
    assert len(read(rows, columns=mapped).frame) == 2
    with pytest.raises(InputError, match="no column 'Aantal'"):
        read(rows, columns={**mapped, "offered": "Aantal"})
    with pytest.raises(InputError, match="no column 'people' to map to"):
        read(rows, columns={"people": "Hoeveel"})
    split = "G;D;T;N\nA;13-03-2026;08:00;5\nA;13-03-2026;08:30;6\n"
    assert len(read(split, columns={"queue": "G", "date": "D", "time": "T", "offered": "N"}).frame) == 2


def test_an_order_of_dates_that_nothing_settles_is_asked_for() -> None:
    with pytest.raises(AmbiguousDates):
        read("Wachtrij;Datum;Tijd;Aanbod\nA;03-04-2026;08:00;5\nA;03-04-2026;08:30;5\n")
    with pytest.raises(AmbiguousDates):
        read("Datum;08:00;08:15;08:30\n03-04-2026;1;2;3\n", queue="A")
    with pytest.raises(AmbiguousDates):
        read("Tijd;03-04-2026;04-04-2026;05-04-2026\n08:00;1;2;3\n", queue="A")
    assert understand(b"queue;date;offered\nA;13-04-2026;1\n").date_order == "dmy"


def test_the_sheet_with_a_table_is_read_and_the_others_are_told() -> None:
    book = openpyxl.Workbook()
    front = book.active
    assert front is not None
    front.title = "Voorblad"
    front["B2"] = "Rapportage"
    rows = (["Datum", "Tijd", "Wachtrij", "Aanbod"], [dt.datetime(2026, 3, 13), dt.time(8), "A", 5])
    for title, state in (("Verborgen", "hidden"), ("Januari", "visible"), ("Februari", "visible")):
        sheet = book.create_sheet(title)
        sheet.sheet_state = state
        for row in rows:
            sheet.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    loaded = read_volumes(buffer.getvalue(), tz=TZ, interval="1h")
    assert local(loaded) == [("A", "03-13 08:00", 5)]
    assert said(loaded, "The sheet 'Januari' was read; 'Februari' seems to hold a table too")
    assert read_table(buffer.getvalue(), Reading(sheet="februari")).sheet == "Februari"
    with pytest.raises(InputError, match="no sheet 'Maart'; it has 'Voorblad', 'Januari'"):
        read_table(buffer.getvalue(), Reading(sheet="Maart"))


@pytest.mark.parametrize("name", ["Totaal", "Alle", "All"])
def test_a_topic_that_is_the_sum_of_the_others_is_the_whole_and_not_one_more(name: str) -> None:
    lines = [
        f"A;{topic};{day}-03-2026;{offered}"
        for day in range(13, 17)
        for topic, offered in (("Factuur", 5), ("Storing", 7), (name, 12))
    ]
    loaded = read("\n".join(["Wachtrij;Onderwerp;Datum;Aanbod", *lines]) + "\n")
    assert loaded.frame.groupby("topic")["offered"].sum().to_dict() == {
        "Factuur": 20,
        "Storing": 28,
        "all": 48,
    }


def test_a_topic_called_total_that_is_no_sum_stays_a_topic() -> None:
    lines = [
        f"A;{topic};{day}-03-2026;5" for day in range(13, 17) for topic in ("Factuur", "Storing", "Totaal")
    ]
    loaded = read("\n".join(["Wachtrij;Onderwerp;Datum;Aanbod", *lines]) + "\n")
    assert set(loaded.frame["topic"]) == {"Factuur", "Storing", "Totaal"}
