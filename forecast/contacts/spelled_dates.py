"""Moments with words in them: names of months and weekdays in four languages, `Uhr` and `uur`, an end beside the start."""

from __future__ import annotations

import re
from typing import Final

_MONTHS: Final = (
    "january jan januari januar janvier janv jänner",
    "february feb februari februar février fevrier fév fev févr fevr febr",
    "march mar maart mrt märz maerz mrz mär mars",
    "april apr avril avr",
    "may mei mai",
    "june jun juni juin",
    "july jul juli juillet juil",
    "august aug augustus août aout",
    "september sep sept septembre",
    "october oct oktober okt octobre",
    "november nov novembre",
    "december dec dezember dez décembre decembre déc",
)
MONTHS: Final = {name: number for number, names in enumerate(_MONTHS, start=1) for name in names.split()}
_DAYS = (
    "mon|monday|ma|maandag|mo|montag|lun|lundi|tue|tues|tuesday|di|dinsdag|dienstag|mar|mardi|wed|wednesday|wo|woensdag|mi|mittwoch|mer|"
    "mercredi|thu|thur|thurs|thursday|do|donderdag|donnerstag|jeu|jeudi|fri|friday|vr|vrijdag|fr|freitag|ven|vendredi|sat|saturday|za|"
    "zaterdag|sa|samstag|sonnabend|sam|samedi|sun|sunday|zo|zondag|so|sonntag|dim|dimanche"
)
_WEEKDAY = re.compile(rf"^(?:{_DAYS})\b[.,]?\s*(?=[^\s])", re.I)
_DAY_FIRST = re.compile(
    r"^([0-9]{1,2})(?:\.|st|nd|rd|th|er|e)?[\s/-]*([^\W\d_]{3,10})\.?[\s,/-]*([0-9]{4}|[0-9]{2})\b(.*)$",
    re.I | re.S,
)
_MONTH_FIRST = re.compile(
    r"^([^\W\d_]{3,10})\.?\s+([0-9]{1,2})(?:st|nd|rd|th)?,?\s+([0-9]{4})\b(.*)$", re.I | re.S
)
_END = re.compile(
    r"^(?P<start>.*[0-9]{1,2}[:.hu][0-9]{2}(?::[0-9]{2})?(?:\s*[ap]\.?m\.?)?)\s*(?:\s-|–|—|\bt/m|\btot|\bto|\buntil|\bbis|\bà)\s*"
    r"(?:[0-9][0-9./-]{5,9}[T ]+)?[0-9]{1,2}[:.hu][0-9]{2}(?::[0-9]{2})?(?:\s*[ap]\.?m\.?)?$",
    re.I,
)
_CLOCK = re.compile(r"(?<=[\sT])([0-9]{1,2})(?:\.|h|u)([0-9]{2})(?:[.:]([0-9]{2}))?(?=\s|$)", re.I)
_UNIT = re.compile(r"(?<=[0-9])\s*(?:uhr|uur|h|u)\b\.?", re.I)
_GLUED = re.compile(
    r"^(?P<start>.*?[T ]+(?P<from>[0-9]{1,2}:[0-9]{2}))-(?P<to>[0-9]{1,2}:[0-9]{2})$"
)  # 08:00-08:30: the end of an interval, or an offset?


def spelled_out(text: str) -> str:
    """`di 3 mrt 2026 9.00 uur` -> `2026-03-03 9:00`, `03-03-2026 09:00 - 09:15` -> `03-03-2026 09:00`; others as they are."""
    plain = _WEEKDAY.sub("", text.strip(), count=1)
    ended = _END.match(plain)
    if ended is not None:
        plain = ended["start"].strip()
    named = _DAY_FIRST.match(plain)
    if named is not None and named[2].casefold() in MONTHS:
        plain = _date(named[3], named[2], named[1]) + named[4]
    else:
        named = _MONTH_FIRST.match(plain)
        if named is not None and named[1].casefold() in MONTHS:
            plain = _date(named[3], named[1], named[2]) + named[4]
    plain = _CLOCK.sub(lambda found: ":".join(part for part in found.groups() if part), plain)
    return _UNIT.sub("", plain).strip(" ,;")


def _date(year: str, month: str, day: str) -> str:
    full = int(year) + (2000 if len(year) == 2 else 0)
    return f"{full:04d}-{MONTHS[month.casefold()]:02d}-{int(day):02d}"


def without_ends(cells: list[str]) -> list[str] | None:
    """Distinct cells such as `2026-01-03 08:00-08:30` -> their starts; None where what follows the dash is an offset.

    They are intervals where nearly every end lies 15, 30 or 60 minutes after its start: offsets do not move with the clock.
    """
    found = [_GLUED.match(cell) for cell in cells]
    glued = [match for match in found if match is not None]
    if not glued:
        return None
    ends = sum((_minutes(match["to"]) - _minutes(match["from"])) % 1440 in (15, 30, 60) for match in glued)
    if ends < 0.9 * len(glued) or (len(glued) < 3 and any("T" in match[0] for match in glued)):
        return None
    return [cell if match is None else match["start"] for cell, match in zip(cells, found, strict=True)]


def _minutes(text: str) -> int:
    hour, minute = text.split(":")
    return int(hour) * 60 + int(minute)
