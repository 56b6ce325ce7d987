"""Champion, naive bars and peers side by side on public data: 10 cutoffs, 7 days ahead (daily data 28), one run.

Peers are used as their documentation advises: closed hours left out, holidays given, zero outside opening hours. The
cutoffs are the same for all; each model sees only what was known at each.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cli.evaluation_files import Files, read_archive
from forecast.buckets import Interval
from forecast.report import Plan, evaluate

MODELS = (
    "champion",
    "seasonal_naive",
    "mean8",
    "mean8_open",
    "median8",
    "prophet",
    "ets",
    "dhr",
    "level_profile",
)
PEERS = ("seasonal_naive", "mean8", "mean8_open", "median8", "prophet")
OURS = ("champion", "dhr", "level_profile", "ets")


@dataclass(frozen=True)
class DataSet:
    """One file, how it is read, and which of its queues are scored."""

    name: str
    volumes: str
    tz: str
    interval: Interval
    horizon_days: int
    queues: tuple[str, ...]
    special_days: str | None = None
    signals: str | None = None


SETS = (
    DataSet(
        "bank calls, 30 min",
        "bank_calls_30min.csv",
        "America/New_York",
        Interval.HALF_HOUR,
        7,
        ("bank_phone",),
    ),
    DataSet(
        "Boston 311, hourly",
        "boston311_2015_hourly.csv",
        "America/New_York",
        Interval.HOUR,
        7,
        ("boston311_phone", "boston311_web", "boston311_app"),
    ),
    DataSet(
        "Kansas City 311, daily",
        "kc311_hourly.csv",
        "America/Chicago",
        Interval.DAY,
        28,
        ("kc311_phone",),
        signals="kc311_signals.csv",
    ),
    DataSet(
        "AirREGI, daily",
        "airregi_daily.csv",
        "Asia/Tokyo",
        Interval.DAY,
        28,
        ("airregi_phone",),
        special_days="airregi_special_days.csv",
        signals="airregi_signals.csv",
    ),
)


def run(data: Path, out: Path, jobs: int) -> None:
    """Measure every set that is there; write accuracy.json, accuracy.md and accuracy.png."""
    rows: list[dict[str, object]] = []
    for data_set in SETS:
        if not (data / data_set.volumes).exists():
            print(f"{data_set.name}: left out, {data / data_set.volumes} is not there")
            continue
        rows += _measure(data_set, data, jobs)
    (out / "accuracy.json").write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    (out / "accuracy.md").write_text(_table(rows), encoding="utf-8")
    _picture(rows, out / "accuracy.png")
    print(_table(rows))


def _measure(data_set: DataSet, data: Path, jobs: int) -> list[dict[str, object]]:
    files = Files(
        data / data_set.volumes,
        data / data_set.signals if data_set.signals else None,
        None,
        data / data_set.special_days if data_set.special_days else None,
    )
    archive = read_archive(
        files,
        interval=data_set.interval,
        tz=data_set.tz,
        by="queue",
        country="auto",
        absent_is_zero=True,
        say=print,
    )
    kept = {name: series for name, series in archive.series.items() if name in data_set.queues}
    archive = type(archive)(kept, archive.signals, archive.drivers, archive.calendar)
    plan = Plan(models=MODELS, horizon_days=data_set.horizon_days, cutoffs=10, with_evidence=False)
    report = evaluate(archive, plan, workers=jobs).as_dict()
    fits = report["seconds"]["fit"]
    for row in report["overall"]:
        row["data"] = data_set.name
        row["fit_seconds"] = round(fits[row["model"]] / len(kept) / 10, 3)
    found: list[dict[str, object]] = report["overall"]
    return found


def _table(rows: list[dict[str, object]]) -> str:
    series = list(dict.fromkeys(str(row["series"]) for row in rows))
    held = {(row["series"], row["model"]): row for row in rows}
    lines = []
    for what, title in (("wape", "WAPE, %"), ("wql", "WQL, %")):
        lines += [
            f"**{title}**",
            "",
            "| series | " + " | ".join(MODELS) + " |",
            "|---|" + "---|" * len(MODELS),
        ]
        for name in series:
            values = [held.get((name, model), {}).get(what) for model in MODELS]
            lines.append(f"| {name} | " + " | ".join(_percent(value) for value in values) + " |")
        lines += ["", _ratio(held, series, what), ""]
    return "\n".join(lines)


def _percent(value: object) -> str:
    return f"{100 * value:.1f}" if isinstance(value, float) else "–"


def _ratio(held: dict[tuple[object, object], dict[str, object]], series: list[str], what: str) -> str:
    ratios = []
    for name in series:
        peers = [held[name, peer][what] for peer in PEERS if (name, peer) in held]
        best = min(value for value in peers if isinstance(value, float))
        own = held[name, "champion"][what]
        if isinstance(own, float):
            ratios.append(own / best)
    mean = float(np.exp(np.mean(np.log(ratios))))
    each = ", ".join(f"{name} {ratio:.3f}" for name, ratio in zip(series, ratios, strict=True))
    return f"Champion over the best of {', '.join(PEERS)}: geometric mean {mean:.3f} ({each})."


def _picture(rows: list[dict[str, object]], path: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    series = list(dict.fromkeys(str(row["series"]) for row in rows))
    held = {(row["series"], row["model"]): row["wape"] for row in rows}
    figure, axes = plt.subplots(1, len(series), figsize=(2.4 * len(series), 3.6), squeeze=False)
    for axis, name in zip(axes[0], series, strict=True):
        values = [100 * float(str(held.get((name, model), "nan"))) for model in MODELS]
        colours = ["#d9480f" if model == "champion" else "#adb5bd" for model in MODELS]
        axis.barh(MODELS[::-1], values[::-1], color=colours[::-1])
        axis.set_title(name, fontsize=9)
        axis.tick_params(labelsize=7, left=axis is axes[0][0], labelleft=axis is axes[0][0])
        axis.spines[["top", "right"]].set_visible(False)
    figure.supxlabel("WAPE, %", fontsize=8)
    figure.tight_layout()
    figure.savefig(path, dpi=130)
