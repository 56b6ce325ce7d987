"""A mention: one public post or message about the brand, and how it is read from a row or a file."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

from forecast.buckets import zone
from forecast.errors import InputError
from forecast.social.privacy import clean, strip

REQUIRED = ("id", "source", "created_at", "text")
MOMENTS = ("replied_at", "resolved_at", "deleted_at", "known_at")
TEXTS = ("author", "url", "repost_of", "reply_to", "brand")
COLUMNS = (*REQUIRED, "author", "language", "url", "reach", "repost_of", "reply_to", "direction", "replied_at",
           "resolved_at", "brand", "deleted_at", "known_at", "private")  # fmt: skip
_LONGEST = {"id": 512, "source": 128}
_LANGUAGE = re.compile(r"([a-z]{2,3})(?:[-_][a-z0-9]+)*")
_FIRST, _LAST = dt.datetime(1990, 1, 1, tzinfo=dt.UTC), dt.datetime(2200, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True)
class Mention:
    """One mention. `(source, id)` names it; moments are aware UTC; `direction` is `in` (of others) or `out` (our own).

    `private`: a message to the company alone, such as a direct message.

    `known_at` is when we could first have known of it; without one it is assumed to be `created_at`.
    """

    source: str
    id: str
    created_at: dt.datetime
    text: str
    author: str | None = None
    language: str | None = None
    url: str | None = None
    reach: int | None = None
    repost_of: str | None = None
    reply_to: str | None = None
    direction: str = "in"
    replied_at: dt.datetime | None = None
    resolved_at: dt.datetime | None = None
    brand: str | None = None
    deleted_at: dt.datetime | None = None
    known_at: dt.datetime | None = None
    private: bool = False

    def __post_init__(self) -> None:
        if self.created_at.tzinfo is None:
            raise ValueError("created_at is aware; this one is naive")
        if self.known_at is None:
            object.__setattr__(self, "known_at", self.created_at)


def parse_mention(row: Mapping[str, Any], *, tz: str) -> Mention:
    """A row of texts or JSON values -> Mention; naive times are local in `tz`. InputError names field and remedy.

    Unknown fields are left out: exports carry many that we do not need and should not keep.
    """
    text = row.get("text")
    if not isinstance(text, str):
        raise InputError(
            "The text is missing.", remedy='Give a text; "" where a post has none.', field="text"
        )
    known: dict[str, Any] = {name: _moment(row.get(name), name, tz) for name in MOMENTS}
    known.update({name: _text(row.get(name), name) for name in TEXTS})
    created = _moment(row.get("created_at"), "created_at", tz)
    if created is None:
        raise InputError(
            "The field created_at is missing.", remedy="Give the moment in ISO 8601.", field="created_at"
        )
    return Mention(
        source=_required(row, "source"),
        id=_required(row, "id"),
        created_at=created,
        text=clean(text),
        language=_language(row.get("language")),
        reach=_reach(row.get("reach")),
        direction=_direction(row.get("direction")),
        private=_flag(row.get("private"), "private"),
        **known,
    )


def _absent(value: Any) -> bool:
    return (
        value is None
        or (isinstance(value, str) and not value.strip())
        or (isinstance(value, float) and math.isnan(value))
    )


def _text(value: Any, field: str) -> str | None:
    if _absent(value):
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise InputError(
            f"The field {field} holds a {type(value).__name__}.", remedy="Give a text.", field=field
        )
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # spreadsheets turn 12 into 12.0
    return clean(str(value)).strip() or None


def _required(row: Mapping[str, Any], field: str) -> str:
    value = _text(row.get(field), field)
    if value is None:
        raise InputError(
            f"The field {field} is missing.", remedy="Source and id together name a mention.", field=field
        )
    if len(value) > _LONGEST[field]:
        raise InputError(
            f"The field {field} has {len(value)} characters.",
            remedy=f"Use at most {_LONGEST[field]}.",
            field=field,
        )
    return value


def _moment(value: Any, field: str, tz: str) -> dt.datetime | None:
    """ISO 8601, seconds since 1970, or a mail date -> aware UTC. A time in the hour the clock skips moves forward."""
    if _absent(value):
        return None
    try:
        moment = _read_moment(value)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=zone(tz))
        moment = moment.astimezone(dt.UTC)
    except (ValueError, OverflowError, OSError, TypeError, IndexError):
        raise InputError(
            f"The field {field} holds {_quoted(value)}, which is no moment we can read.",
            remedy="Write it as 2026-11-22T09:30:00+01:00.",
            field=field,
        ) from None
    if not _FIRST <= moment < _LAST:
        raise InputError(
            f"The field {field} lies in the year {moment.year}.", remedy="Mend the date.", field=field
        )
    return moment


def _read_moment(value: Any) -> dt.datetime:
    if isinstance(value, dt.datetime):
        return value
    if isinstance(value, bool):
        raise ValueError("a flag is no moment")
    if isinstance(value, int | float):
        return dt.datetime.fromtimestamp(value / 1000 if abs(value) > 1e11 else value, dt.UTC)
    text = str(value).strip()
    if len(text) > 64:
        raise ValueError("too long for a moment")
    if text.isdecimal() and len(text) in (10, 13):
        return _read_moment(int(text))
    try:
        return dt.datetime.fromisoformat(text)
    except ValueError:
        if text[:3].lower() not in {"mon", "tue", "wed", "thu", "fri", "sat", "sun"}:
            raise  # 03/04/2017 may be March or April: never guessed
        return parsedate_to_datetime(text)


def _language(value: Any) -> str | None:
    text = _text(value, "language")
    if text is None:
        return None
    found = _LANGUAGE.fullmatch(text.lower())
    if found is None:
        raise InputError(
            f"The field language holds {_quoted(text)}.",
            remedy="Use an ISO 639 code such as nl.",
            field="language",
        )
    return found.group(1)


def _reach(value: Any) -> int | None:
    if _absent(value):
        return None
    try:
        number = float(value)
        if isinstance(value, bool) or not 0 <= number < 1e15 or not number.is_integer():
            raise ValueError
    except (TypeError, ValueError):
        raise InputError(
            f"The field reach holds {_quoted(value)}.",
            remedy="Give a whole number of people, or nothing.",
            field="reach",
        ) from None
    return int(number)


def _direction(value: Any) -> str:
    text = "in" if _absent(value) else str(value).strip().lower()
    if text not in ("in", "out"):
        raise InputError(
            f"The field direction holds {_quoted(text)}.",
            remedy="Use in (from others) or out (your own posts).",
            field="direction",
        )
    return text


def _flag(value: Any, field: str) -> bool:
    text = "" if _absent(value) else str(value).strip().lower()
    if text in ("", "false", "0", "0.0", "no", "nee"):
        return False
    if text in ("true", "1", "1.0", "yes", "ja"):
        return True
    raise InputError(f"The field {field} holds {_quoted(text)}.", remedy="Use true or false.", field=field)


def _quoted(value: Any) -> str:
    """A cell as it may stand in a sentence: short, and without what leads to a person."""
    return repr(strip(str(value)[:40]))
