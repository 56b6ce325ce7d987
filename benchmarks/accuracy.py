"""Champion, naive bars and peers side by side on public data, at the same cutoffs, each seeing what was known at each.

`./dev bench accuracy [--cutoffs 40] [--only SERIES ...] [--with-autogluon]`: 7 days ahead (daily data 28). What is compared
and how stands in `paired.py`, who the peers are in `peers.py`, `boosted.py` and `gluon.py`, what is written in
`accuracy_pages.py`. With --only the other series keep the figures they had.
"""

from __future__ import annotations

import json
import multiprocessing
import time
import zlib
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks import accuracy_pages, gluon
from benchmarks.accuracy_rows import BARS, OURS, band_rows, model_rows, per_cutoff
from benchmarks.boosted import lightgbm
from benchmarks.paired import block_length, losses
from benchmarks.peers import Peer, auto_ets, auto_theta, has_statsforecast, mstl_ets, prophet
from benchmarks.public_sets import SETS, DataSet
from forecast import catalogue
from forecast.backtest import Run, replay, spaced_cutoffs
from forecast.buckets import Interval
from forecast.models.base import Model
from forecast.resampling import resampled
from forecast.vintage import Archive

DRAWS = 400
SEED = 1


@dataclass(frozen=True)
class Task:
    """One series to measure, and how."""

    data_set: DataSet
    series: str
    folder: Path
    cutoffs: int
    with_autogluon: bool = False


def run(
    data: Path,
    out: Path,
    jobs: int,
    *,
    cutoffs: int = 10,
    only: tuple[str, ...] = (),
    autogluon: bool = False,
) -> None:
    """Measure every series that is there (or those named); write accuracy.json, accuracy.md and accuracy.png."""
    if not has_statsforecast():
        print("statsforecast is not installed: MSTL, AutoTheta and AutoETS will be left out.", flush=True)
    if autogluon:
        jobs = 1  # its minutes of training are those of the whole machine
        gluon.install()
    tasks = [
        Task(data_set, series, data, cutoffs, autogluon)
        for data_set in SETS
        if _is_there(data_set, data)
        for series in data_set.queues
        if not only or series in only
    ]
    if not tasks:
        raise SystemExit(
            "Nothing to measure: no series of that name, or its file is not there (--data FOLDER)."
        )
    held = _held(out / "accuracy.json") if only else {}
    for found in _each(tasks, jobs):  # what is measured is kept, whatever happens to the rest
        held[found["series"]] = found
        _write(held, out)
    print((out / "accuracy.md").read_text("utf-8"))


def _write(held: Mapping[str, dict[str, Any]], out: Path) -> None:
    order = [series for data_set in SETS for series in data_set.queues]
    rows = [held[series] for series in order if series in held]
    lines = ",\n".join(json.dumps(row, separators=(", ", ": ")) for row in rows)
    (out / "accuracy.json").write_text(f"[\n{lines}\n]\n", encoding="utf-8")
    (out / "accuracy.md").write_text(accuracy_pages.page(rows), encoding="utf-8")
    accuracy_pages.picture(rows, out / "accuracy.png")


def _is_there(data_set: DataSet, data: Path) -> bool:
    if not data_set.is_in(data):
        print(f"{data_set.name}: left out, {data / data_set.volumes} is not there")
    return data_set.is_in(data)


def _peers(interval: Interval) -> list[Model]:
    """The peers of a series; AutoTheta and AutoETS take one short season, so they run on daily series only."""
    found = [Peer("prophet", prophet), Peer("mstl_ets", mstl_ets), Peer("lightgbm", lightgbm)]
    if interval.slots == 1:
        found += [Peer("auto_theta", auto_theta), Peer("auto_ets", auto_ets)]
    return list(found)


def _held(path: Path) -> dict[str, dict[str, Any]]:
    """What an earlier run wrote, by series; nothing where there is none or it has another form."""
    rows = json.loads(path.read_text("utf-8")) if path.exists() else []
    return {row["series"]: row for row in rows if "models" in row}


