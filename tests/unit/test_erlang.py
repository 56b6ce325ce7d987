"""Erlang C and A against exact fractions, published figures, and a simulation that knows no formula."""

from __future__ import annotations

import heapq
import math
from decimal import Decimal, getcontext
from fractions import Fraction

import numpy as np
import pytest

from forecast.errors import InputError
from forecast.staffing.erlang import erlang_b, erlangs, line
from forecast.staffing.needs import Targets, agents_needed, gross, net

AHT = 300.0


def blocking(load: Fraction, agents: int) -> Fraction:
    """B by its recursion in exact numbers."""
    found = Fraction(1)
    for at in range(1, agents + 1):
        found = load * found / (at + load * found)
    return found


def waiting(load: Fraction, agents: int) -> Fraction:
    """C by the sums of its definition, in exact numbers."""
    top = load**agents / Fraction(math.factorial(agents)) * agents / (agents - load)
    return top / (sum(load**k / Fraction(math.factorial(k)) for k in range(agents)) + top)


def impatient(load: float, agents: int, patience: float, seconds: float) -> tuple[float, float, float, float]:
    """(service level, share that hangs up, share that waits, busy agents) of M/M/n+M from its birth and death chain.

    A caller who finds k waiting is served when k + 1 leave the line; that within `seconds`, and before losing patience,
    is summed over the chain of a single caller by its transition rates, in 60 digits.
    """
    getcontext().prec = 60
    a, ratio = Decimal(load), Decimal(AHT) / Decimal(patience)
    weights = [Decimal(1)]
    while len(weights) <= agents + 20 or weights[-1] > weights[0] * Decimal("1e-40"):
        k = len(weights)
        weights.append(weights[-1] * a / (min(k, agents) + ratio * max(k - agents, 0)))
    total = sum(weights)
    chance = np.array([float(one / total) for one in weights])
    ahead = np.arange(len(chance) - agents)
    line_ = chance[agents:]
    lost = float((line_ * ahead).sum()) * float(ratio) / load
    level = float(chance[:agents].sum()) + float(line_ @ _served(len(ahead), agents, patience, seconds))
    busy = float((np.minimum(np.arange(len(chance)), agents) * chance).sum())
    return level, lost, float(line_.sum()), busy


def _served(count: int, agents: int, patience: float, seconds: float) -> np.ndarray:
    """float[count]: chance of one who finds so many waiting to be served within `seconds`, by uniformisation."""
    leave = agents / AHT + np.arange(count) / patience  # of those before, and of the agents
    own = 1 / patience
    rate = float((leave + own).max())
    move, quit_ = leave / rate, own / rate
    now, served = np.zeros(count), np.zeros(count)
    weight, step, at = math.exp(-rate * seconds), now, 0
    reached = weight
    while reached < 1 - 1e-13 and at < 5000:  # step: chance to have been served after `at` events
        step = move * np.concatenate([[1.0], step[:-1]]) + (1 - move - quit_) * step
        at += 1
        weight *= rate * seconds / at
        reached += weight
        served += weight * step
    return served


@pytest.mark.parametrize(
    ("load", "agents"), [(10, 15), (6, 8), (1, 1), (100, 110), (500, 300), (3, 0), (2, 60)]
)
def test_blocking_is_what_exact_fractions_give(load: int, agents: int) -> None:
    assert erlang_b(load, agents)[0] == pytest.approx(float(blocking(Fraction(load), agents)), rel=1e-12)


def test_a_published_table_is_met() -> None:
    # Erlang B: 10 erlangs on 15 trunks lose 3.65 %, on 18 0.71 %; 7.35 erlangs on 14 trunks 1 % (standard traffic tables)
    assert erlang_b([10, 10, 7.35], [15, 18, 14]) == pytest.approx([0.0365, 0.0071, 0.01], abs=6e-5)


