"""The database: connect, bring its tables up to date, check it, back it up. SQLite and PostgreSQL.

A session belongs to the edge (`api/deps.py`, `jobs/ledger.py`, `cli`), which commits. SQLite begins a transaction
at the first *write*, as IMMEDIATE: readers never hold a lock, a writer waits for the other writer instead of failing
half-way, and both databases then read what is committed at each statement. It is SQLAlchemy's documented recipe for
taking over BEGIN (docs, "SQLite: Enabling Non-Legacy Transactional Modes"), with the BEGIN put off.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, StaticPool, create_engine, event, exc, inspect, text
from sqlalchemy.engine import URL, ExceptionContext, make_url
from sqlalchemy.orm import Session, sessionmaker

from forecast.errors import ConfigError, NotFound, StoreError

SCHEMA = "0009"  # the newest migration; tests/contracts/test_store.py holds it to migrations/
READS = frozenset({"SELECT", "PRAGMA", "EXPLAIN", "WITH", "BEGIN", "VALUES"})
UPGRADE = "Run `forecall db upgrade`."


def connect(url: str, *, wait: float = 30.0) -> Engine:
    """An engine for `sqlite:///file`, `sqlite://` (in memory) or `postgresql://...`; `wait`: seconds to wait for a lock.

    Nothing is opened yet. ConfigError where the address is none.
    """
    address = _address(url)
    if address.get_backend_name() == "sqlite":
        engine = _sqlite(address, wait)
    else:
        engine = create_engine(
            address,
            hide_parameters=True,  # what people wrote stays out of errors and logs
            pool_pre_ping=True,
            connect_args={
                "connect_timeout": max(2, round(wait)),
                "options": f"-c lock_timeout={round(wait * 1000)}",
            },
        )
    event.listen(engine, "handle_error", _translate)
    return engine


def _address(url: str) -> URL:
    remedy = "Write sqlite:///forecall.db or postgresql://user:password@host/name."
    try:
        address = make_url(url)
    except (exc.ArgumentError, ValueError):
        raise ConfigError(
            "The database address cannot be read.", remedy=remedy, field="database.url"
        ) from None
    backend = {"postgres": "postgresql"}.get(address.get_backend_name(), address.get_backend_name())
    if backend not in ("sqlite", "postgresql"):
        raise ConfigError(
            f"Databases of the kind {backend!r} are not supported.", remedy=remedy, field="database.url"
        )
    return address.set(drivername="postgresql+psycopg" if backend == "postgresql" else "sqlite")


def _sqlite(address: URL, wait: float) -> Engine:
    if address.database in (None, "", ":memory:"):
        engine = create_engine(
            address, hide_parameters=True, poolclass=StaticPool, connect_args={"check_same_thread": False}
        )
    else:
        engine = create_engine(address, hide_parameters=True, connect_args={"timeout": wait})

    @event.listens_for(engine, "connect")
    def configure(connection: sqlite3.Connection, _: object) -> None:
        connection.isolation_level = None  # Python's own BEGIN is off; ours is below
        for pragma in (
            f"busy_timeout={round(wait * 1000)}",
            "journal_mode=WAL",
            "synchronous=NORMAL",
            "foreign_keys=ON",
        ):
            connection.execute(f"PRAGMA {pragma}").close()

    @event.listens_for(engine, "before_cursor_execute")
    def begin(connection: Connection, _: object, statement: str, *rest: object) -> None:
        context: Any = rest[1]
        verb = statement.lstrip().split(None, 1)[0].upper()
        writes = verb not in READS or (
            context is not None and (context.isinsert or context.isupdate or context.isdelete)
        )
        if writes:
            _begin_immediate(connection)

    return engine


def _begin_immediate(connection: Connection) -> None:
    raw = connection.connection.driver_connection
    if isinstance(raw, sqlite3.Connection) and not raw.in_transaction:
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def lock(session: Session | Connection, what: str) -> None:
    """Hold the right to write `what` until the end of the transaction, so that reading first and then writing is safe."""
    connection = session.connection() if isinstance(session, Session) else session
    if connection.dialect.name == "sqlite":
        _begin_immediate(connection)
    else:
        connection.execute(
            text("SELECT pg_advisory_xact_lock(hashtext(:what))"), {"what": f"forecall {what}"}
        )


def sessions(engine: Engine) -> sessionmaker[Session]:
    """Sessions on the engine. Whoever opens one commits it."""
    return sessionmaker(engine, expire_on_commit=False, autoflush=False)


def upgrade(engine: Engine) -> None:
    """Bring the tables to the schema of this program: makes them where there are none. Safe to call twice or in two processes."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    with engine.begin() as connection:
        lock(connection, "schema")
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def check(engine: Engine) -> None:
    """StoreError when the database is gone, cannot be reached, or has another schema than this program."""
    file = sqlite_file(engine)
    if file is not None and not file.is_file():
        raise StoreError(
            f"The database {file} does not exist.",
            remedy="Run `forecall db upgrade` to make it, or correct database.url.",
            field="database.url",
        )
    with engine.connect() as connection:
        found = None
        if inspect(connection).has_table("alembic_version"):
            found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if found == SCHEMA:
        return
    if found is None:
        raise StoreError(f"The database {_shown(engine)} has no tables of Forecall yet.", remedy=UPGRADE)
    if found > SCHEMA:
        raise StoreError(
            f"The database {_shown(engine)} has schema {found}, newer than this program's {SCHEMA}.",
            remedy="Install the version of Forecall that upgraded it.",
        )
    raise StoreError(
        f"The database {_shown(engine)} has schema {found}; this program needs {SCHEMA}.", remedy=UPGRADE
    )


