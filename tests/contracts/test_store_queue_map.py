"""The map of queues, and what a queue hears of the others, on SQLite and on PostgreSQL."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest
from sqlalchemy.orm import Session

from forecast.errors import InputError
from forecast.queue_map import QueueMap
from store.archive import load_archive
from store.queue_map import load_queue_map, save_queue_map
from store.queues import save_queue
from store.volumes import save_volumes
from tests import builders as b

NOW = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)


def moves(*rows: tuple[str, str, str, float]) -> pd.DataFrame:
    """(queue, into, date, share) -> moves[queue, into, date, share]."""
    frame = pd.DataFrame(rows, columns=["queue", "into", "date", "share"])
    return frame.assign(date=pd.to_datetime(frame["date"], utc=True))


class TestQueueMap:
    def test_an_empty_store_has_an_empty_map(self, session: Session) -> None:
        assert load_queue_map(session) == QueueMap()

    def test_moves_come_back_in_the_order_in_which_they_happen(self, session: Session) -> None:
        given = moves(("b", "c", "2026-06-01", 1.0), ("a", "b", "2026-03-01", 0.4))
        assert save_queue_map(session, given, now=NOW) == 2
        assert load_queue_map(session) == QueueMap.from_frame(given)
        assert [str(move) for move in load_queue_map(session).moves] == [
            "a into b from 2026-03-01",
            "b into c from 2026-06-01",
        ]

    def test_the_moves_of_a_queue_are_replaced_and_those_of_others_stay(self, session: Session) -> None:
        save_queue_map(session, moves(("a", "b", "2026-03-01", 0.4), ("x", "y", "2026-03-01", 1.0)), now=NOW)
        save_queue_map(session, moves(("a", "c", "2026-04-01", 1.0)), now=NOW)
        save_queue_map(session, moves(("a", "c", "2026-04-01", 1.0)), now=NOW)
        assert [(move.queue, move.into) for move in load_queue_map(session).moves] == [("x", "y"), ("a", "c")]

    def test_a_share_of_0_takes_a_move_back(self, session: Session) -> None:
        save_queue_map(session, moves(("a", "b", "2026-03-01", 0.4)), now=NOW)
        assert save_queue_map(session, moves(("a", "b", "2026-03-01", 0.0)), now=NOW) == 0
        assert not load_queue_map(session)

    def test_what_was_believed_before_is_kept_under_its_moment(self, session: Session) -> None:
        save_queue_map(session, moves(("a", "b", "2026-03-01", 0.4)), now=NOW)
        save_queue_map(session, moves(("a", "c", "2026-03-01", 1.0)), now=NOW + dt.timedelta(days=1))
        assert load_queue_map(session, as_of=NOW).moves[0].into == "b"
        assert load_queue_map(session, as_of=NOW + dt.timedelta(days=1)).moves[0].into == "c"
        assert not load_queue_map(session, as_of=NOW - dt.timedelta(seconds=1))

    def test_what_contradicts_a_stored_move_is_refused_and_nothing_changes(self, session: Session) -> None:
        save_queue_map(session, moves(("a", "b", "2026-03-01", 1.0)), now=NOW)
        with pytest.raises(InputError, match="circle"):
            save_queue_map(session, moves(("b", "a", "2026-04-01", 1.0)), now=NOW)
        assert [move.queue for move in load_queue_map(session).moves] == ["a"]


def test_an_archive_of_one_queue_tells_when_others_had_contacts_after_its_last(session: Session) -> None:
    for name in ("calls", "mail", "chat"):
        save_queue(session, b.queue(name))
    save_volumes(session, b.volumes([3, 5, 0], ds=[0, 1, 60]), upload_id=None)
    save_volumes(session, b.volumes([7, 7, 0, 7], ds=[0, 30, 54, 80], known=99, name="mail"), upload_id=None)
    save_volumes(session, b.volumes([1, 1], ds=[31, 32], known=[88, 200], name="chat"), upload_id=None)
    beside = load_archive(session, queues=["calls"]).beside
    assert beside.ds.tolist() == [b.at(30).value, b.at(80).value]
    assert beside.known_at.tolist() == [b.at(88).value, b.at(99).value]
    assert len(load_archive(session, queues=["mail"]).beside) == 0
    assert len(load_archive(session).beside) == 0
