"""X: the way back in time survives being killed, the cap is kept to the post, gaps are named."""

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
from forecast.social.sources.base import Count, Page
from forecast.social.sources.web import Web
from forecast.social.sources.x_counts import XCounts
from forecast.social.sources.x_search import XSearch
from tests.peers.base import NOW, Answer, Post
from tests.peers.x import XCountsPeer, XSearchPeer, author_id, id_at

MINUTE, HOUR, DAY = dt.timedelta(minutes=1), dt.timedelta(hours=1), dt.timedelta(days=1)


@pytest.fixture
def search() -> Iterator[XSearchPeer]:
    with XSearchPeer() as peer:
        yield peer


@pytest.fixture
def counter() -> Iterator[XCountsPeer]:
    with XCountsPeer() as peer:
        yield peer


def posts(n: int, *, start: dt.datetime = NOW - 6 * HOUR) -> list[Post]:
    return [Post(str(k), start + k * MINUTE, f"Storing {k} bij Lumen", f"a{k % 5}") for k in range(n)]


def read(
    peer: XSearchPeer | XCountsPeer,
    cursor: str | None = None,
    *,
    now: dt.datetime = NOW,
    afford: int | None = None,
    **settings: Any,
) -> list[Page]:
    source = peer.source(lambda seconds: None, **settings)
    return list(islice(source.read(cursor, now=now, afford=afford), 400))


def mentions(pages: list[Page]) -> list[Mention]:
    return [mention for page in pages for mention in page.mentions]


def counts(pages: list[Page]) -> list[Count]:
    return [count for page in pages for count in page.counts]


def problems(pages: list[Page]) -> str:
    return "\n".join(problem for page in pages for problem in page.problems)


# the search


def test_a_reading_cut_off_halfway_is_walked_to_its_end_before_the_newer_posts(search: XSearchPeer) -> None:
    search.publish(posts(35))
    first = next(iter(search.source(lambda s: None).read(None, now=NOW)))
    search.publish(posts(5, start=NOW - HOUR))
    later = read(search, first.cursor, now=NOW + MINUTE)
    assert len(first.mentions) == 10
    assert len({m.id for m in mentions([first, *later])}) == 40
    assert len(mentions([first, *later])) == 40  # no post is paid for twice
    assert later[-1].mentions[-1].created_at > first.mentions[-1].created_at  # the newer ones came last


@pytest.mark.parametrize("afford", [0, 9, 10, 14, 20, 27, 33, 200])
def test_the_cap_is_never_passed_and_what_it_left_comes_later(search: XSearchPeer, afford: int) -> None:
    search.publish(posts(45))
    pages = read(search, afford=afford, page=20)
    spent = sum(page.spent for page in pages)
    assert spent <= afford
    assert spent > min(afford, 45) - 10  # X gives no fewer than ten at a time
    assert sum(int(asked.one("max_results")) for asked in search.asked) <= max(afford, 60)
    rest = read(search, pages[-1].cursor, page=20)
    assert len({m.id for m in mentions(pages + rest)}) == 45
    assert sum(page.spent for page in pages + rest) == 45
    assert ("may be paid for" in problems(pages)) == (afford < 55 and spent < 45)


def test_a_cap_met_exactly_is_not_passed_by_one(search: XSearchPeer) -> None:
    search.publish(posts(300))
    assert sum(page.spent for page in read(search, afford=230, page=100)) == 230


def test_a_broken_post_is_named_paid_for_and_does_not_hold_up_the_others(search: XSearchPeer) -> None:
    search.publish(posts(3))
    search.hold(Post("9", NOW - HOUR, "x"), text=None)
    search.hold(Post("10", NOW - HOUR, "x"), created_at="yesterday")
    pages = read(search)
    assert len(mentions(pages)) == 3
    assert sum(page.spent for page in pages) == 5
    assert problems(pages).count("left out") == 2


def test_an_edit_replaces_the_text_under_the_first_id(search: XSearchPeer) -> None:
    first = search.hold(Post("1", NOW - HOUR, "Lumen doet het niet"))
    before = read(search)
    search.edit(first, "Lumen doet het weer", NOW - 50 * MINUTE)
    after = read(search, before[-1].cursor, now=NOW + MINUTE)
    (old,), (new,) = mentions(before), mentions(after)
    assert (old.id, old.created_at) == (new.id, new.created_at) == (str(first.id), NOW - HOUR)
    assert new.text == "Lumen doet het weer"


def test_of_two_versions_in_one_answer_only_the_newest_is_kept(search: XSearchPeer) -> None:
    first = search.hold(Post("1", NOW - HOUR, "eerst"))
    search.edit(first, "later", NOW - 50 * MINUTE)
    pages = read(search)
    assert [m.text for m in mentions(pages)] == ["later"]
    assert pages[0].spent == 2


