"""GET /v1/exports: the forecast as files that staffing suites import."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, BinaryIO, cast

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import StreamingResponse
from sqlalchemy.orm import Session

from api import moments
from api.deps import Config, Db, Now
from api.etags import FRESH, matches
from api.export_schemas import WEEK, ExportQuery, LayoutList, LayoutOut
from api.openapi import READ, READ_NAMED
from api.queries import ForecastQuery
from forecast.buckets import Interval
from forecast.errors import InputError
from forecast.exports.base import About
from forecast.exports.registry import ALL
from store.export_span import zone_of
from store.exporting import Wanted, export, ids_of
from store.queues import load_queues
from store.settings import Settings

router = APIRouter(tags=["exports"])
HELD = 4 * 1024 * 1024  # bytes of a file in memory; the rest is on the disk
PIECE = 64 * 1024
SUITES = ("genesys", "connect")  # that GET /v1/forecasts has as a layout too
MOST_NOTES = 3000  # characters: a header that proxies let through
TYPES = tuple(one.about.media_type for one in ALL)
BINARY: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
FILES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The file. `Forecall-Note` has what to know about it, as a JSON list of sentences.",
        "content": {
            **dict.fromkeys(TYPES, BINARY),
            "text/csv": {
                "schema": {"type": "string"},
                "example": "queue,channel,interval_start,offered,aht_seconds\r\n"
                "Outage,phone,2026-03-02T08:00:00+01:00,18.4,240\r\n",
            },
            "application/json": {"schema": {"type": "object", "additionalProperties": True}},
        },
    },
    304: {"description": "What the client holds is still right"},
}


@router.get("/v1/exports", responses=READ)
def list_export_layouts() -> LayoutList:
    """The layouts, with what each needs and cannot hold. `tried` is false where no file was ever imported by the suite."""
    return LayoutList(rows=[_out(one.about) for one in ALL])


@router.get("/v1/exports/{layout}", response_class=Response, responses={**READ_NAMED, **FILES})
def get_export(
    request: Request,
    session: Db,
    now: Now,
    config: Config,
    layout: Annotated[str, Path(max_length=60, examples=["tidy", "genesys", "connect"])],
    query: Annotated[ExportQuery, Query()],
) -> Response:
    """The forecast as a file of one layout, manual changes included.

    What a layout cannot hold is refused with the remedy where a queue was asked for by name, and else left out and said in
    `Forecall-Note`.
    """
    tz = _zone(session, config, query.queue)
    wanted = Wanted(
        layout,
        queues=tuple(dict.fromkeys(query.queue)),
        start=moments.optional(query.start, tz, "start"),
        end=moments.optional(query.end, tz, "end"),
        interval=None if query.interval is None else Interval(query.interval),
        version=int(query.version) if query.version.isdecimal() else query.version,
        as_of=moments.optional(query.as_of, tz, "as_of"),
        site=query.site,
        group=query.group,
        value=query.quantile,
        overrides=query.overrides,
        ids=ids_of(query.id),
        aht_seconds=query.aht_seconds,
        week_starts=WEEK.index(query.week_starts),
    )
    return answer(request, session, config, now, wanted)


def of_forecast(
    request: Request, session: Session, config: Settings, now: Now, query: ForecastQuery
) -> Response:
    """The answer to GET /v1/forecasts with the layout of a suite; InputError for what such a file has no place for."""
    for field in ("topic", "limit", "cursor"):
        if getattr(query, field) is not None:
            raise InputError(
                f"A file for {query.layout} cannot be asked for by {field}.",
                remedy=f"Leave it out, or see GET /v1/exports/{query.layout}.",
                field=field,
            )
    lengths = {"interval": None, "hour": Interval.HOUR, "day": Interval.DAY}
    if query.granularity not in lengths or len(query.quantiles) > 1:
        raise InputError(
            f"A file for {query.layout} holds one number per interval, hour or day.",
            remedy="Use granularity=interval, and one quantile at most.",
            field="quantiles" if query.granularity in lengths else "granularity",
        )
    tz = _zone(session, config, query.queue)
    wanted = Wanted(
        str(query.layout),
        queues=tuple(dict.fromkeys(query.queue)),
        channel=query.channel,
        start=moments.optional(query.start, tz, "start"),
        end=moments.optional(query.end, tz, "end"),
        interval=lengths[query.granularity],
        version=int(query.version) if query.version.isdecimal() else query.version,
        as_of=moments.optional(query.as_of, tz, "as_of"),
        value=next(iter(query.quantiles), "mean"),
        overrides=query.overrides,
    )
    return answer(request, session, config, now, wanted)


def answer(request: Request, session: Session, config: Settings, now: Now, wanted: Wanted) -> Response:
    """The file, written as a whole before the first byte leaves: what is refused is refused with its own status."""
    file = cast("BinaryIO", tempfile.SpooledTemporaryFile(max_size=HELD))  # noqa: SIM115  # it outlives this call
    try:
        made = export(session, config, wanted, file, now=now)
        size, etag = _measured(file)
    except BaseException:
        file.close()
        raise
    headers = {
        "ETag": etag,
        "Cache-Control": FRESH,
        "Vary": "Accept, Authorization",
        "Content-Length": str(size),
        "Content-Disposition": f'attachment; filename="{made.file}"',
        "Forecall-Note": header(made.notes),
    }
    if matches(request.headers.get("if-none-match"), etag):
        file.close()
        return Response(status_code=304, headers={name: headers[name] for name in list(headers)[:3]})
    return StreamingResponse(_pieces(file), media_type=made.media_type, headers=headers)


def _measured(file: BinaryIO) -> tuple[int, str]:
    """Bytes and strong ETag of a file that was written."""
    digest, size = hashlib.sha256(), 0
    for piece in _read(file):
        digest.update(piece)
        size += len(piece)
    return size, f'"{digest.hexdigest()[:32]}"'


def _read(file: BinaryIO) -> Iterator[bytes]:
    file.seek(0)
    while piece := file.read(PIECE):
        yield piece


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    try:
        yield from _read(file)
    finally:
        file.close()


def header(notes: Sequence[str]) -> str:
    """Sentences as a JSON list in ASCII, of very many the first ones and their number."""
    kept = list(notes)
    while len(json.dumps([*kept, ""])) > MOST_NOTES and kept:
        kept.pop()
    left = len(notes) - len(kept)
    return json.dumps([*kept, f"And {left:,} more."] if left else kept)


def _zone(session: Session, config: Settings, names: Sequence[str]) -> str:
    return zone_of([one for one in load_queues(session) if not names or one.name in names], config)


def _out(about: About) -> LayoutOut:
    return LayoutOut(
        name=about.name,
        suite=about.suite,
        title=about.title,
        content_type=about.media_type,
        extension=about.extension,
        intervals=[one.value for one in about.intervals],
        most_days={one.value: days for one, days in about.most_days.items()},
        channels=None if about.channels is None else sorted(about.channels),
        by="group" if about.by_group else "queue",
        needs=list(about.needs),
        limits=list(about.limits),
        source=about.source or None,
        tried=about.tried,
    )
