"""The drivers there are: which concern a queue, whether their plan goes on, and what they are worth."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import pandas as pd
from dash import html
from sqlalchemy.orm import Session

from api.dashboard.data import fields as forms
from api.dashboard.data.tabs import View
from api.dashboard.parts import notice, panel
from api.dashboard.words import Words, local

if TYPE_CHECKING:
    from store.driver_worths import DriverWorth

TAB = "drivers"
Key: TypeAlias = tuple[str, str]  # (driver, queue); queue '' is every queue
LATELY, SOON = dt.timedelta(days=120), dt.timedelta(days=28)
LEAST = 2  # amounts lately that make none ahead worth a warning
LIKELY = 0.5  # below this nothing is said to be moved
SHOWN = 60


def keys_of(held: pd.DataFrame, queue: str) -> list[Key]:
    """The drivers of every queue and of the chosen one, by name."""
    mine = held[held["queue"].isin(["", queue])] if queue else held
    return sorted(set(zip(mine["driver"], mine["queue"], strict=True)))


def of(held: pd.DataFrame, key: Key) -> pd.DataFrame:
    """The values of one driver, by moment."""
    return held[(held["driver"] == key[0]) & (held["queue"] == key[1])].sort_values("ds")


def said_of(key: Key, words: Words) -> str:
    """A driver, with its queue where it is of one."""
    return f"{key[0]} · {key[1]}" if key[1] else key[0]


def is_stock(values: pd.DataFrame) -> bool:
    """Does it look like a level that goes on (customers) rather than amounts that come and go (letters)?"""
    value, gaps = values["value"], values["ds"].diff().dropna()
    if len(value) < 12 or not (value > 0).all():
        return False
    return bool(gaps.max() <= 3 * gaps.median()) and float(value.max()) < 2 * float(value.min())


def stops(values: pd.DataFrame, now: dt.datetime) -> bool:
    """Had the past amounts, while the coming weeks have none?"""
    lately = values[(values["ds"] > now - LATELY) & (values["ds"] <= now)]
    return len(lately) >= LEAST and not ((values["ds"] > now) & (values["ds"] <= now + SOON)).any()


def nothing(view: View) -> Any:
    """No driver is known yet, and what to do."""
    text = view.words("data_drivers_none_text" if view.may else "data_drivers_none_look")
    made = notice(view.words("data_drivers_none"), text)
    if view.may:
        made.children.append(forms.button(TAB, "add", view.words("data_driver_add"), kind="primary"))
    return made


def list_panel(held: pd.DataFrame, known: Sequence[Key], chosen: Key, view: View) -> Any:
    """A line per driver: last and next amount, and whether the plan goes on."""
    words = view.words
    tools = [forms.button(TAB, "add", words("data_driver_add"), kind="primary")] if view.may else []
    heads = [
        html.Th(words("data_driver"), scope="col"),
        html.Th(words("data_day_queue"), scope="col"),
        html.Th(words("data_driver_last"), scope="col", className="number"),
        html.Th(words("data_driver_next"), scope="col", className="number"),
        html.Th(words("data_driver_plan"), scope="col"),
        html.Td(className="act"),
    ]
    rows = [_row(key, of(held, key), key == chosen, view) for key in known[:SHOWN]]
    table = html.Table([html.Thead(html.Tr(heads)), html.Tbody(rows)], className="plain", id="data-drivers")
    return panel(
        words("data_drivers_title"),
        [html.Div(table, className="scroll")],
        note=words("data_drivers_note"),
        tools=tools,
    )


def _row(key: Key, values: pd.DataFrame, chosen: bool, view: View) -> Any:
    words, past = view.words, values[values["ds"] <= view.now].tail(1)
    ahead = values[values["ds"] > view.now]
    tag = html.Span(words("data_driver_on", n=words.number(len(ahead))), className="data-tag good")
    if stops(values, view.now):
        tag = html.Span(words("data_driver_stops"), className="data-tag warning")
    elif ahead.empty:
        tag = html.Span(words("data_driver_nothing_ahead"), className="data-tag info")
    look: Any = html.Span(words("data_driver_shown"), className="data-tag")
    if not chosen:
        label = f"{words('data_driver_look')}: {said_of(key, words)}"
        look = forms.button(
            TAB, "choose", words("data_driver_look"), on=json.dumps(key), kind="small", label=label
        )
    return html.Tr(
        [
            html.Td(key[0], className="name"),
            html.Td(key[1] or words("data_every_queue")),
            html.Td(_amount(past, view), className="number"),
            html.Td(_amount(ahead.head(1), view), className="number"),
            html.Td(tag),
            html.Td(look, className="act"),
        ]
    )


def _amount(one: pd.DataFrame, view: View) -> str:
    if one.empty:
        return "–"
    value, at = float(one["value"].iloc[0]), local(one["ds"].iloc[0], view.tz)
    return f"{view.words.number(value, 0 if value == round(value) else 1)} · {view.words.date(at)}"


def worth_panel(session: Session, view: View) -> Any:
    """What each driver is worth to the chosen queue, by its history."""
    if not view.queue:
        return None
    from store.driver_worths import driver_worths  # it brings the models, which the start does without

    words = view.words
    found = driver_worths(session, view.settings, view.queue, now=view.now)
    if not found:
        return panel(
            words("data_worth_title", queue=view.queue), [html.P(words("data_worth_none"), className="note")]
        )
    items = [
        html.Li([html.Strong(one.driver), html.Span(worth_said(one, words), className="aside")])
        for one in found
    ]
    title = words("data_worth_title", queue=view.queue)
    return panel(
        title,
        [html.Ul(items, className="data-dates data-worths", id="data-worths")],
        note=words("data_worth_note"),
    )


def worth_said(one: DriverWorth, words: Words) -> str:
    """`1,000 letters bring 31 contacts (24 to 38), seen 3 times.`"""
    seen = words("data_worth_seen", n=words.number(one.seen)) if one.seen is not None else ""
    if one.likely is not None and one.likely < LIKELY:
        return words("data_worth_nothing", seen=seen).strip()
    if one.kind == "pulse":
        figures = [
            words.number(value, _digits(one.contacts or 0.0)) for value in (one.contacts, one.low, one.high)
        ]
        units = words.number(one.units)
        return words(
            "data_worth_pulse", units=units, contacts=figures[0], low=figures[1], high=figures[2], seen=seen
        ).strip()
    percent = words.number(one.percent, 0 if abs(one.percent or 0.0) >= 10 else 1, sign=True)
    return words(f"data_worth_{one.kind}", percent=percent, seen=seen).strip()


def _digits(value: float) -> int:
    return 0 if abs(value) >= 10 else 1
