"""The plan: which weeks are locked, which version speaks, and the buttons that lock, release, publish and roll back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import ALL, Input, Output, State, callback_context, dcc, html, no_update
from sqlalchemy.orm import Session

from api.dashboard.desk import Change, Desk
from api.dashboard.forecast.acts import fault, toast
from api.dashboard.parts import aria, panel
from api.dashboard.words import Words, local
from forecast.buckets import zone
from forecast.errors import ForecallError
from store.database import lock
from store.forecast_versions import FORECAST, ForecastVersion, being_written, newest_version, page_versions
from store.forecast_versions import IMPORTED as ELSEWHERE
from store.locks import Lock, list_locks, lock_span, release_lock, span_of_week
from store.overrides import load_overrides
from store.publication import publish
from store.queues import load_queues

WEEKS = 26  # to choose from
MOST_LOCKS, MOST_OLDER, MOST_VERSIONS = 8, 200, 6


def plan_panel(words: Words, weeks: Sequence[dict[str, str]], *, may: bool) -> Any:
    """The panel without its lists. may: may who asks lock and publish?"""
    choose = dmc.Select(
        id="forecast-week", data=list(weeks), value=weeks[1]["value"] if len(weeks) > 1 else None, allowDeselect=False,
        searchable=True, w=270, size="sm", maxDropdownHeight=320, **aria(label=words("forecast_lock_week")),
    )  # fmt: skip
    lock = html.Button(words("forecast_lock"), id="forecast-lock", n_clicks=0, className="button primary")
    tools = [choose, lock] if may else [html.Span(words("forecast_may_not"), className="note")]
    hidden = [] if may else [html.Div([choose, lock], style={"display": "none"})]
    said = html.Div(id="forecast-plan-said")
    return panel(
        words("forecast_plan"), [*hidden, said, html.Div(id="forecast-plan")],
        note=words("forecast_plan_note"), tools=tools,
    )  # fmt: skip


def weeks_ahead(session: Session, now: dt.datetime, words: Words) -> list[dict[str, str]]:
    """The running ISO week and those after it: `2026-W14` and how it is read."""
    queues = load_queues(session)
    today = now.astimezone(zone(queues[0].tz)).date() if queues else now.date()
    monday = today - dt.timedelta(days=today.weekday())
    found = []
    for count in range(WEEKS):
        first = monday + dt.timedelta(days=7 * count)
        year, number, _ = first.isocalendar()
        label = f"{words('week_short', n=number)} · {_days(first, first + dt.timedelta(days=6), words)}"
        found.append({"value": f"{year}-W{number:02d}", "label": label})
    return found


def _days(first: dt.date, last: dt.date, words: Words) -> str:
    begin, stop = (dt.datetime.combine(one, dt.time()) for one in (first, last))
    return f"{words.date(begin)} – {words.date(stop)} {stop.year}"


def filled(session: Session, words: Words, *, may: bool) -> Any:
    """Locks in force, drafts that wait, and versions that could be shown again."""
    tz = next((one.tz for one in load_queues(session)), "UTC")
    return [_locks(session, words, tz, may=may), _versions(session, words, tz, may=may)]


def _locks(session: Session, words: Words, tz: str, *, may: bool) -> Any:
    held = list_locks(session, released=False)
    if not held:
        return html.P(words("forecast_no_locks"), className="note", id="forecast-no-locks")
    newest, older = held[:MOST_LOCKS], held[MOST_LOCKS:MOST_OLDER]
    table = _lock_table(newest, words, tz, may=may, name="forecast-locks")
    if not older:
        return table
    rest = _lock_table(older, words, tz, may=may, name="forecast-older-locks")
    title = html.Summary(words("forecast_lock_more", n=len(held) - len(newest)))
    return html.Div([table, html.Details([title, rest], className="more")])


def _lock_table(held: Sequence[Lock], words: Words, tz: str, *, may: bool, name: str) -> Any:
    rows = [html.Tr([html.Td(html.Span(_named(one, words), className="forecast-locked")), *_cells(one, words, tz),
                     html.Td(_acts(one, words, may=may), className="act")]) for one in held]  # fmt: skip
    heads = [words(f"forecast_head_{name}") for name in ("locked", "of", "who", "when")]
    table = html.Table(
        [html.Thead(html.Tr([*(html.Th(one) for one in heads), html.Th("")])), html.Tbody(rows)],
        className="plain", id=name,
    )  # fmt: skip
    return html.Div(
        table, className="scroll", tabIndex="0", role="region", **aria(label=words("forecast_plan"))
    )


def _named(one: Lock, words: Words) -> str:
    span = _days(one.first, one.last, words)
    whole = one.first.weekday() == 0 and (one.last - one.first).days == 6
    week = f"{words('week_short', n=one.first.isocalendar().week)} · " if whole else ""
    return f"{week}{span}" + (f" · {one.label}" if one.label else "")


def _cells(one: Lock, words: Words, tz: str) -> list[Any]:
    of = ", ".join(one.queues) or words("forecast_every")
    return [
        html.Td(of),
        html.Td(one.author),
        html.Td(words.moment(local(one.created_at, tz)), className="when"),
    ]


def _acts(one: Lock, words: Words, *, may: bool) -> list[Any]:
    link = dcc.Link(words("forecast_lock_accuracy"), href="/accuracy", className="forecast-link")
    if not may:
        return [link]
    release = html.Button(
        words("forecast_release"), id={"type": "forecast-release", "number": one.id}, n_clicks=0, className="button",
        **aria(label=words("forecast_release_named", week=_named(one, words))),
    )  # fmt: skip
    return [link, release]


def _versions(session: Session, words: Words, tz: str, *, may: bool) -> Any:
    """Drafts open, older versions folded away: most days nobody needs them."""
    shown = newest_version(session)
    drafts = [
        one
        for one in page_versions(session, kinds=[FORECAST, ELSEWHERE], states=["draft"], limit=MOST_VERSIONS)
        if not being_written(session, one) and (shown is None or one.created_at > shown.created_at)
    ]
    older = [
        one
        for one in page_versions(
            session, kinds=[FORECAST, ELSEWHERE], states=["published"], limit=MOST_VERSIONS + 1
        )
        if shown is None or one.id != shown.id
    ][:MOST_VERSIONS]
    found: list[Any] = []
    if drafts:
        title = html.H3(words("forecast_drafts"), className="sub")
        found += [
            title,
            html.Ul(
                [_version(one, words, tz, "forecast_publish", may=may) for one in drafts],
                className="forecast-versions",
            ),
        ]
    if older:
        items = [_version(one, words, tz, "forecast_again", may=may) for one in older]
        inside = [
            html.P(words("forecast_again_note"), className="note"),
            html.Ul(items, className="forecast-versions"),
        ]
        found.append(html.Details([html.Summary(words("forecast_older")), *inside], className="more"))
    return html.Div(found)


def _version(one: ForecastVersion, words: Words, tz: str, key: str, *, may: bool) -> Any:
    made = words.moment(local(one.cutoff, tz))
    name = words("forecast_version", n=one.id, made=made) + (f" · {one.label}" if one.label else "")
    button = html.Button(
        words(key), id={"type": "forecast-publish", "number": one.id}, n_clicks=0, className="button",
        **aria(label=f"{words(key)}: {name}"),
    )  # fmt: skip
    return html.Li([html.Span(name), button if may else ""])


def register(desk: Desk) -> None:
    """Fill the panel; lock, release and publish."""
    app = desk.dash

    @app.callback(
        Output("forecast-plan", "children"), [Input("language", "value"), Input("forecast-changed", "data")]
    )
    def plan(language: str, _: Any) -> Any:
        with desk.sessions() as session:
            return filled(session, Words(language), may=desk.may("plan"))

    @app.callback(
        [
            Output("forecast-plan-said", "children"),
            Output("forecast-toast", "children", allow_duplicate=True),
            Output("forecast-saved", "data", allow_duplicate=True),
            Output("forecast-changed", "data", allow_duplicate=True),
        ],
        [
            Input("forecast-lock", "n_clicks"),
            Input({"type": "forecast-release", "number": ALL}, "n_clicks"),
            Input({"type": "forecast-publish", "number": ALL}, "n_clicks"),
        ],
        [State("forecast-week", "value"), State("language", "value")],
        prevent_initial_call=True,
    )
    def act(_: int, releases: list[int], publishes: list[int], week: str | None, language: str) -> Any:
        pressed = callback_context.triggered_id
        if pressed is None or not any(one["value"] for one in callback_context.triggered):
            return no_update, no_update, no_update, no_update
        words = Words(language)
        try:
            said = done(desk, pressed, week, words)
        except ForecallError as error:
            return fault(error), no_update, no_update, no_update
        told = html.Ul([html.Li(one) for one in said[1:]], className="note") if said[1:] else None
        return told, toast(said[0], words), [], desk.clock().isoformat()


def done(desk: Desk, pressed: Any, week: str | None, words: Words) -> list[str]:
    """Lock the chosen week, release a lock, or publish a version; what to say of it, then what to know about it."""
    kind = pressed["type"] if isinstance(pressed, dict) else "forecast-lock"
    with desk.change("plan") as change:
        if kind == "forecast-lock":
            first, last = span_of_week(week or "")
            lock(change.session, "locks")
            same = _unchanged(change, first, last)
            if same is not None:
                return [words("forecast_lock_held", week=_named(same, words))]
            made = lock_span(change.session, first=first, last=last, who=change.who, now=change.now)
            said = words(
                "forecast_lock_again" if made.goes_before else "forecast_lock_done",
                week=_named(made.lock, words),
            )
            return [
                said,
                *made.notes[: len(made.notes) - len(made.goes_before)],
            ]  # the last tell the same again
        number = int(pressed["number"])
        if kind == "forecast-release":
            held = release_lock(change.session, number, who=change.who, now=change.now)
            return [words("forecast_release_done", week=_named(held, words))]
        version = publish(change.session, number, who=change.who, now=change.now)
        return [words("forecast_publish_done", n=version.id)]


def _unchanged(change: Change, first: dt.date, last: dt.date) -> Lock | None:
    """The newest lock on these days, where it is of just them and all queues, and would be made the same again."""
    held = next(
        (
            one
            for one in list_locks(change.session, released=False)
            if one.first <= last and first <= one.last
        ),
        None,
    )
    source = newest_version(change.session)
    if held is None or (held.first, held.last, held.queues) != (first, last, ()):
        return None
    if source is None or source.id != held.source_id:
        return None
    start, end = (dt.datetime.combine(day, dt.time(), dt.UTC) for day in (first, last))
    edge = dt.timedelta(days=2)  # whatever the zones
    for one in load_overrides(change.session, start=start - edge, end=end + edge):
        ended = one.until is not None and held.created_at <= one.until <= change.now
        if one.created_at >= held.created_at or ended:
            return None
    return held
