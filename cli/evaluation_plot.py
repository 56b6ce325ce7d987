"""A picture of the last cutoff of a measuring run: what came, the champion's median and its 80 % band."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from forecast.backtest import came_on
from forecast.buckets import column_ns
from forecast.errors import InputError
from forecast.report import Report
from forecast.vintage import Archive

BAND = ("0.1", "0.5", "0.9")


def draw(report: Report, archive: Archive, path: Path) -> None:
    """One panel per series, as .png or as a page that needs no network (.html)."""
    frames = {
        series: _last(rows, archive) for series, rows in report.forecasts().groupby("series", sort=False)
    }
    if path.suffix == ".png":
        _png({str(name): frame for name, frame in frames.items()}, path)
    elif path.suffix == ".html":
        _html({str(name): frame for name, frame in frames.items()}, path)
    else:
        raise InputError(
            f"No picture can be drawn as {path.suffix!r}.", remedy="Name it .png or .html.", field="plot"
        )


def _last(rows: pd.DataFrame, archive: Archive) -> pd.DataFrame:
    """Forecast rows of a series -> [ds, came, 0.1, 0.5, 0.9] of its first model at its last cutoff."""
    mine = rows[(rows["cutoff"] == rows["cutoff"].iloc[-1]) & (rows["model"] == rows["model"].iloc[0])]
    wide = mine.pivot(index="ds", columns="quantile", values="value")[list(BAND)]
    starts = pd.to_datetime(pd.Series(wide.index), utc=True)
    wide.insert(0, "came", came_on(archive.series[str(rows["series"].iloc[0])], column_ns(starts)))
    zone = archive.series[str(rows["series"].iloc[0])].tz
    local = pd.DatetimeIndex(starts).tz_convert(zone).tz_localize(None)
    return pd.DataFrame(wide.set_axis(local)).sort_index()


def _png(frames: dict[str, pd.DataFrame], path: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(len(frames), 1, figsize=(11, 3.2 * len(frames)), squeeze=False)
    for axis, (name, frame) in zip(axes[:, 0], frames.items(), strict=True):
        axis.fill_between(frame.index, frame["0.1"], frame["0.9"], color="#cfe2f3", label="8 in 10 within")
        axis.plot(frame.index, frame["0.5"], color="#1864ab", label="expected")
        axis.plot(frame.index, frame["came"], color="#212529", linewidth=1, label="came")
        axis.set_title(name, loc="left", fontsize=10)
        axis.spines[["top", "right"]].set_visible(False)
    axes[0, 0].legend(frameon=False, fontsize=8)
    figure.tight_layout()
    figure.savefig(path, dpi=130)
    plt.close(figure)


def _html(frames: dict[str, pd.DataFrame], path: Path) -> None:
    import plotly.graph_objects as go
    from plotly.subplots import make_subplots

    figure = make_subplots(rows=len(frames), cols=1, subplot_titles=list(frames))
    for row, frame in enumerate(frames.values(), start=1):
        legend = {"showlegend": row == 1}
        low = go.Scatter(x=frame.index, y=frame["0.1"], line={"width": 0}, showlegend=False, hoverinfo="skip")
        band = {"fill": "tonexty", "fillcolor": "#cfe2f3", "line": {"width": 0}}
        high = go.Scatter(x=frame.index, y=frame["0.9"], name="8 in 10 within", **band, **legend)
        middle = go.Scatter(
            x=frame.index, y=frame["0.5"], name="expected", line={"color": "#1864ab"}, **legend
        )
        came = go.Scatter(
            x=frame.index, y=frame["came"], name="came", line={"color": "#212529", "width": 1}, **legend
        )
        for trace in (low, high, middle, came):
            figure.add_trace(trace, row=row, col=1)
    figure.update_layout(template="plotly_white", height=340 * len(frames))
    figure.write_html(path, include_plotlyjs=True)
