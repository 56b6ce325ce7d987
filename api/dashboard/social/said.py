"""What is said: words that rise, and posts themselves. All of it was written by strangers: it goes on screen as text alone."""

from __future__ import annotations

import datetime as dt
import json
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from dash import html
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.dashboard.parts import aria
from api.dashboard.social.chosen import Chosen
from api.dashboard.social.counts import first_hand
from api.dashboard.social.figure import named
from api.dashboard.words import Words, local
from forecast.buckets import to_ns
from forecast.social.signals import ALL
from store.mentions import load_scored
from store.settings import Settings
from store.statements import table_of
from store.tables import MentionRow

if TYPE_CHECKING:
    from forecast.social.rising import Rising

HOURS = 6  # up to now, in which words rise
RISING, POSTS, LONGEST = 8, 10, 280  # shown; signs of a post
JOINER = "\u200d"  # holds emoji together
REL = "noopener noreferrer nofollow"
_ROWS = table_of(MentionRow)


@dataclass(frozen=True)
class Post:
    """A post as it is shown: no author. url: '' unless it is http or https."""

    at: dt.datetime
    source: str
    language: str
    label: str
    topics: tuple[str, ...]
    reach: float | None
    text: str
    url: str


def harmless_text(text: str, longest: int = LONGEST) -> str:
    """Text without signs that cannot be seen (among them those that turn the line round), on one line, cut."""
    kept = "".join(
        sign if sign == JOINER or unicodedata.category(sign)[0] != "C" else " "
        for sign in text[: 4 * longest]
    )
    plain = " ".join(kept.split())
    return plain if len(plain) <= longest else f"{plain[: longest - 1].rstrip()}…"


def harmless_link(url: str | None) -> str:
    """The address where it is http or https and names a host, else ''."""
    try:
        parts = urlsplit((url or "").strip())
    except ValueError:
        return ""
    return (url or "").strip() if parts.scheme in ("http", "https") and parts.hostname else ""


def load_posts(
    session: Session,
    settings: Settings,
    chosen: Chosen,
    *,
    start: dt.datetime,
    now: dt.datetime,
    loudest: bool,
    limit: int = POSTS,
) -> list[Post]:
    """Posts of the choice whose text is held, the newest or the ones with most reach first."""
    query = select(_ROWS).where(
        *first_hand(settings, chosen),
        _ROWS.c.text.is_not(None),
        _ROWS.c.deleted_at.is_(None),
        _ROWS.c.created_at >= to_ns(start) // 1000,
        _ROWS.c.created_at <= to_ns(now) // 1000,
    )
    if chosen.topic != ALL:
        written = json.dumps(chosen.topic, ensure_ascii=False)
        query = query.where(_ROWS.c.topics.contains(written, autoescape=True))
    newest = _ROWS.c.created_at.desc(), _ROWS.c.source, _ROWS.c.id
    order = (_ROWS.c.reach.desc().nulls_last(), *newest) if loudest else newest
    return [_post(row) for row in session.execute(query.order_by(*order).limit(limit))]


def _post(row: Any) -> Post:
    at = dt.datetime.fromtimestamp(row.created_at / 1_000_000, dt.UTC)
    text, topics = harmless_text(row.text), tuple(json.loads(row.topics))
    return Post(at, row.source, row.language or "", row.label or "", topics, row.reach, text, harmless_link(row.url))  # fmt: skip


def posts_list(posts: Sequence[Post], tz: str, words: Words) -> Any:
    """The posts, one below the other."""
    if not posts:
        return html.P(words("social_no_posts"), className="note")
    return html.Ol([_item(one, tz, words) for one in posts], className="social-posts")


def _item(post: Post, tz: str, words: Words) -> Any:
    facts: list[Any] = [words.moment(local(post.at, tz)), harmless_text(post.source, 64)]
    if post.topics:
        facts.append(", ".join(named(harmless_text(topic, 64), words) for topic in post.topics))
    if post.reach is not None:
        facts.append(words("social_reach", n=words.number(post.reach)))
    told: list[Any] = [html.Span(fact) for fact in facts]
    if post.url:
        told.append(html.A(words("social_open_post"), href=post.url, target="_blank", rel=REL))
    mood = post.label if post.label in ("negative", "positive") else "neutral"
    badge = html.Span(words(f"social_mood_{mood}"), className=f"social-mood {mood}")
    return html.Li(
        [html.P(post.text, dir="auto", className="social-text"), html.Div([badge, *told], className="line")],
        lang=post.language or None,
    )


def load_rising(session: Session, settings: Settings, chosen: Chosen, now: dt.datetime) -> tuple[Rising, ...]:
    """What people say now that they did not say at this hour on past days, the surest first; of the chosen reason, language."""
    from forecast.social.rising import PAST_DAYS, rising  # it brings scipy, which the start does without

    posts = load_scored(session, start=now - dt.timedelta(days=PAST_DAYS + 1))
    kept = posts[posts["text"].notna() & ~posts["brand"].isin(settings.social.competitors)]
    if chosen.source:
        kept = kept[kept["source"] == chosen.source]
    if chosen.brand:
        kept = kept[kept["brand"] == chosen.brand]
    tz, least = settings.company.timezone, settings.social.privacy.least_shown
    found = rising(kept, now=now, hours=HOURS, tz=tz, least=least)
    return tuple(
        one for one in found if chosen.topic in (ALL, one.reason) and chosen.language in ("", one.language)
    )[:RISING]


def rising_list(found: Sequence[Rising], tz: str, words: Words) -> Any:
    """Rising words with how often, since when, and phrases in which they stand."""
    if not found:
        return html.P(words("social_no_rising", hours=HOURS), className="note")
    return html.Ul([_risen(one, tz, words) for one in found], className="social-rising")


def _risen(one: Rising, tz: str, words: Words) -> Any:
    since = words.moment(local(one.since, tz))
    facts = {"n": words.number(one.posts), "usual": words.number(one.usual, 1), "since": since}
    line = words("social_rising_line", **facts)
    if one.reason:
        line = f"{named(harmless_text(one.reason, 64), words)} · {line}"
    phrases = [html.Li(harmless_text(phrase, 120), dir="auto") for phrase in one.examples]
    return html.Li(
        [
            html.P(harmless_text(one.phrase, 80), className="social-phrase", dir="auto"),
            html.P(line, className="line"),
            html.Ul(phrases, className="social-phrases", **aria(label=words("social_phrases"))),
        ],
        lang=one.language or None,
    )
