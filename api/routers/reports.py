"""GET /v1/reports/week: what was planned of a week and what came, with the gap taken apart; as JSON, PDF, Excel or HTML."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from api.deps import Config, Db, Now
from api.etags import FRESH, etag_of, matches
from api.openapi import READ_NAMED
from api.report_schemas import WeekReportOut, WeekReportQuery
from forecast.reports.plain import plain
from forecast.reports.registry import LAYOUTS, file_name
from forecast.reports.tongue import Tongue
from store.locks import span_of_week
from store.week_report import load_report

router = APIRouter(tags=["reports"])
BINARY: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
FILES: dict[int | str, dict[str, Any]] = {
    200: {"content": {one.media_type: BINARY for one in LAYOUTS.values()}},
    304: {"description": "What the client holds is still right"},
}


@router.get("/v1/reports/week", responses={**READ_NAMED, **FILES}, response_model=WeekReportOut)
def get_week_report(
    request: Request, session: Db, config: Config, now: Now, query: Annotated[WeekReportQuery, Query()]
) -> Any:
    """The week report: locked plan, what came, last year and budget per queue, and where the gap comes from: known events, unexpected volume, handling time; in contacts, hours, FTE and euros. Of a week that is not over, the days that are."""
    monday = None if query.week is None else span_of_week(query.week)[0]
    report = load_report(session, config, monday=monday, queues=query.queue, now=now)
    tongue, layout = Tongue(query.language), _layout(request, query)
    if layout is None:
        return plain(report, tongue)
    content = LAYOUTS[layout].write(report, tongue)
    headers = {
        "ETag": etag_of(content.hex()),
        "Cache-Control": FRESH,
        "Vary": "Accept, Authorization",
        "Content-Disposition": f'attachment; filename="{file_name(report, LAYOUTS[layout])}"',
    }
    if matches(request.headers.get("if-none-match"), headers["ETag"]):
        return Response(status_code=304, headers={name: headers[name] for name in list(headers)[:3]})
    return Response(content, media_type=LAYOUTS[layout].media_type, headers=headers)


def _layout(request: Request, query: WeekReportQuery) -> str | None:
    """The kind of file asked for; None for JSON."""
    if query.layout is not None:
        return None if query.layout == "json" else query.layout
    accept = request.headers.get("accept", "")
    if "application/json" in accept:
        return None
    return next((name for name, one in LAYOUTS.items() if one.media_type in accept), None)
