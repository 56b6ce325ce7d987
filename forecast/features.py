"""What a signal looked like at past moments, exactly as it was known then.

A feature is the deviation of a signal from its own expectation: its sum over a window that ends at the origin, less
the mean of the same window at the same time of the week over the eight weeks before, each as known at its own end. So
lateness cancels out: a window is compared with windows that were just as incomplete.

Training needs these for thousands of past origins; one pass over the version stream gives them all, and a test holds
it equal to asking a `Snapshot` for each.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from forecast.arrays import Floats, Ns
from forecast.buckets import DAY, SECOND, Interval, day_start, local_ns
from forecast.vintage import Signal, Versions

WEEKS = 8
MINUTE = 60 * SECOND
EDGES_INTRADAY = np.array([0, 35, 65, 125, 245, 1445, 7 * 1440 + 5], dtype=np.int64) * MINUTE
EDGES_DAILY = (
    np.array([0, 1, 3, 7, 14], dtype=np.int64) * DAY
    + np.array([0, 1, 1, 1, 1], dtype=np.int64) * 2 * 3600 * SECOND
)


def edges(interval: Interval) -> Ns:
    """Ages (ns) between which a signal is summed up: half an hour to a week, or one day to two weeks for daily data.

    A little over the round number, so that a bucket that started exactly that long ago is inside.
    """
    return EDGES_INTRADAY if interval.slots > 1 else EDGES_DAILY


def known_sums(versions: Versions, times: Ns, ages: Ns, since: Ns | None = None) -> Floats:
    """float[t, ages - 1]: at each of `times` (ascending) the known sum of buckets aged within [ages[i], ages[i + 1]).

    since: moments (ascending) from which ages are counted back, where not from `times`.

    A bucket's age is the time since its start. Versions become increments (value less the value known before); the
    sum of increments with `ds < time - age` is a cumulative sum over ds, less those not yet known at that time.
    """
    ds, increment, known_at = _increments(versions)
    order = np.argsort(ds, kind="stable")
    ds, increment, known_at = ds[order], increment[order], known_at[order]
    running = np.concatenate([[0.0], np.cumsum(increment)])
    older = np.empty((len(times), len(ages)))
    since = times if since is None else since
    known_from = np.searchsorted(times, known_at, side="left")
    for column, age in enumerate(ages):
        older[:, column] = running[np.searchsorted(ds, since - age, side="right")]
        inside = np.searchsorted(since, ds + age, side="left")
        late = known_from > inside
        begin, stop = inside[late], known_from[late]
        pending = np.zeros(len(times) + 1)
        np.add.at(pending, begin, increment[late])
        np.add.at(pending, stop, -increment[late])
        older[:, column] -= np.cumsum(pending)[:-1]
    return older[:, :-1] - older[:, 1:]


def _increments(versions: Versions) -> tuple[Ns, Floats, Ns]:
    """Versions -> what each added to the value known before of the same bucket."""
    order = np.argsort(versions.ds, kind="stable")  # within a bucket the order of knowing stays
    ds, value, known_at = versions.ds[order], np.nan_to_num(versions.value[order]), versions.known_at[order]
    before = np.concatenate([[0.0], value[:-1]])
    fresh = np.concatenate([[True], ds[1:] != ds[:-1]]) if len(ds) else np.zeros(0, dtype=bool)
    return ds, value - np.where(fresh, 0.0, before[: len(ds)]), known_at


def known_levels(versions: Versions, times: Ns, ages: Ns) -> Floats:
    """float[t, ages - 1]: for a carried-forward quantity, the value of the latest bucket known at `time - age`."""
    versions = _not_taken_back(versions)
    newest = versions.ds >= np.maximum.accumulate(versions.ds)  # a correction of an older bucket is no news
    known_at, order = np.unique(versions.known_at[newest][::-1], return_index=True)
    value = versions.value[newest][::-1][order]
    place = np.searchsorted(known_at, times[:, None] - ages[None, :-1], side="right") - 1
    return np.where(place >= 0, np.nan_to_num(value)[np.maximum(place, 0)], np.nan)


def _not_taken_back(versions: Versions) -> Versions:
    """A level that was taken back is the one before it again, as it was known then."""
    value = versions.value.copy()
    for at in np.flatnonzero(np.isnan(value)):
        before = np.flatnonzero((versions.ds[:at] < versions.ds[at]) & ~np.isnan(value[:at]))
        if len(before):
            value[at] = value[before[np.argmax(versions.ds[before])]]
    return Versions(versions.ds, value, versions.known_at)


def _measured(signal: Signal, times: Ns, ages: Ns) -> Floats:
    """float[t, windows]: what the windows hold. Ages of days and longer buckets are counted from local midnight.

    Else yesterday would leave the window of a day as soon as today is two hours old.
    """
    if signal.kind == "level":
        return known_levels(signal.values, times, ages)
    if signal.interval.slots > 1:
        return known_sums(signal.values, times, ages)
    midnight, place = np.unique(local_ns(times, signal.tz) // DAY, return_inverse=True)
    return known_sums(signal.values, times, ages, day_start(midnight, signal.tz)[place])


def deviations(signal: Signal, times: Ns, ages: Ns | None = None) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Deviation of each window from its expectation float[t, windows], and where there was enough past bool[t].

    `times` ascending; ages: the windows' edges (ns) where not the usual ones. Exactly what `snapshot.at(time)` would give
    for each. At least two earlier weeks are needed.
    """
    ages = edges(signal.interval) if ages is None else ages
    if len(signal.values) == 0:
        return np.zeros((len(times), len(ages) - 1)), np.zeros(len(times), dtype=bool)
    now = _measured(signal, times, ages)
    begun = np.minimum.accumulate(signal.values.ds)  # the earliest bucket known so far
    place = np.searchsorted(signal.values.known_at, times, side="right") - 1
    first = np.where(place >= 0, begun[np.maximum(place, 0)], np.iinfo(np.int64).max)
    total = np.zeros_like(now)
    weeks = np.zeros((len(times), 1))
    past = []
    for week in range(1, WEEKS + 1):
        then = times - week * 7 * DAY
        there = (then - 7 * DAY >= first)[:, None]
        values = np.where(there, np.nan_to_num(_measured(signal, then, ages)), 0.0)
        past.append((values, there))
        total += values
        weeks += there
    mean = total / np.maximum(weeks, 1)
    if (
        signal.kind == "count"
    ):  # an old storm is no expectation: cap the weeks at three times their mean, and three
        total = np.zeros_like(now)
        for values, there in past:
            total += np.where(there, np.minimum(values, 3 * mean + 3), 0.0)
        mean = total / np.maximum(weeks, 1)
    enough = (weeks[:, 0] >= 2) & ~np.isnan(now).any(axis=1)
    return np.where(enough[:, None], np.nan_to_num(now) - mean, 0.0), enough
