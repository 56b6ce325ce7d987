"""School holidays from a service as openholidaysapi.org is one, kept as weeks with a name known ahead.

    GET {url}/SchoolHolidays?countryIsoCode=NL&subdivisionCode=NL-NO&languageIsoCode=EN&validFrom=2026-01-01&validTo=2026-12-31
    -> [{"startDate": "2026-02-14", "endDate": "2026-02-22", "name": [{"language": "EN", "text": "Spring break"}], ...}]

The last day is included. Off until `calendar.school_holidays.url` names a service; it is sent a country, a region and years.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy.orm import Session

from forecast.day_rules import SCHOOL
from forecast.errors import ConfigError
from forecast.social.sources.web import Web
from jobs.ledger import Outcome
from jobs.sources import Line, line
from store.day_rules import save_periods
from store.settings import Settings

AHEAD_YEARS = 2
LONGEST_DAYS = 120


def fetch_school_holidays(
    session: Session, settings: Settings, now: pd.Timestamp, *, years: int, over: Line | None = None
) -> Outcome:
    """Ask for `years` years back and two ahead, and keep what is new. ConfigError where no service or no country is set.

    done: read, new; problems: holidays that could not be read. over: how the service is reached
    """
    asked = settings.calendar.school_holidays
    country, region = asked.country or settings.company.country, asked.region or settings.company.region
    if not asked.url or not country:
        raise ConfigError(
            "There is no service of school holidays to ask.",
            remedy="Set calendar.school_holidays.url (and country), or import a file: forecall import special-days.",
            field="calendar.school_holidays",
        )
    reach = over or line(settings.company.timezone)
    web = Web(reach.client, "school holidays", sleep=reach.sleep)
    rows: list[tuple[dt.date, dt.date, str]] = []
    problems: list[str] = []
    for year in range(now.year - years, now.year + AHEAD_YEARS + 1):
        params = {
            "countryIsoCode": country.upper(),
            "subdivisionCode": region,
            "languageIsoCode": "EN",
            "validFrom": f"{year}-01-01",
            "validTo": f"{year}-12-31",
        }
        told = {name: value for name, value in params.items() if value}
        found = web.json(
            f"{asked.url.rstrip('/')}/SchoolHolidays", params=told, headers={"accept": "application/json"}
        )
        for item in found if isinstance(found, list) else [found]:
            read = _holiday(item, region)
            if isinstance(read, str):
                problems.append(f"A school holiday of {year} was left out: {read}.")
            elif read is not None and read not in rows:
                rows.append(read)
    new = save_periods(session, _days(rows), now=now.to_pydatetime(), origin=SCHOOL) if rows else 0
    return Outcome({"read": len(rows), "new": new}, tuple(problems))


def _holiday(item: Any, region: str | None) -> tuple[dt.date, dt.date, str] | str | None:
    """An item -> (first, last, name); None where it is another region's; a sentence where it cannot be read."""
    if not isinstance(item, dict):
        return "it is no holiday"
    parts = [one for one in (item.get("subdivisions") or []) if isinstance(one, dict)]
    codes = {str(one.get("code", "")).upper() for one in parts}
    if region and codes and not item.get("nationwide") and region.upper() not in codes:
        return None
    try:
        first, last = (dt.date.fromisoformat(str(item[name])[:10]) for name in ("startDate", "endDate"))
    except (KeyError, ValueError):
        return "its dates cannot be read"
    if not 0 <= (last - first).days < LONGEST_DAYS or not 1970 < first.year < 2199:
        return f"it lasts from {first} to {last}"
    names = [str(one.get("text", "")) for one in item.get("name") or [] if isinstance(one, dict)]
    name = " ".join(next((text for text in names if text.strip()), "school holiday").split())[:200]
    return first, last, name


def _days(rows: list[tuple[dt.date, dt.date, str]]) -> pd.DataFrame:
    first, last, names = zip(*sorted(rows), strict=True)
    dates, untils = (
        pd.DatetimeIndex(np.array(days, dtype="datetime64[ns]")).tz_localize("UTC") for days in (first, last)
    )
    return pd.DataFrame({"date": dates, "name": pd.Series(names, dtype=object), "until": untils})
