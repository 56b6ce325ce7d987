"""Evidence on small worlds whose truth is planted: who leads, by how much, and when the gate opens."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest

from forecast import catalogue
from forecast.evidence import NOT_YET, OPEN, SHUT, Finding, decide, decisions, findings, gate
from forecast.models.signal_effect import Rows, Scored
from tests.worlds import Storms, midnight

INTRADAY = {"0-1h", "1-4h", "4-24h"}
BANDS = {"0-1h", "1-4h", "4-24h", "1-3d", "3-7d"}


@lru_cache
def found(storms: Storms) -> dict[str, Finding]:
    rates = catalogue.rates(("level_profile",))
    return {
        one.lead_band: one for one in findings(storms.archive().at(midnight(storms.days)), "calls", rates)
    }


def test_posts_that_lead_by_forty_minutes_open_the_gate_for_the_next_hour() -> None:
    hour = found(Storms(1))["0-1h"]
    assert hour.gate == OPEN
    assert 0 < hour.lower < hour.lift < hour.upper
    assert hour.n >= 200
    assert "twice in a row" in hour.why


@pytest.mark.parametrize("minutes", [40.0, 90.0])
def test_the_head_start_is_found_within_a_bucket(minutes: float) -> None:
    lead = found(Storms(1 if minutes == 40 else 3, ahead=minutes))["0-1h"].leads_by_minutes
    assert lead is not None
    assert abs(lead - minutes) <= 30


def test_unrelated_posts_stay_shut_and_have_no_head_start() -> None:
    """A gate at the 5th percentile is fooled now and then; of these twenty, once at most."""
    every = [one for seed in (1, 2, 3, 4) for one in found(Storms(seed, related=False)).values()]
    assert len(every) == 4 * len(BANDS)
    assert sum(one.gate == OPEN for one in every) <= 1
    assert not [one for one in every if one.gate == OPEN and one.lead_band == "0-1h"]
    assert {one.gate for one in every if one.lead_band in INTRADAY} == {SHUT}
    assert {one.gate for one in every if one.lead_band not in INTRADAY} == {NOT_YET}
    assert {one.leads_by_minutes for one in every} == {None}


@pytest.mark.parametrize("minutes", [-40.0, -60.0])
def test_posts_that_lag_have_a_negative_head_start(minutes: float) -> None:
    lead = found(Storms(2, ahead=minutes))["0-1h"].leads_by_minutes
    assert lead is not None
    assert lead < 0
    assert abs(lead - minutes) <= 30


def test_five_weeks_are_not_enough_history_and_say_so() -> None:
    every = found(Storms(1, days=35))
    assert set(every) == BANDS
    for one in every.values():
        assert one.gate == NOT_YET
        assert one.why.startswith("not enough history: 0 of about 200")


def test_evidence_of_an_earlier_date_does_not_know_what_came_later() -> None:
    rates = catalogue.rates(("level_profile",))
    whole = Storms(1).archive()
    assert whole.series["calls"].offered.known_at.max() > midnight(60)
    assert {one.gate for one in findings(whole.at(midnight(60)), "calls", rates)} == {NOT_YET}


def scored(useful_from: int, *, days: int = 100, useful_until: int = 1000, a_day: int = 4) -> Scored:
    """Rows of 100 days; the signal foretells half of the excess on some of them, and misleads by a little before."""
    rng = np.random.default_rng(1)
    day = np.repeat(np.arange(days), a_day)
    excess = rng.standard_normal(len(day)) * 10
    helps = (day >= useful_from) & (day < useful_until)
    guess = np.where(helps, 0.9 * excess, -0.05 * excess)
    full = np.full(len(day), 50.0)
    rows = Rows("0-1h", day * 10 + 1, day, day + 1, excess, full, full, np.zeros((len(day), 3)))
    return Scored(rows, np.zeros(len(day)), guess, np.ones(len(day), dtype=bool))


def test_the_gate_opens_where_two_weekly_decisions_agree() -> None:
    always = scored(0)
    assert [one.verdict for one in decisions(always)] == [OPEN, OPEN]
    assert gate(always) == 1.0


def test_one_good_week_alone_does_not_open_the_gate() -> None:
    start = next(at for at in range(60, 100) if decisions(scored(at))[1].verdict != OPEN)
    now, before = decisions(scored(start))
    assert (now.verdict, before.verdict) == (OPEN, SHUT)
    assert gate(scored(start)) == 0.0


def test_a_useless_signal_stays_shut() -> None:
    assert decisions(scored(1000))[0].verdict == SHUT
    assert gate(scored(1000)) == 0.0


@pytest.mark.parametrize(("days", "a_day"), [(40, 20), (100, 1)])
def test_too_few_days_or_forecasts_are_neither_open_nor_shut(days: int, a_day: int) -> None:
    assert decisions(scored(0, days=days, a_day=a_day))[0].verdict == NOT_YET


def test_a_decision_counts_only_what_had_matured_by_its_date() -> None:
    whole = scored(0, useful_until=70)
    assert decide(whole, until=70).n == 70 * 4
    assert decide(whole, until=70).lift == pytest.approx(0.9)
    assert decide(whole, until=100).lift < 0.9
    assert decide(whole, until=-1).n == 0


def test_the_same_rows_give_the_same_decision() -> None:
    assert decide(scored(0), until=100) == decide(scored(0), until=100)
