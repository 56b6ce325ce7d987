"""Whatever does the work, results come in the order of the jobs and are the same bits."""

from __future__ import annotations

import logging
import operator
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from typer.testing import CliRunner

from cli.main import app
from forecast import engines
from forecast.errors import ConfigError
from forecast.report import Plan, Report, evaluate
from tests.worlds import archive, counts, series, working_week

JOBS = [(n, n + 1) for n in range(11)]
PLAN = Plan(("mean8", "level_profile"), cutoffs=2, draws=40, keep_forecasts=True, with_evidence=False)


def three_queues() -> Any:
    mail = series(counts(working_week(6.0), 2), name="mail")
    chat = series(counts(working_week(3.0), 3), name="chat")
    return archive(series(), mail, chat)


def found(report: Report) -> dict[str, Any]:
    """The report without the time it took."""
    return {name: value for name, value in report.as_dict().items() if name != "seconds"}


def test_results_come_in_the_order_of_the_jobs() -> None:
    assert list(engines.each(operator.mul, JOBS)) == [a * b for a, b in JOBS]
    assert list(engines.each(operator.mul, JOBS, workers=2)) == [a * b for a, b in JOBS]
    assert list(engines.each(operator.mul, [], workers=2)) == []


@pytest.mark.long
def test_dask_in_processes_of_its_own_gives_the_same_bits_as_this_process() -> None:
    pytest.importorskip("distributed")
    here = evaluate(three_queues(), PLAN)
    there = evaluate(three_queues(), PLAN, workers=2, engine="dask")
    assert found(there) == found(here) and found(here)["scores"]
    pd.testing.assert_frame_equal(there.forecasts(), here.forecasts(), check_exact=True)
    assert [part.series for part in there.parts] == [part.series for part in here.parts]


def test_dask_takes_the_cluster_that_its_own_settings_name() -> None:
    distributed: Any = pytest.importorskip("distributed")
    import dask

    facts = {"dashboard_address": None, "silence_logs": logging.ERROR, "n_workers": 1, "processes": False}
    with (
        distributed.LocalCluster(host="127.0.0.1", protocol="tcp", threads_per_worker=1, **facts) as cluster,
        dask.config.set({"scheduler-address": cluster.scheduler_address}),
    ):
        assert list(engines.each(operator.mul, JOBS, engine="dask")) == [a * b for a, b in JOBS]
        assert list(engines.each(operator.mul, [], engine="dask")) == []
        with pytest.raises(ZeroDivisionError):
            list(engines.each(operator.truediv, [(1, 1), (1, 0)], engine="dask"))


def test_without_the_extra_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ConfigError, match=r"forecall\[scale\]"):
        list(engines.each(operator.mul, JOBS, engine="dask"))


def test_an_engine_that_is_none_is_refused_by_the_command(tmp_path: Path) -> None:
    asked = ["evaluate", "--volumes", str(tmp_path / "v.csv"), "--interval", "1h", "--timezone", "UTC"]
    done = CliRunner().invoke(app, [*asked, "--engine", "ray"])
    assert done.exit_code == 2 and "ray" in done.output
