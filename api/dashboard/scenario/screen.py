"""What came out, on the screen; and the scenarios that are kept."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from dash import ALL, Input, Output, State, callback_context, html, no_update

from api.dashboard.desk import Change, Desk
from api.dashboard.palette import palette
from api.dashboard.parts import notice, problem
from api.dashboard.scenario import columns, figure, kept, result
from api.dashboard.scenario.bench import Bench
from api.dashboard.words import Words
from forecast.errors import ForecallError, NotFound
from store.scenarios import remove_scenario, restore_scenario

SCOPE = "plan"
HIDDEN, SEEN = {"display": "none"}, dict[str, str]()
DAYS = "days"  # of the choice per what: all days, else one of them


def register(desk: Desk, bench: Bench) -> None:
    """The callbacks."""
    _screen(desk, bench)
    _chart(desk, bench)
    _keep(desk, bench)
    _kept(desk)


def answer_of(desk: Desk, bench: Bench, answer: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """What was worked out, or kept; None for nothing yet. NotFound for what is gone."""
    if not answer:
        return None
    if "kept" in answer:
        with desk.sessions() as session:
            return kept.opened(session, desk.settings, int(answer["kept"]))
    seen = bench.look(int(answer["ticket"]))
    if seen.state != "done":
        raise NotFound("This calculation is no longer kept.", remedy="Start it again.", field="ticket")
    found: dict[str, Any] = seen.result
    return found


def _screen(desk: Desk, bench: Bench) -> None:
    @desk.dash.callback(
        [Output("scenario-result", "style"), Output("scenario-cards", "children"), Output("scenario-table", "children"),
         Output("scenario-notes", "children"), Output("scenario-legend", "children"), Output("scenario-shown", "data"),
         Output("scenario-shown", "value"), Output("scenario-which", "data"), Output("scenario-which", "value"),
         Output("scenario-keep-name", "value")],
        [Input("scenario-answer", "data"), Input("language", "value")],
        State("queue", "value"),
    )  # fmt: skip
    def screen(answer: Any, language: str, queue: str) -> Any:
        words = Words(language)
        try:
            found = answer_of(desk, bench, answer)
        except ForecallError as error:
            return SEEN, problem(error, words), None, None, None, [], "*", [], None, ""
        return HIDDEN if found is None else SEEN, *filled(found, queue, words)


def filled(found: Mapping[str, Any] | None, queue: str, words: Words) -> tuple[Any, ...]:
    """All of an answer but its chart, in the order of the callback's outputs."""
    if found is None:
        return None, None, None, None, [], "*", [], None, ""
    names = [one["queue"] for one in found["columns"][0]["out"]["queues"]]
    shown = [{"value": one, "label": one} for one in names]
    if len(names) > 1:
        shown.insert(0, {"value": figure.ALL, "label": words("scenario_all_queues")})
    which = [{"value": str(at), "label": one["name"]} for at, one in enumerate(found["columns"])]
    chosen = queue if queue in names else shown[0]["value"]
    said = (
        result.cards(found, words),
        result.table(found, words),
        result.notes(found, words),
        result.marks(found, words),
    )
    return *said, shown, chosen, which, "0", ""


def _chart(desk: Desk, bench: Bench) -> None:
    @desk.dash.callback(
        [Output("scenario-day", "data"), Output("scenario-day", "value")],
        [Input("scenario-answer", "data"), Input("scenario-shown", "value"), Input("language", "value")],
        State("scenario-day", "value"),
    )
    def days(answer: Any, queue: str, language: str, held: str) -> Any:
        words = Words(language)
        try:
            found = answer_of(desk, bench, answer)
        except ForecallError:  # it is told where the cards stand
            return [], DAYS
        choices = day_choices(found, queue, words)
        return choices, held if held in [one["value"] for one in choices] else DAYS

    @desk.dash.callback(
        [Output("scenario-figure", "figure"), Output("scenario-figure-box", "aria-label")],
        [Input("scenario-answer", "data"), Input("scenario-shown", "value"), Input("scenario-day", "value"),
         Input("language", "value"), Input("theme", "data")],
    )  # fmt: skip
    def chart(answer: Any, queue: str, day: str, language: str, theme: str | None) -> Any:
        words = Words(language)
        try:
            found = answer_of(desk, bench, answer)
        except ForecallError:
            found = None
        if found is None:
            return {}, words("scenario_chart")
        lines = figure.lines_of(found, queue, None if day == DAYS else day, words)
        return figure.figure(lines, words, palette(theme)), figure.sentence(lines, queue, words)


