"""Batches in: each row is looked at by itself; the good ones become a frame, the others errors with their number.

What comes here was known at receipt: `known_at` is now, and not assumed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from fastapi import Response
from pydantic import ValidationError

from api.errors import refused
from api.moments import parse
from api.queries import SignalIn, VolumeIn
from api.schemas import BatchResult, RowError
from forecast.buckets import Interval, floor, index, to_ns
from forecast.errors import ForecallError, InputError, NotFound

T = TypeVar("T")
SOON = dt.timedelta(hours=1)  # clocks differ


def sift(rows: Sequence[Any], read: Callable[[Any], T]) -> tuple[list[T], list[RowError]]:
    """Rows [n] -> what could be read, and why the others could not."""
    good, bad = [], []
    for number, row in enumerate(rows, start=1):
        try:
            good.append(read(row))
        except ValidationError as error:
            bad.append(RowError(row=number, **refused(_first(error))))
        except ForecallError as error:
            bad.append(RowError(row=number, field=error.field, detail=error.message, remedy=error.remedy))
    return good, bad


def _first(error: ValidationError) -> Mapping[str, Any]:
    first: dict[str, Any] = dict(error.errors(include_url=False, include_input=False)[0])
    return {**first, "loc": ("row", *first["loc"])}


def answer(response: Response, *, received: int, stored: int, errors: list[RowError]) -> BatchResult:
    """The result of a batch; its status tells whether every row was taken."""
    response.status_code = 207 if errors else 200
    return BatchResult(received=received, accepted=received - len(errors), stored=stored, errors=errors)


def bucket(text: str, interval: Interval, tz: str, now: dt.datetime) -> int:
    """The start of a bucket that has begun, in ns; InputError where it is none, or lies ahead."""
    moment = parse(text, tz, "start")
    ns = to_ns(moment)
    if int(floor(np.array([ns], dtype=np.int64), interval, tz)[0]) != ns:
        raise InputError(
            f"{text!r} is not the start of a bucket of {interval}.",
            remedy=f"Round it down to {interval}, in the zone {tz}.",
            field="start",
        )
    if moment > now:
        raise InputError(
            f"{text!r} lies ahead.", remedy="Send what was counted, not what is planned.", field="start"
        )
    return ns


def read_volume(row: Any, queues: Mapping[str, tuple[Interval, str]], now: dt.datetime) -> dict[str, Any]:
    """A row of POST /v1/volumes -> a row of `frames.VOLUMES`, `ds` in ns. queues: name -> (interval, zone)."""
    given = VolumeIn.model_validate(row)
    if given.queue not in queues:
        raise NotFound(
            f"There is no queue {given.queue!r}.", remedy="GET /v1/queues has the names.", field="queue"
        )
    interval, tz = queues[given.queue]
    return {**given.model_dump(exclude={"start"}), "ds": bucket(given.start, interval, tz, now)}


def read_signal(row: Any, interval: Interval, tz: str, now: dt.datetime) -> dict[str, Any]:
    """A row of POST /v1/signals -> a row of `frames.SIGNALS`, `ds` in ns."""
    given = SignalIn.model_validate(row)
    return {**given.model_dump(exclude={"start"}), "ds": bucket(given.start, interval, tz, now)}


def frame(rows: Sequence[Mapping[str, Any]], numbers: Sequence[str], now: dt.datetime) -> pd.DataFrame:
    """Rows read [n] -> frame[..., ds, known_at, assumed]; None in a column of numbers is unknown."""
    made = pd.DataFrame(list(rows))
    for name in numbers:
        made[name] = made[name].astype("float64")
    known = index(np.full(len(made), to_ns(now), dtype=np.int64))
    ds = index(made["ds"].to_numpy(dtype=np.int64))
    return made.assign(ds=ds, known_at=known, assumed=False)
