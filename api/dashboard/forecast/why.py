"""Why this number? The parts of one coming bucket's mean as a waterfall, and the sentence that says them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any

import dash_mantine_components as dmc
import numpy as np
from dash import Dash, Input, Output, html
from sqlalchemy.orm import Session, sessionmaker

from api.dashboard.parts import aria, panel, with_code
from api.dashboard.words import Words, local
from forecast.buckets import Interval, floor, index, to_ns
from forecast.parts import PARTS, about, shown
from store.explanations import Explanation, load_explanations
from store.forecasts import list_versions
from store.queues import Queue, load_queues

Clock = Callable[[], dt.datetime]
MOST = 96  # buckets to choose from
LENGTHS = {"day": Interval.DAY, "week": Interval.WEEK}
LEAST = 0.05  # contacts: what rounds to nothing is left out
Filled = tuple[list[dict[str, str]], str | None, Any]


def why_panel(words: Words) -> Any:
    """The panel without its numbers."""
    choose = dmc.Select(
        id="why-bucket", data=[], allowDeselect=False, searchable=True, w=230, size="sm", maxDropdownHeight=320,
        **aria(label=words("why_bucket")),
    )  # fmt: skip
    return panel(words("why_title"), [html.Div(id="why")], note=words("why_note"), tools=[choose])


def register(app: Dash, sessions: sessionmaker[Session], clock: Clock) -> None:
    """The callback; what it does is in `fill`, which needs no browser."""
    outputs = [Output("why-bucket", "data"), Output("why-bucket", "value"), Output("why", "children")]
    choices = [("queue", "value"), ("step", "value"), ("language", "value"), ("why-bucket", "value")]

    @app.callback(outputs, [*(Input(*one) for one in choices), Input("tick", "n_intervals")])
    def why(queue: str, step: str, language: str, bucket: str | None, _: int) -> Filled:
        with sessions() as session:
            return fill(session, queue, step, bucket, Words(language), clock())


def fill(
    session: Session, name: str | None, step: str, bucket: str | None, words: Words, now: dt.datetime
) -> Filled:
    """Buckets to choose from, the one chosen, and its parts. bucket: the ISO 8601 start asked for; else the next open one."""
    queue = next((one for one in load_queues(session) if one.name == name), None)
    found = [] if queue is None else coming(session, queue, step, now)
    if queue is None or not found:
        return [], None, html.P(words("why_none"), className="note")
    chosen = next((one for one in found if one.start.isoformat() == bucket), found[0])
    data = [{"value": one.start.isoformat(), "label": _label(one, queue, step, words)} for one in found]
    return data, chosen.start.isoformat(), waterfall(chosen, queue, words)


def coming(session: Session, queue: Queue, step: str, now: dt.datetime) -> list[Explanation]:
    """The open buckets from now on, the running day or week among them; of data that ended long ago, from their end on."""
    length = LENGTHS.get(step)
    size = step if length is not None or step == "hour" else "interval"
    for moment in (now, _made_on(session)):
        if moment is None:
            continue
        begin = index(floor(np.array([to_ns(moment)], dtype=np.int64), length or queue.interval, queue.tz))[0]
        start = moment if length is None and queue.interval.slots > 1 else begin.to_pydatetime()
        found = load_explanations(session, queue.name, start=start, granularity=size, now=now)
        open_ = [one for one in found if one.mean > 0 or any((one.parts or {}).values())]
        if open_:
            return open_[:MOST]
    return []


def _made_on(session: Session) -> dt.datetime | None:
    return next((one.cutoff for one in list_versions(session) if one.published_at is not None), None)


def _label(one: Explanation, queue: Queue, step: str, words: Words) -> str:
    start = local(one.start, queue.tz)
    return words.day(start) if step in LENGTHS or queue.interval.slots == 1 else words.moment(start)


def waterfall(one: Explanation, queue: Queue, words: Words) -> Any:
    """The parts under each other, each bar beginning where the one before it ended; then their sum, and the sentence."""
    said = html.P(with_code(one.sentence(queue.tz, words.language)), className="note", id="why-sentence")
    if one.parts is None:
        return said
    numbers = shown(one.parts, one.mean)
    names = [name for name in PARTS if abs(numbers[name]) >= LEAST or name == "level"]
    ends = np.cumsum([numbers[name] for name in names])
    begins = np.concatenate([[0.0], ends[:-1]])
    low, high = min(0.0, float(ends.min())), max(float(ends.max()), LEAST)
    rows = []
    for name, begin, end in zip(names, begins.tolist(), ends.tolist(), strict=True):
        first = name in ("came", "level")
        told = about(name, one.facts, one.start, tz=queue.tz, language=words.language)
        value = words.number(numbers[name], 1, sign=not first)
        kind = "base" if first else "more" if end >= begin else "less"
        rows.append(_row(words(f"part_{name}"), told, value, _bar(begin, end, low, high), kind))
    total = words.number(numbers_sum(numbers), 1)
    rows.append(_row(words("why_total"), "", total, _bar(0.0, float(ends[-1]), low, high), "total"))
    return html.Div([html.Ul(rows, className="waterfall", id="why-parts"), said])


def numbers_sum(numbers: dict[str, float]) -> float:
    """The sum of rounded parts, without what adding in binary leaves."""
    return round(sum(numbers.values()), 1) + 0.0


def _bar(begin: float, end: float, low: float, high: float) -> tuple[float, float]:
    """Left and width in per cent of the track."""
    left, right = sorted((begin, end))
    return 100 * (left - low) / (high - low), max(100 * (right - left) / (high - low), 0.3)


def _row(label: str, told: str, value: str, bar: Sequence[float], kind: str) -> Any:
    inside = [html.Span(label)]
    if told:
        inside.append(html.Span(told, className="about"))
    place = {"left": f"{bar[0]:.2f}%", "width": f"{bar[1]:.2f}%"}
    return html.Li(
        [
            html.Span(inside, className="what"),
            html.Span(
                html.Span(className=f"bar {kind}", style=place), className="track", **aria(hidden="true")
            ),
            html.Span(value, className="value"),
        ],
        className=kind,
    )
