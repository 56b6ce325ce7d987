"""Four systems that tell of contacts, each in its own way: a view, a JSON report, a mailbox, a queue_log. What they tell is the same."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2

from forecast.buckets import Interval
from forecast.contacts.sources.base import Source
from forecast.contacts.sources.counted_rows import Shape
from forecast.contacts.sources.mailbox import Mailbox, Sorting
from forecast.contacts.sources.queue_log import QueueLog
from forecast.contacts.sources.rest_poll import RestRows
from forecast.contacts.sources.sql_view import SqlView
from forecast.social.sources.json_list import JsonList, Paging, Since
from forecast.social.sources.web import Web
from jobs.sql_reading import SqlReading
from tests.peers.base import NOW, Answer, Asked, Peer
from tests.peers.imap import PASSWORD, MailServer, mail

START = NOW - dt.timedelta(hours=6)
STEP = dt.timedelta(minutes=3)
QUEUE = "Help"
TZ = "Europe/Amsterdam"
SHAPE = Shape(interval=Interval.HALF_HOUR, tz=TZ, queues={})
Sleep = Callable[[float], None]


def when(k: int) -> dt.datetime:
    """When contact k came: one every three minutes, six hours of them at most."""
    return START + k * STEP


class System:
    """Base. tell: contacts first..first+n-1; bad: something in it that cannot be read; refuse: it lets nobody in any more."""

    secret = "no-secret"
    single = False  # whether it tells contacts one by one

    def __init__(self, folder: Path) -> None:
        self.folder, self.told = folder, 0

    def __enter__(self) -> System:
        return self

    def __exit__(self, *_: object) -> None:
        return

    def tell(self, n: int) -> None:
        self.add(range(self.told, self.told + n))
        self.told += n

    def add(self, numbers: range) -> None:
        raise NotImplementedError

    def bad(self) -> None:
        raise NotImplementedError

    def refuse(self) -> None:
        raise NotImplementedError

    def source(self) -> Source:
        raise NotImplementedError


class View(System):
    """A view of an ACD, per half hour, in local time."""

    secret = "s3cret-of-the-view"
    query = "SELECT skill, start_time, calls FROM report WHERE start_time >= :since ORDER BY start_time"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.file = folder / "acd.db"
        self.run(
            "CREATE TABLE report (skill TEXT, start_time TEXT, calls TEXT, PRIMARY KEY (skill, start_time))"
        )
        self.url = f"sqlite:///{self.file}"

    def run(self, statement: str, *values: Any) -> None:
        connection = sqlite3.connect(self.file)
        with connection:
            connection.execute(statement, values)
        connection.close()

    def add(self, numbers: range) -> None:
        from zoneinfo import ZoneInfo

        starts = Counter(when(k).replace(minute=when(k).minute // 30 * 30) for k in numbers)
        for start, calls in starts.items():
            local = start.astimezone(ZoneInfo(TZ)).strftime("%Y-%m-%d %H:%M:%S")
            self.run(
                "INSERT INTO report VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET calls = calls + excluded.calls",
                QUEUE, local, calls,
            )  # fmt: skip

    def bad(self) -> None:
        self.run("INSERT INTO report VALUES (?, '2026-11-20 07:00:00', 'n/a')", "Other")

    def refuse(self) -> None:
        self.file.unlink()

    def source(self) -> Source:
        reading = SqlReading(name="view", url=self.url, variable="ACD_URL", query=self.query, timeout=5)
        columns = {"queue": "skill", "interval_start": "start_time", "offered": "calls"}
        return SqlView(name="view", select=reading, columns=columns, shape=SHAPE, page=1)


class Report(System):
    """The same report as JSON, two rows a page, behind a key."""

    secret = "k-secret-of-the-report"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.rows: dict[str, Any] = {}
        self.peer = _ReportPeer(self)

    def __enter__(self) -> System:
        self.peer.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self.peer.__exit__(None, None, None)

    def add(self, numbers: range) -> None:
        for k in numbers:
            start = when(k).replace(minute=when(k).minute // 30 * 30).isoformat()
            row = self.rows.setdefault(start, {"queue": {"name": QUEUE}, "from": start, "n": 0})
            row["n"] += 1

    def bad(self) -> None:
        self.rows["bad"] = {
            "queue": {"name": "Other"},
            "from": (START + dt.timedelta(hours=1)).isoformat(),
            "n": "many",
        }

    def refuse(self) -> None:
        self.peer.faults.extend([Answer(401, b"who are you")] * 50)

    def source(self) -> Source:
        items = JsonList(
            name="report",
            web=Web(
                httpx2.Client(limits=httpx2.Limits(max_keepalive_connections=0)), "report", sleep=_no_sleep
            ),
            url=f"{self.peer.url}/rows",
            items="data",
            token=self.secret,
            paging=Paging("offset", parameter="offset", first=0),
            since=Since("since", overlap=2 * 86_400),
            backfill=dt.timedelta(days=30),
        )
        columns = {"queue": "queue.name", "interval_start": "from", "offered": "n"}
        return RestRows(name="report", items=items, columns=columns, shape=SHAPE)


class _ReportPeer(Peer):
    def __init__(self, report: Report) -> None:
        super().__init__()
        self.report = report

    def answer(self, asked: Asked) -> Answer:
        if asked.headers.get("authorization") != f"Bearer {Report.secret}":
            return Answer.json({"error": "no key"}, 401)
        since = dt.datetime.fromisoformat(asked.one("since"))
        rows = [row for row in self.report.rows.values() if dt.datetime.fromisoformat(row["from"]) >= since]
        rows.sort(key=lambda row: str(row["from"]))
        at = int(asked.one("offset", "0"))
        return Answer.json({"data": rows[at : at + 2]})


class Post(System):
    """A mailbox."""

    secret = PASSWORD
    single = True

    def __enter__(self) -> System:
        self.server = MailServer().__enter__()
        self.password = PASSWORD
        return self

    def __exit__(self, *_: object) -> None:
        self.server.__exit__(None, None, None)

    def add(self, numbers: range) -> None:
        self.server.deliver_all([(mail(k), when(k)) for k in numbers])

    def bad(self) -> None:
        raw = "From: \x80\udcff <>\nTo: =?utf-8?q?=ff?=, help@lumen.example\nMessage-ID: \n\n"
        self.server.deliver_all([(raw.encode("utf-8", "replace").decode(), when(2))])
        self.told += 1  # a mail is a mail, however broken its header

    def refuse(self) -> None:
        self.password = f"{PASSWORD}-no-more"

    def source(self) -> Source:
        return Mailbox(
            name="post",
            connect=lambda: self.server.box(self.password),
            sorting=Sorting({"help@lumen.example": QUEUE}),
            sent="Sent",
            page=10,
        )


class Log(System):
    """A queue_log: every call enters, every second one is answered, and the agents come and go."""

    single = True

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.path = folder / "queue_log"
        self.write(START, "NONE", "NONE", "QUEUESTART", "")

    def write(
        self, at: dt.datetime, call: str, queue: str, event: str, *data: object, agent: str = "NONE"
    ) -> None:
        line = "|".join(map(str, [int(at.timestamp()), call, queue, agent, event, *data]))
        with self.path.open("a") as stream:
            stream.write(line + "\n")

    def add(self, numbers: range) -> None:
        for k in numbers:
            self.write(when(k), f"c.{k}", QUEUE, "ENTERQUEUE", "", f"06123456{k % 7:02d}", 1)
            if k % 2:
                self.write(when(k), f"c.{k - 1}", QUEUE, "CONNECT", 10, "x.1", 3, agent="SIP/Jan-Jansen")
                self.write(when(k), f"c.{k - 1}", QUEUE, "COMPLETECALLER", 10, 120, 1, agent="SIP/Jan-Jansen")
                self.write(when(k), f"c.{k}", QUEUE, "ABANDON", 1, 1, 5)
        self.write(NOW - STEP * (self.told == 0), "NONE", "NONE", "CONFIGRELOAD", "")

    def bad(self) -> None:
        with self.path.open("a") as stream:
            stream.write("not a line\n\n|||||\n1e400|x|y|z|ENTERQUEUE\n")

    def refuse(self) -> None:
        self.path.unlink()

    def source(self) -> Source:
        return QueueLog(name="log", path=self.path, page=20)


def _no_sleep(seconds: float) -> None:
    return


SYSTEMS: list[type[System]] = [View, Report, Post, Log]
