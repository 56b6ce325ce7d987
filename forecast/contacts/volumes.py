"""Volume files: tidy tables, the Genesys Cloud history and the Amazon Connect history -> volumes, of any size."""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pandas as pd

from forecast import frames
from forecast.buckets import Interval, zone
from forecast.contacts.chunks import LARGE, ROWS, Large, decimal_votes, open_large
from forecast.contacts.clock import DMY, Walls, find_order
from forecast.contacts.gathering import Gathering
from forecast.contacts.grids import clock_of
from forecast.contacts.headers import Layout, arrange
from forecast.contacts.intake import Intake
from forecast.contacts.loaded import Loaded
from forecast.contacts.placed import Placer
from forecast.contacts.problem import Problem
from forecast.contacts.reading import Reading
from forecast.contacts.records import Records
from forecast.contacts.shelves import Shelves, shelf_of
from forecast.contacts.tables import Source, Table, read_table
from forecast.errors import AmbiguousDates, InputError

_TIMES = ("interval_start", "known_at")
Progress: TypeAlias = Callable[[int, float], None]
_MOST_DATES = 200_000  # dates kept to find out whether the day or the month comes first


@dataclass(frozen=True)
class VolumeFile:
    """A file of volumes whose rows were read and lie ready.

    series: its queues, channels and topics, sorted. kept: rows that can be used, left_out: those that cannot, of which
    `problems` lists the first thousand. rows: of the file.
    """

    interval: Interval
    layout: str
    series: tuple[tuple[str, str, str], ...]
    problems: tuple[Problem, ...]
    rows: int
    kept: int
    left_out: int
    _shelves: Shelves
    _placer: Placer
    _said: tuple[str, ...]

    def parts(self) -> Iterator[pd.DataFrame]:
        """volumes[queue, ds, offered, channel, topic, handled?, ..., known_at?], a part at a time, once.

        What belongs to one interval of one queue is in one part; a part is sorted.
        """
        for rows in self._shelves.take():
            volumes = self._placer.volumes(rows)
            if len(volumes):
                yield volumes

    def warnings(self) -> tuple[str, ...]:
        """What was assumed; complete when all parts were taken."""
        more = f"{self.left_out:,} rows in all were left out; the first {len(self.problems):,} findings are listed."
        capped = self.left_out > len({problem.row for problem in self.problems})
        return (*self._said, *self._placer.told.sentences(self._placer.settled), *([more] if capped else []))


@contextmanager
def open_volumes(
    source: Source,
    reading: Reading,
    *,
    tz: str,
    large: int = LARGE,
    rows: int = ROWS,
    progress: Progress | None = None,
) -> Iterator[VolumeFile]:
    """Read a file, a large one from the disk a table of `rows` rows at a time: memory does not grow with it.

    Times without an offset are local in `tz` (Genesys: UTC). large: bytes from which on a file is a large one.
    progress: called with the rows of a large file read so far, and the share of the file that they are.
    Raises UnreadableFile, EmptyFile, AmbiguousDates, InputError.
    """
    zone(tz)
    asked = None if reading.interval is None else Interval.parse(reading.interval)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="forecall-")))
        found = (
            open_large(Path(source), reading, folder, large=large) if isinstance(source, str | Path) else None
        )
        gathered = None if found is None else _stream(found, reading, tz, asked, folder, rows, progress)
        yield _settled(*(gathered or _whole(source, reading, tz)), asked, tz)


def read_volumes(
    source: Source,
    *,
    tz: str,
    layout: str = "auto",
    interval: Interval | str | None = None,
    date_order: str | None = None,
    reading: Reading | None = None,
) -> Loaded:
    """A file -> Loaded with volumes[queue, ds, offered, channel, topic, handled?, abandoned?, aht_seconds?, known_at?].

    Good rows are in the frame, the others in `problems`. Times without an offset are local in `tz` (Genesys: UTC).
    `interval` longer than the file's own sums the rows. reading: the same and more in one, instead of the words before it.
    Raises UnreadableFile, EmptyFile, AmbiguousDates, InputError.
    """
    text = interval.value if isinstance(interval, Interval) else interval
    reading = reading or Reading(date_order=date_order, interval=text, layout=layout)
    with open_volumes(source, reading, tz=tz) as file:
        parts = list(file.parts())
        key = [name for name in ("queue", "channel", "topic", "ds", "known_at") if name in parts[0].columns]
        frame = parts[0] if len(parts) == 1 else pd.concat(parts).sort_values(key, ignore_index=True)
        return Loaded(
            frames.check(frame, frames.VOLUMES),
            file.interval,
            file.layout,
            file.problems,
            file.warnings(),
            file.rows,
            file.left_out,
        )


