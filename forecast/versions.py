"""Versions: one number per bucket, each with the moment it became known. Append-only; the latest known one counts.

`as_of` is the plain form of the rule on frames; `Versions` is the fast form on arrays, and the tests hold them equal.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from forecast.arrays import Floats, Ns


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
