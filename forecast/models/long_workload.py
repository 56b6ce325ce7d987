"""What the days of the long run cost: the handling time at the end of the near forecast goes on, draw by draw.

A day's handling time is that of its weekday over the last four weeks of the near forecast; months ahead nothing better is
known of it. What drifts until then is not in the band of the workload: that comes from the contacts, which stray far more.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from forecast.arrays import Floats
from forecast.models.base import Paths
from forecast.models.long_noise import BLOCK
from forecast.models.workload import Workload


def onward(near: Workload, joined: Paths) -> Workload:
    """near: by local day; joined: paths by day, those of `near` first -> the same with what the later days cost."""
    count = len(near.contacts.grid)
    weekday, aht, expected = joined.grid.weekday, _by_weekday(near), _expected_by_weekday(near)
    later = weekday[count:]
    closed = ~(joined.values[0, count:] > 0).any(axis=1)
    seconds = np.concatenate([near.seconds.values[0], joined.values[0, count:] * aht[later]])
    return Workload(
        joined,
        np.concatenate([near.aht, aht[later]]),
        replace(joined, values=seconds[None]),
        np.concatenate([near.expected, np.where(closed, np.nan, expected[later])]),
    )


def _by_weekday(near: Workload) -> Floats:
    """float[7, draw]: seconds per contact on the last days of each weekday; one that had none is like the others."""
    grid, contacts = near.contacts.grid, np.nan_to_num(near.contacts.values[0])
    last = grid.day > grid.day[-1] - BLOCK
    seconds = np.nan_to_num(near.seconds.values[0])
    whole = float(seconds[last].sum()) / max(float(contacts[last].sum()), 1e-9)
    found = np.full((7, contacts.shape[1]), whole)
    for weekday in range(7):
        mine = last & (grid.weekday == weekday)
        size = contacts[mine].sum(axis=0)
        some = size > 0
        found[weekday, some] = seconds[mine].sum(axis=0)[some] / size[some]
    return found


def _expected_by_weekday(near: Workload) -> Floats:
    """float[7]: expected seconds per contact, weighted by contacts."""
    grid, mean = near.contacts.grid, np.nan_to_num(near.contacts.mean()[0])
    usable = (grid.day > grid.day[-1] - BLOCK) & ~np.isnan(near.expected) & (mean > 0)
    weight = np.where(usable, mean, 0.0)
    top = np.bincount(grid.weekday, weights=weight * np.nan_to_num(near.expected), minlength=7)
    bottom = np.bincount(grid.weekday, weights=weight, minlength=7)
    whole = float(top.sum()) / max(float(bottom.sum()), 1e-9)
    return np.where(bottom > 0, top / np.maximum(bottom, 1e-9), whole)
