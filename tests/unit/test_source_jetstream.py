"""What is special about the stream of Bluesky: it is the whole network, it forgets after a day, and it breaks."""

from __future__ import annotations

import datetime as dt
import itertools
import json
from collections.abc import Iterator
from typing import Any

import pytest

from forecast.errors import ConfigError, SourceError
from forecast.social.sources.base import Page
from forecast.social.sources.jetstream import Jetstream
from tests.peers.base import NOW, Answer, Post
from tests.peers.bluesky import LAG, BlueskySearchPeer, JetstreamPeer, did, micros, record, uri

HOUR = dt.timedelta(hours=1)
MINUTE = dt.timedelta(minutes=1)


def rest(seconds: float) -> None:
    """Tests do not wait."""


@pytest.fixture
def peer() -> Iterator[JetstreamPeer]:
    with JetstreamPeer() as running:
        yield running


def post(n: int, text: str = "Storing bij Lumen", at: dt.datetime = NOW - HOUR, **more: Any) -> Post:
    return Post(f"3k{n:04d}", at + n * dt.timedelta(seconds=20), text, f"author{n}", **more)


def read(peer: JetstreamPeer, cursor: str | None = None, now: dt.datetime = NOW, **how: Any) -> list[Page]:
    return list(peer.source(rest, **how).read(cursor, now=now))


def texts(pages: list[Page]) -> list[str]:
    return [one.text for page in pages for one in page.mentions]


def problems(pages: list[Page]) -> str:
    return " ".join(one for page in pages for one in page.problems)


def mark(at: dt.datetime, **more: Any) -> str:
    return json.dumps({"v": 1, "at": micros(at), "gap": None, "until": 0, **more})


def test_only_whole_words_and_tags_of_ours_leave_the_source(peer: JetstreamPeer) -> None:
    ours = ["LUMEN doet het niet", "#lumen?", "bij lumen.", "@lumen.bsky.social help", "Lumen  Energie"]
    others = ["volumen", "Lumenaria", "iets heel anders"]
    peer.publish([post(n, text) for n, text in enumerate(ours + others)])
    assert texts(read(peer)) == ours
    assert texts(read(peer, words=("Lumen Energie", "#volumen"))) == ["Lumen  Energie", "volumen"]


def test_a_tag_beside_the_text_counts_as_well(peer: JetstreamPeer) -> None:
    one = post(1, "geen stroom")
    peer.add(peer.commit("create", one.author, one.id, one.at, record=record(one, tags=["Lumen"])))
    assert texts(read(peer)) == ["geen stroom"]


def test_a_post_in_other_languages_only_is_left_out(peer: JetstreamPeer) -> None:
    for n, langs in enumerate((["nl-BE"], ["ja"], ["en", "nl"], None, ["english!"])):
        one = post(n, f"Lumen {n}")
        peer.add(peer.commit("create", one.author, one.id, one.at, record={**record(one), "langs": langs}))
    pages = read(peer, languages=("nl",))
    assert texts(pages) == ["Lumen 0", "Lumen 2", "Lumen 3"]
    assert [one.language for page in pages for one in page.mentions] == ["nl", "en", None]
    assert len(texts(read(peer))) == 5  # a language that is none costs the language, not the post


def test_a_mention_carries_its_uri_its_did_and_what_it_answers(peer: JetstreamPeer) -> None:
    first = post(1)
    peer.publish([first, post(2, reply_to=uri(first))])
    given = [one for page in read(peer) for one in page.mentions]
    assert [one.id for one in given] == [f"at://{did('author1')}/app.bsky.feed.post/3k0001", uri(post(2))]
    assert (given[0].author, given[0].source, given[1].reply_to) == (did("author1"), "bluesky", uri(first))


@pytest.mark.parametrize(
    ("written", "taken"),
    [
        (NOW - 3 * HOUR, NOW - 3 * HOUR),  # an hour without reception
        (NOW + HOUR, NOW - HOUR),  # a wrong clock
        (NOW - dt.timedelta(days=900), NOW - HOUR),  # an imported blog
        ("gisteren", NOW - HOUR),
        ("2026-11-20T10:30:00", NOW - HOUR),  # without a zone
    ],
)
def test_a_moment_no_post_can_have_gives_way_to_when_it_was_seen(
    peer: JetstreamPeer, written: Any, taken: dt.datetime
) -> None:
    one = post(0)
    told = {**record(one), "createdAt": written.isoformat() if isinstance(written, dt.datetime) else written}
    peer.add(peer.commit("create", one.author, one.id, NOW - HOUR, record=told))
    assert [m.created_at for page in read(peer) for m in page.mentions] == [taken]


