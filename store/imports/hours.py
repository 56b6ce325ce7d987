"""Opening hours."""

from __future__ import annotations

import pandas as pd
from sqlalchemy.orm import Session

from forecast.contacts.opening_hours import read_hours
from forecast.contacts.tables import Source
from store.days import save_hours
from store.hour_exceptions import save_exceptions
from store.imports.imported import Imported, named, of_side
from store.settings import Settings


def import_hours(
    session: Session,
    settings: Settings,
    source: Source,
    *,
    now: pd.Timestamp,
    name: str | None = None,
    timezone: str | None = None,
    date_order: str | None = None,
) -> Imported:
    """A file of opening hours -> the store; replaces the hours of each queue it names, and the exceptions of each date."""
    tz = timezone or settings.company.timezone
    loaded = read_hours(source, tz=tz, date_order=date_order)
    changed = save_hours(session, loaded.frame)
    changed += save_exceptions(session, loaded.exceptions)
    return of_side(loaded, named(source, name), changed)
