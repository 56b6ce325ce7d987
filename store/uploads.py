"""Uploads are layers: each can be listed and removed, and removing one brings back what lay beneath."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from forecast.buckets import to_ns
from forecast.errors import InputError, NotFound
from store.layers import take_away
from store.statements import table_of
from store.tables import UploadRow
from store.versions import KINDS


@dataclass(frozen=True)
class Upload:
    """One file or batch. kind: volumes, signals, drivers, ...; mode: revision or correction; state: active or removed."""

    id: int
    kind: str
    name: str
    layout: str
    mode: str
    at: dt.datetime
    rows: int
    state: str


def create_upload(
    session: Session, *, kind: str, name: str, layout: str, mode: str, now: dt.datetime, rows: int
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
    }
    made = session.scalar(insert(table_of(UploadRow)).values(**facts).returning(UploadRow.id))
    return Upload(int(made or 0), kind, name, layout, mode, now, rows, "active")


def list_uploads(session: Session) -> list[Upload]:
    """All layers, the latest first; removed ones too."""
    rows = session.scalars(select(UploadRow).order_by(UploadRow.id.desc()))
    return [
        Upload(row.id, row.kind, row.name, row.layout, row.mode, row.at, row.rows, row.state) for row in rows
    ]


def remove_upload(session: Session, id: int, *, now: dt.datetime) -> int:
    """Take a layer away: writes versions known now that bring back what lay beneath; returns how many.

    NotFound for an unknown id; InputError for one removed before, or of a kind that has no layers.
    """
    upload = next((one for one in list_uploads(session) if one.id == id), None)
    if upload is None:
        raise NotFound(f"There is no upload {id}.", remedy="See `forecall uploads list`.", field="id")
    if upload.kind not in KINDS:
        raise InputError(
            f"Uploads of {upload.kind} are not layers.",
            remedy=f"Only {', '.join(KINDS)} can be removed.",
            field="id",
        )
    changed = (
        update(UploadRow)
        .where(UploadRow.id == id, UploadRow.state == "active")
        .values(state="removed", removed_at=now)
    )
    if session.scalar(changed.returning(UploadRow.id)) is None:
        raise InputError(
            f"The upload {id} was removed before.", remedy="See `forecall uploads list`.", field="id"
        )
    return take_away(session, KINDS[upload.kind], id, now=to_ns(now) // 1000)
