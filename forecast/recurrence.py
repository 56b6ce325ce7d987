"""Rules by which a day comes again (RFC 5545, section 3.3.10), as local days.

    occurrences("FREQ=MONTHLY;BYMONTHDAY=25", since, until) -> int64 days

A rule speaks of days here: parts that divide a day (BYHOUR and smaller) say nothing and are left out, and a rule that
repeats within a day is refused. python-dateutil does the counting. It looks for the next date up to the year 9999, so
what can never happen is refused before it is asked; parts that the standard forbids with a frequency are, too.
"""

from __future__ import annotations

import calendar
import datetime as dt
import itertools
import re

import numpy as np

from forecast.arrays import Ns
from forecast.errors import InputError

EPOCH = dt.date(1970, 1, 1).toordinal()
FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
WITHIN_A_DAY = ("BYHOUR", "BYMINUTE", "BYSECOND")
KNOWN = (
    *("FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYDAY", "BYMONTHDAY", "BYMONTH", "BYSETPOS"),
    *("BYYEARDAY", "BYWEEKNO", *WITHIN_A_DAY),
)
FORBIDDEN = {  # RFC 5545, the table of section 3.3.10
    "DAILY": ("BYWEEKNO", "BYYEARDAY", "BYSETPOS"),
    "WEEKLY": ("BYWEEKNO", "BYYEARDAY", "BYMONTHDAY", "BYSETPOS"),
    "MONTHLY": ("BYWEEKNO", "BYYEARDAY"),
    "YEARLY": (),
}
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
MOST = 40_000  # occurrences of one rule: a day for a century
LONGEST = 500  # letters of a rule
REMEDY = "Write it like FREQ=MONTHLY;BYMONTHDAY=25, see RFC 5545."


def occurrences(rule: str, since: int, until: int) -> Ns:
    """The local days since .. until (both included) on which a rule that begins on `since` falls; InputError for no rule."""
    from dateutil.rrule import rrulestr

    parts = read_rule(rule)
    if parts["FREQ"] == "DAILY":
        return _daily(parts, since, until)
    first = dt.datetime.fromordinal(EPOCH + since)
    text = ";".join(
        f"{name}={value}" for name, value in parts.items() if name not in ("UNTIL", *WITHIN_A_DAY)
    )
    last = min(until, until_day(parts["UNTIL"])) if "UNTIL" in parts else until
    try:
        found = rrulestr(text, dtstart=first)
    except (ValueError, TypeError, KeyError, OverflowError):
        raise _refused(rule, "cannot be read") from None
    end = dt.datetime.fromordinal(EPOCH + max(last, since))
    if last < since:
        return np.zeros(0, dtype=np.int64)
    # told to stop there, it does not look on; a number of times goes with no end in its own terms
    limited = found if "COUNT" in parts else found.replace(until=end)  # type: ignore[union-attr]
    days = itertools.takewhile(lambda at: at <= end, itertools.islice(limited, MOST))
    return np.array(sorted({at.toordinal() - EPOCH for at in days}), dtype=np.int64)


def _daily(parts: dict[str, str], since: int, until: int) -> Ns:
    """Every so many days, of which BYMONTH, BYMONTHDAY and BYDAY leave some: each day can be looked at by itself."""
    last = min(until, until_day(parts["UNTIL"])) if "UNTIL" in parts else until
    days = np.arange(since, last + 1, int(parts.get("INTERVAL", "1")), dtype=np.int64)
    date = days.astype("datetime64[D]")
    month = date.astype("datetime64[M]")
    kept = np.ones(len(days), dtype=bool)
    if "BYMONTH" in parts:
        kept &= np.isin(month.astype(np.int64) % 12 + 1, _numbers(parts["BYMONTH"]))
    if "BYMONTHDAY" in parts:
        place = (date - month.astype("datetime64[D]")).astype(np.int64) + 1
        length = ((month + 1).astype("datetime64[D]") - month.astype("datetime64[D]")).astype(np.int64)
        wanted = _numbers(parts["BYMONTHDAY"])
        kept &= np.isin(place, wanted) | np.isin(place - length - 1, wanted)
    if "BYDAY" in parts:
        kept &= np.isin((days + 3) % 7, [WEEKDAYS.index(day) for day in parts["BYDAY"].split(",")])
    return days[kept][: int(parts.get("COUNT", MOST))]


