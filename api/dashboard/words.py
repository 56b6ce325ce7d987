"""What stands on screen: texts in two languages, and numbers, days and times written as that language does."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pandas as pd
import yaml

LANGUAGES = ("en", "nl")
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the one in C reads the texts ten times as fast
FOLDER = Path(__file__).with_name("texts")  # a folder per language, a file per page
WEEKDAYS = {
    "en": ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"],
    "nl": ["ma", "di", "wo", "do", "vr", "za", "zo"],
}
MONTHS = {
    "en": ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
    "nl": ["jan", "feb", "mrt", "apr", "mei", "jun", "jul", "aug", "sep", "okt", "nov", "dec"],
}
ASSUMED = re.compile(r"(.+) \(assumption (\d+)\)")  # as `forecast/assumption.py` names one
SPACE = "\N{NO-BREAK SPACE}"
MINUS = "\N{MINUS SIGN}"


@cache
def texts(language: str) -> dict[str, str]:
    """Key -> text, of every page in one language. ValueError for a key that two files hold."""
    found: dict[str, str] = {}
    for file in sorted((FOLDER / language).glob("*.yaml")):
        held = {
            str(key): str(text) for key, text in (yaml.load(file.read_text("utf-8"), LOADER) or {}).items()
        }
        if twice := found.keys() & held.keys():
            raise ValueError(
                f"{file.name} holds texts that another file holds too: {', '.join(sorted(twice))}"
            )
        found |= held
    return found


@dataclass(frozen=True)
class Words:
    """One language. `words("key", n=3)` is a text, `words.number(1234.5, 1)` a number in it."""

    language: str = "en"

    def __call__(self, key: str, **values: object) -> str:
        text = texts(self.language)[key]
        return text.format(**values) if values else text

    def has(self, key: str) -> bool:
        """Is there such a text?"""
        return key in texts(self.language)

    def number(self, value: float | None, digits: int = 0, *, sign: bool = False) -> str:
        """`1,234.5` or `1.234,5`; a dash where there is none; with `sign` also a plus."""
        if value is None or not math.isfinite(value):
            return "–"
        rounded = round(float(value), digits) + 0.0
        text = f"{abs(rounded):,.{digits}f}"
        if self.language == "nl":
            text = text.translate(str.maketrans(",.", ".,"))
        plus = "+" if sign and rounded > 0 else ""
        return f"{MINUS if rounded < 0 else plus}{text}"

    def percent(self, share: float | None, digits: int = 1, *, sign: bool = False) -> str:
        """0.081 -> `8.1 %`."""
        if share is None or not math.isfinite(share):
            return "–"
        return f"{self.number(100 * share, digits, sign=sign)}{SPACE}%"

    def day(self, local: dt.datetime) -> str:
        """`Tue 10 Mar`."""
        return f"{WEEKDAYS[self.language][local.weekday()]} {self.date(local)}"

    def weekday(self, local: dt.datetime) -> str:
        """`Tue`."""
        return WEEKDAYS[self.language][local.weekday()]

    def date(self, local: dt.datetime) -> str:
        """`10 Mar`."""
        return f"{local.day} {MONTHS[self.language][local.month - 1]}"

    def moment(self, local: dt.datetime) -> str:
        """`Tue 10 Mar 10:30`."""
        return f"{self.day(local)} {local:%H:%M}"

    def span(self, minutes: int) -> str:
        """`30 minutes`, `15 hours`, `2 days`."""
        if minutes < 120:
            return self("minutes", n=minutes)
        if minutes < 48 * 60:
            return self("hours", n=self.number(minutes / 60, 0 if minutes % 60 == 0 else 1))
        return self("days", n=self.number(minutes / 1440, 0))

    def spans(self, minutes: Sequence[int], *, like: int) -> list[str]:
        """Minutes[n] as bare numbers in the unit that `span` says `like` minutes in: `21`, `3.1`."""
        if like < 120:
            return [self.number(one) for one in minutes]
        if like < 48 * 60:
            return [self.number(one / 60, 0 if one % 60 == 0 else 1) for one in minutes]
        return [self.number(one / 1440, 1) for one in minutes]

    def age(self, then: dt.datetime, now: dt.datetime) -> str:
        """`12 min ago`."""
        minutes = int((now - then).total_seconds() // 60)
        if minutes < 1:
            return self("age_now")
        if minutes < 90:
            return self("age_minutes", n=minutes)
        if minutes < 36 * 60:
            return self("age_hours", n=round(minutes / 60))
        days = round(minutes / 1440)
        return self("age_day") if days == 1 else self("age_days", n=days)

    def band(self, name: str) -> str:
        """A lead band as a planner says it."""
        return self(f"band_{name}") if self.has(f"band_{name}") else name

    def short_band(self, name: str) -> str:
        """A lead band under an axis: `4–24<br>hours`."""
        unit = {"h": "unit_hours", "d": "unit_days"}.get(name.rstrip("+")[-1:])
        return (
            name
            if unit is None
            else f"{name.rstrip('+')[:-1].replace('-', '–')}{name[len(name.rstrip('+')) :]}<br>{self(unit)}"
        )

    def signal(self, name: str) -> str:
        """`posts:outage` -> `posts on “outage”`; a rule of thumb is told as an assumption."""
        if assumed := ASSUMED.fullmatch(name):
            return self("signal_assumption", signal=self.signal(assumed[1]), n=assumed[2])
        kind, _, topic = name.partition(":")
        said = self(f"signal_{kind}") if self.has(f"signal_{kind}") else kind
        return self("signal_on", signal=said, topic=topic) if topic else said


def local(moment: pd.Timestamp | dt.datetime, tz: str) -> dt.datetime:
    """An aware moment as local wall-clock time."""
    return pd.Timestamp(moment).as_unit("us").tz_convert(tz).to_pydatetime()


def language_of(accept: str) -> str:
    """The first language of an Accept-Language header that we have; English otherwise."""
    for part in accept.lower().replace(";", ",").split(","):
        if part.strip()[:2] in LANGUAGES:
            return part.strip()[:2]
    return LANGUAGES[0]
