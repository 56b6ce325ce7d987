"""Files for staffing suites: every format holds what was forecast, whatever a queue is called, and nothing runs."""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import io
import json
import zipfile
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import openpyxl
import pytest
from defusedxml import ElementTree
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forecast.buckets import DAY, SECOND, Grid, Interval, local_ns, midnight
from forecast.errors import InputError, NotFound
from forecast.exports import cells, nice
from forecast.exports.base import Block, Facts, Layout, Notes
from forecast.exports.lengths import filled_aht, fit, whole_numbers
from forecast.exports.registry import ALL, LAYOUTS, find_layout

TZ = "Europe/Amsterdam"
MADE = dt.datetime(2026, 10, 24, 12, tzinfo=dt.UTC)
FIRST = 20_750  # 2026-10-24, the day before the clocks go back
HOSTILE = [
    '=cmd|" /C calc"!A0',
    "+1",
    "-Sales",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    'a "quoted"; name, with\na new line',
    "🙂 Storing ☎",
    "x" * 200,
    "x" * 199 + "y",
    "<b>&amp;</b> ]]>",
    "[a]:*?/\\",
    "History",
]
Reader = Callable[[bytes], dict[str, float]]


def block(
    name: str = "Sales",
    *,
    interval: Interval = Interval.QUARTER,
    days: int = 8,
    channel: str = "phone",
    offered: Sequence[float] | None = None,
    aht: float = 240.0,
    first: int = FIRST,
    tz: str = TZ,
) -> Block:
    grid = Grid.days(first, first + days - 1, interval, tz)
    values = 1.0 + np.arange(len(grid)) % 7 / 3 if offered is None else np.resize(offered, len(grid))
    return Block(
        name, channel, tz, interval, grid.ds, np.asarray(values, dtype=np.float64), np.full(len(grid), aht)
    )


