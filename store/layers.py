"""What the layers say together: an upload taken out leaves what lies beneath, one put back lies in its old place.

The rule. Of the versions of a bucket these speak: those that came in themselves and whose upload is active (or that
belong to none), and any version an active upload confirms, which then speaks for that upload. The latest known of them is
in force, of equally old ones the later written: exactly what would be in force had the uploads that are out never been.
Taking out and putting back write what is in force then as versions known now. Such a version `repeats` another one (0: it
says that nothing is known) and does not speak for itself, so any order of taking out and putting back ends alike.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from forecast.arrays import Floats, Ns
from store.columns import Flags
from store.database import lock
from store.statements import table_of
from store.tables import ConfirmationRow, UploadRow
from store.versions import Batch, Kind, Rows, bucket_changes, insert_versions, last_of_bucket, load, same

TOGETHER = 50_000  # versions of the upload that are looked at in one go: memory does not grow with it
NOBODY = -2


def settle(session: Session, kind: Kind, upload_id: int, *, now: int) -> int:
    """Bring into force what the layers say in every bucket of an upload (already marked removed, or active again).

    now: microseconds. Returns the number of versions written.
    """
    lock(session, kind.versions.name)
    active = {*session.scalars(select(UploadRow.id).where(UploadRow.state == "active")), -1}
    written = 0
    for series, start, end in list(_touched(session, kind, upload_id)):
        written += _settle(session, kind, upload_id, series, (start, end), active, now)
    return written


def _touched(session: Session, kind: Kind, upload_id: int) -> Iterator[tuple[list[int], int, int]]:
    """(series, first bucket, last bucket) of groups of series that an upload holds or confirms versions of."""
    table, confirm = kind.versions, table_of(ConfirmationRow)
    facts = (table.c.series_id, func.count(), func.min(table.c.ds), func.max(table.c.ds))
    own = select(*facts).where(table.c.upload_id == upload_id)
    backed = select(*facts).join_from(confirm, table, confirm.c.version_id == table.c.id)
    backed = backed.where(confirm.c.upload_id == upload_id)
    found: dict[int, tuple[int, int, int]] = {}
    for query in (own, backed):
        for number, count, first, last in session.execute(query.group_by(table.c.series_id)):
            held = found.get(number, (0, first, last))
            found[number] = held[0] + count, min(held[1], first), max(held[2], last)
    group: list[int] = []
    for number in sorted(found):
        if group and sum(found[one][0] for one in (*group, number)) > TOGETHER:
            yield group, min(found[one][1] for one in group), max(found[one][2] for one in group)
            group = []
        group.append(number)
    if group:
        yield group, min(found[one][1] for one in group), max(found[one][2] for one in group)


def _settle(
    session: Session,
    kind: Kind,
    upload_id: int,
    series: list[int],
    span: tuple[int, int],
    active: set[int],
    now: int,
) -> int:
    rows, repeats = _load(session, kind, series, span)
    mine, backer = _confirmed(session, kind, upload_id, series, rows)
    empty = np.isnan(rows.values).all(axis=1)
    own = np.isin(rows.upload, list(active)) & np.isnan(repeats) & ~((rows.upload == -1) & empty)
    speaks = own | (backer != NOBODY)
    group = np.cumsum(np.r_[True, bucket_changes(rows.series, rows.ds)]) - 1
    best = np.full(group[-1] + 1, -1)
    best[group[speaks]] = np.flatnonzero(speaks)  # ascending: the last one stays
    last = np.flatnonzero(last_of_bucket(rows.series, rows.ds))
    touched = np.zeros(group[-1] + 1, dtype=bool)
    touched[group[mine]] = True
    back = np.where(best[:, None] >= 0, rows.values[best], np.nan)
    wanted = touched & (best != last) & ~same(back, rows.values[last])
    layer = np.where(best >= 0, np.where(own[best], rows.upload[best], backer[best]), -1)
    for upload in np.unique(layer[wanted]).tolist():
        at = np.flatnonzero(wanted & (layer == upload))
        known = np.maximum(now, rows.known_at[last[at]])
        told = np.zeros(len(at), dtype=bool)
        batch = Batch(rows.series[last[at]], rows.ds[last[at]], known, back[at], told)
        of = np.where(best[at] >= 0, rows.id[best[at]], 0)
        insert_versions(session, kind, batch, None if upload < 0 else int(upload), repeats=of)
    return int(wanted.sum())


def _load(session: Session, kind: Kind, series: list[int], span: tuple[int, int]) -> tuple[Rows, Floats]:
    """All versions of some series in a span, in order, and what each repeats [n] (NaN: it came in itself)."""
    names = [*kind.values, "repeats"]
    rows = load(session, kind, series=series, start=span[0], end=span[1] + 1, values=names).ordered()
    return Rows(rows.id, rows.series, rows.ds, rows.known_at, rows.upload, rows.values[:, :-1]), rows.values[
        :, -1
    ]


def _confirmed(
    session: Session, kind: Kind, upload_id: int, series: list[int], rows: Rows
) -> tuple[Flags, Ns]:
    """Of rows[n]: does the upload hold or confirm it? And the latest active upload that confirms it, else NOBODY."""
    table, confirm = kind.versions, table_of(ConfirmationRow)
    pairs = (
        select(confirm.c.version_id, confirm.c.upload_id, UploadRow.state)
        .join_from(table, confirm, confirm.c.version_id == table.c.id)
        .join(UploadRow, UploadRow.id == confirm.c.upload_id)
        .where(table.c.series_id.in_(series), UploadRow.kind == table.name)
    )
    confirmed, backed_by = set[int](), dict[int, int]()
    for version, upload, state in session.execute(pairs):
        if upload == upload_id:
            confirmed.add(version)
        if state == "active":
            backed_by[version] = max(upload, backed_by.get(version, NOBODY))
    mine = (rows.upload == upload_id) | np.isin(rows.id, np.array(sorted(confirmed), dtype=np.int64))
    backer = np.array([backed_by.get(one, NOBODY) for one in rows.id.tolist()], dtype=np.int64)
    return mine, backer
