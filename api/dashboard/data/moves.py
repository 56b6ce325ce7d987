"""Queues renamed, merged and split: the forms, what they say as moves, and what that makes of last week's contacts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import html
from sqlalchemy.orm import Session

from api.dashboard.data import fields as forms
from api.dashboard.data.special_day import said as day_said
from api.dashboard.data.tabs import View
from api.dashboard.parts import notice
from api.dashboard.words import Words
from api.moments import day_of
from forecast.buckets import to_ns
from forecast.errors import InputError
from forecast.queue_map import Move, QueueMap
from store.offered import load_offered
from store.queue_map import load_queue_map
from store.queues import load_queues

TAB = "queues"
EPOCH = dt.date(1970, 1, 1)
WEEK, NOON = dt.timedelta(days=7), dt.timedelta(hours=12)
PARTS = 4  # queues a split may go into in one form
RENAME, MERGE, SPLIT = "rename", "merge", "split"


def move_form(kind: str, queues: Sequence[str], today: dt.date, words: Words) -> Any:
    """The form of a rename, a merge or a split."""
    names = [(name, name) for name in queues]
    date = forms.day(TAB, "date", words("data_move_from"), today + dt.timedelta(days=1))
    if kind == MERGE:
        several = dmc.MultiSelect(
            id={"type": "data-field", "tab": TAB, "name": "queues"}, label=words("data_move_queues"),
            data=[{"value": name, "label": name} for name in queues], value=[], w=480, searchable=True,
        )  # fmt: skip
        inside = [
            several,
            forms.text(TAB, "into-0", words("data_move_into"), hint=words("data_move_into_hint")),
            date,
        ]
    else:
        inside = [forms.choice(TAB, "queue", words("data_move_queue"), names, None, searchable=True)]
        if kind == SPLIT:
            inside += [date, *_parts(words)]
        else:
            inside += [
                forms.text(TAB, "into-0", words("data_move_new"), hint=words("data_move_into_hint")),
                date,
            ]
    inside.append(forms.hidden(TAB, "kind", kind))
    buttons = [
        forms.button(TAB, "save", words("data_save"), kind="primary"),
        forms.button(TAB, "close", words("data_close")),
    ]
    return forms.form(words(f"data_{kind}"), words(f"data_{kind}_note"), inside, buttons)


def _parts(words: Words) -> list[Any]:
    rows = []
    for place in range(PARTS):
        label = words("data_move_part", n=place + 1)
        share = forms.number(
            TAB, f"share-{place}", words("data_move_share"), words=words, suffix=" %", min=0, max=100, w=110
        )
        rows.append(html.Div([forms.text(TAB, f"into-{place}", label), share], className="data-fields"))
    return [html.Div(rows, className="data-parts")]


def moves_told(fields: Mapping[str, Any], words: Words) -> tuple[Move, ...]:
    """What is filled in, as moves; InputError with what is missing."""
    kind = str(fields.get("kind") or RENAME)
    day = (forms.day_of(fields, "date", words) - EPOCH).days
    sources = (
        [str(one) for one in fields.get("queues") or []]
        if kind == MERGE
        else [str(fields.get("queue") or "")]
    )
    sources = [one for one in sources if one]
    if not sources or (kind == MERGE and len(sources) < 2):
        raise InputError(words("data_move_none"), remedy=words(f"data_{kind}_note"), field="queue")
    into = [(place, forms.line_of(fields, f"into-{place}")) for place in range(PARTS if kind == SPLIT else 1)]
    into = [(place, name) for place, name in into if name]
    if not into:
        raise InputError(words("data_move_nowhere"), remedy=words(f"data_{kind}_note"), field="into")
    shares = {
        place: forms.share_of(fields.get(f"share-{place}"), words) if kind == SPLIT else 1.0
        for place, _ in into
    }
    return tuple(
        Move(day, source, name, shares[place]) for source in sources for place, name in into if name != source
    )


def last_week(session: Session, view: View) -> dict[str, float]:
    """Contacts offered of each queue over the last seven whole days of its own zone, as they are stored."""
    queues = load_queues(session)
    if not queues:
        return {}
    today = {tz: day_of(view.now, tz) for tz in {queue.tz for queue in queues}}
    first = {tz: day_of(end - WEEK + NOON, tz) for tz, end in today.items()}  # a day may have 23 or 25 hours
    held = load_offered(session, [queue.name for queue in queues], min(first.values()), max(today.values()))
    found = {}
    for queue in queues:
        rows = held.of(queue.name)
        mine = (held.ds[rows] >= to_ns(first[queue.tz])) & (held.ds[rows] < to_ns(today[queue.tz]))
        if mine.any():
            found[queue.name] = float(held.contacts[rows][mine].sum())
    return found


def moved(contacts: Mapping[str, float], moves: Sequence[Move]) -> dict[str, float]:
    """Contacts by queue -> the same if the moves held already, in their order."""
    found = dict(contacts)
    days = sorted({move.from_day for move in moves})
    for day in days:
        for queue in dict.fromkeys(move.queue for move in moves if move.from_day == day):
            mine = [move for move in moves if move.from_day == day and move.queue == queue]
            held = found.get(queue, 0.0)
            for move in mine:
                found[move.into] = found.get(move.into, 0.0) + held * move.share
            found[queue] = held * max(0.0, 1.0 - sum(move.share for move in mine))
    return found


def preview(session: Session, view: View, fields: Mapping[str, Any]) -> Any:
    """What the change makes of last week's contacts. InputError where the map would contradict itself."""
    words = view.words
    new = moves_told(fields, words)
    held = load_queue_map(session).moves
    QueueMap((*held, *new))
    stored = last_week(session, view)
    before = moved(stored, held)
    after = moved(before, new)
    names = list(dict.fromkeys([*(move.queue for move in new), *(move.into for move in new)]))
    items = [
        html.Li(
            [
                html.Span(name),
                html.Span(
                    [
                        f"{words.number(before.get(name, 0.0))} → ",
                        html.Strong(words.number(after.get(name, 0.0))),
                    ]
                ),
            ]
        )
        for name in names
    ]
    told = [] if stored else [notice(words("empty_queue"), "")]
    note = html.P(words("data_move_preview_note"), className="note")
    return html.Section(
        [html.H3(words("data_move_preview")), *told, html.Ul(items, className="data-dates"), note],
        className="panel",
        role="status",
    )


def sentence(move: Move, words: Words) -> str:
    """`Old → New from Tue 1 Dec 2026`, with its share where that is not all."""
    share = "" if move.share >= 1 else f" ({words.percent(move.share, 0)})"
    day = day_said(EPOCH + dt.timedelta(days=move.from_day), words)
    return words("data_move_said", queue=move.queue, into=move.into, share=share, day=day)
