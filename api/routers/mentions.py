"""POST /v1/mentions: posts in; the `signals` job counts them at its next run."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from api import intake
from api.csv_bodies import BODY, CsvBodies
from api.deps import Db, Now
from api.openapi import WRITE
from api.queries import MentionBatch
from api.schemas import BatchResult
from api.social import read_mention
from store.chain import Chain, receive

router = APIRouter(tags=["mentions"], route_class=CsvBodies)


@router.post("/v1/mentions", responses={207: {"model": BatchResult}, **WRITE}, openapi_extra=BODY)
def post_mentions(
    request: Request, session: Db, now: Now, response: Response, batch: MentionBatch
) -> BatchResult:
    """Take posts, known now. Names and numbers are taken out of them before anything is kept; a bad row is reported."""
    chain: Chain = request.app.state.chain
    tz = chain.settings.company.timezone
    good, errors = intake.sift(batch.rows, lambda row: read_mention(row, tz, now))
    found = receive(session, chain, good, now=now)
    return intake.answer(response, received=len(batch.rows), stored=found.changed, errors=errors)
