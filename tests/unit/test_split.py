"""Contact reasons: parts of their queue in every path, and as quick to change as the contacts are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pytest

from forecast.arrays import Floats
from forecast.buckets import Grid, Interval
from forecast.models.base import Leads, Paths
from forecast.models.shares import Shares, learn, shrunk
from forecast.models.split import Split
from forecast.report import Plan, evaluate
from forecast.vintage import Archive, Snapshot
from tests.worlds import MONDAY, OFFICE, TZ, archive, fresh, midnight, series, working_week

DAYS = 140
STEADY = {"invoice": 14.0, "outage": 5.0, "delivery": 0.9, "rare": 0.1}


@dataclass(frozen=True)
class Steady:
    """A queue that never changes: whole counts about its working week."""

    level: float = 20.0
    name: str = "steady"

    def fit(self, snapshot: Snapshot) -> Steady:
        return self

    def predict(self, snapshot: Snapshot, leads: Leads, *, draws: int, seed: int) -> Paths:
        mean = working_week(self.level)(leads.grid)
        drawn = np.random.default_rng(seed).poisson(np.repeat(mean[:, None], draws, axis=1))
        return Paths(snapshot.names, leads.grid, np.stack([drawn.astype(np.float64)] * len(snapshot.names)))


def company(
    reasons: Mapping[str, float | Floats],
    *,
    interval: Interval = Interval.HOUR,
    days: int = DAYS,
    seed: int = 1,
) -> Archive:
    """A queue of reasons with so many contacts per open hour, steady or by day float[days]; the queue is their sum."""
    grid = Grid.days(MONDAY, MONDAY + days - 1, interval, TZ)
    shape, rng = working_week(1.0)(grid), np.random.default_rng(seed)
    per_day = {name: np.broadcast_to(level, days)[grid.day - MONDAY] for name, level in reasons.items()}
    came = {name: rng.poisson(level * shape).astype(np.float64) for name, level in per_day.items()}
    whole = series(lambda _: np.sum(list(came.values()), axis=0), days=days, interval=interval, hours=OFFICE)
    parts = []
    for name, y in came.items():
        rows = np.where(y > 0, y, np.nan)  # a file has no row where nothing came
        part = series(lambda _, rows=rows: rows, name=name, days=days, interval=interval)  # type: ignore[misc]
        parts.append(replace(part, queue="calls", topic=name, span=whole.offered))
    return archive(replace(whole, queue="calls"), *parts)


def paths(held: Archive, *, days: int = DAYS, ahead: int = 7, seed: int = 1) -> Paths:
    """The queue and its reasons, forecast from a local midnight on."""
    snapshot = held.at(midnight(days))
    leads = Leads.days(snapshot, "calls", ahead)
    return Split(Steady(), Shares()).fit(snapshot).predict(snapshot, leads, draws=200, seed=seed)


def share(found: Paths, name: str) -> float:
    return float(found.only(name).values.sum() / found.only("calls").values.sum())


def steps(*spans: tuple[int, float]) -> Floats:
    """(days, level) one after the other -> float[days]."""
    return np.concatenate([np.full(days, level) for days, level in spans])


@pytest.mark.parametrize("interval", [Interval.QUARTER, Interval.HOUR, Interval.DAY])
def test_reasons_add_up_in_every_path_and_are_whole_counts(interval: Interval) -> None:
    found = paths(company(STEADY, interval=interval, days=70), days=70)
    np.testing.assert_array_equal(found.values[0], found.values[1:].sum(axis=0))
    np.testing.assert_array_equal(found.values, np.round(found.values))
    assert (found.values >= 0).all()
    assert share(found, "invoice") == pytest.approx(0.7, abs=0.03)
    assert share(found, "outage") == pytest.approx(0.25, abs=0.03)


def test_a_thin_reason_does_not_shout() -> None:
    found = paths(company(STEADY))
    days = found.only("rare").total(Interval.DAY).values[0]
    assert share(found, "rare") == pytest.approx(0.005, abs=0.004)
    assert days.mean() < 3
    assert np.quantile(days, 0.99) <= 8


def test_a_reason_that_grew_in_the_last_weeks_is_followed() -> None:
    grown = steps((DAYS - 21, 1.0), (21, 3.0))
    held = company({"invoice": 20.0 - grown, "outage": grown})
    assert share(paths(held), "outage") == pytest.approx(0.15, abs=0.02)
    assert share(paths(held, days=DAYS - 22), "outage") == pytest.approx(0.05, abs=0.01)


def test_a_new_reason_appears_within_a_fortnight() -> None:
    new = steps((DAYS - 14, 0.0), (14, 4.0))
    found = paths(company({"invoice": 20.0 - new, "launch": new}))
    assert share(found, "launch") == pytest.approx(0.2, abs=0.04)


def test_a_reason_that_ended_goes_to_nearly_nothing() -> None:
    ended = steps((DAYS - 28, 5.0), (28, 0.0))
    found = paths(company({"invoice": 20.0 - ended, "campaign": ended}))
    assert share(found, "campaign") < 0.01


def test_a_reason_of_mondays_comes_on_mondays() -> None:
    monday = np.where((MONDAY + np.arange(DAYS) + 3) % 7 == 0, 6.0, 0.5)
    found = paths(company({"invoice": 14.0, "letters": monday}))
    days = found.total(Interval.DAY)
    letters, whole = (days.only(name).mean()[0] for name in ("letters", "calls"))
    assert letters[0] / whole[0] == pytest.approx(6 / 20, abs=0.05)
    assert letters[1] / whole[1] == pytest.approx(0.5 / 14.5, abs=0.03)


def test_the_same_seed_gives_the_same_bits_and_another_one_does_not() -> None:
    held = company(STEADY, days=70)
    one, again, other = (paths(fresh(held), days=70, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.values, again.values)
    assert (one.values != other.values).any()


def test_what_comes_later_changes_no_share() -> None:
    long = company(STEADY, days=90)
    cut = {
        name: replace(
            one, offered=one.offered.until(midnight(70)), span=one.span and one.span.until(midnight(70))
        )
        for name, one in long.series.items()
    }
    known = paths(replace(fresh(long), series=cut), days=70)
    np.testing.assert_array_equal(paths(long, days=70).values, known.values)


def test_a_queue_without_a_past_is_divided_evenly() -> None:
    law = learn(company({"one": 0.0, "two": 0.0}, days=30).at(midnight(30)), "calls")
    np.testing.assert_array_equal(law.level, [0.5, 0.5])


def test_chance_bends_no_shape_and_a_true_shape_is_kept() -> None:
    rng = np.random.default_rng(1)
    true = np.array([0.5, 1.5] * 12)
    expected = np.stack([np.full(24, 2.0), np.full(24, 400.0)])
    came = np.stack([rng.poisson(expected[0]), rng.poisson(expected[1] * true)]).astype(np.float64)
    thin, thick = shrunk(came, expected, scale=1.0)
    assert np.abs(thin - 1).max() < 0.35
    np.testing.assert_allclose(thick, true, atol=0.15)


def test_the_five_largest_reasons_are_also_scored_together() -> None:
    levels = {"a": 1.0, "b": 6.0, "c": 5.0, "d": 4.0, "e": 3.0, "f": 2.0, "g": 0.2}
    held = company(levels, interval=Interval.DAY, days=80)
    report = evaluate(held, Plan(("mean8", "seasonal_naive"), cutoffs=2, draws=40))
    first, second = report.as_dict()["top_five"]
    assert first["series"] == second["series"] == "calls/top five"
    assert (first["model"], second["model"]) == ("mean8", "seasonal_naive")
    assert first["reasons"] == ["b", "c", "d", "e", "f"]
    sums = [each for part in report.parts for each in part.sums if each.model == "mean8"]
    large = [each for each in sums if each.series in first["reasons"]]
    assert first["n"] == sum(each.n for each in large)
    assert first["cutoffs"] == 2
    volume = sum(each.volume for each in large)
    for score, loss in (("wape", "absolute"), ("wql", "quantile"), ("bias", "signed")):
        assert first[score] == pytest.approx(sum(getattr(each, loss) for each in large) / volume, abs=1e-5)


def test_a_queue_without_reasons_has_no_top_five() -> None:
    found = evaluate(archive(series(days=60)), Plan(("seasonal_naive",), cutoffs=1, draws=40)).as_dict()
    assert found["overall"]
    assert found["top_five"] == []


@pytest.mark.parametrize("days", [1, 5, 15])
def test_a_young_queue_is_divided_by_what_little_came(days: int) -> None:
    found = paths(company(STEADY, days=days), days=days)
    np.testing.assert_array_equal(found.values[0], found.values[1:].sum(axis=0))
    assert share(found, "invoice") == pytest.approx(0.7, abs=0.1)
