"""Volumes that fall into one interval of one series, added up; handling times weighted by what was handled."""

from __future__ import annotations

import numpy as np
import pandas as pd

from forecast.frames import BESIDE

ADDITIVE = ("offered", "handled", "abandoned", *BESIDE)
_KEY = ["series", "ds"]


def sum_volumes(volumes: pd.DataFrame, *, versions: bool) -> pd.DataFrame:
    """volumes[series, ds, ...] -> the same with one row per (series, ds), and per known_at where `versions`; sorted.

    series: a number per queue, channel and topic. Without `versions` the rows of several moments of knowledge are already
    another grid: the latest moment counts.
    """
    key = [*_KEY, "known_at"] if versions and "known_at" in volumes.columns else _KEY
    several = volumes.duplicated(key, keep=False)
    if several.any():  # a row that stands alone is left as it is
        volumes = pd.concat([volumes[~several], _added(volumes[several], key)], ignore_index=True)
    return volumes.sort_values(key, kind="stable").reset_index(drop=True)


def _added(volumes: pd.DataFrame, key: list[str]) -> pd.DataFrame:
    groups = volumes.groupby(key, sort=False, dropna=False)
    added = {name: groups[name].sum(min_count=1) for name in ADDITIVE if name in volumes.columns}
    if "known_at" in volumes.columns and "known_at" not in key:
        added["known_at"] = groups["known_at"].max()
    if "aht_seconds" in volumes.columns:
        weight = volumes["handled"] if "handled" in volumes.columns else volumes["offered"]
        weight = weight.where(volumes["aht_seconds"].notna() & (weight > 0))
        total = (
            (volumes["aht_seconds"] * weight)
            .groupby([volumes[name] for name in key], sort=False, dropna=False)
            .sum(min_count=1)
        )
        share = weight.groupby([volumes[name] for name in key], sort=False, dropna=False).sum(min_count=1)
        added["aht_seconds"] = (total / share).replace([np.inf, -np.inf], np.nan)
    frame = pd.DataFrame(added).reset_index()
    return frame[list(volumes.columns)]
