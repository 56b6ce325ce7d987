"""What will they call about: reasons ranked, against the usual, with their causes; in words, as a picture, as a letter."""

from __future__ import annotations

import datetime as dt
from xml.etree import ElementTree as Xml

import numpy as np
import pytest

from forecast.digest import Week, digest
from forecast.outlook import Line, Outlook, Owner, Past, Talk, against, outlook
from forecast.outlook_picture import MOST, draw
from forecast.outlook_words import Language, heading, number, why

DAY = dt.date(2026, 11, 24)
SINCE = dt.datetime(2026, 11, 23, 8, 30, tzinfo=dt.UTC)
HOSTILE = '</text><script>alert("x")</script>&\x00\u202e'


def line(topic: str, expected: float, *, queue: str = "calls", **past: float) -> Line:
    return Line(queue, "phone", topic, expected, 0.9 * expected, 1.1 * expected, Past(**past))


def day(*lines: Line, talk: Talk | None = None, **special: str) -> Outlook:
    said = {"outage": talk} if talk else {}
    return outlook(
        DAY, lines, tz="Europe/Amsterdam", talk=said, owners={"outage": Owner("Desk")}, special=special
    )


def test_reasons_add_up_over_queues_and_the_largest_comes_first() -> None:
    found = day(line("billing", 30.0), line("outage", 20.0, usual=16.0), line("outage", 20.0, queue="mail"))
    assert [reason.topic for reason in found.reasons] == ["outage", "billing"]
    outage = found.reasons[0]
    assert (outage.expected, outage.low, outage.high) == pytest.approx((40.0, 36.0, 44.0))
    assert found.expected == 70.0
    assert outage.owner.name == "Desk"


def test_a_burst_of_posts_a_special_day_and_a_new_level_are_told_and_chance_is_not() -> None:
    loud = day(
        line("outage", 20.0, week=300.0, usual_week=200.0),
        line("outage", 5.0, queue="mail"),
        talk=Talk(400.0, 20.0, SINCE, 15.2),
        mail="Letters",
    )
    assert why(loud.reasons[0], loud.tz, "en") == (
        "posts 15 times the usual since Monday 23 November 09:30; special day: Letters (mail); "
        "+50 % in the last seven days"
    )
    calm = day(line("outage", 20.0, week=22.0, usual_week=18.0), talk=Talk(25.0, 20.0, SINCE, 1.2))
    assert why(calm.reasons[0], calm.tz, "en") == "nothing out of the ordinary"


def test_the_usual_is_the_mean_of_eight_such_weekdays_without_those_not_known() -> None:
    days = np.arange(63, dtype=np.int64) + 20_000
    counts = np.where(days % 7 == 20_063 % 7, 10.0, 1.0)
    counts[:7] = 100.0  # the ninth week back
    counts[-7] = np.nan
    past = against(counts, days, 20_063)
    assert past.usual == 10.0
    assert past.last_week is None and past.week is None
    assert against(counts, days, 20_064).last_week == 1.0
    assert against(counts, days, 20_080).last_week is None


def test_a_queue_whose_file_is_a_day_late_is_no_fall_of_its_reason() -> None:
    days, whole = np.arange(100, 163), np.full(63, 100.0)
    late = whole.copy()
    late[-1] = np.nan
    lines = [
        Line(name, name, "outage", 100.0, 80.0, 120.0, against(counts, days, 163))
        for name, counts in (("phone", whole), ("email", late))
    ]
    (reason,) = day(*lines).reasons
    assert reason.causes == () and reason.missing == ("email",)


def test_a_queue_without_a_past_is_no_rise_of_its_reason() -> None:
    (reason,) = day(line("outage", 20.0, usual=16.0), line("outage", 20.0, queue="mail")).reasons
    assert reason.change == pytest.approx(0.25) and reason.missing == ()


@pytest.mark.parametrize(("language", "shown"), [("en", "1,240"), ("nl", "1.240")])
def test_numbers_are_written_as_in_the_language(language: Language, shown: str) -> None:
    assert number(1240.4, language) == shown
    title, _ = heading(day(), language)
    assert ("Tuesday 24 November" if language == "en" else "dinsdag 24 november") in title


def test_the_picture_shows_every_reason_and_no_name_is_ever_markup() -> None:
    found = day(line(HOSTILE, 30.0), line("outage", 20.0, usual=10.0), calls=HOSTILE)
    picture = Xml.fromstring(draw(found))
    tags = {each.tag.split("}")[1] for each in picture.iter()}
    assert tags == {"svg", "title", "rect", "text", "g", "line"}
    texts = [each.text or "" for each in picture.iter() if each.tag.endswith("text")]
    assert any(text.startswith("</text><script>") for text in texts)
    assert not any("\u202e" in text or "\x00" in text for text in texts)


def test_many_reasons_are_told_in_one_line_and_none_in_a_sentence() -> None:
    many = draw(day(*(line(f"r{at}", 10.0) for at in range(MOST + 3))), "nl")
    assert "en nog 3 redenen: 30" in many
    assert "No forecast is published" in draw(day())


def letter(week: Week, language: Language = "en") -> tuple[str, str]:
    made = digest("Desk", "", DAY - dt.timedelta(days=7), DAY, [week], language)
    return made.text, made.html


def test_a_digest_tells_the_week_the_week_ahead_posts_and_what_is_new() -> None:
    week = Week(
        "outage",
        120.0,
        100.0,
        80.0,
        150.0,
        50.0,
        40.0,
        10.0,
        ("app is down",),
        ("a cable",),
        "https://example.org/x",
    )
    text, _ = letter(week)
    for said in (
        "Contacts in the week: 120 (+20 % on the week before, +50 % on the usual)",
        "Expected in the week ahead: 150 (+25 % on this week)",
        "Posts: 50 (+25 % on the week before)",
        "tried in vain: 10 (20 %)",
        "New: app is down",
        "Open causes: a cable",
        "<https://example.org/x>",
    ):
        assert said in text
    assert "Contacten in de week: 120" in letter(week, "nl")[0]
    assert "Expected in the week ahead: not known" in letter(Week("outage"))[0]


def test_words_of_others_are_no_markup_in_a_digest() -> None:
    week = Week(HOSTILE, 1.0, new=("[x](javascript:alert)", "# top\n- item"), faq='javascript:"x"')
    text, page = letter(week)
    assert "<script" not in page and "href" not in page
    assert "\\[x\\](javascript" in text and "\\# top - item" in text
    assert "\x00" not in text + page
