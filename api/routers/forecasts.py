"""GET /v1/forecasts as JSON or CSV, and the versions of the forecast."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path, Query, Request, Response
from fastapi.responses import StreamingResponse
from sqlalchemy.orm import Session, sessionmaker

from api import forecast_rows, paging
from api.deps import Config, Db, Now
from api.etags import FRESH, matches
from api.forecast_rows import Ask
from api.openapi import READ, READ_NAMED, responses
from api.queries import ForecastQuery, Paged
from api.schemas import ForecastPage, ForecastRow, Page, VersionOut
from api.table import forecast_csv
from forecast.errors import NotFound
from store.forecasts import ForecastVersion, list_versions, publish_version
from store.runs import load_run

router = APIRouter(tags=["forecasts"])
EXAMPLE = (
    "queue,channel,topic,start,start_utc,mean,0.5,0.9,"
    "aht_seconds,aht_low,aht_high,workload_hours,workload_0.5,workload_0.9,signal\r\n"
    "Outage,phone,outage,2026-03-02T08:00:00+01:00,2026-03-02T07:00:00Z,18.4,18.0,26.0,"
    "240.0,206.1,276.3,1.2267,1.2,1.75,used\r\n"
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
    leads on. Closed buckets are zero.
    """
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
def list_forecast_versions(session: Db, query: Annotated[Paged, Query()]) -> Page[VersionOut]:
    """The versions, the latest first: draft, published or locked."""
    rows = [forecast_rows.version_out(one) for one in list_versions(session)]
    page, cursor = paging.cut(query, rows, lambda row: (-row.id,), (int,))
    return Page(rows=page, next_cursor=cursor)


@router.post("/v1/forecasts/versions/{id}/publish", responses={**READ_NAMED, **responses(409)})
def publish_forecast_version(session: Db, now: Now, id: Annotated[int, Path(ge=1, lt=2**53)]) -> VersionOut:
    """Publish a draft. Publishing a published version again changes nothing."""
    held = _version(session, id)
    if (
        held.state == "draft"
        and held.run_id is not None
        and load_run(session, held.run_id).state == "running"
    ):
        raise HTTPException(409, f"The version {id} is still being written: wait until its run has ended.")
    publish_version(session, id, now)
    return forecast_rows.version_out(_version(session, id))


def _version(session: Session, id: int) -> ForecastVersion:
    found = next((one for one in list_versions(session) if one.id == id), None)
    if found is None:
        raise NotFound(
            f"There is no forecast version {id}.", remedy="GET /v1/forecasts/versions has them.", field="id"
        )
    return found
