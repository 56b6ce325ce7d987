"""Other brands over the same time: a rise that all of them see is not one's own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from dash import html
from sqlalchemy.orm import Session

from api.dashboard.parts import with_code
from api.dashboard.social.chosen import Chosen
from api.dashboard.social.counts import load_counts, parts_held
from api.dashboard.social.levels import Total, levels, totals
from api.dashboard.social.reasons import change
from api.dashboard.windows import Window
from api.dashboard.words import Words
from store.settings import Settings

MOST = 8  # brands
UP, CALM = 1.3, 1.15  # times the usual that is a rise, and that is none


@dataclass(frozen=True)
class Brand:
    """A brand over the window. ours: not a competitor."""

    name: str
    ours: bool
    total: Total


def load_brands(
    session: Session, settings: Settings, chosen: Chosen, window: Window, until: dt.datetime
) -> list[Brand]:
    """Every brand that posts are counted by, own ones first."""
    rivals = set(settings.social.competitors)
    names = sorted(parts_held(session)[2], key=lambda name: (name in rivals, name))
    found = []
    for name in names[:MOST]:
        mine = replace(chosen, brand=name, language="", source="")
        sums = totals(levels(load_counts(session, settings, mine, window, until)), window)
        total = next((one for one in sums if one.topic == chosen.topic), None)
        if total is not None:
            found.append(Brand(name, name not in rivals, total))
    return found


def rivals_panel(brands: Sequence[Brand], words: Words) -> list[Any]:
    """Whether the rise is ours alone, and the brands side by side."""
    if not any(not one.ours for one in brands):
        return [html.P(with_code(words("social_no_rivals")), className="note")]
    heads = [("social_brand", ""), ("social_posts", "number"), ("social_usual", "number"), ("social_change", "number")]  # fmt: skip
    head = html.Tr([html.Th(words(key), className=kind) for key, kind in heads])
    body = [_row(one, words) for one in brands]
    return [
        html.P(rivals_said(brands, words), className="social-said"),
        html.Div(html.Table([html.Thead(head), html.Tbody(body)], className="plain"), className="scroll"),
    ]


def rivals_said(brands: Sequence[Brand], words: Words) -> str:
    """Ours alone, everybody's, only theirs, or as usual."""
    own, others = (_times([one for one in brands if one.ours is ours]) for ours in (True, False))
    if own != own or others != others:
        return words("social_rivals_unknown")
    values = {"own": words.number(own, 1), "others": words.number(others, 1)}
    if own >= UP:
        return words("social_rivals_all" if others >= UP else "social_rivals_own", **values)
    return words("social_rivals_theirs" if others >= UP and own < CALM else "social_rivals_calm", **values)


def _times(brands: Sequence[Brand]) -> float:
    usual = sum(one.total.usual for one in brands)
    return sum(one.total.posts for one in brands) / usual if usual > 0 else float("nan")


def _row(one: Brand, words: Words) -> Any:
    whose = words("social_ours" if one.ours else "social_theirs")
    name: list[Any] = [one.name, html.Span(f" · {whose}", className="social-quiet")]
    cells = [words.number(one.total.posts), words.number(one.total.usual), change(one.total, words)]
    return html.Tr([html.Td(name), *(html.Td(cell, className="number") for cell in cells)])
