"""Contact reasons by posts: the change against the usual, the share negative, and the queues they belong to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dash import dcc, html

from api.dashboard.parts import aria
from api.dashboard.social.figure import named
from api.dashboard.social.headline import topic_link
from api.dashboard.social.levels import FEW, Total
from api.dashboard.words import Words


def reasons_table(totals: Sequence[Total], queues: Mapping[str, Sequence[str]], words: Words) -> Any:
    """The reasons, most posts first. queues: reason -> the queues that plan for it."""
    rows = sorted(
        (one for one in totals if one.topic != "all" and (one.posts or one.usual > 0)),
        key=lambda one: -one.posts,
    )
    if not rows:
        return html.P(words("social_no_reasons"), className="note")
    most = max(max(one.posts, one.usual if one.usual == one.usual else 0.0) for one in rows) or 1.0
    heads = [("social_reason", ""), ("social_posts", "number"), ("social_against", "social-track-head"),
             ("social_change", "number"), ("social_negative", "number"), ("social_queues", "")]  # fmt: skip
    head = html.Tr([html.Th(words(key), className=kind) for key, kind in heads])
    body = [_row(one, most, queues.get(one.topic, ()), words) for one in rows]
    return html.Div(
        html.Table([html.Thead(head), html.Tbody(body)], className="plain social-reasons"), className="scroll"
    )


def _row(one: Total, most: float, queues: Sequence[str], words: Words) -> Any:
    link = dcc.Link(named(one.topic, words), href=topic_link(one.topic), className="social-link")
    return html.Tr(
        [
            html.Td(link),
            html.Td(words.number(one.posts), className="number"),
            html.Td(_track(one, most, words)),
            html.Td(change(one, words), className=f"number {_tone(one)}".strip()),
            html.Td(_negative(one, words), className="number"),
            html.Td(_links(queues, words)),
        ]
    )


def _track(one: Total, most: float, words: Words) -> Any:
    """A bar of the posts and a mark at the usual; told in words beside it, so hidden from who hears the page."""
    bar = html.Span(className="bar", style={"width": f"{100 * one.posts / most:.1f}%"})
    marks = [bar]
    if one.usual == one.usual:
        marks.append(
            html.Span(className="usual-mark", style={"left": f"{100 * min(one.usual / most, 1):.1f}%"})
        )
    return html.Div(marks, className="social-track", **aria(hidden="true"))


def change(one: Total, words: Words) -> str:
    """`+32 %`, or `6.2 x` from three times on; a dash where nothing is usual."""
    if not one.usual > 0:
        return "–"
    ratio = one.posts / one.usual
    if ratio >= 3:
        return words("social_times", n=words.number(ratio, 1))
    return words.percent(ratio - 1, 0, sign=True)


def _tone(one: Total) -> str:
    spread = 2 * max(1.0, one.usual) ** 0.5 if one.usual == one.usual else float("inf")
    return "social-up" if one.more > spread and one.more >= FEW else ""


def _negative(one: Total, words: Words) -> Any:
    if one.posts < FEW:
        return "–"
    usual = words.percent(one.usual_negative, 0)
    return [words.percent(one.negative, 0), html.Span(f" ({usual})", className="social-quiet")]


def _links(queues: Sequence[str], words: Words) -> Any:
    if not queues:
        return html.Span(words("social_no_queue"), className="social-quiet")
    found: list[Any] = []
    for name in queues:
        found += [", ", _to_forecast(name)]
    return found[1:]


def _to_forecast(queue: str) -> Any:
    from urllib.parse import urlencode

    return dcc.Link(queue, href=f"/forecast?{urlencode({'queue': queue})}", className="social-link")
