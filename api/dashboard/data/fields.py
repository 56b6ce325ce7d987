"""Fields and buttons of the forms of the data page, found again by their tab and name."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import html

from api.dashboard.parts import aria
from api.dashboard.words import Words
from forecast.errors import InputError

WIDE = 230  # pixels


def button(tab: str, act: str, text: str, *, on: str = "", kind: str = "", label: str = "") -> Any:
    """A button of a tab. kind: primary, small or nothing; label: what it is called where its text alone does not tell."""
    said = aria(label=label) if label else {}
    return html.Button(
        text, id={"type": "data-act", "tab": tab, "act": act, "on": on}, n_clicks=0, type="button",
        className=f"button {kind}".strip(), **said,
    )  # fmt: skip


def text(
    tab: str, name: str, label: str, value: str = "", *, hint: str = "", wide: int = WIDE, **more: Any
) -> Any:
    """A line of text."""
    return dmc.TextInput(id=_id(tab, name), label=label, value=value, placeholder=hint, w=wide, **more)


def bare(tab: str, name: str, label: str, value: str, *, hint: str = "", wide: int | str = "100%") -> Any:
    """A line of text in a table, named for who hears it."""
    return dmc.TextInput(
        id=_id(tab, name),
        value=value,
        placeholder=hint,
        w=wide,
        size="xs",
        attributes={"input": aria(label=label)},
    )


def day(tab: str, name: str, label: str, value: dt.date | str | None = None, *, wide: int = 160) -> Any:
    """A local day; the page's script makes it the browser's own field for dates."""
    held = value.isoformat() if isinstance(value, dt.date) else value or ""
    return dmc.TextInput(
        id=_id(tab, name), label=label, value=held, placeholder="2026-12-31", w=wide, className="data-date"
    )


def number(tab: str, name: str, label: str, value: float | str = "", *, words: Words, **more: Any) -> Any:
    """A number, with the decimal mark of the language."""
    decimal, thousand = (",", ".") if words.language == "nl" else (".", ",")
    return dmc.NumberInput(
        id=_id(tab, name),
        label=label,
        value=value,
        decimalSeparator=decimal,
        thousandSeparator=thousand,
        hideControls=True,
        w=more.pop("w", 130),
        **more,
    )


def choice(
    tab: str,
    name: str,
    label: str,
    choices: Sequence[tuple[str, str]],
    value: str | None,
    *,
    wide: int = WIDE,
    **more: Any,
) -> Any:
    """One of several."""
    data = [{"value": key, "label": said} for key, said in choices]
    return dmc.Select(
        id=_id(tab, name), label=label, data=data, value=value, allowDeselect=False, w=wide,
        comboboxProps={"keepMounted": False}, **more,
    )  # fmt: skip


def area(tab: str, name: str, label: str, *, hint: str = "", rows: int = 4) -> Any:
    """Several lines of text."""
    return dmc.Textarea(
        id=_id(tab, name),
        label=label,
        value="",
        placeholder=hint,
        autosize=True,
        minRows=rows,
        maxRows=14,
        w="100%",
        maw=420,
    )


def hidden(tab: str, name: str, value: str) -> Any:
    """What goes along with the form without being asked."""
    return dmc.TextInput(id=_id(tab, name), value=value, style={"display": "none"})


def form(title: str, note: str, fields: Sequence[Any], buttons: Sequence[Any]) -> Any:
    """A form: what it is for, its fields, its buttons."""
    notes = [html.P(note, className="note")] if note else []
    return html.Section(
        [
            html.H2(title),
            *notes,
            html.Div(list(fields), className="data-fields"),
            html.Div(list(buttons), className="do"),
        ],
        className="panel data-form",
    )


def _id(tab: str, name: str) -> dict[str, str]:
    return {"type": "data-field", "tab": tab, "name": name}


def day_of(fields: Mapping[str, Any], name: str, words: Words) -> dt.date:
    """A day that was filled in; InputError where it is none, or outside 1970 to 2199."""
    found = maybe_day(fields, name, words)
    if found is None:
        raise InputError(words("data_day_missing"), remedy=words("data_day_remedy"), field=name)
    return found


def maybe_day(fields: Mapping[str, Any], name: str, words: Words) -> dt.date | None:
    """A day that may be left open."""
    said = str(fields.get(name) or "").strip()
    if not said:
        return None
    try:
        found = dt.date.fromisoformat(said)
    except ValueError:
        found = dt.date.min
    if not 1970 < found.year < 2199:
        raise InputError(words("data_day_wrong", day=said[:40]), remedy=words("data_day_remedy"), field=name)
    return found


def line_of(fields: Mapping[str, Any], name: str, *, most: int = 200) -> str:
    """A line of text without what cannot be seen."""
    said = str(fields.get(name) or "")
    return "".join(sign for sign in said if sign.isprintable()).strip()[:most]


def share_of(value: Any, words: Words) -> float:
    """Per cent as filled in -> a share; InputError for what is no number."""
    try:
        return float(str(value).replace(",", ".").replace("%", "").strip()) / 100
    except ValueError:
        raise InputError(
            words("data_share_wrong"), remedy=words("data_share_remedy"), field="share"
        ) from None
