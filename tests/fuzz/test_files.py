"""Spoiled files give a clear error or a correct load: never a wrong one, a crash, or more than 1 GB."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fuzz.cases import Case
from tests.fuzz.files import SEEDS, to_csv
from tests.fuzz.giants import giants
from tests.fuzz.make import GOOD, outcome
from tests.fuzz.sheets import meaning_of

ROOT = Path(__file__).parents[2]
MOST_BYTES = 2**30
SECONDS = 60  # of the processor, for one file
QUICK = (
    "nested entities",
    "a row beyond the last row",
)  # the first and the last of those that take a moment only
BATCH, BATCHES = 250, 20
NAMES = [name for name, _ in giants()]


def answers(seed: str, first: int, last: int) -> Iterator[dict[str, Any]]:
    """What became of each file. A process that dies is an outcome too, and another one goes on behind it."""
    while first < last:
        command = [sys.executable, "-m", "tests.fuzz.worker", seed, str(first), str(last), str(SECONDS)]
        done = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"}
        )
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        yield from (line for line in lines if "outcome" in line)
        reached = max((line["number"] + 1 for line in lines if "outcome" in line), default=first)
        if reached < last:
            yield {
                "number": reached,
                "name": "?",
                "outcome": "the process died",
                "why": done.stderr[-500:],
                "peak": 0,
            }
            reached += 1
        first = reached


def faults(found: list[dict[str, Any]]) -> list[str]:
    """Those that are neither a clear error nor a correct load, or that took more than a gigabyte."""
    said = []
    for one in found:
        if one["outcome"] not in GOOD:
            said.append(f"{one['number']} {one['name']}: {one['outcome']}: {one['why']}")
        elif one["peak"] > MOST_BYTES:
            said.append(f"{one['number']} {one['name']}: {one['peak'] / 2**20:.0f} MB")
    return said


def test_spoiled_files_give_a_clear_error_or_a_correct_load() -> None:
    found = list(answers("1", 0, 150))
    assert faults(found) == []
    assert all(Counter(one["outcome"] for one in found)[kind] >= 10 for kind in GOOD)


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("batch", range(BATCHES))
def test_thousands_of_spoiled_files_give_a_clear_error_or_a_correct_load(batch: int) -> None:
    assert faults(list(answers("21", batch * BATCH, (batch + 1) * BATCH))) == []


def test_entities_and_cells_far_outside_are_refused() -> None:
    first, last = (NAMES.index(name) for name in QUICK)
    found = list(answers("giant", first, last + 1))
    assert faults(found) == [] and {one["outcome"] for one in found} == {"refused"}


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", NAMES)
def test_a_file_made_to_exhaust_a_server_does_not(name: str) -> None:
    number = NAMES.index(name)
    assert faults(list(answers("giant", number, number + 1))) == []


@pytest.mark.parametrize("seed", range(3))
def test_a_wrong_load_is_seen(seed: int) -> None:
    chance = random.Random(seed)
    sheet = SEEDS[0](chance)
    meaning = meaning_of(sheet)
    key = next(iter(meaning))
    good = Case("good", to_csv(sheet), meaning, must="load")
    assert outcome(good).outcome == "loaded"
    other = Case("", good.data, {**meaning, key: frozenset({-1.0})})
    assert outcome(other).outcome == "wrong"
    assert outcome(Case("", good.data, {})).outcome == "wrong"
    assert outcome(Case("", good.data, {**meaning, ("nobody", 0): frozenset({1.0})})).outcome == "lost unsaid"
    assert outcome(Case("", good.data, meaning, must="refuse")).outcome == "wrong"
