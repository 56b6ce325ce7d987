"""Amounts of a driver as they are filled in or pasted: two columns from a spreadsheet, a date and an amount."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from api import moments
from api.dashboard.words import Words
from forecast.buckets import index, to_ns
from forecast.errors import InputError

MOST = 400  # lines that are taken at once
LARGEST = 1e15
ISO = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})")
DAY_FIRST = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})")


@dataclass(frozen=True)
class Value:
    """An amount on a local day; None takes it back."""

    date: dt.date
    amount: float | None


def pasted(text: str, words: Words) -> list[Value]:
    """Lines of a date and an amount; a heading is passed over. InputError with the line that cannot be read.

    1-12-2026 is the first of December: the day comes first, and the preview says which day was read.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) > MOST:
        raise InputError(words("data_paste_long", n=MOST), remedy=words("data_paste_long_do"), field="pasted")
    found: dict[dt.date, Value] = {}
    for number, line in enumerate(lines, start=1):
        date, _, rest = (
            line.replace(";", "\t").partition("\t") if re.search(r"[\t;]", line) else line.partition(" ")
        )
        day = day_read(date.strip())
        if day is None and number == 1 and not any(sign.isdigit() for sign in date):
            continue
        if day is None:
            raise InputError(
                words("data_paste_date", line=number, text=date[:30]),
                remedy=words("data_day_remedy"),
                field="pasted",
            )
        try:
            found[day] = Value(day, amount_read(rest, words))
        except ValueError:
            raise InputError(
                words("data_paste_amount", line=number, text=rest.strip()[:30]),
                remedy=words("data_paste_do"),
                field="pasted",
            ) from None
    return [found[day] for day in sorted(found)]


def day_read(text: str) -> dt.date | None:
    """`2026-12-01` or `1-12-2026`; None for anything else."""
    iso, first = ISO.fullmatch(text), DAY_FIRST.fullmatch(text)
    try:
        if iso:
            found = dt.date(*(int(one) for one in iso.groups()))
        elif first:
            found = dt.date(int(first[3]), int(first[2]), int(first[1]))
        else:
            return None
    except ValueError:
        return None
    return found if 1970 < found.year < 2199 else None


def amount_read(text: str, words: Words) -> float | None:
    """`1.234,5`, `1,234.5`, `500`; '' is None. ValueError for anything else."""
    said = re.sub(r"[\s\u00a0]", "", text)
    if not said:
        return None
    thousand = "." if words.language == "nl" else ","
    if "." in said and "," in said:
        thousand = "." if said.rindex(",") > said.rindex(".") else ","
    grouped = re.fullmatch(rf"-?\d{{1,3}}(\{thousand}\d{{3}})+([.,]\d+)?", said)
    if grouped:
        said = said.replace(thousand, "")
    if not re.fullmatch(r"-?\d+([.,]\d+)?", said):
        raise ValueError
    value = float(said.replace(",", "."))
    if abs(value) > LARGEST:
        raise ValueError
    return value


def differing(values: Iterable[Value], held: Mapping[dt.date, float]) -> list[Value]:
    """Those that are other than what is held."""
    return [one for one in values if one.amount != held.get(one.date)]


def rows_of(
    driver: str, queue: str, values: Sequence[Value], tz: str, now: dt.datetime, worth: float | None = None
) -> pd.DataFrame:
    """-> drivers[driver, queue, ds, value, worth, known_at]: a plan known from now on, as the route takes it; amounts alone."""
    told = [one for one in values if one.amount is not None]
    at = [to_ns(moments.parse(one.date.isoformat(), tz, "date")) for one in told]
    return pd.DataFrame(
        {
            "driver": pd.Series([driver] * len(told), dtype=object),
            "queue": pd.Series([queue] * len(told), dtype=object),
            "ds": index(np.array(at, dtype=np.int64)),
            "value": np.array([one.amount for one in told], dtype=np.float64),
            "worth": np.full(len(told), np.nan if worth is None else worth),
            "known_at": index(np.full(len(told), to_ns(now), dtype=np.int64)),
        }
    )
