"""Mails as contacts, by their headers alone: when one arrived, for which queue, from whom, and whether it was answered.

IMAP4rev1 (RFC 3501). A letter is never fetched and nothing is marked as read: folders are opened with EXAMINE, and only
named header lines are asked for. A mail arrives when the server says (INTERNALDATE); its own date may lie. Its customer is
the sender's address, hashed before it is stored.

The mark holds for each folder its UIDVALIDITY and the last UID read. A folder that was built anew (another UIDVALIDITY) is
read anew: a mail is known again by its Message-ID, one without by where and when it lies and its size.
"""

from __future__ import annotations

import datetime as dt
import imaplib
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from imap_tools import BaseMailBox
from imap_tools.errors import ImapToolsError, MailboxFolderSelectError, MailboxLoginError

from forecast.contacts.sources.base import Contact, Page, state_of
from forecast.contacts.sources.mail_headers import FIELDS, Header, read_header
from forecast.errors import SourceError
from forecast.social.sources.mark import write_mark

VERSION = 1  # of the cursor
MAILS = 250  # of a page
PAGES = 400  # of one run; the rest comes at the next
_PARTS = f"(UID INTERNALDATE RFC822.SIZE BODY.PEEK[HEADER.FIELDS ({' '.join(FIELDS)})])"
_UID, _SIZE = re.compile(rb"\bUID (\d+)"), re.compile(rb"\bRFC822\.SIZE (\d+)")
_ARRIVED = re.compile(
    rb'\bINTERNALDATE "\s?(\d{1,2})-(\w{3})-(\d{4}) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)"'
)
_MONTHS = {name: n for n, name in enumerate((b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep",
                                             b"oct", b"nov", b"dec"), 1)}  # fmt: skip
Mark = dict[str, tuple[int, int]]  # folder -> (UIDVALIDITY, last UID)


@dataclass(frozen=True)
class Sorting:
    """Which mail is a contact of which queue.

    addresses: recipient (`help@lumen.example`, or `@lumen.example` for all of a domain) -> queue; queue: of mail for none of
    them, '' to leave it out. own: domains whose mail is our own. forms: addresses that web forms write from; the customer
    is then in Reply-To.
    """

    addresses: Mapping[str, str]
    queue: str = ""
    own: Sequence[str] = ()
    forms: Sequence[str] = ()

    def queue_of(self, header: Header) -> str:
        """The queue of a mail; '' where it is for none."""
        for group in header.recipients:
            for address in group:
                found = self.addresses.get(address) or self.addresses.get(address[address.rfind("@") :])
                if found:
                    return found
        return self.queue

    def aside(self, header: Header) -> str:
        """Why a mail is no contact; '' where it is one."""
        if header.sender in self.forms:
            return ""
        if header.kind:
            return header.kind
        domain = header.sender[header.sender.rfind("@") + 1 :]
        ours = header.sender in self.addresses or any(
            domain == own or domain.endswith(f".{own}") for own in self.own
        )
        return "mails of our own" if ours else ""

    def customer_of(self, header: Header) -> str | None:
        return (header.reply_to if header.sender in self.forms else header.sender) or None


@dataclass(frozen=True)
class _Mail:
    uid: int
    at: dt.datetime
    size: int
    header: Header


