"""A calendar (.ics) or a list of special days dropped on the calendar: what is in it, and taking it in."""

from __future__ import annotations

from typing import Any

from dash import Input, Output, State, callback_context, dcc, html, no_update

from api.dashboard.data import check as data_check
from api.dashboard.data.parts import done
from api.dashboard.desk import Desk
from api.dashboard.parts import notice, panel, with_code
from api.dashboard.words import Words
from forecast.errors import ForecallError, InputError

KIND = "special-days"
LISTED = 12


def drop(words: Words) -> list[Any]:
    """Where a file is dropped, and what is said of it."""
    inside = html.Div(
        [
            html.Span(words("data_ics_drop"), className="say"),
            html.Button(words("data_choose"), className="button", type="button", id="data-ics-choose"),
        ],
        className="drop",
    )
    zone = dcc.Upload(inside, id="data-ics", multiple=False, className="data-ics", style={}, style_active={})
    load = html.Button(
        words("data_load"),
        id="data-ics-load",
        n_clicks=0,
        type="button",
        className="button primary",
        style={"display": "none"},
    )
    said = html.Div(id="data-ics-said")
    return [panel(words("data_ics_title"), [zone, said, load], note=words("data_ics_note"))]


def register(desk: Desk) -> None:
    """The callback of the drop and of its button."""

    @desk.dash.callback(
        [Output("data-ics-said", "children"), Output("data-ics-load", "style"), Output("data-calendar-at", "data", allow_duplicate=True)],
        [Input("data-ics", "contents"), Input("data-ics-load", "n_clicks")],
        [State("data-ics", "filename"), State("language", "value"), State("data-calendar-at", "data")],
        prevent_initial_call=True,
    )  # fmt: skip
    def taken(
        contents: str | None, clicks: int, name: str | None, language: str, at: dict[str, Any] | None
    ) -> Any:
        words, hidden = Words(language), {"display": "none"}
        if not contents:
            return None, hidden, no_update
        load = callback_context.triggered_id == "data-ics-load" and bool(clicks)
        try:
            said = (
                loaded(desk, contents, name or "calendar", words)
                if load
                else looked(desk, contents, name or "calendar", words)
            )
        except ForecallError as error:
            return notice(words("data_cannot"), str(error), kind="problem"), hidden, no_update
        held = {**(at or {}), "changes": int((at or {}).get("changes", 0)) + 1}
        return said, hidden if load else {}, held if load else no_update


def looked(desk: Desk, contents: str, name: str, words: Words) -> Any:
    """What the file holds; nothing is kept. InputError where it cannot be read."""
    data = data_check.bytes_of(contents)
    with desk.sessions() as session:
        file = data_check.Dropped(data, KIND, name)
        found = data_check.check(session, desk.settings, file, desk.clock())
    if found.error is not None or found.imported is None:
        raise found.error or InputError("The file cannot be read.", remedy="Choose another.", field="file")
    told = [str(one) for one in (*found.imported.problems, *found.imported.warnings)]
    listed = [html.Ul([html.Li(with_code(one)) for one in told[:LISTED]], className="told")] if told else []
    title = words("data_ics_found", name=name, n=words.number(found.imported.rows))
    return html.Div([html.P(title, className="would"), *listed], role="status")


def loaded(desk: Desk, contents: str, name: str, words: Words) -> Any:
    """Take the file in; its days can be removed one by one, and that is said."""
    data = data_check.bytes_of(contents)
    with desk.change("plan") as change:
        file = data_check.Dropped(data, KIND, name)
        made = data_check.take_in(change.session, desk.settings, file, change.now)
        if made.changed:
            body = {"kind": KIND, "name": made.name, "rows": made.rows}
            change.note("upload.load", f"upload {made.upload_id or made.name}", body)
    return done(words("data_loaded", name=name), words("data_ics_loaded", n=words.number(made.rows)))
