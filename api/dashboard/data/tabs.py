"""A tab of the data page: what it shows, what its buttons do, and how they are wired. All tabs but Files are made so.

show   what stands there before anything is read      body      what is held, read anew after each change
press  what a button does -> Answer                    preview   what saving would do, while fields are filled in
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from dash import ALL, Input, Output, State, callback_context, dcc, html, no_update
from sqlalchemy.orm import Session

from api.dashboard.data.fields import button
from api.dashboard.data.parts import done
from api.dashboard.desk import Asked, Change, Desk
from api.dashboard.parts import notice, problem
from api.dashboard.words import Words
from forecast.errors import ForecallError, InputError
from store.settings import Settings

UNDO = "undo"
PICK = "picked"


@dataclass(frozen=True)
class View:
    """What a tab is looked at with. queue: the chosen one, '' for none; may: may it be changed; at: the tab's own choices.

    now: aware UTC; mark: of the database, two equal ones see the same, None where it cannot be told
    """

    settings: Settings
    words: Words
    now: dt.datetime
    queue: str = ""
    theme: str | None = None
    may: bool = False
    at: Mapping[str, Any] = field(default_factory=dict)
    mark: str | None = None

    @property
    def tz(self) -> str:
        """The company's zone."""
        return self.settings.company.timezone


@dataclass(frozen=True)
class Answer:
    """What a button leads to; what is None stays as it is.

    said: the line about it (children); form: what is filled in (children; [] closes it); at: further choices of the tab
    undo: what the button Undo of the line is handed, {} where there is nothing to undo
    """

    said: Any = None
    form: Any = None
    at: Mapping[str, Any] | None = None
    undo: Mapping[str, Any] | None = None
    changed: bool = False


class Tab(Protocol):
    """One tab. scope: what its changes ask for; with_queue: it is looked at for one queue."""

    name: str
    scope: str
    with_queue: bool

    def show(self, words: Words, asked: Asked, *, may: bool) -> list[Any]:
        """Before anything is read."""

    def body(self, session: Session, view: View) -> Any:
        """What is held."""

    def late(self, session: Session, view: View) -> Any:
        """What takes longer to find out; it comes after the rest, in a place of its own. None where there is no such thing."""

    def press(
        self, change: Change | Session, view: View, act: str, on: str, fields: Mapping[str, Any]
    ) -> Answer:
        """A button was pressed. `change` is a session alone where the act writes nothing."""

    def writes(self, act: str) -> bool:
        """Does this act change something?"""

    def preview(self, session: Session, view: View, fields: Mapping[str, Any]) -> Any:
        """What saving the fields would do."""

    def undo(self, change: Change, view: View, told: Mapping[str, Any]) -> Answer:
        """Take the last change back."""


def skeleton(name: str, inside: Sequence[Any]) -> list[Any]:
    """The places every tab has: the line about the last change, the form, the preview, what is held."""
    return [
        *inside,
        html.Div(id=f"data-{name}-said"),
        html.Div(
            [html.Div(id=f"data-{name}-form"), html.Div(id=f"data-{name}-preview", className="data-preview")],
            className="data-edit",
        ),
        html.Div(id=f"data-{name}-body", className="data-body"),
        html.Div(id=f"data-{name}-late", className="data-body"),
        dcc.Store(id=f"data-{name}-at"),
        dcc.Store(id=f"data-{name}-undo"),
        dcc.Store(id=f"data-{name}-picked"),
    ]


def said(title: str, text: str, words: Words, tab: str, *, undo: bool) -> Any:
    """A change that worked, with the way back."""
    tools = [button(tab, UNDO, words("data_undo"))] if undo else []
    return done(title, text, tools)


def changed_since(words: Words) -> InputError:
    """What cannot be undone: what is held is no longer what the change left."""
    return InputError(words("data_changed_since"), remedy=words("data_changed_since_do"), field="undo")


