"""The calendar and the weeks with a name, as an archive needs them: from dates, rules, holidays and school holidays."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from sqlalchemy.orm import Session

from forecast.day_rules import SCHOOL_HOLIDAYS, period_drivers, periods, special
from forecast.days import Calendar
from forecast.school_holidays import school_days
from forecast.vintage import Driver, Series
from store.day_rules import load_day_rules
from store.days import load_days

DAY_NS = 86_400_000_000_000
AHEAD_DAYS = 1_461  # days beyond the last contact for which rules are read: four years


def load_calendar(
    session: Session, series: Mapping[str, Series], *, country: str | None, region: str | None, queue: str
) -> Calendar:
    """Public holidays, dates and rules of every queue and of one ('' = none), up to well beyond any horizon."""
    public = Calendar.of(country=country, region=region)
    rules = special(load_day_rules(session, queue=queue), _far(series), public)
    days = load_days(session, queue=queue).drop(columns="queue")
    return Calendar.of(
        pd.concat([rules, days]) if len(rules) else days,  # a date goes before a rule
        country=country,
        region=region,
    )


def load_periods(
    session: Session,
    series: Mapping[str, Series],
    *,
    country: str | None,
    region: str | None,
    school: tuple[str, str] | None,
) -> dict[str, Driver]:
    """Weeks with a name as drivers known ahead, 1 on each of their days.

    school: country and region whose school holidays the built-in list adds to those stored
    """
    if not series:
        return {}
    public, until = Calendar.of(country=country, region=region), _far(series)
    days = periods(load_day_rules(session), until, public)
    if school is not None:
        first = min(int(one.offered.ds.min()) for one in series.values()) // DAY_NS - 1
        listed = school_days(*school, first, until)
        if len(listed):
            held = days.get((SCHOOL_HOLIDAYS, ""), np.zeros(0, dtype=np.int64))
            days[SCHOOL_HOLIDAYS, ""] = np.union1d(held, listed)
    return period_drivers(days, next(iter(series.values())).tz)


def _far(series: Mapping[str, Series]) -> int:
    """The local day up to which rules are read."""
    last = max((int(one.offered.ds.max(initial=0)) for one in series.values()), default=0)
    return last // DAY_NS + AHEAD_DAYS
