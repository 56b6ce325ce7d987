"""The form of a special day: what is filled in, read as a rule, and the days on which it would fall."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from dash import html
from pydantic import ValidationError

from api.calendar_schemas import SpecialDayIn
from api.dashboard.data import fields as forms
from api.dashboard.words import Words
from api.special_days import EPOCH, rule_told
from forecast.day_rules import KINDS, MOVES, PERIOD, RECURRING, DayRule, rule_of
from forecast.days import Calendar
from forecast.errors import InputError

TAB = "calendar"
COMES = ("date", "yearly", "monthly", "last", "rule")
SHOWN = 5
EVERY = "*"  # in the choice of queues: an empty value is none


def day_form(words: Words, queues: Sequence[str], held: Mapping[str, Any], above: Sequence[Any] = ()) -> Any:
    """The form. held: what stands in it (name, date, until, kind, queue, comes, rule, moves); above: what the day holds already."""
    date = held.get("date") or ""
    kinds = [(kind, words(f"data_kind_{kind}")) for kind in KINDS]
    every = [(EVERY, words("data_every_queue")), *((name, name) for name in queues)]
    inside = [
        forms.text(TAB, "name", words("data_day_name"), held.get("name", ""), hint=words("data_day_name_hint")),
        forms.day(TAB, "date", words("data_day_date"), date),
        forms.day(TAB, "until", words("data_day_until"), held.get("until") or ""),
        forms.choice(TAB, "kind", words("data_day_kind"), kinds, held.get("kind", RECURRING), wide=270),
        forms.choice(TAB, "queue", words("data_day_queue"), every, held.get("queue") or EVERY, searchable=True),
        forms.choice(
            TAB, "comes", words("data_day_comes"), [(one, words(f"data_comes_{one}")) for one in COMES], held.get("comes", "date"),
        ),
        forms.choice(TAB, "moves", words("data_day_moves"), [(one, words(f"data_moves_{one}")) for one in MOVES], held.get("moves", "stays")),
        html.Details(
            [
                html.Summary(words("data_day_rule_more")),
                forms.text(TAB, "rule", words("data_day_rule"), held.get("rule", ""), hint="FREQ=MONTHLY;BYMONTHDAY=25", wide=420),
            ],
            className="more whole", open=bool(held.get("rule")),
        ),
    ]  # fmt: skip
    replaces = str(held.get("replaces", ""))
    buttons = [
        forms.button(TAB, "save", words("data_save"), on=replaces, kind="primary"),
        forms.button(TAB, "close", words("data_close")),
    ]
    title = words("data_day_edit") if replaces else words("data_day_new")
    made = forms.form(title, words("data_day_note"), inside, buttons)
    made.children = [made.children[0], *above, *made.children[1:]]
    return made


def told_of(fields: Mapping[str, Any], words: Words) -> SpecialDayIn:
    """What is filled in -> what the route takes; InputError with what is missing."""
    comes, date = str(fields.get("comes") or "date"), forms.maybe_day(fields, "date", words)
    queue = str(fields.get("queue") or EVERY)
    values: dict[str, Any] = {
        "name": forms.line_of(fields, "name"),
        "kind": fields.get("kind") or RECURRING,
        "moves": fields.get("moves") or "stays",
        "queue": "" if queue == EVERY else queue,
    }
    if not values["name"]:
        raise InputError(words("data_name_missing"), remedy=words("data_name_remedy"), field="name")
    if comes == "date":
        values |= {
            "date": forms.day_of(fields, "date", words),
            "until": forms.maybe_day(fields, "until", words),
        }
    else:
        rule, moves = _rule(comes, date, fields, words)
        values |= {"rule": rule, "from": date if comes == "rule" else None}
        values["moves"] = moves or values["moves"]
    try:
        return SpecialDayIn.model_validate(values)
    except ValidationError as error:
        raise InputError(
            str(error.errors()[0]["msg"]), remedy=words("data_day_remedy"), field="date"
        ) from None


def _rule(
    comes: str, date: dt.date | None, fields: Mapping[str, Any], words: Words
) -> tuple[str, str | None]:
    """(rule, how its days must move, None: as asked)."""
    if comes == "rule":
        return rule_of(rule=forms.line_of(fields, "rule", most=500))
    if comes == "last":
        return rule_of(last_working_day=True)
    day = date or forms.day_of(fields, "date", words)
    return rule_of(monthly=day.day) if comes == "monthly" else rule_of(yearly=f"{day:%m-%d}")


def next_days(rule: DayRule, calendar: Calendar, today: dt.date) -> list[dt.date]:
    """The next days of a rule from today on, at most SHOWN; of days in the past the first ones."""
    days = rule.days((today - EPOCH).days + 1_500, calendar)
    ahead = days[days >= (today - EPOCH).days]
    found = ahead if len(ahead) else days
    return [EPOCH + dt.timedelta(days=int(day)) for day in np.sort(found)[:SHOWN]]


def preview(fields: Mapping[str, Any], calendar: Calendar, today: dt.date, words: Words) -> Any:
    """The days on which it would fall, with their names where they are public holidays."""
    if not forms.line_of(fields, "name"):
        return None
    told = told_of(fields, words)
    rule = rule_told(told)
    days = next_days(rule, calendar, today)
    if not days:
        return html.P(words("data_preview_none"), className="data-doubt")
    names = Calendar(calendar.country, calendar.region).names([(day - EPOCH).days for day in days])
    items = [
        html.Li([html.Span(said(day, words)), html.Span(name, className="aside")])
        for day, name in zip(days, names, strict=True)
    ]
    what = "data_preview_period" if told.kind == PERIOD else f"data_preview_{told.kind}"
    return html.Section(
        [html.H3(words("data_preview_days")), html.Ul(items, className="data-dates"), html.P(words(what), className="note")],
        className="panel", role="status",
    )  # fmt: skip


def said(day: dt.date, words: Words) -> str:
    """`Sat 5 Dec 2026`."""
    return f"{words.day(dt.datetime.combine(day, dt.time()))} {day.year}"


def held_of(rule: DayRule, date: dt.date | None, until: dt.date | None) -> dict[str, Any]:
    """A rule as the form shows it: days in a row as date and until, others as their rule."""
    facts: dict[str, Any] = {"name": rule.name, "kind": rule.kind, "queue": rule.queue, "moves": rule.moves}
    if rule.rule.startswith("FREQ=DAILY;COUNT="):
        return {**facts, "comes": "date", "date": date, "until": until if until != date else None}
    return {**facts, "comes": "rule", "rule": rule.rule, "date": EPOCH + dt.timedelta(days=rule.since)}
