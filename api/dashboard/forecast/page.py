"""Page Forecast: what is expected, beside what, why; and the table in which it is adjusted.

choice ─► together (a queue, a reason, or sums) ─► screen: figure + lines + marks, table ─► the page
a selection, numbers typed or pasted ─► acts ─► adjusting ─► overrides          plan: locks and versions
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import dash_ag_grid as dag
from dash import ClientsideFunction, Input, Output, State, dcc, html, no_update
from sqlalchemy.orm import Session

from api.dashboard import grids
from api.dashboard.desk import Asked, Desk
from api.dashboard.forecast import controls, lines, plan, screen, why, work
from api.dashboard.forecast.choice import Choice
from api.dashboard.forecast.controls import INPUTS, STATES
from api.dashboard.parts import aria, panel
from api.dashboard.words import Words, local
from forecast.errors import ForecallError
from store.plan_accuracy import plan_accuracy
from store.queues import load_queues

OUTPUTS = [
    Output("forecast-notice", "children"), Output("forecast-content", "style"), Output("forecast-meta", "children"),
    Output("forecast-figures", "children"), Output("forecast-figure", "figure"),
    Output("forecast-figure-box", "aria-label"), Output("forecast-legend", "children"),
    Output("forecast-grid", "rowData"), Output("forecast-grid", "columnDefs"), Output("forecast-grid", "style"),
    Output("forecast-table-note", "children"), Output("forecast-marks", "children"), Output("forecast-adjustments", "children"),
    Output("forecast-shown", "data"), Output("forecast-aim", "data"),
]  # fmt: skip
WEEK = 7  # days whose deviation is told


def show(desk: Desk, words: Words, asked: Asked) -> Any:
    """The page without its numbers: they come with the first callback. asked: queue, day, step, range, at (10:00)."""
    may = desk.may("plan")
    with desk.sessions() as session:
        choices = controls.controls(load_queues(session), Choice.asked(asked), words, keep=not asked)
        others = lines.others(session)
        weeks = plan.weeks_ahead(session, desk.clock(), words)
    heading = html.Div(
        [html.H1(words("forecast_page")), html.Div(id="forecast-meta", className="meta")], className="heading"
    )
    content = [
        html.Div(
            [html.Dl(id="forecast-figures"), html.Dl(id="forecast-deviation")],
            className="panel forecast-figures",
        ),
        _chart(words, others),
        html.Div(
            [_table(words, may=may), html.Div(why.why_panel(words), className="forecast-side")],
            className="forecast-work",
        ),
        panel(words("forecast_adjustments"), [html.Div(id="forecast-adjustments")]),
        plan.plan_panel(words, weeks, may=may),
    ]
    return [
        heading,
        choices,
        html.Div(id="forecast-notice"),
        html.Div(content, id="forecast-content"),
        work.toasts(),
        dcc.Store(id="forecast-asked", data={"at": asked.get("at"), "day": asked.get("day")}),
        dcc.Download(id="forecast-csv"),
        dcc.Interval(id="forecast-tick", interval=300_000),
    ]


def _chart(words: Words, others: lines.Others) -> Any:
    graph = dcc.Graph(id="forecast-figure", config={"displayModeBar": False, "responsive": True})
    box = html.Div(
        graph,
        id="forecast-figure-box",
        className="figure-box",
        role="img",
        **aria(label=words("figure_title")),
    )
    inside = [
        controls.chips(others, words),
        box,
        html.Div(id="forecast-legend"),
        html.Div(id="forecast-marks"),
    ]
    return panel(words("figure_title"), inside)


def _table(words: Words, *, may: bool) -> Any:
    selection = {"mode": "multiRow", "checkboxes": may, "headerCheckbox": may, "enableClickSelection": False}
    options = grids.grid_options(words, rowSelection=selection, stopEditingWhenCellsLoseFocus=True)
    options |= {
        "enableCellTextSelection": False,
        "selectionColumnDef": {"width": 44, "suppressHeaderMenuButton": True},
    }
    grid = dag.AgGrid(
        id="forecast-grid", rowData=[], columnDefs=[], defaultColDef={"resizable": True, "sortable": True},
        dashGridOptions=options, columnSize=None, rowClassRules={"over": "params.data.over"}, className="grid",
        getRowId="params.data.start",
    )  # fmt: skip
    tools = [
        dcc.Link(words("forecast_export"), href="/staffing?export=week", className="button"),
        html.Button(words("csv"), id="forecast-csv-button", className="button", n_clicks=0),
    ]
    told = html.P(words("forecast_keys" if may else "forecast_may_not"), className="note")
    inside = [
        told,
        html.P(id="forecast-table-note", className="note"),
        grid,
        work.bar(words),
        work.waiting(words),
    ]
    return html.Div(
        panel(words("table_title"), inside, note=words("table_note"), tools=tools), id="forecast-table"
    )


def register(desk: Desk) -> None:
    """The callbacks; what they do is in plain functions, which need no browser."""
    _register_screen(desk)
    _register_beside(desk)
    why.register(desk)
    work.register(desk)
    plan.register(desk)
    for name, out, asked in (
        ("aim", Output("forecast-asked", "data"), Input("forecast-aim", "data")),
        ("keep", Output("forecast-usual-queue", "data"), Input("queue", "value")),
        ("picked", Output("forecast-chosen", "data"), Input("forecast-figure", "clickData")),
    ):
        states = [State("forecast-usual-queue", "data")] if name == "keep" else []
        desk.dash.clientside_callback(  # type: ignore[no-untyped-call]
            ClientsideFunction("forecall_forecast", name),
            out,
            asked,
            states,
            prevent_initial_call=name != "keep",
        )


def _register_screen(desk: Desk) -> None:
    asked = [
        Input("theme", "data"),
        Input("language", "value"),
        Input("forecast-changed", "data"),
        Input("forecast-tick", "n_intervals"),
    ]

    @desk.dash.callback(OUTPUTS, [*INPUTS, *asked], State("forecast-asked", "data"))
    def filled(*values: Any) -> tuple[Any, ...]:
        choice, words = Choice.of(*values[: len(INPUTS)]), Words(values[len(INPUTS) + 1])
        told = values[-1] or {}
        with desk.sessions() as session:
            found = screen.screen(
                session, choice, words, values[len(INPUTS)], desk.clock(), desk.settings, may=desk.may("plan")
            )
            tz = next((one.tz for one in load_queues(session) if one.name == choice.queue), "UTC")
        day = choice.first if told.get("day") == f"{choice.first}" else None
        aim = screen.nearest(found.rows, day, tz, told.get("at"))
        return (*vars(found).values(), no_update if aim is None else aim)

    @desk.dash.callback(
        Output("forecast-csv", "data"),
        Input("forecast-csv-button", "n_clicks"),
        STATES,
        prevent_initial_call=True,
    )
    def download(clicks: int, *choice: Any) -> Any:
        if not clicks:
            return no_update
        with desk.sessions() as session:
            name, text = screen.file(session, Choice.of(*choice), desk.clock(), desk.settings)
        return {"content": text, "filename": name, "type": "text/csv", "base64": False}


def _register_beside(desk: Desk) -> None:
    """What needs not be there at once: reasons of the queue, the deviation of last week."""
    app = desk.dash

    @app.callback(
        [
            Output("forecast-reason", "data"),
            Output("forecast-reason", "value"),
            Output("forecast-reason-box", "style"),
        ],
        [Input("queue", "value"), Input("forecast-scope", "value"), Input("language", "value")],
        State("forecast-reason", "value"),
    )
    def reasons(queue: str | None, scope: str, language: str, held: str | None) -> tuple[Any, ...]:
        with desk.sessions() as session:
            found = controls.reason_options(session, queue, scope, Words(language))
        same = any(one["value"] == held for one in found)
        return found, held if same else "", {} if found else {"display": "none"}

    @app.callback(
        Output("forecast-deviation", "children"),
        [Input("queue", "value"), Input("forecast-scope", "value"), Input("language", "value")],
    )
    def deviation(queue: str | None, scope: str, language: str) -> Any:
        with desk.sessions() as session:
            return last_week(
                session, desk, queue if scope == "queue" else None, Words(language), desk.clock()
            )


def last_week(session: Session, desk: Desk, queue: str | None, words: Words, now: dt.datetime) -> Any:
    """How far what stood a day before was from what came, over the last seven days of a queue; a dash where nothing stood."""
    name = next((one for one in load_queues(session) if one.name == queue), None)
    if name is None:
        return None
    last = local(now, name.tz).date() - dt.timedelta(days=1)
    first = last - dt.timedelta(days=WEEK - 1)
    try:
        rows = plan_accuracy(
            session, desk.settings, first=first, last=last, queues=[name.name], leads=(1,), now=now
        )
    except ForecallError:
        return None
    figures = rows[0].figures if rows else None
    said = words.percent(None if figures is None else figures.day_wape)
    told = words(
        "forecast_figure_deviation_none"
        if figures is None or figures.day_wape is None
        else "forecast_figure_deviation_of"
    )
    return html.Div(
        [
            html.Dt(words("forecast_figure_deviation")),
            html.Dd(said, id="forecast-deviation-value"),
            html.Dd(told, className="about"),
        ]
    )
