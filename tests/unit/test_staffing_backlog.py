"""Work that waits: against contacts counted one by one, a simulation, and what a planner would say of a day."""

from __future__ import annotations

from collections import deque
from dataclasses import replace

import numpy as np
import pytest

from benchmarks.staffing_simulation import run_mail
from forecast.arrays import Floats
from forecast.buckets import DAY as DAY_NS
from forecast.buckets import SECOND, Grid, Interval, local_ns
from forecast.staffing.backlog import Inbox, Shape, course, warmed, worked
from forecast.staffing.levels import least_agents
from forecast.staffing.needs import Targets

TZ = "Europe/Amsterdam"
MONDAY = int(np.datetime64("2026-03-02", "D").astype(np.int64))
AHT = 360.0
HALF = 1800.0


def inbox(
    days: int = 5,
    a_day: float = 400,
    *,
    first: int = MONDAY,
    night: bool = False,
    waiting: float = 0.0,
    age_hours: float = 0.0,
    weekend: bool = False,
) -> Inbox:
    """Open from 9 to 17 on weekdays; contacts come then, or all around the clock (night)."""
    grid = Grid.days(first, first + days - 1, Interval.HALF_HOUR, TZ)
    hour = grid.slot / 2
    open_ = (hour >= 9) & (hour < 17) & ((grid.weekday < 5) | weekend)
    shape = np.ones(len(grid)) if night else np.where(open_, 1 + np.sin((hour - 9) / 8 * np.pi), 0.0)
    contacts = shape / shape[grid.day == first].sum() * a_day
    seconds = np.full(len(grid), HALF)
    return Inbox(
        grid.ds, seconds, contacts, contacts * AHT, open_, TZ, waiting, waiting * AHT, age_hours * 3600
    )


def planned(
    box: Inbox, targets: Targets, shape: Shape = "level", base: Floats | None = None
) -> tuple[Floats, Floats]:
    """(agents of the open hours by day, agents by interval)."""
    own = course(box, targets)
    found = least_agents(
        own, targets, lambda agents: agents * HALF * targets.max_occupancy, base=base, shape=shape
    )
    return np.array([found[box.day == day].max() for day in np.unique(box.day)]), found


def shared(box: Inbox, targets: Targets, agents: Floats, rows: slice = slice(None)) -> float:
    """Share in time of all that come in some intervals."""
    own = course(box, targets)
    made = worked(own, np.where(own.open, agents[own.source], 0.0) * HALF * targets.max_occupancy)
    in_time, contacts = made.in_time[rows], box.contacts[rows]
    some = ~np.isnan(in_time)
    return float((in_time * contacts)[some].sum() / contacts[some].sum())


def one_by_one(box: Inbox, agents: float, hours: float) -> tuple[Floats, Floats, Floats]:
    """(waiting, hours of the oldest, share in time) with a deque of contacts and steps of ten seconds; by the clock."""
    step, line, n = 10.0, deque[list[float]](), len(box.ds)
    waiting, oldest, fine = np.zeros(n), np.zeros(n), np.zeros(n)
    for row in range(3 * n):
        real = row < n
        at = row % n if not real else row
        for tick in range(int(HALF / step)):
            now = row * HALF + tick * step
            if real and box.contacts[at] > 0:
                line.append([now + step / 2, box.work[at] * step / HALF, float(row)])
            left = agents * step if box.open[at] else 0.0
            while line and left > 1e-12:
                done = min(left, line[0][1])
                if now + step - line[0][0] <= hours * 3600:
                    fine[int(line[0][2])] += done
                left -= done
                line[0][1] -= done
                if line[0][1] < 1e-9:
                    line.popleft()
        if real:
            waiting[row] = sum(one[1] for one in line) / AHT
            oldest[row] = (now + step - line[0][0]) / 3600 if line else 0.0
    return waiting, oldest, fine / np.where(box.work > 0, box.work, np.nan)


@pytest.mark.parametrize(
    ("agents", "hours", "night"), [(4.0, 6.0, False), (5.5, 3.0, False), (6.0, 12.0, True)]
)
def test_given_agents_leave_what_contacts_counted_one_by_one_leave(
    agents: float, hours: float, night: bool
) -> None:
    box = inbox(2, night=night)
    targets = Targets(response_hours=hours, max_occupancy=1.0)
    own = course(box, targets)
    made = worked(own, np.where(own.open, agents * HALF, 0.0))
    waiting, oldest, share = one_by_one(box, agents, hours)
    assert made.waiting == pytest.approx(waiting, abs=0.6)
    assert made.oldest_hours == pytest.approx(oldest, abs=0.02)
    some = ~np.isnan(share)
    assert np.abs(made.in_time[some] - share[some]).max() < 0.15
    assert np.average(made.in_time[some], weights=box.contacts[some]) == pytest.approx(
        np.average(share[some], weights=box.contacts[some]), abs=0.01
    )
    assert (made.answered.sum() + made.waiting[-1]) == pytest.approx(box.contacts.sum())


