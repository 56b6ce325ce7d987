"""Handling times on their way into the archive, and forecasts of them on their way into the store and back."""

from __future__ import annotations

import numpy as np
import pytest
from sqlalchemy.orm import Session

from forecast.buckets import column_ns, to_ns
from forecast.models.base import QUANTILES
from store.archive import load_archive
from store.forecasts import COLUMNS, COSTS, create_version, load_forecast, save_forecast
from store.queues import save_queue
from store.volumes import save_volumes
from tests import builders as b

WIDTH = 1 + len(QUANTILES)


@pytest.fixture
def calls(session: Session) -> str:
    save_queue(session, b.queue())
    return "calls"


def aht(session: Session, name: str, hour: float) -> list[float]:
    """Handling times of the first two hours as known at an hour."""
    handling = load_archive(session).at(b.at(hour)).series(name).handling
    assert handling is not None
    return handling.on(column_ns(b.times([0, 1]))).aht.tolist()


def test_a_queue_without_handling_times_has_none_in_the_archive(session: Session, calls: str) -> None:
    save_volumes(session, b.volumes([1, 2]), upload_id=None)
    assert load_archive(session).series[calls].handling is None


def test_a_handling_time_is_known_from_its_version_on(session: Session, calls: str) -> None:
    first = b.volumes([10, 20], known=5).assign(handled=[8.0, 20.0], aht_seconds=[100.0, np.nan])
    save_volumes(session, first, upload_id=None)
    save_volumes(session, first.assign(known_at=b.at(7), aht_seconds=[150.0, 200.0]), upload_id=None)
    np.testing.assert_array_equal(aht(session, calls, 4), [np.nan, np.nan])
    np.testing.assert_array_equal(aht(session, calls, 6), [100, np.nan])
    assert aht(session, calls, 7) == [150, 200]
    handling = load_archive(session).series[calls].handling
    assert handling is not None
    assert handling.on(column_ns(b.times([0, 1]))).contacts.tolist() == [8, 20]


def test_the_handling_time_of_a_queue_counted_by_topic_is_weighted_by_their_contacts(
    session: Session, calls: str
) -> None:
    bills = b.volumes([1, 10], known=5, topic="bill").assign(aht_seconds=[400.0, 300.0])
    save_volumes(session, bills, upload_id=None)
    outage = b.volumes([3], known=6, topic="outage").assign(aht_seconds=[200.0])
    save_volumes(session, outage, upload_id=None)
    assert aht(session, calls, 5) == [400, 300]
    assert aht(session, calls, 6) == [(400 + 3 * 200) / 4, 300]
    save_volumes(session, bills.iloc[:1].assign(known_at=b.at(8), aht_seconds=[800.0]), upload_id=None)
    assert aht(session, calls, 8) == [(800 + 3 * 200) / 4, 300]


def test_costs_come_back_in_seconds_beside_the_contacts_and_only_when_asked_for(session: Session) -> None:
    version = create_version(session, run_id=None, cutoff=b.NOON, now=b.NOON)
    values, times, work = (level + np.arange(2.0 * WIDTH).reshape(2, -1) for level in (1.0, 300.0, 4000.0))
    ds = column_ns(b.times([0, 1]))
    save_forecast(session, version, "calls", "interval", ds, values, costs=(times, work))
    save_forecast(session, version, "mail", "interval", ds, values)
    plain = load_forecast(session, series=None, version=version)
    assert plain.columns.tolist() == ["series", "ds", *COLUMNS]
    found = load_forecast(session, series=None, version=version, costs=True)
    assert found.columns.tolist() == [*plain.columns, *COSTS["aht"], *COSTS["workload"]]
    mine, other = found[found["series"] == "calls"], found[found["series"] == "mail"]
    np.testing.assert_array_equal(mine[list(COSTS["aht"])], times)
    np.testing.assert_array_equal(mine[list(COSTS["workload"])], work)
    assert other[list(COSTS["aht"])].isna().all(axis=None)
    np.testing.assert_array_equal(other[list(COLUMNS)], values)


def test_saving_again_without_costs_takes_the_old_ones_away(session: Session) -> None:
    version = create_version(session, run_id=None, cutoff=b.NOON, now=b.NOON)
    values = np.ones((1, WIDTH))
    ds = np.array([to_ns(b.at(0))])
    save_forecast(session, version, "calls", "interval", ds, values, costs=(values, values))
    save_forecast(session, version, "calls", "interval", ds, values)
    assert load_forecast(session, series=None, version=version, costs=True)["aht"].isna().all()


def test_costs_of_another_width_are_refused(session: Session) -> None:
    version = create_version(session, run_id=None, cutoff=b.NOON, now=b.NOON)
    values = np.ones((1, WIDTH))
    with pytest.raises(ValueError, match="not"):
        save_forecast(
            session, version, "calls", "interval", np.array([0]), values, costs=(values[:, :3], values)
        )
