"""What routes are handed: a session, the settings, the time. Here the transaction ends, and nowhere else in the API."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Annotated, TypeAlias

from fastapi import Depends, Request
from sqlalchemy.orm import Session, sessionmaker

from store.settings import Settings

Clock: TypeAlias = Callable[[], dt.datetime]


def utc_now() -> dt.datetime:
    """The moment, aware, in UTC."""
    return dt.datetime.now(dt.UTC)


def open_session(request: Request) -> Iterator[Session]:
    """A session that is committed when the route returns and rolled back when it raises."""
    sessions: sessionmaker[Session] = request.app.state.sessions
    with sessions() as session:
        yield session
        session.commit()


def _settings(request: Request) -> Settings:
    found: Settings = request.app.state.settings
    return found


def _now(request: Request) -> dt.datetime:
    clock: Clock = request.app.state.clock
    return clock()


# scope="function": the commit comes before the answer. With FastAPI's default the client has its 200 first.
Db = Annotated[Session, Depends(open_session, scope="function")]
Config = Annotated[Settings, Depends(_settings)]
Now = Annotated[dt.datetime, Depends(_now)]
