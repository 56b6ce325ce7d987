"""`predict` stores a handling time and a workload beside the contacts, where the queue has handling times."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from sqlalchemy.orm import Session, sessionmaker

from jobs.ledger import execute
from store.forecasts import COSTS, load_forecast
from store.imports.volumes import import_volumes
from store.settings import Settings
from tests.jobs.conftest import NOW

AHT, WORK = list(COSTS["aht"]), list(COSTS["workload"])


def predicted(
    sessions: sessionmaker[Session], session: Session, settings: Settings, company: dict[str, Path]
) -> None:
    """One queue with handling times and one without."""
    rows = pd.read_csv(company["volumes"])
    with_times = rows[rows["queue"] == "phone_billing"]
    without = rows[rows["queue"] == "phone_outage"].assign(aht_seconds=np.nan)
    import_volumes(session, settings, pd.concat([with_times, without]).to_csv(index=False).encode(), now=NOW)
    session.commit()
    outcome = execute("predict", sessions, settings, NOW)
    assert outcome is not None and outcome.done["queues"] == 2 and outcome.problems == ()


def test_handling_time_and_workload_are_stored_where_the_history_has_them(
    sessions: sessionmaker[Session], session: Session, settings: Settings, company: dict[str, Path]
) -> None:
    predicted(sessions, session, settings, company)
    found = load_forecast(session, series=["phone_billing"], costs=True)
    open_ = found["mean"] > 0
    assert 390 < found.loc[open_, "aht"].mean() < 430  # 410 in energy.yaml
    assert (found.loc[open_, "aht_0.1"] < found.loc[open_, "aht_0.9"]).all()
    np.testing.assert_allclose(found.loc[open_, "workload"], (found["mean"] * found["aht"])[open_], rtol=1e-4)
    closed = found[found["mean"] == 0]
    assert len(closed) and closed["aht"].isna().any() and (closed[WORK] == 0).all(axis=None)
    other = load_forecast(session, series=["phone_outage"], costs=True)
    assert len(other) == len(found) and other[[*AHT, *WORK]].isna().all(axis=None)


def test_days_and_weeks_weigh_the_handling_time_by_contacts(
    sessions: sessionmaker[Session], session: Session, settings: Settings, company: dict[str, Path]
) -> None:
    predicted(sessions, session, settings, company)
    halves, days, weeks = (
        load_forecast(session, series=["phone_billing"], costs=True, granularity=size)
        for size in ("interval", "day", "week")
    )
    local = halves["ds"].dt.tz_convert("Europe/Amsterdam").dt.date
    sums = halves.assign(day=local).groupby("day")[["mean", "workload"]].sum()
    whole = days[days["ds"] > NOW]
    mine = sums.loc[whole["ds"].dt.tz_convert("Europe/Amsterdam").dt.date]
    np.testing.assert_allclose(whole["workload"], mine["workload"], rtol=1e-4)
    busy = whole["mean"] > 0
    np.testing.assert_allclose(
        whole.loc[busy, "aht"], (mine["workload"] / mine["mean"])[busy.to_numpy()], rtol=1e-4
    )
    for found in (days, weeks):  # the running day and week hold what came at what it cost
        assert 390 < found["aht"].iloc[0] < 430
        np.testing.assert_allclose(found["workload"], found["mean"] * found["aht"].fillna(0), rtol=1e-4)
