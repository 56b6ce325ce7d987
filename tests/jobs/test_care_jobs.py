"""Questions on social channels become the contacts of a queue, as versions known when they were, and are forecast."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from forecast.buckets import Interval, to_ns
from forecast.errors import ConfigError
from forecast.social.mention import Mention
from jobs import care, retain
from jobs.ledger import execute
from store.archive import load_archive
from store.chain import CORRECTION, RECEIPT, REVISION, Chain, receive
from store.forecasts import load_forecast
from store.queues import Queue, load_queue, load_queues, save_queue
from store.settings import Settings
from store.tables import VolumeRow
from store.volumes import load_volumes
from tests.jobs.conftest import NOW as MORNING

NOW = pd.Timestamp("2026-03-06 10:00", tz="UTC")
MINUTE = pd.Timedelta("1min")
QUEUE = "Webcare"


@pytest.fixture
def caring(settings: Settings) -> Settings:
    """Settings with a queue of social care, whose target is an hour."""
    return settings.model_copy(
        update={"social": settings.social.model_copy(update={"care": settings.social.care.model_copy(
            update={"queue": QUEUE})})}
    )  # fmt: skip


def post(id: str, made: str, text: str = "Waar blijft mijn rekening?", **more: object) -> Mention:
    moments = {name: utc(str(more.pop(name))) for name in ("replied_at", "known_at") if name in more}
    return Mention("x", id, utc(made), text, **moments, **more)  # type: ignore[arg-type]


def utc(made: str) -> dt.datetime:
    return dt.datetime.fromisoformat(made if "T" in made else f"2026-03-06T{made}").replace(tzinfo=dt.UTC)


def answer(id: str, to: str, made: str) -> Mention:
    return post(id, made, "We kijken ernaar", direction="out", reply_to=to)


def take(
    session: Session, settings: Settings, posts: Sequence[Mention], now: pd.Timestamp, mode: str = RECEIPT
) -> None:
    receive(session, Chain(settings), posts, now=now.to_pydatetime(), mode=mode)


def counted(session: Session, topic: str = "all") -> list[tuple[str, float, float]]:
    """(bucket, offered, handled) of the queue."""
    held = load_volumes(session, QUEUE)
    mine = held[held["topic"] == topic]
    return list(zip(mine["ds"].dt.strftime("%H:%M"), mine["offered"], mine["handled"], strict=True))


def offered_at(session: Session, moment: pd.Timestamp) -> float:
    """The total of all buckets as it was known then, as the models see it."""
    versions = load_archive(session, queues=[QUEUE]).series[QUEUE].offered
    frame = pd.DataFrame({"ds": versions.ds, "value": versions.value, "known": versions.known_at})
    seen = (
        frame[frame["known"] <= to_ns(moment)]
        .sort_values("known", kind="stable")
        .drop_duplicates("ds", keep="last")
    )
    return float(seen["value"].sum())


def stored(session: Session) -> int:
    return int(session.scalar(select(func.count()).select_from(VolumeRow)) or 0)


def test_without_a_queue_named_nothing_happens(session: Session, settings: Settings) -> None:
    take(session, settings, [post("1", "08:05")], NOW)
    assert care.run(session, settings, NOW).done == {}
    assert load_queues(session) == []


def test_the_queue_is_made_on_the_grid_of_posts_in_the_zone_of_the_company(
    session: Session, caring: Settings
) -> None:
    care.run(session, caring, NOW)
    made = load_queue(session, QUEUE)
    assert (made.channel, made.topic, str(made.interval), made.tz) == (
        "social",
        "all",
        "30min",
        "Europe/Amsterdam",
    )


def test_a_queue_of_another_channel_is_not_written_into(session: Session, caring: Settings) -> None:
    save_queue(session, Queue(QUEUE, "phone", "all", Interval.HOUR, "UTC"))
    with pytest.raises(ConfigError, match="of the channel phone"):
        care.run(session, caring, NOW)


def test_questions_are_contacts_and_those_answered_in_time_are_handled(
    session: Session, caring: Settings
) -> None:
    posts = [
        post("1", "08:05", replied_at="08:20"),
        post("2", "08:10", "Stroomstoring, en wat doet dat met mijn rekening?"),
        post("3", "08:40", replied_at="09:50"),
        answer("4", "2", "08:50"),
    ]
    take(session, caring, posts, NOW)
    assert care.run(session, caring, NOW).done["buckets"] == 2
    assert counted(session) == [("08:00", 2, 2), ("08:30", 1, 0)]
    assert counted(session, "outage") == [("08:00", 1, 1)]
    assert offered_at(session, NOW) == 3  # two reasons of one question are one contact


def test_a_bucket_is_counted_when_it_is_over_and_a_run_without_news_writes_nothing(
    session: Session, caring: Settings
) -> None:
    take(session, caring, [post("1", "09:45")], NOW)
    take(session, caring, [post("2", "10:01")], NOW + 2 * MINUTE)
    care.run(session, caring, NOW + 5 * MINUTE)
    assert counted(session) == [("09:30", 1, 0)]
    again = care.run(session, caring, NOW + 20 * MINUTE)
    assert again.done["versions"] == 0
    care.run(session, caring, NOW + 35 * MINUTE)
    assert counted(session) == [("09:30", 1, 0), ("10:00", 1, 0)]
    quiet = care.run(session, caring, NOW + pd.Timedelta("6h"))
    assert care.run(session, caring, NOW + pd.Timedelta("12h")).done == {"buckets": 0, "versions": 0}
    assert quiet.done["versions"] == 0


def test_a_question_of_a_long_bucket_is_not_lost_between_runs(session: Session, caring: Settings) -> None:
    save_queue(session, Queue(QUEUE, "social", "all", Interval.DAY, "UTC"))
    take(session, caring, [post("1", "01:00")], pd.Timestamp("2026-03-06 01:00", tz="UTC"))
    for hour in range(2, 30, 3):
        care.run(session, caring, pd.Timestamp("2026-03-06", tz="UTC") + pd.Timedelta(hours=hour))
    assert counted(session) == [("00:00", 1, 0)]


def test_an_answer_makes_a_version_when_the_bucket_it_was_given_in_is_over(
    session: Session, caring: Settings
) -> None:
    take(session, caring, [post("1", "09:05"), post("2", "09:10")], NOW - 40 * MINUTE)
    care.run(session, caring, NOW)
    take(session, caring, [answer("3", "1", "10:03")], NOW + 4 * MINUTE)
    assert care.run(session, caring, NOW + 5 * MINUTE).done["versions"] == 0
    done = care.run(session, caring, NOW + 31 * MINUTE).done
    assert done == {"buckets": 1, "versions": 2}  # the total and the reason
    assert counted(session) == [("09:00", 2, 1)]
    known = session.scalars(select(VolumeRow.known_at).order_by(VolumeRow.id)).all()
    assert known[-1] == to_ns(NOW + 30 * MINUTE) // 1000


def test_an_answer_that_reaches_us_late_is_counted_and_not_known_before(
    session: Session, caring: Settings
) -> None:
    take(session, caring, [post("1", "09:05")], NOW - 50 * MINUTE)
    care.run(session, caring, NOW)
    later = NOW + pd.Timedelta("5h")
    care.run(session, caring, later)
    take(session, caring, [answer("2", "1", "09:40")], later + MINUTE)
    care.run(session, caring, later + 5 * MINUTE)
    assert counted(session) == [("09:00", 1, 1)]
    known = session.scalars(select(VolumeRow.known_at).order_by(VolumeRow.id)).all()
    assert known[-1] == to_ns(later) // 1000


def test_a_post_that_only_its_answer_tells_to_be_a_question_was_none_before(
    session: Session, caring: Settings
) -> None:
    rules = {"name": "Lumen", "handles": ["@lumen"], "words": ["lumen"]}
    branded = Settings(**{**caring.model_dump(), "social": {**caring.social.model_dump(), "brands": [rules]}})
    talk = [post("1", "08:05", "lumen is weer eens weg"), post("2", "08:06", "@lumen hoe laat?")]
    take(session, branded, talk, NOW - pd.Timedelta("110min"))
    care.run(session, branded, NOW)
    assert counted(session) == [("08:00", 1, 0)]
    take(session, branded, [answer("3", "1", "10:03")], NOW + 4 * MINUTE)
    care.run(session, branded, NOW + 5 * MINUTE)
    assert counted(session) == [("08:00", 2, 0)]
    assert offered_at(session, NOW - MINUTE) == 1 and offered_at(session, NOW + 5 * MINUTE) == 2


def test_a_post_that_comes_late_counts_from_then_on(session: Session, caring: Settings) -> None:
    take(session, caring, [post("1", "08:05")], NOW - pd.Timedelta("110min"))
    care.run(session, caring, NOW)
    take(session, caring, [post("2", "08:10")], NOW + 4 * MINUTE)
    care.run(session, caring, NOW + 5 * MINUTE)
    assert counted(session) == [("08:00", 2, 0)]
    assert offered_at(session, NOW + 3 * MINUTE) == 1


def test_an_import_of_the_past_is_known_when_it_was_made(session: Session, caring: Settings) -> None:
    care.run(session, caring, NOW)
    take(session, caring, [post("1", "2026-02-02T08:05"), post("2", "2026-02-02T08:06")], NOW, mode=REVISION)
    care.run(session, caring, NOW + 5 * MINUTE)
    assert offered_at(session, pd.Timestamp("2026-02-02 08:30", tz="UTC")) == 2


def test_what_is_written_while_another_job_still_reads_is_not_lost(
    session: Session, caring: Settings
) -> None:
    care.run(session, caring, NOW + 10 * MINUTE)
    take(session, caring, [post("1", "09:05")], NOW)  # a job that began before the run and ended after it
    care.run(session, caring, NOW + 15 * MINUTE)
    assert counted(session) == [("09:00", 1, 0)]


def test_forgotten_questions_stay_counted(session: Session, caring: Settings) -> None:
    take(session, caring, [post("1", "08:05", replied_at="08:10"), post("2", "08:06")], NOW)
    care.run(session, caring, NOW)
    later = NOW + pd.Timedelta("36d")
    retain.run(session, caring, later)
    other = Mention("mastodon", "7", utc("08:20"), "Waar blijft mijn rekening?")
    receive(session, Chain(caring), [other], now=later.to_pydatetime())
    care.run(session, caring, later)
    assert counted(session) == [("08:00", 2, 1)]


def test_a_reason_that_a_correction_takes_away_counts_nothing_any_more(
    session: Session, caring: Settings
) -> None:
    take(session, caring, [post("1", "08:05", "Stroomstoring?")], NOW)
    care.run(session, caring, NOW)
    later = post("1", "08:05", "Waar blijft mijn rekening?", known_at="10:30")
    take(session, caring, [later], NOW + pd.Timedelta("1h"), mode=CORRECTION)
    care.run(session, caring, NOW + pd.Timedelta("1h"))
    assert counted(session, "outage") == [("08:00", 0, 0)]
    assert counted(session) == [("08:00", 1, 0)]


def test_competitors_are_not_cared_for(session: Session, caring: Settings) -> None:
    rules = [{"name": "Lumen", "words": ["lumen"]}, {"name": "Rival", "words": ["rival"], "competitor": True}]
    branded = Settings(**{**caring.model_dump(), "social": {**caring.social.model_dump(), "brands": rules}})
    take(
        session, branded, [post("1", "08:05", "lumen hoe laat?"), post("2", "08:05", "rival hoe laat?")], NOW
    )
    care.run(session, branded, NOW)
    assert counted(session) == [("08:00", 1, 0)]


def test_counting_in_one_run_or_in_many_gives_the_same(
    sessions: sessionmaker[Session], caring: Settings
) -> None:
    rng = np.random.default_rng(7)
    start = pd.Timestamp("2026-03-06", tz="UTC")
    posts = []
    for number, minute in enumerate(sorted(rng.integers(0, 600, 60))):
        made = start + int(minute) * MINUTE
        posts.append((made, Mention("x", str(number), made.to_pydatetime(), "Waar blijft mijn rekening?")))
        reply = made + int(rng.integers(1, 90)) * MINUTE
        posts.append((reply, answer(f"r{number}", str(number), reply.strftime("%H:%M"))))
    posts.sort(key=lambda one: one[0])
    with sessions() as session:
        for moment in pd.date_range(start, periods=50, freq="15min"):
            mine = [one for made, one in posts if moment - 15 * MINUTE < made <= moment]
            if mine:
                take(session, caring, mine, moment)
            care.run(session, caring, moment)
        many = load_volumes(session, QUEUE).drop(columns="known_at")
        written = stored(session)
        session.rollback()
    with sessions() as session:
        take(session, caring, [one for _, one in posts], start + pd.Timedelta("745min"), mode=REVISION)
        care.run(session, caring, start + pd.Timedelta("745min"))
        once = load_volumes(session, QUEUE).drop(columns="known_at")
        assert stored(session) <= written
    assert many["offered"].sum() == 60 * (1 + (many["topic"] != "all").any())
    pd.testing.assert_frame_equal(many, once)


def test_the_queue_is_forecast_like_any_other(sessions: sessionmaker[Session], caring: Settings) -> None:
    with sessions() as session:
        take(session, caring, weeks(6), MORNING, mode=REVISION)
        session.commit()
    for name in ("ingest", "care", "predict"):
        done = execute(name, sessions, caring, MORNING)
        assert done is not None and done.state == "done", done
    with sessions() as session:
        found = load_forecast(session, series=[QUEUE], granularity="hour")
        local = found["ds"].dt.tz_convert("Europe/Amsterdam")
        by_day, nights = local.dt.hour.between(9, 19), local.dt.hour < 5
        assert found.loc[by_day, "mean"].mean() > 4 * found.loc[nights, "mean"].mean()
        assert 2 < found.loc[by_day, "mean"].mean() < 5  # three an hour were asked by day


def weeks(number: int) -> list[Mention]:
    """Questions of some weeks: three an hour by day, one in four hours at night, most answered within two hours."""
    rng = np.random.default_rng(3)
    start = MORNING.tz_convert("Europe/Amsterdam").normalize() - pd.Timedelta(weeks=number)
    posts: list[Mention] = []
    for at in pd.date_range(start, MORNING.tz_convert(start.tz), freq="1h", inclusive="left"):
        for _ in range(rng.poisson(3.2 if 8 <= at.hour < 21 else 0.25)):
            made = (at + pd.Timedelta(minutes=float(rng.uniform(0, 60)))).floor("s").tz_convert("UTC")
            reply = made + pd.Timedelta(minutes=float(rng.exponential(40)))
            text = rng.choice(["Waar blijft mijn rekening?", "Stroomstoring in de wijk, hoe lang nog?"])
            posts.append(
                Mention(
                    "x",
                    str(len(posts)),
                    made.to_pydatetime(),
                    str(text),
                    language="nl",
                    replied_at=reply.floor("s").to_pydatetime() if reply < MORNING else None,
                )
            )
    return [one for one in posts if one.created_at < MORNING]


def test_the_job_is_known_to_the_clock_and_the_ledger(
    sessions: sessionmaker[Session], caring: Settings
) -> None:
    assert caring.schedule.care == "*/5 * * * *"
    outcome = execute("care", sessions, caring, NOW)
    assert outcome is not None and outcome.as_dict() == {
        "done": {"buckets": 0, "versions": 0},
        "problems": [],
    }
