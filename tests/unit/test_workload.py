"""Workload: contacts times handling time, draw by draw, and what that says of hours, days and weeks."""

from __future__ import annotations

import numpy as np
import pytest

from forecast.buckets import Grid, Interval
from forecast.models.base import QUANTILES
from forecast.models.workload import Workload, workload
from tests.handle_worlds import OPEN, SECONDS, Calls, ahead, volume, without_handling
from tests.worlds import HOUR, MONDAY, TZ, midnight


def work(
    mean: float = 20.0, *, calls: Calls | None = None, day: int = 120, seed: int = 1, draws: int = 200
) -> Workload:
    held = (calls or Calls(days=0.03, slots=0.1)).archive()
    history = held.at(midnight(day)).history("calls")
    found = workload(history, volume(ahead(held, day), mean, draws=draws), seed=seed)
    assert found is not None
    return found


def test_a_path_of_the_workload_is_the_path_of_the_contacts_times_that_of_the_handling_time() -> None:
    found = work()
    np.testing.assert_array_equal(found.seconds.values[0], found.contacts.values[0] * found.aht)
    assert found.seconds.series == found.contacts.series == ("calls",)


def test_without_a_contact_there_is_no_work_and_yet_a_handling_time() -> None:
    found = work(0.3)
    none = found.contacts.values[0] == 0
    assert none.any() and (found.seconds.values[0][none] == 0).all() and (found.aht[none] > 0).all()


@pytest.mark.parametrize("interval", [Interval.HOUR, Interval.DAY, Interval.WEEK])
def test_the_handling_time_of_a_longer_bucket_is_weighted_by_contacts(interval: Interval) -> None:
    found = work()
    total = found.total(interval)
    np.testing.assert_allclose(total.aht * total.contacts.values[0], total.seconds.values[0])
    np.testing.assert_allclose(total.seconds.values.sum(), found.seconds.values.sum())
    mean, mean_total = found.contacts.mean()[0], total.contacts.mean()[0]
    np.testing.assert_allclose((total.expected * mean_total).sum(), (found.expected * mean).sum(), rtol=1e-6)


def test_the_mean_workload_is_mean_contacts_times_the_expected_handling_time() -> None:
    for found in (work(), work().total(Interval.DAY)):
        np.testing.assert_allclose(
            found.work()[:, 0], found.contacts.mean()[0] * found.handle_time()[:, 0], rtol=1e-6
        )
    many = work(draws=4000).total(Interval.DAY)
    np.testing.assert_allclose(many.work()[:, 0], many.seconds.mean()[0], rtol=0.02)


def test_quantiles_do_not_cross_and_stand_beside_the_mean() -> None:
    found = work(2.0).total(Interval.HOUR)
    for values in (found.handle_time(), found.work()):
        assert values.shape == (len(found.contacts.grid), 1 + len(QUANTILES))
        assert (np.diff(values[:, 1:], axis=1) >= 0).all()


def test_a_total_without_a_contact_has_the_handling_time_of_its_busiest_bucket() -> None:
    found = work(0.02)
    total = found.total(Interval.HOUR)
    none = total.contacts.values[0] == 0
    assert none.mean() > 0.9 and (total.aht > 0).all()
    assert np.isfinite(total.handle_time()).all()


def test_handling_time_is_drawn_apart_from_the_volume() -> None:
    found = work(50.0, draws=2000).total(Interval.DAY)
    pairs = zip(found.contacts.values[0], found.aht, strict=True)
    assert np.abs([np.corrcoef(contacts, aht)[0, 1] for contacts, aht in pairs]).max() < 0.1


def test_a_closed_bucket_has_no_handling_time_and_no_work() -> None:
    held = Calls().archive()
    grid = Grid.days(MONDAY + 120, MONDAY + 126, Interval.HALF_HOUR, TZ)
    rate = np.where(OPEN.mask(grid), 20.0, 0.0)
    found = workload(held.at(midnight(120)).history("calls"), volume(grid, rate), seed=1)
    assert found is not None
    closed = ~OPEN.mask(grid)
    assert np.isnan(found.handle_time()[closed]).all() and (found.work()[closed] == 0).all()
    assert np.isfinite(found.handle_time()[~closed]).all()
    day = found.total(Interval.DAY)
    assert np.isnan(day.handle_time()).all(axis=1).tolist() == [False] * 5 + [True, False]  # a Sunday


def test_what_has_come_costs_what_it_cost() -> None:
    """Yesterday's and this morning's buckets stand in the paths of a running week: their handling times are known."""
    held = Calls(days=0.1).archive()
    noon = held.at(midnight(116) + 14 * HOUR)
    grid = ahead(held, 115, 3)
    handling = noon.series("calls").handling
    assert handling is not None
    known = handling.on(grid.ds).aht
    found = workload(noon.history("calls"), volume(grid, 20.0), seed=1)
    assert found is not None
    there = ~np.isnan(known)
    assert there.sum() == 24 + 12
    np.testing.assert_allclose(found.aht[there], np.repeat(known[there, None], 200, axis=1))
    assert (found.aht[~there].std(axis=1) > 0).all()


def test_a_queue_without_handling_times_has_no_workload() -> None:
    held = without_handling(Calls(span=40).archive())
    assert workload(held.at(midnight(40)).history("calls"), volume(ahead(held, 40), 20.0), seed=1) is None


def test_the_same_seed_gives_the_same_paths() -> None:
    np.testing.assert_array_equal(work().seconds.values, work().seconds.values)
    assert not np.array_equal(work().seconds.values, work(seed=2).seconds.values)


def test_daily_contacts_have_a_handling_time_too() -> None:
    from forecast.days import OpeningHours
    from tests.handle_worlds import queue
    from tests.worlds import archive

    grid = Grid.days(MONDAY, MONDAY + 119, Interval.DAY, TZ)
    rng = np.random.default_rng(1)
    series = queue(
        grid, rng.poisson(200.0, len(grid)).astype(float), SECONDS * rng.lognormal(0, 0.07, len(grid))
    )
    held = archive(series)
    assert isinstance(series.hours, OpeningHours)
    days = Grid.days(MONDAY + 120, MONDAY + 147, Interval.DAY, TZ)
    found = workload(held.at(midnight(120)).history("calls"), volume(days, 200.0), seed=1)
    assert found is not None
    np.testing.assert_allclose(found.expected, SECONDS, rtol=0.05)
    np.testing.assert_allclose(found.total(Interval.WEEK).expected, SECONDS, rtol=0.05)