def _settled(gathering: Gathering, shelves: Shelves, asked: Interval | None, tz: str) -> VolumeFile:
    settled = gathering.settle(asked)
    placer = Placer(gathering.parts, settled, tz)
    used = {gathering.parts.names[part] for part, _, _ in gathering.counts}
    return VolumeFile(
        settled.final,
        gathering.kind.name,
        tuple(sorted(used)),
        tuple(gathering.problems),
        gathering.rows,
        sum(gathering.counts.values()),
        gathering.left,
        shelves,
        placer,
        tuple(gathering.warnings),
    )


def _whole(source: Source, reading: Reading, tz: str) -> tuple[Gathering, Shelves]:
    """A file that is read in one go."""
    kind, names, table = arrange(read_table(source, reading), reading)
    intake = Intake(table, names)
    gathering = Gathering(table.name, kind, tz, intake.order(_TIMES, reading.date_order))
    shelves, rows = Shelves(), gathering.add(intake)
    shelves.put(np.zeros(len(rows), dtype=np.int64), rows)
    return gathering, shelves


def _stream(
    file: Large,
    reading: Reading,
    tz: str,
    asked: Interval | None,
    folder: Path,
    rows: int,
    progress: Progress | None,
) -> tuple[Gathering, Shelves] | None:
    """A large file a table at a time; None for one that has to be read as a whole: no list of rows, or rows that others explain.

    What only all rows can tell (the date order, the decimal mark, doubtful quotes) is supposed from the first ones; where
    that was wrong, the file is read once more.
    """
    kind, names, table = arrange(file.head, reading)
    if not _by_row(table):
        return None
    order, decimal, strict = _first_order(table, names, reading), reading.decimal or file.head.decimal, True
    for turn in range(4):
        shelves = Shelves(Path(tempfile.mkdtemp(dir=folder)))
        gathering, votes = Gathering(table.name, kind, tz, order), _Votes()
        try:
            for one in file.tables(
                rows=rows, strict=strict, decimal=decimal, step=partial(_tell, gathering, progress)
            ):
                intake = _intake(one, reading, kind, names)
                if intake is None:
                    return None
                votes.add(intake)
                kept = gathering.add(intake)
                shelves.put(_keys(gathering, kept, asked, tz), kept)
        except csv.Error:
            strict = False
            continue
        wanted = votes.order(reading), reading.decimal or votes.decimal() or decimal
        if wanted == (order, decimal) or turn == 3:
            break
        order, decimal = wanted
    return gathering, shelves


def _tell(gathering: Gathering, progress: Progress | None, share: float) -> None:
    if progress is not None:
        progress(gathering.rows, share)


def _intake(table: Table, reading: Reading, kind: Layout, names: dict[str, str]) -> Intake | None:
    """Some rows of a large file; None where they look unlike its first ones, so that only all of them can tell."""
    if len(table.frame) == 0:
        return Intake(table, names)
    try:
        found, columns, arranged = arrange(table, reading)
    except InputError:
        return None
    alike = found is kind and columns == names and _by_row(arranged)
    return Intake(arranged, columns) if alike else None


def _by_row(table: Table) -> bool:
    """Each row of the file became one and was understood by itself: merged cells and sums take the rows around them."""
    return table.read is None and not (table.arranged is not None and table.arranged.whole)


def _keys(
    gathering: Gathering, rows: Records, asked: Interval | None, tz: str
) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    names = [name[0] for name in gathering.parts.names]
    numbers = pd.factorize(np.array(names, dtype=object))[0].astype(np.int64)
    walls = Walls(rows["wall"], rows["aware"], np.full(len(rows), "", dtype=object))
    return shelf_of(numbers[rows["part"]], clock_of(walls, tz), asked)


def _first_order(table: Table, names: dict[str, str], reading: Reading) -> str:
    try:
        return Intake(table, names).order(_TIMES, reading.date_order)
    except AmbiguousDates:
        return DMY


class _Votes:
    """What the rows of a large file say of its date order and its decimal mark."""

    def __init__(self) -> None:
        self._dates: dict[str, dict[str, None]] = {name: {} for name in _TIMES}
        self._decimals: list[str] = []

    def add(self, intake: Intake) -> None:
        for name in _TIMES:
            held = self._dates[name]
            if intake.has(name) and len(held) < _MOST_DATES:
                texts = pd.unique(intake.cells(name).to_numpy(dtype=object))
                held.update(dict.fromkeys(text for text in texts if not text[:4].isdecimal()))
        self._decimals.append(decimal_votes(intake.table))

    def order(self, reading: Reading) -> str:
        columns: Iterable[pd.Series] = (pd.Series(list(held), dtype=object) for held in self._dates.values())
        return find_order(columns, reading.date_order)

    def decimal(self) -> str:
        said = [mark for mark in self._decimals if mark]
        return max(sorted(set(said)), key=said.count) if said else ""
