"""GET /v1/forecasts/compared: forecasts made elsewhere against ours."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from api.comparison_schemas import ComparedOut, ComparedQuery, ComparisonOut
from api.deps import Db
from api.openapi import READ
from store.comparison import load_comparison

router = APIRouter(tags=["forecasts"])


@router.get("/v1/forecasts/compared", responses=READ)
def get_compared_forecasts(session: Db, query: Annotated[ComparedQuery, Query()]) -> ComparisonOut:
    """Forecasts made elsewhere against ours, made at the same moments, as `forecall compare` found last: volume, handling time and workload, who was nearer per queue, also where that was theirs, and every week that could not be compared."""
    made_at, rows = load_comparison(session)
    queues = [ComparedOut(**row) for row in rows if not query.queue or row["queue"] in query.queue]
    return ComparisonOut(made_at=made_at, queues=queues)