class Mailbox:
    """Mails of some folders. connect: opens the mailbox, signed in; sent: the folder of answers, '' where there is none.

    backfill: how far a first reading looks back.
    """

    def __init__(
        self,
        *,
        name: str,
        connect: Callable[[], BaseMailBox],
        sorting: Sorting,
        folders: Sequence[str] = ("INBOX",),
        sent: str = "",
        channel: str = "email",
        backfill: dt.timedelta = dt.timedelta(days=35),
        page: int = MAILS,
    ) -> None:
        self._name, self._connect, self._sorting = name, connect, sorting
        self._folders, self._sent, self._channel, self._backfill = folders, sent, channel, backfill
        self._lot = page

    @property
    def name(self) -> str:
        return self._name

    def read(self, cursor: str | None, *, now: dt.datetime) -> Iterator[Page]:
        """Folder by folder, the oldest mail first; the last page says that all of it was read. SourceError with what to do."""
        marks, problems = self._open(cursor)
        start = now - self._backfill
        since = start if not marks else None
        try:
            box = self._connect()
        except (ImapToolsError, imaplib.IMAP4.error, OSError) as error:
            raise self._failed(error) from None
        try:
            pages = 0
            for folder in (*self._folders, *([self._sent] if self._sent else [])):
                for page in self._folder(box, folder, marks, start, now):
                    yield replace(page, since=since, problems=(*problems, *page.problems))
                    problems, since, pages = (), None, pages + 1
                    if pages >= PAGES:
                        return
            yield Page(cursor=_text(marks), since=since, until=now, problems=problems)
        except (ImapToolsError, imaplib.IMAP4.error, OSError) as error:
            raise self._failed(error) from None
        finally:
            _leave(box)

    def _open(self, cursor: str | None) -> tuple[Mark, tuple[str, ...]]:
        found, problems = state_of(cursor, VERSION, self._name)
        try:
            folders = dict(found.get("folders", {}))  # type: ignore[call-overload]
            return {str(name): (int(valid), int(uid)) for name, (valid, uid) in folders.items()}, problems
        except (TypeError, ValueError):
            return {}, (f"{self._name}: its mark cannot be read; reading begins anew.",)

    def _failed(self, error: Exception) -> SourceError:
        """A sentence that repeats nothing of what the server said: it may hold what we sent."""
        if isinstance(error, MailboxLoginError):
            said = f"{self._name}: the mail server refuses the sign-in."
            return SourceError(said, remedy="Check user and password.", field="password_env")
        if isinstance(error, MailboxFolderSelectError):
            return SourceError(
                f"{self._name}: a folder cannot be opened.", remedy="Check its name.", field="folders"
            )
        why = type(error).__name__
        if isinstance(error, OSError) and error.strerror:
            why = error.strerror
        return SourceError(
            f"{self._name}: the mail server cannot be reached, or breaks off ({why}).",
            remedy="Check host, port and tls; it is tried again at the next run.",
            field="host",
        )

    def _folder(
        self, box: BaseMailBox, folder: str, marks: Mark, start: dt.datetime, now: dt.datetime
    ) -> Iterator[Page]:
        valid, problems = self._enter(box, folder), tuple[str, ...]()
        known, last = marks.get(folder, (valid, 0))
        if known != valid:
            last = 0
            problems = (
                f"the folder {folder} was built anew on the server; it is read anew, which doubles nothing.",
            )
        wanted = f"SINCE {_day(start - dt.timedelta(days=1))}" if last == 0 else f"UID {last + 1}:*"
        uids = sorted(uid for uid in map(int, box.uids(wanted, charset=None)) if uid > last)
        for at in range(0, len(uids), self._lot):
            lot = uids[at : at + self._lot]
            mails, bad = self._fetch(box, lot)
            page = self._answers(mails) if folder == self._sent else self._contacts(mails, folder, start, now)
            marks[folder] = valid, lot[-1]
            said = (f"{bad} mail(s) of the folder {folder} cannot be read.",) if bad else ()
            yield replace(page, cursor=_text(marks), problems=(*problems, *said))
            problems = ()
        marks[folder] = valid, max(last, uids[-1] if uids else 0)
        if problems:
            yield Page(cursor=_text(marks), problems=problems)

    def _enter(self, box: BaseMailBox, folder: str) -> int:
        """Open a folder for reading only; its UIDVALIDITY."""
        try:
            box.folder.set(folder, readonly=True)
        except MailboxFolderSelectError:
            raise SourceError(
                f"{self._name}: the folder {folder!r} cannot be opened.",
                remedy="Check its name in `folders` and `sent`.",
                field="folders",
            ) from None
        _, told = box.client.response("UIDVALIDITY")
        return int(told[0]) if told and told[0] else 0

    def _fetch(self, box: BaseMailBox, uids: Sequence[int]) -> tuple[list[_Mail], int]:
        """(mails by UID, how many of them could not be read)."""
        status, items = box.client.uid("FETCH", ",".join(map(str, uids)), _PARTS)
        if status != "OK":
            raise imaplib.IMAP4.error("FETCH")
        mails, bad = list[_Mail](), 0
        for told, raw in _literals(items):
            uid, size, at = _UID.search(told), _SIZE.search(told), _arrived(told)
            if uid is None or at is None:
                bad += 1
                continue
            mails.append(_Mail(int(uid[1]), at, int(size[1]) if size else 0, read_header(raw)))
        return sorted(mails, key=lambda mail: mail.uid), bad

    def _contacts(self, mails: Sequence[_Mail], folder: str, start: dt.datetime, now: dt.datetime) -> Page:
        contacts, left = list[Contact](), Counter[str]()
        for mail in mails:
            if not start <= mail.at <= now + dt.timedelta(hours=1):
                continue
            aside, queue = self._sorting.aside(mail.header), self._sorting.queue_of(mail.header)
            if aside or not queue:
                left[aside or "mails are for none of the addresses"] += 1
                continue
            contacts.append(
                Contact(
                    id=mail.header.id or f"{folder}|{mail.at.isoformat()}|{mail.size}",
                    at=mail.at,
                    queue=queue,
                    channel=self._channel,
                    customer=self._sorting.customer_of(mail.header),
                )
            )
        return Page("", contacts=tuple(contacts), left_out=dict(left))

    def _answers(self, mails: Sequence[_Mail]) -> Page:
        answers: dict[str, dt.datetime] = {}
        for mail in mails:
            for id in mail.header.answers:
                answers[id] = min(answers.get(id, mail.at), mail.at)
        return Page("", answers=answers)


