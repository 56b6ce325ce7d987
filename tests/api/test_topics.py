"""What people write about over the API: bursts, what rises, and what is too few to be shown."""

from __future__ import annotations

import datetime as dt
import random

import pandas as pd
import pytest

from forecast.social.mention import Mention
from jobs import signals
from store.chain import Chain, receive
from store.database import sessions
from store.settings import Settings
from tests.api.filled import CUTOFF, Filled

USUAL = [
    "rekening klopt niet",
    "waar blijft mijn monteur",
    "app doet het niet",
    "verhuizing doorgeven",
    "dank je wel",
]


@pytest.fixture
def talked(filled: Filled) -> Filled:
    """Three weeks of usual talk, and a new word in the last three hours."""
    chance = random.Random(5)
    posts = []
    for day in range(21):
        for number in range(60):
            at = CUTOFF - dt.timedelta(days=day, minutes=chance.randrange(0, 1380))
            posts.append(Mention("x", f"{day}-{number}", at, chance.choice(USUAL), author=f"a{day}{number}"))
    for number in range(14):
        at = CUTOFF - dt.timedelta(minutes=40 + 9 * number)
        text = f"{chance.choice(['hele straat', 'weer', 'al uren'])} zonder stroom, onderstation?"
        posts.append(Mention("x", f"new-{number}", at, text, author=f"n{number}", language="nl"))
    with sessions(filled.engine)() as session:
        receive(session, Chain(Settings()), posts, now=CUTOFF)
        signals.run(session, Settings(), pd.Timestamp(CUTOFF))
        session.commit()
    return filled


def get(filled: Filled, path: str, **params: object) -> list[dict[str, object]]:
    answer = filled.client("read").get(path, params=params)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["rows"])


def test_what_is_new_is_told_with_phrases_and_since_when(talked: Filled) -> None:
    rows = get(talked, "/v1/topics/rising", hours=6)
    assert any("onderstation" in str(row["terms"]) for row in rows)
    first = next(row for row in rows if "onderstation" in str(row["terms"]))
    assert first["posts"] == 14 and first["language"] == "nl" and first["topic"] == "outage"
    assert any("onderstation" in phrase for phrase in first["examples"])  # type: ignore[attr-defined]
    assert get(talked, "/v1/topics/rising", hours=6, language="de") == []


def test_few_posts_of_a_reason_in_a_language_are_not_shown_and_totals_are(talked: Filled) -> None:
    rows = get(talked, "/v1/signals", name="posts[nl]", start="2026-10-01T00:00:00Z")
    small = [row for row in rows if row["topic"] != "all" and row["suppressed"]]
    assert small and all(row["value"] is None for row in small)
    totals = [row for row in rows if row["topic"] == "all"]
    assert totals and all(row["value"] for row in totals)
    assert {row["language"] for row in rows} == {"nl"}
    assert {row["signal"] for row in get(talked, "/v1/signals", language="nl")} <= {
        "posts[nl]",
        "negative[nl]",
    }


@pytest.mark.parametrize("hours", [0, 25, "many"])
def test_a_span_that_is_none_is_refused_with_a_sentence(filled: Filled, hours: object) -> None:
    answer = filled.client("read").get("/v1/topics/rising", params={"hours": hours})
    assert answer.status_code == 422 and "hours" in answer.text


def test_a_language_nobody_writes_in_has_no_rows(filled: Filled) -> None:
    assert (
        get(filled, "/v1/signals", language="ja")
        == []
        == get(filled, "/v1/signals", brand="Rival", interval="day")
    )
