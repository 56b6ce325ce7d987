"""`predict` stores days, weeks and months beyond the intervals, as one forecast with them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sqlalchemy.orm import Session, sessionmaker

from forecast.buckets import Interval
from jobs.ledger import execute
from store.facts import open_archive
from store.forecasts import COSTS, list_versions, load_forecast
from store.imports.volumes import import_volumes
from store.looking_ahead import look_ahead, rows
from store.scores import load_champions, load_notes
from store.settings import Settings
from tests.jobs.conftest import NOW

ZONE = "Europe/Amsterdam"
NOTE = "phone_outage: 10 weeks of history: no year pattern is known; the forecast ends after 13 weeks."


@pytest.fixture
def far(settings: Settings) -> Settings:
    """Ten days by interval, and on by day."""
    return settings.model_copy(update={"models": settings.models.model_copy(update={"long_days": 548})})


def import_company(session: Session, settings: Settings, company: dict[str, Path]) -> None:
    held = pd.read_csv(company["volumes"])
    some = held[held["queue"] == "phone_outage"]
    import_volumes(session, settings, some.to_csv(index=False).encode(), now=NOW)
    session.commit()


def local(ds: pd.Series) -> pd.Series:
    return ds.dt.tz_convert(ZONE)


def test_days_weeks_and_months_go_on_where_the_intervals_end(
    sessions: sessionmaker[Session], session: Session, far: Settings, company: dict[str, Path]
) -> None:
    import_company(session, far, company)
    outcome = execute("predict", sessions, far, NOW)
    assert outcome is not None and outcome.problems == ()
    found = {
        size: load_forecast(session, series=None, granularity=size, costs=True)
        for size in ("interval", "hour", "day", "week", "month")
    }
    first = pd.Timestamp("2026-03-06", tz=ZONE)
    assert local(found["interval"]["ds"]).max() < first + pd.Timedelta(days=10)
    assert local(found["hour"]["ds"]).max() < first + pd.Timedelta(days=10)
    days = local(found["day"]["ds"])
    assert list(days) == list(pd.date_range(first, periods=91, freq="D"))
    assert len(found["week"]) == 13 and len(found["month"]) == 3  # the whole ones: March, April, May
    weeks = local(found["week"]["ds"])
    sums = (
        found["day"]
        .groupby(days.dt.tz_localize(None).dt.to_period("W").dt.start_time.to_numpy())["mean"]
        .sum()
    )
    mine = weeks.dt.tz_localize(None).to_numpy()[1:]
    np.testing.assert_allclose(found["week"]["mean"][1:], sums.loc[mine], rtol=1e-4)
    later = found["day"].iloc[10:]
    assert later[list(COSTS["aht"])].notna().all(axis=None)
    np.testing.assert_allclose(later["workload"], later["mean"] * later["aht"], rtol=1e-3)


def test_how_far_the_history_carries_is_kept_with_the_version_and_is_no_problem(
    sessions: sessionmaker[Session], session: Session, far: Settings, company: dict[str, Path]
) -> None:
    import_company(session, far, company)
    execute("predict", sessions, far, NOW)
    assert load_notes(session, list_versions(session)[0].run_id) == {"phone_outage": NOTE}
    assert load_notes(session, None) == {}
    last = load_champions(session)[-1]
    assert last["lead_band"] == "long run" and set(last["weights"]) == {
        "year_profile",
        "dhr",
        "level_profile",
    }


def test_a_week_over_the_border_is_a_sum_of_paths(
    session: Session, far: Settings, company: dict[str, Path]
) -> None:
    import_company(session, far, company)
    made = look_ahead(open_archive(session, far, ["phone_outage"]), far, "phone_outage", NOW)
    assert made.days is not None and made.note == NOTE
    near = made.paths.total(Interval.DAY)
    np.testing.assert_array_equal(made.days.values[:, : len(near.grid)], near.values)
    before, after = (made.days.values[0, at : at + 5].sum(axis=0) for at in (-86, -81))
    assert np.corrcoef(before, after)[0, 1] > 0.5
    weeks = next(each for each in rows(made) if each.granularity == "week")
    whole = made.days.total(Interval.WEEK)
    at = int(np.searchsorted(whole.grid.ds, weeks.ds[1]))
    assert weeks.values[1, 0] == pytest.approx(whole.values[0, at].mean())


def test_with_no_long_days_nothing_lies_beyond_the_intervals(
    session: Session, settings: Settings, company: dict[str, Path]
) -> None:
    import_company(session, settings, company)
    archive = open_archive(session, settings, ["phone_outage"])
    assert look_ahead(archive, settings, "phone_outage", NOW).days is None
    asked = look_ahead(archive, settings, "phone_outage", NOW, days=120)
    assert asked.days is not None and asked.paths.grid.day[-1] < asked.days.grid.day[-1]
    assert look_ahead(archive, settings, "phone_outage", NOW, days=14).days is None
