"""The register of causes, whether a fix worked, and preventable contact, over HTTP."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pytest

from forecast.buckets import Grid, Interval, end
from store.database import sessions
from store.queues import Queue, save_queue
from store.signals import save_signals
from store.volumes import save_volumes
from tests.api.filled import NOW, TZ, Filled, day

CAUSE = {
    "topic": "tariff",
    "cause": "The letter does not say the new price",
    "owner": "Pricing",
    "since": "2026-09-14",
}


def put(filled: Filled) -> Filled:
    """Four reasons by day since June; contacts on the tariff fall by a third from 14 September on."""
    grid = Grid.days(day("2026-06-08"), day("2026-10-23"), Interval.DAY, TZ)
    with sessions(filled.engine)() as session:
        for at, name in enumerate(("tariff", "meter", "moving", "contract")):
            save_queue(session, Queue(name, "phone", name, Interval.DAY, TZ))
            rng = np.random.default_rng(at)
            mean = (90.0 + 10 * at) * np.exp(rng.normal(0, 0.08, len(grid)))
            if name == "tariff":
                mean = np.where(grid.day >= day("2026-09-14"), mean / 1.5, mean)
            frame = pd.DataFrame(
                {
                    "queue": pd.Series([name] * len(grid), dtype=object),
                    "ds": pd.to_datetime(grid.ds, utc=True),
                    "offered": rng.poisson(mean).astype(float),
                    "aht_seconds": 300.0,
                    "known_at": pd.to_datetime(end(grid.ds, Interval.DAY, TZ), utc=True),
                }
            )
            save_volumes(session, frame, upload_id=None)
        session.commit()
    return filled


def get(filled: Filled, path: str, status: int = 200, **query: Any) -> Any:
    answer = filled.client().get(path, params=query)
    assert answer.status_code == status, answer.text
    return answer.json()


def test_a_cause_is_registered_listed_and_removed(filled: Filled) -> None:
    client = filled.client("admin")
    made = client.post("/v1/causes", json=CAUSE)
    assert made.status_code == 200, made.text
    cause = made.json()
    assert dt.datetime.fromisoformat(cause["since"]) == dt.datetime(2026, 9, 13, 22, tzinfo=dt.UTC)
    assert client.post("/v1/causes", json=CAUSE).json()["id"] == cause["id"]
    assert get(filled, "/v1/causes", topic="tariff")["rows"] == [cause]
    assert get(filled, "/v1/causes", topic="meter")["rows"] == []
    gone = client.delete(f"/v1/causes/{cause['id']}")
    assert gone.status_code == 200 and gone.json()["removed_at"] is not None
    assert get(filled, "/v1/causes")["rows"] == []
    assert len(get(filled, "/v1/causes", removed=True)["rows"]) == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({**CAUSE, "since": "2030-01-01"}, "since"),
        ({**CAUSE, "cause": " "}, "cause"),
        ({**CAUSE, "colour": "red"}, "colour"),
    ],
)
def test_what_cannot_be_registered_names_the_field(filled: Filled, body: dict[str, str], field: str) -> None:
    answer = filled.client("admin").post("/v1/causes", json=body)
    assert answer.status_code == 422 and field in answer.text


def test_an_unknown_cause_or_queue_is_not_found_and_reading_keys_may_not_write(filled: Filled) -> None:
    assert filled.client("admin").delete("/v1/causes/99").status_code == 404
    assert filled.client("admin").post("/v1/causes", json={**CAUSE, "queue": "Outag"}).status_code == 404
    assert filled.client("read").post("/v1/causes", json=CAUSE).status_code == 403
    assert filled.client("read").delete("/v1/causes/1").status_code == 403


def test_a_fix_that_worked_is_told_with_contacts_hours_and_fte(filled: Filled) -> None:
    found = get(put(filled), "/v1/effect", topic="tariff", since="2026-09-14")
    assert found["verdict"] == "fewer contacts" and found["come_back"] == "no"
    assert found["first"] == "2026-09-14" and found["last"] == "2026-10-23"
    assert found["change"]["lower"] < -1 / 3 < found["change"]["upper"] < 0
    assert found["hours"]["value"] == pytest.approx(found["avoided"]["value"] * 7 * 300 / 3600, rel=0.05)
    assert found["fte"]["value"] == pytest.approx(found["hours"]["value"] / (36 * 0.7))
    assert set(found["controls"]) == {"meter", "moving", "contract"}


def test_a_reason_that_the_register_says_was_changed_too_is_no_control(filled: Filled) -> None:
    put(filled).client("admin").post("/v1/causes", json={**CAUSE, "topic": "meter"})
    found = get(filled, "/v1/effect", topic="tariff", since="2026-09-14")
    assert set(found["controls"]) == {"moving", "contract"}


def test_an_effect_of_nothing_known_is_refused_or_said(filled: Filled) -> None:
    assert "Did you mean" in get(filled, "/v1/effect", 404, topic="outge", since="2026-10-20")["remedy"]
    assert (
        get(filled, "/v1/effect", 404, topic="outage", queue="Billing", since="2026-10-20")["field"]
        == "queue"
    )
    assert get(filled, "/v1/effect", 422, topic="outage", since="2027-01-01")["field"] == "since"
    found = get(filled, "/v1/effect", topic="outage", since="2026-10-21")
    assert found["verdict"] == "not enough history" and found["expected"] is None


def test_preventable_contact_counts_what_it_can_and_says_what_not(filled: Filled) -> None:
    put(filled).client("admin").post("/v1/causes", json=CAUSE)
    posts = pd.DataFrame(
        {
            "signal": "failed_contact",
            "topic": ["all", "tariff"],
            "ds": pd.to_datetime(["2026-10-20T08:00Z"] * 2, utc=True).as_unit("ns"),
            "value": [12.0, 8.0],
            "kind": "count",
        }
    )
    with sessions(filled.engine)() as session:
        save_signals(session, posts, interval=Interval.HALF_HOUR, tz=TZ)
        session.commit()
    found = get(filled, "/v1/preventable")
    rows = {row["topic"]: row for row in found["reasons"]}
    tariff, total = rows["tariff"], found["total"]
    assert tariff["share"] == 1.0 and tariff["failed_contact"] == 8 and tariff["causes"] == 1
    assert tariff["known_cause"] == tariff["contacts"] and rows["meter"]["preventable"] == 0
    assert total["preventable"] == tariff["contacts"] + 12
    assert total["share"] == pytest.approx(total["preventable"] / (total["contacts"] + 12))
    assert sum(week["preventable"] for week in total["weeks"]) == pytest.approx(total["preventable"])
    assert total["change"] < 0  # contacts on the tariff fell
    assert found["not_measured"] == ["repeats"] and total["repeats"] is None
    assert any("Repeats" in note for note in found["notes"])
    only = get(filled, "/v1/preventable", topic="meter")
    assert [row["topic"] for row in only["reasons"]] == ["meter"]


def test_a_span_that_is_too_long_is_refused(filled: Filled) -> None:
    assert get(filled, "/v1/preventable", 422, start="2020-01-01")["field"] == "start"
    assert dt.datetime.fromisoformat(get(filled, "/v1/preventable")["end"]) == NOW
