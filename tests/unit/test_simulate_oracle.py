"""The oracle's forecast: what could be expected at a cutoff, with the posts so far and without."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from forecast.errors import InputError
from forecast.simulate import Company, World, company, oracle, simulate

END = pd.Timestamp("2026-06-17 12:10", tz="UTC")
HALF = pd.Timedelta("30min")


@pytest.fixture(scope="module")
def telecom() -> Company:
    return company("telecom")


@pytest.fixture(scope="module")
def world(telecom: Company) -> World:
    return simulate(telecom, days=70, end=END)


def of(expected: pd.DataFrame, queue: str, column: str = "expected") -> pd.Series:
    return expected[expected["queue"] == queue].set_index("ds")[column]


def truth(world: World, queue: str, column: str = "rate") -> pd.Series:
    return world.truth.rates[world.truth.rates["queue"] == queue].set_index("ds")[column]


def test_it_expects_every_queue_and_half_hour_from_the_cutoff_on(world: World) -> None:
    cutoff = END - pd.Timedelta("3D")
    expected = oracle(world, cutoff, with_signal=True)
    assert set(expected["queue"]) == {queue.name for queue in world.company.queues}
    assert expected["ds"].min() == cutoff.ceil("30min")
    assert (expected[["expected", "base", "incident", "answer"]] >= 0).all(axis=None)
    assert np.allclose(expected["expected"], expected[["base", "incident", "answer"]].sum(axis=1))
    closed = truth(world, "phone_billing", "base_rate") == 0
    mine = of(expected, "phone_billing")
    assert (mine[closed.reindex(mine.index)] == 0).all()


def test_posts_tell_of_a_burst_before_its_calls_do(world: World) -> None:
    storm = world.truth.incidents[world.truth.incidents["kind"] == "ongoing"].iloc[0]
    cutoff = storm["onset"].ceil("30min")
    soon = slice(cutoff, cutoff + pd.Timedelta("3h"))
    wanted = truth(world, "phone_outage", "incident_rate")[soon].sum()
    told = of(oracle(world, cutoff, with_signal=True), "phone_outage", "incident")[soon].sum()
    untold = of(oracle(world, cutoff, with_signal=False), "phone_outage", "incident")[soon].sum()
    assert wanted > 100
    assert told == pytest.approx(wanted, rel=0.1)
    assert untold < 0.6 * wanted


def test_a_burst_is_told_by_its_first_post_not_by_its_onset(world: World) -> None:
    storm = world.truth.incidents.index[world.truth.incidents["kind"] == "ongoing"][0]
    labels = world.truth.posts
    mine = set(labels.loc[labels["incident"] == storm, "id"])
    first = min(pd.Timestamp(row["created_at"]) for row in world.mentions if row["id"] in mine)
    second = pd.Timedelta("1s")
    assert first - second >= world.truth.incidents.loc[storm, "onset"]
    before, after = (
        of(oracle(world, moment, with_signal=True), "phone_outage", "incident").sum()
        for moment in (first - second, first + second)
    )
    assert after - before > 0.9 * world.truth.incidents.loc[storm, "arriving"]


def test_the_longer_a_burst_lasts_the_less_posts_add_to_its_calls(world: World) -> None:
    storm = world.truth.incidents[world.truth.incidents["kind"] == "ongoing"].iloc[0]

    def gap(minutes: int) -> float:
        cutoff = storm["onset"].ceil("30min") + pd.Timedelta(minutes=minutes)
        both = [
            of(oracle(world, cutoff, with_signal=told), "phone_outage", "incident") for told in (True, False)
        ]
        return float((both[0].sum() - both[1].sum()) / both[0].sum())

    gaps = [gap(0), gap(30), gap(60)]
    assert gaps[0] > gaps[1] > gaps[2] >= 0
    assert gaps[2] < 0.1


def test_with_posts_the_next_hours_are_expected_more_accurately(world: World) -> None:
    outage = world.truth.incidents[(world.truth.incidents["topic"] == "outage")]
    hour = outage["onset"].dt.tz_convert("Europe/Luxembourg").dt.hour
    onsets = outage.loc[(outage["calls"] > 60) & (hour >= 9) & (hour < 18), "onset"]
    onsets = onsets[onsets < END - pd.Timedelta("1D")]
    assert len(onsets) >= 5
    volumes = world.volumes[world.volumes["queue"] == "phone_outage"].set_index("ds")["offered"]
    errors = {True: 0.0, False: 0.0}
    for onset in onsets:
        cutoff = onset + pd.Timedelta("20min")
        for told in errors:
            soon = of(oracle(world, cutoff, with_signal=told), "phone_outage").iloc[:4]
            errors[told] += float((volumes.reindex(soon.index) - soon).abs().sum())
    assert errors[True] < 0.85 * errors[False]


def test_far_ahead_posts_add_nothing(world: World) -> None:
    cutoff = END - pd.Timedelta("10D")
    told, untold = (
        of(oracle(world, cutoff, with_signal=with_), "phone_outage", "incident") for with_ in (True, False)
    )
    far = told.index > cutoff + pd.Timedelta("4D")
    assert np.allclose(told[far], untold[far])


def test_incidents_yet_to_begin_count_by_their_law(telecom: Company) -> None:
    often = dataclasses.replace(telecom.incidents, per_week=250.0, posts_per_call=0.01)
    busy = simulate(dataclasses.replace(telecom, incidents=often), days=30, end=END, ongoing=False)
    cutoff = END - pd.Timedelta("27D")
    expected = of(oracle(busy, cutoff, with_signal=True), "phone_outage", "incident")
    later = (expected.index > cutoff + pd.Timedelta("2D")) & (expected.index < END - HALF)
    came = truth(busy, "phone_outage", "incident_rate").reindex(expected.index)[later]
    assert expected[later].sum() == pytest.approx(came.sum(), rel=0.12)
    local = came.index.tz_convert("Europe/Luxembourg").hour
    morning = local == 8
    assert expected[later][morning].mean() == pytest.approx(
        came[morning].mean(), rel=0.15
    )  # the night's callers


def test_nothing_that_happened_after_the_cutoff_is_used(world: World) -> None:
    cutoff = END - pd.Timedelta("8D")
    held = world.truth
    later = held.backlog["ds"] >= cutoff
    changed = dataclasses.replace(
        world,
        mentions=[row for row in world.mentions if pd.Timestamp(row["created_at"]) <= cutoff],
        truth=dataclasses.replace(
            held,
            incidents=held.incidents[held.incidents["onset"] <= cutoff],
            common=held.common.assign(fast=held.common["fast"].where(held.common["ds"] < cutoff, 9.0)),
            backlog=held.backlog.assign(arrived=held.backlog["arrived"].where(~later, 99.0)),
            rates=held.rates.assign(
                incident_rate=held.rates["incident_rate"].where(held.rates["ds"] < cutoff, 99.0),
                answer_rate=held.rates["answer_rate"].where(held.rates["ds"] < cutoff, 99.0),
            ),
        ),
    )
    for told in (True, False):
        pd.testing.assert_frame_equal(
            oracle(changed, cutoff, with_signal=told), oracle(world, cutoff, with_signal=told)
        )


def test_a_hidden_driver_fades_from_its_state_at_the_cutoff_to_its_mean(world: World) -> None:
    path = world.truth.common.set_index("ds")["value"]
    noon = path[(path.index.hour == 8) & (path.index.weekday < 4) & (path.index < END - pd.Timedelta("9D"))]
    cutoff = noon.abs().idxmax()
    assert abs(path[cutoff]) > 1
    expected = of(oracle(world, cutoff, with_signal=False), "phone_installation", "base")
    mine = world.truth.rates[world.truth.rates["queue"] == "phone_installation"].set_index("ds")
    factor = expected / (mine["base_rate"] - mine["common_rate"]).reindex(expected.index)
    factor = factor.dropna()
    now = float((mine["base_rate"] / (mine["base_rate"] - mine["common_rate"]))[cutoff - HALF])
    assert factor.iloc[0] == pytest.approx(now, rel=0.1)
    assert abs(factor.iloc[-1] - 1) < 0.1 * abs(now - 1)


def test_the_backlog_tells_of_calls_that_a_mean_cannot(world: World) -> None:
    calls = truth(world, "phone_billing", "answer_rate")
    by_day = calls[calls.index < END].resample("D").sum()
    errors = {True: 0.0, False: 0.0}
    for day in by_day.index[20:-5:9]:
        for told in errors:
            next_days = of(oracle(world, day, with_signal=told), "phone_billing", "answer").iloc[:48]
            errors[told] += float((next_days - calls.reindex(next_days.index)).abs().sum())
    assert by_day.sum() > 100
    assert errors[True] < 0.4 * errors[False]


def test_a_cutoff_outside_the_simulated_time_is_refused(world: World) -> None:
    for cutoff in (END + HALF, END - pd.Timedelta("200D")):
        with pytest.raises(InputError, match="outside the simulated time"):
            oracle(world, cutoff, with_signal=True)
