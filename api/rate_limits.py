"""How often: requests of a caller (the `limits` library, in memory), and attempts to sign in that fail.

What is counted is counted in this process: two servers before one database let twice as much through.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import math
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Literal

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter
from starlette.responses import Response
from starlette.types import Scope

from api.errors import problem
from store.access_settings import RateLimits

Kind = Literal["reads", "writes", "strangers", "sign_ins"]
SAID = {
    "reads": "reading requests of this caller",
    "writes": "writing requests of this caller",
    "strangers": "requests without a valid key from this address",
    "sign_ins": "attempts to sign in from this address",
}
LATER = "Wait as many seconds as Retry-After says, then go on; ask less often, or for more at once."
FORGET = dt.timedelta(hours=1)  # without a failure
HELD = 10_000  # names and addresses remembered at most; the longest untouched is forgotten first


class Gate:
    """Counts requests, and says how long to wait."""

    def __init__(self, settings: RateLimits) -> None:
        self._on = settings.enabled
        self._most = {kind: RateLimitItemPerMinute(getattr(settings, kind)) for kind in SAID}
        self._counted = FixedWindowRateLimiter(MemoryStorage())

    def ask(self, kind: Kind, who: str) -> int | None:
        """Count one request of `who`; None where it may go on, else whole seconds to wait."""
        if not self._on or self._counted.hit(self._most[kind], kind, who):
            return None
        ends = self._counted.get_window_stats(self._most[kind], kind, who).reset_time
        return max(1, math.ceil(ends - time.time()))

    def refusal(self, kind: Kind, who: str) -> Response | None:
        """The same as an answer."""
        wait = self.ask(kind, who)
        if wait is None:
            return None
        most = self._most[kind].amount
        said = f"There were more than {most:,} {SAID[kind]} within a minute."
        return problem(429, said, remedy=LATER, headers={"Retry-After": str(wait)})


@dataclass(frozen=True)
class Patience:
    """So many attempts fail freely; after that each doubles the wait, up to `longest` seconds."""

    free: int
    longest: int


# The pair is slowed soonest. A name alone is slowed little, or anybody could lock out its owner.
PAIR, ADDRESS, NAME = Patience(5, 900), Patience(20, 900), Patience(50, 60)


@dataclass
class _Tries:
    failed: int
    last: dt.datetime


class Attempts:
    """Attempts to sign in that failed, by name and address, by address, and by name."""

    def __init__(self) -> None:
        self._tries: OrderedDict[tuple[str, str], _Tries] = OrderedDict()
        self._lock = threading.Lock()

    def begin(self, name: str, address: str, now: dt.datetime) -> int:
        """Count an attempt as failed until it succeeds: 0, or seconds to wait first, and then it is not counted.

        Counted at its beginning, so that many at once are not all free.
        """
        with self._lock:
            wait = max(self._wait(key, patience, now) for key, patience in _keys(name, address))
            if wait > 0:
                return math.ceil(wait)
            for key, _ in _keys(name, address):
                held = self._tries.setdefault(key, _Tries(0, now))
                held.failed, held.last = held.failed + 1, now
                self._tries.move_to_end(key)
            while len(self._tries) > HELD:
                self._tries.popitem(last=False)
        return 0

    def succeed(self, name: str, address: str) -> None:
        """The attempt was right: the name is free again; the address loses this one alone, not its other failures."""
        with self._lock:
            (pair, _), *others = _keys(name, address)
            self._tries.pop(pair, None)
            for key, _ in others:
                held = self._tries.get(key)
                if held is not None:
                    held.failed = max(held.failed - 1, 0)

    def _wait(self, key: tuple[str, str], patience: Patience, now: dt.datetime) -> float:
        held = self._tries.get(key)
        if held is None or now - held.last > FORGET:
            self._tries.pop(key, None)
            return 0.0
        if held.failed < patience.free:
            return 0.0
        pause = min(2.0 ** min(held.failed - patience.free, 20), patience.longest)
        return pause - (now - held.last).total_seconds()


def _keys(name: str, address: str) -> list[tuple[tuple[str, str], Patience]]:
    return (
        [((name, address), PAIR), (("", address), ADDRESS), ((name, ""), NAME)]
        if name
        else [(("", address), ADDRESS)]
    )


def address_of(scope: Scope) -> str:
    """Where a request comes from; of IPv6 the /64, which is one subscriber."""
    client = scope.get("client")
    host = str(client[0]) if client else ""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    mapped = address.ipv4_mapped
    return str(mapped) if mapped is not None else str(ipaddress.ip_network((int(address), 64), strict=False))
