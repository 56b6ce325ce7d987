"""Scenarios are worked out here, one at a time for the whole server: the others wait for their turn, in order.

    ask ─► waiting ─► running (so many of so many queues) ─► done, failed or stopped

A page looks every second. Who has not looked for a while has left: what was asked is stopped before the next queue.
Finished ones are kept by what was asked, so that the same question is answered at once; a failed one is tried again, where
wished only after a while.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

from forecast.errors import ForecallError, NotFound

LOG = logging.getLogger("forecall.dashboard")
State: TypeAlias = Literal["waiting", "running", "done", "failed", "stopped"]
Tell: TypeAlias = Callable[[int, int, str], None]  # queues learnt, of how many, and which one is being learnt
MOST = 24  # answers kept
PATIENCE = 20.0  # seconds without a look, after which nobody waits any more
OVER = ("done", "failed", "stopped")


class Stopped(ForecallError):
    """Nobody wants the answer any more."""


@dataclass(frozen=True)
class Seen:
    """How one question stands. ahead: how many come before it; done, total: queues; result: as the work gave it."""

    number: int
    state: State
    done: int = 0
    total: int = 0
    what: str = ""
    ahead: int = 0
    result: Any = None
    error: Exception | None = None


@dataclass
class _Ticket:
    key: str
    work: Callable[[Tell], Any]
    seen: Seen
    looked: float
    stop: bool = False
    ended: float = 0.0


class Bench:
    """The queue, its one thread and what it has made. Safe for threads.

    patience: seconds; rest: seconds for which a failed one answers for its question; clock: seconds that only grow
    """

    def __init__(
        self, *, patience: float = PATIENCE, rest: float = 0.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._patience, self._rest, self._clock, self._one = patience, rest, clock, threading.RLock()
        self._tickets: OrderedDict[int, _Ticket] = OrderedDict()
        self._thread: threading.Thread | None = None
        self._last = 0

    def ask(self, key: str, work: Callable[[Tell], Any]) -> Seen:
        """Put work into the queue; what was asked by the same key answers for it, unless it was stopped or failed."""
        with self._one:
            for held in self._tickets.values():
                if held.key == key and self._answers(held):
                    held.looked = self._clock()
                    return held.seen
            self._last += 1
            seen = Seen(self._last, "waiting")
            self._tickets[self._last] = _Ticket(key, work, seen, self._clock())
            self._forget()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="scenarios", daemon=True)
                self._thread.start()
            return self.look(seen.number)

    def look(self, number: int) -> Seen:
        """How it stands; NotFound for what was forgotten meanwhile."""
        with self._one:
            held = self._tickets.get(number)
            if held is None:
                raise NotFound(
                    "This calculation is no longer kept.", remedy="Start it again.", field="number"
                )
            held.looked = self._clock()
            before = [
                one for one in self._tickets.values()
                if one.seen.number < number and one.seen.state not in OVER
            ]  # fmt: skip
            return replace(held.seen, ahead=len(before) if held.seen.state == "waiting" else 0)

    def stop(self, number: int) -> None:
        """End it, before the next queue where it runs."""
        with self._one:
            held = self._tickets.get(number)
            if held is not None:
                held.stop = True
                if held.seen.state == "waiting":
                    held.seen = replace(held.seen, state="stopped")

    def _answers(self, held: _Ticket) -> bool:
        if held.seen.state == "failed":
            return self._clock() - held.ended < self._rest
        return held.seen.state != "stopped" and not held.stop

    def _forget(self) -> None:
        over = [number for number, one in self._tickets.items() if one.seen.state in OVER]
        for number in over[: max(len(self._tickets) - MOST, 0)]:
            del self._tickets[number]

    def _next(self) -> _Ticket | None:
        """The one to be done now; without any, the thread is gone."""
        with self._one:
            for held in self._tickets.values():
                if held.seen.state == "waiting":
                    held.seen = replace(held.seen, state="running")
                    return held
            self._thread = None
            return None

    def _run(self) -> None:
        while (held := self._next()) is not None:

            def tell(done: int, total: int, what: str, mine: _Ticket = held) -> None:
                with self._one:
                    mine.seen = replace(mine.seen, done=done, total=total, what=what)
                    if mine.stop or self._clock() - mine.looked > self._patience:
                        raise Stopped("It was stopped.", remedy="Start it again.")

            try:
                tell(0, 0, "")
                made = replace(held.seen, result=held.work(tell), state="done")
            except Stopped:
                made = replace(held.seen, state="stopped")
            except Exception as error:  # told on the page that asked; the thread goes on with the next
                if not isinstance(error, ForecallError):
                    LOG.exception("the calculation %d failed", held.seen.number)
                made = replace(held.seen, state="failed", error=error)
            with self._one:
                held.ended = self._clock()
                held.seen = replace(held.seen, state=made.state, result=made.result, error=made.error)
