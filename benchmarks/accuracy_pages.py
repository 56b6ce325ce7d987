"""accuracy.json as a page and a picture: figures with their intervals, and how they stand to the bar."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.paired import geometric_mean
from forecast.resampling import Bounds, resampled

WAPE_BAR, WQL_BAR, BAND_SLACK, BIAS_BAR = 0.95, 0.92, 0.02, 0.05
Row = Mapping[str, Any]


def page(rows: Sequence[Row]) -> str:
    """The whole page, from the rows of accuracy.json alone."""
    parts = [_summary(rows, "wape", "WAPE, %"), _summary(rows, "wql", "WQL, %"), _bar(rows)]
    return "\n".join([*parts, *(_series(row) for row in rows)])


def _summary(rows: Sequence[Row], what: str, title: str) -> str:
    names = list(dict.fromkeys(model["model"] for row in rows for model in row["models"]))
    lines = [
        f"**{title}**",
        "",
        "| | " + " | ".join(row["series"] for row in rows) + " |",
        "|---|" + "---|" * len(rows),
    ]
    for name in sorted(names, key=lambda name: ("champion", "bar", "peer", "ours").index(_role(rows, name))):
        held = [_model(row, name) for row in rows]
        lines.append(
            f"| {name} | " + " | ".join(_percent(model[what][0]) if model else "–" for model in held) + " |"
        )
    return "\n".join([*lines, ""])


def _role(rows: Sequence[Row], name: str) -> str:
    return next(str(model["role"]) for row in rows if (model := _model(row, name)))


def _model(row: Row, name: str) -> Row | None:
    return next((model for model in row["models"] if model["model"] == name), None)


def hardest(row: Row, what: str) -> str | None:
    """The bar or peer, AutoGluon aside, that the champion's loss is largest against, at the cutoffs both ran."""
    key = f"champion_{what}_ratio"
    against = [model for model in row["models"] if model["role"] in ("bar", "peer") and not model["aside"]]
    found = [
        (model[key][0], model["model"]) for model in against if model.get(key) and model[key][0] is not None
    ]
    return max(found)[1] if found else None


def _bar(rows: Sequence[Row]) -> str:
    """What is promised, and what is measured."""
    lines = ["**The bar**", ""]
    for what, limit in (("wape", WAPE_BAR), ("wql", WQL_BAR)):
        best = {row["series"]: hardest(row, what) for row in rows}
        mean = _mean_over(rows, what, best)
        each = ", ".join(f"{series} {peer}" for series, peer in best.items())
        verdict = "" if mean.value is None else " – met" if mean.value <= limit else " – not met"
        lines.append(
            f"- {what.upper()} of the champion over that of the best other (AutoGluon aside; {each}), geometric mean over "
            f"series: {_bounds(mean)}; the bar is {limit}{verdict}."
        )
    if any(_model(row, "autogluon") for row in rows):
        mine = [row for row in rows if _model(row, "autogluon")]
        for what in ("wape", "wql"):
            mean = _mean_over(mine, what, {row["series"]: "autogluon" for row in mine})
            lines.append(f"- {what.upper()} over AutoGluon's, {len(mine)} series: {_bounds(mean)}.")
    lines += [f"- {line}" for line in _failures(rows)]
    return "\n".join([*lines, ""])


def _mean_over(rows: Sequence[Row], what: str, against: Mapping[str, str | None]) -> Bounds:
    """Geometric mean over series of champion / the other named for each; series of one data set are drawn together."""
    losses = {"wape": "error", "wql": "pinball"}[what]
    pairs = []
    for row in rows:
        other = against[row["series"]]
        if other is None:
            return Bounds(None, None, None)
        own, its = (np.array(row[losses][name], dtype=np.float64) for name in ("champion", other))
        pairs.append((own, its, resampled(len(own), row["block"], seed=row["seed"])))
    return geometric_mean(pairs)


def _failures(rows: Sequence[Row]) -> list[str]:
    """Where the other rules of the bar are broken, a sentence each."""
    found = []
    for row in rows:
        name = row["series"]
        for model in row["models"]:
            low = model.get("champion_wape_ratio", [None] * 3)[1]
            if model["role"] in ("bar", "peer") and low is not None and low > 1:
                found.append(f"{name}: {model['model']} is better, {_bounds(model['champion_wape_ratio'])}.")
        for band in row["bands"]:
            value, low, _ = band["wape_ratio"]
            if value is not None and value > 1 + BAND_SLACK and low is not None and low > 1:
                found.append(
                    f"{name}, {band['lead_band']}: worse than mean8_open, {_bounds(band['wape_ratio'])}."
                )
        own = _model(row, "champion")
        if own and not _bias_holds(own["bias"]):
            found.append(f"{name}: bias {_percents(own['bias'])} %.")
        found += [
            f"{name}: the champion's {tau} quantile is not calibrated."
            for tau, said in (own["calibration"].items() if own else ())
            if said["calibrated"] is False
        ]
    return found or [
        "No series, band, bias or calibration fails; where there is no interval, none is judged."
    ]


def _bias_holds(bias: Sequence[float | None]) -> bool:
    value, low, high = bias
    if value is None or low is None or high is None:
        return True
    return abs(value) <= BIAS_BAR or low <= 0 <= high


