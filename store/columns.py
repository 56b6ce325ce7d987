"""Columns of frames as the tables hold them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from forecast.arrays import Ns
from forecast.buckets import column_ns, index
from forecast.errors import ContractError

Flags = npt.NDArray[np.bool_]
ALWAYS_MICROS = (
    -9_000_000_000_000_000
)  # known since ever; exact as a float, and a valid moment in nanoseconds


def micros(column: pd.Series | pd.DatetimeIndex) -> Ns:
    """An aware time column -> microseconds[n]; ContractError where one is missing."""
    ns = column_ns(column)
    if (ns == np.iinfo(np.int64).min).any():
        name = str(column.name)
        raise ContractError(
            f"The column {name!r} has rows without a time.", remedy="Give each row one.", field=name
        )
    return np.maximum(ns // 1000, ALWAYS_MICROS)


def moments(at: Ns) -> pd.DatetimeIndex:
    """microseconds[n] -> DatetimeIndex[n] in UTC."""
    return index(np.asarray(at, dtype=np.int64) * 1000)


def text_column(frame: pd.DataFrame, name: str, default: str) -> list[str]:
    """A text column as strings [n], or the default where it is absent or empty."""
    if name not in frame.columns:
        return [default] * len(frame)
    return [
        default if value is None or value != value or value == "" else str(value)
        for value in frame[name].tolist()
    ]


def flag_column(frame: pd.DataFrame, name: str) -> Flags:
    """A flag column bool[n]; False where it is absent."""
    return frame[name].to_numpy(dtype=bool) if name in frame.columns else np.zeros(len(frame), dtype=bool)
