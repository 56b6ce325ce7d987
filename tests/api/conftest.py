"""A filled database for each test: filled once, copied since."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from store.database import connect, sessions
from tests.api.filled import Filled, fill, open_app


@pytest.fixture(scope="session")
def filled_template(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, str]]:
    path = tmp_path_factory.mktemp("api") / "filled.db"
    shutil.copy(sqlite_template, path)
    engine = connect(f"sqlite:///{path}")
    with sessions(engine)() as session:
        keys = fill(session)
        session.commit()
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    return path, keys


@pytest.fixture
def filled(filled_template: tuple[Path, dict[str, str]], tmp_path: Path) -> Iterator[Filled]:
    """A fresh app on a filled database."""
    template, keys = filled_template
    path = tmp_path / "forecall.db"
    shutil.copy(template, path)
    engine = connect(f"sqlite:///{path}", wait=10)
    yield open_app(engine, keys)
    engine.dispose()
