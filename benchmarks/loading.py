"""Five million rows of contacts from a CSV file into SQLite: seconds of reading and of writing, and peak memory.

Each size is loaded by a process of its own, so that its peak is its own. 48 queues per 15 minutes, with handling times.
"""

from __future__ import annotations

import json
import multiprocessing
import platform
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

SIZES = (1_000_000, 2_500_000, 5_000_000)
QUEUES = 48
AT_ONCE = 2_000  # intervals


def run(out: Path, sizes: tuple[int, ...] = SIZES) -> None:
    """Write loading.json and loading.md."""
    found = []
    for rows in sizes:
        with tempfile.TemporaryDirectory(prefix="forecall-bench-") as folder:
            path = Path(folder) / "volumes.csv"
            write(path, rows)
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                found.append(pool.apply(load, (path,)))
            print(found[-1])
    lines = [
        "| rows | file MB | reading s | writing s | total s | rows a second | peak MB |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {one['rows']:,} | {one['file_mb']:.0f} | {one['reading']:.1f} | {one['writing']:.1f} | {one['total']:.1f} "
        f"| {one['rows'] / one['total']:,.0f} | {one['peak_mb']:.0f} |"
        for one in found
    ]
    (out / "loading.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    (out / "loading.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))


def write(path: Path, rows: int) -> None:
    """A tidy file with about `rows` rows, all queues of an interval together, as systems export it."""
    chance = np.random.default_rng(1)
    count = rows // QUEUES
    starts = pd.date_range("2023-01-01", periods=count, freq="15min").strftime("%Y-%m-%dT%H:%M:%SZ").tolist()
    with path.open("w", encoding="utf-8") as file:
        file.write("queue,channel,interval_start,offered,handled,aht_seconds\n")
        for at in range(0, count, AT_ONCE):
            part = starts[at : at + AT_ONCE]
            size = len(part) * QUEUES
            offered = chance.poisson(8, size)
            handled = np.maximum(0, offered - chance.poisson(0.4, size))
            seconds = np.round(chance.gamma(20, 16, size), 1)
            file.writelines(
                f"queue {row % QUEUES:02d},voice,{part[row // QUEUES]},{offered[row]},{handled[row]},{seconds[row]}\n"
                for row in range(size)
            )


def load(path: Path) -> dict[str, float]:
    """Load a file into a new database beside it."""
    from store.database import connect, sessions, upgrade
    from store.imports.volumes import import_volumes
    from store.settings import Settings

    engine = connect(f"sqlite:///{path.with_suffix('.db')}")
    upgrade(engine)
    began, cpu, marks = time.perf_counter(), time.process_time(), dict[str, tuple[float, float]]()

    def step(done: int, total: int | None, what: str) -> None:
        marks.setdefault(what, (time.perf_counter(), time.process_time()))

    with sessions(engine)() as session:
        found = import_volumes(
            session, Settings(), path, now=pd.Timestamp.now("UTC").floor("us"), progress=step
        )
        session.commit()
    engine.dispose()
    ended = time.perf_counter()
    half = marks.get("rows written", (ended, time.process_time()))
    scale = 1 << 20 if sys.platform == "darwin" else 1 << 10
    return {
        "rows": found.changed,
        "file_mb": path.stat().st_size / 2**20,
        "reading": half[0] - began,
        "writing": ended - half[0],
        "total": ended - began,
        "reading_cpu": half[1] - cpu,
        "writing_cpu": time.process_time() - half[1],
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / scale,
        "python": float(".".join(platform.python_version_tuple()[:2])),
    }
