"""What lies on the time axis beside contacts: special days, school holidays, closed days, drivers, manual adjustments."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from html import escape
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy.orm import Session

from api.dashboard import axes
from api.dashboard.palette import Palette
from api.dashboard.queries import Held
from api.dashboard.words import Words, local
from forecast.buckets import Interval, column_ns, day_start, end, floor, from_ns, local_day
from forecast.day_rules import PERIOD
from forecast.overriding import AHT, PERCENT, TOTAL
from store.drivers import load_drivers
from store.hour_exceptions import load_exceptions
from store.overrides import Kept, load_overrides
from store.settings import Settings
from store.special_days import load_special_days

SPECIAL, SCHOOL, CLOSED, DRIVER, ADJUSTMENT = LANES = ("special", "school", "closed", "driver", "adjustment")
SHORTEST_DAY = 23 * axes.HOUR
EPOCH = dt.date(1970, 1, 1)
MOST_DRIVEN = 60  # days of one driver that are told one by one


@dataclass(frozen=True)
class Mark:
    """A stretch start .. end (ns). name: as it was given, of whoever gave it; amount: of a driver; kept: an adjustment.

    given: the number that was set, where the row it was set in stands in the table
    """

    kind: str
    name: str
    start: int
    end: int
    amount: float | None = None
    kept: Kept | None = None
    given: float | None = None


def with_given(found: Sequence[Mark], frame: pd.DataFrame) -> list[Mark]:
    """The marks, each row of buckets[...] that was set to a number with that number: what is kept of it is its mean.

    A row that was changed again afterwards does not show the number any more.
    """
    ends = dict(zip(column_ns(frame["ds"]).tolist(), column_ns(frame["end"]).tolist(), strict=True))
    shown = dict(zip(ends, frame["middle"].round(1).tolist(), strict=True))
    told = []
    for one in found:
        number = one.kept.override.id if one.kept is not None else 0
        later = [each for each in found if each.kept is not None and each.kept.override.id > number]
        again = any(each.start < one.end and each.end > one.start for each in later)
        whole = one.kept is not None and ends.get(one.start) == one.end and not again
        given = shown[one.start] if whole and shown[one.start] == shown[one.start] else None
        told.append(replace(one, given=given))
    return told


def load_marks(session: Session, held: Held, settings: Settings, now: dt.datetime) -> list[Mark]:
    """All that touch the window, by lane and time."""
    return [
        *_days(session, held, settings),
        *_closed(session, held),
        *_driven(session, held),
        *(_adjusted(one) for one in adjustments(session, held, now)),
    ]


def adjustments(session: Session, held: Held, now: dt.datetime) -> list[Kept]:
    """The manual adjustments in force of what is shown, by number."""
    start, stop = (from_ns(one).to_pydatetime() for one in (held.window.start, held.window.end))
    queues = held.added or (held.queue,)
    found = load_overrides(session, start=start, end=stop, active_at=now)
    covered = [one for one in found if any(one.override.covers(each.name, each.channel) for each in queues)]
    reason = held.reason
    return [one for one in covered if not reason or one.override.topic in ("", reason)]


def _adjusted(kept: Kept) -> Mark:
    return Mark(ADJUSTMENT, kept.override.reason, kept.override.start, kept.override.end, kept=kept)


def _dates(held: Held) -> tuple[dt.date, dt.date]:
    tz, window = held.queue.tz, held.window
    first, last = local_day(window.start, tz), local_day(window.end - 1, tz)
    return EPOCH + dt.timedelta(days=first), EPOCH + dt.timedelta(days=last)


def _span(first: dt.date, last: dt.date, tz: str) -> tuple[int, int]:
    days = [(first - EPOCH).days, (last - EPOCH).days + 1]
    begin, stop = day_start(days, tz).tolist()
    return int(begin), int(stop)


def _days(session: Session, held: Held, settings: Settings) -> list[Mark]:
    first, last = _dates(held)
    queue = "" if held.added else held.queue.name
    found = load_special_days(session, settings, start=first, end=last, queue=queue)
    special: list[Mark] = []
    periods: list[Mark] = []
    for one in found:
        kind = SCHOOL if one.kind == PERIOD else SPECIAL
        mark = Mark(kind, one.name, *_span(max(one.date, first), min(one.until, last), held.queue.tz))
        (periods if kind == SCHOOL else special).append(mark)
    return [*dict.fromkeys(special), *dict.fromkeys(periods)]


def _closed(session: Session, held: Held) -> list[Mark]:
    """The days on which it is closed by exception; those of every week are told by the gaps."""
    if held.added:
        return []
    first, last = _dates(held)
    rows = load_exceptions(session, queue=held.queue.name)
    rows = rows[rows["opens"] == ""]
    days = {moment.date(): str(name) for moment, name in zip(rows["date"], rows["name"], strict=True)}
    return [
        Mark(CLOSED, name, *_span(day, day, held.queue.tz))
        for day, name in sorted(days.items())
        if first <= day <= last
    ]


def _driven(session: Session, held: Held) -> list[Mark]:
    """Drivers by local day; of one with very many days its stretches, each with their sum."""
    start, stop = (from_ns(one).to_pydatetime() for one in (held.window.start, held.window.end))
    rows = load_drivers(session, start=start, end=stop)
    names = {"", *(one.name for one in (held.added or (held.queue,)))}
    rows = rows[rows["queue"].isin(names) & (rows["value"] != 0)]
    found = []
    for name, mine in rows.groupby("driver", sort=False):
        starts = floor(column_ns(mine["ds"]), Interval.DAY, held.queue.tz)
        days, place = np.unique(starts, return_inverse=True)
        amounts = np.bincount(place, weights=mine["value"].to_numpy())
        ends = end(days, Interval.DAY, held.queue.tz)
        runs = np.arange(len(days))
        if len(days) > MOST_DRIVEN:
            runs = np.cumsum(np.append(True, days[1:] != ends[:-1])) - 1
        for run in range(int(runs[-1]) + 1):
            at = np.flatnonzero(runs == run)
            total = float(amounts[at].sum())
            found.append(Mark(DRIVER, str(name), int(days[at[0]]), int(ends[at[-1]]), amount=total))
    return found


def changed(mark: Mark, words: Words) -> str:
    """`+10 %`, `+120 contacts`, `500 contacts a day`, `set to 40`; of handling time so too."""
    if mark.kept is None:
        return ""
    one = mark.kept.override
    aht = one.measure == AHT
    if one.kind == TOTAL and not aht and one.end - one.start < SHORTEST_DAY:
        exact = float(one.value).is_integer()  # else it is the mean that gives the number which was typed
        given = one.value if exact else mark.given
        if given is None:
            return words("forecast_change_given_mean", n=words.number(one.value, 1))
        return words("forecast_change_given", n=words.number(given, 0 if float(given).is_integer() else 1))
    if one.kind == PERCENT:
        said = words.percent(one.value / 100, 1 if one.value % 1 else 0, sign=True)
        return words("forecast_change_aht", change=said) if aht else said
    digits = 0 if float(one.value).is_integer() else 1
    key = "forecast_change_total" if one.kind == TOTAL else "forecast_change_add"
    number = words.number(one.value, digits, sign=one.kind != TOTAL)
    return words(f"{key}_aht" if aht else key, n=number)


def told(mark: Mark, words: Words, tz: str) -> str:
    """What a mark is, in a line: `Easter Monday`, `letters 4,200`, `+10 % · campaign (ben)`."""
    if mark.kept is not None:
        one = mark.kept.override
        return words("forecast_by", change=changed(mark, words), reason=one.reason, who=one.author)
    if mark.amount is not None:
        return f"{mark.name} {words.number(mark.amount)}"
    return mark.name or words("forecast_lane_closed")


def when(mark: Mark, words: Words, tz: str) -> str:
    """`Tue 10 Mar`, `Tue 10 Mar – Fri 13 Mar`, `Tue 10 Mar 10:00 – 12:00`."""
    begin, stop = local(from_ns(mark.start), tz), local(from_ns(mark.end), tz)
    last = local(from_ns(mark.end - 1), tz)
    whole = (begin.hour, begin.minute, stop.hour, stop.minute) == (0, 0, 0, 0)
    if whole:
        one = begin.date() == last.date()
        return words.day(begin) if one else f"{words.day(begin)} – {words.day(last)}"
    if begin.date() == stop.date():
        return f"{words.moment(begin)}–{stop:%H:%M}"
    return f"{words.moment(begin)} – {words.moment(stop)}"


def lanes(found: Iterable[Mark]) -> list[str]:
    """The lanes that hold anything, the upper first."""
    held = {one.kind for one in found}
    return [kind for kind in LANES if kind in held]


def color(kind: str, colors: Palette) -> str:
    """The colour of a lane."""
    named = {SPECIAL: colors.floor, SCHOOL: colors.school, CLOSED: colors.bar, DRIVER: colors.driver}
    return named.get(kind, colors.adjusted)


def traces(
    found: Sequence[Mark], span: tuple[int, int], words: Words, colors: Palette, tz: str
) -> list[dict[str, Any]]:
    """A lane per kind as thick lines with the names at the pointer; y counts down from the upper lane."""
    made = []
    kinds = lanes(found)
    for place, kind in enumerate(kinds):
        mine = [one for one in found if one.kind == kind and one.end > span[0] and one.start < span[1]]
        base = [max(one.start, span[0]) for one in mine]
        stops = [min(one.end, span[1]) for one in mine]
        middles = axes.positions(
            np.array([(a + b) // 2 for a, b in zip(base, stops, strict=True)], dtype=np.int64)
        )
        texts = [f"<b>{escape(when(one, words, tz))}</b><br>{escape(told(one, words, tz))}" for one in mine]
        made.append(
            {"type": "bar", "x": middles, "y": [0.62] * len(mine), "base": len(kinds) - place - 0.81,
             "width": [max((b - a) / 1e6, (span[1] - span[0]) / 2.5e8) for a, b in zip(base, stops, strict=True)],
             "marker": {"color": color(kind, colors), "line": {"width": 1, "color": colors.surface}},
             "text": texts, "textposition": "none", "hovertemplate": "%{text}<extra></extra>", "xaxis": "x3", "yaxis": "y3"}
        )  # fmt: skip
    return made
