"""A line of the week report: the sides of a queue's week, its gap and the parts of it, and sums of lines."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from forecast.arrays import Flags, Floats
from forecast.week_report_split import HOUR, Claim, Parts, chance, total

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
class Line:
    """A queue, or the sum of all. contacts, hours, fte, euros: the gap and its parts in each unit.

    days: how many were compared, of `over` that are over; basis: locked, published, mixed or ''
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


def summed(lines: Sequence[Line]) -> Line:
    """The sum of lines, of what is known of each."""
    basis = {one.basis for one in lines if one.basis}
    channels = {one.channel for one in lines}
    planned = [one.plan.contacts for one in lines if one.plan.contacts is not None]
    return Line(
        queue="",
        channel=next(iter(channels)) if len(channels) == 1 else "",
        days=max((one.days for one in lines), default=0),
        over=max((one.over for one in lines), default=0),
        basis="mixed" if len(basis) > 1 else next(iter(basis), ""),
        actual=_together([one.actual for one in lines]),
        plan=replace(_together([one.plan for one in lines]), aht=_planned_aht(lines)),
        last_year=_together([one.last_year for one in lines]),
        budget=_together([one.budget for one in lines]),
        contacts=total([one.contacts for one in lines]),
        hours=total([one.hours for one in lines]),
        fte=total([one.fte for one in lines]),
        euros=total([one.euros for one in lines]),
        chance=chance(math.fsum(planned)) if planned else None,
        by_day=_days([one.by_day for one in lines]),
    )


def _together(sides: Sequence[Side]) -> Side:
    """Sums of what is known; the handling time is that of the sides that have one."""

    def added(name: str) -> float | None:
        held = [value for one in sides if (value := getattr(one, name)) is not None]
        return math.fsum(held) if held else None

    timed = [one for one in sides if one.aht is not None and one.hours is not None and one.contacts]
    contacts = math.fsum(one.contacts or 0.0 for one in timed)
    aht = math.fsum(one.hours or 0.0 for one in timed) * HOUR / contacts if contacts else None
    return Side(added("contacts"), aht, added("hours"), added("fte"))


def _planned_aht(lines: Sequence[Line]) -> float | None:
    """The planned handling times over the contacts that came, so that the total differs from the actual one by what the
    handling time part says, and a shift between queues is none of it. Without what came: over those planned."""
    held = [
        (one.plan.aht, came)
        for one in lines
        if one.plan.aht is not None and one.actual.aht is not None and (came := one.actual.contacts)
    ]
    if not held:
        return _together([one.plan for one in lines]).aht
    return math.fsum(aht * came for aht, came in held) / math.fsum(came for _, came in held)


def _days(rows: Sequence[tuple[float, ...]]) -> tuple[float, ...]:
    """Sums by day of what is known, NaN where nothing is."""
    table = np.array(rows, dtype=np.float64).reshape(len(rows), DAYS)
    sums = np.where(np.isnan(table).all(axis=0), np.nan, np.nansum(table, axis=0))
    return tuple(sums.tolist())


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
