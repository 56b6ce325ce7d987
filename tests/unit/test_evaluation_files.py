"""`forecall evaluate` on files in which queues were renamed, merged and split."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cli.evaluation_files import Files, read_archive
from forecast.buckets import Interval
from forecast.errors import InputError
from forecast.vintage import Archive
from tests.unit.conftest import Run
from tests.unit.test_cli_commands import HEADER


def rows(queue: str, first: str, days: int, *, topic: str = "") -> str:
    """Weekdays from nine to five, twenty contacts an hour."""
    ds = pd.date_range(first, periods=days * 24, freq="1h")
    ds = ds[(ds.hour >= 9) & (ds.hour < 17) & (ds.dayofweek < 5)]
    counts = np.random.default_rng(len(topic)).poisson(20, len(ds))
    extra = f",{topic}" if topic else ""
    return "".join(f"{queue},{at:%Y-%m-%dT%H:%M},{n}{extra}\n" for at, n in zip(ds, counts, strict=True))


def read(folder: Path, volumes: str, moves: str, *, by: str = "queue") -> Archive:
    """The archive of such files."""
    (folder / "volumes.csv").write_text(volumes)
    (folder / "map.csv").write_text(moves)
    files = Files(folder / "volumes.csv", queue_map=folder / "map.csv")
    facts = {"interval": Interval.HOUR, "tz": "Europe/Amsterdam", "country": "none", "absent_is_zero": True}
    return read_archive(files, by=by, say=lambda _: None, **facts)  # type: ignore[arg-type]


def test_a_renamed_queue_is_measured_over_its_whole_history(run: Run, tmp_path: Path) -> None:
    (tmp_path / "volumes.csv").write_text(
        HEADER + rows("old", "2026-01-05", 63) + rows("new", "2026-03-09", 14)
    )
    (tmp_path / "map.csv").write_text("queue,into,date\nold,new,2026-03-09\n")
    words = ("--volumes", "volumes.csv", "--interval", "1h", "--timezone", "Europe/Amsterdam", "--cutoffs", 2)
    words = ("evaluate", *words, "--models", "level_profile", "--country", "none", "--out", "report.json")
    code, out, _ = run(*words)
    assert code == 0 and "new: 12 days are too few" in out
    code, out, _ = run(*words, "--queue-map", "map.csv")
    scores = pd.DataFrame(pd.read_json(tmp_path / "report.json", typ="series")["scores"])
    assert code == 0 and set(scores["series"]) == {"old", "new"}
    assert scores.loc[scores["series"] == "new", "wape"].max() < 0.3


def test_a_queue_that_is_over_is_forecast_as_zero_and_one_that_goes_on_is_not(
    run: Run, tmp_path: Path
) -> None:
    (tmp_path / "volumes.csv").write_text(
        HEADER + rows("over", "2026-01-05", 42) + rows("on", "2026-01-05", 84)
    )
    words = (
        "--volumes",
        "volumes.csv",
        "--interval",
        "1h",
        "--timezone",
        "Europe/Amsterdam",
        "--country",
        "none",
    )
    words = (
        "evaluate",
        *words,
        "--models",
        "level_profile",
        "--cutoff",
        "2026-03-16",
        "--forecasts",
        "out.csv",
    )
    code, _, _ = run(*words)
    found = pd.read_csv(tmp_path / "out.csv").groupby("series")["value"].max()
    assert code == 0 and found["over"] == 0 and found["on"] > 20


def test_reasons_of_a_queue_that_had_only_one_are_kept_apart_where_others_come_to_it(tmp_path: Path) -> None:
    header = "queue,interval_start,offered,topic\n"
    old = rows("a", "2026-01-05", 14, topic="bill") + rows("a", "2026-01-05", 14, topic="moving")
    new = rows("b", "2026-01-19", 14, topic="bill")
    held = read(tmp_path, header + old + new, "queue,into,date\na,b,2026-01-19\n", by="topic")
    assert {"b", "b/bill", "b/moving"} <= set(held.series)
    total = sum(held.series[f"b/{topic}"].offered.latest()[1].sum() for topic in ("bill", "moving"))
    assert held.series["b"].offered.latest()[1].sum() == total


def test_a_map_of_unknown_queues_or_of_channels_is_refused(tmp_path: Path) -> None:
    volumes = HEADER + rows("calls", "2026-01-05", 7)
    with pytest.raises(InputError, match=r"names the queue 'cals'.*Did you mean calls"):
        read(tmp_path, volumes, "queue,into,date\ncals,new,2026-01-19\n")
    with pytest.raises(InputError, match="--by queue"):
        read(tmp_path, volumes, "queue,into,date\ncalls,new,2026-01-19\n", by="channel")
