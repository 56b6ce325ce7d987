"""What each system of contacts tells in its own way: rotated logs, transfers, web forms, automatic mail, pages by link."""

from __future__ import annotations

import datetime as dt
import gzip
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest

from forecast.buckets import Interval
from forecast.contacts.customer import plain_customer
from forecast.contacts.sources.base import Page
from forecast.contacts.sources.counted_rows import read_rows
from forecast.contacts.sources.mail_headers import read_header
from forecast.contacts.sources.mailbox import Mailbox, Sorting
from forecast.contacts.sources.queue_log import QueueLog
from forecast.contacts.sources.rest_poll import RestRows
from forecast.contacts.sources.sql_view import check_query
from forecast.errors import ConfigError, SourceError
from forecast.social.sources.json_list import JsonList, Paging
from forecast.social.sources.web import Web
from tests.peers.base import NOW, Answer, Asked, Peer
from tests.peers.contact_systems import SHAPE, Log, when
from tests.peers.imap import MailServer, mail

MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def log(tmp_path: Path) -> Log:
    return Log(tmp_path)


@pytest.fixture(scope="module")
def server() -> Iterator[MailServer]:
    with MailServer() as running:
        yield running


def calls(pages: list[Page]) -> dict[str, dict[str, Any]]:
    """Contact -> what all pages together tell of it."""
    found: dict[str, dict[str, Any]] = {}
    for page in pages:
        for one in page.contacts:
            held = found.setdefault(one.id.split("|")[0], {"outcome": "open"})
            told = {name: getattr(one, name) for name in ("waited_seconds", "handled_seconds", "customer")}
            held.update({name: value for name, value in told.items() if value is not None})
            held["outcome"] = one.outcome if one.outcome != "open" else held["outcome"]
    return found


def read(log: Log, cursor: str | None = None, **settings: Any) -> list[Page]:
    return list(QueueLog(name="log", path=log.path, **settings).read(cursor, now=NOW))


@pytest.mark.parametrize(
    ("event", "data", "outcome", "waited", "talked"),
    [
        ("COMPLETEAGENT", (12, 340, 1), "handled", 12, 340),
        ("COMPLETECALLER", (12, 340, 1), "handled", 12, 340),
        ("ABANDON", (1, 3, 45), "abandoned", 45, None),
        ("EXITWITHTIMEOUT", (1, 3, 120), "overflowed", 120, None),
        ("EXITEMPTY", (1, 3, 7), "overflowed", 7, None),
        ("EXITWITHKEY", ("9", 1, 3, 30), "overflowed", 30, None),
        ("TRANSFER", ("200", "default", 12, 60, 1), "transferred", 12, 60),
        ("BLINDTRANSFER", ("200", "default", 12, 60, 1), "transferred", 12, 60),
        ("ATTENDEDTRANSFER", ("LINK", "a", "b", 12, 60, 1), "transferred", 12, 60),
        ("ATTENDEDTRANSFER", ("BRIDGE", "a", 12, 60, 1), "transferred", 12, 60),
        ("SYSCOMPAT", (), "abandoned", None, None),
        ("RINGNOANSWER", (1000,), "open", None, None),
    ],
)
def test_every_way_a_call_can_end_is_told(
    log: Log, event: str, data: tuple[object, ...], outcome: str, waited: float | None, talked: float | None
) -> None:
    log.write(when(0), "c.1", "Help", "ENTERQUEUE", "", "+31612345678", 1)
    log.write(when(1), "c.1", "Help", event, *data)
    (call,) = calls(read(log)).values()
    assert call["outcome"] == outcome and call["customer"] == "+31612345678"
    assert (call.get("waited_seconds"), call.get("handled_seconds")) == (waited, talked)


def test_a_call_that_enters_a_queue_twice_is_two_contacts_and_another_queue_a_third(log: Log) -> None:
    for minute, queue, event in ((0, "Help", "ENTERQUEUE"), (1, "Help", "EXITWITHTIMEOUT"), (2, "Overflow", "ENTERQUEUE"),
                                 (3, "Overflow", "EXITEMPTY"), (4, "Help", "ENTERQUEUE")):  # fmt: skip
        log.write(NOW - 60 * MINUTE + minute * MINUTE, "c.1", queue, event, 1, 1, 9)
    ids = {one.id for page in read(log) for one in page.contacts}
    assert len(ids) == 3


