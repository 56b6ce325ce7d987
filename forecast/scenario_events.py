"""What a planner may suppose of the days ahead: one class per kind of event, and the notes an answer carries.

Days are local days (whole days since 1970-01-01) of whatever queue they are applied to; moments are int64 nanoseconds.
`queue`, `channel` and `topic` say whom an event is about; which queues these are is found by whoever knows the queues.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, TypeAlias

from forecast.days import Spans
from forecast.errors import InputError

MOST_FACTOR = 1000.0
MEASURED, ASSUMED, SAID, NONE = "measured", "assumed", "as said", "no change"


@dataclass(frozen=True)
class Driver:
    """On each of the days the driver's whole amount is `value`, in place of what is planned.

    worth: contacts per unit by the planner; lasts_days: open days over which these come, from the day itself on
    """

    kind: ClassVar[str] = "driver"
    driver: str
    days: tuple[int, ...]
    value: float
    worth: float | None = None
    lasts_days: int | None = None
    queue: str | None = None


@dataclass(frozen=True)
class Outage:
    """A day like the past day `like`: minute of the day at which it begins (None: as then), scale: how much of it."""

    kind: ClassVar[str] = "outage"
    like: int
    day: int
    minute: int | None = None
    scale: float = 1.0
    queue: str | None = None


@dataclass(frozen=True)
class Hours:
    """Other opening hours on these days; no span: closed."""

    kind: ClassVar[str] = "hours"
    queue: str
    days: tuple[int, ...]
    spans: Spans = ()


@dataclass(frozen=True)
class Close:
    """Nobody answers from start to stop; moves: other queue -> share of the contacts that goes there, the rest is lost."""

    kind: ClassVar[str] = "close"
    start: int
    stop: int
    queue: str | None = None
    channel: str | None = None
    moves: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        require_span(self.start, self.stop)
        if sum(self.moves.values()) > 1 + 1e-9 or any(share < 0 for share in self.moves.values()):
            raise InputError(
                f"The shares that move add up to {sum(self.moves.values()):g}.",
                remedy="Give shares from 0 to 1 that add up to 1 at most; what is left is lost.",
                field="moves",
            )


@dataclass(frozen=True)
class Overflow:
    """From start to stop a part goes to `to`, another queue or a partner: a share, or what is above a size.

    above_contacts: contacts per interval that stay; above_agents: what so many agents at work can take stays
    """

    kind: ClassVar[str] = "overflow"
    queue: str
    to: str
    start: int
    stop: int
    share: float | None = None
    above_contacts: float | None = None
    above_agents: float | None = None

    def __post_init__(self) -> None:
        require_span(self.start, self.stop)
        if sum(one is not None for one in (self.share, self.above_contacts, self.above_agents)) != 1:
            raise InputError(
                "An overflow needs one size.",
                remedy="Give one of share, above_contacts or above_agents.",
                field="share",
            )
        if self.to == self.queue:
            raise InputError(
                f"{self.queue} cannot overflow to itself.", remedy="Name another queue.", field="target"
            )


@dataclass(frozen=True)
class Posts:
    """From start, for so many hours, `factor` times the usual posts on a contact reason."""

    kind: ClassVar[str] = "posts"
    topic: str
    factor: float
    start: int
    hours: float = 4.0
    queue: str | None = None


@dataclass(frozen=True)
class Change:
    """So many per cent more (or fewer) contacts from start to stop."""

    kind: ClassVar[str] = "change"
    percent: float
    start: int
    stop: int
    queue: str | None = None
    channel: str | None = None
    topic: str | None = None

    def __post_init__(self) -> None:
        require_span(self.start, self.stop)


Event: TypeAlias = Driver | Outage | Hours | Close | Overflow | Posts | Change


@dataclass(frozen=True)
class Note:
    """What became of an event: number of the event (from 0), queue, and a sentence.

    basis: MEASURED, ASSUMED, SAID (the planner's own figure) or NONE; contacts: what it adds in the days looked at
    rule_of_thumb: what a planner's rule of thumb would add, where nothing measured does; it is in no figure
    """

    event: int
    queue: str
    text: str
    basis: str
    contacts: float | None = None
    rule_of_thumb: float | None = None


def require_span(start: int, stop: int) -> None:
    """InputError where an event ends before it begins."""
    if stop <= start:
        raise InputError(
            "The event ends before it begins.", remedy="Give a `to` after the `from`.", field="to"
        )
