"""The text of a cursor: JSON with the version of its shape, which only the source that wrote it reads."""

from __future__ import annotations

import json
from typing import Any


def write_mark(version: int, **facts: Any) -> str:
    """Facts that JSON can hold -> cursor."""
    return json.dumps({"v": version, **facts}, separators=(",", ":"))


def read_mark(cursor: str, version: int) -> dict[str, Any]:
    """A cursor -> its facts; ValueError for rubbish, or one whose shape has another version."""
    try:
        found = json.loads(cursor)
    except RecursionError:
        raise ValueError("no cursor of ours") from None
    if not isinstance(found, dict) or found.pop("v", None) != version:
        raise ValueError("no cursor of ours")
    return found
