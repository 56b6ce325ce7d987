"""Rows of a volume file as records of fixed width: what is left of a table once its text has been read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from forecast.arrays import Ns
from forecast.buckets import DAY, Interval
from forecast.contacts.clock import Walls, instants, read_walls
from forecast.contacts.durations import LENGTHS, read_durations
from forecast.contacts.grids import clock_of, off_grid
from forecast.contacts.headers import CONNECT, GENESYS, Layout
from forecast.contacts.intake import Intake
from forecast.contacts.zones import Flags
from forecast.errors import InputError
from forecast.frames import BESIDE

Records: TypeAlias = npt.NDArray[np.void]
Values: TypeAlias = dict[str, npt.NDArray[np.float64]]
VALUES = ("offered", "handled", "abandoned", "aht_seconds", *BESIDE)
GRIDS = (Interval.DAY, Interval.HOUR, Interval.HALF_HOUR, Interval.QUARTER)  # each holds the one before
OFF = len(GRIDS)  # the level of a row that begins at none of them
MOST_PARTS = 200_000  # more different queues, topics and skills than this are numbers of contacts, not names
MEMORY = 200_000  # distinct times remembered: five years of quarters
_PART = ("queue", "queue_id", "channel", "topic", "skills", "language")
_CHANNELS = {
    "voice": "phone", "call": "phone", "calls": "phone", "telephone": "phone", "tel": "phone",
    "e-mail": "email", "mail": "email", "e mail": "email",
}  # fmt: skip
_GENESYS_CHANNELS = {"callback": "phone", "message": "chat"}


@dataclass
class Parts:
    """What a file tells apart (queue, channel, topic, skills, language) by number, in order of appearance.

    names: queue, channel and topic of each; several parts may share them, and are summed then
    """

    numbers: dict[tuple[str, ...], int] = field(default_factory=dict)
    names: list[tuple[str, str, str]] = field(default_factory=list)

    def number(self, keys: Sequence[tuple[str, ...]], names: Sequence[tuple[str, str, str]]) -> Ns:
        """Keys [k] -> their numbers int64[k]; InputError where there are more than a company can have."""
        for key, name in zip(keys, names, strict=True):
            if key not in self.numbers:
                self.numbers[key] = len(self.names)
                self.names.append(name)
        if len(self.names) > MOST_PARTS:
            raise InputError(
                f"The file has more than {MOST_PARTS:,} different queues and topics, such as {names[-1][0]!r}.",
                remedy="Say which column holds the name of the queue; a number of a contact is none.",
                field="queue",
            )
        return np.array([self.numbers[key] for key in keys], dtype=np.int64)


@dataclass
class Clock:
    """Reads times as `Intake.walls` does, but the same text only once over all tables of a file."""

    order: str
    held: dict[str, tuple[int, bool, str]] = field(default_factory=dict)

    def walls(self, intake: Intake, name: str) -> Walls:
        """Walls[n] of a column; nothing is rejected yet."""
        codes, unique = pd.factorize(intake.cells(name).to_numpy(dtype=object))
        if len(self.held) > MEMORY:
            self.held.clear()
        new = [text for text in unique if text not in self.held]
        read = read_walls(pd.Series(new, dtype=object), self.order)
        self.held.update(
            zip(new, zip(read.ns.tolist(), read.aware.tolist(), read.reasons, strict=True), strict=True)
        )
        found = [self.held[text] for text in unique]
        ns = np.array([one[0] for one in found], dtype=np.int64)
        aware = np.array([one[1] for one in found], dtype=bool)
        reasons = np.array([one[2] for one in found], dtype=object)
        return Walls(ns[codes], aware[codes], reasons[codes])


@dataclass(frozen=True)
class Read:
    """A table, read.

    rows:   the rows kept, as records: row of the file, part, wall clock, aware, length, level, known_at?, values
    places: int64[n] where each row kept stands in the table
    starts: local clock ns of the readable rows, distinct
    levels: int64[5] readable rows by level
    midnights: daily rows kept that began at midnight UTC and were taken as calendar days
    """

    rows: Records
    places: Ns
    starts: Ns
    levels: Ns
    midnights: int


def dtype_of(names: Mapping[str, str]) -> np.dtype[np.void]:
    """The record of a file with these columns (our name -> column)."""
    fields: list[tuple[str, str]] = [
        ("row", "i8"), ("part", "i8"), ("wall", "i8"), ("aware", "?"), ("length", "i1"), ("level", "i1"),
    ]  # fmt: skip
    if "known_at" in names:
        fields.append(("known_at", "i8"))
    return np.dtype([*fields, *((name, "f8") for name in value_names(names))])


def value_names(names: Mapping[str, str]) -> list[str]:
    """The values that a file with these columns has."""
    derived = {"aht_seconds"} if "handle_seconds" in names else set()
    return [name for name in VALUES if name in names or name in derived]


def read_records(intake: Intake, kind: Layout, clock: Clock, tz: str, parts: Parts) -> Read:
    """Read every row of a table; those that cannot be used are rejected, the others become records."""
    part, values = _columns(intake, kind, parts)
    walls = clock.walls(intake, "interval_start")
    intake.reject("interval_start", ~walls.good, walls.reasons)
    known = _known(intake, clock, tz)
    lengths = read_durations(intake) if kind is CONNECT else np.full(len(part), -1, dtype=np.int8)
    if kind is GENESYS:
        walls = walls.as_utc()
    walls, midnight = _calendar_days(walls, lengths, tz)
    shown = clock_of(walls, tz)
    level = level_of(shown)
    columns: dict[str, npt.NDArray[Any]] = {
        "row": intake.table.frame.index.to_numpy(dtype=np.int64),
        "part": part, "wall": walls.ns, "aware": walls.aware, "length": lengths, "level": level, **values,
    }  # fmt: skip
    if known is not None:
        columns["known_at"] = known
    places = np.flatnonzero(intake.keep)
    rows = np.empty(len(places), dtype=dtype_of(intake.names))
    for name in rows.dtype.names or ():
        rows[name] = columns[name][places]
    counted = np.bincount(level[walls.good], minlength=OFF + 1)
    return Read(rows, places, np.unique(shown[walls.good]), counted, int(midnight[places].sum()))


def level_of(shown: Ns) -> npt.NDArray[np.int8]:
    """Local clock ns[n] -> the place in GRIDS of the longest interval that begins there, OFF where none does."""
    level = np.zeros(len(shown), dtype=np.int8)
    for interval in GRIDS:
        level += off_grid(shown, interval)
    return level


def _columns(intake: Intake, kind: Layout, parts: Parts) -> tuple[Ns, Values]:
    """(number of each row's part [n], values by name [n])."""
    queue = intake.text("queue")
    values: Values = {"offered": intake.numbers("offered")}
    for name in VALUES[1:]:
        if intake.has(name):
            values[name] = intake.numbers(name, required=False)
    if intake.has("handle_seconds"):
        seconds = intake.numbers("handle_seconds", required=False)
        handled = values.get("handled", values["offered"])
        unknown = np.full(len(seconds), np.nan)
        values["aht_seconds"] = np.divide(seconds, handled, out=unknown, where=handled > 0)
    cells = [intake.cells(name).to_numpy(dtype=object) for name in _PART if intake.has(name)]
    code = number_rows(cells)
    _, first = np.unique(code, return_index=True)
    keys = [tuple(str(column[at]) for column in cells) for at in first]
    blank = [""] * len(first)
    channels = intake.cells("channel").to_numpy()[first] if intake.has("channel") else blank
    topics = intake.cells("topic").to_numpy()[first] if intake.has("topic") else blank
    names = [
        (str(name), _channel(str(channel), kind), _topic(str(topic)))
        for name, channel, topic in zip(queue.to_numpy()[first], channels, topics, strict=True)
    ]
    return parts.number(keys, names)[code], values


def _topic(text: str) -> str:
    return "all" if text.casefold() in ("", "all") else text


def _channel(text: str, kind: Layout) -> str:
    plain = text.casefold()
    known = {**_CHANNELS, **(_GENESYS_CHANNELS if kind is GENESYS else {})}
    return known.get(plain, plain) or "phone"


def number_rows(columns: Sequence[npt.NDArray[Any]]) -> Ns:
    """Columns[n] -> one number per distinct row, from 0 on, int64[n]."""
    code = np.zeros(len(columns[0]), dtype=np.int64)
    for column in columns:
        number, unique = pd.factorize(column, use_na_sentinel=False)
        code = pd.factorize(code * (len(unique) + 1) + number)[0].astype(np.int64)
    return code


def _known(intake: Intake, clock: Clock, tz: str) -> Ns | None:
    """UTC ns[n], NaT where the cell is empty; None without the column."""
    if not intake.has("known_at"):
        return None
    walls = clock.walls(intake, "known_at")
    blank = (intake.cells("known_at") == "").to_numpy(dtype=bool)
    intake.reject("known_at", ~walls.good & ~blank, walls.reasons)
    return instants(walls, tz)


def _calendar_days(walls: Walls, lengths: npt.NDArray[np.int8], tz: str) -> tuple[Walls, Flags]:
    """Amazon Connect writes a day as its midnight in UTC: such a row means the calendar day of the zone."""
    days = walls.aware & (lengths == LENGTHS.index(Interval.DAY)) & (walls.ns % DAY == 0)
    if days.any():
        days &= off_grid(clock_of(walls, tz), Interval.DAY)
    return Walls(walls.ns, walls.aware & ~days, walls.reasons), days
