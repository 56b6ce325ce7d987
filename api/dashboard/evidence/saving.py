"""What fixes would save: contacts that need not have come, and the hours, people and euros they take."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dash import html
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.dashboard.parts import with_code
from api.dashboard.words import Words
from api.moments import day_of
from forecast.buckets import to_ns, zone
from forecast.preventable import Course
from store.in_force import in_force
from store.preventable import load_preventable
from store.queues import load_queues
from store.settings import Settings
from store.statements import table_of
from store.tables import VolumeRow
from store.volumes import volume_series

WEEKS = 12
AHT_WEEKS = 8
HOUR = 3600.0
LISTED = 12


@dataclass(frozen=True)
class Work:
    """What preventable contacts take in a week: hours on contacts, FTE, euros; None where handling time or rate is not known."""

    contacts: float
    hours: float | None
    fte: float | None
    euros: float | None


@dataclass(frozen=True)
class Saving:
    """total and by reason: the course of preventable contact, and its work in a week; weeks: whole ones it is told of."""

    total: Course
    reasons: Mapping[str, Course]
    work: Mapping[str, Work]
    whole: Work
    weeks: float
    repeats: bool


def load_saving(session: Session, settings: Settings, now: dt.datetime) -> Saving:
    """The last twelve whole weeks, as `GET /v1/preventable` counts them."""
    tz = settings.company.timezone
    end = day_of(now - dt.timedelta(days=now.astimezone(zone(tz)).weekday()), tz)
    start = day_of(end - dt.timedelta(weeks=WEEKS) + dt.timedelta(hours=12), tz)
    total, each, _ = load_preventable(session, settings, start=start, end=end)
    handling = _handling(session, now)
    weeks = float(max(1, sum(figure.known for figure in total.weeks.values())))
    work = {
        topic: _work(course, handling.get(topic), weeks, settings)
        for topic, course in each.items()
        if course.whole.known
    }
    measured = total.whole.repeats is not None
    return Saving(total, each, work, _together(list(work.values())), weeks, measured)


def _handling(session: Session, now: dt.datetime) -> dict[str, float]:
    """Reason -> seconds per contact over the last weeks, weighted by contacts."""
    keys, rows = volume_series(session), table_of(VolumeRow)
    topics = {queue.name: queue.topic for queue in load_queues(session)}
    counted = func.coalesce(rows.c.handled, rows.c.offered)
    query = select(rows.c.series_id, func.sum(rows.c.aht_seconds * counted), func.sum(counted)).where(
        rows.c.series_id.in_(sorted(keys)),  # the index begins with the series
        rows.c.aht_seconds.is_not(None),
        rows.c.ds >= to_ns(now - dt.timedelta(weeks=AHT_WEEKS)) // 1000,
        in_force(rows),
    )
    sums: dict[str, tuple[float, float]] = {}
    for number, seconds, contacts in session.execute(query.group_by(rows.c.series_id)):
        queue, topic = keys[int(number)]
        name = topic if topic != "all" else topics.get(queue, topic)
        held = sums.get(name, (0.0, 0.0))
        sums[name] = (held[0] + float(seconds or 0), held[1] + float(contacts or 0))
    return {name: seconds / contacts for name, (seconds, contacts) in sums.items() if contacts > 0}


def _work(course: Course, aht: float | None, weeks: float, settings: Settings) -> Work:
    """Posts of people who tried in vain are no contacts of a queue: they take no hours."""
    contacts = (course.whole.known_cause + (course.whole.repeats or 0.0)) / weeks
    if aht is None:
        return Work(contacts, None, None, None)
    hours, counted = contacts * aht / HOUR, settings.effect
    paid, rate = hours / counted.productive, settings.staffing.rate
    return Work(contacts, hours, paid / counted.week_hours, None if rate is None else paid * rate)


def _together(each: Sequence[Work]) -> Work:
    def total(values: list[float | None]) -> float | None:
        held = [value for value in values if value is not None]
        return sum(held) if held else None

    return Work(
        sum(one.contacts for one in each),
        total([one.hours for one in each]),
        total([one.fte for one in each]),
        total([one.euros for one in each]),
    )


def saving_panel(found: Saving, words: Words) -> list[Any]:
    """A sentence, and a table by reason."""
    figure = found.total.whole
    if not figure.known or figure.contacts <= 0:
        return [html.P(words("evidence_no_contacts"), className="note")]
    heads = [("evidence_topic", ""), ("evidence_contacts", "number"), ("evidence_known_cause", "number"), ("evidence_failed", "number"),
             ("evidence_share", "number"), ("evidence_hours", "number"), ("evidence_fte", "number")]  # fmt: skip
    if found.whole.euros is not None:
        heads.append(("evidence_euros", "number"))
    if found.repeats:
        heads.insert(4, ("evidence_repeats", "number"))
    head = html.Tr([html.Th(words(key), className=kind) for key, kind in heads])
    rows = sorted(found.reasons.items(), key=lambda item: -item[1].whole.preventable)[:LISTED]
    body = [_row(topic, course, found, words) for topic, course in rows]
    table = html.Table([html.Thead(head), html.Tbody(body)], className="plain")
    notes = [html.P(words("evidence_upper"), className="note")]
    if found.whole.euros is None:
        notes.append(html.P(with_code(words("evidence_no_rate")), className="note"))
    return [html.P(said(found, words), className="evidence-said"), html.Div(table, className="scroll"), *notes]  # fmt: skip


def said(found: Saving, words: Words) -> str:
    """`59 % of the contacts need not have come: 9,067 a week, that is 1,234 hours, 49 FTE.`"""
    if found.whole.contacts <= 0:
        return words("evidence_nothing_to_save")
    share = (
        found.whole.contacts * found.weeks / found.total.whole.contacts
    )  # posts are no contacts of a queue
    told = [words("evidence_save_contacts", share=words.percent(share, 0), n=words.number(found.whole.contacts))]  # fmt: skip
    if found.whole.hours is not None:
        timed = sum(one.contacts for one in found.work.values() if one.hours is not None)
        key = "evidence_save_hours" if timed == found.whole.contacts else "evidence_save_hours_of"
        told.append(words(key, n=words.number(timed), hours=words.number(found.whole.hours), fte=words.number(found.whole.fte, 1)))  # fmt: skip
    if found.whole.euros is not None:
        told.append(words("evidence_save_euros", euros=words.number(found.whole.euros)))
    return " ".join(told)


def _row(topic: str, course: Course, found: Saving, words: Words) -> Any:
    figure, work = course.whole, found.work.get(topic)
    come = figure.contacts > 0
    cells = [
        words.number(figure.contacts / found.weeks) if come else "–",
        words.number(figure.known_cause / found.weeks) if come else "–",
        words.number(figure.failed_contact / found.weeks, 1),
        words.percent(figure.share, 0),
        words.number(None if work is None else work.hours),
        words.number(None if work is None else work.fte, 1),
    ]
    if found.whole.euros is not None:
        cells.append(words.number(None if work is None else work.euros))
    if found.repeats:
        again = figure.repeats
        cells.insert(3, words.number(None if again is None else again / found.weeks))
    return html.Tr([html.Td(topic.replace("_", " ")), *(html.Td(cell, className="number") for cell in cells)])
