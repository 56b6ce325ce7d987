"""AutoGluon-TimeSeries as a peer, when asked for (`--with-autogluon`): an environment of its own, CSV in, CSV out.

Per series it is trained ONCE, at the first cutoff, on what was known then, for at most SECONDS seconds: statistical
(seasonal naive, AutoETS, dynamic optimised theta), tabular (recursive and direct LightGBM) and small deep models (TFT,
DeepAR) and their weighted ensemble, chosen by WQL on the last three horizons before that cutoff, fitted before them once (one horizon,
its default, may be a holiday week and then chooses the seasonal naive); no model with downloaded weights (Chronos, Toto). At each later cutoff the trained ensemble predicts from the contacts known by then: its statistical
models are fitted anew by that, the others are not trained again. What it gets is the open slots in a row (`OpenSlots`)
on a regular clock from their first day on (the true one where all hours are open), closed and unknown days as missing
values, which it handles itself, with the season lengths of that row, and as known covariates weekday and slot (categories)
and whether the day, the one before and the one after are special. Its quantiles .05 to .95 become comonotone draws.

Shchur et al. (2023), AutoGluon-TimeSeries: AutoML for probabilistic time series forecasting, AutoML 2023.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.peers import FittedPeer, OpenSlots, Peer
from forecast.arrays import Floats, Ns
from forecast.buckets import Grid
from forecast.losses import TAUS
from forecast.vintage import Archive, History

ROOT = Path(__file__).resolve().parents[1]
HOME = ROOT / ".cache" / "autogluon"  # git-ignored
PYTHON = HOME / "bin" / "python"
REQUIREMENT = "autogluon.timeseries>=1.4,<2"
SECONDS = 240
NEEDED_BYTES = 12_000_000_000  # its usual torch brings CUDA along
CLOCK = {"15min": "15min", "30min": "30min", "1h": "h", "1d": "D"}


@dataclass(frozen=True)
class Prepared:
    """The peer, and what was noted while it was trained: version, seconds, ensemble, device."""

    model: Peer
    facts: Mapping[str, Any]


@dataclass(frozen=True)
class FittedRow:
    """Quantiles float[h, TAUS] of the open slots in a row, from the cutoff's day on."""

    row: OpenSlots
    values: Floats

    def quantiles(self, history: History, grid: Grid, *, seed: int) -> tuple[Floats, Floats]:
        """Those of the buckets asked for; 0 where the row has no place for one."""
        place = self.row.place(grid) - len(self.row.values)
        inside = (place >= 0) & (place < len(self.values))
        found = np.zeros((len(grid), len(TAUS)))
        found[inside] = self.values[place[inside]]
        return TAUS, found


def install() -> None:
    """Make the environment unless it is there; RuntimeError with the installer's last lines where that fails."""
    if _works():
        return
    if shutil.disk_usage(ROOT).free < NEEDED_BYTES:
        raise RuntimeError(f"AutoGluon needs {NEEDED_BYTES // 10**9} GB of free disk, which is not there.")
    print(f"Installing AutoGluon into {HOME.relative_to(ROOT)} (some GB, some minutes).", flush=True)
    shutil.rmtree(HOME, ignore_errors=True)
    uv = shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))
    if uv is None:
        _call([sys.executable, "-m", "venv", str(HOME)])
        _call([str(PYTHON), "-m", "pip", "install", "--quiet", REQUIREMENT])
        return
    _call([uv, "venv", "--quiet", "--python", sys.executable, str(HOME)])
    plain = [uv, "pip", "install", "--quiet", "--python", str(PYTHON)]
    try:
        _call([*plain, "--torch-backend", "cpu", REQUIREMENT])
    except RuntimeError:  # the CPU build has a registry of its own, which not every network reaches
        _call([*plain, REQUIREMENT])


