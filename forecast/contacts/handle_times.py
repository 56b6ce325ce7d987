"""Handling times as planners write them -> seconds: 3:45 (minutes and seconds), 0:03:45, or a number in the unit of the header."""

from __future__ import annotations

import re
from collections.abc import Iterable
from statistics import median
from typing import Final

_PARTS = re.compile(
    r"(?:(?P<hours>[0-9]{1,4}):)?(?P<minutes>[0-9]{1,4}):(?P<seconds>[0-9]{2})(?:[.,](?P<part>[0-9]{1,6}))?"
)
_MINUTES = re.compile(r"\b(?:min|mins|minutes?|minuten)\b", re.I)
_MILLIS = re.compile(r"\b(?:ms|msec|milli\w*)\b", re.I)
_CLOCK = re.compile(r"[0-9]{1,2}:[0-5][0-9]:00")
_LONG: Final = 3600


def as_seconds(cells: Iterable[str], header: str, decimal: str) -> dict[str, str]:
    """Distinct cells -> {cell: seconds as text} for those that are not seconds already."""
    factor = 60.0 if _MINUTES.search(header) else 0.001 if _MILLIS.search(header) else 1.0
    read: dict[str, str] = {}
    for cell in cells:
        match = _PARTS.fullmatch(cell)
        if match is not None:
            seconds = int(match["hours"] or 0) * 3600 + int(match["minutes"]) * 60 + int(match["seconds"])
            part = float(f"0.{match['part']}") if match["part"] else 0.0
            read[cell] = _text(seconds + part, decimal)
        elif factor != 1.0 and cell:
            plain = cell.replace(",", ".") if decimal == "," else cell
            try:
                read[cell] = _text(float(plain) * factor, decimal)
            except (ValueError, OverflowError):
                continue  # no number: the row will say so
    return read


def typed_as_hours(cells: Iterable[str]) -> bool:
    """03:45:00, 04:10:00, ...: minutes and seconds that a spreadsheet took for hours and minutes."""
    filled = [cell for cell in cells if cell and cell not in ("0", "00:00:00")]
    return (
        len(filled) >= 3
        and all(_CLOCK.fullmatch(cell) for cell in filled)
        and median(int(cell.split(":")[0]) * 3600 + int(cell.split(":")[1]) * 60 for cell in filled) >= _LONG
    )


def _text(value: float, decimal: str) -> str:
    text = f"{value:.6f}".rstrip("0").rstrip(".") if value < 1e15 else repr(value)
    return text.replace(".", decimal)
