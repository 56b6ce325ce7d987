"""The day-start sheet by mail: its text to copy, or handed to the mail program with the recipients that were typed."""

from __future__ import annotations

import datetime as dt
from typing import Any

import dash_mantine_components as dmc
from dash import ClientsideFunction, Input, Output, State, dcc, html, no_update
from sqlalchemy.orm import Session

from api.dashboard.desk import Desk
from api.dashboard.parts import aria, panel, problem
from api.dashboard.today import sheet
from api.dashboard.today.links import to
from api.dashboard.words import Words
from forecast.errors import ForecallError
from store.settings import Settings

MOST = 20_000  # characters of the text; a mail program is handed fewer (page-today.js)


def send_panel(words: Words) -> Any:
    """The panel: which day, who, and the buttons."""
    days = [("today", words("today_sheet_today")), ("tomorrow", words("today_sheet_tomorrow"))]
    day = dmc.SegmentedControl(
        id="today-sheet-day", data=[{"value": key, "label": text} for key, text in days], value="today",
        size="sm", radius="md", withItemsBorders=False, transitionDuration=0,
    )  # fmt: skip
    which = html.Div([html.Span(words("today_sheet_day"), className="field-label"), day], role="group", className="field",
                     **aria(label=words("today_sheet_day")))  # fmt: skip
    who = dmc.TextInput(id="today-recipients", label=words("today_recipients"), placeholder="teamleads@example.org",
                        persistence=True, persistence_type="local", w=340)  # fmt: skip
    read = html.Button(words("today_sheet_text"), id="today-read", n_clicks=0, className="button primary")
    sheet_link = html.A(words("today_sheet_print"), id="today-print", target="_blank", className="button",
                        href=to(sheet.PATH, language=words.language))  # fmt: skip
    fields = html.Div([which, who, read, sheet_link], className="today-send-fields")
    return panel(
        words("today_sheet"), [fields, html.Div(id="today-text-box")], note=words("today_sheet_note")
    )


def register(desk: Desk) -> None:
    """The text comes when it is asked for; copying and the mail program are the browser's."""
    app = desk.dash

    @app.callback(
        Output("today-text-box", "children"),
        Input("today-read", "n_clicks"),
        [State("today-sheet-day", "value"), State("language", "value")],
        prevent_initial_call=True,
    )
    def read(clicks: int, day: str, language: str) -> Any:
        if not clicks:
            return no_update
        with desk.sessions() as session:
            return text_box(session, desk.settings, day, Words(language), desk.clock())

    @app.callback(
        Output("today-print", "href"), [Input("today-sheet-day", "value"), Input("language", "value")]
    )
    def address(day: str, language: str) -> str:
        return to(sheet.PATH, language=language, date=day)

    app.clientside_callback(  # type: ignore[no-untyped-call]
        ClientsideFunction("forecall_today", "mail"), Output("today-mail", "href"),
        [Input("today-sheet-text", "value"), Input("today-recipients", "value")],
        State("today-subject", "data"),
    )  # fmt: skip
    app.clientside_callback(  # type: ignore[no-untyped-call]
        ClientsideFunction("forecall_today", "copy"), Output("today-copied", "children"),
        Input("today-copy", "n_clicks"), State("today-sheet-text", "value"), State("today-copy", "title"),
        prevent_initial_call=True,
    )  # fmt: skip


def text_box(session: Session, settings: Settings, day: str, words: Words, now: dt.datetime) -> Any:
    """The text of the sheet with what can be done with it; an error in its place."""
    try:
        found = sheet.read(session, settings, day, now)
    except ForecallError as error:
        return problem(error, words)
    text = sheet.plain(found, words)[:MOST]
    area = dcc.Textarea(id="today-sheet-text", value=text, readOnly=True, className="today-text",
                        title=words("today_sheet_text_label"))  # fmt: skip
    copy = html.Button(
        words("today_copy"), id="today-copy", n_clicks=0, className="button", title=words("today_copied")
    )
    mail = html.A(words("today_mail"), id="today-mail", href="mailto:", className="button")
    said = html.Span(id="today-copied", className="line", role="status")
    subject = dcc.Store(id="today-subject", data=sheet.heading_of(found, words))
    return [area, html.Div([copy, mail, said], className="today-send-fields"), subject]
