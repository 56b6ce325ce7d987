"""The chart of the deviation by how far ahead."""

from __future__ import annotations

import numpy as np
import pandas as pd

from api.dashboard.palette import Palette
from api.dashboard.plots import (
    ALONE,
    Figure,
    base_layout,
    even_steps,
    line_trace,
    value_axis,
    with_gaps,
)
from api.dashboard.words import Words


def deviation_figure(rows: pd.DataFrame, words: Words, colors: Palette) -> Figure:
    """rows[band, own, bar, floor, lower, upper] of one queue -> deviation by how far ahead, as shares."""
    labels = [words.band(band) for band in rows["band"]]
    x = np.arange(len(rows))
    data = [
        line_trace(x, rows["floor"], colors.floor, 1.6, dash="dash", dot=6),
        line_trace(x, rows["bar"], colors.bar, 1.8, dot=7),
        line_trace(x, rows["own"], colors.expected, 2.4, dot=8),
    ]
    for trace, name in zip(data, ("floor", "bar", "own"), strict=True):
        said = [
            f"<b>{label}</b><br>{words(name)} {words.percent(value)}"
            for label, value in zip(labels, rows[name], strict=True)
        ]
        trace |= {"text": said, "hovertemplate": "%{text}<extra></extra>", "hoverinfo": "text"}
    above, below = rows["upper"] - rows["own"], rows["own"] - rows["lower"]
    data[-1]["error_y"] = {"type": "data", "symmetric": False, "array": with_gaps(above), "arrayminus": with_gaps(below),
                           "color": colors.expected, "thickness": 1.2, "width": 3}  # fmt: skip
    top = float(np.nanmax(rows[["own", "bar", "floor", "upper"]].to_numpy(dtype=float), initial=0.0)) or 1.0
    values = even_steps(top)
    layout = base_layout(words, colors) | {
        "hovermode": "closest",
        "margin": {"l": 52, "r": 14, "t": 12, "b": 52},
    }
    layout["yaxis"] = value_axis(colors, ALONE, 6) | {
        "range": [0, top * 1.08], "tickvals": values, "ticktext": [words.percent(one, 0) for one in values]}  # fmt: skip
    layout["xaxis"] = {
        "tickvals": x.tolist(), "ticktext": [words.short_band(band) for band in rows["band"]], "tickangle": 0,
        "tickfont": {"size": 10.5},
        "range": [-0.4, len(rows) - 0.6], "fixedrange": True, "showgrid": False, "zeroline": False,
        "linecolor": colors.divider, "showline": True,
    }  # fmt: skip
    return {"data": data, "layout": layout}
