"""One line per queue: until when its contacts are in, what to do where something is missing, and how old the forecast is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from dash import dcc, html

from api.dashboard.parts import aria, with_code
from api.dashboard.words import Words, local
from forecast.buckets import from_ns
from forecast.data_arrival import Arrival
from store.forecast_versions import ForecastVersion
from store.queues import Queue

SHOWN = 6  # queues that stand there at once: those with something missing, always
ORDER = {"missing": 0, "gap": 0, "late": 1, "nothing": 2, "complete": 3}
DOTS = {"missing": "bad", "gap": "bad", "late": "late", "nothing": "none", "complete": "good"}
STALE_AFTER = dt.timedelta(days=1)


def lines(
    queues: Sequence[Queue], arrivals: Mapping[str, Arrival], words: Words, now: dt.datetime
) -> list[Any]:
    """What is missing first; queues that are complete are folded up where there are many."""
    ranked = sorted(queues, key=lambda one: (ORDER[arrivals[one.name].state], one.name))
    rows = [_line(queue, arrivals[queue.name], words, now) for queue in ranked]
    wrong = sum(arrivals[queue.name].state != "complete" for queue in queues)
    first = max(SHOWN, wrong) if len(rows) > SHOWN else len(rows)
    shown: list[Any] = [html.Ul(rows[:first], className="today-lines", id="today-lines")]
    if rows[first:]:
        said = words("today_more_complete", n=words.number(len(rows) - first))
        shown.append(html.Details([html.Summary(said), html.Ul(rows[first:], className="today-lines")], className="more"))  # fmt: skip
    return shown


def _line(queue: Queue, found: Arrival, words: Words, now: dt.datetime) -> Any:
    until = "" if found.until is None else _when(found.until, queue.tz, words, now)
    since = "" if found.missing is None else _when(found.missing, queue.tz, words, now)
    if found.state == "gap" and found.missing is not None:
        since = words.day(local(from_ns(found.missing), queue.tz))
    said = words(f"today_data_{found.state}", until=until, since=since)
    parts: list[Any] = [
        html.Span(className=f"dot {DOTS[found.state]}", **aria(hidden="true")),
        html.Span(queue.name, className="what", title=queue.name),
        html.Span(said, className=f"state {found.state}"),
    ]
    if found.state != "complete":
        do = dcc.Link(words(f"today_do_{found.state}"), href="/data")
        parts.append(html.Span(do, className="do-it"))
    return html.Li(parts)


def _when(ns: int, tz: str, words: Words, now: dt.datetime) -> str:
    """`10:30` today, `Thu 19 Nov 17:00` on any other day; midnight as the end of its day."""
    moment, today = local(from_ns(ns), tz), local(now, tz)
    return f"{moment:%H:%M}" if moment.date() == today.date() else words.moment(moment)


def forecast_age(version: ForecastVersion | None, tz: str, words: Words, now: dt.datetime) -> Any:
    """When the forecast in force was made, and what to do where that is long ago."""
    if version is None:
        return html.P(with_code(words("today_no_forecast")), className="note", id="today-made")
    made = words.moment(local(version.created_at, tz))
    said: list[Any] = [words("made_on"), " ", html.Strong(made), f" ({words.age(version.created_at, now)})"]
    if now - version.created_at > STALE_AFTER:
        said += [" ", html.Span(with_code(words("stale")), className="stale")]
    return html.P(said, className="note", id="today-made")
