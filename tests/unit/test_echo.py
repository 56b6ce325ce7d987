"""A part of the last day's error comes back, where days hang together, and nowhere else."""

from __future__ import annotations

import numpy as np
import pytest

from forecast.models.echo import SILENT, Echo
from forecast.models.hindcasts import Hindcasts

DAYS, RATE = 150, 300.0


def hindcasts(persistence: float, *, seed: int = 1) -> Hindcasts:
    """One slot a day around a constant rate; log errors of 0.1 that return by `persistence` each day."""
    rng = np.random.default_rng(seed)
    error = np.zeros(DAYS + 28)
    for day in range(1, len(error)):
        error[day] = persistence * error[day - 1] + 0.1 * rng.standard_normal()
    came = rng.poisson(RATE * np.exp(error))[:, None].astype(np.float64)
    rows = np.arange(DAYS)[:, None] + np.arange(28)[None]
    return Hindcasts(np.arange(DAYS), np.full((DAYS, 28, 1), RATE), came[rows])


def loss(held: Hindcasts) -> float:
    return float(np.abs(held.rate[:, 0] - held.came[:, 0]).mean())


def test_days_that_hang_together_echo_less_each_day() -> None:
    found = Echo.of(hindcasts(0.7), DAYS)
    assert found.shares[0] > 0.3
    assert (np.diff(found.shares) <= 0).all()
    assert loss(found.applied(hindcasts(0.7, seed=2))) < 0.95 * loss(hindcasts(0.7, seed=2))


def test_days_that_do_not_hang_together_are_left_alone() -> None:
    found = Echo.of(hindcasts(0.0), DAYS)
    assert found.shares[0] < 0.15
    assert loss(found.applied(hindcasts(0.0, seed=2))) < 1.02 * loss(hindcasts(0.0, seed=2))


def test_the_last_days_error_moves_today_and_fades() -> None:
    held = hindcasts(0.7)
    came = held.came.copy()
    came[-1, 0] = 2 * RATE
    found = Echo.of(Hindcasts(held.origins, held.rate, came), DAYS)
    moved = found.ahead(DAYS, 7)
    assert moved[0] > 0
    assert moved[0] >= moved[1] >= moved[2]
    assert (moved[3:] == 0).all()
    assert found.ahead(DAYS + 1, 7)[0] == pytest.approx(moved[1])
    assert (found.ahead(DAYS + 5, 7) == 0).all()


def test_an_error_of_long_ago_says_nothing() -> None:
    assert Echo.of(hindcasts(0.7), DAYS + SILENT + 1).news == 0


def test_a_short_past_has_no_echo() -> None:
    held = hindcasts(0.7)
    assert not Echo.of(held.tail(20), DAYS).shares.any()
