"""What a route that changes something is handed to write that down: one line, in the same transaction as the change."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends
from sqlalchemy.orm import Session

from api.auth import Who
from api.deps import Db, Now
from store.audit import record


@dataclass(frozen=True)
class Note:
    """Writes an act of this caller into the audit."""

    session: Session
    now: dt.datetime
    who: str

    def __call__(self, act: str, subject: str, body: Mapping[str, Any]) -> None:
        record(self.session, now=self.now, who=self.who, act=act, subject=subject, body=body)


def _note(session: Db, now: Now, who: Who) -> Note:
    return Note(session, now, who)


Noted = Annotated[Note, Depends(_note, scope="function")]
