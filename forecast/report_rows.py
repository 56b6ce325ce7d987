"""What a report holds as plain rows and values."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from forecast.backtest import Run
from forecast.buckets import from_ns, index
from forecast.models.base import QUANTILES


def forecast_rows(runs: Iterable[Run]) -> pd.DataFrame:
    """-> forecasts[series, model, cutoff, ds, lead_seconds, quantile, value], times as local texts; runs without paths have none."""
    frames = []
    labels = [*(f"{tau:g}" for tau in QUANTILES), "mean"]
    for run in runs:
        if run.paths is None:
            continue
        values = np.concatenate([run.paths.quantiles()[0], run.paths.mean()[0][:, None]], axis=1)
        tz = run.leads.grid.tz
        starts = index(run.leads.grid.ds).tz_convert(tz)
        stamps = np.array([start.isoformat() for start in starts], dtype=object)
        count = len(labels)
        frames.append(
            pd.DataFrame(
                {
                    "series": run.series,
                    "model": run.model,
                    "cutoff": from_ns(run.cutoff).tz_convert(tz).isoformat(),
                    "ds": np.repeat(stamps, count),
                    "lead_seconds": np.repeat(run.leads.seconds, count),
                    "quantile": np.tile(labels, len(stamps)),
                    "value": np.round(values.ravel(), 4),
                }
            )
        )
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()


def without_nan(value: Any) -> Any:
    """The same for JSON: NaN is null, numbers are plain and of six decimals."""
    if isinstance(value, dict):
        return {key: without_nan(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [without_nan(inner) for inner in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return None if not np.isfinite(value) else round(value, 6)
    return value
