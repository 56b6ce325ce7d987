"""Why this number? The parts of one bucket as a waterfall that adds up to the number shown, and the sentence that says them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import dash_mantine_components as dmc
import numpy as np
from dash import Input, Output, callback_context, dcc, html
from sqlalchemy.orm import Session

from api.dashboard.desk import Desk
from api.dashboard.forecast.adjusting import moment_of
from api.dashboard.forecast.choice import QUEUE, Choice
from api.dashboard.parts import aria, panel, with_code
from api.dashboard.queries import series_name
from api.dashboard.words import Words, local
from forecast.buckets import Interval, floor, index, to_ns
from forecast.parts import PARTS, about, shown
from store.adjusted import load_adjusted
from store.explanations import Explanation, load_explanations
from store.forecasts import list_versions
from store.queues import Queue, load_queues

MOST = 96  # buckets to choose from
LENGTHS = {"day": Interval.DAY, "week": Interval.WEEK, "month": Interval.MONTH}
LEAST = 0.05  # contacts: what rounds to nothing is left out
WHOLE_FROM = 10.0  # contacts from which a number is shown without decimals
MOMENT = dt.timedelta(microseconds=1)
Filled = tuple[list[dict[str, str]], str | None, Any]


def why_panel(words: Words) -> Any:
    """The panel without its numbers."""
    choose = dmc.Select(
        id="why-bucket", data=[], allowDeselect=False, searchable=True, w=200, size="sm", maxDropdownHeight=320,
        **aria(label=words("why_bucket")),
    )  # fmt: skip
    inside = [dcc.Store(id="forecast-chosen"), html.Div(id="why", **aria(live="polite"))]
    return panel(words("why_title"), inside, note=words("why_note"), tools=[choose])


def register(desk: Desk) -> None:
    """The callback; what it does is in `fill`, which needs no browser."""
    outputs = [Output("why-bucket", "data"), Output("why-bucket", "value"), Output("why", "children")]
    names = [
        ("forecast-shown", "data"),
        ("language", "value"),
        ("why-bucket", "value"),
        ("forecast-chosen", "data"),
    ]

    @desk.dash.callback(outputs, [Input(*one) for one in names])
    def why(shown: Any, language: str, bucket: str | None, chosen: Any) -> Filled:
        words, table, told = Words(language), shown or {}, chosen or {}
        choice = Choice.kept(table.get("choice"))
        if choice is None or choice.scope != QUEUE:
            return [], None, html.P(words("forecast_why_one"), className="note")
        pressed = any(one["prop_id"].startswith("forecast-chosen") for one in callback_context.triggered)
        step = str(told.get("step") or table["step"])  # of the chart's point, else of the table's rows
        start = told.get("start") if pressed else bucket
        places = table["places"] if step == table["step"] else None
        with desk.sessions() as session:
            return fill(
                session, choice.queue, step, start or bucket, words, desk.clock(), reason=choice.reason, places=places
            )  # fmt: skip


def fill(
    session: Session,
    name: str | None,
    step: str,
    bucket: str | None,
    words: Words,
    now: dt.datetime,
    *,
    reason: str = "",
    places: int | None = None,
) -> Filled:
    """Buckets to choose from, the one chosen, and its parts.

    name: of the queue, None for the first; bucket: the ISO 8601 start asked for; else the next open one
    places: decimals of the table, None where it has no such buckets
    """
    queue = next((one for one in load_queues(session) if name is None or one.name == name), None)
    found = [] if queue is None else coming(session, queue, step, now, reason)
    moment = moment_of(bucket)
    one = next((each for each in found if each.start == moment), None)
    if one is None and queue is not None and moment is not None:
        one = _at(session, series_name(queue, reason), step, moment, now)
        found = found if one is None else [one, *found]
    if queue is None or not found:
        return [], None, html.P(words("why_none"), className="note")
    one = one or found[0]
    data = [{"value": each.start.isoformat(), "label": _label(each, queue, step, words)} for each in found]
    middle = _middle(session, queue, reason, step, one, now, places)
    title = html.P([html.Strong(_label(one, queue, step, words))], className="forecast-why-of")
    return data, one.start.isoformat(), html.Div([title, waterfall(one, queue, words, middle)])


def _size(step: str) -> str:
    return step if step in LENGTHS or step == "hour" else "interval"


def _at(
    session: Session, series: str, step: str, moment: dt.datetime, now: dt.datetime
) -> Explanation | None:
    """The bucket that starts then, also one that is over."""
    found = load_explanations(
        session, series, start=moment, end=moment + MOMENT, granularity=_size(step), now=now
    )
    return found[0] if found else None


def _middle(
    session: Session,
    queue: Queue,
    reason: str,
    step: str,
    one: Explanation,
    now: dt.datetime,
    places: int | None,
) -> float | None:
    """The number the table shows of a bucket: the middle of what is expected, rounded."""
    rows = load_adjusted(
        session, series=[series_name(queue, reason)], start=one.start, end=one.start + MOMENT,
        granularity=_size(step), now=now,
    )  # fmt: skip
    if rows.empty or np.isnan(rows["0.5"].iloc[0]):
        return None
    value = float(rows["0.5"].iloc[0])
    return round(value, places if places is not None else 0 if value >= WHOLE_FROM else 1)


def coming(
    session: Session, queue: Queue, step: str, now: dt.datetime, reason: str = ""
) -> list[Explanation]:
    """The open buckets from now on, the running day or week among them; of data that ended long ago, from their end on."""
    length = LENGTHS.get(step)
    for moment in (now, _made_on(session)):
        if moment is None:
            continue
        begin = index(floor(np.array([to_ns(moment)], dtype=np.int64), length or queue.interval, queue.tz))[0]
        start = moment if length is None and queue.interval.slots > 1 else begin.to_pydatetime()
        stop = None if length is not None else start + dt.timedelta(days=8)
        found = load_explanations(
            session, series_name(queue, reason), start=start, end=stop, granularity=_size(step), now=now
        )
        open_ = [one for one in found if one.mean > 0 or any((one.parts or {}).values())]
        if open_:
            return open_[:MOST]
    return []


def _made_on(session: Session) -> dt.datetime | None:
    return next((one.cutoff for one in list_versions(session) if one.published_at is not None), None)


def _label(one: Explanation, queue: Queue, step: str, words: Words) -> str:
    start = local(one.start, queue.tz)
    if step == "month":
        return f"{words.date(start).split()[1]} {start.year}"
    return words.day(start) if step in LENGTHS or queue.interval.slots == 1 else words.moment(start)


def waterfall(one: Explanation, queue: Queue, words: Words, middle: float | None = None) -> Any:
    """The parts under each other, each bar beginning where the one before it ended; then their sum, and the sentence.

    middle: the number shown, which the last part brings the sum to; None: the sum is the mean
    """
    said = html.P(with_code(one.sentence(queue.tz, words.language)), className="note", id="why-sentence")
    if one.parts is None:
        return said
    numbers = shown(one.parts, one.mean)
    names = [name for name in PARTS if abs(numbers[name]) >= LEAST or name == "level"]
    if middle is not None:
        numbers["middle"] = round(middle - numbers_sum(numbers), 1) + 0.0
        names += ["middle"] if abs(numbers["middle"]) >= LEAST else []
    ends = np.cumsum([numbers[name] for name in names])
    begins = np.concatenate([[0.0], ends[:-1]])
    low, high = min(0.0, float(ends.min())), max(float(ends.max()), 1e-9)
    rows = []
    for first, name, begin, end in zip([True, *[False] * len(names)], names, begins, ends, strict=False):
        told = (
            ""
            if name == "middle"
            else about(name, one.facts, one.start, tz=queue.tz, language=words.language)
        )
        value = words.number(numbers[name], 1, sign=not first)
        kind = "base" if first else "more" if end >= begin else "less"
        rows.append(_row(words(f"part_{name}"), told, value, _bar(begin, end, low, high), kind))
    total = words.number(numbers_sum(numbers), 1)
    last = words("why_total" if middle is None else "forecast_why_total")
    rows.append(_row(last, "", total, _bar(0.0, float(ends[-1]), low, high), "total"))
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
