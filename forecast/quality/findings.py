"""A finding about the data of a queue: what, when, how much, why perhaps, and the one thing to do about it."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

import numpy as np

from forecast.arrays import Flags
from forecast.buckets import index, zone

Kind: TypeAlias = Literal[
    "completeness",
    "gap",
    "duplicate",
    "clock_change",
    "wrong_zone",
    "closed_hours",
    "outlier",
    "level_shift",
    "sudden_zero",
    "interval",
    "channel_shift",
    "handle_time",
    "counts",
]
Severity: TypeAlias = Literal["info", "warning", "problem"]
KINDS: tuple[str, ...] = get_args(Kind)
SEVERITIES: tuple[str, ...] = ("problem", "warning", "info")  # the gravest first
COMPANY = ""  # the queue of what is said of all of them together


@dataclass(frozen=True)
class Finding:
    """One thing found.

    queue: its name, '' for the company; first, last: local days (2026-03-12) or moments (2026-03-12T08:00), both included
    size: how much, in the unit that `says` names; guess: what may be behind it, '' where nothing is guessed
    action: exactly one command, or '' where nothing is to be done; sure: 0 to 1, how little chance explains it
    severity: info (nothing is wrong, or it is explained), warning, problem (forecasts suffer until it is put right)
    """

    queue: str
    kind: Kind
    first: str
    last: str
    size: float
    says: str
    guess: str
    action: str
    severity: Severity
    sure: float = 1.0


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """By queue, the company first; of a queue its completeness first, then the gravest, then by date."""
    return sorted(
        findings,
        key=lambda one: (
            one.queue,
            one.kind != "completeness",
            SEVERITIES.index(one.severity),
            one.first,
            KINDS.index(one.kind),
        ),
    )


def date(day: int) -> str:
    """A local day (whole days since 1970-01-01) -> ISO 8601."""
    return str(np.datetime64(int(day), "D"))


def clock(ns: int, tz: str) -> str:
    """A moment -> local ISO 8601 to the minute, without an offset."""
    return str(index(np.array([ns], dtype=np.int64)).tz_convert(zone(tz))[0].strftime("%Y-%m-%dT%H:%M"))


def command(*words: str) -> str:
    """A command as it is typed: `forecall ...`, each word quoted where it must be."""
    return "forecall " + " ".join(shlex.quote(word) for word in words)


def load_again() -> str:
    """The command that brings rows in again as they should have been; FILE is the planner's."""
    return "forecall import volumes FILE --as correction"


def runs(flags: Flags, *, bridge: int = 0) -> list[tuple[int, int]]:
    """bool[n] -> (first, last) of each run of True, both included; gaps of up to `bridge` are within one run."""
    places = np.flatnonzero(flags)
    if len(places) == 0:
        return []
    cuts = np.flatnonzero(np.diff(places) > bridge + 1)
    starts, ends = np.r_[places[0], places[cuts + 1]], np.r_[places[cuts], places[-1]]
    return list(zip(starts.tolist(), ends.tolist(), strict=True))
