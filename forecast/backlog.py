"""What waits for an answer: backlog, age of the oldest, share answered in time, of a queue that is answered later.

First in, first out: with A contacts come and H answered by a moment, those waiting are the last A - H that came, the oldest
of them the (H + 1)th. What waited when the rows begin is not told; it is the least that keeps the backlog from falling
below zero. Where a system tells of each contact when it was answered, that counts instead (`of_contacts`).
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np

from forecast.arrays import Flags, Floats, Ns
from forecast.buckets import SECOND
from forecast.versions import Versions

HOUR = 3600 * SECOND
COHORT = 0.98  # of the rows that tell both: handled then tells of the contacts of the row, not of answers given in it
LEAST_ROWS = 20
FURTHEST = (
    30  # days of arrivals; a backlog at the beginning beyond that is no backlog, but rows that do not fit
)


@dataclass(frozen=True)
class Backlog:
    """Per bucket [n], at its end.

    ends: ns; waiting: contacts open; late: of them, open for longer than the target; oldest, oldest_open: hours the oldest
    has waited, by the clock and in open hours, 0 where none waits; answered, in_time: answers given in the bucket, and of
    them within the target; broken: for how many the target passed in the bucket without an answer
    start: what waited when the rows begin, as estimated; beyond: answers that no contact explains
    """

    ends: Ns
    waiting: Floats
    late: Floats
    oldest: Floats
    oldest_open: Floats
    answered: Floats
    in_time: Floats
    broken: Floats
    start: float = 0.0
    beyond: float = 0.0

    def __len__(self) -> int:
        return len(self.ends)

    def share_in_time(self, rows: slice | Flags) -> float | None:
        """Of the answers of some buckets, how many came within the target; None without an answer."""
        answered = float(self.answered[rows].sum())
        return float(self.in_time[rows].sum()) / answered if answered > 0 else None


def is_cohort(offered: Floats, handled: Floats, abandoned: Floats | None = None) -> bool:
    """Do the rows tell, of the contacts that came in each, how many were ever answered? Then no backlog can be told from them."""
    lost = 0.0 if abandoned is None else np.nan_to_num(abandoned)
    told = ~np.isnan(offered) & ~np.isnan(handled) & ((offered > 0) | (handled > 0))
    if told.sum() < LEAST_ROWS:
        return False
    same = np.abs(offered - lost - handled)[told] < 0.5
    return bool(same.mean() >= COHORT)


def first_in_first_out(
    begins: Ns, ends: Ns, offered: Floats, handled: Floats, *, target: int, open_: Flags | None = None
) -> Backlog:
    """Buckets in a row [n], contacts come and answered in each (NaN is none) -> Backlog. target: ns.

    open_: bool[n], open buckets; None: all of them. A contact counts as come at the beginning of its bucket.
    """
    came, done = np.cumsum(np.nan_to_num(offered)), np.cumsum(np.nan_to_num(handled))
    if len(came) == 0:
        none = np.zeros(0)
        return Backlog(np.zeros(0, dtype=np.int64), none, none, none, none, none, none, none)
    start = max(0.0, float((done - came).max()))
    most = FURTHEST * 86_400 * SECOND / max(float(ends[-1] - begins[0]), 1.0) * float(came[-1])
    beyond = max(0.0, start - most)
    came = came + start
    waiting = np.maximum(came - done, 0.0)
    due = _by(ends, came, ends - target, start)
    before, done_before = np.r_[min(due[0], start), due[:-1]], np.r_[0.0, done[:-1]]
    first = np.minimum(np.searchsorted(came, done, side="right"), len(came) - 1)
    some = waiting > 1e-9
    passed = np.cumsum((ends - begins) * (np.ones(len(ends)) if open_ is None else open_)) / HOUR
    passed_before = np.r_[0.0, passed[:-1]]
    return Backlog(
        ends=ends,
        waiting=waiting,
        late=np.maximum(due - done, 0.0),
        oldest=np.where(some, (ends - begins[first]) / HOUR, 0.0),
        oldest_open=np.where(some, passed - passed_before[first], 0.0),
        answered=np.nan_to_num(handled),
        in_time=np.maximum(done - np.maximum(done_before, due), 0.0),
        broken=np.maximum(due - np.maximum(before, done), 0.0),
        start=start,
        beyond=beyond,
    )


def _by(ends: Ns, came: Floats, moments: Ns, start: float) -> Floats:
    """How many had come by each moment: in buckets that were over by then, and what waited at the start."""
    place = np.searchsorted(ends, moments, side="right") - 1
    return np.where(place >= 0, came[np.maximum(place, 0)], start)


def of_contacts(begins: Ns, ends: Ns, at: Ns, answered_at: Ns, *, target: int) -> Backlog:
    """Contacts one by one: came at ns[m], answered at ns[m] (-1: not yet) -> Backlog by bucket [n]; open hours are not told."""
    order = np.argsort(at, kind="stable")
    at, answered_at = at[order], answered_at[order]
    told = answered_at >= 0
    gone = np.sort(answered_at[told])
    waits = np.where(told, answered_at, np.iinfo(np.int64).max)
    slow = waits - at > target
    turned, ended = np.sort(at[slow] + target), np.sort(waits[slow])
    over = np.searchsorted(ended, ends, side="right")
    oldest = _oldest(at, waits, ends)
    slow_given = np.sort(answered_at[told & slow])
    answered = _between(gone, begins, ends)
    return Backlog(
        ends=ends,
        waiting=(np.searchsorted(at, ends, side="right") - np.searchsorted(gone, ends, side="right")).astype(
            np.float64
        ),
        late=(np.searchsorted(turned, ends, side="right") - over).astype(np.float64),
        oldest=oldest,
        oldest_open=np.full(len(ends), np.nan),
        answered=answered,
        in_time=answered - _between(slow_given, begins, ends),
        broken=_between(turned, begins, ends),
    )


def _between(moments: Ns, begins: Ns, ends: Ns) -> Floats:
    """Ascending moments -> how many lie in each bucket (begin, end]."""
    return (
        np.searchsorted(moments, ends, side="right") - np.searchsorted(moments, begins, side="right")
    ).astype(np.float64)


def _oldest(at: Ns, waits: Ns, ends: Ns) -> Floats:
    """Hours the oldest unanswered contact has waited at each end; 0 where none waits."""
    out, heap, place = np.zeros(len(ends)), list[tuple[int, int]](), 0
    for number, moment in enumerate(ends.tolist()):
        while place < len(at) and at[place] <= moment:
            heapq.heappush(heap, (int(at[place]), int(waits[place])))
            place += 1
        while heap and heap[0][1] <= moment:
            heapq.heappop(heap)
        if heap:
            out[number] = (moment - heap[0][0]) / HOUR
    return out


def as_known(
    offered: Versions, handled: Versions, begins: Ns, ends: Ns, *, target: int, since: int
) -> tuple[Versions, Versions]:
    """What was known of the backlog at each moment after `since` (ns): versions of `late` and of the oldest's hours.

    begins, ends: the buckets in a row [n]. A moment at which rows became known tells anew of the buckets from the first one
    it changed on, as far as rows are known; what was told of earlier ones stays told, also where the backlog of the
    beginning turns out greater.
    """
    moments = np.unique(np.r_[offered.known_at, handled.known_at])
    moments = moments[moments > since].astype(np.int64)
    if len(moments) == 0 or len(begins) == 0:
        return Versions.none(), Versions.none()
    running = _Running(_Rows(offered, begins), _Rows(handled, begins), begins, ends, target)
    told = np.full((2, len(begins)), np.nan)
    running.learn(since)
    told[:, : running.last + 1] = running.tell(0)
    found = [(begins[:0], np.zeros((2, 0)), begins[:0])]
    for moment in moments.tolist():
        first = running.learn(moment)
        rows = np.arange(first, running.last + 1)
        if len(rows) == 0:
            continue
        now = running.tell(first)
        new = (now != told[:, rows]).any(axis=0)
        found.append((begins[rows[new]], now[:, new], np.maximum(moment, ends[rows[new]])))
        told[:, rows] = now
    ds, known = (np.concatenate([each[at] for each in found]) for at in (0, 2))
    values = np.concatenate([each[1] for each in found], axis=1)
    return Versions.of(ds, values[0], known), Versions.of(ds, values[1], known)


class _Rows:
    """Versions of one number per bucket, placed on the buckets, as known at a moment that moves on."""

    def __init__(self, versions: Versions, begins: Ns) -> None:
        place = np.searchsorted(begins, versions.ds)
        inside = place < len(begins)
        inside[inside] = begins[place[inside]] == versions.ds[inside]
        self._place, self._known = place[inside], versions.known_at[inside]
        self._new, self._next = versions.value[inside], 0
        self.value = np.zeros(len(begins))

    def learn(self, moment: int) -> tuple[int, int]:
        """Move on; the first and the last bucket of which something came to be known, (n, -1) for none."""
        stop = int(np.searchsorted(self._known, moment, side="right"))
        new = slice(self._next, stop)
        self._next = stop
        places = self._place[new]
        if len(places) == 0:
            return len(self.value), -1
        self.value[places] = np.nan_to_num(self._new[new])  # of one bucket the latest known stays
        return int(places.min()), int(places.max())


class _Running:
    """Contacts come and answered so far, summed up to the last bucket known; a moment costs by what it changes."""

    def __init__(self, offered: _Rows, handled: _Rows, begins: Ns, ends: Ns, target: int) -> None:
        self._rows, self._begins, self._ends, self._target = (offered, handled), begins, ends, target
        self._came, self._done = np.zeros(len(begins)), np.zeros(len(begins))
        self._start, self.last = 0.0, -1

    def learn(self, moment: int) -> int:
        """Move on; the first bucket that changed."""
        spans = [rows.learn(moment) for rows in self._rows]
        first, before = min(span[0] for span in spans), self.last
        self.last = max(self.last, *(span[1] for span in spans))
        first = min(first, before + 1)
        if first > self.last:
            return first
        tail = slice(first, self.last + 1)
        for total, rows in zip((self._came, self._done), self._rows, strict=True):
            total[tail] = np.cumsum(rows.value[tail]) + (total[first - 1] if first else 0.0)
        lack = slice(0 if first <= before else first, self.last + 1)
        short = float((self._done[lack] - self._came[lack]).max())
        self._start = max(0.0, short, 0.0 if lack.start == 0 else self._start)
        return first

    def tell(self, first: int) -> Floats:
        """late and the oldest's hours of the buckets from `first` to the last known, float[2, k]."""
        tail, came = slice(first, self.last + 1), self._came[: self.last + 1]
        if self.last < first:
            return np.zeros((2, 0))
        ends, done = self._ends[tail], self._done[tail] - self._start
        due = _by(self._ends[: self.last + 1], came, ends - self._target, 0.0)
        oldest = np.minimum(np.searchsorted(came, done, side="right"), len(came) - 1)
        waits = came[first:] - done > 1e-9
        age = np.where(waits, (ends - self._begins[oldest]) / HOUR, 0.0)
        return np.stack([np.maximum(due - done, 0.0), age])
