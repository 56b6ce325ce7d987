"""The documents say what is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.main import get_command

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_inside_the_project_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text("utf-8")):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_every_command_the_readme_shows_exists() -> None:
    from cli.main import app

    group = get_command(app)
    shown = re.findall(
        r"^ {4}forecall ([a-z-]+)(?: ([a-z-]+))?", (ROOT / "README.md").read_text("utf-8"), flags=re.M
    )
    assert shown
    for command, word in shown:
        known = group.commands  # type: ignore[attr-defined]
        assert command in known, command
        inner = getattr(known[command], "commands", None)
        assert inner is None or word in inner, f"{command} {word}"


def test_the_reading_path_names_files_that_are_there() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8").split("## The way of the data")[0]
    for name in re.findall(r"`((?:forecast|jobs|store|api)/[a-z_/]+\.py)`", text):
        assert (ROOT / name).exists(), name


def test_no_file_names_a_registry() -> None:
    words = ("pypi" + ".org", "pythonhosted" + ".org", "registry.npmjs" + ".org", "files." + "python")
    for path in [
        *PAGES,
        *ROOT.glob("requirements/*.txt"),
        ROOT / "pyproject.toml",
        ROOT / "Dockerfile",
        ROOT / "dev",
    ]:
        text = path.read_text("utf-8")
        assert not any(word in text for word in words), path.name
