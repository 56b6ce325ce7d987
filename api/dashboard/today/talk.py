"""What people are saying today against what is usual: posts per hour, the share that is negative, reasons, newest posts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from dash import dcc, html
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.dashboard import axes, plots
from api.dashboard.palette import Palette
from api.dashboard.parts import with_code
from api.dashboard.windows import Window
from api.dashboard.words import Words, local
from forecast.arrays import Floats, Ns
from forecast.buckets import SECOND, Interval, day_start, floor, from_ns, local_day, to_ns
from forecast.outlook import LEAST_TIMES, Talk
from forecast.social.bursts import WEEKS, burst_of
from store.archive import load_signal
from store.newest_posts import Said, newest_negative
from store.outlook import talk_of
from store.statements import table_of
from store.tables import SignalRow, SignalSeries
from store.wholes import WHOLE

POSTS, NEGATIVE = "posts", "negative"
MOST_REASONS = 12  # reasons looked at: those with most posts in a day
SHOWN_REASONS, SHOWN_POSTS = 5, 5
LONGEST = 280  # characters of a post
HOUR = 3600 * SECOND
USUAL = dt.timedelta(weeks=4)


@dataclass(frozen=True)
class Talked:
    """Today so far. ds: ns[n] starts of hours; posts, negative, usual: float[n], usual NaN where nothing is.

    share, usual_share: of posts that are negative, today and in the four weeks before; None where there are none
    """

    tz: str
    ds: Ns
    posts: Floats
    negative: Floats
    usual: Floats
    share: float | None
    usual_share: float | None
    reasons: tuple[tuple[str, Talk], ...]
    newest: tuple[Said, ...]


def load_talked(session: Session, tz: str, now: dt.datetime) -> Talked | None:
    """None where posts were never counted."""
    past = now - dt.timedelta(weeks=WEEKS + 1)
    posts = load_signal(session, POSTS, WHOLE, since=past)
    if posts is None:
        return None
    at = to_ns(now)
    start = int(day_start([local_day(at, tz)], tz)[0])
    found = burst_of(posts.values, interval=posts.interval, tz=posts.tz, until=at)
    mine = found.grid.ds >= start
    hours = floor(found.grid.ds[mine], Interval.HOUR, tz)
    ds, place = np.unique(hours, return_inverse=True)
    usual = np.bincount(place, weights=found.expected[mine], minlength=len(ds)).astype(np.float64)
    bad = load_signal(session, NEGATIVE, WHOLE, since=past)
    negative = np.zeros(len(ds))
    share = usual_share = None
    if bad is not None:
        keys, values = bad.values.until(at).latest()
        today = keys >= start
        known = np.isin(floor(keys[today], Interval.HOUR, tz), ds)
        place_of = np.searchsorted(ds, floor(keys[today], Interval.HOUR, tz)[known])
        np.add.at(negative, place_of, np.nan_to_num(values[today][known]))
        counted, numbers = posts.values.until(at).latest()
        share = _share(keys, values, counted, numbers, start, at)
        usual_share = _share(keys, values, counted, numbers, to_ns(now - USUAL), start)
    return Talked(
        tz, ds, np.bincount(place, weights=np.nan_to_num(found.value[mine]), minlength=len(ds)).astype(np.float64), negative, usual,
        share, usual_share, _reasons(session, now),
        tuple(newest_negative(session, since=now - dt.timedelta(days=1), until=now, most=SHOWN_POSTS)),
    )  # fmt: skip


def _share(keys: Ns, bad: Floats, counted: Ns, posts: Floats, start: int, stop: int) -> float | None:
    total = float(np.nansum(posts[(counted >= start) & (counted < stop)]))
    return float(np.nansum(bad[(keys >= start) & (keys < stop)])) / total if total else None


def _reasons(session: Session, now: dt.datetime) -> tuple[tuple[str, Talk], ...]:
    """Reasons of which more than usual is said, the furthest above it first."""
    rows, series = table_of(SignalRow), table_of(SignalSeries)
    since = to_ns(now - dt.timedelta(days=1)) // 1000
    query = (
        select(series.c.topic)
        .join(rows, rows.c.series_id == series.c.id)
        .where(series.c.signal == POSTS, series.c.topic != WHOLE, rows.c.ds >= since)
        .group_by(series.c.topic)
        .order_by(func.sum(rows.c.value).desc(), series.c.topic)
        .limit(MOST_REASONS)
    )
    told = [(str(topic), talk_of(session, str(topic), now)) for topic in session.scalars(query)]
    above = [(topic, talk) for topic, talk in told if times(talk) >= LEAST_TIMES]
    return tuple(sorted(above, key=lambda one: -times(one[1]))[:SHOWN_REASONS])


def times(talk: Talk) -> float:
    """Posts over the usual: since a burst began, else of the last 24 hours; 0 where nothing is usual yet."""
    if talk.times is not None:
        return talk.times
    return talk.day / max(talk.usual, 1.0) if talk.usual is not None else 0.0


def told(found: Talked | None, words: Words, *, may: bool) -> list[Any]:
    """What stands beside the chart. may: the one who asks may see posts themselves."""
    if found is None:
        return [html.P(with_code(words("today_talk_none")), className="note")]
    return [_numbers(found, words), _above(found, words), *([_newest(found, words)] if may else [])]


def _numbers(found: Talked, words: Words) -> Any:
    """Posts so far against the usual, and the share that is negative."""
    came, usual = float(found.posts.sum()), float(found.usual.sum())
    against = "" if np.isnan(usual) else words("today_posts_usual", usual=words.number(usual))
    inside = [
        html.Div([html.Strong(words.number(came), id="today-posts"), html.Span(f"{words('today_posts')}{against}")])
    ]  # fmt: skip
    if found.share is not None:
        often = (
            ""
            if found.usual_share is None
            else words("today_share_usual", share=words.percent(found.usual_share, 0))
        )
        inside.append(html.Div([html.Strong(words.percent(found.share, 0), id="today-negative"),
                                html.Span(f"{words('today_negative')}{often}")]))  # fmt: skip
    return html.Div(inside, className="today-numbers")


def _above(found: Talked, words: Words) -> Any:
    if not found.reasons:
        return html.P(words("today_talk_calm"), className="line")
    rows = []
    for topic, talk in found.reasons:
        said = words("today_times", times=words.number(times(talk), 1), topic=topic)
        since = "" if talk.since is None else words("today_since", moment=_clock(talk.since, found.tz, words))
        posts = words("today_posts_day", n=words.number(talk.day))
        rows.append(html.Li([html.Strong(said), html.Span(f"{since}{posts}")]))
    return html.Ul(rows, className="today-above", id="today-above")


def _clock(moment: dt.datetime, tz: str, words: Words) -> str:
    at = local(moment, tz)
    return f"{words.weekday(at)} {at:%H:%M}"


def _newest(found: Talked, words: Words) -> Any:
    if not found.newest:
        return html.P(words("today_newest_none"), className="note")
    rows = [_post(one, found.tz, words) for one in found.newest]
    return html.Div(
        [
            html.H3(words("today_newest"), className="sub"),
            html.Ul(rows, className="today-said", id="today-said"),
        ]
    )


def _post(one: Said, tz: str, words: Words) -> Any:
    """A post as plain text, cut where it is long; its address only where it is one of the web."""
    text = one.text if len(one.text) <= LONGEST else one.text[: LONGEST - 1].rstrip() + "…"
    facts: list[Any] = [f"{_clock(one.at, tz, words)} · {one.source}"]
    if one.url.startswith(("https://", "http://")):
        rel = "noopener noreferrer nofollow"
        facts += [" · ", html.A(words("today_open_post"), href=one.url, target="_blank", rel=rel)]
    return html.Li([html.P(text, className="said"), html.P(facts, className="facts")])


def figure(found: Talked, window: Window, words: Words, colors: Palette) -> plots.Figure:
    """Posts per hour, the negative ones below, and what is usual."""
    middle = found.ds + HOUR // 2
    x = np.array(axes.positions(middle), dtype=object)
    wide = [HOUR / 1e6 * 0.8] * len(x)
    shares = {colors.negative: found.negative, colors.other: np.maximum(found.posts - found.negative, 0.0)}
    data: list[plots.Figure] = [
        {"type": "bar", "x": x.tolist(), "y": values.tolist(), "width": wide, "hoverinfo": "skip",
         "marker": {"color": color, "line": {"width": 0}}}
        for color, values in shares.items()
    ]  # fmt: skip
    usual = [None if value != value else value for value in found.usual.tolist()]
    data.append({"type": "scatter", "x": x.tolist(), "y": usual, "mode": "lines+markers", "hoverinfo": "skip",
                 "marker": {"size": 4, "color": colors.usual}, "line": {"color": colors.usual, "width": 1.4, "dash": "dash"}})  # fmt: skip
    heights = np.fmax(found.posts, np.nan_to_num(found.usual))
    data.append({"type": "scatter", "x": x.tolist(), "y": heights.tolist(), "mode": "markers", "text": _hover(found, words),
                 "marker": {"opacity": 0, "size": 8}, "hovertemplate": "%{text}<extra></extra>"})  # fmt: skip
    layout = plots.base_layout(words, colors)
    layout["margin"] = {"l": 34, "r": 10, "t": 8, "b": 26}
    layout["yaxis"] = plots.value_axis(colors, plots.ALONE, 4)
    layout["xaxis"] = plots.time_axis(window, words, colors, window.start, window.end)
    plots.mark_time(layout, window, words, colors, window.start, window.end)
    return {"data": data, "layout": layout}


def _hover(found: Talked, words: Words) -> list[str]:
    texts = []
    for ds, posts, bad, usual in zip(
        found.ds.tolist(), found.posts, found.negative, found.usual, strict=True
    ):
        begin = local(from_ns(ds), found.tz)
        lines = [
            f"<b>{begin:%H:%M}{' *' if begin.fold else ''}</b>",
            f"{words('posts_word')} {words.number(posts)}",
        ]
        lines.append(f"{words('negative_word')} {words.number(bad)}")
        if usual == usual:
            lines.append(f"{words('usual_word')} {words.number(usual, 1)}")
        texts.append("<br>".join(lines))
    return texts


def sentence(found: Talked, words: Words) -> str:
    """What the chart shows, for who cannot see it."""
    came, usual = float(found.posts.sum()), float(found.usual.sum())
    values = {
        "n": words.number(came),
        "usual": words.number(usual),
        "negative": words.number(found.negative.sum()),
    }
    return words("today_talk_sentence", **values)


def link(words: Words) -> Any:
    """To page Social."""
    return dcc.Link(words("today_to_social"), href="/social", className="button", id="today-to-social")


def legend_of(words: Words) -> Sequence[tuple[str, str]]:
    """Entries of the legend."""
    return [
        ("negative", words("posts_negative")),
        ("other", words("posts_other")),
        ("usual", words("posts_usual")),
    ]
