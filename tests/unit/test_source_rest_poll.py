"""RestPoll: any JSON list becomes mentions, its mapping is checked beforehand, its key stays with its host."""

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
from forecast.social.sources.rest_poll import Paging, RestPoll, Since
from forecast.social.sources.web import Web
from tests.peers.base import NOW, Answer, Post
from tests.peers.rest import KEY, RestByNumber, RestByToken, RestByUrl

MINUTE, HOUR, DAY = dt.timedelta(minutes=1), dt.timedelta(hours=1), dt.timedelta(days=1)
FIELDS = {"id": "id", "created_at": "at", "text": "text"}


@pytest.fixture
def suite() -> Iterator[RestByUrl]:
    with RestByUrl() as peer:
        yield peer


@pytest.fixture
def house() -> Iterator[RestByToken]:
    with RestByToken() as peer:
        yield peer


@pytest.fixture
def reviews() -> Iterator[RestByNumber]:
    with RestByNumber() as peer:
        yield peer


def posts(n: int, *, start: dt.datetime = NOW - 6 * HOUR) -> list[Post]:
    return [Post(str(100 + k), start + k * MINUTE, f"Storing {k} bij Lumen", f"a{k % 5}") for k in range(n)]


def read(
    peer: RestByUrl | RestByToken | RestByNumber,
    cursor: str | None = None,
    *,
    now: dt.datetime = NOW,
    **settings: Any,
) -> list[Page]:
    return list(islice(peer.source(lambda seconds: None, **settings).read(cursor, now=now), 400))


def mentions(pages: list[Page]) -> list[Mention]:
    return [mention for page in pages for mention in page.mentions]


def problems(pages: list[Page]) -> str:
    return "\n".join(problem for page in pages for problem in page.problems)


def poll(**settings: Any) -> RestPoll:
    given = {"url": "https://example.test/posts", "fields": FIELDS, **settings}
    return RestPoll(name="huis", web=Web(httpx2.Client(), "huis"), **given)


def test_every_mapped_field_arrives(suite: RestByUrl) -> None:
    suite.publish([Post("7", NOW - HOUR, "Geen stroom", "jan", reply_to="u-6")])
    (mention,) = mentions(read(suite))
    assert (mention.source, mention.id, mention.text) == ("rest", "u-7", "Geen stroom")
    assert (mention.author, mention.language, mention.reach, mention.reply_to) == ("jan", "nl", 12, "u-6")
    assert mention.created_at == NOW - HOUR


@pytest.mark.parametrize(
    ("form", "asked"),
    [("iso", "2026-11-20T10:50:00Z"), ("epoch", "1795171800"), ("epoch_ms", "1795171800000")],
)
def test_the_newest_moment_less_the_overlap_is_asked_for_next(
    suite: RestByUrl, form: str, asked: str
) -> None:
    suite.publish([Post("1", NOW - HOUR, "Storing")])
    cursor = read(suite)[-1].cursor
    suite.faults.append(Answer.json({"result": {"mentions": []}, "paging": {}}))
    read(suite, cursor, since=Since("from", form, overlap=600))
    assert suite.asked[-1].one("from") == asked


def test_the_first_reading_looks_back_as_far_as_it_is_told(suite: RestByUrl) -> None:
    suite.publish(posts(3, start=NOW - 3 * DAY))
    assert not mentions(read(suite, backfill=2 * DAY))
    assert len(mentions(read(suite))) == 3


def test_the_mark_moves_on_only_when_the_last_page_was_read(suite: RestByUrl) -> None:
    suite.publish(posts(35))
    first = next(iter(suite.source(lambda s: None).read(None, now=NOW)))
    mark = json.loads(first.cursor)
    assert mark["mark"] == 0 and mark["next"]
    later = read(suite, first.cursor)
    assert len({mention.id for mention in mentions([first, *later])}) == 35
    assert json.loads(later[-1].cursor)["mark"] == (NOW - 6 * HOUR + 34 * MINUTE).timestamp()


