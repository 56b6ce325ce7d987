"""What manual adjustments added: by author and by reason, the error with and without them; plainly where they hurt."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from dash import html
from sqlalchemy.orm import Session

from api.dashboard.accuracy.record import Span
from api.dashboard.parts import panel
from api.dashboard.words import Words
from forecast.buckets import day_start, from_ns
from forecast.override_value import Worth, Worths
from store.override_values import load_values
from store.queues import Queue
from store.settings import Settings

MOST = 8  # authors, and reasons


def adjustments_panel(
    session: Session, settings: Settings, queues: Sequence[Queue], span: Span, words: Words, now: dt.datetime
) -> Any:
    """In all, by author, by reason; of contacts only, which is what is judged."""
    start, end = (
        from_ns(int(day_start([day], queues[0].tz)[0])).to_pydatetime() for day in (span.first, span.last + 1)
    )
    alone = queues[0].name if len(queues) == 1 else None
    found = load_values(session, settings, now=now, queue=alone, start=start, end=end)
    title = words("accuracy_adjusted")
    if found.total.days == 0:
        return panel(title, [html.P(words("accuracy_adjusted_none"), className="line")])
    inside = [
        html.P(sentence(found.total, words), id="accuracy-adjusted", className="accuracy-lead"),
        _table(found, words),
    ]
    return panel(title, inside, note=words("accuracy_adjusted_note"))


def sentence(worth: Worth, words: Words) -> str:
    """`Helped on 9 of 14 days and saved 120 contacts of error (12 % less).` or, as plainly, that they hurt."""
    saved = worth.error_without - worth.error_with
    key = "helped" if saved > 0 else "hurt" if saved < 0 else "level"
    values = {"n": worth.helped, "of": worth.days, "contacts": words.number(abs(saved))}
    share = words.percent(None if worth.gained is None else abs(worth.gained), 0)
    sure = words(f"accuracy_adjusted_{verdict(worth)}")
    return f"{words(f'accuracy_adjusted_{key}', **values, share=share)} {sure}"


def verdict(worth: Worth) -> str:
    """`better`, `worse` or `chance`."""
    return {"better": "better", "worse": "worse"}.get(worth.verdict, "chance")


def _table(found: Worths, words: Words) -> Any:
    heads = [html.Th("", scope="col")]
    keys = (
        "accuracy_adjusted_days",
        "accuracy_adjusted_saved",
        "accuracy_adjusted_share",
        "accuracy_adjusted_sure",
    )
    heads += [
        html.Th(words(key), scope="col", className="number" if at < 3 else None)
        for at, key in enumerate(keys)
    ]
    body: list[Any] = []
    for key, rows in (("accuracy_by_author", found.authors), ("accuracy_by_reason", found.reasons)):
        body.append(html.Tr(html.Th(words(key), scope="colgroup", colSpan=5, className="accuracy-group")))
        body += [_row(one, words) for one in sorted(rows, key=_saved)[-MOST:][::-1]]
    table = html.Table(
        [html.Thead(html.Tr(heads)), html.Tbody(body)], className="plain", id="accuracy-adjustments"
    )
    return html.Div(table, className="scroll", tabIndex="0")


def _saved(worth: Worth) -> float:
    return abs(worth.error_without - worth.error_with)


def _row(worth: Worth, words: Words) -> Any:
    saved = worth.error_without - worth.error_with
    return html.Tr(
        [
            html.Th(worth.name, scope="row"),
            html.Td(words("accuracy_of", n=worth.helped, of=worth.days), className="number"),
            html.Td(
                words.number(saved, sign=True),
                className=f"number strong {'accuracy-hurt' if saved < 0 else ''}".strip(),
            ),
            html.Td(words.percent(worth.gained, 0, sign=True), className="number"),
            html.Td(words(f"accuracy_sure_{verdict(worth)}")),
        ]
    )
