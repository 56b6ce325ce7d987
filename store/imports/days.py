"""Special days."""

from __future__ import annotations

import pandas as pd
from sqlalchemy.orm import Session

from forecast.contacts.special_days import read_days
from forecast.contacts.tables import Source
from store.days import save_days
from store.imports.imported import Imported, named, of_side
from store.imports.revising import local_dates
from store.settings import Settings


def import_days(
    session: Session,
    settings: Settings,
    source: Source,
    *,
    now: pd.Timestamp,
    name: str | None = None,
    timezone: str | None = None,
    date_order: str | None = None,
) -> Imported:
    """A file or calendar of special days -> the store; the later name of a day stays."""
    tz = timezone or settings.company.timezone
    loaded = read_days(source, tz=tz, date_order=date_order)
    changed = save_days(session, local_dates(loaded.frame, ("date", "until"), tz))
    return of_side(loaded, named(source, name), changed)
