"""The four answers a planner wants first: today, the next hour, a peak, and whether social counts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from dash import html

from api.dashboard import judgement, outlook
from api.dashboard.parts import aria, card, with_code
from api.dashboard.queries import Held, Warned
from api.dashboard.words import Words, local
from forecast.alert_sentence import sentence
from forecast.buckets import Interval, from_ns


def cards(held: Held, words: Words) -> list[Any]:
    """All of them, in the order of reading: a live peak warning comes first."""
    daily = held.queue.interval.slots == 1
    ahead = outlook.upcoming(held, held.queue.interval if daily else Interval.HOUR)
    usual, peak = [_today(held, words), _next(held, ahead, words)], _peak(held, ahead, words)
    return [*([peak, *usual] if held.warned else [*usual, peak]), _social(held, words)]


def elsewhere(held: Held, words: Words) -> Any:
    """Live peak warnings of other queues, each with a button that shows its queue; nothing where there is none."""
    rows = []
    for one in held.elsewhere:
        told = sentence(
            one.surge, tz=one.queue.tz, channel=one.queue.channel, now=one.at, language=words.language
        )
        name = one.queue.name
        show = html.Button(
            words("alert_show"), id={"type": "warned", "queue": name}, n_clicks=0, className="button",
            **aria(label=words("alert_show_queue", queue=name)),
        )  # fmt: skip
        rows.append(html.Li([html.Span([html.Strong(name), f": {told}."]), show]))
    if not rows:
        return None
    return html.Section(
        [html.H2(words("alert_elsewhere")), html.Ul(rows)], className="elsewhere", role="status"
    )


def _big(text: str, name: str) -> Any:
    return html.P(text, className="big", id=name)


def _line(text: str, kind: str = "") -> Any:
    return html.P(with_code(text), className=f"line {kind}".strip())


def _today(held: Held, words: Words) -> Any:
    moment = local(from_ns(held.window.moment), held.queue.tz)
    title = words("today_title") if held.window.live else words("day_title", day=words.day(moment))
    found = outlook.today(held)
    if found is None:
        return card(title, [_big("–", "today-expected")], tone="quiet")
    if not found.open:
        return card(title, [_big(words("closed_today"), "today-expected")], tone="quiet")
    inside = [_big(words.number(found.expected), "today-expected")]
    if not np.isnan(found.low):
        inside.append(_line(words("band", low=words.number(found.low), high=words.number(found.safe))))
    return card(title, [*inside, _line(_so_far(found, words), "strong-line")])


def _so_far(found: outlook.Today, words: Words) -> str:
    if np.isnan(found.came):
        return words("nothing_so_far")
    came = words.number(found.came)
    if np.isnan(found.expected_so_far):
        return words("so_far_plain", came=came)
    difference = words.number(found.came - round(found.expected_so_far), sign=True)
    return words("so_far", came=came, difference=difference, expected=words.number(found.expected_so_far))


def _next(held: Held, frame: pd.DataFrame, words: Words) -> Any:
    daily = held.queue.interval.slots == 1
    title = words("next_day_title" if daily else "next_title")
    if frame.empty:
        return card(title, [_line(words("nothing_next"))], tone="quiet")
    row = frame.iloc[0]
    places = outlook.places(frame)
    inside = [_big(words.number(row["expected"], places), "next-expected")]
    if not np.isnan(row["low"]):
        band = words("band", low=words.number(row["low"], places), high=words.number(row["safe"], places))
        busy = words(
            "next_busy", busy=words.number(row["busy"], places), safe=words.number(row["safe"], places)
        )
        inside += [_line(band), _line(busy, "strong-line")]
    when = (
        words.day(local(row["ds"], held.queue.tz)) if daily else _stretch(held, row["ds"], row["end"], words)
    )
    return card(f"{title} · {when}", inside)


def _stretch(held: Held, start: pd.Timestamp, end: pd.Timestamp, words: Words) -> str:
    """`11:00–12:00` today, with the day before it on any other."""
    begin, finish = local(start, held.queue.tz), local(end, held.queue.tz)
    today = local(from_ns(held.window.moment), held.queue.tz).date()
    day = "" if begin.date() == today else f"{words.day(begin)} "
    return f"{day}{begin:%H:%M}–{finish:%H:%M}"


def _peak(held: Held, hours: pd.DataFrame, words: Words) -> Any:
    """Live peak warnings go before what the forecast says of the next hours."""
    title = words("peak_title")
    if held.warned:
        said = [part for one in held.warned for part in _warning(held, one, words)]
        return card(words("alert_title"), [_big(words("peak_yes"), "peak"), *said], tone="warn")
    if held.queue.interval.slots == 1:
        return card(title, [_line(words("peak_coarse"))], tone="quiet")
    found = outlook.peak(held, hours)
    if found is None:
        return card(title, [_line(words("peak_unknown"))], tone="quiet")
    start = local(found.start, held.queue.tz)
    values = {
        "start": f"{start:%H:%M}" if start.date() == local(from_ns(held.window.moment), held.queue.tz).date() else words.moment(start),
        "end": f"{local(found.end, held.queue.tz):%H:%M}",
        "expected": words.number(found.expected),
        "usual": words.number(found.usual),
        "more": words.number(round(found.expected) - round(found.usual)),
    }  # fmt: skip
    if found.warn:
        return card(
            title, [_big(words("peak_yes"), "peak"), _line(words("peak_yes_text", **values))], tone="warn"
        )
    return card(title, [_big(words("peak_no"), "peak"), _line(words("peak_no_text", **values))])


def _warning(held: Held, warned: Warned, words: Words) -> list[Any]:
    """One warning: what to expect, what is still in time, and who is on it."""
    told = sentence(
        warned.surge, tz=held.queue.tz, channel=held.queue.channel, now=warned.at, language=words.language
    )
    left = ", ".join(words("alert_measure", name=one.name, n=one.minutes) for one in warned.left)
    lines = [
        html.P(f"{told[0].upper()}{told[1:]}.", className="line strong-line alert-sentence"),
        html.P(words("alert_in_time", measures=left) if left else words("alert_too_late"), className="line"),
    ]
    if warned.owner or warned.by:
        key = "alert_picked_up" if warned.by else "alert_owner"
        lines.append(html.P(words(key, owner=warned.owner or "–", who=warned.by), className="line"))
    if warned.faq.startswith(("https://", "http://")):
        link = html.A(words("alert_faq"), href=warned.faq, target="_blank", rel="noopener noreferrer")
        lines.append(html.P(link, className="line"))
    return lines


def _social(held: Held, words: Words) -> Any:
    state, sentence = judgement.social_sentence(held.evidence, words)
    if held.social is not None and held.social.failed is not None:
        sentence = f"{sentence} {words('failed_contact', share=words.percent(held.social.failed))}"
    tone = {"open": "good"}.get(state, "quiet")
    return card(
        words("social_title"), [_big(words(f"gate_{state}"), "social-verdict"), _line(sentence)], tone=tone
    )
