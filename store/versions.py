"""Append-only versions, the same for volumes, signals and drivers: append and load.

A version says: from `known_at` on, this bucket of this series holds these values. Of several versions the latest
known wins, on a tie the later written (`id`). Nothing is ever changed or deleted; a bucket that is no longer known
gets a tombstone, a version whose values are NULL. All times are microseconds since the epoch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sqlalchemy import Table, func, select
from sqlalchemy.orm import Session

from forecast.arrays import Floats, Ns
from forecast.frames import BESIDE
from store.columns import Flags
from store.database import lock
from store.statements import table_of, write
from store.tables import (
    BudgetRow,
    BudgetSeries,
    ConfirmationRow,
    DriverRow,
    DriverSeries,
    OtherForecastRow,
    OtherForecastSeries,
    ReasonRow,
    ReasonSeries,
    SignalRow,
    SignalSeries,
    StaffingRow,
    StaffingSeries,
    VolumeRow,
    VolumeSeries,
)


@dataclass(frozen=True)
class Kind:
    """One kind of versions: its tables, the columns that name a series, and the columns that hold values."""

    versions: Table
    series: Table
    keys: tuple[str, ...]
    values: tuple[str, ...]


KINDS: Mapping[str, Kind] = {
    "volumes": Kind(
        table_of(VolumeRow),
        table_of(VolumeSeries),
        ("queue", "topic"),
        ("offered", "handled", "abandoned", "aht_seconds", *BESIDE),
    ),
    "signals": Kind(table_of(SignalRow), table_of(SignalSeries), ("signal", "topic"), ("value",)),
    "drivers": Kind(table_of(DriverRow), table_of(DriverSeries), ("driver", "queue"), ("value", "worth")),
    "reasons": Kind(table_of(ReasonRow), table_of(ReasonSeries), ("queue", "topic"), ("share", "count")),
    "staffing": Kind(table_of(StaffingRow), table_of(StaffingSeries), ("group",), ("agents", "gross")),
    "other_forecasts": Kind(
        table_of(OtherForecastRow), table_of(OtherForecastSeries), ("queue",), ("offered", "aht_seconds")
    ),
    "budgets": Kind(
        table_of(BudgetRow), table_of(BudgetSeries), ("queue", "length"), ("offered", "aht_seconds", "fte")
    ),
}


@dataclass(frozen=True)
class Rows:
    """Stored versions as arrays [n]: id, series, ds, known_at, upload (-1: none) int64; values float[n, k], NaN = NULL."""

    id: Ns
    series: Ns
    ds: Ns
    known_at: Ns
    upload: Ns
    values: Floats

    def __len__(self) -> int:
        return len(self.id)

    def take(self, at: npt.NDArray[Any]) -> Rows:
        """The chosen rows."""
        return Rows(
            self.id[at], self.series[at], self.ds[at], self.known_at[at], self.upload[at], self.values[at]
        )

    def ordered(self) -> Rows:
        """By series and bucket, and within one from the first to the latest known."""
        return self.take(np.lexsort((self.id, self.known_at, self.ds, self.series)))

    def latest(self) -> Rows:
        """The version in force of each bucket, by series and bucket; tombstones included."""
        rows = self.ordered()
        return rows.take(last_of_bucket(rows.series, rows.ds))


@dataclass(frozen=True)
class Batch:
    """Versions to be written, as arrays [n]; `assumed`: the row did not say when it was known."""

    series: Ns
    ds: Ns
    known_at: Ns
    values: Floats
    assumed: Flags

    def __len__(self) -> int:
        return len(self.ds)

    def take(self, at: npt.NDArray[Any]) -> Batch:
        """The chosen rows."""
        return Batch(self.series[at], self.ds[at], self.known_at[at], self.values[at], self.assumed[at])


def load(
    session: Session,
    kind: Kind,
    *,
    series: Sequence[int] | None = None,
    start: int | None = None,
    end: int | None = None,
    values: Sequence[str] | None = None,
) -> Rows:
    """All versions of the series (None: of all) with start <= ds < end, unordered."""
    table = kind.versions
    names = kind.values if values is None else values
    query = select(
        table.c.id,
        table.c.series_id,
        table.c.ds,
        table.c.known_at,
        func.coalesce(table.c.upload_id, -1),
        *(table.c[n] for n in names),
    )
    if series is not None:
        query = query.where(table.c.series_id.in_([int(one) for one in series]))
    elif start is not None or end is not None:
        # the index begins with the series: unnamed, all rows would be read
        query = query.where(table.c.series_id.in_(select(kind.series.c.id)))
    if start is not None:
        query = query.where(table.c.ds >= start)
    if end is not None:
        query = query.where(table.c.ds < end)
    fetched = session.execute(query).cursor.fetchall()  # type: ignore[attr-defined]  # plain tuples
    held = np.array(fetched, dtype=np.float64).reshape(len(fetched), 5 + len(names))
    whole = held[:, :5].astype(np.int64).T  # exact: ids and microseconds are less than 2**53
    return Rows(whole[0], whole[1], whole[2], whole[3], whole[4], held[:, 5:])


def append(session: Session, kind: Kind, batch: Batch, *, upload_id: int | None) -> int:
    """Write the versions that change something; returns how many.

    A row that repeats the version in force at its own `known_at` is not written, nor one whose time is only assumed and
    which repeats the latest; the upload then confirms the version it repeats.
    """
    if len(batch) == 0:
        return 0
    lock(session, kind.versions.name)
    series, start, end = np.unique(batch.series).tolist(), int(batch.ds.min()), int(batch.ds.max()) + 1
    if not holds(session, kind, series, start, end) and not _twice(batch):
        insert_versions(session, kind, batch, upload_id)
        return len(batch)
    held = load(session, kind, series=series, start=start, end=end)
    kept, confirmed = _sift(held, batch)
    insert_versions(session, kind, kept, upload_id)
    if upload_id is not None and len(confirmed):
        versions = np.unique(held.id[confirmed[held.upload[confirmed] != upload_id]]).tolist()
        columns = {"upload_id": [upload_id] * len(versions), "version_id": versions}
        write(
            session, table_of(ConfirmationRow), columns, then=lambda insert: insert.on_conflict_do_nothing()
        )
    return len(kept)


def holds(session: Session, kind: Kind, series: Sequence[int], start: int, end: int) -> bool:
    """Is there any version of these series with start <= ds < end?"""
    table = kind.versions
    query = select(table.c.id).where(table.c.series_id.in_(series), table.c.ds >= start, table.c.ds < end)
    return session.execute(query.limit(1)).first() is not None


def _twice(batch: Batch) -> bool:
    """Does the batch say more than one thing of a bucket?"""
    order = np.lexsort((batch.ds, batch.series))
    return not bucket_changes(batch.series[order], batch.ds[order]).all()


def _sift(held: Rows, batch: Batch) -> tuple[Batch, Ns]:
    """What of the batch is to be written, in its order, and the places among `held` that the rest repeats."""
    latest, last = _latest_held(held, batch)
    has = last >= 0
    tomb = has & np.isnan(latest).all(axis=1)
    # what was taken away and comes again is known again, not still: its assumed time would hide behind the tombstone
    since = np.where(tomb & batch.assumed, held.known_at[last] if len(held) else 0, batch.known_at)
    batch = replace(batch, known_at=np.maximum(batch.known_at, since))
    stale = has & batch.assumed & same(batch.values, latest)
    rest = np.flatnonzero(~stale)
    repeats, base = _repeats(held, batch.take(rest))
    confirmed = np.concatenate([last[stale], base[repeats & (base >= 0)]])
    return batch.take(rest[~repeats]), confirmed


def _latest_held(held: Rows, batch: Batch) -> tuple[Floats, Ns]:
    """Per row of the batch: the values of its bucket's latest held version, and its place (-1: none)."""
    if len(held) == 0:
        return np.full(batch.values.shape, np.nan), np.full(len(batch), -1, dtype=np.int64)
    order = np.lexsort((held.id, held.known_at, held.ds, held.series))
    order = order[last_of_bucket(held.series[order], held.ds[order])]
    buckets = pd.MultiIndex.from_arrays([held.series[order], held.ds[order]])
    found = buckets.get_indexer(pd.MultiIndex.from_arrays([batch.series, batch.ds]))
    last = np.where(found >= 0, order[found], -1)
    return np.where((last >= 0)[:, None], held.values[last], np.nan), last