def day_choices(found: Mapping[str, Any] | None, queue: str, words: Words) -> list[dict[str, str]]:
    """Per day; and of one queue by interval each of the days, the one with the largest difference first."""
    choices = [{"value": DAYS, "label": words("scenario_per_day")}]
    if found is None or queue == figure.ALL:
        return choices
    held = next((one for one in found["columns"][0]["out"]["queues"] if one["queue"] == queue), None)
    if held is None or len(held["rows"]) <= len(held["days"]):
        return choices
    worst = result.worst_day(found, queue)
    dates = sorted((one["date"] for one in held["days"]), key=lambda day: (day != worst, day))
    return [
        *choices,
        *(
            {
                "value": day,
                "label": words("scenario_intervals_of", day=words.day(dt.datetime.fromisoformat(day))),
            }
            for day in dates
        ),
    ]


def _keep(desk: Desk, bench: Bench) -> None:
    @desk.dash.callback(
        [Output("scenario-keep-said", "children"), Output("scenario-kept-changed", "data")],
        Input("scenario-keep", "n_clicks"),
        [State("scenario-answer", "data"), State("scenario-which", "value"), State("scenario-keep-name", "value"),
         State("language", "value")],
        prevent_initial_call=True,
    )  # fmt: skip
    def keep(clicks: int, answer: Any, which: str | None, name: str | None, language: str) -> Any:
        if not clicks:
            return no_update, no_update
        words = Words(language)
        try:
            found = answer_of(desk, bench, answer)
            if found is None:
                return no_update, no_update
            with desk.change(SCOPE) as change:
                made = kept.keep(change, name or "", found["columns"][int(which or 0)])
        except ForecallError as error:
            return problem(error, words), no_update
        return notice(words("scenario_kept_now", name=made.name), ""), f"kept {made.id}"


def _kept(desk: Desk) -> None:
    @desk.dash.callback(
        [Output("scenario-kept-said", "children"), Output("scenario-answer", "data", allow_duplicate=True),
         Output("scenario-plan", "data", allow_duplicate=True), Output("scenario-kept-changed", "data", allow_duplicate=True)],
        Input({"type": "scenario-kept", "act": ALL, "id": ALL}, "n_clicks"),
        State("language", "value"),
        prevent_initial_call=True,
    )  # fmt: skip
    def act(_: list[int], language: str) -> Any:
        pressed, words = callback_context.triggered_id, Words(language)
        if not pressed or not callback_context.triggered[0]["value"]:
            return [no_update] * 4
        number = int(pressed["id"])
        try:
            if pressed["act"] == "open":
                with desk.sessions() as session:
                    found = kept.opened(session, desk.settings, number)["columns"][0]
                return None, {"kept": number}, columns.of_kept(found["name"], found["asked"]), no_update
            with desk.change(SCOPE) as change:
                said = moved(change, pressed["act"], number, words)
        except ForecallError as error:
            return problem(error, words), no_update, no_update, no_update
        return said, no_update, no_update, f"{pressed['act']} {number} {desk.clock().isoformat()}"

    @desk.dash.callback(
        Output("scenario-kept", "children"),
        [Input("scenario-kept-changed", "data"), Input("language", "value")],
    )
    def listed(_: Any, language: str) -> Any:
        with desk.sessions() as session:
            return kept.listed(session, Words(language), desk.settings.company.timezone, may=desk.may(SCOPE))


def moved(change: Change, act: str, number: int, words: Words) -> Any:
    """Take a kept one off the list, or put it back; what is said then."""
    if act == "restore":
        held = restore_scenario(change.session, number, who=change.who, now=change.now)
        return notice(words("scenario_restored", name=held.name), "")
    held = remove_scenario(change.session, number, who=change.who, now=change.now)
    back = html.Button(words("scenario_undo"), id={"type": "scenario-kept", "act": "restore", "id": number}, n_clicks=0,
                       className="button")  # fmt: skip
    return html.Div(
        [html.H3(words("scenario_deleted", name=held.name)), back], className="done", role="status"
    )
