"""Pieces both pages are made of."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import html

from api.dashboard.words import Words
from forecast.errors import ForecallError

CODE = re.compile(r"`([^`]+)`")


def aria(**names: str) -> dict[str, Any]:
    """Attributes for who hears the page: aria(label="Queue")."""
    return {f"aria-{name}": value for name, value in names.items()}


def with_code(text: str) -> list[Any]:
    """A text in which `commands` stand as code."""
    return [html.Code(part) if place % 2 else part for place, part in enumerate(CODE.split(text)) if part]


def notice(title: str, text: str, *, kind: str = "info") -> Any:
    """A sentence the page opens with: what is missing or wrong, and what to do. kind: info or problem."""
    inside = [html.H2(title), html.P(with_code(text))] if text else [html.H2(title)]
    return html.Div(inside, className=f"notice {kind}", role="alert" if kind == "problem" else "status")


def problem(error: Exception, words: Words) -> Any:
    """Errors with a sentence say it; any other has its own text, without insides."""
    if isinstance(error, ForecallError):
        return notice(words("problem"), str(error), kind="problem")
    return notice(words("problem"), words("problem_unknown"), kind="problem")


def card(title: str, inside: Sequence[Any], *, tone: str = "") -> Any:
    """A box with a heading; tone: '', good, warn or quiet."""
    return html.Section([html.H2(title), *inside], className=f"card {tone}".strip())


def panel(title: str, inside: Sequence[Any], *, note: str = "", tools: Sequence[Any] = ()) -> Any:
    """A wide box: heading and tools in one line, a note below them."""
    head = html.Div([html.H2(title), html.Div(list(tools), className="tools")], className="panel-head")
    said = [html.P(with_code(note), className="note")] if note else []
    return html.Section([head, *said, *inside], className="panel")


def segments(name: str, label: str, choices: Sequence[tuple[str, str]], value: str) -> Any:
    """A row of choices of which one is pressed, kept for the next visit."""
    control = dmc.SegmentedControl(
        id=name,
        data=[{"value": key, "label": text} for key, text in choices],
        value=value,
        persistence=True,
        persistence_type="local",
        size="sm",
        radius="md",
        withItemsBorders=False,
        transitionDuration=0,
    )
    return html.Div(
        [html.Span(label, className="field-label"), control],
        role="group",
        className="field",
        **aria(label=label),
    )


def legend(entries: Sequence[tuple[str, str]], label: str) -> Any:
    """(class of the swatch, text)[n] -> a list beside a chart."""
    items = [
        html.Li([html.Span(className=f"swatch {kind}", **aria(hidden="true")), text])
        for kind, text in entries
    ]
    return html.Ul(items, className="legend", **aria(label=label))
