"""What the planner does on the page: fill in an event, add it, have it worked out, book it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from dash import ALL, Input, Output, State, callback_context, html, no_update

from api.dashboard.desk import Change, Desk
from api.dashboard.parts import notice, problem
from api.dashboard.scenario import booking, columns, forms
from api.dashboard.scenario.bench import OVER, Bench, Seen
from api.dashboard.scenario.booking import Booked
from api.dashboard.scenario.events import DRIVEN, event_of
from api.dashboard.scenario.work import Order, key_of, read, worked
from api.dashboard.scenario.worth import Worths
from api.dashboard.words import Words
from forecast.errors import ForecallError
from store.drivers import load_drivers
from store.kept_looks import KeptLooks
from store.run_requests import ask

SCOPE = "plan"
FIELDS = State({"type": "scenario-field", "name": ALL}, "value")
NAMES = State({"type": "scenario-name", "at": ALL}, "value")


def register(desk: Desk, bench: Bench, looks: KeptLooks) -> None:
    """The callbacks."""
    _form(desk)
    _plan(desk)
    _run(desk, bench, looks)
    _book(desk)


def given(states: Sequence[Sequence[Mapping[str, Any]]], kind: str = "scenario-field") -> dict[str, Any]:
    """What stands in the fields of the form, by name; states: those of the running callback."""
    for each in states:
        if isinstance(each, list) and each and each[0]["id"].get("type") == kind:
            return {one["id"]["name"]: one.get("value") for one in each}
    return {}


def _form(desk: Desk) -> None:
    worths = Worths(desk.settings, desk.sessions)
    asked = [Input("scenario-kind", "value"), Input("queue", "value"), Input("language", "value")]

    @desk.dash.callback([Output("scenario-form", "children"), Output("scenario-book", "style")], asked)
    def form(kind: str, queue: str, language: str) -> Any:
        tz, now = desk.settings.company.timezone, desk.clock()
        with desk.sessions() as session:
            known = forms.load_known(session, queue, kind, now, tz)
        made = forms.fields(kind, queue, known, Words(language), forms.next_tuesday(now, tz))
        return made, {} if kind in DRIVEN else {"display": "none"}

    @desk.dash.callback(
        [Output("scenario-worth", "children"), Output("scenario-worth-tick", "disabled")],
        [
            Input({"type": "scenario-field", "name": ALL}, "value"),
            Input("scenario-worth-tick", "n_intervals"),
            *asked,
        ],
    )
    def worth(_: list[Any], __: int, kind: str, queue: str, language: str) -> Any:
        fields = {one["id"]["name"]: one.get("value") for one in callback_context.inputs_list[0]}
        if kind not in DRIVEN or "driver" not in fields:
            return None, True
        words = Words(language)
        said = worths.said(str(fields.get("driver") or ""), queue, words, desk.clock())
        return (words("scenario_worth_wait"), False) if said is None else (said, True)


def _plan(desk: Desk) -> None:
    @desk.dash.callback(
        [Output("scenario-plan", "data"), Output("scenario-said", "children")],
        [Input("scenario-add", "n_clicks"), Input({"type": "scenario-drop", "at": ALL}, "n_clicks")],
        [State("scenario-plan", "data"), State("scenario-kind", "value"), State("queue", "value"), State("scenario-into", "value"),
         State("language", "value"), FIELDS, NAMES],
        prevent_initial_call=True,
    )  # fmt: skip
    def change(
        _: int, __: Any, plan: Any, kind: str, queue: str, into: str, language: str, ___: Any, names: Any
    ) -> Any:
        pressed = callback_context.triggered_id
        if not callback_context.triggered[0]["value"]:
            return no_update, no_update
        held = columns.named(plan, names)
        if pressed != "scenario-add":
            at, place = (int(one) for one in pressed["at"].split("/"))
            return columns.without(held, at, place), None
        try:
            event = event_of(kind, queue, given(callback_context.states_list))
            read([event])
            return columns.with_event(held, int(into), event), None
        except ForecallError as error:
            return no_update, problem(error, Words(language))

    @desk.dash.callback(
        Output("scenario-columns", "children"), [Input("scenario-plan", "data"), Input("language", "value")]
    )
    def shown(plan: Any, language: str) -> Any:
        return columns.columns(plan, Words(language), may=desk.may(SCOPE))


def _run(desk: Desk, bench: Bench, looks: KeptLooks) -> None:
    @desk.dash.callback(
        [Output("scenario-ticket", "data"), Output("scenario-said", "children", allow_duplicate=True)],
        Input("scenario-run", "n_clicks"),
        [State("scenario-plan", "data"), State("scenario-days", "value"), State("language", "value"), NAMES],
        prevent_initial_call=True,
    )
    def run(clicks: int, plan: Any, days: str, language: str, names: Any) -> Any:
        if not clicks or not desk.may(SCOPE):
            return no_update, no_update
        words, caller = Words(language), desk.caller()
        order = Order(
            columns.filled(columns.named(plan, names)), int(days), "" if caller is None else caller.name
        )
        if not order.columns:
            return no_update, notice(words("scenario_nothing"), words("scenario_nothing_text"))
        try:
            return asked(desk, bench, looks, order).number, None
        except ForecallError as error:
            return no_update, problem(error, words)

    @desk.dash.callback(
        Output("scenario-said", "children", allow_duplicate=True), Input("scenario-stop", "n_clicks"),
        State("scenario-ticket", "data"), prevent_initial_call=True,
    )  # fmt: skip
    def stop(clicks: int | None, ticket: int | None) -> Any:
        if clicks and ticket:
            bench.stop(ticket)
        return no_update

    @desk.dash.callback(
        [
            Output("scenario-progress", "children"),
            Output("scenario-tick", "disabled"),
            Output("scenario-answer", "data"),
        ],
        [Input("scenario-ticket", "data"), Input("scenario-tick", "n_intervals")],
        State("language", "value"),
        prevent_initial_call=True,
    )
    def look(ticket: int | None, _: int, language: str) -> Any:
        if not ticket:
            return None, True, no_update
        return looked(bench, ticket, Words(language))


def asked(desk: Desk, bench: Bench, looks: KeptLooks, order: Order) -> Seen:
    """Put into the bench's queue, or found there already."""
    now = desk.clock()
    with desk.sessions() as session:
        key = key_of(session, desk.settings, order, now)
    return bench.ask(key, worked(desk.sessions, desk.settings, looks, order, now))


