"""What other opening hours make of the coming days: which ones change, from what into what."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd
from dash import html

from api.calendar_schemas import HoursIn
from api.dashboard.data.special_day import said
from api.dashboard.data.week import EPOCH, day_spans, opening, text_of
from api.dashboard.words import Words

AHEAD = 56  # days from today, or from the first day that is told
SHOWN = 8


def changes(
    queue: str, before: HoursIn, after: HoursIn, every: pd.DataFrame, today: dt.date, tz: str, words: Words
) -> Any:
    """The days that would be other than now. every: exceptions of every queue."""
    told = {one.valid_from for one in after.weeks} - {one.valid_from for one in before.weeks}
    dates = {one.date for one in after.exceptions} ^ {one.date for one in before.exceptions}
    starts = [one for one in (*told, *dates) if one is not None and one > today]
    begin = min(starts, default=today)
    first = (begin - EPOCH).days
    old, new = (opening(queue, one, every) for one in (before, after))
    if new is None:
        return html.P(words("data_hours_inferred"), className="data-doubt")
    now = {} if old is None else day_spans(old, first, first + AHEAD, tz)
    then = day_spans(new, first, first + AHEAD, tz)
    other = [day for day in then if now.get(day) != then[day]]
    title = (
        words("data_hours_changes", n=words.number(len(other))) if other else words("data_hours_changes_none")
    )
    items = []
    for day in other[:SHOWN]:
        was = "–" if old is None else text_of(now[day], words)
        date = said(EPOCH + dt.timedelta(days=day), words)
        items.append(
            html.Li([html.Span(date), html.Span([f"{was} → ", html.Strong(text_of(then[day], words))])])
        )
    more = [html.P(words("data_problems_more", n=words.number(len(other) - SHOWN)), className="note")]
    span = words("data_hours_changes_span", first=said(begin, words), n=words.number(AHEAD // 7))
    return html.Section(
        [html.H3(title), html.Ul(items, className="data-dates"), *(more if len(other) > SHOWN else []), html.P(span, className="note")],
        className="panel", role="status",
    )  # fmt: skip
