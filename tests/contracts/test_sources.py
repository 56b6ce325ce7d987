"""What every source of posts keeps: nothing is lost, nothing goes on for ever, and a refusal is a sentence.

A supplier is a file in `tests/peers` with a class `Supplier` (or several, in `SUPPLIERS`).
"""

from __future__ import annotations

import datetime as dt
import importlib
import pkgutil
from collections.abc import Iterator
from itertools import islice

import pytest

import tests.peers
from forecast.errors import SourceError
from forecast.social.sources.base import Page
from tests.peers.base import NOW, Answer, Peer, Post


def suppliers() -> list[type[Peer]]:
    names = sorted(one.name for one in pkgutil.iter_modules(tests.peers.__path__) if one.name != "base")
    found: list[type[Peer]] = []
    for name in names:
        found += getattr(importlib.import_module(f"tests.peers.{name}"), "SUPPLIERS", [])
    return found


SUPPLIERS = suppliers()
TALKERS = [one for one in SUPPLIERS if not one.numbers_only]


@pytest.fixture
def slept() -> list[float]:
    return []


@pytest.fixture
def peer(request: pytest.FixtureRequest) -> Iterator[Peer]:
    with request.param() as running:
        yield running


def posts(n: int, *, first: int = 0) -> list[Post]:
    """n posts a minute apart, the newest a quarter of an hour before now at most."""
    start = NOW - dt.timedelta(hours=6)
    return [
        Post(
            str(1_000 + k), start + dt.timedelta(minutes=k), f"Storing nummer {k} bij Lumen", f"author{k % 7}"
        )
        for k in range(first, first + n)
    ]


def read(peer: Peer, cursor: str | None, slept: list[float], *, now: dt.datetime = NOW) -> list[Page]:
    """Everything a fresh source gives from the cursor on; bounded, since a source must end."""
    pages = list(islice(peer.source(slept.append).read(cursor, now=now), 500))
    assert len(pages) < 500
    return pages


def ids(pages: list[Page]) -> set[str]:
    return {mention.id for page in pages for mention in page.mentions}


each = pytest.mark.parametrize("peer", SUPPLIERS, indirect=True, ids=lambda one: one.__name__)
each_talker = pytest.mark.parametrize("peer", TALKERS, indirect=True, ids=lambda one: one.__name__)


@each_talker
def test_everything_that_was_published_is_read_as_it_was(peer: Peer, slept: list[float]) -> None:
    published = posts(35)
    peer.publish(published)
    mentions = {one.id: one for page in read(peer, None, slept) for one in page.mentions}
    assert len(mentions) == 35
    texts = {one.text for one in published}
    for mention in mentions.values():
        assert any(text in mention.text for text in texts)
        assert mention.source == peer.source(slept.append).name
    assert {one.created_at for one in mentions.values()} == {one.at for one in published}


@each_talker
def test_what_was_read_is_not_read_again_and_what_is_new_is(peer: Peer, slept: list[float]) -> None:
    peer.publish(posts(25))
    first = read(peer, None, slept)
    again = read(peer, first[-1].cursor, slept)
    assert len(ids(again)) <= peer.page  # an overlap is allowed: the store knows what it holds
    peer.publish(posts(12, first=25))
    later = read(peer, (again or first)[-1].cursor, slept)
    assert ids(later) - ids(first) and len(ids(first) | ids(later)) == 37


@each_talker
@pytest.mark.parametrize("killed_after", [1, 2, 3])
def test_a_source_killed_between_pages_goes_on_without_a_loss(
    peer: Peer, slept: list[float], killed_after: int
) -> None:
    peer.publish(posts(35))
    cursor, seen = None, set[str]()
    for _ in range(60):
        pages = list(islice(peer.source(slept.append).read(cursor, now=NOW), killed_after))
        if not pages or (pages[-1].cursor == cursor and not ids(pages) - seen):
            break
        seen |= ids(pages)
        cursor = pages[-1].cursor
    assert len(seen) == 35


@each_talker
def test_posts_of_the_time_we_were_away_come_with_their_own_time(peer: Peer, slept: list[float]) -> None:
    peer.publish(posts(5))
    cursor = read(peer, None, slept)[-1].cursor
    peer.publish(posts(60, first=5))
    late = read(peer, cursor, slept, now=NOW + dt.timedelta(hours=5))
    assert len(ids(late)) >= 60
    assert {one.at for one in posts(60, first=5)} <= {m.created_at for page in late for m in page.mentions}


@each
def test_a_busy_supplier_is_given_the_time_it_asks_for(peer: Peer, slept: list[float]) -> None:
    peer.publish(posts(3))
    peer.faults.append(Answer(429, b"slow down", {"retry-after": "7"}))
    pages = read(peer, None, slept)
    assert 7.0 in slept
    assert len(ids(pages)) == 3 or peer.numbers_only


@each
def test_a_supplier_that_stays_down_is_left_with_a_sentence(peer: Peer, slept: list[float]) -> None:
    peer.faults.extend([Answer(503, b"down")] * 200)
    with pytest.raises(SourceError, match=peer.source(slept.append).name):
        read(peer, None, slept)
    assert len(peer.asked) < 50 and sum(slept) <= 300


@each
def test_a_key_that_is_refused_is_named(peer: Peer, slept: list[float]) -> None:
    if not peer.needs_key:
        pytest.skip("nobody needs a key there")
    peer.faults.extend([Answer(401, b"who are you")] * 5)
    with pytest.raises(SourceError, match="key"):
        read(peer, None, slept)


@each
def test_an_answer_of_another_kind_is_refused_with_a_sentence(peer: Peer, slept: list[float]) -> None:
    peer.faults.extend(
        [Answer(200, b"<html>Sign in to the hotel network", {"content-type": "text/html"})] * 200
    )
    with pytest.raises(SourceError, match=peer.source(slept.append).name):
        read(peer, None, slept)


@each_talker
def test_hostile_posts_are_posts(peer: Peer, slept: list[float]) -> None:
    hostile = [
        "\u202eRTL Lumen",
        "'; DROP TABLE mentions; -- Lumen",
        "=cmd|' /C calc'!A0 Lumen",
        "Lumen " + "a" * 3_000,
    ]
    peer.publish(
        [Post(str(n), NOW - dt.timedelta(hours=1, minutes=n), text) for n, text in enumerate(hostile)]
    )
    assert len(ids(read(peer, None, slept))) == len(hostile)


@each_talker
def test_a_deleted_post_is_told(peer: Peer, slept: list[float]) -> None:
    if not peer.deletes:
        pytest.skip("its protocol does not tell")
    peer.publish(posts(4))
    first = read(peer, None, slept)
    gone = sorted(ids(first))[1]
    peer.delete(gone)
    later = read(peer, first[-1].cursor, slept, now=NOW + dt.timedelta(minutes=10))
    assert gone in {one.id for page in later for one in page.deletions}
