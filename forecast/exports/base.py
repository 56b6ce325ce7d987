"""The seam of the exports: blocks of buckets in, bytes out, and what a layout says of itself."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO, Protocol

import numpy as np

from forecast.arrays import Floats, Ns
from forecast.buckets import SECOND, Interval
from forecast.errors import InputError

SHORT = (Interval.QUARTER, Interval.HALF_HOUR, Interval.HOUR)
ALL = (*SHORT, Interval.DAY)


@dataclass(frozen=True)
class Block:
    """What is expected of one queue or planning group, in buckets ds[n], ascending.

    offered: contacts [n], never NaN; aht: seconds per contact [n], NaN unknown
    agents: net agents needed [n], NaN unknown; None where the layout has no use for them
    id: what the suite calls it, '' where nobody said
    """

    name: str
    channel: str
    tz: str
    interval: Interval
    ds: Ns
    offered: Floats
    aht: Floats
    agents: Floats | None = None
    id: str = ""

    def __len__(self) -> int:
        return len(self.ds)

    @property
    def timed(self) -> bool:
        """Is a handling time known, or needed nowhere?"""
        return bool(np.isfinite(self.aht).any()) or not bool((self.offered > 0).any())


@dataclass(frozen=True)
class Facts:
    """What one file is about. start, end: ns in UTC, end not included; tz: of the file; value: mean or a quantile."""

    start: int
    end: int
    tz: str
    made_at: dt.datetime
    value: str = "mean"
    weeks: int = 0


@dataclass(frozen=True)
class About:
    """What a layout is, for the list of layouts and for the checks before it is written.

    intervals: lengths it can hold; uniform: one length per file
    by_group:  it names planning groups, not queues; agents: it has a place for agents
    channels:  the only ones it takes (None: all); needs_aht: a queue without handling times cannot be in it
    most_days: the longest span by interval; where there is none, what is forecast is the limit
    whole_weeks: its span is whole weeks from the first day of a week
    needs, limits: sentences for planners; source: the public page it was written from; tried: in the suite itself
    """

    name: str
    suite: str
    title: str
    media_type: str
    extension: str
    intervals: tuple[Interval, ...]
    source: str = ""
    uniform: bool = False
    by_group: bool = False
    agents: bool = False
    channels: frozenset[str] | None = None
    needs_aht: bool = False
    most_days: Mapping[Interval, int] = field(default_factory=dict)
    whole_weeks: bool = False
    needs: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()
    tried: bool = False

    def target(self, own: Interval, asked: Interval | None) -> Interval | None:
        """The length of the rows of a queue that is counted by `own`; None where it cannot be told in this layout.

        InputError where the layout has no rows of the length asked for.
        """
        if asked is not None and asked not in self.intervals:
            raise InputError(
                f"The layout {self.name} has no rows of {asked.value}.",
                remedy=f"Use {' or '.join(one.value for one in self.intervals)}.",
                field="interval",
            )
        if asked is not None:
            return None if own is Interval.DAY and asked is not Interval.DAY else asked
        if own in self.intervals:
            return own
        shorter = [one for one in self.intervals if one.seconds < own.seconds]
        if own is Interval.DAY or not shorter:
            return None
        return max(shorter, key=lambda one: one.seconds)

    def refusal(self, block: Block, facts: Facts) -> tuple[str, str]:
        """Why a queue cannot be in this file, and what to do about it; empty where it can."""
        if self.channels is not None and block.channel not in self.channels:
            taken = " and ".join(sorted(self.channels))
            return (
                f"{block.name!r} is a queue for {block.channel}, and {self.suite} takes {taken} only.",
                "Ask for the other queues, or use another layout for this one.",
            )
        if self.needs_aht and not block.timed:
            return (
                f"{block.name!r} has no handling time, and {self.suite} wants one in every row.",
                "Import handling times, or say how long a contact takes: aht_seconds.",
            )
        held = int(((block.ds >= facts.start) & (block.ds < facts.end)).sum())
        wanted = (facts.end - facts.start) // (block.interval.seconds * SECOND)
        if self.whole_weeks and held < wanted:
            return (
                f"{block.name!r} has no forecast for {wanted - held:,} of the {wanted:,} intervals of these weeks.",
                "Ask for weeks that are forecast as a whole, or leave this queue out.",
            )
        return "", ""


class Notes:
    """Sentences about a file, each once, in the order they came."""

    def __init__(self) -> None:
        self._said: dict[str, None] = {}

    def add(self, sentence: str) -> None:
        """Say it, unless it was said."""
        self._said.setdefault(sentence)

    @property
    def sentences(self) -> tuple[str, ...]:
        return tuple(self._said)


class Layout(Protocol):
    """One kind of file."""

    @property
    def about(self) -> About:
        """What it is."""
        ...

    def reach(self, facts: Facts) -> int:
        """The moment (ns, not included) up to which it has a use for buckets; the end of the span for most."""
        ...

    def write(self, blocks: Iterable[Block], facts: Facts, out: BinaryIO, notes: Notes) -> int:
        """Write the blocks as they come, none held for longer than it takes; returns the rows written."""
        ...
