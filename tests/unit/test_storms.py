"""A storm is told soon, with what it will bring, never from the future, and only where past bursts brought contacts."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from forecast.arrays import Floats
from forecast.buckets import Grid, Interval
from forecast.burst_watch import seen
from forecast.bursting import A_WEEK, REACH, TICK, Law, general_law, limit, watch, weights
from forecast.reaction import Aftermath, learn, retried
from forecast.storms import reaction_of, surges
from forecast.usual_posts import usual
from forecast.vintage import Archive, Series, Signal, Versions
from tests.worlds import DAILY, HOUR, MINUTE, MONDAY, TZ

HALF = 30 * MINUTE
DAYS = 84


@cache
def world(
    *, brings: bool = True, base: float = 3.0, storm: bool = True, day_end: bool = False
) -> tuple[Archive, int]:
    """Twelve weeks with a burst of 80 posts every third day, each post a call 40 minutes later, or none; then a storm.

    -> the archive, and when the storm of 150 posts begins: the day after, at 11:00 (or 23:00 for the night)
    """
    rng = np.random.default_rng(5)
    grid = Grid.days(MONDAY, MONDAY + DAYS, Interval.HALF_HOUR, TZ)
    begin = int(grid.ds[0])
    times = [
        begin + (rng.random(rng.poisson(base * 24 * (DAYS + 1))) * (DAYS + 1) * 24 * HOUR).astype(np.int64)
    ]
    calls = np.where(DAILY.mask(grid), 20.0, 0.0)
    onsets = [grid.ds[grid.day == MONDAY + day][rng.integers(18, 29)] for day in range(2, DAYS - 2, 3)]
    last = int(grid.ds[grid.day == MONDAY + DAYS][46 if day_end else 22])
    for onset, size in [*((one, 80) for one in onsets), *([(last, 150)] if storm else [])]:
        delay = rng.exponential(25 * MINUTE, size) + rng.exponential(80 * MINUTE, size)
        times.append(onset + delay.astype(np.int64))
        row = np.searchsorted(grid.ds, times[-1] + 40 * MINUTE, side="right") - 1
        if brings:
            np.add.at(calls, row[row < len(calls)], 1.0)
    counted = (
        rng.poisson(np.where(DAILY.mask(grid), 20.0, 0.0)) + calls - np.where(DAILY.mask(grid), 20.0, 0.0)
    )
    queue = Series(
        "calls", Interval.HALF_HOUR, TZ, Versions.of(grid.ds, counted * DAILY.mask(grid), grid.ds + HALF),
        queue="calls", hours=DAILY,
    )  # fmt: skip
    signal = Signal(
        "posts", Interval.HALF_HOUR, TZ, counted_as_it_runs(np.sort(np.concatenate(times)), begin)
    )
    return Archive({"calls": queue}, {"posts": signal}), last


def counted_as_it_runs(times: np.ndarray, begin: int) -> Versions:
    """When posts were written -> versions of their half hours, counted every five minutes in which one came."""
    tick = (times - begin) // (5 * MINUTE)
    ticks, count = np.unique(tick, return_counts=True)
    bucket = ticks // 6
    total = np.cumsum(count)
    before = total[np.searchsorted(bucket, bucket)] - count[np.searchsorted(bucket, bucket)]
    return Versions.of(begin + bucket * HALF, total - before, begin + (ticks + 1) * 5 * MINUTE)


def test_a_storm_is_told_within_twenty_minutes_with_its_band_and_its_time() -> None:
    archive, onset = world()
    found = surges(archive.at(onset + 20 * MINUTE), "calls")
    assert [one.series for one in found] == ["calls"]
    surge = found[0]
    assert abs(surge.onset - onset) <= 15 * MINUTE
    assert surge.low <= 150 <= surge.high
    assert onset + 20 * MINUTE < surge.start < onset + 2 * HOUR < surge.stop < onset + 7 * HOUR
    assert not surge.over
    assert surge.sureness > 0.8
    assert surge.times_usual > 3


def test_nothing_is_told_before_the_storm_nor_without_one() -> None:
    archive, onset = world()
    assert surges(archive.at(onset), "calls") == []
    quiet, _ = world(storm=False)
    assert surges(quiet.at(onset + 60 * MINUTE), "calls") == []


def test_a_storm_is_told_at_thirty_posts_a_day() -> None:
    archive, onset = world(base=1.25)
    assert len(surges(archive.at(onset + 20 * MINUTE), "calls")) == 1


def test_a_queue_that_never_reacted_is_not_warned_of() -> None:
    archive, onset = world(brings=False)
    snapshot = archive.at(onset + HOUR)
    assert surges(snapshot, "calls") == []
    reaction = reaction_of(snapshot, snapshot.history("calls"), snapshot.signal("posts"))
    assert reaction.bursts > 20
    assert reaction.reacts < 0.5


def test_the_reaction_is_learnt_as_planted() -> None:
    archive, onset = world()
    snapshot = archive.at(onset)
    reaction = reaction_of(snapshot, snapshot.history("calls"), snapshot.signal("posts"))
    assert reaction.reacts > 0.99
    assert reaction.share > 0.85
    assert 25 <= reaction.delay <= 55
    gain = reaction.draws(np.random.default_rng(1), 2000)[1]
    assert np.median(gain[gain > 0]) == pytest.approx(1.0, rel=0.3)


def test_what_comes_later_changes_nothing() -> None:
    archive, onset = world()
    now = onset + 25 * MINUTE
    early = Archive(
        {name: replace(one, offered=one.offered.until(now)) for name, one in archive.series.items()},
        {name: replace(one, values=one.values.until(now)) for name, one in archive.signals.items()},
    )
    assert surges(archive.at(now), "calls") == surges(early.at(now), "calls") != []


def test_a_storm_that_spent_itself_is_over() -> None:
    archive, onset = world()
    late = surges(archive.at(onset + 10 * HOUR), "calls")
    assert [one.over for one in late] == [True]
    assert late[0].extra < 5


def test_a_storm_at_night_is_told_for_the_opening() -> None:
    archive, onset = world(day_end=True)
    surge = surges(archive.at(onset + 40 * MINUTE), "calls")[0]
    opening = onset + 9 * HOUR
    assert opening <= surge.start < surge.stop <= opening + 8 * HOUR
    assert surge.extra < 100  # most who call at night do not call again


def test_counts_at_the_end_of_half_hours_only_are_enough_for_a_later_warning() -> None:
    archive, onset = world()
    ds, value = archive.signals["posts"].values.latest()
    slow = replace(archive, signals={"posts": replace(archive.signals["posts"], values=Versions.of(ds, value, ds + HALF))},
                   memo={}, recent={})  # fmt: skip
    assert surges(slow.at(onset + 25 * MINUTE), "calls") == []
    assert len(surges(slow.at(onset + 30 * MINUTE), "calls")) == 1


def test_daily_series_and_levels_have_no_storms() -> None:
    archive, onset = world()
    level = replace(archive.signals["posts"], kind="level")
    assert (
        surges(replace(archive, signals={"posts": level}, memo={}, recent={}).at(onset + HOUR), "calls") == []
    )


def test_late_posts_do_not_count_but_imports_do() -> None:
    ds = np.arange(3) * HALF
    values = Versions.of([0, 0, HALF], [4.0, 9.0, 7.0], [HALF, 3 * HALF, 50 * HALF])
    assert seen(values, ds, ds + HALF).tolist() == [4.0, 7.0, 0.0]


def slow_score(counts: Floats, expected: Floats, spread: float, law: Law, bucket: int) -> float:
    """The score at the last tick by its definition, one hypothesis at a time."""
    ticks, r = len(counts), 1 / spread
    total = 0.0
    for onset in range(max(0, ticks - REACH), ticks):
        for h in range(len(law.size)):
            extra = np.zeros(ticks)
            extra[onset:] = law.steps[: ticks - onset, h]
            log = float((counts * np.log1p(extra / expected)).sum())
            for first in range(0, ticks, bucket):
                part = slice(first, first + bucket)
                log -= (r + counts[part].sum()) * np.log1p(extra[part].sum() / (r + expected[part].sum()))
            total += law.chance[h] * np.exp(log)
    return float(np.log(total))


def test_the_fast_score_is_the_likelihood_ratio_by_its_definition() -> None:
    rng = np.random.default_rng(3)
    expected = rng.uniform(0.1, 2.0, 100)
    counts = rng.poisson(expected).astype(float)
    law = Law.of(np.array([10.0, 60.0]), (25.0,), (50.0, 130.0))
    found = watch(
        counts[None],
        expected[None],
        np.ones(100, dtype=bool),
        np.array([0.1]),
        law,
        np.ones((1, 100)),
        bucket=6,
    )
    # onsets older than REACH are dropped from the fast score; before the first bucket of the run none is held
    assert found.score[0, 40] == pytest.approx(slow_score(counts[:41], expected[:41], 0.1, law, 6), abs=1e-3)
    assert found.score[0, 99] == pytest.approx(slow_score(counts, expected, 0.1, law, 6), abs=1e-3)
    assert np.log(np.exp(found.odds[0]).sum()) == pytest.approx(found.score[0, 99], abs=1e-3)


def test_false_alarms_are_as_rare_as_the_limit_says() -> None:
    rng = np.random.default_rng(8)
    weeks = 40
    expected = np.full((weeks, A_WEEK), 4.0 * TICK / 60)
    counts = rng.poisson(expected).astype(float)
    law = general_law(4.0)
    every = np.ones(A_WEEK, dtype=bool)
    score = watch(
        counts, expected, every, np.full(weeks, 0.02), law, np.ones((weeks, A_WEEK)), bucket=6
    ).score
    assert (
        score.max(axis=1) >= limit(4.0, 1.0, partly=True)
    ).mean() < 0.75  # 1 - exp(-1) where it is one a week
    assert (score.max(axis=1) >= limit(4.0, 0.1, partly=True)).mean() < 0.25
    assert (score.max(axis=1) >= limit(4.0, 5.0, partly=True)).mean() > 0.5


def test_an_onset_while_nobody_can_call_weighs_less_and_the_mean_stays_one() -> None:
    found = weights(np.array([True, False, False, True]))
    assert found.mean() == pytest.approx(1.0)
    assert found[0] > 5 * found[1]


def test_old_storms_are_no_habit() -> None:
    rng = np.random.default_rng(4)
    counts = rng.poisson(2.0, (1, 56, 48)).astype(float)
    counts[0, ::7, 20:24] += 40.0 * (np.arange(8) % 4 == 0)[:, None]
    found = usual(counts, np.arange(56) % 7)
    assert found.mean[0, 0, 20:24].max() < 3.0
    assert found.stormy[0, ::28, 20:24].all()
    assert found.spread[0] < 0.1


def test_a_quiet_signal_lends_the_rhythm_of_all_days_to_each_time_of_the_week() -> None:
    rhythm = np.where(np.arange(48) >= 16, 0.9, 0.1)
    counts = np.random.default_rng(2).poisson(np.tile(rhythm, (50, 56, 1))).astype(float)
    found = usual(counts, np.arange(56) % 7)
    off = np.abs(np.log(found.mean[:, :, 20:44] / 0.9))
    assert np.median(off) < 0.25


def test_calls_wanted_while_closed_come_partly_after_the_opening() -> None:
    made = retried(np.array([10.0, 0.0, 0.0, 0.0]), np.array([False, False, True, True]), np.arange(5) * 60.0)
    assert made[:2].tolist() == [0.0, 0.0]
    assert made[2] == pytest.approx(4.0 * (1 - np.exp(-1)))


def test_one_burst_that_met_another_storm_does_not_decide() -> None:
    edges = np.arange(0.0, 600.0, 30.0)
    quiet = np.zeros(len(edges) - 1)
    open_, usual_ = np.ones(len(quiet), dtype=bool), np.full(len(quiet), 20.0)
    none = Aftermath(np.array([15.0]), np.array([100.0]), edges, open_, quiet, usual_)
    struck = replace(none, excess=np.where(np.arange(len(quiet)) < 6, 60.0, 0.0))
    found = learn([none] * 12 + [struck], 0.01)
    gain = found.draws(np.random.default_rng(1), 4000)[1]
    assert gain.mean() < 0.3  # the one burst alone: 3.6 calls a post
