"""Everything on the page that is made of counts, for one look: read once, told in the order of the callback's outputs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from dash import html
from sqlalchemy.orm import Session

from api.dashboard.palette import palette
from api.dashboard.parts import legend, notice
from api.dashboard.social import headline, reasons, rivals
from api.dashboard.social.chosen import Chosen, window
from api.dashboard.social.counts import counted_until, interval_of, load_counts
from api.dashboard.social.figure import COLUMNS, mood_figure, named, posts_figure
from api.dashboard.social.levels import Levels, Stretch, Total, buckets, course, levels, stretches, totals
from api.dashboard.windows import Window
from api.dashboard.words import Words, local
from forecast.buckets import Interval
from store.queues import load_queues
from store.settings import Settings

SMALL, LEAST = 8, 20  # small charts at the most, of reasons with as many posts
HEIGHT = 168  # pixels of a row of them
HIDDEN: dict[str, str] = {"display": "none"}
FRESH = dt.timedelta(days=2)  # older counts are shown at their own end, with a word about it


def nothing(said: Any) -> tuple[Any, ...]:
    """The page with a notice alone."""
    return said, HIDDEN, [], "", [], {}, "", [], [], [], {}, "", HIDDEN, []


def screen(
    session: Session, settings: Settings, chosen: Chosen, words: Words, theme: str | None, now: dt.datetime
) -> tuple[Any, ...]:
    """Notice, style, meta, sentence, cards, chart, its sentence, legend, stretches, reasons, small charts, brands."""
    until = counted_until(session)
    if until is None:
        return nothing(notice(words("social_empty"), words("social_empty_text")))
    interval, tz = interval_of(session, settings)
    moment = now if now - until <= FRESH else until
    shown = window(chosen.period, moment, now, interval, tz)
    found = levels(load_counts(session, settings, chosen, shown, until))
    sums = totals(found, shown)
    whole = next((one for one in sums if one.topic == chosen.topic), _silence(chosen.topic))
    if chosen.part:  # of a part no mean mood is counted
        whole = replace(whole, mood=float("nan"))
    chief = headline.chief_of(sums) if chosen.topic == "all" else None
    unusual = stretches(found, chosen.topic, shown)
    drawn = course(found, chosen.topic, buckets(found.counts, shown), daily=shown.drawn.slots == 1)
    colors = palette(theme)
    going_on = next((one for one in unusual if one.stop is None), None)
    said = headline.sentence(whole, chief, shown, chosen.period, words)
    by_queue: dict[str, list[str]] = {}
    for queue in load_queues(session):
        by_queue.setdefault(queue.topic, []).append(queue.name)
    few = _small_window(shown)
    small = _small(found, sums, few)
    rows = -(-len(small) // COLUMNS)
    brands = rivals.load_brands(session, settings, chosen, shown, until)
    return (
        _notice(shown, chosen, settings, until, words),
        {},
        meta(until, now, tz, words),
        said,
        headline.cards(whole, chief, going_on, shown, words),
        posts_figure(drawn, unusual, shown, words, colors),
        chart_sentence(whole, unusual, chosen, words),
        _legend(words),
        headline.told(unusual, shown, words),
        reasons.reasons_table(sums, by_queue, words),
        mood_figure(small, few, words, colors),
        moods_sentence(sums, small, words),
        {"height": f"{HEIGHT * rows}px"} if small else HIDDEN,
        rivals.rivals_panel(brands, words),
    )


def _silence(topic: str) -> Total:
    unknown = float("nan")
    return Total(topic, 0.0, unknown, unknown, unknown, unknown, unknown)


def _small_window(shown: Window) -> Window:
    """By hour on one day, else by day."""
    step = Interval.HOUR if shown.start == shown.today else Interval.DAY
    return replace(shown, drawn=step if step.seconds >= shown.interval.seconds else shown.interval)


def _small(found: Levels, sums: Sequence[Total], few: Window) -> list[tuple[str, Any]]:
    """(reason, course)[k] of the reasons with most posts."""
    by, daily = buckets(found.counts, few), few.start != few.today
    most = sorted((one for one in sums if one.topic != "all"), key=lambda one: -one.posts)
    return [(one.topic, course(found, one.topic, by, daily=daily)) for one in most[:SMALL] if one.posts >= LEAST]  # fmt: skip


def _notice(shown: Window, chosen: Chosen, settings: Settings, until: dt.datetime, words: Words) -> Any:
    if not shown.live:
        moment = words.moment(local(until, shown.tz))
        return notice(words("social_old", moment=moment), words("social_old_text"))
    if not chosen.counted:
        return html.P(words("social_from_rows", days=settings.social.privacy.keep_rows_days), className="note")  # fmt: skip
    return None


def meta(until: dt.datetime, now: dt.datetime, tz: str, words: Words) -> list[Any]:
    """The line under the heading."""
    text = f"{words.moment(local(until, tz))} ({words.age(until, now)})"
    return [
        html.Span([words("posts_as_of"), " ", html.Strong(text)]),
        html.Span(words("times_in", zone=tz)),
    ]


def _legend(words: Words) -> Any:
    entries = [("negative", words("social_negative_posts")), ("other", words("social_other_posts")), ("usual", words("social_usual_level")),
               ("social-unusual", words("social_unusual"))]  # fmt: skip
    return legend(entries, words("social_legend"))


def chart_sentence(whole: Total, unusual: Sequence[Stretch], chosen: Chosen, words: Words) -> str:
    """What the chart shows, for who cannot see it."""
    values = {
        "topic": named(chosen.topic, words),
        "posts": words.number(whole.posts),
        "usual": words.number(whole.usual),
        "share": words.percent(whole.negative, 0),
        "n": words.number(len(unusual)),
    }
    return words("social_chart_sentence", **values)


def moods_sentence(sums: Sequence[Total], small: Sequence[tuple[str, Any]], words: Words) -> str:
    """The share negative of each reason with a small chart."""
    by_name = {one.topic: one for one in sums}
    said = [
        f"{named(topic, words)} {words.percent(by_name[topic].negative, 0)} ({words.percent(by_name[topic].usual_negative, 0)})"
        for topic, _ in small
    ]
    return words("social_moods_sentence", said="; ".join(said)) if said else ""
