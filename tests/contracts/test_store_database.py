"""Connecting, upgrading, checking and backing up a database, and what is said when it is gone, locked or of another schema."""

from __future__ import annotations

import traceback
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

import store
from forecast.errors import ConfigError, StoreError
from store.database import SCHEMA, backup, check, connect, sessions, upgrade
from store.queues import load_queues, save_queue
from store.tables import Base
from tests import builders as b


def test_the_migrations_make_exactly_the_tables_of_the_program(engine: Engine) -> None:
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []


def test_the_schema_checked_for_is_the_newest_migration() -> None:
    folder = Path(store.__file__).parent / "migrations"
    assert ScriptDirectory(str(folder)).get_current_head() == SCHEMA


def test_upgrading_twice_changes_nothing_and_the_check_passes(engine: Engine) -> None:
    upgrade(engine)
    check(engine)


def test_a_database_of_another_schema_is_refused_with_the_remedy(engine: Engine) -> None:
    for found, remedy in (("0000", "forecall db upgrade"), ("9999", "Install the version")):
        with engine.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = :found"), {"found": found})
        with pytest.raises(StoreError, match=remedy):
            check(engine)


def test_missing_tables_are_named_with_the_remedy(engine: Engine, session: Session) -> None:
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE queues"))
    with pytest.raises(StoreError, match="forecall db upgrade"):
        load_queues(session)


@pytest.mark.postgres
def test_a_postgresql_that_is_gone_is_a_sentence(tmp_path: Path) -> None:
    engine = connect(f"postgresql://me:secret@/forecall?host={tmp_path}", wait=2)
    with pytest.raises(StoreError, match="cannot be reached") as caught:
        check(engine)
    assert "secret" not in str(caught.value)
    engine.dispose()


def test_a_sqlite_file_that_is_gone_is_a_sentence_and_is_not_made(tmp_path: Path) -> None:
    engine = connect(f"sqlite:///{tmp_path}/none.db")
    with pytest.raises(StoreError, match=r"none\.db does not exist.*forecall db upgrade"):
        check(engine)
    assert not (tmp_path / "none.db").exists()


def test_a_folder_that_does_not_exist_is_a_sentence(tmp_path: Path) -> None:
    engine = connect(f"sqlite:///{tmp_path}/nowhere/forecall.db")
    with pytest.raises(StoreError, match="cannot be reached"):
        upgrade(engine)


def test_a_file_of_another_kind_is_a_sentence(tmp_path: Path) -> None:
    file = tmp_path / "letter.txt"
    file.write_text("Dear planner, " * 200)
    engine = connect(f"sqlite:///{file}")
    with pytest.raises(StoreError, match="not a database"):
        check(engine)
    engine.dispose()


SECRET = "Jan de Boer, Dorpsstraat 1, wacht al weken"
INSERT = "INSERT INTO mentions (source, id, text) VALUES (:source, :id, :text)"


@pytest.mark.parametrize("many", [False, True], ids=["one post", "many"])
def test_an_error_of_the_database_shows_no_text_of_a_post(session: Session, many: bool) -> None:
    """Errors go into logs and into the outcome of a run, which retention does not reach."""
    rows = [{"source": "x", "id": str(n), "text": SECRET} for n in range(1 + many)]
    with pytest.raises(DBAPIError) as caught:
        session.execute(text(INSERT), rows if many else rows[0])
    _shows_nothing(caught.value)


def test_a_database_in_memory_hides_texts_too() -> None:
    engine = connect("sqlite://")
    upgrade(engine)
    with engine.connect() as connection, pytest.raises(DBAPIError) as caught:
        connection.execute(text(INSERT), {"source": "x", "id": "1", "text": SECRET})
    engine.dispose()
    _shows_nothing(caught.value)


def _shows_nothing(error: BaseException) -> None:
    said = "".join(traceback.format_exception(error))
    assert "INSERT INTO mentions" in said  # the error itself is told
    assert SECRET not in said and "Dorpsstraat" not in said


@pytest.mark.parametrize("url", ["mysql://host/db", "no address", ""])
def test_an_address_of_no_known_kind_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="sqlite:///"):
        connect(url)


def test_a_writer_waits_for_the_other_and_then_says_that_it_is_locked(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/forecall.db"
    one, two = connect(url), connect(url, wait=0.1)
    upgrade(one)
    with sessions(one)() as writer, sessions(two)() as other:
        save_queue(writer, b.queue())
        assert load_queues(other) == []  # readers never wait
        with pytest.raises(StoreError, match="locked by another process"):
            save_queue(other, b.queue("mail"))
        other.rollback()
        writer.commit()
        save_queue(other, b.queue("mail"))
        assert len(load_queues(other)) == 2
        other.commit()
    one.dispose()
    two.dispose()


def test_a_writer_that_has_read_before_still_gets_its_turn(tmp_path: Path) -> None:
    """With a plain BEGIN the second writer would fail at once (SQLITE_BUSY_SNAPSHOT), whatever the timeout."""
    engine = connect(f"sqlite:///{tmp_path}/forecall.db")
    upgrade(engine)
    with sessions(engine)() as one, sessions(engine)() as two:
        load_queues(one), load_queues(two)
        save_queue(one, b.queue("a"))
        one.commit()
        save_queue(two, b.queue("b"))
        two.commit()
        assert len(load_queues(one)) == 2
    engine.dispose()


def test_a_database_in_memory_works(tmp_path: Path) -> None:
    engine = connect("sqlite://")
    upgrade(engine)
    check(engine)
    engine.dispose()


def test_a_backup_is_a_whole_database(engine: Engine, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    if engine.dialect.name == "postgresql":
        with pytest.raises(StoreError, match="pg_dump"):
            backup(engine, copy)
        return
    with sessions(engine)() as session:
        save_queue(session, b.queue())
        session.commit()
    backup(engine, copy)
    with pytest.raises(StoreError, match="exists already"):
        backup(engine, copy)
    copied = connect(f"sqlite:///{copy}")
    check(copied)
    with sessions(copied)() as session:
        assert load_queues(session) == [b.queue()]
    copied.dispose()
