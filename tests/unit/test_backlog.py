"""What waits for an answer, as counts and as contacts tell it, as known at each moment; and the contacts late answers bring."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from forecast.backlog import HOUR, as_known, first_in_first_out, is_cohort, of_contacts
from forecast.buckets import DAY, column_ns, local_ns, to_ns
from forecast.late_answers import estimate
from forecast.simulate import World, company, simulate
from forecast.versions import Versions

ENDS = np.arange(1, 9, dtype=np.int64) * HOUR
BEGINS = ENDS - HOUR


def test_the_oldest_and_the_late_follow_from_first_in_first_out() -> None:
    came = np.array([4.0, 0, 0, 2, 0, 0, 0, 0])
    done = np.array([0.0, 0, 1, 0, 0, 3, 0, 2])
    made = first_in_first_out(BEGINS, ENDS, came, done, target=3 * HOUR)
    assert made.waiting.tolist() == [4, 4, 3, 5, 5, 2, 2, 0]
    assert made.late.tolist() == [0, 0, 0, 3, 3, 0, 2, 0]
    assert made.oldest.tolist() == [1, 2, 3, 4, 5, 3, 4, 0]
    assert made.broken.tolist() == [0, 0, 0, 3, 0, 0, 2, 0]
    assert made.in_time.tolist() == [0, 0, 1, 0, 0, 0, 0, 0]
    assert made.share_in_time(slice(None)) == pytest.approx(1 / 6)
    assert made.start == 0


def test_open_hours_count_only_while_open() -> None:
    open_ = np.array([1, 1, 0, 0, 0, 0, 1, 1], dtype=bool)
    came, done = np.eye(8)[1], np.zeros(8)
    made = first_in_first_out(BEGINS, ENDS, came, done, target=HOUR, open_=open_)
    assert made.oldest[-1] == 7 and made.oldest_open[-1] == 3


def test_what_waited_before_the_rows_is_the_least_that_explains_the_answers() -> None:
    made = first_in_first_out(BEGINS, ENDS, np.full(8, 2.0), np.full(8, 3.0), target=HOUR)
    assert made.start == 8 and made.beyond == 0 and made.waiting.min() == 0
    absurd = first_in_first_out(BEGINS, ENDS, np.eye(8)[0], np.full(8, 300.0), target=HOUR)
    assert absurd.beyond > 0
    assert len(first_in_first_out(BEGINS[:0], ENDS[:0], np.zeros(0), np.zeros(0), target=HOUR)) == 0


def test_handled_per_row_of_arrival_is_told_apart_from_answers_given_in_it() -> None:
    came = np.random.default_rng(1).poisson(6.0, 200).astype(float)
    assert is_cohort(came, came) and is_cohort(came, came - 1, np.ones(200))
    assert not is_cohort(came, np.roll(came, 3)) and not is_cohort(came[:5], came[:5])


def test_contacts_one_by_one_tell_the_same_as_first_in_first_out_where_they_are_answered_so() -> None:
    rng = np.random.default_rng(2)
    ends = np.arange(1, 400, dtype=np.int64) * HOUR
    came = rng.poisson(3.0, 399).astype(float)
    done = np.zeros(399)
    left = 0.0
    for at in range(399):
        done[at] = min(left + came[at], rng.integers(0, 7))
        left += came[at] - done[at]
    at = np.repeat(ends, came.astype(int))  # at the end of the hour, as `late` counts them
    answered = np.full(len(at), -1, dtype=np.int64)
    given = np.repeat(ends, done.astype(int))
    answered[: len(given)] = given
    by_counts = first_in_first_out(ends - HOUR, ends, came, done, target=5 * HOUR)
    by_contact = of_contacts(ends - HOUR, ends, at, answered, target=5 * HOUR)
    assert by_contact.waiting.tolist() == by_counts.waiting.tolist()
    assert by_contact.answered.tolist() == by_counts.answered.tolist()
    assert (
        np.abs(by_contact.late - by_counts.late).max() <= came.max()
    )  # those that come due at the bucket's end


def test_what_was_told_of_a_moment_is_what_was_known_then() -> None:
    came, done = np.array([4.0, 0, 0, 2, 0, 0, 0, 0]), np.array([0.0, 0, 1, 0, 0, 3, 0, 2])
    late_row = np.where(np.arange(8) == 2, ENDS[-1] + HOUR, ENDS)  # the third hour came in late
    offered, handled = Versions.of(BEGINS, came, ENDS), Versions.of(BEGINS, done, late_row)
    late, age = as_known(offered, handled, BEGINS, ENDS, target=3 * HOUR, since=0)
    for moment in (*ENDS.tolist(), int(ENDS[-1]) + HOUR):
        seen = int(np.searchsorted(ENDS, moment, side="right"))
        known = np.where(late_row <= moment, done, 0.0)[:seen]
        plain = first_in_first_out(BEGINS[:seen], ENDS[:seen], came[:seen], known, target=3 * HOUR)
        for versions, values in ((late, plain.late), (age, plain.oldest)):
            assert versions.until(moment).on(BEGINS[:seen])[-1] == values[-1]
    assert (late.known_at >= ENDS[np.searchsorted(BEGINS, late.ds)]).all()


def test_a_later_look_tells_only_what_is_new() -> None:
    came, done = np.array([4.0, 0, 0, 2, 0, 0, 0, 0]), np.array([0.0, 0, 1, 0, 0, 3, 0, 2])
    offered, handled = Versions.of(BEGINS, came, ENDS), Versions.of(BEGINS, done, ENDS)
    whole, _ = as_known(offered, handled, BEGINS, ENDS, target=3 * HOUR, since=0)
    rest, _ = as_known(offered, handled, BEGINS, ENDS, target=3 * HOUR, since=int(ENDS[4]))
    assert rest.ds.tolist() == BEGINS[5:].tolist()
    assert rest.value.tolist() == whole.value[5:].tolist()
    assert len(as_known(offered, handled, BEGINS, ENDS, target=HOUR, since=int(ENDS[-1]))[0]) == 0


@pytest.fixture(scope="module")
def world() -> World:
    end = pd.Timestamp("2026-03-02", tz="Europe/Luxembourg").tz_convert("UTC")
    return simulate(company("telecom"), days=420, end=end, seed=10, ongoing=False)


def test_the_simulators_backlog_is_found_again_and_so_is_the_effect_it_planted(world: World) -> None:
    told = world.truth.backlog[world.truth.backlog["ds"] < world.end]
    ds, came = column_ns(told["ds"]), told["arrived"].to_numpy(float)
    done = came - np.diff(np.r_[0.0, told["backlog"].to_numpy(float)])
    made = first_in_first_out(ds, ds + HOUR // 2, came, done, target=72 * HOUR)
    assert np.allclose(made.late, told["overdue"]) and np.allclose(made.broken, told["broken"])
    tz = world.company.zone
    day = local_ns(ds, tz) // DAY
    first, count = int(day[0]), int(day[-1] - day[0]) + 1
    late = np.bincount(day - first, weights=made.broken, minlength=count).astype(float)
    shown = {}
    for queue, rows in world.volumes[world.volumes["ds"] < world.end].groupby("queue"):
        at = local_ns(column_ns(rows["ds"]), tz) // DAY - first
        totals = np.bincount(at, weights=rows["offered"], minlength=count).astype(float)
        shown[queue] = estimate(str(queue), "mail", totals, totals == 0, late, first_day=first)
    planted = shown["phone_billing"]
    assert planted.shown and planted.lower <= 0.35 <= planted.upper
    others = [each.shown for queue, each in shown.items() if queue not in ("phone_billing", "email_billing")]
    assert not any(others)
    assert to_ns(world.end) > int(ds[-1])


def test_late_answers_that_bring_nothing_are_seldom_shown() -> None:
    false = 0
    for seed in range(25):
        rng = np.random.default_rng(seed)
        weekday = np.arange(420) % 7
        spell = np.repeat(rng.gamma(0.5, 60.0, 60), 7)
        late = rng.poisson(spell * (weekday < 5)).astype(float)
        level = np.exp(np.cumsum(rng.normal(0, 0.01, 420)))
        totals = rng.poisson(300 * level * (weekday < 5) * np.exp(rng.normal(0, 0.1, 420))).astype(float)
        false += estimate("calls", "mail", totals, totals == 0, late, first_day=4).shown
    assert false <= 1


def test_too_little_history_says_so() -> None:
    found = estimate("calls", "mail", np.ones(60), np.zeros(60, dtype=bool), np.ones(60), first_day=0)
    assert not found.shown and "not enough history" in found.why
    empty = estimate("calls", "mail", np.ones(30), np.ones(30, dtype=bool), np.ones(30), first_day=0)
    assert not empty.shown
