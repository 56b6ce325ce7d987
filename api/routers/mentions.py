"""POST /v1/mentions: posts in; the `signals` job counts them at its next run."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from api import intake
from api.deps import Db, Now
from api.openapi import WRITE
from api.queries import MentionBatch
from api.schemas import BatchResult
from api.social import Chain
from store.mentions import save_mentions

router = APIRouter(tags=["mentions"])


@router.post("/v1/mentions", responses={207: {"model": BatchResult}, **WRITE})
def post_mentions(
    request: Request, session: Db, now: Now, response: Response, batch: MentionBatch
) -> BatchResult:
    """Take posts, known now. Names and numbers are taken out of them before anything is kept; a bad row is reported."""
    chain: Chain = request.app.state.chain
    good, errors = intake.sift(batch.rows, lambda row: chain.read(row, now))
    stored = save_mentions(session, chain.score(good)) if good else 0
    return intake.answer(response, received=len(batch.rows), stored=stored, errors=errors)
