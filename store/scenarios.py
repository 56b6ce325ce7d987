"""What-ifs that somebody gave a name to: what was asked, and what came out of it then. They are added and removed, never changed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, insert, select, update
from sqlalchemy.orm import Session

from forecast.errors import InputError, NotFound
from store.audit import record
from store.plain import plain
from store.statements import table_of
from store.tables import ScenarioRow

_TABLE = table_of(ScenarioRow)
LONGEST = 200  # characters of a name


@dataclass(frozen=True)
class Kept:
    """A scenario as it was asked and as it came out. cutoff: what the forecast knew; removed_at: None while it is listed."""

    id: int
    name: str
    author: str
    created_at: dt.datetime
    cutoff: dt.datetime
    asked: Mapping[str, Any]
    found: Mapping[str, Any]
    removed_at: dt.datetime | None


def save_scenario(
    session: Session,
    *,
    name: str,
    author: str,
    now: dt.datetime,
    cutoff: dt.datetime,
    asked: Mapping[str, Any],
    found: Mapping[str, Any],
) -> Kept:
    """Keep a scenario and audit that. Two of one name are two: the data have moved on between them. InputError for no name."""
    if not name.strip() or len(name) > LONGEST:
        raise InputError(
            "A scenario to be kept needs a name.",
            remedy=f"Give it one of at most {LONGEST} characters.",
            field="name",
        )
    row = {"name": name.strip(), "author": author, "created_at": now, "cutoff": cutoff, "removed_at": None}
    values = {**row, "asked": plain(asked), "found": plain(found)}
    number = int(session.scalars(insert(_TABLE).values(**values).returning(_TABLE.c.id)).one())
    subject = f"scenario {number}"
    record(
        session,
        now=now,
        who=author,
        act="scenario.add",
        subject=subject,
        body={"name": row["name"], "asked": asked},
    )
    return load_scenario(session, number)


def load_scenario(session: Session, scenario_id: int) -> Kept:
    """One scenario that is not removed; NotFound."""
    query = select(_TABLE).where(_TABLE.c.id == scenario_id, _TABLE.c.removed_at.is_(None))
    row = session.execute(query).one_or_none()
    if row is None:
        raise NotFound(
            f"There is no scenario {scenario_id}.", remedy="`GET /v1/scenarios` has the numbers.", field="id"
        )
    return _kept(row)


def load_scenarios(session: Session) -> list[Kept]:
    """The scenarios that are not removed, the newest first, without what came out of them."""
    columns = [column for column in _TABLE.c if column.name != "found"]
    query = select(*columns).where(_TABLE.c.removed_at.is_(None)).order_by(_TABLE.c.id.desc())
    return [_kept(row) for row in session.execute(query)]


def remove_scenario(session: Session, scenario_id: int, *, who: str, now: dt.datetime) -> Kept:
    """Take a scenario off the list and audit that; the row stays. NotFound for one that is not listed."""
    held = load_scenario(session, scenario_id)
    query = update(_TABLE).where(_TABLE.c.id == scenario_id, _TABLE.c.removed_at.is_(None))
    gone = session.scalars(query.values(removed_at=now).returning(_TABLE.c.id)).one_or_none()
    if gone is None:  # somebody else was quicker
        return load_scenario(session, scenario_id)
    subject = f"scenario {scenario_id}"
    record(session, now=now, who=who, act="scenario.remove", subject=subject, body={"name": held.name})
    return held


def restore_scenario(session: Session, scenario_id: int, *, who: str, now: dt.datetime) -> Kept:
    """Put a scenario that was removed back on the list, and audit that. NotFound for one that never was."""
    query = update(_TABLE).where(_TABLE.c.id == scenario_id, _TABLE.c.removed_at.is_not(None))
    back = session.scalars(query.values(removed_at=None).returning(_TABLE.c.id)).one_or_none()
    held = load_scenario(session, scenario_id)
    if back is not None:
        subject = f"scenario {scenario_id}"
        record(session, now=now, who=who, act="scenario.restore", subject=subject, body={"name": held.name})
    return held


def _kept(row: Row[Any]) -> Kept:
    return Kept(
        row.id,
        row.name,
        row.author,
        row.created_at,
        row.cutoff,
        row.asked,
        getattr(row, "found", {}),
        row.removed_at,
    )
