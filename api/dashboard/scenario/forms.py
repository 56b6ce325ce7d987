"""The fields of each kind of event, with defaults that can be used as they are."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import dash_mantine_components as dmc
import pandas as pd
from dash import html
from sqlalchemy.orm import Session

from api.dashboard.scenario.events import ALL, DRIVEN, said_day
from api.dashboard.words import Words
from forecast.buckets import index
from store.drivers import load_drivers
from store.offered import load_offered
from store.queues import load_queues
from store.signals import load_signal_catalogue

PRICES = ("price", "tarief", "prijs", "tariff", "rate")
LETTERS = ("letter", "brieven", "brief", "mailing")
LOOK_BACK = dt.timedelta(days=400)
TOLD = 6  # unusual days to choose from
TUESDAY = 1


@dataclass(frozen=True)
class Known:
    """What the store offers to choose from. drivers: name -> its latest amount; days: ISO 8601, the most unusual first."""

    queues: tuple[str, ...]
    drivers: dict[str, float]
    topics: tuple[str, ...] = ()
    days: tuple[tuple[str, int, float], ...] = ()


def load_known(session: Session, queue: str, kind: str, now: dt.datetime, tz: str) -> Known:
    """What the form of this kind needs, and no more."""
    queues = tuple(one.name for one in load_queues(session))
    drivers = _drivers(session, kind, queue, now) if kind in DRIVEN else {}
    topics: tuple[str, ...] = ()
    if kind == "posts":
        found = sorted(set(load_signal_catalogue(session)["topic"]) - {"all"})
        own = next((one.topic for one in load_queues(session) if one.name == queue), "")
        topics = tuple(sorted(found, key=lambda name: name != own))
    days = unusual_days(session, queue, now, tz) if kind == "outage" else ()
    return Known(queues, drivers, topics, days)


def _drivers(session: Session, kind: str, queue: str, now: dt.datetime) -> dict[str, float]:
    """Pulses with their latest amount, those that this kind of event is likely to mean first, then the best known."""
    held = load_drivers(session)
    held = held[held["queue"].isin(["", queue]) & (held["value"] > 0)]
    if held.empty:
        return {}
    past = held[held["ds"] <= now]
    seen = past.groupby("driver").size()
    meant = PRICES if kind == "price" else LETTERS
    names = sorted(
        set(held["driver"]),
        key=lambda name: (not any(one in name.lower() for one in meant), -int(seen.get(name, 0)), name),
    )
    latest = held.sort_values("ds").groupby("driver")["value"].last()
    return {str(name): float(latest[name]) for name in names}


def unusual_days(
    session: Session, queue: str, now: dt.datetime, tz: str
) -> tuple[tuple[str, int, float], ...]:
    """(day, contacts, times the usual of its weekday): the days that stood out most, each at least half as much again."""
    came = load_offered(session, [queue], now - LOOK_BACK, now)
    day = index(came.ds).tz_convert(tz).normalize()
    totals = pd.Series(came.contacts).groupby(day).sum().iloc[:-1]
    if totals.empty:
        return ()
    usual = totals.groupby(pd.DatetimeIndex(totals.index).weekday).transform("median")
    times = (totals / usual.where(usual > 0)).dropna()
    found = times[times >= 1.5].sort_values(ascending=False).index[:TOLD]
    return tuple((f"{one:%Y-%m-%d}", int(totals[one]), float(times[one])) for one in found)


def next_tuesday(now: dt.datetime, tz: str) -> dt.date:
    """The next one that leaves time to send something."""
    today = pd.Timestamp(now).tz_convert(tz).date()
    return today + dt.timedelta(days=(TUESDAY - today.weekday() - 1) % 7 + 1)


def fields(kind: str, queue: str, known: Known, words: Words, day: dt.date) -> list[Any]:
    """The fields of one kind of event."""
    others = [name for name in known.queues if name != queue]
    if kind in DRIVEN:
        return _driven(kind, queue, known, words, day)
    if kind == "outage":
        days = [
            (
                one,
                words(
                    "scenario_unusual",
                    day=said_day(one, words),
                    n=words.number(n),
                    times=words.number(times, 1),
                ),
            )
            for one, n, times in known.days
        ]
        like = (
            choice("like", words("scenario_like"), days, w=310)
            if days
            else date("like", words("scenario_like"), "")
        )
        return [like, date("day", words("scenario_day"), day), clock("start", words("scenario_start"), ""),
                number("scale", words("scenario_scale"), 1, words, decimals=1)]  # fmt: skip
    if kind == "posts":
        topics = [(name, name) for name in known.topics]
        topic = (
            choice("topic", words("scenario_topic"), topics)
            if topics
            else text("topic", words("scenario_topic"))
        )
        return [topic, number("factor", words("scenario_factor"), 3, words, decimals=1), date("day", words("scenario_day"), day),
                clock("start", words("scenario_from_time"), "10:00"), number("hours", words("scenario_hours"), 4, words)]  # fmt: skip
    if kind == "closed":
        target = choice(
            "target",
            words("scenario_goes_to"),
            [(one, one) for one in others],
            none=words("scenario_nowhere"),
        )
        return [
            date("day", words("scenario_day"), day),
            target,
            number("share", words("scenario_share"), 40, words),
        ]
    if kind == "overflow":
        data = [(one, one) for one in (*others, words("scenario_partner"))]
        return [choice("target", words("scenario_goes_to"), data), number("share", words("scenario_share"), 30, words),
                date("day", words("scenario_from"), day), date("until", words("scenario_until"), day)]  # fmt: skip
    return [number("percent", words("scenario_percent"), 10, words, signed=True), date("day", words("scenario_from"), day),
            date("until", words("scenario_until"), day), scope(queue, words)]  # fmt: skip


def _driven(kind: str, queue: str, known: Known, words: Words, day: dt.date) -> list[Any]:
    names = [(name, name) for name in known.drivers]
    first = next(iter(known.drivers), "")
    name = choice("driver", words("scenario_driver"), names) if names else text(
        "driver", words("scenario_driver"), words(f"scenario_driver_{kind}"))  # fmt: skip
    own = html.Details(
        [html.Summary(words("scenario_own_worth")),
         html.Div([number("worth", words("scenario_worth"), "", words, decimals=1),
                   number("lasts", words("scenario_lasts"), "", words)], className="fields")],
        className="more", open=not names,
    )  # fmt: skip
    return [name, number("value", words("scenario_amount"), known.drivers.get(first, 10_000), words),
            date("day", words("scenario_arrive"), day), scope(queue, words), own]  # fmt: skip


def _id(name: str) -> dict[str, str]:
    return {"type": "scenario-field", "name": name}


def text(name: str, label: str, value: str = "", **more: Any) -> Any:
    """A line of text."""
    return dmc.TextInput(id=_id(name), label=label, value=value, w=more.pop("w", 200), **more)


def date(name: str, label: str, day: dt.date | str) -> Any:
    """A local day in the browser's own field for dates."""
    return text(name, label, str(day), w=160, attributes={"input": {"type": "date"}})


