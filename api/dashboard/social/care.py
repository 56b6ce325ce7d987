"""Service on social channels: who waits now, how soon questions get a first reply, and how soon they are resolved."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import pandas as pd
from dash import html
from sqlalchemy.orm import Session

from api.dashboard.parts import card
from api.dashboard.social.figure import named
from api.dashboard.words import Words
from forecast.social.care import reply_times, waiting
from forecast.social.signals import ALL
from store.questions import load_questions
from store.settings import Settings

WAITS = dt.timedelta(days=28)  # who was not answered in four weeks waits no more


@dataclass(frozen=True)
class Care:
    """open, late: questions that wait, and wait longer than promised; oldest: since when the first does.

    times: as `forecast.social.care.reply_times` gives them, with `open` and `oldest` beside; target in minutes
    """

    open: int
    late: int
    oldest: dt.datetime | None
    times: pd.DataFrame
    target: int


def load_care(
    session: Session, settings: Settings, *, start: dt.datetime, now: dt.datetime, topic: str = ALL
) -> Care:
    """Who waits now, and the reply times of questions asked from `start` on; of one reason or of all."""
    minutes = settings.social.care.target_minutes
    target, rivals = dt.timedelta(minutes=minutes), settings.social.competitors
    queue = load_questions(session, only_open=True, start=now - WAITS, end=now, competitors=rivals)
    who = waiting(queue, now).set_index("topic")
    asked = load_questions(session, start=start, end=now, competitors=rivals)
    found = reply_times(asked, asof=now, target=target, tz=settings.company.timezone)
    found = found.assign(open=found["topic"].map(who["open"]).fillna(0).astype("int64"))
    mine = who.loc[[topic]] if topic in who.index else who.iloc[:0]
    oldest = None if mine.empty or pd.isna(mine["oldest"].iloc[0]) else mine["oldest"].iloc[0].to_pydatetime()
    count, late = int(who["open"].get(topic, 0)), _late(queue, now, target, topic)
    if topic != ALL:
        found = found[found["topic"].isin([topic])]
    return Care(count, late, oldest, found, minutes)


def _late(queue: pd.DataFrame, now: dt.datetime, target: dt.timedelta, topic: str) -> int:
    """How many of the open questions wait longer than promised."""
    over = queue.loc[(queue["created_at"] < now - target) & (queue["known_at"] <= now), "topics"]
    return sum(topic == ALL or topic in each for each in over)


def waiting_card(care: Care, now: dt.datetime, words: Words) -> Any:
    """Open now, the oldest, and how many wait too long."""
    if care.oldest is None:
        line = words("social_none_wait")
    else:
        line = words("social_oldest", span=words.span(int((now - care.oldest).total_seconds() // 60)))
    lines = [html.P(line, className="line")]
    if care.late:
        late = words("social_late", n=words.number(care.late), target=words.span(care.target))
        lines.append(html.P(late, className="line strong-line"))
    tone = "warn" if care.late else "good" if care.oldest is None else ""
    return card(
        words("social_open_now"), [html.P(words.number(care.open), className="big"), *lines], tone=tone
    )


def care_panel(care: Care, words: Words) -> list[Any]:
    """A sentence, and a table by reason."""
    whole = care.times[care.times["topic"] == ALL]
    if care.times.empty or not care.times["questions"].sum():
        return [html.P(words("social_no_questions"), className="note")]
    said = [] if whole.empty else [html.P(care_sentence(whole.iloc[0], care, words), className="social-said")]
    heads = ["social_reason", "social_questions", "social_within", "social_median", "social_p90",
             "social_resolved_median", "social_resolved_p90", "social_open_now"]  # fmt: skip
    head = html.Tr(
        [html.Th(words(key), className="number" if place else "") for place, key in enumerate(heads)]
    )
    rows = care.times.sort_values("questions", ascending=False)
    body = [_row(row, words) for _, row in rows.iterrows()]
    return [
        *said,
        html.Div(html.Table([html.Thead(head), html.Tbody(body)], className="plain"), className="scroll"),
    ]


def care_sentence(row: Any, care: Care, words: Words) -> str:
    """`312 questions; 84 % had a first reply within 60 minutes, half of them within 21, nine in ten within 96.`"""
    values = {
        "n": words.number(row["questions"]),
        "share": words.percent(row["share"], 0),
        "target": words.span(care.target),
    }
    said = words("social_care_said", **values)
    if row["median"] == row["median"]:
        said += " " + words("social_care_median", median=words.span(int(row["median"])))
    return said


def _row(row: Any, words: Words) -> Any:
    spans = [
        "–" if row[name] != row[name] else words.span(int(row[name]))
        for name in ("median", "p90", "resolution_median", "resolution_p90")
    ]
    cells = [words.number(row["questions"]), words.percent(row["share"], 0), *spans, words.number(row["open"])]  # fmt: skip
    return html.Tr(
        [html.Td(named(row["topic"], words)), *(html.Td(cell, className="number") for cell in cells)]
    )
