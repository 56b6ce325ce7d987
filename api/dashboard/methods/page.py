"""Methods, for analysts: what forecasts are made with, how good each is; a back-test with other settings; a method pinned."""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash import ALL, Input, Output, State, callback_context, dcc, html, no_update

from api.dashboard.desk import Asked, Change, Desk
from api.dashboard.methods import bench, chosen, compare
from api.dashboard.parts import aria, notice, panel, problem, segments
from api.dashboard.words import Words
from forecast.errors import ForecallError
from forecast.method_names import NAMES
from store.backtests import ask_backtest, stop_backtest
from store.method_pins import pin_method, unpin_method
from store.queues import load_queues

START, PIN = "write", "write"
EVERY = 2_000  # milliseconds between two looks at a back-test
FIELDS = ("queues", "models", "candidates", "horizon_days", "cutoffs", "draws", "social")


def show(desk: Desk, words: Words, asked: Asked) -> Any:
    """The page without its numbers."""
    with desk.sessions() as session:
        names = [one.name for one in load_queues(session)]
    heading = html.Div(html.H1(words("methods_page")), className="heading methods-heading")
    if not names:
        return [heading, notice(words("empty_data"), words("empty_data_text"))]
    queue = asked["queue"] if asked.get("queue") in names else names[0]
    start = (
        bench.form(names, desk.settings, words)
        if desk.may(START)
        else html.P(words("methods_may_not_start"), className="note")
    )
    return [
        heading,
        html.Div(id="methods-said"),
        panel(words("methods_chosen"), [html.Div(id="methods-chosen")], note=words("methods_chosen_note")),
        _scores(names, queue, words),
        panel(words("methods_bt"), [start, html.Div(id="methods-bt-list")], note=words("methods_bt_note")),
        panel(words("methods_compare"), [_sides(words), html.Div(id="methods-compare")], note=words("methods_compare_note")),
        panel(words("methods_pin"), [_pinning(names, words) if desk.may(PIN) else html.P(words("methods_may_not_pin"), className="note")],
              note=words("methods_pin_note")),
        panel(words("methods_catalogue"), [chosen.catalogue(desk.settings, words)], note=words("methods_catalogue_note")),
        panel(words("methods_runs"), [html.Div(id="methods-runs")]),
        panel(words("methods_settings"), [chosen.settings_table(desk.settings, words)], note=words("methods_settings_note")),
        dcc.Store(id="methods-changed"),
        dcc.Interval(id="methods-tick", interval=EVERY, disabled=True),
    ]  # fmt: skip


def _scores(names: list[str], queue: str, words: Words) -> Any:
    choose = dmc.Select(id="queue", data=[{"value": one, "label": one} for one in names], value=queue, allowDeselect=False, w=230,
                        size="sm", persistence=True, persistence_type="local", searchable=True, **aria(label=words("queue")))  # fmt: skip
    measures = [(one, words(f"methods_measure_{one}")) for one in chosen.MEASURES]
    return panel(
        words("methods_scores"),
        [segments("methods-measure", words("methods_measure"), measures, "wape"), html.Div(id="methods-scores", className="methods-gap")],
        note=words("methods_scores_note"), tools=[choose],
    )  # fmt: skip


def _sides(words: Words) -> Any:
    sides = [
        dmc.Select(id=f"methods-{side}", label=words(f"methods_{side}"), data=[], value=None, w=330, searchable=True,
                   placeholder=words("methods_choose"))
        for side in ("left", "right")
    ]  # fmt: skip
    return html.Div(sides, className="methods-fields")


def _pinning(names: list[str], words: Words) -> Any:
    fields = [
        dmc.MultiSelect(id="methods-pin-queues", label=words("methods_bt_queues"), data=names, value=[], w=300, clearable=True),
        dmc.Select(id="methods-pin-model", label=words("methods_col_method"), data=list(NAMES), value="champion", allowDeselect=False, w=200),
        dmc.TextInput(id="methods-pin-reason", label=words("methods_pin_reason"), value="", w=380),
        html.Button(words("methods_pin_do"), id="methods-pin-do", n_clicks=0, className="button primary"),
    ]  # fmt: skip
    return html.Div(fields, className="methods-fields")


def register(desk: Desk) -> None:
    """The callbacks."""
    _looking(desk)
    _changing(desk)
    _comparing(desk)


