"""What the page Social asks of the database is what the rows say, on SQLite and on PostgreSQL."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
from sqlalchemy.orm import Session

from api.dashboard.social import care, sources
from api.dashboard.social.chosen import Chosen, window
from api.dashboard.social.counts import load_counts
from forecast.buckets import Interval, column_ns
from store.mentions import save_mentions
from store.settings import Settings
from store.signals import load_signals, save_signals
from tests import builders as b

NOW = b.NOON + dt.timedelta(days=6)
TZ = "Europe/Amsterdam"


def test_of_a_count_that_was_corrected_the_latest_known_is_shown(session: Session) -> None:
    rng = np.random.default_rng(3)
    for known, hours in ((200, 144), (400, 50), (300, 90)):  # the one written last was known before
        said = b.signals(rng.poisson(9, hours).astype(float).tolist(), topic="outage", known=known)
        save_signals(session, said, interval=Interval.HOUR, tz=TZ)
    shown = window("week", NOW, NOW, Interval.HOUR, TZ)
    found = load_counts(session, Settings(), Chosen(), shown, NOW)
    rows = load_signals(session)
    counted = dict(zip(column_ns(rows["ds"]).tolist(), rows["value"], strict=True))
    row = found.row("outage")
    assert row is not None
    wanted = [counted.get(ds, 0.0) for ds in found.grid.ds[found.known].tolist()]
    assert found.posts[row, found.known].tolist() == wanted and sum(wanted) > 0


def test_each_source_says_its_newest_post_and_how_many_came_in_a_day(session: Session) -> None:
    for source, days in (("forum", 5.5), ("board", 4.9), ("old", -60), ("wire", 2)):
        texts = [f"{source} {number}" for number in range(200)]
        save_mentions(session, b.mentions(texts, known=days * 24, source=source).assign(
            created_at=b.times([days * 24 + number / 60 for number in range(200)])))  # fmt: skip
    found = {one.name: one for one in sources.load_standing(session, Settings(), NOW)}
    since = NOW - dt.timedelta(days=1)
    at = {"forum": 5.5, "board": 4.9, "wire": 2.0}
    made = {name: [b.at(days * 24 + number / 60) for number in range(200)] for name, days in at.items()}
    assert list(found) == sources.load_names(session, Settings(), NOW) == ["board", "forum", "wire"]
    assert {name: one.lately for name, one in found.items()} == {
        name: sum(one >= since for one in moments) for name, moments in made.items()
    }
    newest = {name: abs((one.newest or NOW) - max(made[name])) for name, one in found.items()}
    assert max(newest.values()) < pd.Timedelta("1ms")


def test_those_who_wait_too_long_are_counted_by_reason_and_once_in_all(session: Session) -> None:
    asked = b.mentions([f"question {number}" for number in range(6)], known=143).assign(
        created_at=b.times([143 + number / 5 for number in range(6)]),
        question=True,
        direction="in",
        topics=pd.Series(
            [("outage",), ("outage", "billing"), (), ("billing",), ("outage",), ()], dtype=object
        ),
    )
    save_mentions(session, asked)
    settings = Settings.model_validate({"social": {"care": {"target_minutes": 30}}})
    since = NOW - dt.timedelta(days=1)
    late = {
        topic: care.load_care(session, settings, start=since, now=NOW, topic=topic).late
        for topic in ("all", "outage", "billing", "moving")
    }
    assert late == {"all": 3, "outage": 2, "billing": 1, "moving": 0}
