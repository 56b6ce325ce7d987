"""The chart of what social is worth to a queue: the gain per lead band, a dot with its interval around zero."""

from __future__ import annotations

import html as markup
from collections.abc import Sequence
from typing import Any

from api.dashboard import judgement, plots
from api.dashboard.palette import Palette
from api.dashboard.plots import Figure
from api.dashboard.words import Words

GOOD = {"light": "#17694a", "dark": "#74d0a6"}  # as --good in style.css
ROOM = 1.25


def gains_figure(rows: Sequence[judgement.Row], words: Words, colors: Palette, theme: str | None) -> Figure:
    """rows: the best of each lead band, nearest first; bands without enough history are named and have no dot."""
    good = GOOD["dark" if theme == "dark" else "light"]
    measured = [row for row in rows if row["gate"] in judgement.VERDICTS and row.get("lift") is not None]
    names = [words.short_band(str(row["lead_band"])) for row in rows]
    data = [_dots([row for row in measured if row["gate"] == gate], rows, names, color, words)
            for gate, color in (("open", good), ("shut", colors.bar))]  # fmt: skip
    ends = [100 * float(row[name]) for row in measured for name in ("lower", "upper") if row.get(name) is not None]  # fmt: skip
    bottom, top = ROOM * min([*ends, -1.0]), ROOM * max([*ends, 1.0])
    layout = plots.base_layout(words, colors)
    layout |= {
        "hovermode": "closest",
        "margin": {"l": 56, "r": 14, "t": 14, "b": 52},
        "xaxis": {"type": "category", "categoryorder": "array", "categoryarray": names, "range": [-0.5, len(names) - 0.5],
                  "fixedrange": True, "showgrid": False, "linecolor": colors.divider, "tickangle": 0},
        "yaxis": {"range": [bottom, top], "gridcolor": colors.grid, "zeroline": True, "zerolinecolor": colors.muted, "zerolinewidth": 1.4,
                  "ticksuffix": " %", "fixedrange": True, "nticks": 6},
    }  # fmt: skip
    for place, row in enumerate(rows):
        if row not in measured:
            layout["annotations"].append(
                {"x": place, "y": 0, "text": words("evidence_not_yet"), "showarrow": False, "yshift": 12,
                 "font": {"size": 11.5, "color": colors.muted}}
            )  # fmt: skip
    return {"data": data, "layout": layout}


def _dots(
    chosen: Sequence[judgement.Row],
    rows: Sequence[judgement.Row],
    names: Sequence[str],
    color: str,
    words: Words,
) -> Figure:
    lifts = [100 * float(row["lift"]) for row in chosen]
    upper = [100 * float(row["upper"]) - lift for row, lift in zip(chosen, lifts, strict=True)]
    lower = [lift - 100 * float(row["lower"]) for row, lift in zip(chosen, lifts, strict=True)]
    texts = [
        f"{markup.escape(words.band(row['lead_band']))}<br><b>{judgement.gain(row, words)}</b><br>{markup.escape(words.signal(str(row['signal'])))}"
        for row in chosen
    ]
    whiskers = {"type": "data", "symmetric": False, "array": upper, "arrayminus": lower, "color": color, "thickness": 2.2, "width": 7}  # fmt: skip
    x: list[Any] = [names[list(rows).index(row)] for row in chosen]
    return {"type": "scatter", "mode": "markers", "x": x, "y": lifts, "error_y": whiskers, "marker": {"size": 11, "color": color},
            "text": texts, "hovertemplate": "%{text}<extra></extra>"}  # fmt: skip


def gains_sentence(queue: str, rows: Sequence[judgement.Row], words: Words) -> str:
    """What the chart shows, for who cannot see it."""
    said = "; ".join(f"{words.band(row['lead_band'])} {judgement.gain(row, words)}" for row in rows)
    return words("evidence_chart_sentence", queue=queue, said=said)
