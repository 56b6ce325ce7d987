"""Versions: one number per bucket, each with the moment it became known. Append-only; the latest known one counts.

`as_of` is the plain form of the rule on frames; `Versions` is the fast form on arrays, and the tests hold them equal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
import numpy.typing as npt
import pandas as pd

from forecast.arrays import Flags, Floats, Ns


def as_of(versions: pd.DataFrame, cutoff: pd.Timestamp, *, key: tuple[str, ...] = ("ds",)) -> pd.DataFrame:
    """versions[*key, value, known_at] -> the latest version of each key known at the cutoff; on a tie the later row."""
    known = versions[versions["known_at"] <= cutoff]
    ordered = known.sort_values("known_at", kind="stable")
    return ordered.drop_duplicates(list(key), keep="last").sort_values(list(key)).reset_index(drop=True)


@dataclass(frozen=True)
class Versions:
    """Versions of one number per bucket: ds, known_at int64[n] (ns), value float[n], ordered by (known_at, upload)."""

    ds: Ns
    value: Floats
    known_at: Ns

    @classmethod
    def of(cls, ds: npt.ArrayLike, value: npt.ArrayLike, known_at: npt.ArrayLike) -> Versions:
        """Order rows given in upload order; on equal `known_at` the later upload stays later."""
        known = np.asarray(known_at, dtype=np.int64)
        order = np.argsort(known, kind="stable")
        return cls(
            np.asarray(ds, dtype=np.int64)[order], np.asarray(value, dtype=np.float64)[order], known[order]
        )

    @classmethod
    def none(cls) -> Versions:
        """No version at all."""
        return cls.of([], [], [])

    def __len__(self) -> int:
        return len(self.ds)

    def until(self, cutoff: int) -> Versions:
        """The versions known at the cutoff: a view, no copy."""
        count = int(np.searchsorted(self.known_at, cutoff, side="right"))
        return Versions(self.ds[:count], self.value[:count], self.known_at[:count])

    def latest(self) -> tuple[Ns, Floats]:
        """ds[m] ascending and the latest value [m] of each."""
        backwards = self.ds[::-1]
        ds, last = np.unique(backwards, return_index=True)
        return ds, self.value[::-1][last]

    def on(self, ds: Ns) -> Floats:
        """Scatter onto ascending starts ds[n]: the latest value of each, NaN where there is none."""
        values = np.full(len(ds), np.nan)
        if len(self) == 0 or len(ds) == 0:
            return values
        place = np.searchsorted(ds, self.ds)
        place[place == len(ds)] = 0
        hit = ds[place] == self.ds
        values[place[hit]] = self.value[hit]  # a repeated place keeps its last, that is latest known, value
        return values


def summed(parts: Sequence[Versions]) -> Versions:
    """Versions of several numbers per bucket -> versions of their sum: of what is known of each at every moment."""
    held = [part for part in parts if len(part)]
    return reduce(_plus, held) if held else Versions.none()


def _plus(one: Versions, other: Versions) -> Versions:
    ds, known_at = (
        np.concatenate([getattr(part, name) for part in (one, other)]) for name in ("ds", "known_at")
    )
    value = np.concatenate([one.value, other.value])
    side = np.repeat([0, 1], [len(one), len(other)])
    order = np.lexsort((known_at, ds))  # stable: what is known at the same moment stays in upload order
    ds, value, known_at, side = ds[order], value[order], known_at[order], side[order]
    latest = np.stack([_carried(np.where(side == at, value, 0.0), side == at, ds) for at in (0, 1)])
    known = ~np.isnan(latest)
    total = np.where(known.any(axis=0), np.where(known, latest, 0.0).sum(axis=0), np.nan)
    return Versions.of(ds, total, known_at)


def _carried(value: Floats, mine: Flags, ds: Ns) -> Floats:
    """Rows ordered by bucket and time -> after each, the latest of `mine` in its bucket; NaN before the first."""
    at = np.maximum.accumulate(np.where(mine, np.arange(len(ds)), -1))
    same = (at >= 0) & (ds[at] == ds)
    return np.where(same, value[at], np.nan)