def backup(engine: Engine, path: Path) -> None:
    """Copy the SQLite database to a new file while it is in use. StoreError on PostgreSQL, which has its own tool."""
    if engine.dialect.name != "sqlite":
        name = engine.url.database
        raise StoreError(
            "PostgreSQL is backed up by its own tool.",
            remedy=f"Run `pg_dump --format=custom --file={path} {name}`.",
        )
    if path.exists():
        raise StoreError(
            f"The file {path} exists already.", remedy="Give the backup a new name.", field="file"
        )
    if not path.parent.is_dir():
        raise NotFound(f"The folder {path.parent} does not exist.", remedy="Make it first.", field="file")
    check(engine)
    with engine.connect() as connection:
        source = connection.connection.driver_connection
        target = sqlite3.connect(path)
        try:
            source.backup(target)  # type: ignore[union-attr]
        finally:
            target.close()


def sqlite_file(engine: Engine) -> Path | None:
    """The file of a SQLite database; None of one in memory, and of PostgreSQL."""
    if engine.dialect.name != "sqlite" or engine.url.database in (None, "", ":memory:"):
        return None
    return Path(str(engine.url.database))


def _shown(engine: Engine) -> str:
    return str(sqlite_file(engine) or engine.url.render_as_string(hide_password=True))


def _translate(context: ExceptionContext) -> None:
    """Errors of the database that are not ours become a StoreError with a remedy; all others stay what they are."""
    _hide_row(context)
    if context.engine is None:
        return
    sentence = _sentence(context, _shown(context.engine))
    if sentence is not None:
        raise StoreError(sentence[0], remedy=sentence[1]) from context.original_exception


def _hide_row(context: ExceptionContext) -> None:
    """PostgreSQL names what is wrong first, then shows the failing row, which `hide_parameters` does not reach."""
    error, shown = context.original_exception, context.sqlalchemy_exception
    first = getattr(getattr(error, "diag", None), "message_primary", None)
    if first is None:
        return
    error.args = (first,)
    if shown is not None:
        shown.args = (f"({type(error).__module__}.{type(error).__name__}) {first}",)


def _sentence(context: ExceptionContext, shown: str) -> tuple[str, str] | None:
    error = context.original_exception
    name, said = type(error).__name__, str(error).strip().lower()
    if "is locked" in said or name in ("LockNotAvailable", "DeadlockDetected"):
        return (
            f"The database {shown} is locked by another process.",
            "Try again; if it stays locked, see which Forecall still writes.",
        )
    if "no such table" in said or "no such column" in said or name in ("UndefinedTable", "UndefinedColumn"):
        return f"The database {shown} has no or older tables.", UPGRADE
    if "not a database" in said or "malformed" in said:
        return (
            f"The file {shown} is not a database, or is damaged.",
            "Correct database.url, or restore a backup.",
        )
    if "readonly" in said or "read-only" in said:
        return f"The database {shown} may not be written.", "Check the rights on the file and its folder."
    if "is full" in said or name == "DiskFull":
        return f"There is no room left for the database {shown}.", "Free some space on its disk."
    gone = "unable to open" in said or "disk i/o" in said or context.is_disconnect
    if gone or (
        name in ("OperationalError", "ConnectionTimeout", "AdminShutdown") and context.connection is None
    ):
        return f"The database {shown} cannot be reached.", "Check database.url and that the database runs."
    return None
