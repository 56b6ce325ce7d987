"""Ten thousand hostile posts pass every step from a source's page to the counts and what rises, in linear time."""

from __future__ import annotations

import datetime as dt
import random
import time

import numpy as np
import pandas as pd
import pytest
from sqlalchemy.orm import Session

from forecast.social.mention import Mention, parse_mention
from jobs import retain, signals
from store.chain import Chain, receive
from store.mentions import count_mentions, load_scored
from store.settings import Settings

NOW = pd.Timestamp("2026-03-06 10:00", tz="UTC")
SEED = 20261122


def hostile(n: int, seed: int = SEED) -> list[dict[str, object]]:
    """n rows as a source could give them: control characters, markup, code, formulas, bait for patterns."""
    chance = random.Random(seed)
    kinds = [
        lambda: "".join(chr(chance.randrange(0x20)) for _ in range(40)) + " storing",
        lambda: "\u202e" + "gnirots " * 5 + "\u2066\u200f",
        lambda: "<div>" * 200 + "storing" + "</div>" * 200,
        lambda: "'; DROP TABLE mentions; -- storing " + "OR 1=1 " * 20,
        lambda: '=HYPERLINK("http://x";"storing")' + "|cmd' /C calc'!A0",
        lambda: "s" + "".join(chr(0x300 + chance.randrange(0x6F)) for _ in range(300)) + "toring",
        lambda: "\ud800 storing \udfff" * 10,
        lambda: "a" * 5_000 + "@" + "b" * 5_000,
        lambda: "@" * 3_000,
        lambda: "1 2-3." * 1_000,
        lambda: "((((((((((" * 200 + "a*" * 500,
        lambda: "&amp;" * 1_000 + "&#0;&#xD800;&#99999999;",
        lambda: "http://" * 500 + "." * 500,
        lambda: "NL" + "91ABNA0417164300 " * 200,
        lambda: "🔥" * 1_000 + "\U000e0001",
        lambda: "これは停電です" * 200,
        lambda: "{{7*7}} ${jndi:ldap://x} %s%n \\x00 \\u0000",
        lambda: (
            "".join(chr(chance.randrange(0x10FFFF)) for _ in range(100))
            .encode("utf-8", "surrogatepass")
            .decode("utf-8", "surrogatepass")
        ),
        lambda: " ".join(["niet"] * 2_000),
        lambda: "",
    ]
    rows: list[dict[str, object]] = []
    for number in range(n):
        text = kinds[number % len(kinds)]()
        at = NOW - pd.Timedelta(minutes=chance.randrange(10, 1440))
        author = chance.choice(["@jan", "\ud800", "x" * 10_000, "", "=1+1", "Robert'); DROP TABLE--"])
        rows.append({"id": f"h{number}\x00" if number % 7 == 0 else f"h{number}", "source": "hostile", "created_at": at.isoformat(),
                     "text": text, "author": author})  # fmt: skip
    rows[0]["text"] = "storing " * 12_500  # a line of 100 kB
    return rows


def through(rows: list[dict[str, object]], session: Session, settings: Settings) -> float:
    """Seconds of the processor that rows take through parsing, the chain, the store, the counts and retention."""
    began = time.process_time()
    mentions: list[Mention] = [parse_mention(row, tz="UTC") for row in rows]
    receive(session, Chain(settings), mentions, now=NOW.to_pydatetime())
    signals.run(session, settings, NOW)
    retain.run(session, settings, NOW)
    return time.process_time() - began


@pytest.mark.timeout(240)
@pytest.mark.parametrize("few", [500, pytest.param(2_500, marks=pytest.mark.long)])
def test_thousands_of_hostile_posts_pass_every_step_without_an_error_and_in_linear_time(
    few: int, session: Session, settings: Settings
) -> None:
    through(hostile(200, seed=1), session, settings)  # what is loaded at the first use is no cost of a post
    seconds = []
    for count in (few, 4 * few):
        for row in (rows := hostile(count)):
            row["id"] = f"{count}-{row['id']}"
        seconds.append(through(rows, session, settings))
    assert count_mentions(session) == 200 + 5 * few
    assert seconds[1] / seconds[0] < 4 * 2  # four times the posts; a square would be sixteen times
    held = load_scored(session)
    assert held["sentiment"].between(-1, 1).all()
    for text in held["text"]:
        text.encode("utf-8")
        assert "\x00" not in text and len(text) <= 4_000
    assert not np.isnan(held["created_at"].astype("int64")).any()
    assert isinstance(held["created_at"].iloc[0].to_pydatetime(), dt.datetime)
