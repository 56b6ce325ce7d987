"""The lines around the chart: what is missing, how fresh everything is, and the list of what lies on the days."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from dash import html

from api.dashboard.forecast import marks
from api.dashboard.parts import notice, with_code
from api.dashboard.queries import Held
from api.dashboard.words import Words, local
from forecast.buckets import from_ns

STALE_AFTER = dt.timedelta(days=1)


def missing(held: Held, words: Words) -> Any:
    """Without a forecast, or with one that ended long ago: what to do, or what is shown."""
    if held.made is None:
        return notice(words("empty_forecast"), words("empty_forecast_text"))
    if not held.window.live:
        moment = words.moment(local(from_ns(held.window.moment), held.queue.tz))
        return notice(words("not_live", moment=moment), "")
    return None


def meta(held: Held, words: Words, now: dt.datetime) -> list[Any]:
    """The line under the heading: data as of, posts as of, forecast made on; in local time, with its age."""
    moments = [("data_as_of", held.contacts_as_of), ("made_on", held.made.created_at if held.made else None)]
    if held.social is not None:
        moments.insert(1, ("posts_as_of", held.social.as_of))
    said: list[Any] = []
    for key, moment in moments:
        text = words("none_yet")
        if moment is not None:
            text = f"{words.moment(local(moment, held.queue.tz))} ({words.age(moment, now)})"
        said.append(html.Span([words(key), " ", html.Strong(text)], id=f"meta-{key.replace('_', '-')}"))
    said.append(html.Span(words("times_in", zone=held.queue.tz)))
    if held.made and held.window.live and now - held.made.created_at > STALE_AFTER:
        said.append(html.Span(with_code(words("stale")), className="stale"))
    return said


def marks_list(found: Sequence[marks.Mark], words: Words, tz: str) -> Any:
    """What lies on the days, as a list for the keyboard and for who hears the page; the strip in the chart shows it."""
    if not found:
        return None
    items = [
        html.Li(
            [
                html.Span(className=f"forecast-dot {one.kind}"),
                html.Span(marks.when(one, words, tz), className="when"),
                html.Span(words(f"forecast_lane_{one.kind}"), className="kind"),
                html.Span(marks.told(one, words, tz), className="what"),
            ]
        )
        for one in sorted(found, key=lambda one: one.start)
    ]
    title = html.Summary(words("forecast_marks", n=len(items)))
    return html.Details([title, html.Ul(items, className="forecast-marks", tabIndex="0")], className="more")
