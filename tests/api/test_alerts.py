"""GET /v1/alerts and POST .../acknowledge: what is expected, what is still in time, and who did what about it."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from forecast.alerts import Came, Surge, follow
from forecast.buckets import to_ns
from store.alerts import load_alert, raise_alert, save_alert
from store.database import sessions
from store.settings import Reason, Settings
from tests.api.filled import NOW, Filled, open_app

HOUR = dt.timedelta(hours=1)


def ns(after: dt.timedelta) -> int:
    return to_ns(NOW + after)


SURGE = Surge("Outage", "outage", "posts:outage", ns(-HOUR), ns(2 * HOUR), ns(4 * HOUR), 210.4, 130.2, 299.8, 3.42, 41, 0.93, False)  # fmt: skip


@pytest.fixture
def warned(filled: Filled) -> Filled:
    """A live warning of an outage that begins in two hours (1), and one of bills that ended with nothing come (2)."""
    with sessions(filled.engine)() as session:
        assert raise_alert(session, SURGE, now=NOW) == 1
        bills = replace(SURGE, series="Billing", topic="billing", times_usual=float("inf"))
        assert raise_alert(session, bills, now=NOW - HOUR) == 2
        ended = follow(load_alert(session, 2), replace(bills, over=True), ns(-HOUR / 2))
        save_alert(session, replace(ended, came=Came(0.0, 100.0)))
        session.commit()
    reasons = {"outage": Reason(owner="Network desk", faq="https://example.org/outage")}
    return open_app(filled.engine, filled.keys, Settings(reasons=reasons))


def get(filled: Filled, path: str = "", **query: Any) -> Any:
    answer = filled.client().get(f"/v1/alerts{path}", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def tell(filled: Filled, number: int = 1, scope: str = "plan", **told: Any) -> Any:
    return filled.client(scope).post(f"/v1/alerts/{number}/acknowledge", json=told)


def test_a_live_warning_says_what_to_expect_who_owns_it_and_what_is_still_in_time(warned: Filled) -> None:
    (row,) = get(warned)["rows"]
    assert (row["state"], row["queue"], row["topic"], row["extra"]) == ("live", "Outage", "outage", 210.4)
    assert row["sentence"] == (
        "since 13:20, 3.4 times the usual posts about outage; +210 calls (130-300) between 16:20 and 18:20"
    )
    assert "telefoontjes" in row["sentence_nl"]
    assert [one["name"] for one in row["measures"]] == ["IVR message", "move breaks", "cancel training"]
    assert (row["owner"], row["faq"]) == ("Network desk", "https://example.org/outage")
    assert (row["start"], row["start_utc"]) == ("2026-10-24T16:20:00+02:00", "2026-10-24T14:20:00Z")
    assert (row["outcome"], row["acts"], row["ended_because"]) == (None, [], None)


def test_warnings_are_chosen_by_state_and_queue_and_come_in_pages(warned: Filled) -> None:
    assert [row["id"] for row in get(warned, state="all")["rows"]] == [1, 2]
    (ended,) = get(warned, state="ended")["rows"]
    assert (ended["ended_because"], ended["outcome"], ended["measures"]) == ("over", "false alarm", [])
    assert ended["times_usual"] is None and ended["came"] == {"extra": 0.0, "usual": 100.0}
    assert get(warned, queue="Billing")["rows"] == []
    first = get(warned, state="all", limit=1)
    second = get(warned, state="all", limit=1, cursor=first["next_cursor"])
    assert [row["id"] for row in first["rows"] + second["rows"]] == [1, 2] and second["next_cursor"] is None


def test_who_did_what_when_and_with_what_result_is_kept_in_order(warned: Filled) -> None:
    assert tell(warned, who="Anna", act="picked_up").status_code == 200
    assert tell(warned, who="Ben", act="IVR message", note="all lines").status_code == 200
    said = tell(warned, who="Anna", act="result", note="waiting time stayed below a minute").json()
    assert [(one["who"], one["act"]) for one in said["acts"]] == [
        ("Anna", "picked_up"), ("Ben", "IVR message"), ("Anna", "result"),
    ]  # fmt: skip
    assert get(warned, "/1")["acts"] == said["acts"]
    assert dt.datetime.fromisoformat(said["acts"][0]["at"]) == NOW


def test_telling_the_same_twice_changes_nothing(warned: Filled) -> None:
    once = tell(warned, who="Anna", act="picked_up").json()
    assert tell(warned, who="Anna", act="picked_up").json() == once and len(once["acts"]) == 1


@pytest.mark.parametrize("act", ["picked_up", "move breaks"])
def test_a_false_alarm_is_none_once_somebody_acted(warned: Filled, act: str) -> None:
    assert get(warned, "/2")["outcome"] == "false alarm"
    assert tell(warned, 2, who="Anna", act=act).json()["outcome"] == "acted on"
    assert get(warned, state="ended")["rows"][0]["outcome"] == "acted on"


@pytest.mark.parametrize(
    ("told", "field"),
    [
        ({"who": "Anna", "act": "pray"}, "act"),
        ({"who": "Anna", "act": "result"}, "note"),
        ({"who": "", "act": "picked_up"}, "who"),
        ({"who": "Anna", "act": "picked_up", "extra": 1}, "extra"),
    ],
)
def test_an_act_that_cannot_be_kept_is_refused_with_its_field(
    warned: Filled, told: dict[str, Any], field: str
) -> None:
    answer = tell(warned, **told)
    assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert get(warned, "/1")["acts"] == []


def test_only_a_planner_acts_and_only_on_a_warning_that_is_there(warned: Filled) -> None:
    for scope in ("read", "write"):
        assert tell(warned, scope=scope, who="Anna", act="picked_up").status_code == 403
    assert tell(warned, 3, who="Anna", act="picked_up").status_code == 404
    assert warned.client().get("/v1/alerts/3").status_code == 404
