"""Events of a scenario in a planner's words, as they are asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Literal, TypeAlias

import numpy as np
from pydantic import Field, StringConstraints

from api import moments
from api.queries import In, Name, When
from forecast import scenario_events as events
from forecast.buckets import to_ns
from forecast.days import minutes
from forecast.errors import InputError

Zones: TypeAlias = Callable[[str | None], str]
"""Queue -> its time zone; None -> the company's."""
Date = Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}$"), Field(examples=["2026-11-02"])]
Clock = Annotated[str, StringConstraints(pattern=r"^\d{1,2}:\d{2}$"), Field(examples=["10:00"])]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
MOST_EVENTS, MOST_DAYS = 20, 92


class _Dated(In):
    """An event on one or more days: `date`, or `dates`, or `from` and `to` (until before that day)."""

    date: Date | None = None
    dates: list[Date] = Field([], max_length=MOST_DAYS)
    from_: Date | None = Field(None, alias="from")
    to: Date | None = Field(None, description="Until before this day.")

    def days(self) -> tuple[int, ...]:
        """Local days, ascending. InputError for none, or for more than one way of saying them."""
        ways = [self.date is not None, bool(self.dates), self.from_ is not None]
        if sum(ways) != 1 or (self.to is not None) != (self.from_ is not None):
            raise InputError(
                "The event needs its days in one way.",
                remedy="Give date, or dates, or from and to.",
                field="date",
            )
        if self.from_ is not None and self.to is not None:
            first, stop = local_day_of(self.from_, "from"), local_day_of(self.to, "to")
            events.require_span(first, stop)
            if stop - first > MOST_DAYS:
                raise InputError(
                    f"The event lasts longer than {MOST_DAYS} days.", remedy="Make it shorter.", field="to"
                )
            return tuple(range(first, stop))
        return tuple(sorted({local_day_of(one, "date") for one in self.dates or [self.date or ""]}))


class _Spanned(In):
    """An event from one moment until before another."""

    from_: When = Field(alias="from")
    to: When = Field(description="Until before this moment.")

    def span(self, tz: str) -> tuple[int, int]:
        """Its moments in ns; local time is that of `tz`."""
        return to_ns(moments.parse(self.from_, tz, "from")), to_ns(moments.parse(self.to, tz, "to"))


class DriverEvent(_Dated):
    """A quantity known ahead: 40,000 letters on Monday. By its measured effect, or by `worth` where you say it."""

    kind: Literal["driver"]
    driver: Name = Field(examples=["letters"])
    value: float = Field(
        ge=0, le=1e12, allow_inf_nan=False, description="The whole amount of each day.", examples=[40000]
    )
    worth: float | None = Field(
        None,
        gt=0,
        le=1e6,
        allow_inf_nan=False,
        description="Contacts per unit, as you assume them.",
        examples=[0.03],
    )
    lasts_days: int | None = Field(
        None, ge=1, le=60, description="Open days over which they come; needed where nothing is measured."
    )
    queue: Name | None = None

    def event(self, zones: Zones) -> events.Event:
        return events.Driver(self.driver, self.days(), self.value, self.worth, self.lasts_days, self.queue)


class OutageEvent(In):
    """An outage like that of a past day: what came over what was expected without it, by queue and interval."""

    kind: Literal["outage"]
    like: Date = Field(description="The past day.", examples=["2026-03-03"])
    date: Date
    start: Clock | None = Field(None, description="When it begins; as late after opening as then without it.")
    scale: float = Field(1.0, gt=0, le=20, allow_inf_nan=False, description="2: twice as bad.")
    queue: Name | None = None

    def event(self, zones: Zones) -> events.Event:
        minute = None if self.start is None else minutes(self.start)
        like, day = local_day_of(self.like, "like"), local_day_of(self.date, "date")
        return events.Outage(like, day, minute, self.scale, self.queue)


