"""Planning groups: which group of which site or partner staffs how much of a queue, from which day on.

    Groups.apportion(volumes[queue, ds, ...]) -> Apportioned(rows[group, site, ds, ...])
    Groups.shares(queues, days) -> Shares(keys, float[groups, queues, days]), with which paths are apportioned alike

A queue may go to several groups, and a group may take several queues. The rows of a queue with the same `since` are one
set; the latest set that has begun holds. What the shares of a day leave of a queue stays with a group of the queue's own
name, as does a queue that no row names.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import pandas as pd

from forecast.arrays import Floats, Ns
from forecast.buckets import DAY, column_ns, local_ns
from forecast.errors import InputError
from forecast.frames import GROUPS, check

BEGINNING = -(2**31)  # the local day from which a set without a date holds
ROUNDING = 1e-9
Key: TypeAlias = tuple[str, str]  # (group, site)


@dataclass(frozen=True, order=True)
class Part:
    """From local day `since` on, `share` (above 0, at most 1) of a queue's contacts is staffed by a group at a site ('' = one)."""

    queue: str
    since: int
    group: str
    site: str
    share: float

    @property
    def key(self) -> Key:
        """(group, site)."""
        return self.group, self.site

    @property
    def date(self) -> str:
        """The local day in ISO 8601, '' from the beginning."""
        return "" if self.since <= BEGINNING else str(np.datetime64(self.since, "D"))


@dataclass(frozen=True)
class Shares:
    """keys [g] in order; share float[g, queues, days]: the part of each queue's contacts that a group takes on a day."""

    keys: tuple[Key, ...]
    share: Floats

    def apportion(self, values: Floats, place: Ns) -> Floats:
        """values float[queues, ds, ...] with place int64[ds] of each bucket's day -> float[groups, ds, ...], summed over the queues."""
        return np.asarray(np.einsum("gqd,qd...->gd...", self.share[:, :, place], values))


