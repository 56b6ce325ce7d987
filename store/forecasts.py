"""Stored forecasts: one packed row per version (`forecast_versions.py`), series and bucket.

A draft of a run that still runs is invisible; publishing is one small transaction. Reading composes: for each bucket
the latest version that holds it, so that a run over two days does not hide the eight weeks of last night.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
from sqlalchemy import delete, func, or_, select
from sqlalchemy.orm import Session

from forecast.arrays import Floats, Ns
from forecast.buckets import to_ns
from forecast.models.base import QUANTILES
from forecast.parts import PARTS
from store.columns import moments
from store.forecast_versions import FORECAST, speaking
from store.forecast_versions import ForecastVersion as ForecastVersion
from store.forecast_versions import create_version as create_version
from store.forecast_versions import list_versions as list_versions
from store.forecast_versions import publish_version as publish_version
from store.statements import series_ids, table_of, write
from store.tables import ForecastRow, ForecastSeries, LockRow, RunRow, VersionRow

COLUMNS = ("mean", *(f"{tau:g}" for tau in QUANTILES))
# in seconds, the mean first
COSTS = {name: (name, *(f"{name}_{tau:g}" for tau in QUANTILES)) for name in ("aht", "workload")}
PART_COLUMNS = tuple(f"part_{name}" for name in PARTS)
PACKED = np.dtype("<f4")

Numbers: TypeAlias = npt.NDArray[np.floating[Any]]


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

    version: `published`, `locked` (the plans of locks that are in force, the later lock first), `latest` (drafts too,
        once their run has ended) or an id. Forecasts made elsewhere count once somebody published them, plans never
    as_of: what was published (for `latest`: made; for `locked`: in force) then
    costs: also aht, aht_0.025, ... workload, workload_0.025, ... in seconds, NaN where no handling time is forecast
    parts: also version (its id) and part_level, ... (PART_COLUMNS), NaN where none are kept
    """
    table, speaks = table_of(ForecastRow), speaking(session, version, as_of)
    packed = ["packed", *(COSTS if costs else ()), *(["parts", "version_id"] if parts else ())]
    first = [speaks.c.at.desc(), speaks.c.number.desc()]
    rank = func.row_number().over(partition_by=[table.c.series_id, table.c.ds], order_by=first)
    columns = (table.c[name] for name in packed)
    query = select(ForecastSeries.name, table.c.ds, *columns, rank.label("rank"))
    query = query.join(ForecastSeries, ForecastSeries.id == table.c.series_id).join(
        speaks, speaks.c.version_id == table.c.version_id
    )
    query = query.where(table.c.granularity == granularity)
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


def prune(session: Session, keep: int = 3) -> int:
    """Delete our drafts that no run is still writing, but for the newest `keep`; returns how many went.

    What was ever published stays, because a question as of then needs it; so do plans, what they were taken from, and
    forecasts made elsewhere.
    """
    running = select(RunRow.id).where(RunRow.state == "running")
    sources = select(LockRow.source_id).where(LockRow.source_id.is_not(None))
    drafts = select(VersionRow.id).where(
        VersionRow.state == "draft",
        VersionRow.kind == FORECAST,
        VersionRow.id.not_in(sources),
        or_(VersionRow.run_id.is_(None), VersionRow.run_id.not_in(running)),
    )
    old = list(session.scalars(drafts.order_by(VersionRow.id.desc()).offset(keep)))
    for start in range(0, len(old), 500):
        some = old[start : start + 500]
        session.execute(delete(table_of(ForecastRow)).where(ForecastRow.version_id.in_(some)))
        session.execute(delete(table_of(VersionRow)).where(VersionRow.id.in_(some)))
    return len(old)
