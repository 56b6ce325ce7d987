"""Amounts of a driver as they are filled in or pasted: two columns from a spreadsheet, a date and an amount."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import pandas as pd

from api import moments
from api.dashboard.data.special_day import said
from api.dashboard.words import Words, local
from forecast.buckets import index, to_ns
from forecast.errors import InputError

MOST = 400  # lines that are taken at once
LARGEST = 1e15
ISO = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})")
DAY_FIRST = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})")


@dataclass(frozen=True)
class Value:
    """An amount on a local day, as it is filled in; None takes it back. at: the moment (aware UTC) where that is said."""

    date: dt.date
    amount: float | None
    at: dt.datetime | None = None


@dataclass(frozen=True)
class Amount:
    """An amount as it is held. at: aware UTC, a day's start or a moment within it; worth: contacts per unit as assumed."""

    at: dt.datetime
    amount: float | None
    worth: float | None = None


Held: TypeAlias = Mapping[dt.datetime, Amount]  # by moment


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


def held_of(values: pd.DataFrame) -> dict[dt.datetime, Amount]:
    """drivers[ds, value, worth] of one driver -> what is held, by moment."""
    made = {}
    for ds, value, worth in zip(values["ds"], values["value"], values["worth"], strict=True):
        at = ds.to_pydatetime()
        made[at] = Amount(at, float(value), None if np.isnan(worth) else float(worth))
    return made


def placed(
    values: Iterable[Value], held: Held, tz: str, words: Words, worth: float | None = None
) -> list[Amount]:
    """Values as filled in -> amounts by moment; of two for one moment the first counts.

    A day without a moment is the day's only amount, its start where it has none; InputError where it has several. What
    was assumed of an amount stays unless `worth` says otherwise.
    """
    of_day: dict[dt.date, list[dt.datetime]] = {}
    for at in held:
        of_day.setdefault(local(at, tz).date(), []).append(at)
    found: dict[dt.datetime, Amount] = {}
    for one in values:
        there = of_day.get(one.date, [])
        if one.at is None and len(there) > 1:
            raise InputError(
                words("data_driver_within", day=said(one.date, words), n=words.number(len(there))),
                remedy=words("data_driver_within_do"),
                field="date",
            )
        at = one.at or (there[0] if there else moments.parse(one.date.isoformat(), tz, "date"))
        before = held.get(at)
        assumed = before.worth if worth is None and before is not None else worth
        found.setdefault(at, Amount(at, one.amount, None if one.amount is None else assumed))
    return [found[at] for at in sorted(found)]


def differing(amounts: Iterable[Amount], held: Held) -> list[Amount]:
    """Those that are other than what is held."""
    return [one for one in amounts if one != held.get(one.at, Amount(one.at, None))]


def rows_of(driver: str, queue: str, amounts: Sequence[Amount], now: dt.datetime) -> pd.DataFrame:
    """-> drivers[driver, queue, ds, value, worth, known_at]: a plan known from now on, as the route takes it; amounts alone."""
    told = [one for one in amounts if one.amount is not None]
    return pd.DataFrame(
        {
            "driver": pd.Series([driver] * len(told), dtype=object),
            "queue": pd.Series([queue] * len(told), dtype=object),
            "ds": index(np.array([to_ns(one.at) for one in told], dtype=np.int64)),
            "value": np.array([one.amount for one in told], dtype=np.float64),
            "worth": np.array([np.nan if one.worth is None else one.worth for one in told], dtype=np.float64),
            "known_at": index(np.full(len(told), to_ns(now), dtype=np.int64)),
        }
    )


def moment_said(at: dt.datetime, tz: str, words: Words) -> str:
    """`Fri 20 Mar 2026`, with the time where it is none of a day's start."""
    here = local(at, tz)
    return said(here.date(), words) + ("" if here.time() == dt.time() else f" {here:%H:%M}")
