"""Page Social without a browser: what is counted, what is usual, what stands out, and that strangers' words stay words."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sqlalchemy.orm import Session

from api.dashboard.social import care, headline, page, reasons, rivals, said, screen, sources
from api.dashboard.social.chosen import Chosen, window
from api.dashboard.social.counts import Counts, counted_until, load_counts
from api.dashboard.social.levels import Stretch, Total, buckets, course, levels, stretches, totals
from api.dashboard.words import Words
from forecast.buckets import Grid, Interval, end, local_day, to_ns
from forecast.social.signals import build_signals
from store.database import connect, sessions
from store.mentions import save_mentions
from store.runs import begin_run, finish_run
from store.settings import Settings
from store.signals import save_signals
from store.spending import record_spending

EN, NL = Words("en"), Words("nl")
TZ = "Europe/Amsterdam"
NOW = dt.datetime(2026, 3, 10, 9, 30, tzinfo=dt.UTC)
DAYS = 70
COMPANY: dict[str, Any] = {
    "company": {"timezone": TZ},
    "social": {
        "brands": [{"name": "Lumen"}, {"name": "Volt", "competitor": True}],
        "sources": [
            {"name": "x", "kind": "x_search", "query": "lumen", "price": 0.01, "cap": 20},
            {"name": "boards", "kind": "feed", "urls": ["https://example.org/feed"]},
        ],
    },
}
SETTINGS = Settings.model_validate(COMPANY)


def posts(now: dt.datetime = NOW) -> pd.DataFrame:
    """Two posts an hour by day on two reasons, ten weeks; a storm on outages in the last two hours; a rival's, our own, a copy."""
    rows: list[dict[str, Any]] = []
    first = now.replace(hour=6, minute=10) - dt.timedelta(days=DAYS)
    for day in range(DAYS + 1):
        for hour in range(12):
            at = first + dt.timedelta(days=day, hours=hour)
            rows += [_post(at, "outage", label="negative"), _post(at + dt.timedelta(minutes=9), "billing")]
            rows.append(_post(at, "outage", brand="Volt", text="Volt is down"))
    storm = now - dt.timedelta(hours=2)
    rows += [_post(storm + dt.timedelta(minutes=2 * n), "outage", label="negative") for n in range(60)]
    rows.append(_post(storm, "outage", direction="out", text="We look into it"))
    rows.append(_post(storm, "outage", copy=True, text="a copy"))
    frame = pd.DataFrame([row for row in rows if row["created_at"] < now])
    frame["id"] = [f"{place}" for place in range(len(frame))]
    frame["replied_at"] = pd.DatetimeIndex([pd.NaT] * len(frame), tz="UTC").as_unit("ns")
    return frame


def _post(at: dt.datetime, topic: str, **more: Any) -> dict[str, Any]:
    facts = {"source": "x", "created_at": pd.Timestamp(at), "known_at": pd.Timestamp(at), "sentiment": -0.5, "label": "neutral",
             "topics": (topic,), "direction": "in", "repost_of": None, "author": f"{at}", "text": f"about {topic}", "language": "en",
             "brand": "Lumen", "copy": False, "reach": 10.0, "url": None, "question": False, "replied_at": None}  # fmt: skip
    return {**facts, **more}


