"""Several chats at once: the formula against its own chain of states, the phone, a simulation; what more chats at once save."""

from __future__ import annotations

import math

import numpy as np
import pytest

from benchmarks.staffing_simulation import run_line
from forecast.staffing.chat import chat_line, log_all_full, share_idle, work_rate
from forecast.staffing.erlang import line
from forecast.staffing.needs import Calls, Targets, agents_needed

AHT = 300.0
CELLS = [
    (5.0, 4, 2, 0.3),
    (5.0, 4, 3, 0.3),
    (50.0, 30, 3, 0.2),
    (9.0, 10, 2, 1.0),
    (1.0, 1, 2, 0.3),
    (0.05, 3, 2, 0.4),
    (30.0, 100, 3, 0.4),
    (400.0, 250, 4, 0.4),
]


def states(load: float, agents: int, k: int, slowdown: float, ratio: float) -> tuple[float, float, float]:
    """(share that waits, share of idle agents, share that leaves) of the chain, state by state; ratio: aht / patience, 0 none."""
    logs, highest, at = [0.0], 0.0, 0
    while logs[-1] > highest - 60:
        at += 1
        held, more = divmod(min(at, agents * k), agents)
        rate = (agents - more) * work_rate(held, slowdown) + (
            more * work_rate(held + 1, slowdown) if more else 0.0
        )
        logs.append(logs[-1] + math.log(load / (rate + ratio * max(at - agents * k, 0))))
        highest = max(highest, logs[-1])
    chance = np.exp(np.array(logs) - highest)
    chance /= chance.sum()
    number = np.arange(len(chance))
    left = float((chance * np.maximum(number - agents * k, 0)).sum()) * ratio / load
    return (
        float(chance[agents * k :].sum()),
        float((chance * np.maximum(1 - number / agents, 0)).sum()),
        left,
    )


@pytest.mark.parametrize(("load", "agents", "k", "slowdown"), CELLS)
@pytest.mark.parametrize("patience", [None, 90.0])
def test_the_formula_is_its_chain_of_states_summed(
    load: float, agents: int, k: int, slowdown: float, patience: float | None
) -> None:
    waits, idle, left = states(load, agents, k, slowdown, 0.0 if patience is None else AHT / patience)
    found = chat_line(load, AHT, agents, patience, concurrency=k, slowdown=slowdown)
    assert found.waiting[0] == pytest.approx(waits, rel=1e-8, abs=1e-14)
    assert found.abandonment[0] == pytest.approx(left, rel=1e-8, abs=1e-14)
    free = share_idle(load, AHT, agents, patience, concurrency=k, slowdown=slowdown)
    assert free[0] == pytest.approx(idle, abs=1e-12)


def test_one_at_once_is_the_phone_and_without_slowdown_an_agent_counts_for_as_many_as_he_holds() -> None:
    load, agents = np.geomspace(0.1, 5_000, 12), np.ceil(np.geomspace(0.1, 5_000, 12) * 1.1 + 1)
    for patience in (None, 120.0):
        phone = line(load, AHT, agents, patience)
        one = chat_line(load, AHT, agents, patience, concurrency=1, slowdown=0.5)
        assert one.service_level(20).tolist() == phone.service_level(20).tolist()
        three = chat_line(load, AHT, agents, patience, concurrency=3, slowdown=0.0)
        assert three.asa == pytest.approx(line(load, AHT, 3 * agents, patience).asa)


def test_a_tiny_slowdown_is_next_to_none_and_almost_no_gain_next_to_no_gain() -> None:
    load, agents = np.array([7.0, 70.0]), np.array([6.0, 50.0])
    none, some = (log_all_full(load, agents, 3, slow) for slow in (0.0, 1e-9))
    assert some == pytest.approx(none, rel=1e-6)
    close, no_gain = (log_all_full(load, agents, 3, slow) for slow in (0.998, 1.0))
    assert close == pytest.approx(no_gain, rel=2e-2)


@pytest.mark.parametrize("slowdown", [0.0, 0.15, 0.5, 1.0])
@pytest.mark.parametrize("patience", [None, 180.0])
def test_who_may_hold_more_at_once_never_needs_more_agents(slowdown: float, patience: float | None) -> None:
    load = np.geomspace(0.05, 10_000, 40)
    need = [
        agents_needed(
            load,
            AHT,
            Targets(0.8, 20, patience_seconds=patience, concurrency=k, slowdown=slowdown),
            chats=True,
        )
        for k in (1, 2, 3, 4)
    ]
    for fewer, more in zip(need[1:], need[:-1], strict=True):
        assert (fewer <= more).all()
    assert (need[1] < need[0])[10:].all() or slowdown == 1.0
    assert (need[1] >= need[0] / 2 - 1).all()  # two at once do not do more than twice the work