def register(desk: Desk, tab: Tab) -> None:
    """The callbacks of a tab."""
    app, name = desk.dash, tab.name
    looks = [Input("queue", "value"), Input("language", "value"), Input("theme", "data")]

    for place, reads in (("body", tab.body), ("late", tab.late)):
        _register_read(desk, tab, place, reads, looks)

    _register_press(desk, tab)
    filled = {"type": "data-field", "tab": name, "name": ALL}

    @app.callback(
        Output(f"data-{name}-preview", "children"),
        Input(filled, "value"),
        [State("queue", "value"), State("language", "value"), State(f"data-{name}-at", "data")],
    )
    def preview(_: Any, queue: str | None, language: str, at: Mapping[str, Any] | None) -> Any:
        fields = by_name(callback_context.inputs_list[0])
        if not fields:
            return None
        view = _view(desk, tab, language, queue, None, at)
        try:
            with desk.sessions() as session:
                return tab.preview(session, view, fields)
        except ForecallError as error:
            return html.P(str(error), className="data-doubt", role="status")


def _register_read(
    desk: Desk, tab: Tab, place: str, reads: Callable[[Session, View], Any], looks: Sequence[Input]
) -> None:
    """A part of a tab that only reads; what goes wrong is said in its place."""

    @desk.dash.callback(
        Output(f"data-{tab.name}-{place}", "children"), [Input(f"data-{tab.name}-at", "data"), *looks]
    )
    def read(at: Mapping[str, Any] | None, queue: str | None, language: str, theme: str | None) -> Any:
        view = _view(desk, tab, language, queue, theme, at)
        try:
            with desk.sessions() as session:
                return reads(session, view)
        except ForecallError as error:
            return problem(error, view.words)


def _register_press(desk: Desk, tab: Tab) -> None:
    """The buttons of a tab, and what was picked by its script."""
    app, name = desk.dash, tab.name

    @app.callback(
        [Output(f"data-{name}-said", "children"), Output(f"data-{name}-form", "children"),
         Output(f"data-{name}-at", "data"), Output(f"data-{name}-undo", "data")],
        [Input({"type": "data-act", "tab": name, "act": ALL, "on": ALL}, "n_clicks"), Input(f"data-{name}-picked", "data")],
        [State({"type": "data-field", "tab": name, "name": ALL}, "value"), State("queue", "value"),
         State("language", "value"), State("theme", "data"), State(f"data-{name}-at", "data"), State(f"data-{name}-undo", "data")],
        prevent_initial_call=True,
    )  # fmt: skip
    def press(
        _: Any, picked: Any, __: Any, queue: str | None, language: str, theme: str | None, at: Any, undo: Any
    ) -> Any:
        pressed = callback_context.triggered_id
        if not pressed or not callback_context.triggered[0]["value"]:
            return [no_update] * 4
        fields = by_name(callback_context.states_list[0])
        act, on = (pressed["act"], pressed["on"]) if isinstance(pressed, dict) else (PICK, str(picked["on"]))
        view = _view(desk, tab, language, queue, theme, at)
        try:
            answer = answered(desk, tab, view, act, on, fields, undo or {})
        except ForecallError as error:
            answer = Answer(said=notice(view.words("data_not_done"), str(error), kind="problem"))
        return _outputs(answer, view)


def answered(
    desk: Desk, tab: Tab, view: View, act: str, on: str, fields: Mapping[str, Any], undo: Mapping[str, Any]
) -> Answer:
    """Do what a button says: with a session that is committed where it changes something, and only for who may."""
    if act == UNDO:
        with desk.change(tab.scope) as change:
            return tab.undo(change, view, undo)
    if tab.writes(act):
        with desk.change(tab.scope) as change:
            return tab.press(change, view, act, on, fields)
    with desk.sessions() as session:
        return tab.press(session, view, act, on, fields)


def _outputs(answer: Answer, view: View) -> list[Any]:
    """said, form, at, undo in the order of the callback's outputs."""
    at: Any = no_update
    if answer.changed or answer.at is not None:
        count = int(view.at.get("changes", 0)) + 1
        at = {**view.at, **(answer.at or {}), "changes": count}
    return [
        no_update if answer.said is None else answer.said,
        no_update if answer.form is None else answer.form,
        at,
        no_update if answer.undo is None else dict(answer.undo),
    ]


def _view(
    desk: Desk, tab: Tab, language: str, queue: str | None, theme: str | None, at: Mapping[str, Any] | None
) -> View:
    may, mark = desk.may(tab.scope), desk.mark()
    return View(desk.settings, Words(language), desk.clock(), queue or "", theme, may, at or {}, mark)


def by_name(fields: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What stands in the fields of a form, by name."""
    return {one["id"]["name"]: one.get("value") for one in fields}
