"""The four answers a planner wants first: today, the next hour, a peak, and whether social counts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from dash import html

from api.dashboard import judgement, outlook
from api.dashboard.parts import card, with_code
from api.dashboard.queries import Held
from api.dashboard.words import Words, local
from forecast.buckets import Interval, from_ns


def of_queue(held: Held, words: Words) -> list[Any]:
    """All of them, in the order of reading; live warnings stand above, for all queues."""
    daily = held.queue.interval.slots == 1
    ahead = outlook.upcoming(held, held.queue.interval if daily else Interval.HOUR)
    return [_today(held, words), _next(held, ahead, words), _peak(held, ahead, words), _social(held, words)]


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
    """What the forecast says of the next hours; what posts foretell stands above."""
    title = words("peak_title")
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


def _social(held: Held, words: Words) -> Any:
    state, sentence = judgement.social_sentence(held.evidence, words)
    if held.social is not None and held.social.failed is not None:
        sentence = f"{sentence} {words('failed_contact', share=words.percent(held.social.failed))}"
    tone = {"open": "good"}.get(state, "quiet")
    return card(
        words("social_title"), [_big(words(f"gate_{state}"), "social-verdict"), _line(sentence)], tone=tone
    )
