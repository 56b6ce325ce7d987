"""What is learnt of a volume file while its rows are read: its interval, which rows cannot be used, what it tells apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from forecast.arrays import Ns
from forecast.buckets import Interval
from forecast.contacts.durations import LENGTHS, OTHER, length_of
from forecast.contacts.grids import infer_interval, looks_weekly
from forecast.contacts.headers import Layout
from forecast.contacts.intake import Intake
from forecast.contacts.problem import Problem
from forecast.contacts.records import GRIDS, OFF, Clock, Parts, Read, Records, read_records
from forecast.contacts.zone_advice import advise_zone
from forecast.errors import EmptyFile, InputError

LISTED = 1_000  # problems kept in words; the others are counted
MOST_STARTS = 2_000_000  # fifty years of quarters; a file with more moments lists contacts, not intervals
_SUMMED_SHARE = 0.1  # with an interval given: more rows than this between its starts mean a finer file, fewer mean mistakes


@dataclass(frozen=True)
class Settled:
    """What all rows together say.

    own, final: the interval of the file, and of the result
    length:     the length of the rows kept, a place in LENGTHS; -1 where the file states none
    level:      the last level that lies on the grid of `own`
    """

    own: Interval
    final: Interval
    length: int
    level: int

    def fits(self, rows: Records) -> Records:
        """The rows that are on the grid and of the length."""
        fitting: Records = rows[(rows["length"] == self.length) & (rows["level"] <= self.level)]
        return fitting


class Gathering:
    """The first pass over a file: a table at a time. `name`: of the file; `tz`: of times without an offset."""

    def __init__(self, name: str, kind: Layout, tz: str, order: str) -> None:
        self.name, self.kind, self.tz = name, kind, tz
        self.parts, self.clock = Parts(), Clock(order)
        self.problems: list[Problem] = []
        self.warnings: dict[str, None] = {}
        self.rows = self.left = self.midnights = 0
        self.counts: Counter[tuple[int, int, int]] = Counter()  # rows kept by part, length and level
        self._starts: Ns = np.array([], dtype=np.int64)
        self._levels: Ns = np.zeros(OFF + 1, dtype=np.int64)
        self._off: dict[tuple[int, int], list[tuple[int, str]]] = {}  # by length and level that they pass
        self._lengths: dict[int, list[tuple[int, str]]] = {}
        self._columns: dict[str, str] = {}

    def add(self, intake: Intake) -> Records:
        """Read a table -> the rows kept. Later tables hold later rows."""
        self._columns = dict(intake.names)
        read = read_records(intake, self.kind, self.clock, self.tz, self.parts)
        problems, warnings = intake.done()
        self.problems = sorted([*self.problems, *problems], key=lambda problem: problem.row)[:LISTED]
        self.warnings.update(dict.fromkeys(warnings))
        self.rows += intake.table.rows
        wide = intake.table.read is not None  # a row of the file became several
        self.left += len({one.row for one in problems}) if wide else intake.table.rows - len(read.rows)
        self._count(read)
        self._note_doubtful(intake, read)
        return read.rows

    def _count(self, read: Read) -> None:
        rows = read.rows
        self.midnights += read.midnights
        self._levels = self._levels + read.levels
        self._starts = np.union1d(self._starts, read.starts)
        if len(self._starts) > MOST_STARTS:
            raise InputError(
                f"{self.name} has more than {MOST_STARTS:,} different starts of intervals.",
                remedy="It looks like single contacts; load it with `forecall import contacts`, or count them first.",
                field="interval_start",
            )
        width = len(LENGTHS) + 1  # -1: no length stated
        packed = (rows["part"] * width + rows["length"] + 1) * (OFF + 1) + rows["level"]
        for code, count in zip(*np.unique(packed, return_counts=True), strict=True):
            place, level = divmod(int(code), OFF + 1)
            part, length = divmod(place, width)
            self.counts[part, length - 1, level] += int(count)

    @property
    def _stated(self) -> bool:
        return "duration" in self._columns

    def _note_doubtful(self, intake: Intake, read: Read) -> None:
        """Keep the text of the first rows that one interval or length would leave out: which one is known in the end."""
        start, rows = intake.cells("interval_start").to_numpy(), read.rows
        for length in np.unique(rows["length"]).tolist():
            mine = rows["length"] == length
            for level in range(OFF):
                held = self._off.setdefault((length, level), [])
                off = np.flatnonzero(mine & (rows["level"] > level))[: LISTED - len(held)]
                held += [(int(rows["row"][at]), str(start[read.places[at]])) for at in off]
            if self._stated:
                cells, held = intake.cells("duration").to_numpy(), self._lengths.setdefault(length, [])
                first = np.flatnonzero(mine)[: LISTED - len(held)]
                held += [(int(rows["row"][at]), str(cells[read.places[at]])) for at in first]

    def settle(self, asked: Interval | None) -> Settled:
        """What the rows say together; those that do not fit become problems. EmptyFile where no row is left."""
        self._require()
        stated = length_of({length for _, length, _ in self.counts}, asked) if self._stated else None
        length = -1 if stated is None else LENGTHS.index(stated)
        if stated is not None:
            reason = OTHER.format(stated.value)
            for other in self._lengths.keys() - {length}:
                self._refuse("duration", self._lengths[other], reason)
            self._leave(lambda _, each, __: each != length)
        if stated is Interval.DAY and self.midnights:
            said = f"{self.midnights} daily row(s) begin at midnight UTC: taken as the calendar day in {self.tz}."
            self.warnings[said] = None
        own, final = self._intervals(stated, asked)
        level = GRIDS.index(own) if own in GRIDS else 0
        off = self._off.get((length, level), [])
        self._refuse("interval_start", off, f"is not the start of an interval of {own.value}")
        self._leave(lambda _, __, each: each > level)
        self._require()
        if own.slots > 1:
            self.warnings.update(dict.fromkeys(advise_zone(self._starts, self.tz)))
        return Settled(own, final, length, level)

    def _refuse(self, column: str, rows: list[tuple[int, str]], reason: str) -> None:
        name = self._columns[column]
        found = [Problem(row, name, text, reason) for row, text in rows]
        self.problems = sorted([*self.problems, *found], key=lambda problem: problem.row)[:LISTED]

    def _leave(self, out: Callable[[int, int, int], bool]) -> None:
        gone = {key: count for key, count in self.counts.items() if out(*key)}
        self.left += sum(gone.values())
        self.counts = Counter({key: count for key, count in self.counts.items() if key not in gone})

    def _require(self) -> None:
        if not self.counts:
            raise EmptyFile(
                f"{self.name} has no usable row. {' '.join(map(str, self.problems[:3]))}",
                remedy="Repair these rows and load it again.",
                field="file",
            )

    def _intervals(self, stated: Interval | None, asked: Interval | None) -> tuple[Interval, Interval]:
        """(the file's own interval, the one of the result)."""
        inferred = stated or infer_interval(self._starts)
        if asked is None and stated is None and inferred is Interval.DAY and looks_weekly(self._starts):
            raise InputError(
                f"The rows of {self.name} are whole weeks apart: they look like totals of weeks.",
                remedy="Give volumes per day or finer, or say --interval 1d if these are days.",
                field="interval",
            )
        final = asked or inferred
        if final.seconds < inferred.seconds and stated is None:
            if len(self._starts) >= 4:
                said = (
                    f"Every row begins at a full {inferred.value}, yet the interval given is {final.value}."
                )
                self.warnings[said] = None
            return final, final
        if final.seconds < inferred.seconds:
            raise InputError(
                f"{self.name} has steps of {inferred.value}; they cannot be split into {final.value}.",
                remedy=f"Use --interval {inferred.value} or a longer one.",
                field="interval",
            )
        if final.seconds > inferred.seconds and final in GRIDS:
            off = self._levels[GRIDS.index(final) + 1 :].sum() / max(1, self._levels.sum())
            inferred = final if off <= _SUMMED_SHARE else inferred
        return inferred, final