def test_a_page_token_that_grew_too_old_begins_the_reading_again(house: RestByToken) -> None:
    house.publish(posts(35))
    first = next(iter(house.source(lambda s: None).read(None, now=NOW)))
    cursor = json.dumps({**json.loads(first.cursor), "next": "old"})
    given: list[Page] = []
    with pytest.raises(SourceError, match="too old"):
        for page in house.source(lambda s: None).read(cursor, now=NOW):
            given.append(page)
    assert len(mentions(read(house, given[-1].cursor))) == 35


def test_an_edit_of_an_old_item_comes_where_the_system_tells_of_changes(house: RestByToken) -> None:
    house.publish(posts(3))
    house.clock = NOW - MINUTE
    house.change("102", changed=int(house.clock.timestamp() * 1000))
    cursor = read(house)[-1].cursor
    house.clock = NOW + HOUR
    house.change("100", msg="Toch weer stroom")
    later = read(house, cursor, now=NOW + HOUR)
    assert {mention.text for mention in mentions(later) if mention.id == "100"} == {"Toch weer stroom"}
    assert "101" not in {mention.id for mention in mentions(later)}


@pytest.mark.parametrize("flag", [True, 1, "yes", "2026-11-20T11:00:00Z", 1795171800])
def test_any_mark_of_deletion_counts_and_its_text_is_not_needed(house: RestByToken, flag: Any) -> None:
    house.publish(posts(2))
    house.change("100", gone=flag, msg=None)
    pages = read(house)
    assert [deletion.id for page in pages for deletion in page.deletions] == ["100"]
    assert [mention.id for mention in mentions(pages)] == ["101"] and not problems(pages)


@pytest.mark.parametrize("flag", [False, 0, "", "false", None])
def test_an_empty_mark_of_deletion_does_not_count(house: RestByToken, flag: Any) -> None:
    house.publish(posts(1))
    house.change("100", gone=flag)
    assert len(mentions(read(house))) == 1


def test_a_broken_item_is_named_and_the_others_are_kept(reviews: RestByNumber) -> None:
    reviews.publish(posts(2))
    reviews.faults.append(
        Answer.json([None, "x", {"id": 5}, {"id": None, "date": 1795171800, "review": "x"}, *reviews.items,
                     {"id": 6, "date": "03/04/2026", "review": "x"}])
    )  # fmt: skip
    pages = read(reviews)
    assert len({mention.id for mention in mentions(pages)}) == 2
    assert problems(pages).count("left out") == 5


def test_a_system_that_ignores_the_page_number_is_named_and_does_not_run_for_ever(
    reviews: RestByNumber,
) -> None:
    reviews.publish(posts(4))
    reviews.faults.extend([Answer.json(reviews.items)] * 9)
    pages = read(reviews)
    assert len(pages) == 2 and "same posts" in problems(pages)
    assert json.loads(pages[-1].cursor)["next"] == ""


def test_a_token_that_stays_the_same_is_the_end(house: RestByToken) -> None:
    rows = {"rows": [], "meta": {"cursor": "c-1"}}
    house.faults.extend([Answer.json(rows)] * 9)
    assert len(read(house)) == 2


def test_a_long_reading_goes_on_at_the_next_run(reviews: RestByNumber) -> None:
    reviews.page = 1
    reviews.publish(posts(310))
    first = read(reviews)
    assert len(first) == 300
    assert len({mention.id for mention in mentions(first + read(reviews, first[-1].cursor))}) == 310


@pytest.mark.parametrize(
    "url", ["http://evil.test/next", "//evil.test/next", "https://127.0.0.1:1/x", "http://[half"]
)
def test_the_key_is_not_sent_to_another_host(suite: RestByUrl, url: str) -> None:
    suite.faults.append(Answer.json({"result": {"mentions": []}, "paging": {"next": url}}))
    with pytest.raises(SourceError, match="another host"):
        read(suite)
    assert len(suite.asked) == 1


@pytest.mark.parametrize(
    "url", ["?offset=1&size=10&from=2026-11-13T12:00:00Z", "mentions?offset=1", "/v3/mentions?offset=1"]
)
def test_a_next_page_may_be_named_from_where_we_are(suite: RestByUrl, url: str) -> None:
    suite.publish(posts(2))
    suite.faults.append(Answer.json({"result": {"mentions": []}, "paging": {"next": url}}))
    assert len(mentions(read(suite))) == 1
    assert suite.asked[-1].path == "/v3/mentions"