def facts(days: int = 7, *, first: int = FIRST) -> Facts:
    return Facts(midnight(first, TZ), midnight(first + days, TZ), TZ, MADE, weeks=days // 7)


def written(layout: str, *blocks: Block, about: Facts | None = None) -> tuple[bytes, Notes]:
    out, notes = io.BytesIO(), Notes()
    LAYOUTS[layout].write(iter(blocks), about or facts(), out, notes)
    return out.getvalue(), notes


def rows(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8"), newline="")))


def sums(pairs: list[tuple[str, float]]) -> dict[str, float]:
    found: dict[str, float] = {}
    for name, value in pairs:
        found[name] = found.get(name, 0.0) + value
    return found


def in_csv(name: int, offered: int, header: bool = True) -> Reader:
    return lambda data: sums([(row[name], float(row[offered])) for row in rows(data)[int(header) :]])


def in_excel(data: bytes) -> dict[str, float]:
    book = openpyxl.load_workbook(io.BytesIO(data), read_only=True)
    titles = [sheet.title for sheet in book.worksheets if sheet.title != "Notes"]
    return {
        title: sum(row[2] for row in book[title].iter_rows(min_row=2, values_only=True)) for title in titles
    }


def in_json(data: bytes) -> dict[str, float]:
    return sums([(row["queue_id"], row["volume"]) for row in json.loads(data)["forecasts"]])


def in_gzip(data: bytes) -> dict[str, float]:
    groups = json.loads(gzip.decompress(data))["planningGroups"]
    return {one["planningGroupId"]: sum(one["offeredPerInterval"]) for one in groups}


def in_xml(data: bytes) -> dict[str, float]:
    pairs = []
    with zipfile.ZipFile(io.BytesIO(data)) as files:
        for name in files.namelist():
            for kind in ElementTree.fromstring(files.read(name)).iter(nice.TAGS["type"]):
                pairs += [
                    (kind.findtext(nice.TAGS["name"]), float(one.text))
                    for one in kind.iter(nice.TAGS["contacts"])
                ]
    return sums(pairs)


READERS: dict[str, Reader] = {
    "tidy": in_csv(0, 3),
    "excel": in_excel,
    "genesys": in_csv(1, 2),
    "genesys-json": in_gzip,
    "connect": in_csv(0, 5),
    "calabrio": in_csv(0, 3, header=False),
    "nice": in_xml,
    "assembled": in_json,
}


def test_every_layout_has_a_reader_here_a_page_it_was_written_from_and_says_that_it_was_not_tried() -> None:
    assert set(READERS) == set(LAYOUTS) and len(LAYOUTS) == len(ALL) == 8
    for one in ALL:
        assert one.about.source.startswith("https://") == (one.about.name not in ("tidy", "excel"))
        assert one.about.tried == (one.about.name == "tidy")


def test_a_layout_nobody_knows_is_refused_with_those_that_are_near() -> None:
    with pytest.raises(NotFound, match="genesys"):
        find_layout("genesis")


@pytest.mark.parametrize("layout", [name for name in LAYOUTS if name != "genesys-json"])
@given(
    values=st.lists(st.floats(0, 500, allow_subnormal=False), min_size=1, max_size=40),
    own=st.sampled_from([Interval.QUARTER, Interval.HALF_HOUR, Interval.HOUR]),
    first=st.sampled_from([FIRST, 20_540, 20_541, 20_751]),  # both weekends on which the clocks change
    days=st.integers(1, 3),
    tz=st.sampled_from([TZ, "Asia/Kathmandu", "America/St_Johns", "Australia/Lord_Howe"]),
)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_file_holds_as_many_contacts_as_the_forecast(
    layout: str, values: list[float], own: Interval, first: int, days: int, tz: str
) -> None:
    made = block(interval=own, days=days, offered=values, first=first, tz=tz)
    target = LAYOUTS[layout].about.target(own, None)
    assert target is not None
    data, _ = written(layout, fit(made, target, Notes()), about=facts(days, first=first))
    slack = 0.5 if layout == "connect" else 1e-6 * len(made) * 4
    assert READERS[layout](data)["Sales"] == pytest.approx(made.offered.sum(), abs=slack + 1e-9)


@given(
    values=st.lists(st.floats(0, 50, allow_subnormal=False), min_size=1, max_size=60),
    own=st.sampled_from([Interval.QUARTER, Interval.HALF_HOUR, Interval.HOUR]),
    target=st.sampled_from([Interval.QUARTER, Interval.HALF_HOUR, Interval.HOUR, Interval.DAY]),
    first=st.sampled_from([20_540, 20_750]),
)
@settings(max_examples=60, deadline=None)
def test_rows_of_another_length_hold_the_same_contacts_and_the_same_work(
    values: list[float], own: Interval, target: Interval, first: int
) -> None:
    made = block(interval=own, days=2, offered=values, first=first)
    other = fit(made, target, Notes())
    assert other.offered.sum() == pytest.approx(made.offered.sum(), rel=1e-12)
    assert (other.offered * other.aht).sum() == pytest.approx((made.offered * made.aht).sum(), rel=1e-9)
    if target.seconds <= own.seconds:
        assert float(other.offered.sum()) == pytest.approx(float(made.offered.sum()), rel=1e-15)
        assert len(other) == len(made) * (own.seconds // target.seconds)


@given(
    st.lists(st.lists(st.floats(0, 9, allow_subnormal=False), min_size=1, max_size=8), min_size=1, max_size=9)
)
@settings(max_examples=150, deadline=None)
def test_whole_numbers_are_at_most_half_a_contact_off_after_any_number_of_days(
    days: list[list[float]],
) -> None:
    values = np.concatenate([np.array(one) for one in days])
    day = np.repeat(np.arange(len(days)), [len(one) for one in days])
    whole = whole_numbers(values, day)
    ends = np.flatnonzero(np.diff(day, append=day[-1] + 1))
    assert (np.abs(np.cumsum(whole)[ends] - np.cumsum(values)[ends]) <= 0.5 + 1e-6).all()
    assert (np.abs(whole - values) < 1 + 1e-6).all() and (whole[values == 0] == 0).all()


def test_a_file_of_whole_contacts_gives_the_largest_remainders_the_contacts_that_are_left() -> None:
    assert whole_numbers(np.array([1.6, 1.3, 0.1, 2.0]), np.zeros(4, dtype=np.int64)).tolist() == [2, 1, 0, 2]
    assert whole_numbers(np.zeros(0), np.zeros(0, dtype=np.int64)).tolist() == []


def test_handling_times_of_summed_rows_are_weighted_by_contacts() -> None:
    made = block(interval=Interval.HALF_HOUR, days=1, offered=[1.0, 3.0])
    timed = Block(
        "q", "phone", TZ, made.interval, made.ds, made.offered, np.resize([100.0, 200.0], len(made))
    )
    assert fit(timed, Interval.HOUR, Notes()).aht[0] == pytest.approx(175.0)


def test_a_row_that_is_not_forecast_as_a_whole_is_said() -> None:
    made, notes = block(days=1), Notes()
    torn = Block("q", "phone", TZ, made.interval, made.ds[1:], made.offered[1:], made.aht[1:])
    fit(torn, Interval.HOUR, notes)
    assert "1 row(s) of 1h are not forecast as a whole" in notes.sentences[0]


def test_a_gap_in_the_handling_times_is_filled_with_that_of_the_queue_and_said() -> None:
    made = block(days=1, offered=[2.0])
    aht = np.where(np.arange(len(made)) == 3, np.nan, 300.0)
    notes = Notes()
    holed = Block("q", "phone", TZ, made.interval, made.ds, made.offered, aht)
    assert (filled_aht(holed, notes) == 300.0).all() and "1 row(s) without" in notes.sentences[0]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_queue_of_any_name_passes_through_and_no_cell_begins_like_a_formula(layout: str) -> None:
    length = LAYOUTS[layout].about.target(Interval.HALF_HOUR, None)
    assert length is not None
    blocks = [fit(block(name, interval=Interval.HALF_HOUR), length, Notes()) for name in sorted(HOSTILE)]
    data, notes = written(layout, *blocks)
    found = READERS[layout](data)
    assert len(found) == len(HOSTILE), "every queue has a name of its own"
    assert len(set(map(round, found.values()))) == 1
    if layout in ("tidy", "genesys", "connect", "calabrio"):
        assert not [cell for row in rows(data) for cell in row if cell.startswith(cells.FORMULA)]
        assert any("has an apostrophe before it" in one for one in notes.sentences)
    if layout == "excel":
        book = openpyxl.load_workbook(io.BytesIO(data))
        texts = [str(cell.value) for sheet in book for row in sheet for cell in row if cell.data_type != "n"]
        assert not [text for text in texts if text.startswith(cells.FORMULA)]
        assert not [cell for sheet in book for row in sheet for cell in row if cell.data_type == "f"]


def test_sheets_have_names_that_excel_takes_and_the_last_one_says_whose_they_are() -> None:
    data, _ = written("excel", *(block(name, days=1) for name in HOSTILE))
    book = openpyxl.load_workbook(io.BytesIO(data))
    assert len({title.casefold() for title in book.sheetnames}) == len(HOSTILE) + 1
    for title in book.sheetnames:
        assert 0 < len(title.encode("utf-16-le")) // 2 <= 31 and not set(title) & set("[]:*?/\\")
        assert not title.startswith("'") and not title.endswith("'") and title.casefold() != "history"
    named = {row[0]: row[1] for row in book["Notes"].iter_rows(values_only=True)}
    whole = {named[title] for title in book.sheetnames if title in named}
    assert {"x" * 200, "x" * 199 + "y", "History", "[a]:*?/\\"} <= whole


def test_a_workbook_has_times_as_times_and_numbers_as_numbers() -> None:
    data, _ = written("excel", block(days=1))
    sheet = openpyxl.load_workbook(io.BytesIO(data))["Sales"]
    assert [cell.value for cell in sheet[1]] == [
        "interval_start",
        "interval_start_utc",
        "offered",
        "aht_seconds",
    ]
    assert [cell.value for cell in sheet[3]] == [
        dt.datetime(2026, 10, 24, 0, 15),
        dt.datetime(2026, 10, 23, 22, 15),
        pytest.approx(4 / 3, abs=1e-6),
        240,
    ]


def test_a_file_without_a_queue_is_still_a_file() -> None:
    assert openpyxl.load_workbook(io.BytesIO(written("excel")[0])).sheetnames == ["Notes"]
    assert json.loads(written("assembled")[0]) == {"forecasts": []}
    assert json.loads(gzip.decompress(written("genesys-json")[0]))["planningGroups"] == []


def test_genesys_has_quarters_in_utc_by_planning_group() -> None:
    data, _ = written("genesys", block(days=1))
    assert rows(data)[:2] == [
        ["Interval Start UTC Date", "Planning Group", "Offered", "Average Handle Time"],
        ["2026-10-23T22:00:00Z", "Sales", "1", "240"],
    ]


def test_the_body_for_genesys_has_the_weeks_and_a_day_and_says_where_an_id_is_missing() -> None:
    made = block(days=7)
    data, notes = written("genesys-json", made)
    body = json.loads(gzip.decompress(data))
    assert (body["weekCount"], body["canUseForScheduling"]) == (1, True)
    (group,) = body["planningGroups"]
    assert len(group["offeredPerInterval"]) == len(group["averageHandleTimeSecondsPerInterval"]) == 8 * 96
    assert group["offeredPerInterval"][: len(made)] == [round(one, 6) for one in made.offered.tolist()]
    assert group["offeredPerInterval"][len(made) :] == group["offeredPerInterval"][len(made) - 672 : 96]
    assert any("planningGroupId holds its name" in one for one in notes.sentences)


def test_weeks_that_are_not_forecast_as_a_whole_are_refused() -> None:
    layout: Layout = LAYOUTS["genesys-json"]
    assert layout.about.refusal(block(days=8), facts()) == ("", "")
    why, remedy = layout.about.refusal(block(days=6), facts())
    assert "no forecast for 96 of the 676 intervals" in why and "leave this queue out" in remedy


def test_connect_has_whole_contacts_and_the_columns_of_the_page() -> None:
    made = block(interval=Interval.HALF_HOUR, days=1, offered=[1.5])
    data, notes = written("connect", made)
    assert rows(data)[:2] == [
        ["QueueName", "QueueId", "ChannelType", "TimeStamp", "IntervalDuration", "IncomingContactVolume", "AverageHandleTime"],
        ["Sales", "", "VOICE", "2026-10-23T22:00:00Z", "30mins", "2", "240"],
    ]  # fmt: skip
    assert sum(int(row[5]) for row in rows(data)[1:]) == 72
    assert any("no QueueId" in one for one in notes.sentences)
    day = rows(written("connect", block(interval=Interval.DAY, days=1, channel="chat"))[0])[1]
    assert day[2:5] == ["CHAT", "2026-10-23T22:00:00Z", "daily"]


def test_connect_takes_no_e_mail_no_hours_and_no_queue_without_handling_times() -> None:
    about = LAYOUTS["connect"].about
    assert "takes chat and phone only" in about.refusal(block(channel="email"), facts())[0]
    assert "no handling time" in about.refusal(block(aht=float("nan")), facts())[0]
    assert about.target(Interval.HOUR, None) is Interval.HALF_HOUR
    with pytest.raises(InputError, match="15min or 30min or 1d"):
        about.target(Interval.HOUR, Interval.HOUR)


def test_calabrio_has_no_header_and_six_columns_by_skill() -> None:
    data, notes = written("calabrio", block(interval=Interval.HALF_HOUR, days=1))
    assert rows(data)[0] == ["Sales", "20261024 00:00", "20261024 00:30", "1", "240", "0"]
    assert rows(data)[-1][1:3] == ["20261024 23:30", "20261025 00:00"]
    long_, _ = written("calabrio", block("x" * 60, days=1), block("x" * 61, days=1))
    assert {row[0] for row in rows(long_)} == {"x" * 50, "x" * 48 + "~2"}
    assert any("after task work is 0" in one for one in notes.sentences)


def test_nice_files_are_xml_of_at_most_five_megabytes_with_names_of_thirty_characters() -> None:
    blocks = [block("x" * 28 + f"<&> {at}", days=91) for at in range(12)]
    data, notes = written("nice", *blocks)
    found = in_xml(data)
    assert len(found) == 12 and all(len(name) <= 30 for name in found)
    for value in found.values():
        assert value == pytest.approx(blocks[0].offered.sum(), abs=0.01)
    with zipfile.ZipFile(io.BytesIO(data)) as files:
        assert len(files.namelist()) == 2
        for one in files.infolist():
            assert one.file_size <= 5_000_000 and len(one.filename) <= 30
            assert files.read(one).startswith(b'<?xml version="1.0" encoding="UTF-8"?>')
        assert files.namelist()[:2] == ["Forecast-2610241200.xml", "Forecast-2610241201.xml"]
    assert any("Document Type Definition" in one for one in notes.sentences)


def test_names_that_differ_by_what_xml_cannot_hold_are_two_contact_types() -> None:
    data, _ = written("nice", block("calls"), block("calls\x01"))
    with zipfile.ZipFile(io.BytesIO(data)) as files:
        text = files.read(files.namelist()[0]).decode()
    assert text.count("<name>calls</name>") == 1 and text.count("<name>calls~2</name>") == 1


def test_assembled_has_intervals_with_their_end_and_null_where_nothing_is_known() -> None:
    made = block('a "b"', interval=Interval.HALF_HOUR, days=1, aht=float("nan"))
    row: dict[str, Any] = json.loads(written("assembled", made)[0])["forecasts"][0]
    assert row == {
        "queue_id": 'a "b"',
        "channel": "phone",
        "start_time": "2026-10-23T22:00:00Z",
        "end_time": "2026-10-23T22:30:00Z",
        "interval_minutes": 30,
        "volume": 1,
        "aht_seconds": None,
        "required_agents": None,
    }


def test_numbers_have_no_exponent_and_no_more_than_six_decimals() -> None:
    assert [cells.number(one) for one in (1e-7, -0.0, 1 / 3, 1e16, 10.0, float("nan"))] == [
        "0",
        "0",
        "0.333333",
        "10000000000000000",
        "10",
        "",
    ]


def test_starts_lie_on_the_grid_of_each_layout() -> None:
    made = fit(block(interval=Interval.HOUR, days=1, tz="Asia/Kathmandu"), Interval.QUARTER, Notes())
    assert set((made.ds // SECOND % 900).tolist()) == {0}
    assert set((local_ns(made.ds, made.tz) // DAY).tolist()) == {FIRST}
