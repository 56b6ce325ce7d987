"""Reddit: feeds take turns, a walk that was cut off goes on, what was taken back is told."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from itertools import islice
from typing import Any

import httpx2
import pytest

from forecast.errors import ConfigError, SourceError
from forecast.social.mention import Mention
from forecast.social.sources.base import Page
from forecast.social.sources.reddit import Reddit
from forecast.social.sources.web import Web
from tests.peers.base import NOW, Answer, Post
from tests.peers.reddit import RedditPeer

MINUTE, HOUR, DAY = dt.timedelta(minutes=1), dt.timedelta(hours=1), dt.timedelta(days=1)


@pytest.fixture
def peer() -> Iterator[RedditPeer]:
    with RedditPeer() as running:
        yield running


def posts(n: int, *, start: dt.datetime = NOW - 6 * HOUR) -> list[Post]:
    return [Post(str(k), start + k * MINUTE, f"Storing {k} bij Lumen", f"a{k % 5}") for k in range(n)]


def read(
    peer: RedditPeer, cursor: str | None = None, *, now: dt.datetime = NOW, **settings: Any
) -> list[Page]:
    return list(islice(peer.source(lambda seconds: None, **settings).read(cursor, now=now), 400))


def mentions(pages: list[Page]) -> list[Mention]:
    return [mention for page in pages for mention in page.mentions]


def problems(pages: list[Page]) -> str:
    return "\n".join(problem for page in pages for problem in page.problems)


def deleted(pages: list[Page]) -> list[str]:
    return [deletion.id for page in pages for deletion in page.deletions]


def test_posts_carry_title_and_text_and_comments_what_they_answer(peer: RedditPeer) -> None:
    post = peer.hold(Post("1", NOW - HOUR, "Al een uur geen stroom", "jan"), crosspost_parent="t3_abc")
    peer.hold(Post("2", NOW - HOUR, "Hier ook <niet>", "an", reply_to=post.name), "t1")
    found = {mention.id[:2]: mention for mention in mentions(read(peer))}
    assert found["t3"].text == "Lumen\n\nAl een uur geen stroom"
    assert (found["t3"].author, found["t3"].repost_of, found["t3"].reply_to) == ("jan", "t3_abc", None)
    assert (found["t1"].text, found["t1"].reply_to) == ("Hier ook <niet>", post.name)
    assert found["t1"].reach is None and found["t1"].language is None


def test_every_request_names_us_and_the_token_is_asked_for_once(peer: RedditPeer) -> None:
    peer.publish(posts(30))
    read(peer)
    assert all("forecall" in asked.headers["user-agent"] for asked in peer.asked)
    assert sum(asked.path == "/api/v1/access_token" for asked in peer.asked) == 1


@pytest.mark.parametrize(
    ("mark", "n"), [("[deleted]", 0), ("[removed]", 0), ("[deleted]", 1), ("[removed]", 1)]
)
def test_what_was_taken_back_is_told_once(peer: RedditPeer, mark: str, n: int) -> None:
    peer.publish(posts(6))
    first = read(peer)
    gone = peer.things[n].name
    peer.delete(gone, mark)
    later = read(peer, first[-1].cursor, now=NOW + MINUTE)
    assert deleted(later) == [gone] and later[-1].deletions[0].at == NOW + MINUTE
    assert not deleted(read(peer, later[-1].cursor, now=NOW + 2 * MINUTE))


def test_a_deleted_account_leaves_its_post_standing_without_a_name(peer: RedditPeer) -> None:
    peer.hold(Post("1", NOW - HOUR, "Geen stroom", "[deleted]"))
    pages = read(peer)
    assert [mention.author for mention in mentions(pages)] == [None] and not deleted(pages)


def test_an_edited_post_comes_again_with_its_new_text(peer: RedditPeer) -> None:
    peer.publish(posts(6))
    first = read(peer)
    thing = peer.things[0]
    thing.data |= {"selftext": "Toch weer stroom", "edited": (NOW + MINUTE).timestamp()}
    later = read(peer, first[-1].cursor, now=NOW + 5 * MINUTE)
    assert [m.text for m in mentions(later) if m.id == thing.name] == ["Lumen\n\nToch weer stroom"]
    again = read(peer, later[-1].cursor, now=NOW + 9 * MINUTE)
    assert thing.name not in {mention.id for mention in mentions(again)}


def test_only_the_newest_posts_are_watched_and_asked_for_a_hundred_at_a_time(peer: RedditPeer) -> None:
    peer.publish(posts(300))
    peer.page = 100
    pages = read(peer, watch=130)
    assert len(json.loads(pages[-1].cursor)["watch"].split()) == 260
    asked = [len(one.one("id").split(",")) for one in peer.asked if one.path == "/api/info"]
    assert asked == [100, 100, 60]


def test_a_walk_whose_place_was_deleted_begins_again_at_the_top(peer: RedditPeer) -> None:
    peer.publish(posts(70))
    first = next(iter(peer.source(lambda s: None).read(None, now=NOW)))
    peer.delete(json.loads(first.cursor)["feeds"]["/r/lumen/new"]["after"])
    later = read(peer, first.cursor)
    assert len({mention.id for mention in mentions([first, *later])}) == 70


def test_posts_made_while_a_walk_lay_still_are_not_lost(peer: RedditPeer) -> None:
    peer.publish(posts(70))
    first = next(iter(peer.source(lambda s: None).read(None, now=NOW)))
    peer.publish(posts(40, start=NOW - HOUR))
    later = read(peer, first.cursor, now=NOW + MINUTE)
    last = read(peer, later[-1].cursor, now=NOW + 2 * MINUTE)
    assert len({mention.id for mention in mentions([first, *later, *last])}) == 110


def test_where_a_listing_ends_before_our_mark_the_span_is_named(peer: RedditPeer) -> None:
    peer.publish(posts(2))
    cursor = read(peer)[-1].cursor
    peer.publish(posts(2200, start=NOW))
    peer.page = 100
    pages = read(peer, cursor, now=NOW + 2 * DAY)
    assert len(mentions(pages)) == 2000
    assert problems(pages).count("cannot be had") == 2 and "2026-11-20 06:00" in problems(pages)


def test_a_run_ends_when_reddit_grants_no_more_and_the_next_goes_on(peer: RedditPeer) -> None:
    peer.publish(posts(100))
    peer.left = 3
    first = read(peer)
    assert len(first) == 3
    peer.left = 600
    assert len({mention.id for mention in mentions(first + read(peer, first[-1].cursor))}) == 100


def test_a_closed_subreddit_is_named_and_the_others_are_read(peer: RedditPeer) -> None:
    for place in ("lumen", "dicht", "stroom"):
        peer.hold(Post(place, NOW - HOUR, f"Storing {place}"), place=place)
    peer.closed = {"dicht"}
    settings = {"subreddits": ["lumen", "r/dicht", "stroom"]}
    cursor, found, said = None, list[Mention](), list[str]()
    for _ in range(6):
        try:
            for page in peer.source(lambda s: None, **settings).read(cursor, now=NOW):
                cursor, found = page.cursor, [*found, *page.mentions]
        except SourceError as error:
            said.append(str(error))
    assert {mention.text.split()[-1] for mention in found} == {"lumen", "stroom"}
    assert said and all("may not read" in one and "/r/dicht/" in one for one in said)


def test_with_a_query_posts_are_searched_here_or_everywhere(peer: RedditPeer) -> None:
    peer.hold(Post("1", NOW - HOUR, "Storing bij Lumen"))
    peer.hold(Post("2", NOW - HOUR, "Storing bij Lumen"), place="elders")
    peer.hold(Post("3", NOW - HOUR, "Storing bij Lumen"), "t1")
    assert len(mentions(read(peer, query="storing"))) == 1
    assert len(mentions(read(peer, query="storing", subreddits=[]))) == 2
    assert not mentions(read(peer, query="vulkaan"))
    assert {asked.one("sort") for asked in peer.asked if "search" in asked.path} == {"new"}


def test_a_broken_post_is_named_and_the_others_are_kept(peer: RedditPeer) -> None:
    peer.publish(posts(4))
    peer.hold(Post("9", NOW - HOUR, "x"), created_utc=None)
    peer.hold(Post("10", NOW - HOUR, "x"), title=7)
    pages = read(peer)
    assert len(mentions(pages)) == 4 and problems(pages).count("left out") == 2
    children: list[Any] = [None, 3, {"kind": "t3"}, {"kind": "t3", "data": []}]
    token = {"access_token": "eyJhbGciOi.reddit"}
    listing = {"kind": "Listing", "data": {"children": children, "after": None}}
    peer.faults.extend([Answer.json(token), Answer.json(listing)])
    again = read(peer)
    assert problems(again[:1]).count("left out") == 4 and len(mentions(again)) == 2


@pytest.mark.parametrize(
    "cursor",
    ["", "[]", "3", '{"v":2}', '{"v":1,"turn":0,"checked":0,"feeds":{"/r/lumen/new":{}},"watch":""}',
     '{"v":1,"turn":Infinity,"checked":0,"feeds":{},"watch":""}',
     '{"v":1,"turn":0,"checked":0,"feeds":{"/r/lumen/new":{"mark":9e15,"top":0,"after":"","count":0}},"watch":""}',
     '{"v":1,"turn":0,"checked":0,"feeds":{"/r/lumen/new":{"mark":NaN,"top":0,"after":"","count":0}},"watch":""}'],
)  # fmt: skip
def test_a_mark_that_cannot_be_read_begins_anew_with_a_sentence(peer: RedditPeer, cursor: str) -> None:
    peer.publish(posts(4))
    pages = read(peer, cursor)
    assert len(mentions(pages)) == 4 and problems(pages).count("begins anew") == 1


def test_a_subreddit_added_later_is_read_back_as_far_as_a_first_time(peer: RedditPeer) -> None:
    cursor = read(peer)[-1].cursor
    peer.hold(Post("1", NOW - 2 * DAY, "Storing bij Lumen"), place="stroom")
    assert len(mentions(read(peer, cursor, subreddits=["lumen", "stroom"]))) == 1


def test_a_wrong_key_or_no_token_is_named(peer: RedditPeer) -> None:
    with pytest.raises(SourceError, match="Check its key"):
        read(peer, secret="another")
    peer.faults.append(Answer.json({"error": "invalid_grant"}))
    with pytest.raises(SourceError, match="no access token"):
        read(peer)


def test_a_post_dated_in_the_future_does_not_stop_the_reading(peer: RedditPeer) -> None:
    peer.hold(Post("1", NOW + 9 * DAY, "Storing"))
    cursor = read(peer)[-1].cursor
    peer.hold(Post("2", NOW + MINUTE, "Storing bij Lumen"))
    assert len(mentions(read(peer, cursor, now=NOW + HOUR))) == 2


def test_settings_that_cannot_be_are_named() -> None:
    web = Web(httpx2.Client(), "reddit")
    for places in (["a b"], ["x/../y"], [""], ["r/" + "x" * 40]):
        with pytest.raises(ConfigError, match="subreddit"):
            Reddit(name="reddit", web=web, client_id="c", secret="s", subreddits=places)
    with pytest.raises(ConfigError, match="neither"):
        Reddit(name="reddit", web=web, client_id="c", secret="s", subreddits=[])
