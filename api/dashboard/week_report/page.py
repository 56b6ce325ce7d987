"""Page Week report: choose a week and queues, read it, take it along as PDF or Excel, or print it."""

from __future__ import annotations

import base64
import datetime as dt
from collections.abc import Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import Input, Output, State, callback_context, dcc, html
from sqlalchemy.orm import Session

from api.dashboard.desk import Asked, Desk
from api.dashboard.parts import notice, problem
from api.dashboard.week_report import view
from api.dashboard.words import Words
from forecast.buckets import zone
from forecast.errors import ForecallError
from forecast.reports.document import make_document
from forecast.reports.registry import LAYOUTS, file_name
from forecast.reports.tongue import Tongue
from store.locks import span_of_week
from store.queues import load_queues
from store.settings import Settings
from store.week_report import last_week, load_report

WEEKS = 52  # to choose from
FILES = ("pdf", "xlsx")


def show(desk: Desk, words: Words, asked: Asked) -> Any:
    """The page without its report: that comes with the first callback. asked: `week` and `queue` may name one."""
    with desk.sessions() as session:
        names = [queue.name for queue in load_queues(session)]
    tz = desk.settings.company.timezone
    mondays = weeks(desk.clock(), tz)
    named = {name_of(one): one for one in mondays}
    chosen = asked.get("week", "")
    return page(
        names,
        mondays,
        words,
        week=chosen if chosen in named else name_of(last_week(desk.clock(), tz)),
        queues=[one for one in [asked.get("queue", "")] if one in names],
    )


def page(
    names: Sequence[str], mondays: Sequence[dt.date], words: Words, *, week: str, queues: Sequence[str]
) -> Any:
    """The page of these queues and weeks (their Mondays, the latest first)."""
    choose = dmc.Select(
        id="week-report-week", label=words("week_report_week"), value=week, allowDeselect=False, searchable=True, w=270,
        data=[{"value": name_of(one), "label": label_of(one, words)} for one in mondays],
    )  # fmt: skip
    of = dmc.MultiSelect(
        id="week-report-queues", label=words("week_report_queues"), data=list(names), value=list(queues), searchable=True,
        clearable=True, placeholder=words("week_report_all"), w=360, maxDropdownHeight=420,
        clearButtonProps={"aria-label": words("week_report_clear")},
    )  # fmt: skip
    buttons = [
        html.Button(words(f"week_report_{kind}"), id=f"week-report-{kind}", n_clicks=0, className="button")
        for kind in FILES
    ]
    back = dcc.Link(words("accuracy_page"), href="/accuracy", className="week-report-back")
    return [
        html.Div(
            [html.H1(words("week_report_page")), html.Div([*buttons, back], className="tools")],
            className="heading",
        ),
        html.Div([choose, of], className="controls"),
        html.Div(id="week-report"),
        html.Div(id="week-report-problem"),
        dcc.Download(id="week-report-file"),
    ]


def weeks(now: dt.datetime, tz: str) -> list[dt.date]:
    """The Mondays of the week that runs and those before it, the latest first."""
    today = now.astimezone(zone(tz)).date()
    monday = today - dt.timedelta(days=today.weekday())
    return [monday - dt.timedelta(days=7 * back) for back in range(WEEKS)]


def name_of(monday: dt.date) -> str:
    """`2026-W11`."""
    year, number, _ = monday.isocalendar()
    return f"{year}-W{number:02d}"


def label_of(monday: dt.date, words: Words) -> str:
    """`2026-W11 · 9 Mar – 15 Mar`."""
    first, last = (
        words.date(dt.datetime.combine(day, dt.time())) for day in (monday, monday + dt.timedelta(days=6))
    )
    return f"{name_of(monday)} · {first} – {last}"


def register(desk: Desk) -> None:
    """The callbacks; what they do is in `shown` and `taken`, which need no browser."""
    app = desk.dash
    choices = [("week-report-week", "value"), ("week-report-queues", "value"), ("language", "value")]

    @app.callback(Output("week-report", "children"), [Input(*one) for one in choices])
    def looked(week: str, queues: list[str] | None, language: str) -> Any:
        with desk.sessions() as session:
            return shown(session, desk.settings, week, queues or [], Words(language), desk.clock())

    @app.callback(
        [Output("week-report-file", "data"), Output("week-report-problem", "children")],
        [Input(f"week-report-{kind}", "n_clicks") for kind in FILES],
        [State(*one) for one in choices],
        prevent_initial_call=True,
    )
    def saved(*asked: Any) -> tuple[Any, Any]:
        kind = str(callback_context.triggered_id or "").removeprefix("week-report-")
        week, queues, language = asked[len(FILES) :]
        if kind not in FILES or not any(asked[: len(FILES)]):
            return None, None
        words = Words(language)
        try:
            with desk.sessions() as session:
                return taken(session, desk.settings, kind, week, queues or [], words, desk.clock()), None
        except ForecallError as error:
            return None, problem(error, words)


def shown(
    session: Session, settings: Settings, week: str, queues: Sequence[str], words: Words, now: dt.datetime
) -> list[Any]:
    """The report of a week, or what kept it from being shown."""
    try:
        if not load_queues(session):
            return [notice(words("empty_data"), words("empty_data_text"))]
        monday = span_of_week(week)[0]
        report = load_report(session, settings, monday=monday, queues=queues, now=now)
    except ForecallError as error:
        return [problem(error, words)]
    found = view.report(make_document(report, Tongue(words.language)))
    if report.whole.plan.contacts is None and report.whole.days:
        return [notice(words("week_report_no_plan"), words("week_report_no_plan_text")), *found]
    return found


def taken(
    session: Session,
    settings: Settings,
    kind: str,
    week: str,
    queues: Sequence[str],
    words: Words,
    now: dt.datetime,
) -> dict[str, Any]:
    """The report as a file that `dcc.Download` saves. kind: pdf or xlsx."""
    report = load_report(session, settings, monday=span_of_week(week)[0], queues=queues, now=now)
    layout = LAYOUTS[kind]
    content = base64.b64encode(layout.write(report, Tongue(words.language))).decode()
    return {
        "content": content,
        "filename": file_name(report, layout),
        "type": layout.media_type,
        "base64": True,
    }
