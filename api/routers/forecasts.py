"""GET /v1/forecasts as JSON or CSV, and the versions of the forecast."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path, Query, Request, Response
from fastapi.responses import StreamingResponse
from sqlalchemy.orm import Session, sessionmaker

from api import forecast_rows, moments, paging
from api.auth import Who
from api.deps import Config, Db, Now
from api.etags import FRESH, matches
from api.forecast_rows import Ask
from api.lock_schemas import ListedVersion, VersionQuery, VersionsCompared, VersionsQuery
from api.openapi import READ, READ_NAMED, responses
from api.queries import ForecastQuery
from api.routers import exports
from api.schemas import ForecastPage, ForecastRow, Page, VersionOut
from api.table import forecast_csv
from api.versions_compared import compared
from forecast.errors import InputError
from store.forecast_versions import (
    KINDS,
    STATES,
    ForecastVersion,
    being_written,
    load_version,
    newest_version,
    page_versions,
)
from store.publication import publish
from store.queues import load_queue
from store.version_comparison import compare_versions

router = APIRouter(tags=["forecasts"])
EXAMPLE = (
    "queue,channel,topic,start,start_utc,mean,0.5,0.9,"
    "aht_seconds,aht_low,aht_high,workload_hours,workload_0.5,workload_0.9,signal,override\r\n"
    "Outage,phone,outage,2026-03-02T08:00:00+01:00,2026-03-02T07:00:00Z,18.4,18.0,26.0,"
    "240.0,206.1,276.3,1.2267,1.2,1.75,used,0.0\r\n"
)
CSV: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/csv": {"schema": {"type": "string"}, "example": EXAMPLE}}}
}
UNCHANGED: dict[int | str, dict[str, Any]] = {304: {"description": "What the client holds is still right"}}


@router.get("/v1/forecasts", response_model=ForecastPage, responses={**CSV, **UNCHANGED, **READ_NAMED})
def get_forecasts(
    request: Request,
    response: Response,
    session: Db,
    now: Now,
    config: Config,
    query: Annotated[ForecastQuery, Query()],
) -> ForecastPage | Response:
    """The forecast per queue and bucket: mean, quantiles, handling time, workload, and whether social counts.

    `Accept: text/csv` or `layout=tidy` gives the same rows as CSV: whole, or with `limit` a page whose `Link` header
    leads on. Closed buckets are zero. `layout=genesys` and `layout=connect` give the file that suite imports.
    """
    if query.layout in exports.SUITES:
        return exports.of_forecast(request, session, config, now, query)
    ask = forecast_rows.understand(session, query, now, config.company.timezone)
    as_csv = query.layout == "tidy" or (
        query.layout is None and "text/csv" in request.headers.get("accept", "")
    )
    etag = f'{ask.etag[:-1]}{"-csv" if as_csv else ""}"'
    headers = {"ETag": etag, "Cache-Control": FRESH, "Vary": "Accept, Authorization"}
    if matches(request.headers.get("if-none-match"), etag):
        return Response(status_code=304, headers=headers)
    page = forecast_rows.page(session, ask, query.cursor, query.limit or paging.LIMIT)
    if as_csv:
        return _csv(request, ask, page, headers)
    response.headers.update(headers)
    return page


def _csv(request: Request, ask: Ask, first: ForecastPage, headers: dict[str, str]) -> Response:
    name = f"forecall-{ask.query.granularity}.csv"
    headers["Content-Disposition"] = f'attachment; filename="{name}"'
    pages: Iterator[list[ForecastRow]] = iter([first.rows])
    if ask.query.limit is None:
        pages = _all(request.app.state.sessions, ask, first)
    elif first.next_cursor is not None:
        headers["Link"] = f'<{request.url.include_query_params(cursor=first.next_cursor)}>; rel="next"'
    return StreamingResponse(
        forecast_csv(pages, ask.names, ask.work_names), media_type="text/csv", headers=headers
    )


def _all(sessions: sessionmaker[Session], ask: Ask, page: ForecastPage) -> Iterator[list[ForecastRow]]:
    """Every page; the request's own session ends before the first byte leaves, so each has its own."""
    yield page.rows
    while page.next_cursor is not None:
        with sessions() as session:
            page = forecast_rows.page(session, ask, page.next_cursor, paging.MOST)
        yield page.rows


@router.get("/v1/forecasts/versions", responses=READ)
def list_forecast_versions(session: Db, query: Annotated[VersionQuery, Query()]) -> Page[ListedVersion]:
    """The versions, the latest first: made here, made elsewhere, or frozen by a lock; draft, published or locked."""
    place = paging.read(query, query.cursor, (int,))
    rows = page_versions(
        session,
        kinds=query.kind or KINDS,
        states=query.state or STATES,
        before=None if place is None else min(int(place.after[0]), 2**53),
        limit=query.limit + 1,
    )
    page, more = paging.take(rows, query.limit)
    current = newest_version(session)
    return Page(
        rows=[_listed(one, current) for one in page],
        next_cursor=paging.write(query, paging.Place((page[-1].id,))) if more else None,
    )


@router.get("/v1/forecasts/versions/compare", responses=READ_NAMED)
def compare_forecast_versions(
    session: Db, now: Now, query: Annotated[VersionsQuery, Query()]
) -> VersionsCompared:
    """Two versions of one queue side by side: per bucket, per day, what moved most and which part of it moved. A plan is compared as `lock:ID`."""
    tz = load_queue(session, query.queue).tz
    start, end = moments.optional(query.start, tz, "start"), moments.optional(query.end, tz, "end")
    if start is not None and end is not None and end <= start:
        raise InputError("The end lies before the start.", remedy="Give an end after it.", field="end")
    found = compare_versions(
        session,
        a=query.a,
        b=query.b,
        queue=query.queue,
        granularity=query.granularity,
        start=start,
        end=end,
        now=now,
    )
    return compared(found)


@router.post("/v1/forecasts/versions/{id}/publish", responses={**READ_NAMED, **responses(409)})
def publish_forecast_version(
    session: Db, now: Now, who: Who, id: Annotated[int, Path(ge=1, lt=2**53)]
) -> VersionOut:
    """Publish a draft; or an older version again, which is then shown wherever it has a bucket. What was shown before stays told by `as_of`. Publishing what was published last changes nothing; a plan cannot be published."""
    held = load_version(session, id)
    if being_written(session, held):
        raise HTTPException(409, f"The version {id} is still being written: wait until its run has ended.")
    return forecast_rows.version_out(publish(session, id, who=who, now=now))


def _listed(one: ForecastVersion, current: ForecastVersion | None) -> ListedVersion:
    shown = current is not None and one.id == current.id
    return ListedVersion(**vars(one), current=shown)
