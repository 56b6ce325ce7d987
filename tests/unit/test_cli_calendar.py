"""Days, queues and groups from the command line."""

from __future__ import annotations

import json
from pathlib import Path

from tests.unit.conftest import Run
from tests.unit.test_cli_commands import hourly


def test_days_are_added_by_rule_listed_and_removed(run: Run) -> None:
    code, out, _ = run("days", "add", "Invoice run", "--monthly", 25, "--moves", "next", "--json")
    kept = json.loads(out)
    assert code == 0 and (kept["rule"], kept["moves"], kept["id"]) == (
        "FREQ=MONTHLY;BYMONTHDAY=25",
        "next",
        1,
    )
    assert run("days", "add", "Sinterklaas", "--yearly", "12-05")[0] == 0
    assert run("days", "add", "Pay day", "--last-working-day")[0] == 0
    assert run("days", "add", "Fair", "--on", "2026-04-02")[0] == 0
    assert run("days", "leave-out", "2026-03-02", "2026-03-04", "--reason", "Strike")[0] == 0
    assert run("days", "period", "Sale", "2026-04-06", "2026-04-12")[0] == 0
    code, out, _ = run("days", "list", "--from", "2026-03-01", "--until", "2026-04-30", "--json")
    rows = {(row["date"], row["name"]): row for row in json.loads(out)}
    assert code == 0 and rows["2026-03-02", "Strike"]["until"] == "2026-03-04"
    assert {name for _, name in rows} >= {"Invoice run", "Pay day", "Fair", "Strike", "Sale", "King's Day"}
    assert ("2026-04-30", "Pay day") in rows and rows["2026-04-06", "Sale"]["kind"] == "period"
    assert (
        rows["2026-04-27", "Invoice run"]["origin"] == "rule"
        if ("2026-04-27", "Invoice run") in rows
        else ("2026-04-28", "Invoice run") in rows
    )
    assert run("days", "remove", kept["id"])[0] == 0
    code, _, err = run("days", "remove", kept["id"])
    assert code == 1 and "days list" in err


def test_what_cannot_be_is_refused_with_the_remedy(run: Run) -> None:
    for words, said in (
        (("days", "add", "x"), "one way"),
        (("days", "add", "x", "--monthly", 32), "1 to 31"),
        (("days", "add", "x", "--rule", "every day"), "RFC 5545"),
        (("days", "add", "x", "--rule", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO"), "--from"),
        (("days", "add", "x", "--rule", "FREQ=MONTHLY"), "--from"),
        (("days", "remove", "9" * 23), "days list"),
        (("days", "list", "--from", "2026-03-04", "--until", "2026-03-02"), "later --until"),
        (("days", "leave-out", "2026-03-04", "2026-03-02"), "lies before"),
        (("days", "add", "x", "--monthly", 5, "--queue", "nope"), "no queue"),
        (("queues", "merge", "a", "b", "--from", "2026-03-02"), "INTO"),
        (("queues", "split", "a", "b", "--from", "2026-03-02"), "B=0.7"),
        (("queues", "rename", "a", "b", "--from", "2026-03-02"), "no queue"),
        (("queues", "map", "undo", 7), "map list"),
    ):
        code, _, err = run(*words)
        assert code == 1 and said in err, (words, err)
    code, _, err = run("calendar", "fetch")
    assert code == 2 and "calendar.school_holidays.url" in err


def test_queues_are_split_from_a_day_on_and_it_is_undone(run: Run, tmp_path: Path) -> None:
    (tmp_path / "calls.csv").write_text(hourly(30))
    assert run("import", "volumes", "calls.csv", "--interval", "1h")[0] == 0
    code, out, _ = run("queues", "split", "calls", "A=1=0.7", "B=0,3", "--from", "2026-02-01", "--json")
    assert code == 0 and [(row["into"], row["share"]) for row in json.loads(out)] == [
        ("A=1", 0.7),
        ("B", 0.3),
    ]
    code, out, _ = run("queues", "map", "list", "--json")
    assert len(json.loads(out)) == 2
    code, out, _ = run("queues", "map", "undo", json.loads(out)[0]["id"])
    assert code == 0 and out.count("Taken back") == 2
    assert json.loads(run("queues", "map", "list", "--json")[1]) == []
    (tmp_path / "groups.csv").write_text("queue,group,site,share\ncalls,Service,Utrecht,0.6\n")
    code, out, _ = run("import", "groups", "groups.csv", "--json")
    assert code == 0 and json.loads(out)["changed"] == 1
