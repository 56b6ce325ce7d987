"""What a source of contacts is: pages of what is new, each with the mark to go on from.

    cursor ─► source.read(cursor) ─► Page, Page, ... ─► each stored in one transaction with its own cursor

There are two kinds of pages. *Counted rows* (a view, a JSON address) are volumes as somebody else counted them: they are
read again for an overlap, so that late corrections come in. *Single contacts* (a mailbox, a log) are kept one by one under
their ids, and intervals are counted anew from what is kept: reading twice, or from the beginning, changes nothing.
A source holds no state of its own; what it must remember stands in the cursor, which only the source itself can read.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import pandas as pd

from forecast.buckets import Interval


@dataclass(frozen=True, slots=True)
class Contact:
    """One contact as its system tells it; `id` and `customer` are plain here and hashed before they are stored.

    at: when it came, aware UTC. outcome: open | handled | abandoned | overflowed | transferred | callback; `open` and None
    say nothing about a contact that is known already, so that later news of it may leave out what was told.
    """

    id: str
    at: dt.datetime
    queue: str
    channel: str = "phone"
    topic: str = "all"
    outcome: str = "open"
    customer: str | None = None
    waited_seconds: float | None = None
    handled_seconds: float | None = None
    answered_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """What one reading step gave.

    cursor:   where to go on once this page is stored
    contacts: single contacts, new or with news
    answers:  id of a contact -> when it was answered
    volumes:  counted rows (`frames.VOLUMES`) of intervals that are over, `interval` long
    since, until: the page vouches that every contact between them is told, by this page or those before; None: it says nothing of it
    left_out: why -> how many, for what is no contact
    problems: sentences on what could not be read
    """

    cursor: str
    contacts: tuple[Contact, ...] = ()
    answers: Mapping[str, dt.datetime] = field(default_factory=dict)
    volumes: pd.DataFrame | None = None
    interval: Interval | None = None
    since: dt.datetime | None = None
    until: dt.datetime | None = None
    left_out: Mapping[str, int] = field(default_factory=dict)
    problems: tuple[str, ...] = ()


class Source(Protocol):
    """A system to read contacts from. `name` is the `source` of its contacts and names its cursor."""

    @property
    def name(self) -> str: ...

    def read(self, cursor: str | None, *, now: dt.datetime) -> Iterator[Page]:
        """Pages of what came after `cursor` (None: the first time) until `now`, then it ends; never without an end.

        SourceError where the system refuses or cannot be reached; pages given before that stay valid.
        """
        ...


def state_of(cursor: str | None, version: int, name: str) -> tuple[dict[str, object], tuple[str, ...]]:
    """(facts of the cursor, problems): no facts at the first time, and where the mark is rubbish, which is said."""
    from forecast.social.sources.mark import read_mark

    if cursor is None:
        return {}, ()
    try:
        return read_mark(cursor, version), ()
    except ValueError:
        return {}, (
            f"{name}: its mark cannot be read; reading begins anew, which changes nothing that is held.",
        )
