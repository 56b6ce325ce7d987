"""What came out of a file: the frame, what was left out and what was assumed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from forecast.buckets import Interval
from forecast.contacts.problem import Problem


@dataclass(frozen=True)
class Loaded:
    """A volume file: volumes[queue, ds, offered, channel, topic, ...] and the length of its intervals."""

    frame: pd.DataFrame
    interval: Interval
    layout: str
    problems: tuple[Problem, ...]
    warnings: tuple[str, ...]
    rows: int

    def summary(self) -> str:
        """What was read, in a sentence."""
        queues = sorted(self.frame["queue"].unique())
        named = ", ".join(queues[:3]) + (f" and {len(queues) - 3} more" if len(queues) > 3 else "")
        first, last = self.frame["ds"].min(), self.frame["ds"].max()
        return (
            f"{len(self.frame):,} volumes of {named} in steps of {self.interval.value}, "
            f"{first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M} UTC, {self.frame['offered'].sum():,.0f} contacts offered "
            f"({self.layout} layout); {_aside(self.rows, self.problems, self.warnings)}"
        )


@dataclass(frozen=True)
class LoadedSide:
    """A file beside the volumes: signals, drivers, special days or opening hours (`what`).

    intervals: the length of the intervals per signal or driver; empty for days and hours
    """

    what: str
    frame: pd.DataFrame
    problems: tuple[Problem, ...]
    warnings: tuple[str, ...]
    rows: int
    intervals: Mapping[str, Interval] = field(default_factory=dict)

    def summary(self) -> str:
        """What was read, in a sentence."""
        steps = ", ".join(
            f"{name} per {interval.value}" for name, interval in sorted(self.intervals.items())[:5]
        )
        return f"{len(self.frame):,} {self.what}{f' ({steps})' if steps else ''}; {_aside(self.rows, self.problems, self.warnings)}"


def _aside(rows: int, problems: tuple[Problem, ...], warnings: tuple[str, ...]) -> str:
    out = len({problem.row for problem in problems})
    left = "no row was left out" if not out else f"{out:,} of {rows:,} rows were left out"
    return f"{left}{f', {len(warnings)} warning(s)' if warnings else ''}."
