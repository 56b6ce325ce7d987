"""An outlook in words: numbers, dates and causes as a planner reads them, English and Dutch."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Literal, TypeAlias

from forecast.buckets import zone
from forecast.outlook import Cause, Outlook, Reason

Language: TypeAlias = Literal["en", "nl"]
TEXTS: Mapping[str, Mapping[Language, str]] = {
    "title": {"en": "What will they call about on {day}?", "nl": "Waarover bellen ze {day}?"},
    "total": {
        "en": "{n} contacts expected, between {low} and {high}",
        "nl": "{n} contacten verwacht, tussen {low} en {high}",
    },
    "as_of": {"en": "data as of {moment}", "nl": "stand van {moment}"},
    "none": {
        "en": "No forecast is published for this day.",
        "nl": "Voor deze dag is geen forecast gepubliceerd.",
    },
    "posts": {
        "en": "posts {times} times the usual since {moment}",
        "nl": "berichten {times} keer zo veel als gebruikelijk sinds {moment}",
    },
    "special_day": {"en": "special day: {name}", "nl": "bijzondere dag: {name}"},
    "lately": {"en": "{change} in the last seven days", "nl": "{change} in de laatste zeven dagen"},
    "missing": {
        "en": "last week's contacts of {queues} are not all in",
        "nl": "de contacten van {queues} van de afgelopen week zijn nog niet compleet",
    },
    "steady": {"en": "nothing out of the ordinary", "nl": "niets bijzonders"},
    "usual": {"en": "usual {n}", "nl": "gebruikelijk {n}"},
    "band": {"en": "8 in 10 between {low} and {high}", "nl": "8 op de 10 tussen {low} en {high}"},
    "last_week": {"en": "last week {n}", "nl": "vorige week {n}"},
    "said": {"en": "{n} posts in 24 hours", "nl": "{n} berichten in 24 uur"},
    "all": {"en": "no reason given", "nl": "zonder contactreden"},
    "other": {"en": "other reasons", "nl": "overige redenen"},
    "unknown": {"en": "reason not known", "nl": "reden onbekend"},
    "more": {"en": "and {n} more reasons", "nl": "en nog {n} redenen"},
    "expected": {"en": "expected", "nl": "verwacht"},
    "change": {"en": "on the usual", "nl": "t.o.v. gebruikelijk"},
    "key_band": {"en": "8 in 10 days within", "nl": "8 op de 10 dagen hierbinnen"},
    "key_usual": {"en": "usual on this weekday", "nl": "gebruikelijk op deze weekdag"},
}
DAYS: Mapping[Language, tuple[str, ...]] = {
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    "nl": ("maandag", "dinsdag", "woensdag", "donderdag", "vrijdag", "zaterdag", "zondag"),
}
MONTHS: Mapping[Language, tuple[str, ...]] = {
    "en": (
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
        "November", "December",
    ),
    "nl": (
        "januari", "februari", "maart", "april", "mei", "juni", "juli", "augustus", "september", "oktober",
        "november", "december",
    ),
}  # fmt: skip


def text(key: str, language: Language, **facts: str) -> str:
    """A sentence of TEXTS with its facts filled in; what the facts hold is never read as a pattern."""
    return TEXTS[key][language].format(**facts)


def number(value: float, language: Language) -> str:
    """1240.4 -> `1,240` or `1.240`; below ten with one digit behind the point."""
    shown = f"{value:,.1f}" if abs(value) < 9.95 and round(value, 1) % 1 else f"{value:,.0f}"
    return shown.translate(str.maketrans(",.", ".,")) if language == "nl" else shown


def percent(value: float) -> str:
    """0.384 -> `+38 %`."""
    return f"{100 * value:+.0f} %" if round(100 * value) else "0 %"


def date(day: dt.date, language: Language) -> str:
    """`Tuesday 24 November 2026`."""
    return f"{DAYS[language][day.weekday()]} {day.day} {MONTHS[language][day.month - 1]} {day.year}"


def moment(at: dt.datetime, tz: str, language: Language) -> str:
    """`Tuesday 08:30` in local time; the date stands for the weekday where it matters more."""
    local = at.astimezone(zone(tz))
    return f"{DAYS[language][local.weekday()]} {local.day} {MONTHS[language][local.month - 1]} {local:%H:%M}"


def line(said: str) -> str:
    """A text on one line, without what a terminal, a picture or a mail header could take for a command."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in said).split())


def topic(name: str, language: Language) -> str:
    """A reason's name; those that have none are told in words."""
    return TEXTS[name][language] if name in ("all", "other", "unknown") else name


def cause(one: Cause, tz: str, language: Language) -> str:
    """One cause as part of a sentence."""
    if one.kind == "posts":
        since = "" if one.since is None else moment(one.since, tz, language)
        return text("posts", language, times=number(one.size, language), moment=since)
    if one.kind == "special_day":
        return text("special_day", language, name=one.name)
    return text("lately", language, change=percent(one.size))


def why(reason: Reason, tz: str, language: Language) -> str:
    """Why a reason differs from the usual, in one line."""
    told = [cause(one, tz, language) for one in reason.causes]
    if reason.missing:
        told.append(text("missing", language, queues=", ".join(map(line, reason.missing))))
    return "; ".join(told) if told else text("steady", language)


def heading(found: Outlook, language: Language) -> tuple[str, str]:
    """The question, and the answer over all reasons."""
    title = text("title", language, day=date(found.day, language))
    if not found.reasons:
        return title, text("none", language)
    low, high, mean = (number(value, language) for value in (found.low, found.high, found.expected))
    parts = [text("total", language, n=mean, low=low, high=high)]
    if found.usual is not None:
        parts.append(text("usual", language, n=number(found.usual, language)))
    if found.last_week is not None:
        parts.append(text("last_week", language, n=number(found.last_week, language)))
    if found.cutoff is not None:
        parts.append(text("as_of", language, moment=moment(found.cutoff, found.tz, language)))
    return title, " · ".join(parts)
