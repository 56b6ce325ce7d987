"""Social is used where the run that made a forecast heard it, whatever a gate or a clock says; without a run, these tell."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pandas as pd
import pytest
from sqlalchemy.orm import Session

from api.signal_use import uses
from forecast.buckets import Grid, Interval
from store.database import sessions
from store.forecasts import create_version, publish_version
from store.runs import begin_run
from store.scores import load_evidence, save_report
from store.signals import save_signals
from tests.api.filled import CUTOFF, NOW, TZ, Filled, day, forecast


@pytest.fixture
def session(filled: Filled) -> Iterator[Session]:
    with sessions(filled.engine)() as opened:
        yield opened


def ran(session: Session, signals: dict[str, list[str]]) -> int:
    """A run that forecast `Outage`: lead band -> the signals it heard there."""
    run = begin_run(
        session, "predict", now=CUTOFF, lease_seconds=60, config_hash="c", code_version="1", cutoff=CUTOFF
    )
    assert run is not None
    rows = [
        {"series": "Outage", "lead_band": band, "model": "level_profile", "signals": heard}
        for band, heard in signals.items()
    ]
    save_report(session, run.id, {"champions": rows})
    return run.id


def signups(session: Session, last: str) -> None:
    """A signal per day up to and including a day, with an open gate for the next hour."""
    days = Grid.days(day("2026-09-05"), day(last), Interval.DAY, TZ)
    frame = pd.DataFrame(
        {"signal": "signups", "topic": "all", "ds": pd.to_datetime(days.ds, utc=True), "value": 4.0}
    )
    save_signals(session, frame.assign(kind="count"), interval=Interval.DAY, tz=TZ)
    row = load_evidence(session)[0] | {"signal": "signups"}
    save_report(session, 1, {"evidence": [row]})


@pytest.mark.parametrize(
    ("last", "use"), [("2026-10-23", "used"), ("2026-10-22", "used"), ("2026-10-21", "stale")]
)
def test_a_daily_signal_is_fresh_for_two_days_after_its_last_one(
    session: Session, last: str, use: str
) -> None:
    signups(session, last)
    assert uses(session, CUTOFF) == {"Outage": {"0-1h": use}}


def test_a_band_is_used_where_the_run_heard_a_signal_and_stale_where_its_gate_is_open_unheard(
    session: Session,
) -> None:
    run = ran(session, {"0-1h": ["posts:outage"], "1-4h": [], "4-24h": []})
    assert uses(session, CUTOFF, run) == {"Outage": {"0-1h": "used", "1-4h": "stale"}}
    assert uses(session, CUTOFF) == {"Outage": {"0-1h": "used", "1-4h": "used"}}


def test_what_the_run_heard_is_used_although_the_gate_shut_since(session: Session) -> None:
    shut = [row | {"gate": "shut"} for row in load_evidence(session)]
    save_report(session, 1, {"evidence": shut})
    run = ran(session, {"0-1h": ["posts:outage"], "1-4h": []})
    assert uses(session, CUTOFF, run) == {"Outage": {"0-1h": "used"}}


def test_what_the_run_heard_is_used_although_its_data_is_old(session: Session) -> None:
    run = ran(session, {"0-1h": ["posts:outage"], "1-4h": ["posts:outage"]})
    later = CUTOFF + dt.timedelta(days=30)
    assert set(uses(session, later, run)["Outage"].values()) == {"used"}
    assert set(uses(session, later)["Outage"].values()) == {"stale"}


def test_the_rows_of_a_forecast_say_what_its_own_run_heard(filled: Filled, session: Session) -> None:
    run = ran(session, {"0-1h": [], "1-4h": ["posts:outage"]})
    version = create_version(session, run_id=run, cutoff=CUTOFF, now=NOW)
    forecast(session, version, "Outage", "2026-10-24", "2026-10-27", Interval.HALF_HOUR)
    publish_version(session, version, NOW)
    session.commit()
    asked = {"queue": "Outage", "start": CUTOFF.isoformat()}
    rows = filled.client().get("/v1/forecasts", params=asked).json()["rows"]
    told = {row["start_utc"][11:16]: row["signal"] for row in rows[:10]}
    assert [told[at] for at in ("12:00", "13:00", "15:30", "16:00")] == [
        "stale",
        "used",
        "used",
        "not_proven",
    ]
