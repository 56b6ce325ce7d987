"""The week report: what was planned, what came, last year and the budget, per queue, over the days that can be compared.

    QueueWeek (seven days of one queue, each side) ─► Line (sums, the gap and its parts) ─► Report (lines and their sum)

A day is compared where it is over and what came is known, and, in a queue of which anything was planned, where it was
planned. All sides of a queue are sums over the same days, so that they compare. A side of which one of these days is not
known is not known (None), never 0. Totals are sums of the lines as they are shown: `Report.shown` rounds first, adds then;
a queue without a plan is in no total (`week_report_total.py`).

Hours are workload: contacts x handling time. FTE = hours / (productive share x contract hours of a week), as the work is
counted that a fix saves. Euros: the hours that are paid for so much workload, hours / productive share, times the rate.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from forecast.arrays import Flags
from forecast.week_report_line import Counts, Line, Pay, QueueWeek, Side
from forecast.week_report_split import HOUR, NOTHING, Explained, chance, contact_gap, workload_gap
from forecast.week_report_total import summed


@dataclass(frozen=True)
class Report:
    """A week. lines: by queue; whole: their sum; events: the largest first; over: how many days of the week are over.

    made_at: when; data_as_of: the end of the last contacts known; without: queues that are in no gap, because nothing
    was planned of them; untimed: queues that are in no hours
    """

    company: str
    monday: dt.date
    made_at: dt.datetime
    data_as_of: dt.datetime | None
    tz: str
    over: int
    lines: tuple[Line, ...]
    whole: Line
    events: tuple[Explained, ...]
    pay: Pay
    without: tuple[str, ...] = ()
    untimed: tuple[str, ...] = ()

    @property
    def week(self) -> str:
        """`2026-W11`."""
        year, number, _ = self.monday.isocalendar()
        return f"{year}-W{number:02d}"

    def shown(self) -> Report:
        """As it is printed; the sum is that of the lines as they are printed."""
        lines = tuple(one.shown() for one in self.lines)
        return replace(self, lines=lines, whole=summed(lines).without_dust())


def make_report(
    weeks: Sequence[QueueWeek],
    *,
    company: str,
    monday: dt.date,
    made_at: dt.datetime,
    data_as_of: dt.datetime | None,
    tz: str,
    pay: Pay,
) -> Report:
    """Queues in the order they are to be listed -> the report, exact."""
    lines: list[Line] = []
    events: list[Explained] = []
    for week in weeks:
        line, found = _line(week, pay)
        lines.append(line)
        events += found
    return Report(
        company=company,
        monday=monday,
        made_at=made_at,
        data_as_of=data_as_of,
        tz=tz,
        over=max((one.over for one in lines), default=0),
        lines=tuple(lines),
        whole=summed(lines),
        events=tuple(sorted(events, key=lambda one: -abs(one.contacts))),
        pay=pay,
        without=tuple(one.queue for one in lines if one.days and one.plan.contacts is None),
        untimed=tuple(one.queue for one in lines if one.contacts.gap is not None and one.hours.gap is None),
    )


def _line(week: QueueWeek, pay: Pay) -> tuple[Line, tuple[Explained, ...]]:
    days = week.compared
    actual = _side(week.actual, days, pay, mean=True)
    plan = _side(week.plan, days, pay)
    budget = _side(week.budget, days, pay)
    if budget.contacts is not None and not np.isnan(week.budget_fte[days]).any():
        budget = replace(budget, fte=float(week.budget_fte[days].mean()))
    gaps = np.where(days, week.actual.contacts - week.plan.contacts, np.nan)
    contacts, hours = NOTHING, NOTHING
    events: tuple[Explained, ...] = ()
    if plan.contacts is not None and actual.contacts is not None:
        contacts, events = contact_gap(week.queue, gaps, week.claims)
        hours = workload_gap(contacts, actual.contacts, *_ahts(plan, actual))
    basis = {one for one, mine in zip(week.basis, days, strict=True) if mine and one}
    line = Line(
        queue=week.queue,
        channel=week.channel,
        days=int(days.sum()),
        over=int(week.over.sum()),
        basis="mixed" if len(basis) > 1 else next(iter(basis), ""),
        actual=actual,
        plan=plan,
        last_year=_side(week.last_year, days, pay, mean=True),
        budget=budget,
        contacts=contacts,
        hours=hours,
        fte=hours.times(pay.fte),
        euros=hours.times(None if week.rate is None else week.rate / pay.productive),
        chance=None if plan.contacts is None else chance(plan.contacts),
        by_day=tuple(gaps.tolist()),
    )
    return line, events


def _ahts(plan: Side, actual: Side) -> tuple[float | None, float | None]:
    """The handling times to compare. A side without contacts has none, and takes that of the other: all is volume."""
    planned, came = plan.aht, actual.aht
    if planned is None and plan.contacts == 0:
        planned = 0.0 if actual.contacts == 0 else came
    return planned, planned if came is None and actual.contacts == 0 else came


def _side(counts: Counts, days: Flags, pay: Pay, *, mean: bool = False) -> Side:
    """Sums over the days; nothing where one of them is not known. mean: handling time is that of the contacts timed."""
    if not days.any() or np.isnan(counts.contacts[days]).any():
        return Side()
    contacts = float(counts.contacts[days].sum())
    timed, seconds = counts.timed[days], counts.seconds[days]
    known = ~np.isnan(seconds) & (timed > 0)
    if not mean and bool((~known & (counts.contacts[days] > 0)).any()):
        return Side(contacts, None, 0.0 if contacts == 0 else None, 0.0 if contacts == 0 else None)
    if not known.any():
        nothing = 0.0 if contacts == 0 else None
        return Side(contacts, None, nothing, nothing)
    aht = float(seconds[known].sum() / timed[known].sum())
    hours = contacts * aht / HOUR
    return Side(contacts, aht, hours, hours * pay.fte)
