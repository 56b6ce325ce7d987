"""Page Today, the start page: warnings, what is in, now against forecast, peaks, posts, agents, tomorrow's reasons."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import dash_mantine_components as dmc
from dash import ClientsideFunction, Input, Output, State, dcc, html
from sqlalchemy.orm import Session

from api.dashboard.desk import Asked, Desk
from api.dashboard.kept import Kept
from api.dashboard.parts import aria, notice, panel
from api.dashboard.today import acts, reasons, screen, send
from api.dashboard.today.links import forecast_link, to
from api.dashboard.today.live import PATH as LIVE
from api.dashboard.today.sheet import PATH as SHEET
from api.dashboard.today.talk import link as social_link
from api.dashboard.words import Words, local
from store.queues import Queue, load_queues

CHART: Any = {"displayModeBar": False, "responsive": True}
PANELS_KEPT = 64
Make: TypeAlias = Callable[[Session, Words, dt.datetime], Any]


def show(desk: Desk, words: Words, asked: Asked) -> Any:
    """The page without its numbers: they come with the first callbacks. Without a queue: what to do to get one."""
    now = desk.clock()
    with desk.sessions() as session:
        queues = load_queues(session)
        if not queues:
            load = dcc.Link(words("today_load"), href="/data", className="button primary")
            said = notice(words("empty_data"), words("empty_data_text"))
            return [_heading(desk, words), said, html.Div(load)]
        names = {queue.name for queue in queues}
        given = asked.get("queue", "")
        first = {"asked": given if given in names else "", "wanted": screen.wanted(session, queues, now)}
    return [
        _heading(desk, words),
        _controls(queues, first, words),
        html.Div(id="today-problem"),
        html.Div(id="today-warnings", className="today-warnings", role="status", **aria(live="polite")),
        html.Div(_left(words), className="today-grid"),
        *_below(words),
        dcc.Store(id="today-first", data=first),
        dcc.Store(id="today-mark", data=""),
        dcc.Store(id="today-acted", data=0),
        dcc.Store(id="today-watched"),
        dcc.Interval(id="today-tick", interval=300_000),
    ]


def _heading(desk: Desk, words: Words) -> Any:
    now = local(desk.clock(), desk.settings.company.timezone)
    said: Any = {
        "data-path": LIVE,
        "data-live": words("today_live"),
        "data-off": words("today_live_off"),
    }
    inside = [
        html.Span(className="dot", **aria(hidden="true")),
        html.Span(words("today_live_off"), className="said"),
    ]
    live = html.Span(inside, id="today-live", className="today-live", **said)
    title = html.H1([words("today_page"), html.Span(words.day(now), className="today-date")])
    return html.Div([title, html.Div([live], className="meta")], className="heading today-heading")


def _controls(queues: list[Queue], first: Mapping[str, str], words: Words) -> Any:
    """The queue in front, and what planners do first, without scrolling."""
    options = [{"value": queue.name, "label": f"{queue.name} · {_channel(queue, words)}"} for queue in queues]
    choose = dmc.Select(
        id="queue", label=words("queue"), data=options, value=queues[0].name, searchable=True,
        allowDeselect=False, persistence=True, persistence_type="local", w=260, maxDropdownHeight=420,
    )  # fmt: skip
    actions = html.Nav(quick(first["wanted"], words), id="today-actions", className="today-actions",
                       **aria(label=words("today_actions")))  # fmt: skip
    return html.Div([choose, actions], className="controls today-controls")


def quick(queue: str, words: Words) -> list[Any]:
    """Where a planner goes from here, with the queue in front."""
    links = [
        ("today-to-tomorrow", words("today_go_tomorrow"), forecast_link(queue, "tomorrow")),
        ("today-to-export", words("today_go_export"), to("/staffing", export="week", queue=queue)),
        ("today-to-campaign", words("today_go_campaign"), to("/scenario", event="letters", queue=queue)),
    ]
    shown: list[Any] = [dcc.Link(text, href=href, id=name, className="button") for name, text, href in links]
    sheet = to(SHEET, language=words.language)
    return [
        *shown,
        html.A(words("today_sheet"), href=sheet, target="_blank", id="today-to-sheet", className="button"),
    ]


def _channel(queue: Queue, words: Words) -> str:
    return words(f"channel_{queue.channel}") if words.has(f"channel_{queue.channel}") else queue.channel


def _left(words: Words) -> list[Any]:
    """The chart of the day with its numbers, and what is in beside it."""
    now = panel(
        words("today_now_title"),
        [html.P(id="today-total", className="today-total"), _chart("today-chart"),
         html.Div(id="today-cards", className="cards today-cards")],
        tools=[html.Div(id="today-legend")],
    )  # fmt: skip
    data = panel(words("today_data_title"), [html.Div(id="today-data"), html.Div(id="today-forecast-age")])
    return [now, data]


def _below(words: Words) -> list[Any]:
    peaks = panel(words("today_peaks_title"), [html.Div(id="today-peaks")])
    talk = panel(
        words("today_talk_title"),
        [html.Div([html.Div([_chart("today-talk-chart"), html.Div(id="today-talk-legend")], id="today-talk-box"),
                   html.Div(id="today-talk")], className="today-talk")],
        tools=[social_link(words)],
    )  # fmt: skip
    agents = panel(
        words("today_agents_title"),
        [html.Div(id="today-agents"), _chart("today-agents-chart"), html.Div(id="today-agents-table")],
        tools=[html.Div(id="today-agents-legend"), html.Div(id="today-to-staffing")],
    )
    return [
        peaks,
        html.Div([talk, agents], className="today-pair"),
        reasons.today_panel(words),
        send.send_panel(words),
    ]


def _chart(name: str) -> Any:
    graph = dcc.Graph(id=name, config=CHART)
    return html.Div(
        graph, id=f"{name}-box", className="figure-box today-figure", role="img", **aria(label="")
    )


class Panels:
    """The parts of the page, kept for a minute while nothing in the database changes: many look at the same start page."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._kept: Kept[Any] = Kept(PANELS_KEPT)

    def of(self, name: str, language: str, make: Make, *facts: object) -> Any:
        """A part as `make` gives it of a session. facts: on what it hangs beside the language."""
        desk, now = self._desk, self._desk.clock()

        def made() -> Any:
            with desk.sessions() as session:
                return make(session, Words(language), now)

        mark = desk.mark()
        minute = now.replace(second=0, microsecond=0)
        return self._kept.get(None if mark is None else (name, language, mark, minute, repr(facts)), made)


