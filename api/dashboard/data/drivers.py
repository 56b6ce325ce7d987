"""The tab Drivers: quantities known ahead, what they are worth, and the amounts of the coming weeks."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from dash import dcc, html
from sqlalchemy.orm import Session

from api import moments
from api.dashboard.data import driver_form, driver_list
from api.dashboard.data import fields as forms
from api.dashboard.data.driver_figure import driver_figure
from api.dashboard.data.driver_values import (
    Amount,
    Value,
    differing,
    held_of,
    moment_said,
    pasted,
    placed,
    rows_of,
)
from api.dashboard.data.special_day import EVERY
from api.dashboard.data.tabs import Answer, View, changed_since, said, skeleton
from api.dashboard.desk import Asked, Change
from api.dashboard.palette import palette
from api.dashboard.parts import aria, panel
from api.dashboard.words import Words, local
from forecast.errors import InputError
from store.drivers import load_drivers, remove_drivers, save_drivers
from store.queues import load_queues, require_queues

TAB = driver_list.TAB


class DriversTab:
    """See the module."""

    name, scope, with_queue = TAB, "write", True

    def show(self, words: Words, asked: Asked, *, may: bool) -> list[Any]:
        """The places."""
        return skeleton(TAB, [])

    def writes(self, act: str) -> bool:
        """Saving and removing change something."""
        return act in ("save", "remove")

    def body(self, session: Session, view: View) -> Any:
        """The drivers there are, the chart of the chosen one, its coming amounts."""
        held = load_drivers(session)
        known = driver_list.keys_of(held, view.queue)
        if not known:
            return driver_list.nothing(view)
        chosen = chosen_of(view, known)
        values = driver_list.of(held, chosen)
        both = html.Div(
            [_chart(chosen, values, view), _coming(chosen, values, view)], className="data-two wide"
        )
        return [driver_list.list_panel(held, known, chosen, view), both]

    def late(self, session: Session, view: View) -> Any:
        """What each is worth to the chosen queue, which a model finds out."""
        return driver_list.worth_panel(session, view)

    def press(
        self, change: Change | Session, view: View, act: str, on: str, fields: Mapping[str, Any]
    ) -> Answer:
        """choose, add, coming, save, remove or close."""
        if act == "close":
            return Answer(form=[])
        if act == "choose":
            return Answer(form=[], at={"driver": on})
        session = change.session if isinstance(change, Change) else change
        held = load_drivers(session)
        if not isinstance(change, Change):
            chosen = chosen_of(view, driver_list.keys_of(held, view.queue))
            queues = [queue.name for queue in load_queues(session)]
            values = driver_list.of(held, chosen)
            made = driver_form.coming_form if act == "coming" else driver_form.add_form
            return Answer(form=made(chosen, values, queues, view), said=[])
        if act == "remove":
            driver, queue, moment = json.loads(on)
            at = moments.parse(str(moment), view.tz, "date")
            gone = Value(local(at, view.tz).date(), None, at)
            return _written(change, view, str(driver), str(queue), [gone], held)
        driver, queue, values_told, worth = told_of(fields, view.words, view.tz)
        return _written(change, view, driver, queue, values_told, held, worth)

    def preview(self, session: Session, view: View, fields: Mapping[str, Any]) -> Any:
        """What saving would change, and which days were read."""
        filled = [name for name in fields if name in ("pasted", "amount") or name.startswith(driver_form.ON)]
        if not any(str(fields[name] or "").strip() for name in filled):
            return None
        driver, queue, values, worth = told_of(fields, view.words, view.tz)
        held = held_of(driver_list.of(load_drivers(session), (driver, queue)))
        amounts = placed(values, held, view.tz, view.words, worth)
        return driver_form.preview(differing(amounts, held), held, view.tz, view.words)

    def undo(self, change: Change, view: View, told: Mapping[str, Any]) -> Answer:
        """The amounts as they were; InputError where somebody changed one since."""
        words = view.words
        try:
            driver, queue = str(told["driver"])[:200], str(told["queue"])
            rows = [
                tuple(Amount(moments.parse(str(at), view.tz, "date"), *_read(each)) for each in (was, became))
                for at, was, became in told["rows"]
            ]
        except (KeyError, ValueError, TypeError):
            raise InputError(
                words("data_day_gone"), remedy=words("data_day_gone_remedy"), field="driver"
            ) from None
        held = held_of(driver_list.of(load_drivers(change.session), (driver, queue)))
        if differing([became for _, became in rows], held):
            raise changed_since(words)
        _write(change, driver, queue, [was for was, _ in rows])
        line = said(words("data_taken_back"), words("data_next_forecast"), words, TAB, undo=False)
        return Answer(line, changed=True, undo={})


def chosen_of(view: View, known: Sequence[driver_list.Key]) -> driver_list.Key:
    """The driver that is looked at: the one pressed, else the first."""
    try:
        driver, queue = json.loads(view.at.get("driver", "[]"))
    except ValueError:
        driver, queue = "", ""
    return (driver, queue) if (driver, queue) in known else (known[0] if known else ("", ""))


def told_of(fields: Mapping[str, Any], words: Words, tz: str) -> tuple[str, str, list[Value], float | None]:
    """The form -> driver, queue, values, contacts per unit as assumed. InputError with what is missing."""
    driver, queue = forms.line_of(fields, "driver"), str(fields.get("queue") or EVERY)
    if not driver:
        raise InputError(words("data_driver_missing"), remedy=words("data_driver_missing_do"), field="driver")
    values = pasted(str(fields.get("pasted") or ""), words)  # goes before what stands in the table
    values += driver_form.amounts(fields, tz)
    if "amount" in fields and fields["amount"] not in (None, ""):
        values.append(Value(forms.day_of(fields, "date", words), driver_form.amount_of(fields["amount"])))
    return driver, "" if queue == EVERY else queue, values, driver_form.amount_of(fields.get("worth"))


def _written(
    change: Change,
    view: View,
    driver: str,
    queue: str,
    values: Sequence[Value],
    held: pd.DataFrame,
    worth: float | None = None,
) -> Answer:
    """Write what differs -> the line about it. Values of None are taken back."""
    words, before = view.words, held_of(driver_list.of(held, (driver, queue)))
    other = differing(placed(values, before, view.tz, words, worth), before)
    if not other:
        raise InputError(words("data_driver_same"), remedy=words("data_driver_same_do"), field="value")
    _write(change, driver, queue, other)
    rows = [[one.at.isoformat(), _facts(before.get(one.at)), _facts(one)] for one in other]
    undo = {"driver": driver, "queue": queue, "rows": rows}
    title = words("data_driver_saved", driver=driver, n=words.number(len(other)))
    line = said(title, words("data_next_forecast"), words, TAB, undo=True)
    return Answer(line, form=[], changed=True, undo=undo, at={"driver": json.dumps([driver, queue])})


def _facts(one: Amount | None) -> list[float | None]:
    return [None, None] if one is None else [one.amount, one.worth]


def _read(facts: Sequence[Any]) -> tuple[float | None, float | None]:
    amount, worth = (None if one is None else float(one) for one in facts)
    return amount, worth


def _write(change: Change, driver: str, queue: str, amounts: Sequence[Amount]) -> None:
    if queue:
        require_queues(change.session, [queue])
    rows = rows_of(driver, queue, amounts, change.now)
    if len(rows):
        save_drivers(change.session, rows)
        change.note("driver.save", f"driver {driver}", {"rows": len(rows), "queue": queue})
    for one in amounts:
        if one.amount is None:
            end = one.at + dt.timedelta(microseconds=1)
            remove_drivers(change.session, driver, queue=queue, start=one.at, end=end, now=change.now)
            body = {"queue": queue, "start": one.at.isoformat(), "rows": 1}
            change.note("driver.remove", f"driver {driver}", body)


def _chart(chosen: driver_list.Key, values: pd.DataFrame, view: View) -> Any:
    words, name = view.words, driver_list.said_of(chosen, view.words)
    figure = driver_figure(
        values, view.now, view.tz, words, palette(view.theme), line=driver_list.is_stock(values)
    )
    ahead = values[values["ds"] > view.now]
    sentence = words(
        "data_driver_sentence", driver=name, n=words.number(len(values)), ahead=words.number(len(ahead)),
        total=words.number(ahead["value"].sum()),
    )  # fmt: skip
    graph = dcc.Graph(
        figure=figure, config={"displayModeBar": False, "responsive": True}, style={"height": "100%"}
    )
    box = html.Div(graph, className="figure-box data-figure", role="img", **aria(label=sentence))
    return panel(words("data_driver_chart", driver=name), [box])


def _coming(chosen: driver_list.Key, values: pd.DataFrame, view: View) -> Any:
    """The amounts ahead, each with a way to take it back."""
    words = view.words
    tools = []
    if view.may:
        tools = [forms.button(TAB, "coming", words("data_driver_coming_edit"))]
    ahead = values[values["ds"] >= moments.day_of(view.now, view.tz)].head(driver_form.SHOWN)
    rows = []
    for at, value in zip(ahead["ds"], ahead["value"], strict=True):
        when = moment_said(at.to_pydatetime(), view.tz, words)
        key = json.dumps([*chosen, at.isoformat()])
        label = f"{words('data_remove')}: {when}"
        remove = (
            forms.button(TAB, "remove", words("data_remove"), on=key, kind="small", label=label)
            if view.may
            else ""
        )
        rows.append(
            html.Tr(
                [
                    html.Td(when, className="when"),
                    html.Td(words.number(value, driver_form.digits(value)), className="number"),
                    html.Td(remove, className="act"),
                ]
            )
        )
    heads = [
        html.Th(words("data_day_date"), scope="col"),
        html.Th(words("data_driver_amount"), scope="col", className="number"),
        html.Td(),
    ]
    table = html.Table(
        [html.Thead(html.Tr(heads)), html.Tbody(rows)], className="plain", id="data-driver-coming"
    )
    scroll = html.Div(
        table,
        className="scroll data-coming",
        tabIndex="0",
        role="group",
        **aria(label=words("data_driver_coming")),
    )
    inside = [scroll] if rows else [html.P(words("data_driver_coming_none"), className="note")]
    return panel(words("data_driver_coming"), inside, tools=tools)
