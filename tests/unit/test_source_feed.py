"""Feeds: conditional requests, edits, gaps, broken and hostile XML."""

from __future__ import annotations

import datetime as dt
import itertools
import time
from collections.abc import Iterator
from html import escape

import pytest

from forecast.errors import SourceError
from forecast.social.sources.base import Page
from tests.peers.base import NOW, Answer, Post
from tests.peers.feeds import Atom, Rss

HOUR = dt.timedelta(hours=1)
SOON = 15  # seconds; what is not refused takes minutes, and a busy machine is no failure


@pytest.fixture
def rss() -> Iterator[Rss]:
    with Rss() as peer:
        yield peer


@pytest.fixture
def atom() -> Iterator[Atom]:
    with Atom() as peer:
        yield peer


def sleep(_seconds: float) -> None:
    return


def read(peer: Rss | Atom, cursor: str | None = None, *, now: dt.datetime = NOW, urls: int = 1) -> list[Page]:
    addresses = [f"{peer.url}/feed.xml", f"{peer.url}/other.xml"][:urls]
    return list(peer.feed(sleep, *addresses).read(cursor, now=now))


def xml(items: str, doctype: str = "") -> bytes:
    text = (
        f'<?xml version="1.0"?>{doctype}<rss version="2.0"><channel><title>t</title>{items}</channel></rss>'
    )
    return text.encode()


def item(text: str, *, id: str = "1", at: dt.datetime | None = NOW - HOUR, title: str = "") -> str:
    dated = f"<pubDate>{at:%a, %d %b %Y %H:%M:%S} GMT</pubDate>" if at else ""
    return f"<item><title>{title}</title><description>{escape(text)}</description><guid>{id}</guid>{dated}</item>"


def serve(peer: Rss, body: bytes, kind: str = "application/xml") -> list[Page]:
    peer.faults.append(Answer(200, body, {"content-type": kind}))
    return read(peer)


def test_an_unchanged_feed_is_answered_with_304_and_gives_no_page(atom: Atom) -> None:
    atom.publish([Post("1", NOW - HOUR, "storing")])
    cursor = read(atom)[-1].cursor
    assert read(atom, cursor) == []
    assert atom.unchanged == 1
    assert "if-none-match" in atom.asked[-1].headers and "if-modified-since" in atom.asked[-1].headers


def test_title_and_summary_become_plain_text_with_author_and_language(atom: Atom) -> None:
    atom.publish([Post("1", NOW - HOUR, "geen <stroom> & licht", "anna")])
    (mention,) = read(atom)[0].mentions
    assert mention.text == "News\ngeen <stroom> & licht"
    assert (mention.author, mention.language, mention.created_at) == ("anna", "nl", NOW - HOUR)
    assert mention.id == "tag:news.example,2026:1"


def test_html_scripts_and_styles_leave_the_text(rss: Rss) -> None:
    html = "<style>p{}</style><p>Geen&nbsp;stroom<br>in <b>Delft</b></p><script>alert('x')</script> 3 < 5 &amp; ok"
    (mention,) = serve(rss, xml(item(html, title="Storing")))[0].mentions
    assert mention.text == "Storing\nGeen stroom in Delft 3 < 5 & ok"


def test_a_summary_that_repeats_the_title_is_given_once(rss: Rss) -> None:
    (mention,) = serve(rss, xml(item("Storing in Delft", title="Storing")))[0].mentions
    assert mention.text == "Storing in Delft"


def test_an_edited_entry_comes_again_with_its_first_moment(atom: Atom) -> None:
    atom.publish([Post("1", NOW - 2 * HOUR, "storing"), Post("2", NOW - HOUR, "storing")])
    cursor = read(atom)[-1].cursor
    atom.edit("1", "storing opgelost", NOW)
    (mention,) = read(atom, cursor, now=NOW + HOUR)[0].mentions
    assert mention.text.endswith("storing opgelost")
    assert mention.created_at == NOW - 2 * HOUR


def test_a_text_that_changes_without_a_newer_date_is_no_edit(atom: Atom) -> None:
    atom.publish([Post("1", NOW - 2 * HOUR, "storing, 3 reacties")])
    cursor = read(atom)[-1].cursor
    atom.edit("1", "storing, 4 reacties", NOW - 2 * HOUR)
    assert [one for page in read(atom, cursor) for one in page.mentions] == []


