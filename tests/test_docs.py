"""The documents say what is there."""

from __future__ import annotations

import datetime as dt
import json
import re
from pathlib import Path
from typing import get_args

import httpx2
import pytest
from typer.main import get_command

from forecast.social.sources.base import Page
from jobs.sources import Line, open_source
from store.settings import Settings, load_settings
from store.source_settings import SourceSettings

ROOT = Path(__file__).resolve().parents[1]
NOW = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
SOURCES = (ROOT / "docs/sources.md").read_text("utf-8")
EXAMPLES = [
    pytest.param(block, id=f"{page.stem}-{number}")
    for page in PAGES
    if page.stem != "contact_sources"  # its examples are read in tests/jobs/test_contact_jobs.py
    for number, block in enumerate(
        re.findall(r"^```yaml\n(.*?)^```", page.read_text("utf-8"), flags=re.M | re.S), 1
    )
]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_inside_the_project_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text("utf-8")):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_every_command_that_the_pages_show_exists() -> None:
    from cli.main import app

    group = get_command(app)
    shown = [
        found
        for page in PAGES
        for found in re.findall(
            r"(?:^ {4}|`)forecall ([a-z-]+)(?: ([a-z-]+))?", page.read_text("utf-8"), flags=re.M
        )
    ]
    assert shown
    for command, word in shown:
        known = group.commands  # type: ignore[attr-defined]
        assert command in known, command
        inner = getattr(known[command], "commands", None)
        alone = not word and getattr(known[command], "invoke_without_command", False)
        assert inner is None or alone or word in inner, f"{command} {word}"


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


def loaded(block: str, folder: Path) -> Settings:
    file = folder / "config.yaml"
    file.write_text(block, "utf-8")
    return load_settings(file)


def opened(settings: Settings, client: httpx2.Client, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the sources, each opened with every key it asks for in the environment."""
    for source in settings.social.sources:
        for name, variable in source.model_dump().items():
            if name.endswith("_env") and variable:
                monkeypatch.setenv(variable, "key")
    return [open_source(source, Line(client)).name for source in settings.social.sources]


@pytest.mark.parametrize("block", EXAMPLES)
def test_every_example_of_a_configuration_loads_and_its_sources_open(
    block: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = loaded(block, tmp_path)
    assert settings.social != Settings().social
    with httpx2.Client() as client:
        assert opened(settings, client, monkeypatch) == [one.name for one in settings.social.sources]


def kinds() -> list[str]:
    union, *_ = get_args(SourceSettings)
    return [get_args(one.model_fields["kind"].annotation)[0] for one in get_args(union)]


@pytest.mark.parametrize("kind", kinds())
def test_every_kind_of_source_is_in_the_table_was_never_run_live_and_has_an_example(kind: str) -> None:
    (row,) = re.findall(rf"^\| `{kind}` \|.*$", SOURCES, flags=re.M)
    assert row.rstrip().endswith("| never |") and row.count("|") == 10
    assert f"kind: {kind}\n" in "".join(str(one.values[0]) for one in EXAMPLES)


def test_the_worked_mapping_reads_the_answer_it_is_shown_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = json.loads(re.findall(r"^```json\n(.*?)^```", SOURCES, flags=re.M | re.S)[0])
    last = {**answer, "data": {"messages": []}, "meta": {"next": None}}
    asked: list[httpx2.Request] = []

    def serve(request: httpx2.Request) -> httpx2.Response:
        asked.append(request)
        return httpx2.Response(200, json=last if "cursor" in request.url.params else answer)

    (block,) = (str(one.values[0]) for one in EXAMPLES if "kind: rest\n" in str(one.values[0]))
    settings = loaded(block, tmp_path)
    with httpx2.Client(transport=httpx2.MockTransport(serve)) as client:
        opened(settings, client, monkeypatch)
        source = open_source(settings.social.sources[0], Line(client))
        pages: list[Page] = list(source.read(None, now=NOW))
    (mention,) = (one for page in pages for one in page.mentions)
    assert (mention.id, mention.text, mention.author) == ("4711", "Al twee uur geen stroom", "anna")
    assert (mention.reach, mention.language) == (120, "nl")
    assert all(one.headers["x-api-key"] == "key" and "changed_after" in one.url.params for one in asked)
