"""What the gate decided and since when, and rules of thumb, over the API."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from store.database import sessions
from store.decisions import save_decisions
from store.scores import load_evidence, save_report
from tests.api.filled import CUTOFF, NOW, Filled

WEEK = dt.timedelta(days=7)
RULE = {
    "queue": "Outage",
    "signal": "posts:outage",
    "contacts_per_unit": 2.0,
    "head_start_minutes": 40,
    "lasts_minutes": 180,
    "reason": "<b>as in 2024</b>",
}


@pytest.fixture
def decided(filled: Filled) -> Filled:
    """Three weekly decisions on each finding; the nearest band opened with the second."""
    with sessions(filled.engine)() as session:
        rows = load_evidence(session)
        shut = [row | {"gate": "shut"} for row in rows]
        save_decisions(session, shut, decided_at=CUTOFF - 2 * WEEK, run_id=None)
        for ago in (1, 0):
            save_decisions(session, rows, decided_at=CUTOFF - ago * WEEK, run_id=None)
        session.commit()
    return filled


def rows(filled: Filled, path: str, **asked: Any) -> list[dict[str, Any]]:
    answer = filled.client().get(path, params=asked)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["rows"]
    return found


def test_evidence_says_since_when_the_gate_is_what_it_is(decided: Filled) -> None:
    since = {
        row["lead_band"]: dt.datetime.fromisoformat(row["since"]) for row in rows(decided, "/v1/evidence")
    }
    assert since == {
        "0-1h": CUTOFF - WEEK,
        "1-4h": CUTOFF - WEEK,
        "4-24h": CUTOFF - 2 * WEEK,
        "1-3d": CUTOFF - 2 * WEEK,
    }


def test_without_any_decision_evidence_has_no_date(filled: Filled) -> None:
    assert {row["since"] for row in rows(filled, "/v1/evidence")} == {None}
    assert rows(filled, "/v1/evidence/decisions") == []


def test_decisions_come_with_their_figures_and_what_they_changed(decided: Filled) -> None:
    found = rows(decided, "/v1/evidence/decisions", queue="Outage", signal="posts:outage")
    nearest = [row for row in found if row["lead_band"] == "0-1h"]
    assert [(row["was"], row["gate"]) for row in nearest] == [("", "shut"), ("shut", "open"), (None, "open")]
    assert nearest[1]["lift"] == 0.08 and nearest[1]["n"] == 300 and nearest[1]["why"] == "gain"
    changed = rows(decided, "/v1/evidence/decisions", changes=True)
    assert len(found) == 12 and len(changed) == 6 and all(row["was"] is not None for row in changed)
    assert rows(decided, "/v1/evidence/decisions", signal="nothing") == []
    assert decided.client().get("/v1/evidence/decisions", params={"queue": "Outag"}).status_code == 404


def test_pages_of_decisions_join_without_loss_or_doubles(decided: Filled) -> None:
    joined: list[dict[str, Any]] = []
    cursor = None
    while not joined or cursor:
        asked = {"limit": 5, **({"cursor": cursor} if cursor else {})}
        page = decided.client().get("/v1/evidence/decisions", params=asked).json()
        joined, cursor = joined + page["rows"], page["next_cursor"]
    assert joined == rows(decided, "/v1/evidence/decisions")


def test_a_rule_of_thumb_is_kept_listed_scored_and_ended(filled: Filled) -> None:
    writer = filled.client("admin")
    made = writer.post("/v1/evidence/assumptions", json=RULE)
    assert made.status_code == 201
    kept = made.json()
    assert kept["author"] == "admin key" and kept["reason"] == RULE["reason"] and kept["scored"] == []
    assert dt.datetime.fromisoformat(kept["created_at"]) == NOW
    assert writer.post("/v1/evidence/assumptions", json=RULE).json()["id"] == kept["id"]
    score(filled, f"posts:outage (assumption {kept['id']})")
    (listed,) = rows(filled, "/v1/evidence/assumptions", queue="Outage")
    assert [(one["lead_band"], one["gate"]) for one in listed["scored"]] == [("0-1h", "shut")]
    assert writer.delete(f"/v1/evidence/assumptions/{kept['id']}").status_code == 204
    assert rows(filled, "/v1/evidence/assumptions") == []
    (ended,) = rows(filled, "/v1/evidence/assumptions", ended=True)
    assert dt.datetime.fromisoformat(ended["ended_at"]) == NOW


def score(filled: Filled, label: str) -> None:
    """A later run that found the rule to be of no use."""
    with sessions(filled.engine)() as session:
        row = load_evidence(session)[0] | {"signal": label, "gate": "shut", "why": "assumption: no"}
        save_report(session, 1, {"evidence": [*load_evidence(session), row]})
        session.commit()


@pytest.mark.parametrize(
    ("wrong", "status", "field"),
    [
        ({"queue": "Outag"}, 404, "queue"),
        ({"signal": "poosts"}, 404, "signal"),
        ({"contacts_per_unit": 0}, 422, "contacts_per_unit"),
        ({"lasts_minutes": 1e9}, 422, "lasts_minutes"),
        ({"reason": ""}, 422, "reason"),
        ({"used": True}, 422, "used"),
    ],
)
def test_a_rule_that_cannot_be_is_refused_by_field(
    filled: Filled, wrong: dict[str, Any], status: int, field: str
) -> None:
    answer = filled.client("admin").post("/v1/evidence/assumptions", json=RULE | wrong)
    assert answer.status_code == status, answer.text
    assert field in answer.json()["field"]
    assert rows(filled, "/v1/evidence/assumptions") == []


def test_a_number_nobody_knows_cannot_be_ended(filled: Filled) -> None:
    assert filled.client("admin").delete("/v1/evidence/assumptions/9").status_code == 404


def test_who_may_only_read_enters_no_rule(filled: Filled) -> None:
    assert filled.client("read").post("/v1/evidence/assumptions", json=RULE).status_code == 403
    assert filled.client("read").delete("/v1/evidence/assumptions/1").status_code == 403
