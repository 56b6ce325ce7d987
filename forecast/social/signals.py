"""Signals: what people said per bucket, topic, language and brand, as versions of what was known when.

A bucket is first known at its end. A post that reaches us later makes a further version of its bucket, known from
then on. So `Snapshot(cutoff)` sees what a planner could have seen, late posts included only once they were there.

    posts negative reposts copies authors reach      counts per topic, and for the topic `all`
    failed_contact                                   posts that tell of another channel tried in vain
    sentiment                                        the mean over the bucket's posts, a level
    posts[nl] negative[nl]                           in one language
    posts[@Rival] negative[@Rival]                   of a competitor, or of one of several own brands

The plain names are the company's own; competitors are in none of them. Reposts count as `reposts` only, near-duplicates
and floods as `copies` only, the company's own posts not at all.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from forecast import buckets
from forecast.arrays import Flags, Floats, Ns
from forecast.buckets import Interval
from forecast.frames import FLAG, NUMBER, SIGNALS, TEXT, TIME, Contract, check

SCORED = Contract(
    "scored mentions",
    {"source": TEXT, "id": TEXT, "created_at": TIME, "known_at": TIME, "sentiment": NUMBER, "label": TEXT,
     "topics": TEXT, "direction": TEXT, "repost_of": TEXT},
    {"author": TEXT, "text": TEXT, "language": TEXT, "reach": NUMBER, "reply_to": TEXT, "replied_at": TIME,
     "resolved_at": TIME, "brand": TEXT, "deleted_at": TIME, "assumed": FLAG, "sketch": TEXT, "copy": FLAG, "question": FLAG,
     "failed_contact": FLAG},
)  # fmt: skip
STEP = 5 * 60 * buckets.SECOND  # in which a bucket that runs is counted
ALL = "all"  # the topic that counts every post once
POSTS, NEGATIVE, REPOSTS, COPIES, AUTHORS, REACH, FAILED_CONTACT, SENTIMENT = MEASURES = (
    "posts",
    "negative",
    "reposts",
    "copies",
    "authors",
    "reach",
    "failed_contact",
    "sentiment",
)
FOR_MODELS = frozenset(
    {POSTS, NEGATIVE, REPOSTS}
)  # the others are shown: fewer candidates, fewer chances to be fooled
BASE = [
    "signal",
    "topic",
    "ds",
    "value",
]  # what buckets held whose posts are forgotten; of `sentiment` the sum
_NAME = re.compile(r"([^\[\]]+)(?:\[(?:@(?P<brand>.+)|(?P<language>[a-z]{2,5}))\])?")
Codes = npt.NDArray[np.int64]


@dataclass(frozen=True)
class SignalName:
    """A signal's name in its parts: what is measured, and in which language or of which brand alone."""

    measure: str
    language: str = ""
    brand: str = ""

    @classmethod
    def parse(cls, name: str) -> SignalName:
        """`posts[nl]` -> its parts; a name of another kind (a user's own signal) is a measure."""
        found = _NAME.fullmatch(name)
        if found is None:
            return cls(name)
        return cls(found[1], found["language"] or "", found["brand"] or "")

    def __str__(self) -> str:
        part = self.language or (f"@{self.brand}" if self.brand else "")
        return f"{self.measure}[{part}]" if part else self.measure


def for_models(name: str) -> bool:
    """Whether a signal is offered to the models: what users brought, and the company's own totals."""
    parts = SignalName.parse(name)
    return not (parts.language or parts.brand) and (
        parts.measure in FOR_MODELS or parts.measure not in MEASURES
    )


class _Events(NamedTuple):
    """What adds to a signal, one row per post, topic and signal [m]; codes point into the names of a build."""

    signal: Codes
    topic: Codes
    start: Ns
    known: Ns
    weight: Floats


