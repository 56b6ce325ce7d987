"""Laws of staffing that hold whatever the numbers: more agents never harm, nothing is lost, the least is the least."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from forecast.buckets import SECOND, Interval
from forecast.staffing.backlog import Inbox, course, worked
from forecast.staffing.chat import chat_line
from forecast.staffing.levels import least_agents
from forecast.staffing.needs import Targets, agents_needed
from forecast.staffing.plan import Demand, needed, reached

HALF = 1800.0
START = int(np.datetime64("2026-03-02T00:00", "ns").astype(np.int64))
LOADS = st.floats(1e-3, 1e4)
COUNTS = st.builds(
    lambda seed, size, mean: [int(one) for one in np.random.default_rng(seed).poisson(mean, [size])],
    st.integers(0, 10_000),
    st.sampled_from([48, 72, 96]),
    st.sampled_from([0.0, 0.3, 4.0, 40.0]),
)
FEW = settings(max_examples=25, deadline=None, derandomize=True, database=None)


@st.composite
def promises(draw: st.DrawFn) -> Targets:
    return Targets(
        service_level=draw(st.sampled_from([0.0, 0.5, 0.8, 0.95])),
        answer_seconds=draw(st.sampled_from([0.0, 20.0, 120.0])),
        patience_seconds=draw(st.sampled_from([None, 30.0, 300.0])),
        max_occupancy=draw(st.sampled_from([0.7, 0.9, 1.0])),
        concurrency=draw(st.integers(1, 5)),
        slowdown=draw(st.floats(0, 1)),
        response_hours=draw(st.sampled_from([0.5, 4.0, 24.0, 60.0])),
        response_share=draw(st.sampled_from([0.5, 0.9, 1.0])),
        response_clock=draw(st.sampled_from(["clock", "open"])),
    )


def inbox(counts: list[int], opens: int, closes: int, waiting: float, age: float) -> Inbox:
    n = len(counts)
    ds = START + np.arange(n, dtype=np.int64) * 1800 * SECOND
    contacts = np.array(counts, dtype=np.float64)
    slot = np.arange(n) % 48
    open_ = (slot >= opens) & (slot < closes)
    return Inbox(
        ds, np.full(n, HALF), contacts, contacts * 240, open_, "UTC", waiting, waiting * 240, age * 3600
    )


@FEW
@given(LOADS, st.floats(10, 3_000), promises())
def test_chats_are_served_better_by_more_agents_and_by_agents_who_hold_more(
    load: float, aht: float, targets: Targets
) -> None:
    agents = np.ceil(load * np.array([0.0, 0.2, 0.5, 0.9, 1.0, 1.2, 3.0])) + np.arange(7)
    levels = [
        chat_line(
            load, aht, agents, targets.patience_seconds, concurrency=k, slowdown=targets.slowdown
        ).service_level(20.0)
        for k in (1, targets.concurrency)
    ]
    for level in levels:
        assert ((level >= -1e-9) & (level <= 1 + 1e-9)).all() and (np.diff(level) >= -1e-9).all()
    assert (levels[1] >= levels[0] - 1e-9).all()


@FEW
@given(st.lists(LOADS, min_size=1, max_size=20), promises())
def test_need_falls_with_concurrency_and_grows_with_load_and_with_callbacks(
    loads: list[float], targets: Targets
) -> None:
    load = np.sort(np.array(loads))
    chats = agents_needed(load, 300.0, targets, chats=True)
    assert (chats <= agents_needed(load, 300.0, targets)).all()
    assert (np.diff(chats) >= 0).all() or targets.patience_seconds is not None
    more = agents_needed(load, 300.0, targets, chats=True, callbacks=load / 2)
    assert (more >= chats).all()


@FEW
@given(
    COUNTS,
    st.integers(0, 24),
    st.integers(25, 48),
    st.floats(0, 200),
    st.floats(0, 90),
    promises(),
    st.integers(0, 12),
)
def test_every_contact_is_answered_or_waits_and_more_agents_leave_less(
    counts: list[int], opens: int, closes: int, waiting: float, age: float, targets: Targets, agents: int
) -> None:
    own = course(inbox(counts, opens, closes, waiting, age), targets)
    less, more = (worked(own, np.where(own.open, each * HALF, 0.0)) for each in (agents, agents + 1))
    total = waiting + np.cumsum(counts)
    assert np.allclose(less.waiting + np.cumsum(less.answered), total, atol=1e-3)
    assert (more.waiting <= less.waiting + 1e-6).all()
    assert (np.nan_to_num(more.in_time) >= np.nan_to_num(less.in_time) - 1e-6).all()
    assert (less.done <= agents * HALF + 1e-3).all() and (less.done[~own.inbox.open] < 1e-6).all()
    assert ((less.oldest_hours > 0) <= (less.waiting > -1)).all() and (less.oldest_hours >= 0).all()


@FEW
@given(COUNTS, st.integers(0, 24), st.integers(25, 48), promises(), st.sampled_from(["level", "late"]))
def test_a_plan_is_whole_open_and_never_more_than_all_at_once_would_take(
    counts: list[int], opens: int, closes: int, targets: Targets, shape: str
) -> None:
    box = inbox(counts, opens, closes, 0.0, 0.0)
    own = course(box, targets)
    agents = least_agents(own, targets, lambda many: many * HALF, shape=shape)  # type: ignore[arg-type]
    assert (agents == np.round(agents)).all() and (agents[~box.open] == 0).all() and (agents >= 0).all()
    assert agents.sum() > 0 or sum(counts) == 0 or targets.response_hours > 4


@FEW
@given(COUNTS, COUNTS, promises())
def test_a_blended_group_never_needs_more_than_its_parts_where_every_call_is_answered(
    calls: list[int], mails: list[int], targets: Targets
) -> None:
    """Where callers hang up, agents who come for the mail answer some of those calls first, and may be more."""
    targets = replace(targets, patience_seconds=None)
    n = min(len(calls), len(mails))
    ds = START + np.arange(n, dtype=np.int64) * 1800 * SECOND
    demands = [
        Demand(channel, channel, ds, np.array(counts[:n], dtype=np.float64), np.full(n, 240.0))
        for channel, counts in (("phone", calls), ("email", mails))
    ]
    apart, together = (
        needed(demands, targets, interval=Interval.HALF_HOUR, tz="UTC", blended=both)
        for both in (False, True)
    )
    assert together.net.sum() <= apart.net.sum()
    assert (together.net >= dict(apart.parts)["phone"]).all()
    again = reached(demands, together.net, targets, interval=Interval.HALF_HOUR, tz="UTC", blended=True)
    assert np.allclose(again.backlog, together.backlog) and (again.occupancy <= 1 + 1e-9).all()
