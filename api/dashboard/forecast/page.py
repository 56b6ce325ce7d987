"""Page one: what is expected of a queue, in which band, and whether posts run ahead of it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import dash_ag_grid as dag
import dash_mantine_components as dmc
import pandas as pd
from dash import ALL, Dash, Input, Output, State, callback_context, dcc, html, no_update
from sqlalchemy.orm import Session

from api.dashboard import grids, outlook, posts, queries
from api.dashboard.axes import labels
from api.dashboard.desk import Asked, Desk
from api.dashboard.forecast import figure as figures
from api.dashboard.forecast import table as tables
from api.dashboard.forecast import why
from api.dashboard.palette import palette
from api.dashboard.parts import aria, legend, notice, panel, problem, segments, with_code
from api.dashboard.queries import Held
from api.dashboard.today import cards, reasons
from api.dashboard.windows import PERIODS, STEPS
from api.dashboard.words import Words, local
from forecast.buckets import Interval, column_ns, from_ns
from forecast.errors import ForecallError, NotFound
from store.queues import Queue, load_queues
from store.settings import Settings

HIDDEN: dict[str, str] = {"display": "none"}
SEEN: dict[str, str] = {}
STALE_AFTER = dt.timedelta(days=1)
MOST = 560  # pixels of the table
CHOICES = [
    Input("queue", "value"),
    Input("period", "value"),
    Input("step", "value"),
    Input("language", "value"),
]


def show(desk: Desk, words: Words, asked: Asked) -> Any:
    """The page without its numbers: they come with the first callback."""
    with desk.sessions() as session:
        return page(load_queues(session), words)


def page(queues: list[Queue], words: Words) -> Any:
    """The page of these queues."""
    options = [{"value": queue.name, "label": f"{queue.name} · {_channel(queue, words)}"} for queue in queues]
    choose = dmc.Select(
        id="queue", label=words("queue"), data=options, value=queues[0].name if queues else None, searchable=True,
        allowDeselect=False, persistence=True, persistence_type="local", w=260, maxDropdownHeight=420,
    )  # fmt: skip
    controls = html.Div(
        [
            choose,
            segments("period", words("range"), [(key, words(f"range_{key}")) for key in PERIODS], "week"),
            segments("step", words("step"), [(key, words(f"step_{key}")) for key in STEPS], "interval"),
        ],
        className="controls",
    )
    grid = dag.AgGrid(
        id="intervals", rowData=[], columnDefs=[], defaultColDef={"resizable": True, "sortable": True},
        dashGridOptions=grids.grid_options(words), columnSize=None, rowClassRules={"over": "params.data.over"}, className="grid",
    )  # fmt: skip
    button = html.Button(words("csv"), id="csv-button", className="button", n_clicks=0)
    graph = dcc.Graph(id="figure", config={"displayModeBar": False, "responsive": True})
    chart = html.Div(
        graph, id="figure-box", className="figure-box", role="img", **aria(label=words("figure_title"))
    )
    content = [
        html.Div(id="cards", className="cards"),
        panel(words("figure_title"), [chart], tools=[html.Div(id="legend")]),
        why.why_panel(words),
        reasons.reasons_panel(words),
        panel(
            words("table_title"),
            [html.P(id="band-note", className="note"), grid],
            note=words("table_note"),
            tools=[button],
        ),
    ]
    heading = html.Div(
        [html.H1(words("forecast_page")), html.Div(id="meta", className="meta")], className="heading"
    )
    tick = dcc.Interval(id="tick", interval=300_000)
    return [
        heading,
        controls,
        html.Div(id="notice"),
        html.Div(id="elsewhere"),
        html.Div(content, id="content"),
        dcc.Download(id="csv"),
        tick,
    ]


def _channel(queue: Queue, words: Words) -> str:
    return words(f"channel_{queue.channel}") if words.has(f"channel_{queue.channel}") else queue.channel


def register(desk: Desk) -> None:
    """The callbacks; what they do is in `screen` and `file`, which need no browser."""
    app, sessions, clock, settings = desk.dash, desk.sessions, desk.clock, desk.settings
    outputs = [
        Output("notice", "children"), Output("content", "style"), Output("meta", "children"), Output("cards", "children"),
        Output("figure", "figure"), Output("figure-box", "aria-label"), Output("legend", "children"),
        Output("intervals", "rowData"), Output("intervals", "columnDefs"), Output("intervals", "style"), Output("band-note", "children"),
        Output("elsewhere", "children"),
    ]  # fmt: skip

    @app.callback(outputs, [*CHOICES, Input("theme", "data"), Input("tick", "n_intervals")])
    def filled(
        queue: str, period: str, step: str, language: str, theme: str | None, _: int
    ) -> tuple[Any, ...]:
        with sessions() as session:
            return screen(session, queue, period, step, Words(language), theme, clock(), settings)

    why.register(app, sessions, clock)
    reasons.register(app, sessions, clock, settings)
    _register_warned(app)
    states = [State(one.component_id, one.component_property) for one in CHOICES]

    @app.callback(Output("csv", "data"), Input("csv-button", "n_clicks"), states, prevent_initial_call=True)
    def download(clicks: int, queue: str, period: str, step: str, _: str) -> Any:
        if not clicks:
            return no_update
        with sessions() as session:
            name, text = file(session, queue, period, step, clock())
        return {"content": text, "filename": name, "type": "text/csv", "base64": False}


def _register_warned(app: Dash) -> None:
    """The button beside a warning of another queue chooses that queue."""

    @app.callback(
        Output("queue", "value"),
        Input({"type": "warned", "queue": ALL}, "n_clicks"),
        prevent_initial_call=True,
    )
    def choose(clicks: list[int]) -> Any:
        pressed = callback_context.triggered_id
        return pressed["queue"] if any(clicks) and pressed else no_update


def screen(
    session: Session,
    queue: str | None,
    period: str,
    step: str,
    words: Words,
    theme: str | None,
    now: dt.datetime,
    settings: Settings | None = None,
) -> tuple[Any, ...]:
    """Everything that stands on the page for these choices, in the order of the callback's outputs."""
    try:
        held = queries.load(session, queue, period, step, now, settings)
    except NotFound:
        return _nothing(notice(words("empty_data"), words("empty_data_text")))
    except ForecallError as error:
        return _nothing(problem(error, words))
    if held.contacts_as_of is None and held.made is None:
        return _nothing(notice(words("empty_queue"), words("empty_data_text")))
    window = held.window
    frame = outlook.buckets(held, window.start, window.end, window.step)
    social = posts.social(held)
    titles = [_contacts_title(held, words), _social_title(held, words)]
    same = window.drawn is window.step
    drawn = frame if same else outlook.buckets(held, window.start, window.end, window.drawn)
    figure = figures.outlook_figure(drawn, social, window, words, palette(theme), titles)
    rows = outlook.shown(held, frame)
    return (
        _notice(held, words),
        SEEN,
        meta(held, words, now),
        cards.cards(held, words),
        figure,
        sentence(held, drawn, words),
        _legend(held, words),
        tables.interval_rows(rows, window, words),
        tables.interval_columns(rows, words),
        {"height": f"{min(MOST, grids.HEAD + grids.ROW * max(2, len(rows)) + 16)}px"},
        words("band_missing") if rows["summed"].any() else "",
        cards.elsewhere(held, words),
    )


