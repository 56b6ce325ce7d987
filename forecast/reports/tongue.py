"""A language of the reports: its texts, and numbers, days and money written as it does."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from forecast.errors import InputError

LANGUAGES = ("en", "nl")
MONTHS = {
    "en": ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
    "nl": ["jan", "feb", "mrt", "apr", "mei", "jun", "jul", "aug", "sep", "okt", "nov", "dec"],
}
DAYS = {
    "en": ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"],
    "nl": ["maandag", "dinsdag", "woensdag", "donderdag", "vrijdag", "zaterdag", "zondag"],
}
NONE = "–"
MINUS = "\N{MINUS SIGN}"
SPACE = "\N{NO-BREAK SPACE}"


@cache
def texts(language: str) -> dict[str, str]:
    """Key -> text; InputError for a language there is none of."""
    if language not in LANGUAGES:
        raise InputError(
            f"There is no report in the language {language[:20]!r}.",
            remedy=f"Use {' or '.join(LANGUAGES)}.",
            field="language",
        )
    file = Path(__file__).with_name(f"texts_{language}.yaml")
    return {str(key): str(text) for key, text in yaml.safe_load(file.read_text("utf-8")).items()}


@dataclass(frozen=True)
class Tongue:
    """`tongue("key", n="3")` is a text, `tongue.number(1234.5, 1)` a number in it."""

    language: str = "en"

    def __call__(self, key: str, **values: object) -> str:
        text = texts(self.language)[key]
        return text.format(**values) if values else text

    def number(self, value: float | None, digits: int = 0, *, sign: bool = False) -> str:
        """`1,234.5` or `1.234,5`; a dash where there is none; with `sign` also a plus."""
        if value is None or not math.isfinite(value):
            return NONE
        rounded = round(value, digits) + 0.0
        text = f"{abs(rounded):,.{digits}f}"
        if self.language == "nl":
            text = text.translate(str.maketrans(",.", ".,"))
        return f"{MINUS if rounded < 0 else '+' if sign and rounded > 0 else ''}{text}"

    def percent(self, share: float | None, digits: int = 0, *, sign: bool = False) -> str:
        """0.081 -> `8 %`."""
        if share is None or not math.isfinite(share):
            return NONE
        return f"{self.number(100 * share, digits, sign=sign)}{SPACE}%"

    def euros(self, value: float | None, *, sign: bool = False) -> str:
        """`€ 1,140`; the sign stands before the mark."""
        if value is None or not math.isfinite(value):
            return NONE
        text = self.number(abs(value))
        rounded = round(value)
        return f"{MINUS if rounded < 0 else '+' if sign and rounded > 0 else ''}€{SPACE}{text}"

    def weekday(self, place: int) -> str:
        """0 -> `Monday`."""
        return DAYS[self.language][place]

    def short(self, place: int) -> str:
        """0 -> `Mon`, `ma`."""
        return DAYS[self.language][place][: 3 if self.language == "en" else 2]

    def date(self, day: dt.date, *, year: bool = True) -> str:
        """`9 Mar 2026`."""
        return f"{day.day} {MONTHS[self.language][day.month - 1]}{f' {day.year}' if year else ''}"

    def moment(self, local: dt.datetime) -> str:
        """`Mon 9 Mar 2026 08:00`."""
        return f"{self.short(local.weekday())} {self.date(local.date())} {local:%H:%M}"
