"""What if: two worlds on the same futures, against simulated companies whose truth is known."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest

from forecast import selection
from forecast.arrays import Floats
from forecast.assumption import Assumption
from forecast.buckets import Grid, Interval, day_start, end
from forecast.days import OpeningHours
from forecast.errors import InputError
from forecast.models.base import Leads
from forecast.scenario import Asked, Known, Supposed, suppose
from forecast.scenario_events import (
    ASSUMED,
    MEASURED,
    NONE,
    Change,
    Close,
    Driver,
    Event,
    Hours,
    Outage,
    Overflow,
    Posts,
)
from forecast.scenario_model import Look, future, look
from forecast.scenario_moves import capacity
from forecast.scenario_outage import stretch
from forecast.scenario_paths import Future, followed, landed, parted
from forecast.staffing.needs import Targets, agents_needed
from forecast.vintage import Archive, Signal, Versions
from tests import driver_worlds, worlds
from tests.worlds import HOUR, MONDAY, TZ, midnight

MODEL = selection.champion(("level_profile", "mean8_open"))
PLAIN = selection.champion(("level_profile",), social=False)


def looked(
    held: Archive,
    name: str = "calls",
    *,
    days: int = 14,
    now: int | None = None,
    draws: int = 200,
    at: int = 49,
) -> Look:
    """A queue of a world looked ahead from a local midnight, or from another moment."""
    cutoff = midnight(at) if now is None else now
    series = held.series[name]
    today = held.at(cutoff).history(name).today
    start = held.at(int(day_start([today], series.tz)[0]))
    return look(
        held.alone(name), name, PLAIN, Leads(Leads.days(start, name, days).grid, cutoff), draws=draws, seed=1
    )


@lru_cache
def office() -> Look:
    """The usual queue by the hour, open on weekdays from 8 to 18."""
    return looked(worlds.archive())


def through(one: Look, channel: str) -> Look:
    """The same queue with contacts of another channel."""
    series = {name: replace(each, channel=channel) for name, each in one.archive.series.items()}
    return replace(one, archive=replace(one.archive, series=series, memo={}, recent={}))


def apart(found: Supposed, name: str = "calls") -> Floats:
    """float[n, draw]: the difference of the two worlds."""
    return np.asarray(found.changed[name].counts - found.base[name].counts)


def on(event: Event, *queues: str) -> list[Asked]:
    return [Asked(event, queues or ("calls",))]


def days_of(found: Supposed, values: Floats, name: str = "calls") -> dict[int, Floats]:
    """Local day -> sums by draw."""
    grid = found.base[name].grid
    return {int(day): values[grid.day == day].sum(axis=0) for day in np.unique(grid.day)}


def test_the_base_is_the_forecast_itself_to_the_bit() -> None:
    one = office()
    paths = one.fitted.predict(one.snapshot, one.leads, draws=one.draws, seed=one.seed)
    assert np.array_equal(paths.values[0], future(one).counts)


def test_nothing_supposed_changes_nothing_to_the_bit() -> None:
    found = suppose({"calls": office()}, [])
    assert np.array_equal(found.base["calls"].counts, found.changed["calls"].counts) and found.notes == ()


def test_an_event_that_says_what_is_planned_anyway_changes_nothing_to_the_bit() -> None:
    one = office()
    usual = Hours("calls", (MONDAY + 49,), ((8 * 60, 18 * 60),))
    found = suppose({"calls": one}, [*on(usual), *on(Change(0.0, midnight(49), midnight(60)))])
    assert not apart(found).any()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_letters_bring_what_was_planted_within_the_interval_and_leave_the_days_before_alone(
    seed: int,
) -> None:
    world = driver_worlds.Letters(seed, waves=driver_worlds.waves(seed, 6))
    one = looked(world.archive(), now=driver_worlds.midnight(300), days=28)
    first = driver_worlds.FIRST + 304
    found = suppose({"calls": one}, on(Driver("letters", (first,), 40_000.0)))
    total = apart(found).sum(axis=0)
    low, high = np.quantile(total, [0.025, 0.975])
    assert low <= 40_000 * world.worth <= high, (low, high)
    before = found.base["calls"].grid.day < first
    assert not apart(found)[before].any() and before.sum() == 4
    note = found.notes[0]
    assert note.basis == MEASURED and "letters are worth" in note.text and note.contacts == total.mean()


def test_the_planners_worth_goes_before_the_measured_one_and_is_called_assumed() -> None:
    world = driver_worlds.Letters(1, waves=driver_worlds.waves(1, 6))
    one = looked(world.archive(), now=driver_worlds.midnight(300), days=28)
    day = driver_worlds.FIRST + 304
    plain, twice = (
        suppose({"calls": one}, on(Driver("letters", (day,), 40_000.0, worth=worth))) for worth in (0.05, 0.1)
    )
    assert apart(plain).sum(axis=0).mean() == pytest.approx(2000, rel=0.15)
    assert apart(twice).sum(axis=0).mean() == pytest.approx(4000, rel=0.15)
    assert plain.notes[0].basis == ASSUMED


def test_a_driver_nobody_has_measured_needs_its_worth_and_how_long_it_lasts() -> None:
    one, day = office(), MONDAY + 49
    silent = suppose({"calls": one}, on(Driver("flyers", (day,), 1000.0)))
    assert not apart(silent).any() and silent.notes[0].basis == NONE and "worth" in silent.notes[0].text
    half = suppose({"calls": one}, on(Driver("flyers", (day,), 1000.0, worth=0.3)))
    assert not apart(half).any() and "lasts_days" in half.notes[0].text
    told = suppose({"calls": one}, on(Driver("flyers", (day,), 1000.0, worth=0.3, lasts_days=2)))
    by_day = days_of(told, apart(told))
    assert apart(told).sum(axis=0).mean() == pytest.approx(300, rel=0.1)
    assert [d - day for d, values in by_day.items() if values.any()] == [0, 1]
    assert told.notes[0].basis == ASSUMED and "Nothing is measured" in told.notes[0].text


def test_the_quantiles_of_the_difference_are_not_the_difference_of_quantiles() -> None:
    found = suppose({"calls": office()}, on(Change(10.0, midnight(49), midnight(50))))
    base, other = (side["calls"].counts.sum(axis=0) for side in (found.base, found.changed))
    assert np.allclose(
        other - base,
        0.1 * found.base["calls"].counts[found.base["calls"].grid.day == MONDAY + 49].sum(axis=0),
    )
    own = np.quantile(other - base, 0.9) - np.quantile(other - base, 0.1)
    both = np.quantile(other, 0.9) - np.quantile(base, 0.1)
    assert own < 0.5 * both


def test_closing_with_all_contacts_moving_keeps_every_contact_of_every_future() -> None:
    coarse = worlds.series(name="day", interval=Interval.DAY)
    fine = worlds.series(name="quarter", interval=Interval.QUARTER, days=49)
    held = worlds.archive(worlds.series(), coarse, fine)
    looks = {name: looked(held, name, days=10) for name in ("calls", "day", "quarter")}
    event = Close(midnight(50) + 10 * HOUR, midnight(52), "calls", moves={"day": 0.25, "quarter": 0.75})
    found = suppose(looks, on(event))
    before, after = (
        sum(side[name].counts.sum(axis=0) for name in looks) for side in (found.base, found.changed)
    )
    assert np.allclose(before, after) and apart(found, "day").any() and apart(found, "quarter").any()
    grid = found.base["calls"].grid
    shut = (grid.ds >= event.start) & (grid.ds < event.stop)
    assert not found.changed["calls"].counts[shut].any() and not apart(found)[~shut].any()
    assert "none is lost" in found.notes[0].text


def test_what_moves_nowhere_is_lost_and_that_is_said() -> None:
    found = suppose({"calls": office()}, on(Close(midnight(49), midnight(50), "calls")))
    gone = -apart(found).sum(axis=0)
    assert gone.mean() > 100 and f"{gone.mean():,.0f} are lost" in found.notes[0].text
    with pytest.raises(InputError, match=r"add up to 1\.2"):
        Close(0, 1, "calls", moves={"a": 0.6, "b": 0.6})
    with pytest.raises(InputError, match="closes itself"):
        suppose({"calls": office()}, on(Close(midnight(49), midnight(50), "calls", moves={"calls": 0.5})))


def test_an_overflow_leaves_no_more_than_its_size_and_a_partner_takes_the_rest() -> None:
    one = office()
    event = Overflow("calls", "Partner", midnight(49), midnight(50), above_contacts=20.0)
    found = suppose({"calls": one}, on(event))
    monday = found.base["calls"].grid.day == MONDAY + 49
    assert found.changed["calls"].counts[monday].max() == 20
    assert np.array_equal(
        found.changed["calls"].counts[monday], np.minimum(found.base["calls"].counts[monday], 20)
    )
    assert "partner Partner" in found.notes[0].text
    agents = replace(event, above_contacts=None, above_agents=3.0)
    with pytest.raises(InputError, match="no handling time"):
        suppose({"calls": one}, on(agents))
    known = Known(handling={"calls": np.full(len(one.leads.grid), 300.0)})
    left = suppose({"calls": one}, on(agents), known).changed["calls"].counts[monday]
    assert agents_needed(np.array([left.max() * 300 / 3600]), 300.0, Targets())[0] <= 3


def test_the_capacity_of_agents_is_the_most_they_take_within_the_targets() -> None:
    most = capacity(10.0, np.array([180.0, 300.0]), 1800.0, Targets())
    for contacts, aht in zip(most, (180.0, 300.0), strict=True):
        fits, over = (
            agents_needed(np.array([n * aht / 1800]), aht, Targets())[0] for n in (contacts, contacts + 1)
        )
        assert fits <= 10 < over


def test_agents_who_hold_several_chats_take_more_of_them_and_mail_has_no_such_number() -> None:
    targets, aht = Targets(concurrency=3, slowdown=0.1), np.array([600.0])
    (most,) = capacity(10.0, aht, 1800.0, targets, chats=True)
    fits, over = (agents_needed([n * 600 / 1800], aht, targets, chats=True)[0] for n in (most, most + 1))
    assert fits <= 10 < over
    one = through(office(), "chat")
    event = Overflow("calls", "Partner", midnight(49), midnight(50), above_agents=3.0)
    handling = {"calls": np.full(len(one.leads.grid), 600.0)}
    known = Known(targets={"calls": targets}, handling=handling)
    as_chats = suppose({"calls": one}, on(event), known).changed["calls"].counts.sum()
    as_calls = suppose({"calls": office()}, on(event), known).changed["calls"].counts.sum()
    assert as_chats > as_calls
    with pytest.raises(InputError, match="wait for an answer"):
        suppose({"calls": through(office(), "email")}, on(event), known)


def test_a_closed_day_is_empty_and_the_other_days_are_the_same_to_the_bit() -> None:
    found = suppose({"calls": office()}, on(Hours("calls", (MONDAY + 50,))))
    by_day = days_of(found, apart(found))
    assert [day - MONDAY for day, values in by_day.items() if values.any()] == [50]
    tuesday = found.base["calls"].grid.day == MONDAY + 50
    assert not found.changed["calls"].counts[tuesday].any()


def test_longer_hours_bring_contacts_and_shorter_ones_lose_them() -> None:
    day = MONDAY + 50
    found = suppose({"calls": office()}, on(Hours("calls", (day,), ((10 * 60, 20 * 60),))))
    grid = found.base["calls"].grid
    slots = {int(slot): apart(found)[(grid.day == day) & (grid.slot == slot)].sum() for slot in range(24)}
    assert all(slots[slot] < 0 for slot in (8, 9)) and all(slots[slot] > 0 for slot in (18, 19))
    assert not any(slots[slot] for slot in [*range(8), *range(10, 18), *range(20, 24)])
    sunday = suppose({"calls": office()}, on(Hours("calls", (MONDAY + 55,), ((8 * 60, 18 * 60),))))
    assert days_of(sunday, apart(sunday))[MONDAY + 55].mean() > 20


def test_other_hours_of_a_queue_by_day_change_only_whether_it_opens() -> None:
    one = looked(worlds.archive(worlds.series(interval=Interval.DAY)))
    later = suppose({"calls": one}, on(Hours("calls", (MONDAY + 49,), ((600, 1200),))))
    assert not apart(later).any() and "by day" in later.notes[0].text
    shut = suppose({"calls": one}, on(Hours("calls", (MONDAY + 49,))))
    assert shut.changed["calls"].counts[0].sum() == 0 < shut.base["calls"].counts[0].sum()


ALWAYS = OpeningHours(tuple((weekday, 0, 1440, 0) for weekday in range(7)))


@pytest.mark.parametrize(("sunday", "hours"), [("2024-03-31", 23), ("2024-10-27", 25)])
def test_on_the_sundays_when_the_clocks_change_every_hour_is_changed_once(sunday: str, hours: int) -> None:
    day = int(np.datetime64(sunday, "D").astype(np.int64))
    first = day - 60
    held = worlds.archive(
        worlds.series(lambda grid: np.full(len(grid), 30.0), days=58, first=first, hours=ALWAYS)
    )
    one = looked(held, now=int(day_start([first + 58], TZ)[0]), days=5)
    start, stop = day_start([day, day + 1], TZ).tolist()
    found = suppose({"calls": one}, on(Change(50.0, start, stop)))
    rows = np.flatnonzero((apart(found) != 0).any(axis=1))
    assert len(rows) == hours and set(found.base["calls"].grid.day[rows].tolist()) == {day}
    letters = suppose({"calls": one}, on(Driver("flyers", (day,), 480.0, worth=1.0, lasts_days=1)))
    assert apart(letters).sum(axis=0).mean() == pytest.approx(480, rel=0.1)
    shut = suppose({"calls": one}, on(Hours("calls", (day,))))
    assert not shut.changed["calls"].counts[found.base["calls"].grid.day == day].any()


def stormy(day: int, times: float) -> Archive:
    """A queue by the half hour whose afternoon of one day, 13 to 16, had so many times the contacts."""

    def contacts(grid: Grid) -> Floats:
        mean = worlds.working_week(30.0)(grid)
        hour = grid.slot * (grid.interval.seconds / 3600)
        storm = (grid.day == MONDAY + day) & (hour >= 13) & (hour < 16)
        return np.random.default_rng(4).poisson(mean * np.where(storm, times, 1.0)).astype(np.float64)

    return worlds.archive(worlds.series(contacts, days=84, interval=Interval.HALF_HOUR))


def test_an_outage_moves_its_hours_and_its_size_to_another_day() -> None:
    one = looked(stormy(64, 3.0), at=84)  # a Tuesday
    found = suppose({"calls": one}, on(Outage(MONDAY + 64, MONDAY + 85)))
    grid, extra = found.base["calls"].grid, apart(found)
    hours = (grid.day == MONDAY + 85) & (grid.slot >= 26) & (grid.slot < 32)
    usual = found.base["calls"].counts[hours].sum(axis=0).mean()
    assert extra[hours].sum(axis=0).mean() == pytest.approx(2 * usual, rel=0.2)
    assert not extra[grid.day != MONDAY + 85].any()
    assert extra[~hours].sum() < 0.1 * extra.sum() and found.notes[0].basis == MEASURED
    later = suppose({"calls": one}, on(Outage(MONDAY + 64, MONDAY + 85, minute=9 * 60, scale=0.5)))
    morning = (grid.day == MONDAY + 85) & (grid.slot >= 18) & (grid.slot < 24)
    assert apart(later)[morning].sum() > 0.9 * apart(later).sum() > 0
    assert apart(later).sum() < 0.8 * extra.sum()


@pytest.mark.parametrize(
    ("like", "said"), [(65, "not above its expectation"), (84, "not over"), (2, "before the history")]
)
def test_a_day_that_was_none_says_so_and_changes_nothing(like: int, said: str) -> None:
    one = looked(stormy(64, 3.0), at=84)
    found = suppose({"calls": one}, on(Outage(MONDAY + like, MONDAY + 85)))
    assert not apart(found).any() and said in found.notes[0].text and found.notes[0].basis == NONE


def test_a_stretch_is_the_run_that_sums_up_to_most() -> None:
    assert stretch(np.array([-1.0, 2, -1, 3, -5, 1])) == (1, 4)
    assert stretch(np.array([-1.0, -2])) == (0, 1)


def test_posts_that_are_shown_to_lead_bring_contacts_from_then_on_alone() -> None:
    held = worlds.Storms(3, days=120).archive()
    cutoff, start = midnight(118), midnight(118) + 10 * HOUR
    leads = Leads(Leads.days(held.at(cutoff), "calls", 4).grid, cutoff)
    one = look(held, "calls", MODEL, leads, draws=100, seed=1)
    assert one.learnt.effects, "this world's gate is open"
    found = suppose({"calls": one}, on(Posts("all", 20.0, start)))
    rows = np.flatnonzero((apart(found) != 0).any(axis=1))
    assert leads.grid.ds[rows[0]] >= start and found.notes[0].basis == MEASURED
    truth = 0.5 * 19 * 2.0 * 8  # half a call per post, 2 posts a half hour without the bursts
    assert truth / 2 < apart(found).sum(axis=0).mean() < 4 * truth


def test_posts_behind_a_shut_gate_change_nothing_and_a_rule_of_thumb_stands_beside() -> None:
    queue = worlds.series(days=80, interval=Interval.HALF_HOUR)
    grid = Grid.days(MONDAY, MONDAY + 79, Interval.HALF_HOUR, TZ)
    values = Versions.of(grid.ds, np.full(len(grid), 10.0), end(grid.ds, grid.interval, TZ))
    held = worlds.archive(queue, signals=(Signal("posts", Interval.HALF_HOUR, TZ, values),))
    one = looked(held, at=80, days=3)
    one = replace(one, archive=held)
    event = Posts("all", 3.0, midnight(84) + 10 * HOUR, 2.0)
    one = replace(one, leads=Leads(Leads.days(held.at(midnight(80)), "calls", 7).grid, midnight(80)))
    silent = suppose({"calls": one}, on(event))
    assert not apart(silent).any() and "not shown to move this queue: no change" in silent.notes[0].text
    rule = Assumption("calls", "posts", 0.5, 30.0, 60.0)
    told = suppose({"calls": one}, on(event), Known(rules=(rule,)))
    assert not apart(told).any() and told.notes[0].basis == NONE
    assert told.notes[0].rule_of_thumb == pytest.approx(0.5 * 4 * 20, rel=0.05)


def test_manual_changes_lie_on_both_sides_alike_and_what_letters_add_stays_the_same() -> None:
    one, day = office(), MONDAY + 49
    event = on(Driver("flyers", (day,), 1000.0, worth=0.3, lasts_days=1))
    known = Known(factors={"calls": np.full(len(one.leads.grid), 2.0)})
    plain, doubled = suppose({"calls": one}, event), suppose({"calls": one}, event, known)
    assert np.array_equal(doubled.base["calls"].counts, 2 * plain.base["calls"].counts)
    assert apart(doubled).sum(axis=0).mean() == pytest.approx(apart(plain).sum(axis=0).mean(), rel=0.1)


def test_what_has_begun_already_is_not_changed() -> None:
    now = midnight(50) + 12 * HOUR
    one = looked(worlds.archive(worlds.series(days=60)), now=now)
    found = suppose(
        {"calls": one}, [*on(Change(100.0, midnight(50), midnight(51))), *on(Hours("calls", (MONDAY + 50,)))]
    )
    past = found.base["calls"].grid.ds < now
    assert past.any() and not apart(found)[past].any() and apart(found)[~past].any()
    assert (found.base["calls"].counts[past].std(axis=1) == 0).all()


def test_counts_that_follow_another_intensity_have_its_law() -> None:
    rng = np.random.default_rng(5)
    before, after = np.full((1, 40_000), 12.0), np.full((1, 40_000), 12.0)
    after[0, :20_000], after[0, 20_000:] = 20.0, 5.0
    found = followed(rng.poisson(before).astype(np.float64), before, after, rng)[0]
    for half, rate in ((found[:20_000], 20.0), (found[20_000:], 5.0)):
        assert half.mean() == pytest.approx(rate, rel=0.02) and half.var() == pytest.approx(rate, rel=0.05)


def test_parts_add_up_to_what_was_parted_and_fractions_are_kept() -> None:
    counts = np.array([[10.0, 3.5], [0.0, 7.25]])
    parts = parted(counts, {"a": 0.5, "b": 0.5}, np.random.default_rng(1))
    assert np.allclose(parts["a"] + parts["b"], counts) and not parts[""].any()


def test_contacts_land_in_another_zone_and_on_longer_or_shorter_buckets_without_a_loss() -> None:
    source = Grid.days(MONDAY + 1, MONDAY + 2, Interval.HALF_HOUR, "Europe/Amsterdam")
    amounts = np.random.default_rng(2).poisson(5.0, (len(source), 3)).astype(np.float64)
    for interval, tz in (
        (Interval.QUARTER, "America/New_York"),
        (Interval.DAY, "Asia/Tokyo"),
        (Interval.HOUR, "Asia/Kolkata"),
    ):
        grid = Grid.days(MONDAY, MONDAY + 4, interval, tz)
        target = Future(grid, np.zeros((len(grid), 3)), np.ones((len(grid), 3)), int(grid.ds[0]))
        assert np.allclose(landed(amounts, source, target).sum(axis=0), amounts.sum(axis=0))