def clock(name: str, label: str, value: str) -> Any:
    """A time of the day, `10:00`."""
    return text(name, label, value, w=130, attributes={"input": {"type": "time"}})


def number(
    name: str, label: str, value: float | str, words: Words, *, decimals: int = 0, signed: bool = False
) -> Any:
    """A number as the language writes it."""
    dutch = words.language == "nl"
    return dmc.NumberInput(
        id=_id(name), label=label, value=value, w=150, hideControls=True, allowNegative=signed, decimalScale=decimals,
        thousandSeparator="." if dutch else ",", decimalSeparator="," if dutch else ".",
    )  # fmt: skip


def choice(name: str, label: str, choices: Sequence[tuple[str, str]], *, none: str = "", w: int = 200) -> Any:
    """One of several, the first of them chosen; with `none` also nothing, which is then chosen."""
    data = [{"value": key, "label": said} for key, said in choices]
    value = None if none or not choices else choices[0][0]
    return dmc.Select(id=_id(name), label=label, data=data, value=value, placeholder=none, w=w,
                      allowDeselect=bool(none), clearable=bool(none), searchable=len(choices) > 8)  # fmt: skip


def scope(queue: str, words: Words) -> Any:
    """This queue, or every one that is moved."""
    return choice(
        "scope", words("scenario_scope"), [(queue, queue), (ALL, words("scenario_every_queue"))], w=190
    )
