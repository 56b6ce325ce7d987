"""Posts are forgotten and their counts stay; a name leads to a person's posts only while their key is held."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import pandas as pd
import pytest
from sqlalchemy.orm import Session, sessionmaker

from forecast.social.mention import Mention
from forecast.social.sources.base import Deletion
from jobs import retain, signals
from store.archive import load_signal
from store.chain import CORRECTION, RECEIPT, REVISION, Chain, receive, take_back
from store.cursors import move_cursor
from store.hash_keys import Keyring
from store.mentions import count_mentions, load_scored
from store.settings import Settings
from store.signals import load_signals

NOW = pd.Timestamp("2026-03-06 10:00", tz="UTC")


def post(id: str, at: str, text: str = "Stroomstoring in de wijk", **more: object) -> Mention:
    moment = dt.datetime.fromisoformat(at).replace(tzinfo=dt.UTC)
    return Mention("x", id, moment, text, **more)  # type: ignore[arg-type]


def take(
    session: Session, settings: Settings, posts: Sequence[Mention], now: pd.Timestamp, mode: str = RECEIPT
) -> int:
    return receive(session, Chain(settings), posts, now=now.to_pydatetime(), mode=mode).changed


def counted(session: Session, name: str = "posts", topic: str = "all") -> list[float]:
    held = load_signals(session)
    return held.loc[(held["signal"] == name) & (held["topic"] == topic), "value"].tolist()


def test_a_row_goes_after_its_days_and_its_bucket_counts_as_before(
    session: Session, settings: Settings
) -> None:
    take(session, settings, [post("1", "2026-03-06T08:05"), post("2", "2026-03-06T08:10")], NOW)
    signals.run(session, settings, NOW)
    before = load_signals(session)
    later = NOW + pd.Timedelta(days=36)
    assert retain.run(session, settings, later).done["rows"] == 2
    assert count_mentions(session) == 0
    pd.testing.assert_frame_equal(load_signals(session), before)


def test_a_late_post_of_another_source_counts_on_top_of_what_is_forgotten(
    session: Session, settings: Settings
) -> None:
    take(
        session, settings, [post("1", "2026-03-06T08:05", "Top geregeld"), post("2", "2026-03-06T08:10")], NOW
    )
    signals.run(session, settings, NOW)
    mood = counted(session, "sentiment")[0]
    later = NOW + pd.Timedelta(days=36)
    retain.run(session, settings, later)
    other = Mention(
        "mastodon", "7", dt.datetime(2026, 3, 6, 8, 20, tzinfo=dt.UTC), "Stroomstoring in de wijk"
    )
    take(session, settings, [other], later)
    signals.run(session, settings, later)
    assert counted(session) == [3]
    assert counted(session, topic="outage") == [2]
    assert counted(session, "sentiment")[0] < mood  # two bad ones and a good one


def test_what_is_counted_for_good_is_not_counted_again_and_a_correction_may(
    session: Session, settings: Settings
) -> None:
    posts = [post("1", "2026-03-06T08:05"), post("2", "2026-03-06T09:10")]
    take(session, settings, posts, NOW)
    signals.run(session, settings, NOW)
    later = NOW + pd.Timedelta(days=36)
    retain.run(session, settings, later)
    again = receive(session, Chain(settings), posts, now=later.to_pydatetime())
    assert again.changed == 0 and "counted for good" in again.sentences()[0]
    assert take(session, settings, [post("3", "2026-03-01T09:10")], later) == 1  # before that span: news
    assert take(session, settings, posts, later, mode=CORRECTION) == 2


def test_the_key_of_a_month_goes_with_its_last_post_and_the_same_post_has_the_same_hash_till_then(
    session: Session, settings: Settings
) -> None:
    one = post("1", "2026-02-28T23:30", author="Jan")
    take(session, settings, [one], NOW)
    take(
        session,
        settings,
        [post("2", "2026-03-01T00:30", author="@jan"), post("3", "2026-03-02T00:30", author="jan")],
        NOW,
    )
    authors = load_scored(session).sort_values("created_at")["author"].tolist()
    assert authors[1] == authors[2] != authors[0]  # nobody is followed over the months
    assert take(session, settings, [one], NOW) == 0 and count_mentions(session) == 3
    assert set(Keyring(session, None).live()) == {"2026-02", "2026-03"}
    assert retain.run(session, settings, NOW + pd.Timedelta(days=36)).done["keys"] == 2
    assert not Keyring(session, None).live()


def test_a_deleted_post_loses_its_text_and_is_still_counted(session: Session, settings: Settings) -> None:
    take(session, settings, [post("1", "2026-03-06T08:05"), post("2", "2026-03-06T08:10")], NOW)
    gone = [Deletion("2", NOW.to_pydatetime()), Deletion("unknown", NOW.to_pydatetime())]
    assert take_back(session, Chain(settings), "x", gone) == 1
    assert take_back(session, Chain(settings), "x", gone) == 0
    held = load_scored(session).sort_values("created_at")
    assert held["text"].isna().tolist() == [False, True] and held["deleted_at"].notna().tolist() == [
        False,
        True,
    ]
    signals.run(session, settings, NOW)
    assert counted(session) == [2]


@pytest.mark.parametrize(
    ("level", "text", "author"), [("kept", True, True), ("ephemeral", False, True), ("counts", False, False)]
)
def test_a_level_keeps_what_it_says_and_counts_the_same(
    session: Session, settings: Settings, level: str, text: bool, author: bool
) -> None:
    posts = [
        post("1", "2026-03-06T08:05", author="Jan", reach=40),
        post("2", "2026-03-06T08:10", "Dank!", author="Piet"),
    ]
    receive(session, Chain(settings), posts, now=NOW.to_pydatetime(), level=level)
    held = load_scored(session)
    assert (held["text"].notna().all(), held["author"].notna().all()) == (text, author)
    assert held["reach"].notna().any() == author
    signals.run(session, settings, NOW)
    assert counted(session) == [2] and counted(session, topic="outage") == [1]


def test_nothing_that_is_stored_holds_a_name_or_an_id(session: Session, settings: Settings) -> None:
    told = post("post-4711", "2026-03-06T08:05", "@vriend bel Jan op 06-12345678", author="jan_de_boer",
                reply_to="parent-1", url="https://x.com/jan_de_boer/status/4711")  # fmt: skip
    take(session, settings, [told], NOW)
    session.flush()
    rows = session.connection().exec_driver_sql("SELECT * FROM mentions").all()
    stored = " ".join(str(value) for row in rows for value in row)
    for secret in ("post-4711", "jan_de_boer", "parent-1", "vriend", "12345678", "status"):
        assert secret not in stored


def test_copies_and_floods_count_apart_and_are_told(session: Session, settings: Settings) -> None:
    spam = "Win nu een gratis telefoon bij deze actie klik hier @{} {}"
    posts = [post(f"s{n}", f"2026-03-06T08:{n:02d}", spam.format(n, n), author=f"bot{n}") for n in range(25)]
    posts += [post(f"a{n}", f"2026-03-06T08:{n:02d}", f"bericht {n}", author="Jan") for n in range(30)]
    posts += [
        post(f"q{n}", f"2026-03-06T08:{n:02d}", "is er een storing?", author=f"mens{n}") for n in range(9)
    ]
    take(session, settings, posts, NOW)
    outcome = signals.run(session, settings, NOW)
    assert sum(counted(session)) == 12 + 20 + 9
    assert sum(counted(session, "copies")) == 13 + 10
    assert outcome.done["copies"] == 23 and "say what others said" in outcome.problems[0]
    assert signals.run(session, settings, NOW).done.get("copies", 0) == 0


def test_an_edit_is_known_when_it_comes_and_leaves_the_past_as_it_was_told(
    session: Session, settings: Settings
) -> None:
    take(
        session,
        settings,
        [post("1", "2026-03-06T08:05", "Waardeloos, alweer storing!"), post("2", "2026-03-06T08:10")],
        NOW,
    )
    signals.run(session, settings, NOW)
    assert counted(session, "negative") == [2]
    later = NOW + pd.Timedelta(hours=2)
    take(session, settings, [post("1", "2026-03-06T08:05", "Dank je wel, het werkt weer, top!")], later)
    signals.run(session, settings, later)
    assert counted(session, "negative") == [1] and counted(session) == [2]
    signal = load_signal(session, "negative", "all", since=NOW - pd.Timedelta(days=1))
    assert signal is not None
    assert dict(zip(signal.values.known_at, signal.values.value, strict=True)) == {
        NOW.value: 2.0,
        later.value: 1.0,
    }
    outage = load_signal(session, "negative", "outage", since=NOW - pd.Timedelta(days=1))
    assert outage is not None and outage.values.value[-1] == 1.0  # the other one is still of it


def test_a_correction_changes_what_is_held(session: Session, settings: Settings) -> None:
    take(session, settings, [post("1", "2026-03-06T08:05", "Waardeloos!")], NOW, mode=CORRECTION)
    assert (
        take(session, settings, [post("1", "2026-03-06T08:05", "Top geregeld, dank!")], NOW, mode=CORRECTION)
        == 1
    )
    assert load_scored(session)["label"].tolist() == ["positive"]


def test_a_deletion_that_comes_as_a_post_takes_the_text_and_no_score(
    session: Session, settings: Settings
) -> None:
    take(session, settings, [post("1", "2026-03-06T08:05", "Waardeloos!")], NOW)
    gone = post("1", "2026-03-06T08:05", "", deleted_at=NOW.to_pydatetime())
    assert take(session, settings, [gone], NOW + pd.Timedelta(minutes=5)) == 1
    held = load_scored(session).iloc[0]
    assert (held["label"], held["text"]) == ("negative", None) and held["deleted_at"] == NOW


def test_posts_after_a_failed_contact_are_a_signal_of_their_own(session: Session, settings: Settings) -> None:
    posts = [
        post("1", "2026-03-06T08:05", "Al drie keer gebeld, niemand neemt de telefoon op"),
        post("2", "2026-03-06T08:10"),
    ]
    take(session, settings, posts, NOW)
    signals.run(session, settings, NOW)
    assert (counted(session, "failed_contact"), counted(session)) == ([1], [2])


def told(session: Session, name: str, topic: str = "all") -> dict[int, float]:
    signal = load_signal(session, name, topic, since=NOW - pd.Timedelta(days=60))
    assert signal is not None
    return dict(zip(signal.values.known_at.tolist(), signal.values.value.tolist(), strict=True))


def test_a_post_that_a_long_run_brings_after_a_count_is_counted(session: Session, settings: Settings) -> None:
    """The run began before the bucket's edge and commits after the count that passed it."""
    signals.run(session, settings, NOW + pd.Timedelta(minutes=31))
    take(session, settings, [post("1", "2026-03-06T10:05")], NOW + pd.Timedelta(minutes=29))
    signals.run(session, settings, NOW + pd.Timedelta(minutes=36))
    assert counted(session) == [1]


