"""The live peak warnings of all queues as bands on top of the page, and how often such warnings were right."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dash import dcc, html
from sqlalchemy.orm import Session

from api.dashboard.parts import aria
from api.dashboard.today.links import forecast_link
from api.dashboard.words import Words, local
from forecast.alert_sentence import CONTACTS, OTHER, sentence
from forecast.alerts import ALL, PICKED_UP, Alert, Measure, in_time
from forecast.buckets import from_ns, to_ns
from forecast.errors import ForecallError
from store.alerts import load_alerts
from store.day_agents import More, more_agents
from store.queues import Queue
from store.settings import Reason, Settings
from store.staffing_team import load_known

RECORD_DAYS = 183
MOST = 12  # warnings shown as bands
MOST_AGENTS = 5  # warnings of which the agents are worked out, the largest first
OUTCOMES = ("hit", "too small", "false alarm", "acted on")


@dataclass(frozen=True)
class Live:
    """A live warning with what can be done. left: measures still in time; by: who is on it, '' for nobody; at: now, ns."""

    alert: Alert
    queue: Queue
    left: tuple[Measure, ...]
    owner: str
    faq: str
    by: str
    at: int
    more: More | None = None


@dataclass(frozen=True)
class Warnings:
    """live: the largest first; record: queue -> outcome -> how many warnings of the last half year."""

    live: tuple[Live, ...]
    record: Mapping[str, Mapping[str, int]]


def load_warnings(
    session: Session, queues: Sequence[Queue], settings: Settings, now: dt.datetime
) -> Warnings:
    """Of all queues. What a warning asks of agents is left out where it cannot be told."""
    by_name = {queue.name: queue for queue in queues}
    measures = tuple(Measure(one.name, one.minutes) for one in settings.alerts.measures)
    alerts = [one for one in load_alerts(session, state="live") if one.surge.series in by_name]
    alerts.sort(key=lambda one: -one.surge.extra)
    more = _more(session, settings, alerts[:MOST_AGENTS], now)
    live = []
    for alert in alerts[:MOST]:
        reason = settings.reasons.get(alert.surge.topic, Reason())
        by = next((act.who for act in alert.acts if act.act == PICKED_UP), "")
        left = in_time(measures, alert.surge.start, to_ns(now))
        queue = by_name[alert.surge.series]
        live.append(Live(alert, queue, left, reason.owner, reason.faq, by, to_ns(now), more.get(alert.id)))
    return Warnings(tuple(live), _record(session, [one.queue.name for one in live], now))


def _more(session: Session, settings: Settings, alerts: Sequence[Alert], now: dt.datetime) -> dict[int, More]:
    if not alerts:
        return {}
    known = load_known(session, settings, now, only=[one.surge.series for one in alerts])
    found = {}
    for alert in alerts:
        surge, at = alert.surge, to_ns(now)
        try:
            more = more_agents(
                session, settings, known, surge.series,
                start=max(surge.start, at), stop=surge.stop, extra=surge.extra,
            )  # fmt: skip
        except ForecallError:  # such as targets that cannot be: page Staffing says it
            continue
        if more is not None and more.net >= 0.5:
            found[alert.id] = more
    return found


def _record(session: Session, names: Sequence[str], now: dt.datetime) -> dict[str, dict[str, int]]:
    if not names:
        return {}
    since = now - dt.timedelta(days=RECORD_DAYS)
    found: dict[str, dict[str, int]] = {}
    for alert in load_alerts(session, state="ended", queues=sorted(set(names)), since=since):
        outcome = alert.outcome or ""
        if outcome in OUTCOMES:
            held = found.setdefault(alert.surge.series, {})
            held[outcome] = held.get(outcome, 0) + 1
    return found


def bands(found: Warnings, words: Words, *, may_act: bool) -> list[Any]:
    """The warnings, the largest first; one quiet line where there is none."""
    if not found.live:
        return [html.P([html.Span(className="dot good", **aria(hidden="true")), words("today_no_warning")],
                       className="today-calm", id="today-no-warning")]  # fmt: skip
    return [_band(one, found.record.get(one.queue.name, {}), words, may_act=may_act) for one in found.live]


def _band(one: Live, record: Mapping[str, int], words: Words, *, may_act: bool) -> Any:
    surge, tz = one.alert.surge, one.queue.tz
    about = words("today_any_reason") if surge.topic == ALL else surge.topic
    title = words(
        "today_warning_title", queue=one.queue.name, topic=about, channel=_channel(one.queue, words)
    )
    told = sentence(surge, tz=tz, channel=one.queue.channel, now=one.at, language=words.language)
    start, end = max(surge.start, one.at), surge.stop
    size = html.P(
        [
            html.Strong(f"{words.number(surge.extra, sign=True)} {_contacts(one.queue, words)}"),
            html.Span(f"({words.number(surge.low)}–{words.number(surge.high)})", className="range"),
            html.Span(_stretch(start, end, one, words), className="when"),
        ],
        className="today-size",
    )
    lines = [html.P(f"{told[0].upper()}{told[1:]}.", className="line alert-sentence"), *_lines(one, words)]
    return html.Section(
        [
            html.Div([html.H2(title), size, *lines, _history(record, words)], className="today-what"),
            html.Div(_buttons(one, words, may_act=may_act), className="today-do"),
        ],
        className="today-warning",
        id=f"today-warning-{one.alert.id}",
        **aria(label=title),
    )


def _channel(queue: Queue, words: Words) -> str:
    return words(f"channel_{queue.channel}") if words.has(f"channel_{queue.channel}") else queue.channel


def _contacts(queue: Queue, words: Words) -> str:
    return CONTACTS.get(queue.channel, OTHER)[words.language == "nl"]


def _stretch(start: int, end: int, one: Live, words: Words) -> str:
    begin, stop = (local(from_ns(at), one.queue.tz) for at in (start, end))
    today = local(from_ns(one.at), one.queue.tz).date()
    day = "" if begin.date() == today else f"{words.day(begin)} "
    last = f"{stop:%H:%M}" if stop.date() == begin.date() else words.moment(stop)
    return f"{day}{begin:%H:%M}–{last}"


def _lines(one: Live, words: Words) -> list[Any]:
    """Agents, measures still in time, who owns it and who is on it, and the answer for customers."""
    lines = []
    if one.more is not None:
        net, gross = words.number(one.more.net), words.number(one.more.gross)
        lines.append(html.P(words("today_more_agents", net=net, gross=gross), className="line today-more"))
    left = ", ".join(words("alert_measure", name=each.name, n=each.minutes) for each in one.left)
    lines.append(html.P(_in_time(one, left, words), className="line"))
    if one.owner or one.by:
        key = "today_on_it" if one.by else "alert_owner"
        lines.append(html.P(words(key, owner=one.owner or "–", who=one.by), className="line today-who"))
    return lines


def _in_time(one: Live, left: str, words: Words) -> str:
    """What can still be done: of a warning under way nothing comes before it begins, but something may for its later hours."""
    if left:
        return words("alert_in_time", measures=left)
    return words("alert_under_way" if one.alert.surge.start <= one.at else "alert_too_late")


def _history(record: Mapping[str, int], words: Words) -> Any:
    """How often such warnings were right, opened on demand."""
    total = sum(record.values())
    if not total:
        said: list[Any] = [html.P(words("today_record_none"), className="line")]
    else:
        told = [
            html.Li(words(f"today_record_{name.replace(' ', '_')}", n=words.number(record[name])))
            for name in OUTCOMES
            if record.get(name)
        ]
        said = [html.P(words("today_record", n=words.number(total)), className="line"), html.Ul(told)]
    return html.Details([html.Summary(words("today_how_often")), *said], className="today-record")


def _buttons(one: Live, words: Words, *, may_act: bool) -> list[Any]:
    number = one.alert.id
    take = html.Button(
        words("today_take"), id={"type": "today-take", "alert": number}, n_clicks=0, className="button primary",
        disabled=not may_act, title=words("today_take_help" if may_act else "today_take_no"),
    )  # fmt: skip
    day = local(from_ns(max(one.alert.surge.start, one.at)), one.queue.tz)
    see = dcc.Link(
        words("today_see_forecast"), href=forecast_link(one.queue.name, f"{day:%Y-%m-%d}"), className="button"
    )
    shown: list[Any] = [see] if one.by else [take, see]
    if one.faq.startswith(("https://", "http://")):
        shown.append(html.A(words("alert_faq"), href=one.faq, target="_blank", rel="noopener noreferrer", className="button"))  # fmt: skip
    return shown