def _repeats(held: Rows, batch: Batch) -> tuple[Flags, Ns]:
    """Does a row repeat the version in force at its own time? And which held one (-1: a row of the batch itself)?"""
    old, new = len(held), len(batch)
    stamp = np.concatenate([held.id, np.full(new, np.iinfo(np.int64).max)])
    known = np.concatenate([held.known_at, batch.known_at])
    ds, series = np.concatenate([held.ds, batch.ds]), np.concatenate([held.series, batch.series])
    order = np.lexsort(
        (stamp, known, ds, series)
    )  # stable: equal times keep their order, after the held ones
    values = np.vstack([held.values, batch.values])[order]
    repeats = order >= old
    repeats[:1] = False
    repeats[1:] &= same(values[1:], values[:-1]) & ~bucket_changes(series[order], ds[order])
    base = order[np.maximum.accumulate(np.where(repeats, 0, np.arange(old + new)))]
    rows = order[order >= old] - old
    flags, places = np.zeros(new, dtype=bool), np.full(new, -1, dtype=np.int64)
    flags[rows] = repeats[order >= old]
    places[rows] = np.where(base < old, base, -1)[order >= old]
    return flags, places


def insert_versions(
    session: Session, kind: Kind, batch: Batch, upload_id: int | None, *, repeats: Ns | None = None
) -> None:
    """Write versions as they are. repeats: the versions that these say again (`layers.py`), 0 for none."""
    if len(batch) == 0:
        return
    columns: dict[str, list[Any]] = {
        "series_id": batch.series.tolist(),
        "ds": batch.ds.tolist(),
        "known_at": batch.known_at.tolist(),
        "assumed": batch.assumed.tolist(),
        "upload_id": [upload_id] * len(batch),
    }
    for at, name in enumerate(kind.values):
        column = batch.values[:, at]
        unknown = np.isnan(column)
        if unknown.all():
            continue  # a column that is not named is NULL; most files have two or three of nine
        columns[name] = (
            [None if one != one else one for one in column.tolist()] if unknown.any() else column.tolist()
        )
    if repeats is not None:
        columns["repeats"] = repeats.tolist()
    write(session, kind.versions, columns)


def same(one: Floats, other: Floats) -> Flags:
    """Values [n, k] -> bool[n]: equal row by row, unknown being equal to unknown."""
    return np.asarray(((one == other) | (np.isnan(one) & np.isnan(other))).all(axis=1))


def bucket_changes(series: Ns, ds: Ns) -> Flags:
    """Ordered keys [n] -> bool[n-1]: does another bucket begin at the next row?"""
    return np.asarray((series[1:] != series[:-1]) | (ds[1:] != ds[:-1]))


def last_of_bucket(series: Ns, ds: Ns) -> Flags:
    """Ordered keys [n] -> bool[n]: is it the last row of its bucket?"""
    return np.append(bucket_changes(series, ds), True)[: len(ds)]
