"""Records of a volume file placed in UTC, the last of equal ones kept, and summed to the interval asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from forecast import frames
from forecast.arrays import Floats, Ns
from forecast.buckets import index
from forecast.contacts.clock import Walls
from forecast.contacts.gathering import Settled
from forecast.contacts.grids import Shifts, place, start_of
from forecast.contacts.intake import times
from forecast.contacts.records import VALUES, Parts, Records, number_rows
from forecast.contacts.sums import ADDITIVE, sum_volumes
from forecast.errors import InputError

TEN_HOURS = 36_000
MOST_CHANGED = (
    0.3  # share of rows with another count for a time that had one: above it they are no corrections
)


@dataclass
class Told:
    """What is to be told of all records in the end.

    rows: placed; replaced: those that a later row of the file took the place of, and changed: with another count
    timed, long: volumes with a handling time, and those of them above ten hours; early: known before their interval
    whole, broken: counts that are whole, and those that are not; odd: one of these
    """

    shifts: Shifts = field(default_factory=Shifts)
    rows: int = 0
    replaced: int = 0
    changed: int = 0
    timed: int = 0
    long: int = 0
    early: int = 0
    whole: int = 0
    broken: int = 0
    odd: float = 0.0

    def add(self, volumes: pd.DataFrame) -> None:
        """Count what is hard to believe."""
        if "aht_seconds" in volumes.columns:
            self.timed += int(volumes["aht_seconds"].notna().sum())
            self.long += int((volumes["aht_seconds"] > TEN_HOURS).sum())
        if "known_at" in volumes.columns:
            self.early += int((volumes["known_at"] < volumes["ds"]).sum())
        offered = volumes["offered"].to_numpy(dtype=np.float64)
        broken = offered[offered * 8 % 1 != 0]  # halves and quarters come of rows that were split
        self.whole, self.broken = self.whole + len(offered) - len(broken), self.broken + len(broken)
        self.odd = float(broken[0]) if len(broken) else self.odd

    def replace(self, codes: Ns, offered: Floats) -> npt.NDArray[np.bool_]:
        """codes[n] alike where rows are of one time, offered[n] contacts, in the order of the file -> the last ones[n]."""
        later = pd.Series(codes).duplicated(keep="last").to_numpy()
        final = pd.Series(offered).groupby(codes).transform("last").to_numpy()
        self.rows += len(codes)
        self.replaced += int(later.sum())
        self.changed += int((later & (offered != final)).sum())
        return np.asarray(~later, dtype=np.bool_)

    def sentences(self, settled: Settled) -> list[str]:
        """The warnings, in the order in which the rows were treated.

        Raises InputError where so many rows have another count for the same time that something else tells them apart.
        """
        if self.changed > MOST_CHANGED * self.rows and self.changed > 1:
            raise InputError(
                f"{self.changed:,} of {self.rows:,} rows have another count for a queue and time that had one: "
                "something tells them apart that was not read (a time of day, a site, a skill).",
                remedy="Say which column it is (--map time=NAME or --map topic=NAME), or sum the rows before loading.",
                field="interval_start",
            )
        told = self.shifts.sentences()
        if self.replaced:
            told.append(f"{self.replaced} row(s) stand in the file more than once: the last one counts.")
        if settled.own is not settled.final:
            told.append(
                f"The file has steps of {settled.own.value}; they were summed to {settled.final.value}."
            )
        if self.long > self.timed / 2:
            told.append(
                "The handling time is above ten hours per contact: are these milliseconds? Seconds are expected."
            )
        if 0 < self.broken < self.whole:
            told.append(
                f"{self.broken} count(s) are not whole, such as {self.odd:g}. Where a mark of thousands is meant, "
                "write it without, or say --decimal with the mark of decimals."
            )
        if self.early:
            told.append(f"{self.early} row(s) say they were known before their interval began.")
        return told


class Placer:
    """Turns records that belong together into volumes. ranks: of each part, the place of its series among `series`."""

    def __init__(self, parts: Parts, settled: Settled, tz: str) -> None:
        self.series = sorted(set(parts.names))
        at = {name: place for place, name in enumerate(self.series)}
        self.ranks: Ns = np.array([at[name] for name in parts.names], dtype=np.int64)
        self.settled, self.tz, self.told = settled, tz, Told()
        self._names = np.array(self.series, dtype=object).reshape(len(self.series), 3)

    def volumes(self, rows: Records) -> pd.DataFrame:
        """Records that belong together, in the order of the file -> volumes in order of queue, channel, topic and time."""
        rows = self.settled.fits(rows)
        own, final = self.settled.own, self.settled.final
        walls = Walls(rows["wall"], rows["aware"], np.full(len(rows), "", dtype=object))
        placement = place(walls, rows["part"], own, self.tz)
        self.told.shifts.add(placement, rows["row"])
        placed = rows[placement.rows]
        known = [placed["known_at"]] if "known_at" in (rows.dtype.names or ()) else []
        codes = number_rows([placed["part"], placement.ds, placement.moved, *known])
        last = self.told.replace(codes, placed["offered"].astype(np.float64))
        self.told.replaced += placement.surplus
        ds = placement.ds if final is own else start_of(placement.ds, final, self.tz)
        columns: dict[str, object] = {"series": self.ranks[placed["part"]][last], "ds": ds[last]}
        for name in (name for name in VALUES if name in (rows.dtype.names or ())):
            share = placement.share[last] if name in ADDITIVE else 1.0
            columns[name] = placed[name][last] * share
        if known:
            columns["known_at"] = times(known[0][last])
        volumes = self._named(sum_volumes(pd.DataFrame(columns), versions=final is own))
        self.told.add(volumes)
        return frames.check(volumes, frames.VOLUMES)

    def _named(self, volumes: pd.DataFrame) -> pd.DataFrame:
        series = volumes["series"].to_numpy()
        names = {name: self._names[series, at] for at, name in enumerate(("queue", "channel", "topic"))}
        columns: Mapping[str, object] = {
            "queue": names["queue"],
            "ds": index(volumes["ds"].to_numpy(dtype=np.int64)),
            "offered": volumes["offered"].to_numpy(),
            "channel": names["channel"],
            "topic": names["topic"],
            **{name: volumes[name] for name in (*VALUES[1:], "known_at") if name in volumes.columns},
        }
        return pd.DataFrame(columns)
