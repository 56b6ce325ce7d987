"""Queues that change names, and queues that end, on their way from a file to the published forecast."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sqlalchemy.orm import Session

from forecast.errors import InputError, NotEnoughHistory, NotFound
from jobs.predict import forecast_all
from store.facts import open_archive
from store.forecasts import load_forecast
from store.imports.hours import import_hours
from store.imports.queue_map import import_queue_map
from store.imports.volumes import import_volumes
from store.looking_ahead import look_ahead
from store.queue_map import load_queue_map
from store.queues import load_queues
from store.settings import Settings

TODAY = pd.Timestamp("2026-03-30", tz="Europe/Amsterdam").tz_convert("UTC")  # a Monday


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Without public holidays."""
    return Settings(**{**settings.model_dump(), "company": {"country": None}})


def contacts(queue: str, first: str, last: str, *, level: float = 20.0) -> str:
    """Rows of a queue that is open on weekdays from nine to five, local time, from the first to the last day."""
    ds = pd.date_range(first, pd.Timestamp(last) + pd.Timedelta("23h"), freq="1h")
    ds = ds[(ds.hour >= 9) & (ds.hour < 17) & (ds.dayofweek < 5)]
    offered = np.random.default_rng(1).poisson(level, len(ds))
    rows = (f"{queue},{at:%Y-%m-%dT%H:%M},{count}\n" for at, count in zip(ds, offered, strict=True))
    return "".join(rows)


def load(session: Session, settings: Settings, *queues: str) -> None:
    text = "queue,interval_start,offered\n" + "".join(queues)
    import_volumes(session, settings, text.encode(), now=TODAY, interval="1h", name="file")
    session.commit()


def days_ahead(session: Session, queue: str) -> list[float]:
    """The published forecast of the next seven days."""
    return load_forecast(session, series=[queue], granularity="day")["mean"].tolist()[:7]


def test_a_renamed_queue_is_forecast_from_its_old_name_s_history(
    session: Session, settings: Settings
) -> None:
    """The new name has had contacts for a week; alone it would be too young for a forecast."""
    load(
        session,
        settings,
        contacts("old", "2026-01-05", "2026-03-22"),
        contacts("new", "2026-03-23", "2026-03-29"),
    )
    with pytest.raises(NotEnoughHistory):
        look_ahead(open_archive(session, settings, ["new"]), settings, "new", TODAY)
    import_queue_map(session, settings, b"queue,into,date\nold,new,2026-03-23\n", now=TODAY)
    outcome = forecast_all(session, settings, TODAY)
    assert (outcome.done["queues"], outcome.problems) == (2, ())
    assert days_ahead(session, "new") == pytest.approx([160] * 5 + [0, 0], rel=0.1)
    assert days_ahead(session, "old") == [0] * 7


def test_a_rename_ahead_makes_the_new_queue_and_hands_over_on_its_day(
    session: Session, settings: Settings
) -> None:
    load(session, settings, contacts("old", "2026-01-05", "2026-03-29"))
    import_hours(
        session,
        settings,
        b"queue,weekday,opens,closes\nnew,wed,09:00,17:00\nnew,thu,09:00,17:00\n",
        now=TODAY,
    )
    found = import_queue_map(session, settings, b"queue,into,date\nold,new,2026-04-01\n", now=TODAY)
    assert (found.rows, found.changed) == (1, 1)
    assert [queue.name for queue in load_queues(session)] == ["new", "old"]
    forecast_all(session, settings, TODAY)
    assert days_ahead(session, "old") == pytest.approx([160, 160, 0, 0, 0, 0, 0], rel=0.1)
    assert days_ahead(session, "new") == pytest.approx([0, 0, 160, 160, 0, 0, 0], rel=0.1)


def test_the_archive_of_one_queue_is_that_of_all(session: Session, settings: Settings) -> None:
    """Its sources are loaded along the chain, and not kept."""
    load(
        session,
        settings,
        contacts("a", "2026-01-05", "2026-03-01"),
        contacts("b", "2026-02-02", "2026-03-08", level=5),
        contacts("c", "2026-03-09", "2026-03-29"),
    )
    import_queue_map(
        session, settings, b"queue,into,date,share\na,b,2026-03-02,0.5\nb,c,2026-03-09,\n", now=TODAY
    )
    alone, whole = open_archive(session, settings, ["c"]), open_archive(session, settings)
    assert list(alone.series) == ["c"] and set(whole.series) == {"a", "b", "c"}
    for mine, other in zip(
        alone.series["c"].offered.latest(), whole.series["c"].offered.latest(), strict=True
    ):
        np.testing.assert_array_equal(mine, other)
    assert whole.series["b"].ends is not None and whole.series["a"].ends is None


def test_a_map_names_queues_that_are_there_and_does_not_contradict_itself(
    session: Session, settings: Settings
) -> None:
    load(session, settings, contacts("calls", "2026-03-02", "2026-03-29"))
    with pytest.raises(NotFound, match="Did you mean calls"):
        import_queue_map(session, settings, b"queue,into,date\ncals,new,2026-04-01\n", now=TODAY)
    import_queue_map(session, settings, b"queue,into,date\ncalls,new,2026-04-01\n", now=TODAY)
    with pytest.raises(InputError, match="circle"):
        import_queue_map(session, settings, b"queue,into,date\nnew,calls,2026-05-01\n", now=TODAY)
    import_queue_map(session, settings, b"queue,into,date,share\ncalls,new,2026-04-01,0\n", now=TODAY)
    assert not load_queue_map(session)


def test_a_queue_that_ended_while_others_went_on_is_forecast_as_zero(
    session: Session, settings: Settings
) -> None:
    load(
        session,
        settings,
        contacts("over", "2026-01-05", "2026-03-05"),
        contacts("calls", "2026-01-05", "2026-03-29"),
    )
    outcome = forecast_all(session, settings, TODAY)
    assert outcome.problems == (
        "over: no contact since 2026-03-05, so it counts as over and its forecast is zero.",
    )
    assert days_ahead(session, "over") == [0] * 7
    whole = open_archive(session, settings)
    assert look_ahead(whole, settings, "over", TODAY).paths.values[0, -24 * 7 :].max() == 0


def test_where_all_queues_end_the_forecast_begins_there(session: Session, settings: Settings) -> None:
    load(
        session,
        settings,
        contacts("calls", "2026-01-05", "2026-03-05"),
        contacts("mail", "2026-01-05", "2026-03-06"),
    )
    forecast_all(session, settings, TODAY)
    assert days_ahead(session, "calls")[-1] > 100
