"""What the start page says, without a browser: its functions held against the store."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import anyio
import numpy as np
import pandas as pd
import pytest
from dash import html
from fastapi import FastAPI
from sqlalchemy.orm import Session, sessionmaker
from starlette.testclient import TestClient

from api.dashboard import mount
from api.dashboard.desk import Change
from api.dashboard.today import acts, agents, completeness, live, screen, sheet, talk, warned
from api.dashboard.today.links import to
from api.dashboard.words import Words
from forecast.alerts import follow
from forecast.buckets import Interval, column_ns, day_start, local_day, to_ns
from forecast.data_arrival import Arrival, arrival
from forecast.expected_peaks import Hours, peak_of
from forecast.overriding import Override
from forecast.staffing.gap import Gap
from store.alerts import load_alert, raise_alert, save_alert
from store.audit import load_audit
from store.data_arrival import load_arrivals
from store.day_agents import TeamGap, load_day_agents
from store.expected_peaks import load_peaks
from store.forecasts import load_forecast
from store.mentions import save_mentions
from store.overrides import add_override
from store.queues import load_queues
from store.settings import Settings
from store.volumes import load_volumes, save_volumes
from tests.browser.filled import NOW, QUEUES, TZ
from tests.browser.test_dashboard_alerts import SURGE, all_texts, ns

EN, NL = Words("en"), Words("nl")
CONFIG = Settings.model_validate(
    {"company": {"timezone": TZ, "country": "NL"}, "push": {"stream_minutes": 0.002}}
)
HOUR = 3600 * 10**9
HOSTILE = "<script>alert(1)</script>"


def parts_of(part: Any, kind: type) -> Iterator[Any]:
    """All components of a kind in a piece of the page."""
    if isinstance(part, kind):
        yield part
    inside = part if isinstance(part, list | tuple) else getattr(part, "children", None)
    if isinstance(inside, list | tuple):
        for one in inside:
            yield from parts_of(one, kind)
    elif inside is not None and not isinstance(inside, str):
        yield from parts_of(inside, kind)


class TestWhatIsIn:
    @staticmethod
    def rows(days: int, *, until: int, lag: int = 0) -> Arrival:
        """Ten contacts each half hour of so many days before now, the last one ending at `until` (ns)."""
        now = to_ns(NOW)
        ds = np.arange(until - days * 24 * HOUR, until, HOUR // 2, dtype=np.int64)
        contacts = np.full(len(ds), 10.0)
        known = ds + HOUR // 2 + lag
        return arrival(ds, contacts, known, interval=Interval.HALF_HOUR, tz=TZ, now=now)

    def test_a_feed_of_a_minute_ago_is_complete(self) -> None:
        found = self.rows(21, until=to_ns(NOW) // (HOUR // 2) * (HOUR // 2))
        assert found.state == "complete" and found.missing is None

    def test_what_is_an_hour_over_its_time_is_late_and_what_is_older_is_missing(self) -> None:
        half = to_ns(NOW) // (HOUR // 2) * (HOUR // 2)
        late, gone = self.rows(21, until=half - 2 * HOUR), self.rows(21, until=half - 20 * HOUR)
        assert (late.state, late.missing) == ("late", half - 2 * HOUR)
        assert (gone.state, gone.missing) == ("missing", half - 20 * HOUR)

    def test_a_file_that_comes_once_a_day_is_not_late_before_it_usually_comes(self) -> None:
        half = to_ns(NOW) // (HOUR // 2) * (HOUR // 2)
        assert self.rows(21, until=half - 9 * HOUR, lag=24 * HOUR).state == "complete"

    def test_a_night_without_contacts_is_no_missing_file(self, filled: sessionmaker[Session]) -> None:
        with filled() as session:
            queues = load_queues(session)
            night = dt.datetime(2026, 3, 10, 3, 0, tzinfo=dt.UTC)
            states = {one.state for one in load_arrivals(session, CONFIG, queues, night).values()}
            today = load_arrivals(session, CONFIG, queues, NOW)
        assert states == {"complete"} and {one.state for one in today.values()} == {"complete"}

    def test_a_day_that_was_never_loaded_is_told_though_later_ones_are_in(self) -> None:
        half = to_ns(NOW) // (HOUR // 2) * (HOUR // 2)
        ds = np.arange(half - 21 * 24 * HOUR, half, HOUR // 2, dtype=np.int64)
        today = local_day(half, TZ)
        ds = ds[[local_day(int(one), TZ) != today - 1 for one in ds]]
        asked: dict[str, Any] = {"interval": Interval.HALF_HOUR, "tz": TZ, "now": to_ns(NOW)}
        found = arrival(ds, np.full(len(ds), 10.0), ds + HOUR // 2, **asked)
        assert (found.state, found.until) == ("gap", half)
        assert found.missing == int(day_start([today - 1], TZ)[0])
        closed = arrival(ds, np.full(len(ds), 10.0), ds + HOUR // 2, **asked, excused={today - 1})
        assert closed.state == "complete"

    def test_each_queue_has_its_line_and_what_to_do_where_something_is_missing(
        self, filled: sessionmaker[Session]
    ) -> None:
        with filled() as session:
            queues = load_queues(session)
        found = {queue.name: Arrival("complete", ns(-HOUR_LONG)) for queue in queues}
        found["phone_billing"] = Arrival("missing", ns(-HOUR_LONG), ns(-HOUR_LONG))
        said = all_texts(completeness.lines(queues, found, EN, NOW))
        assert said.startswith("phone_billing missing since 09:42 Load what is missing")
        assert said.count("complete to 09:42") == len(queues) - 1

    def test_without_any_contacts_it_says_so(self, empty: sessionmaker[Session]) -> None:
        with empty() as session:
            assert load_arrivals(session, CONFIG, [], NOW) == {}
        assert arrival(np.zeros(0, dtype=np.int64), np.zeros(0), np.zeros(0, dtype=np.int64), interval=Interval.HOUR, tz=TZ, now=0).state == "nothing"  # fmt: skip


HOUR_LONG = dt.timedelta(hours=1)


class TestWarnings:
    def bands(self, session: Session, words: Words = EN, *, may_act: bool = True) -> list[Any]:
        return warned.bands(
            warned.load_warnings(session, load_queues(session), CONFIG, NOW), words, may_act=may_act
        )

    def test_the_largest_warning_comes_first_and_each_says_how_many_more_agents(
        self, filled: sessionmaker[Session]
    ) -> None:
        with filled() as session:  # never committed
            raise_alert(session, replace(SURGE, series="email_billing", extra=20.0), now=NOW)
            raise_alert(session, SURGE, now=NOW)
            said = [all_texts(one) for one in self.bands(session)]
            assert screen.wanted(session, load_queues(session), NOW) == "phone_outage"
        assert "phone_outage" in said[0] and "email_billing" in said[1]
        assert "+210 calls" in said[0] and "130–300" in said[0]

    def test_of_a_warning_under_way_it_points_to_the_hours_to_come(
        self, filled: sessionmaker[Session]
    ) -> None:
        with filled() as session:
            begun = replace(SURGE, start=ns(-HOUR_LONG), stop=ns(HOUR_LONG))
            raise_alert(session, begun, now=NOW)
            (band,) = self.bands(session)
        assert EN("alert_under_way") in all_texts(band) and EN("alert_too_late") not in all_texts(band)

    def test_without_a_warning_the_largest_queue_is_in_front(self, filled: sessionmaker[Session]) -> None:
        with filled() as session:
            midnight = dt.datetime(2026, 3, 9, 23, tzinfo=dt.UTC)
            days = load_forecast(session, series=list(QUEUES), start=midnight, end=midnight + HOUR_LONG, granularity="day")  # fmt: skip
            found = screen.wanted(session, load_queues(session), NOW)
            said = all_texts(self.bands(session))
        assert found == days.loc[days["mean"].idxmax(), "series"]
        assert said == EN("today_no_warning")

    def test_who_may_not_plan_gets_a_button_that_says_why_it_does_nothing(
        self, filled: sessionmaker[Session]
    ) -> None:
        with filled() as session:
            raise_alert(session, SURGE, now=NOW)
            (button,) = parts_of(self.bands(session, may_act=False), html.Button)
            assert button.disabled and button.title == EN("today_take_no")

    def test_who_takes_it_stands_there_the_button_is_gone_and_the_audit_knows(
        self, filled: sessionmaker[Session]
    ) -> None:
        with filled() as session:
            number = raise_alert(session, SURGE, now=NOW)
            assert number is not None
            assert acts.take(Change(session, "Anna", NOW), number)
            assert not acts.take(Change(session, "Anna", NOW), number)
            bands = self.bands(session)
            assert "Anna is on it" in all_texts(bands) and not list(parts_of(bands, html.Button))
            assert load_audit(session)[0].act == "alert.acknowledge"

    def test_the_record_counts_what_became_of_the_last_half_year(self, filled: sessionmaker[Session]) -> None:
        with filled() as session:
            for day in (3, 200):
                number = raise_alert(session, SURGE, now=NOW - dt.timedelta(days=day))
                assert number is not None
                acts.take(Change(session, "Anna", NOW - dt.timedelta(days=day)), number)
                over = replace(SURGE, over=True)
                save_alert(session, follow(load_alert(session, number), over, ns(-dt.timedelta(days=day))))
            raise_alert(session, SURGE, now=NOW)
            said = all_texts(self.bands(session))
        assert "1 warnings on this queue" in said and "1 were acted on" in said

    def test_a_reason_of_posts_is_text_and_no_markup(self, filled: sessionmaker[Session]) -> None:
        with filled() as session:
            raise_alert(session, replace(SURGE, topic=HOSTILE), now=NOW)
            (band,) = self.bands(session)
        assert HOSTILE in all_texts(band)


class TestPeaks:
    def hours(self, expected: list[float], usual: float, **parts: list[float]) -> Hours:
        start = np.arange(len(expected), dtype=np.int64) * HOUR
        values = np.array(expected)
        held = {name: np.array(each) for name, each in parts.items()}
        return Hours(
            start, start + HOUR, values, 0.8 * values, 1.2 * values, np.full(len(values), usual), held
        )

    def test_the_busiest_hour_takes_in_neighbours_that_are_nearly_as_busy(self) -> None:
        found = peak_of("q", 0, self.hours([50.0, 90.0, 100.0, 40.0], 50.0, social=[0.0, 10.0, 12.0, 0.0]))
        assert found is not None
        assert (found.start, found.stop, found.expected) == (HOUR, 3 * HOUR, 190.0)
        assert found.beyond and found.why == "social"

    def test_what_is_as_usual_is_no_peak_beyond_the_usual(self) -> None:
        found = peak_of("q", 0, self.hours([50.0, 100.0], 95.0))
        assert found is not None and not found.beyond and found.why == ""

    def test_the_band_of_several_hours_is_as_narrow_as_that_of_the_day_says(self) -> None:
        hours = self.hours([100.0, 100.0, 100.0, 100.0], 50.0)  # each 80 to 120
        alone = peak_of("q", 0, hours)
        assert alone is not None and (alone.low, alone.safe) == pytest.approx((320.0, 480.0))
        apart = peak_of("q", 0, replace(hours, below=40.0, above=40.0))  # half of 80: nothing in common
        assert apart is not None and (apart.low, apart.safe) == pytest.approx((360.0, 440.0))

    def test_nothing_to_come_has_no_peak(self) -> None:
        assert peak_of("q", 0, self.hours([0.0], 1.0)) is None
        assert peak_of("q", 0, self.hours([], 1.0)) is None

    def test_every_queue_has_its_peak_of_today_and_tomorrow_by_the_stored_hours(
        self, filled: sessionmaker[Session]
    ) -> None:
        with filled() as session:
            queues = load_queues(session)
            peaks = load_peaks(session, queues, NOW)
            hours = load_forecast(
                session, series=None, start=NOW, end=NOW + 2 * 24 * HOUR_LONG, granularity="hour"
            )
        today = local_day(to_ns(NOW), TZ)
        assert {(one.queue, one.day - today) for one in peaks} == {
            (name, day) for name in QUEUES for day in (0, 1)
        }
        for one in peaks:
            rows = hours[hours["series"] == one.queue]
            starts = column_ns(rows["ds"])
            inside = rows["0.5"].to_numpy()[(starts >= one.start) & (starts < one.stop)]
            assert one.expected == pytest.approx(inside.sum())
            assert one.start >= to_ns(NOW)

    def test_a_bucket_told_as_a_whole_and_by_reason_is_usual_once(
        self, filled: sessionmaker[Session]
    ) -> None:
        with filled() as session:
            queues = load_queues(session)
            before = load_peaks(session, queues, NOW)
            volumes = load_volumes(session, "phone_billing", NOW - dt.timedelta(days=70), NOW)
            assert set(volumes["topic"]) == {"all"}
            save_volumes(session, volumes.assign(topic="moving"), upload_id=None)
            after = load_peaks(session, queues, NOW)
            session.rollback()
        assert [one.usual for one in after] == pytest.approx([one.usual for one in before], nan_ok=True)


class TestPosts:
    def test_the_newest_negative_posts_are_plain_text_and_link_to_the_web_alone(
        self, filled: sessionmaker[Session]
    ) -> None:
        moment = pd.DatetimeIndex([NOW - dt.timedelta(minutes=one) for one in (1, 2)]).as_unit("ns")
        rows = {
            "source": ["forum", "forum"], "id": ["a", "b"], "created_at": moment, "known_at": moment,
            "sentiment": [-0.9, -0.8], "label": ["negative", "negative"], "topics": [("outage",), ("outage",)],
            "direction": ["in", "in"], "text": [HOSTILE, "slow " * 200], "url": ["javascript:alert(1)", "https://example.org/1"],
        }  # fmt: skip
        with filled() as session:
            save_mentions(session, pd.DataFrame(rows))
            said = talk.told(talk.load_talked(session, TZ, NOW), EN, may=True)
        shown = list(parts_of(said, html.Li))
        assert HOSTILE in all_texts(said)
        links = list(parts_of(said, html.A))
        assert [one.href for one in links] == ["https://example.org/1"]
        assert links[0].rel == "noopener noreferrer nofollow"
        assert max(len(all_texts(one)) for one in shown) < 400

    def test_without_posts_it_says_how_to_get_some(self, empty: sessionmaker[Session]) -> None:
        with empty() as session:
            assert "forecall import mentions" in all_texts(
                screen.talked(session, CONFIG, EN, None, NOW, may=True)
            )


class TestAgents:
    @staticmethod
    def team(planned: list[float]) -> TeamGap:
        ds = to_ns(NOW) // HOUR * HOUR + np.arange(3, dtype=np.int64) * HOUR
        full = np.full(3, 3600.0)
        need = np.array([5.0, 8.0, 4.0])
        return TeamGap(
            "phones", TZ, ("q",), Gap(ds, full, full, full, need, np.array(planned), full, 0.2, ())
        )

    def test_short_and_over_are_told_apart_net_and_gross(self) -> None:
        said = all_texts(agents.told([self.team([6.0, 6.0, 4.0])], EN))
        assert "−2.0 agents at the shortest interval, 11:00, net; 2.5 gross too few" in said
        assert "2.0 hours short" in said and "1.0 hours over" in said

    def test_without_a_plan_the_need_stands_alone_with_how_to_load_one(self) -> None:
        said = all_texts(agents.told([self.team([np.nan] * 3)], EN))
        assert "8 agents needed" in said and "forecall import staffing" in said and "hours short" not in said

    def test_the_table_names_each_number_for_a_phone(self) -> None:
        cells = list(parts_of(agents.table(self.team([6.0, 6.0, 4.0]), EN), html.Td))
        assert len(cells) == 3 * 7
        assert {getattr(one, "data-label", "") for one in cells} >= {"Needed net", "Planned gross"}

    def test_they_are_those_of_the_store(self, filled: sessionmaker[Session]) -> None:
        with filled() as session:
            queue = next(one for one in load_queues(session) if one.name == "phone_outage")
            stop = dt.datetime(2026, 3, 10, 23, tzinfo=dt.UTC)
            (team,) = load_day_agents(
                session, CONFIG, queue, start=NOW.replace(minute=30), stop=stop, now=NOW
            )
            shown = screen.staffed(session, CONFIG, "phone_outage", EN, None, NOW)
        if np.isfinite(team.gap.needed_net).any():
            assert agents.whole(float(np.nanmax(team.gap.needed_net)), EN) in all_texts(shown[4])
        else:
            assert EN("today_need_unknown") in all_texts(shown[4])


class TestSheet:
    def test_page_and_text_say_the_day_of_every_queue(self, filled: sessionmaker[Session]) -> None:
        with filled() as session:
            start = day_start([local_day(to_ns(NOW), TZ)], TZ)
            found = sheet.read(session, CONFIG, "today", NOW)
            first = dt.datetime.fromtimestamp(int(start[0]) / 1e9, dt.UTC)
            days = load_forecast(
                session, series=list(QUEUES), start=first, end=first + HOUR_LONG, granularity="day"
            )
        page, text = sheet.page(found, NL), sheet.plain(found, NL)
        for row in days.itertuples():
            assert str(row.series) in page and str(row.series) in text
        for one in found.queues:
            stored = float(days[days["series"] == one.name]["0.5"].iloc[0])
            assert one.expected == pytest.approx(stored) and NL.number(stored) in page
        assert "Dagstart, dinsdag 10 maart 2026" in page and "<script" not in page

    def test_what_people_wrote_is_escaped(self, filled: sessionmaker[Session]) -> None:
        with filled() as session:
            raise_alert(session, replace(SURGE, topic=HOSTILE), now=NOW)
            change = Override(
                0,
                "phone_outage",
                "",
                "",
                "volume",
                "percent",
                10.0,
                ns(HOUR_LONG),
                ns(3 * HOUR_LONG),
                HOSTILE,
                HOSTILE,
            )
            add_override(session, change, now=NOW)
            page = sheet.page(sheet.read(session, CONFIG, "today", NOW), EN)
        assert "<script" not in page and page.count("&lt;script&gt;") == 3
        assert "11:42–13:42: +10 % contacts" in page

    def test_it_is_served_without_scripts_and_refuses_a_day_that_is_over(
        self, filled: sessionmaker[Session]
    ) -> None:
        app = FastAPI()
        mount(app, CONFIG, filled, clock=lambda: NOW)
        with TestClient(app) as client:
            right = client.get("/day-start?language=nl&date=2026-03-11")
            wrong = [
                client.get(f"/day-start?{asked}").status_code
                for asked in ("date=2026-03-09", "date=%3Cb%3E", "language=fr")
            ]
            told = client.get("/day-start?date=%3Cb%3E").text
        policy = right.headers["content-security-policy"]
        assert right.status_code == 200 and "default-src 'none'" in policy and "script" not in policy
        assert "woensdag 11 maart 2026" in right.text and wrong == [422, 422, 422]
        assert "<b>" not in told and "&lt;b&gt;" in told


class TestStream:
    def test_it_tells_the_mark_and_then_each_change_and_ends_by_itself(
        self, own: sessionmaker[Session]
    ) -> None:
        async def heard() -> list[tuple[str | None, Any]]:
            source = live.Live(own)
            found = []
            async for one in source.follow(3.0, anyio.Event()):
                found.append((one.event, one.data))
                if len(found) == 1:
                    with own() as session:
                        raise_alert(session, replace(SURGE, series="phone_billing"), now=NOW)
                        session.commit()
                else:
                    break
            return found

        found = ThreadPoolExecutor(1).submit(anyio.run, heard).result()
        assert [event for event, _ in found] == ["mark", "changed"] and found[0][1] != found[1][1]

    def test_another_sites_page_may_not_listen(self, filled: sessionmaker[Session]) -> None:
        app = FastAPI()
        mount(app, CONFIG, filled, clock=lambda: NOW)
        with TestClient(app) as client:
            own = client.get(live.PATH, headers={"Sec-Fetch-Site": "same-origin"})
            given = ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "http://evil.example"})
            other = [client.get(live.PATH, headers=one).status_code for one in given]
            app.state.live.open = live.MOST
            full = client.get(live.PATH).status_code
        assert own.headers["content-type"].startswith("text/event-stream") and "event: mark" in own.text
        assert (other, full) == ([403, 403], 503)


def test_addresses_of_other_pages_carry_any_name_of_a_queue() -> None:
    assert to("/forecast", queue="a&b=c #1", day="tomorrow") == "/forecast?queue=a%26b%3Dc+%231&day=tomorrow"
    assert to("/staffing", queue="") == "/staffing"
