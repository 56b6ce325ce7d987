"""Changes by hand: what each kind does, in which order, how far they reach, and when they count as an improvement."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from forecast.arrays import Floats
from forecast.buckets import DAY, SECOND
from forecast.models.base import QUANTILES
from forecast.override_effect import effects
from forecast.override_rows import MEDIAN, Rows, changed_rows
from forecast.override_value import Tried, value_added
from forecast.overriding import Changed, Override, Units, apply, reach

HOUR = 3600 * SECOND


def units(mean: list[float], *, name: str = "a", topic: str = "", aht: float = 240.0, day: int = 0) -> Units:
    """Hours of a queue in UTC from midnight on."""
    start = day * DAY + np.arange(len(mean), dtype=np.int64) * HOUR
    values = np.array(mean)
    seconds = np.where(values > 0, aht, np.nan)
    return Units(
        f"{name}/{topic}" if topic else name, name, "phone", topic or "all", topic == "", "UTC", start, start + HOUR,
        values, seconds, np.ones(len(mean), dtype=np.int64), values,
    )  # fmt: skip


def change(kind: str, value: float, first: float = 0, last: float = 24, **told: Any) -> Override:
    facts = {"id": 1, "queue": "a", "channel": "", "topic": "", "measure": "volume", **told}
    return Override(kind=kind, value=value, start=round(first * HOUR), end=round(last * HOUR), **facts)


def mean(held: list[Units], *changes: Override) -> list[list[float]]:
    return [found.mean.tolist() for found in apply(held, changes)]


def test_they_stack_in_the_order_of_their_numbers_however_they_are_given() -> None:
    held = [units([10.0, 30.0])]
    percent, total = change("percent", 50), change("total", 80, id=2)
    assert mean(held, percent, total) == mean(held, total, percent) == [[20.0, 60.0]]
    assert mean(held, replace(percent, id=3), total) == [[30.0, 90.0]]


def test_of_an_interval_in_which_a_range_begins_only_that_part_is_changed() -> None:
    assert mean([units([10.0, 10.0])], change("percent", 100, 0.75, 2)) == [[12.5, 20.0]]


def test_nothing_falls_below_zero_and_what_cannot_be_taken_is_not_taken() -> None:
    assert mean([units([10.0, 30.0])], change("absolute", -1000)) == [[0.0, 0.0]]
    assert mean([units([10.0, 30.0])], change("percent", -100, 1)) == [[10.0, 0.0]]


def test_a_total_is_of_each_day_and_days_on_which_nothing_comes_stay_empty() -> None:
    days = [0.0] * 24 + [5.0, 15.0] + [0.0] * 22 + [1.0] * 24
    found = mean([units(days)], change("total", 48, 0, 72))[0]
    assert found[:24] == [0.0] * 24 and found[24:26] == [12.0, 36.0] and found[48:] == [2.0] * 24


def test_within_one_day_without_a_forecast_contacts_are_spread_evenly_over_the_open_hours_of_the_range() -> (
    None
):
    closed = units([0.0] * 24)
    assert mean([closed], change("total", 40, 10, 14))[0][9:15] == [0.0, 10.0, 10.0, 10.0, 10.0, 0.0]
    part = replace(closed, aht=np.where(np.arange(24) == 12, 200.0, np.nan))
    assert mean([part], change("absolute", 40, 10, 14))[0][10:14] == [0.0, 0.0, 40.0, 0.0]
    assert mean([closed], change("absolute", -40, 10, 14))[0] == [0.0] * 24


def test_a_reason_that_takes_longer_makes_its_queue_take_longer_by_its_share() -> None:
    whole, bills = units([40.0]), replace(units([10.0], topic="bills"), aht=np.array([np.nan]))
    found = apply([whole, bills], [change("absolute", 80, measure="aht", topic="bills")])
    assert found[0].aht.tolist() == [260.0]
    found = apply([whole, bills], [change("total", 400, measure="aht", topic="bills")])
    assert found[0].aht.tolist() == [280.0] and found[1].aht.tolist() == [400.0]


def test_a_topic_that_is_all_of_a_queue_is_the_queue() -> None:
    assert mean([replace(units([10.0]), topic="outage")], change("percent", 10, topic="outage")) == [[11.0]]
    assert mean([units([10.0])], change("percent", 10, topic="outage")) == [[10.0]]


def test_a_shared_change_leads_to_all_that_it_is_shared_with_and_a_percentage_to_nothing() -> None:
    queues = {"a": "phone", "b": "phone", "c": "email"}
    far = change("absolute", 5, 200, 400, queue="", channel="phone")
    near = change("total", 5, 0, 260, id=2, queue="b")
    assert reach([near, far], queues, ["a"], (0, HOUR)) == (["a"], (0, HOUR))
    assert reach([near, far], queues, ["b"], (0, HOUR)) == (["a", "b"], (0, 400 * HOUR))
    percent = replace(far, kind="percent", start=0)
    assert reach([percent], queues, ["a"], (0, HOUR)) == (["a"], (0, HOUR))


def rows(held: Units, mean: float, *, cutoff: int = 0, version: int = 2) -> Rows:
    spread = np.concatenate([[1.0], 0.5 + np.array(QUANTILES)])
    one = np.array([1], dtype=np.int64)
    return Rows(held.start[:1], held.end[-1:], one * version, one * cutoff, mean * spread[None])


def test_what_came_before_a_forecast_was_made_is_in_its_day_and_stays() -> None:
    held = units([10.0, 10.0, 10.0, 10.0])
    changed = apply([held], [change("percent", 50)])[0]
    found, touched = changed_rows(held, changed, rows(held, 100.0 + 20.0, cutoff=2 * HOUR))
    assert touched.all() and found.values[0, 0] == pytest.approx(100 + 30)
    found, _ = changed_rows(held, changed, rows(held, 40.0, cutoff=2 * HOUR, version=1))  # of data that ended
    assert found.values[0, 0] == pytest.approx(60)


def test_a_row_that_is_not_the_sum_of_its_units_changes_by_their_factor() -> None:
    held = units([10.0, 10.0])
    found, _ = changed_rows(held, apply([held], [change("percent", 50)])[0], rows(held, 8.0))
    assert found.values[0, 0] == pytest.approx(12)


def test_many_contacts_where_hardly_any_were_forecast_spread_as_counts_do() -> None:
    held = replace(units([0.04]), median=np.zeros(1))
    thin = rows(held, 0.04)
    thin = replace(thin, values=np.array([[0.04, *np.zeros(len(QUANTILES))]]))
    found, _ = changed_rows(held, apply([held], [change("total", 50)])[0], thin)
    assert found.values[0, MEDIAN] == 50 and 35 < found.values[0, 1] < 40


def test_a_change_of_handling_time_leaves_the_contacts_to_the_bit() -> None:
    held = units([10.1, 10.2])
    row = rows(held, float(np.float32(20.3)))
    spread = row.values / row.values[0, 0]
    row = replace(row, aht=240 * spread, work=240 * row.values)
    found, touched = changed_rows(held, apply([held], [change("percent", 10, measure="aht")])[0], row)
    assert touched.all() and found.values.tolist() == row.values.tolist()
    assert found.aht is not None and found.aht[0, 0] == pytest.approx(264)
    same, touched = changed_rows(held, Changed(held.mean, held.aht), row)
    assert same is row and not touched.any()


def test_the_days_a_total_does_not_reach_are_named() -> None:
    held = units([5.0] * 24 + [0.0] * 24, day=1)
    one = change("total", 100, 24, 72)
    assert effects([held], [], one).warnings == (
        "Nothing is forecast on 1970-01-03: no contacts come to these days.",
    )


def tried(gains: list[float], *, author: str = "Anna", start: int = 0, every: int = 7) -> Tried:
    """A day per gain: of an error of 10 the change takes away so much."""
    days = start + every * np.arange(len(gains), dtype=np.int64)

    def said(error: Floats) -> Floats:
        return np.column_stack([100 - error, 100 - error])

    came, error = np.full(len(gains), 100.0), np.full(len(gains), 10.0)
    return Tried(1, author, "letters", "a", days, came, said(error), said(error - np.array(gains)))


def test_three_lucky_days_prove_nothing_and_neither_do_twenty_in_one_week_or_a_mixed_year() -> None:
    for gains, every in (([9.0] * 3, 7), ([9.0] * 7, 1), ([6.0, -5.0] * 15, 7)):
        found = value_added([tried(gains, every=every)]).total
        assert found.gained is not None and found.gained > 0 and found.verdict == "not enough to tell"
    lucky = value_added([tried([9.0] * 3)]).total
    assert (
        lucky.sentence
        == "Helped on 3 of 3 days: 90 % less error; that may be chance (3 weeks of at least 8)."
    )


def test_who_helps_in_most_weeks_is_told_so_and_who_harms_too() -> None:
    gains = [4.0, 5.0, 3.0, 6.0, -1.0] * 4
    found = value_added([tried(gains), tried([-gain for gain in gains], author="Bob", start=3)])
    anna, bob = found.authors
    assert (anna.verdict, anna.days, anna.helped) == ("better", 20, 16)
    assert (bob.verdict, bob.helped) == ("worse", 4) and "more error" in bob.sentence
    assert found.total.gained == pytest.approx(0) and found.total.weeks == 20
    assert anna.day_gained == pytest.approx(anna.gained)
    assert found.total.verdict == "not enough to tell"
