"""How large a burst will be, told by past ones: what an alarm cannot know when a tenth of the posts have come.

The chance of each size is that of the past: every past burst stands for itself and for those of its size that stayed below what
shows as stormy, so it weighs 1 / found(size) (Horvitz & Thompson 1952, JASA 47:663), and it lends to sizes near it. With the
likelihood of the posts so far that gives the size; the alarm itself has a law of its own, `bursting.general_law`.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.special import ndtr

from forecast.arrays import Floats
from forecast.bursting import Law, written
from forecast.usual_posts import STORMY

RISE, DECAYS = 25.0, (50.0, 85.0, 145.0)  # minutes: shapes a burst is sized by
FINE, FEWEST = 1.3, 6.0  # step between the sizes asked for, and the first
SPREAD_OUT = 0.2  # log scale: how far a size that was seen lends to sizes near it
UNSEEN = 1.0  # bursts of any size, beside those that were seen
LEAST_FOUND = 0.15  # no past burst stands for more than the inverse of this
HIGHEST = 180.0  # minutes after the onset within which a burst is at its height


def whole(beyond: float, minutes: float) -> float:
    """Posts beyond the usual until so many minutes after the onset -> posts of the burst, its tail added."""
    return beyond / float(np.mean(written(np.array(minutes), np.array(RISE), np.array(DECAYS))))


def found(sizes: Floats, mean: Floats, spread: float, minutes: float) -> Floats:
    """float[n]: how probably a past burst of so many posts [n] shows as stormy: one of its two highest buckets must.

    mean: posts usual per bucket, at any times of the week; spread: their overdispersion; minutes: of a bucket
    """
    first = np.arange(0.0, HIGHEST + minutes, minutes / 2)[:, None]
    added = written(first + minutes, np.array(RISE), np.array(DECAYS)) - written(
        first, np.array(RISE), np.array(DECAYS)
    )
    more = sizes[:, None] * added.max(axis=0).mean()
    width = np.sqrt(mean + spread * mean**2)
    shows = ndtr((more - STORMY * width - 1) / np.sqrt(width**2 + more))
    return np.asarray(np.average(1 - (1 - shows) ** 2, axis=1, weights=mean))


def size_law(past: Floats, shown: Floats, posts: float) -> Law:
    """How large a burst is that has brought so many posts.

    past: float[n] sizes of past bursts; shown: float[n] how probable it was to see each
    """
    most = max(20 * FEWEST, 2 * float(past.max(initial=0.0)), 4 * posts)
    sizes = FEWEST * FINE ** np.arange(np.ceil(np.log(most / FEWEST) / np.log(FINE)) + 1)
    law = Law.of(sizes, (RISE,), DECAYS)
    near = np.exp(-0.5 * (np.log(sizes[:, None] / np.maximum(past, FEWEST)) / SPREAD_OUT) ** 2)
    like = (near / near.sum(axis=0)) @ (1 / np.maximum(shown, LEAST_FOUND)) + UNSEEN / len(sizes)
    return replace(law, chance=np.repeat(like / like.sum(), len(DECAYS)) / len(DECAYS))
