"""A queue that is over goes to zero, a thin one is not buried alive, and one that comes back lives at once."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pytest

from forecast import catalogue
from forecast.arrays import Floats
from forecast.buckets import Grid, Interval
from forecast.days import Calendar
from forecast.models.base import Leads, Paths
from forecast.vintage import Archive, Series, Versions
from tests.worlds import (
    HOUR,
    MONDAY,
    OFFICE,
    TZ,
    Mean,
    archive,
    counts,
    fresh,
    known,
    midnight,
    series,
    working_week,
)

LAST = 80  # a Thursday is the first day without a contact
DEAD = 95  # eleven open days later
DAYS = 160
METHODS = [name for name in catalogue.NAMES if name != "prophet"]


def ending(
    *,
    last: int = LAST,
    back: int | None = None,
    zero: bool = False,
    level: float = 20.0,
    after: float | None = None,
    days: int = DAYS,
    **facts: object,
) -> Series:
    """A queue without a contact from day `last` on (rows that say zero, or none), until day `back`."""
    before, later = counts(working_week(level)), counts(working_week(after or level), seed=5)

    def contacts(grid: Grid) -> Floats:
        day = grid.day - MONDAY
        y = np.where(day >= last, 0.0 if zero else np.nan, before(grid))
        return y if back is None else np.where(day >= back, later(grid), y)

    return series(contacts, days=days, **facts)  # type: ignore[arg-type]


def beside(days: int = DAYS) -> Series:
    """Another queue, which lives all the time."""
    return series(counts(working_week(), seed=9), name="mail", days=days)


def thin(a_day: float, *, empty: int, days: int = DAYS, seed: int = 3) -> Series:
    """A queue of so many contacts a working day, in one hour; the last `empty` days are without one."""

    def contacts(grid: Grid) -> Floats:
        rate = np.where((grid.slot == 10) & (grid.weekday < 5), a_day, 0.0)
        return np.where(grid.day - MONDAY >= days - empty, 0.0, counts(lambda _: rate, seed)(grid))

    return series(contacts, days=days)


def forecast(held: Archive, day: int, method: str = "level_profile", ahead: int = 7) -> Paths:
    """The next days of `calls` as seen from the start of that day."""
    snapshot = held.at(midnight(day)).only("calls")
    model = catalogue.model(method)
    leads = Leads.days(snapshot, "calls", ahead)
    return model.fit(snapshot).predict(snapshot, leads, draws=50, seed=1)


def usual(level: float = 20.0) -> float:
    """Contacts of a week."""
    return float(working_week(level)(Grid.days(MONDAY, MONDAY + 6, Interval.HOUR, TZ)).sum())


class TestDeath:
    @pytest.mark.parametrize("hours", [OFFICE, None])
    def test_a_queue_is_over_after_ten_open_days_in_which_others_went_on(self, hours: object) -> None:
        held = archive(ending(hours=hours), beside())
        assert not known(held, DEAD - 1).dead
        assert known(held, DEAD).dead
        assert known(held, DAYS).dead

    def test_rows_that_say_zero_tell_it_without_any_other_queue(self) -> None:
        held = archive(ending(zero=True))
        assert [known(held, day).dead for day in (LAST + 1, DEAD - 1, DEAD)] == [False, False, True]

    def test_a_feed_that_breaks_off_for_all_queues_is_no_death(self) -> None:
        held = archive(ending(), ending(name="mail"))
        assert not known(held, DAYS).dead
        assert forecast(held, DEAD).mean().sum() == pytest.approx(usual(), rel=0.1)
        assert not known(archive(ending()), DAYS).dead

    def test_where_absent_means_unknown_only_rows_that_say_zero_count(self) -> None:
        assert not known(archive(ending(absent_is_zero=False), beside()), DAYS).dead
        assert known(archive(ending(absent_is_zero=False, zero=True)), DAYS).dead

    def test_it_counts_as_zero_from_its_last_row_on_as_far_as_others_are_known(self) -> None:
        history = known(archive(ending(), beside(days=DEAD + 5)), DAYS)
        day = history.grid.day - MONDAY
        assert (history.y[(day >= LAST) & (day < DEAD + 5)] == 0).all()
        assert np.isnan(history.y[day >= DEAD + 5]).all()

    def test_only_what_was_known_at_the_cutoff_tells_of_it(self) -> None:
        """The same contacts of the other queue, loaded three weeks late, tell it three weeks late."""
        other = beside()
        late = Versions.of(other.offered.ds, other.offered.value, other.offered.known_at + 21 * 24 * HOUR)
        held = archive(ending(), replace(other, offered=late))
        assert [known(held, day).dead for day in (DEAD, DEAD + 20, DEAD + 21)] == [False, False, True]

    def test_queues_that_are_not_held_can_tell_it_too(self) -> None:
        held = replace(archive(ending()), beside=beside().offered)
        assert [known(held, day).dead for day in (DEAD - 1, DEAD)] == [False, True]

    def test_a_queue_handed_out_alone_knows_as_much_of_the_others(self) -> None:
        """So that workers, each with a queue of its own, say what one process says."""
        other = beside()
        late = Versions.of(other.offered.ds, other.offered.value, other.offered.known_at + 5 * 24 * HOUR)
        held = archive(ending(), replace(other, offered=late), ending(name="chat", last=90))
        alone = held.alone("calls")
        assert list(alone.series) == ["calls"] and 100 < len(alone.beside) < 120
        for day in (90, DEAD, DEAD + 4, DEAD + 5, DAYS):
            assert known(alone, day).dead == known(held, day).dead

    def test_special_days_are_not_counted_as_open_ones(self) -> None:
        quiet = Calendar(own={MONDAY + LAST + day: "Works holiday" for day in range(12)})
        held = replace(archive(ending(zero=True)), calendar=quiet)
        assert [known(held, day).dead for day in (DEAD, DEAD + 7, DEAD + 14)] == [False, False, True]

    @pytest.mark.parametrize("method", METHODS)
    @pytest.mark.parametrize("hours", [OFFICE, None])
    def test_every_method_goes_to_zero_in_every_path(self, method: str, hours: object) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            held = archive(ending(hours=hours), beside())
            assert forecast(held, DEAD - 3, method).mean().sum() > 0.5 * usual()
            for day in (DEAD, DEAD + 50):
                assert forecast(held, day, method).values.max() == 0
                assert forecast(held, day, method).values.shape[1:] == (168, 50)

    @pytest.mark.parametrize("method", ["level_profile", "ets", "champion"])
    def test_it_stays_zero_for_years(self, method: str) -> None:
        assert forecast(archive(ending(zero=True, days=1000)), 1000, method).values.max() == 0

    def test_a_contact_reason_ends_while_its_queue_goes_on(self) -> None:
        whole = beside()
        reason = replace(ending(), name="mail/moving", queue="mail", topic="moving", span=whole.offered)
        other = replace(whole, name="mail/bill", queue="mail", topic="bill", span=whole.offered)
        held = archive(replace(whole, queue="mail"), reason, other)
        assert [known(held, day, "mail/moving").dead for day in (DEAD - 1, DEAD)] == [False, True]
        snapshot = held.at(midnight(DEAD))
        leads = Leads.days(snapshot, "mail/moving", 7)
        paths = catalogue.model("champion").fit(snapshot).predict(snapshot, leads, draws=50, seed=1)
        assert paths.only("mail/moving").values.max() == 0


class TestThinQueues:
    @pytest.mark.parametrize(("a_day", "empty"), [(0.2, 40), (0.5, 20), (1.0, 15)])
    def test_a_silence_that_chance_explains_is_no_death(self, a_day: float, empty: int) -> None:
        held = archive(thin(a_day, empty=empty), beside())
        assert not known(held, DAYS).dead
        assert forecast(held, DAYS).mean().sum() > 0

    def test_no_thin_queue_that_lives_is_buried(self) -> None:
        """Of a hundred queues of half a contact a day, none is thought dead on any of a hundred days."""
        buried = 0
        for seed in range(100):
            held = archive(thin(0.5, empty=0, seed=seed))
            buried += any(known(held, day).dead for day in range(60, DAYS, 7))
        assert buried == 0

    def test_a_silence_that_chance_does_not_explain_is_one(self) -> None:
        assert known(archive(thin(3.0, empty=28)), DAYS).dead

    def test_a_queue_that_was_as_quiet_before_is_given_as_long_again(self) -> None:
        """Two contacts a day, but in the spring it paused for five weeks."""
        rate: Mean = lambda grid: np.where((grid.slot == 10) & (grid.weekday < 5), 2.0, 0.0)  # noqa: E731

        def contacts(grid: Grid) -> Floats:
            day = grid.day - MONDAY
            paused = ((day >= 40) & (day < 75)) | (day >= 120)
            return np.where(paused, 0.0, counts(rate)(grid))

        held = archive(series(contacts, days=DAYS))
        assert [known(held, day).dead for day in (60, 145, 158)] == [True, False, True]


class TestReturn:
    @pytest.mark.parametrize("silent", [21, 140])
    @pytest.mark.parametrize("hours", [OFFICE, None])
    @pytest.mark.parametrize("method", ["level_profile", "dhr", "ets", "champion"])
    def test_it_lives_again_at_once_and_the_silence_taught_no_level(
        self, silent: int, hours: object, method: str
    ) -> None:
        back = 84 + silent
        held = archive(ending(last=84, back=back, days=back + 20, hours=hours), beside(back + 20))
        assert forecast(held, back, method).values.max() == 0
        for day in (back + 1, back + 4):
            assert forecast(held, day, method).mean().sum() == pytest.approx(usual(), rel=0.12)

    def test_the_first_contacts_of_a_morning_are_enough(self) -> None:
        held = archive(ending(last=84, back=105, days=120), beside(120))
        snapshot = held.at(midnight(105) + 11 * HOUR).only("calls")
        leads = Leads.days(snapshot, "calls", 1)
        model = catalogue.model("champion")
        paths = model.fit(snapshot).predict(snapshot, leads, draws=50, seed=1)
        assert not snapshot.history("calls").dead
        assert paths.mean().sum() > 100

    def test_after_some_weeks_its_level_is_that_of_the_rows_after(self) -> None:
        """It comes back at half its level."""
        held = archive(ending(last=84, back=105, after=10.0, days=140), beside(140))
        assert forecast(held, 105 + 21, "champion").mean().sum() == pytest.approx(usual(10.0), rel=0.12)

    def test_rows_of_zero_before_the_first_contact_teach_no_level(self) -> None:
        """A queue that was set up half a year before it opened."""

        def contacts(grid: Grid) -> Floats:
            return np.where(grid.day - MONDAY < 180, 0.0, counts(working_week())(grid))

        held = archive(series(contacts, days=220))
        assert known(held, 190).first_day == MONDAY + 182  # a Monday
        for day in (185, 189):
            assert forecast(held, day).mean().sum() == pytest.approx(usual(), rel=0.12)


def test_what_is_remembered_changes_nothing() -> None:
    held = archive(ending(back=120), beside())
    for day in (130, DEAD, 100):  # later first: what the memo then holds must not tell
        mine, other = known(held, day), known(fresh(held), day)
        np.testing.assert_array_equal(mine.y, other.y)
        np.testing.assert_array_equal(mine.open, other.open)
        assert mine.dead == other.dead
