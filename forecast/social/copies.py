"""Posts that say what was said before: near-duplicates and floods, recognised when the text itself is gone.

Each post carries a sketch: four minima of hashes of its pairs of words (MinHash; Broder 1997, "On the resemblance and
containment of documents"), figures, names, links and signs left out. Two texts that share a fraction J of their pairs
agree in each minimum with probability J. Three in four agree with probability 0.82 at J = 0.8 and 0.03 at J = 0.2. People
in one plight say the same in the same words too, so a dozen are let pass before anything is a copy.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from zlib import crc32

import numpy as np
import numpy.typing as npt
import pandas as pd

from forecast.arrays import Flags, Ns
from forecast.buckets import SECOND

WINDOW = 24 * 3600 * SECOND  # a saying that comes back the day after is a saying
LEAST_WORDS = 8  # "is er een storing?" is asked by many without being copied
FEW = 12  # a saying of so few within a day is a saying; the next that says it is a copy
FLOOD = 20  # posts of one author in an hour; beyond that a machine writes
HOUR = 3600 * SECOND

_WORDS = re.compile(r"@\w+|\[\w+\]|https?://\S+|([^\W\d_]{2,})")
_ODD = np.array([2654435761, 2246822519, 3266489917, 668265263], dtype=np.uint64)  # mix a hash into four
Sketches = npt.NDArray[np.uint32]


def sketch(texts: Sequence[str]) -> list[bytes | None]:
    """texts[n] -> 16 bytes each; None for texts of fewer than eight words, which may be alike by chance."""
    hashes: list[int] = []
    lengths = np.zeros(len(texts), dtype=np.int64)
    for row, text in enumerate(texts):
        words = [word for word in _WORDS.findall(text.lower()) if word]
        lengths[row] = len(words)
        hashes += [crc32(word.encode("utf-8", "surrogatepass")) for word in words]
    return _minima(np.array(hashes, dtype=np.uint64), lengths)


def _minima(words: npt.NDArray[np.uint64], lengths: Ns) -> list[bytes | None]:
    mask = np.uint64(0xFFFFFFFF)
    ends = np.cumsum(lengths)
    long = np.flatnonzero(lengths >= LEAST_WORDS)
    if len(long) == 0:
        return [None] * len(lengths)
    pairs = (words[:-1] * np.uint64(31) + words[1:]) & mask
    inner = np.ones(len(pairs), dtype=bool)
    inner[ends[:-1][(ends[:-1] > 0) & (ends[:-1] < len(words))] - 1] = False  # no pair reaches over two posts
    owner = np.repeat(np.arange(len(lengths)), lengths)[:-1]
    kept = inner & (lengths[owner] >= LEAST_WORDS)
    starts = np.flatnonzero(np.diff(owner[kept], prepend=-1))
    mixed = ((pairs[kept][:, None] + np.uint64(1)) * _ODD) & mask
    mixed = ((mixed ^ (mixed >> np.uint64(15))) * np.uint64(2246822519)) & mask
    least = np.minimum.reduceat(mixed, starts, axis=0).astype(np.uint32)
    found: list[bytes | None] = [None] * len(lengths)
    for row, minima in zip(long.tolist(), least, strict=True):
        found[row] = minima.tobytes()
    return found


def copied(created: Ns, known: Ns, authors: Sequence[str | None], sketches: Sequence[bytes | None]) -> Flags:
    """created, known ns[n], author[n], sketch[n] -> bool[n]: says what a dozen known before said within a day, or is one of a flood.

    Only a post that was known earlier makes another its copy, so that what was counted once stays counted.
    """
    order = np.lexsort((created, known))
    copies = np.zeros(len(created), dtype=bool)
    copies[order] = _alike(created[order], [sketches[row] for row in order]) | _flooded(
        created[order], [authors[row] for row in order]
    )
    return copies


def _alike(created: Ns, sketches: Sequence[bytes | None]) -> Flags:
    """Rows in the order of knowing -> whether three minima in four are those of FEW earlier rows of the same day."""
    rows = np.array([row for row, one in enumerate(sketches) if one is not None], dtype=np.int64)
    alike = np.zeros(len(created), dtype=bool)
    if len(rows) < 2:
        return alike
    minima = np.frombuffer(b"".join(sketches[row] or b"" for row in rows), dtype=np.uint32).reshape(-1, 4)
    wide = minima.astype(np.uint64)
    # each way to choose three of the four is one key; equal keys on earlier rows within the day make a copy
    for left_out in range(4):
        a, b, c = (wide[:, one] for one in range(4) if one != left_out)
        key = (a * np.uint64(1_000_003) + b) * np.uint64(1_000_003) + c
        alike[rows] |= _seen_before(pd.Series(key), created[rows])
    return alike


def _seen_before(keys: pd.Series, created: Ns) -> Flags:
    """Whether the row's key stood on FEW rows before it, the first of them less than a day away."""
    before = pd.Series(created).groupby(keys.to_numpy()).shift(FEW)
    near = (pd.Series(created) - before).abs() <= WINDOW
    return np.asarray(near.fillna(False), dtype=bool)


def _flooded(created: Ns, authors: Sequence[str | None]) -> Flags:
    """Whether an author had posted FLOOD times in the same hour before."""
    frame = pd.DataFrame({"author": np.array(authors, dtype=object), "hour": created // HOUR})
    named = frame["author"].notna()
    count = frame[named].groupby(["author", "hour"], sort=False).cumcount()
    flooded = np.zeros(len(frame), dtype=bool)
    flooded[np.flatnonzero(named)] = count.to_numpy() >= FLOOD
    return flooded
