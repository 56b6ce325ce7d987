"""What every source of contacts keeps: nothing is lost and nothing is counted twice, wherever it is stopped."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from forecast.errors import SourceError
from forecast.frames import CONTACTS, VOLUMES, check
from jobs import contacts
from jobs.contacts import Found, read_source
from jobs.ledger import Outcome, execute
from store.contact_log import load_contacts
from store.cursors import load_cursor, save_cursor
from store.database import connect
from store.database import sessions as make_sessions
from store.settings import Settings
from store.tables import ContactRow, VolumeRow
from store.volumes import load_volumes
from tests.peers.base import NOW
from tests.peers.contact_systems import QUEUE, SYSTEMS, Log, System, when

AT = pd.Timestamp(NOW)
SETTINGS = Settings()


class Stopped(Exception):
    """The process dies here."""


@pytest.fixture
def system(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[System]:
    with request.param(tmp_path) as running:
        yield running


@pytest.fixture
def sessions(sqlite_template: Path, tmp_path: Path) -> Iterator[sessionmaker[Session]]:
    shutil.copy(sqlite_template, tmp_path / "forecall.db")
    engine = connect(f"sqlite:///{tmp_path / 'forecall.db'}", wait=5)
    yield make_sessions(engine)
    engine.dispose()


each = pytest.mark.parametrize("system", SYSTEMS, indirect=True, ids=lambda one: one.__name__)


def ingest(
    sessions: sessionmaker[Session], system: System, *, stop_after: int | None = None, now: pd.Timestamp = AT
) -> Found:
    """A run with its own lease and commits; `stop_after` so many pages the process dies."""
    found, source = Found(), system.source()

    class Dying:
        name = source.name

        def read(self, cursor: str | None, *, now: object) -> Iterator[object]:
            for number, page in enumerate(source.read(cursor, now=NOW)):
                if number == stop_after:
                    raise Stopped
                assert number < 200, "it must end"
                yield page

    def job(session: Session, settings: Settings, at: pd.Timestamp) -> Outcome:
        read_source(session, settings, Dying(), at, found)  # type: ignore[arg-type]
        return Outcome()

    try:
        execute("ingest", sessions, SETTINGS, now, job=job)
    except Stopped:
        found.problems.append("stopped")
    return found


def volumes(sessions: sessionmaker[Session]) -> pd.DataFrame:
    with sessions() as session:
        return load_volumes(session)


def state(sessions: sessionmaker[Session]) -> dict[str, object]:
    """What is held, without when it came."""
    with sessions() as session:
        held = load_volumes(session).drop(columns="known_at")
        log = load_contacts(session, None, None).drop(columns=["known_at", "id", "customer"])
    return {"volumes": held.fillna(-1).to_dict("records"), "log": log.astype(str).to_dict("records")}


def rows(sessions: sessionmaker[Session]) -> tuple[int, int]:
    with sessions() as session:
        counts = [
            session.scalar(select(func.count()).select_from(table)) for table in (VolumeRow, ContactRow)
        ]
    return int(counts[0] or 0), int(counts[1] or 0)


@each
def test_every_contact_is_counted_once_in_its_own_interval(
    system: System, sessions: sessionmaker[Session]
) -> None:
    system.tell(44)
    found = ingest(sessions, system)
    assert found.pages >= 3 and not found.problems
    held = check(volumes(sessions).drop(columns=[]), VOLUMES)
    mine = held[held["queue"] == QUEUE]
    assert mine["offered"].sum() == 44
    expected = pd.Series([when(k) for k in range(44)]).dt.floor("30min").value_counts()
    counted = mine[mine["offered"] > 0].set_index("ds")["offered"]
    assert {at: counted[at] for at in counted.index} == {pd.Timestamp(at): n for at, n in expected.items()}


@each
def test_reading_twice_and_reading_from_the_beginning_change_nothing(
    system: System, sessions: sessionmaker[Session]
) -> None:
    system.tell(30)
    ingest(sessions, system)
    before = rows(sessions), state(sessions)
    ingest(sessions, system)
    assert (rows(sessions), state(sessions)) == before
    with sessions() as session:
        save_cursor(session, f"{contacts.CURSOR}{system.source().name}", "rubbish")
        session.commit()
    found = ingest(sessions, system)
    assert any("mark cannot be read" in said for said in found.problems)
    assert (rows(sessions), state(sessions)) == before


@each
@pytest.mark.parametrize("after", [0, 1])
def test_a_source_stopped_anywhere_ends_where_one_that_was_not_ends(
    system: System, sessions: sessionmaker[Session], after: int
) -> None:
    system.tell(44)
    for turn in range(25):
        now = AT + pd.Timedelta(minutes=31 * turn)  # a dead run holds its lease for half an hour
        if (
            "stopped"
            not in ingest(sessions, system, stop_after=after if turn % 2 else after + 1, now=now).problems
        ):
            break
    assert 1 <= turn < 24
    held = volumes(sessions)
    assert held.loc[held["queue"] == QUEUE, "offered"].sum() == 44
    assert rows(sessions)[1] == (44 if system.single else 0)


@each
def test_what_comes_late_corrects_the_interval_and_is_known_late(
    system: System, sessions: sessionmaker[Session]
) -> None:
    system.tell(35)
    ingest(sessions, system)
    system.tell(10)
    later = AT + pd.Timedelta(minutes=40)
    ingest(sessions, system, now=later)
    held = volumes(sessions)
    mine = held[held["queue"] == QUEUE].set_index("ds")
    assert mine["offered"].sum() == 45
    changed = mine["known_at"] >= later
    assert mine.loc[changed, "offered"].sum() >= 10 and not changed.all()


@each
def test_a_history_is_known_as_it_happened_and_the_rest_when_it_came(
    system: System, sessions: sessionmaker[Session]
) -> None:
    system.tell(30)
    ingest(sessions, system)
    held = volumes(sessions)
    mine = held[(held["queue"] == QUEUE) & (held["offered"] > 0)]
    assert (mine["known_at"] == mine["ds"] + pd.Timedelta(minutes=30)).all()


@each
def test_a_bad_row_is_a_problem_or_set_aside_and_the_rest_goes_on(
    system: System, sessions: sessionmaker[Session]
) -> None:
    system.tell(20)
    system.bad()
    found = ingest(sessions, system)
    held = volumes(sessions)
    assert held.loc[held["queue"] == QUEUE, "offered"].sum() == system.told
    assert found.problems or system.told == 21


@each
def test_a_system_that_refuses_is_a_sentence_without_its_secret(system: System) -> None:
    system.tell(3)
    system.refuse()
    with pytest.raises(SourceError) as failed:
        list(islice(system.source().read(None, now=NOW), 50))
    said = str(failed.value)
    assert system.source().name in said and failed.value.remedy
    assert system.secret not in said and failed.value.__cause__ is None


@each
def test_an_empty_system_gives_nothing_and_does_not_fail(
    system: System, sessions: sessionmaker[Session]
) -> None:
    found = ingest(sessions, system)
    assert found.problems == [] and volumes(sessions).empty
    system.tell(40)
    ingest(sessions, system)
    assert volumes(sessions)["offered"].sum() == 40


@each
def test_no_customer_and_no_id_is_held_as_it_was(system: System, sessions: sessionmaker[Session]) -> None:
    system.tell(20)
    ingest(sessions, system)
    with sessions() as session:
        log = check(load_contacts(session, None, None), CONTACTS)
        text = log.to_csv() + str(load_cursor(session, "contacts counted:log"))
    assert not any(said in text for said in ("klant", "0612345", "mail.example", "Jansen", "c.1|"))
    if system.single:
        assert log["customer"].nunique() == 7 and log["id"].nunique() == 20


@pytest.mark.parametrize("system", [Log], indirect=True)
def test_an_interval_that_runs_is_not_counted_and_a_quiet_one_is_zero(
    system: System, sessions: sessionmaker[Session]
) -> None:
    assert isinstance(system, Log)
    system.write(when(5), "c.5", QUEUE, "ENTERQUEUE", "", "0612345678", 1)
    system.write(when(45), "c.45", QUEUE, "ENTERQUEUE", "", "0612345679", 1)
    ingest(sessions, system)
    held = volumes(sessions)
    assert held["ds"].max() == pd.Timestamp(when(30))  # 45 * 3 minutes: 2:15, so 2:00 still runs
    assert held["offered"].tolist() == [1.0, 0.0, 0.0, 0.0]
    assert np.isnan(held["handled"]).all()  # nobody told of an end yet
