"""The sentence of a number says every part that counts, in two languages, and its figures add up."""

from __future__ import annotations

import datetime as dt
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecast.buckets import Grid, Interval
from forecast.parts import PARTS, Facts, Heard, Parts, adding_up, sentence, shown
from tests.worlds import MONDAY, TZ

START = dt.datetime(2026, 3, 10, 9, 30, tzinfo=dt.UTC)
FACTS = Facts(
    (Heard("posts:outage", "2026-03-10T08:00:00+00:00", 86.0, 40.0),), {"2026-03-10": "after:Easter Monday"}, ("letters",)
)  # fmt: skip
VALUES = {
    "came": 0.0, "level": 1024.0, "weekday_and_time": 9.14, "season": -1.26, "special_day": -3.0, "drivers": 2.1,
    "intraday": 0.0, "social": 8.13, "adjustment": 0.0, "spread": 0.4,
}  # fmt: skip


def told(language: str, **values: float) -> str:
    parts = VALUES | values
    return sentence(parts, sum(parts.values()), FACTS, START, tz=TZ, language=language)


def test_a_planner_reads_level_weekday_season_day_drivers_and_social_with_reason_and_since_when() -> None:
    assert told("en") == (
        "1,039.5 contacts expected: usual level 1,024.0, this weekday and time +9.1, season and trend -1.3, "
        "special day -3.0 (day after Easter Monday), drivers +2.1 (letters), "
        "social +8.1 (posts on “outage”, more than usual since 09:00), spread and rounding +0.5."
    )
    dutch = told("nl")
    assert dutch.startswith(
        "1.039,5 contacten verwacht: gebruikelijk niveau 1.024,0, deze weekdag en tijd +9,1"
    )
    assert "bijzondere dag -3,0 (dag na Easter Monday)" in dutch
    assert "social +8,1 (berichten over “outage”, meer dan gebruikelijk sinds 09:00)" in dutch


def test_the_correction_of_today_and_of_a_planner_are_said_where_they_count() -> None:
    assert "intraday" not in told("en") and "manual" not in told("en")
    text = told("en", intraday=-4.0, adjustment=12.0)
    assert "intraday, by today so far, -4.0" in text and "manual adjustment +12.0" in text


def test_a_closed_bucket_needs_no_parts() -> None:
    nothing = dict.fromkeys(PARTS, 0.0)
    assert sentence(nothing, 0.0, Facts(), START, tz=TZ) == "No contacts are expected: the queue is closed."


def test_a_thin_hour_is_not_called_closed() -> None:
    parts = dict.fromkeys(PARTS, 0.0) | {"level": 0.04}
    said = [sentence(parts, 0.04, Facts(), START, tz=TZ, language=one) for one in ("en", "nl")]
    assert said == [
        "Fewer than 0.1 contacts are expected.",
        "Er worden minder dan 0,1 contacten verwacht.",
    ]


def test_an_open_hour_in_which_all_paths_happen_to_be_empty_is_not_called_closed() -> None:
    parts = dict.fromkeys(PARTS, 0.0) | {"level": 0.04, "spread": -0.04}
    assert "closed" not in sentence(parts, 0.0, Facts(), START, tz=TZ)


@given(st.lists(st.floats(-1e4, 1e4), min_size=len(PARTS), max_size=len(PARTS)))
def test_the_figures_of_a_sentence_add_up_to_the_figure_it_begins_with(values: list[float]) -> None:
    parts = dict(zip(PARTS, values, strict=True))
    mean = sum(values)
    rounded = shown(parts, mean)
    assert sum(rounded.values()) == pytest.approx(round(mean, 1), abs=1e-6)
    text = sentence(parts, mean, Facts(), START, tz=TZ)
    numbers = [float(found.replace(",", "")) for found in re.findall(r"[+-]?[\d,]+\.\d", text)]
    if numbers and "Fewer than" not in text:  # a bucket of less than 0.1 has no figures to add up
        assert sum(numbers[1:]) == pytest.approx(numbers[0], abs=1e-6)


@given(st.lists(st.floats(-1e5, 1e5), min_size=len(PARTS), max_size=len(PARTS)), st.floats(0, 1e5))
def test_what_is_stored_adds_up_to_the_stored_mean_to_float32_precision(
    values: list[float], mean: float
) -> None:
    stored = adding_up(np.array([values]), np.array([mean])).astype(np.float32).astype(np.float64)
    size = np.abs(stored).sum() + mean
    assert abs(stored.sum() - np.float32(mean)) <= 1e-6 * size + 1e-9


def test_sums_over_days_are_sums_of_parts_and_a_bucket_beyond_the_grid_has_none() -> None:
    grid = Grid.days(MONDAY, MONDAY + 9, Interval.HOUR, TZ)
    values = np.arange(len(grid) * len(PARTS), dtype=np.float64).reshape(len(grid), -1)
    parts = Parts(grid, values)
    found = parts.beside(Interval.WEEK, parts.total(Interval.WEEK).grid.ds, values.sum() * np.ones(2))
    np.testing.assert_allclose(found[0, :-1], values[grid.day < MONDAY + 7].sum(axis=0)[:-1], rtol=1e-6)
    assert np.isnan(found[1]).all()  # three days of a week are no week


def test_facts_come_back_as_they_were_kept() -> None:
    assert Facts.of(FACTS.row()) == FACTS
    assert Facts.of({}) == Facts()
