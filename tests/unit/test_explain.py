"""A young history is told as what it is, with figures that were measured."""

from __future__ import annotations

import re

import pytest

from forecast.explain import young_history
from forecast.models.rates import rates
from tests.worlds import archive, counts, midnight, series, working_week

MEMBERS = rates(("level_profile",))


def told(days: int) -> str:
    held = archive(series(counts(working_week(8.0), 2), days=days + 1))
    return young_history(held.at(midnight(days)), "calls", MEMBERS)


def test_six_weeks_say_how_much_better_than_last_weeks_copy() -> None:
    text = told(42)
    assert text.startswith("calls: 6 weeks of history: no year pattern yet, and wider bands;")
    gain = re.search(r"better than last week's copy by (\d+) %", text)
    assert gain
    assert 15 < int(gain.group(1)) < 45  # Poisson counts: a copy errs by the square root of two as much


def test_three_weeks_claim_nothing() -> None:
    assert "too short to compare" in told(22)


@pytest.mark.parametrize("days", [150, 300])
def test_months_are_counted_from_a_quarter_on(days: int) -> None:
    assert f"{round(days / 30.44)} months of history" in told(days)


def test_more_than_a_year_needs_no_remark() -> None:
    assert told(410) == ""
