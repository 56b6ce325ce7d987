"""What was chosen on the page: the time, and whose posts on what, in which language, from where."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from api.dashboard.windows import Window
from forecast.buckets import Interval, day_start, local_day, to_ns
from forecast.social.signals import ALL

PERIODS = {"today": 0, "week": 6, "weeks4": 27, "weeks13": 90}  # whole days before today
STEPS = {"today": Interval.HOUR, "week": Interval.HOUR}  # else days
PAST_DAYS = 57  # eight weeks and a day: what is usual


@dataclass(frozen=True)
class Chosen:
    """period: of PERIODS; topic: a contact reason, `all` for every post; '' elsewhere: not asked."""

    period: str = "week"
    topic: str = ALL
    brand: str = ""
    language: str = ""
    source: str = ""

    @property
    def counted(self) -> bool:
        """Whether the counts that are kept for good tell this; else the posts themselves are asked."""
        return not self.source and not (self.brand and self.language)

    @property
    def part(self) -> str:
        """As the counts name it: `[nl]`, `[@Rival]`, or nothing."""
        return f"[@{self.brand}]" if self.brand else f"[{self.language}]" if self.language else ""


def window(period: str, moment: dt.datetime, now: dt.datetime, interval: Interval, tz: str) -> Window:
    """From the local midnight the period begins with up to the end of the day of `moment`."""
    at = to_ns(moment)
    today = local_day(at, tz)
    start, midnight, last = day_start([today - PERIODS.get(period, 6), today, today + 1], tz)
    step = STEPS.get(period, Interval.DAY if period in PERIODS else Interval.HOUR)
    step = step if step.seconds >= interval.seconds else interval
    return Window(int(start), int(last), int(midnight), at, step, step, interval, tz, moment == now)