@pytest.mark.parametrize(("load", "agents"), [(6, 8), (10, 11), (45, 50), (120, 121)])
def test_waiting_answer_and_service_level_are_those_of_exact_fractions(load: int, agents: int) -> None:
    exact = float(waiting(Fraction(load), agents))
    found = line(load, AHT, agents, None)
    assert found.waiting[0] == pytest.approx(exact, rel=1e-11)  # type: ignore[attr-defined]
    assert found.asa[0] == pytest.approx(exact * AHT / (agents - load), rel=1e-11)
    level = 1 - exact * math.exp(-(agents - load) * 20 / AHT)
    assert found.service_level(20)[0] == pytest.approx(level, rel=1e-11)
    assert found.occupancy[0] == pytest.approx(load / agents)


@pytest.mark.parametrize(
    ("load", "agents", "patience"),
    [(6, 8, 60.0), (20, 18, 90.0), (50, 40, 600.0), (3, 9, 30.0), (10, 10, 30_000.0)],
)
def test_impatient_callers_meet_what_the_chain_of_states_says(
    load: float, agents: int, patience: float
) -> None:
    level, lost, waits, busy = impatient(load, agents, patience, 20.0)
    found = line(load, AHT, agents, patience)
    assert found.service_level(20.0)[0] == pytest.approx(level, abs=1e-9)
    assert found.abandonment[0] == pytest.approx(lost, abs=1e-9)
    assert found.waiting[0] == pytest.approx(waits, abs=1e-9)  # type: ignore[attr-defined]
    assert found.occupancy[0] == pytest.approx(busy / agents, abs=1e-9)


def test_with_endless_patience_erlang_a_is_erlang_c() -> None:
    load = np.array([0.5, 6.0, 80.0, 900.0, 9_990.0])
    agents = np.ceil(load + np.sqrt(load) + 1)
    patient, endless = line(load, AHT, agents, 1e7), line(load, AHT, agents, None)
    assert patient.service_level(20) == pytest.approx(endless.service_level(20), abs=1e-5)
    assert patient.asa == pytest.approx(endless.asa, rel=3e-3, abs=1e-6)
    assert patient.abandonment == pytest.approx(np.zeros(5), abs=1e-6)


def test_nothing_overflows_up_to_ten_thousand_erlangs_and_far_from_balance() -> None:
    load = np.array([1e-6, 1e-3, 1.0, 100.0, 10_000.0])[:, None]
    agents = np.array([0.0, 1.0, 50.0, 5_000.0, 9_999.0, 10_000.0, 10_100.0, 20_000.0])[None, :]
    for patience in (None, 1.0, 60.0, 86_400.0):
        found = line(load, AHT, agents, patience)
        level = found.service_level(20)
        assert np.isfinite(level).all() and ((level >= -1e-9) & (level <= 1 + 1e-9)).all()
        assert (np.diff(level, axis=1) >= -1e-9).all()  # an agent more never harms
        assert ((found.occupancy >= 0) & (found.occupancy <= 1 + 1e-9)).all()
        assert ((found.abandonment >= 0) & (found.abandonment <= 1)).all()
        assert not np.isnan(found.asa).any()
    recursion = 1.0
    for at in range(1, 5_001):
        recursion = 10_000 * recursion / (at + 10_000 * recursion)
    assert erlang_b(10_000, 5_000)[0] == pytest.approx(recursion, rel=1e-12)


def test_cells_without_calls_or_without_agents_say_so() -> None:
    for patience in (None, 60.0):
        idle, alone = line(0.0, np.nan, 0.0, patience), line(2.0, AHT, 0.0, patience)
        assert (idle.service_level(20)[0], idle.asa[0], idle.occupancy[0], idle.abandonment[0]) == (
            1,
            0,
            0,
            0,
        )
        assert alone.service_level(20)[0] == 0 and alone.asa[0] == np.inf
    assert line(2.0, AHT, 0.0, 60.0).abandonment[0] == 1
    assert line(2.0, AHT, 2.0, None).asa[0] == np.inf  # they can never catch up
    assert np.isnan(line(np.nan, AHT, 3.0, None).service_level(20)[0])
    assert erlangs([0, 6], [np.nan, AHT], 1800.0).tolist() == [0.0, 1.0]


