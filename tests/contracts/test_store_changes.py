"""A mark that is another one once something was committed, and only then; on both databases."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import Engine, create_engine

from store.changes import Changes
from store.database import sessions
from store.keys import create_key, list_keys

NOW = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)


def test_reading_changes_no_mark_and_every_commit_does(engine: Engine) -> None:
    changes, make = Changes(engine), sessions(engine)
    before = changes.mark()
    with make() as session:
        list_keys(session)
    assert before is not None and changes.mark() == before
    seen = {before}
    for number in range(3):
        with make() as session:
            create_key(session, f"tool {number}", ["read"], now=NOW)
            session.commit()
        seen.add(changes.mark())
    assert len(seen) == 4 and None not in seen


def test_a_commit_by_another_process_is_seen_too(engine: Engine) -> None:
    changes = Changes(engine)
    before = changes.mark()
    other = create_engine(engine.url)
    with other.begin() as connection:
        connection.exec_driver_sql("INSERT INTO cursors (source, value) VALUES ('a', 'b')")
    other.dispose()
    assert changes.mark() != before


def test_of_a_database_in_memory_nothing_is_promised() -> None:
    assert Changes(create_engine("sqlite://")).mark() is None


def test_a_connection_opened_anew_never_repeats_a_mark(engine: Engine) -> None:
    if engine.dialect.name != "sqlite":
        return
    changes = Changes(engine)
    seen = []
    for number in range(4):
        with sessions(engine)() as session:
            create_key(session, f"tool {number}", ["read"], now=NOW)
            session.commit()
        seen.append(changes.mark())
        changes._close()  # as after an error
    assert len(set(seen)) == 4
