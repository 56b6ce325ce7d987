"""From losses per cutoff to the rows of accuracy.json: scores, ratios, calibration, each with its 90 % interval."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from benchmarks.paired import AT, HIGH, LOW, calibrated
from forecast.arrays import Floats, Ns
from forecast.buckets import Interval
from forecast.models.base import bands
from forecast.resampling import Bounds, ratio

BARS = ("seasonal_naive", "mean8", "mean8_open", "median8")
OURS = ("ets", "dhr", "level_profile")
BAND_BAR = "mean8_open"
ASIDE = ("autogluon",)  # shown, but no part of the best peer: its training is three orders dearer


def role(name: str) -> str:
    """champion, bar, peer or ours: whose it is."""
    if name == "champion":
        return name
    return "bar" if name in BARS else "ours" if name in OURS else "peer"


def _total(table: Floats, measure: str) -> Floats:
    """float[cutoffs, bands, MEASURES] -> float[cutoffs] of one measure over all bands."""
    return np.asarray(table[:, :, AT[measure]].sum(axis=1))


def model_rows(
    found: Mapping[str, Floats], rows: Ns | None, seconds: Mapping[str, list[float]]
) -> list[dict[str, Any]]:
    """A row per model that ran at all; `rows`: resampled cutoffs."""
    return [_model_row(name, found, rows, seconds[name]) for name in found if _ran(found[name])]


def _ran(table: Floats) -> bool:
    return bool(np.isfinite(table).any())


def _model_row(
    name: str, found: Mapping[str, Floats], rows: Ns | None, seconds: list[float]
) -> dict[str, Any]:
    """Scores of one model, and the champion's losses over its own."""
    mine = {measure: _total(found[name], measure) for measure in AT}
    row: dict[str, Any] = {"model": name, "role": role(name), "aside": name in ASIDE}
    row["cutoffs"] = int(np.isfinite(mine["error"]).sum())
    row["buckets"] = int(np.nansum(mine["buckets"]))
    row["seconds"] = round(float(np.median(seconds)), 3)
    for key, measure in (("wape", "error"), ("wql", "pinball"), ("bias", "drift")):
        row[key] = _rounded(ratio(mine[measure], mine["contacts"], rows))
    row |= _calibration(mine, rows)
    if name != "champion" and "champion" in found:
        for key, measure in (("champion_wape_ratio", "error"), ("champion_wql_ratio", "pinball")):
            row[key] = _rounded(ratio(_total(found["champion"], measure), mine[measure], rows))
    return row


def _calibration(mine: Mapping[str, Floats], rows: Ns | None) -> dict[str, Any]:
    """Shares below and at or below the 0.1 and 0.9 quantiles over open slots, their verdicts, and the sharpness."""
    found: dict[str, Any] = {}
    cutoffs = int(np.isfinite(mine["open"]).sum())
    for side, tau in (("low", LOW), ("high", HIGH)):
        below = ratio(mine[f"below_{side}"], mine["open"], rows)
        upto = ratio(mine[f"upto_{side}"], mine["open"], rows)
        found[f"{tau:g}"] = {
            "below": _rounded(below),
            "at_or_below": _rounded(upto),
            "calibrated": calibrated(below, upto, tau, cutoffs),
        }
    return {"calibration": found, "sharpness": _rounded(ratio(mine["width"], mine["open_contacts"], None))[0]}


def band_rows(found: Mapping[str, Floats], rows: Ns | None, interval: Interval) -> list[dict[str, Any]]:
    """Per lead band the champion's losses over those of BAND_BAR, and the champion's calibration."""
    if not {"champion", BAND_BAR} <= set(found):
        return []
    made = []
    for at, (band, _, _) in enumerate(bands(interval)):
        own, bar = (
            {measure: found[name][:, at, AT[measure]] for measure in AT} for name in ("champion", BAND_BAR)
        )
        if not np.nansum(own["open"]):  # before opening time there is nothing to forecast
            continue
        row: dict[str, Any] = {"lead_band": band, "buckets": int(np.nansum(own["buckets"]))}
        row["wape"] = _rounded(ratio(own["error"], own["contacts"], rows))
        row["bar_wape"] = _rounded(ratio(bar["error"], bar["contacts"], rows))
        row["wape_ratio"] = _rounded(ratio(own["error"], bar["error"], rows))
        row["wql_ratio"] = _rounded(ratio(own["pinball"], bar["pinball"], rows))
        row["bias"] = _rounded(ratio(own["drift"], own["contacts"], rows))
        made.append(row | _calibration(own, rows))
    return made


def per_cutoff(found: Mapping[str, Floats], measure: str) -> dict[str, list[float | None]]:
    """model -> its sum at each cutoff, so that a mean over series can be resampled later; null where it failed."""
    return {
        name: [None if np.isnan(value) else round(float(value), 2) for value in _total(table, measure)]
        for name, table in found.items()
        if _ran(table)
    }


def _rounded(bounds: Bounds) -> list[float | None]:
    """[value, low, high] for the file."""
    return [None if value is None else round(value, 5) for value in bounds]