def test_an_edit_gives_the_new_text_and_takes_back_one_that_is_no_longer_about_us(
    peer: JetstreamPeer,
) -> None:
    peer.publish([post(1), post(2), post(3, "over iets anders")])
    for n, text in ((1, "Lumen is terug"), (2, "laat maar"), (3, "Lumen toch")):
        one = post(n, text)
        peer.add(peer.commit("update", one.author, one.id, NOW - MINUTE, record=record(one)))
    pages = read(peer)
    assert sorted(texts(pages)) == ["Lumen is terug", "Lumen toch"]
    assert [one.id for page in pages for one in page.deletions] == [uri(post(2))]


def test_a_post_deleted_in_the_same_page_is_only_deleted(peer: JetstreamPeer) -> None:
    peer.publish([post(1)])
    peer.add(peer.commit("delete", "author1", post(1).id, NOW - MINUTE))
    (page,) = read(peer)
    assert page.mentions == () and [one.id for one in page.deletions] == [uri(post(1))]
    assert page.deletions[0].at == NOW


def test_deletions_come_in_pages_of_a_bounded_size(peer: JetstreamPeer) -> None:
    peer.add(*(peer.commit("delete", "a", f"r{n}", NOW - HOUR + n * MINUTE) for n in range(25)))
    pages = read(peer, deletes=10)
    assert [len(page.deletions) for page in pages] == [10, 10, 5]


def test_long_stretches_without_a_match_move_the_mark(peer: JetstreamPeer) -> None:
    peer.publish([post(n, "over iets anders") for n in range(50)])
    pages = read(peer, stride=20)
    assert texts(pages) == [] and len(pages) >= 2
    marks = [json.loads(page.cursor)["at"] for page in pages]
    assert marks == sorted(set(marks)) and marks[-1] == micros(post(49).at + LAG)


def test_many_posts_within_the_seconds_gone_back_do_not_hold_the_source_for_ever(peer: JetstreamPeer) -> None:
    at = NOW - HOUR
    peer.publish([Post(f"r{n}", at + n * dt.timedelta(milliseconds=50), "Lumen") for n in range(60)])
    cursor, marks = None, [0]
    for _ in range(6):
        (page,) = itertools.islice(peer.source(rest, page=5).read(cursor, now=NOW), 1)
        cursor = page.cursor
        marks.append(json.loads(cursor)["at"])
    assert marks == sorted(
        set(marks)
    )  # every page moves it, though each read begins with the same five seconds


def test_a_silence_ends_the_read(peer: JetstreamPeer) -> None:
    peer.silent = True
    peer.publish([post(1)])
    assert texts(read(peer, quiet=0.5)) == ["Storing bij Lumen"]


def test_the_read_ends_at_now_though_the_stream_goes_on(peer: JetstreamPeer) -> None:
    peer.publish([post(1), post(2, "Lumen later", NOW + HOUR)])
    pages = read(peer, quiet=30.0)  # silence would end it only after half a minute
    assert texts(pages) == ["Storing bij Lumen"]
    assert "Lumen later" in texts(read(peer, pages[-1].cursor, NOW + 2 * HOUR))


def test_a_read_is_bounded_by_events_and_by_seconds(peer: JetstreamPeer) -> None:
    peer.publish([post(n) for n in range(30)])
    assert len(texts(read(peer, events=12))) <= 12
    ticks = itertools.count(0.0, 1.0)
    assert len(texts(read(peer, seconds=8.0, clock=lambda: next(ticks)))) <= 8


def test_a_broken_connection_is_taken_up_where_it_broke(peer: JetstreamPeer) -> None:
    peer.publish([post(n) for n in range(30)])
    peer.breaks.extend([7, 9])
    pages = read(peer)
    assert len({one.id for page in pages for one in page.mentions}) == 30
    asked = [int(one.one("cursor")) for one in peer.asked]
    assert len(asked) == 3 and asked == sorted(asked)
    assert asked[1] < micros(post(6).at + LAG) - 4_000_000  # some seconds before the last one seen


def test_a_connection_that_breaks_for_ever_gives_what_came_and_a_sentence(peer: JetstreamPeer) -> None:
    peer.publish([post(n) for n in range(5)])
    peer.breaks.extend([4, *[0] * 50])
    given = []
    with pytest.raises(SourceError, match="cannot be kept open"):
        for page in peer.source(rest).read(None, now=NOW):
            given.append(page)
    assert texts(given) and peer.opened <= 10


