"""The server of `forecall serve` and `forecall demo`, and what it makes once it answers, so that no visitor waits for it."""

from __future__ import annotations

import datetime as dt
import logging
import socket
import threading
from collections.abc import Callable

import uvicorn

from forecast.days import Calendar
from store.facts import where
from store.settings import Settings

LOG = logging.getLogger("forecall.server")
NOT_STARTED = 3  # the code uvicorn ends with then
LONGEST = 10.0  # seconds that an end waits for what was begun beside the server


class Server(uvicorn.Server):
    """A server that does one thing more once it answers, in a thread of its own."""

    def __init__(self, config: uvicorn.Config, then: Callable[[], None]) -> None:
        super().__init__(config)
        self.beside = threading.Thread(target=then, name="after the start", daemon=True)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn does it; then the thread is started."""
        await super().startup(sockets=sockets)
        if self.started:
            self.beside.start()

    def run(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve until SIGTERM or Ctrl-C. SystemExit where it could not start."""
        try:
            super().run(sockets=sockets)
        except KeyboardInterrupt:
            pass
        finally:
            if self.beside.is_alive():
                self.beside.join(LONGEST)
        if not self.started:
            raise SystemExit(NOT_STARTED)


def ready_calendar(settings: Settings, now: dt.datetime) -> None:
    """Make the company's public holidays of this year once: reading those of all countries takes a second.

    It fails nothing: what cannot be made is told by the page that needs it.
    """
    try:
        held = where(settings)
        today = (now.date() - dt.date(1970, 1, 1)).days
        Calendar.of(country=held["country"], region=held["region"]).names([today])
    except Exception as error:
        LOG.warning("the calendar could not be made ready: %s", error)
