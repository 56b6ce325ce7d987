"""A process that reads spoiled files and writes a line of JSON for each: python -m tests.fuzz.worker SEED FIRST LAST | giant N."""

from __future__ import annotations

import gc
import json
import resource
import signal
import sys
from pathlib import Path
from types import FrameType

from tests.fuzz.make import case, giant, outcome

CEILING = 6 * 2**30  # of address space, so that a bomb takes this process and not the machine


class TooSlow(BaseException):
    """The time for one file is over."""


def _over(number: int, frame: FrameType | None) -> None:
    raise TooSlow


def reset_peak() -> None:
    """Forget what making the file took, where the system allows it (Linux)."""
    Path("/proc/self/clear_refs").write_text("5")


def high_water() -> int:
    """Peak of resident memory since `reset_peak`, in bytes."""
    status = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))


def run(seed: str, first: int, last: int, seconds: int) -> None:
    """Read the files and say what came of each; the number is said before, so that a crash has a name."""
    signal.signal(signal.SIGPROF, _over)
    for number in range(first, last):
        print(json.dumps({"begun": number}), flush=True)
        made = giant(number) if seed == "giant" else case(int(seed), number)
        if len(made.data) > 2**20 or number % 50 == 0:
            gc.collect()  # what was left behind is no part of the next file's memory
        reset_peak()
        signal.setitimer(signal.ITIMER_PROF, seconds)  # of this process: others may keep the machine busy
        try:
            found = vars(outcome(made))
        except TooSlow:
            found = {
                "name": made.name,
                "outcome": "slow",
                "why": f"more than {seconds} s",
                "seconds": float(seconds),
            }
        signal.setitimer(signal.ITIMER_PROF, 0)
        print(
            json.dumps({"number": number, **found, "peak": high_water(), "size": len(made.data)}), flush=True
        )


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (CEILING, CEILING))
    run(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
