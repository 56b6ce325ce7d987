"""GET /v1/care: who waits on social channels, and how soon they are answered."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from forecast.social.mention import Mention
from store.chain import Chain, receive
from store.database import sessions
from tests.api.filled import NOW, SETTINGS, Filled, open_app

BILL, OUTAGE = "Waar blijft mijn rekening?", "Stroomstoring, hoe lang nog?"


def ago(**before: float) -> dt.datetime:
    return NOW - dt.timedelta(**before)


def post(id: str, made: dt.datetime, text: str = BILL, after: float | None = None, **more: Any) -> Mention:
    """A question, answered `after` so many minutes."""
    replied = None if after is None else made + dt.timedelta(minutes=after)
    return Mention("x", id, made, text, replied_at=replied, **{"language": "nl", **more})


@pytest.fixture
def asked(filled: Filled) -> Filled:
    """Six on bills, answered after 10 to 60 minutes; three on an outage, one of them in German; and two that wait."""
    posts = [post(f"b{at}", ago(days=2, minutes=at), after=10 * (at + 1)) for at in range(6)]
    posts += [post(f"o{at}", ago(hours=5), OUTAGE, after=90) for at in range(2)]
    posts += [post("o2", ago(hours=5), "Stromausfall, wie lange noch?", after=20, language="de")]
    posts += [post("w1", ago(hours=3)), post("w2", ago(minutes=20), OUTAGE)]
    posts += [post("old", ago(days=20)), post("mine", ago(hours=1), "Goedemorgen!", direction="out")]
    return put(filled, posts)


def put(filled: Filled, posts: list[Mention]) -> Filled:
    with sessions(filled.engine)() as session:
        receive(session, Chain(SETTINGS), posts, now=NOW, mode="revision")
        session.commit()
    return filled


def get(filled: Filled, **query: Any) -> Any:
    answer = filled.client().get("/v1/care", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_it_tells_who_waits_whenever_they_asked(asked: Filled) -> None:
    found = get(asked)
    assert (found["open"], found["open_beyond_target"], found["target_minutes"]) == (3, 2, 60)
    assert dt.datetime.fromisoformat(found["oldest_waiting_since"]) == ago(days=20)
    rows = {row["topic"]: row["open"] for row in found["waiting"]}
    assert rows == {"all": 3, "billing": 2, "outage": 1}


def test_it_tells_how_soon_questions_of_the_span_were_answered(asked: Filled) -> None:
    found = get(asked)
    total = found["total"]
    assert (total["questions"], total["answered"]) == (11, 9)  # that of 20 days ago is before the span
    # at risk 11 at 10 minutes, 10 at 20, 7 from 30 on (one waits since 20): 4 of these 7 are answered by 60
    assert total["share_within_target"] == pytest.approx(1 - 10 / 11 * 8 / 10 * 3 / 7)
    assert (total["reply_median_minutes"], total["reply_p90_minutes"]) == (50, None)
    assert found["days"][0]["date"] == "2026-10-22" and found["days"][0]["questions"] == 6
    assert sum(day["questions"] for day in found["days"]) == 11


def test_few_questions_of_a_reason_and_language_are_not_shown_and_totals_are_exact(asked: Filled) -> None:
    found = get(asked)
    shown = {(row["topic"], row["language"]): row["questions"] for row in found["reasons"]}
    assert shown == {("all", None): 11, ("billing", None): 7, ("billing", "nl"): 7, ("outage", None): 4}
    hours = {(row["topic"], row["hour"]): row["questions"] for row in found["hours"]}
    assert all(topic == "all" or number >= 5 for (topic, _), number in hours.items())
    assert sum(number for (topic, _), number in hours.items() if topic == "all") == 11
    assert found["least_shown"] == 5 and found["left_out"] > 0


def test_with_the_knob_at_one_every_cell_is_shown(asked: Filled) -> None:
    privacy = SETTINGS.social.privacy.model_copy(update={"least_shown": 1})
    social = SETTINGS.social.model_copy(update={"privacy": privacy})
    open_book = open_app(asked.engine, asked.keys, SETTINGS.model_copy(update={"social": social}))
    found = get(open_book)
    shown = {(row["topic"], row["language"]): row["questions"] for row in found["reasons"]}
    assert shown["outage", "nl"] == 3 and shown["outage", "de"] == 1
    assert found["left_out"] == 0


def test_a_span_and_reasons_may_be_chosen(asked: Filled) -> None:
    past = get(asked, start=ago(days=30).isoformat(), end=ago(days=10).isoformat())
    assert past["total"]["questions"] == 1 and past["total"]["reply_median_minutes"] is None
    one = get(asked, topic="outage")
    assert (
        {row["topic"] for row in one["reasons"]}
        == {"all", "outage"}
        == {row["topic"] for row in one["waiting"]}
    )
    answer = asked.client().get("/v1/care", params={"start": "2020-01-01"})
    assert answer.status_code == 422 and answer.json()["field"] == "start"


def test_without_questions_it_says_so(filled: Filled) -> None:
    found = get(filled)
    assert (found["open"], found["oldest_waiting_since"], found["open_beyond_target"]) == (0, None, 0)
    assert found["total"]["questions"] == 0 and found["total"]["share_within_target"] is None
    assert found["reasons"] == found["hours"] == found["days"] == []


def test_reading_is_enough_and_needed(asked: Filled) -> None:
    assert asked.client(None).get("/v1/care").status_code == 401
    assert asked.client("read").get("/v1/care").status_code == 200
    document = asked.client().get("/openapi.json").json()["paths"]["/v1/care"]["get"]
    assert document["operationId"] == "get_care" and document["security"] == [{"key": ["read"]}]
