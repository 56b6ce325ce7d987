"""The other way round: so many agents, and what they reach."""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
import numpy as np
from dash import html

from api.dashboard.parts import panel
from api.dashboard.staffing.seen import Seen
from api.dashboard.words import Words
from forecast.arrays import Floats
from forecast.staffing.certainty import Bound
from store.staffing_check import Check, Given, check

MOST = 5000


def box(words: Words) -> Any:
    """The panel without its numbers."""
    number = dmc.NumberInput(
        id="staffing-agents", label=words("staffing_agents_label"), min=0, max=MOST, step=1, debounce=400, w=150, value="",
        placeholder=words("staffing_agents_hint"), decimalScale=1, decimalSeparator="," if words.language == "nl" else ".",
        allowedDecimalSeparators=[",", "."],
    )  # fmt: skip
    inside = [
        html.Div(
            [number, html.Div(id="staffing-agents-mark", className="mark-note")], className="staffing-ask"
        ),
        html.Div(id="staffing-reached"),
    ]
    return panel(words("staffing_reverse"), inside, note=words("staffing_reverse_note"))


def reached(seen: Seen, agents: float, marked: str, words: Words) -> list[Any]:
    """What so many agents reach in every open interval of one team, over the span."""
    if len(seen.teams) != 1:
        return [html.P(words("staffing_reverse_one"), className="note")]
    found = check(seen.teams[0], Given(marked == "gross", level=agents))
    return [
        html.Dl(_figures(found, words), className="staffing-figures"),
        html.P(_often(found, words), className="would", id="staffing-often"),
    ]


def _figures(found: Check, words: Words) -> list[Any]:
    at_mean, gap = found.reached, found.gap
    there = np.nan_to_num(gap.planned_net) > 0
    came = np.where(there, gap.contacts, 0.0)
    level, asa, in_time = (_mean(one, came) for one in (at_mean.service_level, at_mean.asa, at_mean.in_time))
    busy = _mean(at_mean.occupancy, np.where(there, gap.planned_net, 0.0))
    targets = found.team.targets
    figures = []
    if np.isfinite(at_mean.service_level).any():
        figures.append(
            (
                "service",
                words("staffing_within", seconds=words.number(targets.answer_seconds)),
                words.percent(level, 0),
            )
        )
        waits = (
            words("staffing_endless") if asa == np.inf else words("staffing_seconds", n=words.number(asa, 0))
        )
        figures.append(("asa", words("staffing_waiting"), waits))
    if np.isfinite(at_mean.in_time).any():
        figures.append(
            (
                "in-time",
                words("staffing_in_time_line", hours=words.number(targets.response_hours)),
                words.percent(in_time, 0),
            )
        )
        left = at_mean.backlog[~np.isnan(at_mean.backlog)]
        figures.append(("left", words("staffing_left"), words.number(float(left[-1]) if len(left) else None)))
    figures.append(("occupancy", words("staffing_occupancy_word"), words.percent(busy, 0)))
    short = sum(one.sums.under_gross for one in found.days)
    figures.append(
        ("missing", words("staffing_missing"), words("staffing_hours_short", n=words.number(short, 1)))
    )
    return [
        html.Div([html.Dt(label), html.Dd(value, id=f"staffing-reached-{name}")])
        for name, label, value in figures
    ]


def _mean(values: Floats, weights: Floats) -> float:
    """The mean by weights over what is known; inf where a wait without end weighs anything; NaN where nothing is known."""
    known = ~np.isnan(values) & (weights > 0)
    total = float(weights[known].sum())
    return float((values[known] * weights[known]).sum() / total) if total > 0 else float("nan")


def _often(found: Check, words: Words) -> str:
    """How often the promise to customers holds, over the days of the span."""
    return words("staffing_holds", often=often(found.share, found.bound, words))


def often(share: float, bound: Bound, words: Words) -> str:
    """A chance in words, as the store tells it: in tenths, towards the ends in fortieths; never none and never all."""
    if share != share:
        return words("staffing_often_unknown")
    if bound is not None:
        return words("staffing_often_less" if bound == "less" else "staffing_often_more")
    whole = 10 if 0.1 <= share <= 0.9 else 40
    count = min(max(round(share * whole), 1), whole - 1)
    return words("staffing_often_one" if count == 1 else "staffing_often", n=count, of=whole)
