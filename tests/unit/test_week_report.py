"""The week report: what is compared, the gap taken apart, budgets by day, and the sentence a manager reads."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecast.errors import InputError
from forecast.reports.document import make_document
from forecast.reports.plain import plain
from forecast.reports.sentences import headline, notes
from forecast.reports.tongue import Tongue, texts
from forecast.week_report import Report, make_report
from forecast.week_report_budget import Budget, by_day, weights
from forecast.week_report_line import DAYS, Counts, Pay, QueueWeek
from forecast.week_report_split import Claim, Parts, chance, contact_gap, taken_of, workload_gap

MONDAY = dt.date(2026, 3, 9)
MADE = dt.datetime(2026, 3, 16, 7, tzinfo=dt.UTC)
EN, NL = Tongue("en"), Tongue("nl")
PAY = Pay(36, 0.7)
ALL = np.ones(DAYS, dtype=bool)
UNKNOWN = np.full(DAYS, np.nan)


def counts(contacts: Sequence[float], aht: float | None = 300) -> Counts:
    came = np.array(contacts, dtype=float)
    return Counts(came, UNKNOWN if aht is None else came * aht, UNKNOWN if aht is None else came)


def week(
    actual: Sequence[float] = (100,) * 7,
    plan: Sequence[float] = (100,) * 7,
    *,
    queue: str = "calls",
    aht: float | None = 300,
    plan_aht: float | None = 300,
    **more: Any,
) -> QueueWeek:
    facts: dict[str, Any] = {
        "channel": "phone", "over": ALL, "last_year": Counts.unknown(), "budget": Counts.unknown(),
        "budget_fte": UNKNOWN, "basis": ("locked",) * DAYS,
    }  # fmt: skip
    return QueueWeek(queue, actual=counts(actual, aht), plan=counts(plan, plan_aht), **{**facts, **more})


def report(*weeks: QueueWeek, made_at: dt.datetime = MADE) -> Report:
    return make_report(
        weeks, company="Acme", monday=MONDAY, made_at=made_at, data_as_of=made_at, tz="Europe/Amsterdam", pay=PAY
    )  # fmt: skip


def said_of(found: Report, tongue: Tongue = EN) -> str:
    """The sentence, with plain blanks."""
    return headline(found.shown(), tongue).replace("\N{NO-BREAK SPACE}", " ")


def adds_up(parts: Parts, digits: int = 9) -> bool:
    if parts.volume is None or parts.known is None or parts.unexpected is None:
        return parts.gap is None
    inside = math.isclose(parts.known + parts.unexpected, parts.volume, abs_tol=10**-digits)
    if parts.gap is None or parts.aht is None:
        return inside
    return inside and math.isclose(parts.volume + parts.aht, parts.gap, abs_tol=10**-digits)


def test_the_gap_in_hours_is_volume_at_the_planned_aht_and_aht_over_the_contacts_that_came() -> None:
    line = report(week([120] * 7, [100] * 7, aht=330, plan_aht=300)).whole
    assert line.contacts.gap == pytest.approx(140)
    assert line.hours.volume == pytest.approx(140 * 300 / 3600)
    assert line.hours.aht == pytest.approx(840 * 30 / 3600)
    assert line.hours.gap == pytest.approx(840 * 330 / 3600 - 700 * 300 / 3600)
    assert line.fte.gap == pytest.approx((line.hours.gap or 0) / (36 * 0.7))
    assert line.euros.gap is None


def test_euros_are_those_of_the_hours_that_are_paid_for() -> None:
    line = report(week([120] * 7, rate=35.0)).whole
    assert line.euros.gap == pytest.approx((line.hours.gap or 0) / 0.7 * 35)


Numbers = st.lists(st.integers(0, 5000), min_size=7, max_size=7)
Ahts = st.one_of(st.none(), st.floats(20, 2000))


@st.composite
def some_week(draw: st.DrawFn, name: str) -> QueueWeek:
    kinds = st.sampled_from(["warning", "adjustment", "driver", "special_day"])
    sizes = st.one_of(st.none(), st.floats(-3000, 3000))
    claim = st.builds(Claim, kinds, st.sampled_from(["a", "b"]), st.integers(0, 6), sizes)
    over = np.array(draw(st.lists(st.booleans(), min_size=7, max_size=7)))
    return week(
        draw(Numbers), draw(Numbers), queue=name, aht=draw(Ahts), plan_aht=draw(Ahts), over=over,
        claims=tuple(draw(st.lists(claim, max_size=5))), rate=draw(st.one_of(st.none(), st.floats(5, 90))),
    )  # fmt: skip


@given(some_week("a"), some_week("b"), some_week("c"))
def test_the_parts_add_up_in_every_unit_exactly_and_as_they_are_printed(
    first: QueueWeek, second: QueueWeek, third: QueueWeek
) -> None:
    found = report(first, second, third)
    for one in (found, found.shown()):
        for line in (*one.lines, one.whole):
            assert all(adds_up(parts, 6) for parts in (line.contacts, line.hours, line.fte, line.euros))
    shown = found.shown()
    whole = shown.whole
    for gap, came, plan in (
        (whole.contacts.gap, whole.actual.contacts, whole.plan.contacts),
        (whole.hours.gap, whole.actual.hours, whole.plan.hours),
    ):
        assert gap is None or (came or 0) - (plan or 0) == pytest.approx(gap, abs=1e-6)
    for name in ("contacts", "hours", "fte", "euros"):
        known = [getattr(line, name).gap for line in shown.lines if getattr(line, name).gap is not None]
        if name == "euros" and len(known) < sum(line.hours.gap is not None for line in shown.lines):
            known = []  # an hour has no price in one of them
        total = getattr(shown.whole, name).gap
        assert (total is None) == (not known)
        assert total is None or total == pytest.approx(math.fsum(known), abs=1e-6)


@given(some_week("a"))
def test_known_events_explain_no_more_than_each_days_gap_and_only_in_its_direction(one: QueueWeek) -> None:
    gaps = np.where(one.compared, one.actual.contacts - one.plan.contacts, np.nan)
    parts, events = contact_gap("a", gaps, one.claims)
    assert math.fsum(event.contacts for event in events) == pytest.approx(parts.known)
    for day in range(DAYS):
        _, alone = contact_gap("a", np.where(np.arange(DAYS) == day, gaps, np.nan), one.claims)
        taken = math.fsum(event.contacts for event in alone)
        gap = 0.0 if np.isnan(gaps[day]) else float(gaps[day])
        assert abs(taken) <= abs(gap) + 1e-9 and taken * gap >= 0


def test_an_event_against_the_gap_explains_nothing_of_it() -> None:
    assert taken_of(-50, 100) == 0 and taken_of(50, 100) == 50 and taken_of(-50, -20) == -20
    assert taken_of(-50, None) == -50


def test_a_day_that_is_not_over_or_not_planned_is_on_no_side() -> None:
    over = np.arange(DAYS) < 5
    plan = [100, 100, math.nan, 100, 100, 100, 100]
    line = report(week([110] * 7, plan, over=over, last_year=counts([50] * 7))).whole
    assert (line.days, line.over) == (4, 5)
    assert (line.actual.contacts, line.plan.contacts, line.last_year.contacts) == (440, 400, 200)


def test_a_side_of_which_one_day_is_not_known_is_not_known() -> None:
    before = counts([50, math.nan, 50, 50, 50, 50, 50])
    line = report(week(last_year=before)).whole
    assert line.last_year.contacts is None and line.last_year.hours is None


def test_without_any_plan_there_is_no_gap_and_all_days_that_came_are_summed() -> None:
    found = report(week(plan=[math.nan] * 7, basis=("",) * 7), week(queue="mails"))
    first, second = found.lines
    assert first.contacts.gap is None and first.actual.contacts == 700 and found.without == ("calls",)
    assert found.whole.contacts.gap == second.contacts.gap == 0


def test_a_queue_without_handling_times_is_in_no_hours_and_the_sum_still_adds_up() -> None:
    found = report(week([110] * 7), week([130] * 7, aht=None, queue="mails"))
    assert found.untimed == ("mails",)
    assert found.whole.hours.gap == found.lines[0].hours.gap
    assert adds_up(found.whole.hours)


def test_volume_is_known_in_hours_where_only_the_planned_handling_time_is() -> None:
    parts = workload_gap(Parts(10.0, 10.0, 4.0, 6.0, None), 100, 360, None)
    assert (parts.gap, parts.volume, parts.known, parts.aht) == (None, 1.0, pytest.approx(0.4), None)


def test_the_planned_aht_of_the_sum_is_that_of_the_contacts_that_came() -> None:
    """More of the long contacts is volume, and no longer handling time."""
    short = week([100] * 7, [100] * 7, aht=100, plan_aht=100)
    long = week([200] * 7, [100] * 7, aht=500, plan_aht=500, queue="long")
    whole = report(short, long).whole
    assert whole.plan.aht == pytest.approx(whole.actual.aht) and whole.hours.aht == pytest.approx(0)


NO_PLAN: dict[str, Any] = {"plan": [math.nan] * 7, "basis": ("",) * 7, "plan_aht": None}


def test_the_total_is_of_the_queues_that_were_planned_and_came_less_plan_is_its_gap() -> None:
    found = report(
        week([100] * 7, [90] * 7), week([300] * 7, **NO_PLAN, queue="mails", channel="email", aht=400)
    )
    document = make_document(found, EN)
    total = [cell.text(EN) for cell in document.queues.rows[-1].cells]
    assert total[:4] == ["Total (1 of 2)", "630", "700", "+70"] and total[7:] == ["300", "300"]
    assert [cell.text(EN) for cell in document.hours.rows[-1].cells][1:3] == ["52.5", "58.3"]
    assert [(one.value, one.note, one.of) for one in document.tiles][:3] == [
        ("700", "plan 630, +70", "1 of 2 queues"),
        ("300 s", "plan 300, 0", "1 of 2 queues"),
        ("58 h", "plan 52, +5.8", "1 of 2 queues"),
    ]
    assert document.headline.startswith("In 1 of 2 queues: 11")
    assert "In no gap and in no total, because nothing was locked or published before the week: mails." in (
        document.notes
    )


def test_a_total_of_all_queues_does_not_say_of_how_many() -> None:
    document = make_document(report(week(), week(queue="mails")), NL)
    assert document.queues.rows[-1].cells[0].value == "Totaal" and {one.of for one in document.tiles} == {""}


def test_the_row_of_other_queues_is_of_those_that_were_planned() -> None:
    weeks = [week([100 + at] * 7, queue=f"q{at}") for at in range(6)]
    document = make_document(report(*weeks, week([900] * 7, **NO_PLAN, queue="new")), EN, most=3)
    others = [cell.text(EN) for cell in document.queues.rows[2].cells]
    assert others[:4] == ["Other queues (4 of 5)", "2,800", "2,842", "+42"]


def test_last_year_and_budget_have_no_total_where_a_queue_of_it_has_none() -> None:
    old = week(last_year=counts([80] * 7), budget=counts([90] * 7))
    found = report(old, week(queue="new"))
    assert (found.whole.last_year.contacts, found.whole.budget.contacts) == (None, None)
    said = notes(found.shown(), EN)
    assert "Last year has no total, because it is not known of: new." in said
    assert "Budget has no total, because it is not known of: new." in said
    assert not any("There is no budget" in one for one in said)


def test_euros_have_no_total_where_an_hour_of_a_queue_has_no_price() -> None:
    found = report(week([120] * 7, rate=35.0), week([120] * 7, queue="mails"))
    assert found.whole.euros.gap is None and "€" not in said_of(found)
    document = make_document(found, EN)
    assert [row.cells[-1].text(EN)[-3:] for row in document.hours.rows] == ["583", "–", "–"]
    assert "Euros have no total, because an hour has no price in: mails." in document.notes


def test_a_queue_of_which_nothing_was_planned_or_nothing_came_is_in_the_hours() -> None:
    nobody, unplanned = week([0] * 7, queue="a"), week([70] * 7, [0] * 7, queue="b", aht=360)
    dead = week([0] * 7, [0] * 7, queue="c")
    found = report(nobody, unplanned, dead)
    assert found.untimed == ()
    assert [one.hours.gap for one in found.lines] == pytest.approx([-700 * 300 / 3600, 49, 0])
    assert found.whole.hours.aht == pytest.approx(0)


def test_chance_is_the_mean_deviation_of_a_poisson_count() -> None:
    drawn = np.random.default_rng(1).poisson(400, 40_000)
    assert chance(400) == pytest.approx(np.abs(drawn - 400).mean(), rel=0.02)


def test_a_month_is_spread_by_the_forecast_where_all_open_days_have_one_and_evenly_else() -> None:
    def opens(days: np.ndarray) -> Any:  # type: ignore[type-arg]
        return (days + 3) % 7 < 5

    month = Budget("month", (dt.date(2026, 3, 1) - dt.date(1970, 1, 1)).days, 2200, 240, 4.5)
    days = np.arange(DAYS) + (MONDAY - dt.date(1970, 1, 1)).days
    even, fte = by_day([month], days, opens, {})
    assert even.contacts.tolist() == [100] * 5 + [0, 0] and fte.tolist() == [4.5] * 7
    assert even.seconds[0] == 24_000
    shape = {day: 3.0 if (day + 3) % 7 == 0 else 1.0 for day in month.days.tolist()}
    shaped, _ = by_day([month], days, opens, shape)
    assert shaped.contacts[0] == pytest.approx(3 * shaped.contacts[1])
    assert weights(month.days, opens, shape).sum() == pytest.approx(1)


def test_a_days_own_budget_goes_before_that_of_its_week_and_that_before_its_month() -> None:
    first = (MONDAY - dt.date(1970, 1, 1)).days
    days = np.arange(DAYS) + first
    rows = [Budget("month", first - 8, 3100), Budget("week", first, 700), Budget("day", first + 1, 5)]
    found, _ = by_day(rows, days, lambda days: np.ones(len(days), dtype=bool), {})
    assert found.contacts.tolist() == [100, 5, 100, 100, 100, 100, 100]


@pytest.mark.parametrize(
    ("tongue", "said"),
    [
        (EN, "20 % more calls than planned (140), nearly all from outage on Tuesday; they took 11 s longer each: 14 hours more work, 0.6 FTE, € 712."),
        (NL, "20 % meer gesprekken dan gepland (140), bijna allemaal door outage op dinsdag; elk duurde 11 s langer: 14 uur meer werk, 0,6 FTE, € 712."),
    ],
)  # fmt: skip
def test_the_sentence_says_how_many_from_what_and_what_it_costs(tongue: Tongue, said: str) -> None:
    actual = [100, 240, 100, 100, 100, 100, 100]
    one = week(actual, aht=311, claims=(Claim("warning", "outage", 1, 150.0),), rate=35.0)
    assert said_of(report(one), tongue) == said


def test_a_gap_that_chance_may_bring_is_told_as_planned() -> None:
    text = said_of(report(week([101] * 7)))
    assert text.startswith("As planned: 707 calls, +7 against the plan, which is within chance")


def test_fewer_contacts_and_shorter_ones_are_told_as_such() -> None:
    text = said_of(report(week([80] * 7, aht=280)))
    assert text.startswith(
        "20 % fewer calls than planned (140), without a known cause; they took 20 s less each: 15 hours less work"
    )


def test_without_a_plan_the_sentence_compares_with_last_year() -> None:
    one = week(plan=[math.nan] * 7, basis=("",) * 7, last_year=counts([80] * 7))
    assert "700 calls came, 25 % more than last year; no plan was locked" in said_of(report(one))
    assert said_of(report()) == "No day of this week can be compared yet."


def test_more_than_last_year_is_of_the_queues_whose_last_year_is_known() -> None:
    old = week(**NO_PLAN, last_year=counts([80] * 7))
    new = week([300] * 7, **NO_PLAN, queue="chat")
    assert said_of(report(old, new)).startswith(
        "2,800 calls came; in 1 of 2 queues last year is known, and there it is 25 % more than then; no plan"
    )
    assert said_of(report(new)).startswith("2,100 calls came; no plan")


def test_seconds_longer_are_those_of_the_contacts_whose_handling_time_is_known() -> None:
    timed = week([100] * 7, aht=360)
    found = report(timed, week([900] * 7, [900] * 7, queue="other", aht=None, plan_aht=None))
    assert "; they took 60 s longer each where that is known: 12 hours" in said_of(found)
    assert "; they took 60 s longer each: 12 hours" in said_of(report(timed))


def test_an_event_of_more_than_the_gap_is_told_as_such() -> None:
    actual = [400, 0, 40, 100, 100, 100, 100]
    found = report(week(actual, claims=(Claim("warning", "outage", 0, 300.0),)))
    assert "(140); outage on Monday alone explains 300, the rest went the other way:" in said_of(found)


def test_channels_together_are_contacts() -> None:
    found = report(week([150] * 7), week([150] * 7, queue="mails", channel="email"))
    assert "50 % more contacts than planned" in said_of(found)


def test_what_is_missing_is_told() -> None:
    over = np.arange(DAYS) < 4
    published = week([110] * 7, over=over, basis=("published",) * 7, queue="mails")
    said = " ".join(notes(report(week(over=over), published).shown(), EN))
    assert "compared are the days that are (4 of 7)" in said and "when the week began: mails" in said
    assert "There is no budget" in said and "staffing.rate" in said


def test_of_many_queues_the_largest_gaps_are_named_and_the_rest_is_one_row_that_adds_up() -> None:
    weeks = [week([100 + at] * 7, queue=f"q{at}") for at in range(30)]
    document = make_document(report(*weeks), EN, most=5)
    names = [str(row.cells[0].value) for row in document.queues.rows]
    assert names == ["q26", "q27", "q28", "q29", "Other queues (26)", "Total"]
    gaps = [row.cells[3].value for row in document.queues.rows]
    assert sum(gap for gap in gaps[:-1] if isinstance(gap, float)) == gaps[-1]


def test_missing_is_a_dash_and_never_a_zero() -> None:
    document = make_document(report(week(plan=[math.nan] * 7, basis=("",) * 7)), EN)
    texts_ = [cell.text(EN) for cell in document.queues.rows[0].cells]
    assert texts_[1] == "–" and texts_[3] == "–" and texts_[5:8] == ["–", "–", "–"]


def test_numbers_are_written_in_the_language() -> None:
    assert (NL.number(-1234.5, 1), EN.number(1234.5, 1, sign=True)) == ("−1.234,5", "+1,234.5")
    assert (NL.euros(-1140), EN.percent(None), EN.number(-0.04, 1)) == (
        "−€\N{NO-BREAK SPACE}1.140",
        "–",
        "0.0",
    )


def test_both_catalogues_hold_the_same_texts_with_the_same_places() -> None:
    first, second = texts("en"), texts("nl")
    assert list(first) == list(second)

    def places(text: str) -> list[str]:
        return sorted(part.split("}")[0] for part in text.split("{")[1:])

    assert [key for key in first if places(first[key]) != places(second[key])] == []
    with pytest.raises(InputError, match="'fr'"):
        texts("fr")


def test_json_holds_what_is_printed() -> None:
    found = plain(report(week([120.4] * 7)), EN)
    assert found["week"] == "2026-W11" and found["total"]["gap"]["contacts"]["gap"] == 143
    assert found["total"]["queues_in"] == {"contacts": 1, "aht": 1, "hours": 1, "of": 1}
    assert found["total"]["last_year"]["contacts"] is None and found["total"]["gap_by_day"]["monday"] == 20
    assert sum(found["total"]["gap_by_day"].values()) == 143


def test_several_events_of_a_name_are_one_over_their_queues() -> None:
    claims = (Claim("special_day", "Storm", 2),)
    found = plain(
        report(replace(week([130] * 7), claims=claims), week([120] * 7, queue="b", claims=claims)), EN
    )
    (event,) = found["events"]
    assert (event["queues"], event["first_day"], event["contacts"], event["told"]) == (
        ["calls", "b"],
        "wednesday",
        50,
        None,
    )
