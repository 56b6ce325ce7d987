"""GET /v1/evidence, /v1/models, /v1/accuracy: what the latest evaluation found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query
from sqlalchemy.orm import Session

from api import paging
from api.deps import Config, Db
from api.openapi import READ_NAMED
from api.queries import QueueQuery
from api.schemas import AccuracyOut, ChampionOut, EvidenceOut, ModelsOut, Page
from forecast.models.base import BANDS
from store.queues import require_queues
from store.scores import load_champions, load_evidence, load_scores

router = APIRouter(tags=["evidence"])
ORDER = {"0-1d": 0, **{name: place for place, (name, _, _) in enumerate(BANDS)}}


@router.get("/v1/evidence", responses=READ_NAMED)
def list_evidence(session: Db, query: Annotated[QueueQuery, Query()]) -> Page[EvidenceOut]:
    """Does a signal help? Head start, accuracy gained with its interval, and the gate, per queue and lead band."""
    rows = [
        EvidenceOut.model_validate(
            {name: row.get(name) for name in EvidenceOut.model_fields if name != "queue"}
            | {"queue": row.get("series")}
        )
        for row in _asked(session, load_evidence(session), query.queue)
    ]
    page, cursor = paging.cut(
        query, rows, lambda row: (row.queue, row.signal, place(row.lead_band)), (str, str, int)
    )
    return Page(rows=page, next_cursor=cursor)


@router.get("/v1/accuracy", responses=READ_NAMED)
def list_accuracy(session: Db, query: Annotated[QueueQuery, Query()]) -> Page[AccuracyOut]:
    """How good the forecasts were, by queue, method and lead band, beside the noise that nobody can forecast."""
    rows = [_accuracy(row) for row in _asked(session, load_scores(session), query.queue)]
    page, cursor = paging.cut(
        query, rows, lambda row: (row.queue, row.model, place(row.lead_band)), (str, str, int)
    )
    return Page(rows=page, next_cursor=cursor)


@router.get("/v1/models", responses=READ_NAMED)
def list_models(session: Db, config: Config, query: Annotated[QueueQuery, Query()]) -> ModelsOut:
    """The methods that compete, and which was chosen per queue and lead band."""
    chosen = [
        ChampionOut(
            queue=str(row.get("series")), lead_band=str(row.get("lead_band")), model=str(row.get("model"))
        )
        for row in _asked(session, load_champions(session), query.queue)
    ]
    chosen.sort(key=lambda row: (row.queue, place(row.lead_band)))
    from forecast.catalogue import (
        NAMES,  # the methods themselves load only when somebody asks for their names
    )

    return ModelsOut(catalogue=list(NAMES), published_with=config.models.champion, champions=chosen)


def place(lead_band: str) -> int:
    """The order of lead bands: by how far ahead."""
    return ORDER.get(lead_band, len(ORDER))


def _asked(session: Session, rows: list[dict[str, Any]], queues: list[str]) -> list[dict[str, Any]]:
    if not queues:
        return rows
    require_queues(session, queues)
    return [row for row in rows if row.get("series") in queues]


def _accuracy(row: Mapping[str, Any]) -> AccuracyOut:
    named = {
        name: row.get(name)
        for name in (
            "model",
            "lead_band",
            "mean_volume",
            "wape",
            "poisson_floor",
            "skill_vs_seasonal_naive",
            "bias",
        )
    }
    return AccuracyOut(
        queue=str(row.get("series")),
        n=int(row.get("n") or 0),
        skill=row.get("skill_vs_mean8"),
        calibration=row.get("calibration") or {},
        **named,
    )
