"""What page Forecast works with, without a browser: numbers pasted, adjustments made of them, sums, marks, the version that speaks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import numpy as np
import plotly.graph_objects as go
import pytest
from sqlalchemy.orm import Session, sessionmaker

from api.dashboard import outlook, queries
from api.dashboard.desk import Change
from api.dashboard.forecast import acts, adjusting, marks, pasting, screen, together, why, work
from api.dashboard.forecast.choice import Choice, day_of
from api.dashboard.words import Words
from forecast.buckets import column_ns
from forecast.errors import InputError
from store.adjusted import load_adjusted
from store.forecasts import publish_version
from store.overrides import load_overrides
from store.settings import Settings
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
        factor = before["mean"].sum() / before["expected"].sum()
        wanted = before["mean"].sum() + (value - (before["expected"].sum() if way == "set" else 0.0)) * factor
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
        hovers = [text for trace in found.figure["data"] for text in trace.get("text", [])]
        assert any("&lt;i&gt;" in text for text in hovers) and not any("<i>" in text for text in hovers)

    def test_last_year_is_the_same_weekday_52_weeks_before(self, session: Session) -> None:
        from api.dashboard.forecast.lines import YEAR, last_year

        held = together.load(session, Choice("phone_billing", step="day"), NOW)
        frame = outlook.buckets(held, held.window.start, held.window.end, held.window.step)
        assert YEAR % 7 == 0
        assert last_year(session, held, frame, held.window.step) is None  # the company is 66 days old

    def test_the_waterfall_ends_at_the_number_the_table_shows(self, session: Session) -> None:
        held = loaded(session)
        row = held.rows.iloc[4]
        _, value, made = why.fill(session, "phone_billing", "interval", starts(held, 4, 1)[0], EN, NOW)
        assert value is not None and dt.datetime.fromisoformat(value) == row["ds"]
        values = [part.children[2].children for part in made.children[1].children[0].children]
        numbers = [float(one.replace("\N{MINUS SIGN}", "-").replace(",", "")) for one in values]
        assert numbers[-1] == row["expected"]
        assert sum(numbers[:-1]) == pytest.approx(numbers[-1], abs=1e-9)

    def test_after_a_roll_back_the_version_in_force_is_named(self, session: Session) -> None:
        newest = queries.in_force(session, "phone_billing", NOW)
        publish_version(session, 2, NOW)
        older = queries.in_force(session, "phone_billing", NOW)
        assert newest is not None and older is not None
        assert older.cutoff < newest.cutoff

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
