"""Special days by rule: an invoice run on the 25th, the last working day, a week left out of history, a school holiday.

    special(rules, first, last, calendar) -> days[date, name, kind]     periods(rules, ...) -> {name: local days}

A day that falls on a weekend or public holiday stays where it is, or goes to the next or the previous working day.
`recurring` days are special days; `once` days are left out of history; the days of a `period` are no special days but a
quantity known ahead, 1 while it lasts.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from forecast.arrays import Flags, Ns
from forecast.buckets import day_start
from forecast.days import Calendar
from forecast.drivers import Driver
from forecast.errors import InputError
from forecast.recurrence import days_rule, needs_first_day, occurrences, read_rule
from forecast.versions import Versions

RECURRING, ONCE, PERIOD = "recurring", "once", "period"
KINDS = (RECURRING, ONCE, PERIOD)
MOVES = ("stays", "next", "previous")
OWN, SCHOOL = "own", "school"
SCHOOL_HOLIDAYS = "school holidays"  # the driver that all of them are together
NEAR = 14  # days within which a working day is looked for
EPOCH = dt.date(1970, 1, 1)
LONG_AGO = 10_957  # 2000-01-01: where a rule begins that names no first day, so that the same again is one
DAY_NS, NOON = 86_400_000_000_000, 43_200_000_000_000
ALWAYS = -9_000_000_000_000_000_000  # ns: known since ever


@dataclass(frozen=True)
class DayRule:
    """since: the local day (whole days since 1970-01-01) it begins on; queue '' means every queue; origin: own or school."""

    name: str
    rule: str
    since: int
    kind: str = RECURRING
    moves: str = "stays"
    queue: str = ""
    origin: str = OWN
    id: int = 0

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise InputError("A special day has no name.", remedy="Give it one.", field="name")
        if self.kind not in KINDS:
            raise InputError(
                f"There is no kind {self.kind!r} of special day.",
                remedy=f"Use {', '.join(KINDS)}.",
                field="kind",
            )
        if self.moves not in MOVES:
            raise InputError(
                f"A day cannot move {self.moves!r}.", remedy=f"Use {', '.join(MOVES)}.", field="moves"
            )
        if not 0 <= self.since <= 84_000:  # the year 2199
            raise InputError("The rule begins outside 1970 to 2199.", remedy="Give a date.", field="from")
        read_rule(self.rule)

    @property
    def date(self) -> str:
        """The local day it begins on, ISO 8601."""
        return str(EPOCH + dt.timedelta(days=self.since))

    def days(self, until: int, holidays: Calendar) -> Ns:
        """The local days up to `until` on which it falls, ascending; holidays: days that are no working days."""
        days = occurrences(self.rule, self.since, until + NEAR)
        holidays = Calendar(
            holidays.country, holidays.region
        )  # of the planner's own days people work on many
        if self.moves != "stays" and len(days):
            step = 1 if self.moves == "next" else -1
            for _ in range(NEAR):
                idle = ~working(days, holidays)
                if not idle.any():
                    break
                days = np.where(idle, days + step, days)
        return np.unique(days[days <= until])


def rule_of(
    *,
    monthly: int | None = None,
    yearly: str | None = None,
    last_working_day: bool = False,
    rule: str | None = None,
) -> tuple[str, str | None]:
    """What a planner says -> (rule, how its days must move, None: as asked); InputError unless exactly one way is given.

    monthly: the day of the month, 1 to 31, in a shorter month its last; yearly: month-day, 12-05
    """
    given = [monthly is not None, yearly is not None, last_working_day, rule is not None]
    if sum(given) != 1:
        raise InputError(
            "A special day comes again in one way.",
            remedy="Give one of --monthly 25, --yearly 12-05, --last-working-day, --on DATE and --rule RRULE.",
            field="rule",
        )
    if monthly is not None:
        if not 1 <= monthly <= 31:
            raise InputError(f"No month has a day {monthly}.", remedy="Give 1 to 31.", field="monthly")
        if monthly <= 28:
            return f"FREQ=MONTHLY;BYMONTHDAY={monthly}", None
        days = ",".join(map(str, range(28, monthly + 1)))
        return f"FREQ=MONTHLY;BYMONTHDAY={days};BYSETPOS=-1", None
    if yearly is not None:
        return _yearly(yearly), None
    if last_working_day:
        return "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "previous"
    return str(rule), None


def first_day(rule: str, since: dt.date | None) -> dt.date:
    """The day a rule begins on, LONG_AGO where nobody says; InputError where its days depend on it."""
    if since is not None:
        return since
    if needs_first_day(rule):
        raise InputError(
            f"On which days the rule {rule[:80]!r} falls depends on its first day, which is not said.",
            remedy="Give its first day (--from, or `from`), or name the days: BYDAY=MO, BYMONTHDAY=25.",
            field="from",
        )
    return EPOCH + dt.timedelta(days=LONG_AGO)


def _yearly(text: str) -> str:
    try:
        day = dt.date.fromisoformat(f"2024-{text}")
    except ValueError:
        raise InputError(f"{text!r} is no day of the year.", remedy="Write 12-05.", field="yearly") from None
    return f"FREQ=YEARLY;BYMONTH={day.month};BYMONTHDAY={day.day}"


def working(days: Ns, holidays: Calendar) -> Flags:
    """Local days[n] -> bool[n]: neither Saturday, Sunday nor a public holiday."""
    return ((days + 3) % 7 < 5) & ~holidays.special(days)


def special(rules: Sequence[DayRule], until: int, holidays: Calendar) -> pd.DataFrame:
    """The special days of all rules up to local day `until` -> days[date, name, kind], recurring and once; `date` is midnight UTC."""
    dates: list[int] = []
    names: list[str] = []
    kinds: list[str] = []
    for rule in rules:
        if rule.kind != PERIOD:
            days = rule.days(until, holidays).tolist()
            dates += days
            names += [rule.name] * len(days)
            kinds += [rule.kind] * len(days)
    moments = pd.DatetimeIndex(np.array(dates, dtype="datetime64[D]").astype("datetime64[ns]")).tz_localize(
        "UTC"
    )
    return pd.DataFrame(
        {"date": moments, "name": pd.Series(names, dtype=object), "kind": pd.Series(kinds, dtype=object)}
    )


def periods(rules: Sequence[DayRule], until: int, holidays: Calendar) -> dict[tuple[str, str], Ns]:
    """(name, queue) -> the local days of each period up to `until`; school holidays of all names are one."""
    found: dict[tuple[str, str], list[Ns]] = {}
    for rule in rules:
        if rule.kind == PERIOD:
            name = SCHOOL_HOLIDAYS if rule.origin == SCHOOL else rule.name
            found.setdefault((name, rule.queue), []).append(rule.days(until, holidays))
    return {key: np.unique(np.concatenate(days)) for key, days in found.items()}


def period_drivers(days: Mapping[tuple[str, str], Ns], tz: str) -> dict[str, Driver]:
    """(name, queue) -> local days, as drivers known since ever: 1 at noon of each, so that every zone nearby sees the same day."""
    made = {}
    for (name, queue), mine in sorted(days.items(), key=lambda item: item[0]):
        ds = day_start(mine, tz) + NOON if len(mine) else np.zeros(0, dtype=np.int64)
        values = Versions.of(ds, np.ones(len(ds)), np.full(len(ds), ALWAYS, dtype=np.int64))
        key = f"{name} (period)@{queue}" if queue else f"{name} (period)"
        made[key] = Driver(name, values, queue, period=True)
    return made


def rules_of(days: pd.DataFrame, *, origin: str = OWN) -> list[DayRule]:
    """days[date, name, queue?, until?] of kind period -> a rule of days in a row for each."""
    made = []
    for row in days.to_dict("records"):
        first = int(pd.Timestamp(row["date"]).value // DAY_NS)
        until = row.get("until")
        last = first if until is None or pd.isna(until) else int(pd.Timestamp(until).value // DAY_NS)
        queue = row.get("queue")
        kept = queue if isinstance(queue, str) else ""
        made.append(
            DayRule(str(row["name"]), days_rule(last - first + 1), first, PERIOD, "stays", kept, origin)
        )
    return made
