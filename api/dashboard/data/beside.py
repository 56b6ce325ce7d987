"""What lies beside the counts of a queue: true demand, contact reasons, what waits for an answer, repeat contacts."""

from __future__ import annotations

import datetime as dt
from typing import Any

from dash import html
from sqlalchemy.orm import Session

from api.dashboard.data.tabs import View
from api.dashboard.parts import card, with_code
from api.dashboard.words import Words
from api.moments import day_of
from forecast.buckets import Interval
from store.backlog import DEFERRED, QueueBacklog, load_backlogs
from store.demand import QueueDemand, load_demand
from store.queues import Queue, load_queue
from store.reason_weeks import coverages
from store.repeats import load_repeats

DAYS = dt.timedelta(days=28)
WEEKS = dt.timedelta(weeks=12)
REDIALS = "redials"
DAY_HOURS = 24


def panels(session: Session, view: View) -> Any:
    """Four cards on the chosen queue."""
    queue, words = load_queue(session, view.queue), view.words
    start = day_of(view.now - DAYS, queue.tz)
    demand = load_demand(
        session, view.settings, queue, start=start, end=day_of(view.now, queue.tz), granularity=Interval.DAY
    )
    held = [_demand(demand, words), _reasons(coverages(session, [queue], view.now).get(queue.name), words)]
    waits = (
        load_backlogs(session, view.settings, now=view.now, queue=queue.name)
        if queue.channel in DEFERRED
        else []
    )
    held += [_backlog(waits[0] if waits else None, queue, words), _repeats(session, view)]
    return html.Section(
        [
            html.H2(words("data_beside_title", queue=queue.name), className="data-beside"),
            html.Div(held, className="cards"),
        ],
        id="data-beside",
    )


def _more(words: Words, page: str) -> Any:
    return html.P([words("data_more_in"), " ", html.Code(page)], className="line")


def _line(text: str) -> Any:
    return html.P(with_code(text), className="line strong-line")


def _demand(found: QueueDemand, words: Words) -> Any:
    """How much of what was offered is demand of its own, what was taken out, and how that is known."""
    offered = sum(row.offered for row in found.rows)
    corrected = sum(row.corrected for row in found.rows)
    title, more = words("data_demand_title"), _more(words, "docs/true_demand.md")
    if offered <= 0:
        return card(title, [html.P("–", className="big"), _line(words("data_demand_empty")), more])
    parts = [
        words(
            "data_demand_part", part=words(f"data_part_{name}"), n=words.percent(amount / offered, 1), how=how
        )
        for name, amount, how in _parts(found, words)
        if amount >= 0.5
    ]
    text = "; ".join(parts) if parts else words("data_demand_nothing")
    figures = words("data_demand_figures", offered=words.number(offered), corrected=words.number(corrected))
    return card(
        title,
        [
            html.P(words.percent(corrected / offered, 1), className="big"),
            _line(figures),
            html.P(text, className="line"),
            more,
        ],
    )


def _parts(found: QueueDemand, words: Words) -> list[tuple[str, float, str]]:
    """(part, contacts, how it is known) of those that something is known of."""
    made = []
    for name in dict.fromkeys(name for row in found.rows for name in row.parts):
        amounts = [row.parts[name] for row in found.rows]
        origins = {one for row in found.rows for one in row.origins[name] if one not in ("unknown", "off")}
        known = [one for one in amounts if one is not None]
        if known:
            made.append((name, sum(known), ", ".join(words(f"data_origin_{one}") for one in sorted(origins))))
    return made


def _reasons(coverage: float | None, words: Words) -> Any:
    title, more = words("data_reasons_title"), _more(words, "docs/true_demand.md")
    if coverage is None:
        return card(title, [html.P("–", className="big"), _line(words("data_reasons_none")), more])
    return card(
        title, [html.P(words.percent(coverage, 0), className="big"), _line(words("data_reasons_text")), more]
    )


def _backlog(found: QueueBacklog | None, queue: Queue, words: Words) -> Any:
    title, more = words("data_backlog_title"), _more(words, "docs/data.md")
    if found is None:
        return card(
            title, [html.P("–", className="big"), _line(words("data_backlog_direct", queue=queue.name)), more]
        )
    if found.waiting is None:
        return card(title, [html.P("–", className="big"), _line(words("data_backlog_untold")), more])
    oldest = _age(found.oldest_hours or 0.0, words)
    text = words(
        "data_backlog_text",
        oldest=oldest,
        late=words.number(found.late),
        target=words.number(found.target_hours),
    )
    in_time = (
        [html.P(words("data_backlog_in_time", share=words.percent(found.share_in_time, 0)), className="line")]
        if found.share_in_time is not None
        else []
    )
    tone = "warn" if (found.late or 0.0) >= 1 else ""
    return card(
        title, [html.P(words.number(found.waiting), className="big"), _line(text), *in_time, more], tone=tone
    )


def _age(hours: float, words: Words) -> str:
    return (
        words("hours", n=words.number(hours, 0))
        if hours < 2 * DAY_HOURS
        else words("days", n=words.number(hours / DAY_HOURS, 0))
    )


def _repeats(session: Session, view: View) -> Any:
    words = view.words
    title, more = words("data_repeats_title"), _more(words, "docs/data.md")
    found, _ = load_repeats(
        session, view.settings, start=view.now - WEEKS, end=view.now, queue=view.queue, as_of=view.now
    )
    if found.total is None or found.total.repeats.value is None:
        return card(title, [html.P("–", className="big"), _line(words("data_repeats_none")), more])
    low, high = found.total.repeats.interval or (0.0, 0.0)
    text = words(
        "data_repeats_text",
        days=words.number(view.settings.repeats.window_days),
        low=words.percent(low, 0),
        high=words.percent(high, 0),
    )
    covered = words("data_repeats_covered", share=words.percent(found.covered.value, 0))
    return card(
        title,
        [
            html.P(words.percent(found.total.repeats.value, 1), className="big"),
            _line(text),
            html.P(covered, className="line"),
            more,
        ],
    )
