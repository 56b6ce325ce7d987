"""Taking an upload's layer away: what lay beneath comes back, as versions known now."""

from __future__ import annotations

import numpy as np
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from store.columns import Flags
from store.database import lock
from store.statements import table_of
from store.tables import ConfirmationRow, UploadRow
from store.versions import Batch, Kind, Rows, bucket_changes, insert_versions, last_of_bucket, load, same


def take_away(session: Session, kind: Kind, upload_id: int, *, now: int) -> int:
    """Bring back what lay beneath an upload (already marked removed): the number of versions written.

    Each bucket it touched gets the latest version of the other active uploads again, or a tombstone where there is none.
    """
    lock(session, kind.versions.name)
    rows, of_upload, backed_by = _touched(session, kind, upload_id)
    if len(rows) == 0:
        return 0
    active = set(session.scalars(select(UploadRow.id).where(UploadRow.state == "active")).all()) | {-1}
    empty = np.isnan(rows.values).all(axis=1)
    backer = np.array([backed_by.get(int(one), -2) for one in rows.id], dtype=np.int64)
    own = np.isin(rows.upload, list(active)) & ~((rows.upload == -1) & empty)
    alive = own | (backer != -2)
    group = np.cumsum(np.r_[True, bucket_changes(rows.series, rows.ds)]) - 1
    best = np.full(group[-1] + 1, -1)
    best[group[alive]] = np.flatnonzero(alive)  # ascending: the last one stays
    last = np.flatnonzero(last_of_bucket(rows.series, rows.ds))
    touched = np.zeros(group[-1] + 1, dtype=bool)
    touched[group[of_upload]] = True
    back = np.where(best[:, None] >= 0, rows.values[best], np.nan)
    wanted = touched & (best != last) & ~same(back, rows.values[last])
    layer = np.where(best >= 0, np.where(own[best], rows.upload[best], backer[best]), -1)
    for upload in np.unique(layer[wanted]).tolist():
        at = np.flatnonzero(wanted & (layer == upload))
        known = np.maximum(now, rows.known_at[last[at]])
        batch = Batch(
            rows.series[last[at]], rows.ds[last[at]], known, back[at], np.zeros(len(at), dtype=bool)
        )
        insert_versions(session, kind, batch, None if upload < 0 else int(upload))
    return int(wanted.sum())


def _touched(session: Session, kind: Kind, upload_id: int) -> tuple[Rows, Flags, dict[int, int]]:
    """All versions, in order, of the series and span an upload touched; which are its own; active uploads that confirm one."""
    confirm = table_of(ConfirmationRow)
    confirmed = select(confirm.c.version_id).where(confirm.c.upload_id == upload_id)
    table = kind.versions
    mine = (table.c.upload_id == upload_id) | table.c.id.in_(confirmed)
    span = session.execute(
        select(table.c.series_id, func.min(table.c.ds), func.max(table.c.ds))
        .where(mine)
        .group_by(table.c.series_id)
    ).all()
    if not span:
        nothing = load(session, kind, series=[])
        return nothing, np.zeros(0, dtype=bool), {}
    ids = np.array(session.scalars(select(table.c.id).where(mine)).all(), dtype=np.int64)
    low, high = min(row[1] for row in span), max(row[2] for row in span)
    rows = load(session, kind, series=[row[0] for row in span], start=low, end=high + 1).ordered()
    backing = session.execute(
        select(confirm.c.version_id, func.max(confirm.c.upload_id))
        .join(UploadRow, UploadRow.id == confirm.c.upload_id)
        .where(UploadRow.state == "active", UploadRow.kind == table.name)
        .group_by(confirm.c.version_id)
    )
    return rows, np.isin(rows.id, ids), {row[0]: row[1] for row in backing}
