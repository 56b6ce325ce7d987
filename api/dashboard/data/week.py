"""A week of opening hours on screen: bars, texts such as `08:00-12:00, 13:00-17:30`, and what they make of coming days."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from dash import html

from api.calendar_schemas import HoursIn
from api.dashboard.parts import aria
from api.dashboard.words import WEEKDAYS, Words
from api.hours_told import exceptions_told, weeks_told
from forecast.buckets import DAY, Grid, Interval, day_start
from forecast.days import Exceptions, OpeningHours, minutes
from forecast.errors import InputError

EPOCH = dt.date(1970, 1, 1)
BETWEEN = re.compile(r"\s*(?:-|–|/|to|tot)\s*")
NOTHING = re.compile(r"(closed|gesloten|dicht|-|–)?", re.IGNORECASE)
MINUTES = 1440
Spans = Sequence[tuple[str, str]]


def spans_of(text: str, words: Words) -> list[tuple[str, str]]:
    """`08:00-12:00, 13-17.30` -> [(08:00, 12:00), (13:00, 17:30)]; nothing or `closed` is none. InputError for anything else."""
    said = text.strip()
    if NOTHING.fullmatch(said):
        return []
    found = []
    for part in re.split(r"[,;+&]", said):
        ends = BETWEEN.split(part.strip())
        if len(ends) != 2:
            raise _unreadable(part, words)
        opens, closes = (_clock(one, part, words) for one in ends)
        if minutes(opens) >= minutes(closes):
            raise InputError(
                words("data_hours_order", hours=part.strip()[:30]),
                remedy=words("data_hours_order_do"),
                field="closes",
            )
        found.append((opens, closes))
    found.sort()
    for (_, stop), (start, _) in pairwise(found):
        if start < stop:
            raise InputError(
                words("data_hours_twice", hours=said[:40]), remedy=words("data_hours_do"), field="opens"
            )
    return found


def _clock(text: str, part: str, words: Words) -> str:
    match = re.fullmatch(r"(\d{1,2})(?:[:.h](\d{2})?)?", text.strip())
    hour, minute = (int(match[1]), int(match[2] or 0)) if match else (99, 0)
    if hour * 60 + minute > MINUTES or minute > 59:
        raise _unreadable(part, words)
    return f"{hour:02d}:{minute:02d}"


def _unreadable(part: str, words: Words) -> InputError:
    return InputError(
        words("data_hours_wrong", hours=part.strip()[:30]), remedy=words("data_hours_do"), field="opens"
    )


def text_of(spans: Iterable[tuple[str, str]], words: Words) -> str:
    """Spans as they are read; `closed` where there is none."""
    return ", ".join(f"{opens}–{closes}" for opens, closes in spans) or words("data_closed")


def bar(spans: Spans) -> Any:
    """A day from 0 to 24 hours, open parts filled; what it says stands beside it."""
    parts = [
        html.I(style={"left": f"{100 * minutes(opens) / MINUTES:.2f}%",
                      "width": f"{100 * (minutes(closes) - minutes(opens)) / MINUTES:.2f}%"})
        for opens, closes in spans
    ]  # fmt: skip
    return html.Span(parts, className="hours-bar", **aria(hidden="true"))


def week_table(by_day: Mapping[int, Spans], words: Words) -> Any:
    """Seven rows: weekday, bar, hours."""
    rows = [
        html.Tr(
            [
                html.Th(name, scope="row"),
                html.Td(bar(by_day.get(day, ()))),
                html.Td(text_of(by_day.get(day, ()), words), className="said"),
            ]
        )
        for day, name in enumerate(WEEKDAYS[words.language])
    ]
    marks = html.Div(
        [html.Span(f"{hour}") for hour in (0, 6, 12, 18, 24)], className="hours-axis", **aria(hidden="true")
    )
    rows.append(html.Tr([html.Td(), html.Td(marks), html.Td()]))
    return html.Table(html.Tbody(rows), className="hours-week")


def opening(queue: str, told: HoursIn, every: Any) -> OpeningHours | None:
    """What is told, with every[queue, date, opens, closes, name] exceptions of every queue, as hours; None where they are inferred."""
    import pandas as pd

    if not told.weeks:
        return None
    mine = exceptions_told(queue, told)
    exceptions = pd.concat([every, mine], ignore_index=True) if len(every) else mine
    return OpeningHours.from_frame(weeks_told(queue, told), Exceptions.of(exceptions, queue))


def day_spans(hours: OpeningHours, first: int, last: int, tz: str) -> dict[int, list[tuple[str, str]]]:
    """The open spans of local days first .. last by their own clock, on the quarter hour."""
    grid = Grid.days(first, last, Interval.QUARTER, tz)
    open_ = hours.mask(grid)
    found: dict[int, list[tuple[str, str]]] = {day: [] for day in range(first, last + 1)}
    for day in found:
        rows = np.flatnonzero(open_ & (grid.day == day))
        if len(rows):
            slots = np.unique(grid.slot[rows])
            cuts = np.flatnonzero(np.diff(slots) > 1)
            begins, stops = slots[np.append(0, cuts + 1)], slots[np.append(cuts, len(slots) - 1)] + 1
            found[day] = _joined(begins, stops, grid, day)
    return found


def _joined(begins: Any, stops: Any, grid: Grid, day: int) -> list[tuple[str, str]]:
    """Slots -> clocks; the hour that is skipped in spring parts nothing."""
    there = set(grid.slot[grid.day == day].tolist())
    spans: list[list[int]] = []
    for begin, stop in zip(begins.tolist(), stops.tolist(), strict=True):
        if spans and not there & set(range(spans[-1][1], begin)):
            spans[-1][1] = stop
        else:
            spans.append([begin, stop])
    return [(_hhmm(begin), _hhmm(stop)) for begin, stop in spans]


def _hhmm(slot: int) -> str:
    return f"{slot // 4:02d}:{15 * (slot % 4):02d}"


def open_hours(hours: OpeningHours, day: int, tz: str) -> float:
    """How many hours a local day is open by the clock on the wall: the repeated hour counts twice, the skipped one not."""
    return float(hours.mask(Grid.days(day, day, Interval.QUARTER, tz)).sum()) / 4


def clock_changes(first: int, last: int, tz: str) -> list[tuple[int, int]]:
    """Local days first .. last on which the clock changes -> (day, hours it is long)."""
    days = np.arange(first, last + 2)
    length = np.diff(day_start(days, tz))
    return [(int(days[at]), round(int(length[at]) * 24 / DAY)) for at in np.flatnonzero(length != DAY)]
