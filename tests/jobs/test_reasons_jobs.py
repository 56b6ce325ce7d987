"""Contact reasons under one queue: forecast beside it, adding up to it, and kept under their own names."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from sqlalchemy.orm import Session, sessionmaker

from forecast.buckets import Grid, Interval, end
from jobs import digest, retain
from jobs.ledger import execute
from jobs.predict import save
from jobs.reasons import INTERVALS, open_reasons, topics_of
from store.digests import load_digests
from store.facts import open_archive
from store.forecasts import create_version, load_forecast, publish_version
from store.looking_ahead import Forecast, look_ahead
from store.queues import Queue, save_queue
from store.reasons import REST, reason_name, reasons_of, stored_reasons
from store.runs import list_runs
from store.settings import Settings
from store.volumes import save_volumes
from tests.worlds import MONDAY, TZ, midnight, working_week

DAYS = 70
LEVELS = {"outage": 6.0, "billing": 10.0, "moving": 4.0}
NOW = pd.Timestamp(midnight(DAYS) + 11 * 3600 * 10**9, tz="UTC")
SMALL = {"candidates": ("mean8_open",), "draws": 60, "horizon_days": 10, "long_days": 40}


@pytest.fixture
def settings() -> Settings:
    return Settings(models=SMALL, company={"country": None})


def came(session: Session, levels: dict[str, float], *, queue: str = "calls", seed: int = 1) -> None:
    """A queue of hours with so many contacts per open hour of each topic, known until NOW."""
    save_queue(session, Queue(queue, "phone", "all", Interval.HOUR, TZ))
    grid = Grid.days(MONDAY, MONDAY + DAYS, Interval.HOUR, TZ)
    ended = end(grid.ds, Interval.HOUR, TZ)
    grid, ended = grid.take(ended <= NOW.value), ended[ended <= NOW.value]
    rng = np.random.default_rng(seed)
    for topic, level in levels.items():
        counts = rng.poisson(working_week(level)(grid)).astype(np.float64)
        rows = {"queue": queue, "topic": topic, "ds": pd.to_datetime(grid.ds, utc=True), "offered": counts}
        frame = pd.DataFrame({**rows, "known_at": pd.to_datetime(ended, utc=True)})
        save_volumes(session, frame.astype({"queue": object, "topic": object}), upload_id=None)


def made(session: Session, settings: Settings) -> tuple[Forecast, dict[str, Forecast]]:
    whole = look_ahead(open_archive(session, settings, ["calls"]), settings, "calls", NOW)
    return whole, topics_of(session, settings, "calls", whole)


def test_reasons_add_up_to_their_queue_in_every_path_and_on_every_day(
    session: Session, settings: Settings
) -> None:
    came(session, LEVELS)
    whole, parts = made(session, settings)
    assert list(parts) == [f"calls/{topic}" for topic in sorted(LEVELS)]
    near = np.sum([one.paths.values[0] for one in parts.values()], axis=0)
    np.testing.assert_array_equal(near, whole.paths.values[0, : len(near)])
    assert whole.days is not None
    far = np.sum([one.days.values[0] for one in parts.values() if one.days is not None], axis=0)
    np.testing.assert_allclose(far, whole.days.values[0], atol=1e-9)
    share = parts["calls/billing"].paths.values.sum() / near.sum()
    assert share == pytest.approx(0.5, abs=0.04)


def test_a_reason_is_what_came_of_it_until_now(session: Session, settings: Settings) -> None:
    came(session, LEVELS)
    _, parts = made(session, settings)
    series = open_reasons(session, settings, "calls").series["calls/outage"]
    paths = parts["calls/outage"].paths
    past = paths.grid.ds < NOW.value - 3600 * 10**9
    np.testing.assert_array_equal(
        paths.values[0, past].max(axis=1), np.nan_to_num(series.offered.on(paths.grid.ds[past]))
    )


def test_what_is_counted_beyond_the_topics_is_a_reason_of_its_own(
    session: Session, settings: Settings
) -> None:
    came(session, {"outage": 6.0, "all": 20.0})
    assert reasons_of(session) == {"calls": (REST, "outage")}
    whole, parts = made(session, settings)
    total = whole.paths.values[0, : parts["calls/outage"].paths.values.shape[1]].sum()
    assert parts["calls/outage"].paths.values.sum() / total == pytest.approx(0.3, abs=0.05)
    assert parts[f"calls/{REST}"].paths.values.sum() / total == pytest.approx(0.7, abs=0.05)


def test_a_queue_of_one_topic_is_not_divided(session: Session, settings: Settings) -> None:
    came(session, {"outage": 6.0})
    assert reasons_of(session) == {}
    assert made(session, settings)[1] == {}


def test_a_reason_never_takes_the_name_of_a_queue(session: Session) -> None:
    came(session, LEVELS)
    save_queue(session, Queue(reason_name("calls", "outage"), "phone", "all", Interval.HOUR, TZ))
    assert reasons_of(session) == {}


def test_reasons_are_kept_under_their_names_intervals_for_a_week_and_days_as_far_as_the_queue(
    session: Session, settings: Settings
) -> None:
    came(session, LEVELS)
    whole, parts = made(session, settings)
    version = create_version(session, run_id=None, cutoff=NOW.to_pydatetime(), now=NOW.to_pydatetime())
    for name, one in {"calls": whole, **parts}.items():
        save(session, version, queue=name, forecast=one)
    publish_version(session, version, NOW.to_pydatetime() + dt.timedelta(minutes=1))
    assert stored_reasons(session) == {"calls": tuple(sorted(LEVELS))}
    days = {name: load_forecast(session, series=[name], granularity="day") for name in ("calls", *parts)}
    totals = sum(days[name]["mean"].to_numpy() for name in parts)
    np.testing.assert_allclose(totals, days["calls"]["mean"], atol=0.01)
    hours = load_forecast(session, series=["calls/outage"])
    span = hours["ds"].max() - NOW.floor("D")
    assert pd.Timedelta(days=INTERVALS - 1) < span <= pd.Timedelta(days=INTERVALS)


def test_the_digest_of_an_owner_is_kept_with_its_run(sessions: sessionmaker[Session]) -> None:
    owned = Settings(models=SMALL, reasons={"outage": {"owner": "Desk", "faq": "https://example.org/outage"}})
    with sessions() as session:
        came(session, LEVELS)
        whole = look_ahead(open_archive(session, owned, ["calls"]), owned, "calls", NOW)
        version = create_version(session, run_id=None, cutoff=NOW.to_pydatetime(), now=NOW.to_pydatetime())
        for name, one in {"calls": whole, **topics_of(session, owned, "calls", whole)}.items():
            save(session, version, queue=name, forecast=one)
        publish_version(session, version, NOW.to_pydatetime())
        session.commit()
    outcome = execute("digest", sessions, owned, NOW)
    assert outcome is not None and outcome.done == {"digests": 1}
    with sessions() as session:
        made_at, (kept,) = load_digests(session, "en")
    assert made_at == NOW.to_pydatetime() and kept.owner == "Desk"
    assert "Contacts in the week:" in kept.text and "<https://example.org/outage>" in kept.text
    assert "not known" not in kept.text
    last = NOW + pd.Timedelta(days=owned.social.privacy.keep_text_days)
    with sessions() as session:
        assert retain.run(session, owned, last).done["digests"] == 0
        assert retain.run(session, owned, last + pd.Timedelta("1s")).done["digests"] == 1
        assert load_digests(session, "en") == (None, [])
        assert list_runs(session, job="digest")[0].outcome == {"done": {"digests": 1}, "problems": []}


def test_reasons_without_an_owner_are_in_no_digest(session: Session, settings: Settings) -> None:
    outcome = digest.run(session, settings, NOW)
    assert outcome.done == {"digests": 0} and "owner" in outcome.problems[0]