def build_signals(
    scored: pd.DataFrame,
    *,
    interval: Interval,
    tz: str,
    asof: dt.datetime | None = None,
    competitors: Sequence[str] = (),
    apart: bool = False,
    base: pd.DataFrame | None = None,
    running: bool = False,
) -> pd.DataFrame:
    """scored[source, id, created_at, known_at, ...] -> signals[signal, topic, ds, value, known_at, kind].

    For any cutoff the latest version of a bucket known by then is the number of its mentions known by then, for buckets
    that had ended; a bucket without posts has no row. With `asof` no later version comes out. `base[signal, topic, ds,
    value]`: what the buckets held of posts that are forgotten; it is added. `apart`: brands are also counted one by one. `running`: buckets are known as they run, in steps of
    STEP as their posts became known. Rows are ordered by signal, topic, ds, known_at.
    """
    mentions = check(scored, SCORED)
    mentions = mentions.loc[(mentions["direction"] != "out").to_numpy()]
    created = buckets.column_ns(mentions["created_at"])
    starts = buckets.floor(created, interval, tz)
    # what a bucket holds is never known before it ends, whatever the sender's clock says
    ends, heard = _ends(starts, interval, tz), buckets.column_ns(mentions["known_at"])
    known = -(-heard // STEP) * STEP if running else np.maximum(heard, ends)
    keep = np.ones(len(mentions), dtype=bool) if asof is None else known <= buckets.to_ns(asof)
    rows, topics, names = _by_topic(mentions["topics"], keep)
    parts: list[_Events] = []
    measured: list[str] = []
    facts = _Facts.of(mentions, competitors)
    for name, chosen, weight in facts.measures(rows, topics, starts, known, apart):
        count = int(chosen.sum())
        if count:
            row = rows[chosen]
            code = np.full(count, len(measured), dtype=np.int64)
            parts.append(_Events(code, topics[chosen], starts[row], known[row], weight[chosen]))
            measured.append(name)
    if not parts:
        none = np.zeros(0, dtype=np.int64)
        return _frame(_Events(none, none, none, none, np.zeros(0)), [], names)
    events = _Events(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))
    signals = _versions(events, measured, names, base)
    return _means(signals)


@dataclass(frozen=True)
class _Facts:
    """What is asked of each mention [n]: is it ours, a repost, a copy, negative; whose, how far, how felt."""

    ours: Flags
    reposted: Flags
    copy: Flags
    failed: Flags
    bad: Flags
    author: Codes  # -1: unknown
    reach: Floats
    sentiment: Floats
    language: npt.NDArray[np.object_]
    brand: npt.NDArray[np.object_]

    @classmethod
    def of(cls, mentions: pd.DataFrame, competitors: Sequence[str]) -> _Facts:
        size = len(mentions)

        def texts(name: str) -> npt.NDArray[np.object_]:
            held = mentions[name] if name in mentions else pd.Series([None] * size, dtype=object)
            return held.to_numpy(dtype=object)

        def flags(name: str) -> Flags:
            return mentions[name].to_numpy(dtype=bool) if name in mentions else np.zeros(size, dtype=bool)

        brand = texts("brand")
        reach = mentions["reach"].to_numpy(dtype=np.float64) if "reach" in mentions else np.full(size, np.nan)
        return cls(
            ours=~np.isin(brand.astype(str), list(competitors)),
            reposted=mentions["repost_of"].notna().to_numpy(),
            copy=flags("copy"),
            failed=flags("failed_contact"),
            bad=(mentions["label"] == "negative").to_numpy(),
            author=pd.factorize(texts("author"))[0].astype(np.int64),
            reach=np.nan_to_num(reach),
            sentiment=np.nan_to_num(mentions["sentiment"].to_numpy(dtype=np.float64)),
            language=texts("language"),
            brand=brand,
        )

    def measures(
        self, rows: Codes, topics: Codes, starts: Ns, known: Ns, apart: bool
    ) -> Iterator[tuple[str, Flags, Floats]]:
        """rows, topics [m] -> each signal's name, which of the m count, and by how much."""
        one = np.ones(len(rows))
        first_hand = ~self.reposted & ~self.copy
        said = (self.ours & first_hand)[rows]
        bad = self.bad[rows]
        yield POSTS, said, one
        yield NEGATIVE, said & bad, one
        yield REPOSTS, (self.ours & self.reposted)[rows], one
        yield COPIES, (self.ours & self.copy & ~self.reposted)[rows], one
        yield AUTHORS, said & self._first_of_author(rows, topics, starts, known, said), one
        yield REACH, said & (self.reach[rows] > 0), self.reach[rows]
        yield FAILED_CONTACT, said & self.failed[rows], one
        yield SENTIMENT, said, self.sentiment[rows]
        for name, values, among in (
            ("language", self.language, said),
            ("brand", self.brand, first_hand[rows]),
        ):
            held = values.astype(str)
            shown = sorted({one for one in held[np.unique(rows)] if one not in ("None", "", "nan")})
            if name == "brand" and not apart:
                continue
            for value in shown:
                mine = among & (held == value)[rows]
                key = SignalName(POSTS, **{name: value}), SignalName(NEGATIVE, **{name: value})
                yield str(key[0]), mine, one
                yield str(key[1]), mine & bad, one

    def _first_of_author(self, rows: Codes, topics: Codes, starts: Ns, known: Ns, said: Flags) -> Flags:
        """Whether the author had not spoken on this topic in this bucket before, bool[m]."""
        order = np.lexsort((rows, known[rows]))
        order = order[said[order] & (self.author[rows[order]] >= 0)]
        frame = pd.DataFrame(
            {"topic": topics[order], "start": starts[rows[order]], "author": self.author[rows[order]]}
        )
        first = np.zeros(len(rows), dtype=bool)
        first[order[~frame.duplicated().to_numpy()]] = True
        return first


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
    events: _Events, measured: Sequence[str], names: npt.NDArray[np.object_], base: pd.DataFrame | None
) -> pd.DataFrame:
    """Events -> one row per version: the weight summed up over `known` in each bucket, on top of the base."""
    order = np.lexsort((events.known, events.start, events.topic, events.signal))
    signal, topic, start, known = (column[order] for column in events[:4])
    n = len(order)
    fresh = np.ones(n, dtype=bool)
    fresh[1:] = (np.diff(signal) != 0) | (np.diff(topic) != 0) | (np.diff(start) != 0)
    last = np.ones(n, dtype=bool)  # the last row of each (bucket, known_at) carries the version
    last[:-1] = fresh[1:] | (np.diff(known) != 0)
    # each bucket by itself: the differences of one long sum would give 2.0000000000000004 posts
    sums_of = pd.Series(events.weight[order]).groupby(np.cumsum(fresh))
    value = np.asarray(sums_of.cumsum(), dtype=np.float64)
    signals = _frame(
        _Events(signal[last], topic[last], start[last], known[last], value[last]), measured, names
    )
    if base is not None and len(base):
        held = signals[["signal", "topic", "ds"]].merge(base[BASE], how="left", on=["signal", "topic", "ds"])
        signals = signals.assign(value=signals["value"].to_numpy() + held["value"].fillna(0.0).to_numpy())
    return signals


