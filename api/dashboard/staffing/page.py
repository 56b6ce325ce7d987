"""Page Staffing: agents needed, held to promises on sliders, against the plan, and out to the suite.

choice.py, controls.py, chosen.py   what is asked for, the controls    seen.py    teams and plan from the store
sums.py                    what they need, bucket by bucket           screen.py  all that stands on the page
figure.py, table.py, cards.py, reverse.py, notes.py   its pieces      export.py, export_box.py   files for the suite
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import dash_ag_grid as dag
from dash import Input, Output, State, dcc, html, no_update
from sqlalchemy.orm import Session

from api.dashboard import grids
from api.dashboard.desk import Asked, Desk
from api.dashboard.kept import Kept
from api.dashboard.parts import aria, notice, panel, problem
from api.dashboard.staffing import cards, chosen, controls, export_box, reverse
from api.dashboard.staffing.choice import Choice, asked_of, choice_of, own_of
from api.dashboard.staffing.chosen import CHOICES, LANGUAGE, OWN
from api.dashboard.staffing.controls import HIDDEN, SEEN
from api.dashboard.staffing.screen import Screen, file, screen
from api.dashboard.staffing.seen import House, Seen, configured, load_house, load_seen
from api.dashboard.staffing.sums import surer_of
from api.dashboard.words import Words
from forecast.errors import ForecallError, NotFound

CHOICES_KEPT = 4  # who is staffed, as read for the last choices
STATES = [State(one.component_id, one.component_property) for one in CHOICES]


def show(desk: Desk, words: Words, asked: Asked) -> Any:
    """The page without its numbers: they come with the first callbacks."""
    heading = html.Div(
        [html.H1(words("staffing_page")), html.Div(id="staffing-meta", className="meta")], className="heading"
    )
    try:
        with desk.sessions() as session:
            house = load_house(session, desk.settings, desk.clock())
    except NotFound:
        heading = html.Div(
            html.H1(words("staffing_page")), className="heading"
        )  # nothing in it that a callback fills
        return [heading, notice(words("empty_data"), words("empty_data_text"))]
    choice = asked_choice(house, asked)
    usual = controls.usual_of(configured(desk.settings, house, choice))
    first = [export_box.box(house, words, asked)] if asked.get("export") else []
    last = [] if first else [export_box.box(house, words, asked)]
    return [
        heading,
        controls.controls(house, words, asked, choice),
        *controls.stores(asked, usual),
        *first,
        html.Div(id="staffing-said"),
        html.Div(_content(words, usual, asked), id="staffing-content"),
        *last,
        dcc.Download(id="staffing-csv"),
    ]


def asked_choice(house: House, asked: Asked) -> Choice:
    """What an address asks for; the first queue on the next working day without anything."""
    queue = asked.get("queue")
    queue = queue if queue in {one.name for one in house.queues} else house.queues[0].name
    channel, team, span, day = (asked.get(name) for name in ("channel", "team", "span", "day"))
    return choice_of(asked.get("scope"), queue, channel, team, span, day, usual=house.usual)


def _content(words: Words, usual: dict[str, Any], asked: Asked) -> list[Any]:
    graph = dcc.Graph(
        id="staffing-figure", config={"displayModeBar": False, "responsive": True}, style={"height": "100%"}
    )
    chart = html.Div(
        graph,
        id="staffing-figure-box",
        className="figure-box",
        role="img",
        **aria(label=words("staffing_chart")),
    )
    grid = dag.AgGrid(
        id="staffing-rows", rowData=[], columnDefs=[], defaultColDef={"resizable": True, "sortable": True},
        dashGridOptions=grids.grid_options(words), columnSize=None, className="grid",
    )  # fmt: skip
    button = html.Button(words("csv"), id="staffing-csv-button", className="button", n_clicks=0)
    return [
        html.Div(id="staffing-cards", className="cards"),
        html.Div(
            [
                html.Div(panel(words("staffing_chart"), [chart], tools=[html.Div(id="staffing-legend")]), className="staffing-chart"),
                controls.sliders(words, usual, own_of(asked)),
            ],
            className="staffing-top",
        ),
        html.Div(
            [panel(words("staffing_surer"), [html.Div(id="staffing-surer")]), reverse.box(words)],
            className="staffing-pair",
        ),
        panel(words("staffing_against"), [html.Div(id="staffing-plan")], note=words("staffing_against_note")),
        panel(words("staffing_table"), [grid, html.Div(id="staffing-notes")], note=words("staffing_table_note"), tools=[button]),
    ]  # fmt: skip


def register(desk: Desk) -> None:
    """The callbacks; what they do is in functions that need no browser."""
    look = Look(desk)
    chosen.register(desk)
    _register_screen(desk, look)
    _register_files(desk, look)


class Look:
    """The house and the teams of a choice, as the browser asks for them; kept while nothing in the database changes."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._kept: Kept[Seen] = Kept(CHOICES_KEPT)

    def at(
        self, session: Session, given: tuple[Any, ...], own: dict[str, Any] | None
    ) -> tuple[House, Choice, Seen]:
        """The values of CHOICES and the promises chosen -> who is staffed, held to these."""
        desk, now = self._desk, self._desk.clock()
        house = load_house(session, desk.settings, now)
        choice = choice_of(*given, usual=house.usual)
        mark = desk.mark()
        key = None if mark is None else (mark, choice, now.replace(second=0, microsecond=0))
        made: Callable[[], Seen] = lambda: load_seen(session, desk.settings, house, choice, now)  # noqa: E731
        return house, choice, self._kept.get(key, made).held_to(asked_of(own_of(own)))