def test_the_least_number_keeps_the_targets_and_one_less_does_not() -> None:
    load = np.geomspace(0.2, 9_000, 30)
    targets = Targets(0.9, 30, max_occupancy=0.85, concurrency=3, slowdown=0.25)
    need = agents_needed(load, AHT, targets, chats=True)
    for agents, fine in ((need, True), (need - 1, False)):
        met = chat_line(load, AHT, agents, None, concurrency=3, slowdown=0.25)
        assert (((met.service_level(30) >= 0.9) & (met.occupancy <= 0.85 + 1e-9)) == fine).all()


@pytest.mark.parametrize("slowdown", [0.0, 0.1, 0.5, 0.99, 0.999, 1.0])
def test_nothing_overflows_up_to_ten_thousand_erlangs(slowdown: float) -> None:
    load = np.array([1e-6, 1.0, 100.0, 10_000.0])[:, None]
    agents = np.array([0.0, 1.0, 50.0, 5_000.0, 9_999.0, 20_000.0])[None, :]
    for k in (2, 6):
        for patience in (None, 1.0, 86_400.0):
            found = chat_line(load, AHT, agents, patience, concurrency=k, slowdown=slowdown)
            level = found.service_level(20)
            assert np.isfinite(level).all() and ((level >= -1e-9) & (level <= 1 + 1e-9)).all()
            assert (np.diff(level, axis=1) >= -1e-9).all()
            assert not np.isnan(found.asa).any()


def test_no_chats_need_nobody_and_unknown_ones_stay_unknown() -> None:
    targets = Targets(concurrency=3, slowdown=0.2, min_agents=2)
    assert agents_needed([0.0, 0.01], AHT, targets, chats=True).tolist() == [0.0, 2.0]
    assert np.isnan(agents_needed([np.nan, 3.0], [AHT, np.nan], targets, chats=True)).all()
    idle = share_idle([0.0, np.nan, 5.0], AHT, [2.0, 2.0, 0.0], None, concurrency=2, slowdown=0.2)
    assert idle[0] == 1.0 and np.isnan(idle[1]) and idle[2] == 0.0


def test_callbacks_count_for_the_occupancy_and_not_for_the_service_level() -> None:
    targets = Targets(0.8, 20, max_occupancy=0.9)
    without, some, many = (agents_needed(10.0, AHT, targets, callbacks=each)[0] for each in (0.0, 2.0, 40.0))
    assert without == some  # they fit into idle time
    assert many == math.ceil(50 / 0.9)
    alone = agents_needed([0.0, 0.0], [np.nan, AHT], targets, callbacks=[9.0, 0.0])
    assert alone.tolist() == [10.0, 0.0]
    cells = Calls(np.array([100.0]), np.array([AHT]), np.array([40.0]), targets)
    assert cells.occupancy(np.array([160.0]))[0] == pytest.approx(140 / 160)
    impatient = Targets(0.8, 20, patience_seconds=60.0, max_occupancy=0.9)
    need = agents_needed(100.0, AHT, impatient, callbacks=40.0)
    busy = Calls(np.array([100.0]), np.array([AHT]), np.array([40.0]), impatient)
    assert busy.occupancy(need)[0] <= 0.9 < busy.occupancy(need - 1)[0]


def errors(load: float, agents: int, k: int, slowdown: float, patience: float | None) -> tuple[float, float]:
    """(service level said less simulated, its standard error) over six runs."""
    runs = np.array(
        [
            run_line(
                load=load,
                agents=agents,
                aht=AHT,
                contacts=2_500,
                seed=seed,
                patience=patience,
                concurrency=k,
                slowdown=slowdown,
            ).service_level
            for seed in range(6)
        ]
    )
    said = chat_line(load, AHT, agents, patience, concurrency=k, slowdown=slowdown).service_level(20)[0]
    return float(said - runs.mean()), float(runs.std(ddof=1) / math.sqrt(len(runs)))


@pytest.mark.parametrize(
    ("load", "agents", "k", "slowdown", "patience"),
    [(12.0, 8, 2, 0.0, 120.0), (14.0, 7, 3, 0.0, None), (1.2, 1, 3, 0.4, 200.0)],
)
def test_a_simulation_chat_by_chat_agrees_where_the_spread_over_agents_cannot_matter(
    load: float, agents: int, k: int, slowdown: float, patience: float | None
) -> None:
    off, error = errors(load, agents, k, slowdown, patience)
    assert abs(off) <= 4 * error + 0.005


def test_with_few_agents_who_slow_down_it_is_a_few_points_too_good() -> None:
    off, error = errors(9.0, 7, 2, 0.3, None)
    assert -4 * error <= off <= 0.05 + 4 * error
