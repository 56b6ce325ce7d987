"""Page `Does it help?`: what social is worth to each queue, since when; the record of warnings; causes, fixes, what they save."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import dash_ag_grid as dag
import dash_mantine_components as dmc
from dash import Input, Output, dcc, html
from sqlalchemy.orm import Session

from api.dashboard import grids, queries
from api.dashboard.desk import Asked, Desk
from api.dashboard.evidence import causes, changes, gains, history, saving, thumbs, verdicts, warned
from api.dashboard.evidence import table as tables
from api.dashboard.palette import palette
from api.dashboard.parts import aria, legend, notice, panel, problem
from api.dashboard.queries import Judged
from api.dashboard.words import Words, local
from forecast.errors import ForecallError
from store.assumptions import load_assumptions
from store.causes import load_causes
from store.decisions import Key, load_decisions
from store.queues import Queue, load_queues
from store.scores import load_evidence
from store.settings import Settings
from store.volumes import volume_series

MANY, TALL = 12, "40rem"  # queues from which the table scrolls by itself, and its height then
HIDDEN: dict[str, str] = {"display": "none"}
SEEN: dict[str, str] = {}


def show(desk: Desk, words: Words, asked: Asked) -> Any:
    """The page without its numbers. asked: `queue`."""
    with desk.sessions() as session:
        found = load_queues(session)
        topics, signals = _topics(session, found), thumbs.signals_heard(session)
    names = [queue.name for queue in found]
    may = desk.may("plan")
    return [
        html.Div(html.H1(words("evidence_page")), className="heading evidence-heading"),
        html.Div(id="evidence-first"),
        panel(words("evidence_chosen"), _chosen(names, asked, words)),
        panel(words("evidence_title"), _table(words, many=len(names) > MANY), note=words("evidence_note"),
              tools=[dmc.Switch(id="every", label=words("all_indicators"), checked=False)]),
        panel(words("evidence_warned_title"), [html.Div(id="evidence-record")], note=words("evidence_warned_note")),
        panel(words("evidence_causes_title"), _causes(topics, names, words, may=may), note=words("evidence_causes_note")),
        panel(words("evidence_saving_title"), [html.Div(id="evidence-saving")], note=words("evidence_saving_note", n=saving.WEEKS)),
        panel(words("evidence_rules_title"), _rules(names, signals, words, may=may), note=words("evidence_rules_note")),
        dcc.Store(id="evidence-version", data=0),
        dcc.Store(id="evidence-editing"),
    ]  # fmt: skip


def _topics(session: Session, found: Sequence[Queue]) -> list[str]:
    """Contact reasons of all queues, each once."""
    counted = {topic for _, topic in volume_series(session).values()}
    return sorted({queue.topic for queue in found} | counted - {"all"} or {"all"})


def _chosen(names: Sequence[str], asked: Asked, words: Words) -> list[Any]:
    wanted = asked.get("queue")
    value = wanted if wanted in names else names[0] if names else None
    choose = dmc.Select(
        id="queue", label=words("queue"), data=list(names), value=value, searchable=True, allowDeselect=False,
        persistence=wanted not in names, persistence_type="local", w=260, maxDropdownHeight=420,
    )  # fmt: skip
    entries = [("evidence-open", words("gate_open")), ("evidence-shut", words("gate_shut"))]
    chart = html.Div(
        dcc.Graph(id="evidence-figure", config={"displayModeBar": False, "responsive": True}),
        id="evidence-figure-box", className="figure-box evidence-figure", role="img", **aria(label=words("evidence_chosen")),
    )  # fmt: skip
    head = html.Div([choose, legend(entries, words("evidence_legend"))], className="evidence-choose")
    return [
        head,
        html.P(id="evidence-said", className="evidence-said"),
        chart,
        html.H3(words("evidence_history"), className="sub"),
        html.Div(id="evidence-history"),
    ]


def _table(words: Words, *, many: bool) -> list[Any]:
    """many: of so many queues that the table scrolls by itself; drawn whole, its hundreds of rows hold the browser for seconds."""
    found = dag.AgGrid(
        id="evidence",
        rowData=[],
        columnDefs=tables.evidence_columns(words),
        defaultColDef={"resizable": True, "sortable": True},
        dashGridOptions=grids.grid_options(words, domLayout="normal" if many else "autoHeight"),
        columnSize=None,
        className="grid",
        style={"height": TALL if many else None},
    )
    return [html.Div(id="evidence-notice"), html.Div(found, id="evidence-content")]


def _causes(topics: Sequence[str], names: Sequence[str], words: Words, *, may: bool) -> list[Any]:
    inside = [
        html.Div(id="evidence-causes"),
        dcc.Loading(html.Div(id="evidence-effect"), type="dot", delay_show=200),
        html.Div(id="evidence-done"),
        html.Div(causes.form(topics, names, words), style=SEEN if may else HIDDEN),
    ]
    return inside if may else [*inside, html.P(words("evidence_may_not"), className="note")]


def _rules(names: Sequence[str], signals: Sequence[str], words: Words, *, may: bool) -> list[Any]:
    form = html.Div(thumbs.form(names, signals, words), style=SEEN if may else HIDDEN)
    return [html.Div(id="evidence-rules"), html.Div(id="evidence-rules-done"), form]


def register(desk: Desk) -> None:
    """The callbacks; what they do needs no browser."""
    app, sessions, clock, settings = desk.dash, desk.sessions, desk.clock, desk.settings
    table = [Output("evidence-notice", "children"), Output("evidence-content", "style"), Output("evidence", "rowData"),
             Output("evidence-first", "children")]  # fmt: skip

    @app.callback(table, [Input("every", "checked"), Input("queue", "value"), Input("language", "value")])
    def show_evidence(every: bool, queue: str | None, language: str) -> tuple[Any, ...]:
        words = Words(language)
        try:
            with sessions() as session:
                judged = queries.load_judged(session)
        except ForecallError as error:
            return problem(error, words), HIDDEN, [], None
        first = first_said(judged, queue, words)
        return *evidence(judged, words, every=every), first

    one = [Output("evidence-figure", "figure"), Output("evidence-figure-box", "aria-label"), Output("evidence-said", "children"),
           Output("evidence-history", "children"), Output("evidence-figure-box", "style")]  # fmt: skip

    @app.callback(one, [Input("queue", "value"), Input("language", "value"), Input("theme", "data")])
    def show_queue(queue: str | None, language: str, theme: str | None) -> tuple[Any, ...]:
        with sessions() as session:
            return of_queue(session, queue, Words(language), theme)

    @app.callback(Output("evidence-record", "children"), Input("language", "value"))
    def show_record(language: str) -> Any:
        with sessions() as session:
            record = warned.load_record(session, clock())
            zones = {queue.name: queue.tz for queue in load_queues(session)}
        return warned.record_panel(record, zones, Words(language))

    again = [Input("language", "value"), Input("evidence-version", "data")]

    @app.callback(Output("evidence-saving", "children"), again)
    def show_saving(language: str, _: int) -> Any:
        with sessions() as session:
            return saving.saving_panel(saving.load_saving(session, settings, clock()), Words(language))

    @app.callback([Output("evidence-causes", "children"), Output("evidence-rules", "children")], again)
    def show_register(language: str, _: int) -> tuple[Any, ...]:
        with sessions() as session:
            return registers(session, settings, Words(language), may=desk.may("plan"))

    changes.register(desk)


def first_said(judged: Judged, queue: str | None, words: Words) -> Any:
    """A sentence per queue, above everything else; nothing where nothing was measured."""
    if not judged.evidence:
        return None
    found = verdicts.verdicts(judged.evidence, [one.name for one in judged.queues], words)
    return panel(words("evidence_first_title"), [verdicts.verdict_list(found, queue, words)])


def of_queue(session: Session, name: str | None, words: Words, theme: str | None) -> tuple[Any, ...]:
    """Chart, its sentence, the verdict in words, the history of verdicts, and whether there is a chart."""
    queue = next((one for one in load_queues(session) if one.name == name), None)
    findings = [] if queue is None else load_evidence(session, queue.name)
    rows = [] if queue is None else verdicts.by_series(findings, queue.name)
    if queue is None or not rows:
        said = words("empty_evidence") if queue is None else words("evidence_none")
        return {}, "", said, html.P(words("evidence_no_history"), className="note"), HIDDEN
    found = verdicts.verdicts(findings, [queue.name], words)[0]
    decided = history.told(load_decisions(session, series=[queue.name], only_changes=True), rows)
    return (
        gains.gains_figure(rows, words, palette(theme), theme),
        gains.gains_sentence(queue.name, rows, words),
        found.said[:1].upper() + found.said[1:],
        history.history_table(decided, queue.tz, words),
        SEEN,
    )


def registers(session: Session, settings: Settings, words: Words, *, may: bool) -> tuple[Any, Any]:
    """The causes, and the rules of thumb."""
    held = load_assumptions(session)
    findings = load_evidence(session) if held else []
    listed = causes.causes_table(load_causes(session), settings.company.timezone, words, may=may)
    return listed, thumbs.rules_list(held, findings, words, may=may)


def evidence(judged: Judged, words: Words, *, every: bool) -> tuple[Any, ...]:
    """Notice, style and rows of `Does social count?`, for all queues."""
    if not judged.evidence:
        return notice(words("empty_evidence"), words("empty_evidence_text")), HIDDEN, []
    return None, SEEN, tables.evidence_rows(judged.evidence, words, every=every, since=since(judged, words))


def since(judged: Judged, words: Words) -> dict[Key, str]:
    """The day of each verdict, local to its queue: `10 Mar`; with the year where that is not the latest one."""
    zones = {queue.name: queue.tz for queue in judged.queues}
    days: dict[Key, dt.datetime] = {
        key: local(moment, zones[key[0]]) for key, moment in judged.since.items() if key[0] in zones
    }
    newest = max(days.values()).year if days else 0
    return {
        key: words.date(day) if day.year == newest else f"{words.date(day)} {day.year}"
        for key, day in days.items()
    }
