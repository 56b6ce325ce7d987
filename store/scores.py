"""What an evaluation found: scores, champions and evidence, by run. The report's own rows come back as they went in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Table, delete, func, insert, select
from sqlalchemy.orm import Session

from forecast.models.base import LONG_RUN
from store.plain import plain
from store.statements import table_of
from store.tables import ChampionRow, EvidenceRow, RunRow, ScoreRow

PARTS = {
    "scores": (table_of(ScoreRow), ("series", "model", "lead_band")),
    "champions": (table_of(ChampionRow), ("series", "model", "lead_band")),
    "evidence": (table_of(EvidenceRow), ("series", "signal", "lead_band")),
}


def save_report(session: Session, run_id: int, report: Mapping[str, Any]) -> None:
    """Store `scores`, `champions` and `evidence` of an evaluate report under a run; saving again replaces the run's rows."""
    for part, (table, names) in PARTS.items():
        if part not in report:
            continue
        session.execute(delete(table).where(table.c.run_id == run_id))
        rows = [
            {"run_id": run_id, "row": row, **{name: str(row.get(name) or "") for name in names}}
            for row in map(plain, report[part])
        ]
        if rows:
            session.execute(insert(table), rows)


def load_scores(session: Session, series: str | None = None) -> list[dict[str, Any]]:
    """The `scores` of the latest run that has some, of one series or of all."""
    return _load(session, "scores", series)


def scored_models(session: Session) -> list[str]:
    """The methods of the latest run that has scores, in the order of the report."""
    table = PARTS["scores"][0]
    latest = select(func.max(table.c.run_id)).scalar_subquery()
    query = select(table.c.model).where(table.c.run_id == latest).group_by(table.c.model)
    return list(session.scalars(query.order_by(func.min(table.c.id))))


def load_champions(session: Session, series: str | None = None) -> list[dict[str, Any]]:
    """The `champions` of the latest run that has some."""
    return _load(session, "champions", series)


def load_evidence(session: Session, series: str | None = None) -> list[dict[str, Any]]:
    """The `evidence` of the latest run that has some."""
    return _load(session, "evidence", series)


def load_notes(session: Session, run_id: int | None) -> dict[str, str]:
    """By series, how far its history supports the long run that a run forecast; those without a note left out."""
    table = table_of(ChampionRow)
    query = select(table.c.series, table.c.row).where(table.c.run_id == run_id, table.c.lead_band == LONG_RUN)
    found = {
        row.series: str(row.row.get("note") or "") for row in session.execute(query.order_by(table.c.id))
    }
    return {series: note for series, note in found.items() if note}


@dataclass(frozen=True)
class Since:
    """When the run was made from which on a method has been the chosen one; longer: or before it, where nobody looked."""

    at: dt.datetime
    longer: bool


def load_since_chosen(session: Session, *, most: int = 20_000) -> dict[tuple[str, str], Since]:
    """(series, lead band) -> since when its method has been the chosen one. Looks at the latest runs, up to so many rows."""
    table, ledger = table_of(ChampionRow), table_of(RunRow)
    newest = select(func.max(table.c.run_id)).scalar_subquery()
    rows = session.scalar(select(func.count()).select_from(table).where(table.c.run_id == newest)) or 0
    runs = max(2, most // max(rows, 1))
    every = select(table.c.run_id).distinct().order_by(table.c.run_id.desc())
    latest, whole = every.limit(runs), session.scalar(every.offset(runs).limit(1)) is None
    query = (
        select(table.c.series, table.c.lead_band, table.c.model, ledger.c.started_at)
        .join(ledger, ledger.c.id == table.c.run_id)
        .where(table.c.run_id.in_(latest))
        .order_by(table.c.run_id.desc())
    )
    found: dict[tuple[str, str], dt.datetime] = {}
    models: dict[tuple[str, str], str | None] = {}
    for row in session.execute(query):
        key = (row.series, row.lead_band)
        if key not in models:
            models[key] = row.model
        if models[key] == row.model:
            found[key] = row.started_at
        else:
            models[key] = None  # before that it was another
    return {key: Since(at, not whole and models[key] is not None) for key, at in found.items()}


def _load(session: Session, part: str, series: str | None) -> list[dict[str, Any]]:
    table: Table = PARTS[part][0]
    latest = select(func.max(table.c.run_id)).scalar_subquery()
    query = select(table.c.row).where(table.c.run_id == latest).order_by(table.c.id)
    if series is not None:
        query = query.where(table.c.series == series)
    return [dict(row) for row in session.scalars(query)]