def test_a_log_that_is_rotated_packed_or_copied_is_read_on_where_it_was(log: Log) -> None:
    log.write(when(0), "c.0", "Help", "ENTERQUEUE", "", "06", 1)
    cursor = read(log)[-1].cursor
    log.write(when(1), "c.0", "Help", "COMPLETEAGENT", 5, 50, 1)
    log.write(when(2), "c.2", "Help", "ENTERQUEUE", "", "06", 1)
    older = log.path.with_name("queue_log.1")
    log.path.rename(older)
    log.write(when(3), "c.3", "Help", "ENTERQUEUE", "", "06", 1)
    found = calls(read(log, cursor))
    assert set(found) == {"c.0", "c.2", "c.3"} and found["c.0"]["outcome"] == "handled"
    with older.open("rb") as plain, gzip.open(f"{older}.gz", "wb") as packed:
        shutil.copyfileobj(plain, packed)
    older.unlink()
    assert set(calls(read(log, cursor))) == {"c.0", "c.2", "c.3"}
    shutil.copy(log.path, log.path.with_name("queue_log-20261120"))  # copytruncate
    log.path.write_text("")
    log.write(when(4), "c.4", "Help", "ENTERQUEUE", "", "06", 1)
    assert set(calls(read(log, cursor))) == {"c.0", "c.2", "c.3", "c.4"}


def test_a_log_whose_next_file_is_gone_says_so_and_does_not_vouch_for_the_gap(log: Log) -> None:
    log.write(when(0), "c.0", "Help", "ENTERQUEUE", "", "06", 1)
    cursor = read(log)[-1].cursor
    log.path.unlink()
    log.write(when(50), "c.50", "Help", "ENTERQUEUE", "", "06", 1)
    (page,) = read(log, cursor)
    assert "may be missing" in page.problems[0] and page.since == when(50)


def test_a_line_that_is_being_written_waits_for_its_end(log: Log) -> None:
    with log.path.open("a") as stream:
        stream.write(f"{int(when(1).timestamp())}|c.1|Help|NONE|ENTERQ")
    pages = read(log)
    assert not calls(pages)
    with log.path.open("a") as stream:
        stream.write("UEUE||0612345678|1\n")
    assert set(calls(read(log, pages[-1].cursor))) == {"c.1"}


def test_a_file_that_is_no_queue_log_is_refused_and_queues_can_be_chosen(log: Log, tmp_path: Path) -> None:
    log.write(when(1), "c.1", "100", "ENTERQUEUE", "", "06", 1)
    log.write(when(1), "c.2", "200", "ENTERQUEUE", "", "06", 1)
    (page,) = read(log, queues={"100": "Help"})
    assert [one.queue for one in page.contacts] == ["Help"] and sum(page.left_out.values()) == 1
    (tmp_path / "other").write_text("a,b\n1,2\n")
    with pytest.raises(SourceError, match="no such log"):
        list(QueueLog(name="log", path=tmp_path / "other").read(None, now=NOW))


@pytest.mark.parametrize("moved", range(0, 400, 7))
def test_reading_on_from_any_byte_ends_where_reading_at_once_ends(log: Log, moved: int) -> None:
    log.tell(6)
    whole = log.path.read_bytes()
    log.path.write_bytes(whole[: len(whole) - moved])
    first = read(log)
    log.path.write_bytes(whole)
    both = [*first, *read(log, first[-1].cursor if first else None)]
    assert calls(both) == calls(read(log))


def test_hidden_callers_are_nobody_and_a_number_is_one_however_it_is_written() -> None:
    assert {
        plain_customer(one) for one in ("06-1234 5678", "+31 6 12345678", "0031612345678", "tel:0612345678")
    } == {"+31612345678"}
    assert {plain_customer(one) for one in ("anonymous", "", "Unknown", "<unknown>", "0000", "-")} == {""}
    assert plain_customer(" Jan@Mail.Example ") == "jan@mail.example"
    assert plain_customer("K-12345") == "k-12345"


def test_a_mail_goes_to_the_queue_of_its_envelope_and_a_form_is_its_writers() -> None:
    sorting = Sorting(
        {"help@lumen.example": "Help", "@sales.example": "Sales"},
        own=("lumen.example",),
        forms=("web@lumen.example",),
    )
    envelope = read_header(mail(1, to="all@lumen.example", Delivered_To="help@lumen.example").encode())
    assert sorting.queue_of(envelope) == "Help"
    assert (
        sorting.queue_of(read_header(mail(1, to="x@y.example", Cc="Joe <joe@sales.example>").encode()))
        == "Sales"
    )
    assert sorting.queue_of(read_header(mail(1, to="x@y.example").encode())) == ""
    form = read_header(
        mail(
            1, sender="web@lumen.example", Reply_To="Jan <Jan@mail.example>", Auto_Submitted="auto-generated"
        ).encode()
    )
    assert sorting.aside(form) == "" and sorting.customer_of(form) == "jan@mail.example"
    assert "our own" in sorting.aside(read_header(mail(1, sender="piet@care.lumen.example").encode()))


@pytest.mark.parametrize(
    "header",
    [
        {"Auto_Submitted": "auto-replied (vacation)"},
        {"Precedence": "bulk"},
        {"Return_Path": "<>"},
        {"Content_Type": "multipart/report; report-type=delivery-status"},
        {"X_Autoreply": "yes"},
    ],
)
def test_what_a_machine_wrote_is_no_contact(header: dict[str, str]) -> None:
    assert read_header(mail(1, **header).encode()).kind
    assert not read_header(mail(1, Auto_Submitted="no").encode()).kind


