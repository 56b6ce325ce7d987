"""What stands beside the verdict: noise of the same kind, the order of things, quiet days."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest

from forecast import catalogue
from forecast.buckets import DAY
from forecast.doubts import quiet_lift, shuffled
from forecast.evidence import OPEN, Finding, findings
from forecast.models.signal_effect import Rows, Scored
from forecast.vintage import Signal, Versions
from tests.worlds import Storms, midnight

WEEK = 7 * DAY


@lru_cache
def found(storms: Storms) -> dict[str, Finding]:
    rates = catalogue.rates(("level_profile",))
    return {
        one.lead_band: one for one in findings(storms.archive().at(midnight(storms.days)), "calls", rates)
    }


def test_posts_that_lead_foretell_calls_and_calls_do_not_foretell_them() -> None:
    order = found(Storms(1))["0-1h"].granger
    assert order is not None
    assert order.signal_first < 1e-6
    assert order.contacts_first > 0.01


def test_calls_foretell_posts_that_lag() -> None:
    order = found(Storms(2, ahead=-60.0))["0-1h"].granger
    assert order is not None
    assert order.contacts_first < 1e-6


def test_with_its_weeks_shuffled_an_open_signal_gains_nothing() -> None:
    hour = found(Storms(1))["0-1h"]
    assert hour.gate == OPEN and hour.placebo is not None
    assert max(hour.placebo) < 0.2 * hour.lift


@pytest.mark.parametrize("turn", [0.01, 0.25, 0.5, 0.99])
def test_shuffling_keeps_every_number_and_its_lateness_and_leaves_no_whole_week_in_its_place(
    turn: float,
) -> None:
    ds = np.arange(10 * 7 + 3, dtype=np.int64) * DAY
    signal = Signal(
        "posts", Storms(1).archive().signals["posts"].interval, "UTC", Versions.of(ds, ds, ds + 5)
    )
    other = shuffled(signal, turn).values
    assert sorted(other.value) == sorted(signal.values.value)
    assert (other.known_at - other.ds == 5).all()
    stayed = other.value[other.ds == other.value]
    assert stayed.tolist() == ds[-3:].tolist()  # what is left of the last week
    assert (np.diff(other.known_at) >= 0).all()


def test_quiet_days_are_those_on_which_the_signal_never_stood_out() -> None:
    day = np.repeat(np.arange(4), 2)
    full = np.full(8, 10.0)
    loud = np.zeros(8, dtype=bool)
    loud[3] = True  # on the second day
    rows = Rows("0-1h", day * DAY, day, day + 1, full, full, full, np.zeros((8, 3)))
    guess = np.where(day == 1, 10.0, -1.0)
    scored = Scored(rows, np.zeros(8), guess, np.ones(8, dtype=bool), loud)
    assert quiet_lift(scored) == pytest.approx(-0.1)
    assert quiet_lift(Scored(rows, np.zeros(8), guess, np.ones(8, dtype=bool))) is None
