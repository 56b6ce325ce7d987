"""The websocket to Jetstream: its events one after the other, over as many connections as it takes.

The parameters and the advice on going back some seconds are cited in `jetstream.py`. Where a connection breaks, the next
one begins at the last event seen; what is sent twice is told apart by its id.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager
from typing import Any, TypeAlias
from urllib.parse import urlencode

from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, WebSocketException

from forecast.errors import SourceError

Connect: TypeAlias = Callable[
    ..., AbstractContextManager[Any]
]  # websockets.sync.client.connect, or one like it
POSTS = "app.bsky.feed.post"
TRIES = 5  # connections in a row that bring nothing new
PATIENCE = 120.0  # seconds slept in one read, all tries together
LARGEST = 1_000_000  # bytes of one event; a post is a few kB
# Leaving in the middle of a replay, the good-bye waits behind unread events: half a second for it, then the line is cut.
SOCKET = {"open_timeout": 20, "close_timeout": 0.5, "max_size": 4 * LARGEST}
_BUSY = frozenset({429, 500, 502, 503, 504, 520, 522, 524, 529})


class JetstreamLink:
    """Opens and re-opens the stream. rewind: seconds gone back each time. quiet: seconds of silence that end it.

    seconds, most: how long, and for how many events, it is listened to.
    """

    def __init__(
        self,
        *,
        name: str,
        connect: Connect,
        url: str,
        rewind: float,
        quiet: float,
        seconds: float,
        most: int,
        sleep: Callable[[float], None],
        clock: Callable[[], float],
    ) -> None:
        self._name, self._connect, self._url = name, connect, url
        self._rewind, self._quiet, self._seconds, self._most = rewind, quiet, seconds, most
        self._sleep, self._clock = sleep, clock

    def events(self, at: int) -> Generator[dict[str, Any] | None, None, None]:
        """Events from `at` (microseconds) on; None stands for a broken one. SourceError where there is no connection."""
        tries, waited, left, deadline = 0, 0.0, self._most, self._clock() + self._seconds
        while True:
            before = at
            try:
                with self._connect(self._address(at), **SOCKET) as link:
                    while left > 0 and self._clock() < deadline:
                        try:
                            text = link.recv(timeout=self._quiet)
                        except TimeoutError:
                            return
                        left -= 1
                        event = _read_event(text)
                        at = max(at, event["time_us"]) if event else at
                        yield event
                    return
            except (ConnectionClosed, InvalidHandshake, OSError) as error:
                wait = self._judge(error)
                tries = 1 if at > before else tries + 1
                wait = min(2.0 ** (tries - 1), 30.0) if wait is None else wait
                waited += wait
                if tries >= TRIES or waited > PATIENCE:
                    raise SourceError(
                        f"{self._name}: {self._url} cannot be kept open ({_said(error)}).",
                        remedy="It is tried again at the next run.",
                        field="url",
                    ) from None
                if self._clock() >= deadline:
                    return
                self._sleep(wait)
            except WebSocketException as error:
                raise SourceError(
                    f"{self._name}: {self._url!r:.80} cannot be opened ({_said(error)}).",
                    remedy="Begin the address with wss:// and end it with /subscribe.",
                    field="url",
                ) from None

    def _address(self, at: int) -> str:
        cursor = at - int(self._rewind * 1e6)
        asked = {"wantedCollections": POSTS, "cursor": cursor, "maxMessageSizeBytes": LARGEST}
        return f"{self._url}?{urlencode(asked)}"

    def _judge(self, error: Exception) -> float | None:
        """Seconds the server asks us to wait, None where it names none. SourceError where it refuses."""
        if not isinstance(error, InvalidStatus):
            return None
        status, headers = error.response.status_code, error.response.headers
        if status in _BUSY:
            named = headers.get("retry-after", "").strip()
            return float(named) if named.isdecimal() else None
        said = " ".join((error.response.body or b"").decode("utf-8", "replace").split())[:160]
        raise SourceError(
            f"{self._name}: {self._url} answers {status} and no websocket{f' ({said})' if said else ''}.",
            remedy="Check its key."
            if status == 401
            else "Check the address, and what stands between us and it.",
            field="url",
        )


def _read_event(text: str | bytes) -> dict[str, Any] | None:
    try:
        event = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if (
        not isinstance(event, dict)
        or type(event.get("time_us")) is not int
        or not 0 < event["time_us"] < 2**52
    ):
        return None
    return event


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:120]}"
