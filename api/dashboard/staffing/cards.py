"""What stands on page Staffing in numbers: the four cards, what being surer costs, and the gap to the plan."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import numpy as np
from dash import dcc, html

from api.dashboard.axes import labels
from api.dashboard.parts import aria, card, with_code
from api.dashboard.staffing.choice import EPOCH
from api.dashboard.staffing.figure import digits_of
from api.dashboard.staffing.sums import Made, Surer
from api.dashboard.words import SPACE, Words

WORST = 3
LEAST = 0.05  # agent hours, or agents, that are worth a word
SHORT_OF = 0.05  # of the mail promised: a share that lies so far below it needs a word


def money(value: float | None, words: Words, *, sign: bool = False) -> str:
    """`€ 1,240`; a dash where it is not known."""
    return "–" if value is None else f"€{SPACE}{words.number(value, 0, sign=sign)}"


def cards(made: Made, words: Words) -> list[Any]:
    """Hours, the busiest interval, the plan, and what is reached."""
    return [_hours(made, words), _peak(made, words), _plan(made, words), _service(made, words)]


def _hours(made: Made, words: Words) -> Any:
    cost = "" if made.euros is None else f" · {money(made.euros, words)}"
    inside = [
        html.P(
            [words.number(made.hours_net, 0), html.Span(f" {words('staffing_hours_net')}", className="unit")],
            className="big",
            id="staffing-total",
        ),
        html.P(
            words("staffing_hours_gross", n=words.number(made.hours_gross, 0)) + cost,
            className="line strong-line",
        ),
    ]
    if made.unknown:
        inside.append(html.P(words("staffing_unknown", n=words.number(made.unknown)), className="line"))
    return card(words("staffing_card_hours"), inside)


def _peak(made: Made, words: Words) -> Any:
    frame = made.staffing
    title = words("staffing_card_peak")
    if frame["agents_net"].isna().all():
        return card(
            title,
            [html.P("–", className="big"), html.P(words("staffing_not_known"), className="line")],
            tone="quiet",
        )
    top = frame.loc[[frame["agents_net"].idxmax()]]
    at = labels(top, made.step, made.tz, words)[0]
    net, gross = (
        words.number(float(top[f"agents_{mark}"].iloc[0]), digits_of(frame, mark))
        for mark in ("net", "gross")
    )
    return card(
        title,
        [
            html.P(
                [net, html.Span(f" {words('staffing_net')}", className="unit")],
                className="big",
                id="staffing-peak",
            ),
            html.P(words("staffing_peak_gross", n=gross, at=at), className="line strong-line"),
        ],
    )


def _plan(made: Made, words: Words) -> Any:
    title = words("staffing_card_plan")
    if not made.gaps:
        return card(
            title,
            [
                html.P(words("staffing_no_plan"), className="big word"),
                html.P(dcc.Link(words("staffing_import_plan"), href="/data?tab=files"), className="line"),
            ],
            tone="quiet",
        )
    short, over = (
        sum(getattr(day, f"{name}_gross") for one in made.gaps for day in one.days)
        for name in ("under", "over")
    )
    worse = short >= LEAST
    part = _planned_part(made, words)
    covered = part or words("staffing_covered")
    big = words("staffing_short_hours", n=words.number(short, 1)) if worse else covered
    lines = [html.P(words("staffing_over_hours", n=words.number(over, 1)), className="line strong-line")]
    lines += [html.P(part, className="line")] if part and worse else []
    partly = [name for name, days in made.bare.items() if days and name not in made.unplanned]
    for key, names in (("staffing_unplanned", made.unplanned), ("staffing_partly", partly)):
        if names and len(made.plans) > 1:
            lines.append(html.P(words(key, names=", ".join(names[:5])), className="line"))
    return card(
        title,
        [html.P(big, className="big word", id="staffing-short"), *lines],
        tone="warn" if worse else "quiet" if part else "good",
    )


def _planned_part(made: Made, words: Words) -> str:
    """`Planned: 1 of 7 days` of one team, of several how many are planned throughout; '' where all that is asked has a plan."""
    bare = made.bare
    if not any(bare.values()):
        return ""
    if len(bare) > 1:
        whole = sum(not days for days in bare.values())
        return words("staffing_planned_teams", n=whole, of=len(bare))
    ((name, days),) = bare.items()
    count = len(made.busy[name])
    return words("staffing_planned_days", n=count - len(days), of=count)


def _service(made: Made, words: Words) -> Any:
    """What the plan reaches; without a plan, what the agents needed reach."""
    frame = made.staffing
    planned = frame["reached"].notna().any()
    level = mean(frame, "reached" if planned else "service_level", "contacts")
    title = words("staffing_card_plan_reaches" if planned else "staffing_card_reached")
    in_time = mean(frame, "in_time", "contacts")
    inside: list[Any] = []
    if level == level:
        seconds = sorted({one.team.targets.answer_seconds for one in made.plans})
        text = words(
            "staffing_within",
            seconds="–".join(words.number(one) for one in (seconds[0], seconds[-1])[: len(seconds)]),
        )
        inside = [
            html.P(words.percent(level, 0), className="big", id="staffing-level"),
            html.P(text, className="line strong-line"),
        ]
    if in_time == in_time and not planned:
        hours = words.number(made.plans[0].team.targets.response_hours)
        text = words("staffing_in_time", share=words.percent(in_time, 0), hours=hours)
        inside += (
            [html.P(text, className="line strong-line")]
            if inside
            else [
                html.P(words.percent(in_time, 0), className="big", id="staffing-level"),
                html.P(words("staffing_in_time_line", hours=hours), className="line strong-line"),
            ]
        )
        if in_time < min(one.team.targets.response_share for one in made.plans) - SHORT_OF:
            inside.append(html.P(words("staffing_in_time_short"), className="line"))
    busy = mean(frame, "occupancy", "agents_net")
    if busy == busy and not planned:
        inside.append(html.P(words("staffing_occupancy", share=words.percent(busy, 0)), className="line"))
    return card(title, inside or [html.P("–", className="big")])


def mean(frame: Any, name: str, weight: str) -> float:
    """The mean of a column over the rows in which it is known, by another; NaN where none is."""
    values, weights = (frame[one].to_numpy(dtype=np.float64) for one in (name, weight))
    known = ~np.isnan(values) & ~np.isnan(weights)
    total = float(weights[known].sum())
    return float((values[known] * weights[known]).sum() / total) if total > 0 else float("nan")


def sure_name(quantile: float, words: Words) -> str:
    """0.9 -> `safe: 9 in 10`."""
    key = f"staffing_sure_{round(1000 * quantile)}"
    return words(key) if words.has(key) else words("staffing_sure_any", share=words.percent(quantile, 0))


def surer(rows: Sequence[Surer], span: str, words: Words) -> list[Any]:
    """What each certainty takes, as small bars with the difference, and the sentence that says it."""
    most = max((one.hours_gross for one in rows), default=0.0)
    base = rows[0]
    told = any(one.euros is not None for one in rows)
    items = []
    for one in rows:
        more = one.hours_gross - base.hours_gross
        cells = [
            html.Span(sure_name(one.quantile, words), className="what"),
            html.Span(html.Span(className="bar", style={"width": f"{100 * one.hours_gross / most if most else 0:.2f}%"}),
                      className="track", **aria(hidden="true")),
            html.Span(words("staffing_hours_short", n=words.number(one.hours_gross, 0)), className="value"),
            html.Span(words("staffing_more", n=words.number(more, 0, sign=True)) if one is not base else "", className="more-hours"),
            html.Span(words("staffing_peak_short", net=words.number(one.peak_net, 0), gross=words.number(one.peak_gross, 0)), className="peak"),
        ]  # fmt: skip
        cells += [html.Span(money(one.euros, words), className="value money")] if told else []
        items.append(html.Li(cells))
    safe = next((one for one in rows if one.quantile == 0.9), rows[-1])
    cost = None if safe.euros is None or base.euros is None else safe.euros - base.euros
    values = {"n": words.number(safe.hours_gross - base.hours_gross, 0), "span": span}
    said = (
        words("staffing_surer_said", **values)
        if cost is None
        else words("staffing_surer_said_euros", **values, euros=money(cost, words))
    )
    notes = [] if told else [html.P(with_code(words("staffing_no_rate")), className="note")]
    return [
        html.P(said, className="would", id="staffing-surer-said"),
        html.Ul(items, className=f"surer {'with-money' if told else ''}".strip()),
        *notes,
    ]


def plan_days(made: Made, words: Words) -> list[Any]:
    """Hours short and over by day, and the worst intervals; without a plan, how to load one."""
    if not made.gaps:
        return [
            html.P(words("staffing_no_plan_text"), className="note"),
            dcc.Link(words("staffing_import_plan"), href="/data?tab=files", className="button"),
        ]
    sums: dict[int, list[float]] = {}
    for gap in made.gaps:
        for day in gap.days:
            held = sums.setdefault(day.day, [0.0, 0.0])
            held[0] += day.under_gross
            held[1] += day.over_gross
    bare = {day for days in made.bare.values() for day in days} - sums.keys()
    head = html.Tr(
        [
            html.Th(words("staffing_day")),
            *(html.Th(words(f"staffing_col_{name}"), className="number") for name in ("short", "over")),
        ]
    )
    rows = [_plan_row(day, sums.get(day), words) for day in sorted(sums.keys() | bare)]
    table = html.Table([html.Thead(head), html.Tbody(rows)], className="plain", id="staffing-plan-days")
    return [
        html.Div(
            [html.Div(table, className="scroll"), html.Div(_worst(made, words))], className="staffing-two"
        )
    ]


def _plan_row(day: int, held: Sequence[float] | None, words: Words) -> Any:
    """A day with its hours short and over; without them nothing is planned on it."""
    name = html.Td(_day(day, words), className="when")
    if held is None:
        return html.Tr([name, html.Td(words("staffing_day_bare"), colSpan=2, className="number")])
    short = html.Td(words.number(held[0], 1), className="number short" if held[0] >= LEAST else "number")
    return html.Tr([name, short, html.Td(words.number(held[1], 1), className="number over")])


def _day(day: int, words: Words) -> str:
    date = EPOCH + dt.timedelta(days=day)
    return words.day(dt.datetime(date.year, date.month, date.day))


def _worst(made: Made, words: Words) -> list[Any]:
    """The intervals that are shortest of agents, the worst first."""
    frame = made.staffing
    short = frame[frame["gap_net"] < -LEAST].nsmallest(WORST, "gap_net")
    if short.empty:
        key = "staffing_worst_none_planned" if any(made.bare.values()) else "staffing_worst_none"
        return [html.P(words(key), className="line", id="staffing-worst")]
    said = labels(short, made.step, made.tz, words)
    items = []
    for label, row in zip(said, short.to_dict("records"), strict=True):
        text = words(
            "staffing_worst_line",
            gross=words.number(-row["gap_gross"], 1),
            net=words.number(-row["gap_net"], 1),
        )
        if row["reached"] == row["reached"]:
            text += words("staffing_worst_level", share=words.percent(row["reached"], 0))
        items.append(html.Li([html.Strong(label), html.Span(text)]))
    return [html.H3(words("staffing_worst")), html.Ul(items, className="staffing-worst", id="staffing-worst")]
