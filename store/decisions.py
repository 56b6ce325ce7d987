"""What the gate decided on each signal, with all its figures: append-only, so that every change can be traced.

A selection run saves a decision per queue, signal and lead band, changed or not. What a forecast
between two runs makes of a signal that went stale is no decision.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Subquery, func, insert, select
from sqlalchemy.orm import Session

from store.database import lock
from store.plain import plain
from store.statements import table_of
from store.tables import DecisionRow

Key = tuple[str, str, str]  # queue, signal, lead band
_TABLE = table_of(DecisionRow)
_KEY = (_TABLE.c.series, _TABLE.c.signal, _TABLE.c.lead_band)
_ORDER = (_TABLE.c.decided_at, _TABLE.c.id)
_WHAT = "gate decisions"


@dataclass(frozen=True)
class Decision:
    """One decision. gate: open, shut or not enough history; before: the gate of the decision before, '' at the first.

    row: the finding as it was, with lift, interval, n and why
    """

    id: int
    run_id: int | None
    series: str
    signal: str
    lead_band: str
    decided_at: dt.datetime
    gate: str
    before: str
    row: Mapping[str, Any]

    @property
    def changed(self) -> bool:
        return self.gate != self.before

    @property
    def why(self) -> str:
        return str(self.row.get("why") or "")


def save_decisions(
    session: Session, findings: Sequence[Mapping[str, Any]], *, decided_at: dt.datetime, run_id: int | None
) -> int:
    """Append the findings of a run -> rows written. Those of the same run (without one: of the same moment) are left alone."""
    lock(session, _WHAT)
    same = _TABLE.c.run_id == run_id if run_id is not None else _TABLE.c.decided_at == decided_at
    held = {tuple(row) for row in session.execute(select(*_KEY).where(same))}
    rows = _rows(findings, decided_at, run_id)
    return _append(session, [row for key, row in rows.items() if key not in held])


def load_decisions(
    session: Session,
    *,
    series: Sequence[str] = (),
    signal: str | None = None,
    lead_band: str | None = None,
    only_changes: bool = False,
) -> list[Decision]:
    """Decisions by queue, signal and band, the oldest first; of some queues, one signal or one band where asked.

    only_changes: the first on each, and those that differ from the one before
    """
    before = _with_before(series)
    query = select(_TABLE, before.c.before).join(before, before.c.id == _TABLE.c.id)
    for column, wanted in (("signal", signal), ("lead_band", lead_band)):
        if wanted is not None:
            query = query.where(_TABLE.c[column] == wanted)
    if only_changes:
        query = query.where(before.c.before != _TABLE.c.gate)
    return [
        Decision(
            id=row.id,
            run_id=row.run_id,
            series=row.series,
            signal=row.signal,
            lead_band=row.lead_band,
            decided_at=row.decided_at,
            gate=row.gate,
            before=row.before,
            row=dict(row.row),
        )
        for row in session.execute(query.order_by(*_KEY, *_ORDER))
    ]


def load_since(session: Session, *, series: Sequence[str] = ()) -> dict[Key, dt.datetime]:
    """Queue, signal and band -> the decision from which on the gate has been what it is."""
    before = _with_before(series)
    query = select(*_KEY, func.max(_TABLE.c.decided_at)).join(before, before.c.id == _TABLE.c.id)
    rows = session.execute(query.where(before.c.before != _TABLE.c.gate).group_by(*_KEY))
    return {(row[0], row[1], row[2]): row[3] for row in rows}


def _with_before(series: Sequence[str]) -> Subquery:
    """Each decision's id and the gate before it."""
    before = func.lag(_TABLE.c.gate, 1, "").over(partition_by=_KEY, order_by=_ORDER)
    query = select(_TABLE.c.id, before.label("before"))
    return (query.where(_TABLE.c.series.in_(series)) if series else query).subquery()


def _rows(
    findings: Sequence[Mapping[str, Any]], decided_at: dt.datetime, run_id: int | None
) -> dict[Key, dict[str, Any]]:
    """Findings -> rows of the table, one per queue, signal and band."""
    found: dict[Key, dict[str, Any]] = {}
    for row in map(plain, findings):
        made = {name: str(row.get(name) or "") for name in ("series", "signal", "lead_band", "gate")}
        key = (made["series"], made["signal"], made["lead_band"])
        found[key] = {**made, "run_id": run_id, "decided_at": decided_at, "row": row}
    return found


def _append(session: Session, rows: list[dict[str, Any]]) -> int:
    if rows:
        session.execute(insert(_TABLE), rows)
    return len(rows)
