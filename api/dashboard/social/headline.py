"""What the page says first: one sentence, four figures, and the stretches that stand out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dash import dcc, html

from api.dashboard.parts import aria, card
from api.dashboard.social.figure import named
from api.dashboard.social.levels import Stretch, Total
from api.dashboard.windows import Window
from api.dashboard.words import Words, local
from forecast.buckets import from_ns

SAME = 0.10  # within a tenth of the usual is as usual
LEAST = 5.0  # posts beyond the usual from which a reason stands out
MOST = 6  # stretches told


def sentence(whole: Total, chief: Total | None, window: Window, period: str, words: Words) -> str:
    """`84 posts today so far, 4.0 times the usual 21. 80 % are negative, usually 63 %. Most of it is about outage.`"""
    said = [
        words(f"social_said_{period}", n=words.number(whole.posts), about=_about(whole, words)),
    ]
    if whole.negative == whole.negative:
        share = {"share": words.percent(whole.negative, 0), "usual": words.percent(whole.usual_negative, 0)}
        said.append(
            words(
                "social_said_negative"
                if whole.usual_negative == whole.usual_negative
                else "social_said_negative_only",
                **share,
            )
        )
    if chief is not None:
        extra = words.number(chief.more)
        said.append(words("social_said_chief", topic=named(chief.topic, words), n=extra))
    return " ".join(said)


def _about(whole: Total, words: Words) -> str:
    """How that compares with the usual."""
    if not whole.usual > 0:
        return words("social_about_unknown")
    ratio, usual = whole.posts / whole.usual, words.number(whole.usual)
    if ratio >= 2:
        return words("social_about_times", n=words.number(ratio, 1), usual=usual)
    if abs(ratio - 1) <= SAME:
        return words("social_about_same", usual=usual)
    key = "social_about_more" if ratio > 1 else "social_about_less"
    return words(key, share=words.percent(abs(ratio - 1), 0), usual=usual)


def chief_of(totals: Sequence[Total]) -> Total | None:
    """The reason that brings most beyond its usual; None where none stands out."""
    found = max(
        (one for one in totals if one.topic != "all" and one.usual == one.usual),
        key=lambda one: one.more,
        default=None,
    )
    stands_out = found is not None and found.more >= LEAST and found.posts >= (1 + SAME) * found.usual
    return found if stands_out else None


def cards(whole: Total, chief: Total | None, going_on: Stretch | None, window: Window, words: Words) -> Any:
    """Posts, the share negative, and what stands out."""
    return [
        _posts(whole, going_on, window, words),
        _negative(whole, words),
        _chief(chief, words),
    ]


def _posts(whole: Total, going_on: Stretch | None, window: Window, words: Words) -> Any:
    lines = [html.P(words("social_usual_line", n=words.number(whole.usual)), className="line")]
    if going_on is not None:
        since = words.moment(local(from_ns(going_on.start), window.tz))
        lines.append(html.P(words("social_burst_line", since=since), className="line strong-line"))
    tone = "warn" if going_on is not None else ""
    return card(
        words("social_posts"), [html.P(words.number(whole.posts), className="big"), *lines], tone=tone
    )


def _negative(whole: Total, words: Words) -> Any:
    lines = [
        html.P(words("social_usual_line", n=words.percent(whole.usual_negative, 0)), className="line"),
    ]
    if whole.mood == whole.mood:
        mood = {"mood": words.number(whole.mood, 2), "usual": words.number(whole.usual_mood, 2)}
        lines.append(html.P(words("social_mood_line", **mood), className="line"))
    return card(words("social_negative"), [html.P(words.percent(whole.negative, 0), className="big"), *lines])


def _chief(chief: Total | None, words: Words) -> Any:
    if chief is None:
        inside = [html.P(words("social_nothing"), className="big social-word"),
                  html.P(words("social_nothing_line"), className="line")]  # fmt: skip
        return card(words("social_chief"), inside, tone="quiet")
    more = words("social_chief_line", n=words.number(chief.more), usual=words.number(chief.usual))
    link = dcc.Link(named(chief.topic, words), href=topic_link(chief.topic), className="social-link")
    return card(words("social_chief"), [html.P(link, className="big social-word"), html.P(more, className="line")])  # fmt: skip


def topic_link(topic: str) -> str:
    """The address of this page for one reason."""
    from urllib.parse import urlencode

    return f"/social?{urlencode({'topic': topic})}"


def told(unusual: Sequence[Stretch], window: Window, words: Words) -> Any:
    """The stretches above the usual in words, the latest first."""
    if not unusual:
        return html.P(words("social_no_stretch"), className="note")
    items = []
    for one in sorted(unusual, key=lambda each: -each.start)[:MOST]:
        start = words.moment(local(from_ns(one.start), window.tz))
        values = {"start": start, "n": words.number(one.extra)}
        if one.stop is None:
            items.append(html.Li(words("social_stretch_now", **values)))
        else:
            stop = words.moment(local(from_ns(one.stop), window.tz))
            items.append(html.Li(words("social_stretch", stop=stop, **values)))
    if len(unusual) > MOST:
        items.append(html.Li(words("social_stretch_more", n=len(unusual) - MOST)))
    return html.Ul(items, className="told", **aria(label=words("social_stretches")))