def test_a_date_that_changes_without_another_text_is_no_edit(atom: Atom) -> None:
    atom.publish([Post("1", NOW - 2 * HOUR, "storing")])
    cursor = read(atom)[-1].cursor
    atom.edit("1", "storing", NOW)
    assert [one for page in read(atom, cursor) for one in page.mentions] == []


def test_entries_that_left_the_window_unseen_are_told_as_lost(rss: Rss) -> None:
    rss.window = 5
    rss.publish([Post(str(n), NOW - dt.timedelta(minutes=60 - n), f"post {n}") for n in range(5)])
    cursor = read(rss)[-1].cursor
    rss.publish([Post(str(n), NOW - dt.timedelta(minutes=60 - n), f"post {n}") for n in range(5, 20)])
    (page,) = read(rss, cursor)
    assert len(page.mentions) == 5
    assert "are lost" in page.problems[0] and "2026-11-20T11:04+00:00" in page.problems[0]
    rss.publish([Post("20", NOW - dt.timedelta(minutes=40), "post 20")])
    assert [page.problems for page in read(rss, page.cursor)] == [()]


def test_the_first_reading_looks_back_seven_days_and_later_ones_no_further(rss: Rss) -> None:
    rss.publish(
        [Post("old", NOW - dt.timedelta(days=9), "oud"), Post("new", NOW - dt.timedelta(days=6), "nieuw")]
    )
    first = read(rss)
    assert [one.id for one in first[0].mentions] == ["new"]
    rss.publish([Post("older", NOW - dt.timedelta(days=20), "ouder")])
    assert [one for page in read(rss, first[-1].cursor) for one in page.mentions] == []


def test_undated_entries_get_the_moment_we_saw_them_but_not_at_the_first_reading(rss: Rss) -> None:
    page = serve(rss, xml(item("was er al", id="1", at=None) + item("gedateerd", id="2")))[0]
    assert [one.id for one in page.mentions] == ["2"]
    assert "no date" in page.problems[0]
    body = xml(
        item("nieuw", id="3", at=None) + item("was er al", id="1", at=None) + item("gedateerd", id="2")
    )
    rss.faults.append(Answer(200, body))
    (later,) = read(rss, page.cursor, now=NOW + HOUR)
    assert [(one.id, one.created_at) for one in later.mentions] == [("3", NOW + HOUR)]
    rss.faults.append(Answer(200, body))
    assert read(rss, later.cursor, now=NOW + 2 * HOUR) == []


def test_no_entry_is_dated_after_now(rss: Rss) -> None:
    (mention,) = serve(rss, xml(item("morgen", at=NOW + dt.timedelta(days=1))))[0].mentions
    assert mention.created_at == NOW


def test_an_entry_without_an_id_is_named_by_its_link_or_else_by_its_title(rss: Rss) -> None:
    dated = f"<pubDate>{NOW - HOUR:%a, %d %b %Y %H:%M:%S} GMT</pubDate>"
    body = xml(
        f"<item><title>a</title><link>https://x.example/a</link>{dated}</item><item><title>b</title>{dated}</item>"
    )
    ids = {one.text: one.id for one in serve(rss, body)[0].mentions}
    assert ids["a"] == "https://x.example/a"
    assert len(ids["b"]) == 12


def test_one_broken_address_is_a_problem_and_the_other_is_read(rss: Rss) -> None:
    rss.publish([Post("1", NOW - HOUR, "storing")])
    pages = read(rss, urls=2)  # the second is not found
    assert [one.text for page in pages for one in page.mentions] == ["storing"]
    assert "404" in pages[-1].problems[0]
    rss.faults.append(Answer(200, b"<rss><channel><title>half"))
    rss.faults.append(Answer(200, xml(item("elders", id="9"))))
    later = read(rss, pages[-1].cursor, urls=2)
    assert "is no feed" in later[0].problems[0]
    assert [one.text for page in later for one in page.mentions] == ["elders"]


def test_two_feeds_that_number_their_posts_alike_do_not_mix(rss: Rss) -> None:
    rss.faults.extend([Answer(200, xml(item("hier", id="1"))), Answer(200, xml(item("daar", id="1")))])
    ids = [one.id for page in read(rss, urls=2) for one in page.mentions]
    assert len(set(ids)) == 2 and all(one.endswith(":1") for one in ids)