def _nothing(said: Any) -> tuple[Any, ...]:
    return (said, HIDDEN, [], [], {}, "", [], [], [], {"height": "80px"}, "", None)


def file(session: Session, queue: str | None, period: str, step: str, now: dt.datetime) -> tuple[str, str]:
    """Name and text of the CSV file for these choices: the rows of the table."""
    held = queries.load(session, queue, period, step, now)
    frame = outlook.buckets(held, held.window.start, held.window.end, held.window.step)
    day = local(from_ns(held.window.moment), held.queue.tz)
    plain = "".join(sign if sign.isalnum() or sign in "-_" else "_" for sign in held.queue.name)
    text = tables.to_csv(outlook.shown(held, frame), held.queue.name, held.queue.tz)
    return f"forecall_{plain}_{step}_{day:%Y-%m-%d}.csv", text


def _notice(held: Held, words: Words) -> Any:
    if held.made is None:
        return notice(words("empty_forecast"), words("empty_forecast_text"))
    if not held.window.live:
        moment = words.moment(local(held.made.cutoff, held.queue.tz))
        return notice(words("not_live", moment=moment), "")
    return None


def meta(held: Held, words: Words, now: dt.datetime) -> list[Any]:
    """The line under the heading: data as of, posts as of, forecast made on; in local time, with its age."""
    moments = [("data_as_of", held.contacts_as_of), ("made_on", held.made.created_at if held.made else None)]
    if held.social is not None:
        moments.insert(1, ("posts_as_of", held.social.as_of))
    said: list[Any] = []
    for key, moment in moments:
        text = words("none_yet")
        if moment is not None:
            text = f"{words.moment(local(moment, held.queue.tz))} ({words.age(moment, now)})"
        said.append(html.Span([words(key), " ", html.Strong(text)], id=f"meta-{key.replace('_', '-')}"))
    said.append(html.Span(words("times_in", zone=held.queue.tz)))
    if held.made and held.window.live and now - held.made.created_at > STALE_AFTER:
        said.append(html.Span(with_code(words("stale")), className="stale"))
    return said


def _contacts_title(held: Held, words: Words) -> str:
    step = held.window.drawn
    if step in (Interval.QUARTER, Interval.HALF_HOUR):
        return words("per_interval", minutes=step.seconds // 60)
    return words({Interval.HOUR: "per_hour", Interval.DAY: "per_day"}.get(step, "per_week"))


def _social_title(held: Held, words: Words) -> str:
    found = held.social
    if found is None:
        return ""
    if found.names[0] != "posts":
        return words("indicator_named", name=found.names[0])
    return words("posts_on_all") if found.topic == queries.WHOLE else words("posts_on", topic=found.topic)


def _legend(held: Held, words: Words) -> Any:
    entries = [("offered", words("offered")), ("expected", words("expected")), ("band", words("band_name")),
               ("busy", words("busy")), ("last-week", words("last_week_long"))]  # fmt: skip
    if held.social is not None:
        if "negative" in held.social.names:
            entries.append(("negative", words("posts_negative")))
        plain = held.social.names[0] == "posts"
        entries += [
            ("other", words("posts_other" if plain else "indicator")),
            ("usual", words("posts_usual")),
        ]
    return legend(entries, words("legend"))


def sentence(held: Held, frame: pd.DataFrame, words: Words) -> str:
    """What the chart shows, for who cannot see it."""
    window = held.window
    start, end = (words.day(local(from_ns(one), window.tz)) for one in (window.start, window.end - 1))
    values = {"queue": held.queue.name, "start": start, "end": end}
    ahead = frame[(column_ns(frame["end"]) > window.moment) & frame["expected"].notna()]
    if ahead.empty:
        return words("figure_sentence_none", **values)
    top = ahead.loc[[ahead["expected"].idxmax()]]
    peak_at = labels(top, window.drawn, window.tz, words)[0]
    values |= {
        "expected": words.number(ahead["expected"].sum()),
        "peak": words.number(top["expected"].iloc[0]),
    }
    return words("figure_sentence", **values, peak_at=peak_at)
