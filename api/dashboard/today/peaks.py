"""The expected peaks of the rest of today and of tomorrow, queue by queue, with why, and what can still be done."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dash import dcc, html
from sqlalchemy.orm import Session

from api.dashboard.parts import with_code
from api.dashboard.today.links import forecast_link
from api.dashboard.words import Words, local
from forecast.alerts import ALL, Alert, Measure, in_time
from forecast.buckets import from_ns, local_day, to_ns
from forecast.expected_peaks import Peak
from forecast.overriding import VOLUME, Override
from store.alerts import load_alerts
from store.expected_peaks import load_peaks
from store.overrides import load_overrides
from store.queues import Queue
from store.settings import Settings
from store.special_days import KnownDay, load_special_days

SHOWN = 6  # peaks of a day; of those beyond the usual more
MOST = 12


@dataclass(frozen=True)
class Reasons:
    """What a peak may be due to, by name: special days, manual adjustments of volume, live warnings."""

    days: tuple[KnownDay, ...]
    adjusted: tuple[Override, ...]
    alerts: tuple[Alert, ...]


def load_reasons(session: Session, settings: Settings, now: dt.datetime) -> Reasons:
    """Of today and tomorrow."""
    day = local(now, settings.company.timezone).date()
    days = load_special_days(session, settings, start=day, end=day + dt.timedelta(days=1))
    held = load_overrides(session, start=now, end=now + dt.timedelta(days=2), active_at=now)
    adjusted = tuple(one.override for one in held if one.override.measure == VOLUME)
    return Reasons(tuple(days), adjusted, tuple(load_alerts(session, state="live")))  # fmt: skip


def filled(
    session: Session, settings: Settings, queues: Sequence[Queue], words: Words, now: dt.datetime
) -> Any:
    """Two lists, or what to do to get them."""
    peaks = load_peaks(session, queues, now)
    if not peaks:
        return html.P(with_code(words("today_peaks_none")), className="note")
    reasons = load_reasons(session, settings, now)
    by_name = {queue.name: queue for queue in queues}
    measures = tuple(Measure(one.name, one.minutes) for one in settings.alerts.measures)
    shown: list[Any] = []
    for ahead, key in enumerate(("today_rest", "today_tomorrow")):
        mine = [
            one for one in peaks if one.day - local_day(to_ns(now), by_name[one.queue].tz) == ahead
        ]  # fmt: skip
        shown.append(html.H3(words(key), className="sub"))
        if not mine:
            shown.append(html.P(words("today_closed_rest"), className="note"))
            continue
        kept = mine[: min(MOST, max(SHOWN, sum(one.beyond for one in mine)))]
        rows = [_row(one, by_name[one.queue], reasons, measures, words, now) for one in kept]
        shown.append(html.Ul(rows, className="today-peaks"))
        if len(mine) > len(kept):
            shown.append(html.P(_rest(mine[len(kept) :], words), className="note"))
    return shown


def _rest(peaks: Sequence[Peak], words: Words) -> str:
    """What is not listed: those beyond the usual are not hidden among the rest."""
    beyond = sum(one.beyond for one in peaks)
    key = "today_more_beyond" if beyond else "today_more_peaks"
    return words(key, n=words.number(len(peaks)), m=words.number(beyond))


def _row(
    peak: Peak,
    queue: Queue,
    reasons: Reasons,
    measures: Sequence[Measure],
    words: Words,
    now: dt.datetime,
) -> Any:
    begin, stop = (local(from_ns(at), queue.tz) for at in (peak.start, peak.stop))
    when = f"{begin:%H:%M}–{stop:%H:%M}{' *' if begin.fold else ''}"
    link = dcc.Link(queue.name, href=forecast_link(queue.name, f"{begin:%Y-%m-%d}"), title=queue.name)
    band = words("outlook_band", low=words.number(peak.low), high=words.number(peak.safe))
    parts = [
        html.Span(link, className="what"),
        html.Span(when, className="when"),
        html.Span([html.Strong(words.number(peak.expected)), html.Span(band, className="spread")], className="size"),
        html.Span(_against(peak, words), className=f"against{' beyond' if peak.beyond else ''}"),
        html.Span(because(peak, queue, reasons, words), className="because"),
    ]  # fmt: skip
    left = in_time(measures, peak.start, to_ns(now))
    if peak.beyond:
        told = ", ".join(words("alert_measure", name=one.name, n=one.minutes) for one in left)
        text = words("alert_in_time", measures=told) if told else words("alert_too_late")
        parts.append(html.Span(text, className="measures"))
    return html.Li(parts, className="beyond" if peak.beyond else "")


def _against(peak: Peak, words: Words) -> str:
    if peak.against != peak.against:
        return words("outlook_new")
    return words("today_against", change=words.percent(peak.against, 0, sign=True))


def because(peak: Peak, queue: Queue, reasons: Reasons, words: Words) -> str:
    """Why there is a peak: a warning of posts goes before what the forecast is made of."""
    for alert in reasons.alerts:
        surge = alert.surge
        if surge.series == queue.name and surge.start < peak.stop and surge.stop > peak.start:
            topic = words("today_any_reason") if surge.topic == ALL else surge.topic
            return words("today_why_warning", topic=topic)
    name = _named(peak, queue, reasons)
    if peak.why and name:
        return words(f"today_why_{peak.why}_named", name=name)
    return words(f"today_why_{peak.why or 'usual'}")


def _named(peak: Peak, queue: Queue, reasons: Reasons) -> str:
    if peak.why == "special_day":
        day = local(from_ns(peak.start), queue.tz).date()
        found = [
            one.name for one in reasons.days if one.date <= day <= one.until and one.queue in ("", queue.name)
        ]
        return ", ".join(dict.fromkeys(found))  # fmt: skip
    if peak.why == "adjustment":
        mine = [
            one.reason for one in reasons.adjusted
            if one.covers(queue.name, queue.channel) and one.start < peak.stop and one.end > peak.start
        ]  # fmt: skip
        return ", ".join(dict.fromkeys(mine))
    return ""