@dataclass(frozen=True)
class Apportioned:
    """rows[group, site, ds, *additive, aht_seconds?] by group, site and bucket; notes: what stayed with queues' own groups."""

    rows: pd.DataFrame
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Groups:
    """All parts with their dates. InputError where a set names a group twice, or gives away more than there is."""

    parts: tuple[Part, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "parts", tuple(sorted(self.parts)))
        for (queue, since), mine in _sets(self.parts).items():
            when = f" from {mine[0].date}" if since > BEGINNING else ""
            for part in mine:
                if not 0 < part.share <= 1:
                    raise _refused(
                        f"The share {part.share:g} of {queue!r} for {part.group!r} is none.",
                        "Give more than 0, at most 1; 40 % is 0.4.",
                    )
            if len({part.key for part in mine}) < len(mine):
                raise _refused(
                    f"The queue {queue!r} goes twice to one group and site{when}.", "Keep one row of each."
                )
            total = sum(part.share for part in mine)
            if total > 1 + ROUNDING:
                raise _refused(
                    f"The shares of the queue {queue!r}{when} add up to {total:g}.",
                    "Give shares that add up to at most 1; what is left stays with the queue's own group.",
                )

    @classmethod
    def from_frame(cls, groups: pd.DataFrame) -> Groups:
        """groups[queue, group, site?, since?, share?]; `since` is the local day as midnight UTC of that date, NaT = always."""
        check(groups, GROUPS)
        found = []
        for row in groups.itertuples(index=False):
            since, share = getattr(row, "since", pd.NaT), getattr(row, "share", 1.0)
            day = BEGINNING if pd.isna(since) else int(pd.Timestamp(since).value // DAY)
            site = getattr(row, "site", "")
            found.append(
                Part(
                    str(row.queue),
                    day,
                    str(row.group),
                    str(site) if isinstance(site, str) else "",
                    1.0 if pd.isna(share) else float(share),
                )
            )
        return cls(tuple(found))

    def __bool__(self) -> bool:
        return bool(self.parts)

    @property
    def queues(self) -> tuple[str, ...]:
        """The queues that any part names."""
        return tuple(dict.fromkeys(part.queue for part in self.parts))

    @property
    def keys(self) -> tuple[Key, ...]:
        """Every (group, site) that any part names, in order."""
        return tuple(sorted({part.key for part in self.parts}))

    def on(self, day: int) -> Groups:
        """Only the sets that hold on a local day."""
        return Groups(tuple(part for queue in self.queues for part in self.of(queue, day)))

    def of(self, queue: str, day: int) -> tuple[Part, ...]:
        """The parts of a queue on a local day; () where none has begun."""
        begun = [part for part in self.parts if part.queue == queue and part.since <= day]
        latest = max((part.since for part in begun), default=BEGINNING)
        return tuple(part for part in begun if part.since == latest)

    def rest(self, queue: str, day: int) -> float:
        """What of a queue stays with the group of its own name on a local day, 0 .. 1."""
        left = 1.0 - sum(part.share for part in self.of(queue, day))
        return left if left > ROUNDING else 0.0

    def shares(self, queues: Sequence[str], days: Ns) -> Shares:
        """Queues [q] and local days [d] -> Shares; over the groups they add up to 1 for each queue and day."""
        taken: dict[Key, Floats] = {key: np.zeros((len(queues), len(days))) for key in self.keys}
        for at, queue in enumerate(queues):
            starts = sorted({part.since for part in self.parts if part.queue == queue})
            rest = np.ones(len(days))
            for at_set, since in enumerate(starts):
                until = starts[at_set + 1] if at_set + 1 < len(starts) else np.iinfo(np.int64).max
                held = (days >= since) & (days < until)
                for part in self.of(queue, since):
                    taken[part.key][at, held] += part.share
                rest[held] = self.rest(queue, since)
            if rest.any():
                taken.setdefault((queue, ""), np.zeros((len(queues), len(days))))[at] += rest
        keys = tuple(sorted(key for key, share in taken.items() if share.any()))
        if not keys:
            return Shares((), np.zeros((0, len(queues), len(days))))
        return Shares(keys, np.stack([taken[key] for key in keys]))

    def apportion(self, volumes: pd.DataFrame, *, tz: str, weight: str = "mean") -> Apportioned:
        """volumes[queue, ds, *numbers] -> the same per group, site and bucket; every number is summed.

        aht_seconds, where it is there, is the mean over the contacts in `weight` (a column): a group's handle time is
        that of the queues it takes. A bucket that no queue of a group has is left out.
        """
        queues = list(dict.fromkeys(volumes["queue"].astype(str)))
        ns = column_ns(volumes["ds"])
        days, place = np.unique(local_ns(ns, tz) // DAY if len(ns) else ns, return_inverse=True)
        shares = self.shares(queues, days)
        number = {queue: at for at, queue in enumerate(queues)}
        mine = volumes["queue"].astype(str).map(number).to_numpy(dtype=np.int64)
        additive = [name for name in volumes.columns if name not in ("queue", "ds", "aht_seconds")]
        parts = []
        for at, (group, site) in enumerate(shares.keys):
            share = shares.share[at, mine, place]
            rows = share > 0
            part = volumes.loc[rows, ["ds", *additive]].copy()
            part[additive] = part[additive].to_numpy(dtype=np.float64) * share[rows, None]
            if "aht_seconds" in volumes.columns:
                part["_seconds"] = volumes.loc[rows, "aht_seconds"] * part[weight]
                part["_timed"] = part[weight].where(volumes.loc[rows, "aht_seconds"].notna())
            parts.append(_summed(part, group, site))
        names = ["group", "site", "ds", *additive, *(["aht_seconds"] if "aht_seconds" in volumes else [])]
        made = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=names)
        return Apportioned(made[names], self._notes(queues, days))

    def _notes(self, queues: Sequence[str], days: Ns) -> tuple[str, ...]:
        """What stays, per queue, in sentences."""
        notes = []
        for queue in queues:
            sets = {part.since for part in self.parts if part.queue == queue}
            left = {round(self.rest(queue, int(day)), 9) for day in days} if sets else {1.0}
            some = sorted(share for share in left if share > 0)
            if some:
                span = f"{some[0]:.0%}" if len(some) == 1 else f"{some[0]:.0%} to {some[-1]:.0%}"
                why = "is in no planning group" if some == [1.0] else f"keeps {span} of its contacts"
                notes.append(f"The queue {queue!r} {why}: they stay in a group of its own name.")
        return tuple(notes)


def _summed(part: pd.DataFrame, group: str, site: str) -> pd.DataFrame:
    """Rows of one group [ds, numbers] -> one per bucket; handle times by the contacts whose handle time is known."""
    made = part.groupby("ds", as_index=False, sort=True).sum(min_count=1)
    if "_seconds" in made.columns:
        timed = made["_timed"].where(made["_timed"] > 0)
        made = made.assign(aht_seconds=made["_seconds"] / timed).drop(columns=["_seconds", "_timed"])
    made.insert(0, "site", site)
    made.insert(0, "group", group)
    return made


def _sets(parts: Iterable[Part]) -> dict[tuple[str, int], list[Part]]:
    found: dict[tuple[str, int], list[Part]] = {}
    for part in parts:
        found.setdefault((part.queue, part.since), []).append(part)
    return found


def _refused(what: str, remedy: str) -> InputError:
    return InputError(what, remedy=remedy, field="groups")
