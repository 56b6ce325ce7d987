"""Asking a supplier's web address: with patience where it is busy, and with a sentence where it refuses.

The client is handed in, so that tests speak to a server on loopback and nothing here knows of proxies or certificates.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import Any, TypeAlias

import httpx2
import tenacity

from forecast.errors import SourceError

Clock: TypeAlias = Callable[[], float]
TRIES = 5
PATIENCE = (
    120.0  # seconds waited for one answer, all tries together; a job that sleeps longer blocks the others
)
LARGEST = 50_000_000  # bytes of one answer; more is no page of posts
_BUSY = frozenset({429, 500, 502, 503, 504, 520, 522, 524, 529})


class _Busy(Exception):
    """The supplier wants us to come back; `wait` in seconds, where it says."""

    def __init__(self, said: str, wait: float | None = None) -> None:
        super().__init__(said)
        self.wait = wait


class Web:
    """GET and POST with back-off. `name` is the source's, for messages; `sleep` is handed in by tests."""

    def __init__(
        self,
        client: httpx2.Client,
        name: str,
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Clock = time.time,
        tries: int = TRIES,
        patience: float = PATIENCE,
    ) -> None:
        self._client, self._name = client, name
        self._sleep, self._clock = sleep, clock
        self._tries, self._patience = tries, patience

    def get(
        self, url: str, *, params: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None
    ) -> httpx2.Response:
        """The answer, 2xx or 304. SourceError for every other, with what to do."""
        return self._ask("GET", url, params=params, headers=headers)

    def post(
        self,
        url: str,
        *,
        data: Mapping[str, Any] | None = None,
        json: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
    ) -> httpx2.Response:
        """The answer to a form (`data`) or to JSON, 2xx. SourceError for every other."""
        return self._ask("POST", url, data=data, json=json, headers=headers, auth=auth)

    def json(
        self, url: str, *, params: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None
    ) -> Any:
        """The answer read as JSON; SourceError where it is none."""
        answer = self.get(url, params=params, headers=headers)
        try:
            return answer.json()
        except (ValueError, RecursionError):
            raise SourceError(
                f"{self._name}: the answer of {_place(url)} is no JSON.", remedy="Check the address."
            ) from None

    def _ask(self, method: str, url: str, **how: Any) -> httpx2.Response:
        waited = 0.0

        def wait(state: tenacity.RetryCallState) -> float:
            failed = state.outcome.exception() if state.outcome else None
            asked = failed.wait if isinstance(failed, _Busy) else None
            return asked if asked is not None else min(2.0 ** (state.attempt_number - 1), 30.0)

        def stop(state: tenacity.RetryCallState) -> bool:
            nonlocal waited
            waited += state.upcoming_sleep
            return state.attempt_number >= self._tries or waited > self._patience

        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(_Busy),
            wait=wait,
            stop=stop,
            sleep=self._sleep,
            reraise=True,
        )
        try:
            return retrying(self._once, method, url, how)
        except _Busy as error:
            raise SourceError(
                f"{self._name}: {_place(url)} {error}.",
                remedy="It is tried again at the next run.",
                field="url",
            ) from None

    def _once(self, method: str, url: str, how: Mapping[str, Any]) -> httpx2.Response:
        given = {key: value for key, value in how.items() if value is not None}
        try:
            with self._client.stream(method, url, **given) as answer:
                size = 0
                parts = []
                for part in answer.iter_bytes():
                    size += len(part)
                    if size > LARGEST:
                        raise SourceError(
                            f"{self._name}: the answer of {_place(url)} is larger than {LARGEST // 1_000_000} MB.",
                            remedy="Ask for smaller pages.",
                        )
                    parts.append(part)
                whole = httpx2.Response(
                    answer.status_code,
                    headers=[(k, v) for k, v in answer.headers.multi_items()
                             if k.lower() not in ("content-encoding", "content-length", "transfer-encoding")],
                    content=b"".join(parts),
                    request=answer.request,
                )  # fmt: skip
        except (httpx2.InvalidURL, httpx2.UnsupportedProtocol):
            raise SourceError(
                f"{self._name}: {url[:80]!r} is no web address.",
                remedy="Begin it with https://.",
                field="url",
            ) from None
        except httpx2.HTTPError as error:
            raise _Busy(f"cannot be reached ({type(error).__name__})") from None
        return self._judge(whole, url)

    def _judge(self, answer: httpx2.Response, url: str) -> httpx2.Response:
        status = answer.status_code
        if status < 300 or status == 304:
            return answer
        if status in _BUSY:
            raise _Busy(f"answers {status}", self._named_wait(answer))
        remedy = {
            401: "Check its key.",
            402: "The account there has no credit.",
            403: "Its key may not read this.",
            404: "Check the address.",
            410: "What was asked for is gone there: check the address.",
        }.get(status, "See what the supplier says.")
        said = " ".join(answer.text.split())[:160]
        raise SourceError(
            f"{self._name}: {_place(url)} answers {status}{f' ({said})' if said else ''}.",
            remedy=remedy,
            field="url",
            status=status,
        )

    def _named_wait(self, answer: httpx2.Response) -> float | None:
        """Seconds the supplier asks us to wait: `Retry-After` (RFC 9110, 10.2.3), or the moment its limit ends."""
        named = answer.headers.get("retry-after", "").strip()
        if named.isdecimal():
            return float(named)
        try:
            if named:
                return max(0.0, parsedate_to_datetime(named).timestamp() - self._clock())
        except ValueError:
            pass
        for header in ("x-rate-limit-reset", "x-ratelimit-reset", "ratelimit-reset"):
            found = self._until(answer.headers.get(header, "").strip())
            if found is not None:
                return found
        return None

    def _until(self, reset: str) -> float | None:
        """A reset given as epoch seconds, seconds from now, or ISO 8601 -> seconds from now."""
        try:
            value = float(reset)
        except ValueError:
            try:
                value = dt.datetime.fromisoformat(reset).timestamp()
            except ValueError:
                return None
        return max(0.0, value - self._clock()) if value > 1e9 else max(0.0, value)


def _place(url: str) -> str:
    """The address without its query, which may hold a key."""
    return url.split("?", 1)[0].split("#", 1)[0]
