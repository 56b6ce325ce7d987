"""A signal is shut when it falls silent or its source changes, not when a storm comes; and never by what came later."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

from forecast.arrays import Flags, Ns
from forecast.buckets import DAY, Grid, Interval, day_start, end
from forecast.signal_health import health, health_at
from forecast.vintage import Signal, Versions
from tests.worlds import HOUR, MINUTE, MONDAY, TZ, Stream, midnight

DAYS = 180


@dataclass(frozen=True)
class Posts:
    """Posts a half hour, a day's rhythm, storms; from day `at` on the level is multiplied and a share comes six hours late.

    until: hours after the first midnight from which on no bucket is known any more, or is known to be empty (`zeros`)
    """

    seed: int = 1
    a_day: float = 100.0
    storms_a_week: float = 2.0
    factor: float = 1.0
    late: float = 0.0
    at: int = 150
    until: float = DAYS * 24.0
    zeros: bool = False
    rows_of_zero: bool = True

    def signal(self, name: str = "posts") -> Signal:
        rng = np.random.default_rng(self.seed)
        grid = Grid.days(MONDAY, MONDAY + DAYS - 1, Interval.HALF_HOUR, TZ)
        hour = grid.slot / 2
        rate = self.a_day / 48 * (1 + 0.95 * np.cos(2 * np.pi * (hour - 15) / 24))
        since = (grid.ds - grid.ds[0]) / HOUR
        for begin in rng.uniform(0, DAYS * 24, rng.poisson(self.storms_a_week * DAYS / 7)):
            age = since - begin
            burst = self.a_day * np.exp(rng.normal(0, 0.8)) * np.exp(-np.maximum(age, 0) / 2)
            rate = rate + np.where(age >= 0, burst / 4, 0.0)
        changed = grid.day >= MONDAY + self.at
        value = rng.poisson(rate * np.where(changed, self.factor, 1.0)).astype(np.float64)
        gone = since >= self.until
        if self.zeros:
            value = np.where(gone, 0.0, value)
        late = (rng.random(len(grid)) < self.late) & changed
        known = grid.ds + 30 * MINUTE + np.where(late, 6 * HOUR, 0)
        keep = (self.zeros | ~gone) & (self.rows_of_zero | (value > 0))
        return Signal(name, Interval.HALF_HOUR, TZ, Versions.of(grid.ds[keep], value[keep], known[keep]))


def days(first: int, last: int) -> Ns:
    return day_start(np.arange(MONDAY + first, MONDAY + last), TZ)


def shut(signal: Signal, moments: Ns) -> Flags:
    return ~health_at(signal, moments)


@pytest.mark.parametrize("a_day", [0.5, 8.0, 300.0])
def test_storms_of_four_a_week_are_no_change_and_quiet_nights_no_silence(a_day: float) -> None:
    """About one false alarm a year is allowed for; it lasts some days, so over these years one moment in fifty."""
    moments = (days(60, DAYS)[:, None] + np.arange(0, 24, 3) * HOUR).ravel()
    worlds = [Posts(seed, a_day, storms_a_week=4.0, rows_of_zero=False) for seed in range(1, 5)]
    assert np.mean([shut(world.signal(), moments).mean() for world in worlds]) < 0.02


@pytest.mark.parametrize("factor", [3.0, 0.3])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_source_that_gives_three_times_or_a_third_is_noticed_within_a_week_and_a_half(
    factor: float, seed: int
) -> None:
    signal = Posts(seed, factor=factor).signal()
    found = shut(signal, days(120, 162))
    assert found[:30].mean() <= 0.1
    assert found[40:].all()
    assert "the last" in health(signal, int(days(161, 162)[0])) and "changed: " in health(
        signal, int(days(161, 162)[0])
    )


def test_a_new_level_is_the_usual_one_after_the_eight_weeks() -> None:
    signal = Posts(factor=3.0, at=90).signal()
    found = shut(signal, days(90, DAYS))
    assert found[14]
    assert not found[-10:].any()


def test_posts_that_begin_to_come_late_are_a_change_of_the_source() -> None:
    signal = Posts(late=0.7).signal()
    said = health(signal, midnight(165))
    assert said.startswith("changed: ") and "% came late in the last" in said


def test_a_share_of_negative_posts_that_jumps_is_a_change_though_their_number_did_not() -> None:
    posts = Posts(factor=0.5, storms_a_week=0.5).signal()
    negative = replace(Posts(a_day=35, storms_a_week=0.5).signal(), name="negative")
    assert health(negative, midnight(166)) == ""
    assert "of all posts" in health(negative, midnight(166), whole=posts)


def test_a_feed_that_broke_is_stale_within_hours_and_long_before_two_days() -> None:
    signal = Posts(a_day=300, until=150 * 24 + 9, rows_of_zero=False).signal()
    assert health(signal, midnight(150) + 10 * HOUR) == ""
    said = health(signal, midnight(150) + 16 * HOUR)
    assert said.startswith("stale: nothing was posted since ") and "usually has about" in said


def test_a_source_that_only_says_zero_is_as_silent_as_one_that_says_nothing() -> None:
    signal = Posts(a_day=300, until=150 * 24 + 9, zeros=True).signal()
    assert health(signal, midnight(150) + 16 * HOUR).startswith("stale: nothing was posted")


def test_a_quiet_night_is_not_stale() -> None:
    signal = Posts(a_day=60, rows_of_zero=False).signal()
    nights = days(100, 150) + 5 * HOUR
    assert health_at(signal, nights).all()


def daily(gap: int, *, kind: str = "level", count: int = 40) -> Signal:
    """A number every `gap` days, known a day later."""
    day = MONDAY + gap * np.arange(count)
    ds = day_start(day, TZ)
    value = 50 + np.random.default_rng(1).standard_normal(count)
    return Signal("index", Interval.DAY, TZ, Versions.of(ds, value, ds + 2 * DAY), kind)


@pytest.mark.parametrize("gap", [1, 7])
def test_daily_and_weekly_numbers_may_be_five_of_their_own_gaps_old(gap: int) -> None:
    signal = daily(gap)
    last = int(end(signal.values.ds[-1:], Interval.DAY, TZ)[0])
    assert health(signal, last + (5 * gap) * DAY) == ""
    assert health(signal, last + (5 * gap + 3) * DAY).startswith("stale: nothing new for")


def test_a_history_that_is_brought_in_at_once_does_not_make_the_feed_look_slow() -> None:
    signal = Posts().signal()
    brought = midnight(100)
    held = signal.values
    at_once = replace(
        signal,
        values=Versions.of(held.ds, held.value, np.maximum(held.known_at, brought)).until(midnight(120)),
    )
    assert health(at_once, midnight(119)) == ""
    assert health(at_once, midnight(123)).startswith("stale")


def test_a_level_that_moves_to_another_place_is_a_change() -> None:
    signal = daily(1, count=120)
    moved = np.where(np.arange(120) >= 90, 10.0, 0.0)
    held = signal.values
    shifted = replace(signal, values=Versions.of(held.ds, held.value + moved, held.known_at))
    assert health(signal, midnight(112)) == ""
    assert health(shifted, midnight(112)).startswith("changed: about 60")


def test_of_nothing_known_it_is_said_so() -> None:
    none = Signal("posts", Interval.HALF_HOUR, TZ, Versions.none())
    assert health(none, midnight(10)).startswith("stale: nothing is known")
    assert not health_at(none, days(10, 12)).any()


@pytest.mark.parametrize(
    "signal",
    [
        Posts(3, factor=3.0, until=170 * 24).signal(),
        Posts(4, a_day=4.0, rows_of_zero=False, late=0.5).signal(),
        daily(1, count=150),
    ],
    ids=["changed and silent", "thin and late", "level"],
)
def test_a_replay_says_of_each_moment_what_was_said_then(signal: Signal) -> None:
    """One pass over everything, and the plain form on what was known at each moment."""
    rng = np.random.default_rng(5)
    late_and_corrected = Stream(7, late=0.1, lateness=30.0, corrected=0.05, deleted=0.02)
    held = signal.values
    signal = replace(signal, values=late_and_corrected.versions(held.ds, held.known_at, held.value))
    moments = midnight(40) + rng.integers(0, (DAYS - 36) * 24 * 60, 24) * MINUTE
    then = [health(replace(signal, values=signal.values.until(int(at))), int(at)) == "" for at in moments]
    np.testing.assert_array_equal(health_at(signal, moments), then)
    assert 0 < sum(then) < len(then)
