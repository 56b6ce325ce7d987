"""A small company and a database of its own for each test of the jobs."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy.orm import Session, sessionmaker

from forecast.simulate import energy_supplier, simulate, write
from store.database import connect
from store.database import sessions as make_sessions
from store.settings import Settings

NOW = pd.Timestamp("2026-03-06 10:00", tz="Europe/Amsterdam").tz_convert("UTC")
FAST = ("level_profile", "mean8_open")


@pytest.fixture(scope="session")
def company(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The files of a company after 70 days, up to NOW."""
    world = simulate(energy_supplier(), days=70, end=NOW)
    return write(world, tmp_path_factory.mktemp("company"))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Fast methods, a short horizon."""
    return Settings(
        database={"url": f"sqlite:///{tmp_path / 'forecall.db'}"},
        models={"candidates": FAST, "draws": 60, "horizon_days": 10, "long_days": 0},
    )


@pytest.fixture
def sessions(sqlite_template: Path, tmp_path: Path) -> Iterator[sessionmaker[Session]]:
    """Sessions on an empty SQLite database in a file."""
    shutil.copy(sqlite_template, tmp_path / "forecall.db")
    engine = connect(f"sqlite:///{tmp_path / 'forecall.db'}", wait=5)
    yield make_sessions(engine)
    engine.dispose()


@pytest.fixture
def session(sessions: sessionmaker[Session]) -> Iterator[Session]:
    """One session; the test commits where it matters."""
    with sessions() as opened:
        yield opened
