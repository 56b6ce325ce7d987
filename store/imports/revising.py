"""Which rows of a file are news, and since when they are known."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from forecast.errors import InputError

MODES = ("revision", "correction", "receipt")


def revise(
    rows: pd.DataFrame, held: pd.DataFrame, key: tuple[str, ...], *, mode: str, now: pd.Timestamp
) -> pd.DataFrame:
    """rows[*key, known_at, assumed] -> the same, where rows that are news are known now. The store drops those that say nothing new."""
    if mode not in MODES:
        raise InputError(f"There is no mode {mode!r}.", remedy=f"Use {' or '.join(MODES[:2])}.", field="as")
    if mode == "correction" or len(held) == 0:
        return rows
    series = key if mode == "revision" else key[:-1]
    known = pd.MultiIndex.from_frame(held[list(series)].drop_duplicates())
    news = pd.MultiIndex.from_frame(rows[list(series)]).isin(known) & rows["assumed"].to_numpy(dtype=bool)
    known_at = rows["known_at"].mask(news & (rows["known_at"] < now).to_numpy(), now)
    return rows.assign(known_at=known_at, assumed=rows["assumed"] & ~news)


def span(frame: pd.DataFrame) -> tuple[pd.Timestamp, pd.Timestamp]:
    return frame["ds"].min(), frame["ds"].max() + pd.Timedelta(1, "us")


def stored(mode: str) -> str:
    return "revision" if mode == "receipt" else mode


def local_dates(frame: pd.DataFrame, columns: Sequence[str], tz: str) -> pd.DataFrame:
    """Moments at which local days begin -> midnight UTC of those dates, as the store names days."""
    dates = {
        name: frame[name].dt.tz_convert(tz).dt.tz_localize(None).dt.normalize().dt.tz_localize("UTC")
        for name in columns
        if name in frame.columns
    }
    return frame.assign(**dates)
