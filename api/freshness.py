"""How old data and forecast are."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.moments import EPOCH
from store.forecast_versions import newest_version
from store.tables import VolumeRow


def data_age(session: Session, now: dt.datetime) -> float | None:
    """Seconds since the contact data written last became known; None where there is none."""
    known = session.scalar(select(VolumeRow.known_at).order_by(VolumeRow.id.desc()).limit(1))
    return None if known is None else _age(EPOCH + dt.timedelta(microseconds=known), now)


def forecast_age(session: Session, now: dt.datetime) -> float | None:
    """Seconds since the cutoff of the published forecast; None where none is published."""
    newest = newest_version(session)
    return None if newest is None else _age(newest.cutoff, now)


def _age(moment: dt.datetime, now: dt.datetime) -> float:
    return max(0.0, (now - moment).total_seconds())
