"""Exports on both weekends on which the clocks change, in every layout: two rows, one, or none, and no contact lost."""

from __future__ import annotations

import csv
import gzip
import io
import itertools
import json
import zipfile
from collections import Counter

import numpy as np
import openpyxl
import pytest
from defusedxml import ElementTree

from forecast.buckets import Grid, Interval, midnight
from forecast.exports.base import Block, Facts, Notes
from forecast.exports.lengths import fit
from forecast.exports.nice import TAGS
from forecast.exports.registry import LAYOUTS
from tests.unit.test_suite_exports import MADE, TZ

AUTUMN, SPRING = 20_751, 20_541  # 2026-10-25 and 2026-03-29
HOURS = {AUTUMN: 25, SPRING: 23}


def block(day: int, interval: Interval = Interval.HALF_HOUR, *, days: int = 1) -> Block:
    """A day on which half hour k has k + 1 contacts of 100 + k seconds."""
    grid = Grid.days(day, day + days - 1, interval, TZ)
    number = np.arange(len(grid), dtype=np.float64)
    return Block("Sales", "phone", TZ, interval, grid.ds, number + 1, number + 100)


def written(layout: str, made: Block, *, weeks: int = 0) -> tuple[bytes, tuple[str, ...]]:
    first = int(made.ds[0])
    length = LAYOUTS[layout].about.target(made.interval, None)
    assert length is not None
    day = AUTUMN - 6 if weeks else 0
    end = midnight(day + 7 * weeks, TZ) if weeks else int(made.ds[-1]) + 1
    out, notes = io.BytesIO(), Notes()
    about = Facts(first, end, TZ, MADE, weeks=weeks)
    LAYOUTS[layout].write(iter([fit(made, length, notes)]), about, out, notes)
    return out.getvalue(), notes.sentences


def table(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode())))


@pytest.mark.parametrize("day", [AUTUMN, SPRING])
@pytest.mark.parametrize(("layout", "column"), [("tidy", 2), ("genesys", 0), ("connect", 3)])
def test_layouts_that_tell_moments_have_each_of_them_once(layout: str, column: int, day: int) -> None:
    data, notes = written(layout, block(day))
    starts = [row[column] for row in table(data)[1:]]
    assert len(set(starts)) == len(starts) == HOURS[day] * (4 if layout == "genesys" else 2)
    assert not any("comes twice" in note for note in notes)


def test_the_repeated_hour_is_two_rows_that_differ_by_their_offset() -> None:
    starts = [row[2] for row in table(written("tidy", block(AUTUMN))[0])[1:]]
    assert [one for one in starts if "T02:00" in one] == [
        "2026-10-25T02:00:00+02:00",
        "2026-10-25T02:00:00+01:00",
    ]


def test_the_missing_hour_is_no_row() -> None:
    starts = [row[2] for row in table(written("tidy", block(SPRING))[0])[1:]]
    assert len(starts) == 46 and not [one for one in starts if "T02:" in one]


@pytest.mark.parametrize("day", [AUTUMN, SPRING])
def test_excel_tells_the_repeated_hour_by_its_start_in_utc(day: int) -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(written("excel", block(day))[0]))["Sales"]
    rows = list(sheet.iter_rows(min_row=2, values_only=True))
    assert len({row[1] for row in rows}) == len(rows) == HOURS[day] * 2
    twice = Counter(row[0].hour for row in rows)
    assert twice[2] == {AUTUMN: 4, SPRING: 0}[day]


@pytest.mark.parametrize("interval", [Interval.QUARTER, Interval.HALF_HOUR, Interval.HOUR])
def test_calabrio_has_the_repeated_hour_once_with_the_contacts_of_both(interval: Interval) -> None:
    made = block(AUTUMN, interval)
    data, notes = written("calabrio", made)
    rows = table(data)
    assert len({row[1] for row in rows}) == len(rows) == 24 * 3600 // interval.seconds
    assert sum(float(row[3]) for row in rows) == pytest.approx(made.offered.sum())
    assert sum(float(row[3]) * float(row[4]) for row in rows) == pytest.approx(
        float((made.offered * made.aht).sum()), rel=1e-6
    )
    slots = 3600 // interval.seconds
    (at_two,) = [row for row in rows if row[1] == "20261025 02:00"]
    assert float(at_two[3]) == made.offered[2 * slots] + made.offered[3 * slots]
    assert any("comes twice" in note for note in notes)


def test_calabrio_has_no_row_in_the_missing_hour_and_says_nothing() -> None:
    data, notes = written("calabrio", block(SPRING))
    assert len(table(data)) == 46 and not [row for row in table(data) if row[1].startswith("20260329 02")]
    assert not any("comes twice" in note for note in notes)


@pytest.mark.parametrize("day", [AUTUMN, SPRING])
def test_nice_has_each_period_of_a_date_once(day: int) -> None:
    made = block(day)
    data, notes = written("nice", made)
    with zipfile.ZipFile(io.BytesIO(data)) as files:
        root = ElementTree.fromstring(files.read(files.namelist()[0]))
    starts = [one.text for one in root.iter(TAGS["start"])]
    assert len(set(starts)) == len(starts) == {AUTUMN: 48, SPRING: 46}[day]
    assert sum(float(one.text) for one in root.iter(TAGS["contacts"])) == made.offered.sum()
    assert any("comes twice" in note for note in notes) == (day == AUTUMN)


def test_assembled_has_both_halves_of_the_repeated_hour_in_utc() -> None:
    rows = json.loads(written("assembled", block(AUTUMN))[0])["forecasts"]
    assert len({row["start_time"] for row in rows}) == 50
    assert all(a["end_time"] == b["start_time"] for a, b in itertools.pairwise(rows))


def test_a_longer_week_in_a_body_for_genesys_runs_on_into_the_eighth_day() -> None:
    made = block(AUTUMN - 6, Interval.QUARTER, days=8)
    body = json.loads(gzip.decompress(written("genesys-json", made, weeks=1)[0]))
    (group,) = body["planningGroups"]
    assert len(group["offeredPerInterval"]) == 768
    assert group["offeredPerInterval"] == made.offered[:768].tolist()


def test_a_day_of_twenty_five_hours_is_one_row_by_day() -> None:
    made = fit(block(AUTUMN), Interval.DAY, Notes())
    assert (len(made), made.offered[0]) == (1, 50 * 51 / 2)
    starts = table(written("connect", made)[0])[1]
    assert starts[3:6] == ["2026-10-24T22:00:00Z", "daily", "1275"]
