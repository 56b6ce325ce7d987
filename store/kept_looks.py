"""What was learnt of queues for one scenario, kept for the next: a fit takes ten seconds, another future of it half a second.

A look is kept for a cutoff and a state of the facts it was made from. Without the hindcasts it was learnt from it takes a
few megabytes (2 MB with 300 days of half hours, of which most is the history itself); the least lately used goes first.
"""

from __future__ import annotations

import datetime as dt
import threading
import zlib
from collections import OrderedDict
from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from forecast.errors import InputError
from store.assumptions import load_assumptions
from store.overrides import in_force
from store.settings import Settings
from store.statements import table_of
from store.tables import (
    DayRow,
    DayRuleRow,
    DemandCountRow,
    DemandEstimateRow,
    DriverRow,
    HourExceptionRow,
    HourRow,
    MethodPinRow,
    MoveRow,
    PublicationRow,
    QueueRow,
    UploadRow,
    VolumeRow,
)

if TYPE_CHECKING:
    from forecast.scenario_model import Look

MOST = 24  # looks: two requests of the largest size
# Posts are not among them: those that come after the cutoff change nothing that was learnt before it, and they come always.
GROWING = (VolumeRow, DriverRow, UploadRow, DemandCountRow, DemandEstimateRow)
SMALL = (MethodPinRow, QueueRow, HourRow, HourExceptionRow, DayRow, DayRuleRow, MoveRow)


def facts_mark(session: Session, settings: Settings) -> str:
    """A text that changes when contacts, drivers, the calendar or the settings do."""
    marks = [settings.fingerprint()]
    for each in GROWING:
        table = table_of(each)
        marks.append(str(session.scalar(select(func.max(table.c.id)))))
    marks.append(str(session.scalar(select(func.count(table_of(UploadRow).c.removed_at)))))
    for small in SMALL:
        rows = sorted(repr(tuple(row)) for row in session.execute(select(table_of(small))))
        marks.append(f"{zlib.crc32(repr(rows).encode()):x}")
    return "/".join(marks)


def answer_mark(session: Session, settings: Settings, now: dt.datetime) -> str:
    """As `facts_mark`; it changes also with what is laid upon what was learnt, and with the forecast it is held against."""
    rules = [held.rule for held in load_assumptions(session)]
    changes = [one.id for one in in_force(session, now)]
    shown = session.scalar(select(func.max(table_of(PublicationRow).c.id)))
    return f"{facts_mark(session, settings)}/{changes}/{shown}/{zlib.crc32(repr(rules).encode()):x}"


class KeptLooks:
    """Looks of one moment, by queue. Safe for threads; a look that two want at once is made twice."""

    def __init__(self, most: int = MOST) -> None:
        self._most, self._one = most, threading.Lock()
        self._held: OrderedDict[str, tuple[Look, str]] = OrderedDict()
        self._of: tuple[str, pd.Timestamp] | None = None

    def __len__(self) -> int:
        return len(self._held)

    def begin(self, mark: str, cutoff: pd.Timestamp) -> None:
        """What is asked from now on is as known at this cutoff; what was learnt of other facts goes."""
        with self._one:
            if self._of != (mark, cutoff):
                self._held.clear()
                self._of = (mark, cutoff)

    def has(self, name: str) -> bool:
        """Has the queue been learnt already?"""
        return name in self._held

    def look(
        self, session: Session, settings: Settings, name: str, now: pd.Timestamp, stop: int
    ) -> tuple[Look, str]:
        """As `look_at`, from what was learnt before where it was. InputError for another moment than that of `begin`."""
        from store.what_if import (  # they bring the models, which the start of the API does without
            leads_to,
            look_at,
        )

        if self._of is None or self._of[1] != now:
            raise InputError("The scenario began at another moment.", remedy="Ask for it again.")
        with self._one:
            held = self._held.get(name)
            if held is not None:
                self._held.move_to_end(name)
        if held is not None:
            leads, _ = leads_to(held[0].archive, settings, name, now, stop)
            return replace(held[0], leads=leads), held[1]
        made, warning = look_at(session, settings, name, now, stop)
        bare = replace(made, archive=replace(made.archive, memo={}, recent={}))
        with self._one:
            self._held[name] = (bare, warning)
            while len(self._held) > self._most:
                self._held.popitem(last=False)
        return bare, warning
