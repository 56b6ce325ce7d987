"""Phone first, mail in the idle time, several channels in one group, and a team that helps another."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.staffing_simulation import run_mail
from forecast.arrays import Floats
from forecast.buckets import DAY, SECOND, Grid, Interval
from forecast.errors import InputError
from forecast.staffing.backlog import Inbox, course
from forecast.staffing.blended import join
from forecast.staffing.needs import Targets, agents_needed
from forecast.staffing.plan import Demand, Need, Reached, needed, reached, spread

TZ = "Europe/Amsterdam"
MONDAY = int(np.datetime64("2026-03-02", "D").astype(np.int64))
HALF = Interval.HALF_HOUR
FIGURES = ("service_level", "asa", "occupancy", "abandonment", "in_time", "backlog", "oldest_hours")


def demand(
    channel: str, a_day: float, aht: float, *, days: int = 3, queue: str = "", first: int = MONDAY
) -> Demand:
    grid = Grid.days(first, first + days - 1, HALF, TZ)
    hour = grid.slot / 2
    open_ = (hour >= 8) & (hour < 18)
    shape = np.where(open_, 1 + np.sin((hour - 8) / 10 * np.pi), 0.0)
    contacts = shape / shape[grid.day == first].sum() * a_day
    return Demand(queue or channel, channel, grid.ds, contacts, np.full(len(grid), aht), open=open_)


def found(demands: list[Demand], targets: Targets, *, blended: bool = False) -> Need:
    return needed(demands, targets, interval=HALF, tz=TZ, blended=blended)


PHONE, MAIL, CHAT = demand("phone", 1_000, 300.0), demand("email", 400, 360.0), demand("chat", 300, 600.0)
TARGETS = Targets(concurrency=3, slowdown=0.2, response_hours=24)


def hours(need: Need) -> float:
    return float((need.net * need.seconds).sum() / 3600)


def test_a_channel_alone_is_what_its_own_model_says() -> None:
    need = found([PHONE], TARGETS)
    load = PHONE.contacts * 300 / 1800
    assert need.net.tolist() == agents_needed(load, 300.0, TARGETS).tolist()
    assert need.gross == pytest.approx(need.net / 0.7) and need.methods == ("phone: erlang",)
    assert need.words[0].startswith("net") and need.words[1].startswith("gross")
    busy = need.contacts > 0
    assert (need.service_level[busy] >= 0.8).all() and (need.occupancy[busy] <= 0.9 + 1e-9).all()
    assert np.isnan(need.in_time).all() and np.isnan(need.backlog).all()
    chat = found([CHAT], TARGETS)
    assert chat.net.sum() < found([CHAT], replace(TARGETS, concurrency=1)).net.sum()
    assert chat.methods == ("chat: erlang, 3 at once",)


def test_a_blended_group_keeps_both_promises_with_fewer_than_two_groups() -> None:
    apart, together = found([PHONE, MAIL], TARGETS), found([PHONE, MAIL], TARGETS, blended=True)
    assert hours(together) < hours(apart) and together.net.max() < apart.net.max()
    phone = found([PHONE], TARGETS)
    assert (together.net >= phone.net).all()
    assert [name for name, _ in together.parts] == ["blended"]
    assert [name for name, _ in apart.parts] == ["phone", "email"]
    busy = together.contacts > 0
    assert (together.service_level[busy] >= 0.8).all()
    assert (together.occupancy[busy] <= 0.9 + 1e-9).all()
    share = np.nansum(together.in_time * MAIL.contacts) / MAIL.contacts.sum()
    assert share >= 0.9


def test_one_less_agent_in_a_blended_group_breaks_a_promise() -> None:
    targets = replace(TARGETS, response_hours=4.0)
    need = found([PHONE, MAIL], targets, blended=True)
    fewer = reached([PHONE, MAIL], np.maximum(need.net - 1, 0), targets, interval=HALF, tz=TZ, blended=True)
    busy = need.contacts > 0
    share = np.nansum(fewer.in_time * MAIL.contacts) / MAIL.contacts.sum()
    assert (fewer.service_level[busy] < 0.8).any() or share < 0.9


def test_a_little_mail_fits_into_the_idle_time_of_the_phone() -> None:
    need = found([PHONE, demand("email", 30, 300.0)], TARGETS, blended=True)
    assert need.net.tolist() == found([PHONE], TARGETS).net.tolist()


def test_what_the_need_says_it_reaches_is_what_the_reverse_gives() -> None:
    every = [PHONE, MAIL, CHAT, demand("social", 60, 200.0)]
    for blended in (False, True):
        need = found(every, TARGETS, blended=blended)
        given = need.net if blended else dict(need.parts)
        back = reached(every, given, TARGETS, interval=HALF, tz=TZ, blended=blended)
        for name in FIGURES:
            assert getattr(back, name) == pytest.approx(getattr(need, name), nan_ok=True), name
    shared = reached(every, found(every, TARGETS).net, TARGETS, interval=HALF, tz=TZ)
    assert shared.service_level == pytest.approx(found(every, TARGETS).service_level)


def test_more_agents_never_make_anything_worse() -> None:
    need = found([PHONE, MAIL], TARGETS, blended=True)
    last: Reached = need
    for more in (1, 3, 10):
        now = reached([PHONE, MAIL], need.net + more, TARGETS, interval=HALF, tz=TZ, blended=True)
        assert (now.service_level >= last.service_level - 1e-12).all()
        assert (now.backlog <= last.backlog + 1e-6).all() and (
            now.oldest_hours <= last.oldest_hours + 1e-6
        ).all()
        last = now


def test_queues_of_a_channel_are_pooled_and_what_waits_is_counted_once() -> None:
    parts = [
        replace(demand("email", 200, 360.0, queue=name), waiting=50.0, waiting_age_seconds=3600.0)
        for name in "ab"
    ]
    whole = replace(MAIL, waiting=100.0, waiting_age_seconds=3600.0)
    assert found(parts, TARGETS).net.tolist() == found([whole], TARGETS).net.tolist()
    assert found(parts, TARGETS).backlog[0] == pytest.approx(100.0)
    assert found([MAIL], TARGETS).backlog[0] == 0.0


def test_at_least_so_many_are_there_where_something_is_expected() -> None:
    tiny = [demand(channel, 3, 100.0) for channel in ("phone", "email", "chat")]
    need = found(tiny, replace(TARGETS, min_agents=2))
    for _, agents in need.parts:
        assert (agents[need.contacts > 0] == 2).all() and (agents[need.contacts == 0] == 0).all()


@pytest.mark.parametrize("channel", ["phone", "chat", "email"])
def test_at_least_so_many_are_there_where_contacts_are_expected_though_their_median_is_none(
    channel: str,
) -> None:
    mean = demand(channel, 3, 100.0)
    thin = replace(mean, contacts=np.zeros(len(mean.ds)), expected=mean.contacts > 0)
    need = found([thin], replace(TARGETS, min_agents=2))
    assert need.net.tolist() == np.where(mean.contacts > 0, 2.0, 0.0).tolist() and need.net.sum() > 0
    assert found([thin], TARGETS).net.sum() == 0


def test_callbacks_take_time_and_no_service_level() -> None:
    more = replace(PHONE, callbacks=PHONE.contacts * 0.5)
    need, plain = found([more], TARGETS), found([PHONE], TARGETS)
    assert hours(need) > hours(plain) and (need.occupancy <= 0.9 + 1e-9).all()
    assert (need.service_level >= plain.service_level).all()


def test_what_is_not_known_is_no_zero() -> None:
    aht = PHONE.aht.copy()
    aht[60] = np.nan  # inside the second day
    lost = replace(PHONE, contacts=PHONE.contacts + 1, aht=aht)
    need = found([lost], TARGETS)
    assert np.isnan(need.net[60]) and np.isnan(need.net).sum() == 1
    both = found([lost, MAIL], TARGETS, blended=True)
    assert not np.isnan(both.net[:48]).any() and np.isnan(both.net[48:]).all()
    unplanned = reached([PHONE], np.full(len(PHONE.ds), np.nan), TARGETS, interval=HALF, tz=TZ)
    assert np.isnan(unplanned.service_level).all() and np.isnan(unplanned.occupancy).all()
    untold = replace(MAIL, waiting=float("nan"))
    assert not np.isnan(found([untold], TARGETS).net).any()
    assert not np.isnan(found([PHONE, untold], TARGETS, blended=True).net).any()


def test_where_the_need_of_one_channel_is_not_known_nobody_says_what_is_left_for_the_other() -> None:
    aht = PHONE.aht.copy()
    aht[20] = np.nan
    agents = np.where(PHONE.contacts > 0, 30.0, 0.0)
    for demands in ([replace(PHONE, aht=aht), MAIL], [MAIL, replace(PHONE, aht=aht)]):
        told = reached(demands, agents, TARGETS, interval=HALF, tz=TZ)
        assert (told.backlog[:20] == 0).all() and np.isnan(told.backlog[20:]).all()
        assert np.isnan(told.service_level[20]) and told.service_level[21] > 0.8


def test_no_demand_and_no_contacts_need_nobody() -> None:
    assert len(found([], TARGETS).net) == 0
    none = np.zeros(0)
    empty = Demand("a", "email", none.astype(np.int64), none, none)
    for demands in ([empty], [empty, replace(empty, channel="phone")]):
        assert len(found(demands, TARGETS, blended=True).net) == 0
    quiet = [
        replace(one, contacts=np.zeros(len(one.ds)), aht=np.full(len(one.ds), np.nan))
        for one in (PHONE, MAIL)
    ]
    need = found(quiet, TARGETS, blended=True)
    assert need.net.sum() == 0 and (need.occupancy == 0).all() and (need.service_level == 1).all()


def test_a_number_by_day_is_spread_over_the_open_hours() -> None:
    grid = Grid.days(MONDAY, MONDAY + 2, Interval.DAY, TZ)
    daily = Demand("post", "email", grid.ds, np.array([100.0, 0.0, 60.0]), np.full(3, 300.0))
    shut = MAIL.open.copy() if MAIL.open is not None else np.zeros(0, dtype=bool)
    shut[96:] = False
    made = spread(daily, MAIL.ds, shut, TZ)
    assert made.contacts[:48].sum() == pytest.approx(100) and (made.contacts[:48][~shut[:48]] == 0).all()
    assert made.contacts[96:] == pytest.approx(np.full(48, 60 / 48))
    assert len(spread(daily, MAIL.ds[:0], shut[:0], TZ).ds) == 0


def test_both_clock_changes_keep_every_contact() -> None:
    for day in ("2026-03-28", "2026-10-24"):
        first = int(np.datetime64(day, "D").astype(np.int64))
        mail = demand("email", 400, 360.0, first=first)
        need = found([demand("phone", 500, 300.0, first=first), mail], TARGETS, blended=True)
        assert need.contacts.sum() == pytest.approx(2_700) and (np.diff(need.ds) == 1800 * SECOND).all()
        assert (need.net[need.contacts > 0] > 0).all()


def mailbox(agents: float) -> tuple[Inbox, Floats]:
    open_ = MAIL.open if MAIL.open is not None else np.zeros(0, dtype=bool)
    box = Inbox(MAIL.ds, np.full(len(MAIL.ds), 1800.0), MAIL.contacts, MAIL.contacts * 360.0, open_, TZ)
    return box, np.where(open_, agents, 0.0)


def test_the_other_team_lends_what_is_missing_above_the_threshold_and_its_mail_pays() -> None:
    box, own = mailbox(6.0)
    need_a = np.where(own > 0, 10.0, 0.0)
    need_a[20:24] = 15.0
    targets = replace(TARGETS, response_hours=4.0, max_occupancy=1.0)
    made = join(need_a, own, 12.0, course(box, targets), targets)
    assert made.lent[20:24].tolist() == [3.0] * 4 and made.lent.sum() == 12.0
    lost = (
        12 * 1800 / 360
    )  # contacts that the lent agents would have answered, less what they would have idled
    assert 0 < made.backlog_cost.max() <= lost
    assert (made.backlog_cost >= -1e-9).all() and made.backlog_cost[:20].max() == pytest.approx(0.0)
    none = join(need_a, own, 99.0, course(box, targets), targets)
    assert none.lent.sum() == 0 and none.backlog_cost == pytest.approx(np.zeros(len(box.ds)))
    half = join(np.full(len(own), 99.0), own, 12.0, course(box, targets), targets, share=0.5)
    assert half.lent.max() == 3.0


@pytest.mark.parametrize(
    "wrong",
    [
        {"concurrency": 0},
        {"slowdown": 1.5},
        {"response_hours": 0.0},
        {"response_share": 0.0},
        {"response_clock": "sun"},
    ],
)
def test_targets_that_cannot_be_are_refused_by_name(wrong: dict[str, float]) -> None:
    with pytest.raises(InputError, match=next(iter(wrong))):
        Targets(**wrong)  # type: ignore[arg-type]


def test_a_simulation_of_calls_before_mail_agrees() -> None:
    phone, mail = demand("phone", 700, 300.0, days=2), demand("email", 300, 360.0, days=2)
    targets = Targets(max_occupancy=1.0, response_hours=24)
    need = found([phone, mail], targets, blended=True)
    runs = [
        run_mail(
            contacts=mail.contacts,
            aht=360.0,
            agents=need.net,
            seconds=1800.0,
            response_hours=24,
            seed=seed,
            calls=phone.contacts,
        )
        for seed in range(8)
    ]
    levels = np.array([one.level for one in runs])
    said = np.average(need.service_level, weights=phone.contacts)
    assert abs(levels.mean() - said) <= 4 * levels.std(ddof=1) / np.sqrt(8) + 0.01
    waits = np.array([one.waiting[[35, 83]] for one in runs])
    error = waits.std(axis=0, ddof=1) / np.sqrt(8)
    assert (np.abs(waits.mean(axis=0) - need.backlog[[35, 83]]) <= 4 * error + 0.05 * 300).all()
    assert (need.ds[35] // DAY) < (need.ds[83] // DAY)
