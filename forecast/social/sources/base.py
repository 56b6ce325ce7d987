"""What a source of mentions is: pages of what is new, each with the mark to go on from.

    cursor ─► source.read(cursor) ─► Page, Page, ... ─► each stored in one transaction with its own cursor

A source is read from the mark it gave last, oldest first, so a process that dies between two pages goes on where it
was: nothing is lost, and what comes twice is recognised by its natural key `(source, id)`. A source holds no state of
its own; what it must remember stands in the cursor, which only the source itself can read.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from forecast.social.mention import Mention


@dataclass(frozen=True, slots=True)
class Deletion:
    """A post its author took back: its text must go. `id` as the mention had it; `at` is when we learnt of it."""

    id: str
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class Count:
    """How many posts a bucket had, from a source that gives numbers only: start <= moment < end, aware UTC."""

    start: dt.datetime
    end: dt.datetime
    value: float


@dataclass(frozen=True, slots=True)
class Page:
    """What one reading step gave.

    cursor: where to go on once this page is stored. mentions: new or changed posts, oldest first where the supplier
    allows; their `known_at` is left to the reader. spent: how many posts of this page are paid for. problems: sentences
    on what was left out, such as a post that could not be read or a gap that cannot be filled any more.
    """

    cursor: str
    mentions: tuple[Mention, ...] = ()
    deletions: tuple[Deletion, ...] = ()
    counts: tuple[Count, ...] = ()
    spent: int = 0
    problems: tuple[str, ...] = ()


class Source(Protocol):
    """A place to read posts from. `name` is the `source` of its mentions and names its cursor."""

    @property
    def name(self) -> str: ...

    def read(self, cursor: str | None, *, now: dt.datetime, afford: int | None = None) -> Iterator[Page]:
        """Pages of what came after `cursor` (None: the first time) until `now`, then it ends; never without an end.

        afford: how many posts may still be paid for; the source stops before it would read more. SourceError where
        the supplier refuses or cannot be reached; pages given before that stay valid.
        """
        ...
