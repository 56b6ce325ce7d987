"""A line of the week report: the sides of a queue's week, its gap and the parts of it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from forecast.arrays import Flags, Floats
from forecast.week_report_split import Claim, Parts

DAYS = 7
LOCKED, PUBLISHED = "locked", "published"


@dataclass(frozen=True)
class Counts:
    """One side of a queue by day, Monday first. contacts, seconds, timed: float[7], NaN unknown.

    seconds: spent on `timed` contacts; where a side tells no contacts that were timed, timed are its contacts
    """

    contacts: Floats
    seconds: Floats
    timed: Floats

    @classmethod
    def unknown(cls) -> Counts:
        """A side of which nothing is known."""
        return cls(np.full(DAYS, np.nan), np.full(DAYS, np.nan), np.full(DAYS, np.nan))


@dataclass(frozen=True)
class QueueWeek:
    """A queue's week. over: bool[7]; basis: what the plan of each day is, `locked`, `published` or ''.

    budget_fte: float[7], FTE budgeted in the week of each day; rate: euros for a paid hour, None where not set
    """

    queue: str
    channel: str
    over: Flags
    actual: Counts
    plan: Counts
    last_year: Counts
    budget: Counts
    budget_fte: Floats
    basis: tuple[str, ...]
    claims: tuple[Claim, ...] = ()
    rate: float | None = None

    @property
    def compared(self) -> Flags:
        """bool[7]: the days compared."""
        planned = ~np.isnan(self.plan.contacts)
        came = self.over & ~np.isnan(self.actual.contacts)
        return np.asarray(came & planned if planned.any() else came)


@dataclass(frozen=True)
class Pay:
    """How hours become people. week_hours: of a contract; productive: share of paid time spent on contacts."""

    week_hours: float = 36.0
    productive: float = 0.7

    @property
    def fte(self) -> float:
        """FTE per hour of workload in a week."""
        return 1 / (self.week_hours * self.productive)


@dataclass(frozen=True)
class Side:
    """Sums over the days compared. contacts; aht in seconds; hours of workload; fte. None: not known."""

    contacts: float | None = None
    aht: float | None = None
    hours: float | None = None
    fte: float | None = None


@dataclass(frozen=True)
class Reach:
    """Of how many of `of` queues a sum is, by what is summed: a queue is in it where both what came and the plan are known."""

    contacts: int = 1
    aht: int = 1
    hours: int = 1
    of: int = 1


@dataclass(frozen=True)
class Line:
    """A queue, or the sum of all. contacts, hours, fte, euros: the gap and its parts in each unit.

    days: how many were compared, of `over` that are over; basis: locked, published, mixed or ''; reach: of a sum
    chance: contacts that a perfect plan would have missed by; by_day: gap in contacts float[7], NaN not compared
    """

    queue: str
    channel: str
    days: int
    over: int
    basis: str
    actual: Side
    plan: Side
    last_year: Side
    budget: Side
    contacts: Parts
    hours: Parts
    fte: Parts
    euros: Parts
    chance: float | None
    by_day: tuple[float, ...]
    reach: Reach = Reach()

    @property
    def longer(self) -> int | None:
        """By how many whole seconds the handling time was longer than planned."""
        plan, came = self.plan.aht, self.actual.aht
        return None if plan is None or came is None else round(came) - round(plan)

    def shown(self) -> Line:
        """As it is printed: whole contacts and euros, tenths of hours, hundredths of FTE; the parts still add up."""
        actual, plan = _printed(self.actual), _printed(self.plan)
        contacts, hours = self.contacts, self.hours
        if actual.contacts is not None and plan.contacts is not None:
            contacts = replace(
                contacts, gap=actual.contacts - plan.contacts, volume=actual.contacts - plan.contacts
            )
        if actual.hours is not None and plan.hours is not None and hours.gap is not None:
            hours = replace(hours, gap=actual.hours - plan.hours)
        return replace(self, contacts=contacts, hours=hours).without_dust()

    def without_dust(self) -> Line:
        """A sum of rounded lines, rounded once more: 0.1 + 0.2 is 0.3."""
        return replace(
            self,
            actual=_printed(self.actual),
            plan=_printed(self.plan),
            last_year=_printed(self.last_year),
            budget=_printed(self.budget),
            contacts=self.contacts.shown(0),
            hours=self.hours.shown(1),
            fte=self.fte.shown(2),
            euros=self.euros.shown(0),
            by_day=_whole_days(self.by_day, self.contacts.shown(0).gap),
        )


def _printed(side: Side) -> Side:
    values = (side.contacts, side.aht, side.hours, side.fte)
    rounded = (
        None if one is None else round(one, digits) + 0.0
        for one, digits in zip(values, (0, 0, 1, 2), strict=True)
    )
    return Side(*rounded)


def _whole_days(by_day: tuple[float, ...], gap: float | None) -> tuple[float, ...]:
    """Days rounded so that they add up to the gap; each is told within one contact of what it is."""
    rounded, before, running = list(by_day), 0.0, 0.0
    known = [place for place, one in enumerate(by_day) if not math.isnan(one)]
    for place in known:
        running += by_day[place]
        rounded[place], before = round(running) - before + 0.0, float(round(running))
    if gap is not None and known:
        rounded[max(known, key=lambda place: abs(rounded[place]))] += gap - before
    return tuple(rounded)