def test_an_import_in_the_middle_of_a_count_is_counted_next(
    sessions: sessionmaker[Session], settings: Settings
) -> None:
    with sessions() as first, sessions() as second:
        signals.run(first, settings, NOW)
        first.commit()
        take(second, settings, [post("1", "2026-02-02T08:05")], NOW, mode=REVISION)
        signals.rewind(second, settings, pd.Timestamp("2026-02-02 08:05", tz="UTC"))
        second.commit()
        assert not move_cursor(first, signals.CURSOR, NOW.isoformat(), "later")
        signals.run(first, settings, NOW + pd.Timedelta(minutes=30))
        assert counted(first) == [1]


def test_an_edit_and_a_late_post_of_one_bucket_leave_the_past_alone(
    session: Session, settings: Settings
) -> None:
    take(session, settings, [post("1", "2026-03-06T08:05", "Waardeloos, alweer storing!")], NOW)
    signals.run(session, settings, NOW)
    later = NOW + pd.Timedelta(minutes=40)
    both = [
        post("1", "2026-03-06T08:05", "Mijn rekening klopt niet"),
        post("2", "2026-03-06T08:10", "storing?"),
    ]
    take(session, settings, both, later)
    signals.run(session, settings, later)
    assert told(session, "posts") == {NOW.value: 1.0, later.value: 2.0}
    assert told(session, "posts", "billing") == {later.value: 1.0}
    assert told(session, "negative", "outage")[NOW.value] == 1.0


