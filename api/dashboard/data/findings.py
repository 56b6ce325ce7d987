"""The findings as they are now, kept for as long as nothing in the database changes: to find them, all rows are read.

found_now: of all queues, at once      found_before: of all, where they are kept      found_of: of one, by its own rows
With many queues they are found beside the page (`all_queues`), as `found_beside` does it.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Sequence
from typing import TypeAlias

from sqlalchemy.orm import Session

from forecast.quality.examination import examine
from forecast.quality.findings import Finding
from store.quality import around, load_findings, load_records
from store.queues import load_queues
from store.settings import Settings

FEW = 12  # queues up to which all rows are examined while somebody waits
STEP = dt.timedelta(minutes=15)  # within which the clock changes nothing
Key: TypeAlias = tuple[str, str, int]
_HELD: dict[Key, tuple[Finding, ...]] = {}
_OF_ONE: dict[tuple[Key, str], tuple[Finding, ...]] = {}
_ONE = threading.Lock()


def found_now(session: Session, settings: Settings, now: dt.datetime, mark: str | None) -> Sequence[Finding]:
    """All findings. mark: of the database; without one they are found anew each time."""
    if mark is None:
        return tuple(load_findings(session, settings, now=now))
    key = key_of(session, now, mark)
    with _ONE:  # whoever asks meanwhile waits for what is being found, instead of finding it too
        found = _HELD.get(key)
        if found is None:
            found = tuple(load_findings(session, settings, now=now))
            _keep(key, found)
    return found


def found_before(session: Session, now: dt.datetime, mark: str | None) -> Sequence[Finding] | None:
    """The findings where somebody asked for them before and nothing has changed since; None else."""
    return None if mark is None else _HELD.get(key_of(session, now, mark))


def found_of(
    session: Session, settings: Settings, now: dt.datetime, mark: str | None, queue: str
) -> Sequence[Finding]:
    """Of one queue, by its own rows: what shows beside other queues only (copies, renames, shifts of channel) is not among them."""
    key = None if mark is None else (key_of(session, now, mark), queue)
    found = None if key is None else _OF_ONE.get(key)
    if found is None:
        records = load_records(session, [queue])
        whole = examine(records, around(session, settings, records, now))
        found = tuple(one for one in whole if one.queue == queue)
        if key is not None:
            with _ONE:
                for old in [one for one in _OF_ONE if one[0] != key[0]]:
                    del _OF_ONE[old]
                _OF_ONE[key] = found
    return found


def found_beside(
    session: Session,
    settings: Settings,
    now: dt.datetime,
    mark: str | None,
    tell: Callable[[int, int, str], None],
) -> Sequence[Finding]:
    """All findings, read queue by queue; tell: queues read, of how many, and the next one. It may raise to end it."""
    key = None if mark is None else key_of(session, now, mark)
    records, queues = [], load_queues(session)
    for place, queue in enumerate(queues):
        tell(place, len(queues), queue.name)
        records += load_records(session, [queue.name])
    tell(len(queues), len(queues), "")
    found = tuple(examine(records, around(session, settings, records, now)))
    if key is not None:
        with _ONE:
            _keep(key, found)
    return found


def key_of(session: Session, now: dt.datetime, mark: str) -> Key:
    """Of which state of which database, and when."""
    return str(session.get_bind().engine.url), mark, int(now.timestamp() // STEP.total_seconds())


def _keep(key: Key, found: tuple[Finding, ...]) -> None:
    _HELD.clear()
    _HELD[key] = found
