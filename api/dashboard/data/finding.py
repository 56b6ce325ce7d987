"""One finding on screen: what, when, how grave, the days around it, what to do, and "this is right"."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import numpy as np
from dash import dcc, html
from sqlalchemy.orm import Session

from api.dashboard.data import fields as forms
from api.dashboard.data.finding_words import told
from api.dashboard.data.tabs import View
from api.dashboard.parts import aria
from api.dashboard.words import Words
from forecast.buckets import Grid, Interval, day_start, from_ns, zone
from forecast.quality.findings import Finding
from store.offered import load_offered
from store.queues import load_queue

TAB = "quality"
AROUND = 14  # days shown before and after
MOST_DAYS = 70
WHERE = {
    "closed_hours": "hours",
    "level_shift": "queues",
    "channel_shift": "queues",
    "sudden_zero": "queues",
    "gap": "files",
    "duplicate": "files",
    "counts": "files",
    "interval": "files",
    "wrong_zone": "files",
    "clock_change": "files",
    "handle_time": "files",
}
EPOCH = dt.date(1970, 1, 1)


def key_of(one: Finding) -> tuple[str, str, str]:
    """What a finding is marked by."""
    return one.kind, one.queue, one.first


def finding_card(session: Session, one: Finding, view: View, *, seen: bool = False) -> Any:
    """Title, sentence, what to do and the buttons; beside it the days around."""
    words = view.words
    severity = html.Span(words(f"data_severity_{one.severity}"), className=f"data-tag {one.severity}")
    says, guess = told(one, words)
    text = [
        html.H3([html.Span(words(f"finding_{one.kind}")), severity]),
        html.P([html.Strong(when(one, words)), " · ", says]),
        *([html.P(guess, className="aside")] if guess else []),
        html.P(words(f"finding_do_{one.kind}"), className="aside"),
        html.Div(_buttons(one, view, seen=seen), className="data-buttons"),
    ]
    return html.Article(
        [html.Div(text), _days(session, one, view)],
        className="finding-card seen-before" if seen else "finding-card",
    )


def _buttons(one: Finding, view: View, *, seen: bool) -> list[Any]:
    words = view.words
    on = json.dumps([one.kind, one.queue, one.first, one.last])
    label = f"{words('data_right')}: {words(f'finding_{one.kind}')}, {when(one, words)}"
    found: list[Any] = []
    if one.kind == "outlier" and one.queue and len(one.first) == 10 and not seen and view.may:
        found.append(
            forms.button(
                TAB,
                "leave-out",
                words("data_leave_out"),
                on=on,
                kind="small",
                label=label.replace(words("data_right"), words("data_leave_out")),
            )
        )
    where = WHERE.get(one.kind)
    if where and not seen:
        found.append(dcc.Link(words(f"data_go_{where}"), href=f"/data?tab={where}", className="button small"))
    if view.may and not seen:
        found.append(forms.button(TAB, "right", words("data_right"), on=on, kind="small", label=label))
    return found


def when(one: Finding, words: Words) -> str:
    """`Wed 18 Mar 2026`, `Fri 20 Nov 2026 10:00–24:00`, `3 – 9 Oct 2026`."""
    first, last = (dt.datetime.fromisoformat(moment) for moment in (one.first, one.last))
    if len(one.first) > 10:
        same = last.date() in (first.date(), first.date() + dt.timedelta(days=1)) and (
            last - first
        ) <= dt.timedelta(days=1)
        ends = "24:00" if last.time() == dt.time() and last.date() > first.date() else f"{last:%H:%M}"
        return f"{words.day(first)} {first.year} {first:%H:%M}" + (
            f"–{ends}" if same else f" – {words.moment(last)}"
        )
    if one.first == one.last:
        return f"{words.day(first)} {first.year}"
    return f"{words.day(first)} – {words.day(last)} {last.year}"


def _days(session: Session, one: Finding, view: View) -> Any:
    """Bars of the days around it, those of the finding marked; nothing for a finding of the company."""
    if not one.queue:
        return html.Div()
    first, last = (dt.date.fromisoformat(moment[:10]) for moment in (one.first, one.last))
    last = min(last, first + dt.timedelta(days=MOST_DAYS - 2 * AROUND))
    begin, stop = first - dt.timedelta(days=AROUND), last + dt.timedelta(days=AROUND)
    tz = load_queue(session, one.queue).tz  # its days are told in its own zone
    stop = min(stop, view.now.astimezone(zone(tz)).date())
    count = (stop - begin).days + 1
    start, end = (day_start([(day - EPOCH).days], tz)[0] for day in (begin, stop + dt.timedelta(days=1)))
    held = load_offered(session, [one.queue], from_ns(int(start)), from_ns(int(end)))
    if len(held.ds) == 0 or count < 1:
        return html.Div()
    place = Grid.of(held.ds, Interval.DAY, tz).day - (begin - EPOCH).days
    totals = np.bincount(place, weights=held.contacts, minlength=count)
    return _bars(totals.tolist(), begin, first, last, view.words)


def _bars(totals: list[float], begin: dt.date, first: dt.date, last: dt.date, words: Words) -> Any:
    top = max(max(totals), 1.0)
    bars, named = [], []
    for place, total in enumerate(totals):
        day = begin + dt.timedelta(days=place)
        hit = first <= day <= last
        at = words.day(dt.datetime.combine(day, dt.time()))
        bars.append(
            html.I(
                className="hit" if hit else "",
                title=f"{at}: {words.number(total)}",
                style={"height": f"{max(2.0, 100 * total / top):.1f}%"},
            )
        )
        named += [total] if hit else []
    usual = float(np.median([total for total in totals if total > 0] or [0.0]))
    sentence = words(
        "data_finding_bars",
        n=words.number(len(totals)),
        found=words.number(sum(named) / max(len(named), 1)),
        usual=words.number(usual),
    )
    dates = [begin, begin + dt.timedelta(days=len(totals) - 1)]
    ends = [html.Span(words.date(dt.datetime.combine(day, dt.time()))) for day in dates]
    return html.Div(
        [
            html.Div(bars, className="finding-bars", role="img", **aria(label=sentence)),
            html.Div(ends, className="hours-axis", **aria(hidden="true")),
        ]
    )
