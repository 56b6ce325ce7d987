"""The published document (docs/openapi.json) against the one of now: no change breaks a client that was written for it."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from tests.api.compatible import breaks
from tests.api.filled import Filled

PUBLISHED = Path(__file__).parents[2] / "docs" / "openapi.json"
ACCEPT = "A change that only adds is published by: .venv/bin/python -m tests.api.publish"


@pytest.fixture(scope="module")
def published() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(PUBLISHED.read_text(encoding="utf-8"))
    return found


def test_no_client_of_the_published_document_breaks(filled: Filled, published: dict[str, Any]) -> None:
    assert breaks(published, filled.app.openapi()) == []


def test_the_published_document_is_the_one_of_now(filled: Filled, published: dict[str, Any]) -> None:
    assert json.loads(json.dumps(filled.app.openapi())) == published, ACCEPT


def test_no_two_models_share_a_name(filled: Filled) -> None:
    assert [name for name in filled.app.openapi()["components"]["schemas"] if "__" in name] == []


def test_every_answer_and_every_body_has_a_schema_and_every_parameter_a_type(filled: Filled) -> None:
    bare = []
    for path, operations in filled.app.openapi()["paths"].items():
        for method, one in operations.items():
            for status, answer in one["responses"].items():
                for kind, content in answer.get("content", {}).items():
                    bare += [] if content.get("schema") else [f"{method} {path} {status} {kind}"]
    assert bare == []


def change(document: dict[str, Any], *path: str, to: Any = None) -> dict[str, Any]:
    """A copy with one place changed, or taken out."""
    made = copy.deepcopy(document)
    inner = made
    for part in path[:-1]:
        inner = inner[part]
    if to is None:
        del inner[path[-1]]
    else:
        inner[path[-1]] = to
    return made


ROW = ("components", "schemas", "ForecastRow")
SENT = ("components", "schemas", "VolumeIn")


@pytest.mark.parametrize(
    ("path", "to", "said"),
    [
        (("paths", "/v1/queues"), None, "GET /v1/queues: it is gone"),
        (("paths", "/v1/queues", "get", "operationId"), "queues", "operation id was list_queues"),
        (("paths", "/v1/queues", "get", "parameters"), [], "the parameter limit is gone"),
        ((*ROW, "properties", "mean"), None, "rows[].mean: it is gone"),
        ((*ROW, "properties", "mean"), {"type": "string"}, "rows[].mean: may now be string"),
        ((*ROW, "required"), ["queue"], "rows[].mean: it may be missing now"),
        ((*SENT, "required"), ["queue", "start", "offered", "topic"], "topic: it is required now"),
        ((*SENT, "properties", "handled"), {"type": "number"}, "takes no null"),
        ((*SENT, "properties", "handled"), None, "handled: it is gone"),
    ],
)
def test_a_change_that_breaks_clients_is_found(
    published: dict[str, Any], path: tuple[str, ...], to: Any, said: str
) -> None:
    found = breaks(published, change(published, *path, to=to))
    assert any(said in one for one in found), found


def test_what_is_only_added_breaks_nobody(published: dict[str, Any]) -> None:
    more = change(published, *ROW, "properties", "colour", to={"type": "string"})
    more = change(more, *SENT, "properties", "colour", to={"type": "string"})
    more["paths"]["/v1/colours"] = more["paths"]["/v1/queues"]
    assert breaks(published, more) == []
