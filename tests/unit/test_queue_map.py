"""Queues that were renamed, merged or split keep their history."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from forecast import catalogue
from forecast.arrays import Floats
from forecast.buckets import Grid, Interval, day_start
from forecast.errors import InputError
from forecast.handling import Handling
from forecast.models.base import Leads
from forecast.queue_map import Move, QueueMap
from forecast.vintage import Archive, Driver, Series, Versions
from tests.worlds import HOUR, MONDAY, OFFICE, TZ, archive, counts, midnight, series, working_week

DATE = 84  # a Monday
DAYS = 140


def queue(
    name: str, *, level: float = 20.0, first: int = 0, last: int = DAYS, seed: int = 1, **facts: object
) -> Series:
    """A queue with contacts from day `first` to the one before day `last`."""
    contacts = counts(working_week(level), seed)

    def some(grid: Grid) -> Floats:
        day = grid.day - MONDAY
        return np.where((day >= first) & (day < last), contacts(grid), np.nan)

    return series(some, name=name, days=DAYS, **facts)  # type: ignore[arg-type]


def move(source: str, into: str, share: float = 1.0, day: int = DATE) -> Move:
    """A move on a day counted from the first of these worlds."""
    return Move(MONDAY + day, source, into, share)


def values(held: Archive, name: str, first: int, last: int) -> Floats:
    """The latest contacts of the days first .. last-1, NaN where there is no row."""
    grid = Grid.days(MONDAY + first, MONDAY + last - 1, Interval.HOUR, TZ)
    return held.series[name].offered.on(grid.ds)


def week(held: Archive, name: str, day: int, method: str = "champion") -> Floats:
    """Contacts expected on each of the next seven days, as seen from the start of that day."""
    snapshot = held.at(midnight(day)).only(name)
    leads = Leads.days(snapshot, name, 7)
    paths = catalogue.model(method).fit(snapshot).predict(snapshot, leads, draws=60, seed=1)
    return paths.mean()[0].reshape(7, 24).sum(axis=1)


def usual(level: float) -> Floats:
    """Contacts of the days of a week from Monday on."""
    return working_week(level)(Grid.days(MONDAY, MONDAY + 6, Interval.HOUR, TZ)).reshape(7, 24).sum(axis=1)


class TestHistories:
    def test_a_renamed_queue_has_the_rows_before_the_date_and_its_own_after(self) -> None:
        old, new = queue("old", last=DATE + 2), queue("new", first=DATE, seed=2)
        held = QueueMap((move("old", "new"),)).apply(archive(old, new))
        np.testing.assert_array_equal(values(held, "new", 0, DATE), values(archive(old), "old", 0, DATE))
        np.testing.assert_array_equal(
            values(held, "new", DATE, DAYS), values(archive(new), "new", DATE, DAYS)
        )
        assert held.series["old"].offered is old.offered  # stragglers stay its own

    def test_of_a_merger_each_bucket_is_the_sum(self) -> None:
        parts = [queue("a", last=DATE), queue("b", last=DATE, seed=2), queue("c", seed=3)]
        held = QueueMap((move("a", "c"), move("b", "c"))).apply(archive(*parts))
        plain = sum(values(archive(*parts), name, 0, DATE) for name in "abc")
        np.testing.assert_allclose(values(held, "c", 0, DATE), plain)

    def test_a_split_shares_the_rows_out_and_keeps_the_rest(self) -> None:
        held = QueueMap((move("a", "b", 0.5), move("a", "c", 0.2))).apply(archive(queue("a")))
        before, after = (
            values(archive(queue("a")), "a", 0, DATE),
            values(archive(queue("a")), "a", DATE, DAYS),
        )
        for name, share in (("a", 0.3), ("b", 0.5), ("c", 0.2)):
            np.testing.assert_allclose(values(held, name, 0, DATE), share * before)
        np.testing.assert_array_equal(values(held, "a", DATE, DAYS), after)
        assert np.isnan(values(held, "b", DATE, DAYS)).all()

    def test_a_chain_is_followed_whatever_the_order_of_the_rows(self) -> None:
        world = archive(queue("a", last=50), queue("b", first=50, last=DATE), queue("c", first=DATE))
        chain = (move("b", "c"), move("a", "b", day=50))
        for moves in (chain, chain[::-1], (move("a", "b"), move("b", "c"))):
            held = QueueMap(moves).apply(world)
            assert not np.isnan(values(held, "c", 0, DAYS)).any()
            np.testing.assert_array_equal(values(held, "c", 0, 50), values(world, "a", 0, 50))

    def test_a_correction_of_an_old_row_flows_on_and_is_known_when_it_came(self) -> None:
        nine, ten = midnight(0) + 9 * HOUR, midnight(0) + 10 * HOUR
        late = midnight(DATE + 5)
        old = Series(
            "a", Interval.HOUR, TZ, Versions.of([nine, ten, nine], [5, 6, 9], [ten, ten + HOUR, late])
        )
        new = Series("b", Interval.HOUR, TZ, Versions.of([nine, ten], [1, 1], [ten, ten + 2 * HOUR]))
        moved = QueueMap((move("a", "b"),)).apply(archive(old, new)).series["b"].offered
        seen = [
            moved.until(at).latest()[1].tolist() for at in (ten, ten + HOUR, ten + 2 * HOUR, late - 1, late)
        ]
        assert seen == [[6], [6, 6], [6, 7], [6, 7], [10, 7]]

    def test_a_row_taken_back_leaves_what_the_others_have(self) -> None:
        nine = midnight(0) + 9 * HOUR
        old = Series("a", Interval.HOUR, TZ, Versions.of([nine, nine], [5, np.nan], [1, 9]))
        new = Series("b", Interval.HOUR, TZ, Versions.of([nine, nine], [2, np.nan], [1, 11]))
        moved = QueueMap((move("a", "b"),)).apply(archive(old, new)).series["b"].offered
        assert [moved.until(at).latest()[1].tolist() for at in (1, 9)] == [[7], [2]]
        assert np.isnan(moved.latest()[1]).all()

    def test_contact_reasons_go_to_the_same_reason_and_are_zero_where_their_queue_has_rows(self) -> None:
        a, b = queue("a", last=DATE), queue("b", first=DATE, seed=2)
        reason = replace(queue("a/bill", level=5, last=DATE), queue="a", topic="bill", span=a.offered)
        held = QueueMap((move("a", "b"),)).apply(archive(a, b, reason))
        made = held.series["b/bill"]
        assert (made.queue, made.topic, made.span) == ("b", "bill", held.series["b"].offered)
        np.testing.assert_array_equal(
            values(held, "b/bill", 0, DATE), values(archive(reason), "a/bill", 0, DATE)
        )
        assert (held.at(midnight(DAYS)).history("b/bill").y[24 * DATE :] == 0).all()

    def test_handling_times_and_drivers_of_the_queue_go_along(self) -> None:
        nine = midnight(0) + 9 * HOUR
        spent = Handling(Versions.of([nine], [900.0], [1]), Versions.of([nine], [3.0], [1]))
        held = archive(replace(queue("a"), handling=spent))
        held = replace(held, drivers={"letters@a": Driver("letters", Versions.of([nine], [50.0], [0]), "a")})
        moved = QueueMap((move("a", "b", 0.4),)).apply(held)
        found = moved.series["b"].handling
        assert found is not None
        assert (found.seconds.value.tolist(), found.contacts.value.tolist()) == (
            [360.0],
            [1.2000000000000002],
        )
        assert moved.drivers["letters@b"].values.value.tolist() == [20.0]
        assert set(moved.at(midnight(3)).history("b").drivers) == {"letters@b"}


class TestForecasts:
    @pytest.mark.parametrize("method", ["level_profile", "dhr", "ets", "champion", "mean8"])
    def test_the_new_queue_is_forecast_from_the_whole_history_and_the_old_one_is_zero(
        self, method: str
    ) -> None:
        world = archive(queue("old", last=DATE), queue("new", first=DATE, seed=2))
        held = QueueMap((move("old", "new"),)).apply(world)
        for day in (DATE, DATE + 7):
            assert week(held, "new", day, method) == pytest.approx(usual(20), rel=0.2, abs=2)
            assert week(held, "old", day, method).max() == 0

    def test_a_split_gives_fractions_and_every_method_takes_them(self) -> None:
        held = QueueMap((move("a", "b", 0.37), move("a", "c", 0.63))).apply(archive(queue("a", last=DATE)))
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            for method in (name for name in catalogue.NAMES if name != "prophet"):
                for name, share in (("b", 0.37), ("c", 0.63)):
                    assert week(held, name, DATE, method) == pytest.approx(usual(20 * share), rel=0.25, abs=3)

    def test_the_old_queue_lives_until_the_date_also_as_seen_from_before_it(self) -> None:
        held = QueueMap((move("old", "new", day=DATE + 3),)).apply(archive(queue("old", last=DATE + 3)))
        assert week(held, "old", DATE) == pytest.approx(usual(20) * (np.arange(7) < 3), rel=0.2, abs=2)
        assert not held.at(midnight(DATE)).history("old").dead
        assert held.at(midnight(DATE + 3)).history("old").dead

    @pytest.mark.parametrize("method", ["level_profile", "champion"])
    def test_as_long_as_a_rename_lies_ahead_the_new_queue_has_nothing(self, method: str) -> None:
        held = QueueMap((move("old", "new", day=DATE + 3),)).apply(archive(queue("old", last=DATE)))
        old, new = week(held, "old", DATE, method), week(held, "new", DATE, method)
        assert (new[:3] == 0).all() and (old[3:] == 0).all()
        assert old + new == pytest.approx(usual(20), rel=0.2, abs=2)

    def test_as_long_as_a_merger_or_split_lies_ahead_each_queue_has_its_own(self) -> None:
        world = archive(queue("a", last=DATE), queue("b", level=10.0, last=DATE, seed=2))
        now, then = np.arange(7) < 2, np.arange(7) >= 2
        merged = QueueMap((move("a", "b", day=DATE + 2),)).apply(world)
        assert week(merged, "b", DATE) == pytest.approx(usual(10) * now + usual(30) * then, rel=0.2, abs=3)
        split = QueueMap((move("a", "b", 0.5, day=DATE + 2),)).apply(world)
        assert week(split, "a", DATE) == pytest.approx(usual(20) * now + usual(10) * then, rel=0.2, abs=3)
        assert week(split, "b", DATE) == pytest.approx(usual(10) * now + usual(20) * then, rel=0.2, abs=3)

    def test_what_the_new_queue_will_be_is_not_known_from_later_rows(self) -> None:
        """What lies ahead is read from the versions known at the cutoff alone."""
        held = QueueMap((move("a", "b", day=DATE + 2),)).apply(
            archive(queue("a", last=DATE), queue("b", last=DATE, seed=2))
        )
        (before,) = held.at(midnight(40)).series("b").before
        assert before.own.known_at.max() <= midnight(40)


class TestRefusals:
    @pytest.mark.parametrize(
        ("moves", "what"),
        [
            ((move("a", "b"), move("b", "a", day=100)), "circle: a into b into a|circle: b into a into b"),
            ((move("a", "a"),), "circle: a into a"),
            ((move("a", "b", 0.7), move("a", "c", 0.4)), "add up to 1.1"),
            ((move("a", "b"), move("a", "c", day=100)), r"wholly gone .*Let 'b' go on that day"),
            ((move("b", "c"), move("a", "b", day=100)), "'b' has wholly gone before"),
            ((move("a", "b", 0.2), move("a", "b", 0.3)), "twice into the same queue"),
            ((move("a", "b", 1.2),), "share 1.2"),
            ((move("a", "b", -0.1),), "share -0.1"),
        ],
    )
    def test_a_map_that_contradicts_itself_is_refused(self, moves: tuple[Move, ...], what: str) -> None:
        with pytest.raises(InputError, match=what):
            QueueMap(moves)

    def test_a_queue_without_contacts_is_refused_with_the_nearest_name(self) -> None:
        with pytest.raises(InputError, match=r"'cals'.*Did you mean calls"):
            QueueMap((move("cals", "new"),)).require(["calls", "mail"])
        QueueMap((move("calls", "new", day=50), move("new", "newer"))).require(["calls"])

    def test_queues_on_other_intervals_do_not_merge(self) -> None:
        daily = series(name="daily", interval=Interval.DAY)
        with pytest.raises(InputError, match="kept per 1d, the other per 1h"):
            QueueMap((move("daily", "hourly"),)).apply(archive(daily, queue("hourly")))

    def test_shares_of_one_third_are_all_and_a_share_of_0_is_no_move(self) -> None:
        assert QueueMap(tuple(move("a", into, 1 / 3) for into in "bcd")).ends("a") == MONDAY + DATE
        frame = pd.DataFrame(
            {"queue": ["a"], "into": ["b"], "date": pd.to_datetime(["2024-03-01"], utc=True)}
        )
        assert QueueMap.from_frame(frame).moves[0].date == "2024-03-01"
        assert not QueueMap.from_frame(frame.assign(share=0.0))


def test_the_sources_of_a_queue_are_found_along_every_way() -> None:
    chain = QueueMap((move("a", "b", 0.5, day=10), move("b", "c", day=50), move("d", "c", day=60)))
    assert set(chain.with_sources(["c"])) == {"a", "b", "c", "d"}
    assert chain.with_sources(["b"]) == ["b", "a"]
    assert chain.queues == {"a", "b", "c", "d"}


def test_the_day_of_a_move_begins_in_the_queues_own_zone() -> None:
    there = queue("there", tz="America/New_York", hours=OFFICE)
    held = QueueMap((move("there", "new"),)).apply(archive(there))
    assert held.series["new"].offered.ds.max() < day_start([MONDAY + DATE], "America/New_York")[0]
    assert held.series["new"].tz == "America/New_York"
