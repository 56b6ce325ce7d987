"""All-day events of a calendar file (RFC 5545), as far as special days need them."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from forecast.buckets import zone
from forecast.contacts.problem import Problem

_UNIX_EPOCH = dt.date(1970, 1, 1).toordinal()
_ESCAPED = {"\\n": " ", "\\N": " ", "\\,": ",", "\\;": ";", "\\\\": "\\"}


@dataclass(frozen=True)
class Event:
    """An event: its name and its first and last local day, in whole days since 1970-01-01."""

    name: str
    first: int
    last: int


def is_calendar(data: bytes) -> bool:
    """Bytes -> does a calendar begin here?"""
    return data[:64].lstrip(b"\xef\xbb\xbf \r\n\t").upper().startswith(b"BEGIN:VCALENDAR")


def read_events(text: str, tz: str) -> tuple[list[Event], list[Problem], list[str]]:
    """Calendar text -> (events, events that cannot be used, by line of the file, warnings). DTEND is not included (RFC 5545)."""
    events: list[Event] = []
    problems: list[Problem] = []
    repeating = timed = 0
    start, fields = 0, dict[str, str]()
    for number, line in _unfolded(text):
        head, _, value = line.partition(":")
        key = head.split(";")[0].strip().upper()
        if key == "BEGIN" and value.strip().upper() == "VEVENT":
            start, fields = number, {}
        elif key == "END" and value.strip().upper() == "VEVENT" and start:
            event = _event(fields, tz)
            if isinstance(event, Event):
                events.append(event)
                repeating += "RRULE" in fields
                timed += "T" in fields["DTSTART"]
            else:
                problems.append(Problem(start, event, fields.get(event, ""), "is missing or cannot be read"))
            start = 0
        elif start:
            fields.setdefault(key, value.strip())
    warnings = []
    if repeating:
        warnings.append(f"{repeating} event(s) repeat by a rule: only the first date of each was read.")
    if timed:
        warnings.append(f"{timed} event(s) have a time of day: the whole day was taken.")
    return events, problems, warnings


def _unfolded(text: str) -> list[tuple[int, str]]:
    """Lines with their numbers; a line that begins with a blank continues the one before."""
    lines: list[tuple[int, str]] = []
    for number, line in enumerate(re.split(r"\r\n|\n|\r", text), start=1):
        if line[:1] in (" ", "\t") and lines:
            lines[-1] = (lines[-1][0], lines[-1][1] + line[1:])
        else:
            lines.append((number, line))
    return lines


def _event(fields: dict[str, str], tz: str) -> Event | str:
    """Fields of a VEVENT -> Event, or the name of the field that is at fault."""
    name = re.sub(r"\\[nN,;\\]", lambda match: _ESCAPED[match[0]], fields.get("SUMMARY", "")).strip()
    if not name:
        return "SUMMARY"
    first = _day(fields.get("DTSTART", ""), tz, ends=False)
    if first is None:
        return "DTSTART"
    last = _day(fields["DTEND"], tz, ends=True) if "DTEND" in fields else first
    return Event(name, first, max(first, last)) if last is not None else "DTEND"


def _day(text: str, tz: str, *, ends: bool) -> int | None:
    """`20240101`, `20240101T090000` or with Z -> local day; with `ends` the last day that the event touches."""
    match = re.fullmatch(r"([0-9]{8})(?:T([0-9]{6})(Z?))?", text)
    if match is None:
        return None
    try:
        moment = dt.datetime.strptime(match[1] + (match[2] or "000000"), "%Y%m%d%H%M%S")
    except ValueError:
        return None
    if not 1970 <= moment.year <= 2199:
        return None
    if match[3]:
        moment = moment.replace(tzinfo=dt.UTC).astimezone(zone(tz)).replace(tzinfo=None)
    if ends:
        moment -= dt.timedelta(microseconds=1)
    return moment.toordinal() - _UNIX_EPOCH
