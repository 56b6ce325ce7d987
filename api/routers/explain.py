"""GET /v1/forecasts/explain: what each number of the forecast is made of."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import Field, StringConstraints

from api import moments, paging
from api.deps import Db, Now
from api.openapi import READ_NAMED
from api.queries import Granularity, Name, Paged, When
from api.schemas import Out, Page, Start, StartUtc
from forecast.errors import InputError
from forecast.parts import PARTS, about
from store.explanations import Explanation, load_explanations
from store.queues import Queue, load_queues, require_queues

router = APIRouter(tags=["forecasts"])
DIGITS = 4
REMEDY = "Make a new forecast: `forecall run predict`, or POST /v1/runs with job predict."


class ExplainQuery(Paged):
    queue: Name
    start: When | None = Field(None, description="From this moment; from the current day on without it.")
    end: When | None = Field(None, description="Until before this moment.")
    granularity: Granularity = "interval"
    version: Annotated[str, StringConstraints(pattern=r"^(published|locked|latest|[1-9][0-9]{0,14})$")] = (
        Field("published", description="published, locked, latest (drafts too) or the id of a version.")
    )
    language: Literal["en", "nl"] = Field("en", description="Of the sentences.")


class PartOut(Out):
    """What one part brings."""

    part: str = Field(description=", ".join(PARTS), examples=["level"])
    contacts: float
    about: str = Field(
        description="The reason and since when, the day's name, the drivers, why and by whom it was adjusted; empty without any.",
        examples=["posts on “outage”, more than usual since 09:30"],
    )


class ExplanationOut(Out):
    """One bucket. The parts stand in the order in which they were switched on; a shared effect goes to the earlier."""

    start: Start
    start_utc: StartUtc
    mean: float
    parts: list[PartOut] | None = Field(description="They add up to `sum`; null where they are not kept.")
    sum: float | None = Field(description="Of the parts: the mean, to float32 precision.")
    sentence: str = Field(examples=["41.2 contacts expected: usual level 24.0, this weekday and time +17.2."])
    remedy: str | None = Field(None, description="What to do where a forecast was made without its parts.")
    version: int = Field(description="The version that the bucket is taken from.")


@router.get("/v1/forecasts/explain", responses=READ_NAMED)
def explain_forecast(session: Db, now: Now, query: Annotated[ExplainQuery, Query()]) -> Page[ExplanationOut]:
    """What the mean of each bucket is made of, in numbers that add up and in a sentence.

    Usual level, weekday and time, season and trend, special day, drivers, intraday correction, social (which reason,
    since when), manual adjustment; in a running bucket what came already; and what is left, the spread.
    """
    require_queues(session, [query.queue])
    queue = next(one for one in load_queues(session) if one.name == query.queue)
    by_id = query.version.isdecimal()
    start = moments.optional(query.start, queue.tz, "start")
    end = moments.optional(query.end, queue.tz, "end")
    if start is not None and end is not None and end <= start:
        raise InputError("The end lies before the start.", remedy="Give an end after it.", field="end")
    found = load_explanations(
        session, queue.name,
        start=start if start is not None or by_id else moments.day_of(now, queue.tz),
        end=end, granularity=query.granularity, version=int(query.version) if by_id else query.version, now=now,
    )  # fmt: skip
    rows = [_row(one, queue, query.language) for one in found]
    page, cursor = paging.cut(query, rows, lambda row: (row.start_utc.timestamp(),), (float,))
    return Page(rows=page, next_cursor=cursor)


def _row(one: Explanation, queue: Queue, language: str) -> ExplanationOut:
    named = None if one.parts is None else [_part(one, name, queue, language) for name in PARTS]
    return ExplanationOut(
        start=moments.local_of(one.start, queue.tz),
        start_utc=one.start,
        mean=round(one.mean, DIGITS),
        parts=named,
        sum=None if one.parts is None else round(sum(one.parts.values()), DIGITS),
        sentence=one.sentence(queue.tz, language),
        remedy=REMEDY if one.parts is None and not one.long_run else None,
        version=one.version,
    )


def _part(one: Explanation, name: str, queue: Queue, language: str) -> PartOut:
    contacts = 0.0 if one.parts is None else one.parts[name]
    told = about(name, one.facts, one.start, tz=queue.tz, language=language) if contacts else ""
    return PartOut(part=name, contacts=round(contacts, DIGITS) + 0.0, about=told)