def _register_screen(desk: Desk, look: Look) -> None:
    """What stands on the page."""
    app = desk.dash
    outputs = [
        Output("staffing-said", "children"), Output("staffing-content", "style"), Output("staffing-meta", "children"),
        Output("staffing-cards", "children"), Output("staffing-figure", "figure"), Output("staffing-figure-box", "aria-label"),
        Output("staffing-legend", "children"), Output("staffing-plan", "children"), Output("staffing-rows", "rowData"),
        Output("staffing-rows", "columnDefs"), Output("staffing-rows", "style"), Output("staffing-notes", "children"),
    ]  # fmt: skip

    @app.callback(
        outputs, [*CHOICES, OWN, Input("staffing-marked", "value"), LANGUAGE, Input("theme", "data")]
    )
    def filled(*given: Any) -> tuple[Any, ...]:
        own, marked, words, theme = given[6], given[7], Words(given[8]), given[9]
        try:
            with desk.sessions() as session:
                house, choice, seen = look.at(session, given[:6], own)
                return screen(house, seen, choice, mark_of(marked), words, theme, desk.clock()).outputs()
        except ForecallError as error:
            return Screen(problem(error, words), False).outputs()

    @app.callback(Output("staffing-surer", "children"), [*CHOICES, OWN, LANGUAGE])
    def surer(*given: Any) -> Any:
        words = Words(given[7])
        try:
            with desk.sessions() as session:
                _, choice, seen = look.at(session, given[:6], given[6])
            return (
                cards.surer(surer_of(seen), words(f"staffing_per_{choice.span}"), words)
                if seen.teams
                else None
            )
        except ForecallError as error:
            return problem(error, words)

    @app.callback(
        [Output("staffing-reached", "children"), Output("staffing-agents-mark", "children")],
        [Input("staffing-agents", "value"), *CHOICES, OWN, Input("staffing-marked", "value"), LANGUAGE],
    )
    def reached(agents: Any, *given: Any) -> tuple[Any, Any]:
        words, marked = Words(given[8]), mark_of(given[7])
        said = words(f"staffing_{marked}_long")
        if not isinstance(agents, int | float) or agents < 0 or agents > reverse.MOST:
            return html.P(words("staffing_agents_none"), className="note"), said
        try:
            with desk.sessions() as session:
                _, _, seen = look.at(session, given[:6], given[6])
            return reverse.reached(seen, float(agents), marked, words), said
        except ForecallError as error:
            return problem(error, words), said


def mark_of(marked: object) -> str:
    """net or gross."""
    return "gross" if marked == "gross" else "net"


def _register_files(desk: Desk, look: Look) -> None:
    """The table as a file, and the box of the export."""
    app = desk.dash

    @app.callback(
        Output("staffing-csv", "data"),
        Input("staffing-csv-button", "n_clicks"),
        [*STATES, State("staffing-settled", "data"), State("language", "value")],
        prevent_initial_call=True,
    )
    def download(clicks: int, *given: Any) -> Any:
        if not clicks:
            return no_update
        with desk.sessions() as session:
            house, choice, seen = look.at(session, given[:6], given[6])
            if not seen.teams:
                return no_update
            name, text = file(seen, choice, house, Words(given[7]))
        return {"content": text, "filename": name, "type": "text/csv", "base64": False}

    names = ("layout", "span", "first", "last", "queues", "version")

    @app.callback(
        [Output("staffing-export-said", "children"), Output("staffing-export-dates", "style")],
        [*(Input(f"staffing-export-{name}", "value") for name in names), LANGUAGE],
    )
    def ordered(*given: Any) -> tuple[Any, dict[str, str]]:
        words, now = Words(given[6]), desk.clock()
        with desk.sessions() as session:
            house = load_house(session, desk.settings, now)
            said = export_box.said(session, desk.settings, house, given[:6], words, now)
        return said, SEEN if given[1] == "own" else HIDDEN
