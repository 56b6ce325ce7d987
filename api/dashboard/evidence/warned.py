"""The record of peak warnings: how many came true, with how much head start, and how many peaks nobody was warned of."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from dash import html
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.dashboard.parts import card
from api.dashboard.words import Words, local
from forecast.alerts import Alert
from forecast.arrays import Floats
from forecast.buckets import SECOND, from_ns, local_day, to_ns
from store.alerts import load_alerts
from store.outlook import whole_contacts
from store.queues import Queue, load_queues
from store.statements import table_of
from store.tables import RunRow

BACK = dt.timedelta(weeks=26)
WEEK, LEAST_WEEKS = 7, 4  # of the same weekday before, by which a day is judged
THIRD, WIDTH, LEAST = 1 / 3, 4.0, 20.0  # a peak: a third, four roots and twenty contacts above the usual
LISTED = 10


@dataclass(frozen=True)
class Peak:
    """A local day on which clearly more contacts came than on the same weekday of the weeks before."""

    queue: str
    day: int
    came: float
    usual: float


@dataclass(frozen=True)
class Record:
    """ended: warnings of the last months, the newest first; peaks of the last weeks, and those of them nobody was warned of.

    judged: were peaks looked for (the job that warns has run so long)?
    """

    ended: tuple[Alert, ...]
    live: int
    peaks: tuple[Peak, ...]
    unwarned: tuple[Peak, ...]
    judged: bool

    def count(self, outcome: str) -> int:
        """Warnings with that outcome."""
        return sum(one.outcome == outcome for one in self.ended)

    @property
    def head_starts(self) -> list[float]:
        """Minutes from the warning to the first of its contacts, float[n]."""
        return [(one.promise.start - one.raised_at) / (60 * SECOND) for one in self.ended]


def load_record(session: Session, now: dt.datetime) -> Record:
    """Warnings since half a year, and the peaks of the last weeks, from when the job that warns first ran."""
    queues = {queue.name: queue for queue in load_queues(session)}
    alerts = [one for one in load_alerts(session, since=now - BACK) if one.surge.series in queues]
    runs = table_of(RunRow)
    first = session.scalar(select(func.min(runs.c.started_at)).where(runs.c.job == "alert"))
    found = (
        [] if first is None else _peaks(whole_contacts(session, list(queues.values()), now), queues, first)
    )
    covered = {key for one in alerts for key in _days(one, queues)}
    missed = tuple(one for one in found if (one.queue, one.day) not in covered)
    ended = tuple(one for one in alerts if not one.live)
    return Record(ended, len(alerts) - len(ended), tuple(found), missed, first is not None)


def _days(one: Alert, queues: Mapping[str, Queue]) -> list[tuple[str, int]]:
    """The local days a warning spoke of."""
    tz, surge = queues[one.surge.series].tz, one.shown
    first, last = local_day(surge.start, tz), local_day(max(surge.start, surge.stop - 1), tz)
    return [(surge.series, day) for day in range(first, last + 1)]


def _peaks(
    came: Mapping[str, tuple[Floats, Any]],
    queues: Mapping[str, Queue],
    first: dt.datetime,
) -> list[Peak]:
    """Queue -> contacts float[d] on local days [d] -> the peaks since `first`, the newest first."""
    found = []
    for queue, (counts, days) in came.items():
        since = local_day(to_ns(first), queues[queue].tz)
        for place in range(LEAST_WEEKS * WEEK, len(days)):
            before = counts[place - WEEK :: -WEEK]
            known = before[np.isfinite(before)]
            if days[place] < since or len(known) < LEAST_WEEKS or not np.isfinite(counts[place]):
                continue
            usual = float(np.median(known))
            if counts[place] - usual >= max(THIRD * usual, WIDTH * usual**0.5, LEAST):
                found.append(Peak(queue, int(days[place]), float(counts[place]), usual))
    return sorted(found, key=lambda one: (-one.day, one.queue))


def record_panel(record: Record, tz_of: Mapping[str, str], words: Words) -> list[Any]:
    """A sentence, the figures, and the newest warnings."""
    if not record.ended and not record.peaks:
        key = "evidence_no_warning_live" if record.live else "evidence_no_warning"
        return [html.P(words(key, n=record.live), className="note")]
    cards = html.Div(_cards(record, words), className="cards evidence-cards")
    return [html.P(said(record, words), className="evidence-said"), cards, _table(record, tz_of, words), _missed(record, words)]  # fmt: skip


def said(record: Record, words: Words) -> str:
    """`Of 12 warnings that could be judged 9 came true. 4 peaks came without a warning.`"""
    hits = record.count("hit")
    judged = hits + record.count("false alarm") + record.count("too small")
    parts = [words("evidence_came_true", n=hits, of=judged)] if judged else [words("evidence_none_judged")]
    if record.judged:
        parts.append(words("evidence_unwarned_said", n=len(record.unwarned), of=len(record.peaks)))
    return " ".join(parts)


def _cards(record: Record, words: Words) -> list[Any]:
    starts = record.head_starts
    middle = words.span(round(float(np.median(starts)))) if starts else "–"
    facts = [
        ("evidence_card_hits", words.number(record.count("hit")), words("evidence_card_small", n=record.count("too small"))),
        ("evidence_card_false", words.number(record.count("false alarm")), words("evidence_card_acted", n=record.count("acted on"))),
        ("evidence_card_start", middle, words("evidence_card_start_line")),
        ("evidence_card_missed", words.number(len(record.unwarned)) if record.judged else "–", words("evidence_card_missed_line")),
    ]  # fmt: skip
    return [
        card(words(key), [html.P(big, className="big"), html.P(line, className="line")])
        for key, big, line in facts
    ]


def _table(record: Record, tz_of: Mapping[str, str], words: Words) -> Any:
    if not record.ended:
        return None
    heads = [("evidence_day", ""), ("queue", ""), ("evidence_topic", ""), ("evidence_expected", "number"), ("evidence_came", "number"),
             ("head_start", "number"), ("evidence_outcome", "")]  # fmt: skip
    head = html.Tr([html.Th(words(key), className=kind) for key, kind in heads])
    body = [_line(one, tz_of[one.surge.series], words) for one in record.ended[:LISTED]]
    return html.Div(html.Table([html.Thead(head), html.Tbody(body)], className="plain"), className="scroll")


def _line(one: Alert, tz: str, words: Words) -> Any:
    surge = one.promise
    spread = words("evidence_spread", low=words.number(surge.low), high=words.number(surge.high))
    came = "–" if one.came is None else words.number(one.came.extra, sign=True)
    start = words.span(round((surge.start - one.raised_at) / (60 * SECOND)))
    outcome = str(one.outcome).replace(" ", "_")
    told = html.Span(words(f"evidence_outcome_{outcome}"), className=f"evidence-outcome {outcome}")
    cells: list[Any] = [
        html.Td(words.moment(local(from_ns(surge.start), tz)), className="when"),
        html.Td(surge.series),
        html.Td(surge.topic.replace("_", " ")),
        html.Td(spread, className="number"),
        html.Td(came, className="number"),
        html.Td(start, className="number"),
        html.Td(told),
    ]
    return html.Tr(cells)


def _missed(record: Record, words: Words) -> Any:
    if not record.unwarned:
        return None
    items = [html.Li(_peak(one, words)) for one in record.unwarned[:LISTED]]
    return html.Details([html.Summary(words("evidence_missed_list")), html.Ul(items, className="told")], className="more")  # fmt: skip


def _peak(one: Peak, words: Words) -> str:
    day = words.day(dt.datetime(1970, 1, 1) + dt.timedelta(days=one.day))
    return words("evidence_peak", queue=one.queue, day=day, came=words.number(one.came), usual=words.number(one.usual))  # fmt: skip
