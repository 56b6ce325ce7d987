"""GET /v1/events: what happened, as a page; GET /v1/events/stream: the same as it happens (server-sent events)."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Any

import anyio
import structlog
from fastapi import APIRouter, Header, HTTPException, Query, Request, Response
from sqlalchemy.orm import Session, sessionmaker
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.concurrency import run_in_threadpool

from api import moments, paging
from api.deps import Config, Db
from api.event_schemas import EventOut, EventQuery, StreamQuery
from api.openapi import READ
from api.schemas import Page
from forecast.errors import StoreError
from store.events import Event, load_events, newest_event

router = APIRouter(tags=["events"])
STEP = 1.0  # seconds from one look to the next
HEARTBEAT = 15  # seconds; proxies cut a connection that is silent for a minute
AGAIN = 3_000  # milliseconds after which a client whose stream ended opens it anew
GRACE = 2.0  # seconds in which a stream ends by itself when the server stops
MOST_STREAMS = 200  # of one process
BATCH = 500  # events of one look
STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Events as they happen: `id`, `event` (the kind), `data` (JSON, as in GET /v1/events).",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    }
}
log = structlog.get_logger("forecall.api")


@router.get("/v1/events", responses=READ)
def list_events(session: Db, config: Config, query: Annotated[EventQuery, Query()]) -> Page[EventOut]:
    """What happened, the oldest first, as far back as `push.keep_days`. To go on later, send the last id as `after`."""
    place = paging.read(query, query.cursor, (int,))
    after = query.after if place is None else max(query.after, place.after[0])
    since = moments.optional(query.since, config.company.timezone, "since")
    found = load_events(session, after=after, kinds=query.kinds, since=since, limit=query.limit + 1)
    page, more = paging.take(found, query.limit)
    cursor = paging.write(query, paging.Place((page[-1].id,))) if more else None
    return Page(rows=[_out(event) for event in page], next_cursor=cursor)


@router.get("/v1/events/stream", response_class=EventSourceResponse, responses={**STREAM, **READ})
async def stream_events(
    request: Request,
    config: Config,
    query: Annotated[StreamQuery, Query()],
    last_event_id: Annotated[
        str | None, Header(pattern=r"^[0-9]{1,15}$", description="The last event you have.")
    ] = None,
) -> Response:
    """Events as they happen, from `Last-Event-ID` on or else from now. It ends after `push.stream_minutes`: open it anew.

    Every event after the last one you have comes once, in order, as long as it is kept (`push.keep_days`).
    """
    streams: Streams = request.app.state.streams
    if streams.open >= MOST_STREAMS:
        said = f"{MOST_STREAMS} streams are open already."
        raise HTTPException(503, said, headers={"Retry-After": "30"})
    sessions: sessionmaker[Session] = request.app.state.sessions
    known = query.after if last_event_id is None else int(last_event_id)
    newest = await run_in_threadpool(_newest, sessions)
    after = (
        newest if known is None else min(known, newest)
    )  # a restored database may have less than the client
    stopping = anyio.Event()  # set when the server stops
    events = streams.follow(sessions, after, query.kinds, config.push.stream_minutes * 60, stopping)
    return EventSourceResponse(
        events, ping=HEARTBEAT, sep="\n", shutdown_event=stopping, shutdown_grace_period=GRACE
    )


class Streams:
    """The streams of this process. open: how many there are."""

    def __init__(self) -> None:
        self.open = 0

    async def follow(
        self,
        sessions: sessionmaker[Session],
        after: int,
        kinds: Sequence[str],
        seconds: float,
        stopping: anyio.Event,
    ) -> AsyncIterator[ServerSentEvent]:
        """Events with an id above `after`, for so many seconds or until `stopping`. While it waits it holds neither connection nor thread."""
        self.open += 1
        ends = time.monotonic() + seconds
        try:
            # an id without data: a client that is cut off before its first event knows where to go on
            yield ServerSentEvent(id=str(after), retry=AGAIN, sep="\n")
            while True:
                events = await run_in_threadpool(_read, sessions, after, kinds)
                for event in events:
                    after = event.id
                    yield _sent(event)
                left = ends - time.monotonic()
                if left <= 0 or stopping.is_set():
                    return
                if len(events) < BATCH:
                    with anyio.move_on_after(min(STEP, left)):
                        await stopping.wait()
        except StoreError as error:  # the client comes again, and is told then if it is still so
            log.error("a stream of events ended: the database cannot be used", error=str(error))
        finally:
            self.open -= 1


def _newest(sessions: sessionmaker[Session]) -> int:
    with sessions() as session:
        return newest_event(session)


def _read(sessions: sessionmaker[Session], after: int, kinds: Sequence[str]) -> list[Event]:
    with sessions() as session:
        return load_events(session, after=after, kinds=kinds, limit=BATCH)


def _sent(event: Event) -> ServerSentEvent:
    return ServerSentEvent(_out(event).model_dump_json(), id=str(event.id), event=event.kind, sep="\n")


def _out(event: Event) -> EventOut:
    return EventOut(id=event.id, kind=event.kind, at=event.at, body=dict(event.body))
