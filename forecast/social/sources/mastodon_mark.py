"""How far the feeds of a Mastodon server are read, and which posts were given last: the cursor of `mastodon.py`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from forecast.social.sources.mark import read_mark, write_mark

VERSION = 1


@dataclass(frozen=True, slots=True)
class Kept:
    """A post we gave: seconds since 1970 of its making, and its edited_at."""

    id: str
    made: int
    edited: str | None


def keep(status: Mapping[str, Any]) -> Kept | None:
    """What is remembered of a status; None where it has no moment that can be read."""
    try:
        made = dt.datetime.fromisoformat(status["created_at"])
        edited = status.get("edited_at")
        return Kept(str(status["id"]), int(made.timestamp()), None if edited is None else str(edited))
    except (KeyError, TypeError, ValueError, OverflowError):
        return None


@dataclass(frozen=True, slots=True)
class Feed:
    """How far a feed is read (`at`: an id of the server), and its last posts in order."""

    at: str | None = None
    kept: tuple[Kept, ...] = ()

    def grown(self, statuses: Sequence[Mapping[str, Any]], at: str, most: int) -> Feed:
        """The feed with these, old to new, read up to `at`; broken ones are not kept."""
        kept = {one.id: one for one in self.kept}
        kept |= {one.id: one for one in map(keep, statuses) if one is not None}
        return Feed(at, tuple(sorted(kept.values(), key=lambda one: one.made)[-most:]))


def state_text(state: Mapping[str, Feed]) -> str:
    """The feeds by name -> the cursor."""
    feeds = {name: [feed.at, [[k.id, k.made, k.edited] for k in feed.kept]] for name, feed in state.items()}
    return write_mark(VERSION, feeds=feeds)


def read_state(cursor: str) -> dict[str, Feed] | None:
    """The cursor -> the feeds by name; None where it is of another version, or none."""
    try:
        found = read_mark(cursor, VERSION)
        return {
            name: Feed(at, tuple(Kept(str(id), int(made), edited) for id, made, edited in kept))
            for name, (at, kept) in found["feeds"].items()
        }
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError):
        return None
