"""Every request of the guide, docs/connect.md, run as it stands there."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import httpx2
import numpy as np
import pandas as pd
import pytest
from sqlalchemy.orm import Session

from forecast.buckets import Grid, Interval, index
from forecast.models.base import QUANTILES
from store.database import sessions
from store.forecasts import create_version, publish_version, save_forecast
from store.keys import create_key
from store.volumes import save_volumes
from tests.api.filled import CUTOFF, NOW, TZ, Filled, day
from tests.api.served import served

GUIDE = Path(__file__).parents[2] / "docs" / "connect.md"


def requests() -> list[str]:
    """The commands of the guide, each on a line."""
    text = GUIDE.read_text(encoding="utf-8")
    blocks = "\n".join(re.findall(r"^```sh\n(.*?)^```", text, re.DOTALL | re.MULTILINE))
    return [line for line in blocks.replace("\\\n", " ").splitlines() if line.strip()]


def with_handling_times(session: Session) -> None:
    """A forecast of the phone queue from which agents follow."""
    version = create_version(session, run_id=None, cutoff=CUTOFF, now=CUTOFF)
    spread = np.concatenate([[1.0], 0.8 + 0.4 * np.array(QUANTILES)])
    for granularity, interval in (
        ("interval", Interval.HALF_HOUR),
        ("hour", Interval.HOUR),
        ("day", Interval.DAY),
    ):
        grid = Grid.days(day("2026-10-24"), day("2026-10-28"), interval, TZ)
        calls = np.full((len(grid), 1), 12.0 * interval.seconds / 1800) * spread
        costs = (np.full_like(calls, 300.0), calls * 300.0)
        save_forecast(session, version, "Outage", granularity, grid.ds, calls, costs=costs)
    publish_version(session, version, NOW)


def with_history(session: Session) -> None:
    """Twenty weeks of calls (two open days each), as much as a scenario needs to look ahead itself."""
    grid = Grid.days(day("2026-06-01"), day("2026-10-19"), Interval.HALF_HOUR, TZ)
    calls = np.random.default_rng(1).poisson(12.0, len(grid)).astype(float)
    ds = index(grid.ds)
    rows = pd.DataFrame(
        {"queue": "Outage", "ds": ds, "offered": calls, "known_at": ds + pd.Timedelta(minutes=30)}
    )
    save_volumes(session, rows.astype({"queue": object}), upload_id=None)


@pytest.fixture
def guided(filled: Filled) -> Iterator[dict[str, str]]:
    """The environment that the guide speaks of."""
    with sessions(filled.engine)() as session:
        with_history(session)
        with_handling_times(session)
        key = create_key(session, "staffing tool", ["read", "plan"], now=CUTOFF)
        session.commit()
    with served(filled.app) as address:
        yield {
            "FORECALL": address,
            "FORECALL_KEY": key,
            "FORECALL_WRITE_KEY": filled.keys["write"],
        }


def ask(line: str, environment: dict[str, str]) -> httpx2.Response:
    """A curl command with -X, -H, -d and an address -> its answer."""
    expanded = re.sub(r"\$(\w+)", lambda found: environment.get(found[1], os.environ.get(found[1], "")), line)
    words = iter(shlex.split(expanded))
    if next(words) != "curl":
        raise ValueError(f"The guide has something else than curl: {line}")
    method, body, headers, address = "", None, {}, ""
    for word in words:
        if word == "-X":
            method = next(words)
        elif word == "-H":
            name, _, value = next(words).partition(": ")
            headers[name] = value
        elif word == "-d":
            body = next(words)
        else:
            address = word
    return httpx2.request(method or "GET", address, headers=headers, content=body, timeout=60)


def test_every_request_of_the_guide_is_answered(guided: dict[str, str]) -> None:
    lines = requests()
    assert len(lines) >= 15
    for line in lines:
        answer = ask(line, guided)
        assert answer.status_code in (200, 201, 204), f"{line}\n{answer.status_code} {answer.text[:500]}"


def test_what_the_guide_promises_of_the_figures_holds(guided: dict[str, str]) -> None:
    answers = {line: ask(line, guided) for line in requests()}
    (staffing,) = [one.json() for line, one in answers.items() if "/v1/staffing?" in line]
    rows = staffing["rows"]
    assert len(rows) == 48 and all(0 < row["agents_net"] < row["agents_gross"] for row in rows)
    (locked,) = [one.json()["rows"] for line, one in answers.items() if "version=locked" in line]
    assert len(locked) == 2 * 48
    (sent,) = [one.json() for line, one in answers.items() if "FORECALL_WRITE_KEY" in line]
    assert sent["accepted"] == 1 and sent["errors"] == []