def test_broken_events_are_told_and_the_others_go_on(peer: JetstreamPeer) -> None:
    at = micros(NOW - HOUR)
    for n, raw in enumerate(("{", "[]", '{"kind": "commit"}', '{"time_us": "now"}', '{"time_us": 1e400}')):
        peer.add({"time_us": at + n, "raw": raw})
    for n, told in enumerate(({"text": 7}, {"text": None}, [], "Lumen")):
        peer.add(peer.commit("create", "a", f"b{n}", NOW - HOUR + n * MINUTE, record=told))
    peer.add(peer.commit("create", "a", "none", NOW - MINUTE), peer.commit("create", "a", "x" * 600, NOW - MINUTE,
             record=record(post(1))))  # fmt: skip
    peer.publish([post(100)])
    pages = read(peer)
    assert texts(pages) == ["Storing bij Lumen"]
    assert "no JSON" in problems(pages) and "cannot be read" in problems(pages)


def test_a_flood_of_broken_events_does_not_become_a_flood_of_sentences(peer: JetstreamPeer) -> None:
    peer.add(*({"time_us": micros(NOW - HOUR) + n, "raw": "{"} for n in range(50)))
    (page,) = read(peer)
    assert len(page.problems) == 10


def test_a_cursor_older_than_the_stream_names_what_is_lost(peer: JetstreamPeer) -> None:
    old = NOW - dt.timedelta(hours=30)
    peer.floor = micros(NOW - dt.timedelta(hours=24))
    peer.publish([post(1)])
    pages = read(peer, mark(old))
    assert "2026-11-19T06:00:00" in problems(pages) and "lost" in problems(pages)
    assert texts(pages) == ["Storing bij Lumen"]
    assert "24 hours" not in problems(read(peer, pages[-1].cursor))


def test_a_server_that_moved_the_cursor_up_without_a_word_is_found_out(peer: JetstreamPeer) -> None:
    peer.floor = micros(NOW - HOUR)
    peer.publish([post(1)])
    assert "holds nothing from 2026-11-20T06:00:00" in problems(read(peer, mark(NOW - 6 * HOUR)))
    assert "holds nothing" not in problems(read(peer))  # the first time nothing was promised


def test_the_search_fills_a_gap_under_the_name_of_the_stream(peer: JetstreamPeer) -> None:
    lost = [post(n, f"Lumen {n}", NOW - dt.timedelta(hours=29)) for n in range(25)]
    with BlueskySearchPeer() as search:
        search.publish(lost)
        peer.publish([post(100)])
        cursor: str | None = mark(NOW - dt.timedelta(hours=30))
        seen: set[str] = set()
        for _ in range(12):  # killed after every page, in the middle of the gap too
            filler = search.source(rest)
            source = peer.source(rest, filler=filler)
            pages = list(itertools.islice(source.read(cursor, now=NOW), 1))
            if pages:
                cursor = pages[0].cursor
                seen |= {one.id for page in pages for one in page.mentions}
                assert {one.source for page in pages for one in page.mentions} <= {"bluesky"}
        assert seen == {uri(one) for one in (*lost, post(100))}
        assert json.loads(cursor or "")["gap"] is None


def test_a_filler_that_fails_does_not_hold_up_the_stream_and_is_asked_again(peer: JetstreamPeer) -> None:
    lost = post(1, at=NOW - dt.timedelta(hours=29))
    with BlueskySearchPeer() as search:
        search.publish([lost])
        peer.publish([post(100)])
        search.faults.append(Answer.json({"error": "AuthenticationRequired"}, 401))
        pages = read(peer, mark(NOW - dt.timedelta(hours=30)), filler=search.source(rest))
        assert "not filled yet" in problems(pages) and len(texts(pages)) == 1
        again = read(peer, pages[-1].cursor, filler=search.source(rest))
        assert uri(lost) in {one.id for page in again for one in page.mentions}


@pytest.mark.parametrize(
    "cursor", ["rubbish", "7", '{"v": 2}', mark(NOW, gap=[1]), '{"v":1,"at":-5,"gap":null,"until":0}']
)
def test_a_cursor_nobody_can_read_begins_anew_and_says_so(peer: JetstreamPeer, cursor: str) -> None:
    peer.publish([post(1)])
    pages = read(peer, cursor)
    assert texts(pages) == ["Storing bij Lumen"] and "begins anew" in problems(pages)


def test_a_server_that_answers_without_a_websocket_is_refused_at_once(peer: JetstreamPeer) -> None:
    with pytest.raises(SourceError, match="404"):
        read(peer, url=f"{peer.url}/elsewhere")
    assert len(peer.asked) == 1
    with pytest.raises(SourceError, match="wss://"):
        read(peer, url="https://example.org/subscribe")


def test_a_stream_without_words_is_refused() -> None:
    with pytest.raises(ConfigError, match="words"):
        Jetstream(name="bluesky", connect=lambda *_, **__: None, words=("# ", ""))  # type: ignore[arg-type]
