"""A storm is told soon, with what it will bring, never from the future, and only where past bursts brought contacts."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from forecast.alerts import Alert, Rules, choose, follow, worth_raising
from forecast.arrays import Floats
from forecast.buckets import Grid, Interval
from forecast.burst_sizes import found, size_law
from forecast.burst_watch import posts_of, ticks_of
from forecast.bursting import A_WEEK, REACH, TICK, Law, general_law, limit, watch, weights
from forecast.known_counts import carried, closing, seen, step_of
from forecast.reaction import Aftermath, learn, retried
from forecast.storms import reaction_of, surges, told_by_past
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
    assert 20 < surge.low < 100 < surge.high
    assert 60 < surge.extra < 180
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
    made = retried(
        np.array([10.0, 0.0, 0.0, 0.0]), np.array([False, False, True, True]), np.linspace(0, 240, 5)
    )
    assert made[:2].tolist() == [0.0, 0.0]
    assert made[2] == pytest.approx(4.0 * (1 - np.exp(-1)))


def test_one_burst_that_met_another_storm_does_not_decide() -> None:
    edges = np.arange(0.0, 600.0, 30.0)
    quiet = np.zeros(len(edges) - 1)
    open_, usual_ = np.ones(len(quiet), dtype=bool), np.full(len(quiet), 20.0)
    none = Aftermath(np.array([15.0]), np.array([100.0]), edges, open_, quiet, usual_)
    struck = replace(none, excess=np.where(np.arange(len(quiet)) < 6, 60.0, 0.0))
    found = learn([none] * 12 + [struck], 0.01)
    assert not told_by_past(found)
    usual_burst = replace(none, excess=np.where(np.arange(len(quiet)) < 8, 10.0, 0.0))
    with_one, without = (learn([usual_burst] * 12 + more, 0.01) for more in ([struck], []))
    gain, alone = (one.draws(np.random.default_rng(1), 4000)[1].mean() for one in (with_one, without))
    assert gain < 1.5 * alone  # the one burst: 3.6 calls a post, the others 0.8


def test_large_bursts_teach_how_many_contacts_a_post_brings_and_news_does_not_make_it_fewer() -> None:
    edges = np.arange(0.0, 600.0, 30.0)
    calls = np.where(np.arange(len(edges) - 1) < 4, 40.0, 0.0)
    open_, usual_ = np.ones(len(calls), dtype=bool), np.full(len(calls), 20.0)
    large = Aftermath(np.array([15.0, 45.0, 75.0, 105.0]), np.full(4, 50.0), edges, open_, calls, usual_)
    found = learn([large] * 10 + [replace(large, excess=0 * calls)] * 5, 0.01)
    gain = found.draws(np.random.default_rng(1), 4000)[1]
    assert gain.mean() == pytest.approx(0.8, rel=0.15)
    assert found.share == pytest.approx(0.65, abs=0.1)


def test_a_size_is_as_likely_as_past_bursts_of_it_and_those_that_did_not_show() -> None:
    shown = found(np.array([20.0, 200.0]), np.full(48, 10.0), 0.09, 30.0)
    assert shown[0] < 0.1 and shown[1] > 0.95
    law = size_law(np.array([20.0, 200.0, 200.0]), np.array([0.25, 1.0, 1.0]), 5.0)
    small = law.chance[law.size < 60].sum()
    assert law.chance.sum() == pytest.approx(1.0)
    assert small == pytest.approx(4 / 6, abs=0.1)
    assert size_law(np.array([]), np.array([]), 1000.0).size.max() >= 4000


def test_a_storm_is_told_once_and_anew_only_while_its_size_is_learnt() -> None:
    archive, onset = world()
    alert: Alert | None = None
    for minutes in range(20, 10 * 60, 40):
        now = onset + minutes * MINUTE
        surge = next(iter(surges(archive.at(now), "calls")), None)
        if alert is None:
            assert surge is not None and worth_raising(surge, now, Rules())
            alert = Alert(1, surge, surge, surge, now, now)
        elif alert.live:
            alert = follow(alert, surge, now)
            assert surge is None or minutes < 180 or surge.extra < 0.6 * surge.whole
    assert alert is not None and alert.why == "over"
    assert alert.updates <= 3


def test_a_storm_after_a_smaller_burst_is_sized_by_its_own_posts() -> None:
    archive, onset = world()
    rng, begin = np.random.default_rng(6), int(Grid.days(MONDAY, MONDAY, Interval.HALF_HOUR, TZ).ds[0])
    values = archive.signals["posts"].values
    ds, value = values.until(onset).latest()
    old = Versions.of(ds, value, ds + HALF)
    first = onset + (20 * MINUTE * np.sort(rng.random(8))).astype(np.int64)
    later = onset + 150 * MINUTE + np.sort(rng.exponential(60 * MINUTE, 200)).astype(np.int64)
    new = counted_as_it_runs(np.concatenate([first, later]), begin)
    both = Versions.of(*(np.concatenate([getattr(old, name), getattr(new, name)]) for name in ("ds", "value", "known_at")))  # fmt: skip
    storm = replace(
        archive, signals={"posts": replace(archive.signals["posts"], values=both)}, memo={}, recent={}
    )
    assert len(surges(storm.at(onset + 40 * MINUTE), "calls")) == 1
    surge = surges(storm.at(onset + 185 * MINUTE), "calls")[0]
    assert surge.onset > onset + 120 * MINUTE
    assert surge.extra > 60 and surge.sureness > 0.8


def reasons(archive: Archive, *topics: str) -> Archive:
    """The archive with posts by topic: those there are, on each topic, and the sum of them on none."""
    signal = archive.signals["posts"]
    total = replace(signal.values, value=signal.values.value * len(topics))
    split = {f"posts:{one}": replace(signal, name=f"posts:{one}", topic=one) for one in topics}
    return replace(archive, signals={"posts": replace(signal, values=total), **split}, memo={}, recent={})


def test_a_queue_of_all_topics_is_told_which_topic_the_posts_are_on() -> None:
    archive, onset = world()
    found = surges(reasons(archive, "outage").at(onset + 40 * MINUTE), "calls")
    assert {one.signal for one in found} == {"posts", "posts:outage"}
    assert set(choose(found)) == {("calls", "outage")}


def test_two_storms_on_two_reasons_are_two_warnings_and_their_sum_is_none() -> None:
    archive, onset = world()
    found = surges(reasons(archive, "outage", "invoice").at(onset + 40 * MINUTE), "calls")
    assert set(choose(found)) == {("calls", "outage"), ("calls", "invoice")}


def test_few_posts_do_not_hide_that_they_are_counted_every_five_minutes() -> None:
    begin, rng = 0, np.random.default_rng(3)
    times = np.sort((rng.random(420) * 14 * 24 * HOUR).astype(np.int64))  # 1.25 an hour
    signal = Signal("posts", Interval.HALF_HOUR, TZ, counted_as_it_runs(times, begin))
    assert step_of(signal) == 1


def as_jobs_hold_it(archive: Archive, now: int, *, since: int | None = None) -> Archive:
    """Buckets known when they were over, those from `since` on, or the one that runs alone, counted every five minutes."""
    held = archive.signals["posts"]
    values = held.values.until(now)
    first = now // HALF * HALF if since is None else since
    ds, value = values.until(first).latest()
    steps = values.ds >= first
    joined = Versions.of(
        np.concatenate([ds[ds < first], values.ds[steps]]),
        np.concatenate([value[ds < first], values.value[steps]]),
        np.concatenate([ds[ds < first] + HALF, values.known_at[steps]]),
    )
    signal = replace(held, values=joined, counted_every=300, counted_since=since)
    return replace(archive, signals={"posts": signal}, memo={}, recent={})


def test_a_storm_is_told_in_its_first_half_hour_where_only_that_one_was_counted_as_it_ran() -> None:
    archive, onset = world()
    (now,) = surges(as_jobs_hold_it(archive, onset + 20 * MINUTE).at(onset + 20 * MINUTE), "calls")
    assert now.sureness > 0.8
    quiet, _ = world(storm=False)
    assert surges(as_jobs_hold_it(quiet, onset + 20 * MINUTE).at(onset + 20 * MINUTE), "calls") == []


def test_a_last_day_counted_as_it_ran_says_what_the_whole_past_would() -> None:
    archive, onset = world()
    now = onset + 20 * MINUTE
    held = as_jobs_hold_it(archive, now, since=(now - 24 * HOUR) // HALF * HALF)
    assert surges(held.at(now), "calls") == surges(archive.at(now), "calls") != []


def test_the_silence_of_a_running_bucket_is_judged_by_the_part_of_the_usual_that_has_passed() -> None:
    archive, onset = world(base=12.0, storm=False)
    spoken = archive.signals["posts"].values
    before = Versions.of(*(part[spoken.ds < onset] for part in (spoken.ds, spoken.value, spoken.known_at)))
    silent = replace(
        archive, signals={"posts": replace(archive.signals["posts"], values=before)}, memo={}, recent={}
    )
    now = onset + 20 * MINUTE
    snapshot = as_jobs_hold_it(silent, now).at(now)
    posts = posts_of(snapshot, snapshot.signal("posts"))
    assert posts is not None
    counts, expected, closes, _ = ticks_of(snapshot.signal("posts"), posts, now)
    assert closes[-4:].all() and not closes[-10:-5].any()
    assert counts[0, -4:].sum() == 0.0
    assert expected[0, -4:].sum() == pytest.approx(4 / 6 * 6.0, rel=0.4)  # of six posts in half an hour


def test_a_bucket_that_came_in_hours_later_says_nothing_of_its_parts() -> None:
    values = Versions.of([0, HALF], [4.0, 6.0], [5 * MINUTE, 5 * HOUR])
    signal = Signal("posts", Interval.HALF_HOUR, TZ, values, counted_every=300, counted_since=0)
    assert closing(signal, 0, 12).tolist() == [True] * 6 + [False] * 5 + [True]


def test_what_was_counted_between_two_looks_stands_with_the_later_one() -> None:
    closes = np.array([False, True, False, True, False])
    assert carried(np.array([2.0, 1.0, 3.0, 0.0, 4.0]), closes).tolist() == [0.0, 3.0, 0.0, 3.0, 0.0]