def test_a_feed_cut_off_half_way_is_read_as_far_as_it_goes_and_asked_for_whole_next_time(rss: Rss) -> None:
    rss.publish([Post("1", NOW - HOUR, "eerste"), Post("2", NOW - 2 * HOUR, "tweede")])
    whole = rss.body(sorted(rss.posts, key=lambda one: one.at, reverse=True)).encode()
    rss.faults.append(Answer(200, whole[: whole.index(b"tweede")], {"etag": '"x"'}))
    page = read(rss)[0]
    assert "eerste" in [one.text for one in page.mentions]
    assert any("broken XML" in one for one in page.problems)
    read(rss, page.cursor)
    assert "if-none-match" not in rss.asked[-1].headers


def test_a_web_page_is_no_feed(rss: Rss) -> None:
    with pytest.raises(SourceError, match="no feed"):
        serve(rss, b"<!DOCTYPE html><html><body>hello</body></html>", "text/html")


def test_billion_laughs_is_refused_in_no_time(rss: Rss) -> None:
    names = "abcdefghij"
    bomb = '<!ENTITY a "lol">' + "".join(
        f'<!ENTITY {name} "{f"&{before};" * 10}">' for before, name in itertools.pairwise(names)
    )
    started = time.monotonic()
    with pytest.raises(SourceError, match="entities"):
        serve(rss, xml("<item><title>&j;</title></item>", f"<!DOCTYPE rss [{bomb}]>"))
    assert time.monotonic() - started < SOON


def test_a_feed_of_ten_megabytes_is_refused_in_no_time(rss: Rss) -> None:
    started = time.monotonic()
    with pytest.raises(SourceError, match="larger than 5 MB"):
        serve(rss, xml(item("storing") * 70_000))
    assert time.monotonic() - started < SOON


@pytest.mark.parametrize(
    "body",
    [xml("<item>" + "<a>" * 80_000), xml("<item>" + "<a>" * 500 + "</a>" * 500 + "</item>"), b"<rss>" + b"<" * 400_000,
     xml("<item " + " ".join(f'a{n}="1"' for n in range(20_000)) + "/>")],
)  # fmt: skip
def test_xml_that_would_take_long_to_read_is_refused_in_no_time(rss: Rss, body: bytes) -> None:
    started = time.monotonic()
    with pytest.raises(SourceError):
        serve(rss, body)
    assert time.monotonic() - started < SOON


def test_a_file_named_by_an_entity_is_not_opened(rss: Rss) -> None:
    with pytest.raises(SourceError, match="entities"):
        serve(
            rss,
            xml(
                "<item><title>&a;</title></item>",
                '<!DOCTYPE rss [<!ENTITY a SYSTEM "file:///etc/hostname">]>',
            ),
        )


@pytest.mark.parametrize("encoding", ["utf-16", "iso-8859-1", "windows-1252"])
def test_feeds_in_other_encodings_are_read(rss: Rss, encoding: str) -> None:
    text = f'<?xml version="1.0" encoding="{encoding}"?>' + xml(item("café dicht")).decode().split("?>", 1)[1]
    (mention,) = serve(rss, text.encode(encoding))[0].mentions
    assert mention.text == "café dicht"


@pytest.mark.parametrize(
    "cursor", ["", "rubbish", "[]", '{"v":99}', '{"v":1,"feeds":{"u":1}}', '{"v":1,"feeds":[]}']
)
def test_a_mark_that_is_none_of_ours_begins_anew_with_a_sentence(rss: Rss, cursor: str) -> None:
    rss.publish([Post("1", NOW - HOUR, "storing")])
    page = read(rss, cursor)[0]
    assert len(page.mentions) == 1
    assert "begins anew" in page.problems[0]


def test_the_mark_stays_short_over_months(rss: Rss) -> None:
    cursor = None
    for n in range(60):
        rss.posts = [Post(f"{n}-{k}", NOW + n * HOUR - dt.timedelta(minutes=k), "storing") for k in range(40)]
        cursor = read(rss, cursor, now=NOW + n * HOUR)[-1].cursor
    assert cursor is not None and len(cursor) < 100_000


def test_a_source_without_an_address_is_refused(rss: Rss) -> None:
    with pytest.raises(SourceError, match="no feed is named"):
        rss.feed(sleep)
