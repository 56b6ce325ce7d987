"""Another system's database, opened so that it can only be read: one SELECT, streamed, within its time.

SQLite is opened with `mode=ro`; PostgreSQL begins every transaction read-only and ends a statement that takes too long; other
databases get their own word for it where they have one, and nothing is ever committed. What goes wrong becomes a sentence
without the address: it may hold a password.
"""

from __future__ import annotations

import datetime as dt
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, NullPool, create_engine, event, exc, text
from sqlalchemy.engine import URL, make_url

from forecast.contacts.sources.sql_view import Selected, check_query
from forecast.errors import ConfigError, SourceError

CHUNK = 1_000  # rows asked for at a time
STEPS = 20_000  # instructions of SQLite between two looks at the clock
READ_ONLY = {"mysql": "SET SESSION TRANSACTION READ ONLY", "mariadb": "SET SESSION TRANSACTION READ ONLY"}


class SqlReading:
    """Selects of one source. url: SQLAlchemy's; variable: the name of the environment variable it came from, for messages."""

    def __init__(self, *, name: str, url: str, variable: str, query: str, timeout: float) -> None:
        self._name, self._variable, self._timeout = name, variable, timeout
        self._query = check_query(name, query)
        self._engine = self._open(url)

    @contextmanager
    def __call__(self, since: dt.datetime | float) -> Iterator[Selected]:
        """Names of the columns and the rows; SourceError with what to do. The connection is closed at the end."""
        try:
            with self._engine.connect() as connection:
                with self._limited(connection):
                    streamed = connection.execution_options(yield_per=CHUNK)
                    result = streamed.execute(text(self._query), {"since": self._bound(since)})
                    yield list(result.keys()), self._rows(result)
                connection.rollback()
        except exc.SQLAlchemyError as error:
            raise self._failed(error) from None
        finally:
            self._engine.dispose()

    def _rows(self, result: Any) -> Iterator[Sequence[Any]]:
        for row in result:
            yield tuple(row)

    def _bound(self, since: dt.datetime | float) -> Any:
        """SQLite compares texts: the moment is written as it writes moments."""
        if self._engine.dialect.name == "sqlite" and isinstance(since, dt.datetime):
            return since.replace(tzinfo=None).isoformat(sep=" ", timespec="seconds")
        return since

    def _open(self, url: str) -> Engine:
        try:
            address = make_url(url)
            made = _sqlite(address) if address.get_backend_name() == "sqlite" else self._server(address)
        except (exc.NoSuchModuleError, ModuleNotFoundError):
            raise ConfigError(
                f"{self._name}: the driver for the database in {self._variable} is not installed.",
                remedy="Install it beside Forecall, or name one that is: postgresql+psycopg://..., sqlite:///...",
                field=self._variable,
            ) from None
        except (exc.ArgumentError, ValueError):
            raise self._wrong("holds no database address") from None
        return made

    def _server(self, address: URL) -> Engine:
        how: dict[str, Any] = {"hide_parameters": True, "poolclass": NullPool}
        if address.get_backend_name() in ("postgresql", "postgres"):
            if address.drivername in ("postgresql", "postgres"):
                address = address.set(drivername="postgresql+psycopg")
            options = (
                f"-c default_transaction_read_only=on -c statement_timeout={round(self._timeout * 1000)}"
            )
            how["connect_args"] = {"connect_timeout": 15, "options": options}
        engine = create_engine(address, **how)
        said = READ_ONLY.get(address.get_backend_name())
        if said is not None:

            @event.listens_for(engine, "connect")
            def read_only(connection: Any, _: object) -> None:
                with connection.cursor() as cursor:
                    cursor.execute(said)

        return engine

    @contextmanager
    def _limited(self, connection: Connection) -> Iterator[None]:
        """SQLite has no timeout of its own: it is asked again and again whether to go on."""
        raw = connection.connection.driver_connection
        if not isinstance(raw, sqlite3.Connection):
            yield
            return
        deadline = time.monotonic() + self._timeout
        raw.set_progress_handler(lambda: int(time.monotonic() > deadline), STEPS)
        try:
            yield
        finally:
            raw.set_progress_handler(None, 0)

    def _wrong(self, what: str) -> ConfigError:
        remedy = "Write it as postgresql+psycopg://user:password@host/name or sqlite:////folder/file.db."
        return ConfigError(f"{self._name}: {self._variable} {what}.", remedy=remedy, field=self._variable)

    def _failed(self, error: exc.SQLAlchemyError) -> SourceError:
        cause = getattr(error, "orig", None) or error
        kind, said = type(cause).__name__, str(cause).lower()
        first = " ".join(str(getattr(getattr(cause, "diag", None), "message_primary", None) or cause).split())
        password = self._engine.url.password
        if password:
            first = first.replace(str(password), "***")
        if kind == "QueryCanceled" or said == "interrupted":
            return self._told(
                f"the query took longer than {self._timeout:g} seconds",
                "Give it an index, or raise timeout_seconds.",
                "query",
            )
        if kind == "ReadOnlySqlTransaction" or "readonly database" in said or "read-only" in said:
            return self._told(
                "the query writes, and nothing may be written", "Select from a view instead.", "query"
            )
        if (
            "unable to open" in said
            or "connect" in said
            or "authentication" in said
            or kind == "InterfaceError"
        ):
            return self._told(
                "its database cannot be reached or refuses the sign-in",
                f"Check the address in {self._variable}.",
                self._variable,
            )
        return self._told(f"the query fails ({first[:200]})", "Try it in the database itself.", "query")

    def _told(self, what: str, remedy: str, field: str) -> SourceError:
        return SourceError(f"{self._name}: {what}.", remedy=remedy, field=field)


def _sqlite(address: URL) -> Engine:
    """A file, opened for reading alone."""
    file = Path(str(address.database or "")).absolute()

    def connect() -> sqlite3.Connection:
        uri = f"file:{quote(str(file))}?mode=ro"
        connection = sqlite3.connect(uri, uri=True, timeout=15, check_same_thread=False)
        connection.execute("PRAGMA query_only=ON").close()
        return connection

    return create_engine("sqlite://", creator=connect, poolclass=NullPool, hide_parameters=True)
