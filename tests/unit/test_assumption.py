"""A planner's rule of thumb is scored like a signal: a true one opens, a false one is shown as shut."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest

from forecast import catalogue
from forecast.assumption import Assumption, announced, coming, predicted, shares
from forecast.assumption_evidence import findings_of, open_buckets, score
from forecast.buckets import DAY, Interval, local_ns
from forecast.errors import InputError
from forecast.evidence import NOT_YET, OPEN, SHUT, Finding
from forecast.models.base import bands
from forecast.models.past import past_of
from forecast.models.signal_effect import build_rows
from tests.worlds import HOUR, MINUTE, MONDAY, TZ, Storms, midnight

TRUE = Assumption("calls", "posts", 0.5, 40, 90)  # 60 calls on 120 posts, 40 minutes later
RATES = catalogue.rates(("level_profile",))


@lru_cache
def found(rule: Assumption, *, related: bool = True, days: int = 120) -> dict[str, Finding]:
    held = Storms(1, related=related, days=days).archive().at(midnight(days))
    return {one.lead_band: one for one in findings_of(held, "calls", [rule], RATES)}


def test_a_true_rule_opens_the_gate_for_the_next_hour_and_is_marked_as_assumption() -> None:
    hour = found(TRUE)["0-1h"]
    assert hour.gate == OPEN
    assert 0 < hour.lower < hour.lift
    assert hour.why.startswith("assumption: 0.5 contacts per post beyond the usual, from 40 minutes")
    assert hour.signal == "posts (assumption 0)"


@pytest.mark.parametrize(
    "rule", [replace(TRUE, contacts_per_unit=5.0), replace(TRUE, head_start_minutes=600.0)]
)
def test_a_rule_that_is_far_off_is_shut_and_says_that_it_is_not_used(rule: Assumption) -> None:
    near = [one for band, one in found(rule).items() if band in ("0-1h", "1-4h", "4-24h")]
    assert {one.gate for one in near} == {SHUT}
    assert all("not proven, so it is not used" in one.why for one in near)


def test_a_true_rule_is_scored_at_what_it_says_where_the_queue_is_open_by_then() -> None:
    """Calls come 330 minutes after the posts: seen from nine to eleven, while the queue is open."""
    snapshot = Storms(2, ahead=330.0, days=130, calls=120.0, posts=120.0).archive().at(midnight(130))
    past = past_of(RATES, snapshot, "calls", 366)
    rule = Assumption("calls", "posts", 1.0, 315, 30, 1)
    late = next(one for one in score(snapshot, "calls", past, rule) if one.rows.band == "4-24h")
    start = np.array([midnight(int(day) - MONDAY) for day in late.rows.day])
    slot = (late.rows.moment - start) // (30 * MINUTE)
    said, _ = predicted(rule, snapshot.signal("posts"), late.rows.moment, (4 * 3600, 24 * 3600))
    rows = late.valid & (slot >= 18) & (slot <= 22) & (said > 20)
    assert said[rows].sum() > 0.6 * late.rows.excess[rows].sum()
    assert late.with_signal[rows].sum() > 0.5 * late.rows.excess[rows].sum()


def test_what_a_rule_is_asked_for_are_the_buckets_that_its_target_counts() -> None:
    snapshot = Storms(1, days=80).archive().at(midnight(80))
    past = past_of(RATES, snapshot, "calls", 366)
    told = {band: (begin, stop) for band, begin, stop in bands(Interval.HALF_HOUR)}
    for rows in build_rows(snapshot, "calls", past.hindcasts, past.noise):
        leads = np.arange(*told[rows.band], 1800)
        open_ = open_buckets(rows, past.hindcasts, leads, snapshot.series("calls"))
        assert open_.sum(axis=1).tolist() == rows.buckets.tolist()


def test_a_rule_whose_contacts_would_come_at_night_says_nothing() -> None:
    """Posts of the afternoon, calls eleven hours later for two: between four hours and a day ahead, and all of it closed."""
    snapshot = Storms(1, days=80).archive().at(midnight(80))
    past = past_of(RATES, snapshot, "calls", 366)
    night = replace(TRUE, head_start_minutes=11 * 60, lasts_minutes=120)
    late = next(one for one in score(snapshot, "calls", past, night) if one.rows.band == "4-24h")
    afternoon = late.valid & (local_ns(late.rows.moment, TZ) % DAY == 16 * HOUR)
    assert afternoon.sum() > 20
    said = late.with_signal - late.without
    whole, _ = predicted(night, snapshot.signal("posts"), late.rows.moment, (4 * 3600, 24 * 3600))
    assert np.abs(said[afternoon]).sum() < 0.1 * np.abs(whole[afternoon]).sum()


def test_a_rule_on_posts_that_no_calls_follow_is_shut_everywhere() -> None:
    every = found(TRUE, related=False)
    assert {every[band].gate for band in ("0-1h", "1-4h", "4-24h")} == {SHUT}
    assert OPEN not in {one.gate for one in every.values()}


def test_five_weeks_are_not_enough_history_for_a_rule_either() -> None:
    every = found(TRUE, days=35)
    assert {one.gate for one in every.values()} == {NOT_YET} and len(every) == 5
    assert all("not enough history: 0 of about 200" in one.why for one in every.values())


def test_only_rules_of_the_series_and_of_signals_that_are_there_are_scored() -> None:
    held = Storms(1, days=35).archive().at(midnight(35))
    others = [replace(TRUE, series="mail"), replace(TRUE, signal="negative")]
    assert findings_of(held, "calls", others, RATES) == []


def test_all_contacts_of_all_posts_come_once() -> None:
    edges = np.arange(0, 3 * 1440 * 60, 1800)
    share = shares(
        replace(TRUE, head_start_minutes=1440), Interval.HALF_HOUR, edges.tolist(), (edges + 1800).tolist()
    )
    assert share.sum(axis=0)[:4] == pytest.approx(1.0)


def test_what_is_announced_per_bucket_adds_up_to_what_is_predicted_of_a_band() -> None:
    signal = Storms(1).archive().signals["posts"]
    moment = midnight(100) + 12 * HOUR
    leads = np.arange(0, 4 * 3600, 1800)
    buckets = announced(TRUE, signal, moment, leads, Interval.HALF_HOUR)
    assert buckets is not None
    total, enough = predicted(TRUE, signal, np.array([moment]), (0, 4 * 3600))
    assert enough[0]
    assert buckets.sum() == pytest.approx(float(total[0]))


def test_contacts_announced_for_closed_buckets_do_not_come() -> None:
    signal = Storms(1).archive().signals["posts"]
    moments = midnight(100) + np.array([11, 12]) * HOUR
    leads = np.arange(0, 4 * 3600, 1800)
    every = np.ones((2, len(leads)), dtype=bool)
    whole, _ = coming(TRUE, signal, moments, leads, Interval.HALF_HOUR, every)
    assert whole == pytest.approx(predicted(TRUE, signal, moments, (0, 4 * 3600))[0])
    every[1, 2:] = False
    part, _ = coming(TRUE, signal, moments, leads, Interval.HALF_HOUR, every)
    announces = announced(TRUE, signal, int(moments[1]), leads, Interval.HALF_HOUR)
    assert announces is not None
    assert part == pytest.approx([float(whole[0]), float(announces[:2].sum())])


def test_what_a_rule_predicts_depends_on_nothing_known_later() -> None:
    signal = Storms(1).archive().signals["posts"]
    moments = midnight(100) + np.arange(0, 24 * 60, 30) * MINUTE
    whole, _ = predicted(TRUE, signal, moments, (0, 3600))
    for at, said in zip(moments.tolist()[::6], whole.tolist()[::6], strict=True):
        cut = replace(signal, values=signal.values.until(at))
        assert predicted(TRUE, cut, np.array([at]), (0, 3600))[0][0] == pytest.approx(said)


def test_a_young_signal_announces_nothing() -> None:
    signal = Storms(1, days=10).archive().signals["posts"]
    assert announced(TRUE, signal, midnight(10), np.array([0]), Interval.HALF_HOUR) is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("contacts_per_unit", 0.0),
        ("contacts_per_unit", -1.0),
        ("head_start_minutes", -1.0),
        ("lasts_minutes", 0.0),
        ("lasts_minutes", float("nan")),
    ],
)
def test_figures_that_mean_nothing_are_refused_by_name(field: str, value: float) -> None:
    with pytest.raises(InputError) as refused:
        replace(TRUE, **{field: value})  # type: ignore[arg-type]
    assert refused.value.field == field and refused.value.remedy
