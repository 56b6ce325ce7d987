"""E-mails that are answered too late: the backlog, and the calls and posts of customers who have waited long enough."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from forecast.buckets import index
from forecast.days import minutes
from forecast.simulate.company import Company
from forecast.simulate.incidents import deferred
from forecast.simulate.kernels import Floats, delay_weights
from forecast.simulate.laws import SlowAnswers
from forecast.simulate.timeline import HALF_HOUR, MINUTE, Flags, Timeline

BACKLOG = ["ds", "arrived", "capacity", "backlog", "overdue", "broken"]


@dataclass(frozen=True)
class Backlog:
    """E-mails by half hour [n]: what came, what could be answered, what lies waiting at its end, and of it what waits
    longer than promised; `broken`: for how many the promise was broken in that half hour."""

    arrived: Floats
    capacity: Floats
    waiting: Floats
    overdue: Floats
    broken: Floats


@dataclass(frozen=True)
class Created:
    """What slow answers make: the backlog, expected calls per queue [n] and posts per topic [n] (before sleep)."""

    backlog: Backlog | None = None
    calls: Mapping[str, Floats] = field(default_factory=dict)
    posts: Mapping[str, Floats] = field(default_factory=dict)


def created(
    company: Company, arrived: Mapping[str, Floats], base: Mapping[str, Floats], time: Timeline
) -> Created:
    """arrived per queue [n], base rates per queue [n] -> Created; nothing where the company has no slow answers."""
    law = company.slow_answers
    if law is None:
        return Created()
    backlog = run(law, arrived[law.queue], capacity(law, base[law.queue], time))
    return Created(backlog, *consequences(company, law, backlog.broken, base))


def capacity(law: SlowAnswers, expected: Floats, time: Timeline) -> Floats:
    """expected[n] e-mails -> [n] e-mails that can be answered: `slack` times a week's expectation over its ordinary
    staffed half hours, times a factor of the week (illness, holidays taken). A public holiday staffs nobody."""
    minute = time.grid.slot * 30
    hours = (minute >= minutes(law.opens)) & (minute < minutes(law.closes))
    ordinary = hours & np.isin(time.grid.weekday, law.weekdays)
    week = (time.days + 3) // 7 - (time.days[0] + 3) // 7
    per_week = np.bincount(week[time.row], weights=expected, minlength=int(week[-1]) + 1)
    whole = np.bincount(week[time.row], minlength=len(per_week)) / (7 * 48)  # the first and last are cut off
    per_week = np.divide(per_week, whole, out=np.zeros(len(per_week)), where=whole > 0)
    factor = np.exp(time.stream("answers week").normal(-(law.week_sd**2) / 2, law.week_sd, len(per_week)))
    staffed = len(law.weekdays) * (minutes(law.closes) - minutes(law.opens)) / 30
    each = (law.slack * factor * per_week / staffed)[week[time.row]]
    return np.asarray(each * ordinary * ~time.holiday[time.row], dtype=np.float64)


def run(law: SlowAnswers, arrived: Floats, could: Floats) -> Backlog:
    """Arrivals [n] and capacity [n] -> Backlog: first come, first served, from an empty box on.

    After t half hours H answers are out. Of the A e-mails that had come by then less the promise, those beyond H are
    overdue; a promise is broken where that bound passes both the earlier bound and H.
    """
    waiting, done, left = np.zeros(len(arrived)), np.zeros(len(arrived)), 0.0
    for step, (came, able) in enumerate(zip(arrived.tolist(), could.tolist(), strict=True)):
        answered = min(left + came, able)
        left += came - answered
        waiting[step], done[step] = left, answered
    answers = np.cumsum(done)
    wait = int(law.promise_hours * 2)
    due = np.concatenate([np.zeros(wait), np.cumsum(arrived)])[: len(arrived)]
    before = np.concatenate([[0.0], due[:-1]])
    broken = np.maximum(due - np.maximum(before, answers), 0.0)
    return Backlog(arrived, could, waiting, np.maximum(due - answers, 0.0), broken)


def consequences(
    company: Company, law: SlowAnswers, broken: Floats, base: Mapping[str, Floats]
) -> tuple[dict[str, Floats], dict[str, Floats]]:
    """broken[n] promises -> expected calls per queue [n] and posts per topic [n], later by the delay of the law.

    Who wants to call while a queue is closed calls in part after its opening, as after an incident.
    """
    delayed = np.convolve(broken, delay_weights(law.kernel, HALF_HOUR / MINUTE))[: len(broken)]
    retry = company.incidents
    calls = {
        queue: deferred(delayed * share, base[queue] > 0, retry.closed_retry, retry.retry_minutes)
        for queue, share in law.calls.items()
    }
    return calls, {topic: delayed * share for topic, share in law.posts.items()}


def backlog_frame(made: Created, time: Timeline) -> pd.DataFrame:
    """-> backlog[ds, arrived, capacity, backlog, overdue, broken], by half hour; empty where none is simulated."""
    held = made.backlog
    if held is None:
        return pd.DataFrame(columns=BACKLOG)
    columns = (held.arrived, held.capacity, held.waiting, held.overdue, held.broken)
    return pd.DataFrame(dict(zip(BACKLOG, (index(time.grid.ds), *columns), strict=True)))


def signals_frame(company: Company, made: Created, time: Timeline) -> pd.DataFrame:
    """-> signals[signal, ds, value, kind]: the backlog at the end of each half hour that is over, as a company sees it."""
    columns = ["signal", "ds", "value", "kind"]
    if made.backlog is None or company.slow_answers is None:
        return pd.DataFrame(columns=columns)
    over: Flags = time.grid.ds + HALF_HOUR <= time.end_ns
    return pd.DataFrame(
        {
            "signal": f"backlog:{company.slow_answers.queue}",
            "ds": index(time.grid.ds[over]),
            "value": np.round(made.backlog.waiting[over]),
            "kind": "level",
        }
    )[columns]
