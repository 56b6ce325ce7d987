"""Signals: how many posts per bucket and topic, as versions of what was known when.

A bucket is first known at its end. A post that reaches us later makes a further version of its bucket, known from
then on. So `Snapshot(cutoff)` sees what a planner could have seen, late posts included only once they were there.
"""

from __future__ import annotations

import datetime as dt
from itertools import chain

import numpy as np
import numpy.typing as npt
import pandas as pd

from forecast import buckets
from forecast.arrays import Ns
from forecast.buckets import Interval
from forecast.frames import FLAG, NUMBER, SIGNALS, TEXT, TIME, Contract, check

SCORED = Contract(
    "scored mentions",
    {"source": TEXT, "id": TEXT, "created_at": TIME, "known_at": TIME, "sentiment": NUMBER, "label": TEXT,
     "topics": TEXT, "direction": TEXT, "repost_of": TEXT},
    {"author": TEXT, "text": TEXT, "language": TEXT, "reach": NUMBER, "reply_to": TEXT, "replied_at": TIME,
     "resolved_at": TIME, "brand": TEXT, "deleted_at": TIME, "assumed": FLAG},
)  # fmt: skip
ALL = "all"  # the topic that counts every post once
POSTS, NEGATIVE, REPOSTS = range(3)
NAMES = np.array(["posts", "negative", "reposts"], dtype=object)
Codes = npt.NDArray[np.int64]


def build_signals(
    scored: pd.DataFrame, *, interval: Interval, tz: str, asof: dt.datetime | None = None
) -> pd.DataFrame:
    """scored[source, id, created_at, known_at, sentiment, label, topics, direction, repost_of] -> signals[signal, topic, ds, value, known_at, kind].

    `posts` and `negative` per topic and for the topic `all`; reposts count as `reposts` only, own posts
    (`direction=out`) not at all. For any cutoff the latest version of a bucket known by then is the number of its
    mentions known by then, for buckets that had ended; a bucket without posts has no row. With `asof` no later
    version comes out. Rows are ordered by signal, topic, ds, known_at.
    """
    mentions = check(scored, SCORED)
    mentions = mentions.loc[(mentions["direction"] != "out").to_numpy()]
    created = buckets.column_ns(mentions["created_at"])
    starts = buckets.floor(created, interval, tz)
    # what a bucket holds is never known before it ends, whatever the sender's clock says
    known = np.maximum(buckets.column_ns(mentions["known_at"]), _ends(starts, interval, tz))
    keep = np.ones(len(mentions), dtype=bool) if asof is None else known <= buckets.to_ns(asof)
    rows, topics, names = _by_topic(mentions["topics"], keep)
    reposted = mentions["repost_of"].notna().to_numpy()
    bad = (mentions["label"] == "negative").to_numpy()
    chosen = [(POSTS, ~reposted), (NEGATIVE, ~reposted & bad), (REPOSTS, reposted)]
    of = [mask[rows] for _, mask in chosen]
    signal = np.concatenate(
        [np.full(int(mine.sum()), code) for (code, _), mine in zip(chosen, of, strict=True)]
    )
    row = np.concatenate([rows[mine] for mine in of])
    topic = np.concatenate([topics[mine] for mine in of])
    return _versions(signal, topic, starts[row], known[row], names)


def _ends(starts: Ns, interval: Interval, tz: str) -> Ns:
    unique, inverse = np.unique(starts, return_inverse=True)
    return buckets.end(unique, interval, tz)[inverse]


def _by_topic(column: pd.Series, keep: npt.NDArray[np.bool_]) -> tuple[Codes, Codes, npt.NDArray[np.object_]]:
    """topics[n] (a list each) -> row[m], topic code[m], names: each kept row once as `all` and once per topic."""
    lists = column.to_numpy(dtype=object)
    kept = np.flatnonzero(keep)
    distinct = [tuple(dict.fromkeys(topics)) for topics in lists[kept]]
    lengths = np.fromiter(map(len, distinct), dtype=np.int64, count=len(distinct))
    codes, found = pd.factorize(np.array([*chain.from_iterable(distinct)], dtype=object), sort=True)
    rows = np.concatenate([kept, np.repeat(kept, lengths)])
    topics = np.concatenate([np.zeros(len(kept), dtype=np.int64), codes.astype(np.int64) + 1])
    # a topic that is called "all" itself must not count twice
    mine = np.concatenate([np.ones(len(kept), dtype=bool), np.asarray(found != ALL, dtype=bool)[codes]])
    return rows[mine], topics[mine], np.array([ALL, *found], dtype=object)


def _versions(
    signal: Codes, topic: Codes, start: Ns, known: Ns, names: npt.NDArray[np.object_]
) -> pd.DataFrame:
    """One row per post, topic and signal -> one row per version: the count cumulated over `known` in each bucket."""
    order = np.lexsort((known, start, topic, signal))
    signal, topic, start, known = signal[order], topic[order], start[order], known[order]
    n = len(order)
    new_bucket = np.ones(n, dtype=bool)
    new_bucket[1:] = (np.diff(signal) != 0) | (np.diff(topic) != 0) | (np.diff(start) != 0)
    last = np.ones(n, dtype=bool)  # the last row of each (bucket, known_at) carries the version
    last[:-1] = new_bucket[1:] | (np.diff(known) != 0)
    first = np.maximum.accumulate(np.where(new_bucket, np.arange(n), 0)) if n else np.zeros(0, dtype=np.int64)
    value = np.arange(n) - first + 1
    signals = pd.DataFrame(
        {
            "signal": NAMES[signal[last]],
            "topic": names[topic[last]],
            "ds": buckets.index(start[last]),
            "value": value[last].astype(np.float64),
            "known_at": buckets.index(known[last]),
            "kind": np.full(int(last.sum()), "count", dtype=object),
        }
    )
    return check(signals, SIGNALS)
