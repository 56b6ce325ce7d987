"""A database of before is brought to today's schema without a loss."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from alembic import command
from alembic.config import Config
from sqlalchemy import text

import store
from forecast.social.mention import Mention
from store.chain import REVISION, Chain, receive
from store.database import connect, sessions, upgrade
from store.mentions import count_mentions, load_scored
from store.queue_map import load_queue_map
from store.settings import Settings

AT = pd.Timestamp("2026-03-02 09:00", tz="UTC")


def test_posts_held_under_the_suppliers_ids_are_hidden_and_known_again(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'old.db'}"
    engine = connect(url)
    config = Config()
    config.set_main_option("script_location", str(Path(store.__file__).parent / "migrations"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0004")
        micros = AT.value // 1000
        row = {"source": "x", "id": "4711", "at": micros}
        connection.execute(
            text(
                "INSERT INTO mentions (source, id, created_at, known_at, updated_at, assumed, topics, text, direction) "
                "VALUES (:source, :id, :at, :at, :at, true, '[\"outage\"]', 'Stroomstoring!', 'in')"
            ),
            row,
        )
    upgrade(engine)
    with sessions(engine)() as session:
        held = load_scored(session)
        assert len(held["id"][0]) == 32 and held["text"][0] == "Stroomstoring!"
        again = Mention("x", "4711", AT.to_pydatetime(), "Stroomstoring!")
        receive(session, Chain(Settings()), [again], now=AT.to_pydatetime(), mode=REVISION)
        assert count_mentions(session) == 1
    engine.dispose()


def test_moves_between_queues_of_before_were_believed_always(tmp_path: Path) -> None:
    engine = connect(f"sqlite:///{tmp_path / 'old.db'}")
    config = Config()
    config.set_main_option("script_location", str(Path(store.__file__).parent / "migrations"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0006")
        connection.execute(text("INSERT INTO queue_moves VALUES ('old', 'new', '2026-03-01', 0.7)"))
    upgrade(engine)
    with sessions(engine)() as session:
        for as_of in (None, AT.to_pydatetime()):
            (move,) = load_queue_map(session, as_of=as_of).moves
            assert (move.queue, move.into, move.date, move.share) == ("old", "new", "2026-03-01", 0.7)
    engine.dispose()
