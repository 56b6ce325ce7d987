"""What a team lead and a partner need to know of a day before it begins: the frame of the day-start sheet.

All moments are int64 ns; a number that is not known is NaN.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from forecast.alerts import Alert, Measure
from forecast.outlook import Outlook
from forecast.overriding import Override


@dataclass(frozen=True)
class QueueDay:
    """A queue on the day. open: is anything expected? foretold: is there a forecast? peak_start: its busiest hour, None without one."""

    name: str
    channel: str
    tz: str
    open: bool
    low: float
    expected: float
    busy: float
    safe: float
    peak_start: int | None = None
    peak_stop: int | None = None
    peak: float = float("nan")
    foretold: bool = True


@dataclass(frozen=True)
class TeamDay:
    """A planning group, or a queue that is one, at the interval in which it needs most agents. planned: NaN without a plan."""

    name: str
    tz: str
    at: int
    net: float
    gross: float
    planned_net: float
    planned_gross: float


@dataclass(frozen=True)
class Named:
    """A special day or a campaign. queue: '' is all of them; value: of a campaign, such as letters sent."""

    name: str
    queue: str = ""
    value: float | None = None


@dataclass(frozen=True)
class Foretold:
    """A live warning of the day with what is still in time, and who owns its reason."""

    alert: Alert
    channel: str
    tz: str
    left: tuple[Measure, ...]
    owner: str


@dataclass(frozen=True)
class DayStart:
    """The day. until: to when the contacts of all queues are in; late: queues of which something is missing; made: the forecast."""

    day: dt.date
    tz: str
    at: int
    queues: tuple[QueueDay, ...]
    teams: tuple[TeamDay, ...]
    special: tuple[Named, ...]
    campaigns: tuple[Named, ...]
    warnings: tuple[Foretold, ...]
    outlook: Outlook | None
    adjusted: tuple[Override, ...]
    until: int | None = None
    late: tuple[str, ...] = ()
    made: dt.datetime | None = None
