"""Page Accuracy: how good what was published turned out to be, where it is wrong, what people added, and why days were missed.

record.py   what is looked at      head.py      the sentence and its figures     leads.py   by how far ahead; incident days
days.py     the chart per day      heat.py      by weekday and hour, by queue    worst.py   the worst days and their reasons
backtest.py, figure.py, table.py   the back-test     against.py, adjustments.py, plans.py   theirs, by hand, locked
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import ALL, Input, Output, State, callback_context, dcc, html, no_update
from sqlalchemy.orm import Session

from api.dashboard import queries
from api.dashboard.accuracy import adjustments, against, days, heat, leads, plans, worst
from api.dashboard.accuracy.backtest import HIDDEN, SEEN, backtest, backtest_panel
from api.dashboard.accuracy.head import head, opening
from api.dashboard.accuracy.record import MEASURES, OWN, RANGES, Choice, load_record, load_span
from api.dashboard.desk import Asked, Desk
from api.dashboard.parts import problem, segments
from api.dashboard.queries import Judged
from api.dashboard.words import Words
from forecast.errors import ForecallError
from store.day_remarks import load_day_remarks, save_day_remark
from store.plan_accuracy import MOST_DAYS
from store.queues import Queue, load_queues
from store.scores import load_scores
from store.settings import Settings

ONE, ALL_QUEUES = "one", "all"
CHOICES = [("queue", "value"), ("accuracy-scope", "value"), ("accuracy-range", "value"), ("accuracy-dates", "value"),
           ("accuracy-measure", "value"), ("language", "value")]  # fmt: skip


def show(desk: Desk, words: Words, asked: Asked) -> Any:
    """The page without its numbers: they come with the first callback."""
    with desk.sessions() as session:
        return page(load_queues(session), words, asked)


def page(queues: Sequence[Queue], words: Words, asked: Asked) -> Any:
    """The page of these queues. asked: `queue` may name one."""
    names = [queue.name for queue in queues]
    wanted = asked.get("queue", "")
    chosen = wanted if wanted in names else names[0] if names else None
    report = dcc.Link(
        words("accuracy_week_report"), href="/week-report", className="button", id="accuracy-week-report"
    )
    heading = html.Div([html.H1(words("accuracy_page")), report], className="heading")
    return [
        heading,
        html.Div(_controls(names, chosen, words, kept=wanted not in names), className="controls"),
        html.Div(id="accuracy-notice"),
        html.Div(id="accuracy-head"),
        html.Div(id="accuracy-live"),
        html.Div(backtest_panel(words), id="accuracy-content", style=HIDDEN),
        html.Div(id="accuracy-rest"),
        html.Div(id="accuracy-said"),
        html.Div(id="accuracy-worst"),
        html.Div(id="accuracy-more"),
    ]


def _controls(names: list[str], chosen: str | None, words: Words, *, kept: bool) -> list[Any]:
    choose = dmc.Select(
        id="queue", label=words("queue"), data=names, value=chosen, searchable=True, allowDeselect=False, persistence=kept,
        persistence_type="local", w=220, maxDropdownHeight=420,
    )  # fmt: skip
    dates = dmc.DatePickerInput(
        id="accuracy-dates", label=words("accuracy_dates"), type="range", value=[None, None], w=230, valueFormat="D MMM YYYY",
        placeholder=words("accuracy_dates_ask", n=MOST_DAYS), clearable=True, allowSingleDateInRange=True,
    )  # fmt: skip
    ranges = [(key, words(f"accuracy_range_{key}")) for key in (*RANGES, OWN)]
    scopes = [(key, words(f"accuracy_scope_{key}")) for key in (ONE, ALL_QUEUES)]
    measures = [(key, words(f"accuracy_measure_{key}")) for key in MEASURES]
    return [
        choose,
        segments("accuracy-scope", words("accuracy_scope"), scopes, ONE),
        segments("accuracy-range", words("range"), ranges, "weeks4"),
        html.Div(dates, id="accuracy-dates-box", style=HIDDEN),
        segments("accuracy-measure", words("accuracy_measure"), measures, MEASURES[0]),
    ]


def register(desk: Desk) -> None:
    """The callbacks; what they do is in `screen`, `more` and `remarked`, which need no browser."""
    app = desk.dash
    inputs = [Input(*one) for one in CHOICES]

    @app.callback(
        [Output("accuracy-notice", "children"), Output("accuracy-content", "style"), Output("deviation", "figure"),
         Output("deviation-box", "aria-label"), Output("accuracy", "rowData"), Output("abridged", "children")],
        [Input("queue", "value"), Input("language", "value"), Input("theme", "data")],
    )  # fmt: skip
    def tested(queue: str | None, language: str, theme: str | None) -> tuple[Any, ...]:
        with desk.sessions() as session:
            return _tested(session, queue, Words(language), theme)

    parts = ("accuracy-head", "accuracy-live", "accuracy-rest", "accuracy-worst")

    @app.callback(
        [*(Output(name, "children") for name in parts), Output("accuracy-dates-box", "style")],
        [*inputs, Input("theme", "data")],
    )
    def looked(*asked: Any) -> tuple[Any, ...]:
        choice, words, theme = choice_of(*asked[:5]), Words(asked[5]), asked[6]
        style = SEEN if choice.range == OWN else HIDDEN
        with desk.sessions() as session:
            found = screen(
                session,
                desk.settings,
                choice,
                words,
                theme,
                desk.clock(),
                asked[0] or "",
                may=desk.may("plan"),
            )
            return (*found, style)

    @app.callback(Output("accuracy-more", "children"), inputs)
    def further(*asked: Any) -> Any:
        with desk.sessions() as session:
            return more(session, desk.settings, choice_of(*asked[:5]), Words(asked[5]), desk.clock())

    _register_remarks(desk)


def _register_remarks(desk: Desk) -> None:
    """A reason given, taken away, or brought back."""
    kinds = ("accuracy-save", "accuracy-away", "accuracy-undo")
    pressed = [
        Input({"type": "accuracy-save", "queue": ALL, "day": ALL}, "n_clicks"),
        Input({"type": "accuracy-away", "queue": ALL, "day": ALL}, "n_clicks"),
        Input({"type": "accuracy-undo", "queue": ALL, "day": ALL, "back": ALL}, "n_clicks"),
    ]
    states = [
        State({"type": "accuracy-reason", "queue": ALL, "day": ALL}, "value"),
        State({"type": "accuracy-reason", "queue": ALL, "day": ALL}, "id"),
        *(State(*one) for one in CHOICES),
    ]

    @desk.dash.callback(
        [Output("accuracy-said", "children"), Output("accuracy-worst", "children", allow_duplicate=True)],
        pressed,
        states,
        prevent_initial_call=True,
    )
    def remark(*asked: Any) -> tuple[Any, Any]:
        key = callback_context.triggered_id
        clicked = any(one["value"] for one in callback_context.triggered)
        if not clicked or not key or key["type"] not in kinds:
            return no_update, no_update
        typed = {(one["queue"], one["day"]): value for value, one in zip(asked[3], asked[4], strict=True)}
        text = key.get("back", typed.get((key["queue"], key["day"]), "") if key["type"] == kinds[0] else "")
        return remarked(
            desk, choice_of(*asked[5:10]), key, text or "", Words(asked[10]), wanted=key["type"] == kinds[0]
        )


def remarked(
    desk: Desk, choice: Choice, key: dict[str, str], text: str, words: Words, *, wanted: bool
) -> tuple[Any, Any]:
    """What was done, and the worst days anew; the problem and no change where it could not be. wanted: is a text needed?"""
    reason = worst.kept_reason(text)
    if wanted and not reason:
        return html.Div(words("accuracy_reason_empty"), className="notice", role="status"), no_update
    day = dt.date.fromisoformat(key["day"])
    try:
        with desk.change("plan") as change:
            held = load_day_remarks(change.session, queues=[key["queue"]], start=day, end=day)
            save_day_remark(
                change.session, queue=key["queue"], day=day, reason=reason, who=change.who, now=change.now
            )
    except ForecallError as error:
        return problem(error, words), no_update
    said = worst.saved_notice(key, held[0].reason if held else "", reason, words)
    with desk.sessions() as session:
        record = load_record(session, desk.settings, choice, desk.clock(), whole=False)
        shown = None if record is None else worst.worst_panel(record, words, may=desk.may("plan"))
    return said, shown


def choice_of(queue: str | None, scope: str, span: str, dates: Any, measure: str) -> Choice:
    """What the controls say; words nobody knows are the usual ones."""
    own = [dt.date.fromisoformat(str(one)[:10]) for one in dates or () if one]
    both = (own[0], own[1]) if len(own) == 2 else None
    return Choice(
        "" if scope == ALL_QUEUES else queue or "",
        span if span in RANGES or span == OWN else "weeks4",
        measure if measure in MEASURES else MEASURES[0],
        both,
    )


def screen(
    session: Session, settings: Settings, choice: Choice, words: Words, theme: str | None, now: dt.datetime,
    queue: str = "", *, may: bool = False,
) -> tuple[Any, ...]:  # fmt: skip
    """Head, live record, the rest and the worst days. queue: the one chosen, of which the back-test tells."""
    try:
        record = load_record(session, settings, choice, now)
    except ForecallError as error:
        return problem(error, words), None, None, None
    scores = load_scores(session)
    said = opening(record, scores, queue or choice.queue)
    if record is None:
        return head(said, record, words), None, None, None
    rest = [
        days.days_panel(record, words, theme),
        heat.queues_panel(record, words),
        heat.heat_panel(record, words),
    ]
    if any(record.week_before.known):
        rest.append(leads.incident_panel(record, words))
    return (
        head(said, record, words),
        leads.live_panel(record, words),
        [one for one in rest if one is not None],
        worst.worst_panel(record, words, may=may),
    )


def more(session: Session, settings: Settings, choice: Choice, words: Words, now: dt.datetime) -> Any:
    """Against theirs, what adjustments added, the locks; one that fails says so and leaves the others."""
    every = load_queues(session)
    chosen = [queue for queue in every if choice.queue in ("", queue.name)] or every[:1]
    span = load_span(session, chosen, choice, now) if chosen else None
    if span is None:
        return None
    names = [queue.name for queue in chosen]
    made: list[Callable[[], Any]] = [
        lambda: adjustments.adjustments_panel(session, settings, chosen, span, words, now),
        lambda: plans.locks_panel(session, settings, chosen, span, words, now),
        lambda: against.against_panel(session, names, choice.measure, chosen[0].tz, words),
    ]
    found = []
    for make in made:
        try:
            found.append(make())
        except ForecallError as error:
            found.append(problem(error, words))
    return found


def _tested(session: Session, queue: str | None, words: Words, theme: str | None) -> tuple[Any, ...]:
    try:
        judged: Judged = queries.load_judged(session)
    except ForecallError as error:
        return problem(error, words), HIDDEN, {}, "", [], ""
    return backtest(judged, queue, words, theme)