def _frame(events: _Events, measured: Sequence[str], names: npt.NDArray[np.object_]) -> pd.DataFrame:
    """Events that each are a version by now, `weight` its value -> signals."""
    labels = np.array([*measured, ""], dtype=object)
    signals = pd.DataFrame(
        {
            "signal": labels[events.signal],
            "topic": names[events.topic],
            "ds": buckets.index(events.start),
            "value": events.weight,
            "known_at": buckets.index(events.known),
            "kind": np.full(len(events.signal), "count", dtype=object),
        }
    )
    return check(signals, SIGNALS)


def _means(signals: pd.DataFrame) -> pd.DataFrame:
    """Sums of sentiment -> means over the posts known at the same time, a level."""
    felt = (signals["signal"] == SENTIMENT).to_numpy()
    if not felt.any():
        return signals
    keys = ["topic", "ds", "known_at"]
    posts = signals.loc[signals["signal"] == POSTS, [*keys, "value"]]
    counts = signals.loc[felt, keys].merge(posts, how="left", on=keys)["value"].to_numpy()
    value = signals["value"].to_numpy().copy()
    value[felt] = value[felt] / np.maximum(counts, 1)
    return signals.assign(value=value, kind=np.where(felt, "level", "count").astype(object))


def values_of(base: pd.DataFrame) -> pd.DataFrame:
    """base[signal, topic, ds, value] -> the same with means of `sentiment` in the place of its sums."""
    felt = (base["signal"] == SENTIMENT).to_numpy()
    keys = ["topic", "ds"]
    posts = base.loc[base["signal"] == POSTS, [*keys, "value"]]
    counts = base.loc[felt, keys].merge(posts, how="left", on=keys)["value"].to_numpy()
    value = base["value"].to_numpy(dtype=np.float64).copy()
    value[felt] = value[felt] / np.maximum(np.nan_to_num(counts), 1)
    return base.assign(value=value)[BASE]


def sums(signals: pd.DataFrame) -> pd.DataFrame:
    """Versions of `build_signals` -> base[signal, topic, ds, value]: what each bucket holds, `sentiment` as its sum."""
    latest = signals.drop_duplicates(["signal", "topic", "ds"], keep="last")
    felt = (latest["signal"] == SENTIMENT).to_numpy()
    keys = ["topic", "ds"]
    posts = latest.loc[latest["signal"] == POSTS, [*keys, "value"]]
    counts = latest.loc[felt, keys].merge(posts, how="left", on=keys)["value"].to_numpy()
    value = latest["value"].to_numpy().copy()
    value[felt] = value[felt] * counts
    return latest.assign(value=value)[BASE].reset_index(drop=True)
