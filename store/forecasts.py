"""Stored forecasts: versions that are drafted, published, locked; one packed row per version, series and bucket.

A draft of a run that still runs is invisible; publishing is one small transaction. Reading composes: for each bucket
the latest version that holds it, so that a run over two days does not hide the eight weeks of last night.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
from sqlalchemy import ColumnElement, delete, func, insert, or_, select, update
from sqlalchemy.orm import Session

from forecast.arrays import Floats, Ns
from forecast.buckets import to_ns
from forecast.errors import InputError, NotFound
from forecast.models.base import QUANTILES
from forecast.parts import PARTS
from store.columns import moments
from store.statements import series_ids, table_of, write
from store.tables import ForecastRow, ForecastSeries, RunRow, VersionRow

COLUMNS = ("mean", *(f"{tau:g}" for tau in QUANTILES))
# in seconds, the mean first
COSTS = {name: (name, *(f"{name}_{tau:g}" for tau in QUANTILES)) for name in ("aht", "workload")}
PART_COLUMNS = tuple(f"part_{name}" for name in PARTS)
PACKED = np.dtype("<f4")

Numbers: TypeAlias = npt.NDArray[np.floating[Any]]


@dataclass(frozen=True)
class ForecastVersion:
    """One version of the forecast. state: draft, published or locked; cutoff: what it knew."""

    id: int
    run_id: int | None
    cutoff: dt.datetime
    created_at: dt.datetime
    published_at: dt.datetime | None
    state: str
    label: str


def create_version(
    session: Session, *, run_id: int | None, cutoff: dt.datetime, now: dt.datetime, label: str = ""
) -> int:
    """Open a draft; its id goes to `save_forecast`."""
    facts = {"run_id": run_id, "cutoff": cutoff, "created_at": now, "state": "draft", "label": label}
    return int(session.scalar(insert(table_of(VersionRow)).values(**facts).returning(VersionRow.id)) or 0)


def save_forecast(
    session: Session,
    version_id: int,
    series: str,
    granularity: str,
    ds_ns: Ns,
    values: Numbers,
    *,
    costs: tuple[Numbers, Numbers] | None = None,
    parts: Numbers | None = None,
) -> None:
    """Pack ds[n] (ns) and values[n, 1 + len(QUANTILES)] (the mean first) into rows of a draft; saving again replaces them.

    costs: handling time and workload, in seconds, laid out like the values.
    parts: float[n, len(PARTS)] that add up to the mean; a row of NaN is kept as none.
    """
    count = len(ds_ns)
    if count == 0:
        return
    number = int(series_ids(session, table_of(ForecastSeries), [(series,)])[0])
    aht, workload = costs or (None, None)
    columns = {
        "version_id": [version_id] * count,
        "series_id": [number] * count,
        "granularity": [granularity] * count,
        "ds": (np.asarray(ds_ns, dtype=np.int64) // 1000).tolist(),
        "packed": _packed(values, count),
        "aht": [None] * count if aht is None else _packed(aht, count),
        "workload": [None] * count if workload is None else _packed(workload, count),
        "parts": [None] * count if parts is None else _packed_parts(parts, count),
    }
    keys = ["version_id", "series_id", "granularity", "ds"]
    write(
        session,
        table_of(ForecastRow),
        columns,
        then=lambda insert: insert.on_conflict_do_update(
            index_elements=keys,
            set_={name: insert.excluded[name] for name in ("packed", "aht", "workload", "parts")},
        ),
    )


def _packed_parts(parts: Numbers, count: int) -> list[bytes | None]:
    known = [not bool(np.isnan(row).any()) for row in parts]
    return [raw if held else None for raw, held in zip(_packed(parts, count, len(PARTS)), known, strict=True)]


def _packed(values: Numbers, count: int, wide: int = len(COLUMNS)) -> list[bytes]:
    packed = np.ascontiguousarray(values, dtype=PACKED)
    if packed.shape != (count, wide):
        raise ValueError(f"a forecast of {count} buckets is [{count}, {wide}], not {packed.shape}")
    raw, width = packed.tobytes(), packed.shape[1] * PACKED.itemsize
    return [raw[at : at + width] for at in range(0, len(raw), width)]


def publish_version(session: Session, version_id: int, now: dt.datetime, *, lock: bool = False) -> None:
    """Publish a draft (`lock`: and lock it). Publishing a published version again changes nothing."""
    held = _version(session, version_id)
    state = "locked" if lock or held.state == "locked" else "published"
    at = held.published_at or now
    session.execute(
        update(table_of(VersionRow)).where(VersionRow.id == version_id).values(state=state, published_at=at)
    )


def list_versions(session: Session, *, limit: int | None = None) -> list[ForecastVersion]:
    """All versions, the latest first."""
    query = select(*table_of(VersionRow).c).order_by(VersionRow.id.desc())
    return [_named(row) for row in session.execute(query if limit is None else query.limit(limit))]


def load_forecast(
    session: Session,
    *,
    series: Sequence[str] | None,
    start: dt.datetime | None = None,
    end: dt.datetime | None = None,
    granularity: str = "interval",
    version: str | int = "published",
    as_of: dt.datetime | None = None,
    costs: bool = False,
    parts: bool = False,
) -> pd.DataFrame:
    """-> forecast[series, ds, mean, 0.025, ... 0.975], start <= ds < end, by series and ds.

    version: `published` (locked ones count), `locked`, `latest` (drafts too, once their run has ended) or an id
    as_of: what was published (for `latest`: made) by then
    costs: also aht, aht_0.025, ... workload, workload_0.025, ... in seconds, NaN where no handling time is forecast
    parts: also version (its id) and part_level, ... (PART_COLUMNS), NaN where none are kept
    """
    table, made = table_of(ForecastRow), table_of(VersionRow)
    packed = ["packed", *(COSTS if costs else ()), *(["parts", "version_id"] if parts else ())]
    query = select(
        ForecastSeries.name, table.c.ds, *(table.c[name] for name in packed), _rank(table, made, version)
    )
    query = query.join(ForecastSeries, ForecastSeries.id == table.c.series_id).join(
        made, made.c.id == table.c.version_id
    )
    query = query.where(table.c.granularity == granularity, *_chosen(session, version, as_of))
    if series is not None:
        query = query.where(ForecastSeries.name.in_(list(series)))
    if start is not None:
        query = query.where(table.c.ds >= to_ns(start) // 1000)
    if end is not None:
        query = query.where(table.c.ds < to_ns(end) // 1000)
    ranked = query.subquery()
    best = (
        select(ranked.c.name, ranked.c.ds, *(ranked.c[name] for name in packed))
        .where(ranked.c.rank == 1)
        .order_by(ranked.c.name, ranked.c.ds)
    )
    rows = session.execute(best).all()
    return _frame(rows, packed)


def _frame(rows: Sequence[Any], packed: Sequence[str]) -> pd.DataFrame:
    """Stored rows (name, ds, packed values ...) -> forecast[series, ds, ...]."""
    columns = {"packed": COLUMNS, **COSTS, "parts": PART_COLUMNS}
    kept = [name for name in packed if name in columns]
    values = [_unpacked([row[2 + at] for row in rows], len(columns[name])) for at, name in enumerate(kept)]
    frame = pd.DataFrame(np.hstack(values), columns=[name for each in kept for name in columns[each]])
    frame.insert(0, "series", pd.Series([row.name for row in rows], dtype=object))
    frame.insert(1, "ds", moments(np.array([row.ds for row in rows], dtype=np.int64)))
    if "version_id" in packed:
        frame.insert(2, "version", np.array([row.version_id for row in rows], dtype=np.int64))
    return frame


def _unpacked(rows: list[bytes | None], wide: int) -> Floats:
    """Packed rows [n] -> float[n, wide], NaN where there is none, or one of another width."""
    unknown = np.full(wide, np.nan, dtype=PACKED).tobytes()
    raw = b"".join(row if row is not None and len(row) == len(unknown) else unknown for row in rows)
    return np.frombuffer(raw, dtype=PACKED).reshape(len(rows), wide).astype(np.float64)


def _rank(table: Any, made: Any, version: str | int) -> ColumnElement[int]:
    newest = [made.c.id.desc()] if version == "latest" else [made.c.published_at.desc(), made.c.id.desc()]
    rank: ColumnElement[int] = func.row_number().over(
        partition_by=[table.c.series_id, table.c.ds], order_by=newest
    )
    return rank.label("rank")


def _chosen(session: Session, version: str | int, as_of: dt.datetime | None) -> list[ColumnElement[bool]]:
    if isinstance(version, int):
        _version(session, version)
        return [VersionRow.id == version]
    if version == "latest":
        running = select(RunRow.id).where(RunRow.state == "running")
        ended = or_(
            VersionRow.state != "draft", VersionRow.run_id.is_(None), VersionRow.run_id.not_in(running)
        )
        return [ended] if as_of is None else [ended, VersionRow.created_at <= as_of]
    states = {"published": ["published", "locked"], "locked": ["locked"]}.get(version)
    if states is None:
        raise InputError(
            f"There is no version {version!r}.",
            remedy="Use published, locked, latest or an id.",
            field="version",
        )
    chosen: list[ColumnElement[bool]] = [VersionRow.state.in_(states)]
    return chosen if as_of is None else [*chosen, VersionRow.published_at <= as_of]


def prune(session: Session, keep: int = 3) -> int:
    """Delete the drafts that no run is still writing, but for the newest `keep`; returns how many went. Published ones stay."""
    running = select(RunRow.id).where(RunRow.state == "running")
    drafts = select(VersionRow.id).where(
        VersionRow.state == "draft", or_(VersionRow.run_id.is_(None), VersionRow.run_id.not_in(running))
    )
    old = list(session.scalars(drafts.order_by(VersionRow.id.desc()).offset(keep)))
    for start in range(0, len(old), 500):
        some = old[start : start + 500]
        session.execute(delete(table_of(ForecastRow)).where(ForecastRow.version_id.in_(some)))
        session.execute(delete(table_of(VersionRow)).where(VersionRow.id.in_(some)))
    return len(old)


def _version(session: Session, version_id: int) -> ForecastVersion:
    row = session.execute(select(*table_of(VersionRow).c).where(VersionRow.id == version_id)).one_or_none()
    if row is None:
        raise NotFound(
            f"There is no forecast version {version_id}.", remedy="See the list of versions.", field="version"
        )
    return _named(row)


def _named(row: Any) -> ForecastVersion:
    return ForecastVersion(
        row.id, row.run_id, row.cutoff, row.created_at, row.published_at, row.state, row.label
    )
