"""The quality report: each defect planted into rows is found with its dates, and clean rows are left in peace."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import pytest
import typer

from cli.main import app
from forecast.arrays import Flags, Floats
from forecast.buckets import SECOND, Grid, Interval, day_start, end
from forecast.days import Calendar
from forecast.quality.changepoints import changes
from forecast.quality.examination import examine
from forecast.quality.findings import Finding, runs
from forecast.quality.record import Around, Record
from tests.worlds import MONDAY, OFFICE, TZ, working_week

DAYS = 300
HOUR = 3600 * SECOND


def record(
    name: str = "calls",
    *,
    seed: int = 1,
    level: float = 20.0,
    days: int = DAYS,
    change: Callable[[Grid, Floats], Floats] | None = None,
    **facts: object,
) -> Record:
    """A queue of half hours, 8 to 18 on working days; NaN of `change` are rows that never came."""
    grid = Grid.days(MONDAY, MONDAY + days - 1, Interval.HALF_HOUR, TZ)
    mean = working_week(level)(grid)
    y = np.random.default_rng(seed).poisson(mean).astype(np.float64)
    y = y if change is None else change(grid, y)
    rows = (mean > 0) & ~np.isnan(y) | (np.nan_to_num(y) > 0)
    return Record.of(name, Interval.HALF_HOUR, TZ, grid.ds[rows], y[rows], **facts)


def around(days: int = DAYS, **more: object) -> Around:
    """Midnight after the last day."""
    return Around(int(day_start([MONDAY + days], TZ)[0]), Calendar(), **more)  # type: ignore[arg-type]


def odd(*records: Record, known: Around | None = None) -> list[Finding]:
    """What is more than a note, completeness aside."""
    found = examine(records, known or around())
    return [one for one in found if one.severity != "info" and one.kind != "completeness"]


def day(at: int) -> str:
    return str(np.datetime64(MONDAY + at, "D"))


def on(grid: Grid, first: int, last: int | None = None) -> Flags:
    """bool[n]: within these days of the world."""
    return (grid.day >= MONDAY + first) & (grid.day <= MONDAY + (first if last is None else last))


def test_clean_rows_are_left_in_peace() -> None:
    clean = [record(seed=seed, name=f"q{seed}", hours=OFFICE) for seed in range(8)]
    assert odd(*clean) == []


def test_of_a_day_that_is_not_over_nothing_is_missing_yet() -> None:
    whole = record(hours=OFFICE)
    noon = int(day_start([MONDAY + DAYS - 3], TZ)[0]) + 11 * HOUR  # a Thursday
    early = whole.ds < noon
    morning = Record.of("calls", Interval.HALF_HOUR, TZ, whole.ds[early], whole.offered[early], hours=OFFICE)
    assert odd(morning, known=Around(noon, Calendar())) == []
    (gap,) = odd(morning, known=Around(noon + 24 * HOUR, Calendar()))
    assert (gap.kind, gap.first[:10]) == ("gap", day(DAYS - 3))


def test_a_store_without_rows_and_a_queue_of_six_weeks_tell_nothing_false() -> None:
    assert examine([], around()) == []
    young = record(days=42)
    assert odd(young, known=around(42)) == []
    (company, line) = examine([young], around(42))
    assert company.queue == "" and line.queue == "calls" and line.severity == "info"


def test_weekly_rows_are_told_complete_and_no_more() -> None:
    grid = Grid.days(MONDAY, MONDAY + 139, Interval.DAY, TZ)
    weekly = Record.of("weeks", Interval.WEEK, TZ, grid.ds[::7], np.full(20, 100.0))
    assert {one.kind for one in examine([weekly], around(140))} == {"completeness"}


def test_a_daily_queue_is_examined_too() -> None:
    grid = Grid.days(MONDAY, MONDAY + DAYS - 1, Interval.DAY, TZ)
    y = np.random.default_rng(3).poisson(np.where(grid.weekday < 5, 300.0, 0.0)).astype(np.float64)
    gone = on(grid, 121, 122)
    (gap,) = odd(Record.of("days", Interval.DAY, TZ, grid.ds[~gone], y[~gone]))
    assert (gap.kind, gap.first, gap.last) == ("gap", day(121), day(122))


CASES: Mapping[str, tuple[Callable[[Grid, Floats], Floats], str, str, str]] = {
    "days without rows": (lambda g, y: np.where(on(g, 142, 143), np.nan, y), "gap", day(142), day(143)),
    "zeros for a day": (lambda g, y: np.where(on(g, 142), 0.0, y), "gap", day(142), day(142)),
    "an afternoon": (
        lambda g, y: np.where(on(g, 142) & (g.slot >= 26), np.nan, y),
        "gap",
        f"{day(142)}T13:00",
        f"{day(142)}T18:00",
    ),
    "a day counted twice": (lambda g, y: np.where(on(g, 142), 2 * y, y), "duplicate", day(142), day(142)),
    "a wild day": (lambda g, y: np.where(on(g, 142), np.round(2.7 * y), y), "outlier", day(142), day(142)),
    "two zeros too many": (
        lambda g, y: np.where(on(g, 142) & (g.slot == 20), 100 * y, y),
        "outlier",
        f"{day(142)}T10:00",
        f"{day(142)}T10:00",
    ),
    "a lasting shift": (
        lambda g, y: np.where(on(g, 142, DAYS), np.round(1.5 * y), y),
        "level_shift",
        day(142),
        day(DAYS - 1 - 2),
    ),
    "a day's total in one row": (
        lambda g, y: np.where(on(g, 140, 158), np.where(g.slot == 16, 400.0 + y, np.nan), y),
        "interval",
        day(140),
        day(158),
    ),
    "hourly totals": (
        lambda g, y: np.where(on(g, 140, 158), np.where(g.slot % 2 == 0, 2 * y, np.nan), y),
        "interval",
        day(140),
        day(158),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_planted_defect_is_the_one_thing_found_with_its_dates(case: str) -> None:
    change, kind, first, last = CASES[case]
    (one,) = odd(record(change=change), record("other", seed=2))
    assert (one.queue, one.kind, one.first) == ("calls", kind, first)
    assert one.last == last or kind == "level_shift"
    assert one.guess and one.action.startswith("forecall ")


def test_a_copied_week_names_its_source() -> None:
    held = record()
    week = (held.places.day >= MONDAY + 140) & (held.places.day < MONDAY + 145)
    before = (held.places.day >= MONDAY + 133) & (held.places.day < MONDAY + 138)
    offered = held.offered.copy()
    offered[week] = held.offered[before]
    (one,) = odd(replace(held, offered=offered))
    assert (one.kind, one.first, one.last) == ("duplicate", day(140), day(144))
    assert "7 days before" in one.says


def test_the_rows_of_one_queue_under_two_names_are_told_once() -> None:
    (one,) = odd(record("a"), record("b"))
    assert one.kind == "duplicate" and one.queue == "b" and "queue a" in one.says


def test_an_upload_that_holds_nothing_but_the_copy_is_named_for_removal() -> None:
    held = record()
    week = (held.places.day >= MONDAY + 140) & (held.places.day < MONDAY + 145)
    before = (held.places.day >= MONDAY + 133) & (held.places.day < MONDAY + 138)
    offered = held.offered.copy()
    offered[week] = held.offered[before]
    (one,) = odd(replace(held, offered=offered, upload=np.where(week, 7, 3)))
    assert one.action == "forecall uploads remove 7"


def test_times_without_summer_time_are_told_with_a_zone_to_read_them_in() -> None:
    held = record()
    local = held.places.day * 86_400 * SECOND + held.places.slot * 1800 * SECOND
    summer = local - held.ds > HOUR
    (one,) = odd(replace(held, ds=held.ds - np.where(summer, HOUR, 0)))  # a clock of UTC + 1 all year
    assert one.kind == "wrong_zone" and "--timezone Etc/GMT-1" in one.action
    assert one.first == "2024-03-31"
    (one,) = odd(replace(held, ds=held.ds + np.where(summer, HOUR, 0)))  # local times, read as of UTC + 1
    assert one.kind == "wrong_zone" and "--timezone Europe/Amsterdam" in one.action


def test_contacts_beside_the_hours_given_are_told_as_a_zone_and_not_as_closed_volume() -> None:
    held = record(hours=OFFICE)
    (one,) = odd(replace(held, ds=held.ds - 2 * HOUR))
    assert one.kind == "wrong_zone" and one.size == -2


def test_volume_in_closed_hours_is_told_with_its_share_and_place() -> None:
    late = lambda g, y: np.where((g.slot == 36) & (g.weekday < 5), 6.0, y)  # noqa: E731
    (one,) = odd(record(change=late, hours=OFFICE))
    assert one.kind == "closed_hours" and "18:00 to 18:30" in one.says and one.size > 0.005


def test_a_queue_that_goes_on_under_another_name_is_told_as_renamed() -> None:
    held = record()
    old = held.places.day < MONDAY + 200
    columns = ("ds", "offered", "handled", "abandoned", "aht_seconds", "known_at", "assumed", "upload")
    one, other = (
        replace(held, **{name: getattr(held, name)[rows] for name in columns}) for rows in (old, ~old)
    )
    (told,) = odd(one, replace(other, queue="new name"), record("beside", seed=5))
    assert (told.kind, told.first) == ("sudden_zero", day(199)) or told.first == day(200)
    assert told.action == f"forecall queues rename calls 'new name' --from {told.first}"


def test_a_share_that_moves_to_another_queue_proposes_the_split() -> None:
    giver = record("a", level=40, change=lambda g, y: np.where(on(g, 150, DAYS), np.round(0.6 * y), y))
    taker = record("b", seed=2, change=lambda g, y: np.where(on(g, 150, DAYS), np.round(1.8 * y), y))
    (one,) = odd(giver, taker)
    assert one.kind == "level_shift" and one.action.startswith("forecall queues split a b=0.")
    assert one.action.endswith(f"--from {day(150)}")


def test_a_move_that_the_queue_map_tells_is_no_finding() -> None:
    giver = record("a", level=40, change=lambda g, y: np.where(on(g, 150, DAYS), np.round(0.6 * y), y))
    assert odd(giver, known=around(moved={"a": (MONDAY + 150,)})) == []


def test_a_channel_shift_is_told_when_the_sum_stays() -> None:
    phone = record(
        "phone", level=40, topic="bills", change=lambda g, y: np.where(on(g, 150, DAYS), np.round(0.7 * y), y)
    )
    chat = record(
        "chat", seed=2, topic="bills", channel="chat", level=20,
        change=lambda g, y: np.where(on(g, 150, DAYS), np.round(1.6 * y), y),
    )  # fmt: skip
    (one,) = odd(phone, chat)
    assert one.kind == "channel_shift" and one.first == day(150) and "chat" in one.guess


def test_an_outlier_that_posts_explain_is_a_note() -> None:
    posts = np.full(DAYS, 12.0)
    posts[142] = 90.0
    wild = record(change=CASES["a wild day"][0])
    known = around(talk={"outage": (MONDAY, posts)})
    assert odd(wild, known=known) == []
    (one,) = (each for each in examine([wild], known) if each.kind == "outlier")
    assert one.severity == "info" and "outage" in one.guess


def test_a_special_day_without_contacts_is_no_gap() -> None:
    closed = record(change=lambda g, y: np.where(on(g, 142), np.nan, y))
    calendar = Calendar(own={MONDAY + 142: "Founder's day"})
    assert odd(closed, known=replace(around(), calendar=calendar)) == []


def test_handling_times_in_milliseconds_and_more_handled_than_offered_are_told() -> None:
    held = record()
    some = held.offered > 0
    aht = np.where(some, 240_000.0, np.nan)
    month = (held.places.day >= MONDAY + 100) & (held.places.day < MONDAY + 130)
    handled = np.where(month, 1.4 * held.offered, held.offered)
    found = odd(replace(held, handled=handled, aht_seconds=aht))
    assert {one.kind for one in found} == {"handle_time", "counts"}
    mail = replace(held, channel="email", handled=handled)
    assert odd(mail) == []  # answered on later days


@pytest.mark.parametrize("halves", [True, False])
def test_the_repeated_hour_of_autumn_held_once_is_told(halves: bool) -> None:
    grid = Grid.days(MONDAY, MONDAY + DAYS + 30, Interval.HALF_HOUR, TZ)
    y = np.random.default_rng(4).poisson(30.0, len(grid)).astype(np.float64)
    change = np.flatnonzero(
        (grid.day == np.datetime64("2024-10-27", "D").astype(int)) & (grid.slot // 2 == 2)
    )
    rows = np.ones(len(grid), dtype=bool)
    if halves:
        y[change[:2]] = y[change[2:]] = [14.5, 15.5]
    else:
        rows[change[2:]] = False
    (one,) = odd(Record.of("q", Interval.HALF_HOUR, TZ, grid.ds[rows], y[rows]), known=around(DAYS + 31))
    assert (one.kind, one.first) == ("clock_change", "2024-10-27")


def test_what_is_missing_at_the_end_is_told_by_queue_and_for_the_company() -> None:
    held = record("calls", seed=2)
    columns = ("ds", "offered", "handled", "abandoned", "aht_seconds", "known_at", "assumed", "upload")
    until = held.ds < held.ds[-1] - 26 * HOUR
    late = replace(held, **{name: getattr(held, name)[until] for name in columns})
    wednesday = int(end(record("x", seed=3, days=292).ds[-1:], Interval.HALF_HOUR, TZ)[0])
    known = replace(around(), now=wednesday)
    short = [record("mail", seed=3, channel="email", days=291), record("calls", days=292)]
    found = [one for one in examine(short, known) if one.kind == "completeness"]
    company, calls, mail = found
    assert company.says.endswith("mail (e-mail) missing.") and "18:00" in company.says
    assert calls.severity == "info" and mail.severity == "warning" and mail.action
    assert len(late)


def test_every_action_is_a_command_that_exists() -> None:
    findings = [
        one
        for change, *_ in CASES.values()
        for one in examine([record(change=change), record("o", seed=2)], around())
    ]
    giver = record("a", level=40, change=lambda g, y: np.where(on(g, 150, DAYS), np.round(0.6 * y), y))
    taker = record("b", seed=2, change=lambda g, y: np.where(on(g, 150, DAYS), np.round(1.8 * y), y))
    findings += examine([giver, taker], around())
    for action in {one.action for one in findings if one.action}:
        _parse(action)
    for action in ("uploads remove 7", "import hours FILE", "queues rename a b --from 2026-03-01"):
        _parse(f"forecall {action}")


def _parse(action: str) -> None:
    """Fails where a command, an option or an argument does not exist."""
    words = [
        __file__ if word == "FILE" else "UTC" if word == "ZONE" else word for word in shlex.split(action)[1:]
    ]
    command, context = typer.main.get_command(app), None
    while words and hasattr(command, "commands"):
        name = words.pop(0)
        assert name in command.commands, action
        command = command.commands[name]
    with command.make_context(command.name or "", words, parent=context):
        pass


def test_a_step_is_dated_and_a_slope_is_none() -> None:
    rng = np.random.default_rng(2)
    noise = rng.normal(0, 0.08, 300)
    (one,) = changes(noise + 0.4 * (np.arange(300) >= 170), least_size=0.15)
    assert abs(one.at - 170) <= 1 and abs(one.size - 0.4) < 0.06
    assert changes(noise + np.linspace(0, 0.5, 300), least_size=0.15) == []
    assert changes(noise, least_size=0.15) == [] and changes(noise[:40], least_size=0.15) == []


def test_noise_that_wanders_is_seldom_taken_for_a_step() -> None:
    false = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        level = np.zeros(365)
        for at in range(1, 365):
            level[at] = 0.97 * level[at - 1] + rng.normal(0, 0.012)
        false += len(changes(level + rng.normal(0, 0.08, 365), least_size=float(np.log(1.2))))
    assert false <= 2


def test_runs_bridge_what_they_are_told_to() -> None:
    flags = np.array([1, 1, 0, 1, 0, 0, 1], dtype=bool)
    assert runs(flags) == [(0, 1), (3, 3), (6, 6)]
    assert runs(flags, bridge=1) == [(0, 3), (6, 6)]
    assert runs(np.zeros(3, dtype=bool)) == []


def test_a_file_that_was_put_back_makes_no_habit_of_coming_late() -> None:
    held = record()
    back = replace(
        held,
        known_at=np.full(len(held), int(day_start([MONDAY + DAYS + 2], TZ)[0])),
        assumed=np.zeros(len(held), dtype=bool),
    )
    (line,) = [one for one in examine([back], around(DAYS + 4)) if one.queue == "calls"]
    assert line.severity == "warning" and "not in" in line.says
