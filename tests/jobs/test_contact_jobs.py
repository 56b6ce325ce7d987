"""Systems of contacts as a user sets them up: the job reads them, one failure stops no other, old rows go and counts stay."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pandas as pd
import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from forecast.errors import ConfigError, InputError, SourceError
from jobs import contacts, ingest, retain
from jobs.contact_sources import open_contacts
from jobs.sources import Line
from jobs.sql_reading import SqlReading
from store.contact_log import load_contacts, save_contacts
from store.database import connect
from store.imports.contacts import import_contacts
from store.queues import load_queues
from store.settings import Settings, load_settings
from store.tables import HashKeyRow, VolumeRow
from store.uploads import list_uploads, remove_upload
from store.volumes import load_volumes
from tests.peers.base import NOW
from tests.peers.contact_systems import QUEUE, Log, View, when
from tests.peers.imap import PASSWORD, USER, MailServer, mail

AT = pd.Timestamp(NOW)
HALF = pd.Timedelta(minutes=30)


def made(folder: Path, *sources: str, **contacts_section: object) -> Settings:
    file = folder / "forecall.yaml"
    more = "".join(f"  {name}: {value}\n" for name, value in contacts_section.items())
    listed = "".join(f"    - {one}\n" for one in sources)
    file.write_text(f"contacts:\n{more}  sources:\n{listed}" if sources else f"contacts:\n{more}")
    return load_settings(file)


def run(session: Session, settings: Settings, now: pd.Timestamp = AT) -> Any:
    with httpx2.Client() as client:
        return ingest.run(session, settings, now, over=Line(client, lambda seconds: None))


def offered(session: Session, queue: str = QUEUE) -> dict[str, float]:
    held = load_volumes(session, queue)
    return {f"{ds:%H:%M}": value for ds, value in zip(held["ds"], held["offered"], strict=True)}


def view_of(view: View) -> str:
    return (
        f"{{kind: sql, name: view, url_env: ACD_URL, query: '{view.query}', "
        "columns: {queue: skill, interval_start: start_time, offered: calls}}"
    )


def log_of(log: Log) -> str:
    return f"{{kind: queue_log, name: log, path: '{log.path}'}}"


def test_every_system_is_read_and_one_that_fails_is_a_problem(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    view, log = View(tmp_path), Log(tmp_path)
    view.tell(30)
    monkeypatch.setenv("ACD_URL", view.url)
    settings = made(
        tmp_path, f"{{kind: queue_log, name: gone, path: '{tmp_path / 'none'}'}}", view_of(view), log_of(log)
    )
    log.tell(0)
    outcome = run(session, settings)
    assert outcome.state == "done" and outcome.done["contact_sources"] == 2
    assert any(said.startswith("gone") for said in outcome.problems)
    assert sum(offered(session).values()) == 30
    only = made(tmp_path, f"{{kind: queue_log, name: gone, path: '{tmp_path / 'none'}'}}")
    assert run(session, only).state == "failed"


def test_a_mailbox_is_read_with_its_password_and_answers_close_its_contacts(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAIL_USER", USER)
    monkeypatch.setenv("MAIL_PASSWORD", PASSWORD)
    with MailServer() as server:
        source = (
            f"{{kind: mailbox, name: mail, host: 127.0.0.1, port: {server.port}, tls: none, user_env: MAIL_USER, sent: Sent, "
            "password_env: MAIL_PASSWORD, addresses: {Help@Lumen.example: Mail}}"
        )
        settings = made(tmp_path, source)
        server.deliver_all([(mail(k), when(k)) for k in range(10)] + [(mail(99, Precedence="bulk"), when(3))])
        outcome = run(session, settings)
        assert "mail: 1 bulk mail." in outcome.problems
        assert offered(session, "Mail")["06:00"] == 10 and offered(session, "Mail")["11:30"] == 0
        assert load_volumes(session, "Mail")["handled"].isna().all()
        server.deliver(
            mail(50, sender="help@lumen.example", In_Reply_To="<m4@mail.example>"), when(60), "Sent"
        )
        run(session, settings, AT + HALF)
    log = load_contacts(session, None, None, "Mail")
    assert log["answered_at"].dropna().tolist() == [pd.Timestamp(when(60))]
    held = load_volumes(session, "Mail").set_index("ds")
    assert held["handled"].sum() == 1 and held.loc[pd.Timestamp(when(0)), "known_at"] == AT + HALF


def test_an_interval_of_two_sources_waits_for_both(session: Session, tmp_path: Path) -> None:
    one, other = tmp_path / "a", tmp_path / "b"
    one.mkdir(), other.mkdir()
    first, second = Log(one), Log(other)
    settings = made(tmp_path, log_of(first), log_of(second).replace("name: log", "name: log2"))
    for log in (first, second):
        log.write(when(1), "c.1", QUEUE, "ENTERQUEUE", "", "0612345678", 1)
        log.write(when(45), "NONE", "NONE", "CONFIGRELOAD")
    run(session, settings)
    first.write(when(100), "NONE", "NONE", "CONFIGRELOAD")
    run(session, settings, AT + HALF)
    assert offered(session) == {"06:00": 2.0, "06:30": 0.0, "07:00": 0.0, "07:30": 0.0}
    second.write(when(50), "c.2", QUEUE, "ENTERQUEUE", "", "0612345678", 1)
    second.write(when(100), "NONE", "NONE", "CONFIGRELOAD")
    run(session, settings, AT + 2 * HALF)
    assert offered(session)["08:30"] == 1 and len(offered(session)) == 10


def test_old_rows_go_their_counts_stay_and_the_same_log_again_changes_nothing(
    session: Session, tmp_path: Path
) -> None:
    log = Log(tmp_path)
    log.tell(40)
    settings = made(tmp_path, log_of(log), keep_days=2)
    run(session, settings)
    before = offered(session)
    assert retain.run(session, settings, AT + pd.Timedelta(days=3)).done["contacts"] == 40
    assert load_contacts(session, None, None).empty and session.scalar(select(HashKeyRow.month)) is None
    save_cursorless(session)
    versions = len(session.scalars(select(VolumeRow.id)).all())
    outcome = run(session, settings, AT + pd.Timedelta(days=3))
    assert offered(session) == before and len(session.scalars(select(VolumeRow.id)).all()) == versions
    assert outcome.done["contacts"] == 0


def save_cursorless(session: Session) -> None:
    """The mark is lost: the log is read from the beginning."""
    session.execute(text("DELETE FROM cursors WHERE source = 'contacts:log'"))


def test_a_dry_look_shows_what_would_come_and_stores_nothing(session: Session, tmp_path: Path) -> None:
    log = Log(tmp_path)
    log.tell(10)
    settings = made(tmp_path, log_of(log))
    pages, more = contacts.look(session, settings, "log", AT)
    assert sum(len(page.contacts) for page in pages) >= 10 and not more
    assert load_contacts(session, None, None).empty and load_queues(session) == []


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("{kind: sql, name: a, url_env: U, query: 'DROP TABLE x', columns: {}}", "not one SELECT"),
        (
            "{kind: sql, name: a, url_env: 'postgresql://u:pw@h/d', query: 'SELECT :since', columns: {}}",
            "environment",
        ),
        ("{kind: mailbox, name: a, host: h, user_env: U, password_env: P}", "addresses"),
        (
            "{kind: mailbox, name: a, host: h.example, tls: none, user_env: U, password_env: P, queue: Q}",
            "without TLS",
        ),
        ("{kind: queue_log, name: a, path: x, quues: {}}", "quues"),
    ],
)
def test_what_cannot_be_configured_is_a_sentence(tmp_path: Path, source: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as failed:
        made(tmp_path, source)
    assert "pw" not in str(failed.value)


def test_an_address_that_is_not_set_or_has_no_driver_is_named_without_its_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = made(tmp_path, view_of(View(tmp_path)))
    with httpx2.Client() as client:
        for value, said in (
            (None, "ACD_URL"),
            ("nonsense", "ACD_URL"),
            ("oracle+nodriver://u:pw@h/d", "driver"),
        ):
            monkeypatch.setenv("ACD_URL", value) if value else monkeypatch.delenv("ACD_URL", raising=False)
            with pytest.raises(ConfigError, match=said) as failed:
                open_contacts(settings, settings.contacts.sources[0], Line(client))
            assert "pw" not in str(failed.value)


def reading(url: str, query: str, timeout: float = 5) -> SqlReading:
    return SqlReading(name="acd", url=url, variable="ACD_URL", query=query, timeout=timeout)


def drain(one: SqlReading) -> list[Any]:
    with one(dt.datetime(2026, 11, 1)) as (_, rows):
        return list(rows)


def test_sqlite_can_only_be_read_and_is_stopped_in_time(tmp_path: Path) -> None:
    view = View(tmp_path)
    view.tell(10)
    assert len(drain(reading(view.url, view.query))) == 1
    slow = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i), :since FROM n"
    with pytest.raises(SourceError, match="longer than"):
        drain(reading(view.url, slow, timeout=0.2))
    with pytest.raises(SourceError, match="no such column"):
        drain(reading(view.url, "SELECT answered_by FROM report WHERE start_time > :since"))
    with pytest.raises(SourceError):
        drain(reading(f"sqlite:///{tmp_path / 'none.db'}", "SELECT :since"))
    assert not (tmp_path / "none.db").exists()


@pytest.mark.postgres
def test_postgresql_can_only_be_read_streams_and_is_stopped_in_time(
    postgres: Callable[[str], str], tmp_path: Path, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin = connect(postgres("postgres")).execution_options(isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text("DROP TABLE IF EXISTS acd"))
        connection.execute(text("CREATE TABLE acd (skill text, at timestamptz, n numeric)"))
        connection.execute(
            text(
                "INSERT INTO acd SELECT 'Help', t, 2.0 FROM generate_series('2026-11-19T06:00Z'::timestamptz, "
                "'2026-11-20T11:30Z', '30 minutes') AS t"
            )
        )
        connection.execute(
            text("CREATE OR REPLACE FUNCTION sneak() RETURNS int LANGUAGE sql AS 'DELETE FROM acd; SELECT 1'")
        )
    admin.dispose()
    url = postgres("postgres")
    with pytest.raises(SourceError, match="writes"):
        drain(reading(url, "SELECT sneak() WHERE now() > CAST(:since AS timestamptz)"))
    with pytest.raises(SourceError, match="longer than"):
        drain(reading(url, "SELECT pg_sleep(5), CAST(:since AS timestamptz)", timeout=0.3))
    with pytest.raises(SourceError, match="reached") as failed:
        drain(reading("postgresql+psycopg://u:hidden-word@127.0.0.1:1/none", "SELECT :since"))
    assert "hidden-word" not in str(failed.value)
    monkeypatch.setenv("ACD_URL", url)
    source = (
        "{kind: sql, name: acd, url_env: ACD_URL, since: utc, query: 'SELECT skill, at, n FROM acd WHERE at >= :since ORDER BY at', "
        "columns: {queue: skill, interval_start: at, offered: n}}"
    )
    settings = made(tmp_path, source)
    outcome = run(session, settings)
    assert not outcome.problems and outcome.done["volumes"] == 60
    assert run(session, settings, AT + HALF).done["volumes"] == 0


def test_rows_of_a_queue_kept_by_another_interval_are_left_out_and_told(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from store.queues import Interval, Queue, save_queue

    save_queue(session, Queue(QUEUE, "phone", "all", Interval.HOUR, "Europe/Amsterdam"))
    view = View(tmp_path)
    view.tell(30)
    monkeypatch.setenv("ACD_URL", view.url)
    outcome = run(session, made(tmp_path, view_of(view)))
    assert any("kept per 1h" in said for said in outcome.problems) and load_volumes(session).empty


FILE = b"contact_time,queue,outcome,customer,topic\n" + b"".join(
    f"2026-11-18 {9 + k // 20:02d}:{k % 20 * 3:02d},Bank,{'handled' if k % 3 else 'abandoned'},06{k % 9:08d},{'loan' if k % 2 else 'card'}\n".encode()
    for k in range(60)
)


def test_a_file_of_contacts_is_loaded_once_counted_and_taken_out_again(session: Session) -> None:
    settings = Settings()
    first = import_contacts(session, settings, FILE, now=AT, count=True)
    assert (first.rows, first.changed) == (60, 60)
    held = load_volumes(session, "Bank")
    whole = held[held["topic"] == "all"]
    assert whole["offered"].tolist() == [10.0] * 6 and whole["abandoned"].sum() == 20
    assert held[held["topic"] == "loan"]["offered"].sum() == 30
    assert import_contacts(session, settings, FILE, now=AT + HALF, count=True).changed == 0
    assert len(load_contacts(session, None, None, "Bank")) == 60
    assert load_volumes(session, "Bank")["known_at"].max() < AT
    counted = [one for one in list_uploads(session) if one.kind == "volumes"]
    for one in counted:
        remove_upload(session, one.id, now=(AT + 2 * HALF).to_pydatetime())
    assert load_volumes(session, "Bank").empty


def test_old_contacts_of_a_file_are_told_to_go_soon(session: Session) -> None:
    old = FILE.replace(b"2026-11-18", b"2026-01-18")
    assert any("keep_days" in said for said in import_contacts(session, Settings(), old, now=AT).warnings)


def test_later_news_complete_a_contact_and_untell_nothing(session: Session) -> None:
    base = {"source": "s", "id": "1", "at": AT, "queue": "q", "customer": "jan", "outcome": "open"}
    rows = [base, {**base, "customer": None, "outcome": "handled", "handled_seconds": 60.0}, base]
    for row in rows:
        frame = pd.DataFrame([row]).assign(at=lambda held: held["at"].dt.as_unit("ns"))
        save_contacts(session, frame, upload_id=None)
    (held,) = load_contacts(session, None, None).to_dict("records")
    assert (held["outcome"], held["handled_seconds"]) == ("handled", 60.0) and held["customer"] not in (
        None,
        "jan",
    )
    with pytest.raises(InputError):
        save_contacts(session, frame.drop(columns="queue"), upload_id=None)


def test_news_without_a_reason_leave_the_reason_that_is_held(session: Session) -> None:
    told = {"source": "s", "id": "1", "at": AT, "queue": "q", "topic": "invoice"}
    news = {**told, "topic": "all", "outcome": "handled"}
    for rows in ([told], [news], [told, news]):
        frame = pd.DataFrame(rows).assign(at=lambda held: held["at"].dt.as_unit("ns"))
        save_contacts(session, frame, upload_id=None)
        assert load_contacts(session, None, None)["topic"].tolist() == ["invoice"]


PAGE = (Path(__file__).parents[2] / "docs" / "contact_sources.md").read_text("utf-8")


@pytest.mark.parametrize("block", re.findall(r"^```yaml\n(.*?)^```", PAGE, flags=re.M | re.S))
def test_every_example_of_the_page_loads(block: str, tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(block)
    (source,) = load_settings(file).contacts.sources
    assert f"| `{source.kind}` |" in PAGE
