"""Did the fix work? Planted changes are found, none is claimed where there is none, and nothing of later leaks in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import pytest

from forecast.arrays import Floats, Ns
from forecast.buckets import Grid, Interval, day_start, end
from forecast.days import OpeningHours
from forecast.effect import Effect, Worth, effect_of
from forecast.errors import InputError, NotFound
from forecast.handling import Handling
from forecast.vintage import Archive, Series, Versions
from tests.worlds import MONDAY, TZ, archive

BEFORE, AFTER = 30, 6  # weeks
CHANGE, STOP = MONDAY + 7 * BEFORE, MONDAY + 7 * (BEFORE + AFTER)
LEVELS = {"billing": 90.0, "moving": 70.0, "outage": 110.0, "tariff": 60.0, "meter": 80.0}
Factor = Callable[[Ns], Floats]


def usual(since: Ns) -> Floats:
    return np.ones(len(since))


def fifth_less(since: Ns) -> Floats:
    return np.where(since >= 0, 0.8, 1.0)


def reason(name: str, factor: Factor, seed: int, *, interval: Interval = Interval.DAY) -> Series:
    """One queue of a reason: level, weekdays, own day noise, and a factor by days since the change."""
    grid = Grid.days(MONDAY, STOP - 1, interval, TZ)
    days, place = np.unique(grid.day, return_inverse=True)
    noise = np.random.default_rng([seed, len(name), ord(name[0])]).normal(0, 0.08, len(days))
    weekday = np.array([1.2, 1.05, 1.0, 1.0, 0.95, 0.5, 0.4])[(days + 3) % 7]
    by_day = LEVELS[name] * weekday * np.exp(noise) * factor(days - CHANGE)
    busy = (grid.slot >= grid.slots // 3) & (grid.slot < 5 * grid.slots // 6)
    share = (
        np.where(busy, 1 / max(1, busy[: grid.slots].sum()), 0.0) if grid.slots > 1 else np.ones(len(grid))
    )
    came = np.random.default_rng([seed, 7]).poisson(by_day[place] * share).astype(np.float64)
    offered = Versions.of(grid.ds, came, end(grid.ds, interval, TZ))
    return Series(name, interval, TZ, offered, queue=name, topic=name)


def world(factors: Mapping[str, Factor], seed: int = 1) -> Archive:
    return archive(*(reason(name, factors.get(name, usual), seed + at) for at, name in enumerate(LEVELS)))


def moment(day: int) -> int:
    return int(day_start([day], TZ)[0])


def ask(held: Archive, topic: str = "billing", **more: object) -> Effect:
    return effect_of(held, topic, **{"since": moment(CHANGE), "now": moment(STOP), **more})  # type: ignore[arg-type]


def test_a_planted_fall_of_a_fifth_is_found_with_its_size() -> None:
    found = ask(world({"billing": fifth_less}))
    assert found.verdict == "fewer contacts" and found.come_back == "no"
    assert found.change is not None and found.change.lower < -0.2 < found.change.upper
    assert found.avoided is not None and found.avoided.value == pytest.approx(0.2 * 78, rel=0.35)
    assert found.avoided.lower > 0
    assert (
        found.days == 42 and found.controls is not None and set(found.controls) == set(LEVELS) - {"billing"}
    )
    assert sum(found.controls.values()) == pytest.approx(1, abs=0.01)


def test_a_rise_is_told_as_one() -> None:
    found = ask(world({"billing": lambda since: np.where(since >= 0, 1.3, 1.0)}))
    assert found.verdict == "more contacts" and found.avoided is not None and found.avoided.upper < 0


def test_nothing_is_claimed_where_nothing_was_done() -> None:
    found = [ask(world({}, seed)) for seed in (1, 11, 21)]
    assert [one.verdict for one in found] == ["no change shown"] * 3
    assert {one.come_back for one in found} == {"nothing to come back"}


def test_a_fall_that_all_reasons_share_is_no_effect() -> None:
    found = ask(world(dict.fromkeys(LEVELS, fifth_less)))
    assert found.verdict == "no change shown"
    assert found.shared == pytest.approx(-0.2, abs=0.05)
    assert found.expected is not None and found.forecast is not None
    assert found.expected.value == pytest.approx(0.8 * found.forecast, rel=0.06)


def test_without_other_reasons_it_says_that_a_shared_fall_looks_the_same() -> None:
    found = ask(archive(reason("billing", fifth_less, 1)))
    assert found.controls == {} and found.shared is None
    assert any("No other reason" in note for note in found.notes)


def test_one_other_reason_that_was_changed_too_decides_nothing_and_may_be_left_out() -> None:
    held = world({"billing": fifth_less, "tariff": lambda since: np.where(since >= 0, 0.4, 1.0)})
    assert ask(held).verdict == "fewer contacts"
    left = ask(held, fixed=["tariff"])
    assert left.controls is not None and "tariff" not in left.controls


def test_a_fall_that_has_gone_again_is_told() -> None:
    def fades(since: Ns) -> Floats:
        return np.where(since >= 0, np.where(since < 21, 0.7, 1.0), 1.0)

    found = ask(world({"billing": fades}))
    assert found.come_back == "yes" and "it has gone again" in found.come_back_why


def test_a_fall_that_has_grown_is_told_as_grown() -> None:
    found = ask(world({"billing": lambda since: np.where(since < 0, 1.0, np.where(since < 21, 0.85, 0.5))}))
    assert found.come_back == "no" and "it has grown" in found.come_back_why


def seasonal(peak: int, weeks: int, seed: int) -> dict[str, Series]:
    """A reason with a wave of a fifth of its own and two with the opposite one, so many weeks before the change, six after."""
    days = CHANGE - 7 * weeks + np.arange(7 * (weeks + AFTER))
    wave = 0.2 * np.cos(2 * np.pi * (days - CHANGE - peak) / 365.25)
    rng, known = np.random.default_rng(seed), day_start(days + 1, TZ)
    ds = Grid.days(int(days[0]), int(days[-1]), Interval.DAY, TZ).ds
    sized = {"a": (120.0, wave), "b": (300.0, -wave), "c": (90.0, -wave)}
    counts = {name: rng.poisson(size * np.exp(sign)).astype(float) for name, (size, sign) in sized.items()}
    return {
        name: Series(name, Interval.DAY, TZ, Versions.of(ds, came, known), queue=name, topic=name)
        for name, came in counts.items()
    }


@pytest.mark.parametrize("weeks", [8, 16, 25, 30, 43])
@pytest.mark.parametrize("peak", [-65, 91])  # days from the change
def test_a_season_that_the_past_has_not_shown_yet_is_no_effect(weeks: int, peak: int) -> None:
    found = ask(archive(*seasonal(peak, weeks, 3).values()), "a")
    assert found.verdict == "no change shown", found.why
    assert any("a season is not known yet" in note for note in found.notes) == (weeks < 30)


def test_a_reason_that_all_but_stops_is_told_though_no_season_is_known() -> None:
    held = seasonal(91, 12, 1)
    series = held["a"].offered
    left = np.where(series.ds < moment(CHANGE), series.value, np.floor(0.2 * series.value))
    held["a"] = replace(held["a"], offered=replace(series, value=left))
    assert ask(archive(*held.values()), "a").verdict == "fewer contacts"


@pytest.mark.parametrize("weeks", [29, 30, 31])
def test_other_reasons_are_compared_with_however_long_the_past_is(weeks: int) -> None:
    """29 and 31 weeks are the controls; with 30 the placebos of the reason could be two weeks apart, those of the others one."""
    rng = np.random.default_rng(1)
    start, count = MONDAY, 7 * (weeks + 6)
    days, change = start + np.arange(count), start + 7 * weeks
    grid, known = Grid.days(start, start + count - 1, Interval.DAY, TZ), day_start(days + 1, TZ)
    shared = np.where(days >= change, 1.3, 1.0)
    held = archive(
        *(
            Series(
                name,
                Interval.DAY,
                TZ,
                Versions.of(grid.ds, rng.poisson(size * shared).astype(float), known),
                queue=name,
                topic=name,
            )
            for name, size in (("a", 120.0), ("b", 90.0), ("c", 60.0))
        )
    )
    found = effect_of(held, "a", since=moment(change), now=moment(start + count))
    assert found.controls and found.verdict == "no change shown"


def test_a_reason_that_stops_is_a_fall_and_no_closed_queue() -> None:
    found = ask(world({"billing": lambda since: np.where(since >= 0, 0.0, 1.0)}))
    assert found.verdict == "fewer contacts" and found.came == 0
    assert found.change is not None and found.change.value < -0.95


def test_what_was_not_known_at_the_change_moves_nothing_that_is_expected() -> None:
    held = world({"billing": fifth_less})
    late = moment(CHANGE) + 1
    series = held.series["billing"]
    old = series.offered.ds < moment(CHANGE)
    twice = Versions.of(
        np.concatenate([series.offered.ds, series.offered.ds[old]]),
        np.concatenate([series.offered.value, 2 * series.offered.value[old]]),
        np.concatenate([series.offered.known_at, np.full(old.sum(), late)]),
    )
    changed = archive(
        replace(series, offered=twice), *(held.series[name] for name in LEVELS if name != "billing")
    )
    assert ask(changed).expected == ask(held).expected


def test_too_little_before_or_after_is_said() -> None:
    held = world({"billing": fifth_less})
    early = ask(held, since=moment(MONDAY + 35))
    assert early.verdict == "not enough history" and "before the change" in early.why
    late = ask(held, since=moment(STOP - 10))
    assert late.verdict == "not enough history" and "10 days since the change" in late.why


def test_an_unknown_reason_and_a_change_ahead_are_refused_with_a_remedy() -> None:
    held = world({})
    with pytest.raises(NotFound, match="Did you mean billing"):
        ask(held, "biling")
    with pytest.raises(NotFound, match="billing"):
        ask(held, "billing", queue="outage")
    with pytest.raises(InputError, match="in the past"):
        ask(held, since=moment(STOP + 1))
    with pytest.raises(InputError, match="after the change"):
        ask(held, until=moment(CHANGE - 1))


def test_hours_and_fte_follow_the_handling_time_and_how_work_is_counted() -> None:
    held = world({"billing": fifth_less})
    assert ask(held).hours is None and any("handling times" in note for note in ask(held).notes)
    series = held.series["billing"]
    ds, value, known = series.offered.ds, series.offered.value, series.offered.known_at
    handling = Handling.of(ds, known, seconds=360 * value, contacts=value)
    timed = archive(
        replace(series, handling=handling), *(held.series[name] for name in LEVELS if name != "billing")
    )
    found = ask(timed, worth=Worth(40, 0.5))
    assert found.hours is not None and found.fte is not None and found.avoided is not None
    assert found.hours.value == pytest.approx(7 * found.avoided.value / 10)
    assert found.fte.value == pytest.approx(found.hours.value / 20)


def test_a_reason_counted_within_a_queue_is_asked_about_like_a_queue_of_its_own() -> None:
    parts = {
        name: reason(name, fifth_less if name == "billing" else usual, 1 + at)
        for at, name in enumerate(LEVELS)
    }
    ds = parts["billing"].offered.ds
    total = sum((one.offered.value for one in parts.values()), np.zeros(len(ds)))
    whole = Versions.of(ds, total, parts["billing"].offered.known_at)
    inside = [
        replace(one, name=f"desk/{name}", queue="desk", topic=name, span=whole) for name, one in parts.items()
    ]
    desk = Series("desk", Interval.DAY, TZ, whole, queue="desk")
    found = ask(archive(desk, *inside))
    assert found.verdict == "fewer contacts"
    assert found.controls is not None and set(found.controls) == set(LEVELS) - {"billing"}


def test_days_on_which_a_queue_is_closed_do_not_count() -> None:
    weekdays = OpeningHours(tuple((weekday, 0, 24 * 60, 0) for weekday in range(5)))
    held = world({"billing": fifth_less})

    def shut(series: Series) -> Series:
        day = Grid.of(series.offered.ds, Interval.DAY, TZ).weekday
        kept = np.where(day < 5, series.offered.value, 0.0)
        return replace(series, hours=weekdays, offered=replace(series.offered, value=kept))

    found = ask(archive(*(shut(one) for one in held.series.values())))
    assert found.days == 30 and found.verdict == "fewer contacts"


def test_half_hours_give_what_their_days_give() -> None:
    fine = reason("billing", fifth_less, 1, interval=Interval.HALF_HOUR)
    others = [reason(name, usual, 1 + at) for at, name in enumerate(LEVELS) if name != "billing"]
    found = ask(archive(fine, *others))
    assert found.verdict == "fewer contacts" and found.days >= 40
