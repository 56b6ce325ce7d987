"""What the page looks at: the days asked for, what came on them, and what had been published so long before."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from sqlalchemy.orm import Session

from forecast.arrays import Flags, Floats
from forecast.buckets import local_day, to_ns
from forecast.plan_errors import Figure, Heat, Pairs, figure, heat, mean_of_weeks
from store.alerts import load_alerts
from store.day_remarks import INCIDENTS, DayRemark, load_day_remarks
from store.days_came import CameByDay, last_day_came, load_days_came, load_hours_came
from store.live_record import first_published, load_published, load_published_hours
from store.plan_accuracy import MOST_DAYS
from store.queues import Queue, load_queues
from store.settings import Settings
from store.special_days import load_special_days

EPOCH = dt.date(1970, 1, 1)
RANGES = {"days7": 7, "weeks4": 28, "weeks13": 91}
OWN = "own"
MEASURES = ("volume", "aht", "work")
WEEK_BEFORE = 7
LEADS = (1, WEEK_BEFORE, 28)
HISTORY = 7 * 12  # days before the first one: eight weeks, and four that nobody knew yet four weeks before
ENOUGH = 28  # days from which a figure is shown, or three quarters of the open days of a shorter range
CONFIRMED = ("hit", "acted on")
HOUR = 3600.0


@dataclass(frozen=True)
class Choice:
    """What was asked for. queue: '' for all of them; measure: volume, aht or work; dates: of the range `own`."""

    queue: str = ""
    range: str = "weeks4"
    measure: str = "volume"
    dates: tuple[dt.date, dt.date] | None = None


@dataclass(frozen=True)
class Span:
    """Local days first .. last (whole days since 1970-01-01), and how many of them a figure needs.

    open: how many of them are of weekdays on which anything is ever known; None: all
    """

    first: int
    last: int
    open: int | None = None

    @property
    def days(self) -> int:
        return self.last - self.first + 1

    @property
    def need(self) -> int:
        return min(ENOUGH, max(1, 3 * (self.days if self.open is None else self.open) // 4))

    @property
    def dates(self) -> tuple[dt.date, dt.date]:
        return date_of(self.first), date_of(self.last)


@dataclass(frozen=True)
class Record:
    """Everything one look needs. pairs: days ahead -> rows of queues x days, the days of the first queue first.

    begins: when the first forecast was published; hour: rows of one queue an hour before; heat: of one queue, a week before
    incident: (queue, day) -> why it was one; known: -> name of a special day; warned: where a peak was warned of
    """

    choice: Choice
    queues: tuple[Queue, ...]
    span: Span
    begins: dt.datetime | None
    pairs: Mapping[int, Pairs]
    hour: Pairs | None = None
    heat: Heat | None = None
    incident: Mapping[tuple[int, int], str] = field(default_factory=dict)
    known: Mapping[tuple[int, int], str] = field(default_factory=dict)
    warned: frozenset[tuple[int, int]] = frozenset()
    remarks: Mapping[tuple[int, int], DayRemark] = field(default_factory=dict)

    @property
    def counts(self) -> bool:
        """Is it of contacts?"""
        return self.choice.measure == "volume"

    @property
    def week_before(self) -> Pairs:
        return self.pairs[WEEK_BEFORE]

    def figure(self, pairs: Pairs) -> Figure:
        return figure(pairs, counts=self.counts)

    def enough(self, found: Figure) -> bool:
        """Are there days enough to show the figure?"""
        return found.days >= self.span.need and found.deviation is not None


def date_of(day: int) -> dt.date:
    return EPOCH + dt.timedelta(days=day)


def load_span(session: Session, queues: Sequence[Queue], choice: Choice, now: dt.datetime) -> Span | None:
    """The days asked for, up to the last one that is over and of which anything came; None where nothing ever did."""
    last = last_day_came(session, queues, now)
    if last is None:
        return None
    if choice.range == OWN and choice.dates is not None:
        first, until = ((one - EPOCH).days for one in sorted(choice.dates))
        over = min(local_day(to_ns(now), queue.tz) for queue in queues) - 1
        last = min(until, max(over, last))
        return Span(max(min(first, last), last - MOST_DAYS + 1), last)
    return Span(last - RANGES.get(choice.range, RANGES["weeks4"]) + 1, last)


def load_record(
    session: Session, settings: Settings, choice: Choice, now: dt.datetime, *, whole: bool = True
) -> Record | None:
    """The record of a choice; None where nothing ever came. whole: else only what was published a week before."""
    every = load_queues(session)
    chosen = [queue for queue in every if choice.queue in ("", queue.name)] or every[:1]
    span = load_span(session, chosen, choice, now) if chosen else None
    if span is None:
        return None
    came = load_days_came(session, settings, chosen, first=span.first - HISTORY, last=span.last, now=now)
    span = replace(span, open=_open(came, span))
    leads = LEADS if whole else (WEEK_BEFORE,)
    pairs = {lead: _pairs(session, chosen, span, came, lead, choice.measure) for lead in leads}
    remarks = _remarks(session, chosen, span)
    warned, incident = _warned(session, chosen, span)
    known, left_out = _special(session, settings, chosen, span)
    told = {key: "remark" for key, one in remarks.items() if one.reason in INCIDENTS}
    hour, where = (
        _hours(session, settings, chosen[0], span, choice, now)
        if whole and len(chosen) == 1
        else (None, None)
    )
    return Record(
        choice, tuple(chosen), span, first_published(session), pairs, hour, where,
        {**dict.fromkeys(left_out, "left_out"), **dict.fromkeys(incident, "warning"), **told},
        known, warned, remarks,
    )  # fmt: skip


def _open(came: CameByDay, span: Span) -> int:
    """Days of the span of weekdays on which anything is known: a queue whose absent rows say nothing has none on those it is closed."""
    known = came.days[~np.isnan(came.offered).all(axis=0)]
    if len(known) == 0 or known[-1] - known[0] < 2 * WEEK_BEFORE:
        return span.days  # too little to tell
    return int(np.isin((came.days[-span.days :] + 3) % 7, (known + 3) % 7).sum())


def _pairs(
    session: Session, queues: Sequence[Queue], span: Span, came: CameByDay, lead: int, measure: str
) -> Pairs:
    told = load_published(session, queues, first=span.first, last=span.last, lead=lead)
    values, weight = _measured(came, measure)
    bar = mean_of_weeks(values, lead, span.days, weight)
    said = told.of(measure if measure in MEASURES else "volume") / (HOUR if measure == "work" else 1.0)
    held = np.ones((len(queues), span.days)) if weight is None else weight[:, -span.days :]
    place, day = np.meshgrid(np.arange(len(queues)), told.days, indexing="ij")
    actual = values[:, -span.days :]
    floats = (actual, said[:, :, 0], said[:, :, 1], said[:, :, 2], bar, held)
    return Pairs(place.reshape(-1), day.reshape(-1), *(one.reshape(-1) for one in floats))


def _measured(came: CameByDay, measure: str) -> tuple[Floats, Floats | None]:
    """float[queues, days] of a measure, and the contacts that weigh it."""
    if measure == "aht":
        return came.aht, came.timed
    return (came.work / HOUR, None) if measure == "work" else (came.offered, None)


def _hours(
    session: Session, settings: Settings, queue: Queue, span: Span, choice: Choice, now: dt.datetime
) -> tuple[Pairs | None, Heat | None]:
    """Contacts of one queue by hour: an hour before, and where a week before was wrong. None where nothing was published."""
    if choice.measure != "volume":
        return None, None
    came = load_hours_came(session, settings, queue, first=span.first, last=span.last, now=now)
    week, hour = (
        load_published_hours(session, queue, first=span.first, last=span.last, lead=lead)
        for lead in (WEEK_BEFORE, None)
    )
    days = np.arange(span.first, span.last + 1, dtype=np.int64)
    unknown = np.full(came.size, np.nan)
    rows = (
        np.zeros(came.size, dtype=np.int64), np.repeat(days, came.shape[1]), came.reshape(-1), hour.reshape(-1),
        unknown, unknown, unknown, np.ones(came.size),
    )  # fmt: skip
    return Pairs(*rows), None if np.isnan(week).all() else heat(days, week, came)


def _remarks(session: Session, queues: Sequence[Queue], span: Span) -> dict[tuple[int, int], DayRemark]:
    names = {queue.name: place for place, queue in enumerate(queues)}
    first, last = span.dates
    held = load_day_remarks(session, queues=list(names), start=first, end=last)
    return {(names[one.queue], (one.day - EPOCH).days): one for one in held}


def _warned(
    session: Session, queues: Sequence[Queue], span: Span
) -> tuple[frozenset[tuple[int, int]], set[tuple[int, int]]]:
    """(queue, day) of which a peak was warned, and those of which it came."""
    places = {queue.name: place for place, queue in enumerate(queues)}
    since = dt.datetime.combine(date_of(span.first - 2), dt.time(), dt.UTC)
    warned: set[tuple[int, int]] = set()
    came: set[tuple[int, int]] = set()
    for alert in load_alerts(session, queues=list(places), since=since):
        place, surge = places[alert.surge.series], alert.shown
        tz = queues[place].tz
        days = range(local_day(surge.start, tz), local_day(max(surge.stop - 1, surge.start), tz) + 1)
        mine = {(place, day) for day in days if span.first <= day <= span.last}
        warned |= mine
        came |= mine if alert.outcome in CONFIRMED else set()
    return frozenset(warned), came


def _special(
    session: Session, settings: Settings, queues: Sequence[Queue], span: Span
) -> tuple[dict[tuple[int, int], str], set[tuple[int, int]]]:
    """(queue, day) -> name of a special day; and those that are left out of history."""
    first, last = span.dates
    names: dict[tuple[int, int], str] = {}
    left_out: set[tuple[int, int]] = set()
    alone = queues[0].name if len(queues) == 1 else None
    for one in load_special_days(session, settings, start=first, end=last, queue=alone):
        begin, stop = max((one.date - EPOCH).days, span.first), min((one.until - EPOCH).days, span.last)
        for place, queue in enumerate(queues):
            if one.queue not in ("", queue.name):
                continue
            keys = [(place, day) for day in range(begin, stop + 1)]
            names |= dict.fromkeys(keys, one.name)
            left_out |= set(keys) if one.kind == "once" else set()
    return names, left_out


def flags(pairs: Pairs, marked: Mapping[tuple[int, int], str]) -> Flags:
    """bool[n]: which rows are marked."""
    keys = zip(pairs.place.tolist(), pairs.day.tolist(), strict=True)
    return np.array([key in marked for key in keys], dtype=bool).reshape(-1)