def test_what_x_tells_of_a_post_is_kept(search: XSearchPeer) -> None:
    search.hold(
        Post("1", NOW - HOUR, "RT @lumen: kort", "jan"),
        note_tweet={"text": "De hele tekst"},
        referenced_tweets=[{"type": "quoted", "id": "11"}, {"type": "retweeted", "id": "12"}],
    )
    search.hold(Post("2", NOW - MINUTE, "@lumen nee", "an"), lang="und",
                referenced_tweets=[{"type": "replied_to", "id": "13"}])  # fmt: skip
    one, two = mentions(read(search))
    assert (one.text, one.repost_of, one.reply_to, one.language) == ("De hele tekst", "12", None, "nl")
    assert (one.author, one.reach) == (author_id("jan"), 321)
    assert (two.repost_of, two.reply_to, two.language) == (None, "13", None)


def test_without_followers_no_author_objects_are_asked_for(search: XSearchPeer) -> None:
    search.publish(posts(1))
    (mention,) = mentions(read(search, followers=False))
    assert mention.reach is None and mention.author is not None
    assert not search.asked[0].one("expansions")


def test_after_more_than_a_week_away_the_span_that_is_lost_is_named(search: XSearchPeer) -> None:
    search.publish(posts(5))
    cursor = read(search)[-1].cursor
    search.now = NOW + 10 * DAY
    search.publish(posts(4, start=NOW + 9 * DAY))
    pages = read(search, cursor, now=search.now)
    assert len(mentions(pages)) == 4
    assert "cannot be had any more" in problems(pages) and "2026-11-23" in problems(pages)


def test_a_quiet_fortnight_that_was_watched_loses_nothing(search: XSearchPeer) -> None:
    search.publish(posts(1))
    cursor, said = None, ""
    for day in range(15):
        search.now = NOW + day * DAY
        pages = read(search, cursor, now=search.now)
        cursor, said = pages[-1].cursor, said + problems(pages)
    search.publish(posts(2, start=search.now - HOUR))
    assert len(mentions(read(search, cursor, now=search.now))) == 2
    assert said == ""


def test_a_walk_left_lying_for_days_goes_on_as_far_as_x_still_reaches(search: XSearchPeer) -> None:
    search.publish(posts(60, start=NOW - 6 * DAY))
    first = next(iter(search.source(lambda s: None).read(None, now=NOW)))
    search.now = NOW + 12 * HOUR
    pages = read(search, first.cursor, now=search.now)
    assert len({m.id for m in mentions([first, *pages])}) == 60
    search.now = NOW + 5 * DAY
    late = read(search, first.cursor, now=search.now)
    assert not mentions(late) and "cannot be had any more" in problems(late)


def test_a_page_token_that_is_refused_is_left_and_the_lowest_id_leads_on(search: XSearchPeer) -> None:
    search.publish(posts(35))
    first = next(iter(search.source(lambda s: None).read(None, now=NOW)))
    mark = json.loads(first.cursor)
    mark["walk"]["token"] = "of another year"
    given: list[Page] = []
    with pytest.raises(SourceError, match="next_token"):
        for page in search.source(lambda s: None).read(json.dumps(mark), now=NOW):
            given.append(page)
    rest = read(search, given[-1].cursor)
    assert len({m.id for m in mentions([first, *rest])}) == 35


@pytest.mark.parametrize(
    "cursor",
    ["", "{", "[]", "7", '{"v":0}', '{"v":1,"since":"x","walk":null}', '{"v":1,"since":-4,"walk":null}',
     '{"v":1,"since":1,"walk":{"began":1}}', '{"v":1,"since":9223372036854775000,"walk":null}',
     '{"v":1,"since":1,"walk":null,"more":1}', '"' + "x" * 10_000 + '"'],
)  # fmt: skip
def test_a_mark_that_cannot_be_read_begins_anew_with_a_sentence(
    search: XSearchPeer, counter: XCountsPeer, cursor: str
) -> None:
    search.publish(posts(3))
    found = read(search, cursor)
    assert len(mentions(found)) == 3 and "begins anew" in problems(found)
    assert "begins anew" in problems(read(counter, cursor))


def test_a_wrong_key_is_refused_by_x_and_named(search: XSearchPeer, counter: XCountsPeer) -> None:
    for peer in (search, counter):
        with pytest.raises(SourceError, match="Check its key"):
            read(peer, token="another")


def test_settings_that_cannot_be_are_named() -> None:
    web = Web(httpx2.Client(), "x")
    with pytest.raises(ConfigError, match="10 to 100"):
        XSearch(name="x", web=web, token="t", query="q", page=5)
    with pytest.raises(ConfigError, match="no query"):
        XSearch(name="x", web=web, token="t", query=" ")
    with pytest.raises(ConfigError, match="minute, hour or day"):
        XCounts(name="x", web=web, token="t", query="q", granularity="second")