def _numbers(text: str) -> list[int]:
    return [int(one) for one in text.split(",") if one]


def read_rule(rule: str) -> dict[str, str]:
    """`RRULE:FREQ=DAILY;COUNT=3` -> its parts by name; InputError with what is wrong with it."""
    text = rule.strip().upper().removeprefix("RRULE:").rstrip(";")
    if len(text) > LONGEST or not re.fullmatch(r"[A-Z0-9=;,+\-]+", text):
        raise _refused(rule, "is no rule")
    parts: dict[str, str] = {}
    for part in text.split(";"):
        name, sign, value = part.partition("=")
        if not sign or not value or name in parts or name not in KNOWN:
            raise _refused(rule, f"has a part {part!r} that is none")
        parts[name] = value
    frequency = parts.get("FREQ", "")
    if frequency in ("HOURLY", "MINUTELY", "SECONDLY"):
        raise _refused(rule, "repeats within a day")
    if frequency not in FREQUENCIES:
        raise _refused(rule, "has no FREQ of DAILY, WEEKLY, MONTHLY or YEARLY")
    for name in FORBIDDEN[frequency]:
        if name in parts:
            raise _refused(rule, f"has {name}, which does not go with FREQ={frequency}")
    _require_possible(rule, parts)
    return parts


def needs_first_day(rule: str) -> bool:
    """Do the days depend on the day the rule begins on? Every second week, three times, every week on no weekday named."""
    parts = read_rule(rule)
    named = {
        "DAILY": True,
        "WEEKLY": "BYDAY" in parts,
        "MONTHLY": "BYDAY" in parts or "BYMONTHDAY" in parts,
        "YEARLY": "BYDAY" in parts or "BYYEARDAY" in parts or "BYMONTHDAY" in parts,
    }
    return "COUNT" in parts or int(parts.get("INTERVAL", "1")) > 1 or not named[parts["FREQ"]]


def until_day(text: str) -> int:
    """`20260301` or `20260301T225959Z` -> the local day it names; the time of day is not looked at."""
    match = re.fullmatch(r"([0-9]{8})(T[0-9]{6}Z?)?", text)
    try:
        if match is None:
            raise ValueError
        return dt.datetime.strptime(match[1], "%Y%m%d").toordinal() - EPOCH
    except ValueError:
        raise _refused(f"UNTIL={text}", "is no date") from None


def days_rule(count: int) -> str:
    """So many days in a row."""
    return f"FREQ=DAILY;COUNT={count}"


def _require_possible(rule: str, parts: dict[str, str]) -> None:
    """Refuse what never happens: 30 February, a fifth of nothing, every 0 days."""
    try:
        months = _numbers(parts.get("BYMONTH", "")) or list(range(1, 13))
        days = _numbers(parts.get("BYMONTHDAY", "")) or [1]
        places = _numbers(parts.get("BYSETPOS", "")) or [1]
        steps = [int(parts.get(name, "1")) for name in ("INTERVAL", "COUNT")]
    except ValueError:
        raise _refused(rule, "has a number that is none") from None
    if not all(1 <= month <= 12 for month in months) or not all(1 <= step <= MOST for step in steps):
        raise _refused(rule, "has a number beyond what there is")
    longest = max(calendar.monthrange(2024, month)[1] for month in months)
    if not any(1 <= abs(day) <= longest for day in days):
        raise _refused(rule, "names a day that no such month has")
    weekdays = parts["BYDAY"].split(",") if "BYDAY" in parts else []
    if parts["FREQ"] == "DAILY" and not all(day in WEEKDAYS for day in weekdays):
        raise _refused(rule, "has a weekday that is none")
    sizes = [count for count in (5 * len(weekdays), len(days) if "BYMONTHDAY" in parts else 0) if count]
    most = 366 if parts["FREQ"] == "YEARLY" else min(sizes, default=1)
    if not all(1 <= abs(place) <= most for place in places):
        raise _refused(rule, "has a BYSETPOS that no such set has")


def _refused(rule: str, what: str) -> InputError:
    return InputError(f"The rule {rule[:80]!r} {what}.", remedy=REMEDY, field="rule")
