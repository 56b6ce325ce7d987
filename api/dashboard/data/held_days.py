"""The special days a planner has made: a line each, with what it is worth in the forecast, and the ways to change it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from dash import html
from sqlalchemy.orm import Session

from api.dashboard.data import fields as forms
from api.dashboard.data.special_day import TAB, said
from api.dashboard.data.tabs import View
from api.dashboard.parts import panel
from forecast.buckets import zone
from forecast.day_rules import DayRule
from store.explanations import load_explanations
from store.queues import load_queue
from store.special_days import OWN_DATE, KnownDay

SHOWN = 60
AHEAD = dt.timedelta(days=57)
LEAST = 0.5  # of a contact: less is not shown


def worths(session: Session, view: View) -> dict[dt.date, float]:
    """Local day -> what the published forecast of the chosen queue makes of its being special, in contacts; of days ahead."""
    if not view.queue:
        return {}
    local = zone(load_queue(session, view.queue).tz)
    midnight = dt.datetime.combine(view.now.astimezone(local).date(), dt.time(), tzinfo=local)
    start = midnight.astimezone(dt.UTC)
    rows = load_explanations(
        session, view.queue, start=start, end=start + AHEAD, granularity="day", now=view.now
    )
    return {
        row.start.astimezone(local).date(): row.parts["special_day"]
        for row in rows
        if row.parts is not None and abs(row.parts["special_day"]) >= LEAST
    }


def days_panel(
    days: Sequence[KnownDay], rules: Sequence[DayRule], worth: Mapping[dt.date, float], view: View
) -> Any:
    """The planner's own days of a year; rules once, with their first day in it."""
    words, by_id = view.words, {rule.id: rule for rule in rules}
    seen: dict[str, KnownDay] = {}
    for day in days:
        seen.setdefault(f"date {day.date} {day.queue}" if day.origin == OWN_DATE else f"rule {day.rule}", day)
    if not seen:
        empty = words("data_days_none" if view.may else "data_days_none_look")
        return panel(words("data_days_title"), [html.P(empty, className="note")])
    names = ["data_day_name", "data_day_date", "data_day_kind", "data_day_queue"]
    heads = [html.Th(words(name), scope="col") for name in names]
    heads.append(html.Th(words("data_day_worth_head"), scope="col", className="number"))
    rows = [
        _row(key, day, by_id.get(day.rule or 0), worth.get(day.date), view)
        for key, day in list(seen.items())[:SHOWN]
    ]
    table = html.Table(
        [html.Thead(html.Tr([*heads, html.Td(className="act")])), html.Tbody(rows)],
        className="plain",
        id="data-days",
    )
    more = [html.P(words("data_problems_more", n=words.number(len(seen) - SHOWN)), className="note")]
    inside = [html.Div(table, className="scroll"), *(more if len(seen) > SHOWN else [])]
    return panel(words("data_days_title"), inside, note=words("data_days_note"))


def _row(key: str, day: KnownDay, rule: DayRule | None, worth: float | None, view: View) -> Any:
    words = view.words
    when = said(day.date, words) + (f" – {said(day.until, words)}" if day.until != day.date else "")
    if rule is not None and not rule.rule.startswith("FREQ=DAILY;COUNT="):
        when = f"{words('data_next_is', day=when)}"
    buttons: Any = ""
    if view.may:
        buttons = html.Div(
            [
                forms.button(TAB, "edit", words("data_edit"), on=key, kind="small", label=words("data_edit_named", name=day.name)),
                forms.button(TAB, "remove", words("data_remove"), on=key, kind="small", label=words("data_remove_named", name=day.name)),
            ],
            className="data-line",
        )  # fmt: skip
    return html.Tr(
        [
            html.Td(day.name, className="name"),
            html.Td(when, className="when"),
            html.Td(words(f"data_kind_{day.kind}")),
            html.Td(day.queue or words("data_every_queue")),
            html.Td(words.number(worth, sign=True) if worth is not None else "", className="number"),
            html.Td(buttons, className="act"),
        ]
    )
