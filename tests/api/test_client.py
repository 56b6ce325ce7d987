"""A client generated from the document is the first user: what it cannot use, nobody's client can."""

from __future__ import annotations

import datetime as dt
import importlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.api.filled import Filled
from tests.api.served import served

PACKAGE = "forecall_client"
CSV_BODIES = 3  # the generator takes a table as a body from nobody; the same rows go as JSON


class Generated:
    """The generated package, called by operation id."""

    def __init__(self, tags: Any, address: str, key: str) -> None:
        self._modules = tags
        package = importlib.import_module(PACKAGE)
        self.client = package.AuthenticatedClient(base_url=address, token=key)

    def model(self, name: str) -> Any:
        """A model's class by its name."""
        return getattr(importlib.import_module(f"{PACKAGE}.models"), name)

    def call(self, operation: str, **given: Any) -> Any:
        """The parsed answer of an operation; a Problem where it was refused."""
        return self._modules[operation].sync(client=self.client, **given)


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, ModuleType]]:
    """The client's modules by operation id, made from the document of an app on an empty database."""
    import json

    from api.app import create_app
    from store.database import connect, sessions
    from store.settings import Settings

    folder = tmp_path_factory.mktemp("client")
    document = create_app(Settings(), sessions(connect("sqlite://"))).openapi()
    (folder / "openapi.json").write_text(json.dumps(document), encoding="utf-8")
    (folder / "config.yaml").write_text("post_hooks: []\n", encoding="utf-8")
    made = subprocess.run(
        [
            str(Path(sys.executable).with_name("openapi-python-client")),
            *("generate", "--meta", "none", "--path", "openapi.json", "--config", "config.yaml"),
            *("--output-path", PACKAGE),
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=100,
        check=True,
    )
    told = made.stdout + made.stderr
    assert told.count("WARNING") == told.count("Unsupported content type text/csv") == CSV_BODIES, told
    sys.path.insert(0, str(folder))
    try:
        found = sorted(folder.glob(f"{PACKAGE}/api/*/*.py"))
        modules = {
            one.stem: f"{PACKAGE}.api.{one.parent.name}.{one.stem}" for one in found if one.stem != "__init__"
        }
        yield {name: importlib.import_module(path) for name, path in modules.items()}
    finally:
        sys.path.remove(str(folder))


def operations() -> set[str]:
    from api.app import create_app
    from store.database import connect, sessions
    from store.settings import Settings

    paths = create_app(Settings(), sessions(connect("sqlite://"))).openapi()["paths"]
    return {one["operationId"] for operations in paths.values() for one in operations.values()}


@pytest.fixture
def staffing_tool(filled: Filled, package: dict[str, ModuleType]) -> Iterator[Generated]:
    with served(filled.app) as address:
        made = Generated(package, address, filled.keys["admin"])
        with made.client:
            yield made


def test_every_operation_is_in_the_client(package: dict[str, ModuleType]) -> None:
    assert operations() <= set(package)


def test_it_reads_queues_and_every_page_of_a_forecast(staffing_tool: Generated) -> None:
    queues = staffing_tool.call("list_queues").rows
    assert {one.name for one in queues} >= {"Outage", "Billing"}
    rows, cursor = [], None
    while True:
        page = staffing_tool.call("get_forecasts", queue=["Outage"], limit=40, cursor=cursor)
        rows += page.rows
        cursor = page.next_cursor
        if not isinstance(cursor, str):
            break
    starts = [one.start_utc for one in rows]
    assert len(rows) == 194 and starts == sorted(set(starts))
    assert isinstance(starts[0], dt.datetime) and starts[0].tzinfo is not None
    assert rows[0].quantiles["0.9"] >= rows[0].quantiles["0.5"]


def test_it_sends_counts_and_learns_of_each_bad_row(staffing_tool: Generated) -> None:
    row, batch = staffing_tool.model("VolumeIn"), staffing_tool.model("VolumeBatch")
    good = row(queue="Outage", start="2026-10-24T08:00", offered=41.0)
    bad = row(queue="Outage", start="2026-10-24T08:10", offered=4.0)
    sent = staffing_tool.call("post_volumes", body=batch(rows=[good, bad]))
    assert (sent.received, sent.accepted) == (2, 1)
    assert sent.errors[0].row == 2 and sent.errors[0].remedy


def test_what_is_refused_comes_as_a_problem_with_field_and_remedy(staffing_tool: Generated) -> None:
    refused = staffing_tool.call("get_forecasts", queue=["Outgae"])
    assert type(refused).__name__ == "Problem"
    assert (refused.status, refused.field) == (404, "queue") and "Outage" in refused.remedy
