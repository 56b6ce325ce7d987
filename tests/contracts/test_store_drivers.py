"""Amounts of a driver replaced and taken back, on SQLite and on PostgreSQL."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sqlalchemy.orm import Session

from forecast.errors import InputError
from store.drivers import last_told, load_drivers, replace_drivers, save_drivers
from tests import builders as b

NOW = b.NOON
START = NOW.replace(hour=0) + dt.timedelta(days=7)
END = START + dt.timedelta(days=1)
LATER = NOW + dt.timedelta(minutes=1)
SPAN: dict[str, Any] = {"start": START, "end": END}


def rows(*told: tuple[int, float, float]) -> pd.DataFrame:
    """(hour, value, worth) of the day."""
    at = pd.DatetimeIndex([START + dt.timedelta(hours=hour) for hour, _, _ in told], tz="UTC")
    values = {"value": [one[1] for one in told], "worth": [one[2] for one in told]}
    return pd.DataFrame({"ds": at, **{name: np.array(each, dtype=float) for name, each in values.items()}})


def plan(session: Session) -> None:
    """Two amounts of the day, and one of the day after."""
    told = rows((9, 5_000.0, 0.05), (13, 3_000.0, np.nan), (24, 7.0, np.nan))
    save_drivers(session, told.assign(driver="mailing", queue="", known_at=pd.Timestamp(NOW)))


def amounts(session: Session, **asked: dt.datetime) -> list[tuple[float, float | None]]:
    held = load_drivers(session, **SPAN, **asked)
    return [
        (one, None if np.isnan(worth) else worth)
        for one, worth in zip(held["value"], held["worth"], strict=True)
    ]


def test_all_of_a_day_is_replaced_and_the_day_after_stays(session: Session) -> None:
    plan(session)
    assert replace_drivers(session, "mailing", rows((0, 40_000.0, np.nan)), **SPAN, now=LATER) == 3
    assert amounts(session) == [(40_000.0, None)]
    assert load_drivers(session, start=END)["value"].tolist() == [7.0]


def test_no_rows_take_everything_away_and_the_same_rows_bring_it_back(session: Session) -> None:
    plan(session)
    replace_drivers(session, "mailing", rows(), **SPAN, now=LATER)
    assert amounts(session) == []
    back = rows((9, 5_000.0, 0.05), (13, 3_000.0, np.nan))
    replace_drivers(session, "mailing", back, **SPAN, now=LATER)
    assert amounts(session) == [(5_000.0, 0.05), (3_000.0, None)]
    assert replace_drivers(session, "mailing", back, **SPAN, now=LATER) == 0


def test_what_was_known_before_a_moment_is_still_told(session: Session) -> None:
    plan(session)
    assert last_told(session, "mailing", **SPAN) == NOW
    replace_drivers(session, "mailing", rows(), **SPAN, now=LATER)
    assert last_told(session, "mailing", **SPAN) == LATER
    assert amounts(session, before=LATER) == [(5_000.0, 0.05), (3_000.0, None)]
    assert amounts(session, before=NOW) == []
    assert last_told(session, "nobody", **SPAN) is None


def test_an_amount_that_says_it_is_known_later_is_replaced_too(session: Session) -> None:
    told = rows((9, 5_000.0, np.nan)).assign(driver="mailing", queue="", known_at=pd.Timestamp(END))
    save_drivers(session, told)
    replace_drivers(session, "mailing", rows((9, 1.0, np.nan)), **SPAN, now=NOW)
    assert amounts(session) == [(1.0, None)]


def test_an_amount_of_another_day_is_refused(session: Session) -> None:
    with pytest.raises(InputError):
        replace_drivers(session, "mailing", rows((24, 1.0, np.nan)), **SPAN, now=NOW)
