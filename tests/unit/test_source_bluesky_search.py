"""What is special about the search of Bluesky: it answers from new to old, and only with a session."""

from __future__ import annotations

import datetime as dt
import itertools
import json
from collections.abc import Iterator
from typing import Any

import pytest

from forecast.errors import SourceError
from forecast.social.sources.base import Page
from forecast.social.sources.bluesky_search import BlueskySearch
from tests.peers.base import NOW, Post
from tests.peers.bluesky import BlueskySearchPeer, record, uri

MINUTE = dt.timedelta(minutes=1)


def rest(seconds: float) -> None:
    """Tests do not wait."""


@pytest.fixture
def peer() -> Iterator[BlueskySearchPeer]:
    with BlueskySearchPeer() as running:
        yield running


def posts(n: int, step: dt.timedelta = MINUTE) -> list[Post]:
    start = NOW - dt.timedelta(hours=8)
    return [Post(f"3k{k:04d}", start + k * step, f"Lumen {k}", f"author{k}") for k in range(n)]


def source(peer: BlueskySearchPeer, **how: Any) -> BlueskySearch:
    made = peer.source(rest, **how)
    assert isinstance(made, BlueskySearch)
    return made


def read(
    peer: BlueskySearchPeer, cursor: str | None = None, now: dt.datetime = NOW, **how: Any
) -> list[Page]:
    return list(source(peer, **how).read(cursor, now=now))


def ids(pages: list[Page]) -> set[str]:
    return {one.id for page in pages for one in page.mentions}


def searches(peer: BlueskySearchPeer) -> list[Any]:
    return [one for one in peer.asked if one.path.endswith("searchPosts")]


def test_a_walk_killed_after_every_page_goes_on_where_it_was(peer: BlueskySearchPeer) -> None:
    peer.publish(posts(95))
    cursor, seen = None, set[str]()
    for _ in range(11):
        pages = list(itertools.islice(source(peer).read(cursor, now=NOW), 1))
        cursor = pages[0].cursor
        seen |= ids(pages)
    assert len(seen) == 95
    assert len(searches(peer)) == 11  # no page was walked twice


def test_what_comes_during_a_walk_is_read_by_the_next(peer: BlueskySearchPeer) -> None:
    peer.publish(posts(35))
    begun = list(itertools.islice(source(peer).read(None, now=NOW), 2))
    late = Post("new", NOW + MINUTE, "Lumen nieuw")
    peer.publish([late])
    later = read(peer, begun[-1].cursor, NOW + 5 * MINUTE)
    assert len(ids(begun) | ids(later)) == 36 and uri(late) in ids(later)


def test_a_read_is_bounded_and_the_rest_comes_at_the_next(peer: BlueskySearchPeer) -> None:
    peer.publish(posts(35))
    first = read(peer, pages=2)
    assert len(first) == 2 and len(ids(first)) < 35
    assert len(ids(first) | ids(read(peer, first[-1].cursor))) == 35


def test_a_post_that_is_indexed_late_is_not_missed(peer: BlueskySearchPeer) -> None:
    early = posts(10)
    peer.publish([*early[:8], early[9]])
    cursor = read(peer)[-1].cursor
    peer.publish([early[8]])  # older than the newest one seen
    assert uri(early[8]) in ids(read(peer, cursor, NOW + MINUTE))


def test_more_posts_of_one_moment_than_a_page_holds_are_paged_by_the_answers_cursor(
    peer: BlueskySearchPeer,
) -> None:
    peer.publish(posts(25, dt.timedelta(0)))
    pages = read(peer)
    assert len(ids(pages)) == 25 and len(pages) < 10


def test_without_a_session_that_moment_is_left_with_a_sentence_and_the_walk_goes_on(
    peer: BlueskySearchPeer,
) -> None:
    peer.open = True
    peer.publish([*posts(25, dt.timedelta(0)), Post("old", NOW - dt.timedelta(hours=20), "Lumen oud")])
    pages = read(peer, identifier=None, password=None)
    assert any("share the moment" in one for page in pages for one in page.problems)
    assert any(one.text == "Lumen oud" for page in pages for one in page.mentions)
    assert all("cursor" not in one.query for one in peer.asked)  # public hosts answer 403 to it


def test_one_session_serves_a_source_and_a_new_one_is_made_when_it_ends(peer: BlueskySearchPeer) -> None:
    peer.publish(posts(35))
    kept = source(peer)
    cursor = list(kept.read(None, now=NOW))[-1].cursor
    assert len(peer.tokens) == 1
    peer.expire()
    list(kept.read(cursor, now=NOW + MINUTE))
    assert len(peer.tokens) == 2


def test_a_session_is_in_no_cursor(peer: BlueskySearchPeer) -> None:
    peer.publish(posts(15))
    for page in read(peer):
        assert peer.tokens[0] not in page.cursor and peer.password not in page.cursor


def test_a_host_that_wants_a_session_is_named_with_what_to_do(peer: BlueskySearchPeer) -> None:
    with pytest.raises(SourceError, match="app password"):
        read(peer, identifier=None, password=None)
    with pytest.raises(SourceError, match="Invalid identifier or password"):
        read(peer, password="wrong")


def test_moments_set_by_hand_give_way_to_when_the_post_was_indexed(peer: BlueskySearchPeer) -> None:
    old = Post("blog", NOW - dt.timedelta(days=3), "Lumen oud")
    peer.publish([old])
    peer.indexed["blog"] = NOW - dt.timedelta(hours=1)
    assert [one.created_at for page in read(peer) for one in page.mentions] == [NOW - dt.timedelta(hours=1)]


def test_a_broken_post_is_told_and_the_others_go_on(peer: BlueskySearchPeer) -> None:
    some = posts(4)
    peer.publish(some)
    peer.records = {
        some[1].id: {**record(some[1]), "text": None},
        some[2].id: {**record(some[2]), "createdAt": "morgen"},
    }
    pages = read(peer)
    assert ids(pages) == {uri(some[0]), uri(some[3])}
    assert sum("cannot be read" in one for page in pages for one in page.problems) == 2


@pytest.mark.parametrize(
    "cursor", ["rubbish", "[]", '{"v": 9}', '{"v":1,"done":"2026","to":null,"walk":[1]}']
)
def test_a_cursor_nobody_can_read_begins_anew_and_says_so(peer: BlueskySearchPeer, cursor: str) -> None:
    peer.publish(posts(3))
    pages = read(peer, cursor)
    assert len(ids(pages)) == 3 and "anew" in pages[0].problems[0]


def test_it_tells_when_it_has_read_up_to_a_moment(peer: BlueskySearchPeer) -> None:
    peer.publish(posts(15))
    begun = source(peer).since(NOW - dt.timedelta(hours=9))
    assert not source(peer).reached(begun, NOW)
    pages = read(peer, begun)
    told = [source(peer).reached(page.cursor, NOW) for page in pages]
    assert told == [False] * (len(pages) - 1) + [True]
    assert len(ids(pages)) == 15 and json.loads(pages[-1].cursor)["walk"] is None
