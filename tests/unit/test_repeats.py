"""Who came again: by reason or queue, over channels, within days, without redials, and nothing said of few customers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest

from forecast.preventable import preventable
from forecast.repeats import Repeats, Share, repeats

NOON = pd.Timestamp("2026-03-02T12:00Z")
Contact = tuple[str, float, dict[str, Any]]


def came(customer: str | None, days: float, **facts: Any) -> Contact:
    """A contact of a customer, so many days after noon of 2 March."""
    return customer or "", days, facts


def log(*contacts: Contact, ends: float = 60.0) -> pd.DataFrame:
    """The contacts among a log that begins 30 days before and ends later, of others who come once."""
    usual = {"queue": "calls", "channel": "phone", "topic": "billing", "outcome": "handled"}
    every = [came(None, -30), *contacts, came(None, ends)]
    rows = [
        {
            "source": "acd",
            "id": str(at),
            "at": NOON + pd.Timedelta(days=days),
            "customer": who or None,
            **usual,
            **facts,
        }
        for at, (who, days, facts) in enumerate(every)
    ]
    return (
        pd.DataFrame(rows).astype({"customer": object}).assign(at=lambda frame: frame["at"].dt.as_unit("ns"))
    )


def found(contacts: pd.DataFrame, *, least: int = 1, first: float = -1, last: float = 40) -> Repeats:
    start, end = NOON + pd.Timedelta(days=first), NOON + pd.Timedelta(days=last)
    return repeats(contacts, start=start, end=end, window_days=7, least_customers=least)


def share_of(contacts: Sequence[Contact]) -> tuple[int, int]:
    total = found(log(*contacts)).total
    assert total is not None
    return total.repeats.count, total.repeats.of


@pytest.mark.parametrize(
    ("second", "count"),
    [
        (came("a", 3), 1),
        (came("a", 7), 1),
        (came("a", 7.01), 0),
        (came("b", 3), 0),
        (came("a", 3, topic="outage"), 0),
        (came("a", 3, channel="email", queue="mails"), 1),
        (came("a", 3, topic="all"), 1),
        (came("a", 3, topic="", queue="mails"), 0),
    ],
    ids=[
        "again",
        "on the last day",
        "too late",
        "another",
        "another reason",
        "other channel",
        "no reason",
        "other queue",
    ],
)
def test_a_repeat_is_the_same_customer_on_the_same_reason_or_queue_within_the_days(
    second: Contact, count: int
) -> None:
    assert share_of([came("a", 0), second]) == (count, 2)


def test_a_contact_without_reason_is_repeated_by_one_of_its_queue() -> None:
    assert share_of([came("a", 0, topic="all"), came("a", 1, topic="billing")]) == (1, 2)
    assert share_of([came("a", 0, topic="all"), came("a", 1, topic="billing", queue="mails")]) == (0, 2)


def test_a_redial_after_hanging_up_is_one_attempt_and_a_call_handed_on_is_one_contact() -> None:
    gone = came("a", 0, outcome="abandoned")
    assert share_of([gone, came("a", 0.01)]) == (0, 1)
    assert share_of([came("a", 0), came("a", 1, outcome="abandoned")]) == (0, 1)
    handed = came("a", 0, outcome="transferred")
    assert share_of([handed, came("a", 0.01, queue="second line")]) == (0, 1)
    assert share_of([handed, came("a", 2)]) == (1, 2)  # two days later is no part of the same call


def test_of_three_contacts_two_are_repeats_and_the_first_was_not_resolved() -> None:
    total = found(log(came("a", 0), came("a", 2), came("a", 8), came("b", 0))).total
    assert total is not None
    assert (total.repeats.count, total.repeats.of) == (2, 4)
    assert (total.resolved.count, total.resolved.of) == (1, 2)
    assert total.hours == pytest.approx(48)


def test_first_contacts_whose_days_are_not_over_are_left_out_and_counted() -> None:
    total = found(log(came("a", 0), came("b", 6), ends=10)).total
    assert total is not None and (total.resolved.of, total.open) == (1, 1)


def test_contacts_at_the_beginning_of_a_log_are_left_out_because_their_past_is_unknown() -> None:
    rows = log(came("a", 0), came("b", 9))
    cut = rows[rows["at"] >= NOON]
    one = found(cut)
    assert one.early == 1 and one.total is not None and one.total.contacts == 1


def test_channels_and_pairs_tell_where_people_began_and_where_they_went() -> None:
    mail = {"channel": "email", "queue": "mails"}
    people = [came(f"a{at}", 0, **mail) for at in range(6)] + [came(f"a{at}", 1) for at in range(5)]
    total = found(log(*people, *(came(f"b{at}", 0) for at in range(8))), least=5).total
    assert total is not None
    assert (total.channels["email"].count, total.channels["email"].of) == (5, 6)
    assert total.channels["phone"].count == 0
    (pair,) = total.pairs
    assert (pair.first, pair.then, pair.count, pair.hours) == ("email", "phone", 5, 24.0)


def test_nothing_is_shown_of_few_customers_nor_can_it_be_worked_out() -> None:
    few = [came(f"x{at}", 0, topic="secret") for at in range(2)]
    some = [came(f"m{at}", 0, topic="moving") for at in range(6)]
    many = [came(f"b{at}", 0) for at in range(9)]
    one = found(log(*few, *some, *many), least=5)
    assert [row.topic for row in one.reasons] == ["billing"] and one.hidden == 2
    assert found(log(*few), least=5).total is None


def test_of_one_queue_are_its_contacts_and_what_they_repeat_in_others() -> None:
    contacts = log(came("a", 0, queue="calls"), came("a", 1, queue="mail", channel="email"), came("b", 0))
    start, end = NOON - pd.Timedelta(days=1), NOON + pd.Timedelta(days=40)

    def of(queue: str) -> tuple[int, Share, Share]:
        total = repeats(contacts, start=start, end=end, window_days=7, least_customers=1, queue=queue).total
        assert total is not None
        return total.contacts, total.repeats, total.resolved

    assert of("mail") == (1, Share(1, 1), Share(0, 0))
    assert of("calls") == (2, Share(0, 2), Share(1, 2))


def test_coverage_says_how_many_contacts_have_a_customer() -> None:
    one = found(log(came("a", 0), came(None, 1), came(None, 2), came("b", 3)))
    assert (one.covered.count, one.covered.of) == (2, 4)


def test_a_log_without_customers_and_an_empty_one_say_nothing() -> None:
    none = found(log(came(None, 0)))
    assert none.total is None and none.covered.count == 0 and none.moments.empty
    assert found(log().iloc[:0]).total is None


def test_the_interval_is_wilsons() -> None:
    assert Share(0, 10).interval == pytest.approx((0.0, 0.2775), abs=1e-4)  # Newcombe (1998), table I
    assert Share(81, 263).interval == pytest.approx((0.2553, 0.3662), abs=1e-4)
    assert Share(0, 0).interval is None


def test_links_agree_with_a_plain_search_of_all_pairs() -> None:
    rng = np.random.default_rng(3)
    people = [
        came(
            f"c{rng.integers(12)}",
            float(rng.uniform(0, 30)),
            topic=str(rng.choice(["billing", "outage", "all"])),
            queue=str(rng.choice(["calls", "mails"])),
        )
        for _ in range(300)
    ]

    def repeated(who: Contact) -> bool:
        def same(other: Contact) -> bool:
            one, two = who[2], other[2]
            if "all" in (one["topic"], two["topic"]):
                return bool(one["queue"] == two["queue"])
            return bool(one["topic"] == two["topic"])

        return any(other[0] == who[0] and 0 < who[1] - other[1] <= 7 and same(other) for other in people)

    assert share_of(people) == (sum(map(repeated, people)), 300)


def test_preventable_contact_counts_repeats_once_and_not_where_a_cause_is_known() -> None:
    contacts = pd.DataFrame(
        [("billing", "B", "2026-03-02", 100.0), ("moving", "M", "2026-03-02", 50.0)],
        columns=["topic", "queue", "week", "contacts"],
    )
    posts = pd.DataFrame([], columns=["topic", "week", "posts"])
    again = pd.DataFrame(
        [("billing", "B", "2026-03-02", 30.0), ("moving", "M", "2026-03-02", 20.0)],
        columns=["topic", "queue", "week", "repeats"],
    )
    total, each = preventable(contacts, posts, {("billing", None)}, again)
    assert (total.whole.known_cause, total.whole.repeats, total.whole.preventable) == (100, 20, 120)
    assert each["billing"].whole.repeats == 0 and each["moving"].whole.share == pytest.approx(0.4)
    unmeasured, _ = preventable(contacts, posts, set())
    assert unmeasured.whole.repeats is None
