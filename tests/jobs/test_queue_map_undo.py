"""Changes of queues taken back: the archive and the forecast are the same bits as before, and past reports never moved."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from forecast.buckets import Grid, Interval, to_ns
from forecast.errors import InputError, NotFound
from forecast.models.base import Leads
from forecast.models.dressed import Dressed
from forecast.models.rates import rates
from forecast.queue_map import Move, QueueMap
from forecast.vintage import Archive
from jobs.predict import forecast_all
from store.facts import open_archive
from store.forecasts import load_forecast
from store.imports.drivers import import_drivers
from store.imports.queue_map import import_queue_map
from store.queue_map import add_moves, load_moves, load_queue_map, undo_moves
from store.queues import load_queues
from store.runs import begin_run
from store.scores import save_report
from store.settings import Settings
from store.statements import table_of
from store.tables import ForecastRow, ScoreRow
from store.volumes import load_volumes
from tests.jobs.test_queue_map_jobs import TODAY, contacts, load

NOW = TODAY.to_pydatetime()
LATER = NOW + dt.timedelta(days=1)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Without public holidays."""
    return Settings(**{**settings.model_dump(), "company": {"country": None}})


@pytest.fixture
def held(session: Session, settings: Settings) -> Session:
    """Three queues, one with letters."""
    load(
        session,
        settings,
        contacts("a", "2026-01-05", "2026-03-29"),
        contacts("b", "2026-01-05", "2026-03-29", level=8),
        contacts("c", "2026-02-02", "2026-03-29", level=5),
    )
    text = b"date,driver,value,queue\n2026-02-10,letters,100,a\n2026-03-10,letters,400,a\n"
    import_drivers(session, settings, text, now=TODAY)
    session.commit()
    return session


def move(queue: str, into: str, date: str, share: float = 1.0) -> Move:
    return Move(int(np.datetime64(date, "D").astype(np.int64)), queue, into, share)


def bits(archive: Archive) -> dict[str, list[bytes]]:
    """Every array of the series and drivers."""
    found = {}
    for kind, named in (("series", archive.series), ("driver", archive.drivers)):
        for name, one in named.items():
            versions = one.offered if kind == "series" else one.values
            found[f"{kind} {name}"] = [
                versions.ds.tobytes(),
                versions.value.tobytes(),
                versions.known_at.tobytes(),
            ]
    return found


def paths(archive: Archive, queue: str) -> bytes:
    snapshot = archive.at(to_ns(TODAY)).only(queue)
    first = int(np.datetime64("2026-03-30", "D").astype(np.int64))
    grid = Grid.days(first, first + 3, Interval.HOUR, "Europe/Amsterdam")
    fitted = Dressed("one", rates(["level_profile"])).fit(snapshot)
    return fitted.predict(snapshot, Leads(grid, snapshot.cutoff), draws=20, seed=1).values.tobytes()


@pytest.mark.parametrize(
    "moves",
    [
        (move("a", "new", "2026-03-16"),),
        (move("a", "b", "2026-03-02"), move("c", "b", "2026-03-02")),
        (move("a", "b", "2026-04-10", 0.7), move("a", "z", "2026-04-10", 0.3)),
    ],
)
def test_what_is_done_and_undone_leaves_the_same_bits(
    held: Session, settings: Settings, moves: tuple[Move, ...]
) -> None:
    before, queues = open_archive(held, settings), load_queues(held)
    kept = add_moves(held, moves, now=NOW)
    held.commit()
    assert bits(open_archive(held, settings)) != bits(before)
    assert len(undo_moves(held, kept[-1].id, now=LATER)) == len(moves)
    held.commit()
    after = open_archive(held, settings)
    assert bits(after) == bits(before) and load_queues(held) == queues
    for queue in ("a", "b"):
        assert paths(open_archive(held, settings, [queue]), queue) == paths(before, queue)
    between = open_archive(held, settings, as_of=NOW + dt.timedelta(hours=1))
    assert (
        bits(between) != bits(before)
        and load_queue_map(held, as_of=NOW - dt.timedelta(hours=1)) == QueueMap()
    )


