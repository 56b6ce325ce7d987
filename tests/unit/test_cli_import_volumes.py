"""`forecall import volumes`: a dry run shows what would be loaded, a mapping is given, remembered and forgotten."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.unit.conftest import Run

ROWS = "Afdeling;Datum;Tijdvak;Hoeveel;Opmerking\nA;13-03-2026;08:00-08:30;5;x\nA;13-03-2026;08:30-09:00;6;\nTotaal;;;11;\n"


@pytest.fixture
def file(tmp_path: Path) -> str:
    (tmp_path / "maart.csv").write_text(ROWS)
    return "maart.csv"


MAPPED = ("--map", "queue=Afdeling", "--map", "offered=Hoeveel")


def test_a_dry_run_shows_columns_queues_and_rows_and_stores_nothing(run: Run, file: str) -> None:
    code, out, err = run("import", "volumes", file, *MAPPED, "--dry-run")
    assert code == 0
    for words in (
        "Steps of 30min",
        "Datum + Tijdvak",
        "Not used: Opmerking",
        "Left out as sums: 1 row(s), 4",
        "2 new, 0 changed",
        "2026-03-13 08:30",
    ):
        assert words in out
    assert "Row 4 left out as sums" in err and "Nothing was stored" in out
    code, out, _ = run("import", "volumes", file, *MAPPED, "--dry-run", "--json")
    seen = json.loads(out)
    assert (seen["stored"], seen["preview"]["columns"]["offered"], seen["preview"]["totals"]) == (
        False,
        "Hoeveel",
        [4],
    )
    assert run("uploads", "list", "--json")[1].strip() == "[]"
    assert "Nothing is remembered" in run("import", "maps", "list")[1]


def test_a_mapping_is_remembered_listed_and_forgotten(run: Run, file: str, tmp_path: Path) -> None:
    code, _, err = run("import", "volumes", file)
    assert code == 1 and '--map "queue=Afdeling"' in err
    assert run("import", "volumes", file, *MAPPED)[0] == 0
    (tmp_path / "april.csv").write_text(ROWS.replace("-03-", "-04-"))
    code, _, err = run("import", "volumes", "april.csv")
    assert code == 0 and "Read as settled with maart.csv" in err
    (held,) = json.loads(run("import", "maps", "list", "--json")[1])
    assert held["reading"]["columns"] == {"queue": "Afdeling", "offered": "Hoeveel"}
    assert run("import", "maps", "forget", held["header"][:10])[0] == 0
    assert run("import", "volumes", "april.csv")[0] == 1
    assert run("import", "maps", "forget", "nothing")[0] == 1


def test_a_mapping_that_is_none_and_a_queue_of_all_rows(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("Datum;Tijd;Aanbod\n13-03-2026;08:00;5\n13-03-2026;08:30;5\n")
    code, _, err = run("import", "volumes", "a.csv", "--map", "offered")
    assert code == 1 and "is not OUR=THEIRS" in err
    code, out, _ = run("import", "volumes", "a.csv", "--queue", "Verkoop", "--channel", "email", "--dry-run")
    assert code == 0 and "Verkoop" in out and "email" in out
