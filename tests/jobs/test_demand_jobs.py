"""True demand in the database: counted in the log, estimated where no log shows it, kept as versions, shown side by side."""

from __future__ import annotations

import pandas as pd
import pytest
from sqlalchemy import delete
from sqlalchemy.orm import Session

from forecast.buckets import Interval
from forecast.redial_rate import PRIOR, RedialRate
from jobs import demand
from store.contact_log import save_contacts
from store.demand import load_demand
from store.demand_estimates import load_estimates, save_estimate
from store.facts import open_archive
from store.queues import Queue, load_queues, save_queue
from store.settings import Settings
from store.tables import ContactRow
from store.volumes import load_volumes, save_volumes
from tests.demand_worlds import Calls, Phone, call
from tests.worlds import MONDAY, TZ, midnight

WEEKS = 12
NOW = pd.Timestamp(midnight(7 * WEEKS), tz="UTC") + pd.Timedelta("1h")
HIDDEN = ["queue", "ds", "offered", "abandoned", "known_at"]


@pytest.fixture(scope="module")
def calls() -> Calls:
    return call(Phone(1, weeks=WEEKS, level=30, bad=(9,), steep=0.0))


@pytest.fixture
def settings() -> Settings:
    return Settings(company={"country": None})


def filled(session: Session, calls: Calls, columns: list[str]) -> pd.DataFrame:
    save_queue(session, Queue("calls", "phone", "all", Interval.HALF_HOUR, TZ))
    volumes = calls.volumes().assign(queue="calls").astype({"queue": object})
    save_volumes(session, volumes[columns], upload_id=None)
    return volumes


def offered(session: Session, settings: Settings, *, corrected: bool = True) -> float:
    return float(
        open_archive(session, settings, ["calls"], corrected=corrected)
        .series["calls"]
        .offered.latest()[1]
        .sum()
    )


def test_where_nothing_is_told_the_archive_is_what_was_offered(
    session: Session, settings: Settings, calls: Calls
) -> None:
    volumes = filled(session, calls, ["queue", "ds", "offered", "known_at"])
    assert demand.run(session, settings, NOW).done == {"counts": 0, "estimates": 0}
    assert (
        offered(session, settings) == offered(session, settings, corrected=False) == volumes["offered"].sum()
    )


def test_what_the_file_tells_is_taken_out_and_the_contacts_offered_stay(
    session: Session, settings: Settings, calls: Calls
) -> None:
    volumes = filled(session, calls, [*HIDDEN, "short_abandoned", "redialled"])
    fresh = volumes["offered"] - volumes["short_abandoned"] - volumes["redialled"]
    assert offered(session, settings) == fresh.sum()
    assert offered(session, settings, corrected=False) == load_volumes(session)["offered"].sum()
    left = Settings(company={"country": None}, queues=[{"name": "calls", "demand": {"correct": "off"}}])
    assert offered(session, left) == volumes["offered"].sum()


def test_what_the_log_shows_is_counted_and_stays_when_its_rows_go(
    session: Session, settings: Settings, calls: Calls
) -> None:
    volumes = filled(session, calls, HIDDEN)
    late = calls.contacts()
    late = late[late["at"] >= NOW - pd.Timedelta(weeks=4)]
    save_contacts(session, late, upload_id=None)
    first = demand.run(session, settings, NOW)
    assert int(first.done["counts"]) > 300
    assert demand.run(session, settings, NOW + pd.Timedelta("1h")).done == {"counts": 0, "estimates": 0}
    session.execute(delete(ContactRow))
    queue = load_queues(session)[0]
    found = load_demand(session, settings, queue, start=(NOW - pd.Timedelta(weeks=3)).to_pydatetime())
    seen = sum(row.parts["redialled"] or 0.0 for row in found.rows)
    true = volumes.loc[volumes["ds"] >= NOW - pd.Timedelta(weeks=3), "redialled"].sum()
    assert seen == pytest.approx(true, rel=0.1)  # after the window of an hour somebody counts anew
    assert {origin for row in found.rows for origin in row.origins["redialled"]} == {"counted"}
    assert not any(row.estimated for row in found.rows)


def test_redials_no_log_shows_are_estimated_weekly_and_marked(
    session: Session, settings: Settings, calls: Calls
) -> None:
    filled(session, calls, HIDDEN)
    assert demand.run(session, settings, NOW).done == {"counts": 0, "estimates": 1}
    assert demand.run(session, settings, NOW + pd.Timedelta("1d")).done["estimates"] == 0
    assert demand.run(session, settings, NOW + pd.Timedelta("7d")).done["estimates"] == 1
    rate = load_estimates(session, as_of=NOW.to_pydatetime())["calls"].rate
    assert rate.lower < rate.r < rate.upper and rate.n >= 8
    week = load_demand(session, settings, load_queues(session)[0], granularity=Interval.WEEK).rows[9]
    assert week.ds == pd.Timestamp(midnight(63), tz="UTC") and week.estimated
    assert week.origins["redialled"] == ("estimated",) and week.parts["transferred_in"] is None
    assert week.corrected == pytest.approx(week.offered - (week.parts["redialled"] or 0.0))
    assert week.corrected < 0.9 * week.offered


def test_an_estimate_knows_nothing_of_what_came_later(
    session: Session, settings: Settings, calls: Calls
) -> None:
    volumes = filled(session, calls, HIDDEN)
    early = pd.Timestamp(midnight(7 * 10), tz="UTC")
    demand.run(session, settings, early)
    then = load_estimates(session)["calls"].rate
    save_volumes(session, volumes.assign(abandoned=0.0, known_at=NOW)[HIDDEN], upload_id=None)
    demand.run(session, settings, early + pd.Timedelta("7d"))
    assert then.r != PRIOR
    queue = load_queues(session)[0]
    told = demand.told_volumes(session, queue, {1: "all"})
    rule = settings.demands().get("calls", demand.Demand()).rule()
    assert told is not None and rule is not None
    assert demand.rate_of(told, queue, rule, early.value) == then


def test_saving_an_estimate_of_the_same_moment_twice_changes_nothing(session: Session) -> None:
    for r in (0.3, 0.9):
        save_estimate(session, "calls", RedialRate(r, 0.1, 0.95, 9), decided_at=NOW.to_pydatetime())
    assert load_estimates(session)["calls"].rate.r == 0.3
    assert load_estimates(session, as_of=(NOW - pd.Timedelta("1s")).to_pydatetime()) == {}


def test_the_worlds_begin_on_a_monday() -> None:
    assert (MONDAY + 3) % 7 == 0