def test_what_forgotten_posts_made_up_stays_when_the_bucket_is_touched_again(
    session: Session, settings: Settings
) -> None:
    take(session, settings, [post("1", "2026-03-06T08:05", "Waardeloos, storing!")], NOW)
    later = NOW + pd.Timedelta(days=10)
    take(session, settings, [post("2", "2026-03-06T08:10", "Dank je wel, top!")], later)
    signals.run(session, settings, later)
    much_later = NOW + pd.Timedelta(days=36)
    assert retain.run(session, settings, much_later).done["rows"] == 1
    before = load_signals(session)
    take(session, settings, [post("2", "2026-03-06T08:10", "Dank je wel, echt top!")], much_later)
    signals.rewind(session, settings, NOW - pd.Timedelta(days=1))
    signals.run(session, settings, much_later)
    after = load_signals(session)
    columns = ["signal", "topic", "value"]
    untouched = ~before["signal"].str.startswith("sentiment")
    pd.testing.assert_frame_equal(after.loc[untouched, columns], before.loc[untouched, columns])


def test_a_fact_that_is_known_is_not_untold_by_a_second_reading_also_over_the_turn_of_a_month(
    session: Session, settings: Settings
) -> None:
    question = post("q", "2026-02-28T23:50", "Hoe lang nog?")
    answer = post("a", "2026-03-01T00:20", "Nog een uur", direction="out", reply_to="q")
    for page in ([answer], [question], [question], [question, answer]):
        take(session, settings, page, NOW)
    answered = load_scored(session).query("direction == 'in'")["replied_at"]
    assert answered.tolist() == [pd.Timestamp(answer.created_at)]


def test_a_post_of_the_future_is_left_out_and_told(session: Session, settings: Settings) -> None:
    found = receive(session, Chain(settings), [post("1", "2030-03-06T08:05")], now=NOW.to_pydatetime())
    assert found.changed == 0 and "dated in the future" in found.sentences()[0]


def test_the_level_of_a_source_holds_whoever_brings_its_posts(session: Session, settings: Settings) -> None:
    source = {"kind": "feed", "name": "x", "urls": ["https://example.com"], "privacy": "counts"}
    strict = Settings(database=settings.database, social={"sources": [source]})
    other = Mention("y", "1", NOW.to_pydatetime(), "Hallo", author="Jan")
    receive(
        session, Chain(strict), [post("1", "2026-03-06T08:05", author="Jan"), other], now=NOW.to_pydatetime()
    )
    held = load_scored(session).set_index("source")
    assert held.loc["x", ["author", "text"]].isna().all() and held.loc["y", ["author", "text"]].notna().all()
