"""What page Staffing is asked for: whose agents, over which days, held to which promises; and how an address says it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from forecast.buckets import day_start, from_ns, local_day, to_ns
from forecast.models.base import QUANTILES
from store.staffing_team import Asked

SCOPES = ("queue", "channel", "team", "all")
SPANS = {"day": 1, "week": 7}
EPOCH = dt.date(1970, 1, 1)
FIRST, LAST = (
    dt.date(2000, 1, 1),
    dt.date(2100, 12, 31),
)  # days beyond have no place on a clock of nanoseconds, or no sense
SURE = tuple(
    round(100 * tau, 1) for tau in QUANTILES if tau >= 0.5
)  # how often a need must hold, in per cent


@dataclass(frozen=True)
class Slide:
    """One promise as it stands on a slider. field: of `Targets` ('' for the certainty); scale: what a share is shown times.

    low, high: of the slider; most: of the number beside it; kind: line (calls, chats), later (mail, social) or both
    """

    key: str
    field: str
    low: float
    high: float
    most: float
    step: float
    scale: float
    kind: str

    @property
    def percent(self) -> bool:
        return self.scale == 100


SLIDES = (
    Slide("sl", "service_level", 50, 99, 99, 1, 100, "line"),
    Slide("sec", "answer_seconds", 5, 120, 600, 5, 1, "line"),
    Slide("hours", "response_hours", 1, 72, 720, 1, 1, "later"),
    Slide("shr", "shrinkage", 0, 60, 80, 1, 100, "both"),
    Slide("occ", "max_occupancy", 50, 100, 100, 1, 100, "both"),
    Slide("sure", "", 50, 97.5, 97.5, 2.5, 100, "both"),
)
BY_KEY = {one.key: one for one in SLIDES}


@dataclass(frozen=True)
class Choice:
    """Whose agents, and when. name: of the queue, channel or team, '' for all; day: a local day of the span."""

    scope: str
    name: str
    span: str
    day: dt.date

    @property
    def first(self) -> dt.date:
        """The first day: of a week its Monday."""
        return self.day - dt.timedelta(days=self.day.weekday()) if self.span == "week" else self.day

    def bounds(self, tz: str) -> tuple[dt.datetime, dt.datetime]:
        """Start and end (not included) of the span, aware."""
        number = (self.first - EPOCH).days
        start, stop = (from_ns(int(one)) for one in day_start([number, number + SPANS[self.span]], tz))
        return start.to_pydatetime(), stop.to_pydatetime()


def choice_of(
    scope: str | None,
    queue: str | None,
    channel: str | None,
    team: str | None,
    span: str | None,
    day: str | None,
    *,
    usual: dt.date,
) -> Choice:
    """What stands in the controls -> a choice; whatever is unknown is as usual. usual: the day without one."""
    known = scope if scope in SCOPES else "queue"
    name = {"queue": queue, "channel": channel, "team": team}.get(known) or ""
    return Choice(known, name, span if span in SPANS else "day", day_of(day) or usual)


def day_of(text: str | None) -> dt.date | None:
    """`2026-11-23`, None for anything else, and for a day that lies centuries away."""
    try:
        found = dt.date.fromisoformat(str(text)[:10])
    except ValueError:
        return None
    return found if FIRST <= found <= LAST else None


def usual_day(moment: dt.datetime, tz: str) -> dt.date:
    """The working day after a moment."""
    day = EPOCH + dt.timedelta(days=local_day(to_ns(moment), tz) + 1)
    return day + dt.timedelta(days=max(0, 7 - day.weekday()) if day.weekday() > 4 else 0)


def own_of(given: Mapping[str, Any] | None) -> dict[str, float]:
    """The promises somebody chose (key -> as shown), from an address or from the browser; what cannot be is left out."""
    found: dict[str, float] = {}
    for one in SLIDES:
        try:
            value = float((given or {})[one.key])
        except (KeyError, TypeError, ValueError):
            continue
        if one.key == "sure":
            near = [each for each in SURE if abs(each - value) < 0.01]
            found |= {one.key: near[0]} if near else {}
        elif (0 if one.low <= 5 else 1) <= value <= one.most:
            found[one.key] = value
    return found


def asked_of(own: Mapping[str, float]) -> Asked:
    """Promises as shown -> how a team is to be staffed where that differs from the settings."""
    targets = {
        BY_KEY[key].field: round(value / BY_KEY[key].scale, 6)
        for key, value in own.items()
        if BY_KEY[key].field
    }
    if targets.get("response_hours") == 0:
        del targets["response_hours"]
    return Asked(targets, round(own["sure"] / 100, 4) if "sure" in own else None)


def days_ahead(choice: Choice, usual: dt.date, count: int = 56) -> Sequence[dt.date]:
    """The days (of weeks: Mondays) to choose from, from a few days before the usual one; the chosen one is among them."""
    begin = usual - dt.timedelta(days=4)
    if choice.span == "week":
        begin -= dt.timedelta(days=begin.weekday())
    step = SPANS[choice.span]
    days = {begin + dt.timedelta(days=at) for at in range(0, count + 7, step)}
    return sorted(days | {choice.first})
