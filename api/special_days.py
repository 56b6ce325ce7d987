"""What is told of a special day, as a rule: for the route and for the dashboard alike."""

from __future__ import annotations

import datetime as dt

from api.calendar_schemas import SpecialDayIn
from forecast.day_rules import DayRule, first_day
from forecast.errors import InputError
from forecast.recurrence import days_rule

EPOCH = dt.date(1970, 1, 1)


def rule_told(told: SpecialDayIn) -> DayRule:
    """A date (and until) or a rule -> the rule; InputError unless exactly one is given, or where the end lies before the date."""
    if (told.date is None) == (told.rule is None):
        raise InputError("Give a date or a rule.", remedy="Give one of the two.", field="date")
    if told.date is None:
        rule = told.rule or ""
        first = first_day(rule, told.since)
    else:
        first, last = told.date, told.until or told.date
        if last < first:
            raise InputError("The end lies before the date.", remedy="Give a later day.", field="until")
        rule = days_rule((last - first).days + 1)
    return DayRule(told.name, rule, (first - EPOCH).days, told.kind, told.moves, told.queue)
