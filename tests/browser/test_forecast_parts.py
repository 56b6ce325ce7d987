"""What page Forecast works with, without a browser: numbers pasted, adjustments made of them, sums, marks, the version that speaks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session, sessionmaker

from api.dashboard import outlook, queries
from api.dashboard.desk import Change
from api.dashboard.forecast import acts, adjusting, marks, pasting, plan, screen, together, why, work
from api.dashboard.forecast.choice import Choice, day_of
from api.dashboard.words import Words
from forecast.arrays import Ns
from forecast.buckets import SECOND, Grid, Interval, column_ns, day_start, index, local_day, to_ns
from forecast.errors import InputError
from store.adjusted import load_adjusted
from store.forecasts import COLUMNS, create_version, publish_version, save_forecast
from store.locks import list_locks, lock_span
from store.overrides import load_overrides
from store.queues import Queue, save_queue
from store.settings import Settings
from store.tables import QueueRow
from store.volumes import save_volumes
from tests.browser.filled import NOW

EN, NL = Words("en"), Words("nl")
TOMORROW = dt.date(2026, 3, 11)
DAY = Choice("phone_billing", period="today", first=TOMORROW)


@pytest.fixture
def session(filled: sessionmaker[Session]) -> Iterator[Session]:
    """What is changed in it is never committed."""
    with filled() as opened:
        yield opened
        opened.rollback()


def change(session: Session, moment: dt.datetime = NOW) -> Change:
    return Change(session, "ben", moment)


def loaded(session: Session, choice: Choice = DAY) -> acts.Work:
    return acts.load(session, choice, NOW, Settings())


def starts(held: acts.Work, first: int, count: int) -> list[str]:
    return [f"{ds:%Y-%m-%dT%H:%M:%SZ}" for ds in held.rows["ds"].iloc[first : first + count]]


def local_day_of(moments: Ns, tz: str) -> list[int]:
    return [local_day(int(one), tz) for one in moments]


def local_days(frame: pd.DataFrame) -> list[dt.date]:
    return [one.date() for one in frame["ds"].dt.tz_convert("Europe/Amsterdam")]


def year_before(session: Session, days: Iterable[int]) -> None:
    """Five contacts in every half hour of days around the one 52 weeks before NOW."""
    tz, today = "Europe/Amsterdam", local_day(to_ns(NOW), "Europe/Amsterdam") - 364
    ds = np.concatenate([Grid.days(today + day, today + day, Interval.HALF_HOUR, tz).ds for day in days])
    facts = {
        "queue": "phone_billing",
        "ds": index(ds),
        "offered": 5.0,
        "known_at": index(ds),
        "assumed": True,
    }
    save_volumes(session, pd.DataFrame(facts), upload_id=None)


class Bench:
    """A desk whose changes are all made in one session, which nobody commits."""

    def __init__(self, session: Session, moment: dt.datetime = NOW) -> None:
        self.settings, self._made = Settings(), change(session, moment)

    @contextmanager
    def change(self, scope: str) -> Iterator[Change]:
        assert scope == "plan"
        yield self._made


class TestPasting:
    @pytest.mark.parametrize(
        ("text", "language", "numbers"),
        [
            ("12\n13\r\n14\n", "en", [12, 13, 14]),
            ("1.234,5\n2,5\n", "en", [1234.5, 2.5]),
            ("1,234.5\n2.5", "nl", [1234.5, 2.5]),
            ("1,234", "en", [1234]),
            ("1.234", "nl", [1234]),
            ("1,234\n0,5", "en", [1.234, 0.5]),
            ("10\t99\n\n12\n", "nl", [10, None, 12]),
            ("1.234.567\n", "en", [1234567]),
            ("1\u00a0234,5", "nl", [1234.5]),
        ],
    )
    def test_a_column_is_read_as_its_author_wrote_it(
        self, text: str, language: str, numbers: list[float | None]
    ) -> None:
        assert [one.number for one in pasting.column(text, language)] == numbers

    @pytest.mark.parametrize("text", ["abc", "=1+1", "-5", "1,2,3.4.5", "10%", "nan", "1e400", "<b>1</b>"])
    def test_what_is_no_number_of_contacts_is_wrong_not_zero(self, text: str) -> None:
        assert [one.wrong for one in pasting.column(text, "en")] == [True]

    def test_a_blank_cell_is_neither_a_number_nor_wrong(self) -> None:
        assert [(one.blank, one.wrong) for one in pasting.column(" \n5", "en")] == [
            (True, False),
            (False, False),
        ]


class TestAdjusting:
    def test_a_selection_becomes_one_adjustment_per_unbroken_stretch(self, session: Session) -> None:
        held = loaded(session)
        numbers, count = acts.save_selected(
            change(session), held, [*starts(held, 0, 3), *starts(held, 5, 2)], "percent", 10.0, "letter", None
        )
        kept = [one.override for one in load_overrides(session) if one.override.id in numbers]
        assert (len(kept), count) == (2, 5)
        assert {(one.kind, one.value, one.queue, one.reason, one.author) for one in kept} == {
            ("percent", 10.0, "phone_billing", "letter", "ben")
        }
        after = loaded(session).rows
        ratio = (after["mean"] / held.rows["mean"]).round(6)
        assert ratio.tolist()[:7] == [1.1, 1.1, 1.1, 1.0, 1.0, 1.1, 1.1]

    @pytest.mark.parametrize(("way", "value"), [("set", 500.0), ("add", 120.0)])
    def test_a_sum_is_set_or_added_to_over_the_whole_selection(
        self, session: Session, way: str, value: float
    ) -> None:
        held = loaded(session)
        chosen = [*starts(held, 0, 4), *starts(held, 8, 3)]
        before = held.rows.iloc[[0, 1, 2, 3, 8, 9, 10]]
        acts.save_selected(change(session), held, chosen, way, value, "because", None)
        after = loaded(session).rows.iloc[[0, 1, 2, 3, 8, 9, 10]]
        wanted = value if way == "set" else before["mean"].sum() + value
        assert after["mean"].sum() == pytest.approx(wanted, rel=1e-6)

    def test_pasted_numbers_are_what_the_forecast_says_afterwards_and_are_undone_as_one(
        self, session: Session
    ) -> None:
        held = loaded(session)
        told = {"text": "41\n\n17\n33\n", "starts": starts(held, 2, 4)}
        asked = acts.proposal(held, told, EN)
        numbers, count = acts.save_numbers(change(session), held, asked, "their plan")
        after = loaded(session).rows
        assert after["expected"].tolist()[2:6] == [41, held.rows["expected"][3], 17, 33]
        assert count == len(numbers) == 3
        assert adjusting.undo(change(session, NOW + dt.timedelta(seconds=1)), numbers) == 3
        again = acts.load(session, DAY, NOW + dt.timedelta(seconds=2), Settings()).rows
        assert again["expected"].tolist() == held.rows["expected"].tolist()

    @pytest.mark.parametrize(("step", "period"), [("hour", "today"), ("day", "week"), ("week", "weeks4")])
    @pytest.mark.parametrize(("way", "share"), [("set", 0.8), ("set", 1.3), ("add", 0.1), ("typed", 1.4)])
    def test_a_row_under_way_shows_the_number_it_was_given(
        self, session: Session, step: str, period: str, way: str, share: float
    ) -> None:
        choice = Choice("phone_billing", period=period, step=step)
        held = loaded(session, choice)
        row = adjusting.open_to_change(held.held, held.rows).iloc[0]
        assert row["begin"] > row["ds"].value and 0 < row["left"] < row["mean"]
        value = float(round(row["expected"] * share))
        if way == "typed":
            asked = acts.Proposal({int(row["ds"].value): value}, (), False)
            acts.save_numbers(change(session), held, asked, "because")
        else:
            start = f"{row['ds']:%Y-%m-%dT%H:%M:%SZ}"
            acts.save_selected(change(session), held, [start], way, value, "because", None)
        after = loaded(session, choice).rows.set_index("ds").loc[row["ds"], "expected"]
        assert after == (row["expected"] + value if way == "add" else value)
        assert load_overrides(session)[0].override.start == row["begin"]

    def test_what_came_cannot_be_taken_away(self, session: Session) -> None:
        held = loaded(session, Choice("phone_billing", step="day"))
        row = adjusting.open_to_change(held.held, held.rows).iloc[0]
        start = f"{row['ds']:%Y-%m-%dT%H:%M:%SZ}"
        with pytest.raises(InputError, match="have come already"):
            acts.save_selected(change(session), held, [start], "set", 1.0, "because", None)
        with pytest.raises(InputError, match="have come already"):
            acts.save_numbers(change(session), held, acts.Proposal({row["ds"].value: 1.0}, (), True), "x")

    @pytest.mark.parametrize("pin", [True, False])
    def test_a_number_set_in_every_row_is_shown_in_every_row(self, session: Session, pin: bool) -> None:
        held = loaded(session)
        wanted = {int(ds): 40.0 for ds in column_ns(held.rows["ds"])}
        acts.save_numbers(change(session), held, acts.Proposal(wanted, (), pin), "their plan")
        assert set(loaded(session).rows["expected"]) == {40.0}

    def test_a_pasted_half_hour_is_told_as_the_number_that_was_pasted(self, session: Session) -> None:
        held = loaded(session)
        told = {"text": "41\n", "starts": starts(held, 2, 1)}
        acts.save_numbers(change(session), held, acts.proposal(held, told, EN), "plan")
        assert screen.screen(session, DAY, EN, None, NOW).rows[2]["note"] == "set to 41 · plan (ben)"
        whole = Choice("phone_billing", period="today", first=TOMORROW, step="day")
        kept = load_overrides(session)[0].override
        by_day = screen.screen(session, whole, NL, None, NOW).rows[0]["note"]
        assert by_day == f"gezet op gemiddeld {NL.number(kept.value, 1)} · plan (ben)"

    @pytest.mark.parametrize(("way", "value"), [("add", 100.0), ("set", 500.0), ("percent", 10.0)])
    def test_a_second_press_gives_back_what_the_first_one_saved(
        self, session: Session, way: str, value: float
    ) -> None:
        held = loaded(session)
        chosen = [*starts(held, 0, 3), *starts(held, 6, 2)]
        asked = (chosen, way, value, "letter", None)
        first = acts.save_selected(change(session), held, *asked, last=0)
        later = change(session, NOW + dt.timedelta(seconds=1))
        again = acts.load(session, DAY, later.now, Settings())
        assert acts.save_selected(later, again, *asked, last=0) == first
        assert len(load_overrides(session)) == 2
        meant = acts.save_selected(later, again, chosen, "percent", 7.0, "letter", None, last=max(first[0]))
        assert len(load_overrides(session)) == 4 and set(meant[0]).isdisjoint(first[0])

    def test_numbers_typed_for_one_queue_are_saved_to_it_whatever_is_chosen_by_now(
        self, session: Session
    ) -> None:
        held = loaded(session)
        other = Choice("email_billing", step="hour")
        edit = {"data": {"start": starts(held, 4, 1)[0]}, "value": 77}
        pending = acts.typed(None, [edit], DAY.told) | {"choice": DAY.told, "last": 0}
        told = {"language": "en", "pending": pending, "pending_why": "training"}
        told["shown"] = {"choice": other.told, "last": 0}
        name = "forecast-pending-save"
        said, numbers = work.done(Bench(session), name, name, told)  # type: ignore[arg-type]
        assert (said, len(numbers)) == ("Saved: 1 numbers set", 1)
        assert load_overrides(session)[0].override.queue == "phone_billing"
        assert acts.typed(pending, [], other.told) == {"typed": {}}
        assert Choice.kept(DAY.told) == replace(DAY, lines=()) and Choice.kept(None) is None

    def test_what_cannot_be_pasted_is_named_by_its_row(self, session: Session) -> None:
        held = loaded(session)
        asked = acts.proposal(held, {"text": "12\n<b>x</b>\n3\n4", "starts": starts(held, 0, 3)}, EN)
        assert list(asked.wanted.values()) == [12, 3]
        assert asked.wrong[0].startswith("Row 2: “<b>x</b>” is no number")
        assert "4 rows were pasted, the table has 3" in asked.wrong[1]

    def test_rows_that_are_over_stay_as_they_are(self, session: Session) -> None:
        held = loaded(session, Choice("phone_billing"))
        over = [f"{ds:%Y-%m-%dT%H:%M:%SZ}" for ds in held.rows.loc[held.rows["over"], "ds"]]
        assert over and adjusting.chosen(held.held, held.rows, over).empty
        with pytest.raises(InputError):
            acts.save_selected(change(session), held, over, "percent", 10.0, "late", None)

    def test_without_a_reason_nothing_is_saved(self, session: Session) -> None:
        held = loaded(session)
        with pytest.raises(InputError, match="no reason"):
            acts.save_selected(change(session), held, starts(held, 0, 2), "percent", 10.0, "  ", None)
        assert load_overrides(session) == []

    def test_the_last_day_it_counts_is_said_in_local_days(self, session: Session) -> None:
        held = loaded(session)
        acts.save_selected(change(session), held, starts(held, 0, 1), "percent", 5.0, "x", TOMORROW)
        assert load_overrides(session)[0].expires_at == dt.datetime(2026, 3, 11, 23, tzinfo=dt.UTC)

    @pytest.mark.parametrize(
        ("text", "value"), [("10", 10), ("-10", -10), ("+12,5", 12.5), ("\N{MINUS SIGN}3 %", -3)]
    )
    def test_a_value_is_read_with_its_sign(self, text: str, value: float) -> None:
        assert work.typed_value(text, NL) == value

    @pytest.mark.parametrize("text", ["", "ten", "--3", "1\n2", None])
    def test_another_value_is_refused_by_name(self, text: str | None) -> None:
        with pytest.raises(InputError):
            work.typed_value(text, EN)


class TestScopes:
    def test_all_queues_are_the_sums_of_their_means_without_a_band(self, session: Session) -> None:
        held = together.load(session, Choice("phone_billing", "all", step="day"), NOW)
        frame = outlook.buckets(held, held.window.start, held.window.end, held.window.step)
        stored = load_adjusted(session, series=None, granularity="day", now=NOW)
        sums = stored.groupby("ds")["mean"].sum()
        ahead = frame[~frame["over"] & frame["open"]]
        assert np.array_equal(ahead["expected"], sums.loc[ahead["ds"]].round())
        assert ahead[["low", "busy", "safe"]].isna().all(axis=None)

    def test_a_channel_is_its_own_queues_and_is_adjusted_as_a_channel(self, session: Session) -> None:
        held = together.load(session, Choice("phone_billing", "channel"), NOW)
        assert [one.name for one in held.added] == ["phone_billing", "phone_outage"]
        assert adjusting.scope(held) == {"queue": "", "channel": "phone", "topic": ""}
        every = together.load(session, Choice("phone_billing", "all"), NOW)
        assert adjusting.scope(every) == {"queue": "", "channel": "", "topic": ""}

    @pytest.mark.parametrize("period", ["today", "week", "months18"])
    @pytest.mark.parametrize("step", ["interval", "hour", "day", "month"])
    def test_without_what_today_tells_besides_the_same_numbers_are_shown(
        self, session: Session, period: str, step: str
    ) -> None:
        less, more = (
            queries.load(session, "phone_billing", period, step, NOW, today=each) for each in (False, True)
        )
        one, other = (
            outlook.buckets(held, held.window.start, held.window.end, held.window.step)
            for held in (less, more)
        )
        pd.testing.assert_frame_equal(one, other)
        assert set(less.forecast) <= set(more.forecast) and len(more.forecast) == 5

    def test_contacts_of_several_queues_are_the_sums_of_their_own(self, session: Session) -> None:
        held = together.load(session, Choice("phone_billing", scope="all"), NOW)
        each = [together.load(session, Choice(one.name), NOW).series.offered for one in held.added]
        first = int(held.series.offered.ds.min())
        sums = sum(float(one.latest()[1][one.latest()[0] >= first].sum()) for one in each)
        assert len(each) > 1 and float(held.series.offered.value.sum()) == sums

    def test_days_of_queues_in_two_zones_are_added_up_by_their_own_date(self) -> None:
        zones = {"nl": "Europe/Amsterdam", "uk": "Europe/London", "in": "Asia/Kolkata"}
        first = (dt.date(2026, 3, 9) - dt.date(1970, 1, 1)).days
        for length, days in ((Interval.DAY, 1), (Interval.WEEK, 7)):
            dates = first + days * np.arange(3)
            each = [
                pd.DataFrame({"series": name, "ds": index(day_start(dates, tz)), "mean": [value, 0.0, 2 * value]})
                for (name, tz), value in zip(zones.items(), (100.0, 10.0, 1.0), strict=True)
            ]  # fmt: skip
            for tz in zones.values():
                found = together.summed(pd.concat(each, ignore_index=True), length, tz, zones)
                assert found["ds"].tolist() == index(day_start(dates, tz)).tolist()
                assert found["mean"].tolist() == [111.0, 0.0, 222.0]

    def test_contacts_of_a_queue_in_another_zone_come_on_their_own_local_day(self) -> None:
        other = Queue("uk", "phone", "all", Interval.HALF_HOUR, "Europe/London")
        whole = Queue("all", "phone", "all", Interval.HALF_HOUR, "Asia/Kolkata")
        sunday = (dt.date(2026, 3, 29) - dt.date(1970, 1, 1)).days  # the clocks change in London
        moments = Grid.days(sunday - 1, sunday + 1, other.interval, other.tz).ds
        moved = together.same_clock(moments, other, whole)
        assert local_day_of(moved, whole.tz) == local_day_of(moments, other.tz)
        assert not (moved % (30 * 60 * SECOND)).any()

    @pytest.mark.parametrize("lines", [("published",), ("last_year",)])
    def test_a_line_beside_all_queues_is_the_sum_of_their_own_days(
        self, session: Session, lines: tuple[str, ...]
    ) -> None:
        year_before(session, range(-20, 20))
        same = Choice("phone_billing", "all", step="day", lines=lines)
        one = screen.look(session, same, NOW, Settings())
        session.execute(update(QueueRow).where(QueueRow.name == "email_billing").values(tz="UTC"))
        two = screen.look(session, same, NOW, Settings())
        assert list(one.lines) == list(two.lines) == list(lines)
        assert np.isfinite(one.lines[lines[0]]).sum() >= 5

    def test_what_is_expected_in_a_range_is_the_same_by_every_step(self, session: Session) -> None:
        looks = [
            screen.look(session, Choice("phone_billing", step=step), NOW, Settings())
            for step in ("interval", "hour", "day")
        ]
        sums = [screen.figures_line(one, EN)[0].children[1].children for one in looks]
        mean = looks[0].frame.loc[~looks[0].frame["over"], "mean"].sum()
        assert sums == [EN.number(mean)] * 3
        assert all(f" {sums[0]} contacts expected" in screen.sentence(one, EN) for one in looks)
        rows = [one for one in screen.screen(session, DAY, EN, None, NOW).rows if not one["over"]][:3]
        total = EN.number(sum(one["mean"] for one in rows))
        assert acts.selected(rows, EN) == f"3 intervals selected, {total} expected on average"
        assert acts.selected(rows[:1], EN).endswith(f", {EN.number(rows[0]['expected'])} expected")

    def test_the_browser_is_told_which_rows_the_table_really_has(self, session: Session) -> None:
        choice = Choice("phone_billing", period="weeks13", first=TOMORROW)
        found = screen.screen(session, choice, EN, None, NOW).shown
        assert (found["step"], found["last"]) == ("hour", 0)
        assert Choice.kept(found["choice"]) == replace(choice, lines=())

    @pytest.mark.parametrize("step", ["interval", "hour", "day", "week", "month"])
    def test_a_long_range_is_never_more_points_than_pixels(self, session: Session, step: str) -> None:
        lines = ("last_week", "last_year", "published", "locked", "draft", "imported:99")
        found = screen.screen(
            session, Choice("phone_outage", period="months18", step=step, lines=lines), NL, "dark", NOW
        )
        assert max(len(trace.x) for trace in go.Figure(found.figure).data[1:]) <= 1500
        assert len(found.rows) <= 3000

    def test_an_address_that_says_nothing_sensible_is_a_week(self) -> None:
        asked = Choice.asked({"queue": "<b>", "day": "2026-99-99", "step": "eon", "range": "ever"})
        assert (asked.first, asked.step, asked.period) == (None, "interval", "week")
        assert Choice.asked({"day": "2026-03-11"}).period == "today"
        assert day_of(None) is None and day_of("2026-03-11") == TOMORROW


class TestBeside:
    def test_adjustments_are_told_in_the_list_and_beside_their_rows(self, session: Session) -> None:
        held = loaded(session)
        acts.save_selected(change(session), held, starts(held, 0, 2), "percent", 10.0, "<i>letter</i>", None)
        found = screen.screen(session, DAY, EN, "light", NOW)
        assert found.rows[0]["note"] == "+10\N{NO-BREAK SPACE}% · <i>letter</i> (ben)"
        assert found.rows[2]["note"] == ""
        listed = str(found.adjustments)
        assert "<i>letter</i>" in listed and "ben" in listed
        hovers = [text for trace in found.figure["data"] for text in trace.get("text", [])]
        assert any("&lt;i&gt;" in text for text in hovers) and not any("<i>" in text for text in hovers)

    def test_last_year_is_the_same_weekday_52_weeks_before(self, session: Session) -> None:
        from api.dashboard.forecast.lines import YEAR, last_year

        held = together.load(session, Choice("phone_billing", step="day"), NOW)
        frame = outlook.buckets(held, held.window.start, held.window.end, held.window.step)
        assert YEAR % 7 == 0
        assert last_year(session, held, frame, held.window.step) is None  # the company is 66 days old

    def test_last_year_of_a_part_of_a_week_is_not_told_as_the_week(self, session: Session) -> None:
        year_before(session, range(-7, 9))  # from Tuesday on, and up to a Wednesday
        by_day, by_week = (
            screen.look(session, Choice("phone_billing", period="weeks4", step=step, lines=("last_year",)), NOW,
                        Settings())
            for step in ("day", "week")
        )  # fmt: skip
        weeks = pd.Series(by_week.lines["last_year"], index=local_days(by_week.frame))
        days = pd.Series(by_day.lines["last_year"], index=local_days(by_day.frame))
        assert days.notna().sum() > 6 and set(days.dropna()) == {240.0}
        assert weeks.dropna().to_dict() == {dt.date(2026, 3, 9): 7 * 240.0}

    def test_last_year_of_a_day_that_is_not_over_is_not_told(self, session: Session) -> None:
        choice = Choice("phone_billing", "queue", step="day", first=dt.date(2027, 3, 6), lines=("last_year",))
        found = screen.look(session, choice, NOW, Settings())
        told = dict(zip(local_days(found.frame), found.lines["last_year"], strict=True))
        assert told[dt.date(2027, 3, 8)] > 0  # Monday 9 March 2026
        assert np.isnan(told[dt.date(2027, 3, 9)])  # today, half over

    @pytest.mark.parametrize("percent", [0.0, 50.0])
    def test_the_waterfall_ends_at_the_number_the_table_shows(self, session: Session, percent: float) -> None:
        held = loaded(session)
        if percent:
            acts.save_selected(change(session), held, starts(held, 4, 1), "percent", percent, "x", None)
            held = loaded(session)
        row = held.rows.iloc[4]
        _, value, made = why.fill(session, "phone_billing", "interval", starts(held, 4, 1)[0], EN, NOW)
        assert value is not None and dt.datetime.fromisoformat(value) == row["ds"]
        values = [part.children[2].children for part in made.children[1].children[0].children]
        numbers = [float(one.replace("\N{MINUS SIGN}", "-").replace(",", "")) for one in values]
        assert numbers[-1] == row["expected"]
        assert sum(numbers[:-1]) == pytest.approx(numbers[-1], abs=1e-9)

    def test_a_week_is_not_locked_again_while_nothing_changed(self, session: Session) -> None:
        def lock(seconds: int) -> list[str]:
            bench = Bench(session, NOW + dt.timedelta(seconds=seconds))
            return plan.done(bench, "forecast-lock", "2026-W12", EN)  # type: ignore[arg-type]

        assert lock(1)[0].startswith("Locked: wk 12")
        assert lock(2) == ["wk 12 · 16 Mar – 22 Mar 2026 is locked already, and nothing has changed since."]
        held = loaded(session, Choice("phone_billing", period="today", first=dt.date(2026, 3, 17)))
        at = change(session, NOW + dt.timedelta(seconds=3))
        acts.save_selected(at, held, starts(held, 0, 1), "percent", 10.0, "x", None)
        assert "this one counts" in lock(4)[0]
        assert len(list_locks(session)) == 2

    def test_what_a_lock_does_not_hold_is_said_and_locks_beyond_the_newest_are_there(
        self, session: Session
    ) -> None:
        save_queue(session, Queue("letters", "post", "all", Interval.DAY, "Europe/Amsterdam"))
        for week in range(12, 20):
            bench = Bench(session, NOW + dt.timedelta(seconds=week))
            said = plan.done(bench, "forecast-lock", f"2026-W{week}", EN)  # type: ignore[arg-type]
            assert any(one.startswith("letters: nothing is forecast") for one in said[1:])
        assert "Earlier locks" not in str(plan.filled(session, EN, may=True))
        lock_span(session, first=TOMORROW, last=TOMORROW, who="ben", now=NOW)
        listed = str(plan.filled(session, EN, may=True))
        assert "Earlier locks (1)" in listed and listed.count("forecast-release") == 9

    def test_after_a_roll_back_the_version_in_force_is_named(self, session: Session) -> None:
        newest = queries.in_force(session, "phone_billing", NOW)
        publish_version(session, 2, NOW)
        older = queries.in_force(session, "phone_billing", NOW)
        assert newest is not None and older is not None
        assert older.cutoff < newest.cutoff

    def test_a_version_whose_next_bucket_is_far_off_speaks_all_the_same(self, session: Session) -> None:
        begin = dt.datetime(2026, 3, 12, tzinfo=dt.UTC)
        version = create_version(session, run_id=None, cutoff=NOW, now=NOW)
        values = np.ones((1, len(COLUMNS)))
        save_forecast(session, version, "letters", "interval", np.array([to_ns(begin)]), values)
        publish_version(session, version, NOW)
        made = queries.in_force(session, "letters", NOW)
        assert made is not None and made.reaches_now and made.cutoff == NOW

    def test_the_row_asked_for_is_found_else_the_first_open_one(self, session: Session) -> None:
        rows = screen.screen(session, DAY, EN, None, NOW).rows
        assert screen.nearest(rows, TOMORROW, "Europe/Amsterdam", "10:00") == "2026-03-11T09:00:00Z"
        assert screen.nearest(rows, TOMORROW, "Europe/Amsterdam", None) == rows[0]["start"]
        assert screen.nearest(rows, None, "Europe/Amsterdam", "10:00") is None

    def test_special_days_and_drivers_lie_in_their_own_lanes(self, session: Session) -> None:
        held = together.load(session, Choice("phone_billing", period="weeks13"), NOW)
        settings = Settings.model_validate({"company": {"country": "NL"}})
        found = marks.load_marks(session, held, settings, NOW)
        assert any(one.kind == marks.SPECIAL for one in found)
        assert marks.lanes(found) == [kind for kind in marks.LANES if any(one.kind == kind for one in found)]
        assert all(one.end > one.start for one in found)
        assert column_ns(
            outlook.buckets(held, held.window.start, held.window.end, held.window.step)["ds"]
        ).size