def test_undoing_brings_back_what_a_file_replaced(held: Session, settings: Settings) -> None:
    import_queue_map(held, settings, b"queue,into,date\na,b,2026-05-01\n", now=TODAY)
    first = load_queue_map(held)
    import_queue_map(held, settings, b"queue,into,date,share\na,c,2026-05-01,0.4\n", now=TODAY)
    (now,) = load_moves(held)
    assert now.move.into == "c"
    undo_moves(held, now.id, now=LATER)
    assert load_queue_map(held) == first
    with pytest.raises(NotFound):
        undo_moves(held, now.id, now=LATER)


def test_what_came_back_can_be_undone_itself_one_by_one(held: Session, settings: Settings) -> None:
    for day in ("2026-04-01", "2026-05-01"):
        add_moves(held, (move("a", "b", day, 0.2),), now=NOW)
    import_queue_map(held, settings, b"queue,into,date\na,c,2026-05-01\n", now=TODAY)
    (file,) = load_moves(held)
    undo_moves(held, file.id, now=LATER)
    one, two = load_moves(held)
    undo_moves(held, one.id, now=LATER)
    assert [left.id for left in load_moves(held)] == [two.id]
    undo_moves(held, two.id, now=LATER)
    assert not load_queue_map(held)


def test_a_change_that_others_stand_on_cannot_be_undone_alone(held: Session, settings: Settings) -> None:
    """`b` has wholly gone into `z` on 1 May: undoing where `z` took over from `a` would be fine, contradicting it is not."""
    import_queue_map(held, settings, b"queue,into,date\na,b,2026-05-01\n", now=TODAY)
    import_queue_map(held, settings, b"queue,into,date\na,z,2026-06-01\n", now=TODAY)
    add_moves(held, (move("b", "c", "2026-04-01"),), now=LATER)
    (latest,) = [one for one in load_moves(held) if one.move.queue == "a"]
    with pytest.raises(InputError, match="wholly gone before"):
        undo_moves(held, latest.id, now=LATER)
    assert len(load_moves(held)) == 2


def test_reports_of_the_past_stay_as_they_were(held: Session, settings: Settings) -> None:
    """Stored forecasts, scores, the forecast of then and the volumes answer under the old name, before and after."""

    def stored() -> tuple[object, ...]:
        rows = held.execute(select(table_of(ForecastRow)).where(ForecastRow.version_id == 1)).all()
        then = load_forecast(held, series=["a"], granularity="day", as_of=NOW + dt.timedelta(minutes=1))
        start, end = pd.Timestamp("2026-03-01", tz="UTC"), pd.Timestamp("2026-04-01", tz="UTC")
        volumes = load_volumes(held, ["a"], start, end)
        scores = held.execute(select(table_of(ScoreRow))).all()
        return ([tuple(row) for row in rows], then.to_csv(), volumes.to_csv(), [tuple(row) for row in scores])

    forecast_all(held, settings, TODAY)
    run = begin_run(held, "select", now=NOW, lease_seconds=60, config_hash="c", code_version="1", cutoff=NOW)
    assert run is not None
    save_report(
        held, run.id, {"scores": [{"series": "a", "model": "champion", "lead_band": "1-3d", "wape": 0.1}]}
    )
    held.commit()
    before = stored()
    assert before[0] and str(before[2]).count("\n") > 100
    kept = add_moves(held, (move("a", "new", "2026-03-30"),), now=NOW + dt.timedelta(hours=1))
    forecast_all(held, settings, TODAY + pd.Timedelta("2h"))
    assert stored() == before
    assert load_forecast(held, series=["a"], granularity="day")["mean"].max() == 0
    undo_moves(held, kept[0].id, now=LATER)
    outcome = forecast_all(held, settings, TODAY + pd.Timedelta("26h"))
    assert stored() == before and outcome.done["queues"] == 3
    assert not [one for one in outcome.problems if one.startswith("new")]
    assert load_forecast(held, series=["a"], granularity="day")["mean"].max() > 100
