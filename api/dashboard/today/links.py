"""Where the start page leads to: addresses of other pages with a queue in them."""

from __future__ import annotations

from urllib.parse import urlencode


def to(path: str, **asked: str) -> str:
    """`/forecast?queue=phone&day=tomorrow`; what is empty is left out."""
    given = {name: value for name, value in asked.items() if value}
    return f"{path}?{urlencode(given)}" if given else path


def forecast_link(queue: str, day: str) -> str:
    """The forecast of a queue on a day: `tomorrow` or 2026-03-11."""
    return to("/forecast", queue=queue, day=day)
