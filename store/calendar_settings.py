"""What is known ahead of a country's calendar beside its public holidays."""

from __future__ import annotations

from store.section import Section


class SchoolHolidays(Section):
    """country, region: else the company's. url: a service as openholidaysapi.org is one, asked by `forecall calendar fetch`; "" for none."""

    url: str = ""
    country: str | None = None
    region: str | None = None


class CalendarSettings(Section):
    school_holidays: SchoolHolidays = SchoolHolidays()
