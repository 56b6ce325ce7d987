"""Pages by an opaque cursor. It names the last row given, so that rows added meanwhile neither repeat nor hide others."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

from pydantic import BaseModel

from forecast.errors import InputError

LIMIT, MOST = 2_000, 10_000
T = TypeVar("T")


@dataclass(frozen=True)
class Place:
    """Where the last page ended. after: the key of its last row; pin: what later pages must agree on with the first."""

    after: tuple[Any, ...]
    pin: Any = None


def fingerprint(query: BaseModel) -> str:
    """The question without its paging: a cursor belongs to one question."""
    asked = query.model_dump_json(exclude={"cursor", "limit"})
    return hashlib.sha256(f"{type(query).__name__} {asked}".encode()).hexdigest()[:16]


def write(query: BaseModel, place: Place) -> str:
    """A place -> cursor."""
    packed = json.dumps([fingerprint(query), list(place.after), place.pin], separators=(",", ":"))
    return base64.urlsafe_b64encode(packed.encode()).decode().rstrip("=")


def read(query: BaseModel, cursor: str | None, like: Sequence[type]) -> Place | None:
    """A cursor -> place; `like`: the types of the key. InputError for one we did not give for this question."""
    if cursor is None:
        return None
    try:
        packed = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        question, after, pin = json.loads(packed)
        fits = len(after) == len(like) and all(type(a) is t for a, t in zip(after, like, strict=True))
        if question != fingerprint(query) or not fits:
            raise ValueError
        if pin is not None and not (type(pin) is int and abs(pin) < 2**53):
            raise ValueError
    except (ValueError, TypeError, binascii.Error, RecursionError):
        raise InputError(
            "The cursor does not belong to this question.",
            remedy="Take `next_cursor` as it is and change nothing else in the request, or leave it out to begin anew.",
            field="cursor",
        ) from None
    return Place(tuple(after), pin)


def take(rows: Iterable[T], limit: int) -> tuple[list[T], bool]:
    """The first rows, and whether there are more."""
    page = list(islice(rows, limit + 1))
    return page[:limit], len(page) > limit


def cut(
    query: BaseModel, rows: Sequence[T], key: Callable[[T], tuple[Any, ...]], like: Sequence[type]
) -> tuple[list[T], str | None]:
    """The page of rows [n] that `query.limit` and `query.cursor` ask for, ordered by `key`, and the next cursor."""
    limit: int = query.limit  # type: ignore[attr-defined]
    place = read(query, query.cursor, like)  # type: ignore[attr-defined]
    ordered = sorted(rows, key=key)
    page, more = take((row for row in ordered if place is None or key(row) > place.after), limit)
    return page, write(query, Place(key(page[-1]))) if more else None
