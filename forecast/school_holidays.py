"""School holidays by country and region, as far as the `holidays` library lists them; others come as a file or a service."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache

import numpy as np

from forecast.arrays import Ns

EPOCH = dt.date(1970, 1, 1)


def school_days(country: str, region: str, first: int, last: int) -> Ns:
    """Local days first .. last that lie in a school holiday of the region; none where the list does not have it.

    The list of the Netherlands has Noord, Midden and Zuid up to 2030, Germany its states, France its zones.
    """
    years = range((EPOCH + dt.timedelta(days=first)).year, (EPOCH + dt.timedelta(days=last)).year + 1)
    days = np.array(_listed(country.upper(), region, tuple(years)), dtype=np.int64)
    return days[(days >= first) & (days <= last)]


def has_school_days(country: str, region: str) -> bool:
    """Does the list have school holidays of the region?"""
    import holidays

    known = getattr(holidays, country.upper(), None)
    if known is None or holidays.SCHOOL not in getattr(known, "supported_categories", ()):
        return False
    return region in known.get_subdivision_aliases() or region in known.subdivisions


@lru_cache(maxsize=64)
def _listed(country: str, region: str, years: tuple[int, ...]) -> tuple[int, ...]:
    import holidays

    if not has_school_days(country, region):
        return ()
    found = holidays.country_holidays(country, subdiv=region, years=years, categories=(holidays.SCHOOL,))
    return tuple(sorted((date - EPOCH).days for date in found))
