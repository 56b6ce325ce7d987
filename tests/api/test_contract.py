"""Questions nobody thought of: generated from the document, good ones and bad ones, each answer held against the contract."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from tests.api.filled import Filled
from tests.api.served import served

QUEUES = {"enum": ["Outage", "Billing"]}
STARTS = {"enum": ["2026-10-24", "2026-10-23T08:30", "2026-10-24T06:00:00Z"]}
KNOWN = {"queue": QUEUES, "group": QUEUES, "start": STARTS, "id": {"enum": [1]}, "layout": {"enum": ["tidy"]}}
ENDLESS = "/v1/events/stream"  # has tests of its own
BY_ROW = ("/v1/mentions", "/v1/volumes", "/v1/signals")  # bad rows are listed there, the others stored: 207
LEAST_CASES = 10_000
# what a schema cannot say: a queue that exists, an end after its start, a precondition that holds
REFUSED = ["2xx", 304, 400, 401, 403, 404, 409, 412, 413, 422]


def pointed(document: dict[str, Any]) -> dict[str, Any]:
    """The document with names and moments that exist, so that most questions get as far as the database."""
    for path, operations in document["paths"].items():
        for operation in operations.values():
            for parameter in operation.get("parameters", []):
                name, schema = parameter["name"], parameter["schema"]
                if name == "layout" and "{layout}" not in path:
                    continue
                if name in KNOWN and schema.get("type") == "array":
                    schema["items"] = KNOWN[name]
                elif name in KNOWN:
                    parameter["schema"] = KNOWN[name]
    schemas = document["components"]["schemas"]
    schemas["VolumeIn"]["properties"].update(queue=QUEUES, start=STARTS)
    schemas["SignalIn"]["properties"].update(start=STARTS)
    schemas["MentionIn"]["properties"].update(created_at=STARTS)
    schemas["OverrideIn"]["properties"].update(queue=QUEUES, start=STARTS, end={"enum": ["2026-10-26"]})
    return document


def operations(filled: Filled, document: dict[str, Any]) -> Iterator[Any]:
    schema = schemathesis.openapi.from_dict(document)
    schema.app = filled.app
    for found in schema.get_all_operations():
        operation = found.ok()  # type: ignore[union-attr]
        if operation.path != ENDLESS:
            yield operation


def ask_many(
    filled: Filled, strategies: list[st.SearchStrategy[Any]], *, examples: int, checks: list[Any]
) -> Counter[int]:
    """Ask, check, and count the answers by status. Every refusal says what to do about it."""
    headers = {"Authorization": f"Bearer {filled.keys['admin']}"}
    seen: Counter[int] = Counter()

    @settings(
        max_examples=examples,
        deadline=None,
        phases=[Phase.generate],
        derandomize=True,
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    @given(case=st.one_of(*strategies))
    def ask(case: Any) -> None:
        answer = case.call_and_validate(headers=headers, checks=checks)
        if answer.status_code >= 400:
            problem = answer.json()
            assert problem["detail"] and problem["remedy"], problem
            assert answer.status_code != 422 or problem.get("field"), problem
        seen[answer.status_code] += 1

    ask()
    return seen


def test_no_question_breaks_the_server_and_every_answer_keeps_its_schema(filled: Filled) -> None:
    found = list(operations(filled, pointed(filled.client().get("/openapi.json").json())))
    checks = [
        not_a_server_error,
        status_code_conformance,
        content_type_conformance,
        response_headers_conformance,
        response_schema_conformance,
    ]
    seen = ask_many(filled, [one.as_strategy() for one in found], examples=240, checks=checks)
    assert sum(count for status, count in seen.items() if status < 300) > 80, seen


def test_what_breaks_the_document_is_refused(filled: Filled) -> None:
    found = operations(filled, filled.client().get("/openapi.json").json())
    strategies = [
        one.as_strategy(generation_mode=GenerationMode.NEGATIVE) for one in found if one.path not in BY_ROW
    ]
    checks = [not_a_server_error, content_type_conformance, negative_data_rejection, unsupported_method]
    seen = ask_many(filled, strategies, examples=120, checks=checks)
    assert seen[422] > 40, seen


@pytest.mark.long
@pytest.mark.timeout(2400)
def test_ten_thousand_questions_of_all_kinds_pass_all_checks(filled: Filled, tmp_path: Path) -> None:
    """The whole document by the tool itself: examples, corners and random cases, with every check it has."""
    expected = f"positive_data_acceptance.expected-statuses = {json.dumps(REFUSED)}"
    config = tmp_path / "schemathesis.toml"
    config.write_text(f"continue-on-failure = true\n[checks]\n{expected}\n", "utf-8")
    by_row = [word for path in BY_ROW for word in ("--include-path", path)]
    others = [word for path in (*BY_ROW, ENDLESS) for word in ("--exclude-path", path)]
    runs = ([*by_row, "--exclude-checks", "negative_data_rejection"], others)
    cases = 0
    with served(filled.app) as address:
        for chosen in runs:
            done = subprocess.run(
                [
                    str(Path(sys.executable).with_name("schemathesis")),
                    *("--config-file", str(config), "run", f"{address}/openapi.json", "--checks", "all"),
                    *("-H", f"Authorization: Bearer {filled.keys['admin']}"),
                    *("--phases", "examples,coverage,fuzzing", "--max-examples", "40", *chosen),
                ],
                cwd=tmp_path,
                capture_output=True,
                text=True,
                timeout=2300,
                check=False,
            )
            told = re.search(r"(\d+) generated", done.stdout)
            assert done.returncode == 0 and told is not None, done.stdout[-9000:]
            cases += int(told[1])
    assert cases >= LEAST_CASES
