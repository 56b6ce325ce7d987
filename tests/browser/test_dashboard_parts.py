"""What the pages say, without a browser: the functions behind the callbacks."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
import yaml
from fastapi import FastAPI
from sqlalchemy.orm import Session, sessionmaker
from starlette.testclient import TestClient

from api.dashboard import axes, judgement, layout, mount, outlook, posts, queries, words
from api.dashboard.accuracy import backtest as accuracy_backtest
from api.dashboard.accuracy import table as accuracy_table
from api.dashboard.evidence import page as evidence_page
from api.dashboard.evidence import table as evidence_table
from api.dashboard.forecast import around as forecast_around
from api.dashboard.forecast import screen as forecast_screen
from api.dashboard.forecast import table as tables
from api.dashboard.forecast.choice import Choice
from api.dashboard.pages import PAGES
from api.dashboard.windows import PERIODS, STEPS, Window
from api.dashboard.words import Words, local
from forecast.buckets import Grid, Interval, column_ns, index, to_ns
from store.database import connect, sessions
from store.forecasts import load_forecast
from store.queues import Queue, save_queue
from store.settings import Settings
from store.volumes import load_volumes
from tests.browser.filled import NOW, QUEUES, TZ, evidence, scores

EN, NL = Words("en"), Words("nl")
FORBIDDEN = re.compile(
    r"\b(WQL|MASE|WAPE|pinball|granger|bezettingsgraad|rooster|roster|gate|lift)\b", re.IGNORECASE
)
Load = Callable[..., queries.Held]


@pytest.fixture
def load(filled: sessionmaker[Session]) -> Load:
    def loaded(
        queue: str = "phone_outage", period: str = "week", step: str = "interval", now: dt.datetime = NOW
    ) -> queries.Held:
        with filled() as session:
            return queries.load(session, queue, period, step, now)

    return loaded


def frame_of(held: queries.Held) -> pd.DataFrame:
    return outlook.buckets(held, held.window.start, held.window.end, held.window.step)


class TestWords:
    def test_every_text_stands_in_both_languages_with_the_same_places(self) -> None:
        english, dutch = (words.texts(language) for language in words.LANGUAGES)
        assert english.keys() == dutch.keys()
        for key, text in english.items():
            assert text and dutch[key], key
            assert sorted(re.findall(r"{(\w+)}", text)) == sorted(re.findall(r"{(\w+)}", dutch[key])), key

    def test_each_language_has_the_same_files_with_the_same_texts(self) -> None:
        files = [
            {one.name: one.read_text("utf-8") for one in (words.FOLDER / name).iterdir()}
            for name in words.LANGUAGES
        ]
        assert files[0].keys() == files[1].keys()
        for name in files[0]:
            keys = [list(yaml.safe_load(held[name]) or {}) for held in files]
            assert keys[0] == keys[1], name

    def test_no_forbidden_word_is_on_screen_outside_the_analysts_page(self) -> None:
        files = [file for file in words.FOLDER.glob("*/*.yaml") if file.name != "methods.yaml"]
        said = [text for file in files for text in (yaml.safe_load(file.read_text("utf-8")) or {}).values()]
        assert [text for text in said if FORBIDDEN.search(text)] == []

    def test_numbers_are_written_as_the_language_does(self) -> None:
        assert (EN.number(1234.56, 1), NL.number(1234.56, 1)) == ("1,234.6", "1.234,6")
        assert NL.percent(0.081) == "8,1\N{NO-BREAK SPACE}%"
        assert (EN.number(-0.04, 1, sign=True), EN.number(5, sign=True), EN.number(np.nan)) == (
            "0.0",
            "+5",
            "–",
        )
        assert NL.moment(local(pd.Timestamp(NOW), TZ)) == "di 10 mrt 10:42"

    @pytest.mark.parametrize(
        ("minutes", "said"), [(0, "just now"), (12, "12 min ago"), (150, "2 h ago"), (2900, "2 days ago")]
    )
    def test_the_age_is_said_in_round_words(self, minutes: int, said: str) -> None:
        assert EN.age(NOW - dt.timedelta(minutes=minutes), NOW) == said

    def test_the_browsers_language_is_taken_where_we_have_it(self) -> None:
        assert [words.language_of(one) for one in ("nl-NL,en;q=0.8", "fr,de", "fr,nl;q=0.5", "")] == [
            "nl",
            "en",
            "nl",
            "en",
        ]


class TestOutlook:
    @pytest.mark.parametrize("queue", QUEUES)
    def test_the_buckets_are_the_stored_forecast_and_the_counts(
        self, load: Load, filled: sessionmaker[Session], queue: str
    ) -> None:
        frame = frame_of(load(queue))
        with filled() as session:
            held = load_forecast(session, series=[queue]).set_index("ds")
            counts = load_volumes(session, queue).set_index("ds")["offered"]
        told = frame[frame["expected"].notna()]
        assert len(told) > 100
        places = outlook.places(frame)
        assert np.array_equal(told["expected"], held.loc[told["ds"], "0.5"].round(places))
        assert np.array_equal(told["safe"], held.loc[told["ds"], "0.9"].round(places))
        came = frame[frame["offered"] > 0]
        assert np.array_equal(came["offered"], counts.loc[came["ds"]])

    def test_closed_hours_are_gaps_not_zeros(self, load: Load) -> None:
        frame = frame_of(load())
        closed = frame[~frame["open"]]
        assert len(closed) > 50
        assert closed[["offered", "expected", "low", "safe", "last_week"]].isna().all(axis=None)

    def test_sums_come_from_stored_sums(self, load: Load, filled: sessionmaker[Session]) -> None:
        frame = frame_of(load(step="day"))
        with filled() as session:
            held = load_forecast(session, series=["phone_outage"], granularity="day").set_index("ds")
        ahead = frame[~frame["over"] & frame["open"]]
        assert np.array_equal(ahead["busy"], held.loc[ahead["ds"], "0.8"].round())
        assert not frame["summed"].any()

    def test_without_stored_sums_expected_is_the_sum_of_means_and_there_is_no_band(self, load: Load) -> None:
        held = load(step="day")
        held.forecast["day"] = held.forecast["day"].iloc[:0]
        frame = frame_of(held)
        ahead = frame[~frame["over"]]
        assert ahead["summed"].all() and ahead["expected"].notna().all() and ahead["low"].isna().all()
        interval = held.forecast["interval"]
        second = ahead.iloc[1]
        inside = (interval["ds"] >= second["ds"]) & (interval["ds"] < second["end"])
        assert second["expected"] == round(interval.loc[inside, "mean"].sum())

    def test_last_week_is_seven_local_days_before_also_across_a_clock_change(self) -> None:
        past = Grid.days(
            20_535, 20_541, Interval.HOUR, TZ
        )  # 23 to 29 March 2026; the clock changes on the 29th
        ahead = Grid.days(20_542, 20_542, Interval.HOUR, TZ)
        found = outlook.before(past, np.arange(len(past), dtype=float), ahead)
        assert found.tolist() == list(map(float, range(24)))

    def test_today_and_what_came_so_far(self, load: Load) -> None:
        held = load()
        found = outlook.today(held)
        assert found is not None and found.low < found.expected < found.safe
        midnight = to_ns(dt.datetime(2026, 3, 9, 23, tzinfo=dt.UTC))
        came = held.series.offered
        assert found.came == came.value[came.ds >= midnight].sum()

    def test_a_peak_is_warned_of_where_the_whole_band_lies_above_the_usual(self, load: Load) -> None:
        held = load()
        hours = outlook.upcoming(held, Interval.HOUR)
        calm = outlook.peak(held, hours.assign(expected=19.0, low=9.0))
        storm = outlook.peak(held, hours.assign(expected=60.0, low=45.0))
        assert calm is not None and storm is not None
        assert (calm.warn, storm.warn) == (False, True)
        assert 60 < storm.usual < 90 and storm.expected == 240
        assert outlook.peak(held, hours.head(3)) is None

    def test_a_band_of_hours_together_is_narrower_the_less_they_share(self, load: Load) -> None:
        assert outlook.together(1.0, 4) == 1.0
        assert outlook.together(0.0, 4) == 0.5
        assert 0.0 <= outlook.common(load()) <= 1.0

    def test_posts_are_counted_up_to_what_is_known(self, load: Load) -> None:
        held = load(step="hour")
        found = posts.social(held)
        assert found is not None and held.social is not None
        known = held.social.values["posts"]
        inside = (known["ds"] >= found["ds"].iloc[0]) & (known["ds"] < NOW)
        assert found["total"].sum() == known.loc[inside, "value"].sum()
        assert found.loc[found["ds"] > pd.Timestamp(NOW), "total"].isna().all()
        assert (found["negative"].dropna() <= found["total"].dropna()).all()
        assert found["usual"].notna().all()

    def test_old_data_are_shown_at_the_moment_of_their_forecast(self, load: Load) -> None:
        held = load(now=NOW + dt.timedelta(days=400))
        assert not held.window.live
        assert held.window.moment == to_ns(dt.datetime(2026, 3, 10, 9, 30, tzinfo=dt.UTC))
        said = forecast_around.missing(held, EN)
        assert "Tue 10 Mar 10:30" in json.dumps(
            said.to_plotly_json(), default=lambda one: one.to_plotly_json()
        )


class TestPage:
    @pytest.mark.parametrize("step", STEPS)
    @pytest.mark.parametrize("period", PERIODS)
    def test_every_choice_gives_a_valid_figure_rows_and_a_sentence(
        self, filled: sessionmaker[Session], period: str, step: str
    ) -> None:
        with filled() as session:
            found = forecast_screen.screen(
                session, Choice("phone_outage", period=period, step=step), NL, "dark", NOW
            )
        figure = go.Figure(found.figure)
        points = max(len(trace.x) for trace in figure.data[1:])
        assert 0 < points <= 1500
        assert found.sentence.startswith("Grafiek van phone_outage")
        assert found.rows and {"start", "label", "expected"} <= set(found.rows[0])
        assert len(figure.layout.xaxis2.tickvals) <= 13

    def test_file_and_table_hold_the_same(self, filled: sessionmaker[Session]) -> None:
        with filled() as session:
            rows = forecast_screen.screen(session, Choice("phone_billing"), EN, "light", NOW).rows
            name, text = forecast_screen.file(session, Choice("phone_billing"), NOW)
        lines = text.split("\r\n")
        assert name == "forecall_phone_billing_interval_2026-03-10.csv"
        assert lines[0].startswith(
            "queue,interval_start,interval_end,interval_start_utc,offered,low,expected"
        )
        assert len(lines) == len(rows) + 2
        assert lines[1].startswith(
            "phone_billing,2026-03-10T08:00:00+01:00,2026-03-10T08:30:00+01:00,2026-03-10T07:00:00Z,"
        )

    def test_a_queue_name_is_no_formula_in_the_file(self, load: Load) -> None:
        assert "\r\n'=1+1," in tables.to_csv(frame_of(load()).head(2), "=1+1", TZ)

    def test_an_unknown_queue_shows_the_first(self, load: Load) -> None:
        assert load("of another database").queue.name == "email_billing"

    def test_without_a_forecast_it_says_which_command_makes_one(self, empty: sessionmaker[Session]) -> None:
        with empty() as session:
            save_queue(session, Queue("calls", "phone", "all", Interval.HOUR, TZ))
            found = forecast_screen.screen(session, Choice("calls", step="hour"), EN, "light", NOW)
            session.rollback()
        assert "No contacts are known" in str(found.notice)

    def test_a_database_that_is_gone_is_said_in_a_sentence(self, tmp_path: Path) -> None:
        engine = connect(f"sqlite:///{tmp_path / 'gone' / 'forecall.db'}")
        with sessions(engine)() as session:
            found = forecast_screen.screen(session, Choice(), EN, "light", NOW)
        engine.dispose()
        assert found.content == forecast_screen.HIDDEN
        assert "cannot be reached" in str(found.notice)

    def test_the_repeated_hour_is_two_rows_and_marked(self) -> None:
        starts = index(Grid.days(20_751, 20_751, Interval.HOUR, TZ).ds)  # 25 October 2026
        frame = pd.DataFrame({"ds": starts, "end": starts + pd.Timedelta(hours=1)})
        said = axes.labels(frame, Interval.HOUR, TZ, EN)
        assert said[2:4] == ["Sun 25 Oct 02:00–02:00", "Sun 25 Oct 02:00–03:00 *"]
        assert len(set(axes.positions(column_ns(frame["ds"])))) == 25

    def test_a_window_of_weeks_is_made_of_whole_weeks(self) -> None:
        window = Window.of(NOW, NOW, "weeks4", "week", Interval.HALF_HOUR, TZ)
        first, last = (local(index(np.array([one]))[0], TZ) for one in (window.start, window.end))
        assert (first.weekday(), last.weekday(), first.hour, last.hour) == (0, 0, 0, 0)


class TestJudgement:
    def test_accuracy_is_by_how_far_ahead_the_nearest_first(self) -> None:
        found = judgement.accuracy(scores(), "phone_outage")
        assert found["band"].tolist()[:3] == ["0-1h", "1-4h", "4-24h"]
        row = found.iloc[0]
        assert row["better"] == pytest.approx(1 - row["own"] / row["bar"])
        assert row["within"] == pytest.approx(0.9 - 0.07)
        assert found["abridged"].tolist() == [False] * 7 + [True]

    def test_figures_that_were_not_measured_are_dashes(self) -> None:
        row = {"series": "q", "model": "champion", "lead_band": "0-1d", "n": 7, "wape": None}
        said = accuracy_table.accuracy_rows(judgement.accuracy([row]), EN)[0]
        assert (said["own"], said["bar"], said["within"], said["bias"]) == ("– *", "–", "–", "–")

    def test_the_sentence_of_a_queue_is_about_its_best_band(self) -> None:
        mine = [row for row in evidence() if row["series"] == "phone_outage"]
        state, said = judgement.social_sentence(mine, EN)
        assert state == "open"
        assert said.replace("\N{NO-BREAK SPACE}", " ") == (
            "Posts run about 30 minutes ahead; using them made the forecast for 1 hour ahead 8.1 % more accurate (4.0 to 12.3)."
        )
        assert judgement.social_sentence([], EN)[0] == "none"

    def test_where_it_does_not_count_that_is_said_with_the_reason(self) -> None:
        rows = {row["queue"]: row for row in evidence_table.evidence_rows(evidence(), NL, every=False)}
        assert rows["phone_billing"]["verdict"] == "Social telt niet mee"
        assert rows["phone_billing"]["lead"] == "15 uur achter, 13,5 tot 16,5"
        assert rows["email_billing"]["verdict"] == "Nog te weinig historie: 24 van ongeveer 200 prognoses"
        assert rows["email_billing"]["gain"] == "–"
        assert len(evidence_table.evidence_rows(evidence(), EN, every=True)) == 27

    def test_without_an_evaluation_the_page_says_how_to_make_one(self) -> None:
        judged = queries.Judged((Queue("q", "phone", "all", Interval.HOUR, TZ),), [], [])
        assert "forecall run select" in str(accuracy_backtest.backtest(judged, None, EN, None)[0])
        assert "forecall import mentions" in str(evidence_page.evidence(judged, EN, every=False)[0])

    def test_the_chart_of_accuracy_is_a_valid_figure(self) -> None:
        judged = queries.Judged((), scores(), [])
        found = accuracy_backtest.backtest(judged, "phone_billing", NL, "light")
        assert len(go.Figure(found[2]).data) == 3
        assert found[3].startswith("Grafiek van de forecastafwijking van phone_billing")


class TestMount:
    @pytest.mark.parametrize("words", [EN, NL])
    def test_each_page_has_a_name_and_the_current_one_is_marked(self, words: Words) -> None:
        for page in (one for one in PAGES if one.listed):
            current = [link for link in layout.links(page.path, words) if "current" in link.className]
            assert [(link.href, link.children) for link in current] == [(page.path, words(page.key))]

    def test_pages_are_served_and_an_unknown_path_stays_unknown(self, filled: sessionmaker[Session]) -> None:
        app = FastAPI()
        mount(app, Settings(), filled, clock=lambda: NOW)
        with TestClient(app) as client:
            assert {client.get(page.path).status_code for page in PAGES} == {200}
            assert client.get("/v1/nothing").status_code == 404
            assert client.get("/_dash-layout").status_code == 200
            page = client.get("/accuracy").text
        assert re.findall(r'(?:src|href)="(https?:)?//', page) == []
        assert "enterprise" not in page


@pytest.mark.parametrize(("failed", "told"), [(40, "4.0"), (2, None), (4, None)])
def test_posts_of_failed_contact_are_told_where_they_are_more_than_a_few(
    failed: int, told: str | None
) -> None:
    signals = pd.DataFrame({"signal": ["posts", "failed_contact"], "value": [1000.0, float(failed)]})
    share = queries._failed(signals)
    assert (share is None) == (told is None)
    if share is not None:
        assert told is not None and told in Words("en")("failed_contact", share=Words("en").percent(share))
