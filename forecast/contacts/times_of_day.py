"""Times of day as planners write them: 08:00, 08:00-08:15, 0800, 9.00, 8u30, 14h30, 8:00 AM, 9 Uhr."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

_HALF = r"(?:\s*(?P<half{n}>[ap])\.?\s?m\.?)?"
_ONE = r"(?P<hour{n}>[0-9]{{1,2}})(?:[:.hu](?P<minute{n}>[0-9]{{2}})(?:[:.](?P<second{n}>[0-9]{{2}})(?:[.,](?P<part{n}>[0-9]{{1,9}}))?)?)?"
_UNIT = r"(?P<unit{n}>\s*(?:uhr|uur|u|h))?"
_DASH = r"\s*(?:-|–|—|tot en met|t/m|tot|to|till|until|bis|à|au)\s*"
_CLOCK = re.compile((_ONE + _HALF + _UNIT).format(n=1))
_RANGE = re.compile((_ONE + _HALF + _UNIT).format(n=1) + _DASH + (_ONE + _HALF + _UNIT).format(n=2))
_COMPACT = re.compile(r"(?P<hour>[0-9]{1,2})(?P<minute>[0-9]{2})(?:\s*[-–]\s*[0-9]{3,4})?")
_FRACTION = re.compile(r"0?[.,][0-9]{2,}")
_SPREADSHEET = re.compile(r"(?:1899-12-3[01]|190[04]-01-0[01])[T ](?P<clock>[0-9:.]+)")
_DAY: Final = 86_400


@lru_cache(maxsize=8192)
def second_of_day(text: str, *, bare: bool = False) -> int | None:
    """A cell or a header -> the second of the day at which it begins, 0 .. 86,400; None where it is no time of day.

    bare: a number alone counts too, as in a column that is called a time: 8 is eight o'clock, 815 a quarter past, 0.25 six.
    """
    plain = text.strip().casefold()
    stored = _SPREADSHEET.fullmatch(text.strip())
    if stored is not None:  # a spreadsheet keeps a time as a moment of its first day
        plain = stored["clock"]
    match = _RANGE.fullmatch(plain)
    if match is not None:
        ranged = (
            match["minute1"]
            or match["unit1"]
            or match["half1"]
            or match["minute2"]
            or match["unit2"]
            or match["half2"]
        )
        return _seconds(match, 1, match["half1"] or match["half2"]) if ranged or bare else None
    match = _CLOCK.fullmatch(plain)
    if match is not None and (match["minute1"] or match["unit1"] or match["half1"] or bare):
        return _seconds(match, 1, match["half1"])
    if not bare:
        return None
    compact = _COMPACT.fullmatch(plain)
    if compact is not None:
        return _clock(int(compact["hour"]), int(compact["minute"]), 0)
    if _FRACTION.fullmatch(plain):
        return round(float(plain.replace(",", ".")) * _DAY / 60) * 60
    return None


def _seconds(match: re.Match[str], number: int, half: str | None) -> int | None:
    hour = int(match[f"hour{number}"])
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "p" else 0)
    second = int(match[f"second{number}"] or 0) + float(f"0.{match[f'part{number}'] or 0}")
    return _clock(hour, int(match[f"minute{number}"] or 0), round(second))


def _clock(hour: int, minute: int, second: int) -> int | None:
    total = hour * 3600 + minute * 60 + second
    return total if minute < 60 and second <= 60 and total <= _DAY else None


def clock_text(second: int) -> str:
    """29700 -> `08:15`; seconds only where there are some."""
    hour, rest = divmod(second, 3600)
    minute, left = divmod(rest, 60)
    return f"{hour:02d}:{minute:02d}" + (f":{left:02d}" if left else "")
