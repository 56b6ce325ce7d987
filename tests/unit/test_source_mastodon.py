"""What is special about Mastodon: hashtags, ids of a server, HTML, late posts, and deletions that nobody tells."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from mastodon_mock.testing import MockServer

from forecast.errors import ConfigError, SourceError
from forecast.social.sources.base import Page
from forecast.social.sources.mastodon import Mastodon
from forecast.social.sources.mastodon_post import plain
from forecast.social.sources.web import Web
from tests.peers.base import NOW, Answer, Post
from tests.peers.mastodon import TOKEN, MastodonPeer

MINUTE = dt.timedelta(minutes=1)


def rest(seconds: float) -> None:
    """Tests do not wait."""


@pytest.fixture
def peer() -> Iterator[MastodonPeer]:
    with MastodonPeer() as running:
        yield running


def post(n: int, text: str = "Storing bij Lumen", **more: Any) -> Post:
    return Post(str(n), NOW - dt.timedelta(hours=6) + n * MINUTE, text, **more)


def read(peer: MastodonPeer, cursor: str | None = None, now: dt.datetime = NOW, **how: Any) -> list[Page]:
    return list(itertools.islice(peer.source(rest, **how).read(cursor, now=now), 300))


def ids(pages: list[Page]) -> set[str]:
    return {one.id for page in pages for one in page.mentions}


def deleted(pages: list[Page]) -> set[str]:
    return {one.id for page in pages for one in page.deletions}


def problems(pages: list[Page]) -> str:
    return " ".join(one for page in pages for one in page.problems)


def test_html_becomes_text_with_spaces_where_lines_broke() -> None:
    said = '<p>Storing<br>bij <a href="https://x.nl/tags/lumen">#<span>lumen</span></a></p><p>Wie nog? &lt;3 &amp; co</p>'
    assert plain(said) == "Storing bij #lumen Wie nog? <3 & co"
    assert plain("<p>onaf <b>werk") == "onaf werk"


def test_a_mention_carries_what_the_server_knows(peer: MastodonPeer) -> None:
    first = peer.add(post(1), spoiler_text="klacht", account={"acct": "jan", "followers_count": 12})
    peer.add(
        post(2, reply_to=first["id"]),
        language="xx!",
        account={"acct": "eva@elders.nl", "followers_count": -1},
    )
    peer.add(post(3), reblog=first, content="")
    one, two, three = (m for page in read(peer) for m in page.mentions)
    assert (one.text, one.author, one.reach, one.language) == (
        "klacht Storing bij Lumen",
        "jan@127.0.0.1",
        12,
        "nl",
    )
    assert (two.reply_to, two.author, two.reach, two.language) == (first["id"], "eva@elders.nl", 0, None)
    assert (three.repost_of, three.text) == (first["id"], "klacht Storing bij Lumen")


def test_the_first_read_looks_back_a_week_and_gives_the_oldest_first(peer: MastodonPeer) -> None:
    peer.publish([Post("0", NOW - dt.timedelta(days=8), "Lumen lang geleden"), *(post(n) for n in range(25))])
    moments = [one.created_at for page in read(peer) for one in page.mentions]
    assert len(moments) == 25 and moments == sorted(moments)


def test_a_first_read_that_finds_too_much_says_where_it_begins(peer: MastodonPeer) -> None:
    peer.publish([post(n) for n in range(50)])
    pages = read(peer, pages=3)
    assert len(ids(pages)) == 30 and "left out" in problems(pages)
    assert len(ids(read(peer, pages[-1].cursor))) <= 5


def test_a_post_of_another_server_that_arrives_late_is_not_missed(peer: MastodonPeer) -> None:
    peer.publish([post(n) for n in (1, 2, 3, 5)])
    cursor = read(peer)[-1].cursor
    late = peer.add(post(4))
    assert late["id"] in ids(read(peer, cursor))


def test_several_hashtags_and_the_search_each_keep_their_place(peer: MastodonPeer) -> None:
    peer.publish([post(n) for n in range(12)])
    peer.publish([post(20, "stroom weg")], tags=[{"name": "stroomstoring"}])
    peer.publish([post(30, "Lumen, zonder hashtag")], tags=[])
    how: dict[str, Any] = {"hashtags": ("#Lumen", "stroomstoring", "nooitgebruikt"), "query": "Lumen"}
    first = read(peer, **how)
    assert len(ids(first)) == 14
    peer.publish([post(40, "stroom terug")], tags=[{"name": "stroomstoring"}])
    peer.publish([post(41, "Lumen terug")], tags=[])
    later = read(peer, first[-1].cursor, **how)
    assert {one.text for page in later for one in page.mentions} >= {"stroom terug", "Lumen terug"}
    assert len(ids(later)) <= 12


def test_what_the_search_finds_in_private_letters_stays_there(peer: MastodonPeer) -> None:
    peer.publish([post(1)], visibility="direct")
    peer.publish([post(2)], visibility="private")
    peer.publish([post(3)], visibility="unlisted")
    assert len(ids(read(peer, hashtags=(), query="Lumen"))) == 1


def test_a_deleted_post_is_told_once(peer: MastodonPeer) -> None:
    peer.publish([post(n) for n in range(30)])
    first = read(peer)
    gone = sorted(ids(first))[:3]
    for one in gone:
        peer.delete(one)
    later = read(peer, first[-1].cursor)
    assert deleted(later) == set(gone)
    assert not deleted(read(peer, later[-1].cursor))


def test_only_a_404_to_the_post_itself_is_a_deletion(peer: MastodonPeer) -> None:
    peer.publish([post(n) for n in range(30)])
    first = read(peer)
    peer.old = True  # it does not know the question for several
    peer.delete(sorted(ids(first))[20])
    later = read(peer, first[-1].cursor)
    assert deleted(later) == {sorted(ids(first))[20]}
    assert sum(one.path.startswith("/api/v1/statuses/") for one in peer.asked) <= 20


def test_posts_that_cannot_be_asked_for_again_cost_a_sentence_and_no_more(peer: MastodonPeer) -> None:
    peer.publish([post(n) for n in range(30)])
    first = read(peer)
    asked = len(peer.asked)
    honest = peer.answer

    def closed(request: Any) -> Answer:
        forbidden = Answer.json({"error": "This action is outside the authorized scopes"}, 403)
        return forbidden if request.path == "/api/v1/statuses" else honest(request)

    peer.answer = closed  # type: ignore[method-assign,assignment]
    later = read(peer, first[-1].cursor)
    assert "not known this time" in problems(later) and not deleted(later) and len(peer.asked) > asked


def test_an_edited_post_is_given_anew(peer: MastodonPeer) -> None:
    peer.publish([post(n) for n in range(30)])
    first = read(peer)
    peer.statuses[3].update(content="<p>Lumen is terug</p>", edited_at="2026-11-20T11:00:00.000Z")
    later = read(peer, first[-1].cursor)
    assert "Lumen is terug" in {one.text for page in later for one in page.mentions}
    assert "Lumen is terug" not in {
        one.text for page in read(peer, later[-1].cursor) for one in page.mentions
    }


def test_a_broken_post_is_told_and_the_others_go_on(peer: MastodonPeer) -> None:
    peer.publish([post(n) for n in range(6)])
    peer.statuses[0].pop("account")
    peer.statuses[1]["created_at"] = "gisteren"
    peer.statuses[2]["content"] = None
    pages = read(peer)
    assert len(ids(pages)) == 3 and problems(pages).count("cannot be read") == 3


def test_it_stops_before_the_limit_of_the_server_and_goes_on_at_the_next_read(peer: MastodonPeer) -> None:
    peer.publish([post(n) for n in range(3)])
    begun = read(peer)
    peer.publish([post(n) for n in range(3, 60)])
    peer.remaining = 7
    first = read(peer, begun[-1].cursor)
    assert len(ids(first)) < 40
    peer.remaining = 299
    assert len(ids(begun) | ids(first) | ids(read(peer, first[-1].cursor))) == 60


@pytest.mark.parametrize("cursor", ["rubbish", "[]", '{"v": 9}', '{"v":1,"feeds":{"#lumen":[1]}}'])
def test_a_cursor_nobody_can_read_begins_anew_and_says_so(peer: MastodonPeer, cursor: str) -> None:
    peer.publish([post(1)])
    pages = read(peer, cursor)
    assert len(ids(pages)) == 1 and "anew" in problems(pages)


def test_a_wrong_token_and_no_feed_at_all_are_refused(peer: MastodonPeer) -> None:
    with pytest.raises(SourceError, match="key"):
        read(peer, token="x" + TOKEN)
    with pytest.raises(ConfigError, match="hashtags"):
        read(peer, hashtags=("#",))


def test_it_reads_from_the_package_mastodon_mock_whose_ids_are_no_snowflakes() -> None:
    idle = httpx2.Limits(max_keepalive_connections=0)
    with MockServer() as server, httpx2.Client(trust_env=False, limits=idle) as client:
        say = {"authorization": "Bearer alice_token"}

        def toot(text: str) -> str:
            answer = client.post(f"{server.base_url}/api/v1/statuses", data={"status": text}, headers=say)
            return str(answer.json()["id"])

        def pages(cursor: str | None, **how: Any) -> list[Page]:
            source = Mastodon(name="mastodon", web=Web(client, "mastodon"), url=server.base_url, token="alice_token",
                              limit=4, **{"hashtags": ("lumen",), **how})  # fmt: skip
            return list(itertools.islice(source.read(cursor, now=dt.datetime.now(dt.UTC)), 100))

        given = [toot(f"Storing {n} bij #lumen") for n in range(10)]
        first = pages(None)
        assert ids(first) == set(given)
        later = toot("#lumen is terug")
        client.delete(f"{server.base_url}/api/v1/statuses/{given[2]}", headers=say)
        second = pages(first[-1].cursor)
        assert later in ids(second) and deleted(second) == {given[2]}
        assert later in ids(pages(None, hashtags=(), query="terug"))
