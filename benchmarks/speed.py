"""A fit and two weeks' forecast on a year of open half hours, ours and Prophet's in turn, median of five."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median

import pandas as pd

from forecast import catalogue, selection
from forecast.buckets import SECOND, Interval, column_ns, to_ns
from forecast.days import Calendar, OpeningHours
from forecast.models.base import Leads
from forecast.simulate import energy_supplier, simulate
from forecast.vintage import Archive, Series, Versions

QUEUE = "phone_billing"
END = pd.Timestamp("2026-06-15T00:00", tz="Europe/Amsterdam")
TIMES = 5


def run(data: Path, out: Path, jobs: int) -> None:
    """Write speed.json and speed.md: seconds and how many times faster than Prophet."""
    seconds: dict[str, list[float]] = {}
    tasks: dict[str, Callable[[], None]] = {
        name: partial(_rate, name) for name in ("prophet", "level_profile", "dhr", "boosted", "ets")
    }
    tasks["champion, everything it combines"] = _champion
    for _ in range(TIMES + 1):  # the first round warms up
        for name, task in tasks.items():
            started = time.perf_counter()
            task()
            seconds.setdefault(name, []).append(time.perf_counter() - started)
    medians = {name: median(values[1:]) for name, values in seconds.items()}
    lines = ["| method | seconds | times faster than Prophet |", "|---|---|---|"]
    lines += [
        f"| {name} | {value:.3f} | {medians['prophet'] / value:.1f} |" for name, value in medians.items()
    ]
    (out / "speed.json").write_text(json.dumps(medians, indent=1) + "\n", encoding="utf-8")
    (out / "speed.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))


def _archive() -> Archive:
    world = simulate(energy_supplier(), days=365, end=END.tz_convert("UTC"), seed=7, ongoing=False)
    rows = world.volumes[world.volumes["queue"] == QUEUE]
    ds = column_ns(rows["ds"])
    offered = Versions.of(ds, rows["offered"].to_numpy(), ds + 1800 * SECOND)
    hours = OpeningHours.from_frame(world.hours[world.hours["queue"] == QUEUE])
    series = Series(QUEUE, Interval.HALF_HOUR, "Europe/Amsterdam", offered, QUEUE, "phone", "billing", hours)
    return Archive({QUEUE: series}, calendar=Calendar(country="NL"))


ARCHIVE = _archive()


def _rate(name: str) -> None:
    model = catalogue.rates([name])[0]
    snapshot = ARCHIVE.at(to_ns(END))
    history = snapshot.history(QUEUE)
    model.fit(history).rate(history, Leads.days(snapshot, QUEUE, 14).grid)


def _champion() -> None:
    ARCHIVE.memo.clear()
    ARCHIVE.recent.clear()
    snapshot = ARCHIVE.at(to_ns(END))
    fitted = selection.champion().fit(snapshot)
    fitted.predict(snapshot, Leads.days(snapshot, QUEUE, 14), draws=400, seed=1)
