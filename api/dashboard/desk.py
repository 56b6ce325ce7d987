"""What every page works with: the store, the clock, the settings; who asks, and what they may change."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias

from dash import Dash
from sqlalchemy.orm import Session, sessionmaker

from api.auth import Caller
from forecast.errors import ForecallError
from store.audit import record
from store.settings import Settings

Clock: TypeAlias = Callable[[], dt.datetime]
Asked: TypeAlias = Mapping[str, str]  # what stands behind the question mark of the address


class NotAllowed(ForecallError):
    """The one who asks may look, and no more."""


@dataclass(frozen=True)
class Change:
    """A session for one change. who: for the audit; now: aware UTC."""

    session: Session
    who: str
    now: dt.datetime

    def note(self, act: str, subject: str, body: Mapping[str, Any]) -> None:
        """Write into the audit what was changed."""
        record(self.session, now=self.now, who=self.who, act=act, subject=subject, body=body)


@dataclass(frozen=True)
class Desk:
    """What the callbacks of a page are given. clock: aware UTC."""

    dash: Dash
    sessions: sessionmaker[Session]
    clock: Clock
    settings: Settings

    def caller(self) -> Caller | None:
        """Who asks; nobody where no guard stands before the pages."""
        found = getattr(self.dash.backend.request_adapter().context, "caller", None)
        return found if isinstance(found, Caller) else None

    def may(self, scope: str) -> bool:
        """Does the one who asks hold the scope? Without a guard before the pages nobody does."""
        caller = self.caller()
        return caller is not None and caller.may(scope)

    def mark(self) -> str | None:
        """Of the database: two equal marks, and nothing was committed in between. None where it cannot be told."""
        found = getattr(self.dash.backend.request_adapter().context, "mark", None)
        return found if isinstance(found, str) else None

    def may_read_posts(self) -> bool:
        """May the one who asks see posts themselves, and not only what is counted of them?"""
        scope = self.settings.social.privacy.texts_for
        return scope != "nobody" and self.may(scope)

    @contextmanager
    def change(self, scope: str) -> Iterator[Change]:
        """A session that is committed at the end; NotAllowed for who does not hold the scope."""
        caller = self.caller()
        if caller is None or not caller.may(scope):
            raise NotAllowed(
                "You may look at this, but not change it.",
                remedy=f"Sign in as somebody who holds the scope `{scope}`.",
            )
        with self.sessions() as session:
            yield Change(session, caller.name, self.clock())
            session.commit()
