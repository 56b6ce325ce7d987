"""Contacts apportioned to the groups that staff them: nothing is lost, nothing made, and what stays is said."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecast.contacts.planning_groups import read_groups
from forecast.errors import InputError
from forecast.planning_groups import BEGINNING, Groups, Part

TZ = "Europe/Amsterdam"


def day(date: str) -> int:
    return int(np.datetime64(date, "D").astype(np.int64))


def rows(*contacts: tuple[str, str, float, float | None]) -> pd.DataFrame:
    """(queue, local noon of a date in UTC, mean, aht) -> volumes."""
    frame = pd.DataFrame(contacts, columns=["queue", "ds", "mean", "aht_seconds"])
    return frame.assign(
        ds=pd.to_datetime(frame["ds"], utc=True), aht_seconds=frame["aht_seconds"].astype(float)
    )


GROUPS = Groups(
    (
        Part("calls", BEGINNING, "Service", "", 1.0),
        Part("calls", day("2026-06-01"), "Service", "Utrecht", 0.5),
        Part("calls", day("2026-06-01"), "Service", "Partner", 0.3),
        Part("mail", BEGINNING, "Service", "Utrecht", 0.25),
    )
)


def test_shares_hold_from_their_day_and_the_rest_stays_with_the_queue_s_own_group() -> None:
    found = GROUPS.apportion(
        rows(("calls", "2026-05-31T12:00", 100, None), ("calls", "2026-06-01T12:00", 100, None)), tz=TZ
    )
    assert {
        (group, site): mean for group, site, mean in found.rows[["group", "site", "mean"]].to_numpy()
    } == {
        ("Service", ""): 100.0,
        ("Service", "Partner"): 30.0,
        ("Service", "Utrecht"): 50.0,
        ("calls", ""): pytest.approx(20.0),
    }
    assert found.notes == (
        "The queue 'calls' keeps 20% of its contacts: they stay in a group of its own name.",
    )


def test_the_first_hour_of_a_local_day_belongs_to_its_shares() -> None:
    """22:30 UTC on 31 May is half past midnight on 1 June in Amsterdam."""
    found = GROUPS.apportion(rows(("calls", "2026-05-31T22:30", 10, None)), tz=TZ).rows
    assert set(found["site"]) == {"Utrecht", "Partner", ""} and found["mean"].sum() == pytest.approx(10)


def test_handle_times_are_weighted_by_volume() -> None:
    found = GROUPS.apportion(
        rows(("calls", "2026-06-01T12:00", 100, 300), ("mail", "2026-06-01T12:00", 40, 600)), tz=TZ
    ).rows
    utrecht = found[found["site"] == "Utrecht"].iloc[0]
    assert utrecht["mean"] == 60 and utrecht["aht_seconds"] == pytest.approx((50 * 300 + 10 * 600) / 60)
    partly = GROUPS.apportion(
        rows(("calls", "2026-06-01T12:00", 100, 300), ("mail", "2026-06-01T12:00", 40, None)), tz=TZ
    ).rows
    assert partly[partly["site"] == "Utrecht"]["aht_seconds"].iloc[0] == 300


def test_paths_are_apportioned_as_means_are() -> None:
    days = np.array([day("2026-05-31"), day("2026-06-01")])
    shares = GROUPS.shares(["calls", "mail", "chat"], days)
    values = np.random.default_rng(1).poisson(50, (3, 4, 20)).astype(float)
    place = np.array([0, 0, 1, 1])
    made = shares.apportion(values, place)
    np.testing.assert_allclose(made.sum(axis=0), values.sum(axis=0))
    np.testing.assert_allclose(made[shares.keys.index(("chat", ""))], values[2])
    np.testing.assert_allclose(made[shares.keys.index(("Service", "Utrecht")), 2:], 0.5 * values[0, 2:] + 0.25 * values[1, 2:])  # fmt: skip


def test_without_groups_every_queue_is_its_own() -> None:
    found = Groups().apportion(rows(("calls", "2026-06-01T12:00", 7, None)), tz=TZ)
    assert found.rows[["group", "site", "mean"]].to_numpy().tolist() == [["calls", "", 7.0]]
    assert "is in no planning group" in found.notes[0]
    assert Groups().apportion(rows(), tz=TZ).rows.empty


@pytest.mark.parametrize(
    "parts",
    [
        (Part("a", 0, "g", "", 0.7), Part("a", 0, "h", "", 0.4)),
        (Part("a", 0, "g", "", 0.5), Part("a", 0, "g", "", 0.4)),
        (Part("a", 0, "g", "", 0.0),),
        (Part("a", 0, "g", "", 1.5),),
    ],
)
def test_a_set_that_contradicts_itself_is_refused(parts: tuple[Part, ...]) -> None:
    with pytest.raises(InputError):
        Groups(parts)


part = st.builds(Part, st.sampled_from("abc"), st.integers(0, 3), st.sampled_from("GH"), st.sampled_from(["", "x"]), st.floats(0.01, 0.24))  # fmt: skip


@given(st.lists(part, max_size=12, unique_by=lambda one: (one.queue, one.since, one.key)))
@settings(max_examples=100, deadline=None)
def test_over_all_groups_each_queue_and_day_adds_up_to_one(parts: list[Part]) -> None:
    shares = Groups(tuple(parts)).shares(["a", "b", "c", "d"], np.arange(5))
    np.testing.assert_allclose(shares.share.sum(axis=0), 1.0)


def test_a_file_of_groups_is_read_with_its_dates_and_shares() -> None:
    text = "queue,group,site,since,share\ncalls,Service,Utrecht,2026-06-01,0.5\ncalls,Service,Partner,2026-06-01,30\ncalls,Night,,,\n,x,,,1\n"
    loaded = read_groups(text.encode(), tz=TZ)
    assert sorted(loaded.frame["share"]) == [0.5, 1.0]
    assert sorted(problem.row for problem in loaded.problems) == [3, 5]
    assert Groups.from_frame(loaded.frame).of("calls", day("2026-07-01"))[0].site == "Utrecht"
