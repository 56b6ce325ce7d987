"""Reviews of Apple's App Store: ten pages, newest first, several countries, and pages that are empty by mistake."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from itertools import islice

import pytest

from forecast.errors import SourceError
from forecast.social.sources.app_reviews import AppReviews
from forecast.social.sources.base import Page
from forecast.social.sources.web import Web
from tests.peers.apple import AppStore
from tests.peers.base import NOW, Answer, Post

MINUTE = dt.timedelta(minutes=1)
EMPTY: dict[str, object] = {"feed": {"author": {}}}


@pytest.fixture
def store() -> Iterator[AppStore]:
    with AppStore() as peer:
        yield peer


def sleep(_seconds: float) -> None:
    return


def read(
    peer: AppStore, cursor: str | None = None, *, countries: Sequence[str] = ("nl",), now: dt.datetime = NOW
) -> list[Page]:
    return list(peer.reviews(sleep, countries).read(cursor, now=now))


def reviews(n: int, *, first: int = 0) -> list[Post]:
    return [
        Post(str(k), NOW - 2_000 * MINUTE + k * MINUTE, f"werkt niet {k}") for k in range(first, first + n)
    ]


def texts(pages: Sequence[Page]) -> list[str]:
    return [mention.text for page in pages for mention in page.mentions]


def test_a_review_is_its_title_and_content_with_the_number_of_its_author(store: AppStore) -> None:
    store.publish([Post("77", NOW - MINUTE, "Sinds de update 😡", "Anna")])
    (mention,) = read(store)[0].mentions
    assert mention.text == "Review\nSinds de update 😡"
    assert (mention.id, mention.source, mention.created_at) == ("77", "appstore", NOW - MINUTE)
    assert mention.author is not None and mention.author.isdecimal()


def test_the_app_itself_is_no_review(store: AppStore) -> None:
    store.with_app = True
    store.publish(reviews(2))
    assert len(texts(read(store))) == 2


def test_five_hundred_reviews_are_read_oldest_first_and_the_eleventh_page_is_not_asked_for(
    store: AppStore,
) -> None:
    store.publish(reviews(600))
    (page,) = read(store)
    assert len(page.mentions) == 500
    assert list(page.mentions) == sorted(page.mentions, key=lambda one: one.created_at)
    assert len(store.asked) == 10


def test_reading_stops_at_the_page_with_known_reviews(store: AppStore) -> None:
    store.publish(reviews(300))
    cursor = read(store)[-1].cursor
    store.publish(reviews(70, first=300))
    store.asked.clear()
    assert len(texts(read(store, cursor))) == 70
    assert len(store.asked) == 2
    store.asked.clear()
    assert read(store, read(store, cursor)[-1].cursor) == []


def test_a_source_killed_while_it_pages_gives_nothing_and_loses_nothing(store: AppStore) -> None:
    store.publish(reviews(300))
    cursor = read(store)[-1].cursor
    store.publish(reviews(120, first=300))
    store.faults.extend([store.answer(store.asked[0]), Answer(403, b"no")])
    with pytest.raises(SourceError):
        read(store, cursor)
    assert len(texts(read(store, cursor))) == 120


def test_a_source_killed_between_countries_goes_on_with_those_not_read(store: AppStore) -> None:
    store.publish(reviews(3))
    store.elsewhere = {"be": reviews(2, first=50), "de": reviews(1, first=90)}
    first = list(islice(store.reviews(sleep, ["nl", "be", "de"]).read(None, now=NOW), 1))
    rest = read(store, first[-1].cursor, countries=["nl", "be", "de"])
    assert len(texts(first)) == 3 and len(texts(rest)) == 3


def test_more_than_five_hundred_new_reviews_are_told_as_a_loss(store: AppStore) -> None:
    store.publish(reviews(10))
    cursor = read(store)[-1].cursor
    store.publish(reviews(600, first=10))
    (page,) = read(store, cursor)
    assert len(page.mentions) == 500
    assert "are lost" in page.problems[0]


def test_an_edited_review_comes_again_and_does_not_stop_the_reading(store: AppStore) -> None:
    store.publish(reviews(60))
    cursor = read(store)[-1].cursor
    store.posts[3] = Post("3", NOW, "werkt weer")
    store.publish(reviews(55, first=60))
    found = texts(read(store, cursor))
    assert len(found) == 56 and "Review\nwerkt weer" in found


def test_a_page_that_is_empty_by_mistake_is_asked_once_more_and_then_left_for_the_next_time(
    store: AppStore,
) -> None:
    store.publish(reviews(5))
    cursor = read(store)[-1].cursor
    store.publish(reviews(2, first=5))
    store.faults.append(Answer.json(EMPTY))
    assert len(texts(read(store, cursor))) == 2
    store.faults.extend([Answer.json(EMPTY)] * 2)
    (page,) = read(store, cursor)
    assert "shows no review" in page.problems[0]
    assert len(texts(read(store, page.cursor))) == 2


def test_an_app_without_reviews_is_read_without_a_word(store: AppStore) -> None:
    assert all(not page.problems and not page.mentions for page in read(store))


def test_the_first_reading_looks_back_seven_days(store: AppStore) -> None:
    store.publish(
        [Post("old", NOW - dt.timedelta(days=8), "oud"), Post("new", NOW - dt.timedelta(days=6), "nieuw")]
    )
    assert texts(read(store)) == ["Review\nnieuw"]


def test_one_country_that_refuses_is_a_problem_and_the_others_are_read(store: AppStore) -> None:
    store.publish(reviews(2))
    store.faults.append(Answer(404, b"no such store"))
    pages = read(store, countries=["xx", "nl"])
    assert len(texts(pages)) == 2
    assert "404" in pages[0].problems[0]


def test_a_broken_review_is_left_out_and_the_others_stay(store: AppStore) -> None:
    store.publish(reviews(2))
    told = store.answer(store.asked[0]) if store.asked else None
    assert told is None
    broken = {
        "im:rating": {"label": "1"},
        "id": {"label": "9"},
        "updated": {"label": "soon"},
        "author": 3,
        "title": [],
    }
    good = {
        "im:rating": {},
        "id": {"label": "8"},
        "updated": {"label": NOW.isoformat()},
        "content": {"label": "hoi"},
    }
    store.faults.append(Answer.json({"feed": {"entry": [broken, good, "text", None]}}))
    store.faults.append(Answer.json(EMPTY))
    (page,) = read(store)
    assert [one.id for one in page.mentions] == ["8"]
    assert "'9'" in page.problems[0]


@pytest.mark.parametrize("cursor", ["", "rubbish", "[]", '{"v":99}', '{"v":1,"countries":{"nl":3}}'])
def test_a_mark_that_is_none_of_ours_begins_anew_with_a_sentence(store: AppStore, cursor: str) -> None:
    store.publish(reviews(2))
    (page,) = read(store, cursor)
    assert len(page.mentions) == 2 and "begins anew" in page.problems[0]


def test_a_reading_of_many_countries_is_bounded_and_the_rest_comes_at_the_next(store: AppStore) -> None:
    countries = ["be", "de", "fr"]
    store.elsewhere = {one: [Post(f"{one}{k.id}", k.at, k.text) for k in reviews(500)] for one in countries}
    first = list(store.reviews(sleep, countries, most=20).read(None, now=NOW))
    assert len(store.asked) == 20
    second = list(store.reviews(sleep, countries, most=20).read(first[-1].cursor, now=NOW))
    assert (len(texts(first)), len(texts(second))) == (1_000, 500)
    assert len(store.asked) <= 40


@pytest.mark.parametrize(("app", "countries"), [("lumen", ["nl"]), ("1", []), ("1", ["nld"]), ("1", ["../"])])
def test_an_app_or_country_of_another_shape_is_refused(
    store: AppStore, app: str, countries: list[str]
) -> None:
    with pytest.raises(SourceError):
        AppReviews(name="a", web=Web(store.client, "a"), app_id=app, countries=countries)
