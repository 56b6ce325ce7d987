"""The shell around the pages: header, language, theme, and where the current page goes."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

import dash_mantine_components as dmc
from dash import ClientsideFunction, Dash, Input, Output, State, callback_context, dcc, html, set_props

from api.dashboard.account import account
from api.dashboard.desk import Desk
from api.dashboard.pages import PAGES, page_at
from api.dashboard.parts import aria, problem
from api.dashboard.words import Words, language_of
from forecast.errors import ForecallError

THEME = {
    "fontFamily": "Inter, system-ui, -apple-system, 'Segoe UI', sans-serif",
    "primaryColor": "blue",
    "primaryShade": {"light": 8, "dark": 5},
    "defaultRadius": "md",
    "cursorType": "pointer",
}
INDEX = """<!DOCTYPE html>
<html lang="en">
  <head>
    {%metas%}
    <title>{%title%}</title>
    {%favicon%}
    {%css%}
  </head>
  <body>
    {%app_entry%}
    <footer>{%config%}{%scripts%}{%renderer%}</footer>
  </body>
</html>"""


def shell(app: Dash) -> Any:
    """The layout, with the browser's own language where we have it."""
    request = app.backend.request_adapter()
    language = language_of(request.headers.get("accept-language", ""))
    languages = dmc.SegmentedControl(
        id="language", data=[{"value": "en", "label": "EN"}, {"value": "nl", "label": "NL"}], value=language,
        persistence=True, persistence_type="local", size="xs", withItemsBorders=False, transitionDuration=0,
    )  # fmt: skip
    theme = html.Button(html.Span(className="theme-icon", **aria(hidden="true")), id="theme-button", n_clicks=0,
                        className="icon-button", **aria(label=Words(language)("theme")))  # fmt: skip
    header = html.Header(
        [
            dcc.Link(
                [html.Span(className="mark", **aria(hidden="true")), "Forecall"], href="/", className="brand"
            ),
            html.Nav(id="nav", **aria(label=Words(language)("pages"))),
            html.Div(
                [
                    html.Div(languages, role="group", **aria(label="Language / Taal")),
                    theme,
                    html.Div(id="account-place"),
                ],
                className="header-tools",
            ),
        ],
        className="header",
    )
    main = html.Main([html.Div(id="problem"), html.Div(id="page")], id="main", tabIndex="-1")
    skip = html.A(Words(language)("skip"), href="#main", className="skip", id="skip")
    stores = [dcc.Location(id="where"), dcc.Store(id="theme", storage_type="local"), dcc.Store(id="said")]
    return dmc.MantineProvider(
        [*stores, skip, header, main], id="mantine", theme=THEME, forceColorScheme="light"
    )


def register(desk: Desk) -> None:
    """Which page, in which language, in which theme."""
    app = desk.dash

    @app.callback(
        [
            Output("page", "children"),
            Output("nav", "children"),
            Output("skip", "children"),
            Output("account-place", "children"),
            Output("problem", "children"),
        ],
        [Input("where", "pathname"), Input("where", "search"), Input("language", "value")],
    )
    def turn(path: str, search: str | None, language: str) -> tuple[Any, ...]:
        words = Words(language)
        return (
            turned(desk, path, search or "", words),
            links(path, words),
            words("skip"),
            account(desk.caller(), words),
            None,
        )

    app.clientside_callback(  # type: ignore[no-untyped-call]
        ClientsideFunction("forecall", "theme"),
        [
            Output("theme", "data"),
            Output("mantine", "forceColorScheme"),
            Output("theme-button", "data-theme"),
        ],
        Input("theme-button", "n_clicks"),
        State("theme", "data"),
    )
    app.clientside_callback(  # type: ignore[no-untyped-call]
        ClientsideFunction("forecall", "language"), Output("said", "data"), Input("language", "value")
    )


def turned(desk: Desk, path: str, search: str, words: Words) -> Any:
    """The page of a path, or what kept it from being shown. search: `?queue=phone`."""
    try:
        return page_at(path).show(desk, words, dict(parse_qsl(search.removeprefix("?"))))
    except ForecallError as error:
        return problem(error, words)


def links(path: str, words: Words) -> list[Any]:
    """The navigation, the current page marked."""
    current = page_at(path).path
    return [
        dcc.Link(
            words(page.key),
            href=page.path,
            className="nav-link current" if page.path == current else "nav-link",
        )
        for page in PAGES
        if page.listed
    ]


def on_error(error: Exception) -> None:
    """What a callback could not do is said on the page; the rest of the page stays."""
    language = (callback_context.args_grouping and _language()) or "en"
    set_props("problem", {"children": problem(error, Words(language))})


def _language() -> str | None:
    values = {**callback_context.inputs, **callback_context.states}
    found = values.get("language.value")
    return found if found in ("en", "nl") else None
