"""Uploads are layers: each can be listed, removed and restored; removing one brings back what lay beneath."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
from sqlalchemy import delete, func, insert, or_, select, update
from sqlalchemy.orm import Session, aliased

from forecast.buckets import to_ns
from forecast.errors import InputError, NotFound
from store.columns import moments
from store.layers import settle
from store.statements import table_of
from store.tables import ConfirmationRow, UploadRow
from store.versions import KINDS

SEE = "See `forecall uploads list`."


@dataclass(frozen=True)
class Upload:
    """One file or batch. kind: volumes, signals, drivers, ...; mode: revision or correction; state: active or removed.

    fingerprint: SHA-256 of what was read and how; None where it was not told
    """

    id: int
    kind: str
    name: str
    layout: str
    mode: str
    at: dt.datetime
    rows: int
    state: str
    removed_at: dt.datetime | None = None
    fingerprint: str | None = None


@dataclass(frozen=True)
class Share:
    """What an upload says of one queue (signal, driver, group).

    buckets: that it has values of, first and last of them; in_force: those whose value is its own, or one it repeats
    """

    name: str
    buckets: int
    in_force: int
    first: dt.datetime
    last: dt.datetime


def create_upload(
    session: Session,
    *,
    kind: str,
    name: str,
    layout: str,
    mode: str,
    now: dt.datetime,
    rows: int,
    fingerprint: str | None = None,
) -> Upload:
    """Open a layer; its id then goes to `save_volumes` and the like."""
    facts = {
        "kind": kind,
        "name": name,
        "layout": layout,
        "mode": mode,
        "at": now,
        "rows": rows,
        "state": "active",
        "fingerprint": fingerprint,
    }
    made = session.scalar(insert(table_of(UploadRow)).values(**facts).returning(UploadRow.id))
    return Upload(int(made or 0), kind, name, layout, mode, now, rows, "active", None, fingerprint)


def count_rows(session: Session, id: int, rows: int) -> None:
    """Say how many rows a layer came to hold, where it was opened before that was known."""
    session.execute(update(table_of(UploadRow)).where(UploadRow.id == id).values(rows=rows))


def list_uploads(session: Session) -> list[Upload]:
    """All layers, the latest first; removed ones too."""
    return [
        _upload(row) for row in session.execute(select(table_of(UploadRow)).order_by(UploadRow.id.desc()))
    ]


def page_uploads(
    session: Session, *, kind: str | None = None, before: int | None = None, limit: int
) -> list[Upload]:
    """At most `limit` layers of a kind (None: of all) with an id below `before`, the latest first."""
    query = select(table_of(UploadRow)).order_by(UploadRow.id.desc()).limit(limit)
    if kind is not None:
        query = query.where(UploadRow.kind == kind)
    if before is not None:
        query = query.where(UploadRow.id < before)
    return [_upload(row) for row in session.execute(query)]


def load_upload(session: Session, id: int) -> Upload:
    """One layer, or NotFound."""
    row = session.execute(select(table_of(UploadRow)).where(UploadRow.id == id)).one_or_none()
    if row is None:
        raise NotFound(f"There is no upload {id}.", remedy=SEE, field="id")
    return _upload(row)


def load_shares(session: Session, upload: Upload) -> list[Share]:
    """What a layer says, by the first name of its series (queue, signal, driver, group); none where it is no layer."""
    kind = KINDS.get(upload.kind)
    if kind is None:
        return []
    table, series, confirm = kind.versions, kind.series, table_of(ConfirmationRow)
    other = aliased(table)
    later = select(other.c.id).where(
        other.c.series_id == table.c.series_id,
        other.c.ds == table.c.ds,
        or_(
            other.c.known_at > table.c.known_at,
            (other.c.known_at == table.c.known_at) & (other.c.id > table.c.id),
        ),
    )
    backed = select(confirm.c.version_id).where(
        confirm.c.version_id == table.c.id, confirm.c.upload_id == upload.id
    )
    mine = (table.c.upload_id == upload.id) | backed.exists()
    name = series.c[kind.keys[0]]
    facts = select(name, table.c.ds).join_from(table, series, series.c.id == table.c.series_id).where(mine)
    each = facts.add_columns(table.c.series_id).distinct().subquery()
    totals = select(each.c[0], func.count(), func.min(each.c.ds), func.max(each.c.ds)).group_by(each.c[0])
    counted = facts.with_only_columns(name, func.count()).where(~later.exists()).group_by(name)
    in_force = {row[0]: row[1] for row in session.execute(counted)}
    return [
        Share(
            row[0],
            row[1],
            in_force.get(row[0], 0),
            *(one.to_pydatetime() for one in moments(np.array(row[2:4]))),
        )
        for row in session.execute(totals.order_by(each.c[0]))
    ]


def remove_upload(session: Session, id: int, *, now: dt.datetime) -> int:
    """Take a layer away: writes versions known now that bring back what lay beneath; returns how many.

    NotFound for an unknown id; InputError for one removed before, or of a kind that has no layers.
    """
    return _turn(session, id, "active", "removed", now)


def restore_upload(session: Session, id: int, *, now: dt.datetime) -> int:
    """Put a removed layer back in its old place (`layers.py`): writes versions known now, returns how many.

    NotFound for an unknown id; InputError for one that is not removed, or of a kind that has no layers.
    """
    return _turn(session, id, "removed", "active", now)


def _turn(session: Session, id: int, before: str, after: str, now: dt.datetime) -> int:
    upload = load_upload(session, id)
    if upload.kind not in KINDS:
        raise InputError(
            f"Uploads of {upload.kind} are not layers.",
            remedy=f"Only {', '.join(KINDS)} can be removed.",
            field="id",
        )
    gone = now if after == "removed" else None
    changed = (
        update(UploadRow)
        .where(UploadRow.id == id, UploadRow.state == before)
        .values(state=after, removed_at=gone)
    )
    if session.scalar(changed.returning(UploadRow.id)) is None:
        said = "was removed before" if after == "removed" else "is not removed"
        raise InputError(f"The upload {id} {said}.", remedy=SEE, field="id")
    return settle(session, KINDS[upload.kind], id, now=to_ns(now) // 1000)


def find_alike(session: Session, kind: str, fingerprint: str) -> Upload | None:
    """The latest active layer with this fingerprint."""
    query = select(table_of(UploadRow)).where(
        UploadRow.kind == kind, UploadRow.fingerprint == fingerprint, UploadRow.state == "active"
    )
    row = session.execute(query.order_by(UploadRow.id.desc()).limit(1)).one_or_none()
    return None if row is None else _upload(row)


def lies_on_top(session: Session, upload: Upload) -> bool:
    """Was nothing else of its kind written since it began? Then the same rows once more say nothing new.

    Its own last version tells nothing: taking out a later layer writes some in its name, above others that still stand.
    """
    table = KINDS[upload.kind].versions
    own = session.scalar(select(func.min(table.c.id)).where(table.c.upload_id == upload.id))
    other = select(table.c.id).where(table.c.id > own, table.c.upload_id.is_distinct_from(upload.id))
    return own is not None and session.scalar(other.limit(1)) is None


def discard(session: Session, id: int) -> None:
    """Forget a layer of this transaction that turned out to say nothing new; what it confirmed goes with it."""
    session.execute(delete(ConfirmationRow).where(ConfirmationRow.upload_id == id))
    session.execute(delete(UploadRow).where(UploadRow.id == id))


def _upload(row: object) -> Upload:
    id, kind, name, layout, mode, at, rows, state, removed_at, fingerprint = tuple(row)  # type: ignore[var-annotated,arg-type]
    return Upload(id, kind, name, layout, mode, at, rows, state, removed_at, fingerprint)
