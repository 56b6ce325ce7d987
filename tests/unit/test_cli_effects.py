"""`forecall effect` and `forecall causes` as a user meets them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

Run = Callable[..., tuple[int, str, str]]


def written(path: Path) -> None:
    """Four reasons by day, as one queue each; contacts on bills fall by a third on 1 June."""
    days = pd.date_range("2025-10-20", "2026-07-20", freq="1D")
    rows = ["queue,interval_start,offered"]
    for at, name in enumerate(("billing", "meter", "moving", "contract")):
        mean = np.full(len(days), 90.0 + 10 * at)
        if name == "billing":
            mean[days >= "2026-06-01"] /= 1.5
        came = np.random.default_rng(at).poisson(mean)
        rows += [f"{name},{day:%Y-%m-%d},{count}" for day, count in zip(days, came, strict=True)]
    path.write_text("\n".join(rows) + "\n")


def test_the_way_from_a_file_to_did_the_fix_work(run: Run, tmp_path: Path) -> None:
    written(tmp_path / "days.csv")
    assert run("import", "volumes", "days.csv", "--interval", "1d")[0] == 0
    code, out, err = run("effect", "--topic", "queue billing", "--since", "2026-06-01")
    assert code == 0, err
    assert "fewer contacts" in out and "contacts avoided an open day" in out and "Has it come back? no" in out
    assert "Compared with" in out and "handling times" in err
    code, out, _ = run(
        "effect", "--topic", "queue billing", "--since", "2026-06-01", "--until", "2026-06-29", "--json"
    )
    found = json.loads(out)
    assert code == 0 and found["last"] == "2026-06-28" and found["change"]["upper"] < 0
    code, _, err = run("effect", "--topic", "biling", "--since", "2026-06-01")
    assert code == 1 and "Did you mean" in err
    code, out, _ = run("effect", "--topic", "queue billing", "--since", "2026-07-15")
    assert code == 0 and "not enough history" in out


def test_causes_are_added_listed_and_removed(run: Run) -> None:
    assert "No cause is known yet" in run("causes", "list")[1]
    told = ("--topic", "billing", "--cause", "[red]No months on the bill[/red]", "--owner", "Desk")
    code, out, _ = run("causes", "add", *told, "--since", "2026-03-01")
    assert code == 0 and "Cause 1 of billing" in out
    (cause,) = json.loads(run("causes", "list", "--json")[1])
    assert cause["owner"] == "Desk" and cause["since"].startswith("2026-02-28T23:00")
    assert "[red]No months" in run("causes", "list")[1]  # words of a user are no markup
    assert run("causes", "remove", 1)[0] == 0
    assert json.loads(run("causes", "list", "--json")[1]) == []
    assert json.loads(run("causes", "list", "--removed", "--json")[1])[0]["removed_at"]
    assert run("causes", "remove", 9)[0] == 1
    assert run("causes", "add", "--topic", "billing", "--cause", " ")[0] == 1


def test_the_register_has_the_day_that_was_given_and_no_command_to_the_terminal(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    told = ("--topic", "billing", "--cause", "a\x1b[31mb\x07", "--since", "2026-03-01")
    assert run("causes", "add", *told)[0] == 0
    out = run("causes", "list")[1]
    assert "2026-03-01" in out
    assert "\x1b[31m" not in out and "\x07" not in out


@pytest.mark.parametrize(
    ("since", "moment"),
    [("2026-03-29T02:30", "2026-03-29T01:30"), ("2025-10-26T02:30", "2025-10-26T00:30")],
)
def test_a_local_time_the_clock_skips_or_repeats_is_read_as_the_api_reads_it(
    run: Run, since: str, moment: str
) -> None:
    code, out, err = run("causes", "add", "--topic", "x", "--cause", "y", "--since", since, "--json")
    assert code == 0, err
    assert json.loads(out)["since"].startswith(moment)
