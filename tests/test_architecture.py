"""The layers keep one direction, the domain knows no machinery, and the names at the top are ours alone."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
OURS = ("forecast", "store", "jobs", "api", "cli")
MODULES = sorted((ROOT / "forecast").rglob("*.py"))
LONGEST = 350
MACHINERY = {"sqlalchemy", "alembic", "fastapi", "starlette", "apscheduler", "dash", "typer", "uvicorn"}


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_imports_go_one_way() -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_the_domain_knows_no_database_web_or_scheduler(path: Path) -> None:
    imported: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            imported |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            imported.add(node.module.split(".")[0])
    assert not imported & (MACHINERY | set(OURS) - {"forecast"})


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_a_module_of_the_domain_fits_a_readers_head(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= LONGEST


def locked() -> set[str]:
    """Names of the locked distributions, normalised."""
    lines = (ROOT / "requirements" / "dev.txt").read_text("utf-8").splitlines()
    names = [found[1] for line in lines if (found := re.match(r"([A-Za-z0-9._-]+)==", line))]
    return {re.sub(r"[-_.]+", "-", one).lower() for one in names}


def test_no_locked_distribution_brings_a_package_of_our_names() -> None:
    held = locked()
    assert len(held) > 50
    foreign = {
        f"{distribution}: {package}"
        for package, distributions in metadata.packages_distributions().items()
        if package in OURS
        for distribution in distributions
        if re.sub(r"[-_.]+", "-", distribution).lower() in held
    }
    assert not foreign


def test_our_names_are_imported_from_this_folder() -> None:
    import forecast
    import store

    assert Path(forecast.__file__ or "").parent == ROOT / "forecast"
    assert Path(store.__file__ or "").parent == ROOT / "store"