def _each(tasks: list[Task], jobs: int) -> Iterator[dict[str, Any]]:
    if jobs <= 1 or len(tasks) == 1:
        yield from map(measure, tasks)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max_workers=jobs, mp_context=context) as pool:
        yield from pool.map(measure, tasks)


def measure(task: Task) -> dict[str, Any]:
    """All models at all cutoffs of one series -> its row of accuracy.json."""
    data_set, name = task.data_set, task.series
    archive = _archive(task)
    series = archive.series[name]
    cutoffs = spaced_cutoffs(series, count=task.cutoffs, horizon_days=data_set.horizon_days)
    models, problems, facts = _models(task, archive, cutoffs)
    watched = _Watched(name, len(cutoffs) * len(models))
    horizon = data_set.horizon_days
    runs = replay(archive, models, cutoffs={name: cutoffs}, horizon_days=horizon, draws=DRAWS, seed=SEED)
    found = losses(watched.each(runs), cutoffs, data_set.interval)
    if facts:  # its forecasts were only looked up
        watched.seconds["autogluon"] = [facts["predict_seconds"]]
    block = block_length(cutoffs, horizon, series.tz)
    seed = zlib.crc32(data_set.name.encode())  # series of one data set share their luck
    rows = resampled(len(cutoffs), block, seed=seed)
    return {
        "series": name,
        "data": data_set.name,
        "interval": str(data_set.interval),
        "horizon_days": horizon,
        "cutoffs": len(cutoffs),
        "block": block,
        "seed": seed,
        "models": model_rows(found, rows, watched.seconds),
        "bands": band_rows(found, rows, data_set.interval),
        "contacts": per_cutoff(found, "contacts").get("champion", []),
        "error": per_cutoff(found, "error"),
        "pinball": per_cutoff(found, "pinball"),
        "problems": [*problems, *watched.problems],
        "autogluon": dict(facts),
    }


def _archive(task: Task) -> Archive:
    """The archive of one series alone, with all signals of its set."""
    archive = task.data_set.archive(task.folder, lambda line: print(f"{task.series}: {line}", flush=True))
    return replace(archive, series={task.series: archive.series[task.series]}, memo={}, recent={})


def _models(
    task: Task, archive: Archive, cutoffs: list[int]
) -> tuple[list[Model], list[str], Mapping[str, Any]]:
    """The champion, the bars, the peers and our single methods; what was left out; what AutoGluon noted."""
    names = ("champion", *BARS)
    found = [*(catalogue.model(name) for name in names), *_peers(task.data_set.interval)]
    problems: list[str] = []
    facts: Mapping[str, Any] = {}
    if task.with_autogluon:
        try:
            made = gluon.prepared(archive, task.series, cutoffs, task.data_set.horizon_days)
            found.append(made.model)
            facts = made.facts
        except RuntimeError as error:
            problems.append(f"autogluon: {error}")
    return [*found, *(catalogue.model(name) for name in OURS)], problems, facts


class _Watched:
    """Runs going by: keeps seconds and problems, and says now and then how far it is."""

    def __init__(self, series: str, total: int) -> None:
        self.series, self.total, self.done = series, total, 0
        self.started = self.told = time.monotonic()
        self.seconds: dict[str, list[float]] = {}
        self.problems: list[str] = []

    def each(self, runs: Iterator[Run]) -> Iterator[Run]:
        """The same runs."""
        for run in runs:
            self.done += 1
            self.seconds.setdefault(run.model, []).append(run.fit_seconds + run.predict_seconds)
            if run.problem and f"{run.model}: {run.problem}" not in self.problems:
                self.problems.append(f"{run.model}: {run.problem}")
            if time.monotonic() - self.told > 20:
                self.told = time.monotonic()
                spent = self.told - self.started
                print(f"{self.series}: {self.done} of {self.total} forecasts, {spent:.0f} s", flush=True)
            yield run