@pytest.fixture(scope="module")
def session(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """A store with these posts, counted."""
    path = tmp_path_factory.mktemp("social") / "forecall.db"
    shutil.copy(sqlite_template, path)
    engine = connect(f"sqlite:///{path}")
    with sessions(engine)() as made:
        frame = posts()
        save_mentions(made, frame)
        frame["created_at"] = pd.DatetimeIndex(frame["created_at"]).as_unit("ns")
        frame["known_at"] = frame["created_at"]
        counted = build_signals(
            frame.drop(columns="url"),
            interval=Interval.HALF_HOUR,
            tz=TZ,
            asof=NOW,
            competitors=["Volt"],
            apart=True,
        )
        save_signals(made, counted, interval=Interval.HALF_HOUR, tz=TZ)
        yield made
    engine.dispose()


def looked(session: Session, chosen: Chosen) -> tuple[Counts, Any]:
    """The counts of a choice, and its window."""
    shown = window(chosen.period, NOW, NOW, Interval.HALF_HOUR, TZ)
    return load_counts(session, SETTINGS, chosen, shown, NOW), shown


def texts_of(piece: Any) -> str:
    """All that a component says."""
    if isinstance(piece, str):
        return piece
    if isinstance(piece, list | tuple):
        return " ".join(texts_of(one) for one in piece)
    return texts_of(getattr(piece, "children", None) or "")


def test_posts_counted_from_their_rows_are_those_that_were_counted_for_good(session: Session) -> None:
    kept, shown = looked(session, Chosen("week"))
    own, _ = looked(session, Chosen("week", source="x"))
    one, two = (
        {total.topic: (total.posts, total.negative) for total in totals(levels(each), shown)}
        for each in (kept, own)
    )
    assert one == two and one["outage"][0] > 60


def test_a_rival_our_own_replies_and_copies_are_in_none_of_our_counts(session: Session) -> None:
    found, shown = looked(session, Chosen("today"))
    by_name = {one.topic: one.posts for one in totals(levels(found), shown)}
    assert by_name["outage"] == 60 + 4  # the storm, and one an hour from 07:10 local on


def test_one_storm_does_not_become_the_usual() -> None:
    first = local_day(to_ns(NOW), TZ) - 63
    grid = Grid.days(first, first + 63, Interval.HALF_HOUR, TZ)
    count = np.full((1, len(grid)), 4.0)
    count[0, (grid.day == first + 28) & (grid.slot == 20)] = 400.0
    known = end(grid.ds, grid.interval, TZ) <= to_ns(NOW)
    found = levels(Counts(grid, ("all",), count * known, count * 0, count * 0, known))
    today = (grid.day == first + 56) & (grid.slot == 20)
    assert 4.0 <= found.usual[0, today][0] < 7.0


def test_with_less_than_two_weeks_before_nothing_is_usual() -> None:
    first = local_day(to_ns(NOW), TZ) - 10
    grid = Grid.days(first, first + 9, Interval.HALF_HOUR, TZ)
    ones, known = np.ones((1, len(grid))), np.ones(len(grid), dtype=bool)
    found = levels(Counts(grid, ("all",), ones, ones, ones, known))
    assert np.isnan(found.usual).all()


def test_the_storm_is_a_stretch_that_goes_on_and_says_how_many_posts(session: Session) -> None:
    found, shown = looked(session, Chosen("today", "outage"))
    storm = stretches(levels(found), "outage", shown)
    assert [one.stop for one in storm] == [None]
    assert storm[0].start == to_ns(NOW - dt.timedelta(hours=2)) and 50 <= storm[0].extra <= 65


def test_the_chart_adds_up_to_the_figure_on_the_card(session: Session) -> None:
    for period in ("today", "week", "weeks4"):
        found, shown = looked(session, Chosen(period))
        known = levels(found)
        whole = next(one for one in totals(known, shown) if one.topic == "all")
        drawn = course(known, "all", buckets(found, shown), daily=period == "weeks4")
        assert drawn["posts"].sum() == whole.posts
        assert drawn["usual"].sum() == pytest.approx(whole.usual)


def test_the_page_says_its_first_sentence_in_both_languages(session: Session) -> None:
    english, dutch = (
        screen.screen(session, SETTINGS, Chosen("today"), words, None, NOW) for words in (EN, NL)
    )
    assert (
        english[3].startswith("68 posts today so far, ") and "Most of the rise is about outage" in english[3]
    )
    assert dutch[3].startswith("Vandaag tot nu toe 68 berichten, ")


def test_competitors_are_the_control_for_a_rise_of_ones_own(session: Session) -> None:
    shown = window("today", NOW, NOW, Interval.HALF_HOUR, TZ)
    brands = rivals.load_brands(session, SETTINGS, Chosen("today", "outage"), shown, NOW)
    assert [(one.name, one.ours) for one in brands] == [("Lumen", True), ("Volt", False)]
    assert rivals.rivals_said(brands, EN).startswith("This is ours alone: 16.0 times")


@pytest.mark.parametrize(
    ("own", "others", "begins"),
    [
        (30, 10, "This is ours alone"),
        (30, 30, "This is everywhere"),
        (10, 30, "This is theirs"),
        (10, 10, "Calm"),
    ],
)
def test_a_rise_everywhere_is_told_from_ones_own(own: float, others: float, begins: str) -> None:
    brands = [rivals.Brand("us", True, total(own)), rivals.Brand("them", False, total(others))]
    assert rivals.rivals_said(brands, EN).startswith(begins)


def total(count: float, usual: float = 10.0, topic: str = "outage") -> Total:
    return Total(topic, count, usual, 0.5, 0.4, -0.1, -0.1)


def test_change_is_told_in_percent_and_from_three_times_on_as_a_factor() -> None:
    said_of = [reasons.change(total(count), EN) for count in (12, 9, 31)]
    assert [one.replace("\N{NO-BREAK SPACE}", " ") for one in said_of] == ["+20 %", "−10 %", "3.1 ×"]
    assert reasons.change(total(5, float("nan")), EN) == "–"


def test_what_stands_out_is_the_reason_with_most_posts_beyond_its_usual() -> None:
    found = headline.chief_of(
        [total(400, 100, "all"), total(105, 100, "billing"), total(40, 10), total(9, 1, "meter")]
    )
    assert found is not None and found.topic == "outage"
    assert headline.chief_of([total(105, 100, "billing"), total(3, 1, "meter")]) is None


def test_only_addresses_of_the_web_become_links() -> None:
    refused = ["javascript:alert(1)", "JaVaScRiPt:alert(1)", " javascript:alert(1)", "data:text/html,<script>", "vbscript:x",
               "//example.org", "http://", "file:///etc/passwd", "http://[", None, ""]  # fmt: skip
    assert [said.harmless_link(one) for one in refused] == [""] * len(refused)
    assert said.harmless_link(" https://example.org/1 ") == "https://example.org/1"


def test_signs_that_turn_a_line_round_are_left_out_and_long_posts_are_cut() -> None:
    assert said.harmless_text("a\u202eb\x00c\u2066d\n\ne") == "a b c d e"
    assert said.harmless_text("x" * 900).endswith("x…") and len(said.harmless_text("x" * 900)) == said.LONGEST


def test_posts_come_newest_or_most_seen_first_and_never_ours_or_a_rivals(session: Session) -> None:
    since = NOW - dt.timedelta(days=1)
    newest, loudest = (
        said.load_posts(session, SETTINGS, Chosen(topic="outage"), start=since, now=NOW, loudest=loud)
        for loud in (False, True)
    )
    assert [one.at for one in newest] == sorted((one.at for one in newest), reverse=True)
    assert len(loudest) == said.POSTS and {one.text for one in newest} == {"about outage"}


def test_a_reason_with_a_wildcard_in_its_name_finds_itself_alone(session: Session) -> None:
    since = NOW - dt.timedelta(days=1)
    for topic in ("%", "out_ge", '"'):
        assert (
            said.load_posts(session, SETTINGS, Chosen(topic=topic), start=since, now=NOW, loudest=False) == []
        )


def test_a_source_is_well_silent_never_read_or_broken(session: Session) -> None:
    run = begin_run(session, "ingest", now=NOW, lease_seconds=60, config_hash="c", code_version="1")
    assert run is not None
    finish_run(session, run.id, now=NOW, state="done", outcome={"problems": ["boards: it answered 503."]})
    record_spending(session, "x", 300, now=NOW)
    later = NOW + dt.timedelta(days=3)
    at_once, after = (
        {one.name: one for one in sources.load_standing(session, SETTINGS, at)} for at in (NOW, later)
    )
    assert (at_once["x"].state(NOW), at_once["boards"].state(NOW)) == ("well", "broken")
    assert after["x"].state(later) == "silent"
    assert (at_once["x"].spent, at_once["x"].cap) == (3.0, 20.0)
    told = texts_of(sources.sources_panel(list(at_once.values()), sources.last_reading(session), NOW, EN))
    assert (
        "1 of 2 sources are well. Last read just now." in told
        and "it answered 503" in told
        and "3.00 of 20.00" in told
    )


def test_an_empty_store_says_what_to_do_next(sqlite_template: Path, tmp_path: Path) -> None:
    shutil.copy(sqlite_template, tmp_path / "empty.db")
    engine = connect(f"sqlite:///{tmp_path / 'empty.db'}")
    with sessions(engine)() as held:
        found = screen.screen(held, Settings(), Chosen(), EN, None, NOW)
        served = page.served_now(held, Settings(), Chosen(), EN, NOW)
        assert counted_until(held) is None
    engine.dispose()
    assert "forecall import mentions" in texts_of(found[0]) and found[1] == screen.HIDDEN
    assert "No source of posts yet" in texts_of(served[2]) and "Nobody is waiting" in texts_of(served[0])


def test_who_waits_longer_than_promised_is_told_on_the_card() -> None:
    times = pd.DataFrame(columns=["topic", "questions"])
    waits = care.Care(3, 2, NOW - dt.timedelta(hours=5), times, 60)
    assert "the oldest has waited 5 hours 2 longer than the promised 60 minutes" in texts_of(
        care.waiting_card(waits, NOW, EN)
    )


def test_stretches_are_told_the_latest_first_and_many_are_cut() -> None:
    shown = window("week", NOW, NOW, Interval.HALF_HOUR, TZ)
    found: Sequence[Stretch] = [
        Stretch(shown.start + n * 10**12, shown.start + (n + 1) * 10**12, 7.0) for n in range(9)
    ]
    told = texts_of(headline.told(found, shown, EN))
    assert told.count("more than usual") == headline.MOST and "and 3 earlier ones" in told