def test_steady_days_take_their_load_and_no_day_much_more() -> None:
    targets = Targets(response_hours=24, max_occupancy=1.0)
    by_day, agents = planned(inbox(10), targets)
    load = 400 * AHT / (8 * 3600)  # 5 agents
    assert by_day[[0, 1, 2, 3, 7, 8, 9]].tolist() == [load] * 7 and by_day[5:7].tolist() == [0.0, 0.0]
    assert by_day[4] == load + 1  # what the mornings left over is due before the weekend
    assert (agents[~inbox(10).open] == 0).all()


@pytest.mark.parametrize("shape", ["level", "late"])
@pytest.mark.parametrize("hours", [3.0, 8.0, 24.0, 72.0])
@pytest.mark.parametrize("clock", ["clock", "open"])
def test_the_wanted_share_is_reached_and_with_fewer_agents_it_is_not(
    shape: Shape, hours: float, clock: str
) -> None:
    box = inbox(21, 730, weekend=True)
    targets = Targets(response_hours=hours, response_clock=clock, response_share=0.9, max_occupancy=0.9)
    _, agents = planned(box, targets, shape)
    settled = slice(
        0, 48 * (20 - int(hours / (8 if clock == "open" else 24)))
    )  # those that are due before the last day
    assert shared(box, targets, agents, settled) >= 0.9 - 1e-6
    fewer = shared(box, targets, np.maximum(agents - 1, 0), settled)
    assert fewer < 0.9 or (shape == "level" and hours > 8)  # a long promise takes weeks to break


def test_as_late_as_allowed_does_nothing_before_it_must_and_peaks_higher() -> None:
    targets = Targets(response_hours=24, max_occupancy=1.0)
    box = inbox(5)
    late, level = planned(box, targets, "late")[0], planned(box, targets, "level")[0]
    assert late[0] == 0 and level[0] > 0  # Monday's are due on Tuesday
    assert late.max() > level.max()  # Friday's are due before the weekend


def test_what_waits_at_the_start_is_answered_first_and_asks_for_more() -> None:
    targets = Targets(response_hours=24, max_occupancy=1.0)
    fresh, old = (planned(inbox(5, waiting=400, age_hours=age), targets)[0] for age in (1.0, 23.0))
    none = planned(inbox(5), targets)[0]
    assert fresh.sum() > none.sum() and old[0] > fresh[0] >= none[0]
    own = course(inbox(5, waiting=400, age_hours=20.0), targets)
    made = worked(own, np.zeros(own.rows))
    assert made.oldest_hours[0] == pytest.approx(20.5) and made.waiting[0] == pytest.approx(400)


def test_mail_that_is_late_already_is_answered_all_the_same() -> None:
    box = inbox(5, 0.0, waiting=300, age_hours=400.0)
    box = replace(box, contacts=np.zeros(len(box.ds)), work=np.zeros(len(box.ds)))
    for shape in ("level", "late"):
        own = course(box, targets := Targets(response_hours=24))
        agents = planned(box, targets, shape)[1]
        made = worked(own, np.where(own.open, agents[own.source], 0.0) * HALF * 0.9)
        assert made.waiting[box.day == MONDAY + 1][-1] == 0.0


def test_hours_in_open_time_stand_still_over_the_weekend() -> None:
    friday = MONDAY + 4
    by_clock, in_open = (
        planned(
            inbox(4, first=friday), Targets(response_hours=8, response_clock=clock, max_occupancy=1.0), "late"
        )[0]
        for clock in ("clock", "open")
    )
    assert by_clock[0] >= 4 and in_open[0] == 0 and in_open[3] >= 4


def test_what_waited_over_the_weekend_is_as_old_as_the_hours_of_its_promise() -> None:
    weekend = inbox(5, a_day=20.0, waiting=200.0, age_hours=63.0)  # since Friday at 18:00
    told = replace(weekend, open_age=1800.0)
    open_, clock = (
        Targets(response_hours=20, response_clock=one, max_occupancy=1.0) for one in ("open", "clock")
    )
    at_once, levelled = planned(weekend, open_)[0], planned(told, open_)[0]
    assert (
        levelled[0] < at_once[0] / 2 and levelled[1] > 0
    )  # it may take the open hours of two days and a half
    assert planned(told, clock)[0].tolist() == planned(weekend, clock)[0].tolist()
    few = np.where(told.open, 1.0, 0.0)
    ages = [worked(own := course(one, open_), few[own.source] * HALF).oldest_hours for one in (weekend, told)]
    assert ages[1].tolist() == pytest.approx(ages[0].tolist())  # by the clock it has waited as long


def test_mail_of_the_night_waits_for_the_morning_and_its_age_counts_the_night() -> None:
    targets = Targets(response_hours=24, max_occupancy=1.0)
    box = inbox(2, night=True)
    own = course(box, targets)
    made = worked(own, np.where(own.open, 30 * HALF, 0.0))
    seven = int(np.flatnonzero(~box.open)[-1])
    assert made.waiting[17] == pytest.approx(400 * 18 / 48)
    assert made.oldest_hours[17] == pytest.approx(9.0) and made.waiting[seven] > 0
    assert made.waiting[33] == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize("day", ["2026-03-28", "2026-10-24"])
