"""Page `Does it help?`: what each indicator is worth, per queue and how far ahead."""

from __future__ import annotations

from typing import Any

import dash_ag_grid as dag
import dash_mantine_components as dmc
from dash import Input, Output, html

from api.dashboard import grids, queries
from api.dashboard.desk import Asked, Desk
from api.dashboard.evidence import table as tables
from api.dashboard.parts import notice, panel, problem
from api.dashboard.queries import Judged
from api.dashboard.words import Words, local
from forecast.errors import ForecallError
from store.decisions import Key

HIDDEN: dict[str, str] = {"display": "none"}
SEEN: dict[str, str] = {}


def show(desk: Desk, words: Words, asked: Asked) -> Any:
    """The page without its numbers."""
    switch = dmc.Switch(id="every", label=words("all_indicators"), checked=False)
    found = dag.AgGrid(
        id="evidence",
        rowData=[],
        columnDefs=tables.evidence_columns(words),
        defaultColDef={"resizable": True, "sortable": True},
        dashGridOptions=grids.grid_options(words, domLayout="autoHeight"),
        columnSize=None,
        className="grid",
        style={"height": None},
    )
    inside = [html.Div(id="evidence-notice"), html.Div(found, id="evidence-content")]
    return [
        html.Div(html.H1(words("evidence_page")), className="heading"),
        panel(words("evidence_title"), inside, note=words("evidence_note"), tools=[switch]),
    ]


def register(desk: Desk) -> None:
    """The callback; what it does is in `evidence`, which needs no browser."""

    @desk.dash.callback(
        [
            Output("evidence-notice", "children"),
            Output("evidence-content", "style"),
            Output("evidence", "rowData"),
        ],
        [Input("every", "checked"), Input("language", "value")],
    )
    def show_evidence(every: bool, language: str) -> tuple[Any, ...]:
        words = Words(language)
        try:
            with desk.sessions() as session:
                judged = queries.load_judged(session)
        except ForecallError as error:
            return problem(error, words), HIDDEN, []
        return evidence(judged, words, every=every)


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