def test_a_mark_from_an_address_configured_before_does_not_lead_there(suite: RestByUrl) -> None:
    suite.publish(posts(3))
    cursor = '{"v":1,"mark":0,"top":0,"since":"","next":"http://old.test/page/2"}'
    assert len(mentions(read(suite, cursor))) == 3


@pytest.mark.parametrize(
    "cursor",
    ["", "[]", "5", '{"v":3}', '{"v":1,"mark":"x"}', '{"v":1,"mark":Infinity}', '{"v":1,"mark":1e300}',
     '{"v":1,"mark":NaN}', '{"v":1,"next":7}', '{"v":1,"more":7}'],
)  # fmt: skip
def test_a_mark_that_cannot_be_read_begins_anew_with_a_sentence(suite: RestByUrl, cursor: str) -> None:
    suite.publish(posts(3))
    pages = read(suite, cursor)
    assert len(mentions(pages)) == 3 and problems(pages).count("begins anew") == 1


def test_an_item_dated_in_the_future_does_not_stop_the_reading(suite: RestByUrl) -> None:
    suite.publish([Post("1", NOW + 9 * DAY, "Storing")])
    cursor = read(suite)[-1].cursor
    suite.publish([Post("2", NOW + MINUTE, "Storing bij Lumen")])
    assert "u-2" in {mention.id for mention in mentions(read(suite, cursor, now=NOW + HOUR))}


def test_moments_without_an_offset_are_local(reviews: RestByNumber) -> None:
    item = {"id": 1, "date": "2026-11-20 10:00", "review": "x"}
    reviews.faults.extend([Answer.json([item]), Answer.json([])])
    (mention,) = mentions(read(reviews, tz="Europe/Amsterdam"))
    assert mention.created_at == dt.datetime(2026, 11, 20, 9, tzinfo=dt.UTC)


@pytest.mark.parametrize("body", [{}, {"result": []}, {"result": {"mentions": {}}}, [], 5, None])
def test_an_answer_without_the_list_is_refused_with_the_path(suite: RestByUrl, body: Any) -> None:
    suite.faults.append(Answer.json(body))
    with pytest.raises(SourceError, match=r"result\.mentions"):
        read(suite)


def test_a_wrong_key_is_named(suite: RestByUrl, house: RestByToken) -> None:
    for peer in (suite, house):
        with pytest.raises(SourceError, match="Check its key"):
            read(peer, token=KEY + "x")


@pytest.mark.parametrize(
    ("field", "settings"),
    [
        ("fields.id", {"fields": {"created_at": "at", "text": "t"}}),
        ("fields.text", {"fields": {"created_at": "at", "id": "i"}}),
        ("fields.created_at", {"fields": {"text": "at", "id": "i"}}),
        ("fields.likes", {"fields": {**FIELDS, "likes": "n"}}),
        ("fields.source", {"fields": {**FIELDS, "source": "n"}}),
        ("fields.known_at", {"fields": {**FIELDS, "known_at": "n"}}),
        ("fields.author", {"fields": {**FIELDS, "author": ""}}),
        ("fields.author", {"fields": {**FIELDS, "author": "a..b"}}),
        ("items", {"items": ".data"}),
        ("url", {"url": "example.test/posts"}),
        ("url", {"url": "http://[half"}),
        ("tz", {"tz": "Mars/Base"}),
        ("paging.by", {"paging": Paging("scroll")}),
        ("paging.path", {"paging": Paging("url")}),
        ("paging.parameter", {"paging": Paging("token", path="next")}),
        ("paging.parameter", {"paging": Paging("number")}),
        ("since.format", {"since": Since("from", "rfc")}),
        ("since.parameter", {"since": Since("")}),
        ("since.parameter", {"since": Since("from"), "params": {"from": "2020"}}),
        ("since.overlap", {"since": Since("from", overlap=-1)}),
    ],
)
def test_a_setting_that_cannot_be_is_named(field: str, settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="huis") as caught:
        poll(**settings)
    assert caught.value.field == field and caught.value.remedy
