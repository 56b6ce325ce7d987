"""/v1/scenarios: what if; kept only where it has a name."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request

from api import paging
from api.deps import Config, Db, Now
from api.openapi import READ, READ_NAMED, responses
from api.scenario_schemas import ScenarioIn, ScenarioKept, ScenarioOut, ScenarioQuery
from api.schemas import Page
from store.scenarios import Kept, load_scenario, load_scenarios, remove_scenario

router = APIRouter(tags=["scenarios"])
Number = Annotated[int, Path(ge=1, le=10**15)]


@router.post("/v1/scenarios", responses=responses(400, 401, 403, 404, 409, 413, 422, 500, 503))
def run_scenario(session: Db, now: Now, config: Config, request: Request, asked: ScenarioIn) -> ScenarioOut:
    """Suppose events: letters, an outage, other hours, a channel that closes, an overflow, posts, per cent. Forecast, scenario and difference on the same futures, with agents in both. Runs each touched queue now, which takes seconds; stores nothing unless it has a name."""
    from api.scenario_answers import answered  # it brings the models, which the start of the API does without

    return answered(session, config, asked, author=request.state.caller.name, now=now)


@router.get("/v1/scenarios", responses=READ)
def list_scenarios(session: Db, query: Annotated[ScenarioQuery, Query()]) -> Page[ScenarioKept]:
    """The scenarios that were given a name, the newest first."""
    page, cursor = paging.cut(query, load_scenarios(session), lambda row: (-row.id,), (int,))
    return Page(rows=[_kept(one) for one in page], next_cursor=cursor)


@router.get("/v1/scenarios/{scenario_id}", responses=READ_NAMED)
def get_scenario(session: Db, scenario_id: Number) -> ScenarioOut:
    """One scenario as it came out when it was asked."""
    held = load_scenario(session, scenario_id)
    return ScenarioOut(**{**held.found, "id": held.id, "name": held.name})


@router.delete("/v1/scenarios/{scenario_id}", responses=responses(401, 403, 404, 422, 500, 503))
def delete_scenario(session: Db, now: Now, request: Request, scenario_id: Number) -> ScenarioKept:
    """Take a scenario off the list."""
    return _kept(remove_scenario(session, scenario_id, who=request.state.caller.name, now=now))


def _kept(one: Kept) -> ScenarioKept:
    return ScenarioKept(
        id=one.id,
        name=one.name,
        author=one.author,
        created_at=one.created_at,
        cutoff=one.cutoff,
        events=len(one.asked.get("events", [])),
    )