@pytest.mark.parametrize("patience", [None, 90.0])
def test_the_least_number_of_agents_keeps_the_targets_and_one_less_does_not(patience: float | None) -> None:
    load = np.concatenate([np.array([0.01, 0.5, 1.0, 9.999, 10.0]), np.geomspace(0.1, 10_000, 120)])
    targets = Targets(0.8, 20, patience_seconds=patience, max_occupancy=0.92)
    need = agents_needed(load, AHT, targets)

    def kept(agents: np.ndarray) -> np.ndarray:
        found = line(load, AHT, agents, patience)
        return (found.service_level(20) >= 0.8) & (found.occupancy <= 0.92)

    assert kept(need).all() and not kept(need - 1).any()
    assert (need == np.round(need)).all() and need[4] >= need[3]


def test_planners_tables_agree() -> None:
    # 100 calls of 180 s in half an hour are 10 erlangs: 14 agents answer 88.8 % within 20 s, 13 do not reach 80 % (Erlang C)
    assert agents_needed(erlangs(100, 180, 1800), 180, Targets(0.8, 20, max_occupancy=1)).tolist() == [14]
    assert line(10, 180, 14, None).service_level(20)[0] == pytest.approx(0.8884, abs=1e-4)
    assert line(10, 180, 13, None).service_level(20)[0] < 0.8


def test_no_calls_need_nobody_and_unknown_ones_stay_unknown() -> None:
    targets = Targets(min_agents=2)
    assert agents_needed([0.0, 0.01], AHT, targets).tolist() == [0.0, 2.0]
    assert np.isnan(agents_needed([np.nan, 3.0], [AHT, np.nan], targets)).all()


def test_gross_is_net_over_what_shrinkage_leaves() -> None:
    assert gross(np.array([14.0]), 0.3).tolist() == [20.0]
    assert net(gross(np.array([14.0]), 0.35), 0.35) == pytest.approx([14.0])


@pytest.mark.parametrize(
    "wrong", [{"shrinkage": 1.0}, {"service_level": 1.0}, {"max_occupancy": 0.0}, {"patience_seconds": 0.0}]
)
def test_targets_that_cannot_be_are_refused_by_name(wrong: dict[str, float]) -> None:
    with pytest.raises(InputError, match=next(iter(wrong))):
        Targets(**wrong)


def simulated(calls: int, load: float, agents: int, patience: float, seed: int) -> tuple[float, float, float]:
    """(share answered within 20 s, share that hung up, mean wait of the answered): call by call, first come first served."""
    rng = np.random.default_rng(seed)
    came = np.cumsum(rng.exponential(AHT / load, calls))
    takes, stays = rng.exponential(AHT, calls), rng.exponential(patience, calls)
    free = [0.0] * agents
    within = lost = 0
    waited: list[float] = []
    for at, work, stay in zip(came.tolist(), takes.tolist(), stays.tolist(), strict=True):
        begins = max(at, free[0])
        if begins - at > stay:
            lost += 1
            continue
        heapq.heapreplace(free, begins + work)
        waited.append(begins - at)
        within += begins - at <= 20
    return within / calls, lost / calls, float(np.mean(waited))


@pytest.mark.parametrize(
    ("load", "agents", "patience"), [(20.0, 20, 120.0), (40.0, 36, 60.0), (18.0, 21, 1e12)]
)
def test_a_simulation_call_by_call_agrees_within_its_error(load: float, agents: int, patience: float) -> None:
    runs = np.array([simulated(20_000, load, agents, patience, seed) for seed in range(6)])
    middle, error = runs.mean(axis=0), runs.std(axis=0, ddof=1) / math.sqrt(len(runs))
    found = line(load, AHT, agents, None if patience > 1e9 else patience)
    said = np.array([found.service_level(20)[0], found.abandonment[0], found.asa[0]])
    assert (np.abs(middle - said) <= 5 * error + 0.01 * np.abs(said)).all(), (middle, said, error)
