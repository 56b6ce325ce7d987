"""The back-test: how good the method would have been on past days, by how far ahead, from what was known then."""

from __future__ import annotations

from typing import Any

import dash_ag_grid as dag
import pandas as pd
from dash import dcc, html

from api.dashboard import grids, judgement
from api.dashboard.accuracy import figure as figures
from api.dashboard.accuracy import table as tables
from api.dashboard.palette import palette
from api.dashboard.parts import aria, legend, notice, panel, with_code
from api.dashboard.queries import Judged
from api.dashboard.words import Words

HIDDEN: dict[str, str] = {"display": "none"}
SEEN: dict[str, str] = {}
TABLE = {"resizable": True, "sortable": True}


def backtest_panel(words: Words) -> Any:
    """Chart and table, still empty."""
    chart = dcc.Graph(id="deviation", config={"displayModeBar": False, "responsive": True})
    entries = [("expected", words("own")), ("bar", words("bar")), ("floor", words("floor"))]
    inside = [
        html.Div(chart, id="deviation-box", className="figure-box small", role="img", **aria(label=words("deviation_title"))),
        dag.AgGrid(
            id="accuracy", rowData=[], columnDefs=tables.accuracy_columns(words), defaultColDef=TABLE, columnSize=None,
            dashGridOptions=grids.grid_options(words, domLayout="autoHeight"), className="grid", style={"height": None},
        ),
        html.P(id="abridged", className="note"),
    ]  # fmt: skip
    tools = [legend(entries, words("legend"))]
    return panel(words("deviation_title"), inside, note=words("deviation_note"), tools=tools)


def backtest(judged: Judged, queue: str | None, words: Words, theme: str | None) -> tuple[Any, ...]:
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
