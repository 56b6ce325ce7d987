"""Two replays side by side, per queue and how far ahead: deviation with a paired interval, quantile loss, bias, coverage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from dash import html
from sqlalchemy.orm import Session

from api.dashboard.methods.chosen import said, table, value
from api.dashboard.words import Words
from forecast.losses import paired_interval
from store.backtests import load_backtest, load_backtests
from store.scores import load_scores, scored_models

PRODUCTION = "production"
BESIDE = ("wql", "bias", "coverage")


@dataclass(frozen=True)
class Pair:
    """One queue and band. apart: difference of the WAPE, left less right; low, high: 5th and 95th percentile, NaN unknown."""

    queue: str
    band: str
    left: Mapping[str, Any]
    right: Mapping[str, Any]
    apart: float
    low: float
    high: float


def choices(session: Session, words: Words) -> list[dict[str, str]]:
    """What can be compared: every method of the finished back-tests, and of the latest comparison in production."""
    found = [
        {"value": f"{one.id}:{model}", "label": words("methods_choice", n=one.id, model=model)}
        for one in load_backtests(session)
        if one.state == "done"
        for model in one.plan.models
    ]
    return [
        *found,
        *(
            {"value": f"{PRODUCTION}:{model}", "label": words("methods_choice_production", model=model)}
            for model in scored_models(session)
        ),
    ]


def rows_of(session: Session, choice: str) -> list[dict[str, Any]]:
    """The scores of one choice, `3:champion` or `production:champion`."""
    which, _, model = choice.partition(":")
    rows = (
        load_scores(session)
        if which == PRODUCTION
        else load_backtest(session, int(which)).report.get("scores", [])
    )
    return [dict(row) for row in rows if row["model"] == model]


def pairs(left: Sequence[Mapping[str, Any]], right: Sequence[Mapping[str, Any]]) -> list[Pair]:
    """Where both have a score."""
    other = {(row["series"], row["lead_band"]): row for row in right}
    found = []
    for row in left:
        held = other.get((row["series"], row["lead_band"]))
        if held is not None:
            found.append(Pair(row["series"], row["lead_band"], row, held, *_apart(row, held)))
    return found


def _apart(left: Mapping[str, Any], right: Mapping[str, Any]) -> tuple[float, float, float]:
    """Of the cutoffs both replayed; without them only the difference, and no interval."""
    mine, theirs = left.get("blocks"), right.get("blocks")
    if mine and theirs:
        days = sorted(set(mine["day"]) & set(theirs["day"]))
        at = [[one["day"].index(day) for day in days] for one in (mine, theirs)]
        errors = [np.array(one["error"])[places] for one, places in zip((mine, theirs), at, strict=True)]
        volume = np.array(mine["volume"])[at[0]]
        same = np.allclose(volume, np.array(theirs["volume"])[at[1]]) if days else False
        if same:
            return paired_interval(errors[0], errors[1], volume)
    known = left.get("wape") is not None and right.get("wape") is not None
    return (float(left["wape"] - right["wape"]) if known else float("nan"), float("nan"), float("nan"))


def compared(found: Sequence[Pair], words: Words) -> Any:
    """The table, and below it what it says as a whole."""
    if not found:
        return html.P(words("methods_compare_none"), className="note")
    heads = [(words("queue"), ""), (words("methods_col_ahead"), ""), (words("methods_left_wape"), "number"),
             (words("methods_right_wape"), "number"), (words("methods_col_apart"), "number"), (words("methods_col_paired"), "number")]  # fmt: skip
    heads += [(words(f"methods_measure_{name}"), "number") for name in BESIDE]
    rows = []
    for at, one in enumerate(found):
        first = at == 0 or found[at - 1].queue != one.queue
        kind = "methods-better" if one.high < 0 else "methods-worse" if one.low > 0 else None
        span = "–"
        if np.isfinite(one.low):
            span = words("scenario_to", low=_points(one.low, words), high=_points(one.high, words))
        cells = [said(value(one.left, "wape"), "wape", words), said(value(one.right, "wape"), "wape", words)]
        cells += [_points(one.apart, words), span]
        cells += [
            " / ".join(said(value(side, name), name, words) for side in (one.left, one.right))
            for name in BESIDE
        ]
        names = [html.Td(html.Strong(one.queue) if first else ""), html.Td(words.band(one.band))]
        marked = [
            html.Td(text, className=f"number {kind or ''}".strip() if place == 2 else "number")
            for place, text in enumerate(cells)
        ]
        rows.append(html.Tr([*names, *marked]))
    return html.Div(
        [
            html.P(verdict(found, words), className="would", id="methods-verdict"),
            table(heads, rows, "methods-compare-table"),
        ]
    )


def verdict(found: Sequence[Pair], words: Words) -> str:
    """How often the left one is better or worse beyond chance."""
    better, worse = sum(one.high < 0 for one in found), sum(one.low > 0 for one in found)
    sure = sum(bool(np.isfinite(one.low)) for one in found)
    if not sure:
        return words("methods_verdict_unpaired", n=len(found))
    return words("methods_verdict", n=len(found), better=better, worse=worse)


def _points(one: float, words: Words) -> str:
    return "–" if not np.isfinite(one) else words.number(100 * one, 1, sign=True)