def register(desk: Desk) -> None:
    """The callbacks; what they do is in `screen`, `acts`, `reasons` and `send`, which need no browser."""
    app, settings, panels = desk.dash, desk.settings, Panels(desk)
    again = [Input("language", "value"), Input("today-mark", "data"), Input("today-tick", "n_intervals")]
    _register_browser(desk)

    @app.callback(Output("today-actions", "children"), [Input("queue", "value"), Input("language", "value")])
    def actions(queue: str | None, language: str) -> Any:
        return quick(queue or "", Words(language))

    @app.callback(Output("today-warnings", "children"), [*again, Input("today-acted", "data")])
    def warnings(language: str, *_: Any) -> Any:
        may = desk.may("plan")
        return panels.of(
            "warnings",
            language,
            lambda session, words, now: screen.warnings(session, settings, words, now, may_act=may),
            may,
        )

    @app.callback([Output("today-data", "children"), Output("today-forecast-age", "children")], again)
    def data(language: str, *_: Any) -> Any:
        return panels.of(
            "data", language, lambda session, words, now: screen.data(session, settings, words, now)
        )

    @app.callback(Output("today-peaks", "children"), again)
    def peaks(language: str, *_: Any) -> Any:
        return panels.of(
            "peaks", language, lambda session, words, now: screen.peaks(session, settings, words, now)
        )

    @app.callback(Output("today-outlook", "children"), again)
    def outlook(language: str, *_: Any) -> Any:
        return panels.of(
            "outlook", language, lambda session, words, now: reasons.filled(session, settings, words, now)
        )

    _register_charts(desk, panels, again)
    acts.register(desk)
    send.register(desk)


def _register_charts(desk: Desk, panels: Panels, again: list[Input]) -> None:
    """What has a chart hangs on the theme, and but for posts on the queue in front."""
    app, settings, theme, queue = desk.dash, desk.settings, Input("theme", "data"), Input("queue", "value")

    def outputs(name: str, *more: str) -> list[Output]:
        return [
            Output(f"{name}-chart", "figure"), Output(f"{name}-chart-box", "aria-label"),
            Output(f"{name}-chart-box", "style"), Output(f"{name}-legend", "children"),
            *(Output(each, "children") for each in more),
        ]  # fmt: skip

    now = [Output("today-chart", "figure"), Output("today-chart-box", "aria-label"), Output("today-chart-box", "style"),
           Output("today-legend", "children"), Output("today-total", "children"), Output("today-cards", "children")]  # fmt: skip

    @app.callback(now, [queue, theme, *again])
    def progress(name: str, colors: str | None, language: str, *_: Any) -> Any:
        return panels.of(
            "progress",
            language,
            lambda session, words, now: screen.progressed(session, settings, name, words, colors, now),
            name,
            colors,
        )

    @app.callback(outputs("today-talk", "today-talk"), [theme, *again])
    def talk(colors: str | None, language: str, *_: Any) -> Any:
        may = desk.may_read_posts()
        return panels.of(
            "talk",
            language,
            lambda session, words, now: screen.talked(session, settings, words, colors, now, may=may),
            colors,
            may,
        )

    @app.callback(
        outputs("today-agents", "today-agents", "today-agents-table", "today-to-staffing"),
        [queue, theme, *again],
    )
    def agents(name: str, colors: str | None, language: str, *_: Any) -> Any:
        return panels.of(
            "agents",
            language,
            lambda session, words, now: screen.staffed(session, settings, name, words, colors, now),
            name,
            colors,
        )


def _register_browser(desk: Desk) -> None:
    """What happens in the browser alone: which queue is in front first, and the stream of changes."""
    desk.dash.clientside_callback(  # type: ignore[no-untyped-call]
        ClientsideFunction("forecall_today", "first"),
        Output("queue", "value"),
        Input("today-first", "data"),
    )
    desk.dash.clientside_callback(  # type: ignore[no-untyped-call]
        ClientsideFunction("forecall_today", "watch"), Output("today-watched", "data"),
        Input("today-first", "data"), State("language", "value"),
    )  # fmt: skip
