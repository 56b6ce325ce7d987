"""GET /v1/demand and GET /v1/reasons: raw and corrected side by side, reasons with what they cover."""

from __future__ import annotations

import pandas as pd
import pytest
from sqlalchemy.orm import Session

from forecast.contacts.reason_files import UNKNOWN
from store.database import sessions
from store.imports.reasons import import_reasons
from store.volumes import save_volumes
from tests.api.filled import NOW, SETTINGS, Filled


def tell(session: Session) -> None:
    """Transfers in one bucket, told later."""
    rows = {"queue": ["Outage"], "ds": pd.to_datetime(["2026-10-20T08:00Z"], utc=True), "offered": [25.0]}
    more = {"transferred_in": [5.0], "known_at": pd.to_datetime([NOW], utc=True)}
    save_volumes(session, pd.DataFrame({**rows, **more}).astype({"queue": object}), upload_id=None)


def test_contacts_are_shown_raw_and_corrected_with_where_each_part_comes_from(filled: Filled) -> None:
    with sessions(filled.engine)() as session:
        tell(session)
        session.commit()
    answer = filled.client().get(
        "/v1/demand", params={"queue": "Outage", "start": "2026-10-20", "end": "2026-10-21"}
    )
    assert answer.status_code == 200
    (row,) = answer.json()["rows"]
    assert row["offered"] - row["corrected"] == 5 and not row["estimated"]
    parts = {one["part"]: one for one in row["parts"]}
    assert parts["transferred_in"] == {
        "part": "transferred_in",
        "contacts": 5.0,
        "origins": ["unknown", "told"],
    }
    assert parts["redialled"]["contacts"] is None
    (queue,) = answer.json()["queues"]
    assert queue["correct"] == "auto" and queue["rate"] is None


def test_without_anything_told_raw_is_demand_and_pages_lead_on(filled: Filled) -> None:
    client = filled.client()
    first = client.get("/v1/demand", params={"limit": 3}).json()
    rows = first["rows"]
    while first["next_cursor"]:
        first = client.get("/v1/demand", params={"limit": 3, "cursor": first["next_cursor"]}).json()
        rows += first["rows"]
    assert [(row["queue"], row["start"][:10]) for row in rows] == [
        (queue, f"2026-10-{day}") for queue in ("Billing", "Outage") for day in (20, 21, 22, 23)
    ]
    assert all(row["offered"] == row["corrected"] for row in rows)


@pytest.mark.parametrize(("route", "params", "status"), [
    ("/v1/demand", {"queue": "Outag"}, 404), ("/v1/demand", {"granularity": "year"}, 422),
    ("/v1/demand", {"start": "2026-10-21", "end": "2026-10-20"}, 422), ("/v1/reasons", {"queue": "x"}, 404),
])  # fmt: skip
def test_what_cannot_be_answered_is_refused(
    filled: Filled, route: str, params: dict[str, str], status: int
) -> None:
    assert filled.client().get(route, params=params).status_code == status


def test_reasons_add_up_to_what_was_offered_and_the_unknown_part_stands_last(filled: Filled) -> None:
    text = "date,queue,topic,share\n2026-10-20,Outage,storing,0.6\n2026-10-20,Outage,overig,0.4\n"
    assert filled.client().get("/v1/reasons").json()["rows"] == []
    with sessions(filled.engine)() as session:
        import_reasons(session, SETTINGS, text.encode(), now=pd.Timestamp(NOW))
        session.commit()
    (week,) = filled.client().get("/v1/reasons").json()["rows"]
    assert (week["queue"], week["week"], week["days"], week["trend"]) == ("Outage", "2026-10-19", 1, None)
    assert week["coverage"] == pytest.approx(0.6 * week["handled"] / week["offered"], abs=1e-4)
    assert [(one["topic"], one["known"]) for one in week["reasons"]] == [("storing", True), (UNKNOWN, False)]
    assert sum(one["contacts"] for one in week["reasons"]) == pytest.approx(week["offered"])
    page = filled.client().get("/v1/forecasts", params={"topic": "outage", "queue": "Outage"}).json()
    assert page["coverage"] == {"Outage": pytest.approx(week["coverage"], abs=1e-3)}
