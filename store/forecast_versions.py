"""Versions of the forecast: drafted, published and published again, frozen by a lock, imported; and which of them speak.

    forecast   made here: a draft until it is published
    imported   made elsewhere, one per upload and moment it was made; a draft until somebody publishes it
    plan       a span frozen by a lock; never published, never changed

`publications` is the append-only memory of what was shown: publishing an older version again ("roll back") adds a row,
so that a question as of an earlier moment is answered as it was then. What stands in a version's `published_at` is the
last time. A forecast made elsewhere is gone for every moment once its upload is taken out, as it is in
`other_forecasts.py`; by its id, and in the plans it went into, it can still be read.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, Subquery, func, insert, or_, select, update
from sqlalchemy.orm import Session

from forecast.errors import InputError, NotFound
from store.database import lock
from store.statements import table_of
from store.tables import LockRow, PublicationRow, RunRow, UploadRow, VersionRow

FORECAST, IMPORTED, PLAN = KINDS = ("forecast", "imported", "plan")
STATES = ("draft", "published", "locked")
SEE = "See the list of versions: GET /v1/forecasts/versions or `forecall versions list`."


@dataclass(frozen=True)
class ForecastVersion:
    """One version of the forecast. state: draft, published or locked; cutoff: what it knew, or when it was made.

    kind: forecast, imported or plan; upload_id: of an imported one; published_at: the last time
    """

    id: int
    run_id: int | None
    cutoff: dt.datetime
    created_at: dt.datetime
    published_at: dt.datetime | None
    state: str
    label: str
    kind: str = FORECAST
    upload_id: int | None = None


def create_version(
    session: Session,
    *,
    run_id: int | None,
    cutoff: dt.datetime,
    now: dt.datetime,
    label: str = "",
    kind: str = FORECAST,
    upload_id: int | None = None,
) -> int:
    """Open a draft (a plan: locked from the start); its id goes to `save_forecast`."""
    facts = {"run_id": run_id, "cutoff": cutoff, "created_at": now, "label": label, "kind": kind}
    state = "locked" if kind == PLAN else "draft"
    made = insert(table_of(VersionRow)).values(**facts, state=state, upload_id=upload_id)
    return int(session.scalar(made.returning(VersionRow.id)) or 0)


def publish_version(session: Session, version_id: int, now: dt.datetime) -> bool:
    """Publish a draft, or an older version again; was anything changed? What is the last published one changes nothing.

    InputError for a plan, which is frozen, and for a forecast whose upload was taken out.
    """
    held = load_version(session, version_id)
    if held.kind == PLAN:
        raise InputError(
            f"The version {version_id} is a plan: it is frozen, and not published.",
            remedy="Publish the version it was taken from; the plan is read with version=locked.",
            field="version",
        )
    if held.upload_id is not None and not _listed(session, version_id):
        raise InputError(
            f"The upload {held.upload_id} of the version {version_id} was taken out.",
            remedy=f"Put it back first: `forecall uploads restore {held.upload_id}`.",
            field="version",
        )
    lock(session, "publications")
    newest = newest_version(session)
    if newest is not None and newest.id == version_id:
        return False
    session.execute(insert(table_of(PublicationRow)).values(version_id=version_id, at=now))
    changed = update(table_of(VersionRow)).where(VersionRow.id == version_id)
    session.execute(changed.values(state="published", published_at=now))
    return True


def list_versions(
    session: Session, *, limit: int | None = None, kinds: Sequence[str] = (FORECAST, IMPORTED)
) -> list[ForecastVersion]:
    """The versions, the latest first; without plans, unless they are asked for by kind."""
    return page_versions(session, kinds=kinds, limit=limit)


def page_versions(
    session: Session,
    *,
    kinds: Sequence[str] = KINDS,
    states: Sequence[str] = STATES,
    before: int | None = None,
    limit: int | None = None,
) -> list[ForecastVersion]:
    """At most `limit` versions of some kinds and states with an id below `before`, the latest first."""
    query = select(*table_of(VersionRow).c).where(
        VersionRow.kind.in_(list(kinds)), VersionRow.state.in_(list(states)), _in_lists()
    )
    if before is not None:
        query = query.where(VersionRow.id < before)
    return [_named(row) for row in session.execute(query.order_by(VersionRow.id.desc()).limit(limit))]


def load_version(session: Session, version_id: int) -> ForecastVersion:
    """One version, or NotFound."""
    row = session.execute(select(*table_of(VersionRow).c).where(VersionRow.id == version_id)).one_or_none()
    if row is None:
        raise NotFound(f"There is no forecast version {version_id}.", remedy=SEE, field="version")
    return _named(row)


def newest_version(
    session: Session, version: str | int = "published", as_of: dt.datetime | None = None
) -> ForecastVersion | None:
    """The version that goes before all others where a forecast is read so (`load_forecast`); None without any.

    Of `published`: what was published last, whenever it was made. NotFound for an id there is not.
    """
    speaks = speaking(session, version, as_of)
    first = select(speaks.c.version_id).order_by(speaks.c.at.desc(), speaks.c.number.desc()).limit(1)
    found = session.scalar(first)
    return None if found is None else load_version(session, found)


def speaking(session: Session, version: str | int, as_of: dt.datetime | None) -> Subquery:
    """The versions that a forecast is read from: version_id, at, number; of each bucket the greatest (at, number) counts.

    version and as_of: as `load_forecast` takes them
    """
    if isinstance(version, int):
        load_version(session, version)
        one = select(
            VersionRow.id.label("version_id"), VersionRow.id.label("at"), VersionRow.id.label("number")
        )
        return one.where(VersionRow.id == version).subquery("speaking")
    made = {"published": _published, "locked": _locked, "latest": _latest}.get(version)
    if made is None:
        raise InputError(
            f"There is no version {version!r}.",
            remedy="Use published, locked, latest or an id.",
            field="version",
        )
    return made(as_of).subquery("speaking")


def standing(session: Session, version: str | int) -> tuple[Any, ...]:
    """What, beside the newest version, a composed forecast hangs on: the locks in force, or the uploads taken out."""
    if isinstance(version, int):
        return ()
    if version == "locked":
        return tuple(session.scalars(select(LockRow.id).where(LockRow.released_at.is_(None))))
    gone = select(VersionRow.id).where(VersionRow.published_at.is_not(None), ~_in_lists())
    return tuple(session.scalars(gone.order_by(VersionRow.id)))


def being_written(session: Session, version: ForecastVersion) -> bool:
    """Is it the draft of a run that goes on?"""
    run = select(RunRow.id).where(RunRow.id == version.run_id, RunRow.state == "running")
    return version.state == "draft" and session.scalar(run) is not None


def _published(as_of: dt.datetime | None) -> Select[Any]:
    rows = table_of(PublicationRow)
    query = select(
        rows.c.version_id, func.max(rows.c.at).label("at"), func.max(rows.c.id).label("number")
    ).join(VersionRow, VersionRow.id == rows.c.version_id)
    query = query.where(VersionRow.kind != PLAN, _in_lists()).group_by(rows.c.version_id)
    return query if as_of is None else query.where(rows.c.at <= as_of)


def _locked(as_of: dt.datetime | None) -> Select[Any]:
    rows = table_of(LockRow)
    query = select(rows.c.version_id, rows.c.id.label("at"), rows.c.id.label("number"))
    if as_of is None:
        return query.where(rows.c.released_at.is_(None))
    return query.where(
        rows.c.created_at <= as_of, or_(rows.c.released_at.is_(None), rows.c.released_at > as_of)
    )


def _latest(as_of: dt.datetime | None) -> Select[Any]:
    rows = table_of(VersionRow)
    running = select(RunRow.id).where(RunRow.state == "running")
    ended = or_(rows.c.state != "draft", rows.c.run_id.is_(None), rows.c.run_id.not_in(running))
    ours = (rows.c.kind == FORECAST) & ended
    theirs = (rows.c.kind == IMPORTED) & rows.c.published_at.is_not(None) & _in_lists()
    query = select(rows.c.id.label("version_id"), rows.c.id.label("at"), rows.c.id.label("number"))
    query = query.where(or_(ours, theirs))
    return query if as_of is None else query.where(rows.c.created_at <= as_of)


def _in_lists() -> ColumnElement[bool]:
    """Of no upload, or of one that was not taken out."""
    gone = select(UploadRow.id).where(UploadRow.state == "removed", UploadRow.id == VersionRow.upload_id)
    return ~gone.exists()


def _listed(session: Session, version_id: int) -> bool:
    return session.scalar(select(VersionRow.id).where(VersionRow.id == version_id, _in_lists())) is not None


def _named(row: Any) -> ForecastVersion:
    return ForecastVersion(**{name: getattr(row, name) for name in ForecastVersion.__dataclass_fields__})
