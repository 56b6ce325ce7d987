"""The sentence the page opens with, and its three figures: of the live record, or of the back-test until there is one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
from dash import html

from api.dashboard import judgement
from api.dashboard.accuracy.record import Record
from api.dashboard.accuracy.table import bias
from api.dashboard.parts import aria
from api.dashboard.words import Words
from forecast.plan_errors import Figure

LIVE, BACKTEST = "live", "backtest"
TESTED = (
    "7-14d",
    "3-7d",
    "1-3d",
    "0-1d",
)  # the band a week ahead falls into, else the furthest that was tested
FAIR = (0.75, 0.93)  # how often within a band for eight in ten, before it is worth a word


@dataclass(frozen=True)
class Said:
    """Where the opening figures come from. source: live or backtest; band: of a back-test; queue: whose it is"""

    source: str
    figure: Figure
    queue: str
    band: str = ""


def opening(record: Record | None, scores: list[dict[str, Any]], queue: str) -> Said | None:
    """The live record as soon as it has days enough, else the back-test of the queue; None without either."""
    if record is not None:
        found = record.figure(record.week_before)
        if record.enough(found):
            return Said(LIVE, found, record.choice.queue)
        if not record.counts:
            return None
    held = judgement.accuracy(scores)
    mine = held[held["queue"] == queue] if queue else held.iloc[:0]
    for band in TESTED:
        rows = mine[mine["band"] == band]
        if len(rows):
            return Said(BACKTEST, _tested(dict(rows.iloc[0].items())), queue, band)
    return None


def _tested(row: Mapping[Any, Any]) -> Figure:
    known = {
        name: None if pd.isna(row[name]) else float(row[name]) for name in ("own", "lower", "upper", "bar")
    }
    more = {name: None if pd.isna(row[name]) else float(row[name]) for name in ("floor", "bias", "within")}
    return Figure(
        int(row["n"] or 0), known["own"], known["lower"], known["upper"], known["bar"], more["floor"], more["bias"],
        more["within"],
    )  # fmt: skip


def head(said: Said | None, record: Record | None, words: Words) -> Any:
    """Sentence and cards."""
    if said is None or said.figure.deviation is None:
        return None
    found = said.figure
    return [
        html.P(sentence(said, record, words), id="accuracy-sentence", className="accuracy-sentence"),
        html.Div(
            [_deviation(said, record, words), _over(found, words), _within(found, words)],
            className="cards accuracy-cards",
        ),
    ]


def sentence(said: Said, record: Record | None, words: Words) -> str:
    """`Published a week before, ... was 11.2 % off per day; the 8-week average 14.9 %, chance alone 6.1 %.`"""
    found = said.figure
    values = {"own": words.percent(found.deviation), "queue": said.queue or words("accuracy_all")}
    if said.source == LIVE and record is not None:
        told = words(f"accuracy_said_live_{record.choice.measure}", **values, span=span_text(record, words))
    else:
        told = words("accuracy_said_backtest", **values, band=words.band(said.band))
    beside = []
    if found.bar is not None:
        mine, whole = words.percent(found.beside), words.percent(found.deviation)
        part = found.beside is not None and mine != whole  # not every day of every queue has an average
        key = "accuracy_said_bar_part" if part else "accuracy_said_bar"
        beside.append(words(key, bar=words.percent(found.bar), own=mine))
    if found.noise is not None:
        beside.append(words("accuracy_said_noise", noise=words.percent(found.noise)))
    return f"{told} {words('accuracy_and').join(beside)}." if beside else f"{told.rstrip(';')}."


def span_text(record: Record, words: Words) -> str:
    """`24 Oct to 20 Nov`."""
    first, last = (words.date(dt.datetime.combine(one, dt.time())) for one in record.span.dates)
    return words("accuracy_span", first=first, last=last)


def _deviation(said: Said, record: Record | None, words: Words) -> Any:
    found = said.figure
    live = said.source == LIVE
    between = (
        words("accuracy_surely", lower=words.number(100 * found.low, 1), upper=words.percent(found.high))
        if found.low is not None and found.high is not None
        else ""
    )
    label = (
        words("accuracy_card_live") if live else words("accuracy_card_backtest", band=words.band(said.band))
    )
    return _card(
        words("forecast_deviation").replace("\N{SOFT HYPHEN}", ""),
        words.percent(found.deviation),
        [
            bars(found, words),
            html.P(" · ".join(one for one in (label, between) if one), className="line"),
        ],
        "accuracy-deviation",
    )


def bars(found: Figure, words: Words) -> Any:
    """Forecast, 8-week average and noise as three bars of one scale; the numbers stand beside them."""
    rows = [("own", found.deviation, "expected"), ("bar", found.bar, "bar"), ("floor", found.noise, "floor")]
    most = max((value for _, value, _ in rows if value is not None), default=0.0) or 1.0
    return html.Ul(
        [
            html.Li(
                [
                    html.Span(words(key), className="what"),
                    html.Span(
                        html.Span(
                            className=f"bar {kind}", style={"width": f"{100 * (value or 0) / most:.1f}%"}
                        ),
                        className="track",
                        **aria(hidden="true"),
                    ),
                    html.Span(words.percent(value), className="value"),
                ]
            )
            for key, value, kind in rows
        ],
        className="accuracy-bars",
    )


def _over(found: Figure, words: Words) -> Any:
    value = float("nan") if found.over is None else found.over
    key = "none" if abs(value) < 0.01 else "over" if value > 0 else "under"
    tone = "" if key == "none" or found.over is None else "warn" if abs(value) >= 0.05 else ""
    return _card(
        words("bias"), bias(value, words), [html.P(words(f"accuracy_bias_{key}"), className="line")], "accuracy-bias", tone
    )  # fmt: skip


def _within(found: Figure, words: Words) -> Any:
    if found.within is None:
        said = words("accuracy_within_none")
    else:
        low, high = FAIR
        key = "narrow" if found.within < low else "wide" if found.within > high else "fair"
        said = words(f"accuracy_within_{key}")
    return _card(
        words("within"), words.percent(found.within, 0), [html.P(said, className="line")], "accuracy-within"
    )


def _card(title: str, big: str, inside: list[Any], name: str, tone: str = "") -> Any:
    return html.Section(
        [html.H2(title), html.P(big, className="big"), *inside], className=f"card {tone}".strip(), id=name
    )
