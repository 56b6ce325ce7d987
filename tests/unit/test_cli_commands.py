"""`forecall` as a user meets it: results on stdout, one clear sentence on stderr, and the exit code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import cli.main
from tests.unit.conftest import Run

HEADER = "queue,interval_start,offered\n"


def hourly(days: int) -> str:
    """A queue open on weekdays from nine to five."""
    ds = pd.date_range("2026-01-05", periods=days * 24, freq="1h")
    ds = ds[(ds.hour >= 9) & (ds.hour < 17) & (ds.dayofweek < 5)]
    counts = np.random.default_rng(1).poisson(20, len(ds))
    rows = (f"calls,{at:%Y-%m-%dT%H:%M},{count}\n" for at, count in zip(ds, counts, strict=True))
    return HEADER + "".join(rows)


def test_the_way_from_a_file_to_a_forecast(run: Run, tmp_path: Path) -> None:
    """import, run predict, forecast: the database is made by the first command."""
    (tmp_path / "calls.csv").write_text(hourly(60))
    (tmp_path / "config.yaml").write_text("models: {candidates: [level_profile], draws: 60}\n")
    code, out, _ = run("import", "volumes", "calls.csv", "--interval", "1h")
    assert code == 0 and "upload 1" in out and "contacts offered" in out
    code, out, _ = run("run", "predict", "--json")
    assert code == 0 and json.loads(out)["done"]["queues"] == 1
    code, out, _ = run("forecast", "--horizon", "7d", "--json")
    rows = json.loads(out)
    assert code == 0 and rows[0]["queue"] == "calls" and rows[0]["0.1"] <= rows[0]["0.9"]
    code, out, _ = run("forecast", "--horizon", "1w", "--out", "out.csv")
    assert code == 0 and len(pd.read_csv(tmp_path / "out.csv")) == len(rows)
    code, out, _ = run(
        "forecast", "--cutoff", "2026-02-16T08:00", "--horizon", "7d", "--granularity", "day", "--json"
    )
    assert code == 0 and len(json.loads(out)) == 7
    code, out, err = run("forecast", "--horizon", "18m", "--granularity", "month", "--json")
    assert code == 0 and json.loads(out) and "8 weeks of history: no year pattern is known" in err
    code, out, err = run("forecast", "--horizon", "18m", "--out", "far.csv")
    assert code == 1 and "13 weeks ahead at most" in err and "--granularity day" in err
    code, out, _ = run(
        *("forecast", "--cutoff", "2026-02-16T08:00", "--horizon", "13m"), "--granularity", "day", "--json"
    )
    assert code == 0 and len(json.loads(out)) == 91
    assert run("forecast", "--horizon", "3y")[0] == 1
    code, out, _ = run("forecast", "--queue", "cals")
    assert code == 1
    assert run("uploads", "remove", 1)[0] == 0


def test_where_the_file_has_handling_times_the_forecast_has_them_and_the_workload(
    run: Run, tmp_path: Path
) -> None:
    lines = hourly(60).splitlines()
    timed = [f"{lines[0]},aht_seconds", *(f"{line},300" for line in lines[1:])]
    (tmp_path / "calls.csv").write_text("\n".join(timed) + "\n")
    (tmp_path / "config.yaml").write_text("models: {candidates: [level_profile], draws: 60}\n")
    assert run("import", "volumes", "calls.csv", "--interval", "1h")[0] == 0
    assert run("run", "predict", "--json")[0] == 0
    code, out, _ = run("forecast", "--horizon", "7d", "--granularity", "day", "--json")
    row = [row for row in json.loads(out) if row["mean"] > 0][-1]
    assert code == 0 and row["aht_low"] < row["aht_seconds"] < row["aht_high"]
    assert row["aht_seconds"] == pytest.approx(300, rel=0.01)
    assert row["workload_hours"] == pytest.approx(row["mean"] * row["aht_seconds"] / 3600, rel=1e-3)
    assert row["workload_0.1"] < row["workload_0.9"]
    code, out, _ = run("forecast", "--cutoff", "2026-02-16T08:00", "--horizon", "7d", "--out", "out.csv")
    made = pd.read_csv(tmp_path / "out.csv")
    assert code == 0 and made.loc[made["mean"] > 0, "aht_seconds"].between(290, 310).all()
    code, out, _ = run("forecast", "--horizon", "7d")
    assert code == 0 and "AHT (s)" in out
    common = ("evaluate", "--volumes", "calls.csv", "--interval", "1h", "--timezone", "Europe/Amsterdam")
    code, out, _ = run(*common, "--models", "level_profile", "--cutoffs", 2, "--draws", 60)
    assert code == 0 and "calls: handling time and workload" in out
    (tmp_path / "plain.csv").write_text(hourly(60))
    code, out, _ = run(
        *("evaluate", "--volumes", "plain.csv", "--interval", "1h", "--timezone", "Europe/Amsterdam"),
        *("--models", "level_profile", "--cutoffs", 2, "--draws", 60),
    )
    assert code == 0 and "handling time" not in out


def test_a_broken_row_is_listed_and_the_good_ones_are_loaded(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(HEADER + "calls,2026-03-02T09:00,10\ncalls,2026-03-02T10:00,many\n")
    code, out, err = run("import", "volumes", "a.csv", "--interval", "1h")
    assert code == 0 and "Row 3, offered: 'many' is not a number" in err and "1 volumes" in out


def test_strict_stores_nothing_when_a_row_is_bad(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(HEADER + "calls,2026-03-02T09:00,10\ncalls,2026-03-02T10:00,many\n")
    code, out, _ = run("import", "volumes", "a.csv", "--interval", "1h", "--strict")
    assert code == 1 and "Nothing was stored" in out
    assert json.loads(run("uploads", "list", "--json")[1]) == []


def test_a_dry_run_stores_nothing(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(HEADER + "calls,2026-03-02T09:00,10\n")
    code, out, _ = run("import", "volumes", "a.csv", "--interval", "1h", "--dry-run")
    assert code == 0 and "Nothing was stored" in out
    assert json.loads(run("uploads", "list", "--json")[1]) == []


@pytest.mark.parametrize(
    ("content", "options", "sentence"),
    [
        ("", (), "empty"),
        (
            HEADER + "calls,2026-03-02T09:00,10\n",
            ("--timezone", "Europe/Amsterdm"),
            "Did you mean Europe/Amsterdam",
        ),
        (HEADER + "calls,03/04/2026 09:00,10\ncalls,03/04/2026 10:00,9\n", (), "--date-order dmy"),
        ("%PDF-1.7 abc", (), "a PDF document"),
        ("<html><body>hello</body></html>", (), "a web page"),
        ("colour,size\nred,3\n", (), "column"),
        (HEADER + "calls,2026-03-02T09:00,\n", (), "no usable row"),
    ],
    ids=["empty", "unknown zone", "ambiguous dates", "pdf", "html", "other columns", "no good row"],
)
def test_a_file_that_cannot_be_used_is_one_sentence_and_exit_1(
    run: Run, tmp_path: Path, content: str, options: tuple[str, ...], sentence: str
) -> None:
    (tmp_path / "a.csv").write_text(content)
    code, _, err = run("import", "volumes", "a.csv", *options)
    assert code == 1 and sentence in err and err.startswith("Error: ") and "Traceback" not in err
    assert json.loads(run("uploads", "list", "--json")[1]) == []


def test_a_file_that_is_not_there_is_said(run: Run) -> None:
    code, _, err = run("import", "volumes", "nowhere.csv")
    assert code == 1 and "nowhere.csv" in err


def test_a_history_too_short_says_how_much_is_needed(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(HEADER + "calls,2026-03-02T09:00,10\n")
    run("import", "volumes", "a.csv", "--interval", "1h")
    code, _, err = run("run", "predict")
    assert code == 1 and "needs 14 days" in err


def test_a_database_that_cannot_be_reached_is_said(run: Run, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("database: {url: 'sqlite:///gone/forecall.db'}\n")
    code, _, err = run("run", "signals")
    assert code == 1 and "forecall.db" in err and "Traceback" not in err


def test_a_wrong_configuration_exits_2_with_the_nearest_name(run: Run, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("models: {horizon_dys: 7}\n")
    code, _, err = run("config", "check")
    assert code == 2 and "models.horizon_days" in err
    assert run("--config", "nowhere.yaml", "config", "check")[0] == 2


def test_an_unknown_job_names_the_jobs_there_are(run: Run) -> None:
    code, _, err = run("run", "prdict")
    assert code == 1 and "predict" in err


def test_scores_come_back_in_the_order_of_the_rows(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(
        "id,text,label\n1,wat een prachtige dienst,positive\n2,hopeloos slecht,negative\n"
    )
    code, out, _ = run("score", "a.csv")
    lines = out.splitlines()
    assert code == 0 and lines[0] == "id,text,label,language,sentiment,topics" and lines[1].startswith("1,")
    code, out, _ = run("score", "a.csv", "--eval", "--json")
    assert code == 0 and json.loads(out)[0]["n"] == 2
    assert run("score", "nowhere.csv")[0] == 1


def test_a_key_is_shown_once_and_can_be_revoked(run: Run) -> None:
    code, out, _ = run("keys", "create", "planner", "--scope", "plan")
    assert code == 0 and out.startswith("fc_")
    assert out.strip() not in run("keys", "list")[1]
    assert run("keys", "revoke", "planner")[0] == 0
    assert run("keys", "revoke", "planner")[0] == 1


def test_a_backup_holds_what_the_database_holds(run: Run, tmp_path: Path) -> None:
    assert run("db", "upgrade")[0] == 0
    assert run("db", "backup", "copy.db")[0] == 0 and (tmp_path / "copy.db").stat().st_size > 0
    assert run("db", "backup", "copy.db")[0] == 1


def test_doctor_says_what_is_missing(run: Run) -> None:
    code, out, _ = run("doctor", "--json")
    assert code == 1 and json.loads(out)[-1]["what"] == "database"
    run("db", "upgrade")
    code, out, _ = run("doctor", "--json")
    assert code == 1 and {one["what"]: one["ok"] for one in json.loads(out)}["forecast"] is False


def test_the_demo_leaves_a_folder_alone_that_is_not_its_own(run: Run, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    code, _, err = run("demo", "--no-serve", "--folder", "mine")
    assert code == 1 and "something else" in err and (tmp_path / "mine" / "thesis.txt").exists()


def test_help_loads_little() -> None:
    """The command line imports neither pandas nor the database; so `--help` stays within 2.5 times bare typer and rich."""
    heavy = "pandas,numpy,sqlalchemy,pydantic,statsmodels,prophet,dash,fastapi"
    code = f"import sys, cli.main; print([one for one in {heavy!r}.split(',') if one in sys.modules])"
    environment = {**os.environ, "PYTHONPATH": str(Path(cli.main.__file__).parents[1])}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True
    )
    assert done.stdout.strip() == "[]"


def test_help_is_quick() -> None:
    """Measured in turn, the best of each, so that a busy machine slows both alike."""
    environment = {**os.environ, "PYTHONPATH": str(Path(cli.main.__file__).parents[1])}

    def seconds(*words: str) -> float:
        began = time.perf_counter()
        subprocess.run([sys.executable, *words], capture_output=True, env=environment, check=True)
        return time.perf_counter() - began

    pairs = [(seconds("-c", "import typer, rich"), seconds("-m", "cli.main", "--help")) for _ in range(5)]
    assert min(helps for _, helps in pairs) < 3 * min(bare for bare, _ in pairs)
