"""Runs in AutoGluon's own environment (`gluon.py` starts it): history.csv, future.csv, task.json -> predictions.csv.

Knows nothing of Forecall. Cutoff 0 trains; every cutoff is predicted by itself, from its own history only.
"""

from __future__ import annotations

import json
import os
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd
from autogluon.timeseries import (  # type: ignore[import-not-found]  # not in this project's environment
    TimeSeriesDataFrame,
    TimeSeriesPredictor,
)

QUANTILES = [round(0.05 * step, 2) for step in range(1, 20)]
CATEGORIES = ["weekday", "slot"]
COVARIATES = [*CATEGORIES, "before", "special", "after"]
SEED = 1
WINDOWS = 3  # horizons the models are chosen on
LONGEST_ETS_SEASON = 24  # statsforecast's ETS, which this wraps, takes no longer one


def main(folder: Path) -> None:
    """Train once, predict at each cutoff, write predictions.csv and facts.json."""
    task = json.loads((folder / "task.json").read_text("utf-8"))
    history, future = (pd.read_csv(folder / f"{name}.csv") for name in ("history", "future"))
    started = time.perf_counter()
    predictor = _trained(folder, task, _rows(history, 0, task))
    trained = time.perf_counter()
    found = []
    for cutoff in history["cutoff"].unique():
        past, ahead = _rows(history, cutoff, task), _rows(future, cutoff, task)
        said = predictor.predict(past, known_covariates=ahead, use_cache=False, random_seed=SEED)
        columns = said[[str(level) for level in QUANTILES]].reset_index(drop=True)
        found.append(columns.assign(cutoff=cutoff))
    pd.concat(found).to_csv(folder / "predictions.csv", index=False)
    board = predictor.leaderboard()
    facts = {
        "version": version("autogluon.timeseries"),
        "train_seconds": round(trained - started, 1),
        "predict_seconds": round((time.perf_counter() - trained) / len(found), 2),
        "cores": os.cpu_count(),
        "models": {
            str(name): round(float(score), 4)
            for name, score in zip(board["model"], board["score_val"], strict=True)
        },
        "best": str(predictor.model_best),
        "weights": _weights(predictor),
    }
    (folder / "facts.json").write_text(json.dumps(facts), encoding="utf-8")


def _rows(frame: pd.DataFrame, cutoff: int, task: dict[str, Any]) -> TimeSeriesDataFrame:
    """The rows of one cutoff on a clock without gaps."""
    mine = frame[frame["cutoff"] == cutoff].drop(columns="cutoff")
    last = int(mine["step"].max())
    times = pd.date_range(task["begin"], periods=last + 1, freq=task["clock"])
    named = {name: name + mine[name].astype(str) for name in CATEGORIES}  # text is taken as a category
    mine = mine.assign(item_id="series", timestamp=times[mine["step"]], **named).drop(columns="step")
    return TimeSeriesDataFrame.from_data_frame(mine)


def _trained(folder: Path, task: dict[str, Any], train: TimeSeriesDataFrame) -> TimeSeriesPredictor:
    day, week = task["day"], task["week"]
    short = week if week <= LONGEST_ETS_SEASON else day if day <= LONGEST_ETS_SEASON else 1
    lags = sorted(
        {*range(1, 8), *range(max(1, day - 1), day + 2), 2 * day, *(week * n for n in (1, 2, 3, 4))}
    )
    predictor = TimeSeriesPredictor(
        prediction_length=task["steps"],
        freq=task["clock"],
        eval_metric="WQL",
        quantile_levels=QUANTILES,
        known_covariates_names=COVARIATES,
        path=str(folder / "models"),
    )
    predictor.fit(
        train,
        time_limit=task["seconds"],
        random_seed=SEED,
        num_val_windows=WINDOWS,
        refit_every_n_windows=None,
        hyperparameters={
            "SeasonalNaive": {"seasonal_period": week},
            "AutoETS": {"seasonal_period": short},
            "DynamicOptimizedTheta": {"seasonal_period": week},
            "RecursiveTabular": {"lags": lags, "differences": [week]},
            "DirectTabular": {"lags": lags},
            "TemporalFusionTransformer": {},
            "DeepAR": {},
        },
    )
    return predictor


def _weights(predictor: TimeSeriesPredictor) -> dict[str, float]:
    """Members of the chosen ensemble; empty where a single model was best."""
    try:
        model = predictor._trainer.load_model(predictor.model_best)
        return {str(name): round(float(weight), 3) for name, weight in model.model_to_weight.items()}
    except AttributeError:
        return {}


if __name__ == "__main__":
    main(Path(sys.argv[1]))
