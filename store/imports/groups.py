"""Planning groups."""

from __future__ import annotations

import pandas as pd
from sqlalchemy.orm import Session

from forecast.contacts.planning_groups import read_groups
from forecast.contacts.tables import Source
from store.groups import save_groups
from store.imports.imported import Imported, named, of_side
from store.settings import Settings


def import_groups(
    session: Session,
    settings: Settings,
    source: Source,
    *,
    now: pd.Timestamp,
    name: str | None = None,
    timezone: str | None = None,
    date_order: str | None = None,
) -> Imported:
    """A file of planning groups -> the store; replaces the set of each queue and date it names."""
    tz = timezone or settings.company.timezone
    loaded = read_groups(source, tz=tz, date_order=date_order)
    changed = save_groups(session, loaded.frame)
    return of_side(loaded, named(source, name), changed)
