"""When keys and users were last seen: remembered here, written after the answer, once a minute each."""

from __future__ import annotations

import datetime as dt
import threading

from sqlalchemy.orm import Session, sessionmaker

from forecast.errors import StoreError
from store.last_use import minute_of, note_uses

AGAIN = dt.timedelta(seconds=10)  # after the database was busy


class LastSeen:
    """Writes at most once a minute per key or user; one at a time, and never waits for another writer."""

    def __init__(self, sessions: sessionmaker[Session]) -> None:
        self._sessions = sessions
        self._written: dict[tuple[str, int], dt.datetime] = {}
        self._pending: dict[tuple[str, int], dt.datetime] = {}
        self._not_before: dt.datetime | None = None
        self._busy = threading.Lock()

    def note(self, kind: str, number: int, now: dt.datetime) -> bool:
        """A `key` or `user` was seen. Is it time to `write`?"""
        minute = minute_of(now)
        if self._written.get((kind, number)) == minute:
            return False
        self._pending[kind, number] = minute
        return self._not_before is None or now >= self._not_before

    def write(self, now: dt.datetime) -> None:
        """Write what was seen since the last time; where the database is busy, later."""
        if not self._busy.acquire(blocking=False):
            return
        try:
            uses = dict(self._pending)
            with self._sessions() as session:
                note_uses(session, uses)
                session.commit()
            self._written.update(uses)
            for one, minute in uses.items():
                if self._pending.get(one) == minute:
                    del self._pending[one]
            self._not_before = None
        except StoreError:
            self._not_before = now + AGAIN
        finally:
            self._busy.release()
