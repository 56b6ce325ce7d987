"""GET /v1/evidence, /v1/models, /v1/accuracy: what the latest evaluation found; what the gate decided; rules of thumb."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from sqlalchemy.orm import Session

from api import paging
from api.auditing import Noted
from api.deps import Config, Db, Now
from api.evidence_schemas import (
    AssumptionIn,
    AssumptionOut,
    AssumptionQuery,
    BandOut,
    DecisionOut,
    DecisionQuery,
    JudgedOut,
)
from api.openapi import READ_NAMED, responses
from api.queries import QueueQuery
from api.schemas import AccuracyOut, ChampionOut, ModelsOut, Page
from forecast.assumption import Assumption
from forecast.models.base import BANDS
from store.assumptions import Held, end_assumption, load_assumptions, save_assumption
from store.decisions import Decision, load_decisions, load_since
from store.queues import require_queues
from store.scores import load_champions, load_evidence, load_scores

router = APIRouter(tags=["evidence"])
Number = Annotated[int, Path(ge=1, le=10**15)]
FIGURES = ("lift", "lower", "upper")
ORDER = {"0-1d": 0, **{name: place for place, (name, _, _) in enumerate(BANDS)}}


@router.get("/v1/evidence", responses=READ_NAMED)
def list_evidence(session: Db, query: Annotated[QueueQuery, Query()]) -> Page[JudgedOut]:
    """Does a signal help? Head start, accuracy gained with its interval, and the gate, per queue and lead band."""
    began = load_since(session, series=query.queue)
    rows = [
        JudgedOut.model_validate(
            {name: row.get(name) for name in JudgedOut.model_fields if name not in ("queue", "since")}
            | {"queue": row.get("series")}
            | {"since": began.get((str(row["series"]), str(row["signal"]), str(row["lead_band"])))}
        )
        for row in _asked(session, load_evidence(session), query.queue)
    ]
    page, cursor = paging.cut(
        query, rows, lambda row: (row.queue, row.signal, place(row.lead_band)), (str, str, int)
    )
    return Page(rows=page, next_cursor=cursor)


@router.get("/v1/evidence/decisions", responses=READ_NAMED)
def list_decisions(session: Db, query: Annotated[DecisionQuery, Query()]) -> Page[DecisionOut]:
    """What the gate decided at each comparison, with its figures, per queue, signal and lead band, the oldest first."""
    if query.queue:
        require_queues(session, query.queue)
    rows = [
        _decision(row)
        for row in load_decisions(
            session, series=query.queue, signal=query.signal, only_changes=query.changes
        )
    ]
    page, cursor = paging.cut(
        query, rows, lambda row: (row.queue, row.signal, place(row.lead_band), row.id), (str, str, int, int)
    )
    return Page(rows=page, next_cursor=cursor)


def _decision(row: Decision) -> DecisionOut:
    return DecisionOut(
        id=row.id,
        queue=row.series,
        signal=row.signal,
        lead_band=row.lead_band,
        decided_at=row.decided_at,
        gate=row.gate,
        was=row.before if row.changed else None,
        **{name: row.row.get(name) for name in FIGURES},
        n=int(row.row.get("n") or 0),
        why=row.why,
    )


@router.get("/v1/evidence/assumptions", responses=READ_NAMED)
def list_assumptions(session: Db, query: Annotated[AssumptionQuery, Query()]) -> Page[AssumptionOut]:
    """Planners' rules of thumb, and what the figures say of each. One whose gate is shut is not used."""
    if query.queue:
        require_queues(session, query.queue)
    evidence = load_evidence(session)
    held = load_assumptions(session, series=query.queue, ended=query.ended)
    rows = [_assumption(one, evidence) for one in held]
    page, cursor = paging.cut(query, rows, lambda row: (row.id,), (int,))
    return Page(rows=page, next_cursor=cursor)


@router.post(
    "/v1/evidence/assumptions",
    status_code=201,
    responses=responses(400, 401, 403, 404, 413, 422, 500, 503),
)
def create_assumption(
    session: Db, now: Now, note: Noted, request: Request, given: AssumptionIn
) -> AssumptionOut:
    """Enter a rule of thumb. It is scored at the next comparison like any signal; sending it twice makes one rule."""
    figures = given.model_dump(exclude={"queue", "reason"})
    held = save_assumption(
        session,
        Assumption(given.queue, **figures),
        reason=given.reason,
        author=request.state.caller.name,
        now=now,
    )
    note("assumption.add", f"assumption {held.rule.number}", given.model_dump(mode="json"))
    return _assumption(held, load_evidence(session))


@router.delete("/v1/evidence/assumptions/{number}", status_code=204, responses=READ_NAMED)
def delete_assumption(session: Db, now: Now, note: Noted, number: Number) -> Response:
    """End a rule of thumb. It is kept among those that ended, so that earlier decisions can be explained."""
    end_assumption(session, number, now=now)
    note("assumption.end", f"assumption {number}", {})
    return Response(status_code=204)


def _assumption(held: Held, evidence: list[dict[str, Any]]) -> AssumptionOut:
    rule = held.rule
    mine = [row for row in evidence if (row["series"], row["signal"]) == (rule.series, rule.label)]
    scored = [
        BandOut.model_validate({name: row.get(name) for name in BandOut.model_fields})
        for row in sorted(mine, key=lambda row: place(row["lead_band"]))
    ]
    return AssumptionOut(
        id=rule.number,
        queue=rule.series,
        signal=rule.signal,
        contacts_per_unit=rule.contacts_per_unit,
        head_start_minutes=rule.head_start_minutes,
        lasts_minutes=rule.lasts_minutes,
        reason=held.reason,
        author=held.author,
        created_at=held.created_at,
        ended_at=held.ended_at,
        scored=scored,
    )


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