def _looking(desk: Desk) -> None:
    tz, when = desk.settings.company.timezone, [Input("methods-changed", "data"), Input("language", "value")]

    @desk.dash.callback([Output("methods-chosen", "children"), Output("methods-runs", "children")], when)
    def look(_: Any, language: str) -> Any:
        words = Words(language)
        with desk.sessions() as session:
            return chosen.chosen(session, words, tz, may=desk.may(PIN)), chosen.runs(session, words, tz)

    @desk.dash.callback(
        Output("methods-scores", "children"),
        [Input("queue", "value"), Input("methods-measure", "value"), Input("language", "value")],
    )
    def score(queue: str, measure: str, language: str) -> Any:
        with desk.sessions() as session:
            return chosen.scores(session, queue, measure, Words(language))

    @desk.dash.callback(
        [Output("methods-bt-list", "children"), Output("methods-tick", "disabled"), Output("methods-left", "data"),
         Output("methods-right", "data")],
        [*when, Input("methods-tick", "n_intervals")],
    )  # fmt: skip
    def backtests(_: Any, language: str, __: int) -> Any:
        words = Words(language)
        with desk.sessions() as session:
            made, going = bench.listed(session, words, tz, desk.clock(), may=desk.may(START))
            found = compare.choices(session, words)
        return made, not going, found, found


def _changing(desk: Desk) -> None:
    changed = [Output("methods-said", "children"), Output("methods-changed", "data")]

    @desk.dash.callback(
        changed, Input("methods-bt-start", "n_clicks"),
        [State("language", "value"),
         *(State(f"methods-bt-{name}", "checked" if name == "social" else "value") for name in FIELDS)],
        prevent_initial_call=True,
    )  # fmt: skip
    def start(clicks: int, language: str, *values: Any) -> Any:
        if not clicks:
            return no_update, no_update
        words = Words(language)
        try:
            plan = bench.plan_of(dict(zip(FIELDS, values, strict=True)))
            with desk.change(START) as change:
                made = ask_backtest(change.session, plan, who=change.who, now=change.now)
        except ForecallError as error:
            return problem(error, words), no_update
        return notice(
            words("methods_bt_asked", n=made.id), words("methods_bt_asked_text")
        ), f"asked {made.id}"

    @desk.dash.callback(
        [Output(one.component_id, one.component_property, allow_duplicate=True) for one in changed],
        Input("methods-pin-do", "n_clicks"),
        [State("methods-pin-queues", "value"), State("methods-pin-model", "value"), State("methods-pin-reason", "value"),
         State("language", "value")],
        prevent_initial_call=True,
    )  # fmt: skip
    def pin(clicks: int, queues: list[str] | None, model: str, reason: str | None, language: str) -> Any:
        if not clicks:
            return no_update, no_update
        words = Words(language)
        try:
            with desk.change(PIN) as change:
                pin_method(
                    change.session, queues or [], model, reason=reason or "", who=change.who, now=change.now
                )
        except ForecallError as error:
            return problem(error, words), no_update
        text = words("methods_pinned_now", model=model, queues=", ".join(queues or []))
        return notice(text, words("methods_pinned_text")), f"pinned {clicks} {desk.clock().isoformat()}"

    @desk.dash.callback(
        [Output(one.component_id, one.component_property, allow_duplicate=True) for one in changed],
        Input({"type": "methods-do", "act": ALL, "on": ALL}, "n_clicks"), State("language", "value"), prevent_initial_call=True,
    )  # fmt: skip
    def do(_: list[int], language: str) -> Any:
        pressed, words = callback_context.triggered_id, Words(language)
        if not pressed or not callback_context.triggered[0]["value"]:
            return no_update, no_update
        act, on = pressed["act"], pressed["on"]
        try:
            with desk.change(START if act == "stop" else PIN) as change:
                said = done(change, act, on, words)
        except ForecallError as error:
            return problem(error, words), no_update
        return said, f"{act} {on} {desk.clock().isoformat()}"


def done(change: Change, act: str, on: str, words: Words) -> Any:
    """Stop a back-test, or take a pin out; what is said then."""
    if act == "stop":
        stop_backtest(change.session, int(on), who=change.who, now=change.now)
        return notice(words("methods_stopped", n=on), words("methods_stopped_text"))
    unpin_method(change.session, on, who=change.who, now=change.now)
    return notice(words("methods_unpinned", queue=on), words("methods_unpinned_text"))


def _comparing(desk: Desk) -> None:
    @desk.dash.callback(
        Output("methods-compare", "children"),
        [Input("methods-left", "value"), Input("methods-right", "value"), Input("language", "value")],
    )
    def beside(left: str | None, right: str | None, language: str) -> Any:
        words = Words(language)
        if not left or not right:
            return html.P(words("methods_compare_choose"), className="note")
        try:
            with desk.sessions() as session:
                found = compare.pairs(compare.rows_of(session, left), compare.rows_of(session, right))
        except ForecallError as error:
            return problem(error, words)
        return compare.compared(found, words)
