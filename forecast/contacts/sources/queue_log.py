"""Calls out of Asterisk's `queue_log`, as it grows and is rotated.

    epoch | call | queue | agent | event | data...      https://docs.asterisk.org/Operation/Logging/Queue-Logs/

A call that enters a queue is a contact of that queue; what becomes of it is told by later lines, which may stand in a later
page or in the next file: the row is `open` until then. The caller's number is the customer. Who took the call is not read
further than the bar behind it: no agent's name leaves this module.

The mark holds which file was read (a hash of its first line: a copy that is rotated or packed keeps it, a new file has
another), up to which byte, and which calls are under way. A line that is still being written waits for its end.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

from forecast.contacts.customer import plain_customer
from forecast.contacts.sources.base import Contact, Page, state_of
from forecast.contacts.sources.rotated_file import Place, RotatedFile
from forecast.social.sources.mark import write_mark

VERSION = 1  # of the cursor
LINES = 5_000  # of a page
PAGES = 400  # of one run; the rest comes at the next
LASTS = 86_400.0  # seconds after which a call without an end is no longer waited for
UNDER_WAY = 20_000  # calls waited for at most
AHEAD = 3_600.0  # seconds a clock may be ahead
_WAITED_AT = {
    "ABANDON": 2,
    "EXITEMPTY": 2,
    "EXITWITHTIMEOUT": 2,
    "EXITWITHKEY": 3,
}  # place of the seconds waited
_TALKED_AT = {  # places of the seconds waited and talked; those of an attended transfer are counted from the end
    "COMPLETEAGENT": (0, 1),
    "COMPLETECALLER": (0, 1),
    "TRANSFER": (2, 3),
    "BLINDTRANSFER": (2, 3),
    "ATTENDEDTRANSFER": (-3, -2),
}
_TURNED_AWAY = frozenset(("JOINEMPTY", "FULL", "JOINUNAVAIL"))


Open: TypeAlias = dict[str, float]  # call and queue -> since when, epoch seconds


class QueueLog:
    """Calls of the log at `path` and its rotated files beside it. queues: its name of a queue -> ours; where given, others are left out.

    backfill: how far a first reading looks back. region: whose numbers are written without a country.
    """

    def __init__(
        self,
        *,
        name: str,
        path: Path,
        queues: Mapping[str, str] | None = None,
        channel: str = "phone",
        region: str = "NL",
        backfill: dt.timedelta = dt.timedelta(days=730),
        page: int = LINES,
    ) -> None:
        self._name, self._path, self._queues = name, path, dict(queues or {})
        self._channel, self._region, self._backfill, self._lot = channel, region, backfill, page

    @property
    def name(self) -> str:
        return self._name

    def read(self, cursor: str | None, *, now: dt.datetime) -> Iterator[Page]:
        """Pages of lines, in the order of the files. SourceError where the log cannot be opened."""
        place, calls, problems = self._open(cursor)
        start = (now - self._backfill).timestamp()
        log = RotatedFile(self._name, self._path, _moment)
        parts = log.parts()
        waiting, gone = log.unread(parts, place, start)
        if gone:
            said = f"{self._name}: the file that was read last is gone; calls after {_shown(place.last)} may be missing."
            problems = (*problems, said)
        anew = not place.mark or gone
        since = dt.datetime.fromtimestamp(max(start, waiting[0].first), dt.UTC) if anew and waiting else None
        pages = 0
        for part in waiting:
            for lines in log.lines(part, place, self._lot, whole=part is not parts[-1]):
                page = self._page(lines, place, calls, now, start)
                mark = _mark(place, calls)
                yield replace(page, cursor=mark, since=since, problems=(*problems, *page.problems))
                problems, since, pages = (), None, pages + 1
                if pages >= PAGES:
                    return
        if problems:
            yield Page(cursor=_mark(place, calls), problems=problems)

    def _open(self, cursor: str | None) -> tuple[Place, Open, tuple[str, ...]]:
        found, problems = state_of(cursor, VERSION, self._name)
        if not found:
            return Place(), {}, problems
        try:
            calls = {str(call): float(at) for call, at in dict(found["open"]).items()}  # type: ignore[call-overload]
            offset, last = int(str(found["offset"])), float(str(found["last"]))
            return Place(str(found["file"]), max(0, offset), last), calls, ()
        except (KeyError, TypeError, ValueError):
            return Place(), {}, (f"{self._name}: its mark cannot be read; reading begins anew.",)

    def _page(self, lines: list[bytes], place: Place, calls: Open, now: dt.datetime, start: float) -> Page:
        contacts, left, bad = list[Contact](), Counter[str](), 0
        for line in lines:
            parts = line.decode("utf-8", "replace").rstrip("\r\n").split("|")
            at = _moment(line)
            if len(parts) < 5 or at is None or at > now.timestamp() + AHEAD:
                bad += bool(line.strip())
                continue
            place.last = max(place.last, at)
            if at < start:
                continue
            found = self._contact(parts, at, calls, left)
            if found is not None:
                contacts.append(found)
        problems = (f"{bad} line(s) cannot be read, or are of the future.",) if bad else ()
        until = dt.datetime.fromtimestamp(place.last, dt.UTC) if place.last >= start else None
        return Page("", contacts=tuple(contacts), until=until, left_out=dict(left), problems=problems)

    def _contact(self, parts: list[str], at: float, calls: Open, left: Counter[str]) -> Contact | None:
        """What a line tells of a contact; None where it is about agents, or the system."""
        call, name, event, data = parts[1], parts[2], parts[4].strip().upper(), parts[5:]
        queue = self._queues.get(name, "" if self._queues else name)
        key = f"{call}|{name}"
        if event in _TURNED_AWAY:
            left["calls were turned away at the door of a queue (full, or nobody there)"] += 1
            return None
        if event == "ENTERQUEUE":
            if not queue or name == "NONE":
                left["calls are of queues that are not asked for"] += 1
                return None
            calls[key] = at
            customer = plain_customer(data[1], self._region) if len(data) > 1 else ""
            return self._told(key, queue, at, customer=customer or None)
        since = calls.get(key)
        ends = event in _WAITED_AT or event in _TALKED_AT or event == "SYSCOMPAT"
        if since is None or not queue:
            if ends and queue:
                left["calls ended whose beginning was not read"] += 1
            return None
        if event == "CONNECT":
            return self._told(key, queue, since, waited=_number(data, 0))
        if not ends:
            return None
        del calls[key]
        if event in _TALKED_AT:
            waited, talked = (_number(data, place) for place in _TALKED_AT[event])
            outcome = "handled" if event.startswith("COMPLETE") else "transferred"
            return self._told(key, queue, since, outcome, waited=waited, talked=talked)
        outcome = "abandoned" if event in ("ABANDON", "SYSCOMPAT") else "overflowed"
        return self._told(key, queue, since, outcome, waited=_number(data, _WAITED_AT.get(event, 99)))

    def _told(
        self,
        key: str,
        queue: str,
        since: float,
        outcome: str = "open",
        *,
        customer: str | None = None,
        waited: float | None = None,
        talked: float | None = None,
    ) -> Contact:
        return Contact(
            id=f"{key}|{since:.6f}",
            at=dt.datetime.fromtimestamp(since, dt.UTC),
            queue=queue,
            channel=self._channel,
            outcome=outcome,
            customer=customer,
            waited_seconds=waited,
            handled_seconds=talked,
        )


def _mark(place: Place, calls: Open) -> str:
    """The cursor; calls that were begun long ago are waited for no longer."""
    alive = {call: at for call, at in calls.items() if at >= place.last - LASTS}
    kept = dict(sorted(alive.items(), key=lambda one: one[1])[-UNDER_WAY:])
    return write_mark(VERSION, file=place.mark, offset=place.offset, last=place.last, open=kept)


def _moment(line: bytes) -> float | None:
    """A line -> its epoch seconds, whole or with a fraction; None for what is none of the years 2000 to 2200."""
    try:
        value = float(line.split(b"|", 1)[0][:32])
    except ValueError:
        return None
    return value if 946_684_800 <= value < 7_258_118_400 else None


def _number(data: list[str], place: int) -> float | None:
    """Seconds at a place of the data, counted from the end where negative; None where there are none."""
    if not -len(data) <= place < len(data):
        return None
    try:
        value = float(data[place])
    except ValueError:
        return None
    return value if 0 <= value < 1e7 else None


def _shown(epoch: float) -> str:
    return f"{dt.datetime.fromtimestamp(epoch, dt.UTC):%Y-%m-%d %H:%M} UTC"
