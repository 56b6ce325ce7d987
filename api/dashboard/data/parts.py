"""Pieces of the data page: what was found in a file, what it leaves open, what became of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import html

from api.dashboard.data.check import AUTO, MOST_BYTES, Checked, kinds
from api.dashboard.data.seen import facts, preview_grid, preview_of, queue_table
from api.dashboard.parts import aria, notice, with_code
from api.dashboard.words import Words
from forecast.contacts.reading import Reading
from forecast.errors import AmbiguousDates, InputError
from store.imports.imported import Imported

LISTED = 20
COLUMNS = (
    "queue", "interval_start", "date", "time", "offered", "handled", "abandoned", "aht_seconds", "channel", "topic",
)  # fmt: skip
NEEDED = ("queue", "interval_start", "date", "time", "offered")
INTERVALS = ("15min", "30min", "1h", "1d")


def drop_zone(words: Words) -> Any:
    """Inside of the zone: what to do, a button for who does not drag, and what may come."""
    return html.Div(
        [
            html.Span(className="drop-icon", **aria(hidden="true")),
            html.Span(words("data_drop"), className="say"),
            html.Button(words("data_choose"), className="button", type="button", id="data-choose"),
            html.Span(with_code(words("data_limits", n=MOST_BYTES // 2**20)), className="limits"),
        ],
        className="drop",
    )


def kind_name(kind: str, words: Words) -> str:
    """A kind of file as it is said."""
    return words(f"kind_{kind}") if words.has(f"kind_{kind}") else kind


def kind_choice(words: Words) -> Any:
    """What is in the file: found out, or said."""
    data = [{"value": AUTO, "label": words("data_kind_auto")}]
    data += [{"value": kind, "label": kind_name(kind, words)} for kind in kinds()]
    return dmc.Select(
        id="data-kind", label=words("data_kind"), data=data, value=AUTO, allowDeselect=False, w=290
    )


def act(name: str, text: str, *, primary: bool = False, upload: int | str = 0, label: str = "") -> Any:
    """A button that does something with the file at hand, or with an upload."""
    said = aria(label=label) if label else {}
    return html.Button(
        text, id={"type": "data-do", "act": name, "upload": upload}, n_clicks=0, type="button",
        className="button primary" if primary else "button", **said,
    )  # fmt: skip


def checked(found: Checked, words: Words) -> Any:
    """The dry run: what is in it, what was assumed, what is left out, what is asked, and the buttons."""
    title = html.H2(words("data_check_title", name=found.name))
    if found.error is not None:
        return html.Section([title, *_cannot(found, found.error, words)], className="panel", id="data-found")
    imported = found.imported
    inside: list[Any] = [title]
    if imported is not None:
        inside += [
            html.P(would(imported, words), className="would", id="data-would"),
            facts(found, kind_name(found.kind, words), words),
            *queue_table(imported, words),
            *_told("data_problems", imported.problems, words),
            *_told("data_warnings", imported.warnings, words),
            *preview_grid(imported, words),
            _more(found, words),
            html.Div(
                [
                    act("load", words("data_load_rows", rows=words.number(imported.rows)), primary=True),
                    act("reset", words("data_other_file")),
                ],
                className="do",
            ),
        ]
    return html.Section(inside, className="panel", id="data-found")


def would(imported: Imported, words: Words) -> str:
    """What loading would do, in a sentence."""
    rows = words.number(imported.rows)
    if imported.rows and not imported.changed:
        return words("data_would_none", rows=rows)
    if imported.problems:
        return words("data_would_left", rows=rows, n=words.number(len(imported.problems)))
    return words("data_would", rows=rows)


def _told(key: str, said: Sequence[object], words: Words) -> list[Any]:
    if not said:
        return []
    items = [html.Li(with_code(str(one))) for one in said[:LISTED]]
    more = [html.P(words("data_problems_more", n=words.number(len(said) - LISTED)), className="note")]
    listed = html.Ul(items, className="told", id=key.replace("_", "-"))
    return [html.H3(words(key), className="sub"), listed, *(more if len(said) > LISTED else [])]


def _cannot(found: Checked, error: InputError, words: Words) -> list[Any]:
    """Why not, and where an answer helps: the question, to be answered here."""
    again = html.Div(
        [act("again", words("data_again"), primary=True), act("reset", words("data_other_file"))],
        className="do",
    )
    if isinstance(error, AmbiguousDates):
        fields = [_date_order(found.reading, words, asked=True)]
        return [
            _ask(words("data_ask_date_order"), words("data_ask_date_order_text"), fields),
            _more(found, words, without="date_order"),
            again,
        ]
    if found.headers and error.field in COLUMNS:
        fields = [*_columns(found, words, NEEDED), _text("queue", found.reading.queue, words)]
        shown = ", ".join(found.headers[:12]) + (" …" if len(found.headers) > 12 else "")
        said = words("data_ask_columns_text", columns=shown)
        return [_ask(words("data_ask_columns"), said, fields, note=words("data_columns_note")), again]
    fault = html.Div(
        [html.H3(words("data_cannot")), html.P(with_code(str(error)))], className="fault", role="alert"
    )
    if found.headers:
        return [fault, _more(found, words, opened=True), again]
    return [fault, html.Div(act("reset", words("data_other_file")), className="do")]


def _ask(title: str, text: str, fields: Sequence[Any], *, note: str = "") -> Any:
    notes = [html.P(note, className="note")] if note else []
    said = html.P(text, className="note", role="alert")
    return html.Div(
        [html.H3(title), said, *notes, html.Div(list(fields), className="fields")], className="ask"
    )


def _more(found: Checked, words: Words, *, without: str = "", opened: bool = False) -> Any:
    """Everything that can be said of how to read a file, folded away; said things open it."""
    reading = found.reading
    fields = [] if without == "date_order" else [_date_order(reading, words)]
    fields += [
        _select("interval", [(one, words(f"interval_{one}")) for one in INTERVALS], reading.interval, words),
        _select(
            "decimal", [(".", words("decimal_point")), (",", words("decimal_comma"))], reading.decimal, words
        ),
        _text("timezone", reading.timezone, words),
    ]
    inside = [html.Summary(words("data_more")), html.Div(fields, className="fields")]
    if found.kind == "volumes":
        inside[1].children += [_text("sheet", reading.sheet, words), _text("queue", reading.queue, words)]
        inside += [
            html.P(words("data_columns_note"), className="note"),
            html.Div(_columns(found, words, COLUMNS), className="fields"),
        ]
    inside += [] if found.error else [html.Div(act("again", words("data_again")), className="fields")]
    return html.Details(inside, className="more", open=opened or reading != Reading())


def _date_order(reading: Reading, words: Words, *, asked: bool = False) -> Any:
    choices = [(one, words(f"order_{one}")) for one in ("dmy", "mdy")]
    return _select(
        "date_order",
        choices,
        reading.date_order,
        words,
        empty="data_choose_here" if asked else "data_by_itself",
    )


def _select(
    name: str,
    choices: Sequence[tuple[str, str]],
    value: str | None,
    words: Words,
    *,
    empty: str = "data_by_itself",
) -> Any:
    data = [{"value": key, "label": text} for key, text in choices]
    return dmc.Select(
        id={"type": "data-answer", "name": name}, label=words(f"data_answer_{name}"), data=data, value=value,
        placeholder=words(empty), clearable=True, w=230,
    )  # fmt: skip


def _text(name: str, value: str | None, words: Words) -> Any:
    return dmc.TextInput(
        id={"type": "data-answer", "name": name}, label=words(f"data_answer_{name}"), value=value or "",
        placeholder=words("data_by_itself"), w=230,
    )  # fmt: skip


def _columns(found: Checked, words: Words, names: Sequence[str]) -> list[Any]:
    """One choice per needed column, filled with the file's own header; what was found stands there."""
    headers = list(dict.fromkeys(one for one in found.headers if one))
    given: Mapping[str, str] = found.reading.columns
    seen = preview_of(found.imported) if found.imported else None
    by_name = seen.columns if seen else {}
    return [
        dmc.Select(
            id={"type": "data-column", "name": name}, label=words(f"column_{name}"), data=headers,
            value=given.get(name), placeholder=by_name.get(name, "–"), clearable=True, searchable=True, w=230,
        )
        for name in names
    ]  # fmt: skip


def loaded(imported: Imported, words: Words) -> Any:
    """What changed, and the way back."""
    rows, changed = words.number(imported.rows), words.number(imported.changed)
    text = (
        words("data_loaded_text", rows=rows, changed=changed)
        if imported.changed
        else words("data_loaded_same", rows=rows)
    )
    undo = [act("undo", words("data_undo"), upload=imported.upload_id)] if imported.upload_id else []
    return done(words("data_loaded", name=imported.name), text, undo)


def done(title: str, text: str, tools: Sequence[Any] = ()) -> Any:
    """A thing that worked."""
    return html.Div([html.Div([html.H3(title), html.P(text)]), *tools], className="done", role="status")


def read_only(words: Words) -> Any:
    """Who may only look is told what is needed to load."""
    told = notice(words("data_read_only"), words("data_read_only_text"))
    told.children.append(html.A(words("data_sign_in"), href="/sign-in?next=/data", className="button"))
    return told
