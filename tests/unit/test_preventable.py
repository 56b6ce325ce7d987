"""Preventable contact: one figure per reason and in total, of what can be counted, and its course by week."""

from __future__ import annotations

import pandas as pd
import pytest

from forecast.preventable import ALL, Figure, preventable

WEEKS = [
    f"2026-0{month}-{day:02d}"
    for month, day in ((1, 5), (1, 12), (1, 19), (1, 26), (2, 2), (2, 9), (2, 16), (2, 23))
]


def contacts(*rows: tuple[str, str, str, float]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["topic", "queue", "week", "contacts"])


def posts(*rows: tuple[str, str, float]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["topic", "week", "posts"])


def test_contacts_of_a_known_cause_and_posts_after_failed_contact_make_one_figure() -> None:
    came = contacts(("billing", "B", WEEKS[0], 80), ("outage", "O", WEEKS[0], 100), (ALL, "X", WEEKS[0], 20))
    told = posts((ALL, WEEKS[0], 10), ("billing", WEEKS[0], 6), ("outage", WEEKS[0], 5))
    total, each = preventable(came, told, {("billing", None)})
    assert total.whole == Figure(200, 80, 10)
    assert total.whole.share == pytest.approx(90 / 210)
    assert each["billing"].whole.share == 1.0  # all of it, and the posts
    assert each["outage"].whole == Figure(100, 0, 5)
    assert set(each) == {"billing", "outage"}  # what has no reason is in the total alone


def test_a_cause_of_one_queue_counts_there_alone() -> None:
    came = contacts(("billing", "B", WEEKS[0], 80), ("billing", "C", WEEKS[0], 40))
    total, _ = preventable(came, posts(), {("billing", "C")})
    assert total.whole.known_cause == 40


def test_how_it_develops_is_told_of_whole_weeks_and_only_where_there_are_enough() -> None:
    came = contacts(*(("billing", "B", week, 100.0) for week in WEEKS))
    told = posts(*((ALL, week, 0.0 if at < 4 else 25.0) for at, week in enumerate(WEEKS)))
    total, _ = preventable(came, told, set())
    assert total.change("2026-03-02") == pytest.approx(0.2)
    assert total.change(WEEKS[-1]) is None  # the last one is not over


def test_repeats_of_the_weeks_whose_single_contacts_are_still_held_are_no_rise() -> None:
    came = contacts(*(("billing", "B", week, 100.0) for week in WEEKS))
    again = pd.DataFrame(
        [("billing", "B", week, 30.0) for week in WEEKS[4:]], columns=["topic", "queue", "week", "repeats"]
    )
    total, _ = preventable(came, posts(), set(), again)
    assert total.weeks[WEEKS[3]].repeats is None and total.weeks[WEEKS[4]].share == pytest.approx(0.3)
    assert total.whole.repeats == 120 and total.change("2026-03-02") == pytest.approx(0.0)


def test_nothing_at_all_has_no_share() -> None:
    total, each = preventable(contacts(), posts(), set())
    assert total.whole.share is None and each == {} and total.weeks == {}


def test_a_week_whose_contacts_are_not_in_is_in_no_share_and_told() -> None:
    came = contacts(*(("billing", "B", week, 100.0) for week in WEEKS[:-1]), ("moving", "M", WEEKS[-1], 50.0))
    told = posts(*((topic, week, 20.0) for topic in (ALL, "billing") for week in WEEKS))
    total, each = preventable(came, told, [])
    billing = each["billing"]
    assert billing.missing == (WEEKS[-1],) and total.missing == ()
    assert billing.weeks[WEEKS[-1]].share is None
    assert billing.whole == Figure(700, 0, 140)
    assert billing.change("2026-03-02") is None  # seven weeks are known


def test_a_reason_that_no_contacts_are_counted_of_has_posts_and_no_share() -> None:
    total, each = preventable(contacts(), posts(("app", WEEKS[0], 6), (ALL, WEEKS[0], 6)), [])
    assert total.whole.share is None and each["app"].whole.failed_contact == 6
