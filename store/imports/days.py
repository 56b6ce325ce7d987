"""Special days: dates, days left out of history, and weeks with a name."""

from __future__ import annotations

import pandas as pd
from sqlalchemy.orm import Session

from forecast.contacts.special_days import PERIOD, read_days
from forecast.contacts.tables import Source
from store.day_rules import save_periods
from store.days import save_days
from store.imports.imported import Imported, named, of_side
from store.settings import Settings

AHEAD = pd.Timedelta(days=1096)
DAY_NS = 86_400_000_000_000


def import_days(
    session: Session,
    settings: Settings,
    source: Source,
    *,
    now: pd.Timestamp,
    name: str | None = None,
    timezone: str | None = None,
    date_order: str | None = None,
    kind: str | None = None,
) -> Imported:
    """A file or calendar of special days -> the store; the later name of a day stays.

    kind: recurring, once or period, where a row says none. Weeks with a name (`period`) are kept beside the dates. What a
    calendar repeats without an end is read for three years.
    """
    tz = timezone or settings.company.timezone
    school = settings.calendar.school_holidays.region or settings.company.region
    until = int((now + AHEAD).value // DAY_NS)
    loaded = read_days(source, tz=tz, date_order=date_order, until=until, kind=kind, region=school)
    days = loaded.frame
    lasting = days.get("kind", pd.Series("", index=days.index)).eq(PERIOD)
    changed = save_days(session, days[~lasting])
    changed += save_periods(session, days[lasting], now=now.to_pydatetime())
    return of_side(loaded, named(source, name), changed)
