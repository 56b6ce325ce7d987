"""Up to three scenarios beside each other, as the browser holds them until they are worked out: names and events."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import html

from api.dashboard.parts import aria
from api.dashboard.scenario.events import sentence
from api.dashboard.scenario.work import Column
from api.dashboard.words import Words
from api.scenario_events import MOST_EVENTS
from forecast.errors import InputError

LETTERS = ("A", "B", "C")
Plan = dict[str, Any]  # {"columns": [{"name": "A", "events": [...]}, ...]}, three of them


def blank() -> Plan:
    """Three without an event."""
    return {"columns": [{"name": letter, "events": []} for letter in LETTERS]}


def named(plan: Mapping[str, Any] | None, names: Sequence[str | None]) -> Plan:
    """The plan with the names that stand in the fields."""
    held = plan or blank()
    said = [*names, *[None] * len(LETTERS)]
    columns = [
        {**column, "name": (said[at] or column["name"] or LETTERS[at]).strip()[:60]}
        for at, column in enumerate(held["columns"])
    ]
    return {"columns": columns}


def with_event(plan: Plan, at: int, event: Mapping[str, Any]) -> Plan:
    """One more event. InputError for more than a scenario holds."""
    columns = [{**column, "events": list(column["events"])} for column in plan["columns"]]
    if len(columns[at]["events"]) >= MOST_EVENTS:
        raise InputError(f"A scenario holds {MOST_EVENTS} events.", remedy="Take one out first.")
    columns[at]["events"].append(dict(event))
    return {"columns": columns}


def without(plan: Plan, at: int, place: int) -> Plan:
    """One event fewer."""
    columns = [{**column, "events": list(column["events"])} for column in plan["columns"]]
    del columns[at]["events"][place : place + 1]
    return {"columns": columns}


def of_kept(name: str, asked: Mapping[str, Any]) -> Plan:
    """A kept scenario as the first one, the others empty."""
    plan = blank()
    plan["columns"][0] = {"name": name, "events": list(asked.get("events", []))}
    return plan


def filled(plan: Mapping[str, Any] | None) -> tuple[Column, ...]:
    """The scenarios with an event, for the bench; names that stand twice are told apart."""
    found: list[Column] = []
    for at, column in enumerate((plan or blank())["columns"]):
        if column["events"]:
            name = column["name"]
            if any(one.name == name for one in found):
                name = f"{name} ({LETTERS[at]})"
            found.append(Column(name, tuple(column["events"])))
    return tuple(found)


def columns(plan: Mapping[str, Any] | None, words: Words, *, may: bool) -> list[Any]:
    """The three beside each other."""
    return [_column(at, column, words, may=may) for at, column in enumerate((plan or blank())["columns"])]


def _column(at: int, column: Mapping[str, Any], words: Words, *, may: bool) -> Any:
    name = dmc.TextInput(
        id={"type": "scenario-name", "at": at}, value=column["name"], size="sm", variant="unstyled", className="scenario-name",
        attributes={"input": aria(label=words("scenario_name_of", letter=LETTERS[at]))},
    )  # fmt: skip
    rows = []
    for place, event in enumerate(column["events"]):
        said = sentence(event, words)
        buttons = [
            html.Button(
                "×", id={"type": "scenario-drop", "at": f"{at}/{place}"}, n_clicks=0, className="scenario-x",
                title=words("scenario_drop"), **aria(label=words("scenario_drop_what", what=said)),
            )
        ]  # fmt: skip
        if event["kind"] == "driver" and event.get("date") and may:
            buttons.insert(0, html.Button(
                words("scenario_book"), id={"type": "scenario-do", "act": "event", "on": json.dumps(event)}, n_clicks=0,
                className="button small", **aria(label=words("scenario_book_what", what=said)),
            ))  # fmt: skip
        rows.append(html.Li([html.Span(said), html.Span(buttons, className="scenario-acts")]))
    inside = html.Ul(rows) if rows else html.P(words("scenario_column_empty"), className="note")
    return html.Div(
        [
            html.Div(
                [html.Span(className=f"scenario-dot n{at}", **aria(hidden="true")), name],
                className="scenario-head",
            ),
            inside,
        ],
        className=f"scenario-column{'' if rows else ' empty'}",
    )
