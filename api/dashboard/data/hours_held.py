"""What is held of a queue's opening hours: the week, the sets by date, single days, and when the clock changes."""

from __future__ import annotations

import datetime as dt
from typing import Any

from dash import html
from sqlalchemy.orm import Session

from api.calendar_schemas import HoursIn, HoursOut
from api.dashboard.data import fields as forms
from api.dashboard.data.calendar import today_of
from api.dashboard.data.special_day import said as day_said
from api.dashboard.data.tabs import View
from api.dashboard.data.week import EPOCH, Spans, clock_changes, open_hours, opening, text_of, week_table
from api.dashboard.parts import panel
from api.dashboard.words import Words
from store.hour_exceptions import load_exceptions

TAB = "hours"
FIRST = "first"  # the set that holds from the beginning
SHOWN = 60


def own_of(found: HoursOut) -> HoursIn:
    """A queue's own hours and exceptions, as they are told."""
    facts = found.model_dump(include={"weeks", "exceptions"})
    own = [
        {name: one[name] for name in ("date", "opens", "closes", "name")}
        for one in facts["exceptions"]
        if one["queue"] == found.queue
    ]
    return HoursIn.model_validate({"weeks": facts["weeks"], "exceptions": own})


def key_of(since: dt.date | None) -> str:
    """What a set is found again by."""
    return FIRST if since is None else since.isoformat()


def holding(found: HoursOut, today: dt.date) -> tuple[str, dict[int, Spans]]:
    """The set that holds today -> its key and its spans by weekday; ('', {}) where there is none."""
    begun = [one for one in found.weeks if one.valid_from is None or one.valid_from <= today]
    chosen = (begun or found.weeks)[-1:]  # before the first one begins, the first one holds
    if not chosen:
        return "", {}
    return key_of(chosen[0].valid_from), by_day(found, key_of(chosen[0].valid_from))


def by_day(found: HoursOut, key: str) -> dict[int, Spans]:
    """The spans of one set by weekday."""
    days: dict[int, list[tuple[str, str]]] = {}
    for week in found.weeks:
        if key_of(week.valid_from) == key:
            for span in week.spans:
                days.setdefault(span.weekday, []).append((span.opens, span.closes))
    return {day: tuple(spans) for day, spans in days.items()}


def week_panel(found: HoursOut, view: View) -> Any:
    """The week that holds now."""
    words = view.words
    key, spans = holding(found, today_of(view))
    tools = []
    if view.may:
        tools = [
            forms.button(TAB, "week", words("data_hours_change"), on=key or FIRST),
            forms.button(TAB, "week", words("data_hours_new"), on="new", kind="primary"),
        ]
    inside = [week_table(spans, words)] if key else [html.P(words("data_hours_inferred"), className="note")]
    title = words("data_hours_week", queue=view.queue)
    return panel(title, inside, note=words("data_hours_zone", zone=found.timezone), tools=tools)


def sets_panel(found: HoursOut, view: View) -> Any:
    """The sets of weekly hours, each from a day on."""
    words = view.words
    now, _ = holding(found, today_of(view))
    items = []
    for week in found.weeks:
        key = key_of(week.valid_from)
        when = (
            words("data_hours_first")
            if week.valid_from is None
            else words("data_hours_from", day=day_said(week.valid_from, words))
        )
        tools: list[Any] = []
        if view.may:
            tools = [
                forms.button(
                    TAB,
                    "week",
                    words("data_edit"),
                    on=key,
                    kind="small",
                    label=f"{words('data_edit')}: {when}",
                )
            ]
            if len(found.weeks) > 1:
                tools.append(
                    forms.button(
                        TAB,
                        "remove",
                        words("data_remove"),
                        on=key,
                        kind="small",
                        label=f"{words('data_remove')}: {when}",
                    )
                )
        tag = [html.Span(words("data_hours_now"), className="data-tag good")] if key == now else []
        items.append(html.Li([html.Span([when, " ", *tag]), html.Span(tools, className="data-line")]))
    none = html.P(words("data_hours_sets_none"), className="note")
    return panel(words("data_hours_sets"), [html.Ul(items, className="data-dates")] if items else [none])


def clock_panel(session: Session, found: HoursOut, view: View) -> Any:
    """How long the queue is open on the days on which the clock changes."""
    words, first = view.words, (today_of(view) - EPOCH).days
    hours = opening(view.queue, own_of(found), load_exceptions(session, queue=""))
    items = []
    for day, long in clock_changes(first, first + 370, found.timezone)[:2]:
        what = words("data_clock_back" if long > 24 else "data_clock_forward")
        open_ = (
            ""
            if hours is None
            else words("data_clock_open", n=_hours_said(open_hours(hours, day, found.timezone), words))
        )
        date = day_said(EPOCH + dt.timedelta(days=day), words)
        items.append(html.Li([html.Span(date), html.Span(f"{what} {open_}".strip(), className="aside")]))
    none = html.P(words("data_clock_none"), className="note")
    return panel(words("data_clock_title"), [html.Ul(items, className="data-dates")] if items else [none])


def _hours_said(hours: float, words: Words) -> str:
    return words.number(hours, 0 if hours == round(hours) else 2)


def days_panel(found: HoursOut, view: View) -> Any:
    """Coming days on which other hours hold, or none."""
    words, today = view.words, today_of(view)
    ahead = sorted(
        (one for one in found.exceptions if one.date >= today), key=lambda one: (one.date, one.queue)
    )
    past = len(found.exceptions) - len(ahead)
    tools = [forms.button(TAB, "day", words("data_hours_day"), kind="primary")] if view.may else []
    rows = []
    for one in ahead[:SHOWN]:
        spans = [(one.opens, one.closes)] if one.opens and one.closes else []
        button: Any = ""
        if view.may and one.queue:
            label = f"{words('data_remove')}: {day_said(one.date, words)}"
            button = forms.button(
                TAB, "remove-day", words("data_remove"), on=one.date.isoformat(), kind="small", label=label
            )
        rows.append(
            html.Tr(
                [
                    html.Td(day_said(one.date, words), className="when"),
                    html.Td(text_of(spans, words)),
                    html.Td(one.name),
                    html.Td(one.queue or words("data_every_queue")),
                    html.Td(button, className="act"),
                ]
            )
        )
    names = ("data_day_date", "data_hours_hours", "data_hours_why", "data_day_queue")
    heads = [html.Th(words(name), scope="col") for name in names]
    table = html.Table(
        [html.Thead(html.Tr([*heads, html.Td()])), html.Tbody(rows)], className="plain", id="data-hour-days"
    )
    note = words("data_hours_past", n=words.number(past)) if past else ""
    inside = (
        [html.Div(table, className="scroll")]
        if rows
        else [html.P(words("data_hours_days_none"), className="note")]
    )
    return panel(words("data_hours_days"), inside, note=note, tools=tools)
