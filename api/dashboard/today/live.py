"""`/_dash-live`: server-sent events that tell an open start page that something in the database has changed.

One look a second for all streams of this process, whoever listens. What changed is not told: the page asks anew, and
what it may see is settled then. A stream ends after `push.stream_minutes`, and the browser opens it anew.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import anyio
import structlog
from fastapi import FastAPI, HTTPException, Request, Response
from sqlalchemy.orm import Session, sessionmaker
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.concurrency import run_in_threadpool

from forecast.errors import StoreError
from store.changes import Changes
from store.events import newest_event
from store.settings import Settings

PATH = "/_dash-live"
STEP = 1.0  # seconds from one look to the next
HEARTBEAT = 15  # seconds; proxies cut a connection that is silent for a minute
AGAIN = 5_000  # milliseconds after which a browser whose stream ended opens it anew
GRACE = 2.0  # seconds in which a stream ends by itself when the server stops
MOST = 200  # streams of one process
OWN = ("same-origin", "none")
log = structlog.get_logger("forecall.dashboard")


class Live:
    """The streams of this process. open: how many there are."""

    def __init__(self, sessions: sessionmaker[Session]) -> None:
        self.open = 0
        self._sessions, self._changes = sessions, Changes(sessions.kw["bind"])
        self._held, self._looked = "", float("-inf")
        self._one = anyio.Lock()

    async def mark(self) -> str:
        """The database's mark, no older than a second."""
        async with self._one:
            if time.monotonic() - self._looked >= STEP:
                self._held = await run_in_threadpool(self._look)
                self._looked = time.monotonic()
            return self._held

    def _look(self) -> str:
        """Where the database has no mark of its own, the newest event is one."""
        mark = self._changes.mark()
        if mark is not None:
            return mark
        with self._sessions() as session:
            return f"event {newest_event(session)}"

    async def follow(self, seconds: float, stopping: anyio.Event) -> AsyncIterator[ServerSentEvent]:
        """`mark` once, then `changed` with each new mark, for so many seconds or until `stopping`."""
        self.open += 1
        ends = time.monotonic() + seconds
        try:
            told = await self.mark()
            yield ServerSentEvent(told, event="mark", retry=AGAIN, sep="\n")
            while True:
                left = ends - time.monotonic()
                if left <= 0 or stopping.is_set():
                    return
                with anyio.move_on_after(min(STEP, left)):
                    await stopping.wait()
                mark = await self.mark()
                if mark != told:
                    told = mark
                    yield ServerSentEvent(told, event="changed", sep="\n")
        except StoreError as error:  # the browser comes again, and is told then if it is still so
            log.error("a stream of the start page ended: the database cannot be used", error=str(error))
        finally:
            self.open -= 1


def serve_live(app: FastAPI, sessions: sessionmaker[Session], settings: Settings) -> None:
    """Add the stream; the guard before the pages says who may listen."""
    live = Live(sessions)
    app.state.live = live

    async def listen(request: Request) -> Response:
        if not _own(request):
            raise HTTPException(403, "Only our own pages may listen here.")
        if live.open >= MOST:
            raise HTTPException(503, f"{MOST} pages listen already.", headers={"Retry-After": "30"})
        stopping = anyio.Event()  # set when the server stops
        events = live.follow(settings.push.stream_minutes * 60, stopping)
        return EventSourceResponse(
            events, ping=HEARTBEAT, sep="\n", shutdown_event=stopping, shutdown_grace_period=GRACE
        )

    app.add_api_route(PATH, listen, methods=["GET"], include_in_schema=False, response_model=None)


def _own(request: Request) -> bool:
    """Does a browser say that another site asks? One that says nothing (plain http) is let through: it cannot read the answer."""
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site is not None and site not in OWN:
        return False
    try:
        return origin is None or urlsplit(origin).netloc == request.headers.get("host")
    except ValueError:
        return False
