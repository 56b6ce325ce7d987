"""The findings as they are now, kept for as long as nothing in the database changes: to find them, all rows are read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy.orm import Session

from forecast.buckets import zone
from forecast.quality.findings import Finding
from store.quality import load_findings
from store.settings import Settings

STEP = dt.timedelta(minutes=15)  # within which the clock changes nothing
_HELD: dict[tuple[str, str, int], tuple[Finding, ...]] = {}


def found_now(session: Session, settings: Settings, now: dt.datetime, mark: str | None) -> Sequence[Finding]:
    """All findings. mark: of the database; without one they are found anew each time."""
    if mark is None:
        return _begun(load_findings(session, settings, now=now), settings, now)
    key = _key(session, now, mark)
    found = _HELD.get(key)
    if found is None:
        found = _begun(load_findings(session, settings, now=now), settings, now)
        _HELD.clear()
        _HELD[key] = found
    return found


def found_before(session: Session, now: dt.datetime, mark: str | None) -> Sequence[Finding] | None:
    """The findings where somebody asked for them before and nothing has changed since; None else."""
    return None if mark is None else _HELD.get(_key(session, now, mark))


def _key(session: Session, now: dt.datetime, mark: str) -> tuple[str, str, int]:
    return str(session.get_bind().engine.url), mark, int(now.timestamp() // STEP.total_seconds())


def _begun(found: Sequence[Finding], settings: Settings, now: dt.datetime) -> tuple[Finding, ...]:
    """Without gaps of hours that are still to come: of today, which is not over, nothing is missing yet."""
    here = now.astimezone(zone(settings.company.timezone)).strftime("%Y-%m-%dT%H:%M")
    return tuple(one for one in found if one.kind != "gap" or one.first < here)
