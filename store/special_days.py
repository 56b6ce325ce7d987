"""What days are unlike others, wherever that comes from: dates, rules, public holidays, school holidays."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
from sqlalchemy.orm import Session

from forecast.arrays import Ns
from forecast.buckets import column_ns
from forecast.day_rules import PERIOD, RECURRING, SCHOOL, SCHOOL_HOLIDAYS, DayRule
from forecast.days import Calendar
from forecast.school_holidays import school_days
from store.day_rules import load_day_rules
from store.days import load_days
from store.facts import where
from store.settings import Settings

EPOCH = dt.date(1970, 1, 1)
DAY_NS = 86_400_000_000_000
OWN_DATE, OWN_RULE, PUBLIC, SCHOOL_DAYS = "date", "rule", "public", "school"


@dataclass(frozen=True)
class KnownDay:
    """A special day, or days in a row, in force. origin: date (a file's), rule, public or school; rule: its number.

    kind: recurring, once (left out of history) or period; queue: '' is every queue
    """

    date: dt.date
    until: dt.date
    name: str
    kind: str
    origin: str
    queue: str = ""
    rule: int | None = None


def load_special_days(
    session: Session, settings: Settings, *, start: dt.date, end: dt.date, queue: str | None = None
) -> list[KnownDay]:
    """All that touch the local days start .. end (both included), in order; with `queue`, its own and those of every queue."""
    first, last = (start - EPOCH).days, (end - EPOCH).days
    holds = where(settings, queue)
    public = Calendar.of(country=holds["country"], region=holds["region"])
    rules = load_day_rules(session, queue=queue)
    found = [day for rule in rules for day in _of_rule(rule, first, last, public)]
    found += _dates(session, first, last, queue)
    days = np.arange(first, last + 1, dtype=np.int64)
    found += [
        KnownDay(_date(day), _date(day), name, RECURRING, PUBLIC)
        for day, name in zip(days.tolist(), public.names(days), strict=True)
        if name
    ]
    if holds["school"] is not None:
        listed = school_days(*holds["school"], first - 100, last + 100)
        found += [
            KnownDay(_date(begin), _date(stop), SCHOOL_HOLIDAYS, PERIOD, SCHOOL_DAYS)
            for begin, stop in _runs(listed)
            if stop >= first and begin <= last
        ]
    return sorted(found, key=lambda one: (one.date, one.origin, one.queue, one.name))


def _of_rule(rule: DayRule, first: int, last: int, public: Calendar) -> list[KnownDay]:
    """The occurrences of a rule; days in a row of a period, or left out, are one."""
    days = rule.days(last + 400, public)
    pairs = [(day, day) for day in days.tolist()] if rule.kind == RECURRING else _runs(days)
    origin = SCHOOL_DAYS if rule.origin == SCHOOL else OWN_RULE
    return [
        KnownDay(_date(begin), _date(stop), rule.name, rule.kind, origin, rule.queue, rule.id)
        for begin, stop in pairs
        if stop >= first and begin <= last
    ]


def _dates(session: Session, first: int, last: int, queue: str | None) -> list[KnownDay]:
    held = load_days(session, queue=queue)
    begins = column_ns(held["date"]) // DAY_NS
    stops = np.where(held["until"].isna(), begins, column_ns(held["until"].fillna(held["date"])) // DAY_NS)
    rows = zip(begins.tolist(), stops.tolist(), held["name"], held["kind"], held["queue"], strict=True)
    return [
        KnownDay(_date(begin), _date(stop), str(name), str(kind), OWN_DATE, str(mine))
        for begin, stop, name, kind, mine in rows
        if stop >= first and begin <= last
    ]


def _runs(days: Ns) -> list[tuple[int, int]]:
    """Local days ascending [n] -> first and last of each run."""
    if len(days) == 0:
        return []
    cuts = np.flatnonzero(np.diff(days) > 1)
    begins = days[np.append(0, cuts + 1)]
    return list(zip(begins.tolist(), days[np.append(cuts, len(days) - 1)].tolist(), strict=True))


def _date(day: int) -> dt.date:
    return EPOCH + dt.timedelta(days=day)
