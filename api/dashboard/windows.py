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
    "weeks13": (28, 91),
    "months18": (28, 548),
}  # back, ahead
STEPS = {
    "interval": None,
    "hour": Interval.HOUR,
    "day": Interval.DAY,
    "week": Interval.WEEK,
    "month": Interval.MONTH,
}
LEAST_BACK = {
    Interval.DAY: 7,
    Interval.WEEK: 28,
    Interval.MONTH: 92,
}  # a few points before today, so that a day or a week is seen among its like
MOST_POINTS = 1500
MOST_ROWS = 3000  # of the table, ahead
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
        cls,
        moment: dt.datetime,
        now: dt.datetime,
        period: str,
        step: str,
        interval: Interval,
        tz: str,
        first: dt.date | None = None,
    ) -> Window:
        """The window of a period around a moment, or from a first local day on; unknown words mean a week per interval."""
        back, ahead = PERIODS.get(period, PERIODS["week"])
        length = _length(STEPS.get(step) or interval, interval, ahead)
        today = local_day(to_ns(moment), tz)
        day = today if first is None else (first - dt.date(1970, 1, 1)).days
        back = max(back, LEAST_BACK.get(length, 0)) if first is None else 0
        start, midnight, last = (int(one) for one in day_start([day - back, today, day + ahead], tz))
        if length.seconds > Interval.DAY.seconds:
            start = int(floor(day_start([day - back], tz), length, tz)[0])
            last = int(end(floor(day_start([day + ahead - 1], tz), length, tz), length, tz)[0])
        drawn = _drawn(length, last - start)
        return cls(start, last, midnight, to_ns(moment), length, drawn, interval, tz, moment == now)

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


def _length(wanted: Interval, interval: Interval, ahead: int) -> Interval:
    """The bucket of the table: the one wanted, no shorter than the queue's own, or longer where rows would be too many."""
    longer = [one for one in (wanted, interval, Interval.HOUR, Interval.DAY) if one.seconds >= wanted.seconds]
    able = [one for one in longer if one.seconds >= interval.seconds and ahead * one.slots <= MOST_ROWS]
    return min(able, key=lambda one: one.seconds, default=Interval.DAY)


def _drawn(step: Interval, span: int) -> Interval:
    """The shortest of step, hour and day that gives no more than MOST_POINTS over a span of ns."""
    longer = [one for one in (Interval.HOUR, Interval.DAY) if one.seconds > step.seconds]
    return next(
        (one for one in (step, *longer) if span / (one.seconds * SECOND) <= MOST_POINTS), Interval.DAY
    )
