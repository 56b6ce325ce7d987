"""`import volumes --missing unknown`: a bucket without a row is no zero, through to what a model learns from."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sqlalchemy.orm import Session

from forecast import catalogue
from forecast.errors import InputError
from forecast.models.base import Leads
from store.facts import open_archive
from store.imports.volumes import import_volumes
from store.queues import Queue, load_queue, save_queue
from store.settings import Settings

NOW = pd.Timestamp("2026-03-02", tz="UTC")


def hourly(absent: slice) -> bytes:
    """Eight weeks of twenty contacts an hour around the clock; the export broke off for some hours."""
    ds = pd.date_range("2026-01-05", "2026-03-01 23:00", freq="1h")
    kept = ds.delete(list(range(len(ds)))[absent])
    return (
        "queue,interval_start,offered\n" + "".join(f"calls,{at:%Y-%m-%dT%H:%M},20\n" for at in kept)
    ).encode()


def load(session: Session, settings: Settings, **options: str) -> None:
    import_volumes(session, settings, hourly(slice(-24 * 20, None, 3)), now=NOW, interval="1h", **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(("missing", "absent", "level"), [("unknown", np.nan, 20.0), ("zero", 0.0, 15.0)])
def test_absent_rows_are_what_the_import_says(
    session: Session, settings: Settings, missing: str, absent: float, level: float
) -> None:
    """Every third hour of three weeks is absent: as zeros they would pull the forecast down."""
    load(session, settings, missing=missing)
    snapshot = open_archive(session, settings).at(NOW)
    history = snapshot.history("calls")
    gap = history.y[history.y != 20]
    inside = gap[:100]
    assert len(inside) > 0 and np.array_equal(inside, np.full(len(inside), absent), equal_nan=True)
    model = catalogue.rates(["level_profile"])[0]
    rate = model.fit(history).rate(history, Leads.days(snapshot, "calls", 7).grid)
    assert (abs(np.mean(rate) - 20) < 0.5) == (missing == "unknown") and np.mean(rate) <= level + 5.5


def test_a_queue_keeps_what_its_absent_rows_say_until_told_otherwise(
    session: Session, settings: Settings
) -> None:
    load(session, settings, missing="unknown")
    assert load_queue(session, "calls").missing == "unknown"
    import_volumes(session, settings, hourly(slice(0, 5)), now=NOW, interval="1h")
    assert load_queue(session, "calls").missing == "unknown"
    import_volumes(session, settings, hourly(slice(0, 7)), now=NOW, interval="1h", missing="zero")
    assert load_queue(session, "calls").missing == "zero"


def test_only_zero_and_unknown_are_known(session: Session) -> None:
    queue = load_fact("nought")
    with pytest.raises(InputError, match="Absent rows cannot be 'nought'"):
        save_queue(session, queue)


def load_fact(missing: str) -> Queue:
    from tests import builders

    made = builders.queue()
    return Queue(made.name, made.channel, made.topic, made.interval, made.tz, missing)