def looked(bench: Bench, ticket: int, words: Words) -> tuple[Any, bool, Any]:
    """How it stands: what to show, whether to look no more, and the answer where there is one."""
    try:
        seen = bench.look(ticket)
    except ForecallError as error:
        return problem(error, words), True, no_update
    if seen.state == "done":
        return None, True, {"ticket": ticket}
    if seen.state == "failed":
        return problem(seen.error or RuntimeError(), words), True, no_update
    if seen.state in OVER:
        return notice(words("scenario_stopped"), ""), True, no_update
    return progress(seen, words), False, no_update


def progress(seen: Seen, words: Words) -> Any:
    """How far it is, and a button that ends it."""
    text = words("scenario_starting")
    if seen.state == "waiting" and seen.ahead:
        text = words("scenario_waiting", n=seen.ahead)
    elif seen.total and seen.done < seen.total:
        text = words("scenario_progress", done=seen.done, total=seen.total, queue=seen.what)
    elif seen.total:
        text = words("scenario_adding_up")
    share = 100 * (seen.done + 0.4 * (seen.done < seen.total)) / seen.total if seen.total else 2
    bar = html.Div(html.Div(style={"width": f"{share:.0f}%"}), className="scenario-bar")
    stop = html.Button(words("scenario_stop"), id="scenario-stop", n_clicks=0, className="button small")
    return html.Div([html.Div([html.Span(text), stop]), bar], className="scenario-running", role="status")


def _book(desk: Desk) -> None:
    @desk.dash.callback(
        [Output("scenario-booked", "children"), Output("scenario-last", "data"), Output("scenario-changed", "data")],
        [Input("scenario-book", "n_clicks"), Input({"type": "scenario-do", "act": ALL, "on": ALL}, "n_clicks")],
        [State("scenario-kind", "value"), State("queue", "value"), State("scenario-last", "data"), State("language", "value"), FIELDS],
        prevent_initial_call=True,
    )  # fmt: skip
    def book(_: int, __: Any, kind: str, queue: str, last: Any, language: str, ___: Any) -> Any:
        pressed, words = callback_context.triggered_id, Words(language)
        if not callback_context.triggered[0]["value"]:
            return no_update, no_update, no_update
        act, on = ("form", "") if pressed == "scenario-book" else (pressed["act"], pressed["on"])
        try:
            event = event_of(kind, queue, given(callback_context.states_list)) if act == "form" else None
            with desk.change(SCOPE) as change:
                said, made = acted(change, desk, act, json.loads(on) if on else event, last, words)
        except ForecallError as error:
            return problem(error, words), no_update, no_update
        return said, made, desk.clock().isoformat() + act

    @desk.dash.callback(
        Output("scenario-planned", "children"),
        [Input("scenario-changed", "data"), Input("language", "value")],
    )
    def planned(_: Any, language: str) -> Any:
        with desk.sessions() as session:
            found = booking.coming(session, desk.settings, desk.clock())
        return booking.coming_list(found, Words(language), may=desk.may(SCOPE))


def acted(change: Change, desk: Desk, act: str, on: Any, last: Any, words: Words) -> tuple[Any, Any]:
    """What a button of a booking does -> what is said then, and what can be undone after it. last: what was booked last."""
    if act == "ask":
        ask(change.session, "predict", who=change.who, now=change.now)
        change.note("run.ask", "run predict", {})
        return notice(words("scenario_asked"), words("scenario_asked_text")), last
    if act == "undo":
        made = booking.take_back(change, desk.settings, Booked(**last))
        return booking.gone(made, words, left=bool(last["before"])), vars(made)
    if act == "out":
        made = booking.take_out(change, desk.settings, Booked(*on))
        return booking.gone(made, words, left=False), vars(made)
    if act == "back":
        made = booking.take_back(change, desk.settings, Booked(**last))
        return booking.told(made, desk.settings, words, change.now), vars(made)
    if act == "form":
        read([on])
    wanted, worth = booking.booked_of(change.session, on), on.get("worth")
    made = booking.book(change, desk.settings, wanted, worth=worth)
    said: list[Any] = [booking.told(made, desk.settings, words, change.now)]
    if _first(change, wanted) and worth is None:
        said.append(html.P(words("scenario_unknown_driver", driver=wanted.driver), className="note"))
    return said, vars(made)


def _first(change: Change, wanted: Booked) -> bool:
    """Does nothing of the past tell what the driver brings?"""
    held = load_drivers(change.session, end=change.now)
    return not bool(np.any((held["driver"] == wanted.driver) & (held["value"] > 0)))
