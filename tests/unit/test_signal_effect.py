"""A signal's effect is learnt from earlier weeks only, shrunk to nothing where there is none, and fades with the lead."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from forecast import catalogue
from forecast.models.base import BANDS
from forecast.models.echo import Echo
from forecast.models.hindcasts import hindcast
from forecast.models.level_profile import LevelProfile
from forecast.models.noise import Noise
from forecast.models.past import Past, forward_scores
from forecast.models.signal_effect import Effect, Forward, Rows, build_rows, intensity, score_forward
from tests.worlds import Storms, midnight

WEEKS = 20


def rows(days: int = 7 * WEEKS, band: str = "0-1h") -> Rows:
    day = np.arange(days)
    full = np.full(days, 20.0)
    excess = np.random.default_rng(1).standard_normal(days) * 3
    return Rows(band, day * 10, day, day + 1, excess, full, np.full(days, 2.0), np.zeros((days, 3)))


def learn(strength: float, *, until: int | None = None) -> tuple[Rows, Forward]:
    """Ten posts beyond expectation on some days; each means `strength` contacts a bucket."""
    held = rows()
    features = 10.0 * (np.random.default_rng(2).random((len(held.day), 1)) < 0.3)
    excess = held.excess + strength * features[:, 0] * held.buckets
    if until is not None:
        excess = np.where(held.day < until, excess, 1e3)
    planted = replace(held, excess=excess)
    return planted, score_forward(planted, features, np.ones(len(held.day), dtype=bool))


def test_a_planted_effect_is_found_and_shrunk_but_not_overdone() -> None:
    _, learnt = learn(1.0)
    assert 6.0 < learnt.effect.excess(np.array([10.0])) < 10.5


def test_without_an_effect_hardly_anything_is_predicted() -> None:
    _, learnt = learn(0.0)
    assert abs(learnt.effect.excess(np.array([10.0]))) < 0.5
    assert np.abs(learnt.predicted).max() < 2


def test_the_first_four_weeks_are_only_learnt_from() -> None:
    held, learnt = learn(1.0)
    week = (held.day + 3) // 7
    np.testing.assert_array_equal(learnt.valid, week >= week.min() + 4)
    assert (learnt.predicted[~learnt.valid] == 0).all()


def test_a_prediction_never_learns_from_its_own_week_or_a_later_one() -> None:
    monday = 74 - (74 + 3) % 7
    (held, honest), (_, changed) = learn(1.0), learn(1.0, until=monday)
    early = held.day < monday + 7
    np.testing.assert_array_equal(honest.predicted[early], changed.predicted[early])
    assert not np.array_equal(honest.predicted[~early], changed.predicted[~early])


def test_rows_know_when_they_have_matured_and_count_what_came_beyond_the_rate() -> None:
    held = Storms(1, days=70).archive()
    snapshot = held.at(midnight(70))
    past = hindcast(LevelProfile(), snapshot, "calls", days=40)
    found = {one.band: one for one in build_rows(snapshot, "calls", past, Noise.of(past))}
    assert set(found) == {"0-1h", "1-4h", "4-24h", "1-3d", "3-7d"}
    for one in found.values():
        assert (np.diff(one.moment) >= 0).all()
        assert (one.matured > one.day).all()
        assert (one.buckets > 0).all()
        assert (one.expected > 0).all()
    assert (found["0-1h"].buckets <= 2).all()
    assert (found["3-7d"].matured - found["3-7d"].day).max() in (7, 8)


def test_forward_predictions_of_a_leading_signal_lose_less_than_none() -> None:
    snapshot = Storms(2, days=90).archive().at(midnight(90))
    past = hindcast(catalogue.rates(("level_profile",))[0], snapshot, "calls", days=90)
    scores = forward_scores(
        snapshot, "calls", Past((), past, np.ones((1, 28)), Noise.of(past), Echo.none()), ("posts",)
    )
    ((_, hour, _),) = next(band.signals for band in scores if band.own.effect.band == "0-1h")
    loss = [np.abs(hour.rows.excess - guess)[hour.valid].sum() for guess in (hour.without, hour.with_signal)]
    assert loss[1] < 0.98 * loss[0]


def effect(band: str, size: float) -> Effect:
    return Effect(band, np.array([size]), 0.3)


def test_the_effect_fades_from_band_to_band_without_a_border() -> None:
    leads = np.arange(0, 14 * 86_400, 900)
    rate = np.full(len(leads), 20.0)
    size = intensity([effect("0-1h", 8.0), effect("1-4h", 4.0)], np.ones(1), leads, rate, BANDS)
    assert size[0] == pytest.approx(8.0)
    assert (size >= 0).all()
    assert (np.diff(size) <= 1e-9).all()
    assert (
        np.abs(np.diff(size[8:])).max() < 1.0
    )  # beyond two hours, where a step is no longer a jump of the clock
    assert size[leads >= 7 * 86_400].max() < 0.5


def test_beyond_four_hours_an_effect_is_a_share_of_the_rate() -> None:
    leads = np.array([8 * 3600, 8 * 3600])
    size = intensity([effect("4-24h", 0.1)], np.ones(1), leads, np.array([10.0, 40.0]), BANDS)
    assert size[1] == pytest.approx(4 * size[0])


def test_a_band_without_an_effect_adds_nothing() -> None:
    size = intensity([], np.ones(1), np.arange(0, 7200, 900), np.full(8, 20.0), BANDS)
    assert (size == 0).all()
