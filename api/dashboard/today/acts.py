"""The button on a warning that says "I am on it": kept with the warning, and never taken back."""

from __future__ import annotations

from typing import Any

from dash import ALL, Input, Output, State, callback_context, no_update

from api.dashboard.desk import Change, Desk
from api.dashboard.parts import problem
from api.dashboard.words import Words
from forecast.alerts import PICKED_UP
from forecast.errors import ForecallError
from store.alerts import record_act


def register(desk: Desk) -> None:
    """The callback; what it does is in `take`."""

    @desk.dash.callback(
        [Output("today-acted", "data"), Output("today-problem", "children")],
        Input({"type": "today-take", "alert": ALL}, "n_clicks"),
        [State("today-acted", "data"), State("language", "value")],
        prevent_initial_call=True,
    )
    def pressed(clicks: list[int | None], done: int | None, language: str) -> Any:
        which = callback_context.triggered_id
        if not any(clicks) or not which:
            return no_update, no_update
        try:
            with desk.change("plan") as change:
                take(change, int(which["alert"]))
        except ForecallError as error:
            return no_update, problem(error, Words(language))
        return (done or 0) + 1, None


def take(change: Change, alert: int) -> bool:
    """Who changes is on the warning; False where that was told before. NotFound for a warning there is not."""
    told = {"who": change.who, "act": PICKED_UP, "note": ""}
    made = record_act(change.session, alert, **told, now=change.now)
    change.note("alert.acknowledge", f"alert {alert}", told)
    return made
