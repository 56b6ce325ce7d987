"""GET /v1/outlook: what will they call about, as numbers or as a picture; GET /v1/digest: the week per reason owner."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from api.deps import Config, Db, Now
from api.openapi import READ, READ_NAMED
from api.outlook_schemas import (
    DigestOut,
    DigestQuery,
    DigestsOut,
    LineOut,
    OutlookCauseOut,
    OutlookOut,
    OutlookQuery,
    ReasonOut,
)
from forecast.outlook import Line, Outlook, Reason
from forecast.outlook_picture import draw
from forecast.outlook_words import Language, heading, why
from store.digests import load_digests
from store.outlook import day_of, load_outlook

router = APIRouter(tags=["outlook"])
SVG = "image/svg+xml"
PICTURE: dict[int | str, dict[str, Any]] = {200: {"content": {SVG: {"schema": {"type": "string"}}}}}
SAFE = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    "X-Content-Type-Options": "nosniff",
}
DIGITS = 2


@router.get("/v1/outlook", response_model=OutlookOut, responses={**PICTURE, **READ_NAMED})
def get_outlook(
    request: Request,
    response: Response,
    session: Db,
    now: Now,
    config: Config,
    query: Annotated[OutlookQuery, Query()],
) -> OutlookOut | Response:
    """What will they call about: every contact reason of a day over all queues, the largest first, against the usual
    and last week, with posts and what moves it. The reasons of a queue add up to its published forecast.

    `Accept: image/svg+xml` or `format=svg` gives one picture.
    """
    day = day_of(query.day, now, config.company.timezone)
    found = load_outlook(session, config, day, now, queues=query.queue, channel=query.channel)
    wanted = query.format or ("svg" if SVG in request.headers.get("accept", "") else "json")
    vary = {"Vary": "Accept, Authorization"}
    if wanted == "svg":
        return Response(draw(found, query.language), media_type=SVG, headers={**SAFE, **vary})
    response.headers.update(vary)
    return outlook_out(found, query.language)


@router.get("/v1/digest", responses=READ)
def get_digest(session: Db, query: Annotated[DigestQuery, Query()]) -> DigestsOut:
    """The latest weekly digest of each reason owner: the week's contacts, the week ahead, posts, what is new."""
    made_at, digests = load_digests(session, query.language)
    rows = [
        DigestOut(
            owner=one.owner,
            email=one.email,
            begin=one.begin,
            until=one.until,
            subject=one.subject,
            text=one.text,
            html=one.html,
        )
        for one in digests
        if query.owner in (None, one.owner)
    ]
    return DigestsOut(made_at=made_at, digests=rows)


def outlook_out(found: Outlook, language: Language) -> OutlookOut:
    """An outlook as it goes out."""
    title, answer = heading(found, language)
    return OutlookOut(
        day=found.day,
        timezone=found.tz,
        made_on=found.cutoff,
        title=title,
        answer=answer,
        reasons=[_reason(reason, found.tz, language) for reason in found.reasons],
        **_sizes(found),
    )


def _sizes(held: Outlook | Reason) -> dict[str, Any]:
    names = ("expected", "low", "high", "usual", "last_week")
    return {name: _rounded(getattr(held, name)) for name in names}


def _reason(reason: Reason, tz: str, language: Language) -> ReasonOut:
    return ReasonOut(
        topic=reason.topic,
        owner=reason.owner.name,
        faq=reason.owner.faq,
        change=None if reason.change is None else round(reason.change, 4),
        posts_24h=reason.talk.day,
        posts_usual_24h=reason.talk.usual,
        why=why(reason, tz, language),
        causes=[
            OutlookCauseOut(
                kind=one.kind,
                size=None if one.kind == "special_day" else round(one.size, 3),
                since=one.since,
                name=one.name,
            )
            for one in reason.causes
        ],
        queues=[_line(line) for line in reason.lines],
        **_sizes(reason),
    )


def _line(line: Line) -> LineOut:
    return LineOut(
        queue=line.queue,
        channel=line.channel,
        expected=round(line.expected, DIGITS),
        low=round(line.low, DIGITS),
        high=round(line.high, DIGITS),
        usual=_rounded(line.past.usual),
        last_week=_rounded(line.past.last_week),
        coverage=None if line.coverage is None else round(line.coverage, 4),
    )


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, DIGITS)