def sign_in(box: BaseMailBox, user: str, *, password: str = "", token: str = "") -> BaseMailBox:
    """A mailbox that was reached -> the same, signed in with a password or an access token (XOAUTH2); closed where it is refused."""
    try:
        if token:
            return box.xoauth2(user, token, initial_folder=None)
        plain = user.isascii() and password.isascii()
        return (box.login if plain else box.login_utf8)(user, password, initial_folder=None)
    except BaseException:
        box.client.shutdown()
        raise


def _literals(items: Sequence[Any]) -> Iterator[tuple[bytes, bytes]]:
    """The answer to FETCH as imaplib gives it -> (what is told around a literal, the literal), mail by mail."""
    told, raw = b"", None
    for item in items:
        if isinstance(item, tuple):
            if raw is not None:
                yield told, raw
            told, raw = bytes(item[0]), bytes(item[1])
        elif item is not None and raw is not None:
            yield told + b" " + bytes(item), raw
            told, raw = b"", None
    if raw is not None:
        yield told, raw


def _arrived(told: bytes) -> dt.datetime | None:
    """INTERNALDATE (RFC 3501, date-time) -> aware UTC."""
    found = _ARRIVED.search(told)
    month = _MONTHS.get(found[2].lower()) if found else None
    if found is None or month is None:
        return None
    day, year, hour, minute, second = (int(found[place]) for place in (1, 3, 4, 5, 6))
    offset = dt.timedelta(hours=int(found[8]), minutes=int(found[9])) * (-1 if found[7] == b"-" else 1)
    try:
        return dt.datetime(year, month, day, hour, minute, min(second, 59), tzinfo=dt.UTC) - offset
    except (ValueError, OverflowError):
        return None


def _day(moment: dt.datetime) -> str:
    """A moment -> `05-Nov-2026`, in English whatever the machine speaks."""
    month = next(name for name, number in _MONTHS.items() if number == moment.month).decode().title()
    return f"{moment.day:02d}-{month}-{moment.year:04d}"


def _text(marks: Mark) -> str:
    return write_mark(VERSION, folders={folder: list(mark) for folder, mark in marks.items()})


def _leave(box: BaseMailBox) -> None:
    from contextlib import suppress

    with suppress(ImapToolsError, imaplib.IMAP4.error, OSError):
        box.logout()
