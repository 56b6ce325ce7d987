"""The week report from the store: what was planned, what came, the same week a year before, the budget, and known events."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from sqlalchemy.orm import Session

from forecast.arrays import Flags, Ns
from forecast.buckets import DAY, column_ns, local_day, to_ns, zone
from forecast.errors import InputError
from forecast.week_report import Report, make_report
from forecast.week_report_budget import Budget, by_day
from forecast.week_report_line import DAYS, Counts, Pay, QueueWeek
from store.budgets import load_budgets
from store.queues import Queue, load_queues, require_queues
from store.settings import Settings
from store.week_report_counts import Contacts
from store.week_report_events import load_claims
from store.week_report_plan import Planned, load_expected, load_plan

EPOCH = dt.date(1970, 1, 1)
YEAR = dt.timedelta(days=364)  # 52 weeks: the same weekdays
EARLIEST = dt.date(1971, 1, 4)


def last_week(now: dt.datetime, tz: str) -> dt.date:
    """The Monday of the last week that is over."""
    today = now.astimezone(zone(tz)).date()
    return today - dt.timedelta(days=today.weekday() + 7)


def load_report(
    session: Session,
    settings: Settings,
    *,
    monday: dt.date | None = None,
    queues: Sequence[str] = (),
    now: dt.datetime,
) -> Report:
    """The report of a week (its Monday; None: the last that is over), of some queues or of all, in their order.

    NotFound for an unknown queue; InputError for a day that is no Monday, or a week that has not begun.
    """
    monday = monday or last_week(now, settings.company.timezone)
    _require(monday, now, settings)
    require_queues(session, list(queues))
    chosen = [one for one in load_queues(session) if not queues or one.name in queues]
    contacts = Contacts(session, settings, chosen, now)
    actual, before = contacts.of(monday), contacts.of(monday - YEAR)
    plans = load_plan(session, chosen, monday)
    claims = load_claims(session, settings, chosen, plans, monday, now)
    budgets = _budgets(session, chosen, contacts, monday, now)
    weeks = []
    for queue in chosen:
        over = _over(queue, monday, now)
        plan = plans[queue.name]
        budget, fte = budgets.get(queue.name, (Counts.unknown(), np.full(DAYS, np.nan)))
        weeks.append(
            QueueWeek(
                queue=queue.name,
                channel=queue.channel,
                over=over,
                actual=_nothing_came(actual[queue.name], plan, over),
                plan=plan.counts,
                last_year=before[queue.name],
                budget=budget,
                budget_fte=fte,
                basis=tuple(plan.basis),
                claims=claims[queue.name],
                rate=settings.staffing.rate_of(queue.name, [queue.name]),
            )
        )
    return make_report(
        weeks,
        company=_company(settings),
        monday=monday,
        made_at=now,
        data_as_of=contacts.as_of,
        tz=chosen[0].tz if chosen else settings.company.timezone,
        pay=Pay(settings.effect.week_hours, settings.effect.productive),
    )


def _require(monday: dt.date, now: dt.datetime, settings: Settings) -> None:
    today = now.astimezone(zone(settings.company.timezone)).date()
    if monday.weekday() != 0 or monday < EARLIEST:
        raise InputError(
            f"{monday} is not the Monday of a week that can be reported.", remedy="Give a week such as 2026-W11.", field="week",
        )  # fmt: skip
    if monday > today:
        year, number, _ = monday.isocalendar()
        raise InputError(
            f"The week {year}-W{number:02d} has not begun.", remedy="Ask for an earlier one.", field="week"
        )


def _company(settings: Settings) -> str:
    """The company as its brands call it; '' where none is named."""
    return next((one.name for one in settings.social.brands if not one.competitor), "")


def _over(queue: Queue, monday: dt.date, now: dt.datetime) -> Flags:
    first, today = (monday - EPOCH).days, local_day(to_ns(now), queue.tz)
    return np.arange(first, first + DAYS) < today


def _nothing_came(actual: Counts, plan: Planned, over: Flags) -> Counts:
    """Of a day that is over, for which nothing was planned and of which no row came, nothing came: it was closed."""
    closed = over & (plan.counts.contacts == 0) & np.isnan(actual.contacts)
    return Counts(np.where(closed, 0.0, actual.contacts), actual.seconds, actual.timed)


def _budgets(
    session: Session, queues: Sequence[Queue], contacts: Contacts, monday: dt.date, now: dt.datetime
) -> dict[str, tuple[Counts, np.ndarray[tuple[int], np.dtype[np.float64]]]]:
    """Queue -> what is budgeted of each day, and the FTE of its row; queues without a budget are left out."""
    rows = load_budgets(session, first=monday, last=monday + dt.timedelta(days=DAYS - 1))
    mine = [queue for queue in queues if queue.name in set(rows["queue"])]
    if not mine:
        return {}
    months = (rows["length"] == "month").any()
    first = monday.replace(day=1) if months else monday
    last = monday + dt.timedelta(days=DAYS - 1)
    last = (last.replace(day=28) + dt.timedelta(days=4)).replace(day=1) if months else last
    expected = load_expected(session, mine, first, last, now)
    days = np.arange(DAYS) + (monday - EPOCH).days
    return {
        queue.name: by_day(
            _rows(rows[rows["queue"] == queue.name]),
            days,
            _opens(contacts, queue),
            expected.get(queue.name, {}),
        )
        for queue in mine
    }


def _rows(rows: pd.DataFrame) -> list[Budget]:
    days = (column_ns(rows["ds"]) // DAY).tolist()
    columns = zip(rows["length"], days, rows["offered"], rows["aht_seconds"], rows["fte"], strict=True)
    return [Budget(str(length), day, *map(float, values)) for length, day, *values in columns]


def _opens(contacts: Contacts, queue: Queue) -> Callable[[Ns], Flags]:
    """By the given hours; without any, every day."""

    def opens(days: Ns) -> Flags:
        found = contacts.opens(queue.name, days)
        return np.ones(len(days), dtype=bool) if found is None else found

    return opens