# the counts


def test_every_finished_minute_of_the_week_is_counted_once_and_in_order(counter: XCountsPeer) -> None:
    counter.publish(posts(50))
    found = counts(read(counter))
    assert sum(count.value for count in found) == 50
    assert [count.start for count in found] == sorted({count.start for count in found})
    assert found[-1].end == NOW - MINUTE  # the minute before now ended less than thirty seconds ago
    assert all(count.end - count.start == MINUTE for count in found)
    assert 7 * 1440 - 10 < len(found) < 7 * 1440


def test_pages_that_go_back_in_time_are_put_in_order(counter: XCountsPeer) -> None:
    counter.publish(posts(50))
    counter.page = 400
    pages = read(counter)
    whole = [count.start for count in counts(pages)]
    assert whole == sorted(set(whole)) and sum(count.value for count in counts(pages)) == 50
    assert len(pages) == 7 and not problems(pages)


def test_an_unfinished_bucket_waits_until_it_is_whole(counter: XCountsPeer) -> None:
    now = NOW + 20 * MINUTE
    counter.now = now
    first = read(counter, now=now, granularity="hour")
    assert counts(first)[-1].end == NOW
    counter.now = now + 30 * MINUTE
    assert not counts(read(counter, first[-1].cursor, now=counter.now, granularity="hour"))
    counter.now = NOW + HOUR + MINUTE
    (last,) = counts(read(counter, first[-1].cursor, now=counter.now, granularity="hour"))
    assert (last.start, last.end) == (NOW, NOW + HOUR)


def test_an_outage_is_filled_from_the_mark_on(counter: XCountsPeer) -> None:
    cursor = read(counter)[-1].cursor
    counter.now = NOW + 2 * DAY
    counter.publish(posts(30, start=NOW + HOUR))
    later = read(counter, cursor, now=counter.now)
    assert counts(later)[0].start == NOW - MINUTE
    assert sum(count.value for count in counts(later)) == 30 and not problems(later)


def test_an_outage_longer_than_a_week_names_the_span_that_is_lost(counter: XCountsPeer) -> None:
    cursor = read(counter, granularity="hour")[-1].cursor
    counter.now = NOW + 9 * DAY
    later = read(counter, cursor, now=counter.now, granularity="hour")
    assert "2026-11-20 11:00" in problems(later) and "2026-11-22 13:00" in problems(later)
    assert counts(later)[0].start == NOW + 2 * DAY + HOUR


def test_a_counting_killed_between_days_goes_on_there(counter: XCountsPeer) -> None:
    cursor, found = None, list[Count]()
    for _ in range(20):
        page = next(iter(counter.source(lambda s: None).read(cursor, now=NOW)), None)
        if page is None:
            break
        cursor, found = page.cursor, [*found, *page.counts]
    assert found == counts(read(counter))


def test_buckets_x_leaves_out_are_named_and_never_taken_for_nought(counter: XCountsPeer) -> None:
    counter.left_out = {NOW - 5 * HOUR, NOW - 4 * HOUR}
    pages = read(counter, granularity="hour")
    assert not counter.left_out & {count.start for count in counts(pages)}
    assert "no count for 2 hour buckets" in problems(pages)


def test_a_broken_bucket_is_named_and_the_others_are_kept(counter: XCountsPeer) -> None:
    rows = [
        {"start": "2026-11-20T09:00:00.000Z", "end": "2026-11-20T10:00:00.000Z", "tweet_count": 4},
        {"start": "2026-11-20T10:00:00.000Z", "end": "2026-11-20T11:00:00.000Z", "tweet_count": "many"},
        {"start": "then", "end": "2026-11-20T11:00:00.000Z", "tweet_count": 1},
        None,
    ]
    counter.faults.append(Answer.json({"data": rows, "meta": {"total_tweet_count": 5}}))
    pages = read(counter, granularity="hour", backfill=3 * HOUR)
    assert [count.value for count in counts(pages)] == [4.0]
    assert problems(pages).count("form is unknown") == 3


def test_an_answer_of_x_that_is_an_error_in_disguise_is_refused(counter: XCountsPeer) -> None:
    bodies: list[Any] = [{"title": "CreditsDepleted"}, [], {"data": "none"}, "no"]
    for body in bodies:
        counter.faults.append(Answer.json(body))
        with pytest.raises(SourceError, match="x_counts"):
            read(counter)


def test_ids_carry_their_moment_as_those_of_x_do() -> None:
    """An example of https://developer.twitter.com/en/docs/twitter-api/data-dictionary/example-payloads."""
    made = dt.datetime(2020, 9, 18, 18, 36, 15, tzinfo=dt.UTC)
    assert id_at(made) <= 1307025659294674945 < id_at(made + dt.timedelta(seconds=1))
