"""The stretch of time a page shows: how far back, how far ahead, and in which buckets."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from forecast.buckets import DAY, SECOND, Interval, day_start, end, floor, from_ns, local_day, to_ns

PERIODS = {
    "today": (0, 1),
    "days3": (1, 3),
    "week": (2, 7),
    "weeks4": (14, 28),
    "weeks8": (28, 56),
}  # back, ahead
STEPS = {"interval": None, "hour": Interval.HOUR, "day": Interval.DAY, "week": Interval.WEEK}
LEAST_BACK = {
    "day": 7,
    "week": 28,
}  # a few points before today, so that a day or a week is seen among its like
MOST_POINTS = 1500
USUAL_DAYS = 57  # eight weeks and a day: what is usual
WEEK_BEFORE = 8 * DAY  # before the window: last week, whatever the clock did


@dataclass(frozen=True)
class Window:
    """start <= shown < end (ns); `moment` is what counts as now, `today` its local midnight, `step` the bucket length of
    the table, `drawn` of the chart: longer where there would be more points than a screen has pixels.

    live: is `moment` the real now? Data that end long ago are shown at the moment their forecast was made.
    """

    start: int
    end: int
    today: int
    moment: int
    step: Interval
    drawn: Interval
    interval: Interval
    tz: str
    live: bool

    @classmethod
    def of(
        cls, moment: dt.datetime, now: dt.datetime, period: str, step: str, interval: Interval, tz: str
    ) -> Window:
        """The window of a period around a moment; unknown words mean a week per interval."""
        back, ahead = PERIODS.get(period, PERIODS["week"])
        length = STEPS.get(step) or interval
        length = length if length.seconds >= interval.seconds else interval
        back = max(
            back, LEAST_BACK.get("week" if length is Interval.WEEK else "day" if length.slots == 1 else "", 0)
        )
        day = local_day(to_ns(moment), tz)
        start, today, last = day_start([day - back, day, day + ahead], tz)
        if length is Interval.WEEK:
            start = floor(day_start([day - back], tz), length, tz)[0]
            last = end(floor(day_start([day + ahead - 1], tz), length, tz), length, tz)[0]
        drawn = _drawn(length, int(last) - int(start))
        return cls(
            int(start), int(last), int(today), to_ns(moment), length, drawn, interval, tz, moment == now
        )

    @property
    def first(self) -> dt.datetime:
        """The start as a moment."""
        return from_ns(self.start).to_pydatetime()

    @property
    def past(self) -> dt.datetime:
        """From where on history is needed: for last week in all of the window, and for what is usual today."""
        return from_ns(min(self.start - WEEK_BEFORE, self.today - USUAL_DAYS * DAY)).to_pydatetime()

    @property
    def soon(self) -> dt.datetime:
        """Four days on: the next open hour may come after a long weekend."""
        return from_ns(int(day_start([local_day(self.moment, self.tz) + 5], self.tz)[0])).to_pydatetime()

    @property
    def last(self) -> dt.datetime:
        """The end as a moment, at least `soon`."""
        return max(from_ns(self.end).to_pydatetime(), self.soon)


def _drawn(step: Interval, span: int) -> Interval:
    """The shortest of step, hour and day that gives no more than MOST_POINTS over a span of ns."""
    longer = [one for one in (Interval.HOUR, Interval.DAY) if one.seconds > step.seconds]
    return next(
        (one for one in (step, *longer) if span / (one.seconds * SECOND) <= MOST_POINTS), Interval.DAY
    )
