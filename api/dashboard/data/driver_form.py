"""The forms of drivers: one amount, or those of the coming weeks, typed in a table or pasted."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from dash import html

from api import moments
from api.dashboard.data import fields as forms
from api.dashboard.data.calendar import today_of
from api.dashboard.data.driver_list import TAB, Key
from api.dashboard.data.driver_values import Amount, Held, Value, held_of, moment_said
from api.dashboard.data.special_day import EVERY
from api.dashboard.data.tabs import View
from api.dashboard.words import Words, local
from forecast.errors import InputError

SHOWN = 40
ON = "on "  # the name of the field of an amount, with its moment


def add_form(chosen: Key, values: pd.DataFrame, queues: Sequence[str], view: View) -> Any:
    """One amount on one day, of a driver that is known or new."""
    words = view.words
    every = [(EVERY, words("data_every_queue")), *((name, name) for name in queues)]
    inside = [
        forms.text(TAB, "driver", words("data_driver"), chosen[0], hint=words("data_driver_hint")),
        forms.choice(TAB, "queue", words("data_day_queue"), every, chosen[1] or EVERY, searchable=True),
        forms.day(TAB, "date", words("data_day_date"), today_of(view) + dt.timedelta(days=1)),
        forms.number(TAB, "amount", words("data_driver_amount"), words=words),
        forms.number(TAB, "worth", words("data_driver_assumed"), words=words, w=210),
    ]
    return forms.form(words("data_driver_add"), words("data_driver_add_note"), inside, _buttons(words))


def coming_form(chosen: Key, values: pd.DataFrame, queues: Sequence[str], view: View) -> Any:
    """The amounts ahead in a table, and a place for two pasted columns."""
    words, today = view.words, today_of(view)
    held = [one for at, one in sorted(held_of(values).items()) if local(at, view.tz).date() >= today]
    rows = [
        html.Tr(
            [
                html.Th(moment_said(one.at, view.tz, words), scope="row", className="when"),
                html.Td(forms.number(TAB, f"{ON}{one.at.isoformat()}", "", "" if one.amount is None else one.amount, words=words, w=120,
                                     size="xs", **{"aria-label": moment_said(one.at, view.tz, words)})),
            ]
        )
        for one in held[:SHOWN]
    ]  # fmt: skip
    table = html.Div(html.Table(html.Tbody(rows), className="plain"), className="scroll") if rows else ""
    inside = [
        forms.hidden(TAB, "driver", chosen[0]),
        forms.hidden(TAB, "queue", chosen[1] or EVERY),
        table,
        forms.area(TAB, "pasted", words("data_driver_paste"), hint=words("data_driver_paste_hint"), rows=5),
    ]
    return forms.form(
        words("data_driver_coming_form", driver=chosen[0]),
        words("data_driver_paste_note"),
        inside,
        _buttons(words),
    )


def _buttons(words: Words) -> list[Any]:
    return [
        forms.button(TAB, "save", words("data_save"), kind="primary"),
        forms.button(TAB, "close", words("data_close")),
    ]


def amounts(fields: Mapping[str, Any], tz: str) -> list[Value]:
    """What stands in the table: an amount per moment. InputError for what is no number."""
    found = []
    for name, value in fields.items():
        if name.startswith(ON):
            at = moments.parse(name.removeprefix(ON), tz, "date")
            found.append(Value(local(at, tz).date(), amount_of(value), at))
    return found


def amount_of(value: Any) -> float | None:
    """A field of numbers -> its number; None where nothing stands in it."""
    if value in (None, ""):
        return None
    try:
        return float(str(value).replace(",", "."))
    except ValueError:
        raise InputError(
            f"{str(value)[:30]!r} is no number.", remedy="Write digits.", field="value"
        ) from None


def digits(value: float) -> int:
    """Decimals an amount is shown with."""
    return 0 if value == round(value) else 2


def preview(other: Sequence[Amount], held: Held, tz: str, words: Words) -> Any:
    """What would change: the day as it was read, the amount before and after."""
    if not other:
        return html.P(words("data_driver_same"), className="data-doubt", role="status")
    items = []
    for one in other[:10]:
        before = held.get(one.at, Amount(one.at, None))
        was = "" if before.amount is None else f"{words.number(before.amount, digits(before.amount))} → "
        then = (
            words("data_driver_gone") if one.amount is None else words.number(one.amount, digits(one.amount))
        )
        inside: list[Any] = [was, html.Strong(then)]
        if one.worth is not None and one.worth != before.worth:
            inside.append(f" ({words('data_driver_per_unit', n=words.number(one.worth, 3))})")
        items.append(html.Li([html.Span(moment_said(one.at, tz, words)), html.Span(inside)]))
    more = [html.P(words("data_problems_more", n=words.number(len(other) - 10)), className="note")]
    title = words("data_driver_changes", n=words.number(len(other)))
    inside = [html.H3(title), html.Ul(items, className="data-dates"), *(more if len(other) > 10 else [])]
    return html.Section(inside, className="panel", role="status")