def test_both_clock_changes_lose_and_invent_nothing(day: str) -> None:
    first = int(np.datetime64(day, "D").astype(np.int64))
    box = inbox(3, first=first, night=True, weekend=True)
    assert len(box.ds) in (142, 146) and (np.diff(box.ds) == HALF * SECOND).all()
    targets = Targets(response_hours=24, max_occupancy=1.0)
    by_day, agents = planned(box, targets)
    assert (by_day > 0).all() and shared(box, targets, agents) >= 0.9
    assert set((local_ns(box.ds, TZ) // DAY_NS).tolist()) == {first, first + 1, first + 2}


def test_nothing_to_do_takes_nobody_and_a_team_that_never_opens_answers_nothing() -> None:
    targets = Targets(response_hours=4)
    empty = inbox(3)
    empty = replace(empty, contacts=np.zeros(len(empty.ds)), work=np.zeros(len(empty.ds)))
    assert planned(empty, targets)[1].sum() == 0
    shut = replace(inbox(3, night=True), open=np.zeros(144, dtype=bool))
    own = course(shut, targets)
    assert planned(shut, targets)[1].sum() == 0
    made = worked(own, np.zeros(own.rows))
    assert made.waiting[-1] == pytest.approx(1200) and (made.in_time < 1e-6).all()
    none = Inbox(np.zeros(0, dtype=np.int64), *(np.zeros(0),) * 3, np.zeros(0, dtype=bool), TZ)
    own = course(none, targets)
    assert len(least_agents(own, targets, lambda agents: agents)) == 0
    assert len(worked(own, np.zeros(own.rows)).waiting) == 0


def test_what_is_not_known_makes_its_day_and_all_after_it_unknown_and_nothing_before() -> None:
    box, targets = inbox(4), Targets(response_hours=24)
    work = box.work.copy()
    work[2 * 48 + 20] = np.nan
    lost = replace(box, work=work)
    agents = planned(lost, targets)[1]
    assert np.isnan(agents[96:]).all() and not np.isnan(agents[:96]).any()
    own = course(lost, targets)
    made = worked(own, np.where(own.open, 6 * HALF, 0.0))
    assert np.isnan(made.waiting[116:]).all() and not np.isnan(made.waiting[:116]).any()
    untold = worked(course(box, targets), np.where(own.open, np.nan, 0.0))
    assert np.isnan(untold.waiting[-1])


def test_where_nobody_tells_what_waits_a_week_before_tells_it() -> None:
    box, targets = (
        inbox(1, 700, night=True, waiting=float("nan")),
        Targets(response_hours=24, max_occupancy=1.0),
    )
    warm, origin = warmed(box, targets)
    assert len(warm.ds) == len(origin) == 48 * 8 and (warm.ds[-48:] == box.ds).all()
    assert (np.diff(warm.ds) == HALF * SECOND).all()
    told = warmed(inbox(1), targets)
    assert len(told[0].ds) == 48
    agents = planned(warm, targets)[1][-48:]
    without = planned(replace(box, waiting=0.0, waiting_work=0.0), targets)[1]
    assert agents.max() >= without.max()


def test_ninety_days_are_decided_within_a_few_seconds_and_alike_each_week() -> None:
    by_day, _ = planned(inbox(91, 390), Targets(response_hours=24))
    weeks = by_day.reshape(13, 7)
    assert (weeks[:, 5:] == 0).all() and weeks[:, :5].max() - weeks[:, :5].min() <= 2


@pytest.mark.parametrize(("a_day", "hours"), [(500, 8.0), (500, 24.0), (2_000, 4.0)])
def test_a_simulation_mail_by_mail_agrees_where_the_occupancy_limit_leaves_room(
    a_day: float, hours: float
) -> None:
    box = inbox(4, a_day, weekend=True)
    targets = Targets(response_hours=hours, max_occupancy=0.85)
    agents = planned(box, targets)[1]
    runs = [
        run_mail(
            contacts=box.contacts,
            aht=AHT,
            agents=agents,
            seconds=HALF,
            response_hours=hours,
            seed=seed,
            occupancy=0.85,
        )
        for seed in range(3)
    ]
    own = course(box, targets)
    made = worked(own, np.where(own.open, agents[own.source], 0.0) * HALF * 0.85)
    share = np.array([one.share for one in runs])
    error = share.std(ddof=1) / np.sqrt(3)
    said = shared(box, targets, agents)
    assert abs(share.mean() - said) <= 4 * error + 0.04  # chance is left out of a fluid
    noise = 4 * np.sqrt(np.cumsum(box.contacts) / 3) + 0.05 * a_day
    assert (np.abs(np.mean([one.waiting for one in runs], axis=0) - made.waiting) <= noise).all()
