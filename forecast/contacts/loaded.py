"""What came out of a file: the frame, what was left out and what was assumed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from forecast.buckets import Interval
from forecast.contacts.problem import Problem


@dataclass
class Totals:
    """What is told of volumes that come in parts."""

    volumes: int = 0
    offered: float = 0.0
    queues: set[str] = field(default_factory=set)
    first: pd.Timestamp | None = None
    last: pd.Timestamp | None = None

    def add(self, volumes: pd.DataFrame) -> None:
        """volumes[queue, ds, offered, ...]: a part that has rows."""
        first, last = volumes["ds"].min(), volumes["ds"].max()
        self.volumes += len(volumes)
        self.offered += float(volumes["offered"].sum())
        self.queues.update(volumes["queue"].unique())
        self.first = first if self.first is None else min(self.first, first)
        self.last = last if self.last is None else max(self.last, last)

    def sentence(self, interval: Interval, layout: str, aside: str) -> str:
        """What was read, in a sentence."""
        queues = sorted(self.queues)
        named = ", ".join(queues[:3]) + (f" and {len(queues) - 3} more" if len(queues) > 3 else "")
        return (
            f"{self.volumes:,} volumes of {named} in steps of {interval.value}, "
            f"{self.first:%Y-%m-%d %H:%M} to {self.last:%Y-%m-%d %H:%M} UTC, {self.offered:,.0f} contacts offered "
            f"({layout} layout); {aside}"
        )


@dataclass(frozen=True)
class Loaded:
    """A volume file: volumes[queue, ds, offered, channel, topic, ...] and the length of its intervals.

    rows: of the file. left_out: those that could not be used; `problems` lists the first thousand
    """

    frame: pd.DataFrame
    interval: Interval
    layout: str
    problems: tuple[Problem, ...]
    warnings: tuple[str, ...]
    rows: int
    left_out: int

    def summary(self) -> str:
        """What was read, in a sentence."""
        totals = Totals()
        totals.add(self.frame)
        return totals.sentence(self.interval, self.layout, aside(self.rows, self.left_out, self.warnings))


@dataclass(frozen=True)
class LoadedSide:
    """A file beside the volumes: signals, drivers, special days or opening hours (`what`).

    intervals: the length of the intervals per signal or driver; empty for days and hours
    unknown: rows taken out of the frame because their queue is not known; `problems` does not list them
    """

    what: str
    frame: pd.DataFrame
    problems: tuple[Problem, ...]
    warnings: tuple[str, ...]
    rows: int
    intervals: Mapping[str, Interval] = field(default_factory=dict)
    unknown: int = 0

    def summary(self) -> str:
        """What was read, in a sentence."""
        steps = ", ".join(
            f"{name} per {interval.value}" for name, interval in sorted(self.intervals.items())[:5]
        )
        left_out = len({problem.row for problem in self.problems}) + self.unknown
        return f"{len(self.frame):,} {self.what}{f' ({steps})' if steps else ''}; {aside(self.rows, left_out, self.warnings)}"


def aside(rows: int, left_out: int, warnings: Sequence[str]) -> str:
    """How many rows of a file were left out, and how many warnings there are."""
    left = "no row was left out" if not left_out else f"{left_out:,} of {rows:,} rows were left out"
    return f"{left}{f', {len(warnings)} warning(s)' if warnings else ''}."