def _works() -> bool:
    if not PYTHON.exists():
        return False
    command = [str(PYTHON), "-c", "import autogluon.timeseries"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _call(command: Sequence[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        tail = "\n".join((done.stderr or done.stdout).strip().splitlines()[-8:])
        raise RuntimeError(f"{Path(command[0]).name} failed with {done.returncode}:\n{tail}")


def prepared(archive: Archive, name: str, cutoffs: Sequence[int], horizon_days: int) -> Prepared:
    """Train at the first cutoff and predict at each; the forecasts of the Model are looked up by cutoff."""
    histories = [archive.at(cutoff).history(name) for cutoff in cutoffs]
    rows = [OpenSlots.of(history) for history in histories]
    first = rows[0]
    same = [
        number for number, row in enumerate(rows) if (row.a_day, row.a_week) == (first.a_day, first.a_week)
    ]
    steps = -(-horizon_days // 7) * first.a_week
    with tempfile.TemporaryDirectory(prefix="forecall-autogluon-") as folder:
        for part, past in (("history", True), ("future", False)):
            frames = [frame(histories[n], rows[n], steps, past=past).assign(cutoff=n) for n in same]
            pd.concat(frames).to_csv(Path(folder) / f"{part}.csv", index=False)
        task: dict[str, int | str] = {
            "steps": steps,
            "day": first.a_day,
            "week": first.a_week,
            "seconds": SECONDS,
        }
        task |= {
            "clock": CLOCK[str(histories[0].series.interval)],
            "begin": str(np.datetime64(first.begin, "D")),
        }
        (Path(folder) / "task.json").write_text(json.dumps(task), encoding="utf-8")
        _run_worker(Path(folder))
        facts = json.loads((Path(folder) / "facts.json").read_text("utf-8"))
        found = pd.read_csv(Path(folder) / "predictions.csv")
    values = {
        cutoffs[int(str(n))]: part.drop(columns="cutoff").to_numpy(dtype=np.float64)
        for n, part in found.groupby("cutoff")
    }
    return Prepared(Peer("autogluon", _LookUp(values, dict(zip(cutoffs, rows, strict=True)))), facts)


@dataclass(frozen=True)
class _LookUp:
    """History -> what was predicted at its cutoff."""

    values: Mapping[int, Floats]
    rows: Mapping[int, OpenSlots]

    def __call__(self, history: History) -> FittedPeer:
        if history.cutoff not in self.values:
            raise RuntimeError("the week had another length when it was trained")
        return FittedRow(self.rows[history.cutoff], self.values[history.cutoff])


def frame(history: History, row: OpenSlots, steps: int, *, past: bool) -> pd.DataFrame:
    """frame[step, weekday, slot, special, before, after], with `target` for the past."""
    known = len(row.values)
    day, slot = row.calendar(known + steps)
    chosen = slice(0, known) if past else slice(known, known + steps)
    day, slot = day[chosen], slot[chosen]
    made = pd.DataFrame({"step": np.arange(known + steps)[chosen], **_covariates(history, day, slot)})
    return made.assign(target=np.where(row.known, row.values, np.nan)) if past else made


def _covariates(history: History, day: Ns, slot: Ns) -> dict[str, Ns]:
    """Columns int64[n] known of any bucket beforehand."""
    special = {
        name: history.calendar.special(day + at)
        for name, at in (("before", -1), ("special", 0), ("after", 1))
    }
    return {
        "weekday": (day + 3) % 7,
        "slot": slot,
        **{name: flags.astype(np.int64) for name, flags in special.items()},
    }


def _run_worker(folder: Path) -> None:
    worker = Path(__file__).with_name("gluon_worker.py")
    quiet = {**os.environ, "HF_HUB_OFFLINE": "1", "CUDA_VISIBLE_DEVICES": "", "PYTHONWARNINGS": "ignore"}
    command = [str(PYTHON), "-I", str(worker), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=quiet)
    if done.returncode:
        raise RuntimeError("AutoGluon failed:\n" + "\n".join((done.stdout + done.stderr).splitlines()[-15:]))
