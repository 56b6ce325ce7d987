"""The page of the social bench says what its log says, and no bar is lower than what is known of its set."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from benchmarks.social import LEXICONS, LINEAR, LINEAR_SHARE, write_page

HELD = Path(__file__).parents[2] / "docs" / "benchmarks"
FILES = ("social.json", "social_scores.json", "social.md")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in FILES:
        shutil.copy(HELD / name, tmp_path)
    return tmp_path


def log(folder: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((folder / "social_scores.json").read_text("utf-8"))
    return found


def test_the_page_is_what_the_code_makes_of_the_log(folder: Path) -> None:
    write_page(folder)
    for name in FILES:
        assert (folder / name).read_text("utf-8") == (HELD / name).read_text("utf-8")


def test_a_bar_is_the_greater_of_what_is_known_and_a_score_stays_as_it_was_logged(folder: Path) -> None:
    before = log(folder)
    lowered = [{**one, "bar": 1.0, "bar_is": "0.85 x linear model, other folds"} for one in before]
    (folder / "social_scores.json").write_text(json.dumps(lowered), "utf-8")
    write_page(folder)
    for one, was in zip(log(folder), before, strict=True):
        known = [LEXICONS.get(one["set"], 0.0), LINEAR_SHARE * LINEAR.get(one["set"], 0.0)]
        assert one["bar"] == pytest.approx(
            max(known) or 1.0, abs=0.05
        )  # of our own model what was logged stays
        assert {**one, "bar": 0, "bar_is": ""} == {**was, "bar": 0, "bar_is": ""}


def test_a_set_two_standard_errors_below_its_bar_is_named(folder: Path) -> None:
    scores = [{**one, "standard_error": 1.0} for one in log(folder) if one["set"] in ("umsab_fr", "umsab_it")]
    scores[0]["macro_f1"], scores[1]["macro_f1"] = 50.6, 50.8  # the bar of both is 52.7
    (folder / "social_scores.json").write_text(json.dumps(scores), "utf-8")
    write_page(folder)
    last = (folder / "social.md").read_text("utf-8").splitlines()[-1]
    assert last.startswith("Mean of 2 sets: 50.7, mean of their bars: 52.7")
    assert last.endswith("umsab_fr (50.6 against 52.7).")
