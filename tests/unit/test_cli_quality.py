"""`forecall doctor data` and `forecall backlog` as a user meets them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

Run = Callable[..., tuple[int, str, str]]


def written(path: Path) -> None:
    """Two queues by hour to the end of yesterday; one has two days without rows, and a name that looks like markup."""
    end = pd.Timestamp.now("Europe/Amsterdam").floor("D")
    days = pd.date_range(end - pd.Timedelta(days=200), periods=200, freq="D")
    rows = ["queue,channel,interval_start,offered,handled"]
    for name, channel in (("[red]desk", "phone"), ("mail", "email")):
        rng = np.random.default_rng(len(name))
        for at, day in enumerate(days):
            if name != "mail" and at in (120, 121):
                continue
            came = rng.poisson(30.0, 24)
            rows += [
                f"{name},{channel},{day:%Y-%m-%d}T{hour:02d}:00,{count},{max(count - 1, 0)}"
                for hour, count in enumerate(came)
            ]
    path.write_text("\n".join(rows) + "\n")


def test_the_way_from_a_file_to_what_is_odd_about_it(run: Run, tmp_path: Path) -> None:
    assert "No contacts are stored" in run("doctor", "data")[1]
    written(tmp_path / "hours.csv")
    code, _, err = run("import", "volumes", "hours.csv", "--interval", "1h")
    assert code == 0, err
    code, out, err = run("doctor", "data")
    assert code == 0, err
    assert "All queues: Complete to" in out and "[red]desk: Complete to" in out and "gap" in out
    found = json.loads(run("doctor", "data", "--json", "--queue", "[red]desk")[1])
    gap = next(one for one in found if one["kind"] == "gap")
    assert gap["last"] > gap["first"] and gap["action"] and not gap["marked"]
    assert run("doctor", "data", "--queue", "dsek")[0] == 1
    assert "database" in run("doctor")[1].lower()  # the plain doctor stays
    assert json.loads(run("doctor", "--json")[1])[0]["what"]


def test_backlog_shows_what_waits_or_why_it_cannot_be_told(run: Run, tmp_path: Path) -> None:
    assert "No queue tells" in run("backlog")[1]
    written(tmp_path / "hours.csv")
    run("import", "volumes", "hours.csv", "--interval", "1h")
    code, out, err = run("backlog")
    assert code == 0, err
    assert "mail" in out and "24 h" in out
    (mail,) = json.loads(run("backlog", "--json")[1])
    assert mail["how"] == "first in, first out" and mail["waiting"] > 4000
