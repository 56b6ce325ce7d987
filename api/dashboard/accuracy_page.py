"""Page two: how good the forecast is by how far ahead, and whether social counts."""

from __future__ import annotations

from typing import Any

import dash_ag_grid as dag
import dash_mantine_components as dmc
import pandas as pd
from dash import Dash, Input, Output, dcc, html
from sqlalchemy.orm import Session, sessionmaker

from api.dashboard import figures, judgement, queries, tables
from api.dashboard.palette import palette
from api.dashboard.parts import aria, legend, notice, panel, problem, with_code
from api.dashboard.queries import Judged
from api.dashboard.words import Words, local
from forecast.errors import ForecallError
from store.decisions import Key

HIDDEN: dict[str, str] = {"display": "none"}
SEEN: dict[str, str] = {}
TABLE = {"resizable": True, "sortable": True}


def page(judged: Judged, words: Words) -> Any:
    """The page without its numbers."""
    measured = list(dict.fromkeys(row["series"] for row in judged.scores))
    known = [queue.name for queue in judged.queues if queue.name in measured] or measured
    choose = dmc.Select(
        id="judged-queue", label=words("queue"), data=known, value=known[0] if known else None, allowDeselect=False,
        searchable=True, persistence=True, persistence_type="local", w=260,
    )  # fmt: skip
    options = tables.grid_options(words, domLayout="autoHeight")
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
    switch = dmc.Switch(id="every", label=words("all_indicators"), checked=False)
    evidence = dag.AgGrid(
        id="evidence", rowData=[], columnDefs=tables.evidence_columns(words), defaultColDef=TABLE,
        dashGridOptions=options, columnSize=None, className="grid", style={"height": None},
    )  # fmt: skip
    return [
        html.Div(html.H1(words("accuracy_page")), className="heading"),
        html.Div([choose], className="controls"),
        html.Div(id="accuracy-notice"),
        panel(words("deviation_title"), [accuracy], note=words("deviation_note"), tools=[legend(entries, words("legend"))]),
        panel(words("evidence_title"), [html.Div(id="evidence-notice"), html.Div(evidence, id="evidence-content")],
              note=words("evidence_note"), tools=[switch]),
    ]  # fmt: skip


def register(app: Dash, sessions: sessionmaker[Session]) -> None:
    """The callbacks; what they do is in `accuracy` and `evidence`, which need no browser."""

    @app.callback(
        [Output("accuracy-notice", "children"), Output("accuracy-content", "style"), Output("deviation", "figure"),
         Output("deviation-box", "aria-label"), Output("accuracy", "rowData"), Output("abridged", "children")],
        [Input("judged-queue", "value"), Input("language", "value"), Input("theme", "data")],
    )  # fmt: skip
    def show_accuracy(queue: str | None, language: str, theme: str | None) -> tuple[Any, ...]:
        words = Words(language)
        judged, said = _load(sessions, words)
        return accuracy(judged, queue, words, theme) if judged else (said, HIDDEN, {}, "", [], "")

    @app.callback(
        [
            Output("evidence-notice", "children"),
            Output("evidence-content", "style"),
            Output("evidence", "rowData"),
        ],
        [Input("every", "checked"), Input("language", "value")],
    )
    def show_evidence(every: bool, language: str) -> tuple[Any, ...]:
        words = Words(language)
        judged, said = _load(sessions, words)
        return evidence(judged, words, every=every) if judged else (said, HIDDEN, [])


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


def evidence(judged: Judged, words: Words, *, every: bool) -> tuple[Any, ...]:
    """Notice, style and rows of `Does social count?`, for all queues."""
    if not judged.evidence:
        return notice(words("empty_evidence"), words("empty_evidence_text")), HIDDEN, []
    return None, SEEN, tables.evidence_rows(judged.evidence, words, every=every, since=since(judged, words))


def since(judged: Judged, words: Words) -> dict[Key, str]:
    """The day of each verdict, local to its queue: `10 Mar`; with the year where that is not the latest one."""
    zones = {queue.name: queue.tz for queue in judged.queues}
    days = {key: local(moment, zones[key[0]]) for key, moment in judged.since.items() if key[0] in zones}
    newest = max(days.values()).year if days else 0
    return {
        key: words.date(day) if day.year == newest else f"{words.date(day)} {day.year}"
        for key, day in days.items()
    }
