"""A mail server on loopback: pymap with its backend in memory."""

from __future__ import annotations

import asyncio
import datetime as dt
import threading
from argparse import ArgumentParser
from types import TracebackType
from typing import Any, Self

from imap_tools import BaseMailBox, MailBoxUnencrypted
from proxyprotocol.reader import ProxyProtocolReader
from pymap.backend.dict import DictBackend
from pymap.imap import IMAPServer, IMAPService
from pysasl.hashing import BuiltinHash

from forecast.contacts.sources.mailbox import sign_in

USER, PASSWORD = "post", "s3cret-of-the-mailbox"


class MailServer:
    """`with MailServer() as server`: one user, an INBOX and a folder `Sent`."""

    def __enter__(self) -> Self:
        self.port = 0
        self._up = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()
        assert self._up.wait(20)
        with self.box() as box:
            box.folder.create("Sent")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join(20)
        self._loop.close()

    def box(self, password: str = PASSWORD) -> BaseMailBox:
        return sign_in(MailBoxUnencrypted("127.0.0.1", self.port, timeout=20), USER, password=password)

    def deliver(self, raw: str, at: dt.datetime, folder: str = "INBOX") -> None:
        """Put a mail into a folder as if it had arrived at that moment."""
        self.deliver_all([(raw, at)], folder)

    def deliver_all(self, mails: list[tuple[str, dt.datetime]], folder: str = "INBOX") -> None:
        with self.box() as box:
            for raw, at in mails:
                box.append(raw.replace("\n", "\r\n").encode(), folder, dt=at)

    def rebuild(self, folder: str = "INBOX") -> None:
        """Another UIDVALIDITY, the same mails, in another order."""
        with self.box() as box:
            box.folder.set(folder, readonly=True)
            held = [one.obj.as_bytes() for one in box.fetch(mark_seen=False)]
            whens = self.arrivals(box)
            box.folder.set("INBOX" if folder != "INBOX" else "Sent", readonly=True)
            box.folder.rename(folder, f"Old {len(box.folder.list())}")
            if folder != "INBOX":
                box.folder.create(folder)
            for raw, at in reversed(list(zip(held, whens, strict=True))):
                box.append(raw, folder, dt=at)

    def arrivals(self, box: BaseMailBox) -> list[dt.datetime]:
        import imaplib
        import time

        _, items = box.client.uid("FETCH", "1:*", "(INTERNALDATE)")
        return [
            dt.datetime.fromtimestamp(time.mktime(imaplib.Internaldate2tuple(item)), dt.UTC)  # type: ignore[arg-type]
            for item in items
            if item
        ]

    def seen(self, folder: str = "INBOX") -> int:
        """How many mails are marked as read."""
        with self.box() as box:
            box.folder.set(folder, readonly=True)
            return len(box.uids("SEEN", charset=None))

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._run())

    async def _run(self) -> None:
        parser = ArgumentParser()
        DictBackend.add_subparser("dict", parser.add_subparsers(dest="backend"))
        IMAPService.add_arguments(parser)
        parser.set_defaults(debug=False, passlib_cfg=None, skip_services=[])
        args = parser.parse_args(["--no-tls", "dict", "--demo-user", USER, "--demo-password", PASSWORD])
        cheap: Any = BuiltinHash(rounds=1)  # nobody breaks in here
        backend, config = await DictBackend.init(
            args, reject_dnsbl=False, invalid_user_sleep=0.0, hash_context=cheap
        )
        config.apply_context()
        self._ended = asyncio.Event()
        callback: Any = ProxyProtocolReader(config.proxy_protocol).get_callback(
            IMAPServer(backend.login, config)
        )
        server = await asyncio.start_server(callback, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        async with server:
            self._up.set()
            await self._ended.wait()


def mail(
    number: int,
    *,
    to: str = "help@lumen.example",
    sender: str = "",
    id: str | None = None,
    date: str = "Thu, 1 Jan 1970 00:00:00 +0000",
    **more: str,
) -> str:
    """A mail as its sender wrote it; `more` are further header lines, `Auto_Submitted="auto-replied"`."""
    lines = [
        f"From: Klant <{sender or f'klant{number % 7}@mail.example'}>",
        f"To: {to}",
        f"Subject: Geheim {number}",
        f"Date: {date}",
        *([] if id == "" else [f"Message-ID: <{id or f'm{number}@mail.example'}>"]),
        *(f"{name.replace('_', '-')}: {value}" for name, value in more.items()),
    ]
    return "\n".join([*lines, "", "De brief zelf, die niemand leest.", ""])
