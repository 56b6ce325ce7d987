"""`forecall uploads`: list, show, remove, restore; the same file twice; what absent rows say."""

from __future__ import annotations

import json
from pathlib import Path

from tests.unit.conftest import Run

TEXT = "queue,interval_start,offered\ncalls,2026-03-02T09:00,10\ncalls,2026-03-02T10:00,12\n"


def test_a_file_can_be_looked_at_taken_out_and_put_back(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(TEXT)
    assert run("import", "volumes", "a.csv", "--interval", "1h", "--missing", "unknown")[0] == 0
    code, out, _ = run("uploads", "show", 1)
    assert code == 0 and "a.csv (volumes, revision)" in out and "calls" in out
    assert json.loads(run("uploads", "show", 1, "--json")[1])["holds"][0]["in_force"] == 2
    assert "2 values changed" in run("uploads", "remove", 1)[1]
    held = json.loads(run("uploads", "show", 1, "--json")[1])
    assert (held["state"], held["holds"][0]["in_force"]) == ("removed", 0)
    assert json.loads(run("uploads", "restore", 1, "--json")[1]) == {"id": 1, "changed": 2}
    code, _, err = run("uploads", "restore", 1)
    assert code == 1 and "is not removed" in err
    assert run("uploads", "show", 9)[0] == 1


def test_the_same_file_twice_is_said_to_be_nothing_new(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(TEXT)
    for _ in range(2):
        code, out, _ = run("import", "volumes", "a.csv", "--interval", "1h")
    assert code == 0 and "nothing new: it was loaded as upload 1 on" in out
    assert len(json.loads(run("uploads", "list", "--json")[1])) == 1
