"""The API against bare routes on the same server library, in turn, in one run: requests a second as ratios, memory, waiting.

    first      a question not asked before        against a minimal route: the same key, the same SQL, the same JSON
    again      the same question, same version    against a bare route that serves those bytes
    unchanged  with If-None-Match, 304            against a bare route that answers 304

Both servers run in a process of their own, over HTTP on loopback, one connection that is kept open.
"""

from __future__ import annotations

import json
import multiprocessing
import resource
import sqlite3
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median

import httpx2
import numpy as np

from benchmarks.api_world import END, QUEUES, START, World, make

ROUNDS, EACH = 5, 30
WEEKS = 13
POSTS, BATCH = 200, 50


def run(out: Path) -> None:
    """Write api.json and api.md."""
    with tempfile.TemporaryDirectory(prefix="forecall-bench-") as folder:
        world = make(Path(folder), weeks=WEEKS)
        with serving("forecall", world) as ours, serving("bare", world) as bare:
            found = {**_reads(world, ours, bare), **_stream(world, ours)}
        with serving("forecall", world) as ours:
            found |= _posting(world, ours)
    (out / "api.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    (out / "api.md").write_text(_page(found), encoding="utf-8")
    print(_page(found))


@contextmanager
def serving(kind: str, world: World) -> Iterator[str]:
    """The address of a server in a process of its own."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_serve, args=(kind, world, there), daemon=True)
    process.start()
    try:
        if not here.poll(60):
            raise RuntimeError(f"The server {kind} did not start; its error stands above.")
        port = here.recv()
        with httpx2.Client() as client:
            for _ in range(600):
                try:
                    client.get(f"http://127.0.0.1:{port}/healthz")
                    break
                except httpx2.HTTPError:
                    time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.join(timeout=20)


def _serve(kind: str, world: World, told: Connection) -> None:
    import socket

    import structlog
    import uvicorn

    from benchmarks import api_servers

    structlog.configure(processors=[], logger_factory=lambda *_: structlog.ReturnLogger())
    app = api_servers.forecall(world) if kind == "forecall" else api_servers.bare(world)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    told.send(port)
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="error")


def _reads(world: World, ours: str, bare: str) -> dict[str, float]:
    headers = {"Authorization": f"Bearer {world.key}"}
    with httpx2.Client(headers=headers, timeout=60) as client:
        asked = f"{ours}/v1/forecasts?queue=queue-00&limit=1000"
        first = client.get(asked)
        etag = first.headers["etag"]
        client.put(f"{bare}/bytes", content=first.content)
        questions = iter(range(10**6))

        def fresh(address: str) -> Callable[[], httpx2.Response]:
            def ask() -> httpx2.Response:
                number = next(questions)
                start = int(START.timestamp()) + 900 * (number % 3000)
                at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(start))
                return client.get(f"{address}?queue=queue-{number % QUEUES:02}&start={at}&limit=1000")

            return ask

        pairs = {
            "first": (fresh(f"{ours}/v1/forecasts"), fresh(f"{bare}/minimal")),
            "again": (lambda: client.get(asked), lambda: client.get(f"{bare}/bytes")),
            "unchanged": (
                lambda: client.get(asked, headers={"If-None-Match": etag}),
                lambda: client.get(f"{bare}/unchanged", headers={"If-None-Match": etag}),
            ),
        }
        return {name: value for pair, both in pairs.items() for name, value in _ratio(pair, *both).items()}


def _ratio(
    name: str, ours: Callable[[], httpx2.Response], bare: Callable[[], httpx2.Response]
) -> dict[str, float]:
    ratios, milliseconds = [], []
    for turn in range(ROUNDS + 1):  # the first round warms up
        seconds = []
        for ask in (ours, bare):
            began = time.perf_counter()
            for _ in range(EACH):
                answer = ask()
                if answer.status_code >= 400:
                    raise RuntimeError(f"{name}: {answer.status_code} {answer.text[:300]}")
            seconds.append(time.perf_counter() - began)
        if turn:
            ratios.append(seconds[1] / seconds[0])
            milliseconds.append(1000 * seconds[0] / EACH)
    return {f"{name}_ratio": median(ratios), f"{name}_ms": median(milliseconds)}


def _stream(world: World, ours: str) -> dict[str, float]:
    """50 queues x 13 weeks of quarter hours as CSV: seconds, and how much more memory the server takes than for two queues."""
    headers = {"Authorization": f"Bearer {world.key}", "Accept": "text/csv"}
    with httpx2.Client(headers=headers, timeout=600) as client:
        client.get(f"{ours}/v1/forecasts?queue=queue-00&queue=queue-01")
        before = float(client.get(f"{ours}/peak").text)
        began, rows = time.perf_counter(), -1
        with client.stream("GET", f"{ours}/v1/forecasts") as answer:
            for line in answer.iter_lines():
                rows += bool(line)
        seconds = time.perf_counter() - began
        return {
            "streamed_rows": rows,
            "streamed_seconds": seconds,
            "streamed_growth_mb": float(client.get(f"{ours}/peak").text) - before,
        }


def _posting(world: World, ours: str) -> dict[str, float]:
    """Mentions posted in batches while another process writes forecasts: milliseconds a batch takes, and refusals."""
    context = multiprocessing.get_context("spawn")
    stop = context.Event()
    writer = context.Process(target=_write_forecasts, args=(world, stop), daemon=True)
    writer.start()
    taken, refused = [], 0
    headers = {"Authorization": f"Bearer {world.key}"}
    with httpx2.Client(headers=headers, timeout=60) as client:
        for batch in range(POSTS):
            rows = [
                {
                    "id": f"{batch}-{at}",
                    "source": "bench",
                    "created_at": END.isoformat(),
                    "text": f"De storing in Utrecht duurt al {at} uur, nummer {batch}",
                }
                for at in range(BATCH)
            ]
            began = time.perf_counter()
            answer = client.post(f"{ours}/v1/mentions", json={"rows": rows})
            taken.append(1000 * (time.perf_counter() - began))
            refused += answer.status_code not in (200, 207)
    stop.set()
    writer.join(timeout=60)
    with sqlite3.connect(world.path) as database:
        versions = database.execute("SELECT count(*) FROM forecast_versions").fetchone()[0]
    return {
        "posted_batches": POSTS,
        "posting_p50_ms": float(np.percentile(taken, 50)),
        "posting_p99_ms": float(np.percentile(taken, 99)),
        "posting_refused": refused,
        "versions_written_meanwhile": versions - 1,
    }


def _write_forecasts(world: World, stop: threading.Event) -> None:
    """What the predict job writes, queue by queue, over and over."""
    from benchmarks.api_world import write_version

    while not stop.is_set():
        write_version(world, weeks=8, stop=stop)


def peak_mb() -> float:
    """Of this process."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _page(found: dict[str, float]) -> str:
    lines = [
        "# The API, measured",
        "",
        "`./dev bench api`. Over HTTP on loopback, one connection kept open, 1,000 rows of a quarter-hourly forecast as JSON; ratios of",
        f"requests a second, both in turn, median of {ROUNDS} rounds of {EACH}. A bare route does nothing else, and asks for no key.",
        "",
        "| question | against | ratio | bar | ours, ms |",
        "|---|---|---|---|---|",
    ]
    against = {
        "first": ("a minimal route with the same key, SQL and JSON", "0.50"),
        "again": ("a bare route that serves the same bytes", "0.30"),
        "unchanged": ("a bare route that answers 304", "0.50"),
    }
    lines += [
        f"| {name} | {what} | {found[f'{name}_ratio']:.2f} | {bar} | {found[f'{name}_ms']:.1f} |"
        for name, (what, bar) in against.items()
    ]
    lines += [
        "",
        f"**Streaming.** {QUEUES} queues x {WEEKS} weeks of quarter hours as CSV: {found['streamed_rows']:,.0f} rows in "
        f"{found['streamed_seconds']:.0f} s; the server's peak of memory was {found['streamed_growth_mb']:.0f} MB above that for two queues.",
        "",
        f"**Posting while a forecast is written** (SQLite): {found['posted_batches']:.0f} batches of {BATCH} mentions, scored and "
        f"stored, while another process wrote {found['versions_written_meanwhile']:.0f} versions of all queues: half of them within "
        f"{found['posting_p50_ms']:.0f} ms, 99 % within {found['posting_p99_ms']:.0f} ms (bar: 1,000), "
        f"{found['posting_refused']:.0f} refused.",
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit("Use ./dev bench api.")