class HoursEvent(_Dated):
    """Other opening hours on some days, or closed."""

    kind: Literal["hours"]
    queue: Name
    opens: Clock | None = None
    closes: Clock | None = Field(None, examples=["24:00"])
    closed: bool = False

    def event(self, zones: Zones) -> events.Event:
        if self.closed != (self.opens is None) or self.closed != (self.closes is None):
            raise InputError(
                "Other hours need opens and closes, or closed.",
                remedy="Give both, or closed: true.",
                field="opens",
            )
        if self.opens is None or self.closes is None:
            return events.Hours(self.queue, self.days())
        first, last = minutes(self.opens), minutes(self.closes)
        if last <= first:
            raise InputError(
                "The hours end before they begin.",
                remedy="Write hours past midnight as two days.",
                field="closes",
            )
        return events.Hours(self.queue, self.days(), ((first, last),))


class CloseEvent(_Spanned):
    """A queue or a channel closes. `moves`: what share goes to which other queue; the rest is lost."""

    kind: Literal["close"]
    queue: Name | None = None
    channel: Name | None = None
    moves: dict[Name, Share] = Field({}, max_length=20, examples=[{"Billing": 0.4}])

    def event(self, zones: Zones) -> events.Event:
        start, stop = self.span(zones(self.queue))
        return events.Close(start, stop, self.queue, self.channel, dict(self.moves))


class OverflowEvent(_Spanned):
    """A queue overflows to another one, or to a partner (any other name): a share, or what is above a size."""

    kind: Literal["overflow"]
    queue: Name
    target: Name = Field(description="Another queue, or a partner's name.", examples=["Partner"])
    share: Share | None = None
    above_contacts: float | None = Field(None, ge=0, le=1e9, allow_inf_nan=False, description="Per interval.")
    above_agents: float | None = Field(
        None, ge=0, le=1e5, allow_inf_nan=False, description="What so many agents at work can take stays."
    )

    def event(self, zones: Zones) -> events.Event:
        start, stop = self.span(zones(self.queue))
        sizes = self.share, self.above_contacts, self.above_agents
        return events.Overflow(self.queue, self.target, start, stop, *sizes)


class PostsEvent(In):
    """So many times the usual posts on a contact reason, from a moment on."""

    kind: Literal["posts"]
    topic: Name = Field(examples=["outage"])
    factor: float = Field(ge=0, le=events.MOST_FACTOR, allow_inf_nan=False, examples=[3])
    from_: When = Field(alias="from")
    hours: float = Field(4.0, gt=0, le=72, allow_inf_nan=False, description="How long.")
    queue: Name | None = None

    def event(self, zones: Zones) -> events.Event:
        start = to_ns(moments.parse(self.from_, zones(self.queue), "from"))
        return events.Posts(self.topic, self.factor, start, self.hours, self.queue)


class ChangeEvent(_Spanned):
    """Plain per cent, for a queue, a channel, a topic or all."""

    kind: Literal["change"]
    percent: float = Field(ge=-100, le=10_000, allow_inf_nan=False, examples=[10])
    queue: Name | None = None
    channel: Name | None = None
    topic: Name | None = None

    def event(self, zones: Zones) -> events.Event:
        start, stop = self.span(zones(self.queue))
        return events.Change(self.percent, start, stop, self.queue, self.channel, self.topic)


EventIn = Annotated[
    DriverEvent | OutageEvent | HoursEvent | CloseEvent | OverflowEvent | PostsEvent | ChangeEvent,
    Field(discriminator="kind"),
]


def local_day_of(text: str, field: str) -> int:
    """`2026-11-02` -> whole days since 1970-01-01; InputError for a date there is not."""
    try:
        day = int(np.datetime64(text, "D").astype(np.int64))
    except ValueError:
        raise InputError(f"{text!r} is no date.", remedy="Write it as 2026-11-02.", field=field) from None
    if not 0 < day < 84_000:
        raise InputError(f"{text!r} lies too far away.", remedy="Use a year from 1970 to 2199.", field=field)
    return day