def test_only_headers_are_asked_for_and_nothing_is_marked_as_read(server: MailServer) -> None:
    server.deliver_all([(mail(k), when(k)) for k in range(5)])
    asked: list[str] = []

    def connect() -> Any:
        box = server.box()
        send = box.client.send
        box.client.send = lambda data: (asked.append(bytes(data).decode()), send(data))[1]  # type: ignore[method-assign]
        return box

    box = Mailbox(name="post", connect=connect, sorting=Sorting({"help@lumen.example": "Help"}))
    pages = list(box.read(None, now=NOW))
    assert sum(len(page.contacts) for page in pages) == 5 and server.seen() == 0
    fetched = [one for one in asked if "FETCH" in one]
    assert fetched and all("BODY.PEEK[HEADER.FIELDS (" in one and "SUBJECT" not in one for one in fetched)
    assert not any(word in one for one in asked for word in ("STORE", "SELECT", "RFC822)", "BODY["))


def test_a_folder_that_was_built_anew_is_told_and_gives_the_same_contacts(server: MailServer) -> None:
    with server.box() as opened:
        opened.folder.create("Rebuilt")
    server.deliver_all([(mail(k, id="" if k % 2 else None), when(k)) for k in range(6)], "Rebuilt")
    box = Mailbox(
        name="post", connect=server.box, sorting=Sorting({"help@lumen.example": "Help"}), folders=("Rebuilt",)
    )
    first = list(box.read(None, now=NOW))
    server.rebuild("Rebuilt")
    again = list(box.read(first[-1].cursor, now=NOW))
    assert any("built anew" in said for page in again for said in page.problems)
    assert {one.id for page in first for one in page.contacts} == {
        one.id for page in again for one in page.contacts
    }


def test_an_answer_in_the_sent_folder_names_the_mail_it_answers(server: MailServer) -> None:
    answer = mail(9, sender="help@lumen.example", to="klant1@mail.example", In_Reply_To="<m1@mail.example>",
                  References="<m0@mail.example> <m1@mail.example>")  # fmt: skip
    server.deliver(answer, when(30), "Sent")
    box = Mailbox(
        name="post", connect=server.box, sorting=Sorting({"help@lumen.example": "Help"}), sent="Sent"
    )
    answers = {id: at for page in box.read(None, now=NOW) for id, at in page.answers.items()}
    assert answers == {"m0@mail.example": when(30), "m1@mail.example": when(30)}


class Linked(Peer):
    """Pages by a Link header."""

    def answer(self, asked: Asked) -> Answer:
        page = int(asked.one("page", "1"))
        row = {"q": "Help", "t": int(when(10 * page).replace(minute=0).timestamp()) * 1000, "n": page}
        link = {"link": f'<{self.url}/r?page={page + 1}>; rel="next"'} if page < 3 else {}
        return Answer.json([row], headers=link)


def test_pages_by_a_link_header_and_moments_as_milliseconds_are_read() -> None:
    with Linked() as peer, httpx2.Client(limits=httpx2.Limits(max_keepalive_connections=0)) as client:
        items = JsonList(name="r", web=Web(client, "r"), url=f"{peer.url}/r", paging=Paging("link"))
        source = RestRows(
            name="r", items=items, columns={"queue": "q", "interval_start": "t", "offered": "n"}, shape=SHAPE
        )
        pages = list(source.read(None, now=NOW))
    assert [page.volumes["offered"].tolist() for page in pages if page.volumes is not None] == [
        [1.0],
        [2.0],
        [3.0],
    ]


@pytest.mark.parametrize(
    "query",
    [
        "DELETE FROM t WHERE a >= :since",
        "SELECT 1",
        "SELECT :since; DROP TABLE t",
        "-- select\nUPDATE t SET a = :since",
        "SELECT a FROM t WHERE a >= ':since::date'::x",
    ],
)
def test_a_query_that_writes_or_asks_for_everything_is_refused(query: str) -> None:
    with pytest.raises(ConfigError):
        check_query("view", query)


def test_a_row_of_a_system_without_a_queue_is_left_out_and_not_given_to_the_queue_above_it() -> None:
    """What looks like merged cells in a planner's file are contacts that no queue was told of."""
    start = NOW.replace(minute=0, second=0, microsecond=0) - dt.timedelta(days=1)
    rows = [
        {
            "queue": queue,
            "interval_start": start + dt.timedelta(hours=hour),
            "offered": offered,
            "channel": None,
        }
        for hour in range(3)
        for queue, offered in (("a", 5), (None, 100), ("b", 7), (None, 100))
    ]
    shape = replace(SHAPE, queues={}, interval=Interval.HOUR, channel="chat")
    found = read_rows(rows, ["queue", "interval_start", "offered", "channel"], shape, now=NOW)
    assert found.volumes is not None and found.volumes["offered"].sum() == 36
    assert set(found.volumes["channel"]) == {"chat"}
    assert found.left_out == {"rows name no queue or no time": 6}
