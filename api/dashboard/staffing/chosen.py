"""What choosing does: sliders and numbers move together, the address follows, and of the controls only those of use are shown."""

from __future__ import annotations

import datetime as dt
from typing import Any

from dash import ClientsideFunction, Input, Output, State, callback_context

from api.dashboard.desk import Desk
from api.dashboard.staffing import controls
from api.dashboard.staffing.choice import SLIDES, SPANS, choice_of, day_of
from api.dashboard.staffing.controls import HIDDEN, SEEN
from api.dashboard.staffing.seen import configured, load_house
from api.dashboard.words import Words

CHOICES = [
    Input("staffing-scope", "value"), Input("queue", "value"), Input("staffing-channel", "value"),
    Input("staffing-team", "value"), Input("staffing-span", "value"), Input("staffing-day", "value"),
]  # fmt: skip
OWN = Input("staffing-settled", "data")
LANGUAGE = Input("language", "value")


def register(desk: Desk) -> None:
    """The callbacks of the controls."""
    _register_browser(desk)
    _register_choices(desk)
    _register_days(desk)


def _register_browser(desk: Desk) -> None:
    """What happens in the browser alone: sliders and numbers move together, and the address says what is chosen."""
    keys = [one.key for one in SLIDES]
    moved = [(f"staffing-{key}{end}", "value") for key in keys for end in ("", "-number")]
    desk.dash.clientside_callback(  # type: ignore[no-untyped-call]
        ClientsideFunction("forecall_staffing", "promises"),
        [*(Output(*one) for one in moved), Output("staffing-own", "data")],
        [
            *(Input(*one) for one in moved),
            Input("staffing-usual", "data"),
            Input("staffing-reset", "n_clicks"),
        ],
        [State("staffing-own", "data"), State("staffing-asked", "data")],
    )
    desk.dash.clientside_callback(  # type: ignore[no-untyped-call]
        ClientsideFunction("forecall_staffing", "settle"),
        Output("staffing-settled", "data"),
        Input("staffing-own", "data"),
        State("staffing-settled", "data"),
    )
    desk.dash.clientside_callback(  # type: ignore[no-untyped-call]
        ClientsideFunction("forecall_staffing", "address"),
        Output("staffing-address", "data"),
        [*CHOICES, Input("staffing-marked", "value"), OWN],
        State("staffing-asked", "data"),
    )


def _register_choices(desk: Desk) -> None:
    """Which choices are of use, the days there are, and what the settings say."""
    app = desk.dash
    boxes = ["staffing-queue-box", "staffing-channel-box", "staffing-team-box"]

    @app.callback(
        [
            *(Output(one, "style") for one in boxes),
            Output("staffing-usual", "data"),
            *(Output(f"staffing-{one.key}-box", "style") for one in SLIDES),
            Output("staffing-promise-note", "children"),
        ],
        [*CHOICES[:4], LANGUAGE],
    )
    def shown(scope: str, queue: str, channel: str, team: str, language: str) -> tuple[Any, ...]:
        words = Words(language)
        with desk.sessions() as session:
            house = load_house(session, desk.settings, desk.clock())
        choice = choice_of(scope, queue, channel, team, "day", None, usual=house.usual)
        usual = controls.usual_of(configured(desk.settings, house, choice))
        styles = [SEEN if box == f"staffing-{choice.scope}-box" else HIDDEN for box in boxes]
        note = words("staffing_mixed") if usual["mixed"] else words("staffing_as_configured")
        return (*styles, usual, *controls.kinds_styles(usual), note)


def _register_days(desk: Desk) -> None:
    """Days or weeks to choose from, and the buttons to either side."""

    @desk.dash.callback(
        [Output("staffing-day", "data"), Output("staffing-day", "value")],
        [
            Input("staffing-span", "value"),
            Input("staffing-back", "n_clicks"),
            Input("staffing-on", "n_clicks"),
        ],
        [State("staffing-day", "value"), State("language", "value")],
        prevent_initial_call=True,
    )
    def days(span: str, back: int, on: int, day: str | None, language: str) -> tuple[Any, ...]:
        with desk.sessions() as session:
            house = load_house(session, desk.settings, desk.clock())
        step = {"staffing-back": -1, "staffing-on": 1}.get(str(callback_context.triggered_id), 0)
        chosen_day = (day_of(day) or house.usual) + dt.timedelta(days=step * SPANS.get(span, 1))
        choice = choice_of("all", None, None, None, span, chosen_day.isoformat(), usual=house.usual)
        return controls.day_options(house, Words(language), choice), choice.first.isoformat()
