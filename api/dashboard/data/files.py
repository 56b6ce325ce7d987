"""The tab Files: a file is dropped, looked at, corrected, loaded; and what was loaded can be taken away again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from dash import ALL, Input, Output, State, callback_context, dcc, html, no_update
from sqlalchemy.orm import Session, sessionmaker

from api.dashboard.data import check as data_check
from api.dashboard.data import held as data_held
from api.dashboard.data import parts as data_parts
from api.dashboard.desk import Clock, Desk
from api.dashboard.parts import notice, panel, problem
from api.dashboard.words import Words
from forecast.errors import ForecallError
from store.audit import record
from store.column_maps import forget_column_map
from store.settings import Settings
from store.uploads import list_uploads, remove_upload, restore_upload

SCOPE = "write"


def show(words: Words, *, may: bool) -> list[Any]:
    """The tab without what is held."""
    loading = [panel(words("data_load_title"), _load(words), note=words("data_load_note"), tools=[])]
    return [
        *(loading if may else [data_parts.read_only(words)]),
        html.Div(id="data-check"),
        html.Div(id="data-result"),
        dcc.Store(id="data-changed"),
        html.Div(id="data-complete"),
        html.Div(id="data-held"),
    ]


def _load(words: Words) -> list[Any]:
    zone = dcc.Upload(
        data_parts.drop_zone(words), id="data-file", multiple=False, className="drop-zone", className_active="drop-zone over",
        style={}, style_active={},
    )  # fmt: skip
    large = notice(
        words("data_too_large", n=data_check.MOST_BYTES // 2**20),
        words("data_too_large_text"),
        kind="problem",
    )
    most: dict[str, Any] = {"data-most": str(data_check.MOST_BYTES)}
    too_large = html.Div(large, id="data-too-large", style={"display": "none"}, **most)
    return [html.Div(data_parts.kind_choice(words), className="controls"), zone, too_large]


@dataclass(frozen=True)
class Files:
    """What the callbacks do with a file or an upload."""

    sessions: sessionmaker[Session]
    clock: Clock
    settings: Settings
    who: str = ""

    def check(self, given: Given, words: Words) -> Any:
        """The dry run of what was given."""
        if not given.contents:
            return None
        try:
            data = data_check.bytes_of(given.contents)
            with self.sessions() as session:
                file = data_check.Dropped(data, given.kind, given.name, given.reading)
                found = data_check.check(session, self.settings, file, self.clock())
        except ForecallError as error:
            return problem(error, words)
        return data_parts.checked(found, words)

    def load(self, given: Given, words: Words) -> Any:
        """Take the file in, and commit."""
        data = data_check.bytes_of(given.contents)
        kind = data_check.kind_of(data) if given.kind == data_check.AUTO else given.kind
        with self.sessions() as session:
            file = data_check.Dropped(data, kind, given.name, given.reading)
            made = data_check.take_in(session, self.settings, file, self.clock())
            if made.changed:
                subject = f"upload {made.upload_id or made.name}"
                self._note(
                    session, "upload.load", subject, {"kind": kind, "name": made.name, "rows": made.rows}
                )
            session.commit()
        return data_parts.loaded(made, words)

    def move(self, act: str, upload: int, words: Words) -> Any:
        """Take an upload away, or bring it back, and commit."""
        with self.sessions() as session:
            name = next((one.name for one in list_uploads(session) if one.id == upload), "")
            step = restore_upload if act == "restore" else remove_upload
            values = step(session, upload, now=self.clock())
            done = "upload.restore" if act == "restore" else "upload.remove"
            self._note(session, done, f"upload {upload}", {"changed": values})
            session.commit()
        changed = words.number(values)
        if act == "restore":
            return data_parts.done(words("data_restored", name=name), words("data_restored_text", n=changed))
        title = words("data_undone" if act == "undo" else "data_removed", name=name)
        return data_parts.done(title, words("data_removed_text", n=changed))

    def _note(self, session: Session, act: str, subject: str, body: Mapping[str, Any]) -> None:
        record(session, now=self.clock(), who=self.who, act=act, subject=subject, body=body)

    def forget(self, named: str, words: Words) -> Any:
        """Forget a remembered mapping, `kind/header`, and commit."""
        kind, _, header = named.partition("/")
        with self.sessions() as session:
            forget_column_map(session, kind, header)
            self._note(session, "column_map.forget", f"column_map {kind}", {"kind": kind, "header": header})
            session.commit()
        return data_parts.done(words("data_forgotten"), words("data_forgotten_text"))


@dataclass(frozen=True)
class Given:
    """What stands on the page: the file as the browser sends it, and what was said of it."""

    contents: str
    name: str
    kind: str
    answers: Mapping[str, Any]
    columns: Mapping[str, Any]

    @property
    def reading(self) -> Any:
        """The words of the planner on how to read it."""
        return data_check.reading_of(self.answers, self.columns)


def register(desk: Desk) -> None:
    """The callbacks; what they do is in `Files`, which needs no browser."""
    app, sessions, clock, settings = desk.dash, desk.sessions, desk.clock, desk.settings
    files = Files(sessions, clock, settings)
    said = {"type": "data-answer", "name": ALL}, {"type": "data-column", "name": ALL}

    @app.callback(
        [Output("data-check", "children"), Output("data-result", "children"), Output("data-file", "contents"),
         Output("data-changed", "data")],
        [Input("data-file", "contents"), Input("data-kind", "value"),
         Input({"type": "data-do", "act": ALL, "upload": ALL}, "n_clicks")],
        [State("data-file", "filename"), State("language", "value"), *(State(one, "value") for one in said)],
        prevent_initial_call=True,
    )  # fmt: skip
    def work(contents: str | None, kind: str, _: list[int], name: str | None, language: str, *__: Any) -> Any:
        answers, columns = (_by_name(fields) for fields in callback_context.states_list[2:])
        given = Given(contents or "", name or "upload", kind, answers, columns)
        words, pressed = Words(language), callback_context.triggered_id
        if not desk.may(SCOPE):
            return (
                no_update,
                notice(words("data_read_only"), words("data_refused"), kind="problem"),
                no_update,
                no_update,
            )
        if pressed in (
            "data-file",
            "data-kind",
        ):  # another file is read without what was said of the last one
            fresh = Given(given.contents, given.name, kind, {}, {})
            return files.check(fresh if pressed == "data-file" else given, words), None, no_update, no_update
        if not (pressed and callback_context.triggered[0]["value"]):
            return no_update, no_update, no_update, no_update
        caller = desk.caller()
        mine = replace(files, who="" if caller is None else caller.name)
        return _act(mine, pressed["act"], pressed["upload"], given, words, clock)

    when = [Input("data-changed", "data"), Input("language", "value")]

    @app.callback(Output("data-held", "children"), when)
    def held(_: Any, language: str) -> Any:
        with sessions() as session:
            return data_held.held(session, Words(language), settings.company.timezone, may=desk.may(SCOPE))

    @app.callback(Output("data-complete", "children"), when)
    def complete(_: Any, language: str) -> Any:
        with sessions() as session:
            return data_held.complete(session, settings, Words(language), clock(), desk.mark())


def _act(files: Files, act: str, upload: Any, given: Given, words: Words, clock: Clock) -> tuple[Any, ...]:
    """(check, result, contents, changed) after a button."""
    if act == "reset":
        return None, None, None, no_update
    if act == "again":
        return files.check(given, words), None, no_update, no_update
    try:
        if act == "load":
            result = files.load(given, words)
        else:
            result = files.forget(upload, words) if act == "forget" else files.move(act, upload, words)
    except ForecallError as error:
        return no_update, problem(error, words), no_update, no_update
    return (
        (None if act == "load" else no_update),
        result,
        (None if act == "load" else no_update),
        clock().isoformat(),
    )


def _by_name(fields: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What stands in fields of a name; where two fields ask the same, the one that is filled in."""
    found: dict[str, Any] = {}
    for one in fields:
        name = one["id"]["name"]
        found[name] = one.get("value") or found.get(name)
    return found
