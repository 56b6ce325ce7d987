"""What files tell of a queue as a whole, by reason, or both ways: every contact is counted once."""

from __future__ import annotations

import numpy as np
import pandas as pd

from forecast.arrays import Flags, Ns

WHOLE = "all"  # the topic of rows that hold all of a queue's contacts


def counted(queue: Ns, ds: Ns, whole: Flags) -> Flags:
    """Rows [n] of queues (numbers) and buckets -> bool[n]: a bucket's row of the whole, where it has none those of its reasons."""
    if whole.all() or not whole.any():
        return np.ones(len(whole), dtype=bool)
    told = pd.MultiIndex.from_arrays([queue[whole], ds[whole]])
    return np.asarray(whole | ~pd.MultiIndex.from_arrays([queue, ds]).isin(told))
