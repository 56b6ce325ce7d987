"""Questions on social channels: who waits, how soon they are answered, how many there are to answer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecast.buckets import Interval
from forecast.errors import ContractError
from forecast.social.care import kaplan_meier, questions_as_volumes, reply_times, waiting

TZ = "Europe/Amsterdam"
HOUR = dt.timedelta(hours=1)
NOW = pd.Timestamp("2026-03-06 12:00", tz="UTC")


def at(text: str | None) -> Any:
    """`09:05` of the day, or a whole moment."""
    if text is None:
        return pd.NaT
    return pd.Timestamp(text if "-" in text else f"2026-03-06 {text}", tz="UTC")


def questions(*rows: Mapping[str, Any]) -> pd.DataFrame:
    """Each {at, known?, replied?, resolved?, deleted?, topics?, language?, ...} -> a frame of mentions."""

    def column(name: str) -> pd.DatetimeIndex:
        return pd.DatetimeIndex([at(row.get(name)) for row in rows]).as_unit("ns")

    def times(name: str) -> pd.DatetimeIndex:
        found = column(name)
        return found if found.tz is not None else found.tz_localize("UTC")

    known = [at(str(row.get("known", row["at"]))) for row in rows]
    return pd.DataFrame(
        {
            "created_at": times("at"),
            "known_at": pd.DatetimeIndex(known).as_unit("ns"),
            "replied_at": times("replied"),
            "resolved_at": times("resolved"),
            "deleted_at": times("deleted"),
            "topics": pd.Series([row.get("topics", ()) for row in rows], dtype=object),
            "language": pd.Series([row.get("language", "nl") for row in rows], dtype=object),
            "direction": pd.Series([row.get("direction", "in") for row in rows], dtype=object),
            "repost_of": pd.Series([row.get("repost_of") for row in rows], dtype=object),
            "question": [bool(row.get("question", True)) for row in rows],
        }
    )


def minutes(*replies: float | None, after: str = "06:00") -> pd.DataFrame:
    """Questions of one moment, answered after so many minutes; None: not yet."""
    start = at(after)
    return questions(
        *(
            {"at": str(start)[:16], "replied": None if one is None else str(start + one * pd.Timedelta("1min"))[:19]}
            for one in replies
        )
    )  # fmt: skip


# ---- who waits


def test_who_is_answered_resolved_or_gone_does_not_wait() -> None:
    found = waiting(
        questions(
            {"at": "09:00", "topics": ("outage",)},
            {"at": "08:00", "replied": "08:10"},
            {"at": "08:00", "resolved": "08:10"},
            {"at": "08:00", "deleted": "08:10"},
            {"at": "10:00", "topics": ("outage", "billing")},
        ),
        NOW,
    )
    assert found["topic"].tolist() == ["all", "billing", "outage"]
    assert found["open"].tolist() == [2, 1, 2]
    assert found["oldest"].tolist() == [at("09:00"), at("10:00"), at("09:00")]


def test_what_is_answered_later_waited_then() -> None:
    one = questions({"at": "09:00", "replied": "11:00"})
    assert waiting(one, at("10:59"))["open"].tolist() == [1]
    assert waiting(one, at("11:00"))["open"].tolist() == [0]


def test_only_questions_of_others_that_are_known_count() -> None:
    found = waiting(
        questions(
            {"at": "09:00", "question": False},
            {"at": "09:00", "direction": "out"},
            {"at": "09:00", "repost_of": "abc"},
            {"at": "09:00", "known": "12:30"},
        ),
        NOW,
    )
    assert found["open"].tolist() == [0] and found["oldest"].isna().all()


def test_who_waits_is_told_by_language() -> None:
    found = waiting(
        questions({"at": "09:00"}, {"at": "08:00", "language": "de"}), NOW, by=("topic", "language")
    )
    assert found[["topic", "language", "open"]].to_numpy().tolist() == [["all", "de", 1], ["all", "nl", 1]]


# ---- reply times


def test_the_estimate_is_that_of_kaplan_and_meier_by_hand() -> None:
    # at risk 6, 4 (one lasted longer than 2), 2 (one longer than 4): 5/6, then x 3/4, then x 1/2
    times, longer = kaplan_meier(
        np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]), np.array([True, False, True, False, True, False])
    )
    assert times.tolist() == [1, 3, 5]
    np.testing.assert_allclose(longer, [5 / 6, 5 / 6 * 3 / 4, 5 / 6 * 3 / 4 * 1 / 2])


def test_who_lasted_until_the_moment_of_an_answer_was_at_risk_then() -> None:
    _, longer = kaplan_meier(np.array([2.0, 2.0]), np.array([True, False]))
    np.testing.assert_allclose(longer, [0.5])


@given(st.lists(st.integers(0, 500), min_size=1, max_size=40))
@settings(max_examples=30, deadline=None)
def test_without_open_questions_the_median_and_the_share_are_the_plain_ones(replies: list[int]) -> None:
    row = reply_times(minutes(*replies), asof=at("2026-03-07 00:00"), target=HOUR).iloc[0]
    assert row["median"] == pytest.approx(np.quantile(replies, 0.5, method="inverted_cdf"))
    assert row["p90"] == pytest.approx(np.quantile(replies, 0.9, method="inverted_cdf"))
    assert row["share"] == pytest.approx(np.mean(np.array(replies) <= 60))


def test_open_questions_do_not_flatter_the_median() -> None:
    answered = reply_times(minutes(10, 20, 30), asof=NOW, target=HOUR).iloc[0]
    still = reply_times(minutes(10, 20, 30, None, None, None), asof=NOW, target=HOUR).iloc[0]
    assert (answered["median"], answered["share"]) == (20, pytest.approx(1))
    assert (still["median"], still["share"]) == (30, pytest.approx(0.5))
    assert np.isnan(still["p90"]) and (still["questions"], still["answered"]) == (6, 3)


def test_a_question_asked_just_now_is_not_held_against_the_share() -> None:
    old, new = minutes(10, 20, 30, 90), minutes(None, None, after="11:59")
    row = reply_times(pd.concat([old, new], ignore_index=True), asof=NOW, target=HOUR).iloc[0]
    assert row["share"] == pytest.approx(0.75) and row["questions"] == 6


def test_nothing_is_said_of_the_target_before_anybody_could_have_met_or_missed_it() -> None:
    row = reply_times(minutes(None, None, after="11:50"), asof=NOW, target=HOUR).iloc[0]
    assert np.isnan(row["share"]) and np.isnan(row["median"])
    late = reply_times(minutes(None, None, after="10:50"), asof=NOW, target=HOUR).iloc[0]
    assert late["share"] == 0


def test_reply_times_are_those_known_at_the_moment() -> None:
    one = questions(
        {"at": "09:00", "replied": "11:00", "resolved": "11:30"}, {"at": "11:10", "known": "11:50"}
    )
    early = reply_times(one, asof=at("10:00"), target=HOUR).iloc[0]
    assert (early["questions"], early["answered"], early["share"]) == (1, 0, 0)
    late = reply_times(one, asof=NOW, target=HOUR).iloc[0]
    assert (late["questions"], late["answered"], late["median"], late["resolution_median"]) == (
        2,
        1,
        120,
        150,
    )


def test_a_question_about_two_reasons_counts_in_both_and_once_in_all() -> None:
    found = reply_times(
        questions({"at": "09:00", "topics": ("outage", "billing"), "replied": "09:30"}), asof=NOW, target=HOUR
    )
    assert found[["topic", "questions"]].to_numpy().tolist() == [["all", 1], ["billing", 1], ["outage", 1]]


def test_hours_and_days_are_local_ones() -> None:
    late = questions({"at": "2026-03-05 23:30"}, {"at": "2026-03-06 22:59"})  # 00:30 and 23:59 of the 6th
    by_hour = reply_times(late, asof=at("2026-03-08 00:00"), target=HOUR, tz=TZ, by=("topic", "hour"))
    assert by_hour["hour"].tolist() == [0, 23]
    by_day = reply_times(late, asof=at("2026-03-08 00:00"), target=HOUR, tz=TZ, by=("topic", "day"))
    assert by_day["day"].tolist() == [pd.Timestamp("2026-03-06", tz="UTC")] and by_day[
        "questions"
    ].tolist() == [2]


def test_a_deleted_question_waited_until_it_went() -> None:
    gone = questions({"at": "06:00", "deleted": "06:05"}, {"at": "06:00", "replied": "06:30"})
    row = reply_times(gone, asof=NOW, target=HOUR).iloc[0]
    assert (row["median"], row["share"]) == (30, pytest.approx(1))


def test_questions_are_told_apart_by_what_is_known_only() -> None:
    with pytest.raises(ContractError, match="weather"):
        reply_times(minutes(1), asof=NOW, target=HOUR, by=("topic", "weather"))


def test_no_questions_give_no_rows() -> None:
    none = minutes(1)[:0]
    assert len(reply_times(none, asof=NOW, target=HOUR)) == 0
    assert len(reply_times(none, asof=NOW, target=HOUR, by=("topic", "language"))) == 0
    assert len(waiting(none, NOW, by=("topic", "language"))) == 0
    assert len(questions_as_volumes(none, interval=Interval.HOUR, tz=TZ, target=HOUR)) == 0


# ---- questions as the contacts of a queue


def versions(
    mentions: pd.DataFrame, topic: str = "all", asof: pd.Timestamp | None = None
) -> list[list[object]]:
    """[known at hh:mm, offered, handled] of the only bucket."""
    volumes = questions_as_volumes(mentions, interval=Interval.HALF_HOUR, tz=TZ, target=HOUR, asof=asof)
    mine = volumes[volumes["topic"] == topic]
    return [[str(row.known_at)[11:16], row.offered, row.handled] for row in mine.itertuples()]


def test_a_bucket_is_known_at_its_end_and_again_with_the_replies_of_each_later_bucket() -> None:
    asked = questions(
        {"at": "09:05", "replied": "09:20"},
        {"at": "09:10", "replied": "09:40"},
        {"at": "09:11", "replied": "09:59"},
        {"at": "09:15", "replied": "10:16"},  # a minute beyond the target
        {"at": "09:29"},
    )
    assert versions(asked) == [["09:30", 5, 1], ["10:00", 5, 3]]


def test_a_question_known_late_makes_a_version_of_its_own() -> None:
    late = questions({"at": "09:05"}, {"at": "09:10", "known": "11:00", "replied": "09:20"})
    assert versions(late) == [["09:30", 1, 0], ["11:00", 2, 1]]
    assert versions(late, asof=at("10:59")) == [["09:30", 1, 0]]


def test_a_question_about_two_reasons_is_one_contact_in_the_total() -> None:
    two = questions({"at": "09:05", "topics": ("outage", "billing")}, {"at": "09:06", "topics": ("outage",)})
    assert versions(two) == [["09:30", 2, 0]]
    assert versions(two, "outage") == [["09:30", 2, 0]] and versions(two, "billing") == [["09:30", 1, 0]]


def test_a_reason_called_all_does_not_count_twice() -> None:
    assert versions(questions({"at": "09:05", "topics": ("all",)})) == [["09:30", 1, 0]]


@given(
    st.lists(
        st.tuples(st.integers(0, 600), st.integers(0, 300), st.none() | st.integers(0, 200)),
        min_size=1,
        max_size=25,
    )
)
@settings(max_examples=40, deadline=None)
def test_the_version_in_force_at_any_moment_is_the_count_of_what_was_known_then(
    rows: list[tuple[int, int, int | None]],
) -> None:
    start, step = pd.Timestamp("2026-03-06", tz="UTC"), pd.Timedelta("1min")
    mentions = questions(
        *(
            {
                "at": str(start + asked * step)[:19],
                "known": str(start + (asked + late) * step)[:19],
                "replied": None if reply is None else str(start + (asked + reply) * step)[:19],
            }
            for asked, late, reply in rows
        )
    )
    whole = questions_as_volumes(mentions, interval=Interval.HOUR, tz="UTC", target=HOUR)
    for moment in (start + 300 * step, start + 700 * step, start + 2000 * step):
        seen = whole[whole["known_at"] <= moment].drop_duplicates("ds", keep="last")
        known = [
            (asked, reply)
            for asked, late, reply in rows
            if start + (asked // 60 + 1) * 60 * step <= moment and start + (asked + late) * step <= moment
        ]
        soon = [
            reply
            for asked, reply in known
            if reply is not None and reply <= 60 and start + ((asked + reply) // 60 + 1) * 60 * step <= moment
        ]
        assert (seen["offered"].sum(), seen["handled"].sum()) == (len(known), len(soon))
