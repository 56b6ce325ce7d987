"""What a planner supposes: the fields that were filled in become an event as the API takes it, and an event a sentence."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import numpy as np

from api.dashboard.words import Words
from forecast.errors import InputError

KINDS = ("letters", "price", "outage", "posts", "closed", "overflow", "change")
DRIVEN = ("letters", "price")  # what is told of as a driver, and can be booked
ALL = "*"  # every queue that the event moves


def event_of(kind: str, queue: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """One event in the words of the API. InputError for a field that is missing; what is in it is read later."""
    made: dict[str, Any]
    if kind in DRIVEN:
        made = {
            "kind": "driver",
            "driver": _text(fields, "driver"),
            "date": _day(fields, "day"),
            "value": _number(fields, "value"),
        }
        if fields.get("worth") not in (None, ""):
            made["worth"] = _number(fields, "worth") / 1000
        if fields.get("lasts") not in (None, ""):
            made["lasts_days"] = int(_number(fields, "lasts"))
        return made if fields.get("scope") == ALL else {**made, "queue": queue}
    if kind == "outage":
        made = {"kind": "outage", "like": _day(fields, "like"), "date": _day(fields, "day"), "queue": queue}
        if _given(fields, "start"):
            made["start"] = _text(fields, "start")
        return {**made, "scale": _number(fields, "scale")} if _given(fields, "scale") else made
    if kind == "posts":
        at = f"{_day(fields, 'day')}T{_text(fields, 'start')}"
        sizes = {"factor": _number(fields, "factor"), "hours": _number(fields, "hours")}
        return {"kind": "posts", "topic": _text(fields, "topic"), "from": at, **sizes}
    if kind == "closed":
        span = _span(fields, "day", "day")
        moves = {}
        if _given(fields, "target"):
            moves = {_text(fields, "target"): _number(fields, "share") / 100}
        return {"kind": "close", "queue": queue, **span, "moves": moves}
    if kind == "overflow":
        sizes = {"share": _number(fields, "share") / 100}
        return {
            "kind": "overflow",
            "queue": queue,
            "target": _text(fields, "target"),
            **sizes,
            **_span(fields, "day", "until"),
        }
    made = {"kind": "change", "percent": _number(fields, "percent"), **_span(fields, "day", "until")}
    return made if fields.get("scope") == ALL else {**made, "queue": queue}


def sentence(event: Mapping[str, Any], words: Words) -> str:
    """`40,000 letters on Tue 1 Dec`, `phone_outage: 10 % more from Mon 30 Nov to Fri 4 Dec`."""
    kind = event["kind"]
    queue = str(event.get("queue") or words("scenario_every_queue"))
    values: dict[str, Any] = {"queue": queue}
    if kind == "driver":
        values |= {
            "n": words.number(event["value"]),
            "driver": event["driver"],
            "day": said_days(event, words),
        }
    elif kind == "outage":
        values |= {"like": said_day(event["like"], words), "day": said_day(event["date"], words)}
        values |= {"start": event.get("start") or words("scenario_same_time"), "times": _times(event, words)}
    elif kind == "posts":
        day, _, start = str(event["from"]).partition("T")
        values |= {
            "topic": event["topic"],
            "n": words.number(event["factor"], 1).removesuffix(".0").removesuffix(",0"),
        }
        values |= {
            "day": said_day(day, words),
            "start": start[:5],
            "hours": words.number(event.get("hours", 4.0)),
        }
    elif kind in ("close", "overflow", "change", "hours"):
        values |= _spanned(event, words)
    return words(f"scenario_said_{kind}", **values)


def _spanned(event: Mapping[str, Any], words: Words) -> dict[str, Any]:
    first, stop = str(event.get("from", event.get("date", "")))[:10], str(event.get("to", ""))[:10]
    last = str(np.datetime64(stop) - 1) if stop else first
    found: dict[str, Any] = {"days": said_day(first, words)}
    if last > first:
        found["days"] = words("scenario_days_span", first=said_day(first, words), last=said_day(last, words))
    moves = event.get("moves") or {}
    where = [
        words("scenario_moves", share=words.percent(share, 0), queue=name) for name, share in moves.items()
    ]
    found["moves"] = "; ".join(where) or words("scenario_moves_none")
    if event["kind"] == "change":
        found["percent"] = f"{words.number(event['percent'], sign=True)} %"
    if event["kind"] == "overflow":
        found["target"] = event["target"]
        found["share"] = words("scenario_what_is_above")
        if event.get("share") is not None:
            found["share"] = words.percent(event["share"], 0)
    return found


def _times(event: Mapping[str, Any], words: Words) -> str:
    scale = float(event.get("scale", 1.0))
    return "" if scale == 1 else words("scenario_times", n=words.number(scale, 1))


def said_days(event: Mapping[str, Any], words: Words) -> str:
    """The day of a driver's event, or the first and last of its days."""
    days = event.get("dates") or [event.get("date") or event.get("from")]
    said = [said_day(str(day)[:10], words) for day in (days[0], days[-1])]
    return said[0] if len(days) == 1 else words("scenario_days_span", first=said[0], last=said[1])


def said_day(day: str, words: Words) -> str:
    """`2026-12-01` -> `Tue 1 Dec`."""
    return words.day(dt.datetime.fromisoformat(day))


def _span(fields: Mapping[str, Any], first: str, last: str) -> dict[str, str]:
    """From the first day until before the one after the last."""
    begin, end = _day(fields, first), _day(fields, last)
    return {"from": begin, "to": str(np.datetime64(end) + 1)}


def _given(fields: Mapping[str, Any], name: str) -> bool:
    return fields.get(name) not in (None, "")


def _text(fields: Mapping[str, Any], name: str) -> str:
    found = str(fields.get(name) or "").strip()
    if not found:
        raise InputError("A field is still empty.", remedy="Fill it in.", field=name)
    return found


def _day(fields: Mapping[str, Any], name: str) -> str:
    found = _text(fields, name)[:10]
    try:
        return dt.date.fromisoformat(found).isoformat()
    except ValueError:
        raise InputError(f"{found!r} is no date.", remedy="Write it as 2026-12-01.", field=name) from None


def _number(fields: Mapping[str, Any], name: str) -> float:
    try:
        return float(fields[name])
    except (KeyError, TypeError, ValueError):
        raise InputError("A number is missing.", remedy="Fill it in.", field=name) from None
