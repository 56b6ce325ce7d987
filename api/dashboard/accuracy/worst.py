"""The days that were missed most, and why, as people say: a reason is kept, shown with who and when, and taken back."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import dash_mantine_components as dmc
import numpy as np
from dash import html

from api.dashboard.accuracy.days import DIGITS
from api.dashboard.accuracy.leads import day_text
from api.dashboard.accuracy.record import Record, date_of
from api.dashboard.parts import aria, panel
from api.dashboard.words import LANGUAGES, Words, local
from forecast.plan_errors import Pairs, by_reason, worst
from store.day_remarks import REASONS, DayRemark

MOST = 10
TOLD = 4  # reasons named in the sentence


def compared(record: Record) -> tuple[Pairs, bool]:
    """What the misses are of: what was published a week before; until there is some, the 8-week average (True then)."""
    pairs = record.week_before
    if np.count_nonzero(pairs.known):
        return pairs, False
    return replace(
        pairs, said=pairs.bar, low=np.full_like(pairs.low, np.nan), high=np.full_like(pairs.high, np.nan)
    ), True


def worst_panel(record: Record, words: Words, *, may: bool) -> Any:
    """The ten days, each with its reason. may: may the one who looks give one?"""
    pairs, average = compared(record)
    rows = worst(pairs, MOST).tolist()
    title = words("accuracy_worst")
    if not rows:
        return panel(title, [html.P(words("accuracy_worst_none"), className="line")])
    many = len(record.queues) > 1
    keys = ["accuracy_day", *(["queue"] if many else []), "accuracy_worst_bar" if average else "accuracy_worst_said",
            "accuracy_came", "accuracy_miss", "accuracy_warned", "accuracy_known", "accuracy_reason"]  # fmt: skip
    right = {"accuracy_worst_bar", "accuracy_worst_said", "accuracy_came", "accuracy_miss"}
    heads = [html.Th(words(key), scope="col", className="number" if key in right else None) for key in keys]
    body = [_row(record, pairs, at, words, many=many, may=may) for at in rows]
    table = html.Table(
        [html.Thead(html.Tr(heads)), html.Tbody(body)], className="plain", id="accuracy-worst-table"
    )
    note = words(
        f"accuracy_worst_note_{'bar' if average else 'said'}",
        unit=words(f"accuracy_unit_{record.choice.measure}"),
    )
    inside: list[Any] = [html.Div(table, className="scroll accuracy-worst", tabIndex="0")]
    inside.append(html.P(summed(record, pairs, words), id="accuracy-reasons", className="accuracy-below"))
    if not may:
        inside.append(html.P(words("accuracy_reason_viewer"), className="note"))
    return panel(title, inside, note=note)


def _row(record: Record, pairs: Pairs, at: int, words: Words, *, many: bool, may: bool) -> Any:
    place, day = int(pairs.place[at]), int(pairs.day[at])
    digits, queue = DIGITS[record.choice.measure], record.queues[place]
    miss = float(pairs.said[at] - pairs.came[at])
    texts = [
        html.Th(day_text(day, words), scope="row", className="when"),
        *([html.Td(queue.name)] if many else []),
        html.Td(words.number(pairs.said[at], digits), className="number"),
        html.Td(words.number(pairs.came[at], digits), className="number"),
        html.Td(words.number(miss, digits, sign=True), className="number strong"),
        html.Td(words("accuracy_yes") if (place, day) in record.warned else "–"),
        html.Td(record.known.get((place, day), "–")),
    ]
    held = record.remarks.get((place, day))
    return html.Tr(
        [*texts, html.Td(_reason(held, queue.name, day, queue.tz, words, may=may), className="accuracy-why")]
    )


def _reason(held: DayRemark | None, queue: str, day: int, tz: str, words: Words, *, may: bool) -> Any:
    key = {"queue": queue, "day": str(date_of(day))}
    if held is not None:
        who = words("accuracy_by", who=held.who, when=words.moment(local(held.at, tz)))
        said: list[Any] = [
            html.Span(said_reason(held.reason, words), className="strong-line"),
            html.Span(who, className="line"),
        ]
        if may:
            said.append(
                html.Button(
                    words("accuracy_take_away"), id={"type": "accuracy-away", **key}, n_clicks=0, className="button small"
                )
            )  # fmt: skip
        return html.Div(said, className="accuracy-given")
    if not may:
        return "–"
    name = words("accuracy_reason_of", day=day_text(day, words))
    choose = dmc.Autocomplete(
        id={"type": "accuracy-reason", **key}, data=[words(f"accuracy_reason_{slug(one)}") for one in REASONS], value="",
        placeholder=words("accuracy_reason_ask"), size="xs", w=190, **aria(label=name),
    )  # fmt: skip
    save = html.Button(
        words("accuracy_save"), id={"type": "accuracy-save", **key}, n_clicks=0, className="button small",
        **aria(label=f"{words('accuracy_save')}: {name}"),
    )  # fmt: skip
    return html.Div([choose, save], className="accuracy-give")


def summed(record: Record, pairs: Pairs, words: Words) -> str:
    """`Of all misses 41 % have the reason outage (3 days), 12 % price (1 day).`"""
    held = {key: one.reason for key, one in record.remarks.items()}
    rows = by_reason(pairs, held)
    if not rows:
        return words("accuracy_reasons_none")
    told = [
        words("accuracy_reasons_part", share=words.percent(share, 0), reason=said_reason(name, words), n=days)
        for name, share, days in rows[:TOLD]
    ]
    rest = 1 - sum(share for _, share, _ in rows)
    return words("accuracy_reasons", parts="; ".join(told), rest=words.percent(max(rest, 0.0), 0))


def slug(reason: str) -> str:
    return reason.replace(" ", "_")


def said_reason(reason: str, words: Words) -> str:
    """A reason of our list in the reader's language; any other as it was written."""
    return words(f"accuracy_reason_{slug(reason)}") if reason in REASONS else reason


def kept_reason(text: str) -> str:
    """What was chosen or typed -> what is kept: a reason of our list by its own name, whatever the language."""
    said = " ".join(text.split())
    for language in LANGUAGES:
        for reason in REASONS:
            if said.casefold() in (reason, Words(language)(f"accuracy_reason_{slug(reason)}").casefold()):
                return reason
    return said


def saved_notice(key: dict[str, str], before: str, now: str, words: Words) -> Any:
    """What was done, with a button that undoes it."""
    day = day_text((dt.date.fromisoformat(key["day"]) - dt.date(1970, 1, 1)).days, words)
    text = words(
        "accuracy_saved" if now else "accuracy_taken",
        day=day,
        queue=key["queue"],
        reason=said_reason(now, words),
    )
    undo = html.Button(
        words("accuracy_undo"), id={"type": "accuracy-undo", "queue": key["queue"], "day": key["day"], "back": before},
        n_clicks=0, className="button small",
    )  # fmt: skip
    return html.Div([html.Span(text), undo], className="done", role="status")
