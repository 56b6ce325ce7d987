"""Page Accuracy: how good the forecast is by how far ahead."""

from __future__ import annotations

from typing import Any

import dash_ag_grid as dag
import dash_mantine_components as dmc
import pandas as pd
from dash import Input, Output, dcc, html
from sqlalchemy.orm import Session, sessionmaker

from api.dashboard import grids, judgement, queries
from api.dashboard.accuracy import figure as figures
from api.dashboard.accuracy import table as tables
from api.dashboard.desk import Asked, Desk
from api.dashboard.palette import palette
from api.dashboard.parts import aria, legend, notice, panel, problem, with_code
from api.dashboard.queries import Judged
from api.dashboard.words import Words
from forecast.errors import ForecallError

HIDDEN: dict[str, str] = {"display": "none"}
SEEN: dict[str, str] = {}
TABLE = {"resizable": True, "sortable": True}


def show(desk: Desk, words: Words, asked: Asked) -> Any:
    """The page without its numbers."""
    with desk.sessions() as session:
        return page(queries.load_judged(session), words)


def page(judged: Judged, words: Words) -> Any:
    """The page of what the evaluation found."""
    measured = list(dict.fromkeys(row["series"] for row in judged.scores))
    known = [queue.name for queue in judged.queues if queue.name in measured] or measured
    choose = dmc.Select(
        id="judged-queue", label=words("queue"), data=known, value=known[0] if known else None, allowDeselect=False,
        searchable=True, persistence=True, persistence_type="local", w=260,
    )  # fmt: skip
    options = grids.grid_options(words, domLayout="autoHeight")
    chart = dcc.Graph(id="deviation", config={"displayModeBar": False, "responsive": True})
    entries = [("expected", words("own")), ("bar", words("bar")), ("floor", words("floor"))]
    accuracy = html.Div(
        [
            html.Div(chart, id="deviation-box", className="figure-box small", role="img", **aria(label=words("deviation_title"))),
            dag.AgGrid(id="accuracy", rowData=[], columnDefs=tables.accuracy_columns(words), defaultColDef=TABLE,
                       dashGridOptions=options, columnSize=None, className="grid", style={"height": None}),
            html.P(id="abridged", className="note"),
        ],
        id="accuracy-content",
    )  # fmt: skip
    return [
        html.Div(html.H1(words("accuracy_page")), className="heading"),
        html.Div([choose], className="controls"),
        html.Div(id="accuracy-notice"),
        panel(words("deviation_title"), [accuracy], note=words("deviation_note"), tools=[legend(entries, words("legend"))]),
    ]  # fmt: skip


def register(desk: Desk) -> None:
    """The callback; what it does is in `accuracy`, which needs no browser."""
    app, sessions = desk.dash, desk.sessions

    @app.callback(
        [Output("accuracy-notice", "children"), Output("accuracy-content", "style"), Output("deviation", "figure"),
         Output("deviation-box", "aria-label"), Output("accuracy", "rowData"), Output("abridged", "children")],
        [Input("judged-queue", "value"), Input("language", "value"), Input("theme", "data")],
    )  # fmt: skip
    def show_accuracy(queue: str | None, language: str, theme: str | None) -> tuple[Any, ...]:
        words = Words(language)
        judged, said = _load(sessions, words)
        return accuracy(judged, queue, words, theme) if judged else (said, HIDDEN, {}, "", [], "")


def _load(sessions: sessionmaker[Session], words: Words) -> tuple[Judged | None, Any]:
    try:
        with sessions() as session:
            return queries.load_judged(session), None
    except ForecallError as error:
        return None, problem(error, words)


def accuracy(judged: Judged, queue: str | None, words: Words, theme: str | None) -> tuple[Any, ...]:
    """Notice, style, chart, its sentence, rows of the table and the note on abridged figures, of one queue."""
    held = judgement.accuracy(judged.scores)
    if held.empty:
        empty = ("empty_scores", "empty_scores_text") if judged.queues else ("empty_data", "empty_data_text")
        return notice(*(words(key) for key in empty)), HIDDEN, {}, "", [], ""
    mine = held[held["queue"] == queue]
    if mine.empty:
        mine = held[held["queue"] == held["queue"].iloc[0]]
    mine = mine.reset_index(drop=True)
    figure = figures.deviation_figure(mine, words, palette(theme))
    note = with_code(words("abridged_note")) if mine["abridged"].any() else []
    return None, SEEN, figure, sentence(mine, words), tables.accuracy_rows(mine, words), note


def sentence(rows: pd.DataFrame, words: Words) -> str:
    """What the chart shows, for who cannot see it."""
    first, last = rows.iloc[0], rows.iloc[-1]
    return words(
        "deviation_sentence",
        queue=first["queue"],
        first=words.percent(first["own"]),
        first_band=words.band(first["band"]),
        last=words.percent(last["own"]),
        last_band=words.band(last["band"]),
        bar_first=words.percent(first["bar"]),
        bar_last=words.percent(last["bar"]),
    )
