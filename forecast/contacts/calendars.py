"""Events of a calendar file (RFC 5545) as local days, as far as special days need them: those that repeat too.

A rule (RRULE) is counted on the event's own clock, less its EXDATEs and the dates that another event stands in for
(RECURRENCE-ID), plus its RDATEs; each date then is the local day of the zone asked for. A rule without an end is read
up to `until`.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from forecast.buckets import zone
from forecast.contacts.problem import Problem
from forecast.errors import InputError, UnknownZone
from forecast.recurrence import occurrences

_UNIX_EPOCH = dt.date(1970, 1, 1).toordinal()
_ESCAPED = {"\\n": " ", "\\N": " ", "\\,": ",", "\\;": ";", "\\\\": "\\"}
_LENGTH = re.compile(
    r"\+?P(?:([0-9]{1,4})W|(?:([0-9]{1,4})D)?(?:T(?:([0-9]+)H)?(?:([0-9]+)M)?(?:([0-9]+)S)?)?)"
)
FURTHEST = 47_481  # the last day of 2099: rules are read no further where nobody says how far


@dataclass(frozen=True)
class Event:
    """An event: its name and its first and last local day, in whole days since 1970-01-01."""

    name: str
    first: int
    last: int


@dataclass(frozen=True)
class Value:
    """A property of an event: its text, and the zone it names, None where it names none."""

    text: str
    zone: ZoneInfo | None = None


@dataclass
class Draft:
    """A VEVENT as it is read: properties by name, and those that may come several times. line: where it begins."""

    line: int
    fields: dict[str, Value] = field(default_factory=dict)
    lists: dict[str, list[Value]] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """The text of a property, '' where there is none."""
        return self.fields[name].text if name in self.fields else ""


class Unusable(Exception):
    """An event cannot be used; `name` of the property at fault, and what is wrong with it."""

    def __init__(self, name: str, reason: str = "is missing or cannot be read") -> None:
        super().__init__(reason)
        self.name, self.reason = name, reason


def is_calendar(data: bytes) -> bool:
    """Bytes -> does a calendar begin here?"""
    return data[:64].lstrip(b"\xef\xbb\xbf \r\n\t").upper().startswith(b"BEGIN:VCALENDAR")


def read_events(
    text: str, tz: str, *, until: int | None = None
) -> tuple[list[Event], list[Problem], list[str]]:
    """Calendar text -> (events, events that cannot be used, by line of the file, warnings). DTEND is not included (RFC 5545)."""
    last = FURTHEST if until is None else until
    every = list(_drafts(text))
    drafts = [draft for draft in every if draft.text("STATUS").upper() != "CANCELLED"]
    replaced: dict[str, set[int]] = {}
    for draft in every:  # one date of an event that comes again can be cancelled by itself
        if "RECURRENCE-ID" in draft.fields and (at := _moment(draft.fields["RECURRENCE-ID"])) is not None:
            replaced.setdefault(draft.text("UID"), set()).add(_day(at))
    events: list[Event] = []
    problems: list[Problem] = []
    endless = timed = 0
    for draft in drafts:
        try:
            events += _events(draft, zone(tz), last, replaced.get(draft.text("UID"), set()))
        except Unusable as error:
            problems.append(Problem(draft.line, error.name, draft.text(error.name), error.reason))
            continue
        rule = draft.text("RRULE").upper()
        endless += bool(rule) and "UNTIL=" not in rule and "COUNT=" not in rule
        timed += "T" in draft.text("DTSTART")
    warnings = []
    if endless and until is not None:
        date = dt.date.fromordinal(_UNIX_EPOCH + last)
        warnings.append(f"{endless} event(s) repeat without an end: they were read up to {date}.")
    if timed:
        warnings.append(f"{timed} event(s) have a time of day: the whole day was taken.")
    return events, problems, warnings


def _drafts(text: str) -> Iterator[Draft]:
    """The VEVENTs of a calendar; what is nested in them (alarms) is left out."""
    draft: Draft | None = None
    nested = 0
    for number, line in _unfolded(text):
        head, _, value = line.partition(":")
        key, *options = head.split(";")
        key, value = key.strip().upper(), value.strip()
        if key == "BEGIN" and value.upper() == "VEVENT" and draft is None:
            draft = Draft(number)
        elif draft is None:
            continue
        elif key == "END" and value.upper() == "VEVENT":
            yield draft
            draft, nested = None, 0
        elif key in ("BEGIN", "END"):
            nested += 1 if key == "BEGIN" else -1
        elif nested <= 0:
            found = Value(value, _named_zone(options))
            draft.fields.setdefault(key, found)
            draft.lists.setdefault(key, []).append(found)


def _named_zone(options: list[str]) -> ZoneInfo | None:
    """`TZID=Europe/Amsterdam` among the parameters -> the zone; None for none, or one of another name than IANA's."""
    for option in options:
        name, _, value = option.partition("=")
        if name.strip().upper() == "TZID":
            try:
                return zone(value.strip('"'))
            except UnknownZone:
                return None
    return None


