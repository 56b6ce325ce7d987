"""What a planner chose to look at, from the controls or from the address; what is no choice is left out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from api.dashboard.windows import PERIODS, STEPS

QUEUE, CHANNEL, EVERY = SCOPES = ("queue", "channel", "all")
LAST_WEEK, LAST_YEAR, BARE, LOCKED, DRAFT = LINES = ("last_week", "last_year", "published", "locked", "draft")
IMPORTED = "imported"  # imported:12 is the version 12, made elsewhere


@dataclass(frozen=True)
class Choice:
    """queue: a name, None for the first; scope: that queue, its channel or all; reason: of the queue, '' for the whole.

    first: the first local day shown; None: as the period says
    """

    queue: str | None = None
    scope: str = QUEUE
    reason: str = ""
    period: str = "week"
    step: str = "interval"
    first: dt.date | None = None
    lines: tuple[str, ...] = (LAST_WEEK,)

    @classmethod
    def of(
        cls,
        queue: object,
        scope: object,
        reason: object,
        period: object,
        step: object,
        first: object,
        lines: object,
    ) -> Choice:
        """The values of the controls, whatever a browser sends."""
        told = (
            [str(one) for one in lines] if isinstance(lines, Iterable) and not isinstance(lines, str) else []
        )
        return cls(
            queue if isinstance(queue, str) else None,
            str(scope) if scope in SCOPES else QUEUE,
            reason if isinstance(reason, str) and scope not in (CHANNEL, EVERY) else "",
            str(period) if period in PERIODS else "week",
            str(step) if step in STEPS else "interval",
            day_of(first),
            tuple(one for one in told if one in LINES or one.startswith(f"{IMPORTED}:")),
        )

    @property
    def told(self) -> list[str | None]:
        """What decides which rows the table has, as the browser keeps it."""
        first = None if self.first is None else f"{self.first}"
        return [self.queue, self.scope, self.reason, self.period, self.step, first]

    @classmethod
    def kept(cls, told: object) -> Choice | None:
        """What `told` said, back from a browser; None where it says nothing."""
        if not isinstance(told, list) or len(told) != len(cls().told):
            return None
        queue, scope, reason, period, step, first = told
        return cls.of(queue, scope, reason, period, step, first, ())

    @classmethod
    def asked(cls, address: Mapping[str, str]) -> Choice:
        """What stands behind the question mark: a day is shown by itself, per interval unless it says else."""
        day = day_of(address.get("day"))
        usual = "week" if day is None else "today"
        step = address.get("step", "")
        return cls(
            address.get("queue"),
            period=address["range"] if address.get("range") in PERIODS else usual,
            step=step if step in STEPS else "interval",
            first=day,
        )


def day_of(text: object) -> dt.date | None:
    """`2026-03-11` -> the day; None for anything else, and for years no forecast reaches."""
    try:
        day = dt.date.fromisoformat(str(text)[:10])
    except ValueError:
        return None
    return day if 2000 <= day.year <= 2100 else None
