"""Scenario: letters, an outage, a closed day beside the forecast as it is; and a campaign booked into the plan."""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html

from api.dashboard.desk import Asked, Desk
from api.dashboard.parts import aria, notice, panel, segments
from api.dashboard.scenario import columns, make, screen
from api.dashboard.scenario.bench import Bench
from api.dashboard.scenario.events import KINDS
from api.dashboard.scenario.make import SCOPE
from api.dashboard.words import Words
from store.kept_looks import KeptLooks
from store.queues import Queue, load_queues

EVERY = 700  # milliseconds between two looks at what is being worked out


def show(desk: Desk, words: Words, asked: Asked) -> Any:
    """The page without its numbers. asked: event=letters opens its form, queue=NAME chooses the queue."""
    with desk.sessions() as session:
        queues = load_queues(session)
    heading = html.Div(html.H1(words("scenario_page")), className="heading")
    if not queues:
        return [heading, notice(words("empty_data"), words("empty_data_text"))]
    kind = asked.get("event") if asked.get("event") in KINDS else KINDS[0]
    may = desk.may(SCOPE)
    parts = [_controls(queues, asked.get("queue", ""), words)]
    if may:
        parts += [_suppose(kind, words), _plan(words)]
    else:
        parts.append(notice(words("scenario_read_only"), words("scenario_read_only_text")))
        parts.append(html.Div([_suppose(kind, words), _plan(words)], style={"display": "none"}))
    return [
        heading,
        *parts,
        html.Div(id="scenario-progress"),
        _result(words, may=may),
        _below(words),
        *_stores(),
    ]


def _controls(queues: list[Queue], wanted: str, words: Words) -> Any:
    options = [{"value": one.name, "label": f"{one.name} · {_channel(one, words)}"} for one in queues]
    value = wanted if wanted in [one.name for one in queues] else queues[0].name
    choose = dmc.Select(
        id="queue", label=words("queue"), data=options, value=value, searchable=True, allowDeselect=False, persistence=True,
        persistence_type="local", w=260, maxDropdownHeight=420,
    )  # fmt: skip
    days = [("14", words("scenario_weeks", n=2)), ("28", words("scenario_weeks", n=4))]
    return html.Div(
        [choose, segments("scenario-days", words("scenario_shown_for"), days, "14")], className="controls"
    )


def _channel(queue: Queue, words: Words) -> str:
    return words(f"channel_{queue.channel}") if words.has(f"channel_{queue.channel}") else queue.channel


def _suppose(kind: str | None, words: Words) -> Any:
    kinds = [{"value": one, "label": words(f"scenario_kind_{one}")} for one in KINDS]
    choose = dmc.Select(
        id="scenario-kind", label=words("scenario_kind"), data=kinds, value=kind, allowDeselect=False, w=260
    )
    into = dmc.SegmentedControl(
        id="scenario-into", data=[{"value": str(at), "label": one} for at, one in enumerate(columns.LETTERS)], value="0", size="sm",
        radius="md", withItemsBorders=False, transitionDuration=0,
    )  # fmt: skip
    buttons = html.Div(
        [html.Div(into, role="group", **aria(label=words("scenario_into"))),
         html.Button(words("scenario_add"), id="scenario-add", n_clicks=0, className="button primary"),
         html.Button(words("scenario_book_campaign"), id="scenario-book", n_clicks=0, className="button")],
        className="do",
    )  # fmt: skip
    inside = [html.Div([choose, html.Div(id="scenario-form", className="fields")], className="scenario-fields"),
              html.Div(id="scenario-worth", className="note"), buttons, html.Div(id="scenario-booked")]  # fmt: skip
    return panel(words("scenario_suppose"), inside, note=words("scenario_suppose_note"))


def _plan(words: Words) -> Any:
    run = html.Button(words("scenario_run"), id="scenario-run", n_clicks=0, className="button primary")
    inside = [html.Div(id="scenario-columns", className="scenario-columns"), html.Div(id="scenario-said")]
    return panel(words("scenario_side_by_side"), inside, tools=[run])


def _result(words: Words, *, may: bool) -> Any:
    shown = dmc.Select(id="scenario-shown", data=[], value="*", allowDeselect=False, w=230, size="sm",
                       **aria(label=words("scenario_shown")))  # fmt: skip
    day = dmc.Select(id="scenario-day", data=[], value="", allowDeselect=False, w=190, size="sm",
                     **aria(label=words("scenario_per")))  # fmt: skip
    chart = html.Div(
        dcc.Graph(id="scenario-figure", config={"displayModeBar": False, "responsive": True}), id="scenario-figure-box",
        className="figure-box small", role="img", **aria(label=words("scenario_chart")),
    )  # fmt: skip
    keeping = [dmc.Select(id="scenario-which", data=[], value=None, allowDeselect=False, w=200, label=words("scenario_which")),
               dmc.TextInput(id="scenario-keep-name", value="", label=words("scenario_keep_name"), w=280),
               html.Button(words("scenario_keep"), id="scenario-keep", n_clicks=0, className="button")]  # fmt: skip
    keep = html.Div([html.Div(keeping, className="scenario-keep"), html.Div(id="scenario-keep-said")])
    return html.Div(
        [html.Div(id="scenario-cards", className="cards"),
         panel(words("scenario_chart"), [html.Div(id="scenario-legend"), chart], tools=[shown, day]),
         panel(words("scenario_table"), [html.Div(id="scenario-table"), *([keep] if may else [html.Div(keep, style={"display": "none"})])],
               note=words("scenario_table_note")),
         panel(words("scenario_stands_on"), [html.Div(id="scenario-notes")])],
        id="scenario-result", style={"display": "none"},
    )  # fmt: skip


def _below(words: Words) -> Any:
    return html.Div(
        [panel(words("scenario_planned"), [html.Div(id="scenario-planned")], note=words("scenario_planned_note")),
         panel(words("scenario_kept"), [html.Div(id="scenario-kept-said"), html.Div(id="scenario-kept")])],
        className="scenario-below",
    )  # fmt: skip


def _stores() -> list[Any]:
    names = (
        "scenario-ticket",
        "scenario-answer",
        "scenario-changed",
        "scenario-last",
        "scenario-kept-changed",
    )
    tick = dcc.Interval(id="scenario-tick", interval=EVERY, disabled=True)
    worth = dcc.Interval(id="scenario-worth-tick", interval=EVERY, disabled=True)
    return [
        dcc.Store(id="scenario-plan", data=columns.blank()),
        *(dcc.Store(id=name) for name in names),
        tick,
        worth,
    ]


def register(desk: Desk) -> None:
    """The callbacks; one bench for the whole server."""
    bench, looks = Bench(), KeptLooks()
    make.register(desk, bench, looks)
    screen.register(desk, bench)