def _unfolded(text: str) -> list[tuple[int, str]]:
    """Lines with their numbers; a line that begins with a blank continues the one before."""
    lines: list[tuple[int, str]] = []
    for number, line in enumerate(re.split(r"\r\n|\n|\r", text), start=1):
        if line[:1] in (" ", "\t") and lines:
            lines[-1] = (lines[-1][0], lines[-1][1] + line[1:])
        else:
            lines.append((number, line))
    return lines


def _events(draft: Draft, tz: ZoneInfo, until: int, replaced: set[int]) -> list[Event]:
    """A VEVENT -> its events, one per date on which it takes place."""
    name = re.sub(r"\\[nN,;\\]", lambda match: _ESCAPED[match[0]], draft.text("SUMMARY")).strip()
    if not name:
        raise Unusable("SUMMARY")
    start = _moment(draft.fields.get("DTSTART", Value("")))
    if start is None:
        raise Unusable("DTSTART")
    length = _length(draft, start)
    days = {_day(start)}
    if "RECURRENCE-ID" not in draft.fields:
        if "RRULE" in draft.fields:
            days = _repeated(draft, start, until)
        days |= set(_dates(draft, "RDATE"))
        days -= set(_dates(draft, "EXDATE")) | replaced
    found = []
    for day in sorted(days):
        begin = start + dt.timedelta(days=day - _day(start))
        # a moment before its end: an event up to midnight does not touch the next day
        end = begin + max(length - dt.timedelta(microseconds=1), dt.timedelta())
        found.append(Event(name, _local(begin, tz), max(_local(begin, tz), _local(end, tz))))
    return found


def _repeated(draft: Draft, start: dt.datetime, until: int) -> set[int]:
    """The days of the rule, on the event's own clock; the first date always takes place (RFC 5545)."""
    rule = draft.text("RRULE")
    match = re.search(r"UNTIL=([0-9]{8}T[0-9]{6}Z)", rule.upper())
    if match and start.tzinfo is not None:
        own = dt.datetime.strptime(match[1], "%Y%m%dT%H%M%SZ").replace(tzinfo=dt.UTC).astimezone(start.tzinfo)
        last = own.date() if own.time() >= start.time() else own.date() - dt.timedelta(days=1)
        rule = rule.upper().replace(match[1], f"{last:%Y%m%d}")
    try:
        return {_day(start), *occurrences(rule, _day(start), until).tolist()}
    except (InputError, ValueError) as error:
        raise Unusable("RRULE", str(getattr(error, "message", "is no rule")).rstrip(".")) from None


def _dates(draft: Draft, name: str) -> Iterator[int]:
    for value in draft.lists.get(name, []):
        for text in value.text.split(","):
            at = _moment(Value(text.split("/")[0], value.zone))
            if at is None:
                raise Unusable(name)
            yield _day(at)


def _length(draft: Draft, start: dt.datetime) -> dt.timedelta:
    """How long the event lasts, by DTEND or DURATION; a day by itself where it says neither."""
    if "DTEND" in draft.fields:
        end = _moment(draft.fields["DTEND"])
        if end is None:
            raise Unusable("DTEND")
        if (end.tzinfo is None) != (start.tzinfo is None):
            end, start = end.replace(tzinfo=None), start.replace(tzinfo=None)
        return max(end - start, dt.timedelta())
    if "DURATION" in draft.fields:
        match = _LENGTH.fullmatch(draft.text("DURATION").upper())
        if match is None or not any(match.groups()):
            raise Unusable("DURATION")
        weeks, days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
        return dt.timedelta(
            weeks=weeks, days=days, hours=min(hours, 9999), minutes=minutes % 10**6, seconds=seconds % 10**8
        )
    return dt.timedelta()


def _moment(value: Value) -> dt.datetime | None:
    """`20240101`, `20240101T090000` or with Z -> wall clock; aware where it names its zone. None where it cannot be read."""
    match = re.fullmatch(r"([0-9]{8})(?:T([0-9]{6})(Z?))?", value.text.strip().upper())
    if match is None:
        return None
    try:
        at = dt.datetime.strptime(match[1] + (match[2] or "000000"), "%Y%m%d%H%M%S")
    except ValueError:
        return None
    if not 1970 <= at.year <= 2199:
        return None
    if match[3]:
        return at.replace(tzinfo=dt.UTC)
    return at.replace(tzinfo=value.zone) if match[2] and value.zone else at


def _day(at: dt.datetime) -> int:
    """The day of a moment on its own clock."""
    return at.toordinal() - _UNIX_EPOCH


def _local(at: dt.datetime, tz: ZoneInfo) -> int:
    """The local day of a moment; a floating one is local wherever it is read."""
    return _day(at if at.tzinfo is None else at.astimezone(tz))
