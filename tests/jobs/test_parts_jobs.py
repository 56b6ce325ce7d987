"""`predict` keeps the parts of every mean beside it, and what they are about with its run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session, sessionmaker

from forecast.parts import PARTS
from jobs.ledger import execute
from store.explanations import load_explanations
from store.forecasts import PART_COLUMNS, load_forecast, save_forecast
from store.imports.volumes import import_volumes
from store.scores import load_champions
from store.settings import Settings
from store.statements import table_of
from store.tables import ForecastRow
from tests.jobs.conftest import NOW

QUEUE = "phone_outage"
SIZES = ("interval", "hour", "day", "week", "month")


@pytest.fixture
def predicted(
    sessions: sessionmaker[Session], session: Session, settings: Settings, company: dict[str, Path]
) -> Session:
    """A queue predicted at ten in the morning, thirty days by interval and on by day."""
    held = pd.read_csv(company["volumes"])
    some = held[held["queue"] == QUEUE].to_csv(index=False).encode()
    import_volumes(session, settings, some, now=NOW)
    session.commit()
    models = settings.models.model_copy(update={"horizon_days": 30, "long_days": 60})
    outcome = execute("predict", sessions, settings.model_copy(update={"models": models}), NOW)
    assert outcome is not None and outcome.problems == ()
    return session


def test_stored_parts_add_up_to_the_stored_mean_for_every_granularity(predicted: Session) -> None:
    for size in SIZES:
        held = load_forecast(predicted, series=None, granularity=size, parts=True)
        parts, mean = held[list(PART_COLUMNS)].to_numpy(), held["mean"].to_numpy()
        known = ~np.isnan(parts).any(axis=1)
        assert known[0], size
        slack = 1e-6 * np.abs(parts[known]).sum(axis=1) + 1e-9
        assert (np.abs(parts[known].sum(axis=1) - mean[known]) <= slack).all(), size
        assert known.all() == (size in ("interval", "hour")), size
        assert parts[0, PARTS.index("came")] > 0 or size in ("interval", "hour")


def test_the_long_run_says_why_it_has_no_parts_and_the_near_days_have_theirs(predicted: Session) -> None:
    days = load_explanations(predicted, QUEUE, granularity="day")
    assert [day.parts is not None for day in days] == [True] * 30 + [False] * 30
    assert "parts are not kept" in days[-1].sentence("UTC")
    assert "contacts expected: " in days[3].sentence("UTC")


def test_a_forecast_stored_without_parts_says_what_to_do(predicted: Session) -> None:
    predicted.execute(update(table_of(ForecastRow)).values(parts=None))
    found = load_explanations(predicted, QUEUE)[0]
    assert found.parts is None and not found.long_run
    assert "`forecall run predict`" in found.sentence("UTC")
    assert "`forecall run predict`" in found.sentence("UTC", "nl")


def test_what_the_parts_are_about_is_kept_with_the_run_and_saving_again_changes_nothing(
    predicted: Session,
) -> None:
    assert [row["lead_band"] for row in load_champions(predicted, QUEUE) if "parts" in row] == ["0-1h"]
    before = load_forecast(predicted, series=[QUEUE], granularity="day", parts=True)
    rows = before[~before["part_level"].isna()]
    values = rows.loc[:, "mean":"0.975"].to_numpy()  # type: ignore[misc]
    ds = rows["ds"].astype("int64").to_numpy()
    save_forecast(
        predicted, int(rows["version"].iloc[0]), QUEUE, "day", ds, values, parts=rows[list(PART_COLUMNS)].to_numpy()
    )  # fmt: skip
    after = load_forecast(predicted, series=[QUEUE], granularity="day", parts=True)
    pd.testing.assert_frame_equal(before, after)
