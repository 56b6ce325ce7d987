"""Plan against need: pooled queues, net and gross, days that no plan covers, plans on other grids, the repeated hour."""

from __future__ import annotations

import numpy as np
import pytest

from forecast.buckets import SECOND, Grid, Interval
from forecast.staffing.gap import Demand, Plan, day_sums, gap
from forecast.staffing.needs import Targets, agents_needed

TZ = "Europe/Amsterdam"
DAY = int(np.datetime64("2026-03-02", "D").astype(np.int64))  # a Monday
CLOCKS_BACK = int(np.datetime64("2026-10-25", "D").astype(np.int64))
TARGETS = Targets(shrinkage=0.25)


def hours(
    first: int = 9, last: int = 12, *, day: int = DAY, interval: Interval = Interval.HALF_HOUR
) -> np.ndarray:
    grid = Grid.days(day, day, interval, TZ)
    hour = grid.slot * interval.seconds / 3600
    return grid.ds[(hour >= first) & (hour < last)]


def demand(
    ds: np.ndarray, contacts: float, aht: float = 300.0, *, queue: str = "a", channel: str = "phone"
) -> Demand:
    return Demand(queue, channel, ds, np.full(len(ds), contacts), np.full(len(ds), aht))


def plan(ds: np.ndarray, agents: float, *, gross: bool = False) -> Plan:
    return Plan(ds, np.full(len(ds), agents), np.full(len(ds), gross))


def test_the_gap_is_planned_less_needed_net_and_gross() -> None:
    ds = hours()
    need = agents_needed(60 * 300 / 1800, 300, TARGETS)[0]
    found = gap([demand(ds, 60)], plan(ds, 9), TARGETS, interval=Interval.HALF_HOUR, tz=TZ)
    assert found.needed_net.tolist() == [need] * 6
    assert found.net.tolist() == [9 - need] * 6
    assert found.gross == pytest.approx((9 - need) / 0.75)
    assert found.planned_gross == pytest.approx(np.full(6, 12.0))
    assert (found.reached < 0.8).all() and found.methods == ("phone: erlang",)


def test_a_gross_plan_is_worth_what_shrinkage_leaves_of_it() -> None:
    ds = hours()
    net, gross = (
        gap([demand(ds, 60)], one, TARGETS, interval=Interval.HALF_HOUR, tz=TZ)
        for one in (plan(ds, 15), plan(ds, 20, gross=True))
    )
    assert gross.net == pytest.approx(net.net)


def test_queues_of_one_group_are_one_line_and_need_fewer_than_apart() -> None:
    ds = hours()
    parts = [demand(ds, 30, 240, queue="a"), demand(ds, 10, 600, queue="b")]
    pooled = gap(parts, plan(ds, 0), TARGETS, interval=Interval.HALF_HOUR, tz=TZ)
    aht = (30 * 240 + 10 * 600) / 40
    assert pooled.aht == pytest.approx(np.full(6, aht))
    assert pooled.needed_net == pytest.approx(agents_needed(40 * aht / 1800, aht, TARGETS).repeat(6))
    apart = sum(
        gap([one], plan(ds, 0), TARGETS, interval=Interval.HALF_HOUR, tz=TZ).needed_net[0] for one in parts
    )
    assert pooled.needed_net[0] < apart


def test_mail_is_staffed_by_its_backlog_and_marked_so() -> None:
    ds = hours()
    found = gap(
        [demand(ds, 12, 450, channel="email")], plan(ds, 5), TARGETS, interval=Interval.HALF_HOUR, tz=TZ
    )
    assert (
        found.needed_net.tolist() == [3.0] * 6
    )  # 3.33 would leave nothing waiting; the rest has until tomorrow
    assert found.methods == ("email: backlog",) and np.isnan(found.reached).all()


def test_a_finer_demand_is_summed_to_the_interval_and_a_coarser_plan_holds_for_all_of_it() -> None:
    quarter = hours(interval=Interval.QUARTER)
    found = gap(
        [demand(quarter, 30)],
        plan(hours(interval=Interval.HOUR), 8),
        TARGETS,
        interval=Interval.HALF_HOUR,
        tz=TZ,
    )
    assert found.contacts.tolist() == [60.0] * 6 and found.planned_net.tolist() == [8.0] * 6
    mixed = Plan(quarter, np.tile([10.0, 20.0], 6), np.zeros(12, dtype=bool))
    found = gap([demand(quarter, 30)], mixed, TARGETS, interval=Interval.HALF_HOUR, tz=TZ)
    assert found.planned_net == pytest.approx(np.full(6, 15.0))


def test_a_plan_by_day_holds_all_day_and_a_day_without_plan_has_no_gap() -> None:
    ds = np.concatenate([hours(), hours(day=DAY + 1), hours(day=DAY + 2)])
    midnights = Grid.days(DAY, DAY + 1, Interval.DAY, TZ).ds
    found = gap([demand(ds, 60)], plan(midnights, 12), TARGETS, interval=Interval.HALF_HOUR, tz=TZ)
    assert found.planned_net[:12].tolist() == [12.0] * 12 and np.isnan(found.net[12:]).all()
    assert [one.day for one in day_sums(found, TZ)] == [DAY, DAY + 1]


def test_an_interval_that_a_plan_leaves_out_has_nobody() -> None:
    ds = hours()
    found = gap([demand(ds, 60)], plan(ds[:4], 12), TARGETS, interval=Interval.HALF_HOUR, tz=TZ)
    assert found.planned_net.tolist() == [12.0] * 4 + [0.0] * 2


def test_day_sums_keep_short_and_over_apart() -> None:
    ds = hours()
    need = float(agents_needed(60 * 300 / 1800, 300, TARGETS)[0])
    two_sided = Plan(ds, np.array([need + 2] * 3 + [need - 4] * 3), np.zeros(6, dtype=bool))
    (one,) = day_sums(gap([demand(ds, 60)], two_sided, TARGETS, interval=Interval.HALF_HOUR, tz=TZ), TZ)
    assert (one.over_net, one.under_net) == (3.0, 6.0)
    assert (one.over_gross, one.under_gross) == (4.0, 8.0)
    assert one.needed_net == pytest.approx(3 * need) and one.unknown == 0


def test_what_is_not_known_is_no_need_of_zero() -> None:
    ds = hours()
    found = gap([demand(ds, 60, np.nan)], plan(ds, 12), TARGETS, interval=Interval.HALF_HOUR, tz=TZ)
    assert np.isnan(found.needed_net).all() and day_sums(found, TZ)[0].unknown == 6
    closed = gap([demand(ds, 0, np.nan)], plan(ds, 0), TARGETS, interval=Interval.HALF_HOUR, tz=TZ)
    assert closed.needed_net.tolist() == [0.0] * 6


def test_the_repeated_hour_has_both_its_buckets() -> None:
    ds = hours(0, 6, day=CLOCKS_BACK)
    found = gap([demand(ds, 60)], plan(ds, 12), TARGETS, interval=Interval.HALF_HOUR, tz=TZ)
    assert len(found.ds) == 14 and set(np.diff(found.ds)) == {1800 * SECOND}
    (one,) = day_sums(found, TZ)
    assert one.planned_net == pytest.approx(7 * 12.0)
