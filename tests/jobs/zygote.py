"""A process that has loaded everything and forks a worker per order: `seconds now` on stdin; the worker is killed after so long.

Loading takes seconds and killing a hundred times would take minutes; a fork before any thread takes none of them.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import pandas as pd

import jobs.ingest
import jobs.signals  # noqa: F401  (loaded for the workers)
from jobs.ledger import execute
from store.chain import Chain
from store.database import connect, sessions
from store.settings import load_settings


def work(config: Path, now: pd.Timestamp) -> None:
    settings = load_settings(config)
    engine = connect(settings.database.url, wait=20)
    made = sessions(engine)
    for name, after in (
        ("ingest", 0),
        ("signals", 2),
    ):  # minutes: posts are known when they come, not when the run began
        outcome = execute(name, made, settings, now + pd.Timedelta(minutes=after))
        if outcome is None or outcome.state != "done":
            os.write(2, f"{name}: {outcome}\n".encode())
    engine.dispose()


def main() -> None:
    config = Path(sys.argv[1])
    Chain(load_settings(config)).languages.tag(["warm"])
    print("ready", flush=True)
    for order in sys.stdin:
        seconds, moment = order.split()
        child = os.fork()
        if child == 0:
            code = 1
            try:
                work(config, pd.Timestamp(moment))
                code = 0
            finally:
                os._exit(code)
        deadline = time.monotonic() + float(seconds)
        ended = 0
        while not ended and time.monotonic() < deadline:
            ended, status = os.waitpid(child, os.WNOHANG)
            time.sleep(0.002)
        if not ended:
            os.kill(child, signal.SIGKILL)
            _, status = os.waitpid(child, 0)
        print("killed" if not ended else f"ended {os.waitstatus_to_exitcode(status)}", flush=True)


if __name__ == "__main__":
    main()
