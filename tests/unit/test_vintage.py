"""Versions, latest first to be believed: by hand, before the properties take random ones."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from forecast.buckets import Interval, index
from forecast.vintage import Archive, Driver, Series, Versions, as_of
from tests.worlds import HOUR, MONDAY, TZ, archive, midnight, series

NINE, TEN = midnight(0) + 9 * HOUR, midnight(0) + 10 * HOUR


def test_the_latest_known_version_wins_and_on_a_tie_the_later_upload() -> None:
    versions = Versions.of([NINE, NINE, NINE, TEN], [1.0, 2.0, 3.0, 9.0], [30, 20, 30, 10])
    ds, value = versions.latest()
    assert ds.tolist() == [NINE, TEN]
    assert value.tolist() == [3.0, 9.0]
    assert versions.until(29).latest()[1].tolist() == [2.0, 9.0]
    assert versions.until(30).on(np.array([NINE, TEN, TEN + HOUR]))[:2].tolist() == [3.0, 9.0]
    assert len(versions.until(9)) == len(Versions.none()) == 0


def test_the_plain_form_says_the_same() -> None:
    frame = pd.DataFrame(
        {
            "ds": index(np.array([NINE, NINE, NINE, TEN])),
            "value": [1.0, 2.0, 3.0, 9.0],
            "known_at": index(np.array([30, 20, 30, 10])),
        }
    )
    assert as_of(frame, pd.Timestamp(30, tz="UTC"))["value"].tolist() == [3.0, 9.0]
    assert as_of(frame, pd.Timestamp(29, tz="UTC"))["value"].tolist() == [2.0, 9.0]
    assert len(as_of(frame, pd.Timestamp(9, tz="UTC"))) == 0


def test_a_row_is_known_at_its_moment_and_not_a_nanosecond_before() -> None:
    snapshot = archive(Series("q", Interval.HOUR, TZ, Versions.of([NINE], [5.0], [TEN])))
    assert len(snapshot.at(TEN).series("q").offered) == 1
    assert len(snapshot.at(TEN - 1).series("q").offered) == 0


@pytest.mark.parametrize("absent_is_zero", [True, False])
def test_absent_rows_between_the_first_and_the_last_are_zero_or_unknown(absent_is_zero: bool) -> None:
    ds = np.array([NINE, NINE + 3 * HOUR])
    held = Series(
        "q", Interval.HOUR, TZ, Versions.of(ds, [5.0, 7.0], ds + HOUR), absent_is_zero=absent_is_zero
    )
    history = archive(held).at(midnight(1)).history("q")
    assert len(history.grid) == 24
    np.testing.assert_array_equal(
        history.y[9:13], [5.0, 0.0, 0.0, 7.0] if absent_is_zero else [5, np.nan, np.nan, 7]
    )
    assert np.isnan(history.y[:9]).all()
    assert np.isnan(history.y[13:]).all()


def test_a_reason_without_a_row_is_zero_as_soon_as_its_queue_has_a_later_one() -> None:
    span = Versions.of([NINE, NINE + 2 * HOUR], [1.0, 1.0], [TEN, TEN + 2 * HOUR])
    held = Series("r", Interval.HOUR, TZ, Versions.of([NINE], [5.0], [TEN]), span=span)
    assert archive(held).at(midnight(1)).history("r").y[9:12].tolist() == [5.0, 0.0, 0.0]
    assert np.isnan(archive(held).at(TEN).history("r").y[10:]).all()


def test_a_history_ends_with_the_bucket_that_has_begun() -> None:
    history = archive(series()).at(midnight(3) + 9 * HOUR + 1).history("calls")
    assert history.grid.ds[-1] == midnight(3) + 9 * HOUR
    assert np.isnan(history.y[-1])  # begun, and not yet known
    assert history.today == MONDAY + 3


def test_a_removed_layer_brings_back_what_lay_beneath_from_the_moment_of_removal() -> None:
    versions = Versions.of([NINE, NINE, NINE], [5.0, 50.0, 5.0], [10, 20, 30])
    assert [versions.until(moment).latest()[1][0] for moment in (10, 20, 30)] == [5.0, 50.0, 5.0]


def test_a_driver_counts_by_local_day_and_for_its_own_queue() -> None:
    late = midnight(2) - HOUR
    letters = Driver("letters", Versions.of([late, midnight(2)], [100.0, 7.0], [0, 0]))
    others = Driver("others", letters.values, queue="mail")
    held = Archive({"calls": series()}, drivers={"letters": letters, "others": others})
    history = held.at(midnight(3)).history("calls")
    assert set(history.drivers) == {"letters"}
    assert history.driver("letters", np.array([MONDAY + 1, MONDAY + 2, MONDAY + 3])).tolist() == [
        100.0,
        7.0,
        0.0,
    ]
