"""Mentions of a batch: each row is read and held against the clock; how they come into the store is `store.chain`'s."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

from forecast.errors import InputError
from forecast.social.mention import Mention, parse_mention

AHEAD = dt.timedelta(hours=1)  # clocks differ


def read_mention(row: Any, tz: str, now: dt.datetime) -> Mention:
    """A row of a batch -> Mention, known now. InputError names the field."""
    if not isinstance(row, dict):
        raise InputError("The row is no object.", remedy="Give id, source, created_at and text.")
    mention = parse_mention(row, tz=tz)
    if mention.created_at > now + AHEAD:
        raise InputError(
            f"The post was made at {mention.created_at:%Y-%m-%d %H:%M} UTC, which lies ahead.",
            remedy="Mend the date or its zone.",
            field="created_at",
        )
    return replace(mention, known_at=now)
