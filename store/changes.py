"""Has anything in the database changed? A mark to be read in microseconds, so that what was made from it can be kept.

SQLite: `PRAGMA data_version` of a connection that never writes, another number once any other connection has committed.
PostgreSQL: `pg_current_snapshot()`, another text once any transaction that writes has begun or ended.
"""

from __future__ import annotations

import sqlite3
import threading

from sqlalchemy import Engine, text

from forecast.errors import StoreError
from store.database import sqlite_file


class Changes:
    """The mark of one database. quick: it may be read where nothing may wait."""

    def __init__(self, engine: Engine) -> None:
        self._engine, self._path = engine, sqlite_file(engine)
        self._held: sqlite3.Connection | None = None
        self._one, self._opened = threading.Lock(), 0
        self.quick = engine.dialect.name == "sqlite"

    def mark(self) -> str | None:
        """Two equal marks: nothing was committed in between. None where it cannot be told."""
        if not self.quick:
            try:
                with self._engine.connect() as connection:
                    return str(connection.execute(text("SELECT pg_current_snapshot()::text")).scalar())
            except StoreError:
                return None
        if self._path is None:  # in memory: one connection for all, which does not see its own commits
            return None
        with self._one:
            try:
                if self._held is None:
                    self._held = sqlite3.connect(self._path, timeout=0, check_same_thread=False)
                    self._opened += 1
                number = self._held.execute("PRAGMA data_version").fetchone()[0]
                return f"{self._opened}:{number}"  # each connection counts anew
            except sqlite3.Error:
                self._close()
                return None

    def __del__(self) -> None:
        self._close()

    def _close(self) -> None:
        if self._held is not None:
            self._held.close()
            self._held = None
