"""What the planner does in the table: the bar of a selection, numbers typed or pasted, saving, undoing, removing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from dash import dcc, html
from sqlalchemy.orm import Session

from api.dashboard import outlook
from api.dashboard.axes import labels
from api.dashboard.desk import Change
from api.dashboard.forecast import adjusting, marks, pasting, together
from api.dashboard.forecast.choice import Choice
from api.dashboard.parts import aria
from api.dashboard.queries import Held
from api.dashboard.words import Words, local
from forecast.buckets import column_ns, from_ns, to_ns
from forecast.errors import ForecallError, InputError
from forecast.overriding import PERCENT
from store.settings import Settings

MOST_TOLD = 8  # rows of a preview that are told one by one


@dataclass(frozen=True)
class Work:
    """What is worked on: the choice loaded, with the rows of its table."""

    held: Held
    rows: pd.DataFrame


@dataclass(frozen=True)
class Proposal:
    """Numbers to be set: start (ns) -> number; what is wrong with the others, in words; from a paste or typed?"""

    wanted: Mapping[int, float]
    wrong: tuple[str, ...]
    pasted: bool


def load(session: Session, choice: Choice, now: dt.datetime, settings: Settings) -> Work:
    """The rows that the table shows for a choice."""
    held = together.load(session, choice, now, settings)
    frame = outlook.buckets(held, held.window.start, held.window.end, held.window.step)
    return Work(held, outlook.shown(held, frame))


def selected(rows: Sequence[Mapping[str, Any]], words: Words) -> str:
    """`12 intervals selected, 1,240 expected on average`, and how many are over. rows: of the grid, as it holds them.

    One row is told as it stands in the table, several by the sum of their means.
    """
    mine = [one for one in rows if not one.get("over") and isinstance(one.get("expected"), int | float)]
    key, name = ("forecast_selected_one", "expected") if len(mine) == 1 else ("forecast_selected", "mean")
    said = words(key, n=len(mine), sum=words.number(sum(float(one.get(name) or 0.0) for one in mine)))
    over = len(rows) - len(mine)
    return f"{said} {words('forecast_selected_over', n=over)}" if over else said


def pasted(work: Work, told: Mapping[str, Any], words: Words) -> Proposal:
    """A column from a spreadsheet, from the focused row down. told: text of the clipboard, starts of the rows in their order."""
    cells = pasting.column(str(told.get("text", "")), words.language)
    starts = [str(one) for one in told.get("starts") or []]
    allowed = {int(one) for one in column_ns(adjusting.open_to_change(work.held, work.rows)["ds"])}
    wanted, wrong = {}, []
    for place, cell in enumerate(cells[: len(starts)]):
        moment = adjusting.moment_of(starts[place])
        start = 0 if moment is None else to_ns(moment)
        if cell.wrong:
            wrong.append(words("forecast_paste_wrong", row=place + 1, text=cell.text[:40]))
        elif start not in allowed and not cell.blank:
            wrong.append(words("forecast_paste_over", row=place + 1))
        elif cell.number is not None:
            wanted[start] = cell.number
    if len(cells) > len(starts):
        wrong.append(words("forecast_paste_more", n=len(cells), rows=len(starts)))
    return Proposal(wanted, tuple(wrong), True)


def typed(
    held: Mapping[str, Any] | None, changes: Sequence[Mapping[str, Any]], choice: object
) -> dict[str, Any]:
    """Cells typed over, on top of those typed before in the rows of the same choice: {"typed": {start: number}}."""
    same = held is not None and held.get("choice") == choice
    before = dict((held or {}).get("typed") or {}) if same else {}
    for one in changes:
        value = one.get("value", one.get("newValue"))
        start = (one.get("data") or {}).get("start")
        if isinstance(value, int | float) and start:
            before[str(start)] = float(value)
    return {"typed": before}


def proposal(work: Work, pending: Mapping[str, Any], words: Words) -> Proposal:
    """What waits to be saved, as the browser holds it."""
    if "text" in pending:
        return pasted(work, pending, words)
    numbers = {to_ns(moment): float(value) for text, value in (pending.get("typed") or {}).items()
               if (moment := adjusting.moment_of(text)) is not None}  # fmt: skip
    allowed = set(column_ns(adjusting.open_to_change(work.held, work.rows)["ds"]).tolist())
    return Proposal(
        {start: value for start, value in numbers.items() if start in allowed and value >= 0}, (), False
    )


def preview(work: Work, asked: Proposal, words: Words) -> Any:
    """How many rows, from which sum to which, the first of them one by one, and what cannot be used."""
    rows = work.rows[work.rows["ds"].isin([from_ns(one) for one in asked.wanted])].reset_index(drop=True)
    new = [asked.wanted[int(one)] for one in column_ns(rows["ds"])] if len(rows) else []
    old, sums = rows["expected"].tolist(), (float(rows["expected"].sum()), float(sum(new)))
    decimals = 0 if all(float(one).is_integer() for one in new) else 1
    said = words("forecast_preview", n=len(rows), old=words.number(sums[0]), new=words.number(sums[1], decimals),
                 change=words.number(sums[1] - sums[0], decimals, sign=True))  # fmt: skip
    names = (
        labels(rows.head(MOST_TOLD), work.held.window.step, work.held.window.tz, words) if len(rows) else []
    )
    lines = [
        html.Li(
            [
                html.Span(name),
                html.Span(
                    f"{words.number(was, outlook.places(work.rows))} → {words.number(will, decimals)}",
                    className="number",
                ),
            ]
        )
        for name, was, will in zip(names, old, new, strict=False)
    ]
    more = [html.Li(words("forecast_preview_more", n=len(rows) - MOST_TOLD))] if len(rows) > MOST_TOLD else []
    faults = (
        [html.Ul([html.Li(one) for one in asked.wrong[:12]], className="forecast-wrong", role="alert")]
        if asked.wrong
        else []
    )
    return [
        html.H3(words("forecast_pasted" if asked.pasted else "forecast_typed")),
        html.P(said, className="forecast-sum", id="forecast-preview-sum"),
        html.Ul([*lines, *more], className="forecast-lines"),
        *faults,
    ]


def save_selected(
    change: Change,
    work: Work,
    starts: Sequence[str],
    way: str,
    value: float,
    reason: str,
    until: dt.date | None,
    *,
    last: int | None = None,
) -> tuple[list[int], int]:
    """Adjust the selected rows -> numbers of the adjustments, and of how many rows.

    last: the newest adjustment that the asker saw; what a first press made since is given back, not made again
    """
    rows = adjusting.chosen(work.held, work.rows, starts)
    spans = {(one.start, one.end) for one in adjusting.stretches(rows)}
    again = adjusting.made_since(change, work.held, spans, reason, last)
    if again:
        return again, len(rows)
    parts = adjusting.by_way(work.held, rows, way, value)
    made = adjusting.save(change, work.held, parts, reason=reason, until=until)
    return [one.override.id for one in made], len(rows)


def save_numbers(
    change: Change, work: Work, asked: Proposal, reason: str, *, last: int | None = None
) -> tuple[list[int], int]:
    """Set the numbers of a proposal -> numbers of the adjustments, and of how many rows. InputError where none differs.

    last: as in `save_selected`
    """
    rows = adjusting.open_to_change(work.held, work.rows)
    mine = rows[np.isin(column_ns(rows["ds"]), list(asked.wanted))]
    spans = set(zip(mine["begin"].tolist(), column_ns(mine["end"]).tolist(), strict=True))
    again = adjusting.made_since(change, work.held, spans, reason, last)
    if again:
        return again, len(again)
    parts = adjusting.by_row(work.held, work.rows, asked.wanted, pin=asked.pasted)
    if not parts:
        raise InputError(
            "These numbers are the forecast already.", remedy="There is nothing to save.", field="value"
        )
    made = adjusting.save(change, work.held, parts, reason=reason, until=None)
    return [one.override.id for one in made], len(parts)


def way_told(way: str, value: float, words: Words) -> str:
    """`+10 %`, `sum set to 1,400`, `+120 contacts`."""
    if way == PERCENT:
        return words.percent(value / 100, 0 if value % 1 == 0 else 1, sign=True)
    digits = 0 if value % 1 == 0 else 1
    key = "forecast_set_to" if way == adjusting.SET else "forecast_change_add"
    return words(key, n=words.number(value, digits, sign=way != adjusting.SET))


def toast(text: str, words: Words, numbers: Sequence[int] = ()) -> Any:
    """What was done, with one click to undo it where it can be."""
    undo = html.Button(
        words("forecast_undo"), id={"type": "forecast-undo", "number": 0}, n_clicks=0, className="button"
    )
    inside = [html.Span(text, id="forecast-toast-text"), *([undo] if numbers else [])]
    return html.Div(inside, className="forecast-toast", role="status")


def fault(error: ForecallError) -> Any:
    """Why something was not done, beside the button that asked for it."""
    return html.P(str(error), className="forecast-fault", role="alert")


def adjustments(held: Held, seen: Sequence[marks.Mark], words: Words, *, may: bool) -> Any:
    """The manual adjustments among the marks, each with who, why, until when, and a button that removes it."""
    found = [(one, one.kept) for one in seen if one.kept is not None]
    if not found:
        return html.P(
            words("forecast_none_adjusted" if may else "forecast_none_adjusted_view"), className="note"
        )
    rows = []
    for mark, kept in reversed(found[-100:]):
        one, tz = kept.override, held.queue.tz
        of = one.queue or (
            words("forecast_channel", channel=one.channel) if one.channel else words("forecast_every")
        )
        until = (
            words("forecast_no_end") if kept.expires_at is None else words.moment(local(kept.expires_at, tz))
        )
        remove = html.Button(
            words("forecast_remove"), id={"type": "forecast-remove", "number": one.id}, n_clicks=0, className="button",
            **aria(label=words("forecast_remove_named", change=marks.changed(mark, words), when=marks.when(mark, words, tz))),
        )  # fmt: skip
        cells = [marks.when(mark, words, tz), marks.changed(mark, words), f"{of} · {one.topic}" if one.topic else of,
                 one.reason, one.author, until]  # fmt: skip
        rows.append(
            html.Tr([*(html.Td(cell) for cell in cells), html.Td(remove if may else "", className="act")])
        )
    heads = [words(f"forecast_head_{name}") for name in ("when", "change", "of", "reason", "who", "until")]
    table = html.Table([html.Thead(html.Tr([*(html.Th(one) for one in heads), html.Th("")])), html.Tbody(rows)],
                       className="plain", id="forecast-adjustments-table")  # fmt: skip
    return html.Div(
        table, className="scroll", tabIndex="0", role="region", **aria(label=words("forecast_adjustments"))
    )


def stores() -> list[Any]:
    """What the browser keeps between callbacks."""
    names = (
        "forecast-changed",
        "forecast-saved",
        "forecast-pending",
        "forecast-pasted",
        "forecast-aim",
        "forecast-shown",
    )
    return [dcc.Store(id=name) for name in names]
