"""Page Staffing."""

from __future__ import annotations

from typing import Any

from dash import html

from api.dashboard.desk import Asked, Desk
from api.dashboard.words import Words


def show(desk: Desk, words: Words, asked: Asked) -> Any:
    """The page without its numbers."""
    return [html.Div(html.H1(words("staffing_page")), className="heading")]


def register(desk: Desk) -> None:
    """The callbacks."""