def _series(row: Row) -> str:
    lines = [
        f"## {row['series']}",
        "",
        f"{row['data']}: {row['cutoffs']} cutoffs, {row['horizon_days']} days ahead; 90 % intervals from blocks of "
        f"{row['block']} cutoffs. Ratios are the champion's loss over the model's.",
        "",
        "| | WAPE, % | WQL, % | WAPE ratio | WQL ratio | bias, % | below 0.1 | below 0.9 | width | seconds |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for model in row["models"]:
        shares = [_share(said) for said in model["calibration"].values()]
        cells = [_percent(model["wape"][0]), _percent(model["wql"][0])]
        cells += [_bounds(model.get(f"champion_{what}_ratio")) for what in ("wape", "wql")]
        cells += [_percents(model["bias"]), *shares, _number(model["sharpness"]), f"{model['seconds']:.2f}"]
        lines.append(f"| {model['model']} | " + " | ".join(cells) + " |")
    lines += ["", *_bands(row), *(f"- Left out: {_short(problem)}" for problem in row["problems"])]
    if row["autogluon"]:
        lines.append(f"- AutoGluon: {_facts(row['autogluon'])}")
    return "\n".join(lines).rstrip() + "\n"


def _bands(row: Row) -> list[str]:
    if not row["bands"]:
        return []
    lines = [
        "| lead | champion's WAPE, % | mean8_open's | WAPE ratio | WQL ratio | bias, % | below 0.1 | below 0.9 | width |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for band in row["bands"]:
        cells = [_percent(band["wape"][0]), _percent(band["bar_wape"][0])]
        cells += [_bounds(band["wape_ratio"]), _bounds(band["wql_ratio"]), _percents(band["bias"])]
        cells += [*(_share(said) for said in band["calibration"].values()), _number(band["sharpness"])]
        lines.append(f"| {band['lead_band']} | " + " | ".join(cells) + " |")
    return [*lines, ""]


def _facts(facts: Row) -> str:
    weights = ", ".join(f"{name} {weight:g}" for name, weight in facts["weights"].items())
    return (
        f"version {facts['version']}, trained {facts['train_seconds']:.0f} s on {facts['cores']} cores at the first cutoff, "
        f"{facts['predict_seconds']:.1f} s a forecast; {facts['best']}{f' of {weights}' if weights else ''}."
    )


def _short(problem: str) -> str:
    line = " ".join(problem.split())
    return line if len(line) <= 200 else line[:197] + "..."


def _share(said: Row) -> str:
    """Share below the quantile to share at or below it, in %, with a mark where it is not calibrated."""
    below, upto = said["below"][0], said["at_or_below"][0]
    if below is None or upto is None:
        return "–"
    low, high = f"{100 * below:.0f}", f"{100 * upto:.0f}"
    return (low if low == high else f"{low} to {high}") + (" ✗" if said["calibrated"] is False else "")


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f}"


def _percents(bounds: Sequence[float | None]) -> str:
    value, low, high = bounds
    if value is None:
        return "–"
    return f"{100 * value:+.1f}" + (
        "" if low is None or high is None else f" ({100 * low:+.1f} to {100 * high:+.1f})"
    )


def _bounds(bounds: Sequence[float | None] | None) -> str:
    if bounds is None or bounds[0] is None:
        return "–"
    value, low, high = bounds
    return f"{value:.3f}" + ("" if low is None or high is None else f" ({low:.3f} to {high:.3f})")


def picture(rows: Sequence[Row], path: Path) -> None:
    """Per series, WAPE of every model above, and below the champion's WAPE over each other's with its interval."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(2, len(rows), figsize=(2.6 * len(rows) + 0.8, 7.0), squeeze=False)
    for at, row in enumerate(rows):
        _draw_wape(axes[0][at], row)
        _draw_ratios(axes[1][at], row)
        for axis in (axes[0][at], axes[1][at]):
            axis.tick_params(labelsize=7)
            axis.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(path, dpi=130)
    plt.close(figure)


def _draw_wape(axis: Any, row: Row) -> None:
    models = row["models"][::-1]
    colours = {"champion": "#d9480f", "bar": "#ced4da", "peer": "#868e96", "ours": "#ffd8a8"}
    values = [100 * (model["wape"][0] or float("nan")) for model in models]
    axis.barh(
        [model["model"] for model in models], values, color=[colours[model["role"]] for model in models]
    )
    axis.set_title(f"{row['series']}\n{row['cutoffs']} cutoffs", fontsize=9)
    axis.set_xlabel("WAPE, %", fontsize=8)


def _draw_ratios(axis: Any, row: Row) -> None:
    others = [model for model in row["models"][::-1] if model["role"] in ("bar", "peer")]
    for height, model in enumerate(others):
        for key, shift, colour in (
            ("champion_wape_ratio", 0.15, "#d9480f"),
            ("champion_wql_ratio", -0.15, "#1971c2"),
        ):
            value, low, high = model.get(key, (None, None, None))
            if value is None:
                continue
            if low is not None:
                axis.plot([low, high], [height + shift] * 2, color=colour, linewidth=1.4)
            axis.plot([value], [height + shift], "o", color=colour, markersize=3.5)
    axis.axvline(1.0, color="#495057", linewidth=0.8)
    axis.set_yticks(range(len(others)), [model["model"] for model in others])
    axis.set_xlabel("champion / other: WAPE (orange), WQL (blue)", fontsize=7)
